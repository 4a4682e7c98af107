import { Calls, Ignored, PARSE_ERRORS, Pkt, SIP_CLASSES, SIP_METHODS } from '../model/counters.ts';
import { formatDuration } from '../model/duration.ts';
import { METHOD_NAMES } from '../model/method.ts';
import { countersText, defaultCounterFlags, type ReadCounter } from './counters-text.ts';
import type { Rates } from './rates.ts';

/** Names of the parse errors by the reference program's number, as the statistics block quotes them. */
const PARSE_ERROR_NAMES = [
  'none',
  'end of header',
  'empty header',
  'more bytes needed',
  'more values',
  'CR expected',
  'invalid character',
  'parameter error',
  'bad header',
  'not a number',
  'value too long',
  'bad value',
  'number too big',
  'incomplete/truncated data',
  'no Content-Length',
  'internal error',
  'internal error',
];

/** The `/stats` block over any reading of the counters: totals, rates or averages. Ends with a line feed. */
export function statisticsBlock(read: ReadCounter): string {
  const lines = [
    'Statistics:',
    columns(read, [
      [Pkt.TOTAL_PACKETS, 'packets'],
      [Pkt.IP4, 'ipv4'],
      [Pkt.IP6, 'ipv6'],
    ]),
    columns(read, [
      [Pkt.UDP, 'udp'],
      [Pkt.TCP, 'tcp'],
      [Pkt.TLS, 'tls'],
      [Pkt.SCTP, 'sctp'],
      [Pkt.WS, 'wsock'],
      [Pkt.OTHER, 'other'],
    ]),
    `Parsed: ${columns(read, [
      [Pkt.PARSE_ATTEMPTS, 'total'],
      [Pkt.PARSE_OK, 'ok'],
      [Pkt.PARSE_ERRS, 'errors'],
      [Ignored.probe, 'probes'],
    ])}`,
    `Errors: ${columns(read, [[Pkt.PARSE_ERRS, 'parse']])}`,
    `Tracked: ${columns(read, [
      [Pkt.TRACKED_OK, 'ok'],
      [Pkt.TRACKED_ERR, 'errors'],
    ])}`,
    ...nonZero(read, PARSE_ERRORS, (n) => `"${PARSE_ERROR_NAMES[n] ?? n}"`.padEnd(30)),
    `Requests: ${read(Pkt.SIP_REQS)}`,
    ...nonZero(read, SIP_METHODS, (n) => (METHOD_NAMES[n] ?? String(n)).padEnd(10)),
    `Replies: ${read(Pkt.SIP_REPLS)}`,
    ...nonZero(read, SIP_CLASSES, (n) => `${n}XX`),
  ];
  return `${lines.join('\n')}\n`;
}

function columns(read: ReadCounter, parts: readonly (readonly [index: number, name: string])[]): string {
  return parts.map(([index, name]) => `${number(read(index))} ${name}`).join(' ');
}

function nonZero(read: ReadCounter, indices: readonly number[], name: (n: number) => string): string[] {
  return indices.flatMap((index, n) => {
    const value = read(index);
    return value === 0 ? [] : [`\t${name(n)} = ${number(value)}`];
  });
}

function number(value: number): string {
  return String(value).padStart(9);
}

/** The `/stats` page: totals since the start. */
export function statsText(read: ReadCounter, uptimeMs: number): string {
  return `uptime: ${formatDuration(uptimeMs)}\n\n${statisticsBlock(read)}`;
}

/**
 * The `/stats/rate` page.
 *
 * @param rates what `RateKeeper` has for the interval; without it the page says that there is nothing yet
 */
export function rateText(rates: Rates | undefined, intervalMs: number, nowMs: number, uptimeMs: number): string {
  const uptime = `Uptime: ${formatDuration(uptimeMs)}`;
  const per = `Rate: per ${formatDuration(intervalMs)}`;
  if (rates === undefined) return `${per} (no rate yet: the first interval has not passed)\t${uptime}\n`;
  return `${per} (last update: ${formatDuration(nowMs - rates.updatedMs)} ago)\t${uptime}\n\n${statisticsBlock(rates.read)}`;
}

/** The `/stats/avg` page; `read` answers averages. */
export function averageText(read: ReadCounter, perMs: number, uptimeMs: number): string {
  return `Avg: per ${formatDuration(perMs)}\tUptime: ${formatDuration(uptimeMs)}\n\n${statisticsBlock(read)}`;
}

export interface FinalReport {
  readonly runTimeMs: number;
  readonly read: ReadCounter;
  readonly readMax: ReadCounter;
  /** Counter groups shown, resolved. */
  readonly groups: readonly string[];
  readonly endForceTimeoutMs: number;
  readonly endWaitMs: number;
}

const MEGABYTE = 2 ** 20;

/** The report on standard output when the input has ended, up to the first "active entries" line. */
export function finalReport(report: FinalReport): string {
  const { read, runTimeMs } = report;
  const seconds = runTimeMs / 1000;
  const perSecond = (total: number): number => (seconds > 0 ? total / seconds : 0);
  const megabytes = perSecond(read(Pkt.TOTAL_SIZE)) / MEGABYTE;
  const gigabits = (megabytes * 8) / 1024;
  const flags = { ...defaultCounterFlags(true), nonZero: true };
  return [
    `run  time: ${formatDuration(runTimeMs)}\n`,
    `     pkts/s: ${perSecond(read(Pkt.TOTAL_PACKETS)).toFixed(1)}\n`,
    `       MB/s: ${megabytes.toFixed(3)} (${gigabits.toFixed(3)} Gbits/s)\n`,
    statisticsBlock(read),
    countersText(report.groups, flags, read, report.readMax),
    activeLine('end', report),
  ].join('');
}

/** The last line before the exit, after `end_wait`. */
export function finalLine(report: Pick<FinalReport, 'read' | 'endForceTimeoutMs' | 'endWaitMs'>): string {
  return activeLine('final wait', report);
}

function activeLine(when: string, report: Pick<FinalReport, 'read' | 'endForceTimeoutMs' | 'endWaitMs'>): string {
  const forced = formatDuration(report.endForceTimeoutMs);
  const wait = formatDuration(report.endWaitMs);
  return `${when} active entries ${report.read(Calls.ACTIVE)}, end_force_timeout ${forced}, end_wait ${wait}\n`;
}
