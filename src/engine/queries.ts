import { CALL_STATES } from '../model/call-state.ts';
import {
  type CallFilterField,
  type CallQuery,
  EngineRequestError,
  type EventFilterField,
  type EventPage,
  type EventQuery,
  MAX_LIST_LIMIT,
  type RegistrationQuery,
} from '../model/engine.ts';
import type { CallView, EventView, Page, RegistrationView } from '../model/views.ts';
import { displayText } from '../model/text.ts';
import type { Binding } from '../tracker/binding-table.ts';
import type { Call } from '../tracker/call.ts';
import type { EntryTable, TableEntry } from '../tracker/entry-table.ts';
import type { EventRing } from '../tracker/event-ring.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { callView, eventView, registrationView } from '../tracker/views.ts';
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

/** Counts work and says when a slice is over. */
export class Slice {
  readonly #slicing: Slicing;
  #startedMs: number;
  #looks = 0;

  constructor(slicing: Slicing) {
    this.#slicing = slicing;
    this.#startedMs = slicing.nowMs();
  }

  isOver(): boolean {
    if (++this.#looks % LOOKS_PER_CLOCK !== 0) return false;
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

/** Whether a call is asked for; `undefined` = each is. */
export function callTest(query: CallQuery): ((call: Call) => boolean) | undefined {
  const { filter } = query;
  if (filter === undefined) return undefined;
  const test = textTest(filter, false);
  if (filter.field === 'state') {
    return (call) => test(callText(call, 'state')) || test(CALL_STATES[call.state]?.name ?? '');
  }
  return (call) => test(displayText(callText(call, filter.field)));
}

/** Calls, newest first. `emit` gets the items of the asked window in order. */
export async function listCalls(
  tracker: CallTracker,
  query: CallQuery,
  nowUs: () => number,
  slicing: Slicing,
  emit: (items: CallView[]) => void,
): Promise<Omit<Page<CallView>, 'items'>> {
  const view = (call: Call): CallView => callView(call, nowUs(), tracker.legs.of(call));
  return listEntries(tracker.table, query, callTest(query), view, slicing, emit);
}

/** Bindings, newest first, as `listCalls`. */
export async function listRegistrations(
  tracker: CallTracker,
  query: RegistrationQuery,
  nowUs: () => number,
  slicing: Slicing,
  emit: (items: RegistrationView[]) => void,
): Promise<Omit<Page<RegistrationView>, 'items'>> {
  const { entries } = tracker.registrations.table;
  const view = (binding: Binding): RegistrationView => registrationView(binding, nowUs());
  return listEntries(entries, query, registrationTest(query), view, slicing, emit);
}

/** As `callTest`. */
export function registrationTest(query: RegistrationQuery): ((binding: Binding) => boolean) | undefined {
  const { filter } = query;
  if (filter === undefined) return undefined;
  const test = textTest(filter, false);
  return filter.field === 'aor'
    ? (binding) => test(displayText(binding.aor))
    : (binding) => test(displayText(binding.contact.text));
}

async function listEntries<Entry extends TableEntry<Entry>, View>(
  table: EntryTable<Entry>,
  query: { offset: number; limit: number },
  test: ((entry: Entry) => boolean) | undefined,
  view: (entry: Entry) => View,
  slicing: Slicing,
  emit: (items: View[]) => void,
): Promise<Omit<Page<View>, 'items'>> {
  checkWindow(query);
  const { offset, limit } = query;
  const slice = new Slice(slicing);
  const cursor = table.openCursor();
  let matched = 0;
  let items: View[] = [];
  try {
    for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
      if (test === undefined || test(entry)) {
        if (matched >= offset && matched < offset + limit) items.push(view(entry));
        matched++;
        // Without a filter everything behind the window matches too: no need to walk it.
        if (test === undefined && matched >= offset + limit) {
          matched = table.size;
          break;
        }
      }
      if (slice.isOver()) {
        emit(items);
        items = [];
        // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
        await slice.pause();
      }
    }
  } finally {
    cursor.close();
  }
  emit(items);
  return { total: table.size, matched, offset, limit };
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

/** Events, oldest first, from ring index `offset` (the oldest still held if that is gone). */
export async function listEvents(
  ring: EventRing,
  ringStartedUs: number,
  query: EventQuery,
  slicing: Slicing,
  emit: (items: EventView[]) => void,
): Promise<Omit<EventPage, 'items'>> {
  checkWindow(query);
  const { offset, limit, filter } = query;
  const test = filter === undefined ? undefined : textTest(filter, true);
  const slice = new Slice(slicing);
  let matched = 0;
  let items: EventView[] = [];
  const end = ring.nextIndex;
  for (let index = Math.max(offset, ring.firstIndex); index < end; index++) {
    const slot = ring.at(index);
    if (slot !== undefined) {
      const view = eventView(slot);
      if (test === undefined || filter === undefined || test(eventText(view, filter.field))) {
        if (matched < limit) items.push(view);
        matched++;
        if (test === undefined && matched >= limit) {
          matched += end - index - 1;
          break;
        }
      }
    }
    if (slice.isOver()) {
      emit(items);
      items = [];
      // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
      await slice.pause();
    }
  }
  emit(items);
  const held = ring.nextIndex - ring.firstIndex;
  return { total: held, matched, offset, limit, nextIndex: ring.nextIndex, capacity: ring.capacity, ringStartedUs };
}
