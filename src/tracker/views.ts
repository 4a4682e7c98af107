import { CALL_STATES } from '../model/call-state.ts';
import { formatIp, IPV4_MAPPED } from '../model/endpoint.ts';
import { EVENT_NAMES, EventType, eventName } from '../model/event-type.ts';
import { methodName } from '../model/method.ts';
import type { Observer } from '../model/observer.ts';
import { transportName } from '../model/transport.ts';
import type {
  CallView,
  EndpointView,
  EventRateView,
  EventView,
  HopView,
  InterfaceView,
  LegView,
  Pair,
  RateEntryView,
  RegistrationView,
} from '../model/views.ts';
import { displayText } from '../model/text.ts';
import { requestSignature } from '../sip/signature.ts';
import { type Binding, Leaving, type RegisterTransaction } from './binding-table.ts';
import { type Call, CallFlag, flagNames } from './call.ts';
import { type Hop, hopsOf } from './hops.ts';
import type { EventSlot } from './event-ring.ts';
import type { RateEntry } from './event-rates.ts';
import { qosView } from './qos.ts';
import { half, Row } from './rows.ts';
import { TextField, textOf } from './text-block.ts';
import { messageTrace, stateTrace } from './trace.ts';

/** Copies of calls, bindings and events as pages show them: names instead of numbers, UTF-8 instead of octets. */

const NOWHERE: EndpointView = { ip: '', port: 0 };

function pair(rows: { row: Int32Array; base: number }, offset: number): Pair {
  const at = rows.base + offset;
  return [rows.row[at] ?? 0, rows.row[at + 1] ?? 0];
}

/** A pair that lies in one integer. */
function halves({ row, base }: { row: Int32Array; base: number }, offset: number): Pair {
  return [half(row, base + offset, 0), half(row, base + offset, 1)];
}

/** CSeq pairs: "none yet" is shown as 0. */
function cseqPair(rows: { row: Int32Array; base: number }, offset: number): Pair {
  const [a, b] = pair(rows, offset);
  return [Math.max(a, 0), Math.max(b, 0)];
}

function msBetween(fromUs: number, toUs: number): number | null {
  return fromUs === 0 || toUs === 0 ? null : Math.max(0, (toUs - fromUs) / 1000);
}

function methodNames([a, b]: Pair): [string, string] {
  return [a === 0 ? '' : methodName(a), b === 0 ? '' : methodName(b)];
}

function emittedNames(bits: number): string[] {
  return EVENT_NAMES.filter((_, type) => (bits & (1 << type)) !== 0);
}

export function observersOf(seen: Pick<RegisterTransaction, 'observer' | 'moreObservers'>): Observer[] {
  if (seen.observer === undefined) return [];
  return [seen.observer, ...(seen.moreObservers ?? [])];
}

export function sourceOf(hop: Hop | EventSlot): EndpointView {
  return { ip: formatIp(hop.family, hop.src0, hop.src1, hop.src2, hop.src3), port: hop.srcPort };
}

export function destinationOf(hop: Hop | EventSlot): EndpointView {
  return { ip: formatIp(hop.family, hop.dst0, hop.dst1, hop.dst2, hop.dst3), port: hop.dstPort };
}

function hopView(hop: Hop, seenBy: Observer[]): HopView {
  return {
    src: sourceOf(hop),
    dst: destinationOf(hop),
    transport: transportName(hop.transport),
    agents: seenBy.filter((_, position) => (hop.observers & (1 << position)) !== 0).map((observer) => observer.id),
    messages: hop.messages,
    interface: hop.interface < 0 ? null : interfaceView(hop.interface),
  };
}

function retransmissions(rows: { row: Int32Array; base: number }): CallView['retransmissions'] {
  return { requests: pair(rows, Row.REQUEST_RETRANSMISSIONS), replies: pair(rows, Row.REPLY_RETRANSMISSIONS) };
}

function interfaceView(word: number): InterfaceView {
  return { slot: word >>> 24, port: (word >>> 16) & 0xff, vlan: word & 0xffff };
}

function signatureOf(kept: Call | EventSlot): string {
  const { method, block, row, base } = kept;
  const headerOrder = row[base + Row.HEADER_ORDER] ?? 0;
  const headerCount = row[base + Row.HEADER_COUNT] ?? 0;
  return requestSignature({
    method,
    headerOrder,
    headerCount,
    callId: textOf(block, TextField.CALL_ID),
    fromTag: textOf(block, TextField.FROM_TAG),
    branch: textOf(block, TextField.BRANCH),
  });
}

/** The status shown in lists: of the initiator's transactions, else of the other party's; 0 = none yet. */
export function shownStatus(call: Call): number {
  const [initiators, others] = pair(call, Row.STATUS);
  return initiators === 0 ? others : initiators;
}

