import { Method } from '../model/method.ts';
import type { Packet } from '../model/packet.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Call } from './call.ts';
import { packHeaderOrder } from '../sip/signature.ts';
import { Row } from './rows.ts';
import { SharedText } from './shared-text.ts';
import { blockOf, BlockWriter, hasText, isText, TextField, textsOf, withText } from './text-block.ts';

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

/** Takes text out of messages for calls to keep. */
export class CallTexts {
  readonly #shared: SharedText;
  readonly #block = new BlockWriter();

  constructor(hashSeed: number) {
    this.#shared = new SharedText(hashSeed);
  }

  /** The block of a call from the message that makes it: its key, and all that the message says besides. */
  first(message: SipMessage): string {
    const { bytes, isRequest, method } = message;
    const block = this.#block;
    // In the order of the fields.
    block.begin();
    block.add(bytes, message.callIdStart, message.callIdEnd);
    block.add(bytes, message.fromTagStart, message.fromTagEnd);
    this.#add(message, message.fromUriStart, message.fromUriEnd, MAX_URI);
    this.#add(message, message.toUriStart, message.toUriEnd, MAX_URI);
    if (isRequest) this.#add(message, message.uriStart, message.uriEnd, MAX_URI);
    else block.skip();
    // Of replies only that of a REGISTER tells about the initiator.
    if (isRequest || (message.cseqMethod === Method.REGISTER && message.statusCode >= 200)) {
      this.#add(message, contactStart(message), contactEnd(message), MAX_CONTACT);
    } else block.skip();
    if (isRequest) this.#add(message, message.viaBranchStart, message.viaBranchEnd, MAX_BRANCH);
    else block.skip();
    if (isRequest && namesCaller(method) && message.pai1End > message.pai1Start) {
      this.#add(message, message.pai1Start, message.pai1End, MAX_PAI1);
      this.#add(message, message.pai2Start, message.pai2End, MAX_URI);
    } else {
      block.skip();
      block.skip();
    }
    block.skip(); // the correlation id is not the message's
    if (isRequest) {
      this.#add(message, message.alegCallIdStart, message.alegCallIdEnd, MAX_CORRELATION);
      this.#add(message, message.sessionIdStart, message.sessionIdEnd, MAX_CORRELATION);
    } else {
      block.skip();
      block.skip();
    }
    return block.end();
  }

  /** What a request says that the call does not know yet. */
  request(call: Call, message: SipMessage, direction: 0 | 1): void {
    takeParties(call, message, direction);
    if (direction === 1) {
      if (call.uas === '') call.uas = this.#agent(message);
      return;
    }
    const { method } = message;
    if (call.userAgent === '') call.userAgent = this.#agent(message);
    if (!hasText(call.block, TextField.REQUEST_URI)) {
      set(call, TextField.REQUEST_URI, message, message.uriStart, message.uriEnd, MAX_URI);
    }
    if (message.contactCount > 0 && (method === Method.REGISTER || !hasText(call.block, TextField.CONTACT))) {
      set(call, TextField.CONTACT, message, contactStart(message), contactEnd(message), MAX_CONTACT);
    }
    if (!hasText(call.block, TextField.ALEG_CALL_ID)) {
      set(call, TextField.ALEG_CALL_ID, message, message.alegCallIdStart, message.alegCallIdEnd, MAX_CORRELATION);
    }
    if (!hasText(call.block, TextField.SESSION_ID)) {
      set(call, TextField.SESSION_ID, message, message.sessionIdStart, message.sessionIdEnd, MAX_CORRELATION);
    }
    if (message.pai1End > message.pai1Start && namesCaller(method)) {
      set(call, TextField.PAI1, message, message.pai1Start, message.pai1End, MAX_PAI1);
      if (message.pai2End > message.pai2Start) {
        set(call, TextField.PAI2, message, message.pai2Start, message.pai2End, MAX_URI);
      }
    }
  }

