import type { CapturedMessage } from '../replay/capture-file.ts';
import { type Media, type QosReport, qosSet, sipSet } from './encode.ts';

/**
 * Makes an SBC of an endpoint of a capture: what was sent to it is what the SBC received, what it sent is what the SBC
 * sent. With `b2bua` the other side of each call gets a Call-ID of its own, as a back-to-back user agent gives it.
 */
const MAX_CALLS = 10_000;
const OWN_PREFIX = 'b2b-';
const ACCESS = { slot: 0, port: 0, vlan: 0 };
const CORE = { slot: 0, port: 1, vlan: 0 };
const PCMA = 8;
const PACKETS_PER_SECOND = 50;
const OCTETS_PER_PACKET = 172;

/** An address, with or without a port. */
export interface Place {
  ip: string;
  port: number | undefined;
}

export interface BorderSettings {
  place: Place;
  b2bua: boolean;
}

/** What a message of the capture becomes: the sets to send for it, quality records last. */
export interface Sighting {
  sip: Buffer;
  qos: Buffer | undefined;
}

/** A call as far as the SBC has to remember it. */
interface Call {
  /** `ip:port` of the party the call came from. */
  caller: string;
  callerIp: string;
  answeredUs: number;
  isReported: boolean;
}

export class Border {
  readonly #settings: BorderSettings;
  readonly #calls = new Map<string, Call>();

  constructor(settings: BorderSettings) {
    this.#settings = settings;
  }

  /** @returns the sets, or `undefined` when the message did not pass the SBC or fits no set */
  sight(captured: CapturedMessage, timeUs: number): Sighting | undefined {
    const { place, b2bua } = this.#settings;
    const { src, srcPort, dst, dstPort } = captured;
    const isIn = isAt(place, dst, dstPort);
    if (!isIn && !isAt(place, src, srcPort)) return undefined;
    const callId = headerOf(captured.bytes, 'Call-ID', 'i');
    if (callId === undefined) return undefined;
    const peer = isIn ? `${src}:${srcPort}` : `${dst}:${dstPort}`;
    const call = this.#call(callId, peer, isIn ? src : dst);
    const isOtherSide = peer !== call.caller;
    const ownCallId = b2bua && isOtherSide ? OWN_PREFIX + callId : callId;
    const sip = sipSet({
      direction: isIn ? 'in' : 'out',
      transport: captured.ipProtocol === 6 ? 'tcp' : 'udp',
      timeUs,
      ...(isOtherSide ? CORE : ACCESS),
      src,
      srcPort,
      dst,
      dstPort,
      ingressCallId: callId,
      contextId: srcPort + dstPort,
      payload: ownCallId === callId ? captured.bytes : withCallId(captured.bytes, ownCallId),
    });
    if (sip === undefined) return undefined;
    const outgoingCallId = b2bua ? OWN_PREFIX + callId : callId;
    return { sip, qos: this.#quality(call, captured, callId, outgoingCallId, timeUs) };
  }

  #call(callId: string, peer: string, peerIp: string): Call {
    let call = this.#calls.get(callId);
    if (call === undefined) {
      call = { caller: peer, callerIp: peerIp, answeredUs: 0, isReported: false };
      this.#calls.set(callId, call);
      const [oldest] = this.#calls.keys();
      if (this.#calls.size > MAX_CALLS && oldest !== undefined) this.#calls.delete(oldest);
    }
    return call;
  }

  /** The record an SBC sends when media ends: with the answer to the BYE. */
  #quality(
    call: Call,
    captured: CapturedMessage,
    incomingCallId: string,
    outgoingCallId: string,
    timeUs: number,
  ): Buffer | undefined {
    const cseq = headerOf(captured.bytes, 'CSeq') ?? '';
    if (!captured.bytes.toString('latin1', 0, 9).startsWith('SIP/2.0 2')) return undefined;
    if (cseq.endsWith('INVITE') && call.answeredUs === 0) call.answeredUs = timeUs;
    if (!cseq.endsWith('BYE') || call.answeredUs === 0 || call.isReported) return undefined;
    call.isReported = true;
    return qosSet(report(call, incomingCallId, outgoingCallId, timeUs));
  }
}

function report(call: Call, incomingCallId: string, outgoingCallId: string, endUs: number): QosReport {
  const seconds = Math.max(0, endUs - call.answeredUs) / 1e6;
  const packets = Math.round(seconds * PACKETS_PER_SECOND);
  const ip = /^[\d.]+$/.test(call.callerIp) ? call.callerIp : '0.0.0.0';
  const outside = { src: ip, dst: ip, srcPort: 10_000, dstPort: 20_000 };
  const inside = { src: ip, dst: ip, srcPort: 20_002, dstPort: 30_000 };
  return {
    incoming: mediaOf(packets, Math.round(packets / 300)),
    outgoing: mediaOf(packets, 0),
    payloadType: PCMA,
    callerIncoming: outside,
    calleeIncoming: inside,
    callerOutgoing: turned(outside),
    calleeOutgoing: turned(inside),
    caller: ACCESS,
    callee: CORE,
    beginUs: call.answeredUs,
    endUs,
    incomingRealm: 'access',
    outgoingRealm: 'core',
    incomingCallId,
    outgoingCallId,
  };
}

function mediaOf(packets: number, lost: number): Media {
  return {
    rtpBytes: packets * OCTETS_PER_PACKET,
    rtpPackets: packets,
    rtpLost: lost,
    rtpAverageJitter: 8,
    rtpMaxJitter: 30,
    rtcpBytes: 2000,
    rtcpPackets: 20,
    rtcpLost: 0,
    rtcpAverageJitter: 9,
    rtcpMaxJitter: 28,
    rtcpAverageLatency: 14,
    rtcpMaxLatency: 22,
    rValue: lost === 0 ? 9320 : 8870,
    mos: lost === 0 ? 441 : 430,
  };
}

function turned({ src, dst, srcPort, dstPort }: QosReport['callerIncoming']): QosReport['callerIncoming'] {
  return { src: dst, dst: src, srcPort: dstPort, dstPort: srcPort };
}

export function isAt(place: Place, ip: string, port: number): boolean {
  return place.ip === ip && (place.port === undefined || place.port === port);
}

/** Value of a header field, by its name or its compact form. */
function headerOf(bytes: Buffer, name: string, compact = name): string | undefined {
  const head = bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
  return new RegExp(`^(?:${name}|${compact})[ \\t]*:[ \\t]*(.*?)[ \\t]*$`, 'im').exec(head)?.[1];
}

function withCallId(bytes: Buffer, callId: string): Buffer {
  const whole = bytes.toString('latin1');
  const changed = whole.replace(/^(Call-ID|i)([ \t]*:[ \t]*)(.*)$/im, (_, name: string, colon: string) => {
    return `${name}${colon}${callId}`;
  });
  return Buffer.from(changed, 'latin1');
}
