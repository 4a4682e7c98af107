import {
  type CounterSet,
  Dropped,
  type DroppedReason,
  Ignored,
  type IgnoredReason,
  Ingest as IngestCounters,
  PcapDump,
  PARSE_ERRORS,
  PARSE_ERRS_BY_TRANSPORT,
  Pkt,
  PKT_BY_FAMILY,
  PKT_BY_TRANSPORT,
  REFUSED_BY_FAULT,
  SIP_BY_TRANSPORT,
  SIP_CLASSES,
  SIP_METHODS,
  SIP_STATUSES,
  TRACKED_ERR_BY_TRANSPORT,
  TRACKED_OK_BY_TRANSPORT,
} from '../model/counters.ts';
import { EventType } from '../model/event-type.ts';
import { Fault, faultInfo } from '../model/fault.ts';
import { type Packet, PayloadKind } from '../model/packet.ts';
import type { MessageRecorder } from '../model/ports.ts';
import { refineTransport } from '../model/transport.ts';
import { SipMessage } from '../sip/message.ts';
import { isKeepalive, isProbe, parseSip, type SipParseOptions } from '../sip/parse.ts';
import type { EventRing } from '../tracker/event-ring.ts';
import type { LinkTable } from '../tracker/link-table.ts';
import { Repeat } from '../tracker/repeats.ts';
import type { ReportTable } from '../tracker/reports.ts';
import { TextField, withText } from '../tracker/text-block.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { decodeReport, isReport } from '../wire/report/decode.ts';
import type { Account } from './account.ts';
import { type OtherShards, Passed } from './other-shards.ts';
import { isPlaceholder, unwrapJsonSip } from './sender-quirks.ts';
import { WAITING_MESSAGES, WaitingMessage } from './waiting-message.ts';

/** Told about a refused packet at most once per interval and sender, so that it can be logged. */
export type FaultReport = (account: Account, fault: Fault, hex: string, heldBack: number) => void;

const MAX_PARSED_PART = 60;
/** A clock that was too far off is used again within so much of the limit: near it, calls would jump between two times. */
const TRUSTED_AGAIN = 0.8;
/** Fault reports in one interval, of all senders: forged sources and short connections are new senders each time. */
const MAX_FAULT_REPORTS = 50;

export interface IngestSettings {
  /** Beyond this a sender's clock is not used for tracking. */
  maxClockSkewUs: number;
  /** Shortest time between two log lines about faults of one sender. */
  faultLogIntervalMs: number;
}

/**
 * What every source ends in: a decoded packet becomes a tracked message, or leaves through one counted exit.
 *
 *   packet ─▶ SIP? ─▶ parse ─▶ track ─▶ tracked
 *              │        │        │
 *           ignored  refused  refused
 *
 * What a source cannot decode, or knows to be of no use, it reports here too: `refuse` and `ignore` are the only
 * places where those are counted.
 *
 * Calls held lie all over the memory, and looking for one call after the other is mostly waiting for it. So a source that
 * has many messages at once takes its packets from `nextPacket`; they are parsed and counted as all others, wait in
 * order, and `settle` tracks them together (tracker/foresight.ts).
 */
export class Ingest {
  readonly #counters: CounterSet;
  readonly #tracker: CallTracker;
  readonly #links: LinkTable;
  readonly #events: EventRing;
  readonly #maxSkewUs: number;
  readonly #faultIntervalUs: number;
  readonly #onFault: FaultReport;
  readonly #recorder: MessageRecorder | undefined;
  readonly #others: OtherShards | undefined;
  readonly #reports: ReportTable | undefined;
  readonly #message = new SipMessage(Buffer.alloc(0));
  /** The first `#waitingCount` of them wait; the next is what `nextPacket` answers. */
  readonly #waiting = Array.from({ length: WAITING_MESSAGES }, () => new WaitingMessage());
  #waitingCount = 0;
  #faultReports = 0;
  #faultReportsSinceUs = Number.NEGATIVE_INFINITY;

