import {
  type CounterSet,
  Hep,
  Ignored,
  Ingest,
  type IgnoredReason,
  NOTE_COUNTERS,
  PARSE_ERRORS,
  Pkt,
  REFUSED_BY_FAULT,
  SIP_CLASSES,
  SIP_METHODS,
} from '../model/counters.ts';
import { EventType } from '../model/event-type.ts';
import { Fault, faultInfo } from '../model/fault.ts';
import { Packet, PayloadKind } from '../model/packet.ts';
import type { HepIngest, StreamIngest } from '../model/ports.ts';
import { isSecret } from '../model/secret.ts';
import type { EngineSettings } from '../model/settings.ts';
import { refineTransport, Transport } from '../model/transport.ts';
import { SipMessage } from '../sip/message.ts';
import { isKeepalive, isProbe, parseSip, SipParseOptions } from '../sip/parse.ts';
import type { EventRing } from '../tracker/event-ring.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { decodeHep, type HepDecodeLimits, inflateDatagram, startsWithHep3 } from '../wire/hep/decode.ts';
import { looksGzipped } from '../wire/hep/framer.ts';
import { type Agent, type AgentTable, ignoredColumn, type Sender } from './agents.ts';
import { isPlaceholder, unwrapJsonSip } from './sender-quirks.ts';

/** Told about a refused packet at most once per interval and agent, so that it can be logged. */
export type FaultReport = (agent: Agent, fault: Fault, hex: string, heldBack: number) => void;

const MAX_PARSED_PART = 60;

/**
 * From octets to tracked messages: decode → parse → track, in one straight line, and every exit counted.
 *
 *   datagram ─┬─▶ allowed? ─▶ decode ─▶ key? ─▶ SIP? ─▶ parse ─▶ track ─▶ tracked
 *   message  ─┘      │           │        │       │        │       │
 *                 refused     refused  refused  ignored  refused  refused
 *
 * received = tracked + refused + ignored + dropped holds after every call, in all and for each agent.
 */
export class Pipeline implements HepIngest {
  readonly #counters: CounterSet;
  readonly #tracker: CallTracker;
  readonly #events: EventRing;
  readonly #agents: AgentTable;
  readonly #limits: HepDecodeLimits;
  /** For what was inflated once already: nothing inside may ask for more. */
  readonly #innerLimits: HepDecodeLimits;
  readonly #keys: readonly Buffer[];
  readonly #sipOptions: SipParseOptions;
  readonly #maxSkewUs: number;
  readonly #faultIntervalUs: number;
  readonly #onFault: FaultReport;
  readonly #packet = new Packet(Buffer.alloc(0));
  readonly #message = new SipMessage(Buffer.alloc(0));

