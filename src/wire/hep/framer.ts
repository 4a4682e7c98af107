import { Fault } from '../../model/fault.ts';
import type { StreamIngest } from '../../model/ports.ts';
import { type Framing, MessageFramer } from '../framer.ts';
import { HEP3_HEADER, startsWithHep3 } from './format.ts';

export { looksGzipped } from './inflate.ts';

const MAGIC = 4;

class Hep3Framing implements Framing {
  readonly headerBytes = HEP3_HEADER;
  readonly cut = Fault.HEP_STREAM_CUT;
  readonly maxMessageBytes: number;

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
  }

  checkHeader(bytes: Buffer, start: number, end: number): Fault {
    if (end - start < MAGIC) return Fault.NONE;
    if (!startsWithHep3(bytes, start, end)) return Fault.HEP_BAD_MAGIC;
    if (end - start < HEP3_HEADER) return Fault.NONE;
    const total = bytes.readUInt16BE(start + MAGIC);
    if (total < HEP3_HEADER) return Fault.HEP_BAD_LENGTH;
    return total > this.maxMessageBytes ? Fault.HEP_TOO_BIG : Fault.NONE;
  }

  lengthAt(bytes: Buffer, start: number): number {
    return bytes.readUInt16BE(start + MAGIC);
  }
}

/** Cuts a TCP stream into HEP3 messages. */
export class HepFramer extends MessageFramer {
  constructor(ingest: StreamIngest, limits: { readonly maxMessageBytes: number }) {
    super(ingest, new Hep3Framing(limits.maxMessageBytes));
  }
}
