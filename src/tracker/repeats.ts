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
 * A sighting is three ints:
 *
 *   identity of the message, 32 │ identity on its link, with transport and branch, 24; length, 8 │ time in ms, 16; observers, 16
 *
 * The length stands for the text: a retransmission is octet for octet the same (RFC 3261 §17), so hashing 700 octets per
 * packet would tell no more. What is cut off costs little. Two links of one message look alike once in 16 million, and
 * then a message of another hop counts as a repeat. A time that wraps every 65.5 s, and lengths that differ by a multiple
 * of 256, matter only to a repeat that would not be one: no timer of SIP still sends one after 65 s (RFC 3261 §17).
 */
export const Repeat = { NEW: 0, OTHER_HOP: 1, SEEN_AGAIN: 2, RETRANSMISSION: 3 } as const;
export type Repeat = (typeof Repeat)[keyof typeof Repeat];

const IDENTITY = 0;
const LINK = 1;
const SEEN = 2;
/** In `LINK`, above the length. */
const LINK_MASK = 0xffffff00 | 0;
const LENGTH_MASK = 0xff;
/** In `SEEN`, below the time. */
const OBSERVERS_MASK = 0xffff;
const TIME_SHIFT = 16;

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
  const { row, base, later } = call;
  const link = (onLink & LINK_MASK) | (length & LENGTH_MASK);
  const seenMs = Math.round((seenUs - call.createdUs) / 1000) | 0;
  let sightings = row;
  let at = find(row, base + Row.SIGHTING, FIRST_SIGHTINGS, identity, link);
  let known = at !== UNKNOWN;
  if (at < 0 && later !== undefined) {
    sightings = later;
    at = find(later, call.laterBase + More.SIGHTING, LATER_SIGHTINGS, identity, link);
    known ||= at !== UNKNOWN;
  }
  if (at >= 0) {
    const seen = sightings[at + SEEN]!; // inside the row, where it was found
    // Both wrap; the difference of the two stays right.
    const apartMs = Math.abs(((seenMs << TIME_SHIFT) - (seen & ~OBSERVERS_MASK)) >> TIME_SHIFT);
    const otherObserver = (seen & observerBit) === 0;
    if (sightings[at + LINK] === link && (otherObserver || apartMs * 1000 < dupWindowUs)) {
      sightings[at + SEEN] = seen | observerBit;
      return Repeat.SEEN_AGAIN;
    }
    // A new round: whoever reports this retransmission too has not been seen in it yet.
    sightings[at + LINK] = link;
    sightings[at + SEEN] = (seenMs << TIME_SHIFT) | observerBit;
    return Repeat.RETRANSMISSION;
  }
  const next = row[base + Row.SIGHTING_NEXT]!; // inside the row
  row[base + Row.SIGHTING_NEXT] = next + 1 === SIGHTINGS ? 0 : next + 1;
  const isFirst = next < FIRST_SIGHTINGS;
  const to = isFirst ? row : call.lengthen();
  const place = isFirst
    ? base + Row.SIGHTING + next * SIGHTING_FIELDS
    : call.laterBase + More.SIGHTING + (next - FIRST_SIGHTINGS) * SIGHTING_FIELDS;
  to[place + IDENTITY] = identity;
  to[place + LINK] = link;
  to[place + SEEN] = (seenMs << TIME_SHIFT) | observerBit;
  return known ? Repeat.OTHER_HOP : Repeat.NEW;
}

/** Whether a message with this identity is among the call's recent sightings. */
export function isKnown(call: Call, identity: number): boolean {
  const { row, base, later } = call;
  // On whichever link.
  if (find(row, base + Row.SIGHTING, FIRST_SIGHTINGS, identity, 0) !== UNKNOWN) return true;
  return later !== undefined && find(later, call.laterBase + More.SIGHTING, LATER_SIGHTINGS, identity, 0) !== UNKNOWN;
}

const LATER_SIGHTINGS = SIGHTINGS - FIRST_SIGHTINGS;
/** Answers of `find` beside places: the message was seen, but not on this link; it was not seen. */
const ELSEWHERE = -1;
const UNKNOWN = -2;

/** Where a row has the sighting of a message on a link, among `count` of them from `first` on. */
function find(row: Int32Array, first: number, count: number, identity: number, link: number): number {
  let found = UNKNOWN;
  const end = first + count * SIGHTING_FIELDS;
  for (let at = first; at < end; at += SIGHTING_FIELDS) {
    if (row[at + IDENTITY] !== identity) continue;
    if (((row[at + LINK]! ^ link) & LINK_MASK) === 0) return at; // inside the row
    found = ELSEWHERE;
  }
  return found;
}
