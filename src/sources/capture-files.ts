import { constants, createReadStream, fstatSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename } from 'node:path';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import type { CapturedFrame, CaptureIngest, CaptureReader, CaptureSummary } from '../model/capture.ts';
import { type CounterSet, Pcap } from '../model/counters.ts';
import { Fault, faultInfo } from '../model/fault.ts';
import type { Log } from '../model/log.ts';
import type { Outlet } from '../model/ports.ts';
import type { CaptureSettings } from '../model/settings.ts';

const STDIN = '-';
const STDIN_FD = 0;
const CHUNK_BYTES = 131_072;
/** A file may begin so much before the one in front of it ends: rotation is not exact. */
const OVERLAP_US = 1_000_000;
const LATE_MS = 1;
/** Longest single wait; also how soon a stop is noticed. */
const MAX_WAIT_MS = 1000;

export interface CaptureFilesOptions {
  settings: CaptureSettings;
  ingest: CaptureIngest;
  /** Where messages go on to, and playing waits for. */
  outlet?: Outlet | undefined;
  makeReader: () => CaptureReader;
  counters: CounterSet;
  log: Log;
  /** Milliseconds of a clock that never jumps. */
  nowMs: () => number;
}

/**
 * Plays capture files: the list, pass after pass, each file read in pieces and no faster than its frames are worked off.
 *
 * Time only moves on: a file that begins more than a second before the one in front of it ended, as the first one of
 * a second pass does, is moved to where that one ended.
 */
export class CaptureFiles {
  readonly #settings: CaptureSettings;
  readonly #ingest: CaptureIngest;
  readonly #outlet: Outlet | undefined;
  readonly #makeReader: () => CaptureReader;
  readonly #counters: CounterSet;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #summary: CaptureSummary = { recordedMs: 0, packets: 0, bytes: 0, problems: [], isFailed: false };
  #stopped = false;
  #reading: Readable | undefined;
  /** Octets of the files that are done. */
  #readBefore = 0;
  #lastUs = Number.NEGATIVE_INFINITY;

  constructor(options: CaptureFilesOptions) {
    this.#settings = options.settings;
    this.#ingest = options.ingest;
    this.#outlet = options.outlet;
    this.#makeReader = options.makeReader;
    this.#counters = options.counters;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
  }

  /** Looks whether every file can be opened. Rejects with the sentence about the first that cannot. */
  async check(): Promise<void> {
    let size = 0;
    for (const path of this.#settings.files) {
      if (path === STDIN) continue;
      try {
        // oxlint-disable no-await-in-loop -- one after the other, so that the first error is the one told
        const found = await stat(path);
        // Not opened: what comes through a pipe comes once.
        await access(path, constants.R_OK);
        // oxlint-enable no-await-in-loop
        if (found.isDirectory()) throw new Error('is a directory');
        size += found.size;
      } catch (cause) {
        throw new Error(`cannot read capture file "${path}": ${messageOf(cause)}`, { cause });
      }
    }
    this.#counters.set(Pcap.SIZE, size * this.#settings.passes);
  }