  constructor(
    settings: IngestSettings,
    tracker: CallTracker,
    links: LinkTable,
    events: EventRing,
    counters: CounterSet,
    onFault: FaultReport,
    recorder?: MessageRecorder,
    others?: OtherShards,
    reports?: ReportTable,
  ) {
    this.#counters = counters;
    this.#tracker = tracker;
    this.#links = links;
    this.#events = events;
    this.#maxSkewUs = settings.maxClockSkewUs;
    this.#faultIntervalUs = settings.faultLogIntervalMs * 1000;
    this.#onFault = onFault;
    this.#recorder = recorder;
    this.#others = others;
    this.#reports = reports;
  }

  /**
   * Settles on which time a packet is tracked: the sender's, unless it gave none or its clock is off.
   *
   * @param skewed counter of packets whose clock is off
   */
  settleTime(packet: Packet, account: Account, skewed: number, nowUs: number): void {
    packet.trackedAtUs = nowUs;
    if (packet.capturedAtUs === 0) return;
    const offset = packet.capturedAtUs - nowUs;
    account.clockOffsetUs = offset;
    const off = Math.abs(offset);
    if (off > this.#maxSkewUs) account.isSkewed = true;
    else if (off <= this.#maxSkewUs * TRUSTED_AGAIN) account.isSkewed = false;
    if (account.isSkewed) this.#counters.add(skewed, 1);
    else packet.trackedAtUs = packet.capturedAtUs;
  }

  /**
   * A packet to decode into, whose message may wait for `settle` once it is handed to `packet` or `message`: until then
   * its octets must stay as they are. The packet itself is another one from then on.
   */
  nextPacket(): Packet {
    return this.#waiting[this.#waitingCount]!.packet; // there is always a free one
  }

  /** Tracks the messages that wait. To be called before anybody else has his turn. */
  settle(): void {
    const count = this.#waitingCount;
    if (count === 0) return;
    this.#waitingCount = 0;
    const waiting = this.#waiting;
    if (count > 1) this.#tracker.foresee(waiting, count);
    for (let n = 0; n < count; n++) {
      const { packet, message, account, hash } = waiting[n]!; // inside the array
      this.#track(packet, message, account, hash);
    }
  }

  /**
   * Takes a decoded packet, whoever decoded it, to its end. Its time is settled.
   *
   * @param options how its SIP is to be read
   */
  packet(packet: Packet, account: Account, options: SipParseOptions): void {
    const counters = this.#counters;
    counters.add(Pkt.TOTAL_PACKETS, 1);
    counters.add(Pkt.TOTAL_SIZE, packet.end - packet.start);
    counters.add(packet.family === 4 ? Pkt.IP4 : Pkt.IP6, 1);
    this.message(packet, account, options);
  }

  /** Takes a message whose packets have been counted: those of a capture are no messages. */
  message(packet: Packet, account: Account, options: SipParseOptions): void {
    if (packet.kind === PayloadKind.SIP) this.#sip(packet, account, options);
    else this.#report(packet, account);
  }

  /** What is no SIP is of no use for tracking; what it reports of a call is kept with it. */
  #report(packet: Packet, account: Account): void {
    countTransport(this.#counters, packet);
    const { kind, bytes, start, end, correlationStart, correlationEnd } = packet;
    if (this.#reports?.isOn === true && correlationEnd > correlationStart && isReport(kind)) {
      const report = decodeReport(kind, bytes.subarray(start, end), packet.mos, packet.rFactor);
      if (typeof report === 'number') {
        this.refuse(report, account, bytes, start, end, packet.arrivedAtUs);
        return;
      }
      // Its call may have begun a moment ago.
      this.settle();
      this.#reports.take(packet, report, account.id);
    }
    this.ignore(reasonOfKind(kind), account);
  }

  #sip(packet: Packet, account: Account, options: SipParseOptions): void {
    const counters = this.#counters;
    if (isProbe(packet.bytes, packet.start, packet.end)) {
      const wrapped = unwrapJsonSip(packet.bytes, packet.start, packet.end);
      if (wrapped === undefined) {
        this.#notSip(packet, account);
        return;
      }
      packet.bytes = wrapped;
      packet.start = 0;
      packet.end = wrapped.length;
      // The correlation id stayed behind in the other buffer; OpenSIPS sends the Call-ID there.
      packet.correlationStart = 0;
      packet.correlationEnd = 0;
    }
    const next = this.#waiting[this.#waitingCount]!; // there is always a free one
    const mayWait = packet === next.packet;
    const message = mayWait ? next.message : this.#message;
    counters.add(Pkt.PARSE_ATTEMPTS, 1);
    const fault = parseSip(packet.bytes, packet.start, packet.end, options, message);
    if (fault !== Fault.NONE) {
      this.#unparsed(packet, message, account, fault);
      return;
    }
    counters.add(Pkt.PARSE_OK, 1);
    packet.transport = refineTransport(packet.transport, message.viaTransport);
    counters.add(SIP_BY_TRANSPORT[packet.transport]!, 1); // one per transport, here and below
    countTransport(counters, packet);
    if (message.isRequest) {
      counters.add(Pkt.SIP_REQS, 1);
      counters.add(SIP_METHODS[message.method]!, 1); // one per method
    } else {
      counters.add(Pkt.SIP_REPLS, 1);
      counters.add(SIP_CLASSES[Math.floor(message.statusCode / 100)]!, 1); // 100…699
      counters.add(SIP_STATUSES[message.statusCode]!, 1);
    }
    this.#links.count(packet, message);
    account.sip++;
    if (this.#others !== undefined) {
      const passed = this.#others.pass(packet, message, account, options.isStream);
      if (passed !== Passed.OURS) {
        if (passed === Passed.NO_ROOM) this.#drop('handover', account);
        else account.handedOver++;
        return;
      }
    }
    if (mayWait) this.#wait(next, account);
    else this.#trackNow(packet, message, account);
  }

  /**
   * Takes a message that another shard received, parsed and counted: only its tracking is missing.
   *
   * @param packet what `nextPacket` answered
   */
  takeOver(packet: Packet, account: Account, options: SipParseOptions): void {
    const next = this.#waiting[this.#waitingCount]!; // there is always a free one
    const fault = parseSip(packet.bytes, packet.start, packet.end, options, next.message);
    // The same octets were parsed there; so this is for a defect, that it be seen.
    if (fault === Fault.NONE) this.#wait(next, account);
    else this.refuse(fault, account, packet.bytes, packet.start, packet.end, packet.arrivedAtUs);
  }

  #wait(next: WaitingMessage, account: Account): void {
    next.account = account;
    next.hash = this.#tracker.hashOf(next.message);
    if (++this.#waitingCount === WAITING_MESSAGES) this.settle();
  }

  #trackNow(packet: Packet, message: SipMessage, account: Account): void {
    this.settle();
    this.#track(packet, message, account, this.#tracker.hashOf(message));
  }