  constructor(
    settings: EngineSettings,
    tracker: CallTracker,
    events: EventRing,
    agents: AgentTable,
    counters: CounterSet,
    onFault: FaultReport,
  ) {
    this.#counters = counters;
    this.#tracker = tracker;
    this.#events = events;
    this.#agents = agents;
    this.#limits = settings.hep.limits;
    this.#innerLimits = { ...settings.hep.limits, maxInflatedBytes: 0 };
    this.#keys = settings.hep.auth.keys.map((key) => Buffer.from(key, 'utf8'));
    this.#sipOptions = new SipParseOptions({
      framing: 'datagram',
      maxHeaders: settings.sipMaxHeaders,
      alegHeaders: settings.alegHeaders,
    });
    this.#maxSkewUs = settings.maxClockSkewUs;
    this.#faultIntervalUs = settings.faultLogIntervalMs * 1000;
    this.#onFault = onFault;
  }

  datagram(bytes: Buffer, ip: string, port: number, nowUs: number): void {
    const sender = this.#agents.udpSender(ip, port);
    if (bytes.length > this.#limits.maxMessageBytes) {
      this.#receive(Hep.UDP, bytes.length);
      this.#refuse(Fault.HEP_TOO_BIG, this.#agents.blamed(sender, nowUs), bytes, 0, bytes.length, nowUs);
      return;
    }
    if (looksGzipped(bytes)) {
      const inflated = inflateDatagram(bytes, 0, bytes.length, this.#limits);
      if (typeof inflated === 'number') {
        this.#receive(Hep.UDP, bytes.length);
        this.#refuse(inflated, this.#agents.blamed(sender, nowUs), bytes, 0, bytes.length, nowUs);
      } else {
        this.#counters.add(Hep.INFLATED, 1);
        this.#packets(inflated, sender, this.#innerLimits, nowUs);
      }
      return;
    }
    this.#packets(bytes, sender, this.#limits, nowUs);
  }

  connection(ip: string, port: number, listener: 'tcp' | 'tls'): StreamIngest | undefined {
    const sender = this.#agents.sender(ip, port, listener);
    if (!sender.allowed) return undefined;
    const counter = listener === 'tcp' ? Hep.TCP : Hep.TLS;
    return {
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
  #packets(bytes: Buffer, sender: Sender, limits: HepDecodeLimits, nowUs: number): void {
    let at = 0;
    for (;;) {
      const rest = bytes.length - at;
      this.#counters.add(Hep.UDP, 1);
      this.#counters.add(Ingest.RECEIVED, 1);
      const used = this.#packet1(bytes, at, bytes.length, sender, limits, nowUs);
      // After a fault the rest belongs to the same refusal.
      this.#counters.add(Ingest.BYTES, used === 0 ? rest : used);
      if (used === 0) return;
      at += used;
      if (at >= bytes.length) return;
      if (!startsWithHep3(bytes, at, bytes.length)) return;
    }
  }

  #receive(counter: number, length: number): void {
    this.#counters.add(counter, 1);
    this.#counters.add(Ingest.RECEIVED, 1);
    this.#counters.add(Ingest.BYTES, length);
  }

  /** One packet to its end. @returns octets it took, 0 after a fault of the envelope */
  #packet1(bytes: Buffer, start: number, end: number, sender: Sender, limits: HepDecodeLimits, nowUs: number): number {
    if (!sender.allowed) {
      this.#refuse(Fault.NOT_ALLOWED, this.#agents.blamed(sender, nowUs), bytes, start, end, nowUs);
      return 0;
    }
    const packet = this.#packet;
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
    agent.packets++;
    agent.bytes += used;
    agent.lastSeenUs = nowUs;
    agent.versions |= 1 << packet.version;
    if (packet.nodeEnd > packet.nodeStart) agent.nameNode(packet.bytes, packet.nodeStart, packet.nodeEnd);
    packet.trackedAtUs = nowUs;
    if (packet.capturedAtUs !== 0) {
      const offset = packet.capturedAtUs - nowUs;
      agent.clockOffsetUs = offset;
      if (offset <= this.#maxSkewUs && offset >= -this.#maxSkewUs) packet.trackedAtUs = packet.capturedAtUs;
      else counters.add(Hep.TIME_SKEWED, 1);
    }
    this.#ingest(packet, agent);
    return used;
  }

  /** What every source ends in: a decoded packet, whoever decoded it. */
  #ingest(packet: Packet, agent: Agent): void {
    const counters = this.#counters;
    counters.add(Pkt.TOTAL_PACKETS, 1);
    counters.add(Pkt.TOTAL_SIZE, packet.end - packet.start);
    counters.add(packet.family === 4 ? Pkt.IP4 : Pkt.IP6, 1);
    if (packet.kind === PayloadKind.SIP) this.#sip(packet, agent);
    else {
      countTransport(counters, packet.transport);
      this.#ignore(reasonOfKind(packet.kind), agent);
    }
  }

  #sip(packet: Packet, agent: Agent): void {
    const counters = this.#counters;
    if (isProbe(packet.bytes, packet.start, packet.end)) {
      const wrapped = unwrapJsonSip(packet.bytes, packet.start, packet.end);
      if (wrapped === undefined) {
        this.#notSip(packet, agent);
        return;
      }
      packet.bytes = wrapped;
      packet.start = 0;
      packet.end = wrapped.length;
      // The correlation id stayed behind in the other buffer; OpenSIPS sends the Call-ID there.
      packet.correlationStart = 0;
      packet.correlationEnd = 0;
    }
    const message = this.#message;
    counters.add(Pkt.PARSE_ATTEMPTS, 1);
    const fault = parseSip(packet.bytes, packet.start, packet.end, this.#sipOptions, message);
    if (fault !== Fault.NONE) {
      this.#unparsed(packet, agent, fault);
      return;
    }
    counters.add(Pkt.PARSE_OK, 1);
    packet.transport = refineTransport(packet.transport, message.viaTransport);
    countTransport(counters, packet.transport);
    if (message.isRequest) {
      counters.add(Pkt.SIP_REQS, 1);
      counters.add(SIP_METHODS[message.method]!, 1); // one per method
    } else {
      counters.add(Pkt.SIP_REPLS, 1);
      counters.add(SIP_CLASSES[Math.floor(message.statusCode / 100)]!, 1); // 100…699
    }
    agent.sip++;
    const refusal = this.#tracker.track(packet, message, agent);
    if (refusal !== Fault.NONE) {
      counters.add(Pkt.TRACKED_ERR, 1);
      this.#refuse(refusal, agent, packet.bytes, packet.start, packet.end, packet.arrivedAtUs, true);
      return;
    }
    counters.add(Pkt.TRACKED_OK, 1);
    counters.add(Ingest.TRACKED, 1);
    agent.tracked++;
  }

  #notSip(packet: Packet, agent: Agent): void {
    countTransport(this.#counters, packet.transport);
    if (packet.end - packet.start <= 12) this.#counters.add(Pkt.TINY_PACKETS, 1);
    if (isKeepalive(packet.bytes, packet.start, packet.end)) {
      this.#ignore('keepalive', agent);
      return;
    }
    this.#events.message(packet, EventType.MSG_PROBE, packet.trackedAtUs);
    this.#ignore('probe', agent);
  }

  #unparsed(packet: Packet, agent: Agent, fault: Fault): void {
    countTransport(this.#counters, packet.transport);
    if (isPlaceholder(packet.bytes, packet.start, packet.end)) {
      this.#ignore('control', agent);
      return;
    }
    this.#counters.add(Pkt.PARSE_ERRS, 1);
    this.#counters.add(PARSE_ERRORS[faultInfo(fault).parseError ?? 0]!, 1); // numbers of the table
    const event = this.#events.message(packet, EventType.PARSE_ERROR, packet.trackedAtUs);
    if (event !== undefined) {
      const message = this.#message;
      const parsed = Math.min(message.faultAt, packet.end - packet.start);
      const from = packet.start + Math.max(0, parsed - MAX_PARSED_PART);
      const part = packet.bytes.toString('latin1', from, packet.start + parsed);
      event.callId = message.text(message.callIdStart, Math.min(message.callIdEnd, message.callIdStart + 256));
      event.reason = `${faultInfo(fault).code} after "${part}"`;
    }
    this.#refuse(fault, agent, packet.bytes, packet.start, packet.end, packet.arrivedAtUs, true);
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

  #ignore(reason: IgnoredReason, agent: Agent): void {
    this.#counters.add(Ingest.IGNORED, 1);
    this.#counters.add(Ignored[reason], 1);
    agent.ignored[ignoredColumn(reason)]! += 1; // one column per reason
    agent.other++;
  }

  /** @param counted the agent's packet and octets are counted already */
  #refuse(fault: Fault, agent: Agent, bytes: Buffer, start: number, end: number, nowUs: number, counted = false): void {
    this.#counters.add(Ingest.REFUSED, 1);
    this.#counters.add(REFUSED_BY_FAULT[fault]!, 1); // one per fault
    if (!counted) {
      agent.packets++;
      agent.bytes += end - start;
      agent.lastSeenUs = nowUs;
    }
    agent.fault(fault, bytes, start, end, nowUs);
    if (nowUs - agent.faultLoggedUs < this.#faultIntervalUs) {
      agent.faultsHeldBack++;
      return;
    }
    this.#onFault(agent, fault, agent.lastFaultHex, agent.faultsHeldBack);
    agent.faultLoggedUs = nowUs;
    agent.faultsHeldBack = 0;
  }
}

