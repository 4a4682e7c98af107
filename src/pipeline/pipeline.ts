import { type CounterSet, Hep, Ingest as IngestCounters, NOTE_COUNTERS } from '../model/counters.ts';
import { Fault } from '../model/fault.ts';
import { Packet } from '../model/packet.ts';
import type { HepIngest, StreamIngest } from '../model/ports.ts';
import { isSecret } from '../model/secret.ts';
import type { EngineSettings } from '../model/settings.ts';
import { SipParseOptions } from '../sip/parse.ts';
import { decodeHep, type HepDecodeLimits, inflateDatagram, startsWithHep3 } from '../wire/hep/decode.ts';
import { looksGzipped } from '../wire/hep/framer.ts';
import type { Agent, AgentTable, Sender } from './agents.ts';
import type { Ingest } from './ingest.ts';

/**
 * HEP from octets to packets, in one straight line to `Ingest`, and every exit counted.
 *
 *   datagram ─┬─▶ allowed? ─▶ decode ─▶ key? ─▶ Ingest
 *   message  ─┘      │           │        │
 *                 refused     refused  refused
 *
 * received = tracked + refused + ignored + dropped holds after every call, in all and for each agent.
 */
export class Pipeline implements HepIngest {
  readonly #counters: CounterSet;
  readonly #ingest: Ingest;
  readonly #agents: AgentTable;
  readonly #limits: HepDecodeLimits;
  /** For what was inflated once already: nothing inside may ask for more. */
  readonly #innerLimits: HepDecodeLimits;
  readonly #keys: readonly Buffer[];
  readonly #sipOptions: SipParseOptions;
  readonly #packet = new Packet(Buffer.alloc(0));
  #isBatch = false;

