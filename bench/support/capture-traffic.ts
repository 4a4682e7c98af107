import { closeSync, openSync, writeSync } from 'node:fs';
import { callMessages, MESSAGES_PER_CALL } from './traffic.ts';

const START_US = 1_700_000_000_000_000;
const CALLER = 0xc000020a;
const CALLEE = 0xc0000214;

function frame(text: string, forward: boolean): Buffer {
  const payload = Buffer.from(text, 'latin1');
  const bytes = Buffer.alloc(42 + payload.length);
  bytes.writeUInt16BE(0x0800, 12);
  bytes.writeUInt8(0x45, 14);
  bytes.writeUInt16BE(28 + payload.length, 16);
  bytes.writeUInt8(64, 22);
  bytes.writeUInt8(17, 23);
  bytes.writeUInt32BE(forward ? CALLER : CALLEE, 26);
  bytes.writeUInt32BE(forward ? CALLEE : CALLER, 30);
  bytes.writeUInt16BE(5060, 34);
  bytes.writeUInt16BE(5060, 36);
  bytes.writeUInt16BE(8 + payload.length, 38);
  payload.copy(bytes, 42);
  return bytes;
}

/** Writes a pcap of `calls` calls, `window` of them open at a time, over `seconds` of recorded time. */
export function writeCalls(path: string, calls: number, window: number, seconds: number): void {
  const file = openSync(path, 'w');
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  let pieces: Buffer[] = [header];
  let packets = 0;
  const stepUs = (seconds * 1e6) / (calls * MESSAGES_PER_CALL);
  for (let step = 0; step < calls + window * MESSAGES_PER_CALL; step++) {
    for (let n = 0; n < MESSAGES_PER_CALL; n++) {
      const call = step - n * window;
      if (call < 0 || call >= calls) continue;
      const message = callMessages(call)[n];
      if (message === undefined) continue;
      const bytes = frame(message.text, message.forward);
      const timeUs = Math.round(START_US + packets++ * stepUs);
      const record = Buffer.alloc(16);
      record.writeUInt32LE(Math.floor(timeUs / 1e6), 0);
      record.writeUInt32LE(timeUs % 1e6, 4);
      record.writeUInt32LE(bytes.length, 8);
      record.writeUInt32LE(bytes.length, 12);
      pieces.push(record, bytes);
    }
    if (pieces.length < 2000) continue;
    writeSync(file, Buffer.concat(pieces));
    pieces = [];
  }
  writeSync(file, Buffer.concat(pieces));
  closeSync(file);
}