  #track(packet: Packet, message: SipMessage, account: Account, hash: number): void {
    const counters = this.#counters;
    const refusal = this.#tracker.track(packet, message, account, hash);
    if (refusal !== Fault.NONE) {
      counters.add(Pkt.TRACKED_ERR, 1);
      counters.add(TRACKED_ERR_BY_TRANSPORT[packet.transport]!, 1);
      this.#recorder?.record(packet, message.callIdStart, message.callIdEnd, false);
      this.refuse(refusal, account, packet.bytes, packet.start, packet.end, packet.arrivedAtUs);
      return;
    }
    counters.add(Pkt.TRACKED_OK, 1);
    counters.add(TRACKED_OK_BY_TRANSPORT[packet.transport]!, 1);
    counters.add(IngestCounters.TRACKED, 1);
    account.tracked++;
    if (this.#recorder !== undefined) this.#record(this.#recorder, packet, message);
  }

  /** What several agents report of one message is one message. */
  #record(recorder: MessageRecorder, packet: Packet, message: SipMessage): void {
    if (this.#tracker.repeat === Repeat.SEEN_AGAIN) this.#counters.add(PcapDump.REPEATED, 1);
    else recorder.record(packet, message.callIdStart, message.callIdEnd, true);
  }

  #notSip(packet: Packet, account: Account): void {
    countTransport(this.#counters, packet);
    if (packet.end - packet.start <= 12) this.#counters.add(Pkt.TINY_PACKETS, 1);
    if (isKeepalive(packet.bytes, packet.start, packet.end)) {
      this.ignore('keepalive', account);
      return;
    }
    this.settle();
    this.#events.message(packet, account, EventType.MSG_PROBE, packet.trackedAtUs);
    this.ignore('probe', account);
  }

