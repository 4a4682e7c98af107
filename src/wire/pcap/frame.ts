/**
 * From a captured frame to the UDP datagram or TCP segment in it.
 *
 *   link header → [VLAN tags] → IPv4 | IPv6 [extension headers] → UDP | TCP → payload
 *
 * One `Frame` is filled again and again; offsets point into the frame's octets, nothing is copied.
 */
import type { Buffer } from 'node:buffer';
import { IPV4_MAPPED } from '../../model/endpoint.ts';

/** LINKTYPE_ numbers of the tcpdump registry. */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

/** Why a frame has no payload to offer. */
export const FRAME_SKIPS = [
  'link-type',
  'not-ip',
  'bad-ip',
  'fragment',
  'not-udp-tcp',
  'bad-udp-tcp',
  'cut-by-capture',
] as const;
export type FrameSkip = (typeof FRAME_SKIPS)[number];

export const IP_PROTOCOL_TCP = 6;
export const IP_PROTOCOL_UDP = 17;

export class Frame {
  /** 6 or 17. */
  ipProtocol = 0;
  family: 4 | 6 = 4;
  /** Addresses as four words, IPv4 as IPv4-mapped (see endpoint.ts). */
  src0 = 0;
  src1 = 0;
  src2 = 0;
  src3 = 0;
  srcPort = 0;
  dst0 = 0;
  dst1 = 0;
  dst2 = 0;
  dst3 = 0;
  dstPort = 0;
  /** Payload: `[start, end)` of the frame's octets. */
  start = 0;
  end = 0;
  /** TCP only: sequence number of the first payload octet, and the flag octet. */
  sequence = 0;
  tcpFlags = 0;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** 802.1Q, 802.1ad, and what QinQ equipment used before it. */
const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

/** Fills `frame` from captured octets, or answers why there is nothing to fill it with. */
export function decapsulate(linkType: number, bytes: Buffer, frame: Frame): FrameSkip | undefined {
  switch (linkType) {
    case LinkType.ETHERNET:
      return readTagged(bytes, 12, frame);
    case LinkType.LINUX_SLL:
      return readTagged(bytes, 14, frame);
    case LinkType.LINUX_SLL2:
      if (bytes.length < 20) return 'not-ip';
      return readEthertype(bytes, bytes.readUInt16BE(0), 20, frame);
    case LinkType.NULL:
    case LinkType.LOOP:
      // The address family in front differs by system and byte order; the version in the IP header says the same.
      return readIp(bytes, 4, frame);
    case LinkType.RAW:
    case LinkType.RAW_BSD:
    case LinkType.RAW_OPENBSD:
    case LinkType.IPV4:
    case LinkType.IPV6:
      return readIp(bytes, 0, frame);
    default:
      return 'link-type';
  }
}

/** From an EtherType at `at`, through VLAN tags, to IP. */
function readTagged(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
  for (let typeAt = at; typeAt + 2 <= bytes.length; typeAt += 4) {
    const etherType = bytes.readUInt16BE(typeAt);
    if (!VLAN_TAGS.has(etherType)) return readEthertype(bytes, etherType, typeAt + 2, frame);
  }
  return 'not-ip';
}

function readEthertype(bytes: Buffer, etherType: number, at: number, frame: Frame): FrameSkip | undefined {
  if (etherType !== ETHERTYPE_IPV4 && etherType !== ETHERTYPE_IPV6) return 'not-ip';
  return readIp(bytes, at, frame);
}

function readIp(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
  if (at >= bytes.length) return 'cut-by-capture';
  const version = bytes.readUInt8(at) >>> 4;
  if (version === 4) return readIpv4(bytes, at, frame);
  if (version === 6) return readIpv6(bytes, at, frame);
  return 'not-ip';
}

/** RFC 791 §3.1 */
function readIpv4(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
  if (bytes.length - at < 20) return 'cut-by-capture';
  const headerLength = (bytes.readUInt8(at) & 15) * 4;
  const totalLength = bytes.readUInt16BE(at + 2);
  if (headerLength < 20) return 'bad-ip';
  // Captured before segmentation offload, the length is still zero: then the frame ends the packet.
  const end = totalLength === 0 ? bytes.length : at + totalLength;
  if (at + headerLength > end) return 'bad-ip';
  // More fragments, or an offset.
  if ((bytes.readUInt16BE(at + 6) & 0x3fff) !== 0) return 'fragment';
  frame.family = 4;
  frame.src0 = frame.src1 = frame.dst0 = frame.dst1 = 0;
  frame.src2 = frame.dst2 = IPV4_MAPPED;
  frame.src3 = bytes.readInt32BE(at + 12);
  frame.dst3 = bytes.readInt32BE(at + 16);
  return readTransport(bytes, bytes.readUInt8(at + 9), at + headerLength, end, frame);
}

/** RFC 8200 §3 and §4 */
function readIpv6(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
  if (bytes.length - at < 40) return 'cut-by-capture';
  const payloadLength = bytes.readUInt16BE(at + 4);
  const end = payloadLength === 0 ? bytes.length : at + 40 + payloadLength;
  frame.family = 6;
  frame.src0 = bytes.readInt32BE(at + 8);
  frame.src1 = bytes.readInt32BE(at + 12);
  frame.src2 = bytes.readInt32BE(at + 16);
  frame.src3 = bytes.readInt32BE(at + 20);
  frame.dst0 = bytes.readInt32BE(at + 24);
  frame.dst1 = bytes.readInt32BE(at + 28);
  frame.dst2 = bytes.readInt32BE(at + 32);
  frame.dst3 = bytes.readInt32BE(at + 36);
  let next = bytes.readUInt8(at + 6);
  let headerAt = at + 40;
  for (;;) {
    switch (next) {
      case 0: // hop-by-hop options
      case 43: // routing
      case 60: // destination options
      case 135: // mobility
        if (bytes.length - headerAt < 8) return 'cut-by-capture';
        next = bytes.readUInt8(headerAt);
        headerAt += (bytes.readUInt8(headerAt + 1) + 1) * 8;
        break;
      case 51: // authentication header counts in 4 octets (RFC 4302 §2.2)
        if (bytes.length - headerAt < 8) return 'cut-by-capture';
        next = bytes.readUInt8(headerAt);
        headerAt += (bytes.readUInt8(headerAt + 1) + 2) * 4;
        break;
      case 44: // fragment; one with offset 0 and nothing to follow is the whole packet (RFC 6946)
        if (bytes.length - headerAt < 8) return 'cut-by-capture';
        if ((bytes.readUInt16BE(headerAt + 2) & 0xfff9) !== 0) return 'fragment';
        next = bytes.readUInt8(headerAt);
        headerAt += 8;
        break;
      default:
        if (headerAt > end) return 'bad-ip';
        return readTransport(bytes, next, headerAt, end, frame);
    }
  }
}

/** `[at, end)` is what the IP header claims as payload; the capture may hold less, the frame may be padded. */
function readTransport(bytes: Buffer, protocol: number, at: number, end: number, frame: Frame): FrameSkip | undefined {
  frame.ipProtocol = protocol;
  if (protocol === IP_PROTOCOL_UDP) return readUdp(bytes, at, end, frame);
  if (protocol === IP_PROTOCOL_TCP) return readTcp(bytes, at, end, frame);
  return 'not-udp-tcp';
}

/** RFC 768 */
function readUdp(bytes: Buffer, at: number, end: number, frame: Frame): FrameSkip | undefined {
  if (end - at < 8) return 'bad-udp-tcp';
  if (bytes.length - at < 8) return 'cut-by-capture';
  const length = bytes.readUInt16BE(at + 4);
  if (length < 8 || at + length > end) return 'bad-udp-tcp';
  if (at + length > bytes.length) return 'cut-by-capture';
  frame.srcPort = bytes.readUInt16BE(at);
  frame.dstPort = bytes.readUInt16BE(at + 2);
  frame.start = at + 8;
  frame.end = at + length;
  frame.sequence = 0;
  frame.tcpFlags = 0;
  return undefined;
}

/** RFC 9293 §3.1 */
function readTcp(bytes: Buffer, at: number, end: number, frame: Frame): FrameSkip | undefined {
  if (end - at < 20) return 'bad-udp-tcp';
  if (bytes.length - at < 20) return 'cut-by-capture';
  const headerLength = (bytes.readUInt8(at + 12) >>> 4) * 4;
  if (headerLength < 20 || at + headerLength > end) return 'bad-udp-tcp';
  if (end > bytes.length) return 'cut-by-capture';
  frame.srcPort = bytes.readUInt16BE(at);
  frame.dstPort = bytes.readUInt16BE(at + 2);
  frame.start = at + headerLength;
  frame.end = end;
  frame.sequence = bytes.readUInt32BE(at + 4);
  frame.tcpFlags = bytes.readUInt8(at + 13);
  // A SYN takes one number itself; data with it follows (RFC 9293 §3.4).
  if ((frame.tcpFlags & 2) !== 0) frame.sequence = (frame.sequence + 1) >>> 0;
  return undefined;
}
