import { CallState } from '../model/call-state.ts';
import type { EventType } from '../model/event-type.ts';
import type { Method } from '../model/method.ts';
import type { Observer } from '../model/observer.ts';
import type { QosRecord } from '../model/qos.ts';
import { baseOf, type CallPage, Row, Time, timeBaseOf } from './rows.ts';
import { TextField, textOf } from './text-block.ts';
import type { TimedRequest } from './timed-request.ts';
import { Timed } from './timer-wheel.ts';

/** Where each of them begins in the bits of a call. */
const METHOD = 8;
const STATE = 16;
const LAST_EVENT = 24;
const OCTET = 0xff;

/**
 * One tracked dialog or transaction: what a user calls "the call".
 *
 *   Call (heap)                      rows in pages of typed arrays, see rows.ts
 *   ├ key: Call-ID, From-, To-tag    ├ per direction: CSeq, reply CSeq, status, message counts
 *   ├ kept text: from, to, URI …     ├ state trace (packed), message trace (last 16)
 *   ├ links: bucket, list, wheel     ├ recent sightings (last 12) that tell repeats apart
 *   ├ state, flags, events           ├ hops: links the messages travelled
 *   └ extras: what few calls have    └ times: created, updated, early, final, ended, deadline
 *
 * Text and links are what the heap is good at; the counters that every message touches sit in the row, so a message
 * on a known call allocates nothing. There may be millions of calls, so every field of this class counts: what only some
 * calls have belongs into `CallExtras`.
 */
export class Call extends Timed {
  readonly id: number;
  readonly hash: number;
  readonly page: CallPage;
  /** Number of its row. */
  readonly slot: number;

  /** Next entry with the same hash. */
  hashNext: Call | undefined = undefined;
  /** Neighbours in order of creation. */
  older: Call | undefined = undefined;
  newer: Call | undefined = undefined;

  /** State, method, last event and flags, eight bits each. */
  #kind: number;
  /** Bits `1 << EventType` of events already emitted. */
  emitted = 0;

  /** All text that is this call's alone, see text-block.ts; the others below are shared by many, or come late. */
  block: string;
  toTag: string;
  reason = '';
  userAgent = '';
  uas = '';
  /** Observers in order of appearance: bit 0 is `observer`, bit n is `moreObservers[n - 1]`. */
  observer: Observer | undefined = undefined;
  /** What few calls have; made when it is needed. */
  extras: CallExtras | undefined = undefined;

  constructor(id: number, hash: number, page: CallPage, slot: number, method: Method, block: string, toTag: string) {
    super();
    this.id = id;
    this.hash = hash;
    this.page = page;
    this.slot = slot;
    this.#kind = (method << METHOD) | (CallState.INIT << STATE);
    this.block = block;
    this.toTag = toTag;
  }

  get callId(): string {
    return textOf(this.block, TextField.CALL_ID);
  }
  get fromTag(): string {
    return textOf(this.block, TextField.FROM_TAG);
  }
  get from(): string {
    return textOf(this.block, TextField.FROM);
  }
  get to(): string {
    return textOf(this.block, TextField.TO);
  }
  get requestUri(): string {
    return textOf(this.block, TextField.REQUEST_URI);
  }
  get contact(): string {
    return textOf(this.block, TextField.CONTACT);
  }
  get correlationId(): string {
    return textOf(this.block, TextField.CORRELATION_ID);
  }
  get alegCallId(): string {
    return textOf(this.block, TextField.ALEG_CALL_ID);
  }
  get sessionId(): string {
    return textOf(this.block, TextField.SESSION_ID);
  }

