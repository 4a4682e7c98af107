import { IPV4_MAPPED } from '../../model/endpoint.ts';
import { Fault } from '../../model/fault.ts';
import { Note, type Packet, PayloadKind } from '../../model/packet.ts';
import { transportFromIpProtocol } from '../../model/transport.ts';
import { Chunk, CHUNK_HEADER, HEP3_HEADER, int32, startsWithHep3, uint16 } from './format.ts';
import { inflate, looksGzipped, looksZlib } from './inflate.ts';
import type { HepDecodeLimits } from './limits.ts';
import { looksLikeSip } from './sip-start.ts';
import { settleTime } from './timestamp.ts';

/**
 * Value size of each generic chunk type, by type; 0 = any size (text, payload) or not assigned.
 * Types that are not read are listed too: a wrong size tells of a broken sender whatever the type.
 */
const VALUE_SIZE = new Uint8Array(0x2a);
const TYPES_OF_SIZE: readonly (readonly [size: number, types: readonly number[]])[] = [
  [1, [Chunk.FAMILY, Chunk.PROTOCOL, Chunk.KIND, 0x17, 0x18]],
  [2, [Chunk.SOURCE_PORT, Chunk.DESTINATION_PORT, 0x0d, Chunk.VLAN, 0x16, Chunk.MOS, Chunk.R_FACTOR, 0x27, 0x28]],
  [4, [Chunk.IPV4_SOURCE, Chunk.IPV4_DESTINATION, Chunk.SECONDS, Chunk.MICROSECONDS, Chunk.CAPTURE_ID, 0x23]],
  [8, [0x14, 0x15]],
  [16, [Chunk.IPV6_SOURCE, Chunk.IPV6_DESTINATION]],
];
for (const [size, types] of TYPES_OF_SIZE) for (const type of types) VALUE_SIZE[type] = size;

/** Bits of `seen`: chunk types 0x01 to 0x1f by number. */
const SOURCE_SEEN = (1 << Chunk.IPV4_SOURCE) | (1 << Chunk.IPV6_SOURCE);
const DESTINATION_SEEN = (1 << Chunk.IPV4_DESTINATION) | (1 << Chunk.IPV6_DESTINATION);
const SECONDS_SEEN = 1 << Chunk.SECONDS;
const KIND_SEEN = 1 << Chunk.KIND;

/** A compressed payload of this size that has no gzip or zlib header is a correlation id of the 2013 draft. */
const FOSSIL_SIZE = 4;

/**
 * Decodes one HEP3 packet at `start`; its magic has been checked. Chunks may come in any order, payload first included.
 *
 * One pass, no copy: chunks are read where they stand. Every read is behind the checks of packet and chunk length, so
 * the `!` below hold.
 */
