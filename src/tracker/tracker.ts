import { CALL_STATES, CallState, TIMED_CALL_STATES } from '../model/call-state.ts';
import { Calls, CALLS_IN_STATE, type CounterSet, Subs } from '../model/counters.ts';
import { EventType } from '../model/event-type.ts';
import { Fault } from '../model/fault.ts';
import { hashBytes } from '../model/hash.ts';
import { Method } from '../model/method.ts';
import type { Observer } from '../model/observer.ts';
import type { Packet } from '../model/packet.ts';
import type { TrackerSettings } from '../model/settings.ts';
import type { SipMessage } from '../sip/message.ts';
import { CallTexts, forkBlock, takeCorrelation, takeSignature } from './attributes.ts';
import { Binding } from './binding-table.ts';
import { bytesOfCall, NEW_CALL_BYTES } from './call-memory.ts';
import { Call, CallFlag, LegReason } from './call.ts';
import { EntryTable } from './entry-table.ts';
import type { EventRing, GeneratedOn } from './event-ring.ts';
import { FinishedCalls } from './finished-calls.ts';
import { type Awaited, Foresight } from './foresight.ts';
import { inheritHop, recordHop } from './hops.ts';
import { LegIndex } from './legs.ts';
import { MessageRing } from './message-ring.ts';
import { Action, actionFor, Fit, findCall, isChallenge, Match } from './match.ts';
import { observerBit } from './observers.ts';
import { isLateReply, isLateRequest, movesOrder } from './order.ts';
import { countBye, countRegister } from './outcomes.ts';
import { Registrations } from './registrations.ts';
import { classify, isKnown, linkIdentity, messageIdentity, Repeat } from './repeats.ts';
import { reportedStatus } from './reported-status.ts';
import { baseOf, CallRows, half, Row, setHalf } from './rows.ts';
import {
  mayHoldSubscription,
  SUBSCRIPTION_ENDS,
  SUBSCRIPTION_UNCHANGED,
  subscriptionAfterNotify,
  subscriptionAfterReply,
} from './subscriptions.ts';
import { hasText, TextField, textOf, withText } from './text-block.ts';
import { requestOf } from './timed-request.ts';
import { byDeadline, isDue, type Timed, TimerWheel } from './timer-wheel.ts';
import { addState, addToTrace, inheritPast, repeatInTrace, traceCode } from './trace.ts';
import {
  eventOf,
  expiresUnanswered,
  forcesTimer,
  nextState,
  onExpiry,
  onReply,
  onRequest,
  type Transition,
} from './transitions.ts';

/** Call-ID and tags together; longer keys are refused. */
const MAX_KEY_OCTETS = 1024;

/**
 * The shared call tracker: SIP messages and times in, calls and events out. Alone in its thread, with no clock of its own.
 *
 *   message ─▶ find entry ─▶ new | re-use | fork ─▶ hop ─▶ repeat? ─▶ state machine ─▶ timer, event
 *
 * Registrations (bindings, reg-* events) hang on the 2xx to REGISTER, event rates on the ring; both have tables of their
 * own. A subscription is held by the entry of its dialog, which then lives as long.
 */
