import { Buffer } from 'node:buffer';
import type { CapturedFrame, CaptureReader } from '../../model/capture.ts';
import { Fault } from '../../model/fault.ts';
import { PcapReader } from './pcap-reader.ts';
import { isPcapng, PcapngReader } from './pcapng-reader.ts';

const MAGIC_OCTETS = 4;

/** Reads a capture file of either format: its first four octets tell which. */
export class AnyCaptureReader implements CaptureReader {
  #first: Buffer = Buffer.alloc(0);
  #reader: CaptureReader | undefined;

  get fault(): Fault {
    return this.#reader?.fault ?? Fault.NONE;
  }

  push(chunk: Buffer): CapturedFrame[] {
    if (this.#reader !== undefined) return this.#reader.push(chunk);
    const bytes = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk]);
    if (bytes.length < MAGIC_OCTETS) {
      this.#first = bytes;
      return [];
    }
    this.#first = Buffer.alloc(0);
    this.#reader = isPcapng(bytes) ? new PcapngReader() : new PcapReader();
    return this.#reader.push(bytes);
  }

  end(): Fault {
    return this.#reader?.end() ?? Fault.PCAP_TRUNCATED;
  }
}
