import { CALL_STATES } from '../model/call-state.ts';
import {
  type CallFilterField,
  type CallQuery,
  EngineRequestError,
  type EventFilterField,
  type EventPage,
  type EventQuery,
  type EventSort,
  type ListOrder,
  MAX_LIST_LIMIT,
  type RegistrationQuery,
} from '../model/engine.ts';
import type { CallView, EventView, Page, RegistrationView } from '../model/views.ts';
import { displayText } from '../model/text.ts';
import type { Binding } from '../tracker/binding-table.ts';
import type { Call } from '../tracker/call.ts';
import type { EntryTable, TableEntry } from '../tracker/entry-table.ts';
import type { EventRing, EventSlot } from '../tracker/event-ring.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { callView, eventView, registrationView } from '../tracker/views.ts';
import { type EntryOrder, FirstInOrder, type SortKey } from './first-in-order.ts';
import { compileSearch } from './search/compile.ts';
import { callReader, EVENT_READER } from './search/readers.ts';
import { bindingKey, searchedKey } from './sort-keys.ts';
import { textTest } from './text-filter.ts';

/**
 * Lists for pages, made in slices: after a few milliseconds of walking the engine goes back to its packets, then
 * continues where it was. Items found go to `emit` slice by slice, so that no answer is one large copy.
 */
const SLICE_MS = 3;
const LOOKS_PER_CLOCK = 64;

export interface Slicing {
  /** Milliseconds of a monotonic clock. */
  nowMs(): number;
  /** Resolves once the engine has looked after its input. */
  pause(): Promise<void>;
}

/** Takes the items of a slice; what it answers is waited for before the next ones are made. */
export type Emit<Item> = (items: Item[]) => unknown;

/** Counts work and says when a slice is over. */
export class Slice {
  readonly #slicing: Slicing;
  readonly #looksPerClock: number;
  #startedMs: number;
  #looks = 0;

  /** @param looksPerClock fewer where a single look may take long */
  constructor(slicing: Slicing, looksPerClock = LOOKS_PER_CLOCK) {
    this.#slicing = slicing;
    this.#looksPerClock = looksPerClock;
    this.#startedMs = slicing.nowMs();
  }

  isOver(): boolean {
    if (++this.#looks % this.#looksPerClock !== 0) return false;
    return this.#slicing.nowMs() - this.#startedMs > SLICE_MS;
  }

  async pause(): Promise<void> {
    await this.#slicing.pause();
    this.#startedMs = this.#slicing.nowMs();
  }
}

export function checkWindow(query: { offset: number; limit: number }): void {
  const { offset, limit } = query;
  if (!Number.isInteger(offset) || offset < 0) {
    throw new EngineRequestError(`offset: ${offset}, must be a whole number from 0`);
  }
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LIST_LIMIT) {
    throw new EngineRequestError(`limit: ${limit}, must be a whole number from 0 to ${MAX_LIST_LIMIT}`);
  }
}

function callText(call: Call, field: CallFilterField): string {
  switch (field) {
    case 'cid':
      return call.callId;
    case 'ftag':
      return call.fromTag;
    case 'ttag':
      return call.toTag;
    case 'key':
      return call.callId + call.fromTag + call.toTag;
    case 'state':
      return CALL_STATES[call.state]?.text ?? '';
  }
}

/** What a query asks a table for: which entries, and in which order; without one, newest first. */
export interface Listing<Entry> {
  test: ((entry: Entry) => boolean) | undefined;
  order: EntryOrder<Entry> | undefined;
}

export function callListing(tracker: CallTracker, query: CallQuery, nowUs: number): Listing<Call> {
  const { search, order, isMerged } = query;
  const reader = callReader(tracker.legs, nowUs);
  const test = both(filterTest(query), search && compileSearch(search, reader, nowUs));
  return {
    test: isMerged === true ? both(test, firstOfLegs(tracker, test)) : test,
    order: order && { keyOf: searchedKey(order.by, reader), descending: order.descending },
  };
}

function filterTest({ filter }: CallQuery): ((call: Call) => boolean) | undefined {
  if (filter === undefined) return undefined;
  const test = textTest(filter, false);
  if (filter.field === 'state') {
    return (call) => test(callText(call, 'state')) || test(CALL_STATES[call.state]?.name ?? '');
  }
  return (call) => test(displayText(callText(call, filter.field)));
}

/** When an entry came into its table: a fork is younger than the call it is of. */
export function bornUs(entry: { createdUs: number; forkedUs?: number | null }): number {
  return Math.max(entry.createdUs, entry.forkedUs ?? 0);
}

/** Whether of the calls that belong to a call, those of its own Call-ID too, none that matches began before it. */
export function firstOfLegs(
  tracker: CallTracker,
  test: ((call: Call) => boolean) | undefined,
): (call: Call) => boolean {
  return (call) => {
    const callIds = [displayText(call.callId), ...tracker.legs.of(call).map((leg) => leg.callId)];
    return !callIds
      .flatMap((callId) => tracker.family(callId))
      .some((other) => isBefore(other, call) && (test === undefined || test(other)));
  };
}

