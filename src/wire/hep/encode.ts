import { type IpWords, parseIp } from '../../model/endpoint.ts';
import { Chunk, CHUNK_HEADER, Family, HEP1_FIXED, HEP2_TIME, HEP3_HEADER } from './format.ts';

/** One captured message as a capture agent sends it. */
export interface HepMessage {
  /** IP addresses as text; two IPv4 addresses are sent as IPv4, all else as IPv6. */
  src: string;
  srcPort: number;
  dst: string;
  dstPort: number;
  /** IP protocol number as HEP senders use it, 17 = UDP. */
  ipProtocol: number;
  /** Microseconds since the epoch. */
  capturedAtUs: number;
  /** HEP protocol type (`PayloadKind`), 1 = SIP. */
  kind: number;
  captureId: number;
  /** Sent as UTF-8, like the other texts. */
  authKey?: string;
  correlationId?: string;
  nodeName?: string;
  vlan?: number;
  /** Captured octets. Without them the packet has no payload chunk. */
  payload?: Uint8Array;
  /** Captured octets compressed by the caller, sent in place of `payload`. */
  compressedPayload?: Uint8Array;
  /** Any other chunks; sent first, in their order. */
  extraChunks?: readonly HepChunk[];
}

export interface HepChunk {
  vendorId: number;
  typeId: number;
  value: Uint8Array;
}

/** A message that HEP cannot carry: an address that is none, or more octets than its length field can say. */
export class HepEncodeError extends Error {
  readonly code = 'HEP_NOT_ENCODABLE';
}

const MAX_TOTAL = 0xffff;

/** Encodes a HEP3 packet. Throws `HepEncodeError`. */
export function encodeHep3(message: HepMessage): Buffer {
  const { src, dst, isV4 } = addresses(message);
  const chunks: Buffer[] = (message.extraChunks ?? []).map((extra) => chunk(extra.typeId, extra.value, extra.vendorId));
  chunks.push(
    chunk(Chunk.FAMILY, u8(isV4 ? Family.INET : Family.INET6_LINUX)),
    chunk(Chunk.PROTOCOL, u8(message.ipProtocol)),
    chunk(isV4 ? Chunk.IPV4_SOURCE : Chunk.IPV6_SOURCE, src),
    chunk(isV4 ? Chunk.IPV4_DESTINATION : Chunk.IPV6_DESTINATION, dst),
    chunk(Chunk.SOURCE_PORT, u16(message.srcPort)),
    chunk(Chunk.DESTINATION_PORT, u16(message.dstPort)),
    chunk(Chunk.SECONDS, u32(Math.floor(message.capturedAtUs / 1e6))),
    chunk(Chunk.MICROSECONDS, u32(message.capturedAtUs % 1e6)),
    chunk(Chunk.KIND, u8(message.kind)),
    chunk(Chunk.CAPTURE_ID, u32(message.captureId)),
  );
  if (message.authKey !== undefined) chunks.push(chunk(Chunk.AUTH_KEY, Buffer.from(message.authKey)));
  if (message.correlationId !== undefined) chunks.push(chunk(Chunk.CORRELATION_ID, Buffer.from(message.correlationId)));
  if (message.vlan !== undefined) chunks.push(chunk(Chunk.VLAN, u16(message.vlan)));
  if (message.nodeName !== undefined) chunks.push(chunk(Chunk.NODE_NAME, Buffer.from(message.nodeName)));
  if (message.compressedPayload !== undefined) chunks.push(chunk(Chunk.COMPRESSED_PAYLOAD, message.compressedPayload));
  else if (message.payload !== undefined) chunks.push(chunk(Chunk.PAYLOAD, message.payload));

  const total = chunks.reduce((sum, { length }) => sum + length, HEP3_HEADER);
  const header = Buffer.from('HEP3\0\0', 'latin1');
  header.writeUInt16BE(lengthField(total), 4);
  return Buffer.concat([header, ...chunks]);
}

/** Encodes a HEP1 packet: addresses, ports, protocol and payload are all it can carry. Throws `HepEncodeError`. */
export function encodeHep1(message: HepMessage): Buffer {
  return Buffer.concat([hep12Header(1, message), payloadOf(message)]);
}

/** Encodes a HEP2 packet: HEP1 with time and the low 16 bits of the capture id. Throws `HepEncodeError`. */
export function encodeHep2(message: HepMessage): Buffer {
  const time = Buffer.alloc(HEP2_TIME);
  time.writeUInt32LE(Math.floor(message.capturedAtUs / 1e6), 0);
  time.writeUInt32LE(message.capturedAtUs % 1e6, 4);
  time.writeUInt16LE(message.captureId & 0xffff, 8);
  return Buffer.concat([hep12Header(2, message), time, payloadOf(message)]);
}

function hep12Header(version: number, message: HepMessage): Buffer {
  const { src, dst, isV4 } = addresses(message);
  const header = Buffer.alloc(HEP1_FIXED);
  header.writeUInt8(version, 0);
  // Like most senders: the time block of HEP2 is not counted.
  header.writeUInt8(HEP1_FIXED + src.length + dst.length, 1);
  header.writeUInt8(isV4 ? Family.INET : Family.INET6_LINUX, 2);
  header.writeUInt8(message.ipProtocol, 3);
  header.writeUInt16BE(message.srcPort, 4);
  header.writeUInt16BE(message.dstPort, 6);
  return Buffer.concat([header, src, dst]);
}

function payloadOf(message: HepMessage): Uint8Array {
  return message.payload ?? Buffer.alloc(0);
}

function addresses(message: HepMessage): { src: Buffer; dst: Buffer; isV4: boolean } {
  const src = readAddress(message.src);
  const dst = readAddress(message.dst);
  const isV4 = src.family === 4 && dst.family === 4;
  return { src: octets(src, isV4), dst: octets(dst, isV4), isV4 };
}

function readAddress(text: string): IpWords {
  const ip = parseIp(text);
  if (ip === undefined) throw new HepEncodeError(`Cannot encode address "${text}": expected IPv4 or IPv6`);
  return ip;
}

function octets(ip: IpWords, asV4: boolean): Buffer {
  const bytes = Buffer.alloc(16);
  ip.words.forEach((word, index) => bytes.writeInt32BE(word, index * 4));
  return asV4 ? bytes.subarray(12) : bytes;
}

function chunk(typeId: number, value: Uint8Array, vendorId = 0): Buffer {
  const header = Buffer.alloc(CHUNK_HEADER);
  header.writeUInt16BE(vendorId, 0);
  header.writeUInt16BE(typeId, 2);
  header.writeUInt16BE(lengthField(CHUNK_HEADER + value.length), 4);
  return Buffer.concat([header, value]);
}

function lengthField(length: number): number {
  if (length > MAX_TOTAL) throw new HepEncodeError(`Cannot encode ${length} octets: expected at most ${MAX_TOTAL}`);
  return length;
}

function u8(value: number): Buffer {
  return Buffer.of(value);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