/** From the first request to the first sign of an answer. */
export function setupMs(of: Call | EventSlot): number | null {
  return msBetween(of.createdUs, of.earlyUs === 0 ? of.finalUs : of.earlyUs);
}

export function ringingMs(of: Call | EventSlot): number | null {
  return msBetween(of.earlyUs, of.finalUs);
}

/** From the answer to the end; to now where there is none yet. */
export function callDurationMs(call: Call, nowUs: number): number | null {
  const answeredUs = (call.emitted & (1 << EventType.CALL_START)) === 0 ? 0 : call.finalUs;
  return msBetween(answeredUs, call.endedUs === 0 ? Math.max(nowUs, call.updatedUs) : call.endedUs);
}

export function eventDurationMs(slot: EventSlot): number | null {
  return msBetween(slot.finalUs, slot.tsUs);
}

/**
 * @param nowUs the tracker's clock, for what is still going on
 * @param legs what the tracker's leg index says about the call
 */
export function callView(call: Call, nowUs: number, legs: LegView[] = []): CallView {
  const info = CALL_STATES[call.state];
  const seenBy = observersOf(call);
  const hops = hopsOf(call).map((hop) => hopView(hop, seenBy));
  return {
    id: call.id,
    callId: displayText(call.callId),
    fromTag: displayText(call.fromTag),
    toTag: displayText(call.toTag),
    method: methodName(call.method),
    state: info?.name ?? '',
    stateText: info?.text ?? '',
    createdUs: call.createdUs,
    updatedUs: call.updatedUs,
    expiresInMs: Math.max(0, Math.round((call.deadlineUs - nowUs) / 1000)),
    from: displayText(call.from),
    to: displayText(call.to),
    requestUri: displayText(call.requestUri),
    contact: displayText(call.contact),
    userAgent: displayText(call.userAgent),
    uas: displayText(call.uas),
    reason: displayText(call.reason),
    src: hops[0]?.src ?? NOWHERE,
    dst: hops[0]?.dst ?? NOWHERE,
    transport: hops[0]?.transport ?? 'unknown',
    statuses: halves(call, Row.STATUS),
    cseq: cseqPair(call, Row.CSEQ),
    requests: pair(call, Row.REQUESTS),
    replies: pair(call, Row.REPLIES),
    retransmissions: retransmissions(call),
    lastMethod: methodNames(halves(call, Row.LAST_METHOD)),
    lastStatus: halves(call, Row.LAST_STATUS),
    flags: flagNames(call.flags),
    events: emittedNames(call.emitted),
    lastEvent: eventName(call.lastEvent),
    messageTrace: messageTrace(call),
    stateTrace: stateTrace(call),
    requestSignature: signatureOf(call),
    pddMs: setupMs(call),
    ringMs: ringingMs(call),
    durationMs: callDurationMs(call, nowUs),
    agents: seenBy.map((observer) => observer.id),
    hops,
    correlation: {
      correlationId: displayText(call.correlationId),
      alegCallId: displayText(call.alegCallId),
      sessionId: displayText(call.sessionId),
    },
    legs,
    qos: (call.qos ?? []).map(qosView),
  };
}

/** @param nowUs the tracker's clock */
export function registrationView(binding: Binding, nowUs: number): RegistrationView {
  const { transaction: by } = binding;
  return {
    id: binding.id,
    aor: displayText(binding.aor),
    contact: displayText(binding.contact.text),
    state: binding.leaving === Leaving.NO ? 'active' : 'leaving',
    src: by.hop === undefined ? NOWHERE : sourceOf(by.hop),
    dst: by.hop === undefined ? NOWHERE : destinationOf(by.hop),
    transport: transportName(by.hop?.transport ?? 0),
    callId: displayText(by.callId),
    from: displayText(textOf(by.block, TextField.FROM)),
    userAgent: displayText(by.userAgent),
    uas: displayText(by.uas),
    createdUs: binding.createdUs,
    updatedUs: binding.updatedUs,
    expiresInMs: Math.max(0, Math.round((binding.deadlineUs - nowUs) / 1000)),
    refreshes: binding.refreshes,
    agents: observersOf(by).map((observer) => observer.id),
  };
}

/** Attribute names are those of the event JSON; empty ones are left out. */
function attributes(slot: EventSlot): Record<string, string> {
  const all: [string, string][] = [
    ['sip.from', textOf(slot.block, TextField.FROM)],
    ['sip.to', textOf(slot.block, TextField.TO)],
    ['sip.request.method', slot.method === 0 ? '' : methodName(slot.method)],
    ['uri.original', textOf(slot.block, TextField.REQUEST_URI)],
    ['sip.contact', textOf(slot.block, TextField.CONTACT)],
    ['sip.sip_reason', slot.reason],
    ['user_agent.original', slot.userAgent],
    ['uas.original', slot.uas],
    ['sip.pai1', textOf(slot.block, TextField.PAI1)],
    ['sip.pai2', textOf(slot.block, TextField.PAI2)],
    ['sip.req_sig', slot.method === 0 ? '' : signatureOf(slot)],
  ];
  return Object.fromEntries(all.filter(([, text]) => text !== '').map(([name, text]) => [name, displayText(text)]));
}

