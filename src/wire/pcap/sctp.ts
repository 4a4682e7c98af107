import { Buffer } from 'node:buffer';
import { type CounterSet, Pkt } from '../../model/counters.ts';
import type { Frame } from './frame.ts';
import type { FragmentSettings } from './fragments.ts';

const CHUNK_HEADER = 4;
const DATA = 0;
const DATA_HEADER = 16;
const LAST_FRAGMENT = 1;
const FIRST_FRAGMENT = 2;

/** The octets of a DATA chunk, and where to look for the next one. */
export interface SctpData {
  start: number;
  end: number;
  next: number;
  /** Transmission sequence number. */
  tsn: number;
  /** First and last fragment of a message; a whole message is both. */
  isFirst: boolean;
  isLast: boolean;
}

export function beforeSctpData(at: number): SctpData {
  return { start: at, end: at, next: at, tsn: 0, isFirst: false, isLast: false };
}

/**
 * Finds the next DATA chunk from `data.next` on, before `end`.
 *
 * @returns false when there is none
 * @see RFC 9260 §3.2, §3.3.1
 */
export function nextSctpData(bytes: Buffer, end: number, data: SctpData): boolean {
  while (end - data.next >= CHUNK_HEADER) {
    const at = data.next;
    const length = bytes.readUInt16BE(at + 2);
    if (length < CHUNK_HEADER || at + length > end) return false;
    // Chunks are padded to four octets, which their length does not count.
    data.next = at + length + ((4 - (length % 4)) % 4);
    if (bytes.readUInt8(at) !== DATA || length <= DATA_HEADER) continue;
    const flags = bytes.readUInt8(at + 1);
    data.isFirst = (flags & FIRST_FRAGMENT) !== 0;
    data.isLast = (flags & LAST_FRAGMENT) !== 0;
    data.tsn = bytes.readUInt32BE(at + 4);
    data.start = at + DATA_HEADER;
    data.end = at + length;
    return true;
  }
  return false;
}

/** Chunks of one message: more would be more octets than a message may have. */
const MAX_PIECES = 256;
/** What a waiting chunk costs besides its octets. */
const OVERHEAD = 128;

interface Piece {
  bytes: Buffer;
  isFirst: boolean;
  isLast: boolean;
  atUs: number;
}

/**
 * Messages that came in several DATA chunks, put together again: their chunks have consecutive numbers (RFC 9260 §6.9), so
 * a message is there when from its first chunk to its last no number is missing, in whatever order they came.
 *
 *   ends, number → first? last? octets
 *
 * Bounded as IP fragments are, by octets in all and by time; the oldest chunk makes room.
 */
export class SctpFragments {
  readonly #settings: FragmentSettings;
  readonly #counters: CounterSet;
  /** In order of arrival. */
  readonly #pieces = new Map<string, Piece>();
  #held = 0;

  constructor(settings: FragmentSettings, counters: CounterSet) {
    this.#settings = settings;
    this.#counters = counters;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** Takes a chunk that is not a whole message. @returns the message when nothing is missing any more */
  add(frame: Frame, { start, end, tsn, isFirst, isLast }: SctpData, nowUs: number): Buffer | undefined {
    this.#makeRoom(nowUs);
    const { src0, src1, src2, src3, srcPort, dst0, dst1, dst2, dst3, dstPort } = frame;
    const ends = [src0, src1, src2, src3, srcPort, dst0, dst1, dst2, dst3, dstPort].join(' ');
    const key = (number: number): string => `${ends} ${number >>> 0}`;
    if (this.#pieces.has(key(tsn))) return undefined;
    // A copy: the frame's octets would keep a whole chunk of the file.
    const piece: Piece = { bytes: Buffer.from(frame.bytes.subarray(start, end)), isFirst, isLast, atUs: nowUs };
    this.#pieces.set(key(tsn), piece);
    this.#held += piece.bytes.length + OVERHEAD;

    const keys = [key(tsn)];
    const parts: Buffer[] = [piece.bytes];
    for (let number = tsn, at: Piece | undefined = piece; !at.isFirst;) {
      at = this.#pieces.get(key(--number));
      if (at === undefined || at.isLast || parts.length >= MAX_PIECES) return undefined;
      keys.push(key(number));
      parts.unshift(at.bytes);
    }
    for (let number = tsn, at: Piece | undefined = piece; !at.isLast;) {
      at = this.#pieces.get(key(++number));
      if (at === undefined || at.isFirst || parts.length >= MAX_PIECES) return undefined;
      keys.push(key(number));
      parts.push(at.bytes);
    }
    for (const each of keys) this.#forget(each);
    this.#counters.add(Pkt.SCTP_DEFRAG, 1);
    return Buffer.concat(parts);
  }

  #makeRoom(nowUs: number): void {
    for (const [key, piece] of this.#pieces) {
      const isLate = nowUs - piece.atUs > this.#settings.timeoutUs;
      if (!isLate && this.#held <= this.#settings.maxBytes) return;
      this.#counters.add(Pkt.SCTP_DEFRAG_DROPPED, 1);
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#held -= (this.#pieces.get(key)?.bytes.length ?? 0) + OVERHEAD;
    this.#pieces.delete(key);
  }
}
