import type { QosRecord } from '../../model/qos.ts';
import { clearPacket, keptAfter, keptBefore, type Packet, PayloadKind } from '../../model/packet.ts';
import type { Transport } from '../../model/transport.ts';
import type { EventType } from '../../model/event-type.ts';
import { EVENT_ROW, type EventSlot, GENERATED_ON } from '../../tracker/event-ring.ts';
import type { KeptReport } from '../../tracker/reports.ts';
import type { RingReader, RingWriter } from './ring.ts';

/**
 * What shards hand over to one another, as octets.
 *
 *   message  [ numbers | times | payload, correlation id, other leg's Call-ID, name of who sent it, envelope ]
 *   event    [ numbers | times | row | texts ]
 *   quality record, what became of it, report: JSON, since they are few
 */
export const RecordKind = { MESSAGE: 1, EVENT: 2, QOS: 3, QOS_ANSWER: 4, REPORT: 5 } as const;

const FRAMING = 0;
const SERIAL = 1;
const GENERATION = 2;
const PAYLOAD = 3;
const CORRELATION = 4;
const LEG = 5;
const ID = 6;
const TRANSPORT = 7;
const FAMILY = 8;
const SRC = 9;
const DST = 14;
const VLAN = 19;
const INTERFACE = 20;
const VERSION = 21;
/** Octets of the envelope before and behind the payload. */
const ENVELOPE = 22;
const NOTES = 24;
const MESSAGE_INTS = 26;
const MESSAGE_DOUBLES = 3;
const MESSAGE_HEAD = MESSAGE_INTS * 4 + MESSAGE_DOUBLES * 8;

/** Who sent a message, as the shard that received it knows it. */
export interface SenderMark {
  /** Running number of the sender in that shard, and which start of that shard it was. */
  serial: number;
  generation: number;
  id: string;
}

/** Writes a message that was received here. @returns false when there is no room */
export function writeMessage(to: RingWriter, packet: Packet, isStream: boolean, sender: SenderMark): boolean {
  const p = packet;
  const payload = p.end - p.start;
  const correlation = p.correlationEnd - p.correlationStart;
  const leg = p.legCallIdEnd - p.legCallIdStart;
  const id = sender.id.length;
  const before = keptBefore(p);
  const after = keptAfter(p, before);
  const texts = correlation + leg + id;
  const start = to.reserve(RecordKind.MESSAGE, MESSAGE_HEAD + payload + texts + before + after);
  if (start < 0) return false;
  const { ints, doubles, bytes } = to;
  const n = start >> 2;
  ints[n + FRAMING] = isStream ? 1 : 0;
  ints[n + SERIAL] = sender.serial;
  ints[n + GENERATION] = sender.generation;
  ints[n + PAYLOAD] = payload;
  ints[n + CORRELATION] = correlation;
  ints[n + LEG] = leg;
  ints[n + ID] = id;
  ints[n + TRANSPORT] = p.transport;
  ints[n + FAMILY] = p.family;
  ints[n + SRC] = p.src0;
  ints[n + SRC + 1] = p.src1;
  ints[n + SRC + 2] = p.src2;
  ints[n + SRC + 3] = p.src3;
  ints[n + SRC + 4] = p.srcPort;
  ints[n + DST] = p.dst0;
  ints[n + DST + 1] = p.dst1;
  ints[n + DST + 2] = p.dst2;
  ints[n + DST + 3] = p.dst3;
  ints[n + DST + 4] = p.dstPort;
  ints[n + VLAN] = p.vlan;
  ints[n + INTERFACE] = p.interface;
  ints[n + VERSION] = p.version;
  ints[n + ENVELOPE] = before;
  ints[n + ENVELOPE + 1] = after;
  ints[n + NOTES] = p.notes;
  const d = (start + MESSAGE_INTS * 4) >> 3;
  doubles[d] = p.capturedAtUs;
  doubles[d + 1] = p.arrivedAtUs;
  doubles[d + 2] = p.trackedAtUs;
  let at = start + MESSAGE_HEAD;
  at += p.bytes.copy(bytes, at, p.start, p.end);
  if (correlation > 0) at += p.bytes.copy(bytes, at, p.correlationStart, p.correlationEnd);
  if (leg > 0) at += p.bytes.copy(bytes, at, p.legCallIdStart, p.legCallIdEnd);
  at += bytes.write(sender.id, at, id, 'latin1');
  if (before > 0) at += p.envelope.copy(bytes, at, p.envelopeStart, p.envelopeStart + before);
  if (after > 0) p.envelope.copy(bytes, at, p.payloadEnd, p.payloadEnd + after);
  to.commit();
  return true;
}

