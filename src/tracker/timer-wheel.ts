import type { Call } from './call.ts';

/**
 * Deadlines of all calls without a timer object for any of them.
 *
 *   slot = tick mod 8192, tick = 100 ms        [ … ][ call ⇄ call ][ ]…
 *
 * A later deadline only changes the call: when its slot comes up it is filed again. An earlier one moves it at once.
 * Deadlines beyond one turn (819 s) wait in the farthest slot. Work is done in slices the caller bounds.
 */
export const TICK_US = 100_000;
const SLOTS = 8192;

export class TimerWheel {
  readonly #slots: (Call | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  /** All ticks up to this one are done; -1 = the clock was never set. */
  #tick = -1;

  /** Sets the clock for the first time; later calls change nothing. Needed before `file`. */
  begin(nowUs: number): void {
    if (this.#tick < 0) this.#tick = Math.floor(nowUs / TICK_US);
  }

  /** Takes note of a call's new deadline. Only an earlier one than the call is filed under moves it. */
  file(call: Call): void {
    const tick = Math.ceil(call.deadlineUs / TICK_US);
    if (call.wheelSlot >= 0 && tick >= call.wheelTick) return;
    this.#unlink(call);
    this.#link(call, tick);
  }

  remove(call: Call): void {
    this.#unlink(call);
  }

  /**
   * Moves the clock and calls `expire` for calls whose deadline has passed; `expire` must remove them or set a new
   * deadline. Looks at no more than `budget` entries.
   *
   * @returns true when more is due than the budget allowed
   */
  advance(nowUs: number, budget: number, expire: (call: Call) => void): boolean {
    const now = Math.floor(nowUs / TICK_US);
    this.begin(nowUs);
    // A jump of more than a turn need not visit any slot twice.
    if (now - this.#tick > SLOTS) this.#tick = now - SLOTS;
    let left = budget;
    while (this.#tick < now) {
      const slot = (this.#tick + 1) % SLOTS;
      for (let call = this.#slots[slot]; call !== undefined; call = this.#slots[slot]) {
        if (left-- <= 0) return true;
        this.#unlink(call);
        const due = Math.ceil(call.deadlineUs / TICK_US);
        if (due > now) this.#link(call, due);
        else expire(call);
      }
      this.#tick++;
    }
    return false;
  }

  #link(call: Call, tick: number): void {
    // The slot must lie ahead of the clock and less than a turn away, or it would come up at the wrong time.
    const filed = Math.min(Math.max(tick, this.#tick + 1), this.#tick + SLOTS - 1);
    const slot = filed % SLOTS;
    const first = this.#slots[slot];
    call.wheelTick = filed;
    call.wheelSlot = slot;
    call.wheelPrevious = undefined;
    call.wheelNext = first;
    if (first !== undefined) first.wheelPrevious = call;
    this.#slots[slot] = call;
  }

  #unlink(call: Call): void {
    if (call.wheelSlot < 0) return;
    if (call.wheelPrevious === undefined) this.#slots[call.wheelSlot] = call.wheelNext;
    else call.wheelPrevious.wheelNext = call.wheelNext;
    if (call.wheelNext !== undefined) call.wheelNext.wheelPrevious = call.wheelPrevious;
    call.wheelPrevious = undefined;
    call.wheelNext = undefined;
    call.wheelSlot = -1;
  }
}
