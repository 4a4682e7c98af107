import { IPV4_MAPPED } from '../../model/endpoint.ts';
import { Fault } from '../../model/fault.ts';
import { clearPacket, type Packet, PayloadKind } from '../../model/packet.ts';
import { Transport } from '../../model/transport.ts';
import { int32, SetId, uint16 } from './format.ts';
import { type Sighting, SIP_TCP, SIP_UDP } from './layouts.ts';
import { VarField } from './var-field.ts';

const UDP_PROTOCOL = 17;
const TCP_PROTOCOL = 6;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const UDP_HEADER = 8;
/** Length octet that announces a longer form no program is known to write. */
const EXTENDED = 0xff;

const variable = new VarField();

/** The ids of the SIP sets this reads. */
export type SipSetId =
  | typeof SetId.SIP_UDP_IN
  | typeof SetId.SIP_UDP_OUT
  | typeof SetId.SIP_TCP_IN
  | typeof SetId.SIP_TCP_OUT;

/**
 * Decodes the record of a SIP set, `bytes[start..end)`, as one captured message.
 *
 * `packet` is filled anew and points into `bytes`; `packet.length` are the octets of the record, so that what is left
 * of the set is its padding. Sets of what the SBC sent carry the Call-ID of the leg it received the call on.
 *
 * @returns `NONE`, `IPFIX_SHORT_SET`, `IPFIX_BAD_TEXT` or `IPFIX_BAD_PACKET`; then `packet.faultAt` says where
 */
export function decodeSipSet(
  id: SipSetId,
  bytes: Buffer,
  start: number,
  end: number,
  packet: Packet,
  nowUs: number,
): Fault {
  const overUdp = id === SetId.SIP_UDP_IN || id === SetId.SIP_UDP_OUT;
  const layout = overUdp ? SIP_UDP : SIP_TCP;
  clearPacket(packet, bytes, nowUs);
  packet.kind = PayloadKind.SIP;
  let at = start + layout.octets;
  packet.faultAt = end - start;
  if (at >= end) return Fault.IPFIX_SHORT_SET;
  if (overUdp) takeSighting(packet, SIP_UDP.read(bytes, start));
  else takeTcpSighting(packet, bytes, start);
  if (id === SetId.SIP_UDP_OUT || id === SetId.SIP_TCP_OUT) {
    const length = bytes[at]!; // before the end
    packet.faultAt = at - start;
    if (length === EXTENDED) return Fault.IPFIX_BAD_TEXT;
    if (at + 1 + length > end) return Fault.IPFIX_SHORT_SET;
    packet.legCallIdStart = at + 1;
    packet.legCallIdEnd = at + 1 + length;
    at += 1 + length;
  }
  packet.faultAt = at - start;
  if (!variable.read(bytes, at, end)) return Fault.IPFIX_SHORT_SET;
  packet.length = variable.end - start;
  packet.start = variable.start;
  packet.end = variable.end;
  packet.faultAt = variable.start - start;
  if (overUdp && !unwrapUdp(bytes, packet)) return Fault.IPFIX_BAD_PACKET;
  packet.faultAt = 0;
  return Fault.NONE;
}

function takeSighting(packet: Packet, sighting: Sighting): void {
  packet.rawSeconds = sighting.seconds;
  packet.rawMicroseconds = sighting.microseconds;
  packet.capturedAtUs = sighting.seconds * 1e6 + sighting.microseconds;
  packet.interface = (sighting.slot << 8) | sighting.port;
  packet.vlan = sighting.vlan;
}

function takeTcpSighting(packet: Packet, bytes: Buffer, start: number): void {
  const sighting = SIP_TCP.read(bytes, start);
  takeSighting(packet, sighting);
  packet.transport = Transport.TCP;
  packet.ipProtocol = TCP_PROTOCOL;
  packet.src3 = sighting.source;
  packet.srcPort = sighting.sourcePort;
  packet.dst3 = sighting.destination;
  packet.dstPort = sighting.destinationPort;
}

/** Narrows the packet from a whole IP datagram to what UDP carries in it. The protocol field is not looked at. */
function unwrapUdp(bytes: Buffer, packet: Packet): boolean {
  packet.transport = Transport.UDP;
  packet.ipProtocol = UDP_PROTOCOL;
  const version = packet.end > packet.start ? bytes[packet.start]! >> 4 : 0;
  if (version !== 4 && version !== 6) return false;
  const inside = version === 4 ? unwrapIpv4(bytes, packet) : unwrapIpv6(bytes, packet);
  if (!inside || packet.end - packet.start < UDP_HEADER) return false;
  const udp = packet.start;
  const length = uint16(bytes, udp + 4);
  // 0 is what an offloading network card or IPv6 jumbograms leave there: the packet says how long it is.
  if (length !== 0) {
    if (length < UDP_HEADER || udp + length > packet.end) return false;
    packet.end = udp + length;
  }
  packet.srcPort = uint16(bytes, udp);
  packet.dstPort = uint16(bytes, udp + 2);
  packet.start = udp + UDP_HEADER;
  return true;
}

function unwrapIpv4(bytes: Buffer, packet: Packet): boolean {
  const { start } = packet;
  const available = packet.end - start;
  if (available < IPV4_HEADER) return false;
  const header = (bytes[start]! & 15) * 4; // the whole fixed header is there
  const total = uint16(bytes, start + 2);
  if (header < IPV4_HEADER || header > available) return false;
  if (total !== 0) {
    if (total < header || total > available) return false;
    packet.end = start + total;
  }
  packet.src3 = int32(bytes, start + 12);
  packet.dst3 = int32(bytes, start + 16);
  packet.start = start + header;
  return true;
}

function unwrapIpv6(bytes: Buffer, packet: Packet): boolean {
  const { start } = packet;
  if (packet.end - start < IPV6_HEADER) return false;
  const length = uint16(bytes, start + 4);
  if (length !== 0) {
    if (start + IPV6_HEADER + length > packet.end) return false;
    packet.end = start + IPV6_HEADER + length;
  }
  packet.src0 = int32(bytes, start + 8);
  packet.src1 = int32(bytes, start + 12);
  packet.src2 = int32(bytes, start + 16);
  packet.src3 = int32(bytes, start + 20);
  packet.dst0 = int32(bytes, start + 24);
  packet.dst1 = int32(bytes, start + 28);
  packet.dst2 = int32(bytes, start + 32);
  packet.dst3 = int32(bytes, start + 36);
  // Mapped addresses are IPv4, whatever header they came in.
  const isV4 =
    (packet.src0 | packet.src1 | packet.dst0 | packet.dst1) === 0 &&
    packet.src2 === IPV4_MAPPED &&
    packet.dst2 === IPV4_MAPPED;
  packet.family = isV4 ? 4 : 6;
  packet.start = start + IPV6_HEADER;
  return true;
}

/** Sets what differs between packets; the other fields are never set here and keep their first value. */
