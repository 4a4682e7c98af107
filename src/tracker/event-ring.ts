import { EventType } from '../model/event-type.ts';
import { Method } from '../model/method.ts';
import type { Observer } from '../model/observer.ts';
import { type CounterSet, EventRing as RingCounters, EvRate, EVENTS_BY_TYPE } from '../model/counters.ts';
import type { Packet } from '../model/packet.ts';
import type { Transport } from '../model/transport.ts';
import type { Binding } from './binding-table.ts';
import { MAX_CONTACT } from './attributes.ts';
import type { Call } from './call.ts';
import { firstHopOf, type Hop } from './hops.ts';
import { type EventRates, type RateOutcome, RateVerdict } from './event-rates.ts';
import { observerLines } from './observers.ts';
import { countOutcome } from './outcomes.ts';
import { FIRST_TRACE, More, Row, TRACE_LENGTH } from './rows.ts';
import { TextField, withText } from './text-block.ts';

/**
 * The last events, oldest overwritten first. Slots are made once and filled again; a call's text is shared with the
 * call (strings never change), its row of counters is copied beside the slots, so an event allocates nothing.
 *
 *   event ─▶ counted ─▶ type switched off? ─▶ source beyond a rate? ─▶ slot
 *                             dropped               dropped
 */
export const GENERATED_ON = ['request', 'reply', 'timeout', 'unknown'] as const;
export type GeneratedOn = (typeof GENERATED_ON)[number];

/** What an event keeps of a call's rows: the first up to the trace, then the whole trace in one piece. */
export const EVENT_ROW = Row.TRACE + TRACE_LENGTH;
const LATER_TRACE = Row.TRACE + FIRST_TRACE;

export class EventSlot {
  /** Running number, from 0; -1 = never used. */
  index = -1;
  type: EventType = EventType.EMPTY;
  tsUs = 0;
  createdUs = 0;
  earlyUs = 0;
  finalUs = 0;
  forkedUs = 0;
  /** Text of the call, see text-block.ts. */
  block = '';
  toTag = '';
  method = 0;
  reason = '';
  userAgent = '';
  uas = '';
  /** Who reported what it is about, see `observerLines`. */
  observers = '';
  status = 0;
  transport: Transport = 0;
  family = 4;
  src0 = 0;
  src1 = 0;
  src2 = 0;
  src3 = 0;
  srcPort = 0;
  dst0 = 0;
  dst1 = 0;
  dst2 = 0;
  dst3 = 0;
  dstPort = 0;
  /** False for events of single messages (parse-error, msg-probe) and of bindings that timed out: no call, no row. */
  hasCall = false;
  state = 0;
  flags = 0;
  emitted = 0;
  lastEvent: EventType = EventType.EMPTY;
  generatedOn: GeneratedOn = 'unknown';
  /** Whether it is known where it comes from. */
  hasSource = false;
  /** False when rates are not tracked. What the others mean is said at `RateOutcome`. */
  rateTracked = false;
  rateExceeded = 0;
  rateDiff = 0;
  rateValue = 0;
  rateLimit = 0;
  rateIntervalUs = 0;
  rateSinceUs = 0;
  /** `EVENT_ROW` integers of the call's rows, at `base` of `row`. */
  readonly row: Int32Array;
  readonly base: number;

  constructor(row: Int32Array, base: number) {
    this.row = row;
    this.base = base;
  }

  get later(): Int32Array {
    return this.row;
  }
  get laterBase(): number {
    return this.base + LATER_TRACE;
  }
}

export class EventRing {
  readonly capacity: number;
  readonly #slots: EventSlot[] = [];
  readonly #rows: Int32Array;
  readonly #counters: CounterSet;
  readonly #outcomes: CounterSet;
  readonly #rates: EventRates | undefined;
  readonly #silenced = new Uint8Array(EVENTS_BY_TYPE.length);
  #next = 0;

