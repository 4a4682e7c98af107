import type { FastifyInstance } from 'fastify';
import { type CounterInfo, COUNTERS } from '../../model/counters.ts';
import { formatDuration, parseDurationMs } from '../../model/duration.ts';
import { RATE_INTERVALS_MS, type SeriesWindow, type StatisticsBlock } from '../../model/statistics.ts';
import { callCourse, counterCourse, type Course, ingestCourse } from '../charts.ts';
import { averageItems, counterChoice, CounterFlag, counterItems, type CounterItem } from '../counters.ts';
import type { HttpDeps } from '../deps.ts';
import type { Params } from '../params.ts';
import { badParameter } from '../problem.ts';
import type { Answer } from '../reply.ts';
import {
  AVERAGE_PARAMETERS,
  CHART_PARAMETERS,
  ChartsSchema,
  COUNTER_AVERAGE_PARAMETERS,
  COUNTER_PARAMETERS,
  CounterListSchema,
  MAX_CHARTED,
  RATE_PARAMETERS,
  RawStatisticsSchema,
  StatisticsSchema,
  wholeList,
} from '../schemas.ts';
import { withTimes } from '../show.ts';
import { spanOf } from '../spans.ts';
import { chartsText, countersText, statisticsHeader, statisticsText } from '../text/numbers.ts';
import { Charts } from '../views/charts.tsx';
import { Counters, RawStatistics, Statistics } from '../views/numbers.tsx';
import { addPage } from './page.ts';

const DEFAULT_UNIT_MS = 1000;
/** Longest unit of an average: a year. */
const MAX_UNIT_MS = 366 * 24 * 3_600_000;

export function statisticsRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { statistics } = deps;
  const tag = 'Statistics';

  addPage(app, deps, {
    path: '/stats',
    summary: 'Packets and SIP messages since the start',
    tag,
    schema: StatisticsSchema,
    read: () => statisticsAnswer('Statistics', statistics.totals(), 'totals', '/stats'),
  });

  addPage(app, deps, {
    path: '/stats/rate',
    summary: 'The same numbers per interval, over the last one',
    tag,
    query: RATE_PARAMETERS,
    schema: StatisticsSchema,
    read(params) {
      const intervalMs = intervalOf(params);
      const current = `/stats/rate?d=${shortDuration(intervalMs)}`;
      return statisticsAnswer(`Rate per ${shortDuration(intervalMs)}`, statistics.rate(intervalMs), 'rate', current);
    },
  });

  addPage(app, deps, {
    path: '/stats/avg',
    summary: 'The same numbers as average over the running time',
    tag,
    query: AVERAGE_PARAMETERS,
    schema: StatisticsSchema,
    read(params) {
      const unitMs = unitOf(params);
      const current = `/stats/avg?d=${shortDuration(unitMs)}`;
      return statisticsAnswer(`Average per ${shortDuration(unitMs)}`, statistics.average(unitMs), 'average', current);
    },
  });

  addPage(app, deps, {
    path: '/stats/raw',
    summary: 'Packet counters by name',
    tag,
    schema: RawStatisticsSchema,
    read() {
      const { values } = deps.counters();
      const infos = COUNTERS.filter((info) => info.group === 'pkt_stats');
      const data = Object.fromEntries(infos.map((info) => [info.name, values[info.index] ?? 0]));
      const text = (): string =>
        Object.entries(data)
          .map(([name, value]) => `${name}: ${value}\n`)
          .join('');
      return { title: 'Packet counters', data, html: () => RawStatistics({ values: data }), text };
    },
  });

  addPage(app, deps, {
    path: '/stats/charts',
    summary: 'Calls, traffic or any counters over time',
    tag,
    query: CHART_PARAMETERS,
    schema: ChartsSchema,
    read(params) {
      const spanMs = spanOf(params);
      const chosen = chosenCounters(params);
      const window = deps.series.window(spanMs);
      const course = chosen.length > 0 ? counterCourse(window, chosen) : usualCourse(window);
      // The window asked for stays in the address along with the counters.
      const counters = chosen.map(({ group, name }) => `&counter=${encodeURIComponent(`${group}.${name}`)}`).join('');
      return {
        title: 'Charts',
        data: withTimes({ spanMs, ...course }),
        html: () =>
          Charts({
            course,
            spanMs,
            href: (span) => `/stats/charts?d=${span}${counters}`,
            isChosen: chosen.length > 0,
          }),
        text: (zone) => chartsText(course, zone),
      };
    },
  });

  addPage(app, deps, {
    path: '/counters',
    summary: 'Counters',
    tag,
    query: COUNTER_PARAMETERS,
    schema: CounterListSchema,
    read(params) {
      const choice = counterChoice(params);
      const { uptimeMs } = statistics.totals();
      const chosen = params.has('group') || params.has('counter') || params.flag('short');
      const header = chosen ? '' : `uptime: ${formatDuration(Math.round(uptimeMs))}\n\n`;
      return countersAnswer(
        'Counters',
        counterItems(deps.counters(), choice),
        choice.flags,
        header,
        uptimeMs,
        undefined,
      );
    },
  });

  addPage(app, deps, {
    path: '/counters/avg',
    summary: 'Counters as average over the running time',
    tag,
    query: COUNTER_AVERAGE_PARAMETERS,
    schema: CounterListSchema,
    read(params) {
      const choice = counterChoice(params);
      const unitMs = unitOf(params);
      const { uptimeMs } = statistics.totals();
      const items = averageItems(deps.counters(), choice, unitMs, uptimeMs);
      const header = `Avg: per ${formatDuration(unitMs)}\tUptime: ${formatDuration(Math.round(uptimeMs))}\n\n`;
      return countersAnswer('Counter averages', items, choice.flags, header, uptimeMs, unitMs);
    },
  });
}

