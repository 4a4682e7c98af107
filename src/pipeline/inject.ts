import { type CounterSet, Ingest as IngestCounters, Pkt } from '../model/counters.ts';
import type { IpWords } from '../model/endpoint.ts';
import { Fault } from '../model/fault.ts';
import { clearPacket, Packet, PayloadKind } from '../model/packet.ts';
import { Transport } from '../model/transport.ts';
import { SipMessage } from '../sip/message.ts';
import { parseSip, SipParseOptions } from '../sip/parse.ts';
import { Account } from './account.ts';
import type { Ingest } from './ingest.ts';

/** A message somebody typed, and where it is to have been seen. */
export interface TypedMessage {
  octets: Buffer;
  transport: Transport;
  src: IpWords & { port: number };
  dst: IpWords & { port: number };
}

export interface InjectOutcome {
  outcome: 'tracked' | 'ignored' | 'refused';
  /** `NONE` unless refused. */
  fault: Fault;
  /** Octets read without a fault. */
  parsed: number;
  /** What was read; valid until the next message. */
  message: SipMessage;
}

export interface InjectSettings {
  sipMaxHeaders: number;
  alegHeaders: readonly string[];
}

/** Messages from the inject page, handed on as if they had been captured now. */
export class Injector {
  readonly #ingest: Ingest;
  readonly #counters: CounterSet;
  readonly #datagram: SipParseOptions;
  readonly #stream: SipParseOptions;
  readonly #account = new Account('inject', '', 0);
  readonly #message = new SipMessage(Buffer.alloc(0));
  readonly #packet = new Packet(Buffer.alloc(0));

  constructor({ sipMaxHeaders: maxHeaders, alegHeaders }: InjectSettings, ingest: Ingest, counters: CounterSet) {
    this.#ingest = ingest;
    this.#counters = counters;
    this.#datagram = new SipParseOptions({ framing: 'datagram', maxHeaders, alegHeaders });
    this.#stream = new SipParseOptions({ framing: 'stream', maxHeaders, alegHeaders });
  }

  inject({ octets, transport, src, dst }: TypedMessage, nowUs: number): InjectOutcome {
    const options = transport === Transport.TCP || transport === Transport.TLS ? this.#stream : this.#datagram;
    // Read once for the answer, and once more on its way through the pipeline.
    const message = this.#message;
    const parsed =
      parseSip(octets, 0, octets.length, options, message) === Fault.NONE ? octets.length : message.faultAt;

    const packet = this.#packet;
    clearPacket(packet, octets, nowUs);
    packet.end = octets.length;
    packet.length = octets.length;
    packet.kind = PayloadKind.SIP;
    packet.transport = transport;
    packet.family = src.family;
    [packet.src0, packet.src1, packet.src2, packet.src3] = src.words;
    packet.srcPort = src.port;
    [packet.dst0, packet.dst1, packet.dst2, packet.dst3] = dst.words;
    packet.dstPort = dst.port;
    packet.capturedAtUs = nowUs;
    packet.trackedAtUs = nowUs;
    const account = this.#account;
    const { tracked, other } = account;
    account.lastFault = Fault.NONE;
    account.receive(octets.length, nowUs);
    this.#counters.add(Pkt.INJECTED, 1);
    this.#counters.add(IngestCounters.RECEIVED, 1);
    this.#counters.add(IngestCounters.BYTES, octets.length);
    this.#ingest.packet(packet, account, options);
    const outcome = account.tracked > tracked ? 'tracked' : account.other > other ? 'ignored' : 'refused';
    return { outcome, fault: account.lastFault, parsed, message };
  }
}
