import type { CapturedFrame, CaptureIngest } from '../model/capture.ts';
import { type CounterSet, Ingest as IngestCounters, Pcap, Pkt } from '../model/counters.ts';
import { formatIp } from '../model/endpoint.ts';
import { clearPacket, Packet, PayloadKind } from '../model/packet.ts';
import type { HepIngest, StreamIngest } from '../model/ports.ts';
import type { CaptureSettings, HepLimits, TcpSettings } from '../model/settings.ts';
import { Transport } from '../model/transport.ts';
import { SipParseOptions } from '../sip/parse.ts';
import { HepFramer } from '../wire/hep/framer.ts';
import { Fragments } from '../wire/pcap/fragments.ts';
import { Decapsulator, Frame, type FrameSkip, IP_PROTOCOL_TCP, IP_PROTOCOL_UDP } from '../wire/pcap/frame.ts';
import { looksLikeHep, startsLikeHep3 } from '../wire/pcap/recognise.ts';
import { beforeSctpData, nextSctpData, SctpFragments } from '../wire/pcap/sctp.ts';
import { type StreamReader, TcpReassembly } from '../wire/tcp/reassembly.ts';
import { WebSocketStream } from '../wire/websocket/websocket-stream.ts';
import { Account } from './account.ts';
import type { Ingest } from './ingest.ts';
import { type HeldOctets, SipStream } from './sip-stream.ts';

/** Frames closer together than this are not worth a look at the clock of the calls. */
const CLOCK_STEP_US = 100_000;

export interface CapturePipelineSettings {
  capture: CaptureSettings;
  sipMaxHeaders: number;
  alegHeaders: readonly string[];
  hep: { limits: HepLimits };
}

/** Answers whether a frame is wanted. */
export type FrameFilter = (frame: CapturedFrame) => boolean;

/**
 * Captured frames to their end: those of HEP to the HEP pipeline, SIP to `Ingest`, with the time of the capture.
 *
 *   frame ─▶ filter ─▶ decapsulate ─┬─ UDP ───────────────────┬─▶ HEP? ─▶ HEP pipeline
 *                          │        ├─ SCTP ─ DATA chunks ────┤
 *                       counted     └─ TCP ─ in order ─ SIP, ─┴─▶ Ingest
 *                                            HEP, WebSocket
 *
 * A message counts as received when it is whole; frames and segments have counters of their own (`pkt_stats`).
 */
export class CapturePipeline implements CaptureIngest {
  readonly #ingest: Ingest;
  readonly #hep: HepIngest;
  readonly #counters: CounterSet;
  readonly #hepLimits: HepLimits;
  readonly #hepPorts: ReadonlySet<number>;
  /** HEP on an interface is most likely what the listeners receive. */
  readonly #leavesHepOut: boolean;
  readonly #websocketPorts: ReadonlySet<number>;
  readonly #maxHeadBytes: number;
  readonly #held: HeldOctets;
  readonly #filter: FrameFilter | undefined;
  readonly #onTime: (nowUs: number) => void;
  readonly #datagramOptions: SipParseOptions;
  readonly #streamOptions: SipParseOptions;
  readonly #decapsulator: Decapsulator;
  readonly #streams: TcpReassembly;
  readonly #frame = new Frame();
  readonly #packet = new Packet(Buffer.alloc(0));
  #isBatch = false;
  readonly #sctp = beforeSctpData(0);
  readonly #sctpFragments: SctpFragments;
  readonly #accounts = new Map<string, Account>();
  #account = new Account('file:', '', 0);
  #nowUs = 0;
  #clockUs = Number.NEGATIVE_INFINITY;

