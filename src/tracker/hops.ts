import type { Packet } from '../model/packet.ts';
import type { Transport } from '../model/transport.ts';
import type { Call } from './call.ts';
import { HopRow, Row } from './rows.ts';

/**
 * The links a call's messages travelled: rows of integers, the first one inside the row of the call.
 *
 *   Call ─▶ Row … │ first hop ─┼─▶ HopRow ─▶ HopRow
 */

/** Most hops recorded per call; further ones are counted in `hopsLeftOut`. */
export const MAX_HOPS = 16;

/** Bits of `HopRow.META` beside the transport, in its low octet. */
const IS_V6 = 0x100;
const HAS_INTERFACE = 0x200;
/** Set for every hop: tells a first one from none. */
const IS_THERE = 0x400;
const OBSERVERS_SHIFT = 16;
const WITHOUT_OBSERVERS = 0xffff;
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
  return isThere(call.row, at) ? readHop(call.row, at) : undefined;
}

/** All hops of a call, in order of appearance. */
export function hopsOf(call: Call): Hop[] {
  const hops: Hop[] = [];
  const { hops: pages } = call.page.rows;
  let ints = call.row;
  let at = call.base + Row.HOP;
  while (isThere(ints, at)) {
    hops.push(readHop(ints, at));
    const next = ints[at + HopRow.NEXT]!; // inside the row
    if (next === 0) break;
    ints = pages.page(next);
    at = pages.base(next);
  }
  return hops;
}

/** Number of hops that have a row of their own. */
export function furtherHops(call: Call): number {
  const { hops } = call.page.rows;
  let count = 0;
  let next = call.row[call.base + Row.HOP + HopRow.NEXT]!; // inside the row
  for (; next !== 0; next = hops.page(next)[hops.base(next) + HopRow.NEXT]!) count++;
  return count;
}

/** Notes on which link a message travelled; a link new to the call is appended while there is room. */
export function recordHop(call: Call, packet: Packet, toCallee: boolean, observerBit: number, counts: boolean): void {
  const { hops: pages } = call.page.rows;
  let ints = call.row;
  let at = call.base + Row.HOP;
  if (isThere(ints, at)) {
    for (let hops = 1; !isLink(ints, at, packet, toCallee); hops++) {
      if (hops >= MAX_HOPS) {
        call.withExtras().hopsLeftOut++;
        return;
      }
      const next = ints[at + HopRow.NEXT]!; // inside the row
      const row = next === 0 ? (ints[at + HopRow.NEXT] = pages.take()) : next;
      ints = pages.page(row);
      at = pages.base(row);
      if (next === 0) {
        writeLink(ints, at, packet, toCallee);
        break;
      }
    }
  } else writeLink(ints, at, packet, toCallee);
  ints[at + HopRow.META]! |= observerBit << OBSERVERS_SHIFT;
  if (counts) ints[at + HopRow.MESSAGES]! += 1;
}

/** Gives a fork the link of the call it forked from, on which nothing was counted yet. */
export function inheritHop(call: Call, parent: Call): void {
  const to = call.base + Row.HOP;
  const from = parent.base + Row.HOP;
  call.row.set(parent.row.subarray(from, from + HopRow.SIZE), to);
  call.row[to + HopRow.META]! &= WITHOUT_OBSERVERS;
  call.row[to + HopRow.MESSAGES] = 0;
  call.row[to + HopRow.NEXT] = 0;
}

/** Gives a call that comes back its hops. */
export function putHops(call: Call, hops: readonly Hop[]): void {
  const { hops: pages } = call.page.rows;
  let ints = call.row;
  let at = call.base + Row.HOP;
  for (const [n, hop] of hops.slice(0, MAX_HOPS).entries()) {
    if (n > 0) {
      const row = (ints[at + HopRow.NEXT] = pages.take());
      ints = pages.page(row);
      at = pages.base(row);
    }
    writeHop(ints, at, hop);
  }
}

function isThere(ints: Int32Array, at: number): boolean {
  return (ints[at + HopRow.META]! & IS_THERE) !== 0; // inside the row
}

