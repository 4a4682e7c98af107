/**
 * Deadlines of all calls and bindings without a timer object for any of them.
 *
 *   slot = tick mod 8192, tick = 100 ms        [ … ][ entry ⇄ entry ][ ]…
 *
 * A later deadline only changes the entry: when its slot comes up it is filed again. An earlier one moves it at once.
 * Deadlines beyond one turn (819 s) wait in the farthest slot. Work is done in slices the caller bounds.
 */
export const TICK_US = 100_000;
const SLOTS = 8192;

/** What has a deadline; who changes it tells the wheel with `file`. The other fields are the wheel's. */
export abstract class Timed {
  /** Neighbours in the wheel's slot; `wheelSlot` -1 = not filed. */
  wheelPrevious: Timed | undefined = undefined;
  wheelNext: Timed | undefined = undefined;
  wheelSlot = -1;
  /** 100 ms tick this entry is filed under; its deadline may be later by now. */
  wheelTick = 0;
  abstract deadlineUs: number;
}

export class TimerWheel {
  readonly #slots: (Timed | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  /** All ticks up to this one are done; -1 = the clock was never set. */
  #tick = -1;

  /** Sets the clock for the first time; later calls change nothing. Needed before `file`. */
  begin(nowUs: number): void {
    if (this.#tick < 0) this.#tick = Math.floor(nowUs / TICK_US);
  }

  /** Takes note of an entry's new deadline. Only an earlier one than the entry is filed under moves it. */
  file(entry: Timed): void {
    const tick = Math.ceil(entry.deadlineUs / TICK_US);
    if (entry.wheelSlot >= 0 && tick >= entry.wheelTick) return;
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
    // A jump of more than a turn need not visit any slot twice.
    if (now - this.#tick > SLOTS) this.#tick = now - SLOTS;
    let left = budget;
    while (this.#tick < now) {
      const slot = (this.#tick + 1) % SLOTS;
      for (let entry = this.#slots[slot]; entry !== undefined; entry = this.#slots[slot]) {
        if (left-- <= 0) return true;
        this.#unlink(entry);
        const due = Math.ceil(entry.deadlineUs / TICK_US);
        if (due > now) this.#link(entry, due);
        else expire(entry);
      }
      this.#tick++;
    }
    return false;
  }

  #link(entry: Timed, tick: number): void {
    // The slot must lie ahead of the clock and less than a turn away, or it would come up at the wrong time.
    const filed = Math.min(Math.max(tick, this.#tick + 1), this.#tick + SLOTS - 1);
    const slot = filed % SLOTS;
    const first = this.#slots[slot];
    entry.wheelTick = filed;
    entry.wheelSlot = slot;
    entry.wheelPrevious = undefined;
    entry.wheelNext = first;
    if (first !== undefined) first.wheelPrevious = entry;
    this.#slots[slot] = entry;
  }

  #unlink(entry: Timed): void {
    if (entry.wheelSlot < 0) return;
    if (entry.wheelPrevious === undefined) this.#slots[entry.wheelSlot] = entry.wheelNext;
    else entry.wheelPrevious.wheelNext = entry.wheelNext;
    if (entry.wheelNext !== undefined) entry.wheelNext.wheelPrevious = entry.wheelPrevious;
    entry.wheelPrevious = undefined;
    entry.wheelNext = undefined;
    entry.wheelSlot = -1;
  }
}
