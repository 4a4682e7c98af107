import { type EventRates, RateInt, RateNum } from './event-rates.ts';
import { type Entry, type Field, ints } from './snapshot-codec.ts';
import type { SnapshotTable, SnapshotWalk } from './snapshot-file.ts';
import { spans } from './snapshot-spans.ts';

const NUMBERS = spans(RateNum);

const FIELDS: readonly Field[] = [
  ...ints('type'),
  { name: 'words', kind: 'int', count: 4 },
  ...ints('flags', 'rate'),
  ...NUMBERS.map(({ name, count }): Field => ({ name, kind: 'double', count })),
];

/** Rate entries, slot by slot; their order among themselves follows from their times. */
export class RateSnapshot implements SnapshotTable {
  readonly name = 'rates';
  readonly fields = FIELDS;
  readonly #rates: EventRates;

  constructor(rates: EventRates) {
    this.#rates = rates;
  }

  open(): SnapshotWalk {
    const rates = this.#rates;
    let slot = 1;
    return {
      next(out) {
        // Slots that are free now are few where there are many: whatever was held once was held for long.
        while (slot < rates.slotsEnd && !rates.isHeld(slot)) slot++;
        if (slot >= rates.slotsEnd) return false;
        out.int(rates.integerAt(slot, RateInt.TYPE));
        for (let n = 0; n < 4; n++) out.int(rates.integerAt(slot, RateInt.WORD + n));
        out.int(rates.integerAt(slot, RateInt.FLAGS));
        out.int(rates.integerAt(slot, RateInt.RATE));
        for (let at = 0; at < RateNum.SIZE; at++) out.double(rates.numberAt(slot, at));
        slot++;
        return true;
      },
      close: () => undefined,
    };
  }

  restore(entry: Entry): boolean {
    const type = entry.number('type');
    const words = entry.numbers('words', 4);
    if (type < 1 || words === undefined) return false;
    const numbers = NUMBERS.flatMap(({ name, count }) => entry.numbers(name, count) ?? Array<number>(count).fill(0));
    return this.#rates.putBack(type, words, entry.number('flags'), entry.number('rate'), numbers);
  }

  restored(): void {
    this.#rates.arrange();
  }
}
