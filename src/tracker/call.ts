import { CallState } from '../model/call-state.ts';
import type { EventType } from '../model/event-type.ts';
import type { Method } from '../model/method.ts';
import type { Observer } from '../model/observer.ts';
import type { QosRecord } from '../model/qos.ts';
import type { Hop } from './hops.ts';
import { Time } from './rows.ts';
import { TextField, textOf } from './text-block.ts';
import type { TimedRequest } from './timed-request.ts';
import { Timed } from './timer-wheel.ts';

/**
 * One tracked dialog or transaction: what a user calls "the call".
 *
 *   Call (heap)                      rows in pages of typed arrays, see rows.ts
 *   ├ key: Call-ID, From-, To-tag    ├ per direction: CSeq, reply CSeq, status, message counts
 *   ├ kept text: from, to, URI …     ├ state trace (packed), message trace (last 16)
 *   ├ links: bucket, list, wheel     ├ recent sightings (last 12) that tell repeats apart
 *   └ hops → hop → hop               └ times: created, updated, early, final, ended, deadline
 *
 * Text and links are what the heap is good at; the counters that every message touches sit in the row, so a message
 * on a known call allocates nothing.
 */
export class Call extends Timed {
  readonly id: number;
  readonly hash: number;
  readonly row: Int32Array;
  readonly base: number;
  readonly slot: number;
  readonly times: Float64Array;
  readonly timeBase: number;

  /** Next entry in the same bucket. */
  bucketNext: Call | undefined = undefined;
  /** Neighbours in order of creation. */
  older: Call | undefined = undefined;
  newer: Call | undefined = undefined;
  /** Neighbours in the order of finishing, see finished-calls.ts. */
  finishedBefore: Call | undefined = undefined;
  finishedAfter: Call | undefined = undefined;
  isFinished = false;
  /** Octets counted for it, see call-memory.ts. */
  bytes = 0;

  state: CallState = CallState.INIT;
  /** Method of the message that created the entry (CSeq method for a reply). */
  readonly method: Method;
  flags = 0;
  /** Bits `1 << EventType` of events already emitted. */
  emitted = 0;
  lastEvent: EventType = 0;

  /** All text that is this call's alone, see text-block.ts; the others below are shared by many, or come late. */
  block: string;
  toTag: string;
  reason = '';
  userAgent = '';
  uas = '';
  /** Other legs this one named, see legs.ts. */
  legs: LegLink | undefined = undefined;
  /** Quality records, see qos.ts. */
  qos: KeptQos[] | undefined = undefined;

  /** What the last REGISTER or SUBSCRIBE asked for; its reply decides. */
  requested: TimedRequest | undefined = undefined;

  /** First hop seen and the chain of others; endpoints as initiator → other side. */
  firstHop: Hop | undefined = undefined;
  /** Hops not recorded because of `MAX_HOPS`. */
  hopsLeftOut = 0;
  /** Observers in order of appearance: bit 0 is `observer`, bit n is `moreObservers[n - 1]`. */
  observer: Observer | undefined = undefined;
  moreObservers: Observer[] | undefined = undefined;

  constructor(
    id: number,
    hash: number,
    row: Int32Array,
    base: number,
    slot: number,
    times: Float64Array,
    timeBase: number,
    method: Method,
    block: string,
    toTag: string,
  ) {
    super();
    this.id = id;
    this.hash = hash;
    this.row = row;
    this.base = base;
    this.slot = slot;
    this.times = times;
    this.timeBase = timeBase;
    this.method = method;
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

  // Times lie in a row of doubles: in fields of the object each would be an object of its own.
  get createdUs(): number {
    return this.times[this.timeBase + Time.CREATED]!;
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
    return this.times[this.timeBase + Time.FORKED]!;
  }
  set forkedUs(us: number) {
    this.times[this.timeBase + Time.FORKED] = us;
  }
  get deadlineUs(): number {
    return this.times[this.timeBase + Time.DEADLINE]!;
  }
  set deadlineUs(us: number) {
    this.times[this.timeBase + Time.DEADLINE] = us;
  }
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