function readHop(ints: Int32Array, at: number): Hop {
  const int = (offset: number): number => ints[at + offset]!; // inside the row
  const meta = int(HopRow.META);
  return {
    family: (meta & IS_V6) === 0 ? 4 : 6,
    src0: int(HopRow.SRC),
    src1: int(HopRow.SRC + 1),
    src2: int(HopRow.SRC + 2),
    src3: int(HopRow.SRC + 3),
    srcPort: int(HopRow.PORTS) >>> 16,
    dst0: int(HopRow.DST),
    dst1: int(HopRow.DST + 1),
    dst2: int(HopRow.DST + 2),
    dst3: int(HopRow.DST + 3),
    dstPort: int(HopRow.PORTS) & 0xffff,
    transport: (meta & TRANSPORT_MASK) as Transport, // written from one
    interface: (meta & HAS_INTERFACE) === 0 ? -1 : int(HopRow.INTERFACE) >>> 0,
    observers: meta >>> OBSERVERS_SHIFT,
    messages: int(HopRow.MESSAGES),
  };
}

function writeHop(ints: Int32Array, at: number, hop: Hop): void {
  ints.set([hop.src0, hop.src1, hop.src2, hop.src3, hop.dst0, hop.dst1, hop.dst2, hop.dst3], at + HopRow.SRC);
  ints[at + HopRow.PORTS] = (hop.srcPort << 16) | hop.dstPort;
  ints[at + HopRow.META] = metaOf(hop.transport, hop.family, hop.interface) | (hop.observers << OBSERVERS_SHIFT);
  ints[at + HopRow.MESSAGES] = hop.messages;
  ints[at + HopRow.INTERFACE] = hop.interface;
}

function metaOf(transport: Transport, family: number, networkInterface: number): number {
  return IS_THERE | transport | (family === 6 ? IS_V6 : 0) | (networkInterface < 0 ? 0 : HAS_INTERFACE);
}

/** Where the sender and the receiver of a packet stand in a hop: the initiator's side comes first. */
function fromOf(at: number, toCallee: boolean): number {
  return at + (toCallee ? HopRow.SRC : HopRow.DST);
}

function portsOf(packet: Packet, toCallee: boolean): number {
  return toCallee ? (packet.srcPort << 16) | packet.dstPort : (packet.dstPort << 16) | packet.srcPort;
}

/** Writes the link a packet travelled into a cleared row. */
function writeLink(ints: Int32Array, at: number, p: Packet, toCallee: boolean): void {
  const from = fromOf(at, toCallee);
  const to = fromOf(at, !toCallee);
  ints[from] = p.src0;
  ints[from + 1] = p.src1;
  ints[from + 2] = p.src2;
  ints[from + 3] = p.src3;
  ints[to] = p.dst0;
  ints[to + 1] = p.dst1;
  ints[to + 2] = p.dst2;
  ints[to + 3] = p.dst3;
  ints[at + HopRow.PORTS] = portsOf(p, toCallee);
  const networkInterface = p.interface < 0 ? -1 : p.interface * 0x1_0000 + p.vlan;
  ints[at + HopRow.META] = metaOf(p.transport, p.family, networkInterface);
  ints[at + HopRow.INTERFACE] = networkInterface;
}

function isLink(ints: Int32Array, at: number, p: Packet, toCallee: boolean): boolean {
  const from = fromOf(at, toCallee);
  const to = fromOf(at, !toCallee);
  return (
    ints[at + HopRow.PORTS] === portsOf(p, toCallee) &&
    (ints[at + HopRow.META]! & TRANSPORT_MASK) === p.transport && // inside the row
    ints[from + 3] === p.src3 &&
    ints[to + 3] === p.dst3 &&
    ints[from] === p.src0 &&
    ints[from + 1] === p.src1 &&
    ints[from + 2] === p.src2 &&
    ints[to] === p.dst0 &&
    ints[to + 1] === p.dst1 &&
    ints[to + 2] === p.dst2
  );
}
