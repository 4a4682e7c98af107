/**
 * IP datagrams that came in fragments, put together again (RFC 791 §3.2, RFC 8200 §4.5).
 *
 *   addresses, protocol, identification → [ offset, octets ][ offset, octets ] … all there? → one buffer
 *
 * Fragments that overlap others give up their datagram, for IPv4 as for IPv6 (RFC 5722): nobody sends them in good faith.
 * Bounded by octets in all, by pieces of one datagram, and by time; the oldest datagram makes room.
 */
import { Buffer } from 'node:buffer';
import type { CounterSet } from '../../model/counters.ts';
import { Pkt } from '../../model/counters.ts';

export interface FragmentSettings {
  maxBytes: number;
  timeoutUs: number;
}

const MAX_PIECES = 256;
const MAX_DATAGRAM = 65_535;
/** What a datagram and each of its pieces cost besides their octets. */
const OVERHEAD = 128;

interface Piece {
  offset: number;
  bytes: Buffer;
}

class Datagram {
  readonly startedUs: number;
  readonly pieces: Piece[] = [];
  held = OVERHEAD;
  /** Length of the whole, known with the last fragment; -1 = not yet. */
  total = -1;
  have = 0;

  constructor(startedUs: number) {
    this.startedUs = startedUs;
  }
}

export class Fragments {
  readonly #settings: FragmentSettings;
  readonly #counters: CounterSet;
  readonly #datagrams = new Map<string, Datagram>();
  #held = 0;

  constructor(settings: FragmentSettings, counters: CounterSet) {
    this.#settings = settings;
    this.#counters = counters;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** Takes the payload `[start, end)` of a fragment. @returns the whole payload when nothing is missing any more */
  add(
    key: string,
    offset: number,
    more: boolean,
    bytes: Buffer,
    start: number,
    end: number,
    nowUs: number,
  ): Buffer | undefined {
    this.#makeRoom(nowUs);
    let datagram = this.#datagrams.get(key);
    if (datagram === undefined) {
      datagram = new Datagram(nowUs);
      this.#datagrams.set(key, datagram);
      this.#held += OVERHEAD;
    }
    const length = end - start;
    if (!fits(datagram, offset, length, more)) {
      this.#drop(key, datagram);
      return undefined;
    }
    if (datagram.pieces.some((piece) => piece.offset === offset && piece.bytes.length === length)) return undefined;
    if (datagram.pieces.some((piece) => offset < piece.offset + piece.bytes.length && piece.offset < offset + length)) {
      this.#drop(key, datagram);
      return undefined;
    }
    // A copy: the frame's octets would keep a whole chunk of the file.
    datagram.pieces.push({ offset, bytes: Buffer.from(bytes.subarray(start, end)) });
    datagram.have += length;
    datagram.held += length + OVERHEAD;
    this.#held += length + OVERHEAD;
    if (!more) datagram.total = offset + length;
    if (datagram.have !== datagram.total) return undefined;
    this.#forget(key, datagram);
    const whole = Buffer.allocUnsafe(datagram.total);
    for (const piece of datagram.pieces) piece.bytes.copy(whole, piece.offset);
    this.#counters.add(Pkt.IP_DEFRAG, 1);
    return whole;
  }

  #makeRoom(nowUs: number): void {
    for (const [key, datagram] of this.#datagrams) {
      const isLate = nowUs - datagram.startedUs > this.#settings.timeoutUs;
      if (!isLate && this.#held <= this.#settings.maxBytes) return;
      this.#drop(key, datagram);
    }
  }

  #drop(key: string, datagram: Datagram): void {
    this.#counters.add(Pkt.IP_DEFRAG_DROPPED, 1);
    this.#forget(key, datagram);
  }

  #forget(key: string, datagram: Datagram): void {
    this.#datagrams.delete(key);
    this.#held -= datagram.held;
  }
}

function fits(datagram: Datagram, offset: number, length: number, more: boolean): boolean {
  if (length <= 0 || offset + length > MAX_DATAGRAM || datagram.pieces.length >= MAX_PIECES) return false;
  // All but the last come in multiples of 8 octets.
  if (more && length % 8 !== 0) return false;
  if (datagram.total < 0)
    return more || datagram.pieces.every((piece) => piece.offset + piece.bytes.length <= offset + length);
  return more ? offset + length <= datagram.total : offset + length === datagram.total;
}
