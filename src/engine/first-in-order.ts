import { EngineRequestError, MAX_ORDERED } from '../model/engine.ts';

/** What an entry is put in order by; `undefined` = it has no such value. */
export type SortKey = number | string | undefined;

/** An order of entries, beyond that of their table. */
export interface EntryOrder<Entry> {
  keyOf: (entry: Entry) => SortKey;
  descending: boolean;
}

/** Negative where `a` comes first. What has no value comes last in both directions. */
export function compareKeys(a: SortKey, b: SortKey, descending: boolean): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a < b === descending ? 1 : -1;
}

interface Candidate<Entry> {
  entry: Entry;
  key: SortKey;
  /** Place in the table: the order of equals. */
  place: number;
}

/**
 * The first entries of an order, found in one walk of the table: a heap that has the last of them on top, to be thrown
 * out when one comes that belongs before it. No more is held than is asked for, and no step takes long.
 */
export class FirstInOrder<Entry> {
  readonly #size: number;
  readonly #order: EntryOrder<Entry>;
  /** Children of `n` are at `2n + 1` and `2n + 2`, and come before it. */
  readonly #heap: Candidate<Entry>[] = [];
  #places = 0;

  /** @param size how many, at most `MAX_ORDERED` */
  constructor(size: number, order: EntryOrder<Entry>) {
    if (size > MAX_ORDERED) {
      throw new EngineRequestError(
        `offset and limit: ${size} together, at most ${MAX_ORDERED} where a list is put in order`,
      );
    }
    this.#size = size;
    this.#order = order;
  }

  /** Takes an entry that comes after all those before it in the table. */
  offer(entry: Entry): void {
    const candidate = { entry, key: this.#order.keyOf(entry), place: this.#places++ };
    if (this.#heap.length < this.#size) {
      this.#heap.push(candidate);
      this.#rise(this.#heap.length - 1);
      return;
    }
    const last = this.#heap[0];
    if (last === undefined || this.#compare(candidate, last) > 0) return;
    this.#heap[0] = candidate;
    this.#sink();
  }

  /** Takes out the last one; `undefined` = there is none left. */
  takeLast(): { entry: Entry; key: SortKey } | undefined {
    const last = this.#heap[0];
    const moved = this.#heap.pop();
    if (moved !== undefined && this.#heap.length > 0) {
      this.#heap[0] = moved;
      this.#sink();
    }
    return last;
  }

  #compare(a: Candidate<Entry>, b: Candidate<Entry>): number {
    return compareKeys(a.key, b.key, this.#order.descending) || a.place - b.place;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfAfter(at, above)) return;
      at = above;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [this.#heap[left], this.#heap[left + 1]];
      if (one === undefined) return;
      const child = other !== undefined && this.#compare(other, one) > 0 ? left + 1 : left;
      if (!this.#swapIfAfter(child, at)) return;
      at = child;
    }
  }

  /** Puts a child above its parent where it comes later. */
  #swapIfAfter(child: number, parent: number): boolean {
    const [below, above] = [this.#heap[child], this.#heap[parent]];
    if (below === undefined || above === undefined || this.#compare(below, above) <= 0) return false;
    this.#heap[child] = above;
    this.#heap[parent] = below;
    return true;
  }
}
