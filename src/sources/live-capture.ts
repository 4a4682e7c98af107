import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import type { Readable } from 'node:stream';
import type { CaptureIngest, CaptureReader } from '../model/capture.ts';
import { type CounterSet, Pcap } from '../model/counters.ts';
import { Fault, faultInfo } from '../model/fault.ts';
import type { Log } from '../model/log.ts';
import type { LiveSettings } from '../model/settings.ts';
import type { ListenerView } from '../model/views.ts';

const PROGRAM = 'tcpdump';
/** Where it is although many users' PATH does not say so. */
const MORE_FOLDERS = ['/usr/sbin', '/sbin'];
const START_LIMIT_MS = 10_000;
/** Longest wait for its last packets and statistics. */
const END_LIMIT_MS = 2000;
const STATISTICS_INTERVAL_MS = 10_000;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;
/** It prints a few lines; what is longer is none of them. */
const MAX_STDERR = 4096;

type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface LiveCaptureOptions {
  settings: LiveSettings;
  /** pcap-filter(7) expression, '' = everything. */
  filter: string;
  ingest: CaptureIngest;
  makeReader: () => CaptureReader;
  counters: CounterSet;
  log: Log;
  /** The program that captures. */
  program?: string;
  /** Wait before it is started again for the first time; it doubles from time to time. */
  firstDelayMs?: number;
}

/**
 * Packets of an interface, through `tcpdump` as a child that writes them to a pipe: its timestamps are the kernel's, the
 * filter runs in the kernel, and where it was started as root it gives that up. It is started again when it ends.
 */
export class LiveCapture {
  readonly #options: LiveCaptureOptions;
  #child: Child | undefined;
  #ended: Promise<void> = Promise.resolve();
  #isStopping = false;
  #delayMs: number;
  #restart: NodeJS.Timeout | undefined;
  #statistics: NodeJS.Timeout | undefined;
  /** What the counters were when the child began: it counts from zero. */
  #before = new Map<number, number>();

  constructor(options: LiveCaptureOptions) {
    this.#options = options;
    this.#delayMs = options.firstDelayMs ?? FIRST_DELAY_MS;
  }

