import {
  Calls,
  COUNTERS,
  Dropped,
  Ingest,
  Outcomes,
  Quality,
  REFUSED_BY_FAULT,
  Regs,
  SETUP_ANSWERED,
  SETUP_FAILED,
} from '../model/counters.ts';
import type { TalkerKind, TalkersView, TalkerView } from '../model/engine.ts';
import { quotedWord } from '../model/search/ast.ts';
import type { SeriesWindow } from '../model/statistics.ts';
import { callCourse, type Course, eventsOf, ingestCourse } from './charts.ts';
import { abr, asr, ATTEMPTS, attempts, ESTABLISHED, ner, percentile, ratio, seizures } from './kpi.ts';
import { link } from './show.ts';
import type { Unit } from './units.ts';

/**
 * What the dashboard shows, as data: figures over a window of time, the same over its steps, and who was busiest. Every
 * figure knows its formula, its denominator and the calls behind it. An empty denominator is `null`, never 0 or 100 %.
 */
export interface Dashboard extends Course {
  spanMs: number;
  figures: Figure[];
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

const MAX_LOSSES = 8;

export function makeDashboard(window: SeriesWindow, talkers: TalkersView): Dashboard {
  const events = eventsOf(window);
  const calls = callCourse(window);
  // What was lost is in the chart of messages received, too.
  const resent = ingestCourse(window).charts.filter(({ name }) => name === 'retransmissions');
  return {
    ...calls,
    charts: [...calls.charts, ...resent],
    spanMs: window.spanMs,
    figures: figures(window, events),
    // Where nobody has given names there are no boards for them.
    talkers: TALKERS.filter(({ kind }) => !OF_NAMES.has(kind) || talkers.kinds[kind].length > 0).map(
      ({ kind, title, search }) => ({
        kind,
        title,
        items: talkers.kinds[kind].map((item) => ({ ...item, href: events(`${ATTEMPTS} ${search(item.key)}`) })),
      }),
    ),
    losses: losses(window),
  };
}

const TALKERS: readonly { kind: TalkerKind; title: string; search: (key: string) => string }[] = [
  { kind: 'source', title: 'Sources', search: (key) => `src:${key}` },
  { kind: 'destination', title: 'Destinations', search: (key) => `dst:${key}` },
  { kind: 'caller', title: 'Callers', search: (key) => `from=${quotedWord(key)}` },
  { kind: 'callee', title: 'Callees', search: (key) => `to=${quotedWord(key)}` },
  { kind: 'failingNumber', title: 'Failing numbers', search: (key) => `to=${quotedWord(key)} type:call-attempt` },
  { kind: 'domain', title: 'Domains called', search: domainSearch },
  { kind: 'agent', title: 'Agents by calls', search: (key) => `agent=${quotedWord(key)}` },
  { kind: 'alias', title: 'Names of addresses', search: (key) => `ip:${quotedWord(key)}` },
  { kind: 'group', title: 'Groups of names', search: (key) => `ip:${quotedWord(key)}` },
  { kind: 'userAgent', title: 'User agents', search: (key) => `ua=${quotedWord(key)}` },
  { kind: 'status', title: 'Outcomes', search: (key) => `status:${key}` },
];

const OF_NAMES: ReadonlySet<TalkerKind> = new Set(['alias', 'group']);

/** A pattern takes the host as a whole; what cannot stand in one is looked for as it is. */
function domainSearch(host: string): string {
  return /^[\w.-]+$/.test(host) ? `to:*@${host}` : `to:${quotedWord(`@${host}`)}`;
}

function figures({ total, spanMs }: SeriesWindow, events: (search: string) => string): Figure[] {
  const perSecond = (value: number): number | null => (spanMs > 0 ? (value / spanMs) * 1000 : null);
  const ended = total(Outcomes.ENDED);
  const sum = (indices: readonly number[]): number => indices.reduce((all, index) => all + total(index), 0);
  const setups = sum(SETUP_ANSWERED);
  const failedSetups = sum(SETUP_FAILED);
  const lost = total(Ingest.REFUSED) + total(Ingest.DROPPED);
  const meanMs = (allUs: number, count: number): number | null => ratio(total(allUs) / 1000, total(count));
  const registers = total(Outcomes.REGISTER_FAILED) + total(Outcomes.REGISTER_ANSWERED);
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
      title: 'ASR (SER)',
      unit: 'ratio',
      value: asr(total),
      of: seizures(total),
      formula: 'ASR, RFC 6076 SER: answered ÷ (INVITEs − 3xx − 401 − 407)',
      href: events('type:call-start'),
    },
    {
      name: 'ner',
      title: 'NER (SEER)',
      unit: 'ratio',
      value: ner(total),
      of: seizures(total),
      formula: 'NER, RFC 6076 SEER: (answered + 480 + 486 + 600 + 603) ÷ (INVITEs − 3xx − 401 − 407)',
      href: events('type:call-attempt !status:3xx,401,407,480,486,600,603'),
    },
    {
      name: 'abr',
      title: 'ABR',
      unit: 'ratio',
      value: abr(total),
      of: attempts(total),
      formula: 'ABR: answered ÷ INVITEs, nothing left out',
      href: events('type:call-start'),
    },
    {
      name: 'scr',
      title: 'SCR',
      unit: 'ratio',
      value: ratio(total(Outcomes.ENDED), attempts(total)),
      of: attempts(total),
      formula: 'SCR, RFC 6076: sessions completed, which is ended by BYE, ÷ INVITEs',
      href: events('type:call-end'),
    },
    {
      name: 'isa',
      title: 'ISA',
      unit: 'ratio',
      value: ratio(total(Outcomes.INEFFECTIVE), attempts(total)),
      of: attempts(total),
      formula: 'RFC 6076 ISA: (408 + 500 + 503 + 504 + no final reply) ÷ INVITEs',
      href: events('type:call-attempt status:408,500,503,504'),
    },
    {
      name: 'setup_p50',
      title: 'PDD 50 %',
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
      name: 'setup_p99',
      title: 'PDD 99 %',
      unit: 'ms',
      value: percentile(total, 0.99),
      of: setups,
      formula: 'PDD, RFC 6076 SRD of answered calls: INVITE to ringing, or to the answer; 99 of 100 are faster',
      href: slowHref(percentile(total, 0.99), events),
    },
    {
      name: 'setup_failed_p95',
      title: 'PDD failed',
      unit: 'ms',
      value: percentile(total, 0.95, SETUP_FAILED),
      of: failedSetups,
      formula:
        'PDD, RFC 6076 SRD of calls not answered: INVITE to ringing, or to the final reply; 95 of 100 are faster',
      href: events('type:call-attempt'),
    },
    {
      name: 'acd',
      title: 'ACD (SDT)',
      unit: 'ms',
      value: meanMs(Outcomes.TALK_US, Outcomes.ENDED),
      of: ended,
      formula: 'ACD, RFC 6076 SDT: from answer to BYE, mean over the calls ended by BYE',
      href: events('type:call-end'),
    },
    {
      name: 'sdd',
      title: 'SDD',
      unit: 'ms',
      value: meanMs(Outcomes.BYE_US, Outcomes.BYE_ANSWERED),
      of: total(Outcomes.BYE_ANSWERED),
      formula: 'RFC 6076 SDD: BYE to its 2xx, mean',
      href: events('type:call-end'),
    },
    {
      name: 'ira',
      title: 'IRA',
      unit: 'ratio',
      value: ratio(total(Outcomes.REGISTER_FAILED), registers),
      of: registers,
      formula:
        'RFC 6076 IRA: REGISTERs that failed (not 401, 402, 407, 423), or were not answered ÷ those and those accepted',
      href: events('type:other-failed,other-timeout,auth-failed method:REGISTER'),
    },
    {
      name: 'rrd',
      title: 'RRD',
      unit: 'ms',
      value: meanMs(Outcomes.REGISTER_US, Outcomes.REGISTER_ANSWERED),
      of: total(Outcomes.REGISTER_ANSWERED),
      formula: 'RFC 6076 RRD: REGISTER to its 2xx, mean',
      href: events('type:reg-new'),
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
      name: 'rtp_lost',
      title: 'RTP lost',
      unit: 'ratio',
      value: ratio(total(Quality.LOST), total(Quality.LOST) + total(Quality.PACKETS)),
      of: total(Quality.LOST) + total(Quality.PACKETS),
      formula: 'RTP packets lost ÷ those and the ones that came, as quality records of probes count them',
      href: link('/calls/list', { q: 'mos>0', sort: 'mos', order: 'asc' }),
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
