import { type CounterSet, Regs } from '../model/counters.ts';
import { EventType } from '../model/event-type.ts';
import type { RegistrationSettings } from '../model/settings.ts';
import { MAX_CONTACTS, type SipMessage } from '../sip/message.ts';
import { shortUri } from '../sip/uri.ts';
import {
  type Binding,
  BindingTable,
  Contact,
  Leaving,
  parseContact,
  type RegisterTransaction,
  transactionOf,
} from './binding-table.ts';
import type { Call } from './call.ts';
import type { EventRing } from './event-ring.ts';
import { contactsOf, MAX_CONTACT_URI, type RequestedContact, type TimedRequest } from './timed-request.ts';
import type { TimerWheel } from './timer-wheel.ts';

const REG_NEW = 1 << EventType.REG_NEW;
const REG_DEL = 1 << EventType.REG_DEL;

/**
 * What a successful REGISTER means: bindings come, go on or go, and that is reported.
 *
 *   2xx ─▶ each contact asked for ─┬─ in the reply, with time left ─▶ bound     ─▶ reg-new unless it was
 *                                  └─ not in the reply, or 0 s      ─▶ gone      ─▶ reg-del, at once or after the delay
 *          `*`                     ───────────────────────────────▶ all gone
 *   deadline passed                ───────────────────────────────▶ reg-expired, or the delayed reg-del
 */
export class Registrations {
  readonly table: BindingTable;
  readonly #wheel: TimerWheel;
  readonly #events: EventRing;
  readonly #counters: CounterSet;
  #settings: RegistrationSettings;

  constructor(
    settings: RegistrationSettings,
    wheel: TimerWheel,
    events: EventRing,
    counters: CounterSet,
    hashSeed: number,
  ) {
    this.table = new BindingTable(hashSeed);
    this.#wheel = wheel;
    this.#events = events;
    this.#counters = counters;
    this.#settings = settings;
  }

  get settings(): RegistrationSettings {
    return this.#settings;
  }

  /** Applies to what is registered and compared from now on. */
  configure(settings: RegistrationSettings): void {
    this.#settings = settings;
  }

  /**
   * Takes a 2xx to REGISTER.
   *
   * @param forgottenUs how long bindings that `*` removed without being of this Call-ID wait for their report
   */
  succeeded(call: Call, reply: SipMessage, forgottenUs: number, nowUs: number): void {
    const aor = addressOfRecord(reply);
    if (aor === undefined) {
      this.#counters.add(Regs.EV_NO_AOR, 1);
      return;
    }
    const { requested } = call;
    const by = new Cause(call, reply.statusCode, call.emitted, nowUs);
    if (requested === undefined) this.#fromReplyAlone(by, aor, reply);
    else if (requested.star) this.#removeAll(by, aor, forgottenUs);
    else this.#fromRequest(by, aor, requested, reply);
    if (by.bound) call.emitted &= ~REG_DEL;
    if ((by.reported & REG_DEL) !== 0) call.emitted &= ~REG_NEW;
    call.emitted |= by.reported;
  }

  /** A binding's deadline has passed. */
  expire(binding: Binding): void {
    this.#drop(binding);
    const { leaving, announced, deadlineUs } = binding;
    if (leaving !== Leaving.NO) {
      this.#counters.add(Regs.DEL_DELAYED_EV, 1);
      this.#events.binding(binding, EventType.REG_DEL, deadlineUs, 'timeout', undefined);
      return;
    }
    this.#counters.add(Regs.EXPIRED, 1);
    if (announced) this.#events.binding(binding, EventType.REG_EXPIRED, deadlineUs, 'timeout', undefined);
  }

