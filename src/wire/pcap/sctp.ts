import type { Buffer } from 'node:buffer';

const CHUNK_HEADER = 4;
const DATA = 0;
const DATA_HEADER = 16;
/** Beginning and ending fragment in one: a whole message (RFC 9260 §3.3.1). */
const WHOLE = 3;

/** Where a message is, and where to look for the next one. */
export interface SctpMessage {
  start: number;
  end: number;
  next: number;
}

/** Finds the next whole message from `message.next` on among the chunks before `end`. @returns false when there is none */
export function nextSctpMessage(bytes: Buffer, end: number, message: SctpMessage): boolean {
  while (end - message.next >= CHUNK_HEADER) {
    const at = message.next;
    const length = bytes.readUInt16BE(at + 2);
    if (length < CHUNK_HEADER || at + length > end) return false;
    // Chunks are padded to four octets, which their length does not count.
    message.next = at + length + ((4 - (length % 4)) % 4);
    const isWhole = (bytes.readUInt8(at + 1) & WHOLE) === WHOLE;
    if (bytes.readUInt8(at) !== DATA || !isWhole || length <= DATA_HEADER) continue;
    message.start = at + DATA_HEADER;
    message.end = at + length;
    return true;
  }
  return false;
}
