import { type CounterSet, Ingest as IngestCounters, type IgnoredReason, Ipfix } from '../model/counters.ts';
import { isAddressIn } from '../model/cidr.ts';
import { Fault } from '../model/fault.ts';
import { Packet } from '../model/packet.ts';
import type { IpfixIngest, IpfixSession } from '../model/ports.ts';
import type { EngineSettings, IpfixSettings } from '../model/settings.ts';
import type { EndpointView } from '../model/views.ts';
import { SipParseOptions } from '../sip/parse.ts';
import type { QosTable } from '../tracker/qos.ts';
import { decodeConnect, encodeAcknowledge, wantedFlags } from '../wire/ipfix/connect.ts';
import { SET_HEADER, SetId } from '../wire/ipfix/format.ts';
import { beforeHandshake, negotiate, timeoutBounds, type TimeoutBounds } from '../wire/ipfix/negotiate.ts';
import { decodeQos } from '../wire/ipfix/qos.ts';
import { SetWalk } from '../wire/ipfix/set-walk.ts';
import { decodeSipSet, type SipSetId } from '../wire/ipfix/sip-set.ts';
import type { Ingest } from './ingest.ts';
import type { Probe, ProbeTable } from './probes.ts';

/**
 * IPFIX from messages to packets, in one straight line to `Ingest`, and every exit counted.
 *
 *   message ─▶ set ─┬─ SIP ─▶ left out? ─▶ decode ─▶ Ingest
 *             │     │            │           │
 *             │     │         ignored     refused
 *             │     ├─ QoS record ─▶ its call              ignored(report)
 *             │     ├─ connect request ─▶ answer           ignored(handshake)
 *             │     └─ keep-alive, template, unknown       ignored(keepalive, template, other)
 *             └ refused, with the rest of the message
 *
 * What is counted is a set: each, and each message that has none, is received once. After a malformed set the rest of
 * its message cannot be trusted and belongs to the same refusal; the connection goes on with the next message.
 */
export class IpfixPipeline implements IpfixIngest {
  readonly #settings: IpfixSettings;
  readonly #bounds: TimeoutBounds;
  readonly #counters: CounterSet;
  readonly #ingest: Ingest;
  readonly #probes: ProbeTable;
  readonly #qos: QosTable;
  readonly #datagramOptions: SipParseOptions;
  readonly #streamOptions: SipParseOptions;
  readonly #walk = new SetWalk();
  readonly #packet = new Packet(Buffer.alloc(0));
  #isBatch = false;

  constructor(settings: EngineSettings, ingest: Ingest, probes: ProbeTable, qos: QosTable, counters: CounterSet) {
    const { ipfix, sipMaxHeaders: maxHeaders, alegHeaders } = settings;
    this.#settings = ipfix;
    this.#bounds = timeoutBounds(ipfix.timeoutMinS, ipfix.timeoutMaxS);
    this.#counters = counters;
    this.#ingest = ingest;
    this.#probes = probes;
    this.#qos = qos;
    this.#datagramOptions = new SipParseOptions({ framing: 'datagram', maxHeaders, alegHeaders });
    this.#streamOptions = new SipParseOptions({ framing: 'stream', maxHeaders, alegHeaders });
  }

  connection(
    peer: EndpointView,
    local: EndpointView,
    answer: (octets: Buffer) => void,
    nowUs: number,
  ): IpfixSession | undefined {
    const { allow } = this.#settings;
    if (allow.length > 0 && !isAddressIn(peer.ip, allow)) return undefined;
    const probe = this.#probes.open(peer, local, beforeHandshake(this.#bounds), nowUs);
    return {
      get messages() {
        return probe.messages;
      },
      get lastIoUs() {
        return probe.lastIoUs;
      },
      get ioTimeoutMs() {
        return Math.max(0, probe.agreed.timeoutS) * 1000;
      },
      heard: (atUs) => {
        probe.lastIoUs = atUs;
      },
      beginBatch: () => {
        this.#isBatch = true;
      },
      endBatch: () => {
        this.#isBatch = false;
        this.#ingest.settle();
      },
      message: (bytes, start, end, atUs) => this.#message(probe, answer, bytes, start, end, atUs),
      fault: (fault, bytes, start, end, atUs) => {
        this.#countOctets(end - start);
        this.#receive(probe, end - start, atUs);
        this.#refuse(fault, probe, bytes, start, end, atUs);
      },
      end: (atUs) => this.#probes.close(probe, atUs),
    };
  }

