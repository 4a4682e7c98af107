import { CALL_STATES, type CallState } from '../model/call-state.ts';
import { EVENT_NAMES, type EventType } from '../model/event-type.ts';
import { type Method, METHOD_NAMES } from '../model/method.ts';
import type { Observer } from '../model/observer.ts';
import type { QosRecord } from '../model/qos.ts';
import type { Transport } from '../model/transport.ts';
import { type Call, type KeptQos, type LegReason } from './call.ts';
import { type Hop, hopsOf, putHops } from './hops.ts';
import { half, More, Row, setHalf, Time } from './rows.ts';
import { type ByteWriter, doubles, type Entry, type Field, ints, list, texts as textFields } from './snapshot-codec.ts';
import type { SnapshotTable, SnapshotWalk } from './snapshot-file.ts';
import type { SnapshotNames } from './snapshot-names.ts';
import { type Span, spans } from './snapshot-spans.ts';
import { blockOf, TextField, textOf } from './text-block.ts';
import { TimedRequest } from './timed-request.ts';
import type { CallTracker } from './tracker.ts';

/** The fields of a call that a snapshot keeps as they are. A test holds these lists against the classes. */
export const CALL_INTS = ['id', 'state', 'method', 'flags', 'emitted', 'lastEvent', 'hopsLeftOut'] as const;
export const CALL_TEXTS = ['toTag', 'reason', 'userAgent', 'uas'] as const;
/** Fields of a block, in their order, by their names in a snapshot. */
const BLOCK_TEXTS: readonly (readonly [string, TextField])[] = [
  ['callId', TextField.CALL_ID],
  ['fromTag', TextField.FROM_TAG],
  ['from', TextField.FROM],
  ['to', TextField.TO],
  ['requestUri', TextField.REQUEST_URI],
  ['contact', TextField.CONTACT],
  ['branch', TextField.BRANCH],
  ['pai1', TextField.PAI1],
  ['pai2', TextField.PAI2],
  ['correlationId', TextField.CORRELATION_ID],
  ['alegCallId', TextField.ALEG_CALL_ID],
  ['sessionId', TextField.SESSION_ID],
];

/** @param prefix tells them from other fields of the table */
export function blockFields(prefix = ''): Field[] {
  return textFields(...BLOCK_TEXTS.map(([name]) => prefix + name));
}

/** Fields with a form of their own, below. */
export const CALL_PARTS = ['block', 'observer', 'extras', 'page'] as const;
export const EXTRAS_PARTS = ['forkedUs', 'moreObservers', 'hopsLeftOut', 'legs', 'requested', 'qos'] as const;
/** What belongs to the process: places in tables and rows, made anew. */
export const CALL_PLACES = [
  'hash',
  'slot',
  'hashNext',
  'older',
  'newer',
  'wheelPrevious',
  'wheelNext',
  'wheelSlot',
] as const;

export const EXTRAS_PLACES = ['finished'] as const;

export const HOP_INTS = [
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
  'transport',
  'interface',
  'observers',
  'messages',
] as const;
export const REQUEST_FIELDS = ['sentUs', 'hasToTag', 'expires', 'star', 'contactCount', 'contacts'] as const;

/** A field of the row and, where it goes on in the second row, so many ints at `laterAt` of that. */
interface RowField extends Span {
  readonly isHalves: boolean;
  readonly laterAt: number;
  readonly laterCount: number;
}

/** Pairs that lie in one integer; in a snapshot they are two. */
const HALVES: ReadonlySet<string> = new Set(['STATUS', 'ORDER_STATUS', 'LAST_METHOD', 'LAST_STATUS']);
const LATER = spans(More);
const NOTHING_LATER = new Int32Array(More.SIZE);
/** Of a row what is not kept as a list of its own, and not made anew. */
const ROW_FIELDS = spans(Row)
  .filter(({ at }) => at < Row.HOP)
  .map((span): RowField => {
    const later = LATER.find(({ name }) => name === span.name);
    return { ...span, isHalves: HALVES.has(span.name), laterAt: later?.at ?? 0, laterCount: later?.count ?? 0 };
  });
const TIME_FIELDS = spans(Time);

function valuesOf({ count, isHalves, laterCount }: RowField): number {
  return isHalves ? 2 : count + laterCount;
}

const rowField = (name: string): string => `row.${name}`;
const timeField = (name: string): string => `time.${name}`;

