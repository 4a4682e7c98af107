import { Fault } from '../../model/fault.ts';
import type { StreamIngest } from '../../model/ports.ts';
import { type Framing, MessageFramer } from '../framer.ts';
import { IPFIX_VERSION, MESSAGE_HEADER, MESSAGE_LENGTH_AT, uint16 } from './format.ts';

class IpfixFraming implements Framing {
  readonly headerBytes = MESSAGE_LENGTH_AT + 2;
  readonly cut = Fault.IPFIX_STREAM_CUT;
  readonly maxMessageBytes: number;

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
  }

  checkHeader(bytes: Buffer, start: number, end: number): Fault {
    if (end - start < MESSAGE_LENGTH_AT) return Fault.NONE;
    if (uint16(bytes, start) !== IPFIX_VERSION) return Fault.IPFIX_BAD_VERSION;
    if (end - start < this.headerBytes) return Fault.NONE;
    const length = this.lengthAt(bytes, start);
    if (length < MESSAGE_HEADER) return Fault.IPFIX_BAD_LENGTH;
    return length > this.maxMessageBytes ? Fault.IPFIX_TOO_BIG : Fault.NONE;
  }

  lengthAt(bytes: Buffer, start: number): number {
    return uint16(bytes, start + MESSAGE_LENGTH_AT);
  }
}

/** Cuts a TCP stream into IPFIX messages. */
export class IpfixFramer extends MessageFramer {
  constructor(ingest: StreamIngest, limits: { readonly maxMessageBytes: number }) {
    super(ingest, new IpfixFraming(limits.maxMessageBytes));
  }
}