/** A message of another shard; octets are in the ring's memory. */
export class HandedMessage {
  isStream = false;
  serial = 0;
  generation = 0;
  idStart = 0;
  idEnd = 0;
}

/** Fills `packet` and `handed` from the record at hand. */
export function readMessage(from: RingReader, packet: Packet, handed: HandedMessage): void {
  const p = packet;
  const { ints, doubles, start } = from;
  const n = start >> 2;
  // Numbers are where the other end wrote them.
  handed.isStream = ints[n + FRAMING] === 1;
  handed.serial = ints[n + SERIAL]!;
  handed.generation = ints[n + GENERATION]!;
  clearPacket(p, from.bytes, 0);
  p.kind = PayloadKind.SIP;
  p.transport = ints[n + TRANSPORT] as Transport; // as it was taken from a packet
  p.family = ints[n + FAMILY]!;
  p.src0 = ints[n + SRC]!;
  p.src1 = ints[n + SRC + 1]!;
  p.src2 = ints[n + SRC + 2]!;
  p.src3 = ints[n + SRC + 3]!;
  p.srcPort = ints[n + SRC + 4]!;
  p.dst0 = ints[n + DST]!;
  p.dst1 = ints[n + DST + 1]!;
  p.dst2 = ints[n + DST + 2]!;
  p.dst3 = ints[n + DST + 3]!;
  p.dstPort = ints[n + DST + 4]!;
  p.vlan = ints[n + VLAN]!;
  p.interface = ints[n + INTERFACE]!;
  p.version = ints[n + VERSION]!;
  p.notes = ints[n + NOTES]!;
  const d = (start + MESSAGE_INTS * 4) >> 3;
  p.capturedAtUs = doubles[d]!;
  p.arrivedAtUs = doubles[d + 1]!;
  p.trackedAtUs = doubles[d + 2]!;
  p.start = start + MESSAGE_HEAD;
  p.end = p.start + ints[n + PAYLOAD]!;
  p.correlationStart = p.end;
  p.correlationEnd = p.end + ints[n + CORRELATION]!;
  p.legCallIdStart = p.correlationEnd;
  p.legCallIdEnd = p.legCallIdStart + ints[n + LEG]!;
  handed.idStart = p.legCallIdEnd;
  handed.idEnd = handed.idStart + ints[n + ID]!;
  // The payload itself is not between the two halves: what is told of it is how long it is.
  p.envelopeStart = handed.idEnd;
  p.payloadStart = p.envelopeStart + ints[n + ENVELOPE]!;
  p.payloadEnd = p.payloadStart;
  p.envelopeEnd = p.payloadEnd + ints[n + ENVELOPE + 1]!;
}

/** Fields of an event besides its type, source and row; a test holds these lists against the class. */
export const EVENT_INTS = [
  'method',
  'status',
  'transport',
  'family',
  'src0',
  'src1',
  'src2',
  'src3',
  'srcPort',
  'dst0',
  'dst1',
  'dst2',
  'dst3',
  'dstPort',
  'state',
  'flags',
  'emitted',
  'lastEvent',
] as const;
export const EVENT_DOUBLES = ['tsUs', 'createdUs', 'earlyUs', 'finalUs', 'forkedUs'] as const;
export const EVENT_TEXTS = ['block', 'toTag', 'reason', 'userAgent', 'uas', 'observers'] as const;
const EVENT_HEAD_INTS = 4;

