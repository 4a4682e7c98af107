/**
 * Rows of small integers and of times in pages that never move: growing adds a page and copies nothing, and the garbage
 * collector has nothing to look at. A call has one row of each kind, and more where it needs them:
 *
 *   Row     counters │ trace, first half │ sightings, first part │ first hop, short │ number of its More    Time
 *   More    trace, second half │ sightings, the others        of calls with many messages
 *   HopRow  one further hop, or a wide one, which names the next        see hops.ts
 *
 * Offsets into a row are the constants below; a pair is two neighbours: index + direction. Rows are named by numbers that
 * begin with 1, so that 0 means "none".
 */
export const TRACE_LENGTH = 16;
/** Entries of the trace in the first row. */
export const FIRST_TRACE = 8;
export const SIGHTINGS = 12;
/** Sightings in the first row: as many as the messages of a call over one link, from INVITE to the 200 of its BYE. */
export const FIRST_SIGHTINGS = 7;
export const SIGHTING_FIELDS = 3;

/** Offsets of a hop: in a row of its own, and of its short form in `Row`. */
export const HopRow = {
  /** Last words of the addresses: the initiator's side, the other side. */
  SRC: 0,
  DST: 1,
  /** Port of the initiator's side << 16 | that of the other side. */
  PORTS: 2,
  /** Bits of hops.ts and, in the high half, of the observers that saw it. */
  META: 3,
  MESSAGES: 4,
  /** Number of the next hop's row. */
  NEXT: 5,
  SHORT_SIZE: 6,
  /** The three first words of IPv6 addresses. */
  SRC_HEAD: 6,
  DST_HEAD: 9,
  INTERFACE: 12,
  SIZE: 13,
} as const;

export const Row = {
  CSEQ: 0,
  REPLY_CSEQ: 2,
  REQUESTS: 4,
  REPLIES: 6,
  REQUEST_RETRANSMISSIONS: 8,
  REPLY_RETRANSMISSIONS: 10,
  /** Pairs in one integer, see `half`: status of the call's own transactions, which is what `statuses` shows; … */
  STATUS: 12,
  /** … last status that moves the reply order on (no CANCEL, PRACK, UPDATE replies); the last ones of all. */
  ORDER_STATUS: 13,
  LAST_METHOD: 14,
  LAST_STATUS: 15,
  /** From here on what a fork inherits: header digits of the first request, packed (sip/signature.ts), and how many. */
  HEADER_ORDER: 16,
  HEADER_COUNT: 17,
  TRACE_COUNT: 18,
  /** Ten previous states, four bits each, newest lowest: five in each of two ints, then how many. */
  STATES: 19,
  STATE_COUNT: 21,
  /** An event has a copy of the row up to here, and then the whole trace. */
  TRACE: 22,
  SIGHTING_NEXT: 22 + FIRST_TRACE,
  SIGHTING: 23 + FIRST_TRACE,
  /** Messages kept for display so far, see message-ring.ts. */
  MESSAGES: 23 + FIRST_TRACE + FIRST_SIGHTINGS * SIGHTING_FIELDS,
  HOP: 24 + FIRST_TRACE + FIRST_SIGHTINGS * SIGHTING_FIELDS,
  /** Number of the row with the second halves. */
  MORE: 24 + FIRST_TRACE + FIRST_SIGHTINGS * SIGHTING_FIELDS + HopRow.SHORT_SIZE,
  /** Octets counted for the call, see call-memory.ts. */
  BYTES: 25 + FIRST_TRACE + FIRST_SIGHTINGS * SIGHTING_FIELDS + HopRow.SHORT_SIZE,
  SIZE: 26 + FIRST_TRACE + FIRST_SIGHTINGS * SIGHTING_FIELDS + HopRow.SHORT_SIZE,
} as const;

const HALF_BITS = 16;
const HALF_MASK = 0xffff;

/** One of a pair of small numbers, statuses or methods, that lie in one integer. @param at where that is */
export function half(row: Int32Array, at: number, direction: number): number {
  return (row[at]! >>> (direction * HALF_BITS)) & HALF_MASK; // inside the row
}

export function setHalf(row: Int32Array, at: number, direction: number, value: number): void {
  const shift = direction * HALF_BITS;
  row[at] = (row[at]! & ~(HALF_MASK << shift)) | ((value & HALF_MASK) << shift); // inside the row
}

export const More = {
  TRACE: 0,
  SIGHTING: TRACE_LENGTH - FIRST_TRACE,
  SIZE: TRACE_LENGTH - FIRST_TRACE + (SIGHTINGS - FIRST_SIGHTINGS) * SIGHTING_FIELDS,
} as const;