  get state(): CallState {
    return ((this.#kind >>> STATE) & OCTET) as CallState; // put there as one
  }
  set state(state: CallState) {
    this.#kind = (this.#kind & ~(OCTET << STATE)) | (state << STATE);
  }
  /** Method of the message that created the entry (CSeq method for a reply). */
  get method(): Method {
    return ((this.#kind >>> METHOD) & OCTET) as Method; // put there as one
  }
  get lastEvent(): EventType {
    return ((this.#kind >>> LAST_EVENT) & OCTET) as EventType; // put there as one
  }
  set lastEvent(type: EventType) {
    this.#kind = (this.#kind & ~(OCTET << LAST_EVENT)) | (type << LAST_EVENT);
  }
  /** Bits of `CallFlag`. */
  get flags(): number {
    return this.#kind & OCTET;
  }
  set flags(flags: number) {
    this.#kind = (this.#kind & ~OCTET) | (flags & OCTET);
  }

  /** The integers of its row begin at `base` of `row`. */
  get row(): Int32Array {
    return this.page.ints;
  }
  get base(): number {
    return baseOf(this.slot);
  }
  /** Its second row begins at `laterBase` of `later`; only a call with many messages has one. */
  get later(): Int32Array | undefined {
    const more = this.row[this.base + Row.MORE]!; // inside the row
    return more === 0 ? undefined : this.page.rows.more.page(more);
  }
  get laterBase(): number {
    return this.page.rows.more.base(this.row[this.base + Row.MORE]!);
  }
  get isLong(): boolean {
    return this.row[this.base + Row.MORE] !== 0;
  }
  /** Gives it a second row, if it has none yet. */
  lengthen(): Int32Array {
    const { rows } = this.page;
    const more = (this.row[this.base + Row.MORE] ||= rows.more.take());
    return rows.more.page(more);
  }

  /** Octets counted for it, see call-memory.ts. */
  get bytes(): number {
    return this.row[this.base + Row.BYTES]!;
  }
  set bytes(bytes: number) {
    this.row[this.base + Row.BYTES] = bytes;
  }

  get legs(): LegLink | undefined {
    return this.extras?.legs;
  }
  get qos(): KeptQos[] | undefined {
    return this.extras?.qos;
  }
  get requested(): TimedRequest | undefined {
    return this.extras?.requested;
  }
  get moreObservers(): Observer[] | undefined {
    return this.extras?.moreObservers;
  }
  get hopsLeftOut(): number {
    return this.extras?.hopsLeftOut ?? 0;
  }
  /** For what is to be kept there. */
  withExtras(): CallExtras {
    return (this.extras ??= new CallExtras());
  }

  get times(): Float64Array {
    return this.page.times;
  }
  get timeBase(): number {
    return timeBaseOf(this.slot);
  }

  // Times lie in a row of doubles: in fields of the object each would be an object of its own.
  get createdUs(): number {
    return this.times[this.timeBase + Time.CREATED]!; // inside the row, as below
  }
  set createdUs(us: number) {
    this.times[this.timeBase + Time.CREATED] = us;
  }
  get updatedUs(): number {
    return this.times[this.timeBase + Time.UPDATED]!;
  }
  set updatedUs(us: number) {
    this.times[this.timeBase + Time.UPDATED] = us;
  }
  get earlyUs(): number {
    return this.times[this.timeBase + Time.EARLY]!;
  }
  set earlyUs(us: number) {
    this.times[this.timeBase + Time.EARLY] = us;
  }
  get finalUs(): number {
    return this.times[this.timeBase + Time.FINAL]!;
  }
  set finalUs(us: number) {
    this.times[this.timeBase + Time.FINAL] = us;
  }
  get endedUs(): number {
    return this.times[this.timeBase + Time.ENDED]!;
  }
  set endedUs(us: number) {
    this.times[this.timeBase + Time.ENDED] = us;
  }
  get forkedUs(): number {
    return this.extras?.forkedUs ?? 0;
  }
  get deadlineUs(): number {
    return this.times[this.timeBase + Time.DEADLINE]!;
  }
  set deadlineUs(us: number) {
    this.times[this.timeBase + Time.DEADLINE] = us;
  }
}

/** What only some calls have. */
export class CallExtras {
  /** Other legs this one named, see legs.ts. */
  legs: LegLink | undefined = undefined;
  /** Quality records, see qos.ts. */
  qos: KeptQos[] | undefined = undefined;
  /** What the last REGISTER or SUBSCRIBE asked for; its reply decides. */
  requested: TimedRequest | undefined = undefined;
  moreObservers: Observer[] | undefined = undefined;
  /** Hops not recorded because of `MAX_HOPS`. */
  hopsLeftOut = 0;
  /** When it forked from another call, 0 = it did not. */
  forkedUs = 0;
  /** Its place among those that are over, see finished-calls.ts. */
  finished: FinishedPlace | undefined = undefined;
}

/** Place of a call in the order of finishing. */
export interface FinishedPlace {
  readonly call: Call;
  before: FinishedPlace | undefined;
  after: FinishedPlace | undefined;
}

/** Why another Call-ID is said to be a leg of a call. */
export const LegReason = { INGRESS_CALL_ID: 0, QOS_RECORD: 1, CORRELATION_ID: 2, ALEG_HEADER: 3 } as const;
export type LegReason = (typeof LegReason)[keyof typeof LegReason];

/** Call-ID of another leg, in the chain of those a call was told. */
export interface LegLink {
  readonly callId: string;
  readonly reason: LegReason;
  readonly next: LegLink | undefined;
}

/** A quality record at its calls. */
export interface KeptQos {
  readonly record: QosRecord;
  readonly observer: Observer;
  readonly receivedUs: number;
}

/** Entry flags, names and order as in the reference's flag list where the meaning is the same. */
export const CallFlag = {
  REUSED: 1,
  FORK_CHILD: 2,
  FORK_PARENT: 4,
  TIMEOUT: 8,
  FORCED_TIMEOUT: 16,
  CALLEE_TERMINATED: 32,
  /** A subscription is held (ours). */
  SUBSCRIBED: 64,
} as const;

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [CallFlag.REUSED, 'Reused'],
  [CallFlag.FORK_CHILD, 'Fork_Child'],
  [CallFlag.FORK_PARENT, 'Fork_Parent'],
  [CallFlag.TIMEOUT, 'Timeout'],
  [CallFlag.FORCED_TIMEOUT, 'Forced_Timeout'],
  [CallFlag.CALLEE_TERMINATED, 'Callee_Terminated'],
  [CallFlag.SUBSCRIBED, 'Subscribed'],
];

export function flagNames(flags: number): string[] {
  return FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}
