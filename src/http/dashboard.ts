import { CallState } from '../model/call-state.ts';
import {
  Calls,
  CALLS_IN_STATE,
  COUNTERS,
  Dropped,
  Ingest,
  Outcomes,
  REFUSED_BY_FAULT,
  Regs,
  SETUP_ANSWERED,
  SETUP_LIMITS_MS,
  SIP_CLASSES,
  SIP_METHODS,
} from '../model/counters.ts';
import { Method } from '../model/method.ts';
import type { SeriesWindow } from '../model/statistics.ts';
import type { TalkerKind, TalkersView, TalkerView } from '../model/engine.ts';
import { quotedWord } from '../model/search/ast.ts';
import { isoMicros, link } from './show.ts';
import type { Unit } from './units.ts';

/**
 * What the dashboard shows, as data: figures over a window of time, the same over its steps, and who was busiest. Every
 * figure knows its formula, its denominator and the calls behind it. An empty denominator is `null`, never 0 or 100 %.
 */
export interface Dashboard {
  spanMs: number;
  stepMs: number;
  endsUs: number[];
  figures: Figure[];
  charts: Chart[];
  talkers: Talkers[];
  losses: Loss[];
}

export interface Figure {
  name: string;
  title: string;
  unit: Unit;
  value: number | null;
  /** Denominator of a ratio, number of measurements of a duration. */
  of: number | null;
  formula: string;
  href: string;
}

