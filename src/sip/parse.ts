/**
 * SIP start line and header section, read in one pass.
 *
 *   INVITE sip:bob@b.example SIP/2.0 ⏎      readStartLine(): method and Request-URI, or status and reason
 *   Via: SIP/2.0/UDP 192.0.2.1;branch=… ⏎  ┐
 *   From: "A" <sip:a@a.example>;tag=1 ⏎    ├ name → one reader per field, others skipped to ⏎
 *   X-Anything: … ⏎                        ┘
 *   ⏎                                       the body is not looked at
 *
 * What is found goes into the caller's `SipMessage` as numbers and ranges; nothing is allocated, thrown or copied.
 * Readers take the position of the next octet and answer the position behind what they read, or a fault as a negative
 * number with `faultAt` set. Those with more to say leave it in the registers below: parsing is synchronous and never
 * re-entered, so module variables are as good as return values and cost nothing.
 *
 * Every `bytes[…]!` is behind a test against `end`, and the caller vouches for `end <= bytes.length`.
 * Measured by `bench/micro/sip.bench.ts`.
 */
import { Fault } from '../model/fault.ts';
import { METHOD_NAMES, Method } from '../model/method.ts';
import { Transport } from '../model/transport.ts';
import { MAX_CONTACTS, type SipMessage } from './message.ts';

const NUL = 0x00;
const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DQUOTE = 0x22;
const STAR = 0x2a;
const COMMA = 0x2c;
const SLASH = 0x2f;
const ZERO = 0x30;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const QUESTION = 0x3f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** Shortest start line with its CRLF: `SIP/2.0 200 `. */
const MIN_MESSAGE = 14;
const MAX_CSEQ = 2 ** 31 - 1;
const MAX_CONTENT_LENGTH = 2 ** 24;
const MAX_CONTENT_LENGTH_DIGITS = 9;
/** Delta-seconds (RFC 3261 §25.1) go up to 2^32-1; what does not fit 31 bits is kept as the largest that does. */
const MAX_DELTA_SECONDS = 2 ** 32 - 1;
const MAX_INT32 = 2 ** 31 - 1;

/** Header fields we read. The first eight are in the order of the request signature's digits. */
const Header = {
  OTHER: 0,
  CALL_ID: 1,
  CONTACT: 2,
  CSEQ: 3,
  FROM: 4,
  MAX_FORWARDS: 5,
  TO: 6,
  VIA: 7,
  USER_AGENT: 8,
  EXPIRES: 9,
  CONTENT_LENGTH: 10,
  CONTENT_TYPE: 11,
  SERVER: 12,
  P_ASSERTED_IDENTITY: 13,
  REASON: 14,
  SUBSCRIPTION_STATE: 15,
  EVENT: 16,
  SESSION_ID: 17,
} as const;

const HEADER_NAMES: readonly (readonly [header: number, name: string, compact?: string])[] = [
  [Header.CALL_ID, 'call-id', 'i'],
  [Header.CONTACT, 'contact', 'm'],
  [Header.CSEQ, 'cseq'],
  [Header.FROM, 'from', 'f'],
  [Header.MAX_FORWARDS, 'max-forwards'],
  [Header.TO, 'to', 't'],
  [Header.VIA, 'via', 'v'],
  [Header.USER_AGENT, 'user-agent'],
  [Header.EXPIRES, 'expires'],
  [Header.CONTENT_LENGTH, 'content-length', 'l'],
  [Header.CONTENT_TYPE, 'content-type', 'c'],
  [Header.SERVER, 'server'],
  [Header.P_ASSERTED_IDENTITY, 'p-asserted-identity'],
  [Header.REASON, 'reason'],
  [Header.SUBSCRIPTION_STATE, 'subscription-state'],
  [Header.EVENT, 'event', 'o'],
  [Header.SESSION_ID, 'session-id'],
];
const SIGNATURE_HEADERS = Header.USER_AGENT;

/** Names of the parameters that are wanted of a field, lower case. */
const TAG = Buffer.from('tag');
const BRANCH = Buffer.from('branch');
const EXPIRES = Buffer.from('expires');
const NO_PARAMETER = Buffer.alloc(0);
const SIP_VERSION_LENGTH = 7;

