import { displayText } from '../../model/text.ts';
import { type Call, type LegLink, LegReason } from '../../tracker/call.ts';
import { REASON_TEXT } from '../../tracker/legs.ts';
import type { CallTracker } from '../../tracker/tracker.ts';
import { bornUs, Slice, type Slicing } from '../queries.ts';

/** One entry names the Call-ID of another leg. */
export interface LegJoin {
  /** `CallView.id` of the entry, and its Call-ID. */
  entryId: number;
  callId: string;
  name: string;
  reason: string;
  /** It may be no Call-ID at all: counts only where there is such a call. */
  isGuess: boolean;
  bornUs: number;
}

export interface LegJoins {
  joins: LegJoin[];
  /** Those of the Call-IDs asked for that have an entry here. */
  held: string[];
}

/** Everything this shard knows of some Call-IDs: what their entries name, and who names them. */
export async function legJoins(tracker: CallTracker, callIds: readonly string[], slicing: Slicing): Promise<LegJoins> {
  const slice = new Slice(slicing);
  const found: LegJoins = { joins: [], held: [] };
  for (const callId of callIds) {
    const own = tracker.family(callId);
    if (own.length > 0) found.held.push(callId);
    for (const call of own) for (const link of tracker.legs.namedBy(call)) found.joins.push(joinOf(call, link));
    const key = Buffer.from(callId, 'utf8').toString('latin1');
    for (const { call, link } of tracker.legs.naming(key)) found.joins.push(joinOf(call, link));
    // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
    if (slice.isOver()) await slice.pause();
  }
  return found;
}

function joinOf(call: Call, { callId, reason }: LegLink): LegJoin {
  return {
    entryId: call.id,
    callId: displayText(call.callId),
    name: displayText(callId),
    reason: REASON_TEXT[reason] ?? '',
    isGuess: reason === LegReason.CORRELATION_ID,
    bornUs: bornUs(call),
  };
}
