/**
 * From a captured frame to the UDP datagram, TCP segment or SCTP packet in it.
 *
 *   link header → [VLAN tags] → IPv4 | IPv6 [extension headers] → UDP | TCP | SCTP → payload
 *                                  ↑    ↑                          │
 *                                  │    └── fragments              │
 *                                  └── IP-in-IP, GRE, ERSPAN, VXLAN ┘
 *
 * One `Frame` is filled again and again; offsets point into the frame's octets, nothing is copied but fragments.
 */
import { Buffer } from 'node:buffer';
import { IPV4_MAPPED } from '../../model/endpoint.ts';
import type { Fragments } from './fragments.ts';

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
export const IP_PROTOCOL_SCTP = 132;
const IP_PROTOCOL_IPV4 = 4;
const IP_PROTOCOL_IPV6 = 41;
const IP_PROTOCOL_GRE = 47;

/** Headers inside headers: more than anybody stacks in good faith. */
const MAX_TUNNELS = 8;

const EMPTY = Buffer.alloc(0);

export class Frame {
  /** The captured octets, or a datagram put together from fragments. */
  bytes: Buffer = EMPTY;
  /** 6, 17 or 132. */
  ipProtocol = 0;
  /** The frame or something in it was a fragment. */
  isFragment = false;
  /** The payload came through VXLAN. */
  isVxlan = false;
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
  /** Payload: `[start, end)` of `bytes`; for SCTP the chunks behind the common header. */
  start = 0;
  end = 0;
  /** TCP only: sequence number of the first payload octet, and the flag octet. */
  sequence = 0;
  tcpFlags = 0;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_BRIDGED = 0x6558;
const ETHERTYPE_ERSPAN = 0x88be;
const ETHERTYPE_ERSPAN_3 = 0x22eb;
const ETHERTYPE_SESSION = 0x8864;
const ETHERTYPE_MPLS = 0x8847;
/** 802.1Q, 802.1ad, and what QinQ equipment used before it. */
const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

export interface DecapsulationSettings {
  /** UDP destination ports of VXLAN. */
  vxlanPorts: ReadonlySet<number>;
  /** Where fragments wait; without, a fragment is skipped. */
  fragments: Fragments | undefined;
}

/** Fills `frame` from captured octets, or answers why there is nothing to fill it with. Fragments are skipped. */
export function decapsulate(linkType: number, bytes: Buffer, frame: Frame): FrameSkip | undefined {
  return PLAIN.read(linkType, bytes, 0, frame);
}

/** Takes frames apart, with the settings and the waiting fragments of one capture. */
export class Decapsulator {
  readonly #settings: DecapsulationSettings;
  #tunnels = 0;
  #nowUs = 0;

  constructor(settings: DecapsulationSettings) {
    this.#settings = settings;
  }

  /** Fills `frame` from captured octets, or answers why there is nothing to fill it with. */
  read(linkType: number, bytes: Buffer, nowUs: number, frame: Frame): FrameSkip | undefined {
    this.#tunnels = 0;
    this.#nowUs = nowUs;
    frame.isFragment = false;
    frame.isVxlan = false;
    switch (linkType) {
      case LinkType.ETHERNET:
        return this.#readTagged(bytes, 12, frame);
      case LinkType.LINUX_SLL:
        return this.#readTagged(bytes, 14, frame);
      case LinkType.LINUX_SLL2:
        if (bytes.length < 20) return 'not-ip';
        return this.#readEthertype(bytes, bytes.readUInt16BE(0), 20, frame);
      case LinkType.NULL:
      case LinkType.LOOP:
        // The address family in front differs by system and byte order; the version in the IP header says the same.
        return this.#readIp(bytes, 4, frame);
      case LinkType.RAW:
      case LinkType.RAW_BSD:
      case LinkType.RAW_OPENBSD:
      case LinkType.IPV4:
      case LinkType.IPV6:
        return this.#readIp(bytes, 0, frame);
      default:
        return 'link-type';
    }
  }

  /** From an EtherType at `at`, through VLAN tags, to IP. */
  #readTagged(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
    for (let typeAt = at; typeAt + 2 <= bytes.length; typeAt += 4) {
      const etherType = bytes.readUInt16BE(typeAt);
      if (!VLAN_TAGS.has(etherType)) return this.#readEthertype(bytes, etherType, typeAt + 2, frame);
    }
    return 'not-ip';
  }

