import { Calls, type CounterSet } from '../model/counters.ts';
import type { Packet } from '../model/packet.ts';
import { displayText } from '../model/text.ts';
import type { LegView } from '../model/views.ts';
import { type Call, type LegLink, LegReason } from './call.ts';
import { sameText } from './match.ts';
import { isText, TextField } from './text-block.ts';

/**
 * Calls that are one call to their users: the legs of a back-to-back user agent, each with a Call-ID of its own.
 *
 *   call "b" ── names ──▶ "a"          kept at the call that was told (Call.legs), with the reason
 *   naming: "a" ─▶ [call b, call c]    so that "a" finds its other legs too, and "b" finds "c"
 *
 * A name needs no call that has it: which of two legs is seen first does not matter. Names and namesakes are bounded,
 * so nobody can make one Call-ID expensive; a call that leaves takes its names with it.
 */
export const REASON_TEXT: readonly string[] = [
  "joined by the SBC's ingress Call-ID",
  "joined by the SBC's quality record",
  "joined by the agent's correlation id",
  'joined by the header that names the other leg',
];

/** Names one call may keep, and calls kept under one name. */
const MAX_NAMES = 4;
const MAX_NAMING = 32;
/** Call-IDs whose legs are still known when their calls are gone: their messages are held for longer. */
const MAX_PAST = 20_000;

export class LegIndex {
  readonly #naming = new Map<string, Call[]>();
  /** Of calls that are gone, both ways; the one noted first gives way. */
  readonly #past = new Map<string, PastLeg[]>();
  readonly #counters: CounterSet;
  readonly #isHeld: (callId: string) => boolean;

  /** @param isHeld whether there is a call with a Call-ID, as kept */
  constructor(counters: CounterSet, isHeld: (callId: string) => boolean) {
    this.#counters = counters;
    this.#isHeld = isHeld;
  }

  /** Names known now; for tests of what is left behind. */
  get size(): number {
    return this.#naming.size;
  }

  /** Takes the other leg's Call-ID from a packet of a sender that knows it. */
  joinNamed(call: Call, packet: Packet): void {
    const { bytes, legCallIdStart: start, legCallIdEnd: end } = packet;
    if (isText(call.block, TextField.CALL_ID, bytes, start, end)) return;
    for (let link = call.legs; link !== undefined; link = link.next) {
      if (sameText(bytes, start, end, link.callId)) return;
    }
    this.join(call, bytes.toString('latin1', start, end), LegReason.INGRESS_CALL_ID);
  }

  /** Notes that `callId` is another leg of a call. The first reason stands. */
  join(call: Call, callId: string, reason: LegReason): void {
    if (this.putBack(call, callId, reason)) this.#counters.add(Calls.LEGS_JOINED, 1);
  }

  /** As `join`, for what was counted before: a call that comes back from a snapshot. @returns whether it is new */
  putBack(call: Call, callId: string, reason: LegReason): boolean {
    if (callId === '' || callId === call.callId) return false;
    let names = 0;
    for (let link = call.legs; link !== undefined; link = link.next) {
      if (link.callId === callId) return false;
      names++;
    }
    if (names >= MAX_NAMES) return false;
    const naming = this.#naming.get(callId);
    if (naming === undefined) this.#naming.set(callId, [call]);
    else if (naming.length < MAX_NAMING) naming.push(call);
    else return false;
    call.withExtras().legs = { callId, reason, next: call.legs };
    return true;
  }

  /** Gives a fork the names of the call it forked from. */
  inherit(call: Call, parent: Call): void {
    for (let link = parent.legs; link !== undefined; link = link.next) this.join(call, link.callId, link.reason);
  }

  /** Forgets what a call named. */
  leave(call: Call): void {
    this.#notePast(call);
    for (let link = call.legs; link !== undefined; link = link.next) {
      const others = (this.#naming.get(link.callId) ?? []).filter((other) => other !== call);
      if (others.length === 0) this.#naming.delete(link.callId);
      else this.#naming.set(link.callId, others);
    }
    if (call.extras !== undefined) call.extras.legs = undefined;
  }

  /** What belonged to a Call-ID, as kept, whose calls may be gone. */
  past(callId: string): LegView[] {
    return (this.#past.get(callId) ?? []).map(viewOf);
  }

  #notePast(call: Call): void {
    for (let link = call.legs; link !== undefined; link = link.next) {
      if (link.reason === LegReason.CORRELATION_ID && !this.#isHeld(link.callId)) continue;
      this.#noteOne(call.callId, link.callId, link.reason);
      this.#noteOne(link.callId, call.callId, link.reason);
    }
  }

  #noteOne(callId: string, other: string, reason: LegReason): void {
    const others = this.#past.get(callId) ?? [];
    if (others.some((known) => known.callId === other) || others.length >= MAX_NAMING) return;
    others.push({ callId: ownCopy(other), reason });
    this.#past.set(ownCopy(callId), others);
    const [oldest] = this.#past.keys();
    if (this.#past.size > MAX_PAST && oldest !== undefined) this.#past.delete(oldest);
  }

  /** What a call named, in that order. */
  namedBy(call: Call): LegLink[] {
    const named: LegLink[] = [];
    for (let link = call.legs; link !== undefined; link = link.next) named.unshift(link);
    return named;
  }

  /** The calls that named a Call-ID as kept, and why. */
  naming(callId: string): { call: Call; link: LegLink }[] {
    return (this.#naming.get(callId) ?? []).flatMap((call) => {
      const link = linkTo(call, callId);
      return link === undefined ? [] : [{ call, link }];
    });
  }

  /** The other legs of a call: those it named, those that named it, and those that named the same. */
  of(call: Call): LegView[] {
    const legs = new Map<string, LegReason>();
    const named = this.namedBy(call);
    for (const { callId, reason } of named) {
      // Agents correlate by other things than Call-IDs too; the other reasons are Call-IDs by definition.
      if (reason !== LegReason.CORRELATION_ID || this.#isHeld(callId)) legs.set(callId, reason);
    }
    for (const name of [call.callId, ...named.map((link) => link.callId)]) {
      for (const { call: other, link } of this.naming(name)) {
        if (other.callId === call.callId || legs.has(other.callId)) continue;
        legs.set(other.callId, link.reason);
      }
    }
    return [...legs].map(([callId, reason]) => viewOf({ callId, reason }));
  }
}

type PastLeg = Pick<LegLink, 'callId' | 'reason'>;

/** A part of a call's text would keep all of it. */
function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function viewOf({ callId, reason }: PastLeg): LegView {
  return { callId: displayText(callId), reason: REASON_TEXT[reason] ?? '' };
}

function linkTo(call: Call, callId: string): LegLink | undefined {
  let link = call.legs;
  while (link !== undefined && link.callId !== callId) link = link.next;
  return link;
}
