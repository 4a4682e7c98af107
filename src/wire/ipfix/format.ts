/**
 * Layout of the Acme Packet (Oracle) SBC's IPFIX: RFC 7011 framing, fixed records told by their set id, no templates.
 *
 *   message   version u16 = 10 | length u16 | export time u32 | sequence u32 | domain u32 | set …
 *   set       id u16 | length u16 | record | padding               all big-endian, lengths count their own header
 */
export const IPFIX_VERSION = 10;
export const MESSAGE_HEADER = 16;
export const MESSAGE_LENGTH_AT = 2;
export const SET_HEADER = 4;

/** Ids of sets. Templates are never sent by a probe, SCTP is known by its id only. */
export const SetId = {
  KEEPALIVE: 0,
  TEMPLATE: 2,
  OPTIONS_TEMPLATE: 3,
  CONNECT_REQUEST: 256,
  CONNECT_ACKNOWLEDGE: 257,
  SIP_UDP_IN: 258,
  SIP_UDP_OUT: 259,
  SIP_TCP_IN: 260,
  SIP_TCP_OUT: 261,
  SIP_SCTP_IN: 262,
  SIP_SCTP_OUT: 263,
  QOS: 268,
} as const;

/** What a probe can send and a collector wants, in the configuration flags of the handshake. */
export const Capability = {
  COMPRESSION: 0x02,
  RTP_QOS: 0x04,
  RTCP_STATISTICS: 0x08,
} as const;

/** Big-endian numbers by single octets; the caller has seen that they are inside, which is what the `!` stand for. */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Signed, as addresses are kept. */
export function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
