import { Fault } from '../../model/fault.ts';
import type { StreamFramer, StreamIngest } from '../../model/ports.ts';
import { HEP3_HEADER, startsWithHep3 } from './format.ts';

export { looksGzipped } from './inflate.ts';

const MAGIC = 4;
const EMPTY = Buffer.alloc(0);
/** First size of the buffer for an incomplete message; it doubles from there. */
const FIRST_CAPACITY = 512;

/**
 * Cuts a TCP stream of HEP3 messages, which stand back to back with nothing between them.
 *
 *   chunks     |.....message.....|..message..|...mess|age...|...
 *   handed on   \_ where it lies_/\_________/ \_ joined in #held
 *
 * A message inside one chunk is handed on where it lies; only one that is cut by a chunk's end is copied. A copy holds
 * what has arrived, never what a length promises, and is given up when its message is complete: idle connections hold
 * nothing. The stream has no mark to find again when it is out of step, and payloads may contain "HEP3", so the first
 * bad header is the end: it is counted once, and what follows is ignored.
 */
export class HepFramer implements StreamFramer {
  readonly #ingest: StreamIngest;
  readonly #maxMessageBytes: number;
  #held: Buffer = EMPTY;
  #heldBytes = 0;
  #heldSinceUs = 0;
  #fault: Fault = Fault.NONE;

  constructor(ingest: StreamIngest, limits: { readonly maxMessageBytes: number }) {
    this.#ingest = ingest;
    this.#maxMessageBytes = limits.maxMessageBytes;
  }

  get pendingBytes(): number {
    return this.#heldBytes;
  }

  get pendingSinceUs(): number {
    return this.#heldSinceUs;
  }

  push(chunk: Buffer, nowUs: number): Fault {
    if (this.#fault !== Fault.NONE) return this.#fault;
    let at = this.#heldBytes === 0 ? 0 : this.#complete(chunk, nowUs);
    while (this.#fault === Fault.NONE && at < chunk.length) {
      const fault = this.#checkHeader(chunk, at, chunk.length);
      if (fault !== Fault.NONE) return this.#fail(fault, chunk, at, chunk.length, nowUs);
      const left = chunk.length - at;
      const end = left < HEP3_HEADER ? Number.POSITIVE_INFINITY : at + chunk.readUInt16BE(at + MAGIC);
      if (end > chunk.length) {
        this.#heldSinceUs = nowUs;
        this.#hold(chunk, at, chunk.length);
        break;
      }
      this.#ingest.message(chunk, at, end, nowUs);
      at = end;
    }
    return this.#fault;
  }

  end(nowUs: number): void {
    if (this.#heldBytes === 0) return;
    this.#fail(Fault.HEP_STREAM_CUT, this.#held, 0, this.#heldBytes, nowUs);
  }

  /** Adds to the incomplete message what `chunk` has of it; answers where in `chunk` the next message begins. */
  #complete(chunk: Buffer, nowUs: number): number {
    let at = 0;
    if (this.#heldBytes < HEP3_HEADER) {
      at = Math.min(HEP3_HEADER - this.#heldBytes, chunk.length);
      this.#hold(chunk, 0, at);
      const fault = this.#checkHeader(this.#held, 0, this.#heldBytes);
      if (fault !== Fault.NONE) {
        this.#fail(fault, this.#held, 0, this.#heldBytes, nowUs);
        return at;
      }
      if (this.#heldBytes < HEP3_HEADER) return at;
    }
    const total = this.#held.readUInt16BE(MAGIC);
    const from = at;
    at = Math.min(at + total - this.#heldBytes, chunk.length);
    this.#hold(chunk, from, at);
    if (this.#heldBytes === total) {
      const message = this.#held;
      this.#letGo();
      this.#ingest.message(message, 0, total, nowUs);
    }
    return at;
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      const roomy = Math.min(Math.max(this.#held.length * 2, FIRST_CAPACITY), this.#maxMessageBytes);
      const grown = Buffer.allocUnsafe(Math.max(needed, roomy));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }

  #letGo(): void {
    this.#held = EMPTY;
    this.#heldBytes = 0;
    this.#heldSinceUs = 0;
  }

  /** What is wrong with the header at `start`, as far as it is there. */
  #checkHeader(bytes: Buffer, start: number, end: number): Fault {
    if (end - start < MAGIC) return Fault.NONE;
    if (!startsWithHep3(bytes, start, end)) return Fault.HEP_BAD_MAGIC;
    if (end - start < HEP3_HEADER) return Fault.NONE;
    const total = bytes.readUInt16BE(start + MAGIC);
    if (total < HEP3_HEADER) return Fault.HEP_BAD_LENGTH;
    return total > this.#maxMessageBytes ? Fault.HEP_TOO_BIG : Fault.NONE;
  }

  #fail(fault: Fault, bytes: Buffer, start: number, end: number, nowUs: number): Fault {
    this.#fault = fault;
    this.#letGo();
    this.#ingest.fault(fault, bytes, start, end, nowUs);
    return fault;
  }
}
