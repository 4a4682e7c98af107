import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { PcapDump } from '../model/counters.ts';
import { dumpPath } from '../model/dump-path.ts';
import type { DumpSettings } from '../model/settings.ts';
import { type CaptureFormat, captureFormat } from '../wire/pcap/capture-writer.ts';
import { commentOn, FrameSynthesis } from '../wire/pcap/synthesis.ts';
import type { DumpRecord } from './record.ts';

/** Tells who talked to whom. */
const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o700;
/** A file that was not written to for so long may have been removed by somebody. */
const IDLE_MS = 60_000;

const { O_APPEND, O_CREAT, O_RDWR } = constants;
/** A link in the directory leads nowhere; Windows has no such flag. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;

interface OpenFile {
  readonly fd: number;
  size: number;
  usedMs: number;
  /** Numbers of the connections in this file. */
  readonly synthesis: FrameSynthesis;
}

/**
 * The files of calls: each message is appended at once, as whole records, so that a file is whole whenever it is looked
 * at. A few stay open, the one used longest ago gives way.
 *
 * A file of an earlier run is looked through before it is continued: a record that was cut by a crash is cut off. One
 * that is no such file is left alone.
 */
export class DumpFiles {
  readonly #settings: DumpSettings;
  readonly #format: CaptureFormat;
  readonly #maxOpen: number;
  readonly #count: (counter: number, amount: number) => void;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  /** By path, in order of use. */
  readonly #open = new Map<string, OpenFile>();
  /** What went wrong first since it was asked for. */
  #problem = '';

  constructor(
    settings: DumpSettings,
    maxOpen: number,
    count: (counter: number, amount: number) => void,
    nowMs: () => number,
  ) {
    this.#settings = settings;
    this.#format = captureFormat(settings.extension === 'pcapng' ? 'pcapng' : 'pcap');
    this.#maxOpen = maxOpen;
    this.#count = count;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  write({ callId, needsFile, message }: DumpRecord): void {
    const path = join(this.#settings.dir, dumpPath(callId, this.#settings));
    const file = this.#opened(path, needsFile);
    if (file === undefined) return;
    const comment = commentOn(message);
    const records = file.synthesis
      .frames(message)
      .map((frame) => this.#format.record(frame, message.trackedAtUs, comment));
    const octets = records.length === 1 ? records[0]! : Buffer.concat(records); // there is one
    if (!this.#append(path, file, octets, PcapDump.ERR_WR_MSG)) return;
    this.#count(PcapDump.WRITTEN, 1);
    this.#count(PcapDump.BYTES, octets.length);
  }

  takeProblem(): string {
    const problem = this.#problem;
    this.#problem = '';
    return problem;
  }

  close(): void {
    for (const path of this.#open.keys()) this.#close(path);
  }

  #opened(path: string, needsFile: boolean): OpenFile | undefined {
    const now = this.#nowMs();
    let file = this.#open.get(path);
    if (file !== undefined && now - file.usedMs > IDLE_MS && fstatSync(file.fd).nlink === 0) {
      this.#close(path);
      file = undefined;
    }
    if (file !== undefined) {
      file.usedMs = now;
      // Last in order.
      this.#open.delete(path);
      this.#open.set(path, file);
      return file;
    }
    const fd = this.#openFile(path, needsFile);
    if (fd === undefined) return undefined;
    for (const oldest of this.#open.keys()) {
      if (this.#open.size < this.#maxOpen) break;
      this.#close(oldest);
    }
    const opened: OpenFile = { fd, size: 0, usedMs: now, synthesis: new FrameSynthesis() };
    this.#open.set(path, opened);
    this.#count(PcapDump.OPEN_FILES, 1);
    return this.#begin(path, opened) ? opened : undefined;
  }

  #openFile(path: string, needsFile: boolean): number | undefined {
    const flags = O_RDWR | O_APPEND | O_NOFOLLOW | (needsFile ? 0 : O_CREAT);
    try {
      return openSync(path, flags, FILE_MODE);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        this.#fail(PcapDump.ERR_NEW_FILE, path, error);
        return undefined;
      }
    }
    if (needsFile) {
      this.#count(PcapDump.ERR_MISSING_FILE, 1);
      return undefined;
    }
    try {
      mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
      this.#count(PcapDump.NEW_SUBDIRS, 1);
    } catch (error) {
      this.#fail(PcapDump.ERR_SUBDIRS, path, error);
      return undefined;
    }
    try {
      return openSync(path, flags, FILE_MODE);
    } catch (error) {
      this.#fail(PcapDump.ERR_NEW_FILE, path, error);
      return undefined;
    }
  }

  /** Brings a file into a state in which it can be continued. */
  #begin(path: string, file: OpenFile): boolean {
    try {
      const stats = fstatSync(file.fd);
      file.size = stats.size;
      if (stats.size > 0) {
        this.#continue(file, stats);
        return true;
      }
    } catch (error) {
      this.#fail(PcapDump.ERR_WR_HEADER, path, error);
      this.#close(path);
      return false;
    }
    if (!this.#append(path, file, this.#format.header, PcapDump.ERR_WR_HEADER)) return false;
    this.#count(PcapDump.NEW_FILES, 1);
    return true;
  }

  #continue(file: OpenFile, stats: Stats): void {
    if (!stats.isFile()) throw new Error('is no file');
    // What this thread wrote is whole.
    if (stats.mtimeMs >= this.#startedMs) return;
    const whole = this.#endOfWholeRecords(file);
    if (whole === file.size) return;
    ftruncateSync(file.fd, whole);
    file.size = whole;
    this.#count(PcapDump.REPAIRED, 1);
  }

  #endOfWholeRecords({ fd, size }: OpenFile): number {
    const { header, recordHead } = this.#format;
    const start = Buffer.alloc(header.length);
    const isHeader = readSync(fd, start, 0, start.length, 0) === start.length && start.equals(header);
    if (!isHeader) throw new Error(`is no ${this.#settings.extension} file that was begun here`);
    const head = Buffer.alloc(recordHead);
    let at = header.length;
    while (at + recordHead <= size) {
      if (readSync(fd, head, 0, recordHead, at) < recordHead) break;
      const length = this.#format.recordLength(head);
      if (length < 0 || at + length > size) break;
      at += length;
    }
    return at;
  }

  /** Appends octets, all or none of them. */
  #append(path: string, file: OpenFile, octets: Buffer, errorCounter: number): boolean {
    try {
      for (let at = 0; at < octets.length;) at += writeSync(file.fd, octets, at);
      file.size += octets.length;
      return true;
    } catch (error) {
      this.#fail(errorCounter, path, error);
      try {
        ftruncateSync(file.fd, file.size);
      } catch {
        // It is looked through before it is continued by another run.
      }
      // The numbers of its connections have gone on without the message.
      this.#close(path);
      return false;
    }
  }

  #close(path: string): void {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    this.#count(PcapDump.OPEN_FILES, -1);
    try {
      closeSync(file.fd);
    } catch (error) {
      this.#problem ||= `${path}: ${messageOf(error)}`;
    }
  }

  #fail(counter: number, path: string, error: unknown): void {
    this.#count(counter, 1);
    this.#count(PcapDump.DROPPED_WRITE, 1);
    this.#problem ||= `${path}: ${messageOf(error)}`;
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