export function decodeHep3(bytes: Buffer, start: number, end: number, packet: Packet, limits: HepDecodeLimits): Fault {
  if (end - start < HEP3_HEADER) return faultAt(packet, Fault.HEP_SHORT, end - start);
  const total = uint16(bytes, start + 4);
  if (total < HEP3_HEADER) return faultAt(packet, Fault.HEP_BAD_LENGTH, 4);
  if (total > end - start) return faultAt(packet, Fault.HEP_TRUNCATED, 4);
  packet.length = total;
  if (total > limits.maxMessageBytes) return faultAt(packet, Fault.HEP_TOO_BIG, 4);
  packet.version = 3;

  const stop = start + total;
  let chunksLeft = limits.maxChunks;
  let seen = 0;
  let notes = 0;
  let compressedStart = 0;
  let compressedEnd = 0;
  for (let at = start + HEP3_HEADER, next = at; at < stop; at = next) {
    // `next` is `at` until the length is known to be good, so each turn ends further on or with a fault.
    if (stop - at < CHUNK_HEADER) return faultAt(packet, Fault.HEP_BAD_CHUNK, at - start);
    const length = uint16(bytes, at + 4);
    next = at + length;
    if (length < CHUNK_HEADER || next > stop) return faultAt(packet, Fault.HEP_BAD_CHUNK, at - start);
    if (chunksLeft-- === 0) return faultAt(packet, Fault.HEP_CHUNK_LIMIT, at - start);
    if ((bytes[at]! | bytes[at + 1]!) !== 0) {
      // Vendors number their own chunks from 1 as well: nothing in them is what the generic number says.
      notes |= Note.VENDOR_CHUNK;
      continue;
    }
    const type = uint16(bytes, at + 2);
    if (type >= VALUE_SIZE.length) continue;
    let value = at + CHUNK_HEADER;
    const size = VALUE_SIZE[type]!;
    if (size !== 0 && next - value !== size) {
      if (next - value !== 16 || (type !== Chunk.IPV4_SOURCE && type !== Chunk.IPV4_DESTINATION)) {
        notes |= Note.BAD_CHUNK_SIZE;
        continue;
      }
      // heplify may write the 16 octets of an IPv4-mapped address.
      notes |= Note.MAPPED_V4;
      value += 12;
    }
    if (type < 32) {
      const bit = 1 << type;
      if ((seen & bit) !== 0) notes |= Note.DUPLICATE_CHUNK;
      seen |= bit;
    }
    switch (type) {
      case Chunk.PROTOCOL:
        packet.ipProtocol = bytes[value]!;
        break;
      case Chunk.IPV4_SOURCE:
        packet.src0 = 0;
        packet.src1 = 0;
        packet.src2 = IPV4_MAPPED;
        packet.src3 = int32(bytes, value);
        break;
      case Chunk.IPV4_DESTINATION:
        packet.dst0 = 0;
        packet.dst1 = 0;
        packet.dst2 = IPV4_MAPPED;
        packet.dst3 = int32(bytes, value);
        break;
      case Chunk.IPV6_SOURCE:
        packet.src0 = int32(bytes, value);
        packet.src1 = int32(bytes, value + 4);
        packet.src2 = int32(bytes, value + 8);
        packet.src3 = int32(bytes, value + 12);
        break;
      case Chunk.IPV6_DESTINATION:
        packet.dst0 = int32(bytes, value);
        packet.dst1 = int32(bytes, value + 4);
        packet.dst2 = int32(bytes, value + 8);
        packet.dst3 = int32(bytes, value + 12);
        break;
      case Chunk.SOURCE_PORT:
        packet.srcPort = uint16(bytes, value);
        break;
      case Chunk.DESTINATION_PORT:
        packet.dstPort = uint16(bytes, value);
        break;
      case Chunk.SECONDS:
        packet.rawSeconds = int32(bytes, value) >>> 0;
        break;
      case Chunk.MICROSECONDS:
        packet.rawMicroseconds = int32(bytes, value) >>> 0;
        break;
      case Chunk.KIND:
        packet.kind = bytes[value]!;
        break;
      case Chunk.CAPTURE_ID:
        packet.captureId = int32(bytes, value) >>> 0;
        break;
      case Chunk.AUTH_KEY:
        packet.authPresent = true;
        packet.authStart = value;
        packet.authEnd = next;
        break;
      case Chunk.PAYLOAD:
        packet.start = value;
        packet.end = next;
        break;
      case Chunk.COMPRESSED_PAYLOAD:
        compressedStart = value;
        compressedEnd = next;
        break;
      case Chunk.CORRELATION_ID:
        packet.correlationStart = value;
        packet.correlationEnd = next;
        break;
      case Chunk.VLAN:
        packet.vlan = uint16(bytes, value);
        break;
      case Chunk.NODE_NAME:
        packet.nodeStart = value;
        packet.nodeEnd = next;
        break;
      case Chunk.MOS:
        if (packet.mos >= 0) notes |= Note.DUPLICATE_CHUNK;
        packet.mos = uint16(bytes, value);
        break;
      case Chunk.R_FACTOR:
        if (packet.rFactor >= 0) notes |= Note.DUPLICATE_CHUNK;
        packet.rFactor = uint16(bytes, value);
        break;
      default: // FAMILY among others: which addresses are present says the family, whatever the sender's AF_INET6 is
    }
  }

  packet.notes = notes;
  if (stop < end && !startsWithHep3(bytes, stop, end)) packet.notes |= Note.TRAILING_BYTES;
  packet.transport = transportFromIpProtocol(packet.ipProtocol);
  packet.notes |= (seen & SECONDS_SEEN) === 0 ? Note.TIME_ABSENT : settleTime(packet, limits);
  trimTexts(packet);
  packet.envelopeStart = start;
  packet.envelopeEnd = stop;
  packet.payloadStart = packet.start;
  packet.payloadEnd = packet.end;
  if (packet.start === packet.end) {
    packet.payloadStart = stop;
    packet.payloadEnd = stop;
    const fault = withoutPlainPayload(packet, start, compressedStart, compressedEnd, limits);
    if (fault !== Fault.NONE) return fault;
  }
  // Kind 0 comes from users of hep-js who still use its old field names; their payload is SIP all the same.
  if (packet.kind === PayloadKind.RESERVED && looksLikeSip(packet.bytes, packet.start, packet.end)) {
    packet.kind = PayloadKind.SIP;
  }
  if ((seen & SOURCE_SEEN) === 0 || (seen & DESTINATION_SEEN) === 0) {
    // The ping of heplify says kind 0 and has no addresses; all others need them.
    const isPing = packet.kind === PayloadKind.RESERVED && (seen & KIND_SEEN) !== 0;
    if (!isPing) return faultAt(packet, Fault.HEP_NO_ADDRESS, total);
  }
  return Fault.NONE;
}

