import {
  type CounterSet,
  Outcomes,
  SETUP_ANSWERED,
  SETUP_FAILED,
  SETUP_LIMITS_MS,
  TALK_CLASSES,
  TALK_LIMITS_S,
} from '../model/counters.ts';
import { EventType } from '../model/event-type.ts';
import { Method } from '../model/method.ts';
import { type Call, CallFlag } from './call.ts';

/** Counts how a call turned out, when it reports it. Events that are switched off or beyond a rate count too. */
export function countOutcome(counters: CounterSet, call: Call, type: EventType, tsUs: number, status: number): void {
  switch (type) {
    case EventType.CALL_START:
      counters.add(Outcomes.ANSWERED, 1);
      countSetup(counters, call, SETUP_ANSWERED, Outcomes.SETUP_ANSWERED_US);
      return;
    case EventType.CALL_ATTEMPT:
      counters.add(outcomeOf(status), 1);
      countSetup(counters, call, SETUP_FAILED, Outcomes.SETUP_FAILED_US);
      return;
    case EventType.AUTH_FAILED:
      if (call.method === Method.INVITE) counters.add(Outcomes.CHALLENGED, 1);
      return;
    case EventType.CALL_END:
      if ((call.flags & CallFlag.FORCED_TIMEOUT) !== 0) counters.add(Outcomes.LOST, 1);
      else {
        counters.add(Outcomes.ENDED, 1);
        if (call.finalUs > 0) countTalk(counters, Math.max(0, tsUs - call.finalUs));
      }
      return;
    case EventType.OTHER_TIMEOUT:
      if (call.method === Method.REGISTER) counters.add(Outcomes.REGISTER_FAILED, 1);
      return;
    default:
  }
}

function countTalk(counters: CounterSet, us: number): void {
  counters.add(Outcomes.TALK_US, us);
  const above = TALK_LIMITS_S.findIndex((limit) => us <= limit * 1e6);
  const index = TALK_CLASSES[above < 0 ? TALK_LIMITS_S.length : above];
  if (index !== undefined) counters.add(index, 1);
}

/** Counts a final reply to REGISTER, and how long it took (RFC 6076 §4.1, §4.2). @param sentUs of the REGISTER, 0 = not known */
export function countRegister(counters: CounterSet, status: number, sentUs: number, nowUs: number): void {
  if (status >= 300) {
    if (!ASKS_AGAIN.has(status)) counters.add(Outcomes.REGISTER_FAILED, 1);
  } else if (sentUs > 0) {
    counters.add(Outcomes.REGISTER_ANSWERED, 1);
    counters.add(Outcomes.REGISTER_US, Math.max(0, nowUs - sentUs));
  }
}

/** Counts a BYE that was answered 2xx, and how long that took (RFC 6076 §4.4). */
export function countBye(counters: CounterSet, sentUs: number, nowUs: number): void {
  counters.add(Outcomes.BYE_ANSWERED, 1);
  counters.add(Outcomes.BYE_US, Math.max(0, nowUs - sentUs));
}

/** Replies to REGISTER that want it sent again with something more: no failures. */
const ASKS_AGAIN: ReadonlySet<number> = new Set([401, 402, 407, 423]);

/** RFC 6076 §4.6 to §4.8 say which statuses count as which. */
function outcomeOf(status: number): number {
  switch (status) {
    case 480:
    case 486:
    case 600:
    case 603:
      return Outcomes.UNTAKEN;
    case 408:
    case 500:
    case 503:
    case 504:
      return Outcomes.INEFFECTIVE;
    case 401:
    case 407:
      return Outcomes.CHALLENGED;
    case 487:
      return Outcomes.CANCELED;
    default:
      return status >= 300 && status < 400 ? Outcomes.REDIRECTED : Outcomes.FAILED;
  }
}

function countSetup(counters: CounterSet, call: Call, classes: readonly number[], inAll: number): void {
  const untilUs = call.earlyUs === 0 ? call.finalUs : call.earlyUs;
  if (untilUs === 0 || call.createdUs === 0) return;
  const us = Math.max(0, untilUs - call.createdUs);
  const above = SETUP_LIMITS_MS.findIndex((limit) => us <= limit * 1000);
  const index = classes[above < 0 ? SETUP_LIMITS_MS.length : above];
  if (index !== undefined) counters.add(index, 1);
  counters.add(inAll, us);
}