  #unparsed(packet: Packet, message: SipMessage, account: Account, fault: Fault): void {
    countTransport(this.#counters, packet);
    this.#counters.add(SIP_BY_TRANSPORT[packet.transport]!, 1); // one per transport
    if (isPlaceholder(packet.bytes, packet.start, packet.end)) {
      this.ignore('control', account);
      return;
    }
    this.#counters.add(Pkt.PARSE_ERRS, 1);
    this.#counters.add(PARSE_ERRS_BY_TRANSPORT[packet.transport]!, 1);
    this.#counters.add(PARSE_ERRORS[faultInfo(fault).parseError ?? 0]!, 1); // numbers of the table
    this.settle();
    this.#recorder?.record(packet, message.callIdStart, message.callIdEnd, false);
    const event = this.#events.message(packet, account, EventType.PARSE_ERROR, packet.trackedAtUs);
    if (event !== undefined) {
      const parsed = Math.min(message.faultAt, packet.end - packet.start);
      const from = packet.start + Math.max(0, parsed - MAX_PARSED_PART);
      const part = packet.bytes.toString('latin1', from, packet.start + parsed);
      const callId = message.text(message.callIdStart, Math.min(message.callIdEnd, message.callIdStart + 256));
      event.block = withText('', TextField.CALL_ID, callId);
      event.reason = `${faultInfo(fault).code} after "${part}"`;
    }
    this.refuse(fault, account, packet.bytes, packet.start, packet.end, packet.arrivedAtUs);
  }

  #drop(reason: DroppedReason, account: Account): void {
    this.#counters.add(IngestCounters.DROPPED, 1);
    this.#counters.add(Dropped[reason], 1);
    account.dropped++;
  }

  ignore(reason: IgnoredReason, account: Account): void {
    this.#counters.add(IngestCounters.IGNORED, 1);
    this.#counters.add(Ignored[reason], 1);
    account.ignore(reason);
  }

  refuse(fault: Fault, account: Account, bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.#counters.add(IngestCounters.REFUSED, 1);
    this.#counters.add(REFUSED_BY_FAULT[fault]!, 1); // one per fault
    account.fault(fault, bytes, start, end, nowUs);
    if (nowUs - account.faultLoggedUs < this.#faultIntervalUs || !this.#mayReport(nowUs)) {
      account.faultsHeldBack++;
      return;
    }
    this.#onFault(account, fault, account.lastFaultHex, account.faultsHeldBack);
    account.faultLoggedUs = nowUs;
    account.faultsHeldBack = 0;
  }

  #mayReport(nowUs: number): boolean {
    if (nowUs - this.#faultReportsSinceUs >= this.#faultIntervalUs) {
      this.#faultReportsSinceUs = nowUs;
      this.#faultReports = 0;
    }
    return this.#faultReports++ < MAX_FAULT_REPORTS;
  }
}

function countTransport(counters: CounterSet, { transport, family }: Packet): void {
  counters.add(PKT_BY_TRANSPORT[transport]!, 1); // one per transport
  const byFamily = PKT_BY_FAMILY[transport * 2 + (family === 4 ? 0 : 1)]!; // two per transport
  if (byFamily >= 0) counters.add(byFamily, 1);
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
