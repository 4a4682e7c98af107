import { formatDuration } from '../../model/duration.ts';
import type { StatisticsBlock } from '../../model/statistics.ts';
import type { Zone } from '../../model/zone.ts';
import type { Course } from '../charts.ts';
import { CounterFlag, type CounterItem } from '../counters.ts';
import { zonedIso } from '../show.ts';
import { byGroup } from '../site-map.ts';
import { unitText } from '../units.ts';

export function countersText(header: string, items: readonly CounterItem[], flags: number): string {
  const groups = [...byGroup(items).values()].map((members) =>
    members.map((item) => counterLine(item, flags)).join(''),
  );
  return header + groups.join('\n');
}

/** `calls.active                  :      6        M:      6		current total tracked entries` */
function counterLine(item: CounterItem, flags: number): string {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const name = has(CounterFlag.FULL_NAME) ? `${item.group}.${item.name}` : item.name;
  let line = has(CounterFlag.VALUE) || has(CounterFlag.DESCRIPTION) ? name.padEnd(30) : name;
  if (has(CounterFlag.VALUE)) {
    line += `: ${valueText(item.value).padStart(6)}`;
    if (item.max !== undefined) line += `        M: ${valueText(item.max).padStart(6)}`;
  }
  if (has(CounterFlag.DESCRIPTION)) line += `\t\t${item.description}`;
  return `${line}\n`;
}

function valueText(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

/** First line of a statistics page: what the numbers are. */
export function statisticsHeader(block: StatisticsBlock, kind: 'totals' | 'rate' | 'average'): string {
  const { stopped } = block;
  const uptime = formatDuration(Math.round(block.uptimeMs));
  const since =
    stopped === null
      ? ''
      : ` stopped since ${formatDuration(stopped.sinceMs)} runtime: ${formatDuration(stopped.runtimeMs)}`;
  if (kind === 'totals' || block.perMs === null) return `uptime: ${uptime}${since === '' ? '' : ` +${since}`}`;
  const per = formatDuration(block.perMs);
  if (kind === 'average') return `Avg: per ${per}\tUptime: ${uptime}${since}`;
  const update =
    block.updatedAgoMs === null ? '' : ` (last update: ${formatDuration(Math.round(block.updatedAgoMs))} ago)`;
  return `Rate: per ${per}${update}\tUptime: ${uptime}${since}`;
}

export function statisticsText(block: StatisticsBlock, header: string): string {
  return `${header}\n\n${block.lines.join('\n')}\n`;
}

/** One line for each series of each step, oldest first: time, chart, series, value. */
export function chartsText({ endsUs, charts }: Course, zone: Zone): string {
  return endsUs
    .flatMap((endUs, step) =>
      charts.flatMap(({ name, unit, series }) =>
        series.map((each) =>
          [zonedIso(endUs, zone), name, each.name, unitText(each.values[step] ?? null, unit)].join('\t'),
        ),
      ),
    )
    .map((line) => `${line}\n`)
    .join('');
}
