import { IPV4_MAPPED } from '../model/endpoint.ts';
import type { Packet } from '../model/packet.ts';
import type { Transport } from '../model/transport.ts';
import type { Call } from './call.ts';
import { HopRow, Row, type RowPages } from './rows.ts';

/**
 * The links a call's messages travelled, as rows of integers. The first one has a short form inside the row of the call;
 * there is room for IPv4 and no interface, so another one lies in a row of its own, and that place stays empty.
 *
 *   Call ─▶ Row … │ first hop, short ─┼─▶ HopRow ─▶ HopRow
 *   Call ─▶ Row … │ empty             ─┼─▶ HopRow ─▶ HopRow
 */

/** Most hops recorded per call; further ones are counted in `hopsLeftOut`. */
export const MAX_HOPS = 16;

/** Bits of `HopRow.META` beside the transport, in its low octet. */
const IS_V6 = 0x100;
const HAS_INTERFACE = 0x200;
/** Set for every hop, but not for the empty place of a first one. */
const IS_THERE = 0x400;
const OBSERVERS_SHIFT = 16;
const TRANSPORT_MASK = 0xff;

/** Copy of one link the call's messages travelled, initiator's side first. */
export interface Hop {
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
  readonly observers: number;
  /** Distinct messages, without retransmissions and repeated reports. */
  readonly messages: number;
}

/** The first hop of a call; `undefined` before its first message. */
export function firstHopOf(call: Call): Hop | undefined {
  const at = call.base + Row.HOP;
  const next = call.row[at + HopRow.NEXT]!; // inside the row
  if (isThere(call.row, at)) return readHop(call.row, at);
  return next === 0 ? undefined : readHop(call.page.rows.hops.page(next), call.page.rows.hops.base(next));
}

/** All hops of a call, in order of appearance. */
export function hopsOf(call: Call): Hop[] {
  const found: Hop[] = [];
  const { hops } = call.page.rows;
  const at = call.base + Row.HOP;
  if (isThere(call.row, at)) found.push(readHop(call.row, at));
  let next = call.row[at + HopRow.NEXT]!; // inside the row
  for (; next !== 0; next = nextOf(hops, next)) found.push(readHop(hops.page(next), hops.base(next)));
  return found;
}

/** Number of hops that have a row of their own. */
export function hopRowsOf(call: Call): number {
  let next = call.row[call.base + Row.HOP + HopRow.NEXT]!; // inside the row
  if (next === 0) return 0; // nearly always
  const { hops } = call.page.rows;
  let count = 0;
  for (; next !== 0; next = nextOf(hops, next)) count++;
  return count;
}

/** Notes on which link a message travelled; a link new to the call is appended while there is room. */
export function recordHop(call: Call, packet: Packet, toCallee: boolean, observerBit: number, counts: boolean): void {
  const { row } = call;
  const first = call.base + Row.HOP;
  if (isThere(row, first) && isLink(row, first, packet, toCallee)) {
    note(row, first, observerBit, counts);
    return;
  }
  const { hops } = call.page.rows;
  let seen = isThere(row, first) ? 1 : 0;
  let next = row[first + HopRow.NEXT]!; // inside the row
  for (; next !== 0; next = nextOf(hops, next), seen++) {
    if (!isLink(hops.page(next), hops.base(next), packet, toCallee)) continue;
    note(hops.page(next), hops.base(next), observerBit, counts);
    return;
  }
  if (seen >= MAX_HOPS) {
    call.withExtras().hopsLeftOut++;
    return;
  }
  const place = append(call, isShort(packet.family, packet.interface));
  writeLink(place.ints, place.at, packet, toCallee);
  note(place.ints, place.at, observerBit, counts);
}

/** Gives a fork the link of the call it forked from, on which nothing was counted yet. */
export function inheritHop(call: Call, parent: Call): void {
  const hop = firstHopOf(parent);
  if (hop !== undefined) putHops(call, [{ ...hop, observers: 0, messages: 0 }]);
}

/** Gives a call hops that are known already. */
export function putHops(call: Call, hops: readonly Hop[]): void {
  for (const hop of hops.slice(0, MAX_HOPS)) {
    const place = append(call, isShort(hop.family, hop.interface));
    writeHop(place.ints, place.at, hop);
  }
}

/** Has a call place for one more hop behind those it has. */
function append(call: Call, short: boolean): { ints: Int32Array; at: number } {
  const { hops } = call.page.rows;
  let ints = call.row;
  let at = call.base + Row.HOP;
  let next = ints[at + HopRow.NEXT]!; // inside the row
  if (short && next === 0 && !isThere(ints, at)) return { ints, at };
  for (; next !== 0; next = ints[at + HopRow.NEXT]!) {
    ints = hops.page(next);
    at = hops.base(next);
  }
  next = hops.take();
  ints[at + HopRow.NEXT] = next;
  return { ints: hops.page(next), at: hops.base(next) };
}

function nextOf(hops: RowPages, row: number): number {
  return hops.page(row)[hops.base(row) + HopRow.NEXT]!; // inside the row
}

function isThere(ints: Int32Array, at: number): boolean {
  return (ints[at + HopRow.META]! & IS_THERE) !== 0; // inside the row
}

function isShort(family: number, networkInterface: number): boolean {
  return family === 4 && networkInterface < 0;
}

