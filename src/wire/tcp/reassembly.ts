/**
 * Captured TCP segments in the order of their sequence numbers, each direction of a connection by itself.
 *
 *   stream: … ─ delivered ─┤ next        [ waiting ]      [ waiting ]
 *                           └─ gap: filled, or given up and told to the reader
 *
 * A stream may begin anywhere: captures start in the middle of connections. Segments that come early wait, as copies,
 * until the gap before them is filled or given up: after `reorderTimeoutUs`, or when waiting costs more than the bounds
 * of one stream or of all. Time is the time of the capture.
 */
import { Buffer } from 'node:buffer';
import { type CounterSet, Pkt } from '../../model/counters.ts';
import type { TcpSettings } from '../../model/settings.ts';
import type { Frame } from '../pcap/frame.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;

/** Further from what is expected than any window: another connection between the same ports. */
const MAX_DISTANCE = 2 ** 26;
/** What a waiting segment costs besides its octets. */
const OVERHEAD = 128;

/** What becomes of one direction's octets. */
export interface StreamReader {
  /** The next octets in order; valid until it returns. */
  octets(bytes: Buffer, start: number, end: number, nowUs: number): void;
  /** So many octets are missing here. */
  lost(octets: number, nowUs: number): void;
  end(nowUs: number): void;
}

interface Waiting {
  sequence: number;
  bytes: Buffer;
}

class Stream {
  readonly reader: StreamReader;
  next: number;
  lastUs: number;
  waitingSinceUs = 0;
  /** In the order of sequence numbers. */
  readonly waiting: Waiting[] = [];
  held = 0;
  isFinished = false;

  constructor(reader: StreamReader, next: number, nowUs: number) {
    this.reader = reader;
    this.next = next;
    this.lastUs = nowUs;
  }
}

export class TcpReassembly {
  #settings: TcpSettings;
  readonly #counters: CounterSet;
  readonly #open: (frame: Frame) => StreamReader;
  readonly #streams = new Map<string, Stream>();
  #held = 0;
  #checkedUs = 0;

  /** @param open makes the reader of a new stream; the frame is its first */
  constructor(settings: TcpSettings, counters: CounterSet, open: (frame: Frame) => StreamReader) {
    this.#settings = settings;
    this.#counters = counters;
    this.#open = open;
  }

  get settings(): TcpSettings {
    return this.#settings;
  }

  /** Goes on with other settings, from the next segment on. */
  configure(settings: TcpSettings): void {
    this.#settings = settings;
  }

  get heldBytes(): number {
    return this.#held;
  }

  get size(): number {
    return this.#streams.size;
  }

