import { CallState } from '../model/call-state.ts';
import { Method } from '../model/method.ts';
import type { Packet } from '../model/packet.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Call } from './call.ts';
import { packHeaderOrder } from '../sip/signature.ts';
import { sameText } from './match.ts';
import { Row } from './rows.ts';
import type { SharedText } from './shared-text.ts';

/**
 * The text a call keeps, each its own copy cut to a length that bounds memory. The first message that has a value
 * gives it, except where a later one says more (contacts of a REGISTER, P-Asserted-Identity).
 */
const MAX_URI = 96;
export const MAX_CONTACT = 160;
const MAX_REASON = 64;
const MAX_BRANCH = 64;
const MAX_AGENT = 64;
const MAX_PAI1 = 160;
const MAX_CORRELATION = 128;

/** Like `cut`, for text that many calls have in common. */
function shared(texts: SharedText, message: SipMessage, start: number, end: number, max: number): string {
  return texts.take(message, start, Math.min(end, start + max));
}

function cut(message: SipMessage, start: number, end: number, max: number): string {
  return message.text(start, Math.min(end, start + max));
}

export function takeRequestText(call: Call, message: SipMessage, direction: 0 | 1, texts: SharedText): void {
  takeParties(call, message, direction);
  const { method } = message;
  if (direction === 1) {
    if (call.uas === '') call.uas = shared(texts, message, message.userAgentStart, message.userAgentEnd, MAX_AGENT);
    return;
  }
  if (call.requestUri === '') call.requestUri = cut(message, message.uriStart, message.uriEnd, MAX_URI);
  if (call.userAgent === '')
    call.userAgent = shared(texts, message, message.userAgentStart, message.userAgentEnd, MAX_AGENT);
  if (message.contactCount > 0 && (call.contact === '' || method === Method.REGISTER)) {
    call.contact = message.contactStar
      ? '*'
      : cut(message, message.contactUriStart[0] ?? 0, message.contactUriEnd[0] ?? 0, MAX_CONTACT);
  }
  if (message.alegCallIdEnd > message.alegCallIdStart && call.alegCallId === '') {
    call.alegCallId = cut(message, message.alegCallIdStart, message.alegCallIdEnd, MAX_CORRELATION);
  }
  if (message.sessionIdEnd > message.sessionIdStart && call.sessionId === '') {
    call.sessionId = cut(message, message.sessionIdStart, message.sessionIdEnd, MAX_CORRELATION);
  }
  if (message.pai1End > message.pai1Start && namesCaller(method)) {
    call.pai1 = cut(message, message.pai1Start, message.pai1End, MAX_PAI1);
    if (message.pai2End > message.pai2Start) call.pai2 = cut(message, message.pai2Start, message.pai2End, MAX_URI);
  }
}

export function takeReplyText(call: Call, message: SipMessage, direction: 0 | 1, texts: SharedText): void {
  takeParties(call, message, direction);
  // RFC 3261 lets a UAS name itself in Server; User-Agent is what most send.
  const named = message.userAgentEnd > message.userAgentStart;
  const start = named ? message.userAgentStart : message.serverStart;
  const end = named ? message.userAgentEnd : message.serverEnd;
  if (end > start) {
    if (direction === 0) {
      if (call.uas === '') call.uas = shared(texts, message, start, end, MAX_AGENT);
    } else if (call.userAgent === '') call.userAgent = shared(texts, message, start, end, MAX_AGENT);
  }
  const createdByReply = call.state === CallState.INIT && call.requestUri === '';
  if (createdByReply && call.method === Method.REGISTER && message.statusCode >= 200 && message.contactCount > 0) {
    call.contact = cut(message, message.contactUriStart[0] ?? 0, message.contactUriEnd[0] ?? 0, MAX_CONTACT);
  }
}

/** The reason phrase of the reply that set the call's status. */
export function takeReason(call: Call, message: SipMessage, texts: SharedText): void {
  call.reason = shared(texts, message, message.reasonStart, message.reasonEnd, MAX_REASON);
}

/** What the signature of the first request is made of, besides what the call keeps anyway. */
export function takeSignature(call: Call, message: SipMessage): void {
  call.row[call.base + Row.HEADER_ORDER] = packHeaderOrder(message);
  call.row[call.base + Row.HEADER_COUNT] = message.headerOrderLength;
  call.branch = cut(message, message.viaBranchStart, message.viaBranchEnd, MAX_BRANCH);
}

/** The correlation id of the envelope, when it says more than the Call-ID does. */
export function takeCorrelation(call: Call, packet: Packet): void {
  const { bytes, correlationStart, correlationEnd } = packet;
  if (sameText(bytes, correlationStart, correlationEnd, call.callId)) return;
  const end = Math.min(correlationEnd, correlationStart + MAX_CORRELATION);
  call.correlationId = bytes.toString('latin1', correlationStart, end);
}

function takeParties(call: Call, message: SipMessage, direction: 0 | 1): void {
  if (call.from !== '') return;
  const from = cut(message, message.fromUriStart, message.fromUriEnd, MAX_URI);
  const to = cut(message, message.toUriStart, message.toUriEnd, MAX_URI);
  call.from = direction === 0 ? from : to;
  call.to = direction === 0 ? to : from;
}

/** Requests whose P-Asserted-Identity names the caller (RFC 3325). */
function namesCaller(method: Method): boolean {
  switch (method) {
    case Method.REGISTER:
    case Method.ACK:
    case Method.PRACK:
    case Method.UPDATE:
    case Method.BYE:
    case Method.CANCEL:
      return false;
    default:
      return true;
  }
}
