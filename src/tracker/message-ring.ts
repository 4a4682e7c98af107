import { Calls, type CounterSet } from '../model/counters.ts';
import { hashBytes } from '../model/hash.ts';
import { keptAfter, keptBefore, type KeptEnvelope, type Packet } from '../model/packet.ts';
import type { MessageSettings } from '../model/settings.ts';
import type { Transport } from '../model/transport.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Call } from './call.ts';
import type { Repeat } from './repeats.ts';
import { Row } from './rows.ts';

/**
 * The last messages for display, as octets in one ring: nothing of them lies on the heap, and the oldest give way.
 *
 *   newest by Call-ID ─▶ record ─▶ older record of the same bucket ─▶ … ─▶ overwritten
 *   ring: … │ record │ record │ free ▒▒▒▒ │ record │ …
 *   record: head │ envelope before its payload │ message │ envelope behind it
 *
 * A position grows for ever and is never used twice; the place in the ring is what remains modulo its size. So a
 * position tells by itself whether its record was overwritten. The index goes by Call-ID, not by call: messages outlive
 * the call they belong to, and the page of an event still shows them.
 */
const HEAD_OCTETS = 120;
const HEAD_INTS = HEAD_OCTETS / 4;
/** Places in the head in doubles … */
const OLDER = 0;
const TRACKED_US = 1;
const ARRIVED_US = 2;
/** … and in ints. */
const SRC = 8;
const DST = 12;
const PORTS = 16;
const LENGTH = 17;
const KEPT = 18;
const KIND = 19;
const HASH = 20;
const CALL = 21;
const ON_LINK = 22;
const ORDINAL = 23;
const CALL_ID = 24;
const OBSERVERS = 25;
const OBSERVERS_PER_MESSAGE = 4;
/** How far back the record before this one begins; 0 = this is the first. */
const BACK = 27;
/** HEP version, then octets of the envelope before and behind the payload. */
const ENVELOPE = 28;
/** What was repaired in it, `Note` bits. */
const NOTES = 29;

/** Longer messages are kept in part. */
export const MAX_KEPT_OCTETS = 65_535;
const BUCKETS = 65_536;
/** Records looked at for one reported again: it follows what it repeats closely. */
const MAX_LOOKS_BACK = 16;
/** Records looked at for one Call-ID. */
const MAX_WALK = 100_000;
/** Names of observers are numbers in a record; those beyond share the last. */
const MAX_OBSERVER_NAMES = 65_535;

export interface KeptMessage {
  /** Ever growing, in order of arrival. */
  position: number;
  callEntryId: number;
  /** 1 for the first message of its call, 2 for the next. */
  ordinal: number;
  trackedAtUs: number;
  arrivedAtUs: number;
  family: number;
  src: readonly [number, number, number, number];
  srcPort: number;
  dst: readonly [number, number, number, number];
  dstPort: number;
  transport: Transport;
  repeat: Repeat;
  direction: number;
  observers: string[];
  /** Octets on the wire; `octets` may be fewer. */
  length: number;
  octets: Buffer;
}

/** Octets of the envelope before the message, of an int at `ENVELOPE`. */
function beforeOf(sizes: number): number {
  return (sizes >>> 8) & 0xfff;
}

export class MessageRing {
  readonly name = 'messages kept for display';
  readonly isOn: boolean;
  #isPaused = false;
  readonly #perCall: number;
  readonly #capacity: number;
  readonly #bytes: Buffer;
  readonly #ints: Int32Array;
  readonly #doubles: Float64Array;
  readonly #newest: Float64Array;
  readonly #counters: CounterSet;
  readonly #observerNames: string[] = ['other'];
  readonly #observerNumbers = new Map<string, number>();
  #lastObserver = '';
  #lastObserverNumber = 0;
  /** Position of the ring's first octet in this round; 0 is no position, so that it can mean "none". */
  #round: number;
  #offset = 0;
  #last = 0;

