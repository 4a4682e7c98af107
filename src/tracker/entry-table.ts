/**
 * All entries of one kind (calls by Call-ID, bindings by address-of-record), by hash and in order of creation.
 *
 *   segment = top 8 bits of the hash      place = low bits, or the next free one behind it
 *
 *   tags   │ 0 │ tag │ tag │ 0 │ tag │ …      so that no entry has to be looked at that is not the one
 *   heads  │   │  │  │  │  │   │  │  │ …
 *                 ▼     ▼         └─▶ entry ─▶ entry      of one hash, through hashNext: the forks of a call
 *
 * 256 small tables grow one at a time, so no insert ever waits for a million entries to be rehashed. The list
 * through `older`/`newer` gives pages a stable order; a `Cursor` walks it in slices while entries come and go.
 */
export interface TableEntry<Entry> {
  readonly hash: number;
  /** Next entry with the same hash. */
  hashNext: Entry | undefined;
  /** Neighbours in order of creation. */
  older: Entry | undefined;
  newer: Entry | undefined;
}

const SEGMENTS = 256;
const FIRST_PLACES = 16;
const FREE = 0;

class Segment<Entry> {
  readonly tags: Int32Array;
  readonly heads: (Entry | undefined)[];
  readonly mask: number;
  /** Places that are not free. */
  used = 0;

  /** @param places a power of two */
  constructor(places: number) {
    this.tags = new Int32Array(places);
    this.heads = Array.from({ length: places }, () => undefined);
    this.mask = places - 1;
  }

  get isFull(): boolean {
    return this.used * 4 >= this.tags.length * 3;
  }

  /** Where a tag stands, or the free place for it. There is always a free one. */
  placeOf(tag: number): number {
    const { tags, mask } = this;
    let place = homeOf(tag) & mask;
    for (;;) {
      const at = tags[place]!; // masked
      if (at === tag || at === FREE) return place;
      place = (place + 1) & mask;
    }
  }

  put(place: number, tag: number, head: Entry): void {
    this.tags[place] = tag;
    this.heads[place] = head;
    this.used++;
  }

  /** Frees a place, and moves those behind it that would not be found any more. */
  free(place: number): void {
    const { tags, heads, mask } = this;
    let gap = place;
    for (let next = (gap + 1) & mask; tags[next] !== FREE; next = (next + 1) & mask) {
      const tag = tags[next]!; // masked
      if (((next - homeOf(tag)) & mask) < ((next - gap) & mask)) continue;
      tags[gap] = tag;
      heads[gap] = heads[next];
      gap = next;
    }
    tags[gap] = FREE;
    heads[gap] = undefined;
    this.used--;
  }

  /** The same in twice as many places. */
  grown(): Segment<Entry> {
    const segment = new Segment<Entry>(this.tags.length * 2);
    for (let place = 0; place < this.tags.length; place++) {
      const head = this.heads[place];
      const tag = this.tags[place]!; // inside
      if (head !== undefined) segment.put(segment.placeOf(tag), tag, head);
    }
    return segment;
  }
}

/** A hash, but never that of a free place. */
function tagOf(hash: number): number {
  return hash | 1;
}

/** Where a tag is looked for first, once masked. */
function homeOf(tag: number): number {
  return tag >>> 1;
}

export class EntryTable<Entry extends TableEntry<Entry>> {
  readonly #segments: Segment<Entry>[] = Array.from({ length: SEGMENTS }, () => new Segment<Entry>(FIRST_PLACES));
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

  /** First entry that may have this hash; compare `hash` and key along `hashNext`. */
  chain(hash: number): Entry | undefined {
    const segment = this.#segment(hash);
    return segment.heads[segment.placeOf(tagOf(hash))];
  }

  /** Reads what `chain` will read first, see foresight.ts. */
  foresee(hash: number): number {
    const { tags, mask } = this.#segment(hash);
    return tags[homeOf(hash) & mask]!; // masked
  }

  /** Takes an entry in that is older than all others. */
  insertOldest(entry: Entry): void {
    this.#take(entry);
    entry.newer = this.#oldest;
    if (this.#oldest === undefined) this.#newest = entry;
    else this.#oldest.older = entry;
    this.#oldest = entry;
  }

  insert(entry: Entry): void {
    this.#take(entry);
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #take(entry: Entry): void {
    const tag = tagOf(entry.hash);
    let segment = this.#segment(entry.hash);
    let place = segment.placeOf(tag);
    const head = segment.heads[place];
    if (head !== undefined) {
      entry.hashNext = head;
      segment.heads[place] = entry;
    } else {
      if (segment.isFull) {
        segment = segment.grown();
        this.#segments[entry.hash >>> 24] = segment;
        place = segment.placeOf(tag);
      }
      segment.put(place, tag, entry);
    }
    this.#size++;
  }

  remove(entry: Entry): void {
    const segment = this.#segment(entry.hash);
    const place = segment.placeOf(tagOf(entry.hash));
    let at = segment.heads[place];
    if (at === entry) {
      if (entry.hashNext === undefined) segment.free(place);
      else segment.heads[place] = entry.hashNext;
    } else {
      while (at !== undefined && at.hashNext !== entry) at = at.hashNext;
      if (at === undefined) return;
      at.hashNext = entry.hashNext;
    }
    entry.hashNext = undefined;
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

  /** Number of places, most and fewest entries that belong to one of them. Walks all: for a page, not for the hot path. */
  chains(): { buckets: number; longest: number; shortest: number } {
    let buckets = 0;
    let longest = 0;
    let shortest = Number.POSITIVE_INFINITY;
    for (const { tags, heads, mask } of this.#segments) {
      const lengths = new Uint32Array(tags.length);
      buckets += tags.length;
      for (let place = 0; place < tags.length; place++) {
        for (let entry = heads[place]; entry !== undefined; entry = entry.hashNext) {
          lengths[homeOf(tags[place]!) & mask]! += 1; // inside
        }
      }
      for (const length of lengths) {
        if (length > longest) longest = length;
        if (length < shortest) shortest = length;
      }
    }
    return { buckets, longest, shortest };
  }

  #segment(hash: number): Segment<Entry> {
    return this.#segments[hash >>> 24]!; // 8 bits, 256 segments
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
