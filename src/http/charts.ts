import {
  Calls,
  COUNTERS,
  type CounterInfo,
  Ignored,
  Ingest,
  Quality,
  REFUSED_BY_FAULT,
  Regs,
  SIP_CLASSES,
  SIP_METHODS,
  SIP_STATUSES,
  TALK_CLASSES,
} from '../model/counters.ts';
import { Method } from '../model/method.ts';
import type { SeriesWindow } from '../model/statistics.ts';
import { abr, asr, ATTEMPTS, type Count, ESTABLISHED, ner, OUTCOMES, percentile, ratio, SETTING_UP } from './kpi.ts';
import { isoMicros, link } from './show.ts';
import type { Unit } from './units.ts';

/** Counters over the steps of a window, as data of charts. */
export interface Course {
  stepMs: number;
  endsUs: number[];
  charts: Chart[];
}

export interface Chart {
  name: string;
  title: string;
  unit: Unit;
  kind: 'stack' | 'lines';
  /** Search among events, or messages, for what is behind a step; `null` where a step has no calls of its own. */
  search: string | null;
  among: 'events' | 'messages';
  href: string;
  series: ChartSeries[];
}

export interface ChartSeries {
  name: string;
  tone: Tone;
  href: string;
  /** `null` = nothing to divide by, nothing measured. */
  values: (number | null)[];
}

/** Colours of charts, by meaning; the sheet says which they are. */
export type Tone = 'good' | 'calm' | 'blue' | 'teal' | 'plum' | 'odd' | 'warm' | 'bad';

/** Steps drawn: more bars than this nobody tells apart. */
const MAX_STEPS = 48;

/** The methods of a usual network; ACK, BYE and CANCEL begin nothing, so only messages have them. */
const METHODS = [
  ['INVITE', SIP_METHODS[Method.INVITE], 'blue'],
  ['ACK', SIP_METHODS[Method.ACK], 'calm'],
  ['BYE', SIP_METHODS[Method.BYE], 'plum'],
  ['CANCEL', SIP_METHODS[Method.CANCEL], 'odd'],
  ['REGISTER', SIP_METHODS[Method.REGISTER], 'teal'],
  ['OPTIONS', SIP_METHODS[Method.OPTIONS], 'good'],
] as const;

/** Classes of conversations, some together: more colours nobody tells apart. */
const DURATIONS = [
  ['up to 6 s', TALK_CLASSES.slice(0, 1), 'bad', 'duration<=6s'],
  ['up to 30 s', TALK_CLASSES.slice(1, 2), 'warm', 'duration>6s duration<=30s'],
  ['up to 3 min', TALK_CLASSES.slice(2, 4), 'good', 'duration>30s duration<=3m'],
  ['up to 10 min', TALK_CLASSES.slice(4, 5), 'teal', 'duration>3m duration<=10m'],
  ['up to 1 h', TALK_CLASSES.slice(5, 7), 'blue', 'duration>10m duration<=1h'],
  ['longer', TALK_CLASSES.slice(7), 'plum', 'duration>1h'],
] as const;

const SCORES = [
  ['4 or more', Quality.MOS_4, 'good', 'mos>=4'],
  ['3 to 4', Quality.MOS_3, 'odd', 'mos>=3 mos<4'],
  ['2 to 3', Quality.MOS_2, 'warm', 'mos>=2 mos<3'],
  ['below 2', Quality.MOS_1, 'bad', 'mos<2'],
] as const;

const CLASSES = [
  ['1xx', SIP_CLASSES[1], 'calm'],
  ['2xx', SIP_CLASSES[2], 'good'],
  ['3xx', SIP_CLASSES[3], 'plum'],
  ['4xx', SIP_CLASSES[4], 'odd'],
  ['5xx', SIP_CLASSES[5], 'warm'],
  ['6xx', SIP_CLASSES[6], 'bad'],
] as const;

