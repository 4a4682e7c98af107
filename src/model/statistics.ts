/** One number of a statistics block; `group` and `name` as in `COUNTERS`. Rates and averages need not be whole. */
export interface StatisticsValue {
  group: string;
  name: string;
  value: number;
  description: string;
}

/** Totals since the start, or the same numbers per some time. */
export interface StatisticsBlock {
  uptimeMs: number;
  /** Set once the input has ended (a replay that is done): for how long, and how long it ran. */
  stopped: { sinceMs: number; runtimeMs: number } | null;
  /** What `values` are per, `null` for totals. */
  perMs: number | null;
  /** Rates: milliseconds since they were computed; `null` for totals and averages. */
  updatedAgoMs: number | null;
  /** Every number of the block; gauges are not part of it. */
  values: readonly StatisticsValue[];
  /** The block as text, from "Statistics:" on, without its header line. */
  lines: readonly string[];
}

/** Intervals a rate is recorded for. */
export const RATE_INTERVALS_MS: readonly number[] = [1000, 10_000, 60_000, 3_600_000];

/** What was counted in each of some equal steps of time up to now. */
export interface SeriesWindow {
  stepMs: number;
  /** End of each step, oldest first; the first may be missing where the program is younger than the window. */
  endsUs: readonly number[];
  /** What was counted in each step; of a gauge, its value at the end of it. */
  steps: (index: number) => number[];
  /** Time the totals are over: the steps, and what has passed since the last. */
  spanMs: number;
  total: (index: number) => number;
}

/** Windows a series is kept for. */
export const SERIES_SPANS_MS: readonly number[] = [900_000, 3_600_000, 86_400_000];

/** The counters over time. */
export interface SeriesSource {
  /** One of `SERIES_SPANS_MS`. */
  window(spanMs: number): SeriesWindow;
}

/** Where pages and the final report get their statistics from. No method waits or touches an engine. */
export interface StatisticsSource {
  totals(): StatisticsBlock;
  /** Rate over the last interval, one of `RATE_INTERVALS_MS`; totals while that interval has not passed yet. */
  rate(intervalMs: number): StatisticsBlock;
  /** Totals ÷ running time × unit. */
  average(unitMs: number): StatisticsBlock;
}
