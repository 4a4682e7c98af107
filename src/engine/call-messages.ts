import { formatIp } from '../model/endpoint.ts';
import { EngineRequestError, MAX_LIST_LIMIT } from '../model/engine.ts';
import { methodName } from '../model/method.ts';
import { displayText } from '../model/text.ts';
import { transportName } from '../model/transport.ts';
import type { CallMessages, CallMessageView, LegView, MessageDetail, RepeatName } from '../model/views.ts';
import { SipMessage } from '../sip/message.ts';
import { parseSip, SipParseOptions } from '../sip/parse.ts';
import { sdpSummary } from '../sip/sdp.ts';
import type { Call } from '../tracker/call.ts';
import type { KeptMessage } from '../tracker/message-ring.ts';
import { Row } from '../tracker/rows.ts';
import type { ReportTable } from '../tracker/reports.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { callView } from '../tracker/views.ts';
import { describeEnvelope } from '../wire/envelope.ts';
import { reportViews } from './report-views.ts';

/** Octets of text in one answer; messages beyond are listed without their text. */
export const MAX_RAW_OCTETS = 8 << 20;
export const MAX_LEGS = 8;
/** Entries looked at for a neighbour with another Call-ID. */
const MAX_NEIGHBOURS = 100;

export const REPEAT_NAMES: readonly RepeatName[] = ['new', 'other-hop', 'seen-again', 'retransmission'];
/** What was tracked had been parsed once; here only how it is shown is asked for. */
export const DISPLAY_OPTIONS = new SipParseOptions({ framing: 'datagram', maxHeaders: 10_000, alegHeaders: [] });

/** Everything held of a call and its other legs; bounded in messages and octets. */
export function callMessages(
  tracker: CallTracker,
  callId: string,
  window: { offset: number; limit: number },
  nowUs: number,
  reports?: ReportTable,
): CallMessages {
  const { offset, limit } = window;
  if (!Number.isInteger(offset) || offset < 0)
    throw new EngineRequestError(`offset: ${offset}, must be a whole number`);
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LIST_LIMIT) {
    throw new EngineRequestError(`limit: ${limit}, must be a whole number from 0 to ${MAX_LIST_LIMIT}`);
  }
  const near = pastLegs(tracker, [callId]);
  const further = pastLegs(
    tracker,
    near.map((leg) => leg.callId),
  );
  const past = otherLegs(callId, near, further);
  const callIds = withLegs(callId, [...legsOf(tracker, callId), ...past]);
  return { ...messagesOf(tracker, callIds, window, nowUs, reports), pastLegs: past };
}

/** Legs of a Call-ID and those of its legs, each once. */
export function otherLegs(callId: string, near: readonly LegView[], further: readonly LegView[]): LegView[] {
  const legs = new Map([...further, ...near].map((leg) => [leg.callId, leg]));
  legs.delete(callId);
  return [...legs.values()];
}

/** The Call-ID of a call, then those of its legs. */
export function withLegs(callId: string, legs: readonly LegView[]): string[] {
  const others = new Set(legs.map((leg) => leg.callId));
  others.delete(callId);
  return [callId, ...[...others].slice(0, MAX_LEGS)];
}

/** Everything held of some Call-IDs; the first is that of the call, the others those of its legs. */
export function messagesOf(
  tracker: CallTracker,
  callIds: readonly string[],
  { offset, limit }: { offset: number; limit: number },
  nowUs: number,
  reports?: ReportTable,
): CallMessages {
  const [callId = ''] = callIds;
  const own = tracker.family(callId);
  const entries = callIds
    .flatMap((id) => tracker.family(id))
    .map((call) => callView(call, nowUs, tracker.legs.of(call)));
  const ring = tracker.messages;
  const held = heldUnder(tracker, callIds);
  let octets = 0;
  const message = new SipMessage(Buffer.alloc(0));
  const items = held.slice(offset, offset + limit).map(({ position, callId: id }) => {
    const kept = ring.read(position);
    octets += kept.octets.length;
    return messageView(kept, id, message, octets <= MAX_RAW_OCTETS);
  });
  return {
    callId,
    callIds: [...callIds],
    pastLegs: [],
    entries,
    total: held.length,
    offset,
    items,
    reports: callIds.flatMap((id) => reportViews(reports?.of(Buffer.from(id, 'utf8').toString('latin1')) ?? [])),
    gone: goneOf(tracker, own, held),
    keeps: ring.isOn,
    olderCallId: neighbour(own[0], 'older'),
    newerCallId: neighbour(own.at(-1), 'newer'),
  };
}

