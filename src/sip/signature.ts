import type { SipMessage } from './message.ts';
export function requestSignature(_message: SipMessage): string {
  return '';
}
