import { Chunk, CHUNK_HEADER, Family, HEP1_FIXED, HEP2_TIME, HEP3_HEADER, startsWithHep3 } from '../wire/hep/format.ts';

/**
 * Recorded messages as if they happened anew: times are moved, and Call-IDs get a mark, so that a second
 * pass is other calls instead of the first ones' once more. Everything else stays octet for octet.
 */
export interface Freshness {
  /** Added to times in HEP. */
  shiftUs: number;
  /** Goes into each Call-ID, empty = they stay. */
  mark: string;
}

const GENERIC = 0;
/** Nothing longer can say its length. */
const MAX_HEP3 = 0xffff;

/** Header fields that hold the Call-ID of this message, or of another leg of its call. */
const CALL_ID_FIELD = /^((?:call-id|i|x-cid)[ \t]*:[ \t]*)([^\r\n]*)$/gim;

/** A Call-ID with the mark in front of its host. */
function markedCallId(callId: string, mark: string): string {
  return callId.replace(/^([^@\s]+)/, (word) => `${word}${mark}`);
}

/** What tells the Call-IDs of one pass from those of the others. */
export function markOf(pass: number): string {
  return pass === 0 ? '' : `-${pass}`;
}

/** SIP with the mark in its Call-IDs; what is not SIP has none. */
export function freshSip(sip: Buffer, mark: string): Buffer {
  if (mark === '') return sip;
  const text = sip.toString('latin1');
  const bodyAt = text.indexOf('\r\n\r\n');
  const head = bodyAt < 0 ? text : text.slice(0, bodyAt);
  const marked = head.replaceAll(CALL_ID_FIELD, (_, name: string, callId: string) => name + markedCallId(callId, mark));
  return Buffer.from(bodyAt < 0 ? marked : marked + text.slice(bodyAt), 'latin1');
}

/** One HEP packet of any version, or several of version 3 one behind the other; what is none stays as it is. */
export function freshHep(packet: Buffer, freshness: Freshness): Buffer {
  if (!startsWithHep3(packet, 0, packet.length)) return freshHep12(packet, freshness);
  const parts: Buffer[] = [];
  let at = 0;
  while (startsWithHep3(packet, at, packet.length) && at + HEP3_HEADER <= packet.length) {
    const end = at + packet.readUInt16BE(at + 4);
    if (end < at + HEP3_HEADER || end > packet.length) break;
    parts.push(freshHep3(packet.subarray(at, end), freshness));
    at = end;
  }
  parts.push(packet.subarray(at));
  return Buffer.concat(parts);
}

function freshHep3(packet: Buffer, { shiftUs, mark }: Freshness): Buffer {
  const chunks: Buffer[] = [];
  const times: { seconds?: Buffer; microseconds?: Buffer } = {};
  let at = HEP3_HEADER;
  while (at + CHUNK_HEADER <= packet.length) {
    const length = packet.readUInt16BE(at + 4);
    if (length < CHUNK_HEADER || at + length > packet.length) return packet;
    let chunk: Buffer = Buffer.from(packet.subarray(at, at + length));
    const type = packet.readUInt16BE(at) === GENERIC ? packet.readUInt16BE(at + 2) : -1;
    const value = chunk.subarray(CHUNK_HEADER);
    if (type === Chunk.SECONDS && value.length === 4) times.seconds = value;
    if (type === Chunk.MICROSECONDS && value.length === 4) times.microseconds = value;
    if (type === Chunk.PAYLOAD) chunk = withValue(chunk, freshSip(value, mark));
    if (type === Chunk.CORRELATION_ID && value.length > 0)
      chunk = withValue(chunk, Buffer.concat([value, Buffer.from(mark)]));
    chunks.push(chunk);
    at += length;
  }
  const { seconds, microseconds } = times;
  if (seconds !== undefined && microseconds !== undefined) {
    const us = Math.max(0, seconds.readUInt32BE() * 1e6 + microseconds.readUInt32BE() + shiftUs);
    seconds.writeUInt32BE(Math.floor(us / 1e6) >>> 0);
    microseconds.writeUInt32BE(us % 1e6);
  }
  const whole = Buffer.concat([packet.subarray(0, HEP3_HEADER), ...chunks, packet.subarray(at)]);
  if (whole.length > MAX_HEP3) return packet;
  whole.writeUInt16BE(whole.length, 4);
  return whole;
}

function withValue(chunk: Buffer, value: Buffer): Buffer {
  const length = CHUNK_HEADER + value.length;
  if (length > MAX_HEP3) return chunk;
  const head = Buffer.from(chunk.subarray(0, CHUNK_HEADER));
  head.writeUInt16BE(length, 4);
  return Buffer.concat([head, value]);
}

/** Version, its own length, family, protocol, ports, addresses; in version 2 a time in the sender's own order of octets. */
function freshHep12(packet: Buffer, { shiftUs, mark }: Freshness): Buffer {
  const version = packet[0];
  if (packet.length < HEP1_FIXED || (version !== 1 && version !== 2)) return packet;
  const timeAt = HEP1_FIXED + (packet[2] === Family.INET ? 8 : 32);
  const payloadAt = version === 1 ? timeAt : timeAt + HEP2_TIME;
  if (packet.length < payloadAt) return packet;
  const head = Buffer.from(packet.subarray(0, payloadAt));
  const microseconds = version === 1 ? 1e6 : head.readUInt32LE(timeAt + 4);
  // A sender of the other order has more here than a second has.
  if (microseconds < 1e6) {
    const us = Math.max(0, head.readUInt32LE(timeAt) * 1e6 + microseconds + shiftUs);
    head.writeUInt32LE(Math.floor(us / 1e6) >>> 0, timeAt);
    head.writeUInt32LE(us % 1e6, timeAt + 4);
  }
  return Buffer.concat([head, freshSip(packet.subarray(payloadAt), mark)]);
}
