import { CallState } from '../model/call-state.ts';
import { type Call, CallFlag } from './call.ts';

/**
 * Calls that are over and only wait for repeats, in the order in which they finished: what is evicted first.
 *
 *   first ⇄ call ⇄ call ⇄ last        links lie in the calls, so putting in and taking out is a few stores
 */
export class FinishedCalls {
  #first: Call | undefined;
  #last: Call | undefined;

  /** The call that has been finished for longest. */
  get first(): Call | undefined {
    return this.#first;
  }

  /** Takes note of a call's state; call it after every change of state and of `CallFlag.SUBSCRIBED`. */
  note(call: Call): void {
    const finished = isFinished(call);
    if (finished === call.isFinished) return;
    if (finished) this.#append(call);
    else this.remove(call);
  }

  remove(call: Call): void {
    if (!call.isFinished) return;
    call.isFinished = false;
    if (call.finishedBefore === undefined) this.#first = call.finishedAfter;
    else call.finishedBefore.finishedAfter = call.finishedAfter;
    if (call.finishedAfter === undefined) this.#last = call.finishedBefore;
    else call.finishedAfter.finishedBefore = call.finishedBefore;
    call.finishedBefore = undefined;
    call.finishedAfter = undefined;
  }

  /** Puts calls that came back from a snapshot, in whatever order, into that of their ends. */
  arrange(): void {
    const calls: Call[] = [];
    for (let call = this.#first; call !== undefined; call = this.#first) {
      this.remove(call);
      calls.push(call);
    }
    const endUs = (call: Call): number => (call.endedUs === 0 ? call.finalUs : call.endedUs);
    for (const call of calls.toSorted((a, b) => endUs(a) - endUs(b) || a.id - b.id)) this.#append(call);
  }

  #append(call: Call): void {
    call.isFinished = true;
    call.finishedBefore = this.#last;
    if (this.#last === undefined) this.#first = call;
    else this.#last.finishedAfter = call;
    this.#last = call;
  }
}

function isFinished(call: Call): boolean {
  switch (call.state) {
    case CallState.INV_NEG:
    case CallState.INV_BYE_REPL:
    case CallState.INV_CANCELED:
    case CallState.NON_INV_NEG:
      return true;
    case CallState.NON_INV_FIN:
      // The entry of a subscription stays in this state for as long as the subscription is held.
      return (call.flags & CallFlag.SUBSCRIBED) === 0;
    default:
      return false;
  }
}
