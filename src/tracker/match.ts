import { CallState } from '../model/call-state.ts';
import { Method } from '../model/method.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Call } from './call.ts';
import { half, Row } from './rows.ts';
import { hasText, isText, TextField } from './text-block.ts';

/**
 * Finds the entry a message belongs to (Call-ID and tags, never addresses) and says how well it fits.
 *
 * From and To are the initiator's: direction 0 is a transaction of the initiator, direction 1 one of the other side.
 * A reply has the tags of its request, so it has the direction of its transaction.
 */
export const Fit = { NONE: 0, CALL_ID: 1, PARTIAL: 2, FULL: 3 } as const;
export type Fit = (typeof Fit)[keyof typeof Fit];

/** The answer of `findCall`; one instance is filled again and again. */
export class Match {
  call: Call | undefined = undefined;
  fit: Fit = Fit.NONE;
  direction: 0 | 1 = 0;
  /** Entries held under this Call-ID. */
  family = 0;
}

/** True when the octets are exactly the text (one character per octet). */
export function sameText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let at = start, n = 0; at < end; at++, n++) if (bytes[at] !== text.charCodeAt(n)) return false;
  return true;
}

/** @param first head of the chain the Call-ID's hash falls into */
export function findCall(first: Call | undefined, hash: number, message: SipMessage, match: Match): void {
  const { bytes } = message;
  match.call = undefined;
  match.fit = Fit.NONE;
  match.direction = 0;
  match.family = 0;
  for (let call = first; call !== undefined; call = call.hashNext) {
    if (call.hash !== hash || !isText(call.block, TextField.CALL_ID, bytes, message.callIdStart, message.callIdEnd))
      continue;
    match.family++;
    if (match.fit === Fit.FULL) continue;
    let fit: Fit = Fit.CALL_ID;
    let direction: 0 | 1 = 0;
    if (isText(call.block, TextField.FROM_TAG, bytes, message.fromTagStart, message.fromTagEnd)) {
      const full = sameText(bytes, message.toTagStart, message.toTagEnd, call.toTag);
      // Without To-tag two transactions of one caller look alike: only the same method is the same entry.
      fit = full && (call.toTag !== '' || message.cseqMethod === call.method) ? Fit.FULL : Fit.PARTIAL;
    } else if (
      hasText(call.block, TextField.FROM_TAG) &&
      isText(call.block, TextField.FROM_TAG, bytes, message.toTagStart, message.toTagEnd)
    ) {
      direction = 1;
      const full = sameText(bytes, message.fromTagStart, message.fromTagEnd, call.toTag);
      fit = full && call.toTag !== '' ? Fit.FULL : Fit.PARTIAL;
    }
    if (fit > match.fit || (fit === match.fit && isBetter(call, match.call, message, direction))) {
      match.call = call;
      match.fit = fit;
      match.direction = direction;
    }
  }
}

/** Choice between two entries that fit equally well: same method, same CSeq, waiting for credentials, larger CSeq. */
function isBetter(call: Call, best: Call | undefined, message: SipMessage, direction: 0 | 1): boolean {
  if (best === undefined) return true;
  const sameMethod = call.method === message.cseqMethod;
  if (sameMethod !== (best.method === message.cseqMethod)) return sameMethod;
  const mine = lastCseq(call, direction);
  const other = lastCseq(best, direction);
  if ((mine === message.cseq) !== (other === message.cseq)) return mine === message.cseq;
  if (message.cseq >= mine && message.cseq >= other) {
    const waits = isChallenge(half(call.row, call.base + Row.STATUS, 0));
    if (waits !== isChallenge(half(best.row, best.base + Row.STATUS, 0))) return waits;
  }
  // The younger one, wherever the two stand in their bucket.
  return mine === other ? call.id > best.id : mine > other;
}

function lastCseq(call: Call, direction: 0 | 1): number {
  const at = call.base + direction;
  return Math.max(call.row[at + Row.CSEQ]!, call.row[at + Row.REPLY_CSEQ]!);
}

export function isChallenge(status: number): boolean {
  return status === 401 || status === 407;
}

export const Action = {
  /** Leave the key as it is. */
  UPDATE: 0,
  /** Take the message's To-tag into the key. */
  SET_TO_TAG: 1,
  /** Take both tags into the key. */
  SET_TAGS: 2,
  FORK: 3,
} as const;
export type Action = (typeof Action)[keyof typeof Action];

/**
 * What to do with a matched entry. The entry's methods decide whether a new tag is a new dialog: only INVITE,
 * SUBSCRIBE and REFER create dialogs (RFC 3261 §12, RFC 6665, RFC 3515), so a REGISTER or OPTIONS answered again
 * with another To-tag stays one entry (ours; the reference forks there).
 *
 * @param known the message is a repeat of one already seen on the entry
 */
export function actionFor(match: Match, call: Call, message: SipMessage, known: boolean): Action {
  const { state } = call;
  const isReply = !message.isRequest;
  // A proxy answers CANCEL with a To-tag of its own (contract §4.10).
  if (isReply && message.cseqMethod === Method.CANCEL) return Action.UPDATE;
  if (match.fit === Fit.FULL) return Action.UPDATE;
  const negative = state === CallState.INV_NEG || state === CallState.NON_INV_NEG;
  if (match.fit === Fit.CALL_ID) {
    return negative && isChallenge(half(call.row, call.base + Row.STATUS, 0)) ? Action.SET_TAGS : Action.FORK;
  }
  const hasToTag = message.toTagEnd > message.toTagStart;
  const provisional100 = isReply && message.statusCode === 100;
  if (match.direction === 1) return call.toTag === '' ? Action.SET_TO_TAG : Action.FORK;
  if (call.toTag === '') return hasToTag && !provisional100 ? Action.SET_TO_TAG : Action.UPDATE;
  const sameMethod = message.cseqMethod === call.method;
  if (negative && sameMethod) return known || provisional100 ? Action.UPDATE : Action.SET_TO_TAG;
  if (!hasToTag || provisional100) return Action.UPDATE;
  if (sameMethod && !createsDialog(call.method)) return Action.SET_TO_TAG;
  return Action.FORK;
}

function createsDialog(method: Method): boolean {
  return method === Method.INVITE || method === Method.SUBSCRIBE || method === Method.REFER;
}
