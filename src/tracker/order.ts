import { Method } from '../model/method.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Call } from './call.ts';
import { half, Row } from './rows.ts';

/** What comes in order and what comes late, by CSeq and status, for each direction of a call. */

/** Replies that say where the numbering of a direction stands; the others run beside the INVITE (RFC 3261 §9, 3262, 3311). */
export function movesOrder(cseqMethod: Method): boolean {
  return (
    cseqMethod !== Method.CANCEL &&
    cseqMethod !== Method.ACK &&
    cseqMethod !== Method.PRACK &&
    cseqMethod !== Method.UPDATE
  );
}

/** A request that comes after its own reply, or after a later request: seen, but too late to move the call. */
export function isLateRequest(call: Call, message: SipMessage, direction: 0 | 1): boolean {
  const { method, cseq } = message;
  if (method === Method.ACK || method === Method.CANCEL) return false;
  const at = call.base + direction;
  return cseq < call.row[at + Row.CSEQ]! || cseq <= call.row[at + Row.REPLY_CSEQ]!;
}

export function isLateReply(call: Call, message: SipMessage, direction: 0 | 1): boolean {
  if (!movesOrder(message.cseqMethod)) return false;
  const at = call.base + direction;
  const replied = call.row[at + Row.REPLY_CSEQ]!;
  if (message.cseq !== replied) return message.cseq < replied;
  const last = half(call.row, call.base + Row.ORDER_STATUS, direction);
  const answersAfterAll = message.statusCode >= 200 && message.statusCode < 300 && (last < 200 || last >= 300);
  return message.statusCode <= last && !answersAfterAll;
}
