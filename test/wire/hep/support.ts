import { readFileSync } from 'node:fs';
import { formatIp } from '../../../src/model/endpoint.ts';
import { Fault, faultInfo } from '../../../src/model/fault.ts';
import { Note, Packet } from '../../../src/model/packet.ts';
import { transportName } from '../../../src/model/transport.ts';
import { decodeHep, type HepDecodeLimits } from '../../../src/wire/hep/decode.ts';

export const LIMITS: HepDecodeLimits = {
  maxMessageBytes: 65535,
  maxChunks: 256,
  maxInflatedBytes: 262_144,
  maxInflateRatio: 100,
};

/** Capture time of the worked examples, and an arrival half a second later. */
export const CAPTURED_US = 1_700_000_000_123_456;
export const NOW_US = 1_700_000_000_623_456;

/** SIP payload of the worked examples. */
export const SIP = 'OPTIONS sip:b@192.0.2.20 SIP/2.0\r\nCall-ID: c1\r\nCSeq: 1 OPTIONS\r\n\r\n';

/** Octets from hex text; lines beginning with `#` are comments. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/^#.*$/gm, '').replaceAll(/\s+/g, ''), 'hex');
}

export function example(name: string): Buffer {
  return hex(readFileSync(`fixtures/hep/${name}.hex`, 'latin1'));
}

/** A copy with some octets replaced. */
export function patched(bytes: Buffer, at: number, octets: string): Buffer {
  const copy = Buffer.from(bytes);
  hex(octets).copy(copy, at);
  return copy;
}

/** A HEP3 packet around chunks given as hex, with the right total length. */
export function hep3(...chunks: string[]): Buffer {
  const body = hex(chunks.join(''));
  const header = hex('48 45 50 33 00 00');
  header.writeUInt16BE(body.length + 6, 4);
  return Buffer.concat([header, body]);
}

/** Chunks of example D by name, for packets that leave one out or change one. */
export const CHUNK = {
  family: '0000 0001 0007 02',
  protocol: '0000 0002 0007 11',
  src: '0000 0003 000a c000020a',
  dst: '0000 0004 000a c0000214',
  srcPort: '0000 0007 0008 13c4',
  dstPort: '0000 0008 0008 13ce',
  seconds: '0000 0009 000a 6553f100',
  microseconds: '0000 000a 000a 0001e240',
  kind: '0000 000b 0007 01',
  captureId: '0000 000c 000a 000007d1',
  payload: `0000 000f 0048 ${Buffer.from(SIP).toString('hex')}`,
} as const;

export function chunksWith(changes: Partial<Record<keyof typeof CHUNK, string>>): string[] {
  return Object.values({ ...CHUNK, ...changes });
}

export interface Decoded {
  fault: string;
  faultAt: number;
  packet: Packet;
}

/** Decodes from a packet full of what an earlier one left, so that nothing can survive unnoticed. */
export function decode(bytes: Buffer, limits: HepDecodeLimits = LIMITS, nowUs = NOW_US): Decoded {
  const packet = usedPacket();
  const fault = decodeHep(bytes, 0, bytes.length, packet, limits, nowUs);
  return { fault: fault === Fault.NONE ? 'NONE' : faultInfo(fault).code, faultAt: packet.faultAt, packet };
}

function usedPacket(): Packet {
  const packet = new Packet(Buffer.from('from before'));
  const everything = encodedWithEverything;
  decodeHep(everything, 0, everything.length, packet, LIMITS, NOW_US);
  return packet;
}
const encodedWithEverything = hep3(
  '0000 0005 0016 20010db8000000010000000000000001',
  '0000 0006 0016 20010db8000000010000000000000002',
  ...chunksWith({ src: '', dst: '', kind: '0000 000b 0007 64', protocol: '0000 0002 0007 16' }),
  '0000 000e 0009 6b6579',
  '0000 0011 0008 6964',
  '0000 0012 0008 0007',
  '0000 0013 000a 6e6f6465',
  '0000 0020 0008 01b9',
  '0000 0021 0008 005d',
  '0002 0001 0006',
);

/** What a packet says, as plain values; texts one character per octet. */
export function view(packet: Packet): Record<string, unknown> {
  const text = (start: number, end: number): string => packet.bytes.toString('latin1', start, end);
  return {
    version: packet.version,
    kind: packet.kind,
    family: packet.family,
    src: formatIp(packet.family, packet.src0, packet.src1, packet.src2, packet.src3),
    srcPort: packet.srcPort,
    dst: formatIp(packet.family, packet.dst0, packet.dst1, packet.dst2, packet.dst3),
    dstPort: packet.dstPort,
    ipProtocol: packet.ipProtocol,
    transport: transportName(packet.transport),
    capturedAtUs: packet.capturedAtUs,
    arrivedAtUs: packet.arrivedAtUs,
    captureId: packet.captureId,
    authKey: packet.authPresent ? text(packet.authStart, packet.authEnd) : undefined,
    correlationId: text(packet.correlationStart, packet.correlationEnd),
    nodeName: text(packet.nodeStart, packet.nodeEnd),
    vlan: packet.vlan,
    mos: packet.mos,
    rFactor: packet.rFactor,
    payload: text(packet.start, packet.end),
    length: packet.length,
    notes: noteNames(packet),
  };
}

export function noteNames(packet: Packet): string[] {
  return Object.entries(Note)
    .filter(([, bit]) => (packet.notes & bit) !== 0)
    .map(([name]) => name);
}

export function payloadText(packet: Packet): string {
  return packet.bytes.toString('latin1', packet.start, packet.end);
}