  /**
   * @param rates without them no event is held back because of its rate
   * @param outcomes where it is counted how calls went
   */
  constructor(capacity: number, counters: CounterSet, rates?: EventRates, outcomes = counters) {
    this.capacity = capacity;
    this.#outcomes = outcomes;
    this.#rates = rates;
    this.#counters = counters;
    this.#rows = new Int32Array(capacity * EVENT_ROW);
  }

  /** Index the next event will get. */
  get nextIndex(): number {
    return this.#next;
  }

  /** Index of the oldest event still held. */
  get firstIndex(): number {
    return Math.max(0, this.#next - this.capacity);
  }

  /** The event with an index, or `undefined` when it is no longer or not yet there. */
  at(index: number): EventSlot | undefined {
    if (index < this.firstIndex || index >= this.#next) return undefined;
    return this.#slots[index % this.capacity];
  }

  isSilenced(type: EventType): boolean {
    return this.#silenced[type] === 1;
  }

  silence(type: EventType, silenced: boolean): void {
    this.#silenced[type] = silenced ? 1 : 0;
  }

  /** Records an event of a call as it stands now. */
  call(call: Call, type: EventType, tsUs: number, on: GeneratedOn, status: number, reason: string): void {
    countOutcome(this.#outcomes, call, type, tsUs, status);
    const hop = firstHopOf(call);
    const slot = this.take(type, tsUs, hop);
    if (slot === undefined) return;
    slot.tsUs = tsUs;
    slot.createdUs = call.createdUs;
    slot.earlyUs = call.earlyUs;
    slot.finalUs = call.finalUs;
    slot.forkedUs = call.forkedUs;
    slot.block = call.block;
    slot.toTag = call.toTag;
    slot.method = call.method;
    slot.reason = reason;
    slot.userAgent = call.userAgent;
    slot.uas = call.uas;
    slot.observers = observerLines(call);
    slot.status = status;
    if (hop !== undefined) setEndpoints(slot, hop);
    setCall(slot, call, on);
  }

  /**
   * Records an event of a binding. It began when the binding did, so that its duration is the binding's life.
   *
   * @param call the REGISTER it comes from, `undefined` when time alone brought it
   */
  binding(binding: Binding, type: EventType, tsUs: number, on: GeneratedOn, call: Call | undefined): void {
    const { transaction: by } = binding;
    const slot = this.take(type, tsUs, by.hop);
    if (slot === undefined) return;
    slot.tsUs = tsUs;
    slot.createdUs = binding.requestedUs === 0 ? by.createdUs : binding.requestedUs;
    slot.earlyUs = 0;
    slot.finalUs = binding.createdUs;
    slot.forkedUs = 0;
    slot.block = blockOf(binding);
    slot.toTag = by.toTag;
    slot.method = Method.REGISTER;
    slot.reason = by.reason;
    slot.userAgent = by.userAgent;
    slot.uas = by.uas;
    slot.observers = observerLines(by);
    slot.status = by.status;
    if (by.hop !== undefined) setEndpoints(slot, by.hop);
    if (call !== undefined) {
      setCall(slot, call, on);
      return;
    }
    setNoCall(slot, on);
    slot.row[slot.base + Row.HEADER_ORDER] = by.headerOrder;
    slot.row[slot.base + Row.HEADER_COUNT] = by.headerCount;
  }

  /**
   * Records an event of a single message that became no call.
   *
   * @returns the event, for its text and reason to be filled in at once; `undefined` when it is dropped
   */
  message(packet: Packet, observer: Observer, type: EventType, tsUs: number): EventSlot | undefined {
    const slot = this.take(type, tsUs, packet);
    if (slot === undefined) return undefined;
    slot.tsUs = tsUs;
    slot.createdUs = tsUs;
    slot.earlyUs = 0;
    slot.finalUs = 0;
    slot.forkedUs = 0;
    slot.block = '';
    slot.toTag = '';
    slot.method = 0;
    slot.reason = '';
    slot.userAgent = '';
    slot.uas = '';
    slot.observers = observer.id;
    slot.status = 0;
    setEndpoints(slot, packet);
    setNoCall(slot, 'unknown');
    return slot;
  }

  /** Counts an event and gives it a place, to be filled in at once; `undefined` when it is dropped. */
  take(type: EventType, tsUs: number, source: Source | undefined): EventSlot | undefined {
    this.#counters.add(EvRate.TOTAL_EVENTS, 1);
    if (this.#silenced[type] === 1) {
      this.#counters.add(EvRate.BLST_TYPE, 1);
      return undefined;
    }
    const rates = this.#rates;
    if (rates !== undefined && source !== undefined) {
      const verdict = rates.track(type, source.src0, source.src1, source.src2, source.src3, tsUs);
      if (verdict !== RateVerdict.PASS) return undefined;
    }
    this.#counters.add(EVENTS_BY_TYPE[type]!, 1); // one counter per type
    const position = this.#next % this.capacity;
    let slot = this.#slots[position];
    if (slot === undefined) {
      slot = new EventSlot(this.#rows, position * EVENT_ROW);
      this.#slots.push(slot);
    }
    slot.index = this.#next++;
    slot.type = type;
    slot.hasSource = source !== undefined;
    slot.rateTracked = false;
    if (rates !== undefined && source !== undefined) setRate(slot, rates.outcome);
    this.#counters.add(RingCounters.QUEUED, 1);
    return slot;
  }
}

/** Text of a binding's event: that of its REGISTER, with the address-of-record and the one contact it is about. */
function blockOf(binding: Binding): string {
  const named = withText(binding.transaction.block, TextField.TO, binding.aor);
  return withText(named, TextField.CONTACT, binding.contact.text.slice(0, MAX_CONTACT));
}

/** Where an event comes from: the initiator of a call, the sender of a message. */
type Source = Pick<Hop, 'src0' | 'src1' | 'src2' | 'src3'>;

function setRate(slot: EventSlot, outcome: RateOutcome): void {
  slot.rateTracked = outcome.tracked;
  slot.rateExceeded = outcome.exceeded;
  slot.rateDiff = outcome.diff;
  slot.rateValue = outcome.value;
  slot.rateLimit = outcome.limit;
  slot.rateIntervalUs = outcome.intervalUs;
  slot.rateSinceUs = outcome.sinceUs;
}

type Endpoints = Pick<
  Hop,
  'transport' | 'family' | 'src0' | 'src1' | 'src2' | 'src3' | 'srcPort' | 'dst0' | 'dst1' | 'dst2' | 'dst3' | 'dstPort'
>;

function setEndpoints(slot: EventSlot, from: Endpoints): void {
  slot.transport = from.transport;
  slot.family = from.family;
  slot.src0 = from.src0;
  slot.src1 = from.src1;
  slot.src2 = from.src2;
  slot.src3 = from.src3;
  slot.srcPort = from.srcPort;
  slot.dst0 = from.dst0;
  slot.dst1 = from.dst1;
  slot.dst2 = from.dst2;
  slot.dst3 = from.dst3;
  slot.dstPort = from.dstPort;
}

function setCall(slot: EventSlot, call: Call, on: GeneratedOn): void {
  slot.hasCall = true;
  slot.state = call.state;
  slot.flags = call.flags;
  slot.emitted = call.emitted;
  slot.lastEvent = call.lastEvent;
  slot.generatedOn = on;
  const { row: from, base: fromBase, later, laterBase } = call;
  const { row: to, base: toBase } = slot;
  // Inside the rows.
  for (let n = 0; n < LATER_TRACE; n++) to[toBase + n] = from[fromBase + n]!;
  for (let n = 0; n < TRACE_LENGTH - FIRST_TRACE; n++) {
    to[toBase + LATER_TRACE + n] = later === undefined ? 0 : later[laterBase + More.TRACE + n]!;
  }
}

function setNoCall(slot: EventSlot, on: GeneratedOn): void {
  slot.hasCall = false;
  slot.state = 0;
  slot.flags = 0;
  slot.emitted = 0;
  slot.lastEvent = EventType.EMPTY;
  slot.generatedOn = on;
}
