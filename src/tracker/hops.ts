import type { Packet } from '../model/packet.ts';
import type { Transport } from '../model/transport.ts';

/** Most hops recorded per call; further ones are counted in `hopsLeftOut`. */
export const MAX_HOPS = 16;

/** What has hops: a call. */
interface Linked {
  firstHop: Hop | undefined;
  hopsLeftOut: number;
}

/** One link the call's messages travelled, initiator's side first. */
export class Hop {
  readonly family: number;
  readonly src0: number;
  readonly src1: number;
  readonly src2: number;
  readonly src3: number;
  readonly srcPort: number;
  readonly dst0: number;
  readonly dst1: number;
  readonly dst2: number;
  readonly dst3: number;
  readonly dstPort: number;
  readonly transport: Transport;
  /** Interface of the SBC that reported it as slot << 24 | port << 16 | VLAN, unsigned; -1 = none was named. */
  readonly interface: number;
  /** Bits of the call's observers that saw this hop. */
  observers = 0;
  /** Distinct messages, without retransmissions and repeated reports. */
  messages = 0;
  next: Hop | undefined = undefined;

  constructor(
    family: number,
    src0: number,
    src1: number,
    src2: number,
    src3: number,
    srcPort: number,
    dst0: number,
    dst1: number,
    dst2: number,
    dst3: number,
    dstPort: number,
    transport: Transport,
    networkInterface: number,
  ) {
    this.family = family;
    this.src0 = src0;
    this.src1 = src1;
    this.src2 = src2;
    this.src3 = src3;
    this.srcPort = srcPort;
    this.dst0 = dst0;
    this.dst1 = dst1;
    this.dst2 = dst2;
    this.dst3 = dst3;
    this.dstPort = dstPort;
    this.transport = transport;
    this.interface = networkInterface;
  }
}

/** A hop with the same endpoints, on which nothing was counted yet. */
export function copyHop(hop: Hop): Hop {
  const h = hop;
  return new Hop(
    h.family,
    h.src0,
    h.src1,
    h.src2,
    h.src3,
    h.srcPort,
    h.dst0,
    h.dst1,
    h.dst2,
    h.dst3,
    h.dstPort,
    h.transport,
    h.interface,
  );
}

/** The link a packet travelled, the initiator's side first. */
export function makeHop(packet: Packet, reversed: boolean): Hop {
  const p = packet;
  return reversed
    ? new Hop(
        p.family,
        p.dst0,
        p.dst1,
        p.dst2,
        p.dst3,
        p.dstPort,
        p.src0,
        p.src1,
        p.src2,
        p.src3,
        p.srcPort,
        p.transport,
        interfaceOf(p),
      )
    : new Hop(
        p.family,
        p.src0,
        p.src1,
        p.src2,
        p.src3,
        p.srcPort,
        p.dst0,
        p.dst1,
        p.dst2,
        p.dst3,
        p.dstPort,
        p.transport,
        interfaceOf(p),
      );
}

function interfaceOf(packet: Packet): number {
  return packet.interface < 0 ? -1 : packet.interface * 0x1_0000 + packet.vlan;
}

function isLink(hop: Hop, p: Packet, reversed: boolean): boolean {
  if (hop.transport !== p.transport) return false;
  return reversed
    ? hop.srcPort === p.dstPort &&
        hop.dstPort === p.srcPort &&
        hop.src3 === p.dst3 &&
        hop.dst3 === p.src3 &&
        hop.src0 === p.dst0 &&
        hop.src1 === p.dst1 &&
        hop.src2 === p.dst2 &&
        hop.dst0 === p.src0 &&
        hop.dst1 === p.src1 &&
        hop.dst2 === p.src2
    : hop.srcPort === p.srcPort &&
        hop.dstPort === p.dstPort &&
        hop.src3 === p.src3 &&
        hop.dst3 === p.dst3 &&
        hop.src0 === p.src0 &&
        hop.src1 === p.src1 &&
        hop.src2 === p.src2 &&
        hop.dst0 === p.dst0 &&
        hop.dst1 === p.dst1 &&
        hop.dst2 === p.dst2;
}

/** Notes on which link a message travelled; a link new to the call is appended while there is room. */
export function recordHop(call: Linked, packet: Packet, toCallee: boolean, observerBit: number, counts: boolean): void {
  let last: Hop | undefined;
  let hops = 0;
  for (let hop = call.firstHop; hop !== undefined; hop = hop.next) {
    if (isLink(hop, packet, !toCallee)) {
      hop.observers |= observerBit;
      if (counts) hop.messages++;
      return;
    }
    last = hop;
    hops++;
  }
  if (hops >= MAX_HOPS) {
    call.hopsLeftOut++;
    return;
  }
  const hop = makeHop(packet, !toCallee);
  hop.observers = observerBit;
  hop.messages = counts ? 1 : 0;
  if (last === undefined) call.firstHop = hop;
  else last.next = hop;
}
