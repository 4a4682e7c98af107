import { type CounterSet, Reports } from '../model/counters.ts';
import { formatIp } from '../model/endpoint.ts';
import { latin1 } from '../model/latin1.ts';
import type { Packet } from '../model/packet.ts';
import type { Report } from '../model/report.ts';
import type { ReportSettings } from '../model/settings.ts';
import type { EndpointView } from '../model/views.ts';

/** What an entry holds besides its streams, in octets. */
const REPORT_OCTETS = 500;
const STREAM_OCTETS = 200;

/** A report that belongs to a call. */
export interface KeptReport {
  /** One character per octet. */
  callId: string;
  atUs: number;
  src: EndpointView;
  dst: EndpointView;
  observerId: string;
  report: Report;
}

/** The part of the tracker that is needed here. */
interface Calls {
  held(callId: string): readonly unknown[];
}

/** Other shards, which hold calls too. */
export interface ReportsElsewhere {
  /** @returns false when the call it names would be ours */
  passReport(kept: KeptReport): boolean;
}

/**
 * Reports that are no SIP and name a call by its Call-ID: kept while there is room for them, whatever becomes of the
 * call. Of one call the newest, of all together as many as `keep_reports_mem` holds: the oldest give way.
 */
export class ReportTable {
  readonly #settings: ReportSettings;
  readonly #calls: Calls;
  readonly #counters: CounterSet;
  /** In order of arrival. */
  readonly #all = new Set<KeptReport>();
  readonly #byCallId = new Map<string, KeptReport[]>();
  readonly #elsewhere: ReportsElsewhere | undefined;
  #octets = 0;

  constructor(settings: ReportSettings, calls: Calls, counters: CounterSet, elsewhere?: ReportsElsewhere) {
    this.#settings = settings;
    this.#calls = calls;
    this.#counters = counters;
    this.#elsewhere = elsewhere;
  }

  get isOn(): boolean {
    return this.#settings.perCall > 0;
  }

  /** Keeps what a packet reports of the call it names, here or where that call is held. */
  take(packet: Packet, report: Report, observerId: string): void {
    const { bytes, correlationStart, correlationEnd, family, src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet;
    const kept: KeptReport = {
      callId: latin1(bytes, correlationStart, correlationEnd),
      atUs: packet.trackedAtUs,
      src: { ip: formatIp(family, src0, src1, src2, src3), port: packet.srcPort },
      dst: { ip: formatIp(family, dst0, dst1, dst2, dst3), port: packet.dstPort },
      observerId,
      report,
    };
    if (this.#elsewhere?.passReport(kept) !== true) this.give(kept);
  }

  /** Keeps a report of a call that is held here. */
  give(kept: KeptReport): void {
    const { callId } = kept;
    if (this.#calls.held(callId).length === 0) {
      this.#counters.add(Reports.UNKNOWN, 1);
      return;
    }
    const ofCall = this.#byCallId.get(callId) ?? [];
    if (ofCall.length === 0) this.#byCallId.set(callId, ofCall);
    ofCall.push(kept);
    this.#all.add(kept);
    this.#octets += octetsOf(kept);
    this.#counters.add(Reports.KEPT, 1);
    if (ofCall.length > this.#settings.perCall) this.#remove(ofCall[0]);
    for (const oldest of this.#all) {
      if (this.#octets <= this.#settings.memBytes) break;
      this.#remove(oldest);
    }
  }

  /** Reports of a Call-ID in order of arrival. @param callId one character per octet */
  of(callId: string): readonly KeptReport[] {
    return this.#byCallId.get(callId) ?? [];
  }

  /** Of a call its oldest is always the first to go. */
  #remove(kept: KeptReport | undefined): void {
    if (kept === undefined) return;
    this.#all.delete(kept);
    this.#octets -= octetsOf(kept);
    const ofCall = this.#byCallId.get(kept.callId);
    ofCall?.shift();
    if (ofCall?.length === 0) this.#byCallId.delete(kept.callId);
  }
}

function octetsOf({ callId, report }: KeptReport): number {
  return REPORT_OCTETS + callId.length + report.text.length + report.streams.length * STREAM_OCTETS;
}
