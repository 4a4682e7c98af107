import { Fault } from '../../model/fault.ts';
import { Capability, MESSAGE_HEADER, SET_HEADER, SetId } from './format.ts';
import { type Connect, CONNECT } from './layouts.ts';

const EXTENDED = 0xff;
/** Offsets of what an answer changes in the record it copies. */
const CONFIG_FLAGS_AT = 4;
const KEEPALIVE_AT = 10;

/** Who an SBC says it is and what it can send. */
export interface ConnectRequest extends Connect {
  /** Host name as sent, one character per octet. */
  host: string;
  /** Octets of the record: what is left of its set is padding. */
  octets: number;
}

/**
 * Decodes the record of a connect request, `bytes[start..end)`.
 *
 * @returns the request, or `IPFIX_SHORT_SET`, `IPFIX_BAD_TEXT`
 */
export function decodeConnect(bytes: Buffer, start: number, end: number): ConnectRequest | Fault {
  const hostAt = start + CONNECT.octets + 1;
  if (hostAt > end) return Fault.IPFIX_SHORT_SET;
  const length = bytes.readUInt8(hostAt - 1);
  if (length === EXTENDED) return Fault.IPFIX_BAD_TEXT;
  if (hostAt + length > end) return Fault.IPFIX_SHORT_SET;
  const host = bytes.toString('latin1', hostAt, hostAt + length);
  return { ...CONNECT.read(bytes, start), host, octets: CONNECT.octets + 1 + length };
}

/**
 * What of an SBC's offer is wanted: quality records and RTCP statistics with `wantsQos`, else only SIP. Everything else
 * is cleared, above all compression, which nobody but the vendor can read.
 */
export function wantedFlags(offered: number, wantsQos: boolean): number {
  return wantsQos ? offered & (Capability.RTP_QOS | Capability.RTCP_STATISTICS) : 0;
}

/**
 * Makes the message that answers a connect request: header and record are the request's, but for the set id, lengths,
 * flags and keep-alive interval.
 *
 * @param message where the message of the request begins
 * @param record where its connect record begins
 */
export function encodeAcknowledge(
  bytes: Buffer,
  message: number,
  record: number,
  request: ConnectRequest,
  answer: { configFlags: number; keepaliveS: number },
): Buffer {
  const answered = Buffer.alloc(MESSAGE_HEADER + SET_HEADER + request.octets);
  bytes.copy(answered, 0, message, message + MESSAGE_HEADER);
  answered.writeUInt16BE(answered.length, 2);
  answered.writeUInt16BE(SetId.CONNECT_ACKNOWLEDGE, MESSAGE_HEADER);
  answered.writeUInt16BE(SET_HEADER + request.octets, MESSAGE_HEADER + 2);
  const body = MESSAGE_HEADER + SET_HEADER;
  bytes.copy(answered, body, record, record + request.octets);
  // Three words of flags: what is wanted, then nothing of the two whose meaning is not known.
  answered.writeUInt16BE(answer.configFlags, body + CONFIG_FLAGS_AT);
  answered.writeUInt32BE(0, body + CONFIG_FLAGS_AT + 2);
  answered.writeUInt16BE(answer.keepaliveS, body + KEEPALIVE_AT);
  return answered;
}