  #readEthertype(bytes: Buffer, etherType: number, at: number, frame: Frame): FrameSkip | undefined {
    switch (etherType) {
      case ETHERTYPE_IPV4:
      case ETHERTYPE_IPV6:
        return this.#readIp(bytes, at, frame);
      case ETHERTYPE_SESSION:
        // PPPoE (RFC 2516 §4): six octets, then the PPP protocol in two.
        return this.#readIp(bytes, at + 8, frame);
      case ETHERTYPE_MPLS:
        return this.#readMpls(bytes, at, frame);
      default:
        return 'not-ip';
    }
  }

  /** Label stack (RFC 3032 §2.1) up to the bottom; what is below must be IP, which its version tells. */
  #readMpls(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
    for (let label = at; label + 4 <= bytes.length; label += 4) {
      if ((bytes.readUInt8(label + 2) & 1) === 1) return this.#readIp(bytes, label + 4, frame);
    }
    return 'not-ip';
  }

  #readIp(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
    if (at >= bytes.length) return 'cut-by-capture';
    const version = bytes.readUInt8(at) >>> 4;
    if (version === 4) return this.#readIpv4(bytes, at, frame);
    if (version === 6) return this.#readIpv6(bytes, at, frame);
    return 'not-ip';
  }

  /** RFC 791 §3.1 */
  #readIpv4(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
    if (bytes.length - at < 20) return 'cut-by-capture';
    const headerLength = (bytes.readUInt8(at) & 15) * 4;
    const totalLength = bytes.readUInt16BE(at + 2);
    if (headerLength < 20) return 'bad-ip';
    // Captured before segmentation offload, the length is still zero: then the frame ends the packet.
    const end = totalLength === 0 ? bytes.length : at + totalLength;
    if (at + headerLength > end) return 'bad-ip';
    frame.family = 4;
    frame.src0 = frame.src1 = frame.dst0 = frame.dst1 = 0;
    frame.src2 = frame.dst2 = IPV4_MAPPED;
    frame.src3 = bytes.readInt32BE(at + 12);
    frame.dst3 = bytes.readInt32BE(at + 16);
    const protocol = bytes.readUInt8(at + 9);
    const fragment = bytes.readUInt16BE(at + 6);
    // More fragments, or an offset.
    if ((fragment & 0x3fff) === 0) return this.#readTransport(bytes, protocol, at + headerLength, end, frame);
    const offset = (fragment & 0x1fff) * 8;
    return this.#readFragment(
      bytes,
      protocol,
      at + headerLength,
      end,
      bytes.readUInt16BE(at + 4),
      offset,
      (fragment & 0x2000) !== 0,
      frame,
    );
  }

  /** RFC 8200 §3 and §4 */
  #readIpv6(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
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
          next = bytes.readUInt8(headerAt);
          if ((bytes.readUInt16BE(headerAt + 2) & 0xfff9) !== 0) {
            const fragment = bytes.readUInt16BE(headerAt + 2);
            const id = bytes.readUInt32BE(headerAt + 4);
            return this.#readFragment(
              bytes,
              next,
              headerAt + 8,
              end,
              id,
              fragment & 0xfff8,
              (fragment & 1) === 1,
              frame,
            );
          }
          headerAt += 8;
          break;
        default:
          if (headerAt > end) return 'bad-ip';
          return this.#readTransport(bytes, next, headerAt, end, frame);
      }
    }
  }

  /** `[at, end)` is what the IP header claims as payload; the capture may hold less, the frame may be padded. */
  #readTransport(bytes: Buffer, protocol: number, at: number, end: number, frame: Frame): FrameSkip | undefined {
    frame.ipProtocol = protocol;
    frame.bytes = bytes;
    switch (protocol) {
      case IP_PROTOCOL_UDP:
        return this.#readUdp(bytes, at, end, frame);
      case IP_PROTOCOL_TCP:
        return this.#readTcp(bytes, at, end, frame);
      case IP_PROTOCOL_SCTP:
        return this.#readSctp(bytes, at, end, frame);
      case IP_PROTOCOL_IPV4:
      case IP_PROTOCOL_IPV6:
        if (!this.#enter()) return 'not-udp-tcp';
        return this.#readIp(bytes, at, frame);
      case IP_PROTOCOL_GRE:
        return this.#readGre(bytes, at, frame);
      default:
        return 'not-udp-tcp';
    }
  }

  /** One more header inside a header? */
  #enter(): boolean {
    this.#tunnels++;
    return this.#tunnels <= MAX_TUNNELS;
  }

  #readFragment(
    bytes: Buffer,
    protocol: number,
    at: number,
    end: number,
    id: number,
    offset: number,
    more: boolean,
    frame: Frame,
  ): FrameSkip | undefined {
    frame.isFragment = true;
    const { fragments } = this.#settings;
    if (fragments === undefined) return 'fragment';
    if (end > bytes.length) return 'cut-by-capture';
    const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = frame;
    const key = [src0, src1, src2, src3, dst0, dst1, dst2, dst3, protocol, id].join(' ');
    const whole = fragments.add(key, offset, more, bytes, at, end, this.#nowUs);
    if (whole === undefined) return 'fragment';
    return this.#readTransport(whole, protocol, 0, whole.length, frame);
  }

  /** RFC 2784, RFC 2890; ERSPAN types II and III (draft-foschiano-erspan) */
  #readGre(bytes: Buffer, at: number, frame: Frame): FrameSkip | undefined {
    if (bytes.length - at < 4) return 'cut-by-capture';
    if (!this.#enter()) return 'not-udp-tcp';
    const flags = bytes.readUInt16BE(at);
    const protocol = bytes.readUInt16BE(at + 2);
    // Version 1 is PPTP, routing is long obsolete.
    if ((flags & 0x4007) !== 0) return 'not-udp-tcp';
    const hasSequence = (flags & 0x1000) !== 0;
    const inner = at + 4 + ((flags & 0x8000) === 0 ? 0 : 4) + ((flags & 0x2000) === 0 ? 0 : 4) + (hasSequence ? 4 : 0);
    switch (protocol) {
      case ETHERTYPE_BRIDGED:
        return this.#readTagged(bytes, inner + 12, frame);
      case ETHERTYPE_ERSPAN:
        // Type I has neither sequence number nor header, type II has both.
        return this.#readTagged(bytes, inner + (hasSequence ? 8 : 0) + 12, frame);
      case ETHERTYPE_ERSPAN_3: {
        if (bytes.length - inner < 12) return 'cut-by-capture';
        const hasSubheader = (bytes.readUInt8(inner + 11) & 1) === 1;
        return this.#readTagged(bytes, inner + (hasSubheader ? 20 : 12) + 12, frame);
      }
      default:
        return this.#readEthertype(bytes, protocol, inner, frame);
    }
  }

  /** RFC 9260 §3: the common header; chunks are left to the reader of the payload. */
  #readSctp(bytes: Buffer, at: number, end: number, frame: Frame): FrameSkip | undefined {
    if (end - at < 12) return 'bad-udp-tcp';
    if (end > bytes.length) return 'cut-by-capture';
    frame.srcPort = bytes.readUInt16BE(at);
    frame.dstPort = bytes.readUInt16BE(at + 2);
    frame.start = at + 12;
    frame.end = end;
    frame.sequence = 0;
    frame.tcpFlags = 0;
    return undefined;
  }

  /** RFC 768 */
  #readUdp(bytes: Buffer, at: number, end: number, frame: Frame): FrameSkip | undefined {
    if (end - at < 8) return 'bad-udp-tcp';
    if (bytes.length - at < 8) return 'cut-by-capture';
    const length = bytes.readUInt16BE(at + 4);
    if (length < 8 || at + length > end) return 'bad-udp-tcp';
    if (at + length > bytes.length) return 'cut-by-capture';
    frame.srcPort = bytes.readUInt16BE(at);
    frame.dstPort = bytes.readUInt16BE(at + 2);
    if (this.#settings.vxlanPorts.has(frame.dstPort) && length >= 16 && this.#enter()) {
      frame.isVxlan = true;
      // RFC 7348 §5: eight octets, then an Ethernet frame.
      return this.#readTagged(bytes, at + 16 + 12, frame);
    }
    frame.start = at + 8;
    frame.end = at + length;
    frame.sequence = 0;
    frame.tcpFlags = 0;
    return undefined;
  }

  /** RFC 9293 §3.1 */
  #readTcp(bytes: Buffer, at: number, end: number, frame: Frame): FrameSkip | undefined {
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
}

const PLAIN = new Decapsulator({ vxlanPorts: new Set(), fragments: undefined });