export interface Chart {
  name: string;
  title: string;
  unit: Unit;
  kind: 'stack' | 'lines';
  /** Search among events for what is behind a step; `null` where a step has no calls of its own. */
  search: string | null;
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

export interface Talkers {
  kind: TalkerKind;
  title: string;
  items: (TalkerView & { href: string })[];
}

export interface Loss {
  code: string;
  description: string;
  messages: number;
}

/** Steps drawn: more bars than this nobody tells apart. */
const MAX_STEPS = 48;
const MAX_LOSSES = 8;

const OUTCOMES = [
  ['answered', Outcomes.ANSWERED, 'good', 'type:call-start'],
  ['not taken', Outcomes.UNTAKEN, 'calm', 'type:call-attempt status:480,486,600,603'],
  ['cancelled', Outcomes.CANCELED, 'blue', 'type:call-attempt status:487'],
  ['redirected', Outcomes.REDIRECTED, 'plum', 'type:call-attempt status:3xx'],
  ['challenged', Outcomes.CHALLENGED, 'odd', 'method:INVITE status:401,407'],
  ['failed', Outcomes.FAILED, 'warm', 'type:call-attempt !status:3xx,408,480,486,487,500,503,504,600,603'],
  ['lost in the network', Outcomes.INEFFECTIVE, 'bad', 'type:call-attempt status:408,500,503,504'],
] as const satisfies readonly (readonly [string, number, Tone, string])[];

const METHODS = [
  ['INVITE', SIP_METHODS[Method.INVITE], 'blue'],
  ['REGISTER', SIP_METHODS[Method.REGISTER], 'teal'],
  ['OPTIONS', SIP_METHODS[Method.OPTIONS], 'calm'],
  ['SUBSCRIBE', SIP_METHODS[Method.SUBSCRIBE], 'plum'],
  ['MESSAGE', SIP_METHODS[Method.MESSAGE], 'odd'],
] as const;

const CLASSES = [
  ['1xx', SIP_CLASSES[1], 'calm'],
  ['2xx', SIP_CLASSES[2], 'good'],
  ['3xx', SIP_CLASSES[3], 'plum'],
  ['4xx', SIP_CLASSES[4], 'odd'],
  ['5xx', SIP_CLASSES[5], 'warm'],
  ['6xx', SIP_CLASSES[6], 'bad'],
] as const;

const ESTABLISHED = CALLS_IN_STATE[CallState.INV_ESTABLISHED] ?? Calls.ACTIVE;
const SETTING_UP = [CALLS_IN_STATE[CallState.INV_1ST], CALLS_IN_STATE[CallState.INV_EARLY_DLG]];

const ATTEMPTS = 'type:call-start,call-attempt';

export function makeDashboard(window: SeriesWindow, talkers: TalkersView): Dashboard {
  const merged = merge(window);
  const since = `at:-${Math.ceil(window.spanMs / 1000)}s`;
  const events = (search: string): string => link('/events', { q: `${search} ${since}`, order: 'newest' });
  return {
    spanMs: window.spanMs,
    stepMs: merged.stepMs,
    endsUs: merged.endsUs,
    figures: figures(window, events),
    charts: charts(merged, events),
    talkers: TALKERS.map(({ kind, title, search }) => ({
      kind,
      title,
      items: talkers.kinds[kind].map((item) => ({ ...item, href: events(`${ATTEMPTS} ${search(item.key)}`) })),
    })),
    losses: losses(window),
  };
}

/** Address of what happened in one step of a chart. */
export function stepHref(chart: Chart, { endsUs, stepMs }: Pick<Dashboard, 'endsUs' | 'stepMs'>, step: number): string {
  if (chart.search === null) return chart.href;
  const endUs = endsUs[step] ?? 0;
  const from = isoMicros(endUs - stepMs * 1000);
  return link('/events', { q: `${chart.search} at:${from}..${isoMicros(endUs - 1)}` });
}

const TALKERS: readonly { kind: TalkerKind; title: string; search: (key: string) => string }[] = [
  { kind: 'source', title: 'Sources', search: (key) => `src:${key}` },
  { kind: 'destination', title: 'Destinations', search: (key) => `dst:${key}` },
  { kind: 'caller', title: 'Callers', search: (key) => `from=${quotedWord(key)}` },
  { kind: 'callee', title: 'Callees', search: (key) => `to=${quotedWord(key)}` },
  { kind: 'userAgent', title: 'User agents', search: (key) => `ua=${quotedWord(key)}` },
  { kind: 'status', title: 'Outcomes', search: (key) => `status:${key}` },
];

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

type Count = (index: number) => number;

/** INVITEs that ended one way or another. */
const attempts = (count: Count): number => OUTCOMES.reduce((sum, [, index]) => sum + count(index), 0);

/** RFC 6076 §4.6: redirections and challenges are steps on the way, not outcomes. */
const seizures = (count: Count): number => attempts(count) - count(Outcomes.REDIRECTED) - count(Outcomes.CHALLENGED);

const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
const asr = (count: Count): number | null => ratio(count(Outcomes.ANSWERED), seizures(count));
const ner = (count: Count): number | null => ratio(count(Outcomes.ANSWERED) + count(Outcomes.UNTAKEN), seizures(count));

function figures({ total, spanMs }: SeriesWindow, events: (search: string) => string): Figure[] {
  const perSecond = (value: number): number | null => (spanMs > 0 ? (value / spanMs) * 1000 : null);
  const ended = total(Outcomes.ENDED);
  const setups = SETUP_ANSWERED.reduce((sum, index) => sum + total(index), 0);
  const lost = total(Ingest.REFUSED) + total(Ingest.DROPPED);
  const plain = { of: null };
  return [
    {
      name: 'established',
      title: 'Talking',
      unit: 'count',
      value: total(ESTABLISHED),
      ...plain,
      formula: 'calls in state "established" now',
      href: link('/calls/list', { q: 'state:established' }),
    },
    {
      name: 'attempts',
      title: 'Calls',
      unit: 'perSecond',
      value: perSecond(attempts(total)),
      ...plain,
      formula: 'INVITEs with an outcome per second; one that is not answered has it when its state ends',
      href: events(ATTEMPTS),
    },
    {
      name: 'asr',
      title: 'ASR',
      unit: 'ratio',
      value: asr(total),
      of: seizures(total),
      formula: 'ASR, RFC 6076 SER: answered ÷ (INVITEs − 3xx − 401 − 407)',
      href: events('type:call-start'),
    },
    {
      name: 'ner',
      title: 'NER',
      unit: 'ratio',
      value: ner(total),
      of: seizures(total),
      formula: 'NER, RFC 6076 SEER: (answered + 480 + 486 + 600 + 603) ÷ (INVITEs − 3xx − 401 − 407)',
      href: events('type:call-attempt !status:3xx,401,407,480,486,600,603'),
    },
    {
      name: 'isa',
      title: 'Ineffective',
      unit: 'ratio',
      value: ratio(total(Outcomes.INEFFECTIVE), attempts(total)),
      of: attempts(total),
      formula: 'RFC 6076 ISA: (408 + 500 + 503 + 504 + no final reply) ÷ INVITEs',
      href: events('type:call-attempt status:408,500,503,504'),
    },
    {
      name: 'setup_p50',
      title: 'PDD median',
      unit: 'ms',
      value: percentile(total, 0.5),
      of: setups,
      formula: 'PDD, RFC 6076 SRD of answered calls: INVITE to ringing, or to the answer; half are faster',
      href: events('type:call-start'),
    },
    {
      name: 'setup_p95',
      title: 'PDD 95 %',
      unit: 'ms',
      value: percentile(total, 0.95),
      of: setups,
      formula: 'PDD, RFC 6076 SRD of answered calls: INVITE to ringing, or to the answer; 95 of 100 are faster',
      href: slowHref(percentile(total, 0.95), events),
    },
    {
      name: 'acd',
      title: 'ACD',
      unit: 'ms',
      value: ended > 0 ? total(Outcomes.TALK_MS) / ended : null,
      of: ended,
      formula: 'ACD, RFC 6076 SDT: from answer to BYE, mean over the calls ended by BYE',
      href: events('type:call-end'),
    },
    {
      name: 'registrations',
      title: 'Registered',
      unit: 'count',
      value: total(Regs.ACTIVE),
      ...plain,
      formula: 'bindings held now',
      href: '/regs/list',
    },
    {
      name: 'received',
      title: 'Messages',
      unit: 'perSecond',
      value: perSecond(total(Ingest.RECEIVED)),
      ...plain,
      formula: 'messages received from agents and probes per second',
      href: '/hep/list',
    },
    {
      name: 'lost',
      title: 'Lost',
      unit: 'count',
      value: lost,
      of: total(Ingest.RECEIVED),
      formula: 'messages refused as malformed or dropped unread, of those received',
      href: '/hep/list',
    },
    {
      name: 'retransmissions',
      title: 'Resent',
      unit: 'ratio',
      value: ratio(total(Calls.RETRANSMISSIONS), total(Ingest.TRACKED)),
      of: total(Ingest.TRACKED),
      formula: 'retransmissions ÷ SIP messages tracked',
      href: link('/calls/list', { q: 'retrans>0' }),
    },
  ];
}

function slowHref(ms: number | null, events: (search: string) => string): string {
  return events(ms === null ? 'type:call-start' : `type:call-start pdd>${Math.round(ms)}ms`);
}

/** Within its class, a percentile is where an even spread would have it; beyond the last limit, that limit. */
export function percentile(count: Count, share: number): number | null {
  const classes = SETUP_ANSWERED.map(count);
  const measured = classes.reduce((sum, value) => sum + value, 0);
  if (measured === 0) return null;
  const wanted = measured * share;
  let below = 0;
  for (const [n, limit] of SETUP_LIMITS_MS.entries()) {
    const within = classes[n] ?? 0;
    if (within > 0 && below + within >= wanted) {
      const from = SETUP_LIMITS_MS[n - 1] ?? 0;
      return from + ((limit - from) * (wanted - below)) / within;
    }
    below += within;
  }
  return SETUP_LIMITS_MS.at(-1) ?? null;
}

function charts({ counted, gauge, endsUs, stepMs }: Merged, events: (search: string) => string): Chart[] {
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
      href: events(ATTEMPTS),
      series: OUTCOMES.map(([name, index, tone, search]) => lines(name, tone, events(search), rate(index))),
    },
    {
      name: 'ratios',
      title: 'ASR and NER',
      unit: 'ratio',
      kind: 'lines',
      search: ATTEMPTS,
      href: events(ATTEMPTS),
      series: [
        lines('ASR', 'blue', events('type:call-start'), each(asr)),
        lines('NER', 'good', events(ATTEMPTS), each(ner)),
      ],
    },
    {
      name: 'setup',
      title: 'Post-dial delay of answered calls',
      unit: 'ms',
      kind: 'lines',
      search: 'type:call-start',
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
      name: 'concurrent',
      title: 'Calls at a time',
      unit: 'count',
      kind: 'stack',
      search: null,
      href: link('/calls/list', { q: 'method:INVITE' }),
      series: [
        lines('in conversation', 'good', link('/calls/list', { q: 'state:established' }), gauge(ESTABLISHED)),
        lines(
          'setting up',
          'blue',
          link('/calls/list', { q: 'state:"first invite","early dialog"' }),
          SETTING_UP.map((index) => (index === undefined ? [] : gauge(index))).reduce((sum, values) =>
            sum.map((value, step) => value + (values[step] ?? 0)),
          ),
        ),
      ],
    },
    {
      name: 'requests',
      title: 'Requests by method',
      unit: 'perSecond',
      kind: 'stack',
      search: 'method:*',
      href: '/stats/rate?d=10s',
      series: [
        ...METHODS.map(([name, index, tone]) => lines(name, tone, events(`method:${name}`), rate(index))),
        lines('others', 'warm', '/stats/rate?d=10s', others),
      ],
    },
    {
      name: 'replies',
      title: 'Replies by class',
      unit: 'perSecond',
      kind: 'stack',
      search: 'status:1xx..6xx',
      href: '/stats/rate?d=10s',
      series: CLASSES.map(([name, index, tone]) => lines(name, tone, events(`status:${name}`), rate(index))),
    },
    {
      name: 'ingest',
      title: 'Messages received',
      unit: 'perSecond',
      kind: 'stack',
      search: null,
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
      href: '/regs/list',
      series: [lines('bindings', 'teal', '/regs/list', gauge(Regs.ACTIVE))],
    },
  ];
}

function losses({ total }: SeriesWindow): Loss[] {
  return [...REFUSED_BY_FAULT, ...Object.values(Dropped)]
    .filter((index) => index !== undefined)
    .map((index) => ({ info: COUNTERS[index], messages: total(index) }))
    .flatMap(({ info, messages }) =>
      info === undefined || messages === 0 ? [] : [{ code: info.name, description: info.description, messages }],
    )
    .toSorted((a, b) => b.messages - a.messages)
    .slice(0, MAX_LOSSES);
}
