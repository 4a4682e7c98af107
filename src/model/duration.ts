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
export function parseDuration(text: string): number | undefined {
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

/** Writes milliseconds as Go does: `1h2m3.5s`, `1m0s`, `12.5s`, `250ms`, `31µs`, `0s`. Parts below 1 ns are rounded. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const abs = Math.abs(ms);
  // Whole seconds and the rest apart, so that nanoseconds stay exact over years.
  let seconds = Math.floor(abs / 1000);
  let ns = Math.round((abs - seconds * 1000) * 1e6);
  if (ns >= 1e9) {
    seconds += 1;
    ns = 0;
  }
  if (seconds === 0) {
    if (ns === 0) return '0s';
    if (ns < 1e3) return `${sign}${ns}ns`;
    if (ns < 1e6) return `${sign}${withFraction(0, ns, 3)}µs`;
    return `${sign}${withFraction(0, ns, 6)}ms`;
  }
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const hoursText = hours > 0 ? `${hours}h` : '';
  const minutesText = seconds >= 60 ? `${minutes}m` : '';
  return `${sign}${hoursText}${minutesText}${withFraction(seconds % 60, ns, 9)}s`;
}

/** `whole` plus `ns` / 10^digits as a decimal number without trailing zeros. */
function withFraction(whole: number, ns: number, digits: number): string {
  const scale = 10 ** digits;
  const fraction = String(ns % scale)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  const integer = whole + Math.floor(ns / scale);
  return fraction === '' ? String(integer) : `${integer}.${fraction}`;
}
