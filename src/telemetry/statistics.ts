import type { ReadCounter } from '../model/counters-text.ts';
import {
  COUNTERS,
  Ignored,
  PARSE_ERRORS,
  ParseErrsOver,
  Pkt,
  SIP_CARRIERS,
  SIP_CLASSES,
  SIP_METHODS,
  SipOver,
  TrackedErrOver,
  TrackedOkOver,
} from '../model/counters.ts';
import { METHOD_NAMES } from '../model/method.ts';
import type { StatisticsBlock, StatisticsSource } from '../model/statistics.ts';
import { averages, RateKeeper } from './rates.ts';

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

type Column = readonly [index: number, name: string];

const PACKETS: readonly Column[] = [
  [Pkt.TOTAL_PACKETS, 'packets'],
  [Pkt.IP4, 'ipv4'],
  [Pkt.IP6, 'ipv6'],
];
/** A transport, and of it over IPv4 and IPv6. */
const UDP: readonly Column[] = [
  [Pkt.UDP, 'udp:'],
  [Pkt.UDP4, 'udp4'],
  [Pkt.UDP6, 'udp6'],
];
const TCP: readonly Column[] = [
  [Pkt.TCP, 'tcp:'],
  [Pkt.TCP4, 'tcp4'],
  [Pkt.TCP6, 'tcp6'],
];
const OTHERS: readonly Column[] = [
  [Pkt.TLS, 'tls'],
  [Pkt.DTLS, 'dtls'],
  [Pkt.SCTP, 'sctp'],
  [Pkt.OTHER, 'other'],
];
const WEBSOCKET: readonly Column[] = [
  [Pkt.WS, 'wsock:'],
  [Pkt.WS4, 'wsock4'],
  [Pkt.WS6, 'wsock6'],
];
/** What only captured packets have: fragments, tunnels and TCP put together from segments. */
const FRAGMENTS: readonly Column[] = [
  [Pkt.IP4_FRAGS, 'ip4frags'],
  [Pkt.IP6_FRAGS, 'ip6frags'],
  [Pkt.IP_DEFRAG, 'defrag'],
];
const TUNNELS: readonly Column[] = [[Pkt.VXLAN, 'vxlan']];
const REASSEMBLY: readonly (readonly Column[])[] = [
  [
    [Pkt.TCP_STREAMS, 'streams'],
    [Pkt.TCP_SEGS, 'reassembled segs'],
    [Pkt.TCP_TOTAL_RCVD, 'total bytes'],
  ],
  [
    [Pkt.TCP_SYN, 'SYNs'],
    [Pkt.TCP_FIN, 'FINs'],
    [Pkt.TCP_CLOSED, 'closed'],
  ],
  [[Pkt.TCP_STREAM_IGN, 'ignored streams']],
  [
    [Pkt.TCP_OUT_OF_ORDER, 'out-of-order'],
    [Pkt.TCP_MISS, 'missed'],
    [Pkt.HUGE_PACKETS, 'too big'],
  ],
  [[Pkt.TCP_MISSED_BYTES, 'missed bytes']],
  [
    [Pkt.TCP_STREAM_TIMEOUTS, 'stream timeouts'],
    [Pkt.TCP_REORDER_TIMEOUTS, 'reassembly timeouts'],
  ],
];
const PARSED: readonly Column[] = [
  [Pkt.PARSE_ATTEMPTS, 'total'],
  [Pkt.PARSE_OK, 'ok'],
  [Pkt.PARSE_ERRS, 'errors'],
  [Ignored.probe, 'probes'],
];
/** Parsed means given to the parser and not refused; what it refused is counted apart. */
const PARSED_OVER: readonly Column[] = SIP_CARRIERS.flatMap((carrier): Column[] => [
  [SipOver[carrier], carrier],
  [ParseErrsOver[carrier], 'errs'],
]);
const TRACKED: readonly Column[] = SIP_CARRIERS.map((carrier): Column => [TrackedOkOver[carrier], carrier]);
const NOT_TRACKED: readonly Column[] = SIP_CARRIERS.map((carrier): Column => [
  TrackedErrOver[carrier],
  `err ${carrier}`,
]);
/** Sums that the block shows in parts. */
const SUMS: readonly number[] = [Pkt.TRACKED_OK, Pkt.TRACKED_ERR];

/** Every counter that the block shows. */
const SHOWN: readonly number[] = [
  ...[
    PACKETS,
    FRAGMENTS,
    UDP,
    TCP,
    OTHERS,
    WEBSOCKET,
    TUNNELS,
    REASSEMBLY.flat(),
    PARSED,
    PARSED_OVER,
    TRACKED,
    NOT_TRACKED,
  ]
    .flat()
    .map(([index]) => index),
  ...SUMS,
  ...PARSE_ERRORS,
  Pkt.SIP_REQS,
  ...SIP_METHODS,
  Pkt.SIP_REPLS,
  ...SIP_CLASSES,
];

