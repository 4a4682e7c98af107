import { finish, hashBytes, mix } from '../model/hash.ts';
import type { Packet } from '../model/packet.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Call } from './call.ts';
import { Row, SIGHTING_FIELDS, SIGHTINGS } from './rows.ts';

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
  const { row } = call;
  const first = call.base + Row.SIGHTING;
  // Wraps for a clock that is years off; differences stay right.
  const seenMs = Math.round((seenUs - call.createdUs) / 1000) | 0;
  const meta = ((length & 0xffff) << 16) | observerBit;
  let known = false;
  const end = first + SIGHTINGS * SIGHTING_FIELDS;
  for (let at = first; at < end; at += SIGHTING_FIELDS) {
    if (row[at + IDENTITY] !== identity) continue;
    known = true;
    if (row[at + ON_LINK] !== onLink) continue;
    // Inside the row: `at` runs over its sightings.
    const seen = row[at + META]!;
    const sameText = seen >>> 16 === (length & 0xffff);
    const otherObserver = (seen & observerBit) === 0;
    if (sameText && (otherObserver || Math.abs((seenMs - row[at + TIME_MS]!) | 0) * 1000 < dupWindowUs)) {
      row[at + META] = seen | observerBit;
      return Repeat.SEEN_AGAIN;
    }
    // A new round: whoever reports this retransmission too has not been seen in it yet.
    row[at + TIME_MS] = seenMs;
    row[at + META] = meta;
    return Repeat.RETRANSMISSION;
  }
  const next = row[call.base + Row.SIGHTING_NEXT]!;
  const at = first + next * SIGHTING_FIELDS;
  row[at + IDENTITY] = identity;
  row[at + ON_LINK] = onLink;
  row[at + TIME_MS] = seenMs;
  row[at + META] = meta;
  row[call.base + Row.SIGHTING_NEXT] = next + 1 === SIGHTINGS ? 0 : next + 1;
  return known ? Repeat.OTHER_HOP : Repeat.NEW;
}

/** Whether a message with this identity is among the call's recent sightings. */
export function isKnown(call: Call, identity: number): boolean {
  const first = call.base + Row.SIGHTING;
  const end = first + SIGHTINGS * SIGHTING_FIELDS;
  for (let at = first; at < end; at += SIGHTING_FIELDS) if (call.row[at] === identity) return true;
  return false;
}
