/**
 * pcapng files (draft-ietf-opsawg-pcapng), read in pieces.
 *
 *   block: type 4 | total length 4 | body, padded to 4 | total length 4
 *
 *   section header ─▶ interface … ─▶ packets, each naming its interface ─▶ … ─▶ section header, everything anew
 *
 * Byte order and interfaces belong to a section; link type and clock to an interface. Blocks without packets are passed
 * over without being held, so at most one block of bounded size and one chunk are held.
 */
import { Buffer } from 'node:buffer';
import type { CapturedFrame, CaptureReader } from '../../model/capture.ts';
import { Fault } from '../../model/fault.ts';
import { MAX_FRAME_BYTES } from './pcap-reader.ts';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_FRAME = 12;
const BLOCK_HEADER = 8;
/** Up to the byte-order magic, without which the length of a section header cannot be read. */
const SECTION_START = 12;
/** A frame, and room for the comments and hashes that may follow it. */
const MAX_HELD_BLOCK = MAX_FRAME_BYTES + 65_536;
const MAX_INTERFACES = 4096;

const OPTION_END = 0;
const OPTION_TSRESOL = 9;
const OPTION_TSOFFSET = 14;

interface Interface {
  linkType: number;
  snaplen: number;
  /** Ticks of its clock per second. */
  perSecond: number;
  offsetSeconds: number;
}

/** True when a file that begins with these four octets is pcapng: the section header reads the same in both orders. */
export function isPcapng(bytes: Buffer): boolean {
  return bytes.readUInt32BE(0) === SECTION_HEADER;
}

export class PcapngReader implements CaptureReader {
  fault: Fault = Fault.NONE;
  #pieces: Buffer[] = [];
  #held = 0;
  #needed = SECTION_START;
  /** Octets of a block without use that are still to come. */
  #skip = 0;
  #started = false;
  #little = true;
  #interfaces: Interface[] = [];
  #lastTimeUs = 0;