function note(ints: Int32Array, at: number, observerBit: number, counts: boolean): void {
  ints[at + HopRow.META]! |= observerBit << OBSERVERS_SHIFT;
  if (counts) ints[at + HopRow.MESSAGES]! += 1;
}

function readHop(ints: Int32Array, at: number): Hop {
  const meta = ints[at + HopRow.META]!; // inside the row, as all of them
  const ports = ints[at + HopRow.PORTS]!;
  const isV6 = (meta & IS_V6) !== 0;
  return {
    family: isV6 ? 6 : 4,
    src0: isV6 ? ints[at + HopRow.SRC_HEAD]! : 0,
    src1: isV6 ? ints[at + HopRow.SRC_HEAD + 1]! : 0,
    src2: isV6 ? ints[at + HopRow.SRC_HEAD + 2]! : IPV4_MAPPED,
    src3: ints[at + HopRow.SRC]!,
    srcPort: ports >>> 16,
    dst0: isV6 ? ints[at + HopRow.DST_HEAD]! : 0,
    dst1: isV6 ? ints[at + HopRow.DST_HEAD + 1]! : 0,
    dst2: isV6 ? ints[at + HopRow.DST_HEAD + 2]! : IPV4_MAPPED,
    dst3: ints[at + HopRow.DST]!,
    dstPort: ports & 0xffff,
    transport: (meta & TRANSPORT_MASK) as Transport, // written from one
    interface: (meta & HAS_INTERFACE) === 0 ? -1 : ints[at + HopRow.INTERFACE]! >>> 0,
    observers: meta >>> OBSERVERS_SHIFT,
    messages: ints[at + HopRow.MESSAGES]!,
  };
}

function writeHop(ints: Int32Array, at: number, hop: Hop): void {
  ints[at + HopRow.SRC] = hop.src3;
  ints[at + HopRow.DST] = hop.dst3;
  ints[at + HopRow.PORTS] = (hop.srcPort << 16) | hop.dstPort;
  ints[at + HopRow.META] = metaOf(hop.transport, hop.family, hop.interface) | (hop.observers << OBSERVERS_SHIFT);
  ints[at + HopRow.MESSAGES] = hop.messages;
  if (isShort(hop.family, hop.interface)) return;
  ints.set([hop.src0, hop.src1, hop.src2], at + HopRow.SRC_HEAD);
  ints.set([hop.dst0, hop.dst1, hop.dst2], at + HopRow.DST_HEAD);
  ints[at + HopRow.INTERFACE] = hop.interface;
}

function metaOf(transport: Transport, family: number, networkInterface: number): number {
  return IS_THERE | transport | (family === 6 ? IS_V6 : 0) | (networkInterface < 0 ? 0 : HAS_INTERFACE);
}

/** Ports in the order of a hop: the initiator's side comes first. */
function portsOf(packet: Packet, toCallee: boolean): number {
  return toCallee ? (packet.srcPort << 16) | packet.dstPort : (packet.dstPort << 16) | packet.srcPort;
}

/** Writes the link a packet travelled into a cleared place. */
function writeLink(ints: Int32Array, at: number, p: Packet, toCallee: boolean): void {
  const networkInterface = p.interface < 0 ? -1 : p.interface * 0x1_0000 + p.vlan;
  ints[at + (toCallee ? HopRow.SRC : HopRow.DST)] = p.src3;
  ints[at + (toCallee ? HopRow.DST : HopRow.SRC)] = p.dst3;
  ints[at + HopRow.PORTS] = portsOf(p, toCallee);
  ints[at + HopRow.META] = metaOf(p.transport, p.family, networkInterface);
  if (isShort(p.family, p.interface)) return;
  const src = at + (toCallee ? HopRow.SRC_HEAD : HopRow.DST_HEAD);
  const dst = at + (toCallee ? HopRow.DST_HEAD : HopRow.SRC_HEAD);
  ints[src] = p.src0;
  ints[src + 1] = p.src1;
  ints[src + 2] = p.src2;
  ints[dst] = p.dst0;
  ints[dst + 1] = p.dst1;
  ints[dst + 2] = p.dst2;
  ints[at + HopRow.INTERFACE] = networkInterface;
}

function isLink(ints: Int32Array, at: number, p: Packet, toCallee: boolean): boolean {
  const meta = ints[at + HopRow.META]!; // inside the row
  if (
    ints[at + HopRow.PORTS] !== portsOf(p, toCallee) ||
    ints[at + (toCallee ? HopRow.SRC : HopRow.DST)] !== p.src3 ||
    ints[at + (toCallee ? HopRow.DST : HopRow.SRC)] !== p.dst3 ||
    (meta & TRANSPORT_MASK) !== p.transport
  ) {
    return false;
  }
  if ((meta & IS_V6) === 0) return p.family === 4;
  const src = at + (toCallee ? HopRow.SRC_HEAD : HopRow.DST_HEAD);
  const dst = at + (toCallee ? HopRow.DST_HEAD : HopRow.SRC_HEAD);
  return (
    ints[src] === p.src0 &&
    ints[src + 1] === p.src1 &&
    ints[src + 2] === p.src2 &&
    ints[dst] === p.dst0 &&
    ints[dst + 1] === p.dst1 &&
    ints[dst + 2] === p.dst2
  );
}
