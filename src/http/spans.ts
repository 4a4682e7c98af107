import { SERIES_SPANS_MS } from '../model/statistics.ts';
import type { Params } from './params.ts';

/** `15m`, `1h`, `24h`: a window as parameter `d` has it. */
export function spanText(ms: number): string {
  return ms < 3_600_000 ? `${ms / 60_000}m` : `${ms / 3_600_000}h`;
}

/** Window asked for; the shortest if none is. */
export function spanOf(params: Params): number {
  const texts = SERIES_SPANS_MS.map(spanText);
  const text = params.choice('d', texts) ?? texts[0];
  return SERIES_SPANS_MS[texts.indexOf(text ?? '')] ?? 0;
}