/** One message held under a Call-ID, with what it came in. */
export function callMessage(tracker: CallTracker, callId: string, id: number): MessageDetail | undefined {
  const ring = tracker.messages;
  // Other numbers would be read as messages, too.
  if (!tracker.messagesOf(callId).includes(id)) return undefined;
  const kept = ring.read(id);
  return {
    message: messageView(kept, callId, new SipMessage(Buffer.alloc(0)), true),
    octets: kept.octets.toString('latin1'),
    envelope: describeEnvelope(ring.envelope(id)),
  };
}

/** The other legs of a call that is held. */
function legsOf(tracker: CallTracker, callId: string): LegView[] {
  return tracker.family(callId).flatMap((call) => tracker.legs.of(call));
}

/** What belonged to some Call-IDs when their calls were held. */
export function pastLegs(tracker: CallTracker, callIds: readonly string[]): LegView[] {
  return callIds.flatMap((callId) => tracker.legs.past(Buffer.from(callId, 'utf8').toString('latin1')));
}

/** Where in the ring the messages under some Call-IDs are, in order of time. */
export function heldUnder(tracker: CallTracker, callIds: readonly string[]): { position: number; callId: string }[] {
  const ring = tracker.messages;
  return (
    callIds
      .flatMap((id) => tracker.messagesOf(id).map((position) => ({ position, callId: id })))
      // Stable: what came in first stays first among equal times.
      .toSorted((a, b) => ring.trackedAtUs(a.position) - ring.trackedAtUs(b.position) || a.position - b.position)
  );
}

/** Messages that were kept once: an entry knows how many it had, and so does the newest held of one that is gone. */
function goneOf(tracker: CallTracker, own: readonly Call[], held: readonly { position: number }[]): number {
  const entries = new Map<number, { newest: number; count: number }>();
  for (const { id, row, base } of own) entries.set(id, { newest: row[base + Row.MESSAGES] ?? 0, count: 0 });
  for (const { position } of held) {
    const { callEntryId, ordinal } = tracker.messages.headOf(position);
    const entry = entries.get(callEntryId) ?? { newest: 0, count: 0 };
    entries.set(callEntryId, { newest: Math.max(entry.newest, ordinal), count: entry.count + 1 });
  }
  let gone = 0;
  for (const { newest, count } of entries.values()) gone += newest - count;
  return gone;
}

function neighbour(call: Call | undefined, direction: 'older' | 'newer'): string {
  let other = call?.[direction];
  for (let looks = 0; looks < MAX_NEIGHBOURS && other !== undefined; looks++) {
    if (other.callId !== call?.callId) return displayText(other.callId);
    other = other[direction];
  }
  return '';
}

/** @param message filled anew */
export function messageView(
  kept: KeptMessage,
  callId: string,
  message: SipMessage,
  withText: boolean,
): CallMessageView {
  const { octets } = kept;
  // A message kept in part may end in a fault; what was read until then still holds.
  parseSip(octets, 0, octets.length, DISPLAY_OPTIONS, message);
  const text = (start: number, end: number): string => displayText(message.text(start, end));
  const { isRequest } = message;
  return {
    id: kept.position,
    atUs: kept.trackedAtUs,
    arrivedUs: kept.arrivedAtUs,
    callId,
    callEntryId: kept.callEntryId,
    src: { ip: formatIp(kept.family, ...kept.src), port: kept.srcPort },
    dst: { ip: formatIp(kept.family, ...kept.dst), port: kept.dstPort },
    transport: transportName(kept.transport),
    agents: kept.observers,
    repeat: REPEAT_NAMES[kept.repeat] ?? 'new',
    isRequest,
    method: isRequest ? methodText(message.method, text(message.methodStart, message.methodEnd)) : '',
    requestUri: isRequest ? text(message.uriStart, message.uriEnd) : '',
    status: message.statusCode,
    reason: isRequest ? '' : text(message.reasonStart, message.reasonEnd),
    cseq: message.cseq,
    cseqMethod: methodText(message.cseqMethod, text(message.cseqMethodStart, message.cseqMethodEnd)),
    branch: text(message.viaBranchStart, message.viaBranchEnd),
    fromTag: text(message.fromTagStart, message.fromTagEnd),
    toTag: text(message.toTagStart, message.toTagEnd),
    from: text(message.fromUriStart, message.fromUriEnd),
    to: text(message.toUriStart, message.toUriEnd),
    userAgent:
      message.userAgentEnd > message.userAgentStart
        ? text(message.userAgentStart, message.userAgentEnd)
        : text(message.serverStart, message.serverEnd),
    sdp: sdpSummary(text(message.bodyStart, message.bodyEnd)) ?? null,
    length: kept.length,
    shown: withText ? octets.length : 0,
    raw: withText ? displayText(octets.toString('latin1')) : '',
  };
}

/** A method's name as written, or as known where it is cut. */
function methodText(method: number, written: string): string {
  return written === '' ? methodName(method) : written;
}
