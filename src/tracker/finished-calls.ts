import { CallState } from '../model/call-state.ts';
import { type Call, CallFlag, type FinishedPlace } from './call.ts';

/**
 * Calls that are over and only wait for repeats, in the order in which they finished: what is evicted first.
 *
 *   first ⇄ place ⇄ place ⇄ last        a call knows its place, so putting in and taking out is a few stores
 */
export class FinishedCalls {
  #first: FinishedPlace | undefined;
  #last: FinishedPlace | undefined;

  /** The call that has been finished for longest, if it is not this one: then the next. */
  firstBut(call: Call | undefined): Call | undefined {
    const first = this.#first;
    return first !== undefined && first.call === call ? first.after?.call : first?.call;
  }

  /** Takes note of a call's state; call it after every change of state and of `CallFlag.SUBSCRIBED`. */
  note(call: Call): void {
    const finished = isFinished(call);
    if (finished === (call.extras?.finished !== undefined)) return;
    if (finished) this.#append(call);
    else this.remove(call);
  }

  remove(call: Call): void {
    const place = call.extras?.finished;
    if (place === undefined) return;
    call.withExtras().finished = undefined;
    if (place.before === undefined) this.#first = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) this.#last = place.before;
    else place.after.before = place.before;
  }

  /** Puts calls that came back from a snapshot, in whatever order, into that of their ends. */
  arrange(): void {
    const calls: Call[] = [];
    for (let call = this.firstBut(undefined); call !== undefined; call = this.firstBut(undefined)) {
      this.remove(call);
      calls.push(call);
    }
    const endUs = (call: Call): number => (call.endedUs === 0 ? call.finalUs : call.endedUs);
    for (const call of calls.toSorted((a, b) => endUs(a) - endUs(b) || a.id - b.id)) this.#append(call);
  }

  #append(call: Call): void {
    const place: FinishedPlace = { call, before: this.#last, after: undefined };
    call.withExtras().finished = place;
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
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