/** Lines of the `/stats` block over any reading of the counters: totals, rates or averages; fractions are cut off. */
export function statisticsLines(read: ReadCounter): string[] {
  const whole: ReadCounter = (index) => Math.trunc(read(index));
  return [
    'Statistics:',
    columns(whole, PACKETS),
    columns(whole, FRAGMENTS),
    columns(whole, UDP),
    columns(whole, TCP),
    columns(whole, OTHERS),
    columns(whole, WEBSOCKET),
    columns(whole, TUNNELS),
    ...REASSEMBLY.map((parts) => `tcp: ${columns(whole, parts)}`),
    `Parsed: ${columns(whole, PARSED)}`,
    `Parsed: ${columns(whole, PARSED_OVER)}`,
    `Errors: ${columns(whole, [[Pkt.PARSE_ERRS, 'parse']])}`,
    `Tracked: ${columns(whole, [...TRACKED, ...NOT_TRACKED])}`,
    ...nonZero(whole, PARSE_ERRORS, (n) => `"${PARSE_ERROR_NAMES[n] ?? n}"`.padEnd(30)),
    `Requests: ${whole(Pkt.SIP_REQS)}`,
    ...nonZero(whole, SIP_METHODS, (n) => (METHOD_NAMES[n] ?? String(n)).padEnd(10)),
    `Replies: ${whole(Pkt.SIP_REPLS)}`,
    ...nonZero(whole, SIP_CLASSES, (n) => `${n}XX`),
  ];
}

function columns(read: ReadCounter, parts: readonly Column[]): string {
  return parts.map(([index, name]) => `${padded(read(index))} ${name}`).join(' ');
}

function nonZero(read: ReadCounter, indices: readonly number[], name: (n: number) => string): string[] {
  return indices.flatMap((index, n) => {
    const value = read(index);
    return value === 0 ? [] : [`\t${name(n)} = ${padded(value)}`];
  });
}

function padded(value: number): string {
  return String(value).padStart(9);
}

/** Totals, rates and averages of the counters an engine shares. `observe` once a second keeps the rates going. */
export class Statistics implements StatisticsSource {
  readonly #values: () => ArrayLike<number>;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  readonly #rates: RateKeeper;
  /** When the input ended; `undefined` while there is any. */
  #stoppedMs: number | undefined;
  /** Values at the start: counters go on where the last run of the program ended. */
  readonly #first: Float64Array;

  /**
   * @param values the column of values as it is now
   * @param nowMs any clock in milliseconds that does not go back
   */
  constructor(values: () => ArrayLike<number>, nowMs: () => number) {
    this.#values = values;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
    this.#first = Float64Array.from(values());
    this.#rates = new RateKeeper(this.#first, this.#startedMs);
  }

  observe(): void {
    this.#rates.observe(this.#values(), this.#nowMs());
  }

  /** Told when nothing more can come in: averages are over the time until then. */
  stop(): void {
    this.#stoppedMs ??= this.#nowMs();
  }

  totals(): StatisticsBlock {
    return this.#block(this.#total, null, null);
  }

  rate(intervalMs: number): StatisticsBlock {
    const rates = this.#rates.rates(intervalMs);
    // `perMs` null says that these are totals: no rate is known before the first interval has passed.
    if (rates === undefined) return this.totals();
    return this.#block(rates.read, intervalMs, this.#nowMs() - rates.updatedMs);
  }

  average(unitMs: number): StatisticsBlock {
    return this.#block(averages(this.sinceStart, this.#runTimeMs(), unitMs), unitMs, null);
  }

  /** What was counted since the start; gauges as they are. */
  readonly sinceStart: ReadCounter = (index) => {
    const value = this.#total(index);
    const first = this.#first[index] ?? 0;
    // Counters are below where they began only after they were set to zero.
    return COUNTERS[index]?.gauge === true || value < first ? value : value - first;
  };

  readonly #total: ReadCounter = (index) => this.#values()[index] ?? 0;

  #uptimeMs(): number {
    return this.#nowMs() - this.#startedMs;
  }

  #runTimeMs(): number {
    return (this.#stoppedMs ?? this.#nowMs()) - this.#startedMs;
  }

  #block(read: ReadCounter, perMs: number | null, updatedAgoMs: number | null): StatisticsBlock {
    const uptimeMs = this.#uptimeMs();
    const runtimeMs = this.#runTimeMs();
    return {
      uptimeMs,
      stopped:
        this.#stoppedMs === undefined
          ? null
          : { sinceMs: Math.round(uptimeMs - runtimeMs), runtimeMs: Math.round(runtimeMs) },
      perMs,
      updatedAgoMs,
      values: SHOWN.flatMap((index) => {
        const info = COUNTERS[index];
        if (info === undefined) return [];
        return [{ group: info.group, name: info.name, value: read(index), description: info.description }];
      }),
      lines: statisticsLines(read),
    };
  }
}
