/**
 * A queue of octets from one thread to one other, in shared memory. No locks: each end is moved by one thread only.
 *
 *   memory  [ written | taken | released | records … ]
 *   record  [ octets | kind | body, filled up to 8 octets ]      never cut: a gap at the end of the memory is skipped
 *
 * The three count octets for ever, modulo 2^32: written up to here, taken by the reader, and free again. A thread that
 * replaces a crashed one goes on behind what that one had taken, so a record that makes its reader crash comes once.
 */
const WRITTEN = 0;
const TAKEN = 16;
const RELEASED = 32;
/** Each in a line of the processors' caches of its own. */
const HEADER_INTS = 48;
const HEADER_BYTES = HEADER_INTS * 4;
const RECORD_HEAD = 8;
/** Kind of the record that fills the memory up to its end. */
const GAP = 0;

/** Memory of a ring for records of `octets` in all, a power of two. */
export function ringMemory(octets: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + octets);
}

/** The records' memory in three forms. */
class RingMemory {
  readonly bytes: Buffer;
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
  readonly ends: Int32Array;
  readonly octets: number;
  readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.octets = memory.byteLength - HEADER_BYTES;
    this.mask = this.octets - 1;
    this.ends = new Int32Array(memory, 0, HEADER_INTS);
    this.bytes = Buffer.from(memory, HEADER_BYTES, this.octets);
    this.ints = new Int32Array(memory, HEADER_BYTES, this.octets / 4);
    this.doubles = new Float64Array(memory, HEADER_BYTES, this.octets / 8);
  }
}

function sizeOf(octets: number): number {
  return RECORD_HEAD + ((octets + 7) & ~7);
}

/** The end that writes. */
export class RingWriter {
  readonly bytes: Buffer;
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
  readonly #memory: RingMemory;
  #written: number;
  #released: number;
  #reserved = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = new RingMemory(memory);
    this.bytes = this.#memory.bytes;
    this.ints = this.#memory.ints;
    this.doubles = this.#memory.doubles;
    this.#written = Atomics.load(this.#memory.ends, WRITTEN);
    this.#released = Atomics.load(this.#memory.ends, RELEASED);
  }

  /**
   * Makes room for a record.
   *
   * @returns where its body begins in `bytes`, a multiple of 8; -1 = there is no room now
   */
  reserve(kind: number, octets: number): number {
    const { mask } = this.#memory;
    const size = sizeOf(octets);
    let offset = this.#written & mask;
    const gap = offset + size > mask + 1 ? mask + 1 - offset : 0;
    if (!this.#hasRoom(gap + size)) return -1;
    if (gap > 0) {
      this.ints[offset >> 2] = gap - RECORD_HEAD;
      this.ints[(offset >> 2) + 1] = GAP;
      offset = 0;
    }
    this.ints[offset >> 2] = octets;
    this.ints[(offset >> 2) + 1] = kind;
    this.#reserved = gap + size;
    return offset + RECORD_HEAD;
  }

  /** Hands what was reserved last to the reader. */
  commit(): void {
    this.#written = (this.#written + this.#reserved) | 0;
    Atomics.store(this.#memory.ends, WRITTEN, this.#written);
  }

  /** Blocks this thread until the reader has released something, at most so long. */
  waitForRoom(ms: number): void {
    Atomics.wait(this.#memory.ends, RELEASED, this.#released, ms);
  }

  #hasRoom(size: number): boolean {
    const { octets, ends } = this.#memory;
    if (((this.#written - this.#released) | 0) + size <= octets) return true;
    this.#released = Atomics.load(ends, RELEASED);
    return ((this.#written - this.#released) | 0) + size <= octets;
  }
}

/** The end that reads. */
export class RingReader {
  readonly bytes: Buffer;
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
  readonly #memory: RingMemory;
  #taken: number;
  /** The record at hand: its kind, and its body in `bytes`. */
  kind = GAP;
  start = 0;
  end = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = new RingMemory(memory);
    this.bytes = this.#memory.bytes;
    this.ints = this.#memory.ints;
    this.doubles = this.#memory.doubles;
    this.#taken = Atomics.load(this.#memory.ends, TAKEN);
  }

  get isEmpty(): boolean {
    return this.#taken === Atomics.load(this.#memory.ends, WRITTEN);
  }

  /** How much of the ring waits to be taken or is looked at, 0 to 1. */
  get fullness(): number {
    const { ends, octets } = this.#memory;
    return ((Atomics.load(ends, WRITTEN) - Atomics.load(ends, RELEASED)) | 0) / octets;
  }

  /** Takes the next record, which stays where it is until `release`. @returns whether there is one */
  next(): boolean {
    const { ends, mask } = this.#memory;
    while (!this.isEmpty) {
      const offset = this.#taken & mask;
      const octets = this.ints[offset >> 2]!; // inside: masked, and the writer wrote a head there
      this.kind = this.ints[(offset >> 2) + 1]!;
      this.start = offset + RECORD_HEAD;
      this.end = this.start + octets;
      this.#taken = (this.#taken + sizeOf(octets)) | 0;
      Atomics.store(ends, TAKEN, this.#taken);
      if (this.kind !== GAP) return true;
    }
    return false;
  }

  /** Lets the writer have what was taken. */
  release(): void {
    const { ends } = this.#memory;
    if (Atomics.load(ends, RELEASED) === this.#taken) return;
    Atomics.store(ends, RELEASED, this.#taken);
    Atomics.notify(ends, RELEASED);
  }
}
