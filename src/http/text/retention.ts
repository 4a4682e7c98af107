import type { Zone } from '../../model/zone.ts';
import type { Retention } from '../retention.ts';
import { textTime } from '../show.ts';
import { unitText } from '../units.ts';
import { agoText, roughly } from '../why.ts';

/** One line for each kind. */
export function retentionText(rows: readonly Retention[], nowUs: number, zone: Zone): string {
  return rows.map((row) => `${line(row, nowUs, zone)}\n`).join('');
}

function line(row: Retention, nowUs: number, zone: Zone): string {
  const { title, held, most, bytes, maxBytes, used, oldestUs, perSecond } = row;
  const parts = [
    `${title.padEnd(20)} : ${held} held`,
    most === null ? '' : `of ${most}`,
    bytes === null ? '' : `${bytes}${maxBytes === null ? '' : ` of ${maxBytes}`} octets`,
    used === null ? '' : `(${unitText(used, 'ratio')} used)`,
    oldestUs === null ? '' : `since ${textTime(oldestUs, zone)} (${agoText(oldestUs, nowUs)})`,
    perSecond === null ? '' : unitText(perSecond, 'perSecond'),
    forecastText(row),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** How long one is kept, in words. */
export function forecastText({ keptMs, fullInMs, until }: Retention): string {
  if (until !== '') return `until ${until}`;
  if (keptMs === null) return '';
  return `kept for ${roughly(keptMs)} at this rate${fullInMs === null ? '' : `, full in ${roughly(fullInMs)}`}`;
}
