import { type CounterSet, Ipfix, Quality } from '../model/counters.ts';
import { formatIp, IPV4_MAPPED } from '../model/endpoint.ts';
import type { Observer } from '../model/observer.ts';
import type { MediaFlow, QosLeg, QosRecord } from '../model/qos.ts';
import type { QosSettings } from '../model/settings.ts';
import { displayText } from '../model/text.ts';
import type { QosLegView, QosView } from '../model/views.ts';
import { type Call, type KeptQos, LegReason } from './call.ts';
import type { LegIndex } from './legs.ts';

/**
 * Quality records and the calls they name. A record comes when media ends, on a connection of its own pace, so it may
 * be ahead of its call: then it waits, and is looked up again about once a second until `qos_hold` has passed.
 */
const MAX_PER_CALL = 8;
/** Waiting records looked up again at once; the engine asks ten times a second. */
const RETRIES = 1000;

/** The part of the tracker that is needed here. */
interface Calls {
  readonly legs: LegIndex;
  held(callId: string): Call[];
  measure(call: Call): void;
}

/** What became of a record at the calls it names: there are none, they have enough of them, or they keep it. */
export const Given = { NONE: 0, LEFT_OUT: 1, KEPT: 2 } as const;
export type Given = (typeof Given)[keyof typeof Given];

/** Other shards, which hold calls too. */
export interface QosElsewhere {
  /**
   * Offers a record to the shards whose calls it names.
   *
   * @param settle told later, once, what became of it there
   * @returns false when all the calls it names are ours
   */
  offer(kept: KeptQos, settle: (given: Given) => void): boolean;
}

export class QosTable {
  readonly #settings: QosSettings;
  readonly #calls: Calls;
  readonly #counters: CounterSet;
  readonly #waiting = new Set<KeptQos>();
  readonly #elsewhere: QosElsewhere | undefined;

  constructor(settings: QosSettings, calls: Calls, counters: CounterSet, elsewhere?: QosElsewhere) {
    this.#settings = settings;
    this.#calls = calls;
    this.#counters = counters;
    this.#elsewhere = elsewhere;
  }