/** Address of what happened in one step of a chart. */
export function stepHref(chart: Chart, { endsUs, stepMs }: Pick<Course, 'endsUs' | 'stepMs'>, step: number): string {
  if (chart.search === null) return chart.href;
  const endUs = endsUs[step] ?? 0;
  const from = isoMicros(endUs - stepMs * 1000);
  return link(`/${chart.among}`, { q: `${chart.search} at:${from}..${isoMicros(endUs - 1)}` });
}

/** Steps as they are drawn: neighbours put together until there are few enough, from the newest back. */
interface Merged {
  stepMs: number;
  endsUs: number[];
  /** What was counted in each. */
  counted: (index: number) => number[];
  /** A gauge at the end of each. */
  gauge: (index: number) => number[];
}

function merge(window: SeriesWindow): Merged {
  const steps = window.endsUs.length;
  const size = Math.max(1, Math.ceil(steps / MAX_STEPS));
  // Whole groups only: a group of fewer steps would look like a dip.
  const last = Array.from({ length: Math.floor(steps / size) }, (_, n) => steps - 1 - n * size).toReversed();
  return {
    stepMs: window.stepMs * size,
    endsUs: last.map((at) => window.endsUs[at] ?? 0),
    counted(index) {
      const values = window.steps(index);
      return last.map((at) => values.slice(at - size + 1, at + 1).reduce((sum, value) => sum + value, 0));
    },
    gauge(index) {
      const values = window.steps(index);
      return last.map((at) => values[at] ?? 0);
    },
  };
}

/** Links to events of a window. */
export function eventsOf({ spanMs }: SeriesWindow): (search: string) => string {
  const since = `at:-${Math.ceil(spanMs / 1000)}s`;
  return (search) => link('/events', { q: `${search} ${since}`, order: 'newest' });
}

/** Links to messages of a window. */
function messagesOf({ spanMs }: SeriesWindow): (search: string) => string {
  return (search) => link('/messages', { q: `${search} at:-${Math.ceil(spanMs / 1000)}s` });
}

/** The charts of the dashboard. */
export function callCourse(window: SeriesWindow): Course {
  const merged = merge(window);
  return {
    stepMs: merged.stepMs,
    endsUs: merged.endsUs,
    charts: callCharts(merged, eventsOf(window), messagesOf(window)),
  };
}

/** What of the traffic was lost or of no use. */
export function ingestCourse(window: SeriesWindow): Course {
  const merged = merge(window);
  const { counted, endsUs, stepMs } = merged;
  const share = (parts: readonly number[], whole: number): (number | null)[] => {
    const wholes = counted(whole);
    const columns = parts.map(counted);
    return wholes.map((all, step) =>
      ratio(
        columns.reduce((sum, column) => sum + (column[step] ?? 0), 0),
        all,
      ),
    );
  };
  const line = (name: string, tone: Tone, values: (number | null)[]): ChartSeries[] => [
    { name, tone, href: '/hep/list', values },
  ];
  return {
    stepMs,
    endsUs,
    charts: [
      {
        name: 'retransmissions',
        title: 'Share of retransmissions',
        unit: 'ratio',
        kind: 'lines',
        search: null,
        among: 'events',
        href: link('/calls/list', { q: 'retrans>0' }),
        series: line('resent', 'odd', share([Calls.RETRANSMISSIONS], Ingest.TRACKED)),
      },
      {
        name: 'lost',
        title: 'Share refused or dropped',
        unit: 'ratio',
        kind: 'lines',
        search: null,
        among: 'events',
        href: '/hep/list#faults',
        series: line('lost', 'bad', share([Ingest.REFUSED, Ingest.DROPPED], Ingest.RECEIVED)),
      },
      {
        ...busiest(merged, REFUSED_BY_FAULT, () => '/counters?group=ingest.refused&nz=1'),
        name: 'refused',
        title: 'Refused by reason',
        search: null,
        among: 'events',
        href: '/hep/list#faults',
      },
      {
        ...busiest(merged, Object.values(Ignored), () => '/counters?group=ingest.ignored&nz=1'),
        name: 'ignored',
        title: 'Ignored by reason',
        search: null,
        among: 'events',
        href: '/counters?group=ingest.ignored&nz=1',
      },
    ],
  };
}