function statisticsAnswer(
  title: string,
  block: StatisticsBlock,
  kind: 'totals' | 'rate' | 'average',
  current: string,
): Answer {
  const { lines: _text, ...data } = block;
  const header = statisticsHeader(block, kind);
  return {
    title,
    data,
    html: () => Statistics({ block, current, header: header.replace('\t', ' · ') }),
    text: () => statisticsText(block, header),
  };
}

function countersAnswer(
  title: string,
  items: CounterItem[],
  flags: number,
  header: string,
  uptimeMs: number,
  perMs: number | undefined,
): Answer {
  const average = perMs === undefined ? undefined : shortDuration(perMs);
  const uptime = `Up for ${formatDuration(Math.round(uptimeMs))}.`;
  return {
    title,
    data: { uptimeMs, perMs: perMs ?? null, ...wholeList(items, COUNTERS.length) },
    html: () => Counters({ items, average, header: uptime, hidden: (flags & CounterFlag.NON_ZERO) !== 0 }),
    text: () => countersText(header, items, flags),
  };
}

function usualCourse(window: SeriesWindow): Course {
  const calls = callCourse(window);
  return { ...calls, charts: [...calls.charts, ...ingestCourse(window).charts] };
}

function chosenCounters(params: Params): CounterInfo[] {
  const names = params.texts('counter');
  if (names.length > MAX_CHARTED) throw badParameter('counter', names.length, `at most ${MAX_CHARTED} counters`);
  return names.map((name) => {
    const info = COUNTERS.find((each) => `${each.group}.${each.name}` === name);
    if (info === undefined) throw badParameter('counter', name, 'a counter of /counters as group.name');
    return info;
  });
}

/** `10s`, `1m`, `1h`: without the zeros of the long form, as links and headings have it. */
function shortDuration(ms: number): string {
  return formatDuration(ms)
    .replace(/(?<=[hm])0[ms](?:0s)?$/, '')
    .replace(/m0s$/, 'm');
}

function intervalOf(params: Params): number {
  const text = params.text('d') ?? '';
  const ms = text === '' ? DEFAULT_UNIT_MS : parseDurationMs(text);
  if (ms === undefined || !RATE_INTERVALS_MS.includes(ms)) {
    throw badParameter('d', text, `one of: ${RATE_INTERVALS_MS.map(shortDuration).join(', ')}`);
  }
  return ms;
}

function unitOf(params: Params): number {
  const text = params.text('d') ?? '';
  if (text === '') return DEFAULT_UNIT_MS;
  const ms = params.durationMs('d') ?? DEFAULT_UNIT_MS;
  if (!(ms > 0 && ms <= MAX_UNIT_MS)) throw badParameter('d', text, 'a duration above 0, such as 1s, 10s or 1m');
  return ms;
}