  /** Gives a record to the calls it names, or lets it wait for them. */
  add(record: QosRecord, observer: Observer, nowUs: number): void {
    countQuality(this.#counters, record);
    const kept: KeptQos = { record, observer, receivedUs: nowUs };
    this.#offer(kept, (given) => {
      if (this.#isSettled(given)) return;
      const namesNothing = record.incoming.callId === '' && record.outgoing.callId === '';
      if (namesNothing || this.#settings.holdUs === 0) this.#counters.add(Ipfix.QOS_UNMATCHED, 1);
      else if (this.#waiting.size >= this.#settings.maxHeld) this.#counters.add(Ipfix.QOS_LEFT_OUT, 1);
      else {
        this.#waiting.add(kept);
        this.#counters.set(Ipfix.QOS_WAITING, this.#waiting.size);
      }
    });
  }

  /** Looks a part of the waiting records up again and gives up those that waited long enough. */
  advance(nowUs: number): void {
    let left = Math.min(RETRIES, this.#waiting.size);
    if (left === 0) return;
    for (const kept of this.#waiting) {
      if (left-- === 0) break;
      this.#waiting.delete(kept);
      this.#offer(kept, (given) => {
        if (this.#isSettled(given)) return;
        if (nowUs - kept.receivedUs >= this.#settings.holdUs) this.#counters.add(Ipfix.QOS_UNMATCHED, 1);
        else this.#waiting.add(kept); // behind those that were not looked at yet
      });
    }
    this.#counters.set(Ipfix.QOS_WAITING, this.#waiting.size);
  }

  /** Gives a record to the calls held here, counting nothing. */
  give(kept: KeptQos): Given {
    const { incoming, outgoing } = kept.record;
    const incomingCalls = incoming.callId === '' ? [] : this.#calls.held(incoming.callId);
    const isOneLeg = outgoing.callId === '' || outgoing.callId === incoming.callId;
    const outgoingCalls = isOneLeg ? [] : this.#calls.held(outgoing.callId);
    if (incomingCalls.length + outgoingCalls.length === 0) return Given.NONE;
    let given: Given = Given.LEFT_OUT;
    for (const call of [...incomingCalls, ...outgoingCalls]) {
      const records = (call.withExtras().qos ??= []);
      if (records.length >= MAX_PER_CALL) continue;
      records.push(kept);
      given = Given.KEPT;
    }
    for (const call of outgoingCalls) this.#calls.legs.join(call, incoming.callId, LegReason.QOS_RECORD);
    for (const call of [...incomingCalls, ...outgoingCalls]) this.#calls.measure(call);
    return given;
  }

  /** Gives a record to all calls it names, and tells what became of it: at once when they are all ours. */
  #offer(kept: KeptQos, settle: (given: Given) => void): void {
    const here = this.give(kept);
    const isAsked = this.#elsewhere?.offer(kept, (there) => settle(here > there ? here : there)) ?? false;
    if (!isAsked) settle(here);
  }

  #isSettled(given: Given): boolean {
    if (given === Given.NONE) return false;
    this.#counters.add(given === Given.KEPT ? Ipfix.QOS_MATCHED : Ipfix.QOS_LEFT_OUT, 1);
    return true;
  }
}

/** Beyond this no count, delay or score is real; SBCs write such numbers for "not measured". */
const MAX_PLAUSIBLE = 10_000_000;
/** Octets do get that many: G.711 passes ten million within 21 minutes. Only all ones is no number of octets. */
const NO_OCTETS = 0xffff_ffff;

function plausible(value: number): number | null {
  return value > MAX_PLAUSIBLE ? null : value;
}

function octets(value: number): number | null {
  return value === NO_OCTETS ? null : value;
}

function hundredths(value: number): number | null {
  return value > MAX_PLAUSIBLE ? null : value / 100;
}

/** Scores there are (ITU-T P.800); others were not measured. */
const LEAST_MOS = 1;
const MOST_MOS = 5;

function countQuality(counters: CounterSet, { incoming, outgoing }: QosRecord): void {
  const scores = [incoming, outgoing]
    .map(({ mos }) => hundredths(mos) ?? 0)
    .filter((mos) => mos >= LEAST_MOS && mos <= MOST_MOS);
  if (scores.length > 0) counters.add(classOf(Math.min(...scores)), 1);
  for (const { rtpPackets, rtpLost } of [incoming, outgoing]) {
    const packets = plausible(rtpPackets);
    const lost = plausible(rtpLost);
    if (packets === null || lost === null) continue;
    counters.add(Quality.PACKETS, packets);
    counters.add(Quality.LOST, lost);
  }
}

function classOf(mos: number): number {
  if (mos >= 4) return Quality.MOS_4;
  if (mos >= 3) return Quality.MOS_3;
  return mos >= 2 ? Quality.MOS_2 : Quality.MOS_1;
}

function flow(party: 'caller' | 'callee', { source, destination, sourcePort, destinationPort }: MediaFlow) {
  const ip = (word: number): string => formatIp(4, 0, 0, IPV4_MAPPED, word);
  return { party, src: { ip: ip(source), port: sourcePort }, dst: { ip: ip(destination), port: destinationPort } };
}

function legView(leg: QosLeg): QosLegView {
  return {
    callId: displayText(leg.callId),
    realm: displayText(leg.realm),
    rtp: {
      bytes: octets(leg.rtpBytes),
      packets: plausible(leg.rtpPackets),
      lost: plausible(leg.rtpLost),
      averageJitter: plausible(leg.rtpAverageJitter),
      maxJitter: plausible(leg.rtpMaxJitter),
    },
    rtcp: {
      bytes: octets(leg.rtcpBytes),
      packets: plausible(leg.rtcpPackets),
      lost: plausible(leg.rtcpLost),
      averageJitter: plausible(leg.rtcpAverageJitter),
      maxJitter: plausible(leg.rtcpMaxJitter),
      averageLatency: plausible(leg.rtcpAverageLatency),
      maxLatency: plausible(leg.rtcpMaxLatency),
    },
    rFactor: hundredths(leg.rFactor),
    mos: hundredths(leg.mos),
    flows: [flow('caller', leg.caller), flow('callee', leg.callee)],
  };
}

/** RTP payload types with a fixed meaning (RFC 3551 §6) that telephony uses. */
const CODECS: ReadonlyMap<number, string> = new Map([
  [0, 'PCMU'],
  [3, 'GSM'],
  [4, 'G723'],
  [8, 'PCMA'],
  [9, 'G722'],
  [13, 'CN'],
  [15, 'G728'],
  [18, 'G729'],
  [31, 'H261'],
  [34, 'H263'],
]);
const FIRST_DYNAMIC = 96;
const LAST_DYNAMIC = 127;

function codecName(payloadType: number): string {
  const isDynamic = payloadType >= FIRST_DYNAMIC && payloadType <= LAST_DYNAMIC;
  return CODECS.get(payloadType) ?? (isDynamic ? 'dynamic' : '');
}

export function qosView({ record, observer, receivedUs }: KeptQos): QosView {
  const { payloadType, incoming, outgoing, caller, callee, beginUs, endUs } = record;
  return {
    agent: observer.id,
    receivedUs,
    beginUs,
    endUs,
    payloadType,
    codec: codecName(payloadType),
    incoming: legView(incoming),
    outgoing: legView(outgoing),
    caller,
    callee,
  };
}