  /** Plays everything. Never rejects: what went wrong is in the summary and in the log. */
  async play(): Promise<CaptureSummary> {
    for (let pass = 0; pass < this.#settings.passes && !this.#stopped; pass++) {
      for (const path of this.#settings.files) {
        if (this.#stopped) break;
        // oxlint-disable-next-line no-await-in-loop -- one after the other is what is asked for
        await this.#playFile(path);
      }
    }
    return this.#summary;
  }

  stop(): void {
    this.#stopped = true;
    this.#reading?.destroy();
  }

  async #playFile(path: string): Promise<void> {
    const reader = this.#makeReader();
    const player = new Player(this.#settings, this.#counters, this.#nowMs, this.#lastUs);
    const name = path === STDIN ? 'stdin' : basename(path);
    this.#counters.add(Pcap.FILES, 1);
    this.#ingest.begin(`file:${name}`);
    this.#log.info({ file: name }, 'playing capture file');
    let problem = '';
    const raw = path === STDIN ? standardInput() : createReadStream(path, { highWaterMark: CHUNK_BYTES });
    try {
      const input = await inflated(raw);
      this.#reading = input;
      for await (const chunk of input) {
        // oxlint-disable-next-line no-await-in-loop -- frames are played in their order
        await this.#playFrames(reader.push(chunk as Buffer), player); // binary streams give Buffers
        if (this.#stopped || reader.fault !== Fault.NONE) break;
        this.#counters.set(Pcap.READ, this.#readBefore + raw.bytesRead);
        // Timers, requests and listeners get their turn between pieces.
        await turn();
      }
    } catch (error) {
      if (!this.#stopped) problem = messageOf(error);
    }
    raw.destroy();
    this.#reading = undefined;
    this.#readBefore += raw.bytesRead;
    this.#counters.set(Pcap.READ, this.#readBefore);
    this.#ingest.end();
    if (player.packets > 0) this.#lastUs = player.lastUs;
    this.#summary.recordedMs += player.recordedMs;
    this.#summary.packets += player.packets;
    this.#summary.bytes += player.bytes;
    if (!this.#stopped) this.#report(name, reader.end(), problem, player);
  }

  async #playFrames(frames: readonly CapturedFrame[], player: Player): Promise<void> {
    // Whether the outlet is full must be known before each frame.
    if (this.#outlet === undefined) this.#ingest.beginBatch();
    for (const captured of frames) {
      if (this.#stopped) break;
      const frame = player.place(captured);
      if (player.isEarly()) {
        this.#ingest.endBatch();
        // oxlint-disable-next-line no-await-in-loop -- frames are played in their order
        await player.wait(() => this.#stopped);
      }
      // oxlint-disable-next-line no-await-in-loop -- frames are played in their order
      if (this.#outlet?.isFull === true) await this.#outlet.room();
      this.#ingest.frame(frame);
    }
    this.#ingest.endBatch();
  }

  #report(name: string, fault: Fault, problem: string, player: Player): void {
    const fields = { file: name, packets: player.packets };
    if (player.shiftUs !== 0) {
      this.#log.warn(
        { ...fields, shiftMs: Math.round(player.shiftUs / 1000) },
        'capture file moved in time to follow the one before it',
      );
    }
    if (fault === Fault.NONE && problem === '') {
      this.#log.info(fields, 'capture file played');
      return;
    }
    const { code, text } = faultInfo(fault);
    const why = problem === '' ? `${code}, ${text}` : problem;
    this.#counters.add(Pcap.FILES_FAULTY, 1);
    this.#summary.problems.push(`${name}: ${why}; played ${player.packets} packets`);
    // Cut short is what captures are after a crash; what cannot be read at all is the operator's mistake.
    if (player.packets > 0) this.#log.warn({ ...fields, why }, 'capture file not played to its end');
    else {
      this.#summary.isFailed = true;
      this.#log.error({ ...fields, why }, 'capture file not played');
    }
  }
}

/** When the frames of one file are due, and what has been played of it. */
class Player {
  readonly #pace: CaptureSettings['pace'];
  readonly #counters: CounterSet;
  readonly #nowMs: () => number;
  readonly #notBeforeUs: number;
  #dueMs = 0;
  #firstUs = 0;
  lastUs = 0;
  shiftUs = 0;
  packets = 0;
  bytes = 0;

  constructor(pace: Pick<CaptureSettings, 'pace'>, counters: CounterSet, nowMs: () => number, notBeforeUs: number) {
    this.#pace = pace.pace;
    this.#counters = counters;
    this.#nowMs = nowMs;
    this.#notBeforeUs = notBeforeUs;
  }

  get recordedMs(): number {
    return Math.max(0, this.lastUs - this.#firstUs) / 1000;
  }

  /** Puts a frame at its place in time and says when it is due. */
  place(captured: CapturedFrame): CapturedFrame {
    if (this.packets === 0) {
      if (captured.timeUs < this.#notBeforeUs - OVERLAP_US) this.shiftUs = this.#notBeforeUs - captured.timeUs;
      this.#firstUs = captured.timeUs + this.shiftUs;
      this.lastUs = this.#firstUs;
      this.#dueMs = this.#nowMs();
    }
    const timeUs = captured.timeUs + this.shiftUs;
    if (this.#pace !== undefined && this.packets > 0) {
      const { scale, minDelayMs, maxDelayMs } = this.#pace;
      const recorded = (Math.max(0, timeUs - this.lastUs) / 1000) * (scale > 0 ? scale : 1);
      const raised = Math.max(recorded, minDelayMs);
      this.#dueMs += maxDelayMs > 0 ? Math.min(raised, maxDelayMs) : raised;
    }
    this.packets++;
    this.bytes += captured.wireLength;
    if (timeUs > this.lastUs) this.lastUs = timeUs;
    if (this.shiftUs === 0) return captured;
    const { linkType, wireLength, bytes } = captured;
    return { linkType, timeUs, wireLength, bytes };
  }

  /** True when the frame placed last must wait; counts how late it is. */
  isEarly(): boolean {
    if (this.#pace === undefined) return false;
    const lateMs = this.#nowMs() - this.#dueMs;
    if (lateMs >= LATE_MS) this.#countLate(lateMs);
    return lateMs < 0;
  }

  async wait(isStopped: () => boolean): Promise<void> {
    for (let left = this.#dueMs - this.#nowMs(); left > 0 && !isStopped(); left = this.#dueMs - this.#nowMs()) {
      // oxlint-disable-next-line no-await-in-loop -- a long wait in short ones, so that a stop is noticed
      await delay(Math.min(left, MAX_WAIT_MS));
    }
  }

  #countLate(lateMs: number): void {
    this.#counters.add(Pcap.T_DELAYED, 1);
    const bucket =
      lateMs < 10 ? Pcap.DELAYED1 : lateMs < 100 ? Pcap.DELAYED10 : lateMs < 1000 ? Pcap.DELAYED100 : Pcap.DELAYED1000;
    this.#counters.add(bucket, 1);
  }
}

/** A stream that says how much of its file it has read. */
type Raw = Readable & { readonly bytesRead: number };

/** Standard input of the process, also in a thread, where `process.stdin` is something else. */
function standardInput(): Raw {
  const kind = fstatSync(STDIN_FD);
  // A read of a file cannot be given up while nothing comes; one of a socket can.
  if (kind.isFIFO() || kind.isSocket()) return new Socket({ fd: STDIN_FD, readable: true, writable: false });
  return createReadStream('', { fd: STDIN_FD, autoClose: false, highWaterMark: CHUNK_BYTES });
}

/** The stream as it is, or inflated where its first octets say gzip (RFC 1952 §2.3.1) or Zstandard (RFC 8878 §3.1.1). */
async function inflated(raw: Raw): Promise<Readable> {
  const first = await firstOctets(raw);
  let inflater: Transform | undefined;
  if (first[0] === 0x1f && first[1] === 0x8b) inflater = zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  else if (first.length >= 4 && first.readUInt32LE(0) === 0xfd2fb528) inflater = zstdInflater();
  if (inflater === undefined) return raw;
  // A failure of either end destroys the inflater and is seen by its reader; the callback would only repeat it.
  pipeline(raw, inflater, () => undefined);
  return inflater;
}

function zstdInflater(): Transform {
  // Newer than the oldest Node.js supported, so asked for by name.
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  if (typeof create !== 'function') {
    throw new Error(`Zstandard needs Node.js 22.15 or later, this is ${process.version}: decompress the file first`);
  }
  return (create as () => Transform)(); // documented since 22.15
}

/** Reads the first octets and puts them back. */
async function firstOctets(raw: Raw): Promise<Buffer> {
  for (;;) {
    const chunk: unknown = raw.read();
    if (Buffer.isBuffer(chunk)) {
      raw.unshift(chunk);
      return chunk;
    }
    if (raw.readableEnded || raw.destroyed) return Buffer.alloc(0);
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        raw.off('readable', onReadable).off('end', onReadable).off('error', settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onReadable = (): void => settle();
      raw.once('readable', onReadable).once('end', onReadable).once('error', settle);
    });
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'permission denied';
    case 'Z_BUF_ERROR':
      return 'the compressed file ends early';
    default:
      return error.message;
  }
}
