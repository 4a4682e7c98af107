import { finish, hashBytes, mix } from '../model/hash.ts';
import type { Packet } from '../model/packet.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Call } from './call.ts';
import { FIRST_SIGHTINGS, More, Row, SIGHTING_FIELDS, SIGHTINGS } from './rows.ts';

/**
 * Tells apart the four things a message on a known call can be, from the call's last sightings:
 *
 *   NEW             never seen: it drives the state machine
 *   OTHER_HOP       same message, other link or branch: a proxy forwarded it, and an agent saw that too
 *   SEEN_AGAIN      same message on the same link, reported by another agent or within the duplicate window
 *   RETRANSMISSION  same link and branch again
 *
 * A sighting is four ints: identity of the message, identity on its link (with transport and branch), time in ms since
 * the call began, and observers (low 16 bits) with the message's length (high 16). The length stands for the text:
 * a retransmission is octet for octet the same (RFC 3261 §17), so hashing 700 octets per packet would tell no more.
 */
export const Repeat = { NEW: 0, OTHER_HOP: 1, SEEN_AGAIN: 2, RETRANSMISSION: 3 } as const;
export type Repeat = (typeof Repeat)[keyof typeof Repeat];

const IDENTITY = 0;
const ON_LINK = 1;
const TIME_MS = 2;
const META = 3;

/** Identity of a message within its call: kind, method or status, CSeq, direction. Never 0. */
export function messageIdentity(message: SipMessage, direction: number): number {
  const start = message.isRequest ? message.method : message.statusCode << 4;
  // Tokens we do not know all share one number, so their text tells them apart.
  const token =
    message.cseqMethod === 15
      ? hashBytes(message.bytes, message.cseqMethodStart, message.cseqMethodEnd, 0)
      : message.cseqMethod;
  const hash = mix(mix(mix((start << 1) | direction, message.cseq), token), 0x5351);
  return finish(hash) | 1;
}

/** Identity of a message on its link: endpoints as sent, transport, branch. */
export function linkIdentity(identity: number, packet: Packet, message: SipMessage): number {
  let hash = mix(identity, packet.src3);
  hash = mix(hash, packet.dst3);
  hash = mix(hash, (packet.srcPort << 16) | packet.dstPort);
  if (packet.family === 6) {
    hash = mix(mix(mix(hash, packet.src0), packet.src1), packet.src2);
    hash = mix(mix(mix(hash, packet.dst0), packet.dst1), packet.dst2);
  }
  hash = mix(hash, packet.transport);
  return hashBytes(message.bytes, message.viaBranchStart, message.viaBranchEnd, hash);
}

/**
 * Classifies a message and remembers it.
 *
 * @param observerBit bit of the observer in this call
 * @param seenUs when the agent saw it, by its own clock if it said so: only that tells a report made twice from a
 *   retransmission when messages arrive in bursts
 */
export function classify(
  call: Call,
  identity: number,
  onLink: number,
  length: number,
  observerBit: number,
  seenUs: number,
  dupWindowUs: number,
): Repeat {
  const { row, base } = call;
  // Wraps for a clock that is years off; differences stay right.
  const seenMs = Math.round((seenUs - call.createdUs) / 1000) | 0;
  const meta = ((length & 0xffff) << 16) | observerBit;
  let sightings = row;
  let at = find(row, base + Row.SIGHTING, identity, onLink);
  let known = at !== UNKNOWN;
  if (at < 0 && call.isLong) {
    sightings = call.lengthen();
    at = find(sightings, call.laterBase + More.SIGHTING, identity, onLink);
    known ||= at !== UNKNOWN;
  }
  if (at >= 0) {
    const seen = sightings[at + META]!; // inside the row, where it was found
    const sameText = seen >>> 16 === (length & 0xffff);
    const otherObserver = (seen & observerBit) === 0;
    if (sameText && (otherObserver || Math.abs((seenMs - sightings[at + TIME_MS]!) | 0) * 1000 < dupWindowUs)) {
      sightings[at + META] = seen | observerBit;
      return Repeat.SEEN_AGAIN;
    }
    // A new round: whoever reports this retransmission too has not been seen in it yet.
    sightings[at + TIME_MS] = seenMs;
    sightings[at + META] = meta;
    return Repeat.RETRANSMISSION;
  }
  const next = row[base + Row.SIGHTING_NEXT]!;
  row[base + Row.SIGHTING_NEXT] = next + 1 === SIGHTINGS ? 0 : next + 1;
  const isFirst = next < FIRST_SIGHTINGS;
  const half = isFirst ? row : call.lengthen();
  const place = isFirst ? base + Row.SIGHTING : call.laterBase + More.SIGHTING;
  const to = place + (next % FIRST_SIGHTINGS) * SIGHTING_FIELDS;
  half[to + IDENTITY] = identity;
  half[to + ON_LINK] = onLink;
  half[to + TIME_MS] = seenMs;
  half[to + META] = meta;
  return known ? Repeat.OTHER_HOP : Repeat.NEW;
}

/** Whether a message with this identity is among the call's recent sightings. */
export function isKnown(call: Call, identity: number): boolean {
  const { row, base, later } = call;
  // On whichever link.
  if (find(row, base + Row.SIGHTING, identity, 0) !== UNKNOWN) return true;
  return later !== undefined && find(later, call.laterBase + More.SIGHTING, identity, 0) !== UNKNOWN;
}

/** Answers of `find` beside places: the message was seen, but not on this link; it was not seen. */
const ELSEWHERE = -1;
const UNKNOWN = -2;

/** Where one half of the sightings has a message on a link. */
function find(row: Int32Array, first: number, identity: number, onLink: number): number {
  let found = UNKNOWN;
  const end = first + FIRST_SIGHTINGS * SIGHTING_FIELDS;
  for (let at = first; at < end; at += SIGHTING_FIELDS) {
    if (row[at + IDENTITY] !== identity) continue;
    if (row[at + ON_LINK] === onLink) return at;
    found = ELSEWHERE;
  }
  return found;
}
