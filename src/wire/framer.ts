import { Fault } from '../model/fault.ts';
import type { StreamFramer, StreamIngest } from '../model/ports.ts';

const EMPTY = Buffer.alloc(0);
/** First size of the buffer for an incomplete message; it doubles from there. */
const FIRST_CAPACITY = 512;

/** How messages of a protocol begin: a header that says how long the message is. */
export interface Framing {
  /** Octets of the header up to the end of the length. */
  readonly headerBytes: number;
  readonly maxMessageBytes: number;
  /** What to call a stream that ends inside a message. */
  readonly cut: Fault;
  /** What is wrong with the header at `start`, as far as it is there. */
  checkHeader(bytes: Buffer, start: number, end: number): Fault;
  /** Octets of the message at `start`, header included. The header is there and nothing is wrong with it. */
  lengthAt(bytes: Buffer, start: number): number;
}

/**
 * Cuts a TCP stream of messages that stand back to back with nothing between them, as HEP3 and IPFIX have them.
 *
 *   chunks     |.....message.....|..message..|...mess|age...|...
 *   handed on   \_ where it lies_/\_________/ \_ joined in #held
 *
 * A message inside one chunk is handed on where it lies; only one that is cut by a chunk's end is copied. A copy holds
 * what has arrived, never what a length promises, and is given up when its message is complete: idle connections hold
 * nothing. The stream has no mark to find again when it is out of step (payloads may contain one), so the first bad header
 * is the end: it is counted once, and what follows is ignored.
 */
export class MessageFramer implements StreamFramer {
  readonly #ingest: StreamIngest;
  readonly #framing: Framing;
  #held: Buffer = EMPTY;
  #heldBytes = 0;
  #heldSinceUs = 0;
  #fault: Fault = Fault.NONE;

  constructor(ingest: StreamIngest, framing: Framing) {
    this.#ingest = ingest;
    this.#framing = framing;
  }

  get pendingBytes(): number {
    return this.#heldBytes;
  }

  get pendingSinceUs(): number {
    return this.#heldSinceUs;
  }

  push(chunk: Buffer, nowUs: number): Fault {
    this.#ingest.beginBatch();
    const fault = this.#cut(chunk, nowUs);
    this.#ingest.endBatch();
    return fault;
  }

  #cut(chunk: Buffer, nowUs: number): Fault {
    if (this.#fault !== Fault.NONE) return this.#fault;
    const { headerBytes } = this.#framing;
    let at = this.#heldBytes === 0 ? 0 : this.#complete(chunk, nowUs);
    while (this.#fault === Fault.NONE && at < chunk.length) {
      const fault = this.#framing.checkHeader(chunk, at, chunk.length);
      if (fault !== Fault.NONE) return this.#fail(fault, chunk, at, chunk.length, nowUs);
      const left = chunk.length - at;
      const end = left < headerBytes ? Number.POSITIVE_INFINITY : at + this.#framing.lengthAt(chunk, at);
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

  end(nowUs: number, fault: Fault = this.#framing.cut): void {
    if (this.#heldBytes === 0) return;
    this.#fail(fault, this.#held, 0, this.#heldBytes, nowUs);
  }

  /** Adds to the incomplete message what `chunk` has of it; answers where in `chunk` the next message begins. */
  #complete(chunk: Buffer, nowUs: number): number {
    const { headerBytes } = this.#framing;
    let at = 0;
    if (this.#heldBytes < headerBytes) {
      at = Math.min(headerBytes - this.#heldBytes, chunk.length);
      this.#hold(chunk, 0, at);
      const fault = this.#framing.checkHeader(this.#held, 0, this.#heldBytes);
      if (fault !== Fault.NONE) {
        this.#fail(fault, this.#held, 0, this.#heldBytes, nowUs);
        return at;
      }
      if (this.#heldBytes < headerBytes) return at;
    }
    const total = this.#framing.lengthAt(this.#held, 0);
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
      const roomy = Math.min(Math.max(this.#held.length * 2, FIRST_CAPACITY), this.#framing.maxMessageBytes);
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

  #fail(fault: Fault, bytes: Buffer, start: number, end: number, nowUs: number): Fault {
    this.#fault = fault;
    this.#letGo();
    this.#ingest.fault(fault, bytes, start, end, nowUs);
    return fault;
  }
}
