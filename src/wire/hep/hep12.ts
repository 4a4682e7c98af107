import { Fault } from '../../model/fault.ts';
import { IPV4_MAPPED } from '../../model/endpoint.ts';
import { Note, type Packet, PayloadKind } from '../../model/packet.ts';
import { transportFromIpProtocol } from '../../model/transport.ts';
import { Family, HEP1_FIXED, HEP2_TIME, HEP2_TIME_PACKED, int32, uint16 } from './format.ts';
import type { HepDecodeLimits } from './limits.ts';
import { isLetter, startsKnownSip } from './sip-start.ts';
import { settleTime } from './timestamp.ts';

/**
 * Decodes HEP version 1 or 2: `bytes[start..end)` is one whole datagram, header and SIP text.
 *
 * The header length octet is not used: senders disagree on whether it counts the time block, and sngrep writes
 * garbage there. Version and family say where everything is.
 */
export function decodeHep12(bytes: Buffer, start: number, end: number, packet: Packet, limits: HepDecodeLimits): Fault {
  const size = end - start;
  packet.faultAt = size;
  if (size < 3) return Fault.HEP_SHORT;
  const version = bytes.readUInt8(start);
  const isV6 = isInet6(bytes.readUInt8(start + 2));
  if (!isV6 && bytes.readUInt8(start + 2) !== Family.INET) {
    packet.faultAt = 2;
    return Fault.HEP_BAD_FAMILY;
  }
  const addressed = HEP1_FIXED + (isV6 ? 32 : 8);
  const header = version === 1 ? addressed : addressed + HEP2_TIME;
  if (size < header) return Fault.HEP_SHORT;
  if (size > limits.maxMessageBytes) return Fault.HEP_TOO_BIG;

  packet.version = version;
  packet.kind = PayloadKind.SIP;
  packet.ipProtocol = bytes.readUInt8(start + 3);
  packet.transport = transportFromIpProtocol(packet.ipProtocol);
  packet.srcPort = uint16(bytes, start + 4);
  packet.dstPort = uint16(bytes, start + 6);
  readAddresses(bytes, start + HEP1_FIXED, isV6, packet);
  packet.start = start + header;
  if (version === 1) packet.notes |= Note.TIME_ABSENT;
  else readTimeBlock(bytes, start + addressed, end, packet, limits);

  packet.end = withoutNulTail(bytes, packet.start, end);
  if (packet.end !== end) packet.notes |= Note.NUL_TAIL;
  packet.envelopeStart = start;
  packet.envelopeEnd = packet.end;
  packet.payloadStart = packet.start;
  packet.payloadEnd = packet.end;
  if (packet.start === packet.end) return Fault.HEP_NO_PAYLOAD;
  packet.faultAt = 0;
  return Fault.NONE;
}

function isInet6(family: number): boolean {
  return (
    family === Family.INET6_LINUX ||
    family === Family.INET6_NETBSD ||
    family === Family.INET6_FREEBSD ||
    family === Family.INET6_DARWIN
  );
}

function readAddresses(bytes: Buffer, at: number, isV6: boolean, packet: Packet): void {
  if (!isV6) {
    packet.src2 = IPV4_MAPPED;
    packet.src3 = int32(bytes, at);
    packet.dst2 = IPV4_MAPPED;
    packet.dst3 = int32(bytes, at + 4);
    return;
  }
  packet.src0 = int32(bytes, at);
  packet.src1 = int32(bytes, at + 4);
  packet.src2 = int32(bytes, at + 8);
  packet.src3 = int32(bytes, at + 12);
  packet.dst0 = int32(bytes, at + 16);
  packet.dst1 = int32(bytes, at + 20);
  packet.dst2 = int32(bytes, at + 24);
  packet.dst3 = int32(bytes, at + 28);
}

/**
 * Reads seconds, microseconds and capture id at `at`, in the sender's byte order: little-endian, unless only
 * big-endian gives a believable time, and then the capture id is big-endian too.
 */
function readTimeBlock(bytes: Buffer, at: number, end: number, packet: Packet, limits: HepDecodeLimits): void {
  packet.rawSeconds = bytes.readUInt32LE(at);
  packet.rawMicroseconds = bytes.readUInt32LE(at + 4);
  const notes = settleTime(packet, limits);
  const isBigEndian = (notes & Note.TIME_SWAPPED) !== 0;
  packet.notes |= isBigEndian ? (notes & ~Note.TIME_SWAPPED) | Note.BIG_ENDIAN_V2 : notes;
  packet.captureId = isBigEndian ? uint16(bytes, at + 8) : bytes.readUInt16LE(at + 8);
  // Some senders leave out the padding. It may hold any octets, so a letter there is only worth a closer look.
  const packed = at + HEP2_TIME_PACKED;
  if (isLetter(bytes[packed]) && isLetter(bytes[packed + 1]) && startsKnownSip(bytes, packed, end)) {
    packet.start = packed;
    packet.notes |= Note.PACKED_V2;
  }
}

/** OpenSIPS 3.1 to 3.6 sends NULs after the text. Octets that are all NUL are a keep-alive, and stay. */
function withoutNulTail(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && bytes[at - 1] === 0) at--;
  return at === start ? end : at;
}
