import type { CallMessageView } from '../../model/views.ts';

/** `INVITE`, `re-INVITE`, `180 Ringing`. */
export function labelOf(message: CallMessageView): string {
  if (!message.isRequest) return message.reason === '' ? `${message.status}` : `${message.status} ${message.reason}`;
  return message.method === 'INVITE' && message.toTag !== '' ? 're-INVITE' : message.method;
}
