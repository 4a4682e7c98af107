import { EventType } from '../model/event-type.ts';
import { Method } from '../model/method.ts';
import type { SipMessage } from '../sip/message.ts';
import { type Call, CallFlag } from './call.ts';

/**
 * What a message means for the subscription of its dialog (RFC 6665). The entry of the dialog holds it:
 *
 *   2xx to SUBSCRIBE, or NOTIFY "active" ─▶ held, for so many seconds from now ─▶ sub-new, once
 *   2xx for 0 s, NOTIFY "terminated", 481 ─▶ ended                             ─▶ sub-del
 *   time over                             ─▶ ended                             ─▶ sub-del
 *
 * Answers are seconds, or one of the two below.
 */
export const SUBSCRIPTION_UNCHANGED = -2;
export const SUBSCRIPTION_ENDS = -1;

/** Where nobody says how long: what most event packages use (RFC 3856 §6.4, 3680 §4.4, 3842 §3.4 have an hour or more). */
const DEFAULT_SECONDS = 3600;
/** Long enough for state, expiry and reason. */
const MAX_STATE_VALUE = 256;

/** Only entries that began with one of its requests can hold a subscription; a REFER or INVITE dialog stays what it is. */
export function mayHoldSubscription(call: Call): boolean {
  return call.method === Method.SUBSCRIBE || call.method === Method.NOTIFY;
}

function isHeld(call: Call): boolean {
  return (call.flags & CallFlag.SUBSCRIBED) !== 0;
}

/** @param reply to SUBSCRIBE or NOTIFY */
export function subscriptionAfterReply(call: Call, reply: SipMessage): number {
  // The dialog is unknown to the one who answered (RFC 5057 §5.1).
  if (reply.statusCode === 481) return isHeld(call) ? SUBSCRIPTION_ENDS : SUBSCRIPTION_UNCHANGED;
  if (reply.cseqMethod !== Method.SUBSCRIBE || reply.statusCode < 200 || reply.statusCode >= 300) {
    return SUBSCRIPTION_UNCHANGED;
  }
  const asked = call.requested?.expires ?? -1;
  const granted = reply.expires;
  const seconds = asked >= 0 && granted >= 0 ? Math.min(asked, granted) : Math.max(asked, granted);
  if (seconds !== 0) return seconds < 0 ? DEFAULT_SECONDS : seconds;
  // Outside a dialog 0 s ask for the state once; inside they end a subscription, also one that was never seen.
  return isHeld(call) || call.requested?.hasToTag === true ? SUBSCRIPTION_ENDS : SUBSCRIPTION_UNCHANGED;
}

/** @param notify a NOTIFY request */
export function subscriptionAfterNotify(call: Call, notify: SipMessage): number {
  const { state, expires } = subscriptionState(notify);
  const inDialog = notify.fromTagEnd > notify.fromTagStart && notify.toTagEnd > notify.toTagStart;
  // What a REFER asked for is reported in the same way, but is a transfer (RFC 3515 §2.4.4).
  if (!inDialog || reportsRefer(notify)) return SUBSCRIPTION_UNCHANGED;
  const joined = call.method === Method.NOTIFY;
  switch (state) {
    case 'terminated':
      return isHeld(call) || joined ? SUBSCRIPTION_ENDS : SUBSCRIPTION_UNCHANGED;
    case 'active':
    case 'pending': {
      if (isHeld(call)) return expires > 0 ? expires : SUBSCRIPTION_UNCHANGED;
      const asked = call.requested?.expires ?? -1;
      const over = (call.emitted & (1 << EventType.SUB_DEL)) !== 0;
      if (over || asked === 0 || expires === 0) return SUBSCRIPTION_UNCHANGED;
      return expires > 0 ? expires : asked > 0 ? asked : DEFAULT_SECONDS;
    }
    default:
      return SUBSCRIPTION_UNCHANGED;
  }
}

/** `active;expires=600` → state in lower case and seconds, -1 = none. */
function subscriptionState(notify: SipMessage): { state: string; expires: number } {
  const start = notify.subscriptionStateStart;
  const end = Math.min(notify.subscriptionStateEnd, start + MAX_STATE_VALUE);
  const [state = '', ...parameters] = notify.text(start, end).toLowerCase().split(';');
  for (const parameter of parameters) {
    const seconds = /^\s*expires\s*=\s*(\d{1,9})\s*$/.exec(parameter)?.[1];
    if (seconds !== undefined) return { state: state.trim(), expires: Number(seconds) };
  }
  return { state: state.trim(), expires: -1 };
}

function reportsRefer(notify: SipMessage): boolean {
  const end = Math.min(notify.eventEnd, notify.eventStart + MAX_STATE_VALUE);
  return /^refer\s*(?:;|$)/i.test(notify.text(notify.eventStart, end));
}