function isBefore(a: Call, b: Call): boolean {
  return bornUs(a) - bornUs(b) < 0 || (bornUs(a) === bornUs(b) && a.id < b.id);
}

/** Calls in the order asked for. `emit` gets the items of the asked window in order. */
export async function listCalls(
  tracker: CallTracker,
  query: CallQuery,
  nowUs: () => number,
  slicing: Slicing,
  emit: Emit<CallView>,
): Promise<Omit<Page<CallView>, 'items'>> {
  const view = (call: Call): CallView => callView(call, nowUs(), tracker.legs.of(call));
  return listEntries(tracker.table, query, callListing(tracker, query, nowUs()), view, slicing, emit);
}

/** Bindings, as `listCalls`. */
export async function listRegistrations(
  tracker: CallTracker,
  query: RegistrationQuery,
  nowUs: () => number,
  slicing: Slicing,
  emit: Emit<RegistrationView>,
): Promise<Omit<Page<RegistrationView>, 'items'>> {
  const { entries } = tracker.registrations.table;
  const view = (binding: Binding): RegistrationView => registrationView(binding, nowUs());
  return listEntries(entries, query, registrationListing(query), view, slicing, emit);
}

export function registrationListing({ filter, order }: RegistrationQuery): Listing<Binding> {
  const test = filter && textTest(filter, false);
  return {
    test:
      test &&
      (filter.field === 'aor'
        ? (binding) => test(displayText(binding.aor))
        : (binding) => test(displayText(binding.contact.text))),
    order: order && { keyOf: (binding) => bindingKey(binding, order.by), descending: order.descending },
  };
}

/**
 * Shows `visit` every entry that matches, newest first, until it has had enough.
 *
 * @returns how many match; where all do, those behind the end of the walk are counted too
 */
export async function walk<Entry extends TableEntry<Entry>>(
  table: EntryTable<Entry>,
  test: ((entry: Entry) => boolean) | undefined,
  slice: Slice,
  visit: (entry: Entry) => 'more' | 'enough',
  beforePause: () => unknown = () => undefined,
): Promise<number> {
  const cursor = table.openCursor();
  let matched = 0;
  try {
    for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
      if (test === undefined || test(entry)) {
        matched++;
        if (visit(entry) === 'enough' && test === undefined) return table.size;
      }
      if (slice.isOver()) {
        // oxlint-disable-next-line no-await-in-loop -- whoever takes items may be slower than they are made
        await beforePause();
        // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
        await slice.pause();
      }
    }
  } finally {
    cursor.close();
  }
  return matched;
}

async function listEntries<Entry extends TableEntry<Entry>, View>(
  table: EntryTable<Entry>,
  query: { offset: number; limit: number },
  { test, order }: Listing<Entry>,
  view: (entry: Entry) => View,
  slicing: Slicing,
  emit: Emit<View>,
): Promise<Omit<Page<View>, 'items'>> {
  checkWindow(query);
  const { offset, limit } = query;
  const end = offset + limit;
  const slice = new Slice(slicing, test === undefined && order === undefined ? LOOKS_PER_CLOCK : 1);
  let items: View[] = [];
  const flush = (): unknown => {
    const taken = emit(items);
    items = [];
    return taken;
  };
  let matched: number;
  if (order === undefined) {
    let place = 0;
    const visit = (entry: Entry): 'more' | 'enough' => {
      if (place >= offset && place < end) items.push(view(entry));
      return ++place < end ? 'more' : 'enough';
    };
    matched = await walk(table, test, slice, visit, flush);
  } else {
    const found = await firstInOrder(table, { test, order }, end, slice);
    matched = found.matched;
    for (const { entry } of found.first.slice(offset)) {
      // What has left the table meanwhile leaves no gap.
      if (table.has(entry)) items.push(view(entry));
      if (slice.isOver()) {
        // oxlint-disable-next-line no-await-in-loop -- whoever takes items may be slower than they are made
        await flush();
        // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
        await slice.pause();
      }
    }
  }
  await flush();
  return { total: table.size, matched, offset, limit };
}

/** The first `size` entries of an order, each with what it was put there by. */
export async function firstInOrder<Entry extends TableEntry<Entry>>(
  table: EntryTable<Entry>,
  { test, order }: { test: Listing<Entry>['test']; order: EntryOrder<Entry> },
  size: number,
  slice: Slice,
): Promise<{ matched: number; first: { entry: Entry; key: SortKey }[] }> {
  const heap = new FirstInOrder(size, order);
  const matched = await walk(table, test, slice, (entry) => {
    heap.offer(entry);
    return 'more';
  });
  return { matched, first: await takenInOrder(heap, slice) };
}

async function takenInOrder<Entry>(heap: FirstInOrder<Entry>, slice: Slice): Promise<{ entry: Entry; key: SortKey }[]> {
  const taken: { entry: Entry; key: SortKey }[] = [];
  for (let last = heap.takeLast(); last !== undefined; last = heap.takeLast()) {
    taken.push(last);
    // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
    if (slice.isOver()) await slice.pause();
  }
  return taken.toReversed();
}

