import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '../../src/model/fault.ts';
import type { Log } from '../../src/model/log.ts';
import type { HepIngest, StreamFramer, StreamIngest } from '../../src/model/ports.ts';

/** Lets the event loop turn until something has happened; the test's own time limit is the only one. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await nextTurn();
}

export interface Told {
  fault: Fault;
  octets: string;
  nowUs: number;
}

/** Remembers what a framer or a source said about one connection. */
export class FakeSink implements StreamIngest {
  /** Batches begun and ended. */
  readonly batches = { begun: 0, ended: 0 };
  readonly messages: string[] = [];
  readonly faults: Told[] = [];

  beginBatch(): void {
    this.batches.begun++;
  }

  endBatch(): void {
    this.batches.ended++;
  }

  message(bytes: Buffer, start: number, end: number): void {
    this.messages.push(bytes.toString('latin1', start, end));
  }

  fault(fault: Fault, bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.faults.push({ fault, octets: bytes.toString('hex', start, end), nowUs });
  }

  get codes(): Fault[] {
    return this.faults.map((told) => told.fault);
  }
}

export interface FakeDatagram {
  bytes: Buffer;
  ip: string;
  port: number;
  nowUs: number;
}

/** Remembers everything; admits every address unless told otherwise. */
export class FakeIngest implements HepIngest {
  readonly datagrams: FakeDatagram[] = [];
  readonly asked: { ip: string; port: number; listener: 'tcp' | 'tls' }[] = [];
  readonly sinks: FakeSink[] = [];
  readonly batches = { begun: 0, ended: 0 };
  admits = true;

  beginBatch(): void {
    this.batches.begun++;
  }

  endBatch(): void {
    this.batches.ended++;
  }

  datagram(bytes: Buffer, ip: string, port: number, nowUs: number, start = 0, end = bytes.length): void {
    this.datagrams.push({ bytes: Buffer.from(bytes.subarray(start, end)), ip, port, nowUs });
  }

  connection(ip: string, port: number, listener: 'tcp' | 'tls'): StreamIngest | undefined {
    this.asked.push({ ip, port, listener });
    if (!this.admits) return undefined;
    const sink = new FakeSink();
    this.sinks.push(sink);
    return sink;
  }

  /** The sink of the n-th connection, once there is one. */
  async sink(n = 0): Promise<FakeSink> {
    for (;;) {
      const sink = this.sinks[n];
      if (sink !== undefined) return sink;
      await nextTurn();
    }
  }
}

/** Frames of one length octet and so many octets of text; a length of 0 is out of step. Reports its own faults. */
export class FakeFramer implements StreamFramer {
  readonly sink: StreamIngest;
  pendingSinceUs = 0;
  /** Octets taken so far, and in how many calls. */
  taken = 0;
  pushes = 0;
  ends = 0;
  #pending = Buffer.alloc(0);

  constructor(sink: StreamIngest) {
    this.sink = sink;
  }

  get pendingBytes(): number {
    return this.#pending.length;
  }

  push(chunk: Buffer, nowUs: number): Fault {
    this.taken += chunk.length;
    this.pushes++;
    const before = this.#pending.length;
    let octets = Buffer.concat([this.#pending, chunk]);
    while (octets.length > 0) {
      const length = octets.readUInt8(0);
      if (length === 0) {
        this.sink.fault(Fault.HEP_BAD_MAGIC, octets, 0, octets.length, nowUs);
        return Fault.HEP_BAD_MAGIC;
      }
      if (octets.length < 1 + length) break;
      this.sink.message(octets, 1, 1 + length, nowUs);
      octets = octets.subarray(1 + length);
    }
    if (octets.length === 0) this.pendingSinceUs = 0;
    else if (before === 0 || octets.length !== before + chunk.length) this.pendingSinceUs = nowUs;
    this.#pending = Buffer.from(octets);
    return Fault.NONE;
  }

  end(nowUs: number, fault: Fault = Fault.HEP_STREAM_CUT): void {
    this.ends++;
    if (this.pendingBytes > 0) this.sink.fault(fault, this.#pending, 0, this.pendingBytes, nowUs);
  }
}

/** Frames texts as `FakeFramer` reads them. */
export function framed(...texts: string[]): Buffer {
  return Buffer.concat(texts.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])));
}

/** A log that keeps its lines as `level: message`. */
export class FakeLog implements Log {
  readonly lines: string[] = [];

  debug(_fields: object, message: string): void {
    this.lines.push(`debug: ${message}`);
  }

  info(_fields: object, message: string): void {
    this.lines.push(`info: ${message}`);
  }

  warn(_fields: object, message: string): void {
    this.lines.push(`warn: ${message}`);
  }

  error(_fields: object, message: string): void {
    this.lines.push(`error: ${message}`);
  }

  /** Lines of warnings and errors. */
  get troubles(): string[] {
    return this.lines.filter((line) => line.startsWith('warn') || line.startsWith('error'));
  }
}