function faultAt(packet: Packet, fault: Fault, at: number): Fault {
  packet.faultAt = at;
  return fault;
}

/** Texts lose the blanks and NULs senders put around them; a key only its NULs, since a blank may belong to it. */
function trimTexts(packet: Packet): void {
  const { bytes } = packet;
  while (packet.authEnd > packet.authStart && bytes[packet.authEnd - 1] === 0) packet.authEnd--;
  while (packet.correlationEnd > packet.correlationStart && bytes[packet.correlationEnd - 1]! <= BLANK) {
    packet.correlationEnd--;
  }
  while (packet.correlationStart < packet.correlationEnd && bytes[packet.correlationStart]! <= BLANK) {
    packet.correlationStart++;
  }
  while (packet.nodeEnd > packet.nodeStart && bytes[packet.nodeEnd - 1]! <= BLANK) packet.nodeEnd--;
  while (packet.nodeStart < packet.nodeEnd && bytes[packet.nodeStart]! <= BLANK) packet.nodeStart++;
}
const BLANK = 0x20;

/**
 * Takes the compressed payload, if there is one, and decides whether the packet is of use otherwise: control messages
 * and short MOS reports have no payload at all.
 */
function withoutPlainPayload(
  packet: Packet,
  start: number,
  compressedStart: number,
  compressedEnd: number,
  limits: HepDecodeLimits,
): Fault {
  const { bytes } = packet;
  const size = compressedEnd - compressedStart;
  if (size === FOSSIL_SIZE && !looksGzipped(bytes, compressedStart) && !looksZlib(bytes, compressedStart)) {
    packet.notes |= Note.FOSSIL_CHUNK;
  } else if (size > 0) {
    const inflated = inflate(bytes, compressedStart, compressedEnd, limits);
    if (typeof inflated === 'number') return faultAt(packet, inflated, compressedStart - start);
    takeInflated(packet, inflated, start);
    packet.payloadStart = compressedStart;
    packet.payloadEnd = compressedEnd;
  }
  const isOfUse =
    packet.start < packet.end ||
    packet.correlationStart < packet.correlationEnd ||
    packet.mos >= 0 ||
    packet.rFactor >= 0;
  return isOfUse ? Fault.NONE : faultAt(packet, Fault.HEP_NO_PAYLOAD, packet.length);
}

/** Gives the packet a buffer of its own: the inflated payload, then the packet as it came, so that all ranges hold. */
function takeInflated(packet: Packet, payload: Buffer, start: number): void {
  const shift = payload.length - start;
  packet.bytes = Buffer.concat([payload, packet.bytes.subarray(start, start + packet.length)]);
  packet.start = 0;
  packet.end = payload.length;
  packet.authStart += shift;
  packet.authEnd += shift;
  packet.correlationStart += shift;
  packet.correlationEnd += shift;
  packet.nodeStart += shift;
  packet.nodeEnd += shift;
  packet.inflated = true;
  packet.notes |= Note.INFLATED;
}
