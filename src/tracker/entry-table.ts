/**
 * All entries of one kind (calls by Call-ID, bindings by address-of-record), by hash and in order of creation.
 *
 *   segment = top 8 bits of the hash      bucket = low bits            chain through bucketNext
 *   [0 … 255] ─▶ Entry | undefined [2^n] ─▶ entry ─▶ entry
 *
 * 256 small tables grow one at a time, so no insert ever waits for a million entries to be rehashed. The list
 * through `older`/`newer` gives pages a stable order; a `Cursor` walks it in slices while entries come and go.
 */
export interface TableEntry<Entry> {
  readonly hash: number;
  /** Next entry in the same bucket. */
  bucketNext: Entry | undefined;
  /** Neighbours in order of creation. */
  older: Entry | undefined;
  newer: Entry | undefined;
}

const SEGMENTS = 256;
const FIRST_BUCKETS = 16;

class Segment<Entry> {
  buckets: (Entry | undefined)[] = Array.from({ length: FIRST_BUCKETS }, () => undefined);
  size = 0;
}

export class EntryTable<Entry extends TableEntry<Entry>> {
  readonly #segments: Segment<Entry>[] = Array.from({ length: SEGMENTS }, () => new Segment<Entry>());
  readonly #cursors = new Set<Cursor<Entry>>();
  #newest: Entry | undefined;
  #oldest: Entry | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get newest(): Entry | undefined {
    return this.#newest;
  }

  get oldest(): Entry | undefined {
    return this.#oldest;
  }

  /** Whether an entry is in the table; of an entry that was in it before. */
  has(entry: Entry): boolean {
    return entry.newer !== undefined || this.#newest === entry;
  }

  /** First entry of the bucket a hash falls into; compare `hash` and key along `bucketNext`. */
  chain(hash: number): Entry | undefined {
    const { buckets } = this.#segment(hash);
    return buckets[hash & (buckets.length - 1)];
  }

  /** Takes an entry in that is older than all others. */
  insertOldest(entry: Entry): void {
    this.#intoBucket(entry);
    entry.newer = this.#oldest;
    if (this.#oldest === undefined) this.#newest = entry;
    else this.#oldest.older = entry;
    this.#oldest = entry;
  }

  insert(entry: Entry): void {
    this.#intoBucket(entry);
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #intoBucket(entry: Entry): void {
    const segment = this.#segment(entry.hash);
    if (segment.size >= segment.buckets.length) this.#grow(segment);
    const bucket = entry.hash & (segment.buckets.length - 1);
    entry.bucketNext = segment.buckets[bucket];
    segment.buckets[bucket] = entry;
    segment.size++;
    this.#size++;
  }

  remove(entry: Entry): void {
    const segment = this.#segment(entry.hash);
    const bucket = entry.hash & (segment.buckets.length - 1);
    let at = segment.buckets[bucket];
    if (at === entry) segment.buckets[bucket] = entry.bucketNext;
    else {
      while (at !== undefined && at.bucketNext !== entry) at = at.bucketNext;
      if (at === undefined) return;
      at.bucketNext = entry.bucketNext;
    }
    entry.bucketNext = undefined;
    segment.size--;
    this.#size--;
    for (const cursor of this.#cursors) if (cursor.at === entry) cursor.at = entry.older;
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    entry.newer = undefined;
    entry.older = undefined;
  }

  /** A walk from newest to oldest that survives removals between its steps. Close it. */
  openCursor(): Cursor<Entry> {
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
        for (let entry = first; entry !== undefined; entry = entry.bucketNext) length++;
        if (length > longest) longest = length;
        if (length < shortest) shortest = length;
      }
    }
    return { buckets, longest, shortest };
  }

  #segment(hash: number): Segment<Entry> {
    return this.#segments[hash >>> 24]!; // 8 bits, 256 segments
  }

  #grow(segment: Segment<Entry>): void {
    const old = segment.buckets;
    const mask = old.length * 2 - 1;
    const buckets: (Entry | undefined)[] = Array.from({ length: mask + 1 }, () => undefined);
    for (const first of old) {
      for (let entry = first; entry !== undefined;) {
        const next = entry.bucketNext;
        const bucket = entry.hash & mask;
        entry.bucketNext = buckets[bucket];
        buckets[bucket] = entry;
        entry = next;
      }
    }
    segment.buckets = buckets;
  }
}

export class Cursor<Entry extends TableEntry<Entry>> {
  at: Entry | undefined;
  readonly #open: Set<Cursor<Entry>>;

  constructor(at: Entry | undefined, open: Set<Cursor<Entry>>) {
    this.at = at;
    this.#open = open;
  }

  /** The next entry, or `undefined` at the end. */
  next(): Entry | undefined {
    const entry = this.at;
    this.at = entry?.older;
    return entry;
  }

  close(): void {
    this.#open.delete(this);
  }
}
