/**
 * Request signature: what a request tells about the software that made it, in one short string.
 *
 *   2 6435027 I 0040 02 F 0000 V 0000
 *   │ │         │    │    │      └ traits of the topmost Via branch behind its cookie
 *   │ │         │    │    └ traits of the From tag
 *   │ │         │    └ length of the Call-ID in units of four characters
 *   │ │         └ traits of the Call-ID
 *   │ └ header fields in order of first appearance, +8 when written in compact form
 *   └ method
 *
 * All digits are hexadecimal. Made when it is looked at, from what a call keeps of its first request, so it is written
 * for reading, not for speed.
 */
import { Method } from '../model/method.ts';
import type { SipMessage } from './message.ts';

/** Traits of an identifier. */
const IP_AT_START = 1;
const IP_AT_END = 1 << 1;
const IP_IN_MIDDLE = 1 << 2;
/** Bit of each of these characters, from bit 3 on. */
const SEPARATORS = '@.:-*/+=_|';
const HEX = 1 << 13;
const BASE64 = 1 << 14;
const DIGIT_BLOCKS = 1 << 15;

/** Below this many characters anything looks like hex or base64. */
const MIN_ENCODED = 8;
const BRANCH_COOKIE = 'z9hG4bK';
const CONTACT_DIGIT = 1;
const COMPACT = 8;

const IPV4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/;
const IPV6 = /\[[0-9a-f:.]+\]|(?<![0-9a-z:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![0-9a-z:])/i;

/** Header digits of a message packed into 32 bits, four each, the first lowest; there are at most eight. */
export function packHeaderOrder(message: SipMessage): number {
  let packed = 0;
  for (let index = 0; index < message.headerOrderLength; index++)
    packed |= (message.headerOrder[index] ?? 0) << (4 * index);
  return packed;
}

/** What the signature of a request is made of. */
export interface SignatureParts {
  method: number;
  /** As `packHeaderOrder` answers, and how many digits it holds. */
  headerOrder: number;
  headerCount: number;
  callId: string;
  fromTag: string;
  branch: string;
}

/** The signature of a request; '' when there were no headers, as for a call that began with a reply. */
export function requestSignature(parts: SignatureParts): string {
  if (parts.headerCount === 0) return '';
  let headers = '';
  for (let index = 0; index < parts.headerCount; index++) {
    const digit = (parts.headerOrder >>> (4 * index)) & 15;
    if ((digit & ~COMPACT) === CONTACT_DIGIT && parts.method !== Method.INVITE) continue;
    headers += digit.toString(16);
  }
  const callId = traitsOf(parts.callId);
  const fromTag = traitsOf(parts.fromTag);
  const { branch } = parts;
  const ownBranch = traitsOf(branch.startsWith(BRANCH_COOKIE) ? branch.slice(BRANCH_COOKIE.length) : branch);
  const length = Math.min(Math.ceil(callId.ownLength / 4), 0xff);
  return `${parts.method.toString(16)}${headers}I${hex(callId.flags, 4)}${hex(length, 2)}F${hex(fromTag.flags, 4)}V${hex(ownBranch.flags, 4)}`;
}

/**
 * Looks at an identifier without the IP address in it: that address and one separator at each side of it are taken out
 * first, so they set no flags and do not count in the length. Where the shape is guessed (hex, base64), only what is in
 * front of the first `@` is looked at, since a host name behind it tells nothing about the generator.
 */
function traitsOf(text: string): { flags: number; ownLength: number } {
  const { flags: ipFlags, rest } = withoutAddress(text);
  let flags = ipFlags;
  for (let bit = 0; bit < SEPARATORS.length; bit++) {
    if (rest.includes(SEPARATORS.charAt(bit))) flags |= 1 << (3 + bit);
  }
  const local = rest.split('@', 1)[0] ?? '';
  if (local.length >= MIN_ENCODED) {
    if (/^[0-9a-f]+(?:-[0-9a-f]+)*$/i.test(local) && /[a-f]/i.test(local)) flags |= HEX;
    else if (/^[A-Za-z0-9+/]+={0,2}$/.test(local) && /[a-z]/.test(local) && /[A-Z]/.test(local) && /\d/.test(local)) {
      flags |= BASE64;
    }
  }
  if (/\d/.test(rest) && /^[\d@.:*/+=_|-]+$/.test(rest)) flags |= DIGIT_BLOCKS;
  return { flags, ownLength: rest.length };
}

function withoutAddress(text: string): { flags: number; rest: string } {
  const found = [IPV4.exec(text), IPV6.exec(text)].find((match) => match !== null && isAddress(match[0]));
  if (found === undefined || found === null) return { flags: 0, rest: text };
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found[0].length);
  let flags = 0;
  if (before === '') flags |= IP_AT_START;
  if (after === '') flags |= IP_AT_END;
  if (flags === 0) flags = IP_IN_MIDDLE;
  return { flags, rest: before.replace(/[^0-9A-Za-z]$/, '') + after.replace(/^[^0-9A-Za-z]/, '') };
}

function isAddress(text: string): boolean {
  if (!text.includes(':')) return text.split('.').every((part) => Number(part) <= 255);
  return text.includes('::') || text.split(':').length === 8;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