const TONES: readonly Tone[] = ['blue', 'odd', 'teal', 'plum', 'warm', 'good', 'calm', 'bad'];

/** Those of some counters that moved most, one colour each. */
function busiest(
  { counted, stepMs }: Merged,
  indices: readonly number[],
  href: (name: string) => string,
): Pick<Chart, 'unit' | 'kind' | 'series'> {
  const moved = indices
    .map((index) => ({ info: COUNTERS[index], values: counted(index) }))
    .map((each) => ({ ...each, sum: each.values.reduce((sum, value) => sum + value, 0) }))
    .filter(({ sum }) => sum > 0)
    .toSorted((a, b) => b.sum - a.sum)
    .slice(0, TONES.length);
  return {
    unit: 'perSecond',
    kind: 'stack',
    series: moved.map(({ info, values }, n) => ({
      name: info?.name ?? '',
      tone: TONES[n] ?? 'calm',
      href: href(info?.name ?? ''),
      values: values.map((value) => (value / stepMs) * 1000),
    })),
  };
}

/** Any counters, a chart each: what was counted per second, or the value of a gauge. */
export function counterCourse(window: SeriesWindow, infos: readonly CounterInfo[]): Course {
  const { counted, gauge, endsUs, stepMs } = merge(window);
  return {
    stepMs,
    endsUs,
    charts: infos.map((info) => {
      const name = `${info.group}.${info.name}`;
      const href = link('/counters', { group: info.group });
      const values = info.gauge ? gauge(info.index) : counted(info.index).map((value) => (value / stepMs) * 1000);
      return {
        name,
        title: `${name}: ${info.description}`,
        unit: info.gauge ? 'count' : 'perSecond',
        kind: 'lines',
        search: null,
        among: 'events',
        href,
        series: [{ name: info.gauge ? 'now' : 'per second', tone: 'blue', href, values }],
      };
    }),
  };
}

/** Step by step. */
function sumOf(columns: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = columns;
  return first.map((value, step) => others.reduce((sum, column) => sum + (column[step] ?? 0), value));
}