  #message(
    probe: Probe,
    answer: (octets: Buffer) => void,
    bytes: Buffer,
    start: number,
    end: number,
    nowUs: number,
  ): void {
    const counters = this.#counters;
    this.#countOctets(end - start);
    counters.add(Ipfix.PKTS_RCVD, 1);
    probe.messages++;
    const walk = this.#walk;
    walk.begin(bytes, start, end);
    let at = start;
    while (walk.next()) {
      const fault = this.#set(probe, answer, bytes, start, nowUs);
      const isBroken = fault !== Fault.NONE;
      probe.sets.note(walk.id, walk.end - walk.start + SET_HEADER, fault, nowUs);
      this.#receive(probe, (isBroken ? end : walk.end) - at, nowUs);
      at = walk.end;
      if (!isBroken) continue;
      this.#refuse(fault, probe, bytes, walk.start, end, nowUs);
      this.#noteSets(walk.count);
      return;
    }
    this.#noteSets(walk.count);
    if (walk.fault !== Fault.NONE) {
      this.#receive(probe, end - at, nowUs);
      this.#refuse(walk.fault, probe, bytes, walk.start, end, nowUs);
    } else if (walk.count === 0) {
      this.#receive(probe, end - at, nowUs);
      this.#ingest.ignore('keepalive', probe);
    }
  }

  /** One set to its end. @returns why it is malformed, or `NONE` when it is counted */
  #set(probe: Probe, answer: (octets: Buffer) => void, bytes: Buffer, message: number, nowUs: number): Fault {
    const { id, start, end } = this.#walk;
    switch (id) {
      case SetId.SIP_UDP_IN:
      case SetId.SIP_TCP_IN:
        return this.#sip(id, probe, this.#settings.ignoreIngress, bytes, nowUs);
      case SetId.SIP_UDP_OUT:
      case SetId.SIP_TCP_OUT:
        return this.#sip(id, probe, this.#settings.ignoreEgress, bytes, nowUs);
      case SetId.QOS:
        return this.#qosRecord(probe, bytes, nowUs);
      case SetId.CONNECT_REQUEST:
        return this.#connect(probe, answer, bytes, message, nowUs);
      case SetId.KEEPALIVE:
        this.#notePadding(end - start);
        return this.#skip(Ipfix.KEEPALIVES, 'keepalive', probe);
      case SetId.TEMPLATE:
        return this.#skip(Ipfix.TEMPLATE_SETS, 'template', probe);
      case SetId.OPTIONS_TEMPLATE:
        return this.#skip(Ipfix.OPT_TEMPLATE_SETS, 'template', probe);
      case SetId.SIP_SCTP_IN:
        this.#counters.add(Ipfix.SIP_SCTP4_IN, 1);
        return this.#skip(Ipfix.UNKNOWN_SETS, 'other', probe);
      case SetId.SIP_SCTP_OUT:
        this.#counters.add(Ipfix.SIP_SCTP4_OUT, 1);
        return this.#skip(Ipfix.UNKNOWN_SETS, 'other', probe);
      default:
        return this.#skip(Ipfix.UNKNOWN_SETS, 'other', probe);
    }
  }

  #skip(counter: number, reason: IgnoredReason, probe: Probe): Fault {
    this.#counters.add(counter, 1);
    this.#ingest.ignore(reason, probe);
    return Fault.NONE;
  }

  #sip(id: SipSetId, probe: Probe, isLeftOut: boolean, bytes: Buffer, nowUs: number): Fault {
    if (isLeftOut) return this.#skip(Ipfix.IGNORED_SETS, 'direction', probe);
    const { start, end } = this.#walk;
    const packet = this.#isBatch ? this.#ingest.nextPacket() : this.#packet;
    const fault = decodeSipSet(id, bytes, start, end, packet, nowUs);
    if (fault !== Fault.NONE) return fault;
    packet.envelopeStart = start - SET_HEADER;
    packet.envelopeEnd = packet.end;
    packet.payloadStart = packet.start;
    packet.payloadEnd = packet.end;
    this.#counters.add(sipCounter(id, packet.family), 1);
    this.#notePadding(end - start - packet.length);
    probe.sipSets++;
    const overUdp = id === SetId.SIP_UDP_IN || id === SetId.SIP_UDP_OUT;
    this.#ingest.settleTime(packet, probe, Ipfix.TIME_SKEWED, nowUs);
    this.#ingest.packet(packet, probe, overUdp ? this.#datagramOptions : this.#streamOptions);
    return Fault.NONE;
  }

  #qosRecord(probe: Probe, bytes: Buffer, nowUs: number): Fault {
    const { start, end } = this.#walk;
    const decoded = decodeQos(bytes, start, end);
    if (typeof decoded === 'number') return decoded;
    this.#notePadding(end - start - decoded.octets);
    probe.qosSets++;
    // Its calls may have begun a moment ago.
    this.#ingest.settle();
    this.#qos.add(decoded.record, probe, nowUs);
    return this.#skip(Ipfix.QOS_SETS, 'report', probe);
  }

  #connect(probe: Probe, answer: (octets: Buffer) => void, bytes: Buffer, message: number, nowUs: number): Fault {
    const { start, end } = this.#walk;
    const request = decodeConnect(bytes, start, end);
    if (typeof request === 'number') return request;
    this.#notePadding(end - start - request.octets);
    probe.request = request;
    probe.handshakes++;
    probe.agreed = negotiate(request.keepaliveS, this.#bounds);
    const configFlags = wantedFlags(request.configFlags, this.#settings.wantsQos);
    const { keepaliveS } = probe.agreed;
    const answered = encodeAcknowledge(bytes, message, start, request, { configFlags, keepaliveS });
    this.#counters.add(Ipfix.PKTS_SENT, 1);
    this.#counters.add(Ipfix.BYTES_SENT, answered.length);
    probe.lastIoUs = nowUs;
    answer(answered);
    return this.#skip(Ipfix.CONN_OPEN, 'handshake', probe);
  }

  /** Octets off the wire: of the message as a whole, since its header belongs to no set. */
  #countOctets(octets: number): void {
    this.#counters.add(Ipfix.BYTES_RCVD, octets);
    this.#counters.add(IngestCounters.BYTES, octets);
  }

  #receive(probe: Probe, octets: number, nowUs: number): void {
    this.#counters.add(IngestCounters.RECEIVED, 1);
    probe.receive(octets, nowUs);
  }

  #refuse(fault: Fault, probe: Probe, bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.#counters.add(Ipfix.ERR_PARSE, 1);
    this.#ingest.refuse(fault, probe, bytes, start, end, nowUs);
  }

  #noteSets(sets: number): void {
    if (sets > this.#counters.get(Ipfix.MAX_SETS)) this.#counters.set(Ipfix.MAX_SETS, sets);
  }

  #notePadding(octets: number): void {
    if (octets === 0) return;
    this.#counters.add(Ipfix.PADDED_SETS, 1);
    if (octets > this.#counters.get(Ipfix.MAX_PADDING)) this.#counters.set(Ipfix.MAX_PADDING, octets);
  }
}

function sipCounter(id: SipSetId, family: number): number {
  switch (id) {
    case SetId.SIP_UDP_IN:
      return family === 4 ? Ipfix.SIP_UDP4_IN : Ipfix.SIP_UDP6_IN;
    case SetId.SIP_UDP_OUT:
      return family === 4 ? Ipfix.SIP_UDP4_OUT : Ipfix.SIP_UDP6_OUT;
    case SetId.SIP_TCP_IN:
      return Ipfix.SIP_TCP4_IN;
    case SetId.SIP_TCP_OUT:
      return Ipfix.SIP_TCP4_OUT;
  }
}
