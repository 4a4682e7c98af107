/**
 * Rows of small integers and of times, one each per call, in pages that never move: growing adds a page and copies nothing.
 * A freed row is handed out again; its user clears it. Offsets into a row are the constants of `Row`.
 */
export const TRACE_LENGTH = 16;
export const SIGHTINGS = 12;
export const SIGHTING_FIELDS = 4;

/** Offsets in a row. A pair is two neighbours: index + direction. */
export const Row = {
  CSEQ: 0,
  REPLY_CSEQ: 2,
  /** Status of the call's own transactions: what `statuses` shows. */
  STATUS: 4,
  /** Last status that moves the reply order on (no CANCEL, PRACK, UPDATE replies). */
  ORDER_STATUS: 6,
  LAST_METHOD: 8,
  LAST_STATUS: 10,
  REQUESTS: 12,
  REPLIES: 14,
  REQUEST_RETRANSMISSIONS: 16,
  REPLY_RETRANSMISSIONS: 18,
  TRACE_COUNT: 20,
  /** Ten previous states, four bits each, newest lowest: five in each of two ints, then how many. */
  STATES: 21,
  STATE_COUNT: 23,
  TRACE: 24,
  /** Header digits of the first request, packed (sip/signature.ts), and how many. */
  HEADER_ORDER: 24 + TRACE_LENGTH,
  HEADER_COUNT: 25 + TRACE_LENGTH,
  SIGHTING_NEXT: 26 + TRACE_LENGTH,
  SIGHTING: 27 + TRACE_LENGTH,
  /** Messages kept for display so far, see message-ring.ts. */
  MESSAGES: 27 + TRACE_LENGTH + SIGHTINGS * SIGHTING_FIELDS,
  SIZE: 28 + TRACE_LENGTH + SIGHTINGS * SIGHTING_FIELDS,
} as const;

/** Offsets in the row of times, all in microseconds since the epoch; 0 = not yet. */
export const Time = {
  CREATED: 0,
  UPDATED: 1,
  /** First move to early dialog. */
  EARLY: 2,
  FINAL: 3,
  ENDED: 4,
  FORKED: 5,
  DEADLINE: 6,
  SIZE: 7,
} as const;

/** Octets of both rows of a call. */
export const ROW_BYTES = Row.SIZE * 4 + Time.SIZE * 8;

const ROWS_PER_PAGE = 1024;

export class RowPages {
  readonly #pages: Int32Array[] = [];
  readonly #times: Float64Array[] = [];
  readonly #free: number[] = [];
  #next = 0;

  /** Slot of a row; use `page` and `base` to reach it. The row is cleared. */
  take(): number {
    let slot = this.#free.pop();
    if (slot === undefined) {
      slot = this.#next++;
      if (slot % ROWS_PER_PAGE === 0) {
        this.#pages.push(new Int32Array(ROWS_PER_PAGE * Row.SIZE));
        this.#times.push(new Float64Array(ROWS_PER_PAGE * Time.SIZE));
      }
      return slot; // pages come cleared
    }
    const base = this.base(slot);
    this.page(slot).fill(0, base, base + Row.SIZE);
    const timeBase = this.timeBase(slot);
    this.timePage(slot).fill(0, timeBase, timeBase + Time.SIZE);
    return slot;
  }

  page(slot: number): Int32Array {
    // `take` made the page before it gave out the slot.
    return this.#pages[Math.floor(slot / ROWS_PER_PAGE)]!;
  }

  base(slot: number): number {
    return (slot % ROWS_PER_PAGE) * Row.SIZE;
  }

  timePage(slot: number): Float64Array {
    return this.#times[Math.floor(slot / ROWS_PER_PAGE)]!; // made with the other page
  }

  timeBase(slot: number): number {
    return (slot % ROWS_PER_PAGE) * Time.SIZE;
  }

  release(slot: number): void {
    this.#free.push(slot);
  }

  get bytes(): number {
    return this.#pages.length * ROWS_PER_PAGE * ROW_BYTES;
  }
}