/** Writes an event that was generated here. @returns false when there is no room */
export function writeEvent(to: RingWriter, slot: EventSlot): boolean {
  let texts = 0;
  for (const name of EVENT_TEXTS) texts += slot[name].length;
  const numbers = EVENT_HEAD_INTS + EVENT_INTS.length + EVENT_ROW + EVENT_TEXTS.length;
  const start = to.reserve(RecordKind.EVENT, EVENT_DOUBLES.length * 8 + numbers * 4 + texts);
  if (start < 0) return false;
  const { ints, doubles, bytes } = to;
  let d = start >> 3;
  for (const name of EVENT_DOUBLES) doubles[d++] = slot[name];
  let n = (start >> 2) + EVENT_DOUBLES.length * 2;
  ints[n++] = slot.type;
  ints[n++] = Number(slot.hasSource);
  ints[n++] = Number(slot.hasCall);
  ints[n++] = GENERATED_ON.indexOf(slot.generatedOn);
  for (const name of EVENT_INTS) ints[n++] = slot[name];
  for (let column = 0; column < EVENT_ROW; column++) ints[n++] = slot.row[slot.base + column]!; // inside: rows have as many
  for (const name of EVENT_TEXTS) ints[n++] = slot[name].length;
  let at = n << 2;
  for (const name of EVENT_TEXTS) at += bytes.write(slot[name], at, 'latin1');
  to.commit();
  return true;
}

/** What is known of an event before it has a place: its type, its time and where it comes from. */
export interface EventOrigin {
  type: EventType;
  tsUs: number;
  source: { src0: number; src1: number; src2: number; src3: number } | undefined;
}

const HEAD_AT = EVENT_DOUBLES.length * 2;
const INTS_AT = HEAD_AT + EVENT_HEAD_INTS;
const SOURCE_AT = INTS_AT + EVENT_INTS.indexOf('src0');

export function readEventOrigin({ ints, doubles, start }: RingReader): EventOrigin {
  const n = start >> 2;
  const [src0 = 0, src1 = 0, src2 = 0, src3 = 0] = ints.subarray(n + SOURCE_AT, n + SOURCE_AT + 4);
  return {
    type: ints[n + HEAD_AT] as EventType, // as it was taken from an event
    tsUs: doubles[start >> 3] ?? 0,
    source: ints[n + HEAD_AT + 1] === 1 ? { src0, src1, src2, src3 } : undefined,
  };
}

/** Fills the event's new place from the record at hand. */
export function readEvent({ ints, doubles, bytes, start }: RingReader, slot: EventSlot): void {
  let d = start >> 3;
  // Numbers are where the other end wrote them.
  for (const name of EVENT_DOUBLES) slot[name] = doubles[d++]!;
  let n = (start >> 2) + HEAD_AT + 2;
  slot.hasCall = ints[n++] === 1;
  slot.generatedOn = GENERATED_ON[ints[n++]!] ?? 'unknown';
  const numbers: Record<(typeof EVENT_INTS)[number], number> = slot;
  for (const name of EVENT_INTS) numbers[name] = ints[n++]!;
  for (let column = 0; column < EVENT_ROW; column++) slot.row[slot.base + column] = ints[n++]!;
  let at = (n + EVENT_TEXTS.length) << 2;
  for (const name of EVENT_TEXTS) {
    const end = at + ints[n++]!;
    slot[name] = bytes.toString('latin1', at, end);
    at = end;
  }
}

/** A quality record on its way to the calls it names. */
export interface QosQuestion {
  number: number;
  observerId: string;
  receivedUs: number;
  record: QosRecord;
}

/** What became of it, `Given`. */
export interface QosAnswer {
  number: number;
  given: number;
}

/** Writes a question, an answer or a report. @returns false when there is no room */
export function writeJson(to: RingWriter, kind: number, value: QosQuestion | QosAnswer | KeptReport): boolean {
  const octets = Buffer.from(JSON.stringify(value), 'utf8');
  const start = to.reserve(kind, octets.length);
  if (start < 0) return false;
  octets.copy(to.bytes, start);
  to.commit();
  return true;
}

export function readQuestion(from: RingReader): QosQuestion {
  return readJson(from) as QosQuestion; // as the other end wrote it, here and below
}

export function readAnswer(from: RingReader): QosAnswer {
  return readJson(from) as QosAnswer;
}

export function readReport(from: RingReader): KeptReport {
  return readJson(from) as KeptReport;
}

function readJson({ bytes, start, end }: RingReader): unknown {
  return JSON.parse(bytes.toString('utf8', start, end));
}
