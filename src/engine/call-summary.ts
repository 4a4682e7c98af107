import { CALL_STATES } from '../model/call-state.ts';
import type { CallSelection, CallSummary } from '../model/engine.ts';
import { methodName } from '../model/method.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { shownStatus } from '../tracker/views.ts';
import { Histogram } from './histogram.ts';
import { callListing, firstOfLegs, Slice, type Slicing, walk } from './queries.ts';

/** What all calls that match are like, in one walk. */
export async function callSummary(
  tracker: CallTracker,
  selection: CallSelection,
  nowUs: number,
  slicing: Slicing,
): Promise<CallSummary> {
  const { test } = callListing(tracker, { ...selection, offset: 0, limit: 0 }, nowUs);
  const isFirst = firstOfLegs(tracker, test);
  const states = new Tally();
  const methods = new Tally();
  const statuses = new Tally();
  const histogram = new Histogram();
  let merged = 0;
  const matched = await walk(tracker.table, test, new Slice(slicing, 1), (call) => {
    if (isFirst(call)) merged++;
    states.count(CALL_STATES[call.state]?.text ?? '');
    methods.count(methodName(call.method));
    const status = shownStatus(call);
    if (status !== 0) statuses.count(`${Math.floor(status / 100)}xx`);
    histogram.add(call.createdUs);
    return 'more';
  });
  return {
    total: tracker.table.size,
    matched,
    merged,
    states: states.view(),
    methods: methods.view(),
    statuses: statuses.view(),
    histogram: histogram.view(),
  };
}

/** Counts names. There are few: those of states, methods and classes. */
class Tally {
  readonly #counts = new Map<string, number>();

  count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  view(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
