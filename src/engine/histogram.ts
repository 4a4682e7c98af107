import type { CallHistogram } from '../model/engine.ts';

const SECOND_US = 1_000_000;
/** Widths of bars, each a multiple of the one before, so that bars can be put together without looking at calls again. */
const WIDTHS_US = [1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200, 86_400, 604_800].map((seconds) => seconds * SECOND_US);
/** Beyond the widest of them: times that lie so far apart were made up. */
const FURTHER = 8;
const MAX_BARS = 120;

/** Counts moments in bars of equal width, which grows with the time they are spread over: never more than 120 bars. */
export class Histogram {
  #widthUs = SECOND_US;
  #bars = new Map<number, number>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  add(us: number, count = 1): void {
    this.#count(Math.floor(us / this.#widthUs), count);
    while (this.#last - this.#first >= MAX_BARS) this.#widen();
  }

  /** Takes in the bars of another. */
  addAll({ widthS, bars }: CallHistogram): void {
    while (this.#widthUs < widthS * SECOND_US) this.#widen();
    for (const { startUs, calls } of bars) this.add(startUs, calls);
  }

  view(): CallHistogram {
    const bars = [...this.#bars].toSorted(([a], [b]) => a - b);
    return {
      widthS: this.#widthUs / SECOND_US,
      bars: bars.map(([number, calls]) => ({ startUs: number * this.#widthUs, calls })),
    };
  }

  #count(number: number, count: number): void {
    this.#bars.set(number, (this.#bars.get(number) ?? 0) + count);
    this.#first = Math.min(this.#first, number);
    this.#last = Math.max(this.#last, number);
  }

  #widen(): void {
    const widthUs = this.#widthUs;
    this.#widthUs = WIDTHS_US.find((wider) => wider > widthUs) ?? widthUs * FURTHER;
    const narrow = this.#bars;
    this.#bars = new Map();
    this.#first = Number.POSITIVE_INFINITY;
    this.#last = Number.NEGATIVE_INFINITY;
    for (const [number, count] of narrow) this.#count(Math.floor((number * widthUs) / this.#widthUs), count);
  }
}
