import type { CounterSet } from '../model/counters.ts';
import type { EventRates } from './event-rates.ts';
import type { LinkTable } from './link-table.ts';
import { BindingSnapshot } from './snapshot-bindings.ts';
import { CallSnapshot } from './snapshot-calls.ts';
import { CounterSnapshot } from './snapshot-counters.ts';
import type { SnapshotTable } from './snapshot-file.ts';
import { LinkSnapshot } from './snapshot-links.ts';
import { SnapshotNames } from './snapshot-names.ts';
import { NumberSnapshot } from './snapshot-numbers.ts';
import { RateSnapshot } from './snapshot-rates.ts';
import type { CallTracker } from './tracker.ts';

/**
 * Everything a snapshot keeps, in the order in which it comes back: counters last, because what came back before them
 * was counted when it was new.
 */
export function snapshotTables(
  tracker: CallTracker,
  rates: EventRates,
  links: LinkTable,
  counters: CounterSet,
): SnapshotTable[] {
  const names = new SnapshotNames();
  const bindings = tracker.registrations.table;
  return [
    new NumberSnapshot([
      { name: 'calls', get: () => tracker.created + 1, continueFrom: (id) => tracker.continueFrom(id) },
      { name: 'rates', get: () => rates.created, continueFrom: (created) => rates.continueFrom(created) },
      { name: 'bindings', get: () => bindings.created + 1, continueFrom: (id) => bindings.continueFrom(id) },
    ]),
    new CallSnapshot(tracker, names),
    new BindingSnapshot(tracker, names),
    new RateSnapshot(rates),
    new LinkSnapshot(links),
    new CounterSnapshot(counters),
  ];
}
