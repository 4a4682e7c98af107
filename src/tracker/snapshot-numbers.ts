import { doubles, type Entry, texts } from './snapshot-codec.ts';
import type { SnapshotTable, SnapshotWalk } from './snapshot-file.ts';

/** A running number that goes on where it was. */
export interface RunningNumber {
  readonly name: string;
  get(): number;
  continueFrom(value: number): void;
}

/** Running numbers by name: what was shown under one must not be shown for something else later. */
export class NumberSnapshot implements SnapshotTable {
  readonly name = 'numbers';
  readonly fields = [...texts('name'), ...doubles('value')];
  readonly #numbers: readonly RunningNumber[];

  constructor(numbers: readonly RunningNumber[]) {
    this.#numbers = numbers;
  }

  open(): SnapshotWalk {
    let next = 0;
    return {
      next: (out) => {
        const number = this.#numbers[next++];
        if (number === undefined) return false;
        out.text(number.name);
        out.double(number.get());
        return true;
      },
      close: () => undefined,
    };
  }

  restore(entry: Entry): boolean {
    const number = this.#numbers.find(({ name }) => name === entry.text('name'));
    const value = entry.number('value');
    if (number === undefined || !Number.isSafeInteger(value) || value < 0) return false;
    number.continueFrom(value);
    return true;
  }
}
