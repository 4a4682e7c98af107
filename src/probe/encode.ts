import { parseIp } from '../model/endpoint.ts';

/**
 * What an SBC puts on the wire, octet by octet. It shares nothing with the collector's decoder on purpose: each of the
 * two was written from the description of the protocol alone, so that one finds the other's mistakes.
 */
const VERSION = 10;
const MESSAGE_HEADER = 16;
const SET_HEADER = 4;
const MAX_U16 = 0xffff;

/** One SIP message as the SBC received it (`in`) or sent it (`out`). */
export interface SightedSip {
  direction: 'in' | 'out';
  transport: 'udp' | 'tcp';
  timeUs: number;
  slot: number;
  port: number;
  vlan: number;
  src: string;
  srcPort: number;
  dst: string;
  dstPort: number;
  /** Call-ID of the leg on which the call came in; sent with `out` only. */
  ingressCallId: string;
  /** TCP only: number the SBC gave the connection. */
  contextId: number;
  payload: Buffer;
}

/** Who the SBC says it is. */
export interface Identity {
  hostName: string;
  keepaliveS: number;
  configFlags: number;
  configFlags2: number;
  systemId: number;
}

/** What media of one leg was like; R-value and MOS are multiplied by 100. The order is that of the record. */
export interface Media {
  rtpBytes: number;
  rtpPackets: number;
  rtpLost: number;
  rtpAverageJitter: number;
  rtpMaxJitter: number;
  rtcpBytes: number;
  rtcpPackets: number;
  rtcpLost: number;
  rtcpAverageJitter: number;
  rtcpMaxJitter: number;
  rtcpAverageLatency: number;
  rtcpMaxLatency: number;
  rValue: number;
  mos: number;
}

export interface Flow {
  src: string;
  dst: string;
  srcPort: number;
  dstPort: number;
}

export interface QosReport {
  incoming: Media;
  outgoing: Media;
  payloadType: number;
  callerIncoming: Flow;
  calleeIncoming: Flow;
  callerOutgoing: Flow;
  calleeOutgoing: Flow;
  caller: { slot: number; port: number; vlan: number };
  callee: { slot: number; port: number; vlan: number };
  beginUs: number;
  endUs: number;
  incomingRealm: string;
  outgoingRealm: string;
  incomingCallId: string;
  outgoingCallId: string;
}

/** Puts sets into one message. */
export function message(sets: readonly Buffer[], exportTimeS: number, sequence: number): Buffer {
  const body = Buffer.concat(sets);
  const header = Buffer.alloc(MESSAGE_HEADER);
  header.writeUInt16BE(VERSION, 0);
  header.writeUInt16BE(MESSAGE_HEADER + body.length, 2);
  header.writeUInt32BE(exportTimeS, 4);
  header.writeUInt32BE(sequence, 8);
  return Buffer.concat([header, body]);
}

export function keepaliveSet(): Buffer {
  return set(0);
}

export function connectSet(identity: Identity): Buffer {
  const { hostName, keepaliveS, configFlags, configFlags2, systemId } = identity;
  const host = Buffer.from(hostName, 'latin1');
  return set(
    256,
    u16(1, 2, configFlags, configFlags2, 0, keepaliveS),
    u32(systemId),
    Buffer.from('CZ'),
    u8(7, 3, 0, host.length),
    host,
  );
}

/** A set for one sighted message; `undefined` for what no set is known: TCP over IPv6, text beyond a length field. */
export function sipSet(sip: SightedSip): Buffer | undefined {
  const { direction, transport, slot, port, vlan } = sip;
  const when = Buffer.concat([time(sip.timeUs), u8(slot, port), u16(vlan)]);
  const callId = Buffer.from(sip.ingressCallId, 'latin1');
  if (callId.length > 254) return undefined;
  const leg = direction === 'out' ? [u8(callId.length), callId] : [];
  if (transport === 'udp') {
    const datagram = ipDatagram(sip);
    if (datagram === undefined || datagram.length > MAX_U16 - 512) return undefined;
    return set(direction === 'in' ? 258 : 259, when, ...leg, text(datagram));
  }
  const src = address(sip.src);
  const dst = address(sip.dst);
  if (src.length !== 4 || dst.length !== 4 || sip.payload.length > MAX_U16 - 512) return undefined;
  const ends = [dst, src, u16(sip.dstPort, sip.srcPort), u32(sip.contextId)];
  return set(direction === 'in' ? 260 : 261, when, ...ends, ...leg, text(sip.payload));
}

