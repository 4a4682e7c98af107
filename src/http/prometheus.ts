import {
  CALLS_IN_STATE,
  COUNTERS,
  type CounterInfo,
  Outcomes,
  PARSE_ERRORS,
  SETUP_ANSWERED,
  SETUP_FAILED,
  SETUP_LIMITS_MS,
  SIP_CLASSES,
  SIP_METHODS,
  TALK_CLASSES,
  TALK_LIMITS_S,
} from '../model/counters.ts';
import { CALL_STATES } from '../model/call-state.ts';
import { COUNTER_GROUPS } from '../model/counter-groups.ts';
import { METHOD_NAMES } from '../model/method.ts';
import type { CounterColumns } from './deps.ts';

/**
 * The counters in the text format of Prometheus, version 0.0.4. Names are made of group and name; what is counted once
 * for each of a few kinds is one metric with a label:
 *
 *   ingest.refused.HEP_BAD_CHUNK   sipcol_ingest_refused_total{code="HEP_BAD_CHUNK"}
 *   calls.inv_established          sipcol_calls_in_state{state="inv_established"}
 *   hep.datagrams                  sipcol_hep_datagrams_total
 *
 * No label carries anything that was captured, so the number of series does not depend on the traffic.
 */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Sample {
  /** Behind the name of the metric, `_bucket` and the like. */
  suffix?: string;
  labels?: readonly (readonly [name: string, value: string])[];
  value: number;
}

export interface Metric {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  samples: readonly Sample[];
}

interface Kinds {
  name: string;
  help: string;
  label: string;
  /** Value of the label by counter. */
  members: ReadonlyMap<number, string>;
}

const KINDS: readonly Kinds[] = [
  ofGroup('ingest.refused', 'code', 'ingest_refused', 'messages refused'),
  ofGroup('ingest.ignored', 'reason', 'ingest_ignored', 'well-formed messages without use for tracking'),
  ofGroup('ingest.dropped', 'reason', 'ingest_dropped', 'messages thrown away unread'),
  ofGroup('ev_ring0.evtype', 'type', 'events', 'events put into the ring'),
  ofColumn(CALLS_IN_STATE.slice(1), 'state', 'calls_in_state', 'entries by state', (n) => CALL_STATES[n + 1]?.name),
  ofColumn(SIP_METHODS, 'method', 'sip_requests', 'SIP requests parsed', (n) => METHOD_NAMES[n]),
  ofColumn(SIP_CLASSES, 'class', 'sip_replies', 'SIP replies parsed', (n) => `${n}xx`),
  ofGroup('pkt_stats.status', 'status', 'sip_replies_by_status', 'SIP replies parsed'),
  ofColumn(PARSE_ERRORS, 'number', 'parse_errors', 'SIP messages refused by the parser', String),
];

/** Counted in classes; the limits are of all but the last. */
interface Distribution {
  name: string;
  help: string;
  limitsS: readonly number[];
  parts: readonly { labels: NonNullable<Sample['labels']>; classes: readonly number[]; inAllUs: number }[];
}

const DISTRIBUTIONS: readonly Distribution[] = [
  {
    name: 'sipcol_setup_seconds',
    help: 'from INVITE to ringing or the final reply',
    limitsS: SETUP_LIMITS_MS.map((ms) => ms / 1000),
    parts: [
      { labels: [['outcome', 'answered']], classes: SETUP_ANSWERED, inAllUs: Outcomes.SETUP_ANSWERED_US },
      { labels: [['outcome', 'failed']], classes: SETUP_FAILED, inAllUs: Outcomes.SETUP_FAILED_US },
    ],
  },
  {
    name: 'sipcol_talk_seconds',
    help: 'from answer to BYE of the calls ended by BYE',
    limitsS: TALK_LIMITS_S,
    parts: [{ labels: [], classes: TALK_CLASSES, inAllUs: Outcomes.TALK_US }],
  },
];

const IN_DISTRIBUTIONS: ReadonlySet<number> = new Set(
  DISTRIBUTIONS.flatMap(({ parts }) => parts.flatMap(({ classes, inAllUs }) => [...classes, inAllUs])),
);

/** Counters that are a metric of their own; the sum of a group (`ingest.refused`) is the sum over its label. */
const PLAIN: readonly CounterInfo[] = COUNTERS.filter(
  ({ index, group, name }) =>
    !KINDS.some(({ members }) => members.has(index)) &&
    !IN_DISTRIBUTIONS.has(index) &&
    !COUNTER_GROUPS.includes(`${group}.${name}`),
);

function ofGroup(group: string, label: string, name: string, help: string): Kinds {
  const infos = COUNTERS.filter((info) => info.group === group);
  return { name, help, label, members: new Map(infos.map((info) => [info.index, info.name])) };
}

function ofColumn(
  column: readonly number[],
  label: string,
  name: string,
  help: string,
  valueOf: (n: number) => string | undefined,
): Kinds {
  return { name, help, label, members: new Map(column.map((index, n) => [index, valueOf(n) ?? String(n)])) };
}

/** Every counter as it is now, each in one metric. */
export function counterMetrics({ values }: Pick<CounterColumns, 'values'>): Metric[] {
  const value = (index: number): number => values[index] ?? 0;
  const kinds = KINDS.map(({ name, help, label, members }) => ({
    ...named(
      name,
      help,
      [...members.keys()].every((index) => COUNTERS[index]?.gauge === true),
    ),
    samples: [...members].map(([index, kind]): Sample => ({ labels: [[label, kind]], value: value(index) })),
  }));
  const plain = PLAIN.map(({ index, group, name, description, gauge }) => ({
    ...named(`${group.replaceAll('.', '_')}_${name}`, description, gauge),
    samples: [{ value: value(index) }],
  }));
  return [...plain, ...kinds, ...DISTRIBUTIONS.map((each) => histogram(each, value))];
}

function named(name: string, help: string, isGauge: boolean): Pick<Metric, 'name' | 'type' | 'help'> {
  return isGauge
    ? { name: `sipcol_${name}`, type: 'gauge', help }
    : { name: `sipcol_${name}_total`, type: 'counter', help };
}

function histogram({ name, help, limitsS, parts }: Distribution, value: (index: number) => number): Metric {
  return {
    name,
    type: 'histogram',
    help,
    samples: parts.flatMap(({ labels, classes, inAllUs }) => {
      let below = 0;
      const buckets = classes.map((index, n): Sample => {
        below += value(index);
        return { suffix: '_bucket', labels: [...labels, ['le', String(limitsS[n] ?? '+Inf')]], value: below };
      });
      return [
        ...buckets,
        { suffix: '_sum', labels, value: value(inAllUs) / 1e6 },
        { suffix: '_count', labels, value: below },
      ];
    }),
  };
}

export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(({ suffix = '', labels = [], value }) => {
        const written = labels.map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`).join();
        return `${name}${suffix}${written === '' ? '' : `{${written}}`} ${value}\n`;
      });
      return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