export function originator(slot: EventSlot): EventView['originator'] {
  if (slot.type !== EventType.CALL_END) return null;
  if ((slot.flags & CallFlag.FORCED_TIMEOUT) !== 0) return 'timeout-terminated';
  return (slot.flags & CallFlag.CALLEE_TERMINATED) === 0 ? 'caller-terminated' : 'callee-terminated';
}

/** Who reported what an event is about. */
export function agentsOf({ observers }: EventSlot): string[] {
  return observers === '' ? [] : observers.split('\n');
}

export function eventView(slot: EventSlot): EventView {
  return {
    index: slot.index,
    type: eventName(slot.type),
    tsUs: slot.tsUs,
    createdUs: slot.createdUs,
    earlyUs: happened(slot.earlyUs),
    finalUs: happened(slot.finalUs),
    forkedUs: happened(slot.forkedUs),
    callId: displayText(textOf(slot.block, TextField.CALL_ID)),
    fromTag: displayText(textOf(slot.block, TextField.FROM_TAG)),
    toTag: displayText(slot.toTag),
    src: sourceOf(slot),
    dst: destinationOf(slot),
    transport: transportName(slot.transport),
    status: slot.status,
    attributes: attributes(slot),
    durationMs: eventDurationMs(slot),
    pddMs: slot.method === 0 ? null : setupMs(slot),
    ringMs: ringingMs(slot),
    originator: originator(slot),
    agents: agentsOf(slot),
    rate: slot.rateTracked ? eventRateView(slot) : null,
    debug: slot.hasCall ? debugView(slot) : null,
  };
}

function happened(us: number): number | null {
  return us === 0 ? null : us;
}

function rateKey(type: number, w0: number, w1: number, w2: number, w3: number): string {
  return `${eventName(type)}:${addressText(w0, w1, w2, w3)}`;
}

/** An address whose family is not at hand: IPv4 is held as IPv4-mapped. */
export function addressText(w0: number, w1: number, w2: number, w3: number): string {
  return formatIp(w0 === 0 && w1 === 0 && w2 === IPV4_MAPPED ? 4 : 6, w0, w1, w2, w3);
}

function eventRateView(slot: EventSlot): EventRateView {
  return {
    exceeded: slot.rateExceeded,
    diff: slot.rateDiff,
    value: slot.rateValue,
    limit: slot.rateLimit,
    intervalMs: slot.rateIntervalUs / 1000,
    sinceUs: slot.rateSinceUs,
    key: rateKey(slot.type, slot.src0, slot.src1, slot.src2, slot.src3),
  };
}

export function rateEntryView(entry: RateEntry): RateEntryView {
  return {
    key: rateKey(entry.type, ...entry.words),
    type: eventName(entry.type),
    ip: addressText(...entry.words),
    events: entry.total,
    createdUs: entry.createdUs,
    exceeded: entry.exceeded,
    rate: entry.rate,
    exceededRun: entry.exceededRun,
    okRun: entry.okRun,
    changedUs: entry.changedUs,
    lastExceededUs: happened(entry.lastExceededUs),
    lastOkUs: happened(entry.lastOkUs),
    rates: entry.rates.map((rate) => ({
      value: rate.value,
      old: rate.old,
      oldIntervalMs: rate.referenceIntervalUs / 1000,
      intervalMs: rate.intervalUs / 1000,
      limit: rate.limit,
      updatedUs: rate.referenceUs,
    })),
  };
}

function debugView(slot: EventSlot): EventView['debug'] {
  return {
    state: CALL_STATES[slot.state]?.text ?? '',
    previousStates: stateTrace(slot),
    flags: flagNames(slot.flags),
    emitted: emittedNames(slot.emitted),
    lastEvent: eventName(slot.lastEvent),
    generatedOn: slot.generatedOn,
    cseq: cseqPair(slot, Row.CSEQ),
    replyCseq: cseqPair(slot, Row.REPLY_CSEQ),
    requests: pair(slot, Row.REQUESTS),
    replies: pair(slot, Row.REPLIES),
    retransmissions: retransmissions(slot),
    lastMethod: methodNames(halves(slot, Row.LAST_METHOD)),
    lastStatus: halves(slot, Row.LAST_STATUS),
    messageTrace: messageTrace(slot),
  };
}