  segment(frame: Frame, nowUs: number): void {
    const counters = this.#counters;
    const flags = frame.tcpFlags;
    counters.add(Pkt.TCP_SEGS, 1);
    if ((flags & SYN) !== 0) counters.add(Pkt.TCP_SYN, 1);
    if ((flags & (FIN | RST)) !== 0) counters.add(Pkt.TCP_FIN, 1);
    if (nowUs - this.#checkedUs >= this.#settings.checkIntervalUs || nowUs < this.#checkedUs) this.#check(nowUs);
    const key = keyOf(frame);
    let stream = this.#streams.get(key);
    if (stream !== undefined && this.#isAnother(stream, frame)) {
      this.#finish(key, stream, nowUs);
      stream = undefined;
    }
    if (stream === undefined) {
      // An acknowledgement alone tells nothing of where its sender's octets are.
      if (frame.start === frame.end && (flags & SYN) === 0) return;
      stream = this.#begin(key, frame, nowUs);
    }
    stream.lastUs = nowUs;
    if (frame.end > frame.start) this.#take(stream, frame, nowUs);
    if ((flags & (FIN | RST)) !== 0) stream.isFinished = true;
    if (stream.isFinished && stream.waiting.length === 0) this.#finish(key, stream, nowUs);
  }

  /** The capture ends: what waits is read, gaps or not. */
  flush(nowUs: number): void {
    for (const [key, stream] of this.#streams) this.#finish(key, stream, nowUs);
  }

  #begin(key: string, frame: Frame, nowUs: number): Stream {
    if (this.#streams.size >= this.#settings.maxStreams) {
      for (const [oldest, stream] of this.#streams) {
        this.#counters.add(Pkt.TCP_STREAMS_EVICTED, 1);
        this.#finish(oldest, stream, nowUs);
        break;
      }
    }
    const stream = new Stream(this.#open(frame), frame.sequence, nowUs);
    this.#streams.set(key, stream);
    this.#counters.add(Pkt.TCP_STREAMS, 1);
    this.#counters.set(Pkt.TCP_ACTIVE, this.#streams.size);
    return stream;
  }

  /** A new connection between the same ports: a SYN that is no repetition, or numbers from elsewhere. */
  #isAnother(stream: Stream, frame: Frame): boolean {
    const distance = (frame.sequence - stream.next) | 0;
    if ((frame.tcpFlags & SYN) !== 0)
      return distance !== 0 && !(distance < 0 && distance > -this.#settings.maxStreamBytes);
    return distance > MAX_DISTANCE || distance < -MAX_DISTANCE;
  }

  #take(stream: Stream, frame: Frame, nowUs: number): void {
    // Sequence numbers wrap: the signed difference tells before from after (RFC 9293 §3.4).
    const ahead = (frame.sequence - stream.next) | 0;
    if (ahead <= 0) {
      this.#deliver(stream, frame.bytes, frame.start - ahead, frame.end, nowUs);
      if (stream.waiting.length > 0) this.#drain(stream, nowUs);
      return;
    }
    this.#counters.add(Pkt.TCP_OUT_OF_ORDER, 1);
    this.#wait(stream, frame, nowUs);
    if (nowUs - stream.waitingSinceUs >= this.#settings.reorderTimeoutUs) {
      this.#counters.add(Pkt.TCP_REORDER_TIMEOUTS, 1);
      this.#passGap(stream, nowUs);
    }
    while (
      stream.waiting.length > 0 &&
      (stream.held > this.#settings.maxStreamBytes || this.#held > this.#settings.maxBytes)
    ) {
      this.#passGap(stream, nowUs);
    }
  }

  #wait(stream: Stream, frame: Frame, nowUs: number): void {
    const { waiting } = stream;
    if (waiting.length === 0) stream.waitingSinceUs = nowUs;
    // Most come in order behind a gap: looked for from the end.
    let at = waiting.length;
    while (at > 0 && ((waiting[at - 1]!.sequence - frame.sequence) | 0) > 0) at--; // at - 1 is inside
    const before = waiting[at - 1];
    const length = frame.end - frame.start;
    if (before !== undefined && before.sequence === frame.sequence && before.bytes.length >= length) return;
    // A copy: the frame's octets would keep a whole chunk of the file.
    waiting.splice(at, 0, {
      sequence: frame.sequence,
      bytes: Buffer.from(frame.bytes.subarray(frame.start, frame.end)),
    });
    this.#hold(stream, length + OVERHEAD);
  }

  /** Reads what waited and is due. */
  #drain(stream: Stream, nowUs: number): void {
    const { waiting } = stream;
    let due = 0;
    for (; due < waiting.length; due++) {
      const { sequence, bytes } = waiting[due]!; // inside
      const ahead = (sequence - stream.next) | 0;
      if (ahead > 0) break;
      this.#hold(stream, -bytes.length - OVERHEAD);
      this.#deliver(stream, bytes, -ahead, bytes.length, nowUs);
    }
    if (due === 0) return;
    waiting.splice(0, due);
    // The next gap has its own time.
    stream.waitingSinceUs = nowUs;
  }

  #passGap(stream: Stream, nowUs: number): void {
    const [first] = stream.waiting;
    if (first === undefined) return;
    const missing = (first.sequence - stream.next) | 0;
    this.#counters.add(Pkt.TCP_MISS, 1);
    this.#counters.add(Pkt.TCP_MISSED_BYTES, missing);
    stream.next = first.sequence;
    stream.reader.lost(missing, nowUs);
    this.#drain(stream, nowUs);
  }

  /** Hands on `[start, end)`; a `start` at or behind `end` is a repetition. */
  #deliver(stream: Stream, bytes: Buffer, start: number, end: number, nowUs: number): void {
    if (start >= end) return;
    stream.next = (stream.next + end - start) | 0;
    this.#counters.add(Pkt.TCP_TOTAL_RCVD, end - start);
    stream.reader.octets(bytes, start, end, nowUs);
  }

  #hold(stream: Stream, octets: number): void {
    stream.held += octets;
    this.#held += octets;
    this.#counters.set(Pkt.TCP_HELD, this.#held);
  }

  #finish(key: string, stream: Stream, nowUs: number): void {
    while (stream.waiting.length > 0) this.#passGap(stream, nowUs);
    stream.reader.end(nowUs);
    this.#streams.delete(key);
    this.#counters.add(Pkt.TCP_CLOSED, 1);
    this.#counters.set(Pkt.TCP_ACTIVE, this.#streams.size);
  }

  #check(nowUs: number): void {
    this.#checkedUs = nowUs;
    const { connectionTimeoutUs, reorderTimeoutUs } = this.#settings;
    for (const [key, stream] of this.#streams) {
      if (nowUs - stream.lastUs >= connectionTimeoutUs) {
        this.#counters.add(Pkt.TCP_STREAM_TIMEOUTS, 1);
        this.#finish(key, stream, nowUs);
      } else if (stream.waiting.length > 0 && nowUs - stream.waitingSinceUs >= reorderTimeoutUs) {
        this.#counters.add(Pkt.TCP_REORDER_TIMEOUTS, 1);
        this.#passGap(stream, nowUs);
        if (stream.isFinished && stream.waiting.length === 0) this.#finish(key, stream, nowUs);
      }
    }
  }
}

function keyOf(frame: Frame): string {
  const ports = frame.srcPort * 65_536 + frame.dstPort;
  if (frame.family === 4) return `${frame.src3} ${frame.dst3} ${ports}`;
  const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = frame;
  return `${src0} ${src1} ${src2} ${src3} ${dst0} ${dst1} ${dst2} ${dst3} ${ports}`;
}
