import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { type CounterSet, PcapDump } from '../model/counters.ts';
import { hashBytes } from '../model/hash.ts';
import type { Log } from '../model/log.ts';
import type { Packet } from '../model/packet.ts';
import type { MessageRecorder, Outlet } from '../model/ports.ts';
import type { DumpSettings } from '../model/settings.ts';
import type { DumpStart, FromDump, ToDump } from './protocol.ts';
import { MAX_DUMPED_OCTETS, recordLength, writeRecord } from './record.ts';

/** Octets that go to a thread at once; the longest message has room. */
const BLOCK_OCTETS = 262_144;
const DIRECTORY_MODE = 0o700;
/** A change from run to run of which call goes to which thread would be of no use. */
const LANE_SEED = 0x6c61_6e65;
const LOG_INTERVAL_MS = 10_000;

/**
 * Messages on their way from the engine to the threads that write calls to files, see record.ts and dump-files.ts.
 *
 *   record() ─▶ block being filled ─▶ blocks at the thread ─▶ back, to be filled again
 *
 * What a call sends goes to one thread, in its order. A message for which there is no room is left out and counted; so
 * the engine never waits, but whoever reads files can, see `Outlet`.
 */
export class DumpQueue implements MessageRecorder, Outlet {
  readonly #settings: DumpSettings;
  readonly #counters: CounterSet;
  readonly #log: Log;
  readonly #entry: URL;
  #lanes: Lane[] = [];

  /** @param entry the program of the threads */
  constructor(
    settings: DumpSettings,
    counters: CounterSet,
    log: Log,
    entry: URL = new URL('./worker.js', import.meta.url),
  ) {
    this.#settings = settings;
    this.#counters = counters;
    this.#log = log;
    this.#entry = entry;
    // Of an engine that crashed.
    counters.add(PcapDump.DROPPED_QUEUE, counters.get(PcapDump.CRT_QUEUED));
    for (const gauge of [PcapDump.CRT_QUEUED, PcapDump.CRT_ALLOC_BYTES, PcapDump.OPEN_FILES]) counters.set(gauge, 0);
  }

