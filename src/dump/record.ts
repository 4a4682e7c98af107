/**
 * Messages on their way to the thread that writes them: one behind the other in a block of octets.
 *
 *   length │ family, transport, flags │ time │ addresses, ports │ place of the Call-ID │ octets it had │ message
 */
import { Buffer } from 'node:buffer';
import type { Packet } from '../model/packet.ts';
import type { Transport } from '../model/transport.ts';
import type { WireMessage } from '../wire/pcap/synthesis.ts';

const LENGTH = 0;
const FAMILY = 4;
const TRANSPORT = 5;
const FLAGS = 6;
const TIME = 8;
const SRC = 16;
const DST = 32;
const SRC_PORT = 48;
const DST_PORT = 50;
const CALL_ID = 52;
const CALL_ID_LENGTH = 56;
const WIRE_LENGTH = 60;
const HEAD = 64;

const NEEDS_FILE = 1;

/** A longer message is written in part. */
export const MAX_DUMPED_OCTETS = 131_072;

export interface DumpRecord {
  /** One character per octet. */
  callId: string;
  /** Written only where the call has a file already. */
  needsFile: boolean;
  message: WireMessage;
  /** Where the next one begins. */
  next: number;
}

/** Octets a message will take. */
export function recordLength(packet: Packet): number {
  return HEAD + Math.min(packet.end - packet.start, MAX_DUMPED_OCTETS);
}

/** Writes a message at `at`, where there is room for it. `[callIdStart, callIdEnd)` lies in what is kept of it. */
export function writeRecord(
  block: Buffer,
  at: number,
  packet: Packet,
  callIdStart: number,
  callIdEnd: number,
  needsFile: boolean,
): void {
  const length = recordLength(packet);
  block.writeUInt32LE(length, at + LENGTH);
  block.writeUInt8(packet.family, at + FAMILY);
  block.writeUInt8(packet.transport, at + TRANSPORT);
  block.writeUInt8(needsFile ? NEEDS_FILE : 0, at + FLAGS);
  block.writeDoubleLE(packet.trackedAtUs, at + TIME);
  block.writeInt32LE(packet.src0, at + SRC);
  block.writeInt32LE(packet.src1, at + SRC + 4);
  block.writeInt32LE(packet.src2, at + SRC + 8);
  block.writeInt32LE(packet.src3, at + SRC + 12);
  block.writeInt32LE(packet.dst0, at + DST);
  block.writeInt32LE(packet.dst1, at + DST + 4);
  block.writeInt32LE(packet.dst2, at + DST + 8);
  block.writeInt32LE(packet.dst3, at + DST + 12);
  block.writeUInt16LE(packet.srcPort, at + SRC_PORT);
  block.writeUInt16LE(packet.dstPort, at + DST_PORT);
  block.writeUInt32LE(callIdStart - packet.start, at + CALL_ID);
  block.writeUInt32LE(callIdEnd - callIdStart, at + CALL_ID_LENGTH);
  block.writeUInt32LE(packet.end - packet.start, at + WIRE_LENGTH);
  packet.bytes.copy(block, at + HEAD, packet.start, packet.start + length - HEAD);
}

/** Reads what `writeRecord` wrote; its octets are a view of the block. */
export function readRecord(block: Buffer, at: number): DumpRecord {
  const next = at + block.readUInt32LE(at + LENGTH);
  const octets = block.subarray(at + HEAD, next);
  const word = (place: number): number => block.readInt32LE(at + place);
  const words = (place: number): WireMessage['src'] => [
    word(place),
    word(place + 4),
    word(place + 8),
    word(place + 12),
  ];
  const callIdAt = block.readUInt32LE(at + CALL_ID);
  return {
    callId: octets.toString('latin1', callIdAt, callIdAt + block.readUInt32LE(at + CALL_ID_LENGTH)),
    needsFile: (block.readUInt8(at + FLAGS) & NEEDS_FILE) !== 0,
    message: {
      family: block.readUInt8(at + FAMILY),
      transport: block.readUInt8(at + TRANSPORT) as Transport, // written from one
      trackedAtUs: block.readDoubleLE(at + TIME),
      src: words(SRC),
      srcPort: block.readUInt16LE(at + SRC_PORT),
      dst: words(DST),
      dstPort: block.readUInt16LE(at + DST_PORT),
      length: block.readUInt32LE(at + WIRE_LENGTH),
      octets,
    },
    next,
  };
}
