import { CallState } from '../model/call-state.ts';
import { Calls, CALLS_IN_STATE, Outcomes, SETUP_ANSWERED, SETUP_LIMITS_MS } from '../model/counters.ts';

/** Key figures of calls, each a function of what was counted: the same for a window and for each of its steps. */
export type Count = (index: number) => number;

/** How INVITEs end: name, counter, colour, search among events. */
export const OUTCOMES = [
  ['answered', Outcomes.ANSWERED, 'good', 'type:call-start'],
  ['not taken', Outcomes.UNTAKEN, 'calm', 'type:call-attempt status:480,486,600,603'],
  ['cancelled', Outcomes.CANCELED, 'blue', 'type:call-attempt status:487'],
  ['redirected', Outcomes.REDIRECTED, 'plum', 'type:call-attempt status:3xx'],
  ['challenged', Outcomes.CHALLENGED, 'odd', 'method:INVITE status:401,407'],
  ['failed', Outcomes.FAILED, 'warm', 'type:call-attempt !status:3xx,408,480,486,487,500,503,504,600,603'],
  ['lost in the network', Outcomes.INEFFECTIVE, 'bad', 'type:call-attempt status:408,500,503,504'],
] as const satisfies readonly (readonly [string, number, string, string])[];

export const ESTABLISHED = CALLS_IN_STATE[CallState.INV_ESTABLISHED] ?? Calls.ACTIVE;
export const SETTING_UP = [CALLS_IN_STATE[CallState.INV_1ST], CALLS_IN_STATE[CallState.INV_EARLY_DLG]];

/** Search for events that say how an INVITE ended. */
export const ATTEMPTS = 'type:call-start,call-attempt';

/** INVITEs that ended one way or another. */
export const attempts = (count: Count): number => OUTCOMES.reduce((sum, [, index]) => sum + count(index), 0);

/** RFC 6076 §4.6: redirections and challenges are steps on the way, not outcomes. */
export const seizures = (count: Count): number =>
  attempts(count) - count(Outcomes.REDIRECTED) - count(Outcomes.CHALLENGED);

export const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
export const asr = (count: Count): number | null => ratio(count(Outcomes.ANSWERED), seizures(count));
/** Nothing left out. */
export const abr = (count: Count): number | null => ratio(count(Outcomes.ANSWERED), attempts(count));
export const ner = (count: Count): number | null =>
  ratio(count(Outcomes.ANSWERED) + count(Outcomes.UNTAKEN), seizures(count));

/**
 * Within its class, a percentile is where an even spread would have it; beyond the last limit, that limit.
 *
 * @param setups counters of the classes: those of calls answered, or of the others
 */
export function percentile(count: Count, share: number, setups: readonly number[] = SETUP_ANSWERED): number | null {
  const classes = setups.map(count);
  const measured = classes.reduce((sum, value) => sum + value, 0);
  if (measured === 0) return null;
  const wanted = measured * share;
  let below = 0;
  for (const [n, limit] of SETUP_LIMITS_MS.entries()) {
    const within = classes[n] ?? 0;
    if (within > 0 && below + within >= wanted) {
      const from = SETUP_LIMITS_MS[n - 1] ?? 0;
      return from + ((limit - from) * (wanted - below)) / within;
    }
    below += within;
  }
  return SETUP_LIMITS_MS.at(-1) ?? null;
}