  /** @param onTime told that the clock of the capture went on, before the first frame of that time */
  constructor(
    settings: CapturePipelineSettings,
    ingest: Ingest,
    hep: HepIngest,
    counters: CounterSet,
    filter: FrameFilter | undefined,
    onTime: (nowUs: number) => void,
  ) {
    const { capture, sipMaxHeaders: maxHeaders, alegHeaders } = settings;
    this.#ingest = ingest;
    this.#hep = hep;
    this.#counters = counters;
    this.#hepLimits = settings.hep.limits;
    this.#hepPorts = new Set(capture.hepPorts);
    this.#leavesHepOut = capture.live !== undefined && capture.hepPorts.length === 0;
    this.#websocketPorts = new Set(capture.websocketPorts);
    this.#maxHeadBytes = capture.maxHeadBytes;
    this.#held = { octets: 0, max: capture.tcp.maxBytes };
    this.#filter = filter;
    this.#onTime = onTime;
    this.#datagramOptions = new SipParseOptions({ framing: 'datagram', maxHeaders, alegHeaders });
    this.#streamOptions = new SipParseOptions({ framing: 'stream', maxHeaders, alegHeaders });
    this.#decapsulator = new Decapsulator({
      vxlanPorts: new Set(capture.vxlanPorts),
      fragments: new Fragments(capture.fragments, counters),
    });
    this.#sctpFragments = new SctpFragments(capture.fragments, counters);
    this.#streams = new TcpReassembly(capture.tcp, counters, (frame) => this.#openStream(frame));
  }

  get tcpSettings(): TcpSettings {
    return this.#streams.settings;
  }

  configureTcp(settings: TcpSettings): void {
    this.#streams.configure(settings);
  }

  begin(observer: string): void {
    // One for all passes: who saw a call is told apart by identity.
    this.#account = this.#accounts.get(observer) ?? new Account(observer, '', this.#nowUs);
    this.#accounts.set(observer, this.#account);
  }

  beginBatch(): void {
    this.#isBatch = true;
  }

  endBatch(): void {
    this.#isBatch = false;
    this.#ingest.settle();
  }

  frame(captured: CapturedFrame): void {
    const counters = this.#counters;
    const { timeUs } = captured;
    counters.add(Pcap.PACKETS, 1);
    counters.add(Pcap.BYTES, captured.wireLength);
    this.#nowUs = timeUs;
    if (timeUs - this.#clockUs >= CLOCK_STEP_US) {
      this.#clockUs = timeUs;
      this.#ingest.settle();
      this.#onTime(timeUs);
    }
    if (this.#filter?.(captured) === false) {
      counters.add(Pcap.FILTERED, 1);
      return;
    }
    const frame = this.#frame;
    const skip = this.#decapsulator.read(captured.linkType, captured.bytes, timeUs, frame);
    if (frame.isFragment) counters.add(frame.family === 4 ? Pkt.IP4_FRAGS : Pkt.IP6_FRAGS, 1);
    if (skip === undefined && frame.ipProtocol === IP_PROTOCOL_UDP && this.#isHep(frame)) {
      if (this.#leavesHepOut) {
        counters.add(Pcap.HEP_LEFT_OUT, 1);
        return;
      }
      const ip = formatIp(frame.family, frame.src0, frame.src1, frame.src2, frame.src3);
      this.#hep.datagram(frame.bytes, ip, frame.srcPort, timeUs, frame.start, frame.end);
      return;
    }
    counters.add(Pkt.TOTAL_PACKETS, 1);
    counters.add(Pkt.TOTAL_SIZE, captured.wireLength);
    if (frame.isVxlan) counters.add(Pkt.VXLAN, 1);
    if (skip !== undefined) {
      counters.add(skipCounter(skip), 1);
      return;
    }
    counters.add(frame.family === 4 ? Pkt.IP4 : Pkt.IP6, 1);
    if (frame.ipProtocol === IP_PROTOCOL_TCP) this.#streams.segment(frame, timeUs);
    else if (frame.ipProtocol === IP_PROTOCOL_UDP) {
      // Octets of streams and chunks lie in buffers that are used again.
      const packet = this.#isBatch ? this.#ingest.nextPacket() : this.#packet;
      this.#message(packet, frame.bytes, frame.start, frame.end, frame, Transport.UDP, this.#datagramOptions);
    } else this.#chunks(frame);
  }

  end(): void {
    this.#streams.flush(this.#nowUs);
  }

  #isHep(frame: Frame): boolean {
    if (this.#hepPorts.size > 0) return this.#hepPorts.has(frame.dstPort);
    // All versions begin with one of three octets; SIP begins with none of 1 and 2, and hardly with an H.
    const first = frame.bytes[frame.start];
    if (first !== 1 && first !== 2 && first !== 0x48) return false;
    return looksLikeHep(frame.bytes.subarray(frame.start, frame.end));
  }

  #chunks(frame: Frame): void {
    const data = this.#sctp;
    data.next = frame.start;
    while (nextSctpData(frame.bytes, frame.end, data)) {
      if (data.isFirst && data.isLast) {
        this.#messageNow(frame.bytes, data.start, data.end, frame, Transport.SCTP, this.#datagramOptions);
        continue;
      }
      const whole = this.#sctpFragments.add(frame, data, this.#nowUs);
      if (whole !== undefined) {
        this.#messageNow(whole, 0, whole.length, frame, Transport.SCTP, this.#datagramOptions);
      }
    }
  }

  #openStream(frame: Frame): StreamReader {
    const from = new Frame();
    copyEndpoints(from, frame);
    const isWebSocket = this.#websocketPorts.has(frame.srcPort) || this.#websocketPorts.has(frame.dstPort);
    if (isWebSocket) {
      return new WebSocketStream(this.#counters, (bytes, start, end) =>
        this.#messageNow(bytes, start, end, from, Transport.WS, this.#datagramOptions),
      );
    }
    const takeSip = (bytes: Buffer, start: number, end: number): void =>
      this.#messageNow(bytes, start, end, from, Transport.TCP, this.#streamOptions);
    const settings = { maxHeadBytes: this.#maxHeadBytes, options: this.#streamOptions, held: this.#held };
    const sip = (): StreamReader => new SipStream(settings, this.#counters, takeSip);
    return new FirstOctets(sip, () => this.#openHep(from));
  }

  #openHep(from: Frame): StreamReader | undefined {
    if (this.#hepPorts.size > 0 && !this.#hepPorts.has(from.dstPort)) return undefined;
    if (this.#leavesHepOut) {
      this.#counters.add(Pcap.HEP_LEFT_OUT, 1);
      return UNREAD;
    }
    const ip = formatIp(from.family, from.src0, from.src1, from.src2, from.src3);
    const sink = this.#hep.connection(ip, from.srcPort, 'tcp');
    return sink === undefined ? undefined : new HepStream(sink, this.#hepLimits);
  }

  /** A whole message whose octets do not stay where they are. */
  #messageNow(
    bytes: Buffer,
    start: number,
    end: number,
    from: Frame,
    transport: Transport,
    options: SipParseOptions,
  ): void {
    this.#message(this.#packet, bytes, start, end, from, transport, options);
  }

  /** A whole message, received once. */
  #message(
    packet: Packet,
    bytes: Buffer,
    start: number,
    end: number,
    from: Frame,
    transport: Transport,
    options: SipParseOptions,
  ): void {
    const nowUs = this.#nowUs;
    clearPacket(packet, bytes, nowUs);
    setEndpoints(packet, from);
    packet.start = start;
    packet.end = end;
    packet.kind = PayloadKind.SIP;
    packet.transport = transport;
    packet.capturedAtUs = nowUs;
    packet.trackedAtUs = nowUs;
    packet.length = end - start;
    this.#counters.add(IngestCounters.RECEIVED, 1);
    this.#counters.add(IngestCounters.BYTES, end - start);
    this.#account.receive(end - start, nowUs);
    this.#ingest.message(packet, this.#account, options);
  }
}

