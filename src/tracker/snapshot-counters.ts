import { counterByName, COUNTERS, type CounterSet } from '../model/counters.ts';
import { doubles, type Entry, type Field, texts } from './snapshot-codec.ts';
import type { SnapshotTable, SnapshotWalk } from './snapshot-file.ts';

const FIELDS: readonly Field[] = [...texts('name'), ...doubles('value', 'max')];

/** Counters by name. What goes up and down is counted anew with the tables it describes; its maximum stays. */
export class CounterSnapshot implements SnapshotTable {
  readonly name = 'counters';
  readonly fields = FIELDS;
  readonly #counters: CounterSet;

  constructor(counters: CounterSet) {
    this.#counters = counters;
  }

  open(): SnapshotWalk {
    const { values, maxima } = this.#counters;
    let next = 0;
    return {
      next(out) {
        const info = COUNTERS[next++];
        if (info === undefined) return false;
        out.text(`${info.group}.${info.name}`);
        out.double(values[info.index] ?? 0);
        out.double(maxima[info.index] ?? 0);
        return true;
      },
      close: () => undefined,
    };
  }

  restore(entry: Entry): boolean {
    const info = counterByName(entry.text('name'));
    if (info === undefined) return false;
    const { values, maxima } = this.#counters;
    if (!info.gauge) values[info.index] = entry.number('value');
    maxima[info.index] = Math.max(maxima[info.index] ?? 0, entry.number('max'));
    return true;
  }
}
