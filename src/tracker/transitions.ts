import { CallState } from '../model/call-state.ts';
import { EventType } from '../model/event-type.ts';
import { Method } from '../model/method.ts';

/**
 * The call state machine as two pure functions: (state, message) → (next state, timer, event).
 *
 * The answer is one small integer, so that a message costs no object: take it apart with `nextState`, `forcesTimer`
 * and `eventOf`. "Force" sets the timer of the new state; otherwise the timer is only ever extended.
 * Differences to the reference program are marked "ours"; contract §4 and docs/tracker.md give the reasons.
 */
export type Transition = number;

const FORCE = 0x10;
const EVENT_SHIFT = 8;

function to(state: CallState, event: EventType = EventType.EMPTY): Transition {
  return state | FORCE | (event << EVENT_SHIFT);
}

function toExtending(state: CallState, event: EventType): Transition {
  return state | (event << EVENT_SHIFT);
}

export function nextState(transition: Transition): CallState {
  return (transition & 15) as CallState; // built from a CallState above
}

export function forcesTimer(transition: Transition): boolean {
  return (transition & FORCE) !== 0;
}

export function eventOf(transition: Transition): EventType {
  return (transition >> EVENT_SHIFT) as EventType; // built from an EventType above
}

/** Before anything final: nothing but the INVITE, or provisional replies. */
function isPending(state: CallState): boolean {
  return state === CallState.INIT || state === CallState.INV_1ST || state === CallState.INV_EARLY_DLG;
}

/** @param sameMethod the request has the method that created the entry */
export function onRequest(state: CallState, method: Method, hasToTag: boolean, sameMethod: boolean): Transition {
  switch (method) {
    case Method.BYE:
      return isPending(state) || state === CallState.INV_ESTABLISHED || state === CallState.INV_NEG
        ? to(CallState.INV_BYE_SEEN, EventType.CALL_END)
        : state;
    case Method.CANCEL:
      return isPending(state) ? to(CallState.INV_CANCELED) : state;
    case Method.PRACK:
    case Method.UPDATE:
      return state;
    case Method.ACK:
      return state === CallState.INIT && hasToTag ? to(CallState.INIT) : state;
    default:
      return hasToTag ? onInDialogRequest(state, method) : onInitialRequest(state, method, sameMethod);
  }
}

function onInDialogRequest(state: CallState, method: Method): Transition {
  switch (state) {
    case CallState.INIT:
      return method === Method.INVITE ? to(CallState.INV_ESTABLISHED, EventType.CALL_START) : to(CallState.NON_INV_1ST);
    case CallState.INV_1ST:
    case CallState.INV_EARLY_DLG:
      // Only an established dialog carries such a request, so the 2xx was missed. NOTIFY may come early (RFC 6665 §4.1.2.4).
      return method === Method.NOTIFY ? state : toExtending(CallState.INV_ESTABLISHED, EventType.CALL_START);
    default:
      return state;
  }
}

function onInitialRequest(state: CallState, method: Method, sameMethod: boolean): Transition {
  switch (method) {
    case Method.INVITE:
      return state === CallState.INIT || state === CallState.INV_NEG ? to(CallState.INV_1ST) : state;
    case Method.REGISTER:
      return state === CallState.INIT ? to(CallState.NON_INV_1ST) : state;
    default:
      return state === CallState.INIT || sameMethod ? to(CallState.NON_INV_1ST) : state;
  }
}

/** @param sameMethod the CSeq method is the one that created the entry */
export function onReply(
  state: CallState,
  cseqMethod: Method,
  status: number,
  hasToTag: boolean,
  sameMethod: boolean,
): Transition {
  switch (cseqMethod) {
    case Method.CANCEL:
      return isPending(state) ? to(CallState.INV_CANCELED, EventType.CALL_ATTEMPT) : state;
    case Method.BYE:
      // Ours: a 1xx to BYE ends nothing.
      return status >= 200 &&
        (isPending(state) ||
          state === CallState.INV_ESTABLISHED ||
          state === CallState.INV_BYE_SEEN ||
          state === CallState.INV_NEG)
        ? to(CallState.INV_BYE_REPL, EventType.CALL_END)
        : state;
    case Method.ACK:
    case Method.PRACK:
    case Method.UPDATE:
      return state;
    case Method.INVITE:
      return onInviteReply(state, status, hasToTag);
    default:
      return onOtherReply(state, status, sameMethod);
  }
}

function onInviteReply(state: CallState, status: number, hasToTag: boolean): Transition {
  if (status >= 300) return isPending(state) ? to(CallState.INV_NEG) : state;
  if (status >= 200) {
    // Ours: a 200 that overtook the CANCEL establishes the call, as it does for the phones (RFC 3261 §9.1).
    return isPending(state) || state === CallState.INV_NEG || state === CallState.INV_CANCELED
      ? to(CallState.INV_ESTABLISHED, EventType.CALL_START)
      : state;
  }
  const early = status > 100 && hasToTag && (state === CallState.INIT || state === CallState.INV_1ST);
  return early ? to(CallState.INV_EARLY_DLG) : state;
}

function onOtherReply(state: CallState, status: number, sameMethod: boolean): Transition {
  if (status < 200) return state;
  if (status >= 300) {
    return state === CallState.INIT || state === CallState.NON_INV_1ST ? to(CallState.NON_INV_NEG) : state;
  }
  const answers = sameMethod && (state === CallState.NON_INV_1ST || state === CallState.NON_INV_NEG);
  return state === CallState.INIT || answers ? to(CallState.NON_INV_FIN) : state;
}

/**
 * What the expiry of a state reports; `EMPTY` = nothing.
 *
 * @param reported success has its own events: those of a registration or of a subscription
 */
export function onExpiry(state: CallState, reported: boolean, challenged: boolean): EventType {
  switch (state) {
    case CallState.INV_1ST:
    case CallState.INV_EARLY_DLG:
    case CallState.INV_CANCELED:
      return EventType.CALL_ATTEMPT;
    case CallState.INV_ESTABLISHED:
    case CallState.INV_BYE_SEEN:
    case CallState.INV_BYE_REPL:
      return EventType.CALL_END;
    case CallState.INV_NEG:
      return challenged ? EventType.AUTH_FAILED : EventType.CALL_ATTEMPT;
    case CallState.NON_INV_1ST:
      return EventType.OTHER_TIMEOUT;
    case CallState.NON_INV_NEG:
      return challenged ? EventType.AUTH_FAILED : EventType.OTHER_FAILED;
    case CallState.NON_INV_FIN:
      return reported ? EventType.EMPTY : EventType.OTHER_OK;
    default:
      return EventType.EMPTY;
  }
}

/** States whose expiry means that something was never answered: reported as 408, flag Forced_Timeout. */
export function expiresUnanswered(state: CallState): boolean {
  return (
    state === CallState.INV_1ST ||
    state === CallState.INV_EARLY_DLG ||
    state === CallState.INV_ESTABLISHED ||
    state === CallState.NON_INV_1ST
  );
}
