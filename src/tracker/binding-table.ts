import { hashBytes } from '../model/hash.ts';
import type { Observer } from '../model/observer.ts';
import { splitUri } from '../sip/uri.ts';
import { type Call } from './call.ts';
import { firstHopOf, type Hop } from './hops.ts';
import { EntryTable } from './entry-table.ts';
import { Row } from './rows.ts';
import { TextField, textOf } from './text-block.ts';
import { textBytes } from './text-bytes.ts';
import { Timed } from './timer-wheel.ts';

/** A binding that was removed, but whose end is not reported yet: it is at its deadline, unless registered again before. */
export const Leaving = {
  NO: 0,
  /** Held back by reg_del_delay. */
  DELAYED: 1,
  /** Removed by a `*` of another Call-ID, which was reported. */
  WITH_ALL: 2,
} as const;
export type Leaving = (typeof Leaving)[keyof typeof Leaving];

/**
 * Bindings of addresses-of-record to contacts (RFC 3261 §10), as the registrar's replies tell them.
 *
 *   hash(AOR) ─▶ chain ─▶ Binding ─▶ Binding          one AOR may have several contacts
 *                           └─▶ RegisterTransaction   shared by the bindings of one REGISTER
 *
 * Nothing here is touched by a packet that is no successful REGISTER. A binding outlives the entry of its REGISTER,
 * which ends seconds after the reply, so it keeps what its events will need.
 */
export class Binding extends Timed {
  /** Given by the table, 0 before. */
  id = 0;
  readonly hash: number;
  hashNext: Binding | undefined = undefined;
  older: Binding | undefined = undefined;
  newer: Binding | undefined = undefined;

  readonly aor: string;
  contact: Contact;
  /** The transaction that set it last. */
  transaction: RegisterTransaction;
  /** When the registrar first confirmed it, 0 = not seen; and the first message of that transaction. */
  createdUs = 0;
  requestedUs = 0;
  updatedUs = 0;
  deadlineUs = 0;
  refreshes = 0;
  leaving: Leaving = Leaving.NO;
  /** `reg-new` was reported. */
  announced = false;
  /** Octets counted for it. */
  bytes = 0;

  constructor(hash: number, aor: string, contact: Contact, transaction: RegisterTransaction) {
    super();
    this.hash = hash;
    this.aor = aor;
    this.contact = contact;
    this.transaction = transaction;
  }
}

/** A contact URI and the parts of it that are compared: parameters do not count. */
export class Contact {
  readonly text: string;
  /** Scheme, user, password and host as one text. */
  readonly name: string;
  readonly port: number;

  constructor(text: string, name: string, port: number) {
    this.text = text;
    this.name = name;
    this.port = port;
  }

  names(other: Contact, ignorePort: boolean): boolean {
    return this.name === other.name && (ignorePort || this.port === other.port);
  }
}

/** Takes a contact URI apart, or answers `undefined` for what is no SIP, SIPS or TEL URI. */
export function parseContact(text: string): Contact | undefined {
  const uri = splitUri(text);
  if (uri === undefined) return undefined;
  // None of the parts can hold a line feed, so two different URIs never give one name.
  return new Contact(text, [uri.scheme, uri.user, uri.password, uri.host].join('\n'), uri.port);
}

/** Who registered: what events and pages show of the REGISTER that set a binding. Text is shared with the call. */
export class RegisterTransaction {
  /** Text of the entry, see text-block.ts. */
  readonly block: string;
  readonly toTag: string;
  readonly userAgent: string;
  readonly uas: string;
  /** What the request signature is made of, besides text; see sip/signature.ts. */
  readonly headerOrder: number;
  readonly headerCount: number;
  readonly status: number;
  readonly reason: string;
  readonly createdUs: number;
  readonly hop: Hop | undefined;
  readonly observer: Observer | undefined;
  readonly moreObservers: readonly Observer[] | undefined;

  constructor(
    of: Pick<Call, 'block' | 'toTag' | 'userAgent' | 'uas' | 'reason' | 'createdUs'>,
    status: number,
    headerOrder: number,
    headerCount: number,
    hop: Hop | undefined,
    observer: Observer | undefined,
    moreObservers: readonly Observer[] | undefined,
  ) {
    this.block = of.block;
    this.toTag = of.toTag;
    this.userAgent = of.userAgent;
    this.uas = of.uas;
    this.headerOrder = headerOrder;
    this.headerCount = headerCount;
    this.status = status;
    this.reason = of.reason;
    this.createdUs = of.createdUs;
    this.hop = hop;
    this.observer = observer;
    this.moreObservers = moreObservers;
  }

  get callId(): string {
    return textOf(this.block, TextField.CALL_ID);
  }
}

/** What of a REGISTER's entry outlives it. */
export function transactionOf(call: Call, status: number): RegisterTransaction {
  const { row, base } = call;
  return new RegisterTransaction(
    call,
    status,
    row[base + Row.HEADER_ORDER]!, // inside the row
    row[base + Row.HEADER_COUNT]!,
    firstHopOf(call),
    call.observer,
    call.moreObservers?.slice(),
  );
}

/**
 * Heap of one binding, its contact and its transaction without text, with its share of the table, as measured; a test
 * measures it again. Bindings of one REGISTER share a transaction, which is counted for each: the sum errs upwards.
 */
const BINDING_BYTES = 640;

function bytesOf(binding: Binding): number {
  const { contact, transaction: by } = binding;
  return (
    BINDING_BYTES +
    textBytes(binding.aor) +
    textBytes(contact.text) +
    textBytes(contact.name) +
    textBytes(by.block) +
    textBytes(by.toTag) +
    textBytes(by.userAgent) +
    textBytes(by.uas) +
    textBytes(by.reason)
  );
}

export class BindingTable {
  readonly entries = new EntryTable<Binding>();
  readonly #seed: number;
  #nextId = 1;
  #bytes = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get created(): number {
    return this.#nextId - 1;
  }

  /** Octets held by all bindings. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The bindings of an address-of-record. */
  ofAor(aor: string): Binding[] {
    const hash = this.#hash(aor);
    const found: Binding[] = [];
    for (let entry = this.entries.chain(hash); entry !== undefined; entry = entry.hashNext) {
      if (entry.hash === hash && entry.aor === aor) found.push(entry);
    }
    return found;
  }

  /** A binding that is not in the table yet. */
  make(aor: string, contact: Contact, transaction: RegisterTransaction): Binding {
    const binding = new Binding(this.#hash(aor), aor, contact, transaction);
    binding.bytes = bytesOf(binding);
    return binding;
  }

  insert(binding: Binding): void {
    binding.id = this.#nextId++;
    this.entries.insert(binding);
    this.#bytes += binding.bytes;
  }

  /** Takes back a binding of a snapshot, which goes from the newest to the oldest. */
  putBack(binding: Binding, id: number): void {
    binding.id = id;
    this.entries.insertOldest(binding);
    this.#bytes += binding.bytes;
  }

  /** Says from which number on new bindings are to be numbered. */
  continueFrom(nextId: number): void {
    this.#nextId = Math.max(this.#nextId, nextId);
  }

  remove(binding: Binding): void {
    this.entries.remove(binding);
    this.#bytes -= binding.bytes;
  }

  /** Counts a binding's octets again after its text changed. */
  measure(binding: Binding): void {
    this.#bytes -= binding.bytes;
    binding.bytes = bytesOf(binding);
    this.#bytes += binding.bytes;
  }

  #hash(aor: string): number {
    const bytes = Buffer.from(aor, 'latin1');
    return hashBytes(bytes, 0, bytes.length, this.#seed);
  }
}
