import { formatDuration } from '../model/duration.ts';
import { formatNumber } from './show.ts';

/** Units of figures; a ratio is from 0 to 1, time in milliseconds. */
export type Unit = 'count' | 'perSecond' | 'ratio' | 'ms';

/** A figure at a glance, with as many digits as are of use. */
export function unitText(value: number | null, unit: Unit): string {
  if (value === null) return '–';
  switch (unit) {
    case 'ratio':
      return `${formatNumber(Number((value * 100).toFixed(1)))} %`;
    case 'perSecond':
      return `${formatNumber(value >= 100 ? Math.round(value) : Number(value.toFixed(value >= 10 ? 1 : 2)))} /s`;
    case 'ms':
      return formatDuration(
        value >= 60_000
          ? Math.round(value / 1000) * 1000
          : value >= 1000
            ? Math.round(value / 10) * 10
            : Math.round(value),
      );
    case 'count':
      return formatNumber(value);
  }
}