export const HOPS: Field = list('hops', ints(...HOP_INTS));
export const OBSERVERS: Field = list('observers', textFields('id'));

const FIELDS: readonly Field[] = [
  ...ints(...CALL_INTS),
  ...blockFields(),
  ...textFields(...CALL_TEXTS),
  ...doubles(...TIME_FIELDS.map(({ name }) => timeField(name)), timeField('FORKED')),
  ...ROW_FIELDS.map((field): Field => ({ name: rowField(field.name), kind: 'int', count: valuesOf(field) })),
  OBSERVERS,
  HOPS,
  list('legs', [...ints('reason'), ...textFields('callId')]),
  list('requested', [
    ...doubles('sentUs'),
    ...ints('hasToTag', 'expires', 'star', 'contactCount'),
    list('contacts', [...textFields('uri'), ...ints('expires')]),
  ]),
  list('qos', [...textFields('record', 'observer'), ...doubles('receivedUs')]),
];

/** Calls, newest first. */
export class CallSnapshot implements SnapshotTable {
  readonly name = 'calls';
  readonly fields = FIELDS;
  readonly #tracker: CallTracker;
  readonly #names: SnapshotNames;

  constructor(tracker: CallTracker, names: SnapshotNames) {
    this.#tracker = tracker;
    this.#names = names;
  }

  open(): SnapshotWalk {
    const cursor = this.#tracker.table.openCursor();
    return {
      next(out) {
        const call = cursor.next();
        if (call === undefined) return false;
        writeCall(out, call);
        return true;
      },
      close: () => cursor.close(),
    };
  }

  restore(entry: Entry): boolean {
    const state = entry.number('state');
    const method = entry.number('method');
    if (CALL_STATES[state] === undefined || state === 0 || METHOD_NAMES[method] === undefined) return false;
    const call = this.#tracker.putBack(
      entry.number('id'),
      method as Method, // has a name
      readBlock(entry),
      entry.text('toTag'),
    );
    if (call === undefined) return false;
    readCall(entry, call, this.#names);
    for (const leg of entry.list('legs').toReversed()) {
      this.#tracker.legs.putBack(call, leg.text('callId'), leg.number('reason') as LegReason); // shown by a look-up
    }
    this.#tracker.goOn(call, state as CallState); // is in the table of states
    return true;
  }

  restored(): void {
    this.#tracker.allBack();
  }
}

function writeCall(out: ByteWriter, call: Call): void {
  for (const name of CALL_INTS) out.int(call[name]);
  writeBlock(out, call.block);
  for (const name of CALL_TEXTS) out.text(call[name]);
  const { row, base, times, timeBase } = call;
  for (const { at } of TIME_FIELDS) out.double(times[timeBase + at]!); // inside the row
  out.double(call.forkedUs);
  for (const field of ROW_FIELDS) {
    const at = base + field.at;
    if (field.isHalves) {
      out.int(half(row, at, 0));
      out.int(half(row, at, 1));
    } else {
      out.ints(row, at, at + field.count);
      if (field.laterCount > 0) writeLater(out, call, field.laterAt, field.laterCount);
    }
  }
  writeObservers(out, call.observer, call.moreObservers);
  writeHops(out, hopsOf(call));
  let legs = 0;
  for (let leg = call.legs; leg !== undefined; leg = leg.next) legs++;
  out.int(legs);
  for (let leg = call.legs; leg !== undefined; leg = leg.next) {
    out.int(leg.reason);
    out.text(leg.callId);
  }
  writeRequest(out, call.requested);
  out.int(call.qos?.length ?? 0);
  for (const { record, observer, receivedUs } of call.qos ?? []) {
    // Rare and deep: the form in which pages get it is good enough.
    out.text(JSON.stringify(record));
    out.text(observer.id);
    out.double(receivedUs);
  }
}

function writeLater(out: ByteWriter, { later, laterBase }: Call, at: number, count: number): void {
  if (later === undefined) out.ints(NOTHING_LATER, at, at + count);
  else out.ints(later, laterBase + at, laterBase + at + count);
}

export function writeBlock(out: ByteWriter, block: string): void {
  for (const [, field] of BLOCK_TEXTS) out.text(textOf(block, field));
}

export function readBlock(entry: Entry, prefix = ''): string {
  return blockOf(BLOCK_TEXTS.map(([name]) => entry.text(prefix + name)));
}