function callCharts(merged: Merged, events: (search: string) => string, messages: (search: string) => string): Chart[] {
  const { counted, gauge, endsUs, stepMs } = merged;
  const rate = (index: number | undefined): number[] =>
    index === undefined ? [] : counted(index).map((value) => (value / stepMs) * 1000);
  const columns = new Map<number, number[]>();
  const at =
    (step: number): Count =>
    (index) => {
      let column = columns.get(index);
      if (column === undefined) columns.set(index, (column = counted(index)));
      return column[step] ?? 0;
    };
  const each = <Value>(figure: (count: Count) => Value): Value[] => endsUs.map((_, step) => figure(at(step)));
  const others = rate(Ingest.RECEIVED).map(() => 0);
  for (const [method, index] of SIP_METHODS.entries()) {
    if (METHODS.some(([, shown]) => shown === index) || method === Method.UNDEF) continue;
    for (const [step, value] of rate(index).entries()) others[step] = (others[step] ?? 0) + value;
  }
  const lines = (name: string, tone: Tone, href: string, values: (number | null)[]): ChartSeries => ({
    name,
    tone,
    href,
    values,
  });
  return [
    {
      name: 'outcomes',
      title: 'Calls by outcome',
      unit: 'perSecond',
      kind: 'stack',
      search: `${ATTEMPTS},auth-failed method:INVITE`,
      among: 'events',
      href: events(ATTEMPTS),
      series: OUTCOMES.map(([name, index, tone, search]) => lines(name, tone, events(search), rate(index))),
    },
    {
      name: 'ratios',
      title: 'ASR, NER and ABR',
      unit: 'ratio',
      kind: 'lines',
      search: ATTEMPTS,
      among: 'events',
      href: events(ATTEMPTS),
      series: [
        lines('ASR', 'blue', events('type:call-start'), each(asr)),
        lines('NER', 'good', events(ATTEMPTS), each(ner)),
        lines('ABR', 'calm', events(ATTEMPTS), each(abr)),
      ],
    },
    {
      name: 'setup',
      title: 'Post-dial delay of answered calls',
      unit: 'ms',
      kind: 'lines',
      search: 'type:call-start',
      among: 'events',
      href: events('type:call-start'),
      series: [
        lines(
          'median',
          'blue',
          events('type:call-start'),
          each((count) => percentile(count, 0.5)),
        ),
        lines(
          '95 %',
          'odd',
          events('type:call-start pdd>2s'),
          each((count) => percentile(count, 0.95)),
        ),
        lines(
          '99 %',
          'bad',
          events('type:call-start pdd>4s'),
          each((count) => percentile(count, 0.99)),
        ),
      ],
    },
    {
      name: 'durations',
      title: 'Ended calls by duration',
      unit: 'perSecond',
      kind: 'stack',
      search: 'type:call-end',
      among: 'events',
      href: events('type:call-end'),
      series: DURATIONS.map(([name, indices, tone, search]) =>
        lines(name, tone, events(`type:call-end ${search}`), sumOf(indices.map(rate))),
      ),
    },
    {
      name: 'concurrent',
      title: 'Calls at a time',
      unit: 'count',
      kind: 'stack',
      search: null,
      among: 'events',
      href: link('/calls/list', { q: 'method:INVITE' }),
      series: [
        lines('in conversation', 'good', link('/calls/list', { q: 'state:established' }), gauge(ESTABLISHED)),
        lines(
          'setting up',
          'blue',
          link('/calls/list', { q: 'state:"first invite","early dialog"' }),
          sumOf(SETTING_UP.map((index) => (index === undefined ? [] : gauge(index)))),
        ),
      ],
    },
    {
      name: 'requests',
      title: 'Requests by method',
      unit: 'perSecond',
      kind: 'stack',
      search: 'kind:request',
      among: 'messages',
      href: '/stats/rate?d=10s',
      series: [
        ...METHODS.map(([name, index, tone]) =>
          lines(name, tone, messages(`kind:request method:${name}`), rate(index)),
        ),
        lines('others', 'warm', '/stats/rate?d=10s', others),
      ],
    },
    {
      name: 'replies',
      title: 'Replies by class',
      unit: 'perSecond',
      kind: 'stack',
      search: 'kind:reply',
      among: 'messages',
      href: '/stats/rate?d=10s',
      series: CLASSES.map(([name, index, tone]) => lines(name, tone, messages(`status:${name}`), rate(index))),
    },
    {
      ...busiest(merged, [...new Set(SIP_STATUSES)], (status) => messages(`status:${status}`)),
      name: 'statuses',
      title: 'Replies by status',
      search: 'kind:reply',
      among: 'messages',
      href: link('/counters', { group: 'pkt_stats.status', nz: 1 }),
    },
    {
      name: 'quality',
      title: 'Calls by mean opinion score',
      unit: 'perSecond',
      kind: 'stack',
      search: null,
      among: 'events',
      href: link('/calls/list', { q: 'mos>0', sort: 'mos', order: 'asc' }),
      series: SCORES.map(([name, index, tone, search]) =>
        lines(name, tone, link('/calls/list', { q: search }), rate(index)),
      ),
    },
    {
      name: 'ingest',
      title: 'Messages received',
      unit: 'perSecond',
      kind: 'stack',
      search: null,
      among: 'events',
      href: '/hep/list',
      series: [
        lines('tracked', 'teal', '/hep/list', rate(Ingest.TRACKED)),
        lines('ignored', 'calm', '/hep/list', rate(Ingest.IGNORED)),
        lines('refused', 'odd', '/hep/list', rate(Ingest.REFUSED)),
        lines('dropped', 'bad', '/hep/list', rate(Ingest.DROPPED)),
      ],
    },
    {
      name: 'registrations',
      title: 'Registrations',
      unit: 'count',
      kind: 'lines',
      search: 'type:reg-new,reg-del,reg-expired',
      among: 'events',
      href: '/regs/list',
      series: [lines('bindings', 'teal', '/regs/list', gauge(Regs.ACTIVE))],
    },
  ];
}
