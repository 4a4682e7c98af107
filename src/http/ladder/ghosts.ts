import type { CallMessageView } from '../../model/views.ts';

/** A message this young may still be answered. */
const GRACE_US = 2_000_000;
/** A ringing call may last; longer than timer C of a proxy (RFC 3261 §16.6) it does not. */
const RINGING_US = 180_000_000;

/** What should be there and was not captured. */
export interface Ghost {
  /** Against the direction of the message it should have followed. */
  returns: boolean;
  label: string;
  text: string;
}

/** What should have followed, by the message it should have followed. */
export function ghostsAfter(messages: readonly CallMessageView[], nowUs: number): Map<CallMessageView, Ghost[]> {
  const transactions = new Map<
    string,
    { request?: CallMessageView; reply?: CallMessageView; final?: CallMessageView }
  >();
  const acknowledged = new Set<string>();
  // Replies carry the From-tag of their request, so it tells whose CSeq it is.
  const number = (m: CallMessageView): string => `${m.callId} ${m.fromTag} ${m.cseq}`;
  for (const m of messages) {
    if (m.isRequest && m.method === 'ACK') {
      acknowledged.add(number(m));
      continue;
    }
    const key = `${number(m)} ${m.cseqMethod}`;
    const transaction = transactions.get(key) ?? {};
    transactions.set(key, transaction);
    if (m.isRequest) transaction.request = m;
    else {
      transaction.reply = m;
      if (m.status >= 200) transaction.final = m;
    }
  }
  const lastUs = messages.at(-1)?.atUs ?? 0;
  const ghosts = new Map<CallMessageView, Ghost[]>();
  const add = (after: CallMessageView, ghost: Ghost): void => {
    if (nowUs - after.atUs > GRACE_US) ghosts.set(after, [...(ghosts.get(after) ?? []), ghost]);
  };
  for (const { request, reply, final } of transactions.values()) {
    if (final !== undefined) {
      if (final.cseqMethod === 'INVITE' && !acknowledged.has(number(final))) {
        add(final, { returns: true, label: 'ACK', text: `ACK to ${final.status} (CSeq ${final.cseq}) not captured` });
      }
      continue;
    }
    if (request === undefined) continue;
    const rings = request.method === 'INVITE' && reply !== undefined;
    if (rings && Math.max(nowUs, lastUs) - request.atUs < RINGING_US) continue;
    add(reply ?? request, {
      returns: reply === undefined,
      label: rings ? 'final reply' : `reply to ${request.method}`,
      text: `${rings ? 'Final reply' : 'Reply'} to ${request.method} (CSeq ${request.cseq}) not captured`,
    });
  }
  return ghosts;
}
