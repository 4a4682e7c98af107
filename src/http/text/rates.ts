import { formatDuration } from '../../model/duration.ts';
import type { RateGcView, RateParameterView, RateQuery, RateTableStats } from '../../model/engine.ts';
import type { Page, RateEntryView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { quoted, textTime, visible } from '../show.ts';
import { agoText, type Hint } from '../why.ts';
import { whyText } from './calls.ts';

/** What became of events because of blacklists. */
export interface RateTotals {
  events: number;
  byType: number;
  /** Beyond a limit; of these, those reported all the same. */
  byRate: number;
  sent: number;
  /** No room for an entry. */
  failed: number;
}

export function rateListText(
  page: Page<RateEntryView>,
  query: RateQuery,
  totals: RateTotals,
  why: readonly Hint[],
  nowUs: number,
  zone: Zone,
): string {
  const { ip = '', regexp = false, exceeded, rate, rateIndex = -1 } = query;
  const filter = [
    `from ${page.offset} max ${page.limit} matches, match against ${quoted(ip)} regexp ${regexp}`,
    `ip ${ip !== '' && !regexp}${exceeded === undefined ? '' : ` val ${exceeded ? 1 : 0}`}`,
    `ridx ${rateIndex} rval ${rate === undefined ? 0 : `${rate.op} ${rate.value}`}`,
  ].join(' ');
  const { events, byType, byRate, failed } = totals;
  return [
    `Event Rate Blacklist (filter: ${filter}):`,
    '',
    `Total:  events: ${events}, blst type ${byType}, blst rate ${byRate}, failed blst ${failed}`,
    '',
    ...page.items.flatMap((entry, at) => entryLines(entry, page.offset + at, rateIndex, nowUs, zone)),
    whyText(why),
  ].join('\n');
}

/** Marks: `*` a rate beyond its limit, `!` the rate asked for. */
function entryLines(entry: RateEntryView, index: number, rateIndex: number, nowUs: number, zone: Zone): string[] {
  const ago = (us: number | null): string => (us === null ? 'never' : agoText(us, nowUs));
  return [
    `${String(index).padStart(6)}. ${visible(entry.key)} N: ${String(entry.events).padStart(6)} created ${textTime(entry.createdUs, zone)} (${ago(entry.createdUs)})`,
    `       state: exceeded: ${entry.exceeded} rate_id: ${entry.rate} ex: ${entry.exceededRun} ok: ${entry.okRun} ` +
      `ExChgT: ${ago(entry.changedUs)} ExLastT: ${ago(entry.lastExceededUs)} OkLastT: ${ago(entry.lastOkUs)}`,
    ...entry.rates.map((rate, n) => {
      const beyond = rate.limit > 0 && rate.value > rate.limit;
      const mark = `${beyond ? '*' : ' '}${n === rateIndex ? '!' : ''}`.padStart(7);
      const value = `${rate.value.toFixed(6)}(old: ${rate.old.toFixed(6)})`;
      const intervals = `${formatDuration(rate.intervalMs)} (${formatDuration(rate.oldIntervalMs)})`;
      return `${mark}rate${n}: ${value} / ${intervals} limit ${rate.limit} (u: ${ago(rate.updatedUs)})`;
    }),
  ];
}

export function rateTableText(table: RateTableStats): string {
  const used = table.maxEntries === 0 ? 0 : (table.entries / table.maxEntries) * 100;
  const limit =
    table.maxEntries === 0
      ? '0 entries (rates are not tracked)'
      : `${table.maxEntries} entries (${used.toFixed(1)}% used)`;
  const chains = `Max:${table.longestChain} Min:${table.shortestChain}`;
  return [
    `EvRateBlst  Hash Stats: {Total:${table.created} Crt:${table.entries} ${chains} Buckets:${table.buckets}}`,
    `Limits: ${limit}`,
    '',
    'Memory Stats:',
    `\tTotalSize: ${table.bytes}`,
    '',
  ].join('\n');
}

export function rateSettingsText(parameters: readonly RateParameterView[]): string {
  return parameters
    .map(({ name, value, configured, description }) => {
      const was = value === configured ? '' : ` (configured: ${configured})`;
      return `${name.padEnd(24)}: ${value.padStart(10)}${was}\t\t${description}\n`;
    })
    .join('');
}

export function rateGcFormText(table: RateTableStats): string {
  return `POST with n=<entries that may remain, default 1>; now ${table.entries} entries\n`;
}

export function rateGcText(run: RateGcView): string {
  const limits = `life time lim ${formatDuration(-run.lifetimeMs)} runtime limit ${formatDuration(run.maxRunMs)}`;
  return [
    `running GC, entries ${run.entriesBefore}, target ${run.target} ${limits} ...`,
    `GC run: target ${run.target} met: ${run.targetMet} (crt ${run.entries} entries), run timeout ${run.timedOut}, ` +
      `entries walked: ${run.walked}, removed: ${run.removed}`,
    '',
  ].join('\n');
}