  constructor(settings: MessageSettings, counters: CounterSet) {
    const { perCall, memBytes } = settings;
    this.isOn = perCall > 0;
    this.#perCall = perCall;
    this.#capacity = perCall === 0 ? 0 : memBytes - (memBytes % 8);
    this.#round = this.#capacity;
    this.#bytes = Buffer.alloc(this.#capacity);
    const { buffer, byteOffset } = this.#bytes;
    this.#ints = new Int32Array(buffer, byteOffset, this.#capacity / 4);
    this.#doubles = new Float64Array(buffer, byteOffset, this.#capacity / 8);
    this.#newest = new Float64Array(perCall === 0 ? 0 : BUCKETS);
    this.#counters = counters;
  }

  /** From now on messages are counted at their call, and not kept. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Reads what `add` will read for a Call-ID with this hash, see foresight.ts. */
  foresee(hash: number): number {
    return this.isOn ? this.#newest[hash & (BUCKETS - 1)]! | 0 : 0; // inside the table
  }

  /** Copies a message that was just tracked. */
  add(
    call: Call,
    packet: Packet,
    message: SipMessage,
    direction: 0 | 1,
    repeat: Repeat,
    onLink: number,
    observerId: string,
  ): void {
    const ordinal = (call.row[call.base + Row.MESSAGES]! += 1); // inside the row
    if (this.#isPaused) {
      this.#counters.add(Calls.MESSAGES_LEFT_OUT, 1);
      return;
    }
    const length = message.end - message.start;
    const before = keptBefore(packet);
    const after = keptAfter(packet, before);
    const kept = Math.min(length, MAX_KEPT_OCTETS, this.#capacity - HEAD_OCTETS - before - after);
    const size = HEAD_OCTETS + ((kept + before + after + 7) & ~7);
    // A record lies in one piece: what does not fit before the end begins the next round.
    if (this.#offset + size > this.#capacity) {
      this.#round += this.#capacity;
      this.#offset = 0;
    }
    const at = this.#offset;
    const position = this.#round + at;
    this.#offset += size;

    const bucket = call.hash & (BUCKETS - 1);
    const doubles = this.#doubles;
    doubles[at / 8 + OLDER] = this.#newest[bucket]!; // inside the table
    doubles[at / 8 + TRACKED_US] = packet.trackedAtUs;
    doubles[at / 8 + ARRIVED_US] = packet.arrivedAtUs;
    this.#newest[bucket] = position;

    const callIdStart = message.callIdStart - message.start;
    const callIdLength = message.callIdEnd - message.callIdStart;
    const ints = this.#ints;
    const head = at / 4;
    ints[head + SRC] = packet.src0;
    ints[head + SRC + 1] = packet.src1;
    ints[head + SRC + 2] = packet.src2;
    ints[head + SRC + 3] = packet.src3;
    ints[head + DST] = packet.dst0;
    ints[head + DST + 1] = packet.dst1;
    ints[head + DST + 2] = packet.dst2;
    ints[head + DST + 3] = packet.dst3;
    ints[head + PORTS] = (packet.srcPort << 16) | packet.dstPort;
    ints[head + LENGTH] = length;
    ints[head + KEPT] = kept;
    ints[head + KIND] = packet.family | (packet.transport << 8) | (repeat << 16) | (direction << 24);
    ints[head + HASH] = call.hash;
    ints[head + CALL] = call.id;
    ints[head + ON_LINK] = onLink;
    ints[head + ORDINAL] = ordinal;
    // A Call-ID behind what is kept can only be told by its hash.
    ints[head + CALL_ID] = callIdStart + callIdLength <= kept ? (callIdStart << 16) | callIdLength : 0;
    ints[head + OBSERVERS] = this.#observerNumber(observerId);
    ints[head + OBSERVERS + 1] = 0;
    ints[head + BACK] = this.#last === 0 ? 0 : position - this.#last;
    this.#last = position;
    ints[head + ENVELOPE] = packet.version | (before << 8) | (after << 20);
    ints[head + NOTES] = packet.notes;
    this.#copy(packet, message, at + HEAD_OCTETS, before, kept, after);
    this.#counters.add(Calls.MESSAGES_KEPT, 1);
    if (kept < length) this.#counters.add(Calls.MESSAGES_CUT, 1);
  }

  /** Notes one more observer of a message that is kept already. @returns false when it cannot be found cheaply */
  seenAgain(call: Call, onLink: number, observerId: string): boolean {
    const number = this.#observerNumber(observerId);
    let position = this.#newest[call.hash & (BUCKETS - 1)]!;
    for (let looks = 0; looks < MAX_LOOKS_BACK && this.isHeld(position); looks++) {
      const at = position % this.#capacity;
      const head = at / 4;
      if (this.#ints[head + ON_LINK] === onLink && this.#ints[head + CALL] === call.id) {
        this.#noteObserver(head + OBSERVERS, number);
        return true;
      }
      position = this.#doubles[at / 8 + OLDER]!;
    }
    return false;
  }

  isHeld(position: number): boolean {
    return position !== 0 && position >= this.#round + this.#offset - this.#capacity;
  }

  /**
   * Positions of what is held under a Call-ID, in order of arrival: of each entry the last `keep_messages`.
   *
   * @param callId one character per octet
   */
  positionsOf(callId: string, hashSeed: number): number[] {
    if (this.#capacity === 0) return [];
    const text = Buffer.from(callId, 'latin1');
    const hash = hashBytes(text, 0, text.length, hashSeed);
    const perEntry = new Map<number, number>();
    const positions: number[] = [];
    let position = this.#newest[hash & (BUCKETS - 1)]!;
    for (let looks = 0; looks < MAX_WALK && this.isHeld(position); looks++) {
      const at = position % this.#capacity;
      const head = at / 4;
      if (this.#ints[head + HASH] === hash && this.#hasCallId(at, text)) {
        const entry = this.#ints[head + CALL]!;
        const count = (perEntry.get(entry) ?? 0) + 1;
        perEntry.set(entry, count);
        if (count <= this.#perCall) positions.push(position);
      }
      position = this.#doubles[at / 8 + OLDER]!;
    }
    return positions.toReversed();
  }

  /** Position of the record that arrived last; one that is not held stands for none. */
  get newest(): number {
    return this.#last;
  }

  /** Position of the record that arrived before a held one. */
  before(position: number): number {
    const back = this.#ints[(position % this.#capacity) / 4 + BACK]!;
    return back === 0 ? 0 : position - back;
  }

  /** Messages that are shown of each call, its last. */
  get perCall(): number {
    return this.#perCall;
  }

  /** Octets there is room for, heads included. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Octets of it that hold something. */
  get filledBytes(): number {
    return Math.min(this.#capacity, this.#round + this.#offset - this.#capacity);
  }

  /** Time a held record is sorted by. */
  trackedAtUs(position: number): number {
    return this.#doubles[(position % this.#capacity) / 8 + TRACKED_US]!;
  }

  /** Which call a held record belongs to, and the how many-th message of it that is. */
  headOf(position: number): { callEntryId: number; ordinal: number } {
    const head = (position % this.#capacity) / 4;
    return { callEntryId: this.#ints[head + CALL]!, ordinal: this.#ints[head + ORDINAL]! };
  }

  /** What a held message came in, copied. */
  envelope(position: number): KeptEnvelope {
    const at = position % this.#capacity;
    const head = at / 4;
    const sizes = this.#ints[head + ENVELOPE]!;
    const start = at + HEAD_OCTETS;
    const message = start + beforeOf(sizes);
    const behind = message + this.#ints[head + KEPT]!;
    return {
      version: sizes & 0xff,
      before: Buffer.from(this.#bytes.subarray(start, message)),
      after: Buffer.from(this.#bytes.subarray(behind, behind + (sizes >>> 20))),
      notes: this.#ints[head + NOTES]!,
    };
  }

  /** Copy of a held record. */
  read(position: number): KeptMessage {
    const message = this.peek(position);
    const octets = Buffer.alloc(message.octets.length);
    message.octets.copy(octets);
    return { ...message, octets };
  }

  /** As `read`, but its octets are the ring's own: they hold until the next message is added. */
  peek(position: number): KeptMessage {
    const at = position % this.#capacity;
    const head = at / 4;
    const ints = this.#ints.subarray(head, head + HEAD_INTS);
    const int = (place: number): number => ints[place] ?? 0;
    const words = (place: number): KeptMessage['src'] => [int(place), int(place + 1), int(place + 2), int(place + 3)];
    const kind = int(KIND);
    const start = at + HEAD_OCTETS + beforeOf(int(ENVELOPE));
    return {
      position,
      callEntryId: int(CALL),
      ordinal: int(ORDINAL),
      trackedAtUs: this.#doubles[at / 8 + TRACKED_US] ?? 0,
      arrivedAtUs: this.#doubles[at / 8 + ARRIVED_US] ?? 0,
      family: kind & 0xff,
      src: words(SRC),
      srcPort: int(PORTS) >>> 16,
      dst: words(DST),
      dstPort: int(PORTS) & 0xffff,
      transport: ((kind >>> 8) & 0xff) as Transport, // written from one
      repeat: ((kind >>> 16) & 0xff) as Repeat, // written from one
      direction: kind >>> 24,
      observers: this.#observersAt(head + OBSERVERS),
      length: int(LENGTH),
      octets: this.#bytes.subarray(start, start + int(KEPT)),
    };
  }

  /** Most envelopes lie right before their message, and a copy costs more than the octets in it. */
  #copy(packet: Packet, message: SipMessage, place: number, before: number, kept: number, after: number): void {
    const { envelope, envelopeStart, payloadEnd } = packet;
    const { bytes, start } = message;
    if (bytes === envelope && envelopeStart + before === start) {
      bytes.copy(this.#bytes, place, envelopeStart, start + kept);
    } else {
      if (before > 0) envelope.copy(this.#bytes, place, envelopeStart, envelopeStart + before);
      bytes.copy(this.#bytes, place + before, start, start + kept);
    }
    if (after > 0) envelope.copy(this.#bytes, place + before + kept, payloadEnd, payloadEnd + after);
  }

  #hasCallId(at: number, callId: Buffer): boolean {
    const place = this.#ints[at / 4 + CALL_ID]!;
    if (place === 0) return true;
    const start = at + HEAD_OCTETS + beforeOf(this.#ints[at / 4 + ENVELOPE]!) + (place >>> 16);
    const end = start + (place & 0xffff);
    return this.#bytes.compare(callId, 0, callId.length, start, end) === 0;
  }

  #observerNumber(id: string): number {
    if (id === this.#lastObserver) return this.#lastObserverNumber;
    let number = this.#observerNumbers.get(id);
    if (number === undefined) {
      number = this.#observerNames.length;
      if (number < MAX_OBSERVER_NAMES) {
        this.#observerNames.push(id);
        this.#observerNumbers.set(id, number);
      } else number = 0;
    }
    this.#lastObserver = id;
    this.#lastObserverNumber = number;
    return number;
  }

  /** Four numbers of 16 bits in two ints, in order of appearance; the first is always there. */
  #noteObserver(place: number, number: number): void {
    const ints = this.#ints;
    for (let n = 0; n < OBSERVERS_PER_MESSAGE; n++) {
      const shift = (n & 1) * 16;
      const known = (ints[place + (n >> 1)]! >>> shift) & 0xffff;
      if (known === number) return;
      if (n > 0 && known === 0) {
        ints[place + (n >> 1)]! |= number << shift;
        return;
      }
    }
  }

  #observersAt(place: number): string[] {
    const names: string[] = [];
    for (let n = 0; n < OBSERVERS_PER_MESSAGE; n++) {
      const number = ((this.#ints[place + (n >> 1)] ?? 0) >>> ((n & 1) * 16)) & 0xffff;
      if (n === 0 || number !== 0) names.push(this.#observerNames[number] ?? '');
    }
    return names;
  }
}