/** A stream nobody reads. */
const UNREAD: StreamReader = { octets: () => undefined, lost: () => undefined, end: () => undefined };

/** A stream of which it is not known yet what it carries: its first octets decide. */
class FirstOctets implements StreamReader {
  readonly #sip: () => StreamReader;
  readonly #hep: () => StreamReader | undefined;
  #reader: StreamReader | undefined;

  constructor(sip: () => StreamReader, hep: () => StreamReader | undefined) {
    this.#sip = sip;
    this.#hep = hep;
  }

  octets(bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.#reader ??= (startsLikeHep3(bytes.subarray(start, end)) ? this.#hep() : undefined) ?? this.#sip();
    this.#reader.octets(bytes, start, end, nowUs);
  }

  lost(octets: number, nowUs: number): void {
    this.#reader?.lost(octets, nowUs);
  }

  end(nowUs: number): void {
    this.#reader?.end(nowUs);
  }
}

/** HEP on TCP, captured. Like a live connection it ends with the first octets that are no HEP, and with a gap. */
class HepStream implements StreamReader {
  readonly #framer: HepFramer;
  #isLost = false;

  constructor(sink: StreamIngest, limits: HepLimits) {
    this.#framer = new HepFramer(sink, limits);
  }

  octets(bytes: Buffer, start: number, end: number, nowUs: number): void {
    if (!this.#isLost) this.#framer.push(bytes.subarray(start, end), nowUs);
  }

  lost(_octets: number, nowUs: number): void {
    if (!this.#isLost) this.#framer.end(nowUs);
    this.#isLost = true;
  }

  end(nowUs: number): void {
    if (!this.#isLost) this.#framer.end(nowUs);
    this.#isLost = true;
  }
}

function skipCounter(skip: FrameSkip): number {
  switch (skip) {
    case 'bad-ip':
    case 'bad-udp-tcp':
    case 'cut-by-capture':
      return Pkt.DECODE_ERRS;
    case 'fragment':
    case 'link-type':
    case 'not-ip':
    case 'not-udp-tcp':
      return Pkt.NO_TRANSPORT;
  }
}

type Endpoints = Pick<
  Frame,
  'src0' | 'src1' | 'src2' | 'src3' | 'srcPort' | 'dst0' | 'dst1' | 'dst2' | 'dst3' | 'dstPort' | 'ipProtocol'
> & { family: number };

function copyEndpoints(to: Frame, from: Frame): void {
  to.family = from.family;
  setEndpoints(to, from);
}

function setEndpoints(to: Endpoints, from: Frame): void {
  to.family = from.family;
  to.ipProtocol = from.ipProtocol;
  to.src0 = from.src0;
  to.src1 = from.src1;
  to.src2 = from.src2;
  to.src3 = from.src3;
  to.srcPort = from.srcPort;
  to.dst0 = from.dst0;
  to.dst1 = from.dst1;
  to.dst2 = from.dst2;
  to.dst3 = from.dst3;
  to.dstPort = from.dstPort;
}