  #fromRequest(by: Cause, aor: string, requested: TimedRequest, reply: SipMessage): void {
    const { expDeltaS, contactIgnorePort } = this.#settings;
    const granted = contactsOf(reply);
    let ended = 0;
    for (const wanted of requested.contacts) {
      const contact = this.#contact(wanted);
      if (contact === undefined) continue;
      const seconds = grantedSeconds(contact, wanted, granted, requested, reply, contactIgnorePort);
      if (seconds === undefined) ended += this.#remove(by, aor, contact);
      else this.#bind(by, aor, contact, (seconds + expDeltaS) * 1e6);
    }
    const leftOut = requested.contactCount - requested.contacts.length;
    if (leftOut > 0) this.#counters.add(Regs.CONTACTS_LEFT_OUT, leftOut);
    if (ended > 0) this.#counters.set(Regs.DEL_MAX_BINDINGS, ended);
  }

  /** The request was missed: what the registrar holds is all there is to know. */
  #fromReplyAlone(by: Cause, aor: string, reply: SipMessage): void {
    for (const held of contactsOf(reply)) {
      const contact = this.#contact(held);
      if (contact === undefined) continue;
      const seconds = held.expires >= 0 ? held.expires : reply.expires;
      if (seconds === 0) this.#remove(by, aor, contact);
      else this.#bind(by, aor, contact, (seconds < 0 ? this.#settings.expDeltaS : seconds) * 1e6);
    }
  }

  #contact(wanted: RequestedContact): Contact | undefined {
    const contact = parseContact(wanted.uri);
    if (contact === undefined) this.#counters.add(Regs.EV_NO_CONTACT, 1);
    return contact;
  }

  #find(aor: string, contact: Contact): Binding[] {
    const { contactIgnorePort } = this.#settings;
    return this.table.ofAor(aor).filter((binding) => binding.contact.names(contact, contactIgnorePort));
  }

  #bind(by: Cause, aor: string, contact: Contact, lifetimeUs: number): void {
    const { nowUs, transaction } = by;
    by.bound = true;
    const [held, ...doubles] = this.#find(aor, contact);
    // Contacts that became equal when contact_ignore_port was switched on.
    for (const double of doubles) this.#drop(double);
    if (held !== undefined && isOver(held, transaction)) this.#drop(held);
    else if (held !== undefined) {
      this.#refresh(by, held, contact);
      held.deadlineUs = nowUs + lifetimeUs;
      this.#wheel.file(held);
      return;
    }
    const fresh = this.table.make(aor, contact, transaction);
    fresh.createdUs = nowUs;
    fresh.requestedUs = transaction.createdUs;
    fresh.updatedUs = nowUs;
    if (this.#keep(fresh)) {
      fresh.deadlineUs = nowUs + lifetimeUs;
      this.#wheel.file(fresh);
      this.#announce(by, fresh);
    } else if ((by.before & REG_NEW) === 0) {
      // Not held, so it cannot be told from a new one: once per entry.
      this.#announce(by, fresh);
    }
  }

  #refresh(by: Cause, binding: Binding, contact: Contact): void {
    const { nowUs, transaction } = by;
    const counters = this.#counters;
    counters.add(Regs.REFRESHED, 1);
    if (binding.leaving !== Leaving.NO) counters.add(Regs.NEW_MATCH_DELAYED_B, 1);
    if (binding.transaction.callId !== transaction.callId) counters.add(Regs.REFRESH_DIFF_CALLID, 1);
    binding.leaving = Leaving.NO;
    binding.contact = contact;
    binding.transaction = transaction;
    binding.updatedUs = nowUs;
    binding.refreshes++;
    this.table.measure(binding);
    if (binding.announced) return;
    // Known only from its removal, which was not reported.
    binding.createdUs = nowUs;
    binding.requestedUs = transaction.createdUs;
    this.#announce(by, binding);
  }

  #announce(by: Cause, binding: Binding): void {
    binding.announced = true;
    if ((by.before & REG_DEL) !== 0) this.#counters.add(Regs.NEW_AFTER_DEL, 1);
    this.#report(by, binding, EventType.REG_NEW);
  }

  /** @returns how many bindings ended */
  #remove(by: Cause, aor: string, contact: Contact): number {
    const held = this.#find(aor, contact);
    const [binding] = held;
    const delayUs = this.#settings.delDelayS * 1e6;
    if (binding === undefined) {
      this.#counters.add(Regs.DEL_NO_MATCH, 1);
      // Asked for again, or removed by another's `*`: once per entry.
      if ((by.before & REG_DEL) === 0) this.#removeUnknown(by, aor, contact, delayUs);
      return 0;
    }
    this.#counters.set(Regs.DEL_MAX_MATCHING, held.length);
    if (delayUs > 0) {
      for (const each of held) {
        each.transaction = by.transaction;
        this.table.measure(each);
        this.#leave(each, Leaving.DELAYED, by.nowUs + delayUs);
      }
      return held.length;
    }
    for (const each of held) this.#drop(each);
    binding.transaction = by.transaction;
    this.#reportEnd(by, binding);
    return held.length;
  }

  #removeUnknown(by: Cause, aor: string, contact: Contact, delayUs: number): void {
    const binding = this.table.make(aor, contact, by.transaction);
    binding.updatedUs = by.nowUs;
    if (delayUs > 0 && this.#keep(binding)) {
      this.#leave(binding, Leaving.DELAYED, by.nowUs + delayUs);
      by.reported |= REG_DEL;
    } else this.#reportEnd(by, binding);
  }

  /**
   * `*`: reported at once for what this Call-ID registered, as one event; other bindings report for themselves a
   * little later, since whoever registered them may not know.
   */
  #removeAll(by: Cause, aor: string, forgottenUs: number): void {
    const counters = this.#counters;
    const held = this.table.ofAor(aor);
    counters.add(Regs.DEL_STAR, 1);
    counters.set(Regs.DEL_ALL_MAX_BINDINGS, held.length);
    if (held.length === 0) counters.add(Regs.DEL_NO_MATCH, 1);
    const delayUs = this.#settings.delDelayS * 1e6;
    let oldest: Binding | undefined;
    for (const binding of held) {
      if (delayUs > 0) {
        this.#leave(binding, Leaving.DELAYED, by.nowUs + delayUs);
        continue;
      }
      if (binding.transaction.callId !== by.transaction.callId) {
        this.#leave(binding, Leaving.WITH_ALL, by.nowUs + forgottenUs);
        continue;
      }
      this.#drop(binding);
      // The event tells how long there was one.
      if (oldest === undefined || binding.createdUs < oldest.createdUs) oldest = binding;
    }
    if (delayUs > 0 || (oldest === undefined && (by.before & REG_DEL) !== 0)) return;
    const all = this.table.make(aor, ALL_CONTACTS, by.transaction);
    all.createdUs = oldest?.createdUs ?? 0;
    all.requestedUs = oldest?.requestedUs ?? 0;
    this.#reportEnd(by, all);
  }

  /** Leaves the report of a binding's end to its deadline. */
  #leave(binding: Binding, leaving: Leaving, deadlineUs: number): void {
    this.#counters.add(Regs.DEL_DELAYED, 1);
    binding.leaving = leaving;
    binding.deadlineUs = deadlineUs;
    this.#wheel.file(binding);
  }

  #reportEnd(by: Cause, binding: Binding): void {
    if ((by.before & REG_NEW) !== 0) this.#counters.add(Regs.DEL_AFTER_NEW, 1);
    this.#report(by, binding, EventType.REG_DEL);
  }

  #report(by: Cause, binding: Binding, type: EventType): void {
    const { call } = by;
    by.reported |= 1 << type;
    call.emitted |= 1 << type;
    this.#events.binding(binding, type, by.nowUs, 'reply', call);
    call.lastEvent = type;
  }

  /** Takes a binding into the table while the limits allow. */
  #keep(binding: Binding): boolean {
    if (!this.#hasRoom(binding)) return false;
    this.table.insert(binding);
    this.#counters.add(Regs.CREATED, 1);
    this.#counters.addGauge(Regs.ACTIVE, 1);
    return true;
  }

  #hasRoom(binding: Binding): boolean {
    const { maxEntries, maxBytes, maxContacts } = this.#settings;
    const { table } = this;
    const tooLong = binding.aor.length > MAX_CONTACT_URI || binding.contact.text.length > MAX_CONTACT_URI;
    if (tooLong || (maxBytes > 0 && table.bytes + binding.bytes > maxBytes)) {
      this.#counters.add(Regs.FAIL_NEW, 1);
      return false;
    }
    const full = maxEntries > 0 && table.entries.size >= maxEntries;
    if (full || table.ofAor(binding.aor).length >= maxContacts) {
      this.#counters.add(Regs.FAIL_LIM, 1);
      return false;
    }
    return true;
  }

  /** Takes a binding of a snapshot back. @returns false when there is no room for it */
  putBack(binding: Binding, id: number): boolean {
    if (!this.#hasRoom(binding)) return false;
    this.table.putBack(binding, id);
    this.#counters.addGauge(Regs.ACTIVE, 1);
    return true;
  }

  #drop(binding: Binding): void {
    this.#wheel.remove(binding);
    this.table.remove(binding);
    this.#counters.addGauge(Regs.ACTIVE, -1);
  }
}

