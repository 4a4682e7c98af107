/**
 * Capture files as they are written: Ethernet frames with microseconds, lowest octet first.
 *
 *   pcap     draft-ietf-opsawg-pcap     24 octets, then records of 16 octets and the frame
 *   pcapng   draft-ietf-opsawg-pcapng   section and interface, then a block for each frame, where it may have a comment
 */
import { Buffer } from 'node:buffer';
import type { CaptureFormatName } from '../../model/capture.ts';
import { LinkType } from './frame.ts';
import { MAX_FRAME_BYTES } from './pcap-reader.ts';

export interface CaptureFormat {
  /** What a file begins with. */
  readonly header: Buffer;
  /** Octets in front of a record that tell its length. */
  readonly recordHead: number;
  /** Length of the record that begins so, -1 = none begins so. */
  recordLength(head: Buffer): number;
  /** One frame as a record. */
  record(frame: Buffer, timeUs: number, comment: string): Buffer;
}

export function captureFormat(name: CaptureFormatName): CaptureFormat {
  return name === 'pcapng' ? PCAPNG : PCAP;
}

const MAX_UINT32 = 0xffff_ffff;

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [place, value] of values.entries()) bytes.writeUInt32LE(value, place * 4);
  return bytes;
}

/** Whole microseconds of a time that a file can say: from 1970 to 2106. */
function clamped(timeUs: number): number {
  return Math.min(MAX_UINT32 * 1e6, Math.max(0, Math.floor(timeUs)));
}

const PCAP: CaptureFormat = {
  // Magic, version 2.4, time zone, significant figures, longest frame, link type.
  header: words(0xa1b2c3d4, 0x0004_0002, 0, 0, MAX_FRAME_BYTES, LinkType.ETHERNET),
  recordHead: 16,
  recordLength(head) {
    const captured = head.readUInt32LE(8);
    return captured > MAX_FRAME_BYTES ? -1 : 16 + captured;
  },
  record(frame, timeUs) {
    const time = clamped(timeUs);
    const head = words(Math.floor(time / 1e6), time % 1e6, frame.length, frame.length);
    return Buffer.concat([head, frame]);
  },
};

const SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const COMMENT = 1;
const BLOCK_HEAD = 8;
const MAX_COMMENT = 1024;

function block(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const padding = (4 - (body.length % 4)) % 4;
  const length = BLOCK_HEAD + body.length + padding + 4;
  return Buffer.concat([words(type, length), body, Buffer.alloc(padding), words(length)]);
}

const PCAPNG: CaptureFormat = {
  header: Buffer.concat([
    // Version 1.0, length of the section unknown.
    block(SECTION, words(BYTE_ORDER, 1, MAX_UINT32, MAX_UINT32)),
    block(INTERFACE, words(LinkType.ETHERNET, 0)),
  ]),
  recordHead: BLOCK_HEAD,
  recordLength(head) {
    const length = head.readUInt32LE(4);
    return length < BLOCK_HEAD + 4 || length > 2 * MAX_FRAME_BYTES || length % 4 !== 0 ? -1 : length;
  },
  record(frame, timeUs, comment) {
    const time = clamped(timeUs);
    const padding = Buffer.alloc((4 - (frame.length % 4)) % 4);
    const head = words(0, Math.floor(time / 2 ** 32), time % 2 ** 32, frame.length, frame.length);
    if (comment === '') return block(ENHANCED_PACKET, head, frame, padding);
    const text = Buffer.from(comment.slice(0, MAX_COMMENT), 'utf8');
    const option = Buffer.alloc(4 + ((text.length + 3) & ~3) + 4);
    option.writeUInt16LE(COMMENT, 0);
    option.writeUInt16LE(text.length, 2);
    text.copy(option, 4);
    // Four zeros behind it end the options.
    return block(ENHANCED_PACKET, head, frame, padding, option);
  },
};
