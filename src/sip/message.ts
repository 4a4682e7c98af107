import { latin1 } from '../model/latin1.ts';
import type { Method } from '../model/method.ts';
import type { Transport } from '../model/transport.ts';

/** At most this many Contact values are kept as ranges; all are counted. */
export const MAX_CONTACTS = 10;

/**
 * What one pass over a SIP message found: numbers, and ranges of octets in `bytes`.
 *
 * One instance is filled again and again by `parseSip`; nothing in it is a copy, so what outlives the call must be
 * taken with `text()`. A range with start === end is absent or empty. Ranges never include surrounding white space.
 * Where a field may occur once, the first occurrence wins.
 */
export class SipMessage {
  bytes: Buffer;
  /** Range of the message in `bytes`: start line to the end of the body. `end` excludes pipelined octets behind it. */
  start = 0;
  end = 0;

  isRequest = false;
  /** Request method; for a reply 0. */
  method: Method = 0;
  methodStart = 0;
  methodEnd = 0;
  /** Status code of a reply (100…699), 0 for a request. */
  statusCode = 0;
  reasonStart = 0;
  reasonEnd = 0;
  /** Request-URI. */
  uriStart = 0;
  uriEnd = 0;

  callIdStart = 0;
  callIdEnd = 0;
  /** From and To: URI (inside angle brackets, or bare without its header parameters) and tag. `hasFrom` tells presence. */
  hasFrom = false;
  fromUriStart = 0;
  fromUriEnd = 0;
  fromTagStart = 0;
  fromTagEnd = 0;
  hasTo = false;
  toUriStart = 0;
  toUriEnd = 0;
  toTagStart = 0;
  toTagEnd = 0;

  /** CSeq number (0…2^31-1), -1 = no CSeq. */
  cseq = -1;
  cseqMethod: Method = 0;
  cseqMethodStart = 0;
  cseqMethodEnd = 0;

  /** Topmost Via: transport, branch with its cookie; `viaCount` counts all Via values. */
  viaCount = 0;
  viaTransport: Transport = 0;
  viaBranchStart = 0;
  viaBranchEnd = 0;

  /** Number of Contact values, `contactStar` for `*`, and up to MAX_CONTACTS of them. */
  contactCount = 0;
  contactStar = false;
  readonly contactUriStart = new Int32Array(MAX_CONTACTS);
  readonly contactUriEnd = new Int32Array(MAX_CONTACTS);
  /** `expires` parameter of each contact, -1 = none. */
  readonly contactExpires = new Int32Array(MAX_CONTACTS);
  /** Expires header, -1 = none. */
  expires = -1;

  /** Content-Length header, -1 = none. */
  contentLength = -1;
  /** Content-Type value without parameters. */
  contentTypeStart = 0;
  contentTypeEnd = 0;
  bodyStart = 0;
  bodyEnd = 0;

  /** -1 = none. */
  maxForwards = -1;
  userAgentStart = 0;
  userAgentEnd = 0;
  serverStart = 0;
  serverEnd = 0;
  /** P-Asserted-Identity URIs, the first two. */
  pai1Start = 0;
  pai1End = 0;
  pai2Start = 0;
  pai2End = 0;
  /** Reason header (RFC 3326), whole value. */
  reasonHeaderStart = 0;
  reasonHeaderEnd = 0;
  /** Subscription-State and Event, whole values. */
  subscriptionStateStart = 0;
  subscriptionStateEnd = 0;
  eventStart = 0;
  eventEnd = 0;
  /** Session-ID (RFC 7989), whole value. */
  sessionIdStart = 0;
  sessionIdEnd = 0;
  /** First of the configured A-leg headers present (`callid_aleg_header`, default X-CID), whole value. */
  alegCallIdStart = 0;
  alegCallIdEnd = 0;

  headerCount = 0;
  /** Bytes of the parts of the request signature: header digit (+8 when compact) in order of first appearance. */
  readonly headerOrder = new Uint8Array(8);
  headerOrderLength = 0;

  /** Where parsing stopped when it answered a fault, relative to `start`. */
  faultAt = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /**
   * Copy of a range as its own string, one character per octet (latin1), so that different octets never become
   * equal text; `displayText` in `sip/text.ts` turns it into UTF-8 when shown.
   */
  text(start: number, end: number): string {
    return latin1(this.bytes, start, end);
  }
}
