import type { Call } from './call.ts';

/**
 * All calls by Call-ID and in order of creation.
 *
 *   segment = top 8 bits of the hash      bucket = low bits            chain through Call.bucketNext
 *   [0 … 255] ─▶ Call | undefined [2^n] ─▶ call ─▶ call
 *
 * 256 small tables grow one at a time, so no insert ever waits for a million entries to be rehashed. The list
 * through `older`/`newer` gives pages a stable order; a `Cursor` walks it in slices while calls come and go.
 */
const SEGMENTS = 256;
const FIRST_BUCKETS = 16;

class Segment {
  buckets: (Call | undefined)[] = Array.from({ length: FIRST_BUCKETS }, () => undefined);
  size = 0;
}

export class CallTable {
  readonly #segments: Segment[] = Array.from({ length: SEGMENTS }, () => new Segment());
  readonly #cursors = new Set<Cursor>();
  #newest: Call | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get newest(): Call | undefined {
    return this.#newest;
  }

  /** First entry of the bucket a hash falls into; compare `hash` and Call-ID along `bucketNext`. */
  chain(hash: number): Call | undefined {
    const { buckets } = this.#segment(hash);
    return buckets[hash & (buckets.length - 1)];
  }

  insert(call: Call): void {
    const segment = this.#segment(call.hash);
    if (segment.size >= segment.buckets.length) this.#grow(segment);
    const bucket = call.hash & (segment.buckets.length - 1);
    call.bucketNext = segment.buckets[bucket];
    segment.buckets[bucket] = call;
    segment.size++;
    call.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = call;
    this.#newest = call;
    this.#size++;
  }

  remove(call: Call): void {
    const segment = this.#segment(call.hash);
    const bucket = call.hash & (segment.buckets.length - 1);
    let at = segment.buckets[bucket];
    if (at === call) segment.buckets[bucket] = call.bucketNext;
    else {
      while (at !== undefined && at.bucketNext !== call) at = at.bucketNext;
      if (at === undefined) return;
      at.bucketNext = call.bucketNext;
    }
    call.bucketNext = undefined;
    segment.size--;
    this.#size--;
    for (const cursor of this.#cursors) if (cursor.at === call) cursor.at = call.older;
    if (call.newer === undefined) this.#newest = call.older;
    else call.newer.older = call.older;
    if (call.older !== undefined) call.older.newer = call.newer;
    call.newer = undefined;
    call.older = undefined;
  }

  /** A walk from newest to oldest that survives removals between its steps. Close it. */
  openCursor(): Cursor {
    const cursor = new Cursor(this.#newest, this.#cursors);
    this.#cursors.add(cursor);
    return cursor;
  }

  /** Number of buckets, longest and shortest chain. Walks all buckets: for a page, not for the hot path. */
  chains(): { buckets: number; longest: number; shortest: number } {
    let buckets = 0;
    let longest = 0;
    let shortest = Number.POSITIVE_INFINITY;
    for (const segment of this.#segments) {
      buckets += segment.buckets.length;
      for (const first of segment.buckets) {
        let length = 0;
        for (let call = first; call !== undefined; call = call.bucketNext) length++;
        if (length > longest) longest = length;
        if (length < shortest) shortest = length;
      }
    }
    return { buckets, longest, shortest };
  }

  #segment(hash: number): Segment {
    return this.#segments[hash >>> 24]!; // 8 bits, 256 segments
  }

  #grow(segment: Segment): void {
    const old = segment.buckets;
    const mask = old.length * 2 - 1;
    const buckets: (Call | undefined)[] = Array.from({ length: mask + 1 }, () => undefined);
    for (const first of old) {
      for (let call = first; call !== undefined;) {
        const next = call.bucketNext;
        const bucket = call.hash & mask;
        call.bucketNext = buckets[bucket];
        buckets[bucket] = call;
        call = next;
      }
    }
    segment.buckets = buckets;
  }
}

export class Cursor {
  at: Call | undefined;
  readonly #open: Set<Cursor>;

  constructor(at: Call | undefined, open: Set<Cursor>) {
    this.at = at;
    this.#open = open;
  }

  /** The next call, or `undefined` at the end. */
  next(): Call | undefined {
    const call = this.at;
    this.at = call?.older;
    return call;
  }

  close(): void {
    this.#open.delete(this);
  }
}