  /** Resolves when packets are being captured. Rejects with the sentence that says why they cannot be. */
  async start(): Promise<ListenerView> {
    const { settings, ingest, log } = this.#options;
    ingest.begin(`live:${settings.iface}`);
    await this.#launch();
    this.#statistics = setInterval(() => this.#askForStatistics(), STATISTICS_INTERVAL_MS);
    log.info({ iface: settings.iface, filter: this.#options.filter }, 'capturing');
    return this.view();
  }

  view(): ListenerView {
    const drops = [Pcap.DROP, Pcap.IF_DROP].reduce((sum, counter) => sum + this.#options.counters.get(counter), 0);
    const { iface } = this.#options.settings;
    return {
      name: 'live',
      address: iface,
      port: 0,
      receiveBufferBytes: null,
      kernelDrops: drops,
      connections: null,
      receiveMethod: null,
    };
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    clearTimeout(this.#restart);
    clearInterval(this.#statistics);
    const child = this.#child;
    if (child !== undefined) {
      // It hands over what it has, and says how much was lost.
      child.kill('SIGINT');
      const late = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
      await this.#ended;
      clearTimeout(late);
    }
    this.#options.ingest.end();
  }

  async #launch(): Promise<void> {
    const { settings, filter, makeReader, ingest, counters, log } = this.#options;
    const child = spawn(this.#options.program ?? PROGRAM, argumentsFor(settings, filter), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: [process.env['PATH'] ?? '', ...MORE_FOLDERS].join(delimiter), LC_ALL: 'C' },
      // In a group of its own: an interrupt at the terminal is for us, and we tell it.
      detached: true,
    });
    this.#child = child;
    for (const counter of [Pcap.RECVD, Pcap.DROP, Pcap.IF_DROP]) this.#before.set(counter, counters.get(counter));
    const reader = makeReader();
    let isUp = false;
    let said = '';
    let unread = '';
    const up = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`Cannot capture on "${settings.iface}": ${PROGRAM} did not begin within 10 s`));
        child.kill('SIGKILL');
      }, START_LIMIT_MS);
      const settle = (error?: Error): void => {
        clearTimeout(late);
        if (error === undefined) resolve();
        else reject(error);
      };
      child.stdout.on('data', (chunk: Buffer) => {
        isUp = true;
        settle();
        for (const frame of reader.push(chunk)) ingest.frame(frame);
        if (reader.fault !== Fault.NONE) child.kill('SIGKILL');
      });
      child.stderr.setEncoding('latin1').on('data', (text: string) => {
        said = (said + text).slice(-MAX_STDERR);
        const lines = (unread + text).split('\n');
        unread = (lines.pop() ?? '').slice(-MAX_STDERR);
        for (const line of lines) this.#readStatistics(line);
      });
      this.#ended = new Promise((resolveEnd) => {
        child.on('error', (cause) => {
          settle(new Error(`Cannot capture on "${settings.iface}": ${whyNoProgram(cause)}`, { cause }));
          resolveEnd();
        });
        child.on('close', () => {
          settle(new Error(`Cannot capture on "${settings.iface}": ${whyEnded(said)}`));
          resolveEnd();
        });
      });
    });
    const startedMs = performance.now();
    void this.#ended.then(() => {
      this.#child = undefined;
      if (this.#isStopping || !isUp) return;
      const why = reader.fault === Fault.NONE ? whyEnded(said) : faultInfo(reader.fault).text;
      log.error({ iface: settings.iface, why }, 'capturing has ended: it is begun again');
      // What ran for long did not fail for the reason it failed before.
      if (performance.now() - startedMs > MAX_DELAY_MS) this.#delayMs = this.#options.firstDelayMs ?? FIRST_DELAY_MS;
      this.#startAgain();
    });
    await up;
  }

  #startAgain(): void {
    this.#restart = setTimeout(() => {
      this.#options.counters.add(Pcap.RESTARTS, 1);
      this.#launch().then(
        () => this.#options.log.warn({ iface: this.#options.settings.iface }, 'capturing again'),
        (error: unknown) => {
          if (this.#isStopping) return;
          this.#options.log.error({ err: error }, 'capturing cannot be begun again yet');
          this.#startAgain();
        },
      );
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
  }

  /** On Linux it answers this signal with a line; elsewhere the signal would end it. */
  #askForStatistics(): void {
    if (process.platform === 'linux') this.#child?.kill('SIGUSR1');
  }

  #readStatistics(line: string): void {
    for (const [, count = '0', , what = ''] of line.matchAll(STATISTICS)) {
      const counter = STATISTICS_COUNTERS.get(what);
      if (counter !== undefined) {
        this.#options.counters.set(counter, (this.#before.get(counter) ?? 0) + Number(count));
      }
    }
  }
}

/** `100002 packets received by filter` */
const STATISTICS = /(\d{1,15}) (packet|packets) (received by filter|dropped by kernel|dropped by interface)/g;
const STATISTICS_COUNTERS: ReadonlyMap<string, number> = new Map([
  ['received by filter', Pcap.RECVD],
  ['dropped by kernel', Pcap.DROP],
  ['dropped by interface', Pcap.IF_DROP],
]);

/**
 * Every packet is written as soon as the kernel hands it over (`-U`). Not in immediate mode: then the kernel hands over
 * one at a time, and in a burst of 50 000 packets most were dropped, where without it none was and each came within 2 ms.
 */
function argumentsFor({ iface, snaplen, isPromiscuous, bufferKb }: LiveSettings, filter: string): string[] {
  const options = ['-i', iface, '-n', '-U', '-s', String(snaplen), '-w', '-'];
  if (bufferKb > 0) options.push('-B', String(bufferKb));
  if (!isPromiscuous) options.push('-p');
  // Whatever the expression begins with, it is no option.
  return filter === '' ? options : [...options, '--', filter];
}

function whyNoProgram(cause: Error): string {
  const isMissing = 'code' in cause && cause.code === 'ENOENT';
  return isMissing ? `${PROGRAM} is not installed, install the package "tcpdump"` : cause.message;
}

/** What it said last, in one line. */
function whyEnded(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.replace(/^[\w./-]*tcpdump: /, '').trim())
    .filter((line) => line !== '' && !/^listening on|^verbose output|packets? (captured|received|dropped)/.test(line));
  const text = lines.join(' ');
  if (/permission|not permitted/i.test(text))
    return `${text}: run as root, or give tcpdump CAP_NET_RAW and CAP_NET_ADMIN`;
  return text === '' ? `${PROGRAM} ended` : text;
}
