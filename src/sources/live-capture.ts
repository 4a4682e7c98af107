import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import type { Readable } from 'node:stream';
import type { CaptureIngest, CaptureReader } from '../model/capture.ts';
import { type CounterSet, Pcap } from '../model/counters.ts';
import { Fault, faultInfo } from '../model/fault.ts';
import type { Log } from '../model/log.ts';
import type { LiveSettings } from '../model/settings.ts';
import type { ListenerView } from '../model/views.ts';
import type { CaptureProgram } from './capture-programs.ts';

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
  /** What can capture, the first choice first: the first that is there is used. */
  programs: readonly CaptureProgram[];
  /** Wait before it is started again for the first time; it doubles from time to time. */
  firstDelayMs?: number;
}

/** A program is not there, or lacks what it needs. */
class MissingProgramError extends Error {}

/**
 * Packets of an interface, through a child that writes them to a pipe as a capture file; the filter runs in the kernel.
 * It is started again when it ends.
 */
export class LiveCapture {
  readonly #options: LiveCaptureOptions;
  #program: CaptureProgram;
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
    const [first] = options.programs;
    if (first === undefined) throw new Error('no program to capture with');
    this.#program = first;
    this.#delayMs = options.firstDelayMs ?? FIRST_DELAY_MS;
  }

  /** Resolves when packets are being captured. Rejects with the sentence that says why they cannot be. */
  async start(): Promise<ListenerView> {
    const { settings, ingest, log } = this.#options;
    ingest.begin(`live:${settings.iface}`);
    await this.#launchFirst();
    const { name, weakness } = this.#program;
    this.#statistics = setInterval(() => this.#askForStatistics(), STATISTICS_INTERVAL_MS);
    log.info({ iface: settings.iface, filter: this.#options.filter, driver: name }, 'capturing');
    if (weakness !== '') log.warn({ driver: name }, `capturing with ${name}: ${weakness}`);
    return this.view();
  }

  /** Launches the first program that is there. */
  async #launchFirst(): Promise<void> {
    const missing: CaptureProgram[] = [];
    for (const program of this.#options.programs) {
      this.#program = program;
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next one only when this one is missing
        await this.#launch();
        return;
      } catch (error) {
        if (!(error instanceof MissingProgramError)) throw error;
        missing.push(program);
      }
    }
    const names = missing.map(({ name }) => name);
    const what = names.length === 1 ? `${names[0]} is not installed` : `neither ${names.join(' nor ')} is installed`;
    const packages = missing.map((program) => program.package).join(', or ');
    throw new Error(`Cannot capture on "${this.#options.settings.iface}": ${what}, install the package ${packages}`);
  }

  view(): ListenerView {
    const { counters } = this.#options;
    const drops = this.#program.countsLosses ? counters.get(Pcap.DROP) + counters.get(Pcap.IF_DROP) : null;
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
    const program = this.#program;
    const child = spawn(program.file, program.arguments(settings, filter), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: [process.env['PATH'] ?? '', ...MORE_FOLDERS].join(delimiter), LC_ALL: 'C' },
      // In a group of its own: an interrupt at the terminal is for us, and we tell it.
      detached: true,
    });
    this.#child = child;
    for (const counter of [Pcap.RECVD, Pcap.DROP, Pcap.IF_DROP]) this.#before.set(counter, counters.get(counter));
    const cannot = (why: string): Error => new Error(`Cannot capture on "${settings.iface}": ${why}`);
    const reader = makeReader();
    let isUp = false;
    let said = '';
    let unread = '';
    const up = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(cannot(`${program.name} did not begin within ${START_LIMIT_MS / 1000} s`));
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
        ingest.beginBatch();
        for (const frame of reader.push(chunk)) ingest.frame(frame);
        ingest.endBatch();
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
          const isMissing = 'code' in cause && cause.code === 'ENOENT';
          settle(isMissing ? new MissingProgramError(`${program.name} is not installed`) : cannot(cause.message));
          resolveEnd();
        });
        child.on('close', (code) => {
          const isMissing = code !== null && code === program.missingCode;
          settle(
            isMissing
              ? new MissingProgramError(`${program.name} is not installed`)
              : cannot(whyEnded(program.name, said)),
          );
          resolveEnd();
        });
      });
    });
    const startedMs = performance.now();
    void this.#ended.then(() => {
      this.#child = undefined;
      if (this.#isStopping || !isUp) return;
      const why = reader.fault === Fault.NONE ? whyEnded(program.name, said) : faultInfo(reader.fault).text;
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

  /** On Linux a program that counts answers this signal with a line; elsewhere the signal would end it. */
  #askForStatistics(): void {
    if (process.platform === 'linux' && this.#program.countsLosses) this.#child?.kill('SIGUSR1');
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

/** What it said last, in one line. */
function whyEnded(program: string, said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.replace(/^[\w./-]*tcpdump: /, '').trim())
    .filter(
      (line) =>
        line !== '' && !/^listening on|^verbose output|^Warning: |packets? (captured|received|dropped)/.test(line),
    );
  const text = lines.join(' ');
  if (/permission|not permitted/i.test(text))
    return `${text}: run as root, or give ${program} CAP_NET_RAW and CAP_NET_ADMIN`;
  return text === '' ? `${program} ended` : text;
}