  /** Makes the directory and starts the threads. Rejects with a sentence when the directory cannot be used. */
  async start(): Promise<void> {
    const { dir, workers } = this.#settings;
    try {
      await mkdir(dir, { recursive: true, mode: DIRECTORY_MODE });
      await access(dir, constants.W_OK | constants.X_OK);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`cannot use pcap_dump_dir "${dir}": ${why}`, { cause });
    }
    const settings = this.#settings;
    const openFiles = Math.max(1, Math.floor(settings.openFiles / workers));
    this.#lanes = Array.from(
      { length: workers },
      () => new Lane(settings, { settings, openFiles }, this.#entry, this.#counters, this.#log),
    );
  }

  record(packet: Packet, callIdStart: number, callIdEnd: number, isTracked: boolean): void {
    if (callIdEnd === callIdStart || (!isTracked && !this.#settings.onErr)) return;
    if (callIdEnd - packet.start > MAX_DUMPED_OCTETS) {
      this.#counters.add(PcapDump.ERR_OTHER, 1);
      return;
    }
    const lanes = this.#lanes;
    const lane =
      lanes.length === 1
        ? lanes[0]
        : lanes[(hashBytes(packet.bytes, callIdStart, callIdEnd, LANE_SEED) >>> 0) % lanes.length];
    if (lane?.add(packet, callIdStart, callIdEnd, !isTracked) === true) {
      this.#counters.add(PcapDump.TOTAL_QUEUED, 1);
      this.#counters.addGauge(PcapDump.CRT_QUEUED, 1);
    } else this.#counters.add(PcapDump.DROPPED_QUEUE, 1);
  }

  get isFull(): boolean {
    return this.#lanes.some((lane) => lane.isFull);
  }

  async room(): Promise<void> {
    for (const lane of this.#lanes) await lane.room();
  }

  /** Sends on what waits for a block to become full; called every so often. */
  flush(): void {
    for (const lane of this.#lanes) lane.flush();
  }

  /** Writes everything that was taken; nothing is taken any more. */
  async end(): Promise<void> {
    const lanes = this.#lanes;
    this.#lanes = [];
    await Promise.all(lanes.map((lane) => lane.end()));
    this.#counters.set(PcapDump.OPEN_FILES, 0);
  }
}

/** The way to one thread. */
class Lane {
  readonly #maxMessages: number;
  readonly #maxBlocks: number;
  readonly #counters: CounterSet;
  readonly #log: Log;
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  readonly #free: ArrayBuffer[] = [];
  #block: Buffer | undefined;
  #used = 0;
  #messages = 0;
  /** Blocks at the thread. */
  #away = 0;
  #isGone = false;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #waiting: (() => void)[] = [];

  constructor(settings: DumpSettings, start: DumpStart, entry: URL, counters: CounterSet, log: Log) {
    this.#maxMessages = settings.queueMessages;
    this.#maxBlocks = Math.max(2, Math.floor(settings.queueBytes / settings.workers / BLOCK_OCTETS));
    this.#counters = counters;
    this.#log = log;
    this.#thread = new Worker(entry, { workerData: start, name: 'dump' });
    this.#thread.on('message', (done: FromDump) => this.#done(done));
    this.#thread.on('error', (error: Error) => this.#log.error({ err: error }, 'writing calls to files has failed'));
    this.#ended = new Promise((resolve) => {
      this.#thread.on('exit', () => {
        this.#giveUp();
        resolve();
      });
    });
  }

  /** Half full, so that what one frame holds still finds room. */
  get isFull(): boolean {
    return !this.#isGone && (this.#messages * 2 > this.#maxMessages || this.#away * 2 >= this.#maxBlocks);
  }

  async room(): Promise<void> {
    while (this.isFull) {
      this.flush();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  add(packet: Packet, callIdStart: number, callIdEnd: number, needsFile: boolean): boolean {
    if (this.#isGone || this.#messages >= this.#maxMessages) return false;
    const length = recordLength(packet);
    if (this.#used + length > BLOCK_OCTETS) this.#send();
    this.#block ??= this.#freeBlock();
    if (this.#block === undefined) return false;
    writeRecord(this.#block, this.#used, packet, callIdStart, callIdEnd, needsFile);
    this.#used += length;
    this.#messages++;
    return true;
  }

  /** A thread that has work gets more when a block is full: so blocks that are nearly empty cannot pile up. */
  flush(): void {
    if (this.#away === 0) this.#send();
  }

  async end(): Promise<void> {
    this.#send();
    const end: ToDump = { type: 'end' };
    this.#thread.postMessage(end);
    await this.#ended;
  }

  #freeBlock(): Buffer | undefined {
    if (this.#away >= this.#maxBlocks) return undefined;
    const block = this.#free.pop();
    if (block !== undefined) return Buffer.from(block);
    this.#counters.addGauge(PcapDump.CRT_ALLOC_BYTES, BLOCK_OCTETS);
    return Buffer.from(new ArrayBuffer(BLOCK_OCTETS));
  }

  #send(): void {
    if (this.#block === undefined || this.#used === 0) return;
    // Made above from an ArrayBuffer of its own.
    const block = this.#block.buffer as ArrayBuffer;
    const work: ToDump = { type: 'write', block, used: this.#used };
    this.#thread.postMessage(work, [block]);
    this.#away++;
    this.#block = undefined;
    this.#used = 0;
  }

  #done({ block, messages, counts, problem }: FromDump): void {
    this.#away--;
    this.#messages -= messages;
    this.#free.push(block);
    this.#counters.addGauge(PcapDump.CRT_QUEUED, -messages);
    for (const [counter, amount] of counts) this.#counters.addGauge(counter, amount);
    if (problem !== '') this.#report(problem);
    this.#wake();
  }

  #report(problem: string): void {
    const now = performance.now();
    if (now - this.#saidAtMs < LOG_INTERVAL_MS) return;
    this.#saidAtMs = now;
    this.#log.error({ problem }, 'messages could not be written to the file of their call: see counters pcap_dump');
  }

  /** The thread has ended: what it had is lost, unless it was told to end. */
  #giveUp(): void {
    this.#isGone = true;
    this.#counters.addGauge(PcapDump.CRT_QUEUED, -this.#messages);
    this.#counters.add(PcapDump.DROPPED_WRITE, this.#messages);
    this.#messages = 0;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
