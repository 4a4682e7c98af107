/**
 * Layout of HEP on the wire, for decoder, framer and encoder.
 *
 *   HEP3      "HEP3" | total length u16 | chunk …            all big-endian, lengths count their own header
 *   chunk     vendor u16 | type u16 | length u16 | value
 *   HEP1/2    version u8 | header length u8 | family u8 | protocol u8 | ports 2×u16 | addresses 2×4 or 2×16
 *             HEP2 adds seconds u32 | microseconds u32 | capture id u16 | padding u16, in the sender's byte order
 *
 * @see HEP3 Network Protocol Specification rev. 37
 */

/** Magic, then total length. */
export const HEP3_HEADER = 6;
/** Vendor, type, length. */
export const CHUNK_HEADER = 6;
/** Version to ports of HEP1 and HEP2. */
export const HEP1_FIXED = 8;
/** Time block of HEP2: ten octets of members in a C struct of twelve. */
export const HEP2_TIME = 12;
export const HEP2_TIME_PACKED = 10;

/** Generic chunk types (vendor 0) that are read or written here. */
export const Chunk = {
  FAMILY: 0x01,
  PROTOCOL: 0x02,
  IPV4_SOURCE: 0x03,
  IPV4_DESTINATION: 0x04,
  IPV6_SOURCE: 0x05,
  IPV6_DESTINATION: 0x06,
  SOURCE_PORT: 0x07,
  DESTINATION_PORT: 0x08,
  SECONDS: 0x09,
  MICROSECONDS: 0x0a,
  KIND: 0x0b,
  CAPTURE_ID: 0x0c,
  AUTH_KEY: 0x0e,
  PAYLOAD: 0x0f,
  COMPRESSED_PAYLOAD: 0x10,
  CORRELATION_ID: 0x11,
  VLAN: 0x12,
  NODE_NAME: 0x13,
  MOS: 0x20,
  R_FACTOR: 0x21,
} as const;

/** Address families as senders write them: the numbers of their own system's sockets. */
export const Family = {
  INET: 2,
  INET6_LINUX: 10,
  INET6_NETBSD: 24,
  INET6_FREEBSD: 28,
  INET6_DARWIN: 30,
} as const;

/** True when the magic of HEP3, or of its 2013 draft "EEP1" with the same layout, stands at `at`. */
export function startsWithHep3(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 4) return false;
  if (bytes[at] === 0x48) return bytes[at + 1] === 0x45 && bytes[at + 2] === 0x50 && bytes[at + 3] === 0x33;
  return bytes[at] === 0x45 && bytes[at + 1] === 0x45 && bytes[at + 2] === 0x50 && bytes[at + 3] === 0x31;
}

/**
 * Big-endian numbers by single octets: a third of the time `readUInt16BE` and `readInt32BE` take over a whole packet
 * (bench/micro/hep.bench.ts). They check nothing: the caller has seen that the octets are inside its packet, which is
 * what the `!` stand for.
 */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Signed, as addresses are kept; `>>> 0` makes it unsigned. */
export function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