/** Classes of octets, one bit each in `CLASS`. */
const TOKEN = 1; // RFC 3261 §25.1 token
const NAME = 2; // header name: any printing octet but the colon; no reason to lose a call for an odd name nobody reads
const VALUE = 4; // parameter value, sent-by: printing, and no separator of parameters or values
const URI = 8; // inside angle brackets
const REQUEST_URI = 16;
const PRINTING = 32;
const CLASS = new Uint8Array(256);
for (let octet = 0; octet < 256; octet++) {
  const isPrinting = octet > SP && octet !== DELETE;
  const isAngle = octet === LESS || octet === GREATER;
  const isSeparator = octet === SEMICOLON || octet === COMMA || octet === DQUOTE;
  let classes = 0;
  if (/[\w.!%*+`'~-]/.test(String.fromCharCode(octet))) classes |= TOKEN;
  if (isPrinting && octet !== COLON) classes |= NAME;
  if (isPrinting && !isSeparator) classes |= VALUE;
  if (isPrinting && !isAngle) classes |= URI;
  if (isPrinting && !isAngle && octet !== DQUOTE) classes |= REQUEST_URI;
  if (isPrinting) classes |= PRINTING;
  CLASS[octet] = classes;
}

/** ASCII capitals to small letters, all else as it is. */
const LOWER = new Uint8Array(256);
for (let octet = 0; octet < 256; octet++) LOWER[octet] = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;

/**
 * Header names as chains by their first letter (five bits, the same in both cases): `FIRST_HEADER[letter]` is the first
 * candidate, `NEXT_HEADER[candidate]` the next, 0 ends. `COMPACT_HEADER[letter]` is the header of a compact form.
 */
const FIRST_HEADER = new Uint8Array(32);
const NEXT_HEADER = new Uint8Array(HEADER_NAMES.length + 1);
const COMPACT_HEADER = new Uint8Array(32);
const NAME_LENGTH = new Uint8Array(HEADER_NAMES.length + 1);
const NAME_OCTETS: Uint8Array[] = [];
for (const [header, name, compact] of HEADER_NAMES) {
  const letter = name.charCodeAt(0) & 31;
  NEXT_HEADER[header] = FIRST_HEADER[letter]!;
  FIRST_HEADER[letter] = header;
  NAME_LENGTH[header] = name.length;
  NAME_OCTETS[header] = Buffer.from(name);
  if (compact !== undefined) COMPACT_HEADER[compact.charCodeAt(0) & 31] = header;
}

const LONGEST_METHOD = 9;
/** Length and first letter tell the methods apart. */
const METHOD_BY_SHAPE = new Uint8Array((LONGEST_METHOD + 1) << 5);
const METHOD_OCTETS: Uint8Array[] = METHOD_NAMES.map((name) => Buffer.from(name));
for (let method: number = Method.REGISTER; method < Method.OTHER; method++) {
  const name = METHOD_OCTETS[method]!; // METHOD_NAMES has a name for every number
  METHOD_BY_SHAPE[(name.length << 5) | (name[0]! & 31)] = method;
}

// Registers: what a reader found besides the position it answers.
let rangeStart = 0;
let rangeEnd = 0;
let uriStart = 0;
let uriEnd = 0;
let numberRead = 0;
let valuesRead = 0;

export interface SipParseSettings {
  /** `stream`: Content-Length is mandatory and says where the message ends; `datagram`: what carries it does. */
  framing: 'datagram' | 'stream';
  /** Header fields beyond this are refused with SIP_HEADER_LIMIT. */
  maxHeaders: number;
  /** Lower-case names of headers that may carry the Call-ID of another leg, the preferred first. */
  alegHeaders: readonly string[];
}

/** Settings in the form the parser wants; make one at start-up and use it for every message. */
export class SipParseOptions {
  readonly isStream: boolean;
  readonly maxHeaders: number;
  readonly alegHeaders: readonly Uint8Array[];
  /** Bit n: some A-leg header's name has n octets (modulo 32), so that most names need no comparison. */
  readonly alegLengths: number;

  constructor(settings: SipParseSettings) {
    this.isStream = settings.framing === 'stream';
    this.maxHeaders = settings.maxHeaders;
    this.alegHeaders = settings.alegHeaders.map((name) => Buffer.from(name.toLowerCase(), 'latin1'));
    let lengths = 0;
    for (const name of this.alegHeaders) lengths |= 1 << name.length;
    this.alegLengths = lengths;
  }
}

/**
 * Parses the SIP message at the beginning of `bytes[start..end)` into `message`; all its earlier content is replaced.
 *
 * Where the datagram or stream goes on behind the message, `message.end` is smaller than `end`. A body shorter than
 * Content-Length is tolerated: `bodyEnd` is then `end`. Missing From, To, Call-ID or CSeq is no fault here.
 *
 * @returns `Fault.NONE`, or a SIP_* fault with `message.faultAt`; what was read before it stays in `message`, so a
 *   Call-ID that was seen can be shown. A head that is not complete is SIP_MORE_BYTES in a stream (nothing is wrong yet)
 *   and SIP_INCOMPLETE in a datagram.
 */
export function parseSip(
  bytes: Buffer,
  start: number,
  end: number,
  options: SipParseOptions,
  message: SipMessage,
): Fault {
  clear(message, bytes, start, end);
  const bodyStart =
    end - start < MIN_MESSAGE ? incomplete(message, end) : readHead(bytes, start, end, options, message);
  if (bodyStart < 0) {
    const fault = -bodyStart as Fault; // readers answer negated faults only
    return fault === Fault.SIP_INCOMPLETE && options.isStream ? Fault.SIP_MORE_BYTES : fault;
  }
  message.bodyStart = bodyStart;
  message.bodyEnd = end;
  if (message.contentLength < 0) {
    if (!options.isStream) return Fault.NONE;
    message.faultAt = bodyStart - start;
    return Fault.SIP_NO_CONTENT_LENGTH;
  }
  if (message.contentLength < end - bodyStart) {
    message.bodyEnd = bodyStart + message.contentLength;
    message.end = message.bodyEnd;
  }
  return Fault.NONE;
}

/** Is this payload too short for SIP, or does it not begin with a letter? It is not worth parsing then. */
export function isProbe(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= 12) return true;
  const letter = bytes[start]! | 0x20;
  return letter < 0x61 || letter > 0x7a;
}

/** Is this only what keeps a NAT binding open: CR, LF and NUL octets (or none), or a STUN message (RFC 5389 §6)? */
export function isKeepalive(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start >= 8 && bytes[start]! < 0x40) {
    const isStun =
      bytes[start + 4] === 0x21 && bytes[start + 5] === 0x12 && bytes[start + 6] === 0xa4 && bytes[start + 7] === 0x42;
    if (isStun) return true;
  }
  for (let at = start; at < end; at++) {
    const octet = bytes[at]!;
    if (octet !== CR && octet !== LF && octet !== NUL) return false;
  }
  return true;
}

/** Start line and all header fields, up to and with the empty line. */
function readHead(bytes: Buffer, start: number, end: number, options: SipParseOptions, message: SipMessage): number {
  let at = readStartLine(bytes, start, end, message);
  if (at < 0) return at;
  /** Bit n: header n was met. */
  let seen = 0;
  let headerCount = 0;
  let alegRank = options.alegHeaders.length;
  for (;;) {
    if (at >= end) return incomplete(message, end);
    const nameStart = at;
    const first = bytes[at]!;
    if (first === CR || first === LF) {
      // In a stream the LF of this CRLF may still be on its way; taking it for body would shift everything behind it.
      if (first === CR && options.isStream && at + 1 >= end) return incomplete(message, end);
      message.headerCount = headerCount;
      return behindEol(bytes, at, end);
    }
    if (headerCount >= options.maxHeaders) return refuse(message, Fault.SIP_HEADER_LIMIT, at);
    headerCount++;
    message.headerCount = headerCount;

    let header = headerAt(bytes, at, end);
    let length = NAME_LENGTH[header]!;
    at += length;
    if (header === Header.OTHER) {
      // A header we do not read, or a known one as compact form or with white space in front of its colon.
      at = skipClass(bytes, at, end, NAME);
      length = at - nameStart;
      while (at < end && isBlank(bytes[at]!)) at++;
      if (at >= end) return incomplete(message, end);
      if (bytes[at] !== COLON || length === 0) return refuse(message, Fault.SIP_BAD_HEADER, at);
      header = headerOf(bytes, nameStart, length);
    }
    at++;
    const valueAt = at;

    const isFirst = (seen & (1 << header)) === 0;
    if (isFirst && header !== Header.OTHER) {
      seen |= 1 << header;
      if (header <= SIGNATURE_HEADERS) {
        message.headerOrder[message.headerOrderLength++] = header - 1 + (length === 1 ? 8 : 0);
      }
    }
    switch (isFirst || header === Header.VIA || mayRepeat(header) ? header : Header.OTHER) {
      case Header.VIA:
        at = isFirst ? readTopmostVia(bytes, at, end, message) : countVias(bytes, at, end, message);
        break;
      case Header.FROM:
        at = readFrom(bytes, at, end, message);
        break;
      case Header.TO:
        at = readTo(bytes, at, end, message);
        break;
      case Header.CALL_ID:
        at = readCallId(bytes, at, end, message);
        break;
      case Header.CSEQ:
        at = readCSeq(bytes, at, end, message);
        break;
      case Header.CONTACT:
        at = readContacts(bytes, at, end, message);
        break;
      case Header.P_ASSERTED_IDENTITY:
        at = readAssertedIdentities(bytes, at, end, message);
        break;
      case Header.CONTENT_LENGTH:
        at = readContentLength(bytes, at, end, message);
        break;
      case Header.EXPIRES:
        at = readNumberField(bytes, at, end, message, MAX_DELTA_SECONDS);
        message.expires = toInt32(numberRead);
        break;
      case Header.MAX_FORWARDS:
        at = readNumberField(bytes, at, end, message, MAX_INT32);
        message.maxForwards = numberRead;
        break;
      case Header.CONTENT_TYPE:
        at = readValue(bytes, at, end, message);
        message.contentTypeStart = rangeStart;
        message.contentTypeEnd = withoutParameters(bytes, rangeStart, rangeEnd);
        break;
      case Header.USER_AGENT:
        at = readValue(bytes, at, end, message);
        message.userAgentStart = rangeStart;
        message.userAgentEnd = rangeEnd;
        break;
      case Header.SERVER:
        at = readValue(bytes, at, end, message);
        message.serverStart = rangeStart;
        message.serverEnd = rangeEnd;
        break;
      case Header.REASON:
        at = readValue(bytes, at, end, message);
        message.reasonHeaderStart = rangeStart;
        message.reasonHeaderEnd = rangeEnd;
        break;
      case Header.SUBSCRIPTION_STATE:
        at = readValue(bytes, at, end, message);
        message.subscriptionStateStart = rangeStart;
        message.subscriptionStateEnd = rangeEnd;
        break;
      case Header.EVENT:
        at = readValue(bytes, at, end, message);
        message.eventStart = rangeStart;
        message.eventEnd = rangeEnd;
        break;
      case Header.SESSION_ID:
        at = readValue(bytes, at, end, message);
        message.sessionIdStart = rangeStart;
        message.sessionIdEnd = rangeEnd;
        break;
      default:
        at = skipField(bytes, at, end, message);
    }
    if (at < 0) return at;

    if ((options.alegLengths >>> length) & 1) {
      const rank = alegRankOf(bytes, nameStart, length, options, alegRank);
      if (rank < alegRank) {
        trim(bytes, valueAt, at);
        // An empty value names no leg: the next name in order may.
        if (rangeStart < rangeEnd) {
          alegRank = rank;
          message.alegCallIdStart = rangeStart;
          message.alegCallIdEnd = rangeEnd;
        }
      }
    }
  }
}

/** Fields whose values add up over several header fields. */
function mayRepeat(header: number): boolean {
  return header === Header.CONTACT || header === Header.P_ASSERTED_IDENTITY;
}

/** The header we read whose full name and colon stand here, else OTHER. */
function headerAt(bytes: Buffer, at: number, end: number): number {
  let header = FIRST_HEADER[bytes[at]! & 31]!;
  while (header !== Header.OTHER) {
    const colonAt = at + NAME_LENGTH[header]!;
    if (colonAt < end && bytes[colonAt] === COLON && isWord(bytes, at, NAME_OCTETS[header]!)) return header;
    header = NEXT_HEADER[header]!;
  }
  return Header.OTHER;
}

/** The header we read that has this name, full or compact, else OTHER. */
function headerOf(bytes: Buffer, nameStart: number, length: number): number {
  const letter = LOWER[bytes[nameStart]!]!;
  if (length === 1) return letter >= 0x61 && letter <= 0x7a ? COMPACT_HEADER[letter & 31]! : Header.OTHER;
  let header = FIRST_HEADER[letter & 31]!;
  while (header !== Header.OTHER) {
    if (NAME_LENGTH[header] === length && isWord(bytes, nameStart, NAME_OCTETS[header]!)) return header;
    header = NEXT_HEADER[header]!;
  }
  return Header.OTHER;
}

/** Do the octets from `at` spell this lower-case word, in any case? The caller knows that so many are there. */
function isWord(bytes: Buffer, at: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index++) {
    if (LOWER[bytes[at + index]!] !== word[index]) return false;
  }
  return true;
}

/** Place of a header's name in the option's order, `below` when it is none of those before that. */
function alegRankOf(bytes: Buffer, nameStart: number, length: number, options: SipParseOptions, below: number): number {
  for (let rank = 0; rank < below; rank++) {
    const name = options.alegHeaders[rank]!;
    if (name.length === length && isWord(bytes, nameStart, name)) return rank;
  }
  return below;
}

// --- start line ---

function readStartLine(bytes: Buffer, start: number, end: number, message: SipMessage): number {
  // MIN_MESSAGE octets are there, so the version can be compared without looking at `end`.
  if (bytes[start + SIP_VERSION_LENGTH] === SP && isVersion(bytes, start)) {
    return readStatusLine(bytes, start + SIP_VERSION_LENGTH + 1, end, message);
  }
  message.isRequest = true;
  let at = skipClass(bytes, start, end, TOKEN);
  if (at >= end) return incomplete(message, end);
  if (bytes[at] !== SP || at === start) return refuse(message, Fault.SIP_BAD_CHARACTER, at);
  message.methodStart = start;
  message.methodEnd = at;
  message.method = methodOf(bytes, start, at);

  at++;
  const uriAt = at;
  at = skipClass(bytes, uriAt, end, REQUEST_URI);
  if (at >= end) return incomplete(message, end);
  if (bytes[at] !== SP || at === uriAt) return refuse(message, Fault.SIP_BAD_CHARACTER, at);
  message.uriStart = uriAt;
  message.uriEnd = at;

  at++;
  if (end - at <= SIP_VERSION_LENGTH) return incomplete(message, end);
  if (!isVersion(bytes, at)) return refuse(message, Fault.SIP_BAD_VALUE, at);
  at += SIP_VERSION_LENGTH;
  return isEol(bytes[at]!) ? behindEol(bytes, at, end) : refuse(message, Fault.SIP_EXPECTED_EOL, at);
}

/** `SIP/2.0`, in any case (RFC 3261 §7.1); seven octets are there. */
function isVersion(bytes: Buffer, at: number): boolean {
  return (
    (bytes[at]! | 0x20) === 0x73 &&
    (bytes[at + 1]! | 0x20) === 0x69 &&
    (bytes[at + 2]! | 0x20) === 0x70 &&
    bytes[at + 3] === SLASH &&
    bytes[at + 4] === 0x32 &&
    bytes[at + 5] === 0x2e &&
    bytes[at + 6] === ZERO
  );
}

/** From the status code on. */
function readStatusLine(bytes: Buffer, codeAt: number, end: number, message: SipMessage): number {
  let at = codeAt;
  let code = 0;
  for (; at < codeAt + 3; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return refuse(message, Fault.SIP_NOT_A_NUMBER, at);
    code = 10 * code + digit;
  }
  const octet = bytes[at]!;
  if (octet >= ZERO && octet <= 0x39) return refuse(message, Fault.SIP_NUMBER_TOO_BIG, codeAt);
  if (code < 100 || code > 699) return refuse(message, Fault.SIP_BAD_VALUE, codeAt);
  // Some senders leave out the space together with the reason phrase.
  if (octet !== SP && octet !== CR && octet !== LF) return refuse(message, Fault.SIP_BAD_CHARACTER, at);
  message.statusCode = code;
  const reasonAt = at;
  at = lineEnd(bytes, at, end);
  if (at >= end) return incomplete(message, end);
  trim(bytes, reasonAt, at);
  message.reasonStart = rangeStart;
  message.reasonEnd = rangeEnd;
  return behindEol(bytes, at, end);
}

/** Method by its name; names are case-sensitive (RFC 3261 §7.1). */
function methodOf(bytes: Buffer, start: number, end: number): Method {
  const length = end - start;
  if (length > LONGEST_METHOD) return Method.OTHER;
  const method = METHOD_BY_SHAPE[(length << 5) | (bytes[start]! & 31)]!;
  if (method === 0) return Method.OTHER;
  const name = METHOD_OCTETS[method]!;
  for (let index = 0; index < length; index++) {
    if (bytes[start + index] !== name[index]) return Method.OTHER;
  }
  return method as Method; // the table holds method numbers
}

// --- header fields ---

function readFrom(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  const at = readAddress(bytes, valueAt, end, message, false, TAG);
  if (at < 0) return at;
  message.hasFrom = true;
  message.fromUriStart = uriStart;
  message.fromUriEnd = uriEnd;
  message.fromTagStart = rangeStart;
  message.fromTagEnd = rangeEnd;
  return endOfSingleValue(bytes, at, end, message);
}

function readTo(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  const at = readAddress(bytes, valueAt, end, message, false, TAG);
  if (at < 0) return at;
  message.hasTo = true;
  message.toUriStart = uriStart;
  message.toUriEnd = uriEnd;
  message.toTagStart = rangeStart;
  message.toTagEnd = rangeEnd;
  return endOfSingleValue(bytes, at, end, message);
}

function readCallId(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  const start = skipLws(bytes, valueAt, end);
  const at = skipClass(bytes, start, end, PRINTING);
  if (at >= end) return incomplete(message, end);
  if (at === start && isEol(bytes[at]!)) return refuse(message, Fault.SIP_EMPTY_HEADER, at);
  message.callIdStart = start;
  message.callIdEnd = at;
  return endOfField(bytes, at, end, message);
}

function readCSeq(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  let at = readNumber(bytes, skipLws(bytes, valueAt, end), end, message, MAX_CSEQ);
  if (at < 0) return at;
  const methodAt = skipLws(bytes, at, end);
  if (methodAt >= end) return incomplete(message, end);
  if (isEol(bytes[methodAt]!)) return refuse(message, Fault.SIP_END_OF_HEADER, methodAt);
  if (methodAt === at) return refuse(message, Fault.SIP_BAD_CHARACTER, at);
  at = skipClass(bytes, methodAt, end, TOKEN);
  if (at >= end) return incomplete(message, end);
  if (at === methodAt) return refuse(message, Fault.SIP_BAD_CHARACTER, at);
  message.cseq = numberRead;
  message.cseqMethod = methodOf(bytes, methodAt, at);
  message.cseqMethodStart = methodAt;
  message.cseqMethodEnd = at;
  return endOfField(bytes, at, end, message);
}

/** First Via header field: reads its first value, counts the others. */
function readTopmostVia(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  let at = skipLws(bytes, valueAt, end);
  // sent-protocol: name "/" version "/" transport, with white space allowed around each slash.
  let partAt = at;
  let part = 0;
  if (end - at > SIP_VERSION_LENGTH && bytes[at + SIP_VERSION_LENGTH] === SLASH && isVersion(bytes, at)) {
    at = skipLws(bytes, at + SIP_VERSION_LENGTH + 1, end);
    part = 2;
  }
  for (; ; part++) {
    partAt = at;
    at = skipClass(bytes, at, end, TOKEN);
    if (at >= end) return incomplete(message, end);
    if (at === partAt) return refuse(message, emptyOr(bytes[at]!, part === 0), at);
    if (part === 2) break;
    at = skipLws(bytes, at, end);
    if (at >= end) return incomplete(message, end);
    if (bytes[at] !== SLASH) return refuse(message, emptyOr(bytes[at]!, false), at);
    at = skipLws(bytes, at + 1, end);
  }
  message.viaTransport = transportOf(bytes, partAt, at);

  const sentByAt = skipLws(bytes, at, end);
  if (sentByAt >= end) return incomplete(message, end);
  if (sentByAt === at) return refuse(message, emptyOr(bytes[at]!, false), at);
  at = sentByAt;
  // sent-by is not read. White space is allowed around its colon, and RFC 2543 comments may follow it.
  for (;;) {
    at = skipClass(bytes, at, end, VALUE);
    const next = skipLws(bytes, at, end);
    if (next >= end) return incomplete(message, end);
    if (next === at) break;
    at = next;
  }
  if (at === sentByAt) return refuse(message, emptyOr(bytes[at]!, false), at);

  at = readParameters(bytes, at, end, message, BRANCH);
  if (at < 0) return at;
  message.viaCount = 1;
  message.viaBranchStart = rangeStart;
  message.viaBranchEnd = rangeEnd;
  return bytes[at] === COMMA ? countVias(bytes, at + 1, end, message) : behindEol(bytes, at, end);
}

/** A Via field, or the rest of one: its values are counted, not read. */
function countVias(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  const at = countValues(bytes, valueAt, end, message);
  message.viaCount += valuesRead;
  return at;
}

function readContacts(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  let at = skipLws(bytes, valueAt, end);
  if (at < end && bytes[at] === STAR) {
    message.contactStar = true;
    keepContact(message, at, at + 1, -1);
    return endOfField(bytes, at + 1, end, message);
  }
  for (;;) {
    at = readAddress(bytes, at, end, message, true, EXPIRES);
    if (at < 0) return at;
    const behind = at;
    let expires = -1;
    if (rangeStart !== rangeEnd) {
      const digitsEnd = readNumber(bytes, rangeStart, rangeEnd, message, MAX_DELTA_SECONDS);
      if (digitsEnd < 0) return digitsEnd;
      if (digitsEnd !== rangeEnd) return refuse(message, Fault.SIP_BAD_PARAMETER, digitsEnd);
      expires = toInt32(numberRead);
    }
    keepContact(message, uriStart, uriEnd, expires);
    if (bytes[behind] !== COMMA) return behindEol(bytes, behind, end);
    at = behind + 1;
  }
}

function keepContact(message: SipMessage, start: number, end: number, expires: number): void {
  const index = message.contactCount++;
  if (index >= MAX_CONTACTS) return;
  message.contactUriStart[index] = start;
  message.contactUriEnd[index] = end;
  message.contactExpires[index] = expires;
}

function readAssertedIdentities(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  let at = valueAt;
  for (;;) {
    at = readAddress(bytes, at, end, message, true, NO_PARAMETER);
    if (at < 0) return at;
    if (message.pai1End === 0) {
      message.pai1Start = uriStart;
      message.pai1End = uriEnd;
    } else if (message.pai2End === 0) {
      message.pai2Start = uriStart;
      message.pai2End = uriEnd;
    }
    if (bytes[at] !== COMMA) return behindEol(bytes, at, end);
    at++;
  }
}

function readContentLength(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  const digitsAt = skipLws(bytes, valueAt, end);
  const at = readNumber(bytes, digitsAt, end, message, Infinity);
  if (at < 0) return at;
  if (at - digitsAt > MAX_CONTENT_LENGTH_DIGITS) return refuse(message, Fault.SIP_TOO_LONG, digitsAt);
  if (numberRead > MAX_CONTENT_LENGTH) return refuse(message, Fault.SIP_NUMBER_TOO_BIG, digitsAt);
  message.contentLength = numberRead;
  return endOfField(bytes, at, end, message);
}

function readNumberField(bytes: Buffer, valueAt: number, end: number, message: SipMessage, limit: number): number {
  const at = readNumber(bytes, skipLws(bytes, valueAt, end), end, message, limit);
  return at < 0 ? at : endOfField(bytes, at, end, message);
}

/** A whole value as a range; may be empty. Line folds inside stay inside. */
function readValue(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  const at = skipField(bytes, valueAt, end, message);
  trim(bytes, valueAt, at); // nothing, when `at` is a fault
  return at;
}

// --- pieces of values ---

/**
 * One name-addr or addr-spec with its parameters (RFC 3261 §20.10): leaves the URI in `uriStart..uriEnd` and the value
 * of the wanted parameter in `rangeStart..rangeEnd`. Answers the position of the comma or end of line behind it.
 */
function readAddress(
  bytes: Buffer,
  valueAt: number,
  end: number,
  message: SipMessage,
  isList: boolean,
  wanted: Uint8Array,
): number {
  let at = skipLws(bytes, valueAt, end);
  if (at >= end) return incomplete(message, end);
  const first = bytes[at]!;
  if (first === DQUOTE) {
    at = skipQuoted(bytes, at, end, message);
    if (at < 0) return at;
    at = skipLws(bytes, at, end);
    if (at >= end) return incomplete(message, end);
    if (bytes[at] !== LESS) return refuse(message, emptyOr(bytes[at]!, false), at);
  } else if (first !== LESS) {
    if (isEol(first)) {
      return refuse(message, bytes[valueAt - 1] === COMMA ? Fault.SIP_END_OF_HEADER : Fault.SIP_EMPTY_HEADER, at);
    }
    at = readUnquoted(bytes, at, end, message, isList);
    if (at < 0) return at;
    if (bytes[at] !== LESS) return readParameters(bytes, at, end, message, wanted);
  }
  at++;
  uriStart = at;
  at = skipClass(bytes, at, end, URI);
  if (at >= end) return incomplete(message, end);
  if (bytes[at] !== GREATER) return refuse(message, emptyOr(bytes[at]!, false), at);
  uriEnd = at;
  return readParameters(bytes, skipLws(bytes, at + 1, end), end, message, wanted);
}

/**
 * What begins neither with a quote nor with an angle bracket: a display name, when `<` follows, else a bare URI, left in
 * `uriStart..uriEnd`. Display names are not read, so one that should have been quoted does no harm. Answers the position
 * of `<`, or behind the bare URI of `;`, a comma or the end of the line.
 */
function readUnquoted(bytes: Buffer, valueAt: number, end: number, message: SipMessage, isList: boolean): number {
  let at = valueAt;
  let hasColon = false;
  /** First octet that a bare URI must not have, and what is wrong with it there. */
  let strayAt = 0;
  let stray: Fault = Fault.NONE;
  let bareEnd = 0;
  for (;;) {
    if (at >= end) return incomplete(message, end);
    const octet = bytes[at]!;
    if (octet === LESS) return at;
    if (octet === SEMICOLON || (octet === COMMA && isList)) break;
    if (octet <= SP) {
      const next = skipLws(bytes, at, end);
      if (next >= end) return incomplete(message, end);
      if (bareEnd === 0) bareEnd = at;
      if (isEol(bytes[next]!)) {
        at = next;
        break;
      }
      // Not advanced: a control character that is no white space.
      if (next === at) return refuse(message, Fault.SIP_BAD_CHARACTER, at);
      if (strayAt === 0 && bytes[next] !== SEMICOLON && bytes[next] !== COMMA) {
        strayAt = next;
        stray = Fault.SIP_BAD_CHARACTER;
      }
      at = next;
      continue;
    }
    if (octet === DQUOTE || octet === GREATER) return refuse(message, Fault.SIP_BAD_CHARACTER, at);
    if (octet === COLON) hasColon = true;
    // RFC 3261 §20.10: a URI with these must be in angle brackets, or nobody knows where it ends.
    if (strayAt === 0 && (octet === QUESTION || octet === COMMA)) {
      strayAt = at;
      stray = octet === COMMA ? Fault.SIP_MORE_VALUES : Fault.SIP_BAD_CHARACTER;
    }
    at++;
  }
  if (stray !== Fault.NONE) return refuse(message, stray, strayAt);
  if (!hasColon) return refuse(message, Fault.SIP_BAD_VALUE, valueAt);
  uriStart = valueAt;
  uriEnd = bareEnd === 0 ? at : bareEnd;
  return at;
}

/**
 * Parameters up to the end of the value: `*( ";" name [ "=" value ] )`. The value of the first one named `wanted` is left
 * in `rangeStart..rangeEnd`, an empty range when there is none. Answers the position of the comma or end of line.
 */
function readParameters(bytes: Buffer, valueAt: number, end: number, message: SipMessage, wanted: Uint8Array): number {
  let at = valueAt;
  rangeStart = 0;
  rangeEnd = 0;
  let isFound = wanted.length === 0;
  for (;;) {
    if (at >= end) return incomplete(message, end);
    const octet = bytes[at]!;
    if (octet !== SEMICOLON) {
      if (octet === CR || octet === LF || octet === COMMA) return at;
      return refuse(message, Fault.SIP_BAD_CHARACTER, at);
    }
    at++;
    if (at < end && bytes[at]! <= SP) at = skipLws(bytes, at, end);
    const nameAt = at;
    at = skipClass(bytes, at, end, TOKEN);
    const nameLength = at - nameAt;
    if (at < end && bytes[at]! <= SP) at = skipLws(bytes, at, end);
    if (at >= end) return incomplete(message, end);
    if (nameLength === 0) return refuse(message, Fault.SIP_BAD_PARAMETER, at);
    let parameterStart = at;
    let parameterEnd = at;
    if (bytes[at] === EQUALS) {
      at++;
      if (at < end && bytes[at]! <= SP) at = skipLws(bytes, at, end);
      parameterStart = at;
      if (at < end && bytes[at] === DQUOTE) {
        at = skipQuoted(bytes, at, end, message);
        if (at < 0) return at;
      } else {
        at = skipClass(bytes, at, end, VALUE);
      }
      parameterEnd = at;
      if (at < end && bytes[at]! <= SP) at = skipLws(bytes, at, end);
    }
    if (!isFound && nameLength === wanted.length && isWord(bytes, nameAt, wanted)) {
      isFound = true;
      rangeStart = parameterStart;
      rangeEnd = parameterEnd;
    }
  }
}

/** From the opening quote to behind the closing one (RFC 3261 §25.1 quoted-string). */
function skipQuoted(bytes: Buffer, quoteAt: number, end: number, message: SipMessage): number {
  let at = quoteAt + 1;
  while (at < end) {
    const octet = bytes[at]!;
    if (octet === DQUOTE) return at + 1;
    if (octet === CR || octet === LF) {
      const next = skipLws(bytes, at, end);
      if (next === at) return refuse(message, Fault.SIP_END_OF_HEADER, at);
      at = next;
    } else {
      // quoted-pair: a backslash takes any octet but CR and LF with it.
      at += octet === BACKSLASH && at + 1 < end && !isEol(bytes[at + 1]!) ? 2 : 1;
    }
  }
  return incomplete(message, end);
}

/** Commas outside quoted strings, plus one, in `valuesRead`; answers the position behind the field. */
function countValues(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  let at = valueAt;
  let count = 1;
  let isQuoted = false;
  while (at < end) {
    const octet = bytes[at]!;
    if (octet === COMMA) {
      if (!isQuoted) count++;
    } else if (octet === DQUOTE) {
      isQuoted = !isQuoted;
    } else if (octet === BACKSLASH && isQuoted && at + 1 < end && !isEol(bytes[at + 1]!)) {
      at++;
    } else if (octet === CR || octet === LF) {
      const next = behindEol(bytes, at, end);
      if (next >= end || !isBlank(bytes[next]!)) {
        valuesRead = count;
        return next;
      }
      at = next;
    }
    at++;
  }
  return incomplete(message, end);
}

/** The largest 31-bit number for all beyond; the bit operation keeps the fields of a message plain integers. */
function toInt32(value: number): number {
  return value > MAX_INT32 ? MAX_INT32 : value | 0;
}

/** Digits into `numberRead`, -1 when there are none. */
function readNumber(bytes: Buffer, digitsAt: number, end: number, message: SipMessage, limit: number): number {
  let at = digitsAt;
  let value = 0;
  numberRead = -1;
  while (at < end) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    value = 10 * value + digit;
    at++;
  }
  if (value > limit) return refuse(message, Fault.SIP_NUMBER_TOO_BIG, digitsAt);
  if (at === digitsAt) {
    if (at >= end) return incomplete(message, end);
    return refuse(message, isEol(bytes[at]!) ? Fault.SIP_EMPTY_HEADER : Fault.SIP_NOT_A_NUMBER, at);
  }
  numberRead = value;
  return at;
}

function transportOf(bytes: Buffer, start: number, end: number): Transport {
  const first = bytes[start]! | 0x20;
  const second = bytes[start + 1]! | 0x20; // behind a token of one octet is still what ended it
  const last = bytes[end - 1]! | 0x20;
  switch (end - start) {
    case 2:
      return first === 0x77 && second === 0x73 ? Transport.WS : Transport.UNKNOWN;
    case 3:
      if (first === 0x75 && second === 0x64 && last === 0x70) return Transport.UDP;
      if (first === 0x74 && second === 0x63 && last === 0x70) return Transport.TCP;
      if (first === 0x74 && second === 0x6c && last === 0x73) return Transport.TLS;
      return first === 0x77 && second === 0x73 && last === 0x73 ? Transport.WSS : Transport.UNKNOWN;
    case 4: {
      const third = bytes[start + 2]! | 0x20;
      if (first === 0x73 && second === 0x63 && third === 0x74 && last === 0x70) return Transport.SCTP;
      return first === 0x64 && second === 0x74 && third === 0x6c && last === 0x73 ? Transport.DTLS : Transport.UNKNOWN;
    }
    default:
      return Transport.UNKNOWN;
  }
}

// --- white space and ends of lines ---

/** First octet from `from` on that is not of this class; `end` when there is none. */
function skipClass(bytes: Buffer, from: number, end: number, octetClass: number): number {
  let at = from;
  while (at < end && (CLASS[bytes[at]!]! & octetClass) !== 0) at++;
  return at;
}

/** Position of the next CR or LF; `end` when there is none. */
function lineEnd(bytes: Buffer, from: number, end: number): number {
  let at = from;
  // One comparison for nearly every octet; only HTAB and other control characters need the second look.
  while (at < end && (bytes[at]! > CR || !isEol(bytes[at]!))) at++;
  return at;
}

function isEol(octet: number): boolean {
  return octet === CR || octet === LF;
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}

/** Behind the CRLF, CR or LF at `at`. */
function behindEol(bytes: Buffer, at: number, end: number): number {
  return bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF ? at + 2 : at + 1;
}

/** Next octet that is neither blank nor part of a line fold; `end` when there is none. */
function skipLws(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const octet = bytes[at]!;
    if (octet === CR || octet === LF) {
      const next = behindEol(bytes, at, end);
      if (next >= end || !isBlank(bytes[next]!)) return at;
      at = next;
    } else if (octet !== SP && octet !== HTAB) {
      return at;
    }
    at++;
  }
  return end;
}

/** Behind the field whose value goes on at `valueAt`, folded lines included. */
function skipField(bytes: Buffer, valueAt: number, end: number, message: SipMessage): number {
  let at = valueAt;
  for (;;) {
    at = lineEnd(bytes, at, end);
    if (at >= end) return incomplete(message, end);
    at = behindEol(bytes, at, end);
    if (at >= end || !isBlank(bytes[at]!)) return at;
  }
}

/** Behind a field of which all has been read. */
function endOfField(bytes: Buffer, valueEnd: number, end: number, message: SipMessage): number {
  const at = skipLws(bytes, valueEnd, end);
  if (at >= end) return incomplete(message, end);
  return isEol(bytes[at]!) ? behindEol(bytes, at, end) : refuse(message, Fault.SIP_EXPECTED_EOL, at);
}

/** As `endOfField`, behind parameters, where the only other thing left is a comma. */
function endOfSingleValue(bytes: Buffer, at: number, end: number, message: SipMessage): number {
  return bytes[at] === COMMA ? refuse(message, Fault.SIP_MORE_VALUES, at) : behindEol(bytes, at, end);
}

/** The range without white space and line ends around it, in `rangeStart..rangeEnd`. */
function trim(bytes: Buffer, from: number, to: number): void {
  let start = from;
  let behind = to < from ? from : to;
  while (start < behind && bytes[start]! <= SP) start++;
  while (behind > start && bytes[behind - 1]! <= SP) behind--;
  rangeStart = start;
  rangeEnd = behind;
}

/** End of a value's first part: in front of its first `;`, without white space. */
function withoutParameters(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SEMICOLON) at++;
  while (at > start && bytes[at - 1]! <= SP) at--;
  return at;
}

// --- faults ---

/** What to call an octet that cannot stand here: the field's value ended too early, or the octet is wrong. */
function emptyOr(octet: number, isStart: boolean): Fault {
  if (!isEol(octet)) return Fault.SIP_BAD_CHARACTER;
  return isStart ? Fault.SIP_EMPTY_HEADER : Fault.SIP_END_OF_HEADER;
}

function refuse(message: SipMessage, fault: Fault, at: number): number {
  message.faultAt = at - message.start;
  return -fault;
}

function incomplete(message: SipMessage, end: number): number {
  return refuse(message, Fault.SIP_INCOMPLETE, end);
}

/** `headerOrder` and the contact columns need no clearing: their lengths say what counts. */
function clear(message: SipMessage, bytes: Buffer, start: number, end: number): void {
  message.bytes = bytes;
  message.start = start;
  message.end = end;
  message.isRequest = false;
  message.method = Method.UNDEF;
  message.methodStart = 0;
  message.methodEnd = 0;
  message.statusCode = 0;
  message.reasonStart = 0;
  message.reasonEnd = 0;
  message.uriStart = 0;
  message.uriEnd = 0;
  message.callIdStart = 0;
  message.callIdEnd = 0;
  message.hasFrom = false;
  message.fromUriStart = 0;
  message.fromUriEnd = 0;
  message.fromTagStart = 0;
  message.fromTagEnd = 0;
  message.hasTo = false;
  message.toUriStart = 0;
  message.toUriEnd = 0;
  message.toTagStart = 0;
  message.toTagEnd = 0;
  message.cseq = -1;
  message.cseqMethod = Method.UNDEF;
  message.cseqMethodStart = 0;
  message.cseqMethodEnd = 0;
  message.viaCount = 0;
  message.viaTransport = Transport.UNKNOWN;
  message.viaBranchStart = 0;
  message.viaBranchEnd = 0;
  message.contactCount = 0;
  message.contactStar = false;
  message.expires = -1;
  message.contentLength = -1;
  message.contentTypeStart = 0;
  message.contentTypeEnd = 0;
  message.bodyStart = 0;
  message.bodyEnd = 0;
  message.maxForwards = -1;
  message.userAgentStart = 0;
  message.userAgentEnd = 0;
  message.serverStart = 0;
  message.serverEnd = 0;
  message.pai1Start = 0;
  message.pai1End = 0;
  message.pai2Start = 0;
  message.pai2End = 0;
  message.reasonHeaderStart = 0;
  message.reasonHeaderEnd = 0;
  message.subscriptionStateStart = 0;
  message.subscriptionStateEnd = 0;
  message.eventStart = 0;
  message.eventEnd = 0;
  message.sessionIdStart = 0;
  message.sessionIdEnd = 0;
  message.alegCallIdStart = 0;
  message.alegCallIdEnd = 0;
  message.headerCount = 0;
  message.headerOrderLength = 0;
  message.faultAt = 0;
}
