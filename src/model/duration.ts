/** Durations as operators write and read them, in the manner of `1h2m3.5s`, `250ms`. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration text, or `undefined`. A number needs a unit, except 0. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^([+-]?)((?:\d{1,15}(?:\.\d{0,15})?(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return undefined;
  let total = 0;
  for (const [, number, unit] of (match[2] ?? '').matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return match[1] === '-' && total !== 0 ? -total : total;
}

/** Text of a duration: `0s`, `31µs`, `210ms`, `12.5s`, `1m0s`, `1h0m0s`. Microseconds are the finest shown. */
export function formatDuration(ms: number): string {
  const us = Math.round(Math.abs(ms) * 1000);
  const sign = ms < 0 && us !== 0 ? '-' : '';
  if (us === 0) return '0s';
  if (us < 1000) return `${sign}${us}µs`;
  if (us < 1_000_000) return `${sign}${us / 1000}ms`;
  const minutes = Math.floor(us / 60_000_000);
  const seconds = `${(us % 60_000_000) / 1_000_000}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}