function eventText(event: EventView, field: EventFilterField): string {
  const { attributes } = event;
  switch (field) {
    case 'name':
      return event.type;
    case 'src':
      return event.src.ip;
    case 'dst':
      return event.dst.ip;
    case 'sport':
      return String(event.src.port);
    case 'dport':
      return String(event.dst.port);
    case 'proto':
      return event.transport;
    case 'status':
      return String(event.status);
    case 'cid':
      return event.callId;
    case 'fu':
      return attributes['sip.from'] ?? '';
    case 'tu':
      return attributes['sip.to'] ?? '';
    case 'method':
      return attributes['sip.request.method'] ?? '';
    case 'uri':
      return attributes['uri.original'] ?? '';
    case 'contact':
      return attributes['sip.contact'] ?? '';
    case 'reason':
      return attributes['sip.sip_reason'] ?? '';
    case 'ua':
      return attributes['user_agent.original'] ?? '';
    case 'uas':
      return attributes['uas.original'] ?? '';
  }
}

function eventTest(query: EventQuery, nowUs: number): ((slot: EventSlot) => boolean) | undefined {
  const { filter, search } = query;
  const test = filter === undefined ? undefined : textTest(filter, true);
  const filtered = test && filter && ((slot: EventSlot): boolean => test(eventText(eventView(slot), filter.field)));
  return both(filtered, search && compileSearch(search, EVENT_READER, nowUs));
}

/** Events in the order asked for; `offset` beyond what is held stands for its nearest end. */
export async function listEvents(
  ring: EventRing,
  ringStartedUs: number,
  query: EventQuery,
  nowUs: number,
  slicing: Slicing,
  emit: Emit<EventView>,
): Promise<Omit<EventPage, 'items'>> {
  checkWindow(query);
  const { offset, limit, sort } = query;
  const test = eventTest(query, nowUs);
  const page = (matched: number): Omit<EventPage, 'items'> => {
    const total = ring.nextIndex - ring.firstIndex;
    return { total, matched, offset, limit, nextIndex: ring.nextIndex, capacity: ring.capacity, ringStartedUs };
  };
  const slice = new Slice(slicing, test === undefined ? LOOKS_PER_CLOCK : 1);
  if (sort !== undefined) return page(await eventsInOrder(ring, { offset, limit, sort }, test, slice, emit));
  const step = query.order === 'newest' ? -1 : 1;
  const end = ring.nextIndex;
  const from = step > 0 ? Math.max(offset, ring.firstIndex) : Math.min(offset, end) - 1;
  const left = (index: number): number => (step > 0 ? end - index : index - ring.firstIndex + 1);
  let matched = 0;
  let items: EventView[] = [];
  for (let index = from; left(index) > 0; index += step) {
    const slot = ring.at(index);
    if (slot !== undefined && (test === undefined || test(slot))) {
      if (matched < limit) items.push(eventView(slot));
      matched++;
      // Without a test everything behind the window matches too: no need to walk it.
      if (test === undefined && matched >= limit) {
        matched += left(index) - 1;
        break;
      }
    }
    if (slice.isOver()) {
      // oxlint-disable-next-line no-await-in-loop -- whoever takes items may be slower than they are made
      await emit(items);
      items = [];
      // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
      await slice.pause();
    }
  }
  await emit(items);
  return page(matched);
}

/** Events in an order of their own, the newest of equals first; how many match. */
async function eventsInOrder(
  ring: EventRing,
  { offset, limit, sort }: { offset: number; limit: number; sort: ListOrder<EventSort> },
  test: ((slot: EventSlot) => boolean) | undefined,
  slice: Slice,
  emit: Emit<EventView>,
): Promise<number> {
  const keyOf = searchedKey(sort.by, EVENT_READER);
  // Slots are overwritten while others are looked at, so what is kept of an event is its number and its key.
  const first = new FirstInOrder<KeyedEvent>(offset + limit, { keyOf: ({ key }) => key, descending: sort.descending });
  let matched = 0;
  for (let index = ring.nextIndex - 1; index >= ring.firstIndex; index--) {
    const slot = ring.at(index);
    if (slot !== undefined && (test === undefined || test(slot))) {
      matched++;
      first.offer({ index, key: keyOf(slot) });
    }
    // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
    if (slice.isOver()) await slice.pause();
  }
  const found = await takenInOrder(first, slice);
  let items: EventView[] = [];
  for (const { entry } of found.slice(offset)) {
    const slot = ring.at(entry.index);
    if (slot !== undefined) items.push(eventView(slot));
    if (!slice.isOver()) continue;
    // oxlint-disable-next-line no-await-in-loop -- whoever takes items may be slower than they are made
    await emit(items);
    items = [];
    // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
    await slice.pause();
  }
  await emit(items);
  return matched;
}

interface KeyedEvent {
  index: number;
  key: SortKey;
}

function both<Item>(
  first: ((item: Item) => boolean) | undefined,
  second: ((item: Item) => boolean) | undefined,
): ((item: Item) => boolean) | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return (item) => first(item) && second(item);
}