export class CallTracker {
  readonly table = new EntryTable<Call>();
  readonly registrations: Registrations;
  readonly legs: LegIndex;
  /** Messages kept for display. */
  readonly messages: MessageRing;
  readonly #rows = new CallRows();
  readonly #wheel = new TimerWheel();
  readonly #events: EventRing;
  readonly #counters: CounterSet;
  readonly #settings: TrackerSettings;
  readonly #hashSeed: number;
  readonly #texts: CallTexts;
  readonly #match = new Match();
  readonly #foresight: Foresight;
  /** Timeout of each state in µs, by `CallState`. */
  readonly #timeoutUs = new Float64Array(CALL_STATES.length);
  readonly #expire = (entry: Timed): void => {
    if (entry instanceof Binding) this.registrations.expire(entry);
    else if (entry instanceof Call) this.#end(entry, entry.deadlineUs);
  };
  /** Tracking time of the message at hand; a field, because a double handed from call to call is an object each time. */
  #nowUs = 0;
  #nextId = 1;
  /** Entries that were over when they came back from a snapshot. */
  readonly #overdue: Timed[] = [];
  #bytes = 0;
  readonly #maxCalls: number;
  readonly #maxBytes: number;
  /** What the message tracked last was to its call. */
  repeat: Repeat = Repeat.NEW;
  /** Kept only where calls may be evicted. */
  readonly #finished: FinishedCalls | undefined;

  constructor(settings: TrackerSettings, events: EventRing, counters: CounterSet, hashSeed: number) {
    this.#settings = settings;
    this.#events = events;
    this.#counters = counters;
    this.#hashSeed = hashSeed;
    this.messages = new MessageRing(settings.messages, counters);
    this.#foresight = new Foresight(this.table, this.messages);
    this.legs = new LegIndex(counters, (callId) => this.held(callId).length > 0);
    this.registrations = new Registrations(settings.registrations, this.#wheel, events, counters, hashSeed);
    this.#texts = new CallTexts(hashSeed);
    this.#maxCalls = settings.maxCalls === 0 ? Number.POSITIVE_INFINITY : settings.maxCalls;
    this.#maxBytes = settings.maxCallBytes === 0 ? Number.POSITIVE_INFINITY : settings.maxCallBytes;
    this.#finished = settings.evict === 'oldest' ? new FinishedCalls() : undefined;
    for (const info of CALL_STATES) {
      this.setStateTimeout(info.state, settings.timeouts.get(info.state) ?? info.defaultSeconds);
    }
  }

  get created(): number {
    return this.#nextId - 1;
  }

  /** Seconds a state may last. */
  timeout(state: CallState): number {
    return this.#timeoutUs[state]! / 1e6; // one per state
  }

  /** Sets how long a state may last; applies to timers set from now on. */
  setStateTimeout(state: CallState, seconds: number): void {
    this.#timeoutUs[state] = seconds * 1e6;
  }

  resetStateTimeout(state: CallState): void {
    const info = TIMED_CALL_STATES.find((timed) => timed.state === state);
    if (info !== undefined) this.setStateTimeout(state, info.defaultSeconds);
  }

  /** Hash of a message's Call-ID, as `track` wants it. */
  hashOf(message: SipMessage): number {
    return hashBytes(message.bytes, message.callIdStart, message.callIdEnd, this.#hashSeed);
  }

  /** Prepares for the messages that are tracked next: the first `count` of those awaited. */
  foresee(awaited: readonly Awaited[], count: number): void {
    this.#foresight.read(awaited, count);
  }

  /**
   * Takes one parsed message.
   *
   * @param hash of its Call-ID, see `hashOf`
   * @returns `NONE`, or why the message is not tracked (`TRACK_*`)
   */
  track(packet: Packet, message: SipMessage, observer: Observer, hash = this.hashOf(message)): Fault {
    this.#nowUs = packet.trackedAtUs;
    if (message.callIdEnd === message.callIdStart) return Fault.TRACK_NO_CALL_ID;
    if (!message.hasFrom) return Fault.TRACK_NO_FROM;
    if (!message.hasTo) return Fault.TRACK_NO_TO;
    if (message.cseq < 0) return Fault.TRACK_NO_CSEQ;
    this.#wheel.begin(this.#nowUs);
    const match = this.#match;
    findCall(this.table.chain(hash), hash, message, match);
    let { call } = match;
    const { direction } = match;
    if (call === undefined) {
      call = this.#create(message, hash);
      if (call === undefined) return this.#refusal;
      return this.#apply(call, packet, message, 0, observer);
    }
    if (match.fit !== Fit.FULL) {
      const known = isKnown(call, messageIdentity(message, direction));
      const action = actionFor(match, call, message, known);
      if (action === Action.FORK) {
        const fork = this.#fork(call, message, direction, hash);
        if (fork === undefined) return this.#refusal;
        call = fork;
      } else if (action !== Action.UPDATE) {
        this.#reuse(call, message, direction, action);
      }
    }
    return this.#apply(call, packet, message, direction, observer);
  }

  /** All entries under one Call-ID (as displayed, in UTF-8), oldest first. */
  family(callId: string): Call[] {
    return this.held(Buffer.from(callId, 'utf8').toString('latin1'));
  }

  /** The same by the Call-ID as kept, one character per octet. */
  held(callId: string): Call[] {
    const bytes = Buffer.from(callId, 'latin1');
    const hash = hashBytes(bytes, 0, bytes.length, this.#hashSeed);
    const calls: Call[] = [];
    for (let call = this.table.chain(hash); call !== undefined; call = call.hashNext) {
      if (call.callId === callId) calls.push(call);
    }
    return calls.toSorted((a, b) => a.id - b.id);
  }

  /** Positions in `messages` of what is held under a Call-ID (as displayed, in UTF-8), in order of arrival. */
  messagesOf(callId: string): number[] {
    return this.messages.positionsOf(Buffer.from(callId, 'utf8').toString('latin1'), this.#hashSeed);
  }

  /** Moves the clock. @returns true when more is due than `budget` entries allowed */
  advance(nowUs: number, budget: number): boolean {
    return this.#wheel.advance(nowUs, budget, this.#expire);
  }

  /** Moves a deadline forward to `deadlineUs` if it is later; the next `advance` acts on it. */
  shorten(entry: Timed, deadlineUs: number): boolean {
    if (entry.deadlineUs <= deadlineUs) return false;
    entry.deadlineUs = deadlineUs;
    this.#wheel.file(entry);
    return true;
  }

  // Coming back from a snapshot: `comeBack`, then entries from the newest to the oldest, then `expireOverdue`.

  /** Sets the clock for entries that come back. */
  comeBack(nowUs: number): void {
    this.#nowUs = nowUs;
    this.#wheel.begin(nowUs);
  }

  /** Says from which number on new calls are to be numbered. */
  continueFrom(nextId: number): void {
    this.#nextId = Math.max(this.#nextId, nextId);
  }

  /** Makes the entry of a call that comes back; what it was is filled in, then `goOn` is told. `undefined` = no room. */
  putBack(id: number, method: Method, block: string, toTag: string): Call | undefined {
    if (this.table.size >= this.#maxCalls || this.#bytes + NEW_CALL_BYTES > this.#maxBytes) return undefined;
    const key = Buffer.from(textOf(block, TextField.CALL_ID), 'latin1');
    const call = this.#make(id, hashBytes(key, 0, key.length, this.#hashSeed), method, block, toTag);
    this.table.insertOldest(call);
    return call;
  }

  /** Lets a call that came back go on in its state. */
  goOn(call: Call, state: CallState): void {
    call.state = state;
    this.#finished?.note(call);
    this.#counters.addGauge(Calls.ACTIVE, 1);
    this.#counters.addGauge(CALLS_IN_STATE[state]!, 1); // one gauge per state
    if ((call.flags & CallFlag.SUBSCRIBED) !== 0) this.#counters.addGauge(Subs.ACTIVE, 1);
    this.measure(call);
    this.resume(call);
  }

  /** Told when all calls are back. */
  allBack(): void {
    this.#finished?.arrange();
  }

  /** Files what came back under its deadline; what is over already is set apart for `expireOverdue`. */
  resume(entry: Timed): void {
    if (isDue(entry, this.#nowUs)) this.#overdue.push(entry);
    else this.#wheel.file(entry);
  }

  /** Ends what was over when it came back, one at each step, in the order of the deadlines. */
  *expireOverdue(): Generator<void, void, void> {
    const overdue = this.#overdue.splice(0).toSorted(byDeadline);
    for (const entry of overdue) {
      this.#expire(entry);
      yield;
    }
  }

  /** Octets all calls hold, see call-memory.ts. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Octets of rows that no call uses now, kept for the next ones. */
  get spareBytes(): number {
    return this.#rows.spareBytes;
  }

  #refusal: Fault = Fault.NONE;

  /**
   * Whether a message may make a new entry; if not, `#refusal` says why.
   *
   * @param parent the entry that forks: it must not make room for its own fork
   */
  #isAdmitted(message: SipMessage, parent: Call | undefined): boolean {
    if (keyOctets(message) > MAX_KEY_OCTETS) {
      this.#counters.add(Calls.FAIL_NEW, 1);
      this.#refusal = Fault.TRACK_KEY_TOO_LONG;
      return false;
    }
    if (this.#match.family >= this.#settings.maxForks) {
      this.#counters.add(Calls.FAIL_LIM, 1);
      this.#refusal = Fault.TRACK_FORK_LIMIT;
      return false;
    }
    return this.#hasRoom(parent);
  }

  #new(hash: number, method: Method, block: string, toTag: string): Call {
    const call = this.#make(this.#nextId++, hash, method, block, toTag);
    call.createdUs = this.#nowUs;
    this.table.insert(call);
    this.#counters.add(Calls.CREATED, 1);
    this.#counters.addGauge(Calls.ACTIVE, 1);
    this.#counters.addGauge(CALLS_IN_STATE[CallState.INIT]!, 1); // one gauge per state
    return call;
  }

  #make(id: number, hash: number, method: Method, block: string, toTag: string): Call {
    const rows = this.#rows;
    const slot = rows.take();
    const page = rows.page(slot);
    const row = page.ints;
    const base = baseOf(slot);
    // CSeq 0 is an ordinary number (contract §4.4), so "none yet" is -1.
    row[base + Row.CSEQ] = -1;
    row[base + Row.CSEQ + 1] = -1;
    row[base + Row.REPLY_CSEQ] = -1;
    row[base + Row.REPLY_CSEQ + 1] = -1;
    return new Call(id, hash, page, slot, method, block, toTag);
  }

  /** Whether the limits let in one more call; if they do not, and calls may be evicted, some make room for it. */
  #hasRoom(parent: Call | undefined): boolean {
    while (this.table.size >= this.#maxCalls) {
      if (this.#evict(parent)) continue;
      this.#counters.add(Calls.FAIL_LIM, 1);
      this.#refusal = Fault.TRACK_CALL_LIMIT;
      return false;
    }
    while (this.#bytes + NEW_CALL_BYTES > this.#maxBytes) {
      if (NEW_CALL_BYTES <= this.#maxBytes && this.#evict(parent)) continue;
      this.#counters.add(Calls.FAIL_NEW, 1);
      this.#refusal = Fault.TRACK_MEMORY_LIMIT;
      return false;
    }
    return true;
  }

  /**
   * Ends one call early: the one that has been finished for longest, else the oldest. A finished one reports what its
   * expiry would have reported, only sooner. Of another one nothing more is known, so it reports nothing.
   */
  #evict(parent: Call | undefined): boolean {
    const finished = this.#finished;
    if (finished === undefined) return false;
    const over = finished.firstBut(parent);
    if (over !== undefined) {
      this.#counters.add(Calls.EVICTED_FINISHED, 1);
      this.#end(over, this.#nowUs);
      return true;
    }
    const oldest = this.table.oldest === parent ? parent?.newer : this.table.oldest;
    if (oldest === undefined) return false;
    this.#counters.add(Calls.EVICTED, 1);
    if ((oldest.flags & CallFlag.SUBSCRIBED) !== 0) this.#counters.addGauge(Subs.ACTIVE, -1);
    this.#drop(oldest);
    return true;
  }

  /** Counts a call's octets again; to be told by whoever gave it something to hold. */
  measure(call: Call): void {
    const bytes = bytesOfCall(call);
    if (bytes === call.bytes) return;
    this.#bytes += bytes - call.bytes;
    this.#counters.set(Calls.MEMORY, this.#bytes);
    call.bytes = bytes;
  }

  #create(message: SipMessage, hash: number): Call | undefined {
    if (!this.#isAdmitted(message, undefined)) return undefined;
    const toTag = message.text(message.toTagStart, message.toTagEnd);
    const call = this.#new(hash, message.cseqMethod, this.#texts.first(message), toTag);
    if (message.isRequest) takeSignature(call, message);
    return call;
  }

  #fork(parent: Call, message: SipMessage, direction: 0 | 1, hash: number): Call | undefined {
    if (!this.#isAdmitted(message, parent)) return undefined;
    // The initiator's tag stays the From-tag, whoever sent the message (the reference turns it round).
    const theirTag = message.text(message.fromTagStart, message.fromTagEnd);
    const otherTag = message.text(message.toTagStart, message.toTagEnd);
    const forward = direction === 0;
    const block = forkBlock(parent, message, direction, forward ? theirTag : otherTag);
    const call = this.#new(hash, message.cseqMethod, block, forward ? otherTag : theirTag);
    this.#counters.add(Calls.FORKED, 1);
    call.flags |= CallFlag.FORK_CHILD;
    parent.flags |= CallFlag.FORK_PARENT;
    call.createdUs = parent.createdUs;
    call.withExtras().forkedUs = this.#nowUs;
    call.emitted = parent.emitted & ~LEASE_EVENTS;
    call.lastEvent = parent.lastEvent;
    const ownRequest = message.isRequest && forward;
    if (!ownRequest || message.userAgentEnd === message.userAgentStart) call.userAgent = parent.userAgent;
    this.legs.inherit(call, parent);
    inheritHop(call, parent);
    const other = direction === 0 ? 1 : 0;
    call.row[call.base + Row.CSEQ + other] = parent.row[parent.base + Row.CSEQ + other]!;
    inheritPast(call, parent);
    if (ownRequest) takeSignature(call, message);
    return call;
  }

  #reuse(call: Call, message: SipMessage, direction: 0 | 1, action: Action): void {
    const fromTag = message.text(message.fromTagStart, message.fromTagEnd);
    const toTag = message.text(message.toTagStart, message.toTagEnd);
    const initiatorTag = direction === 0 ? fromTag : toTag;
    const otherTag = direction === 0 ? toTag : fromTag;
    if (keyOctets(message) > MAX_KEY_OCTETS) return;
    if (action === Action.SET_TAGS) call.block = withText(call.block, TextField.FROM_TAG, initiatorTag);
    if (call.toTag === otherTag && action !== Action.SET_TAGS) return;
    call.toTag = otherTag;
    call.flags |= CallFlag.REUSED;
  }

  #apply(call: Call, packet: Packet, message: SipMessage, direction: 0 | 1, observer: Observer): Fault {
    const { row, base } = call;
    const { isRequest } = message;
    const bit = observerBit(call, observer);
    const identity = messageIdentity(message, direction);
    const onLink = linkIdentity(identity, packet, message);
    const repeat = classify(
      call,
      identity,
      onLink,
      message.end - message.start,
      bit,
      packet.capturedAtUs === 0 ? this.#nowUs : packet.capturedAtUs,
      this.#settings.dupWindowUs,
    );
    this.repeat = repeat;
    if (this.messages.isOn && (repeat !== Repeat.SEEN_AGAIN || !this.messages.seenAgain(call, onLink, observer.id))) {
      this.messages.add(call, packet, message, direction, repeat, onLink, observer.id);
    }
    call.updatedUs = this.#nowUs;
    const code = traceCode(isRequest, isRequest ? message.method : message.statusCode, direction);
    const toCallee = isRequest === (direction === 0);
    recordHop(call, packet, toCallee, bit, repeat === Repeat.NEW || repeat === Repeat.OTHER_HOP);
    if (repeat !== Repeat.NEW) {
      this.#extend(call);
      if (repeat === Repeat.RETRANSMISSION) {
        row[base + (isRequest ? Row.REQUEST_RETRANSMISSIONS : Row.REPLY_RETRANSMISSIONS) + direction]! += 1;
        repeatInTrace(call, code);
        this.#counters.add(Calls.RETRANSMISSIONS, 1);
      } else {
        this.#counters.add(repeat === Repeat.OTHER_HOP ? Calls.OTHER_HOP : Calls.SEEN_AGAIN, 1);
        this.measure(call);
      }
      return Fault.NONE;
    }
    if (packet.correlationEnd > packet.correlationStart && !hasText(call.block, TextField.CORRELATION_ID)) {
      takeCorrelation(call, packet);
      this.legs.join(call, call.correlationId, LegReason.CORRELATION_ID);
    }
    if (packet.legCallIdEnd > packet.legCallIdStart) this.legs.joinNamed(call, packet);
    addToTrace(call, code);
    addState(call, call.state);
    row[base + (isRequest ? Row.REQUESTS : Row.REPLIES) + direction]! += 1;
    if (isRequest) this.#onRequest(call, message, direction);
    else this.#onReply(call, message, direction);
    this.measure(call);
    return Fault.NONE;
  }

  #onRequest(call: Call, message: SipMessage, direction: 0 | 1): void {
    const { row, base } = call;
    const { method } = message;
    setHalf(row, base + Row.LAST_METHOD, direction, method);
    this.#texts.request(call, message, direction);
    if (hasText(call.block, TextField.ALEG_CALL_ID)) this.legs.join(call, call.alegCallId, LegReason.ALEG_HEADER);
    const late = isLateRequest(call, message, direction);
    if (method !== Method.PRACK && method !== Method.UPDATE && message.cseq > row[base + Row.CSEQ + direction]!) {
      row[base + Row.CSEQ + direction] = message.cseq;
    }
    if (late) {
      this.#extend(call);
      return;
    }
    if (method === Method.REGISTER || method === Method.SUBSCRIBE)
      call.withExtras().requested = requestOf(message, this.#nowUs);
    const hasToTag = message.toTagEnd > message.toTagStart;
    const transition = onRequest(call.state, method, hasToTag, method === call.method);
    if (method === Method.BYE && nextState(transition) === CallState.INV_BYE_SEEN && direction === 1) {
      call.flags |= CallFlag.CALLEE_TERMINATED;
    }
    this.#move(call, transition, 'request');
    if (method === Method.NOTIFY && mayHoldSubscription(call)) {
      this.#subscribe(call, subscriptionAfterNotify(call, message), 'request');
    }
  }

  #onReply(call: Call, message: SipMessage, direction: 0 | 1): void {
    const { row, base } = call;
    const { statusCode, cseqMethod } = message;
    setHalf(row, base + Row.LAST_STATUS, direction, statusCode);
    const late = isLateReply(call, message, direction);
    const sameMethod = cseqMethod === call.method;
    const challengedAgain =
      !late && sameMethod && isChallenge(statusCode) && half(row, base + Row.STATUS, direction) === statusCode;
    this.#texts.reply(call, message, direction);
    if (!late) {
      if (movesOrder(cseqMethod)) {
        row[base + Row.REPLY_CSEQ + direction] = message.cseq;
        setHalf(row, base + Row.ORDER_STATUS, direction, statusCode);
      }
      // A failed or pending re-INVITE leaves the call with its own status (contract §4.4).
      const keepsStatus =
        call.method === Method.INVITE && isAnswered(call.state) && (statusCode >= 300 || statusCode < 200);
      if (sameMethod && cseqMethod !== Method.CANCEL && !keepsStatus) {
        setHalf(row, base + Row.STATUS, direction, statusCode);
        this.#texts.reason(call, message);
      }
      const hasToTag = message.toTagEnd > message.toTagStart;
      const transition = onReply(call.state, cseqMethod, statusCode, hasToTag, sameMethod);
      if (nextState(transition) === CallState.INV_BYE_REPL && call.state !== CallState.INV_BYE_REPL) {
        if (direction === 1) call.flags |= CallFlag.CALLEE_TERMINATED;
        else call.flags &= ~CallFlag.CALLEE_TERMINATED;
      }
      const byeUs = call.state === CallState.INV_BYE_SEEN ? call.endedUs : 0;
      this.#move(call, transition, 'reply');
      if (byeUs > 0 && cseqMethod === Method.BYE && statusCode >= 200 && statusCode < 300) {
        countBye(this.#counters, byeUs, this.#nowUs);
      }
      if (cseqMethod === Method.REGISTER && sameMethod && statusCode >= 200) {
        countRegister(this.#counters, statusCode, call.requested?.sentUs ?? 0, this.#nowUs);
      }
      if (cseqMethod === Method.REGISTER && sameMethod && statusCode >= 200 && statusCode < 300) {
        this.registrations.succeeded(call, message, this.#timeoutUs[CallState.NON_INV_FIN]!, this.#nowUs);
      } else if (mayHoldSubscription(call) && (cseqMethod === Method.SUBSCRIBE || cseqMethod === Method.NOTIFY)) {
        this.#subscribe(call, subscriptionAfterReply(call, message), 'reply');
      }
      if (challengedAgain) this.#emit(call, EventType.AUTH_FAILED, this.#nowUs, 'reply');
      return;
    }
    this.#extend(call);
  }

  /** @param seconds what a message means for the subscription, see subscriptions.ts */
  #subscribe(call: Call, seconds: number, on: GeneratedOn): void {
    if (seconds === SUBSCRIPTION_UNCHANGED) return;
    // NOTIFY may be faster than the 2xx, and is as good (RFC 6665 §4.1.2.4).
    if (call.state !== CallState.NON_INV_FIN) this.#enter(call, CallState.NON_INV_FIN);
    if (seconds === SUBSCRIPTION_ENDS) {
      this.#endSubscription(call, this.#nowUs, on);
      call.deadlineUs = this.#nowUs + this.#timeoutUs[CallState.NON_INV_FIN]!;
      this.#wheel.file(call);
      return;
    }
    call.deadlineUs = this.#nowUs + (seconds + this.registrations.settings.expDeltaS) * 1e6;
    this.#wheel.file(call);
    if ((call.flags & CallFlag.SUBSCRIBED) !== 0) {
      if (on === 'reply') this.#counters.add(Subs.REFRESHED, 1);
      return;
    }
    call.flags |= CallFlag.SUBSCRIBED;
    this.#finished?.note(call);
    call.emitted &= ~(1 << EventType.SUB_DEL);
    this.#counters.add(Subs.CREATED, 1);
    this.#counters.addGauge(Subs.ACTIVE, 1);
    this.#emit(call, EventType.SUB_NEW, this.#nowUs, on);
  }

  #endSubscription(call: Call, tsUs: number, on: GeneratedOn): void {
    if ((call.flags & CallFlag.SUBSCRIBED) !== 0) {
      call.flags &= ~CallFlag.SUBSCRIBED;
      this.#finished?.note(call);
      call.emitted &= ~(1 << EventType.SUB_NEW);
      this.#counters.addGauge(Subs.ACTIVE, -1);
    }
    this.#emit(call, EventType.SUB_DEL, tsUs, on);
  }

  #move(call: Call, transition: Transition, on: GeneratedOn): void {
    // The subscription decides how long its entry lives, whatever becomes of a request inside it.
    if ((call.flags & CallFlag.SUBSCRIBED) !== 0) {
      this.#extend(call);
      return;
    }
    const next = nextState(transition);
    if (next !== call.state) this.#enter(call, next);
    if (forcesTimer(transition)) {
      call.deadlineUs = this.#nowUs + this.#timeoutUs[next]!;
      this.#wheel.file(call);
    } else this.#extend(call);
    const event = eventOf(transition);
    if (event !== EventType.EMPTY) this.#emit(call, event, this.#nowUs, on);
  }

  #enter(call: Call, state: CallState): void {
    this.#counters.addGauge(CALLS_IN_STATE[call.state]!, -1);
    this.#counters.addGauge(CALLS_IN_STATE[state]!, 1);
    call.state = state;
    this.#finished?.note(call);
    switch (state) {
      case CallState.INV_EARLY_DLG:
        if (call.earlyUs === 0) call.earlyUs = this.#nowUs;
        break;
      case CallState.INV_ESTABLISHED:
      case CallState.NON_INV_FIN:
        call.finalUs = this.#nowUs;
        break;
      case CallState.INV_NEG:
      case CallState.NON_INV_NEG:
      case CallState.INV_CANCELED:
        if (call.finalUs === 0) call.finalUs = this.#nowUs;
        break;
      case CallState.INV_BYE_SEEN:
      case CallState.INV_BYE_REPL:
        if (call.endedUs === 0) call.endedUs = this.#nowUs;
        break;
      default:
    }
  }

  #extend(call: Call): void {
    const deadlineUs = this.#nowUs + this.#timeoutUs[call.state]!;
    if (deadlineUs <= call.deadlineUs) return;
    call.deadlineUs = deadlineUs;
    this.#wheel.file(call);
  }

  /** Ends a call and reports what the end of its state means. @param atUs when that was */
  #end(call: Call, atUs: number): void {
    call.flags |= CallFlag.TIMEOUT;
    const { row, base, state } = call;
    if ((call.flags & CallFlag.SUBSCRIBED) !== 0) {
      this.#counters.add(Subs.EXPIRED, 1);
      this.#endSubscription(call, atUs, 'timeout');
    }
    const status = base + Row.STATUS;
    const challenged = isChallenge(half(row, status, 0)) || isChallenge(half(row, status, 1));
    const reported = call.method === Method.REGISTER || (call.emitted & (1 << EventType.SUB_DEL)) !== 0;
    const event = onExpiry(state, reported, challenged);
    if (event !== EventType.EMPTY) {
      if (expiresUnanswered(state)) call.flags |= CallFlag.FORCED_TIMEOUT;
      this.#emit(call, event, atUs, 'timeout');
    }
    this.#drop(call);
  }

  #drop(call: Call): void {
    this.#finished?.remove(call);
    this.#wheel.remove(call);
    this.table.remove(call);
    this.legs.leave(call);
    this.#settleFamily(call);
    this.#rows.release(call.slot);
    this.#bytes -= call.bytes;
    this.#counters.set(Calls.MEMORY, this.#bytes);
    this.#counters.addGauge(CALLS_IN_STATE[call.state]!, -1);
    this.#counters.addGauge(Calls.ACTIVE, -1);
  }

  /** Each type once per entry; a failed attempt once per forked family, and not if any branch got further. */
  #emit(call: Call, type: EventType, tsUs: number, on: GeneratedOn): void {
    const bit = 1 << type;
    if ((call.emitted & bit) !== 0) return;
    call.emitted |= bit;
    if (type === EventType.CALL_ATTEMPT && (call.flags & (CallFlag.FORK_CHILD | CallFlag.FORK_PARENT)) !== 0) {
      if (this.#familyReported(call)) return;
    }
    const status = reportedStatus(call, type);
    this.#events.call(call, type, tsUs, on, status.code, status.reason);
    call.lastEvent = type;
  }

  /** What a branch reported stands for its family when it is gone: one that rings on is no failed attempt. */
  #settleFamily(gone: Call): void {
    if ((gone.flags & (CallFlag.FORK_CHILD | CallFlag.FORK_PARENT)) === 0 || (gone.emitted & FAMILY_EVENTS) === 0)
      return;
    for (let other = this.table.chain(gone.hash); other !== undefined; other = other.hashNext) {
      if (other !== gone && other.callId === gone.callId) other.emitted |= 1 << EventType.CALL_ATTEMPT;
    }
  }

  #familyReported(call: Call): boolean {
    let reported = false;
    for (let other = this.table.chain(call.hash); other !== undefined; other = other.hashNext) {
      if (other === call || other.callId !== call.callId) continue;
      if ((other.emitted & FAMILY_EVENTS) !== 0) reported = true;
      other.emitted |= 1 << EventType.CALL_ATTEMPT;
    }
    return reported || (call.emitted & FAMILY_EVENTS & ~(1 << EventType.CALL_ATTEMPT)) !== 0;
  }
}

/** A fork registers and subscribes for itself. */
const LEASE_EVENTS =
  (1 << EventType.REG_NEW) |
  (1 << EventType.REG_DEL) |
  (1 << EventType.REG_EXPIRED) |
  (1 << EventType.SUB_NEW) |
  (1 << EventType.SUB_DEL);
const FAMILY_EVENTS = (1 << EventType.CALL_ATTEMPT) | (1 << EventType.CALL_START) | (1 << EventType.CALL_END);

/** Octets of Call-ID and tags together. */
function keyOctets(message: SipMessage): number {
  const { callIdEnd, callIdStart, fromTagEnd, fromTagStart, toTagEnd, toTagStart } = message;
  return callIdEnd - callIdStart + fromTagEnd - fromTagStart + toTagEnd - toTagStart;
}

function isAnswered(state: CallState): boolean {
  return state === CallState.INV_ESTABLISHED || state === CallState.INV_BYE_SEEN || state === CallState.INV_BYE_REPL;
}
