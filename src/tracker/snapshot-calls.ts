import { CALL_STATES, type CallState } from '../model/call-state.ts';
import { EVENT_NAMES, type EventType } from '../model/event-type.ts';
import { type Method, METHOD_NAMES } from '../model/method.ts';
import type { Observer } from '../model/observer.ts';
import type { QosRecord } from '../model/qos.ts';
import type { Transport } from '../model/transport.ts';
import { type Call, type KeptQos, type LegReason } from './call.ts';
import { type Hop, hopsOf, putHops } from './hops.ts';
import { FIRST_SIGHTINGS, FIRST_TRACE, More, Row, SIGHTING_FIELDS, SIGHTINGS, Time, TRACE_LENGTH } from './rows.ts';
import { type ByteWriter, doubles, type Entry, type Field, ints, list, texts as textFields } from './snapshot-codec.ts';
import type { SnapshotTable, SnapshotWalk } from './snapshot-file.ts';
import type { SnapshotNames } from './snapshot-names.ts';
import { spans } from './snapshot-spans.ts';
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
export const REQUEST_FIELDS = ['hasToTag', 'expires', 'star', 'contactCount', 'contacts'] as const;

/** Of a row what is not kept as a list of its own, and not made anew. */
const ROW_FIELDS = spans(Row).filter(({ at }) => at < Row.HOP);
/** Fields whose second half lies in another row: `count` ints at `at` of it. */
const LATER: ReadonlyMap<string, { at: number; count: number }> = new Map([
  ['TRACE', { at: More.TRACE, count: TRACE_LENGTH - FIRST_TRACE }],
  ['SIGHTING', { at: More.SIGHTING, count: (SIGHTINGS - FIRST_SIGHTINGS) * SIGHTING_FIELDS }],
]);
const NOTHING_LATER = new Int32Array(More.SIZE);
const TIME_FIELDS = spans(Time);

const rowField = (name: string): string => `row.${name}`;
const timeField = (name: string): string => `time.${name}`;

export const HOPS: Field = list('hops', ints(...HOP_INTS));
export const OBSERVERS: Field = list('observers', textFields('id'));

const FIELDS: readonly Field[] = [
  ...ints(...CALL_INTS),
  ...blockFields(),
  ...textFields(...CALL_TEXTS),
  ...doubles(...TIME_FIELDS.map(({ name }) => timeField(name)), timeField('FORKED')),
  ...ROW_FIELDS.map(({ name, count }): Field => ({
    name: rowField(name),
    kind: 'int',
    count: count + (LATER.get(name)?.count ?? 0),
  })),
  OBSERVERS,
  HOPS,
  list('legs', [...ints('reason'), ...textFields('callId')]),
  list('requested', [
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
  for (const { name, at, count } of ROW_FIELDS) {
    out.ints(row, base + at, base + at + count);
    const half = LATER.get(name);
    if (half !== undefined) writeLater(out, call, half.at, half.count);
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
  for (const { name, at, count } of ROW_FIELDS) {
    const half = LATER.get(name);
    const values = entry.numbers(rowField(name), count + (half?.count ?? 0));
    if (values === undefined) continue;
    call.row.set(values.slice(0, count), call.base + at);
    const later = values.slice(count);
    if (half !== undefined && later.some((value) => value !== 0)) call.lengthen().set(later, call.laterBase + half.at);
  }
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

function readRequest(entry: Entry): TimedRequest {
  return new TimedRequest(
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