/** Contact of the event that stands for all. */
const ALL_CONTACTS = new Contact('*', '*', -1);

/** A reply at work: its entry, its time, and what was reported on that entry before and because of it. */
class Cause {
  readonly call: Call;
  readonly transaction: RegisterTransaction;
  readonly nowUs: number;
  /** Bits of reg-* events. */
  readonly before: number;
  reported = 0;
  bound = false;

  constructor(call: Call, status: number, before: number, nowUs: number) {
    this.call = call;
    this.transaction = transactionOf(call, status);
    this.before = before;
    this.nowUs = nowUs;
  }
}

/** Its end was told by the `*` of a restarted phone, so what it registers now is new; its old self may still come back. */
function isOver(binding: Binding, again: RegisterTransaction): boolean {
  return binding.leaving === Leaving.WITH_ALL && binding.transaction.callId !== again.callId;
}

/** The address-of-record is the To URI without parameters, whoever asks in From (RFC 3261 §10.2). */
export function addressOfRecord(message: SipMessage): string | undefined {
  const end = Math.min(message.toUriEnd, message.toUriStart + MAX_CONTACT_URI + 1);
  return shortUri(message.text(message.toUriStart, end));
}

/**
 * Seconds a contact is bound for, `undefined` if it is not: the reply says it, and the request where the reply does not.
 * Bound without a word about how long is 0.
 */
function grantedSeconds(
  contact: Contact,
  wanted: RequestedContact,
  granted: readonly RequestedContact[],
  requested: TimedRequest,
  reply: SipMessage,
  ignorePort: boolean,
): number | undefined {
  const asked = wanted.expires >= 0 ? wanted.expires : requested.expires;
  let seconds: number | undefined;
  let listed = false;
  for (const held of granted) {
    if (parseContact(held.uri)?.names(contact, ignorePort) !== true) continue;
    listed = true;
    const left = firstGiven(held.expires, reply.expires, asked);
    if (left !== 0) seconds = Math.max(seconds ?? 0, left);
  }
  // The reply lists more than was read of it: the contact may be among the rest.
  const unread = !listed && reply.contactCount > MAX_CONTACTS;
  return unread && asked !== 0 ? Math.max(0, asked) : seconds;
}

/** The first that is not -1, else -1. */
function firstGiven(...seconds: readonly number[]): number {
  return seconds.find((each) => each >= 0) ?? -1;
}
