import { COUNTERS } from '../model/counters.ts';
import type { ReadCounter } from '../model/counters-text.ts';
import { RATE_INTERVALS_MS } from '../model/statistics.ts';

/** Rates over one interval: how much a counter went up, scaled to exactly that interval. Gauges keep their value. */
export interface Rates {
  readonly intervalMs: number;
  readonly updatedMs: number;
  readonly read: ReadCounter;
}

interface Series {
  readonly intervalMs: number;
  snapshotMs: number;
  snapshot: Float64Array;
  /** `undefined` until the first interval has passed. */
  rates: Float64Array | undefined;
}

/**
 * Keeps one snapshot of all counters per interval. Once at least the interval has passed since the snapshot,
 * the next `observe` turns the difference into rates and takes a new snapshot:
 *
 *   rate = (now - snapshot) / elapsed x interval
 *
 * Two columns of doubles per interval, 8 in all; rates are as old as the last observation that closed an interval.
 */
export class RateKeeper {
  readonly #series: readonly Series[];

  constructor(values: ArrayLike<number>, nowMs: number, intervalsMs = RATE_INTERVALS_MS) {
    this.#series = intervalsMs.map((intervalMs) => ({
      intervalMs,
      snapshotMs: nowMs,
      snapshot: Float64Array.from(values),
      rates: undefined,
    }));
  }

  /** Looks at the counters; call it about once a second. Time is any clock in milliseconds that does not go back. */
  observe(values: ArrayLike<number>, nowMs: number): void {
    for (const series of this.#series) {
      const elapsedMs = nowMs - series.snapshotMs;
      if (elapsedMs < series.intervalMs) continue;
      series.rates = Float64Array.from(series.snapshot, (before, index) => {
        const value = values[index] ?? 0;
        if (COUNTERS[index]?.gauge === true) return value;
        // Counters begin at zero again when an engine is restarted.
        return ((value < before ? value : value - before) / elapsedMs) * series.intervalMs;
      });
      series.snapshotMs = nowMs;
      series.snapshot = Float64Array.from(values);
    }
  }

  /** Rates over an interval; `undefined` before its first end, because totals are no rates, or for another interval. */
  rates(intervalMs: number): Rates | undefined {
    const series = this.#series.find((candidate) => candidate.intervalMs === intervalMs);
    const rates = series?.rates;
    if (series === undefined || rates === undefined) return undefined;
    return { intervalMs, updatedMs: series.snapshotMs, read: (index) => rates[index] ?? 0 };
  }
}

/** Averages since the start: total / uptime x interval. Gauges keep their value. */
export function averages(read: ReadCounter, uptimeMs: number, perMs: number): ReadCounter {
  return (index) => {
    if (COUNTERS[index]?.gauge === true) return read(index);
    return uptimeMs > 0 ? (read(index) / uptimeMs) * perMs : 0;
  };
}