function countTransport(counters: CounterSet, transport: Transport): void {
  switch (transport) {
    case Transport.UDP:
      counters.add(Pkt.UDP, 1);
      return;
    case Transport.TCP:
      counters.add(Pkt.TCP, 1);
      return;
    case Transport.TLS:
      counters.add(Pkt.TLS, 1);
      return;
    case Transport.SCTP:
      counters.add(Pkt.SCTP, 1);
      return;
    case Transport.WS:
    case Transport.WSS:
      counters.add(Pkt.WS, 1);
      return;
    default:
      counters.add(Pkt.OTHER, 1);
  }
}

/** Why a payload that is not SIP is of no use for tracking, by HEP protocol type. */
function reasonOfKind(kind: number): IgnoredReason {
  switch (kind) {
    case PayloadKind.RESERVED:
      return 'keepalive';
    case PayloadKind.RTCP:
      return 'rtcp';
    case PayloadKind.MOS_FULL:
    case PayloadKind.MOS_SHORT:
    case PayloadKind.QOS:
    case PayloadKind.VQ_RTCPXR:
      return 'report';
    case PayloadKind.LOG:
      return 'log';
    case PayloadKind.JSON:
      return 'json';
    case PayloadKind.NG_CONTROL:
    case PayloadKind.CONTROL:
      return 'control';
    default:
      return 'other';
  }
}
