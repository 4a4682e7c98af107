/** Nanoseconds per unit, in the notation of Go, which operators know from the reference program. */
const UNIT_NS = new Map<string, number>([
  ['ns', 1],
  ['us', 1e3],
  ['\u00b5s', 1e3],
  ['\u03bcs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);

/** Go keeps durations in 63 bits of nanoseconds, about 292 years. */
const MAX_NS = 2 ** 63;
const TERM = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;

/**
 * Reads a duration such as `1h2m3.5s`, `250ms`, `-1.5s` or a bare `0`.
 *
 * @returns milliseconds, with a fraction where there is one; `undefined` for anything else, also for a number
 * without unit: "30" could be seconds to one reader and milliseconds to another
 */
export function parseDurationMs(text: string): number | undefined {
  const negative = text.startsWith('-');
  const body = negative || text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') return 0;
  if (body === '') return undefined;
  let ns = 0;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < body.length) {
    const term = TERM.exec(body);
    if (term === null) return undefined;
    const [, amount = '', unit = ''] = term;
    ns += Number(amount) * (UNIT_NS.get(unit) ?? 0);
  }
  if (ns >= MAX_NS) return undefined;
  return (negative && ns !== 0 ? -ns : ns) / 1e6;
}

/** Writes milliseconds as Go does: `1h2m3.5s`, `1m0s`, `12.5s`, `250ms`, `31µs`, `0s`. Microseconds are the finest shown. */
export function formatDuration(ms: number): string {
  const us = Math.round(Math.abs(ms) * 1000);
  if (us === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  if (us < 1000) return `${sign}${us}µs`;
  if (us < 1_000_000) return `${sign}${us / 1000}ms`;
  const seconds = `${(us % 60_000_000) / 1_000_000}s`;
  const minutes = Math.floor(us / 60_000_000);
  if (minutes === 0) return `${sign}${seconds}`;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}
