import { IPV4_MAPPED } from './endpoint.ts';
import { Transport } from './transport.ts';

/** Payload kinds by HEP protocol type (chunk 0x000b); only the ones we name. Others keep their number. */
export const PayloadKind = {
  RESERVED: 0,
  SIP: 1,
  RTCP: 5,
  JSON: 32,
  MOS_FULL: 34,
  MOS_SHORT: 35,
  QOS: 38,
  NG_CONTROL: 61,
  CONTROL: 96,
  VQ_RTCPXR: 99,
  LOG: 100,
} as const;

/** Repairs and oddities a decoder met and lived with; bits of `Packet.notes`, each with its counter. */
export const Note = {
  TIME_SWAPPED: 1,
  TIME_SINCE_1900: 2,
  TIME_ABSENT: 4,
  TIME_BIG_USEC: 8,
  BAD_CHUNK_SIZE: 16,
  DUPLICATE_CHUNK: 32,
  VENDOR_CHUNK: 64,
  TRAILING_BYTES: 128,
  NUL_TAIL: 256,
  PACKED_V2: 512,
  INFLATED: 1024,
  BIG_ENDIAN_V2: 2048,
  MAPPED_V4: 4096,
  FOSSIL_CHUNK: 8192,
} as const;

/**
 * One captured message on its way through the engine, whatever it came in: HEP, IPFIX, pcap or the inject page.
 *
 * One instance per source is filled again and again. Ranges are offsets into `bytes`, which belongs to the source
 * and is valid only until `ingest` returns: what is kept is copied. All fields are always set, so the shape is stable.
 */
export class Packet {
  /** Octets the ranges below point into. */
  bytes: Buffer;
  /** Payload: `bytes[start..end)`. */
  start = 0;
  end = 0;
  /**
   * The packet as it came, for display: `envelope[envelopeStart..envelopeEnd)`, and in it the payload as it came,
   * `[payloadStart..payloadEnd)`. What `bytes` is a copy of where that is not the source's buffer. Empty = there is none.
   */
  envelope: Buffer;
  envelopeStart = 0;
  envelopeEnd = 0;
  payloadStart = 0;
  payloadEnd = 0;
  /** HEP protocol type of the payload (`PayloadKind`), 1 = SIP. */
  kind = 0;
  transport: Transport = 0;
  ipProtocol = 0;
  /** 4 or 6; the words hold IPv4 as IPv4-mapped (see endpoint.ts). */
  family = 4;
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
  /** Microseconds since the epoch as the sender said (after repairs), 0 = the sender gave none. */
  capturedAtUs = 0;
  /** Microseconds since the epoch when the octets reached us; set by the source. */
  arrivedAtUs = 0;
  /**
   * The time the tracker goes by: `capturedAtUs`, or `arrivedAtUs` when the sender gave none or its clock is off.
   * Set by the pipeline.
   */
  trackedAtUs = 0;
  /** Seconds and microseconds exactly as on the wire, before any repair. */
  rawSeconds = 0;
  rawMicroseconds = 0;
  /** HEP version 1, 2 or 3; 0 for other sources. */
  version = 0;
  /** Capture agent id as sent. */
  captureId = 0;
  /** Ranges in `bytes`; start === end means absent. An empty authentication key is told by `authPresent`. */
  authStart = 0;
  authEnd = 0;
  authPresent = false;
  correlationStart = 0;
  correlationEnd = 0;
  /** Call-ID of the call's other leg, where the sender knows it for certain (egress sets of an SBC). */
  legCallIdStart = 0;
  legCallIdEnd = 0;
  nodeStart = 0;
  nodeEnd = 0;
  /** -1 = absent. */
  vlan = -1;
  /** Slot and port of an SBC's interface as slot << 8 | port, -1 = absent. */
  interface = -1;
  /** MOS × 100 and R-factor as sent, -1 = absent. */
  mos = -1;
  rFactor = -1;
  /** Octets from the first to behind the last of this packet in its datagram or stream, for looping and byte counts. */
  length = 0;
  /** `Note` bits. */
  notes = 0;
  /** Where decoding stopped when it answered a fault: offset relative to the packet's first octet. */
  faultAt = 0;
  /**
   * True when `bytes` is not the source's buffer but an inflated copy. For a compressed HEP payload the copy is the
   * inflated payload followed by the packet as it came, so that all ranges above lie in this one buffer; `length`
   * and `faultAt` still count the source's octets.
   */
  inflated = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.envelope = bytes;
  }
}

/** A packet of which nothing is known yet but the octets it is to be found in, and when they came. */
export function clearPacket(packet: Packet, bytes: Buffer, nowUs: number): void {
  packet.bytes = bytes;
  packet.start = 0;
  packet.end = 0;
  packet.envelope = bytes;
  packet.envelopeStart = 0;
  packet.envelopeEnd = 0;
  packet.payloadStart = 0;
  packet.payloadEnd = 0;
  packet.kind = 0;
  packet.transport = Transport.UNKNOWN;
  packet.ipProtocol = 0;
  packet.family = 4;
  packet.src0 = 0;
  packet.src1 = 0;
  packet.src2 = IPV4_MAPPED;
  packet.src3 = 0;
  packet.srcPort = 0;
  packet.dst0 = 0;
  packet.dst1 = 0;
  packet.dst2 = IPV4_MAPPED;
  packet.dst3 = 0;
  packet.dstPort = 0;
  packet.capturedAtUs = 0;
  packet.arrivedAtUs = nowUs;
  packet.trackedAtUs = 0;
  packet.rawSeconds = 0;
  packet.rawMicroseconds = 0;
  packet.version = 0;
  packet.captureId = 0;
  packet.authStart = 0;
  packet.authEnd = 0;
  packet.authPresent = false;
  packet.correlationStart = 0;
  packet.correlationEnd = 0;
  packet.legCallIdStart = 0;
  packet.legCallIdEnd = 0;
  packet.nodeStart = 0;
  packet.nodeEnd = 0;
  packet.vlan = -1;
  packet.interface = -1;
  packet.mos = -1;
  packet.rFactor = -1;
  packet.length = 0;
  packet.notes = 0;
  packet.faultAt = 0;
  packet.inflated = false;
}

/** What a message came in, without the message. */
export interface KeptEnvelope {
  /** Of HEP; 0 = it was a record of IPFIX, or there is no envelope. */
  version: number;
  /** Its octets before the payload, and those behind; where it was too long, those at its end are missing. */
  before: Buffer;
  after: Buffer;
  /** `Note` bits. */
  notes: number;
}

/** Octets of an envelope that are kept for display, besides the payload. */
export const MAX_ENVELOPE_OCTETS = 256;

/** Octets before the payload that are kept for display. */
export function keptBefore({ envelopeStart, payloadStart }: Packet): number {
  return Math.min(payloadStart - envelopeStart, MAX_ENVELOPE_OCTETS);
}

/** Octets behind the payload that are kept for display: none where those before it were too many. */
export function keptAfter({ payloadEnd, envelopeEnd }: Packet, before: number): number {
  return Math.min(envelopeEnd - payloadEnd, MAX_ENVELOPE_OCTETS - before);
}
