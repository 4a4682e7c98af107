import { EventType } from '../model/event-type.ts';
import { type CounterSet, EventRing as RingCounters, EVENTS_BY_TYPE } from '../model/counters.ts';
import type { Packet } from '../model/packet.ts';
import type { Transport } from '../model/transport.ts';
import type { Call } from './call.ts';
import { Row } from './rows.ts';

/**
 * The last events, oldest overwritten first. Slots are made once and filled again; a call's text is shared with the
 * call (strings never change), its row of counters is copied beside the slots, so an event allocates nothing.
 */
export type GeneratedOn = 'request' | 'reply' | 'timeout' | 'unknown';

/** The part of a row an event keeps: everything before the sightings. */
export const EVENT_ROW = Row.SIGHTING_NEXT;

export class EventSlot {
  /** Running number, from 0; -1 = never used. */
  index = -1;
  type: EventType = EventType.EMPTY;
  tsUs = 0;
  createdUs = 0;
  earlyUs = 0;
  finalUs = 0;
  forkedUs = 0;
  callId = '';
  fromTag = '';
  toTag = '';
  from = '';
  to = '';
  method = 0;
  requestUri = '';
  contact = '';
  reason = '';
  userAgent = '';
  uas = '';
  pai1 = '';
  pai2 = '';
  branch = '';
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
  /** False for events of single messages (parse-error, msg-probe): no call, no row. */
  hasCall = false;
  state = 0;
  flags = 0;
  emitted = 0;
  lastEvent: EventType = EventType.EMPTY;
  generatedOn: GeneratedOn = 'unknown';
  /** Copy of the call's row up to `EVENT_ROW`, at `base` of `row`. */
  readonly row: Int32Array;
  readonly base: number;

  constructor(row: Int32Array, base: number) {
    this.row = row;
    this.base = base;
  }
}

export class EventRing {
  readonly capacity: number;
  readonly #slots: EventSlot[] = [];
  readonly #rows: Int32Array;
  readonly #counters: CounterSet;
  readonly #silenced = new Uint8Array(EVENTS_BY_TYPE.length);
  #next = 0;

  constructor(capacity: number, counters: CounterSet) {
    this.capacity = capacity;
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
    const slot = this.#take(type);
    if (slot === undefined) return;
    slot.tsUs = tsUs;
    slot.createdUs = call.createdUs;
    slot.earlyUs = call.earlyUs;
    slot.finalUs = call.finalUs;
    slot.forkedUs = call.forkedUs;
    slot.callId = call.callId;
    slot.fromTag = call.fromTag;
    slot.toTag = call.toTag;
    slot.from = call.from;
    slot.to = call.to;
    slot.method = call.method;
    slot.requestUri = call.requestUri;
    slot.contact = call.contact;
    slot.reason = reason;
    slot.userAgent = call.userAgent;
    slot.uas = call.uas;
    slot.pai1 = call.pai1;
    slot.pai2 = call.pai2;
    slot.branch = call.branch;
    slot.status = status;
    const hop = call.firstHop;
    if (hop !== undefined) {
      slot.transport = hop.transport;
      slot.family = hop.family;
      slot.src0 = hop.src0;
      slot.src1 = hop.src1;
      slot.src2 = hop.src2;
      slot.src3 = hop.src3;
      slot.srcPort = hop.srcPort;
      slot.dst0 = hop.dst0;
      slot.dst1 = hop.dst1;
      slot.dst2 = hop.dst2;
      slot.dst3 = hop.dst3;
      slot.dstPort = hop.dstPort;
    }
    slot.hasCall = true;
    slot.state = call.state;
    slot.flags = call.flags;
    slot.emitted = call.emitted;
    slot.lastEvent = call.lastEvent;
    slot.generatedOn = on;
    const { row: from, base: fromBase } = call;
    const { row: to, base: toBase } = slot;
    // Inside both rows: they are at least EVENT_ROW long.
    for (let n = 0; n < EVENT_ROW; n++) to[toBase + n] = from[fromBase + n]!;
  }

  /** Records an event of a single message that became no call. */
  message(packet: Packet, type: EventType, tsUs: number, callId: string, reason: string): void {
    const slot = this.#take(type);
    if (slot === undefined) return;
    slot.tsUs = tsUs;
    slot.createdUs = tsUs;
    slot.earlyUs = 0;
    slot.finalUs = 0;
    slot.forkedUs = 0;
    slot.callId = callId;
    slot.fromTag = '';
    slot.toTag = '';
    slot.from = '';
    slot.to = '';
    slot.method = 0;
    slot.requestUri = '';
    slot.contact = '';
    slot.reason = reason;
    slot.userAgent = '';
    slot.uas = '';
    slot.pai1 = '';
    slot.pai2 = '';
    slot.branch = '';
    slot.status = 0;
    slot.transport = packet.transport;
    slot.family = packet.family;
    slot.src0 = packet.src0;
    slot.src1 = packet.src1;
    slot.src2 = packet.src2;
    slot.src3 = packet.src3;
    slot.srcPort = packet.srcPort;
    slot.dst0 = packet.dst0;
    slot.dst1 = packet.dst1;
    slot.dst2 = packet.dst2;
    slot.dst3 = packet.dst3;
    slot.dstPort = packet.dstPort;
    slot.hasCall = false;
    slot.state = 0;
    slot.flags = 0;
    slot.emitted = 0;
    slot.lastEvent = EventType.EMPTY;
    slot.generatedOn = 'unknown';
  }

  #take(type: EventType): EventSlot | undefined {
    this.#counters.add(EVENTS_BY_TYPE[type]!, 1); // one counter per type
    if (this.#silenced[type] === 1) {
      this.#counters.add(RingCounters.BLST, 1);
      return undefined;
    }
    const position = this.#next % this.capacity;
    let slot = this.#slots[position];
    if (slot === undefined) {
      slot = new EventSlot(this.#rows, position * EVENT_ROW);
      this.#slots.push(slot);
    }
    slot.index = this.#next++;
    slot.type = type;
    this.#counters.add(RingCounters.QUEUED, 1);
    return slot;
  }
}
