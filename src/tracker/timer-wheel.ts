/**
 * Deadlines of all calls and bindings without a timer object for any of them.
 *
 *   slot = tick mod 8192, tick = 100 ms        [ … ][ entry ⇄ entry ][ ]…
 *
 * A later deadline only changes the entry: when its slot comes up it is filed again. An earlier one moves it at once.
 * Deadlines beyond one turn (819 s) wait in the farthest slot. Work is done in slices the caller bounds. What is due in
 * one tick is handed out in the order of the deadlines, so that the order does not depend on what was filed when.
 */
export const TICK_US = 100_000;
const SLOTS = 8192;
/** Values of `wheelSlot` beside the slots. */
const NOT_FILED = -1;
const DUE = -2;
/** Entries of one tick that are put in order at once; more in one tick only come when somebody forces them to end. */
const MAX_IN_ORDER = 1024;
/** What passing a tick with nothing in it takes of a budget of entries. */
const EMPTY_TICK = 1 / 64;

/** What has a deadline; who changes it tells the wheel with `file`. The other fields are the wheel's. */
export abstract class Timed {
  /** Neighbours in the wheel's slot; a negative slot = not in one. */
  wheelPrevious: Timed | undefined = undefined;
  wheelNext: Timed | undefined = undefined;
  wheelSlot = NOT_FILED;
  abstract deadlineUs: number;
  /** Entries with one deadline end in this order. */
  abstract readonly id: number;
}

/** Whether the wheel would hand an entry out at this time: deadlines are rounded up to whole ticks. */
export function isDue(entry: Timed, nowUs: number): boolean {
  return Math.ceil(entry.deadlineUs / TICK_US) <= Math.floor(nowUs / TICK_US);
}

/** Order in which entries end. */
export function byDeadline(a: Timed, b: Timed): number {
  return a.deadlineUs - b.deadlineUs || a.id - b.id;
}

export class TimerWheel {
  readonly #slots: (Timed | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  /** All ticks up to this one are done; -1 = the clock was never set. */
  #tick = -1;
  /** Entries in slots. */
  #filed = 0;
  /** Entries of the current slot that are due, the first to end last; some may have been filed or removed since. */
  readonly #due: Timed[] = [];

  /** Sets the clock for the first time; later calls change nothing. Needed before `file`. */
  begin(nowUs: number): void {
    if (this.#tick < 0) this.#tick = Math.floor(nowUs / TICK_US);
  }

  /** Takes note of an entry's new deadline. Only an earlier one than the entry is filed under moves it. */
  file(entry: Timed): void {
    const tick = Math.ceil(entry.deadlineUs / TICK_US);
    if (entry.wheelSlot >= 0 && tick >= this.#tickOf(entry.wheelSlot)) return;
    this.#unlink(entry);
    this.#link(entry, tick);
  }

  remove(entry: Timed): void {
    this.#unlink(entry);
  }

  /**
   * Moves the clock and calls `expire` for entries whose deadline has passed; `expire` must remove them or set a new
   * deadline. Looks at no more than `budget` entries.
   *
   * @returns true when more is due than the budget allowed
   */
  advance(nowUs: number, budget: number, expire: (entry: Timed) => void): boolean {
    const now = Math.floor(nowUs / TICK_US);
    this.begin(nowUs);
    let left = budget;
    for (;;) {
      for (let entry = this.#due.pop(); entry !== undefined; entry = this.#due.pop()) {
        if (entry.wheelSlot !== DUE) continue;
        if (left-- <= 0) {
          this.#due.push(entry);
          return true;
        }
        entry.wheelSlot = NOT_FILED;
        expire(entry);
      }
      // A clock may jump by years; only the order of what is filed makes the ticks between worth visiting.
      if (this.#filed === 0) this.#tick = Math.max(this.#tick, now);
      if (this.#tick >= now) return false;
      const looked = this.#gather((this.#tick + 1) % SLOTS);
      if (looked === 0) this.#tick++;
      left -= looked === 0 ? EMPTY_TICK : looked - this.#due.length;
      if (left < 0) return true;
    }
  }

  /** Takes entries out of a slot that came up: what is due waits in order, the rest is filed again. @returns how many */
  #gather(slot: number): number {
    let looked = 0;
    for (; looked < MAX_IN_ORDER; looked++) {
      const entry = this.#slots[slot];
      if (entry === undefined) break;
      this.#unlink(entry);
      const tick = Math.ceil(entry.deadlineUs / TICK_US);
      if (tick > this.#tick + 1) this.#link(entry, tick);
      else {
        entry.wheelSlot = DUE;
        this.#due.push(entry);
      }
    }
    if (this.#due.length > 1) this.#due.sort(latestFirst);
    return looked;
  }

  /** The tick at which a slot comes up next. */
  #tickOf(slot: number): number {
    return this.#tick + ((slot - (this.#tick % SLOTS) + SLOTS) % SLOTS);
  }

  #link(entry: Timed, tick: number): void {
    // The slot must lie ahead of the clock and less than a turn away, or it would come up at the wrong time.
    const filed = Math.min(Math.max(tick, this.#tick + 1), this.#tick + SLOTS - 1);
    // A small integer, which the entry can hold without an object for it.
    const slot = (filed % SLOTS) | 0;
    const first = this.#slots[slot];
    this.#filed++;
    entry.wheelSlot = slot;
    entry.wheelPrevious = undefined;
    entry.wheelNext = first;
    if (first !== undefined) first.wheelPrevious = entry;
    this.#slots[slot] = entry;
  }

  #unlink(entry: Timed): void {
    if (entry.wheelSlot < 0) {
      entry.wheelSlot = NOT_FILED;
      return;
    }
    this.#filed--;
    if (entry.wheelPrevious === undefined) this.#slots[entry.wheelSlot] = entry.wheelNext;
    else entry.wheelPrevious.wheelNext = entry.wheelNext;
    if (entry.wheelNext !== undefined) entry.wheelNext.wheelPrevious = entry.wheelPrevious;
    entry.wheelPrevious = undefined;
    entry.wheelNext = undefined;
    entry.wheelSlot = NOT_FILED;
  }
}

function latestFirst(a: Timed, b: Timed): number {
  return byDeadline(b, a);
}