  /** What a reply says that the call does not know yet. */
  reply(call: Call, message: SipMessage, direction: 0 | 1): void {
    takeParties(call, message, direction);
    // RFC 3261 lets a UAS name itself in Server; User-Agent is what most send.
    const named = message.userAgentEnd > message.userAgentStart;
    const start = named ? message.userAgentStart : message.serverStart;
    const end = named ? message.userAgentEnd : message.serverEnd;
    if (end === start) return;
    if (direction === 0) {
      if (call.uas === '') call.uas = this.#take(message, start, end, MAX_AGENT);
    } else if (call.userAgent === '') call.userAgent = this.#take(message, start, end, MAX_AGENT);
  }

  /** The reason phrase of the reply that set the call's status. */
  reason(call: Call, message: SipMessage): void {
    call.reason = this.#take(message, message.reasonStart, message.reasonEnd, MAX_REASON);
  }

  #add(message: SipMessage, start: number, end: number, max: number): void {
    this.#block.add(message.bytes, start, Math.min(end, start + max));
  }

  #agent(message: SipMessage): string {
    return this.#take(message, message.userAgentStart, message.userAgentEnd, MAX_AGENT);
  }

  /** Text that many calls have in common. */
  #take(message: SipMessage, start: number, end: number, max: number): string {
    return this.#shared.take(message, start, Math.min(end, start + max));
  }
}

/**
 * Text of a fork: what its message says itself, who calls whom and, of a request of the initiator, all the rest; what it
 * does not say comes from the parent.
 *
 * @param fromTag the initiator's
 */
export function forkBlock(parent: Call, message: SipMessage, direction: 0 | 1, fromTag: string): string {
  const texts = textsOf(parent.block);
  const put = (field: TextField, start: number, end: number, max: number): void => {
    texts[field] = message.text(start, Math.min(end, start + max));
  };
  const forward = direction === 0;
  texts[TextField.FROM_TAG] = fromTag;
  put(forward ? TextField.FROM : TextField.TO, message.fromUriStart, message.fromUriEnd, MAX_URI);
  put(forward ? TextField.TO : TextField.FROM, message.toUriStart, message.toUriEnd, MAX_URI);
  if (message.isRequest && forward) {
    put(TextField.REQUEST_URI, message.uriStart, message.uriEnd, MAX_URI);
    put(TextField.BRANCH, message.viaBranchStart, message.viaBranchEnd, MAX_BRANCH);
    if (message.contactCount > 0) put(TextField.CONTACT, contactStart(message), contactEnd(message), MAX_CONTACT);
  }
  return blockOf(texts);
}

/** The correlation id of the envelope, when it says more than the Call-ID does. */
export function takeCorrelation(call: Call, packet: Packet): void {
  const { bytes, correlationStart: start, correlationEnd } = packet;
  if (isText(call.block, TextField.CALL_ID, bytes, start, correlationEnd)) return;
  const text = bytes.toString('latin1', start, Math.min(correlationEnd, start + MAX_CORRELATION));
  call.block = withText(call.block, TextField.CORRELATION_ID, text);
}

function takeParties(call: Call, message: SipMessage, direction: 0 | 1): void {
  if (hasText(call.block, TextField.FROM)) return;
  const forward = direction === 0;
  const from = forward ? TextField.FROM : TextField.TO;
  const to = forward ? TextField.TO : TextField.FROM;
  set(call, from, message, message.fromUriStart, message.fromUriEnd, MAX_URI);
  set(call, to, message, message.toUriStart, message.toUriEnd, MAX_URI);
}

/** Sets a field of a call's text, unless it says that already. */
function set(call: Call, field: TextField, message: SipMessage, start: number, end: number, max: number): void {
  const cut = Math.min(end, start + max);
  if (isText(call.block, field, message.bytes, start, cut)) return;
  call.block = withText(call.block, field, message.text(start, cut));
}

function contactStart(message: SipMessage): number {
  return message.contactCount === 0 ? 0 : (message.contactUriStart[0] ?? 0);
}

function contactEnd(message: SipMessage): number {
  return message.contactCount === 0 ? 0 : (message.contactUriEnd[0] ?? 0);
}

/** What the signature of the first request is made of, besides the text the call keeps. */
export function takeSignature(call: Call, message: SipMessage): void {
  call.row[call.base + Row.HEADER_ORDER] = packHeaderOrder(message);
  call.row[call.base + Row.HEADER_COUNT] = message.headerOrderLength;
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