  constructor(settings: EngineSettings, ingest: Ingest, agents: AgentTable, counters: CounterSet) {
    this.#counters = counters;
    this.#ingest = ingest;
    this.#agents = agents;
    this.#limits = settings.hep.limits;
    this.#innerLimits = { ...settings.hep.limits, maxInflatedBytes: 0 };
    this.#keys = settings.hep.auth.keys.map((key) => Buffer.from(key, 'utf8'));
    this.#sipOptions = new SipParseOptions({
      framing: 'datagram',
      maxHeaders: settings.sipMaxHeaders,
      alegHeaders: settings.alegHeaders,
    });
  }

  beginBatch(): void {
    this.#isBatch = true;
  }

  endBatch(): void {
    this.#isBatch = false;
    this.#ingest.settle();
  }

  datagram(bytes: Buffer, ip: string, port: number, nowUs: number, start = 0, end = bytes.length): void {
    const sender = this.#agents.udpSender(ip, port);
    if (end - start > this.#limits.maxMessageBytes) {
      this.#receive(Hep.UDP, end - start);
      this.#refuse(Fault.HEP_TOO_BIG, this.#agents.blamed(sender, nowUs), bytes, start, end, nowUs);
      return;
    }
    // Who may not send is not worth inflating anything for: it is refused below like any other.
    if (sender.allowed && looksGzipped(bytes, start, end)) {
      const inflated = inflateDatagram(bytes, start, end, this.#limits);
      if (typeof inflated === 'number') {
        this.#receive(Hep.UDP, end - start);
        this.#refuse(inflated, this.#agents.blamed(sender, nowUs), bytes, start, end, nowUs);
      } else {
        this.#counters.add(Hep.INFLATED, 1);
        this.#packets(inflated, 0, inflated.length, sender, this.#innerLimits, nowUs);
      }
      return;
    }
    this.#packets(bytes, start, end, sender, this.#limits, nowUs);
  }

  connection(ip: string, port: number, listener: 'tcp' | 'tls'): StreamIngest | undefined {
    const sender = this.#agents.sender(ip, port, listener);
    if (!sender.allowed) return undefined;
    const counter = listener === 'tcp' ? Hep.TCP : Hep.TLS;
    return {
      beginBatch: () => this.beginBatch(),
      endBatch: () => this.endBatch(),
      message: (bytes, start, end, nowUs) => {
        this.#receive(counter, end - start);
        this.#packet1(bytes, start, end, sender, this.#limits, nowUs);
      },
      fault: (fault, bytes, start, end, nowUs) => {
        this.#receive(counter, end - start);
        this.#refuse(fault, this.#agents.blamed(sender, nowUs), bytes, start, end, nowUs);
      },
    };
  }

  /** All packets of a datagram: HEP3 messages may follow one another when an agent flushes its buffer. */
  #packets(bytes: Buffer, start: number, end: number, sender: Sender, limits: HepDecodeLimits, nowUs: number): void {
    let at = start;
    for (;;) {
      const rest = end - at;
      this.#counters.add(Hep.UDP, 1);
      this.#counters.add(IngestCounters.RECEIVED, 1);
      const used = this.#packet1(bytes, at, end, sender, limits, nowUs);
      // After a fault the rest belongs to the same refusal.
      this.#counters.add(IngestCounters.BYTES, used === 0 ? rest : used);
      if (used === 0) return;
      at += used;
      if (at >= end) return;
      if (!startsWithHep3(bytes, at, end)) return;
    }
  }

  #receive(counter: number, length: number): void {
    this.#counters.add(counter, 1);
    this.#counters.add(IngestCounters.RECEIVED, 1);
    this.#counters.add(IngestCounters.BYTES, length);
  }

  /** One packet to its end. @returns octets it took, 0 after a fault of the envelope */
  #packet1(bytes: Buffer, start: number, end: number, sender: Sender, limits: HepDecodeLimits, nowUs: number): number {
    if (!sender.allowed) {
      this.#refuse(Fault.NOT_ALLOWED, this.#agents.blamed(sender, nowUs), bytes, start, end, nowUs);
      return 0;
    }
    const packet = this.#isBatch ? this.#ingest.nextPacket() : this.#packet;
    const fault = decodeHep(bytes, start, end, packet, limits, nowUs);
    if (fault !== Fault.NONE) {
      this.#refuse(fault, this.#agents.blamed(sender, nowUs), bytes, start, end, nowUs);
      return 0;
    }
    const used = packet.length;
    const agent = this.#agents.agentOf(sender, packet.captureId, nowUs);
    const counters = this.#counters;
    counters.add(packet.version === 3 ? Hep.V3 : packet.version === 2 ? Hep.V2 : Hep.V1, 1);
    if (packet.notes !== 0) this.#countNotes(packet.notes);
    if (sender.keyRequired) {
      const wrong = this.#checkKey(packet);
      if (wrong !== Fault.NONE) {
        this.#refuse(wrong, agent, bytes, start, start + used, nowUs);
        return used;
      }
    }
    agent.receive(used, nowUs);
    agent.versions |= 1 << packet.version;
    if (packet.nodeEnd > packet.nodeStart) agent.nameNode(packet.bytes, packet.nodeStart, packet.nodeEnd);
    this.#ingest.settleTime(packet, agent, Hep.TIME_SKEWED, nowUs);
    this.#ingest.packet(packet, agent, this.#sipOptions);
    return used;
  }

  #checkKey(packet: Packet): Fault {
    if (!packet.authPresent || packet.authEnd === packet.authStart) return Fault.AUTH_MISSING;
    let known = false;
    for (const key of this.#keys) {
      // No early end: how long this takes must not tell which key was nearly right.
      if (isSecret(packet.bytes, packet.authStart, packet.authEnd, key)) known = true;
    }
    return known ? Fault.NONE : Fault.AUTH_WRONG;
  }

  #countNotes(notes: number): void {
    for (let position = 0; position < NOTE_COUNTERS.length; position++) {
      if ((notes & (1 << position)) !== 0) this.#counters.add(NOTE_COUNTERS[position]!, 1); // inside the table
    }
  }

  /** Refuses something whose agent may not be known, so that it is not in its books yet. */
  #refuse(fault: Fault, agent: Agent, bytes: Buffer, start: number, end: number, nowUs: number): void {
    agent.receive(end - start, nowUs);
    this.#ingest.refuse(fault, agent, bytes, start, end, nowUs);
  }
}