  push(chunk: Buffer): CapturedFrame[] {
    const frames: CapturedFrame[] = [];
    if (this.fault !== Fault.NONE) return frames;
    const passed = Math.min(this.#skip, chunk.length);
    this.#skip -= passed;
    const fresh = passed === 0 ? chunk : chunk.subarray(passed);
    this.#pieces.push(fresh);
    this.#held += fresh.length;
    if (this.#held < this.#needed) return frames;
    const [first] = this.#pieces;
    const bytes = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces, this.#held);
    const rest = this.#cut(bytes, frames);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return frames;
  }

  end(): Fault {
    if (this.fault === Fault.NONE && (!this.#started || this.#held > 0 || this.#skip > 0)) {
      this.fault = Fault.PCAP_TRUNCATED;
    }
    this.#pieces = [];
    this.#held = 0;
    return this.fault;
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  #fail(fault: Fault, bytes: Buffer): Buffer {
    this.fault = fault;
    return bytes.subarray(bytes.length);
  }

  /** Reads all complete blocks of `bytes` and answers what is left. */
  #cut(bytes: Buffer, frames: CapturedFrame[]): Buffer {
    let at = 0;
    for (;;) {
      if (bytes.length - at < SECTION_START) {
        this.#needed = SECTION_START;
        return bytes.subarray(at);
      }
      const isSection = bytes.readUInt32BE(at) === SECTION_HEADER;
      if (isSection && !this.#readByteOrder(bytes, at)) return this.#fail(Fault.PCAP_BAD_MAGIC, bytes);
      const type = isSection ? SECTION_HEADER : this.#u32(bytes, at);
      const length = this.#u32(bytes, at + 4);
      if (length < BLOCK_FRAME || length % 4 !== 0) return this.#fail(Fault.PCAP_BAD_LENGTH, bytes);
      const end = at + length;
      if (!isUsed(type)) {
        if (end >= bytes.length) {
          this.#skip = end - bytes.length;
          this.#needed = SECTION_START;
          return bytes.subarray(bytes.length);
        }
        at = end;
        continue;
      }
      if (length > MAX_HELD_BLOCK) return this.#fail(Fault.PCAP_BAD_LENGTH, bytes);
      if (end > bytes.length) {
        this.#needed = length;
        return bytes.subarray(at);
      }
      const fault = this.#readBlock(type, bytes, at + BLOCK_HEADER, end - 4, frames);
      if (fault !== Fault.NONE) return this.#fail(fault, bytes);
      at = end;
    }
  }

  #readByteOrder(bytes: Buffer, at: number): boolean {
    this.#little = bytes.readUInt32LE(at + BLOCK_HEADER) === BYTE_ORDER_MAGIC;
    return this.#little || bytes.readUInt32BE(at + BLOCK_HEADER) === BYTE_ORDER_MAGIC;
  }

  /** Reads the body `[at, end)` of a block that is wholly there. */
  #readBlock(type: number, bytes: Buffer, at: number, end: number, frames: CapturedFrame[]): Fault {
    switch (type) {
      case SECTION_HEADER:
        if (end - at < 16) return Fault.PCAP_BAD_LENGTH;
        if (this.#u16(bytes, at + 4) !== 1) return Fault.PCAP_BAD_VERSION;
        this.#interfaces = [];
        this.#started = true;
        return Fault.NONE;
      case INTERFACE:
        return this.#readInterface(bytes, at, end);
      case ENHANCED_PACKET:
        if (end - at < 20) return Fault.PCAP_BAD_LENGTH;
        return this.#readPacket(this.#u32(bytes, at), bytes, at + 4, end, frames);
      case OLD_PACKET:
        if (end - at < 20) return Fault.PCAP_BAD_LENGTH;
        return this.#readPacket(this.#u16(bytes, at), bytes, at + 4, end, frames);
      default:
        return this.#readSimplePacket(bytes, at, end, frames);
    }
  }

  #readInterface(bytes: Buffer, at: number, end: number): Fault {
    if (end - at < 8) return Fault.PCAP_BAD_LENGTH;
    if (this.#interfaces.length >= MAX_INTERFACES) return Fault.PCAP_INTERFACE_LIMIT;
    const found = {
      linkType: this.#u16(bytes, at),
      snaplen: this.#u32(bytes, at + 4),
      perSecond: 1e6,
      offsetSeconds: 0,
    };
    for (let option = at + 8; option + 4 <= end;) {
      const code = this.#u16(bytes, option);
      const length = this.#u16(bytes, option + 2);
      const value = option + 4;
      if (code === OPTION_END || value + length > end) break;
      if (code === OPTION_TSRESOL && length >= 1) found.perSecond = ticksPerSecond(bytes.readUInt8(value));
      if (code === OPTION_TSOFFSET && length >= 8) {
        const big = this.#little ? bytes.readBigInt64LE(value) : bytes.readBigInt64BE(value);
        found.offsetSeconds = Number(big);
      }
      option = value + length + ((4 - (length % 4)) % 4);
    }
    this.#interfaces.push(found);
    return Fault.NONE;
  }

  /** From the time on, both packet blocks that have one are the same. */
  #readPacket(id: number, bytes: Buffer, at: number, end: number, frames: CapturedFrame[]): Fault {
    const from = this.#interfaces[id];
    if (from === undefined) return Fault.PCAP_BAD_INTERFACE;
    const captured = this.#u32(bytes, at + 8);
    if (captured > MAX_FRAME_BYTES || at + 16 + captured > end) return Fault.PCAP_BAD_LENGTH;
    this.#lastTimeUs = timeOf(this.#u32(bytes, at), this.#u32(bytes, at + 4), from);
    frames.push({
      linkType: from.linkType,
      timeUs: this.#lastTimeUs,
      wireLength: this.#u32(bytes, at + 12),
      bytes: bytes.subarray(at + 16, at + 16 + captured),
    });
    return Fault.NONE;
  }

  /** A packet of the first interface, without a time: it gets that of the packet before it. */
  #readSimplePacket(bytes: Buffer, at: number, end: number, frames: CapturedFrame[]): Fault {
    const from = this.#interfaces[0];
    if (from === undefined) return Fault.PCAP_BAD_INTERFACE;
    if (end - at < 4) return Fault.PCAP_BAD_LENGTH;
    const wireLength = this.#u32(bytes, at);
    const limit = from.snaplen === 0 ? wireLength : Math.min(wireLength, from.snaplen);
    const captured = Math.min(limit, end - at - 4);
    if (captured > MAX_FRAME_BYTES) return Fault.PCAP_BAD_LENGTH;
    frames.push({
      linkType: from.linkType,
      timeUs: this.#lastTimeUs,
      wireLength,
      bytes: bytes.subarray(at + 4, at + 4 + captured),
    });
    return Fault.NONE;
  }
}

function isUsed(type: number): boolean {
  return (
    type === SECTION_HEADER ||
    type === INTERFACE ||
    type === OLD_PACKET ||
    type === SIMPLE_PACKET ||
    type === ENHANCED_PACKET
  );
}

/** if_tsresol: negative power of 10, or of 2 when the highest bit is set. */
function ticksPerSecond(resolution: number): number {
  return (resolution & 0x80) === 0 ? 10 ** resolution : 2 ** (resolution & 0x7f);
}

const MICROSECONDS = 1e6;

function timeOf(high: number, low: number, from: Interface): number {
  const offsetUs = from.offsetSeconds * MICROSECONDS;
  if (from.perSecond === MICROSECONDS) return high * 2 ** 32 + low + offsetUs;
  // Nanoseconds since the epoch do not fit a double.
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  return Number((ticks * 1_000_000n) / BigInt(from.perSecond)) + offsetUs;
}
