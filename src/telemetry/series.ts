import { COUNTERS } from '../model/counters.ts';
import type { SeriesSource, SeriesWindow } from '../model/statistics.ts';

/**
 * All counters over time: a ring of snapshots of every column for each resolution, about 2.5 MB in all, whatever is
 * counted. What happened in a step is the difference of two neighbours.
 */
const RESOLUTIONS: readonly { stepMs: number; steps: number }[] = [
  { stepMs: 10_000, steps: 360 },
  { stepMs: 300_000, steps: 288 },
];

interface Ring {
  stepMs: number;
  /** Snapshots kept: one more than steps. */
  capacity: number;
  columns: Float64Array;
  atMs: Float64Array;
  atUs: Float64Array;
  /** Number of the next snapshot. */
  next: number;
}

export class Series implements SeriesSource {
  readonly #values: () => ArrayLike<number>;
  readonly #nowMs: () => number;
  readonly #nowUs: () => number;
  readonly #rings: readonly Ring[];

  /**
   * @param values the column of values as it is now
   * @param nowMs any clock in milliseconds that does not go back
   * @param nowUs time of day, for the ends of steps
   */
  constructor(values: () => ArrayLike<number>, nowMs: () => number, nowUs: () => number) {
    this.#values = values;
    this.#nowMs = nowMs;
    this.#nowUs = nowUs;
    this.#rings = RESOLUTIONS.map(({ stepMs, steps }) => ({
      stepMs,
      capacity: steps + 1,
      columns: new Float64Array((steps + 1) * COUNTERS.length),
      atMs: new Float64Array(steps + 1),
      atUs: new Float64Array(steps + 1),
      next: 0,
    }));
    for (const ring of this.#rings) this.#take(ring);
  }

  /** Takes a snapshot where a step is over; call it about once a second. */
  observe(): void {
    for (const ring of this.#rings) {
      const lastMs = ring.atMs[(ring.next - 1) % ring.capacity] ?? 0;
      if (this.#nowMs() - lastMs >= ring.stepMs) this.#take(ring);
    }
  }

  window(spanMs: number): SeriesWindow {
    const ring = this.#rings.find(({ stepMs, capacity }) => stepMs * (capacity - 1) >= spanMs) ?? this.#rings.at(-1);
    if (ring === undefined) throw new Error('there is no resolution');
    const { stepMs, capacity, atMs, atUs, columns } = ring;
    const steps = Math.min(Math.round(spanMs / stepMs), ring.next - 1, capacity - 1);
    const slots = Array.from({ length: steps + 1 }, (_, n) => (ring.next - 1 - steps + n) % capacity);
    const first = slots[0] ?? 0;
    const at = (slot: number, index: number): number => columns[slot * COUNTERS.length + index] ?? 0;
    return {
      stepMs,
      endsUs: slots.slice(1).map((slot) => atUs[slot] ?? 0),
      steps: (index) =>
        slots.slice(1).map((slot, n) => difference(index, at(slots[n] ?? first, index), at(slot, index))),
      spanMs: this.#nowMs() - (atMs[first] ?? 0),
      total: (index) => difference(index, at(first, index), this.#values()[index] ?? 0),
    };
  }

  #take(ring: Ring): void {
    const slot = ring.next % ring.capacity;
    ring.columns.set(this.#values(), slot * COUNTERS.length);
    ring.atMs[slot] = this.#nowMs();
    ring.atUs[slot] = this.#nowUs();
    ring.next++;
  }
}

function difference(index: number, before: number, after: number): number {
  // A counter below where it was began at zero again.
  return COUNTERS[index]?.gauge === true || after < before ? after : after - before;
}
