import type { CallMessageView } from '../../model/views.ts';

/** `INVITE`, `re-INVITE`, `180 Ringing`. */
export function labelOf(message: CallMessageView): string {
  if (!message.isRequest) return message.reason === '' ? `${message.status}` : `${message.status} ${message.reason}`;
  return message.method === 'INVITE' && message.toTag !== '' ? 're-INVITE' : message.method;
}

/** A, B, C …, and numbers after Z. */
export function letter(index: number): string {
  return index < 26 ? String.fromCodePoint(65 + index) : String(index + 1);
}