export function qosSet(report: QosReport): Buffer {
  const { caller, callee } = report;
  return set(
    268,
    media(report.incoming),
    media(report.outgoing),
    u8(report.payloadType),
    flow(report.callerIncoming),
    flow(report.calleeIncoming),
    flow(report.callerOutgoing),
    flow(report.calleeOutgoing),
    u8(caller.slot, caller.port),
    u16(caller.vlan),
    u8(callee.slot, callee.port),
    u16(callee.vlan),
    time(report.beginUs),
    time(report.endUs),
    ...[report.incomingRealm, report.outgoingRealm, report.incomingCallId, report.outgoingCallId].map((value) =>
      text(Buffer.from(value, 'latin1')),
    ),
  );
}

/** What a collector answered to a connect request; `undefined` when the octets are no such answer. */
export function readAcknowledge(octets: Buffer): { configFlags: number; keepaliveS: number } | undefined {
  const body = MESSAGE_HEADER + SET_HEADER;
  if (octets.length < body + 22 || octets.readUInt16BE(MESSAGE_HEADER) !== 257) return undefined;
  return { configFlags: octets.readUInt16BE(body + 4), keepaliveS: octets.readUInt16BE(body + 10) };
}

/** Octets of the message at the beginning of a stream, `undefined` while its header is not there. */
export function messageLength(octets: Buffer): number | undefined {
  return octets.length < MESSAGE_HEADER ? undefined : octets.readUInt16BE(2);
}

function set(id: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u16(id, SET_HEADER + body.length), body]);
}

/** SBCs always use the long form: 255 and two octets of length. */
function text(value: Buffer): Buffer {
  return Buffer.concat([u8(0xff), u16(value.length), value]);
}

function time(us: number): Buffer {
  return u32(Math.floor(us / 1e6), us % 1e6);
}

function media(m: Media): Buffer {
  return u32(
    m.rtpBytes,
    m.rtpPackets,
    m.rtpLost,
    m.rtpAverageJitter,
    m.rtpMaxJitter,
    m.rtcpBytes,
    m.rtcpPackets,
    m.rtcpLost,
    m.rtcpAverageJitter,
    m.rtcpMaxJitter,
    m.rtcpAverageLatency,
    m.rtcpMaxLatency,
    m.rValue,
    m.mos,
  );
}

function flow({ src, dst, srcPort, dstPort }: Flow): Buffer {
  return Buffer.concat([address(src), address(dst), u16(srcPort, dstPort)]);
}

function address(ip: string): Buffer {
  const parsed = parseIp(ip);
  if (parsed === undefined) throw new Error(`"${ip}" is no IP address`);
  const octets = Buffer.alloc(16);
  parsed.words.forEach((word, index) => octets.writeInt32BE(word, index * 4));
  return parsed.family === 4 ? octets.subarray(12) : octets;
}

function ipDatagram(sip: SightedSip): Buffer | undefined {
  const src = address(sip.src);
  const dst = address(sip.dst);
  if (src.length !== dst.length || sip.payload.length > MAX_U16 - 512) return undefined;
  const udp = Buffer.concat([u16(sip.srcPort, sip.dstPort, 8 + sip.payload.length, 0), sip.payload]);
  const pseudoHeader = Buffer.concat([src, dst, u32(udp.length), u32(17)]);
  // A sum of 0 is sent as its other form, since 0 says that there is none (RFC 768).
  udp.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, udp])) || MAX_U16, 6);
  if (src.length === 16) {
    return Buffer.concat([u32(0x6000_0000), u16(udp.length), u8(17, 64), src, dst, udp]);
  }
  const header = Buffer.concat([u16(0x4500, 20 + udp.length, 1, 0), u8(64, 17), u16(0), src, dst]);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, udp]);
}

/** Internet checksum (RFC 1071). */
function checksum(octets: Buffer): number {
  let sum = 0;
  for (const [index, octet] of octets.entries()) sum += index % 2 === 0 ? octet << 8 : octet;
  while (sum > MAX_U16) sum = (sum & MAX_U16) + (sum >>> 16);
  return ~sum & MAX_U16;
}

function u8(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

function u16(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => octets.writeUInt16BE(value, index * 2));
  return octets;
}

function u32(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => octets.writeUInt32BE(value, index * 4));
  return octets;
}