export function writeObservers(
  out: ByteWriter,
  observer: Observer | undefined,
  more: readonly Observer[] | undefined,
): void {
  out.int(observer === undefined ? 0 : 1 + (more?.length ?? 0));
  if (observer === undefined) return;
  out.text(observer.id);
  for (const other of more ?? []) out.text(other.id);
}

export function writeHops(out: ByteWriter, hops: readonly Hop[]): void {
  out.int(hops.length);
  for (const hop of hops) for (const name of HOP_INTS) out.int(hop[name]);
}

function writeRequest(out: ByteWriter, requested: TimedRequest | undefined): void {
  out.int(requested === undefined ? 0 : 1);
  if (requested === undefined) return;
  out.double(requested.sentUs);
  out.int(Number(requested.hasToTag));
  out.int(requested.expires);
  out.int(Number(requested.star));
  out.int(requested.contactCount);
  out.int(requested.contacts.length);
  for (const { uri, expires } of requested.contacts) {
    out.text(uri);
    out.int(expires);
  }
}

function readCall(entry: Entry, call: Call, names: SnapshotNames): void {
  call.flags = entry.number('flags');
  call.emitted = entry.number('emitted');
  const lastEvent = entry.number('lastEvent');
  if (EVENT_NAMES[lastEvent] !== undefined) call.lastEvent = lastEvent as EventType; // has a name
  const hopsLeftOut = entry.number('hopsLeftOut');
  if (hopsLeftOut > 0) call.withExtras().hopsLeftOut = hopsLeftOut;
  for (const name of ['userAgent', 'uas', 'reason'] as const) call[name] = names.text(entry.text(name));
  for (const { name, at } of TIME_FIELDS) call.times[call.timeBase + at] = entry.number(timeField(name));
  const forkedUs = entry.number(timeField('FORKED'));
  if (forkedUs !== 0) call.withExtras().forkedUs = forkedUs;
  for (const field of ROW_FIELDS) readRowField(entry, call, field);
  const [observer, ...more] = readObservers(entry, names);
  call.observer = observer;
  if (more.length > 0) call.withExtras().moreObservers = more;
  putHops(call, readHops(entry));
  const requested = entry.list('requested')[0];
  if (requested !== undefined) call.withExtras().requested = readRequest(requested);
  const qos = entry.list('qos').flatMap((record) => readQos(record, names));
  if (qos.length > 0) call.withExtras().qos = qos;
}

export function readObservers(entry: Entry, names: SnapshotNames): Observer[] {
  return entry.list('observers').map((observer) => names.observer(observer.text('id')));
}

export function readHops(entry: Entry): Hop[] {
  return entry.list('hops').map((hop) => ({
    family: hop.number('family', 4),
    src0: hop.number('src0'),
    src1: hop.number('src1'),
    src2: hop.number('src2'),
    src3: hop.number('src3'),
    srcPort: hop.number('srcPort'),
    dst0: hop.number('dst0'),
    dst1: hop.number('dst1'),
    dst2: hop.number('dst2'),
    dst3: hop.number('dst3'),
    dstPort: hop.number('dstPort'),
    transport: hop.number('transport') as Transport, // compared and shown by a look-up
    interface: hop.number('interface', -1),
    observers: hop.number('observers'),
    messages: hop.number('messages'),
  }));
}

function readRowField(entry: Entry, call: Call, field: RowField): void {
  const values = entry.numbers(rowField(field.name), valuesOf(field));
  if (values === undefined) return;
  const at = call.base + field.at;
  if (field.isHalves) {
    for (const direction of [0, 1]) setHalf(call.row, at, direction, values[direction]!); // there are two
    return;
  }
  call.row.set(values.slice(0, field.count), at);
  const later = values.slice(field.count);
  if (later.some((value) => value !== 0)) call.lengthen().set(later, call.laterBase + field.laterAt);
}

function readRequest(entry: Entry): TimedRequest {
  return new TimedRequest(
    entry.number('sentUs'),
    entry.number('hasToTag') !== 0,
    entry.number('expires', -1),
    entry.number('star') !== 0,
    entry.number('contactCount'),
    entry.list('contacts').map((contact) => ({ uri: contact.text('uri'), expires: contact.number('expires', -1) })),
  );
}

function readQos(entry: Entry, names: SnapshotNames): KeptQos[] {
  try {
    const record = JSON.parse(entry.text('record')) as QosRecord; // as it was written; checksums stand for that
    return [{ record, observer: names.observer(entry.text('observer')), receivedUs: entry.number('receivedUs') }];
  } catch {
    return [];
  }
}