/** Offsets in the row of times, all in microseconds since the epoch; 0 = not yet. */
export const Time = {
  CREATED: 0,
  UPDATED: 1,
  /** First move to early dialog. */
  EARLY: 2,
  FINAL: 3,
  ENDED: 4,
  DEADLINE: 5,
  SIZE: 6,
} as const;

/** Octets of the rows that every call has. */
export const ROW_BYTES = Row.SIZE * 4 + Time.SIZE * 8;
export const MORE_BYTES = More.SIZE * 4;
export const HOP_BYTES = HopRow.SIZE * 4;

const ROWS_PER_PAGE = 1024;
const PAGE_SHIFT = 10;
const PAGE_MASK = ROWS_PER_PAGE - 1;

/** Rows of one kind. Those given back are handed out again, the last one first. */
export class RowPages {
  readonly #size: number;
  readonly #pages: Int32Array[] = [];
  /** The first of those given back; each names the next in its first place. */
  #free = 0;
  #made = 0;
  #used = 0;

  /** @param size of a row in ints */
  constructor(size: number) {
    this.#size = size;
  }

  /** Number of a cleared row; `page` and `base` say where it is. */
  take(): number {
    this.#used++;
    const row = this.#free;
    if (row === 0) {
      if ((this.#made & PAGE_MASK) === 0) this.#pages.push(new Int32Array(ROWS_PER_PAGE * this.#size));
      return ++this.#made; // pages come cleared
    }
    const page = this.page(row);
    const base = this.base(row);
    this.#free = page[base]!; // as `release` left it
    page.fill(0, base, base + this.#size);
    return row;
  }

  release(row: number): void {
    this.page(row)[this.base(row)] = this.#free;
    this.#free = row;
    this.#used--;
  }

  page(row: number): Int32Array {
    return this.#pages[(row - 1) >> PAGE_SHIFT]!; // `take` made the page before it gave out the row
  }

  base(row: number): number {
    return ((row - 1) & PAGE_MASK) * this.#size;
  }

  /** Octets of rows that nobody uses now. */
  get spareBytes(): number {
    return (this.#pages.length * ROWS_PER_PAGE - this.#used) * this.#size * 4;
  }
}

/** A page of calls: their rows, their times, and where further rows of theirs are. */
export class CallPage {
  readonly ints: Int32Array;
  readonly times = new Float64Array(ROWS_PER_PAGE * Time.SIZE);
  readonly rows: CallRows;

  constructor(ints: Int32Array, rows: CallRows) {
    this.ints = ints;
    this.rows = rows;
  }
}

/** All rows of the calls of one tracker. */
export class CallRows {
  readonly #first = new RowPages(Row.SIZE);
  readonly #pages: CallPage[] = [];
  readonly more = new RowPages(More.SIZE);
  readonly hops = new RowPages(HopRow.SIZE);

  /** Number of a cleared row, with cleared times. */
  take(): number {
    const row = this.#first.take();
    const at = (row - 1) >> PAGE_SHIFT;
    if (at === this.#pages.length) this.#pages.push(new CallPage(this.#first.page(row), this));
    const base = timeBaseOf(row);
    this.page(row).times.fill(0, base, base + Time.SIZE);
    return row;
  }

  page(row: number): CallPage {
    return this.#pages[(row - 1) >> PAGE_SHIFT]!; // made with the row
  }

  /** Gives back a call's row and all that it names. */
  release(row: number): void {
    const ints = this.page(row).ints;
    const base = baseOf(row);
    const more = ints[base + Row.MORE]!; // inside the row
    if (more !== 0) this.more.release(more);
    let hop = ints[base + Row.HOP + HopRow.NEXT]!;
    while (hop !== 0) {
      const next = this.hops.page(hop)[this.hops.base(hop) + HopRow.NEXT]!;
      this.hops.release(hop);
      hop = next;
    }
    this.#first.release(row);
  }

  get spareBytes(): number {
    const rows = this.#first.spareBytes * (ROW_BYTES / (Row.SIZE * 4));
    return rows + this.more.spareBytes + this.hops.spareBytes;
  }
}

/** Where a call's row begins in its page. */
export function baseOf(row: number): number {
  return ((row - 1) & PAGE_MASK) * Row.SIZE;
}

/** Where its times begin. */
export function timeBaseOf(row: number): number {
  return ((row - 1) & PAGE_MASK) * Time.SIZE;
}
