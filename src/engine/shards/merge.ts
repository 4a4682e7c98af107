import { type CounterSet, COUNTERS, EvRateGc, Ingest, Ipfix, Regs, State } from '../../model/counters.ts';
import type {
  CallSummary,
  CallTableStats,
  EngineHealth,
  ForcedTimeoutView,
  KeptView,
  MessagePage,
  RegistrationTableStats,
  Take,
} from '../../model/engine.ts';
import type { AgentView, CallMessages, LegView, ListenerView, Page, ProbeView } from '../../model/views.ts';
import { compareKeys, type SortKey } from '../first-in-order.ts';
import { Histogram } from '../histogram.ts';
import type { OutcomeView } from './foreign-accounts.ts';
import type { LegJoin, LegJoins } from './leg-joins.ts';

/** How the answers of several shards become one: functions of plain data, so that what they do can be stated as laws. */

/** An id that only one entry of all shards has, and the same one as long as it is held. */
export function globalId(id: number, shard: number, count: number): number {
  return id * count + shard;
}

/** Which shard has an entry, and under which id of its own. */
export function placeOf(id: number, count: number): { shard: number; localId: number } {
  const shard = id % count;
  return { shard, localId: (id - shard) / count };
}

/** The part of a list that one shard has to show, from `offset` on. */
export interface Window {
  offset: number;
  limit: number;
}

/**
 * Says which part of each shard's list is on a page of the list of all: each shard's order is kept, and where they meet
 * the key that belongs first decides.
 *
 * @param orders keys of the entries of each shard, in its order
 * @returns the window of each shard, and the shards in the order in which their entries take turns on the page
 */
export function mergeWindows(
  orders: readonly (readonly SortKey[])[],
  { offset, limit }: Window,
  descending: boolean,
): { windows: Window[]; turns: number[] } {
  const next = orders.map(() => 0);
  const windows = orders.map((): Window => ({ offset: 0, limit: 0 }));
  const turns: number[] = [];
  for (let position = 0; position < offset + limit; position++) {
    const first = firstOf(orders, next, descending);
    const window = windows[first];
    if (window === undefined) break;
    next[first]!++; // as many as there are windows
    if (position < offset) window.offset++;
    else {
      window.limit++;
      turns.push(first);
    }
  }
  return { windows, turns };
}

/** The shard whose key at its place belongs first, the first of equal ones; -1 = all have come to their end. */
function firstOf(orders: readonly (readonly SortKey[])[], next: readonly number[], descending: boolean): number {
  let first = -1;
  let best: SortKey;
  for (const [shard, keys] of orders.entries()) {
    const at = next[shard] ?? 0;
    if (at >= keys.length || (first >= 0 && compareKeys(keys[at], best, descending) >= 0)) continue;
    first = shard;
    best = keys[at];
  }
  return first;
}

/** Puts the items of the shards' windows in the order of their turns; an entry that has gone meanwhile leaves no gap. */
export function takeTurns<Item>(items: readonly (readonly Item[])[], turns: readonly number[]): Item[] {
  const next = items.map(() => 0);
  return turns.flatMap((shard) => {
    const at = next[shard] ?? 0;
    next[shard] = at + 1;
    const item = items[shard]?.[at];
    return item === undefined ? [] : [item];
  });
}

/** A page whose items go to whoever takes them as they are found: they come from several shards, so all at once. */
export function given<Item>(found: Page<Item>, take: Take<Item> | undefined): Page<Item> {
  if (take === undefined) return found;
  take(found.items);
  return { ...found, items: [] };
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Counts by name added up. */
export function sumByName(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const each of counts)
    for (const [name, count] of Object.entries(each)) total.set(name, (total.get(name) ?? 0) + count);
  return Object.fromEntries(total);
}

/** Gauges of which the largest is meant, not the sum. */
const LARGEST: ReadonlySet<number> = new Set([
  Ingest.OVERLOAD,
  Ipfix.MAX_CONN_LIFETIME,
  Ipfix.MAX_SETS,
  Ipfix.MAX_PADDING,
  Regs.DEL_ALL_MAX_BINDINGS,
  Regs.DEL_MAX_BINDINGS,
  Regs.DEL_MAX_MATCHING,
  State.DURATION,
  EvRateGc.WALKED,
  EvRateGc.REMOVED,
]);

/** Adds the counters of all shards up into `total`, whose maxima are those of what was added up each time. */
export function addUp(total: CounterSet, shards: readonly CounterSet[]): void {
  for (const { index, max } of COUNTERS) {
    const isLargest = LARGEST.has(index);
    let value = 0;
    let most = total.maxima[index] ?? 0;
    for (const { values, maxima } of shards) {
      const part = values[index] ?? 0;
      value = isLargest ? Math.max(value, part) : value + part;
      // No sum was ever smaller than one of its parts.
      most = Math.max(most, maxima[index] ?? 0);
    }
    total.values[index] = value;
    if (max) total.maxima[index] = Math.max(most, value);
  }
}

/** @returns of legs that several shards hold each is counted as the first */
export function mergeSummaries(shards: readonly CallSummary[]): CallSummary {
  const histogram = new Histogram();
  for (const shard of shards) histogram.addAll(shard.histogram);
  return {
    total: sum(shards.map(({ total }) => total)),
    matched: sum(shards.map(({ matched }) => matched)),
    merged: sum(shards.map(({ merged }) => merged)),
    states: sumByName(shards.map(({ states }) => states)),
    methods: sumByName(shards.map(({ methods }) => methods)),
    statuses: sumByName(shards.map(({ statuses }) => statuses)),
    histogram: histogram.view(),
  };
}

interface Chains {
  buckets: number;
  longestChain: number;
  shortestChain: number;
}

function mergeChains(tables: readonly Chains[]): Chains {
  return {
    buckets: sum(tables.map(({ buckets }) => buckets)),
    longestChain: Math.max(...tables.map(({ longestChain }) => longestChain)),
    shortestChain: Math.min(...tables.map(({ shortestChain }) => shortestChain)),
  };
}

/** @param limits as configured for all shards together */
export function mergeCallTables(
  tables: readonly CallTableStats[],
  limits: Pick<CallTableStats, 'maxEntries' | 'maxForks' | 'maxBytes' | 'evict'>,
): CallTableStats {
  const calls = sum(tables.map((table) => table.calls));
  const bytes = sum(tables.map((table) => table.bytes));
  return {
    ...mergeChains(tables),
    ...limits,
    calls,
    bytes,
    created: sum(tables.map(({ created }) => created)),
    bytesPerCall: calls === 0 ? 0 : Math.round(bytes / calls),
    spareBytes: sum(tables.map(({ spareBytes }) => spareBytes)),
    refused: sum(tables.map(({ refused }) => refused)),
    evictedFinished: sum(tables.map(({ evictedFinished }) => evictedFinished)),
    evicted: sum(tables.map(({ evicted }) => evicted)),
    perState: sumByName(tables.map(({ perState }) => perState)),
  };
}

/** Messages lie where their calls are tracked, events with the hub, which comes first. */
export function mergeKept(shards: readonly KeptView[]): KeptView {
  const messages = shards.map((shard) => shard.messages);
  const since = messages.map(({ oldestUs }) => oldestUs).filter((us) => us !== null);
  // One that has room left has lost nothing, however young its oldest message is.
  const full = messages.filter(isFull).map(({ oldestUs }) => oldestUs ?? 0);
  return {
    messages: {
      held: sum(messages.map(({ held }) => held)),
      bytes: sum(messages.map(({ bytes }) => bytes)),
      maxBytes: sum(messages.map(({ maxBytes }) => maxBytes)),
      oldestUs: since.length === 0 ? null : full.length > 0 ? Math.max(...full) : Math.min(...since),
    },
    events: shards[0]?.events ?? { held: 0, capacity: 0, oldestUs: null },
  };
}

function isFull({ bytes, maxBytes }: KeptView['messages']): boolean {
  return bytes >= maxBytes;
}

export function mergeRegistrationTables(
  tables: readonly RegistrationTableStats[],
  limits: Pick<RegistrationTableStats, 'maxEntries' | 'maxBytes' | 'maxContacts'>,
): RegistrationTableStats {
  return {
    ...mergeChains(tables),
    ...limits,
    bindings: sum(tables.map(({ bindings }) => bindings)),
    created: sum(tables.map(({ created }) => created)),
    bytes: sum(tables.map(({ bytes }) => bytes)),
    refused: sum(tables.map(({ refused }) => refused)),
  };
}

export function mergeForced(
  forced: readonly ForcedTimeoutView[],
  merge: (tables: readonly CallTableStats[]) => CallTableStats,
): ForcedTimeoutView {
  return {
    before: merge(forced.map(({ before }) => before)),
    after: merge(forced.map(({ after }) => after)),
    timeoutMs: forced[0]?.timeoutMs ?? 0,
    forced: sum(forced.map((each) => each.forced)),
    walked: sum(forced.map(({ walked }) => walked)),
    loops: sum(forced.map(({ loops }) => loops)),
    durationMs: Math.max(...forced.map(({ durationMs }) => durationMs)),
  };
}

export function mergeHealth(shards: readonly EngineHealth[]): EngineHealth {
  return {
    running: shards.every(({ running }) => running),
    ready: shards.every(({ ready }) => ready),
    restarts: sum(shards.map(({ restarts }) => restarts)),
    heartbeatAgeMs: Math.max(...shards.map(({ heartbeatAgeMs }) => heartbeatAgeMs)),
    lastError: shards.find(({ lastError }) => lastError !== '')?.lastError ?? '',
  };
}

/** Sockets of several shards on one port are one listener. */
export function mergeListeners(shards: readonly (readonly ListenerView[])[]): ListenerView[] {
  const byName = new Map<string, ListenerView>();
  for (const view of shards.flat()) {
    const known = byName.get(view.name);
    if (known === undefined) byName.set(view.name, view);
    else {
      byName.set(view.name, {
        ...known,
        receiveBufferBytes: addKnown(known.receiveBufferBytes, view.receiveBufferBytes),
        kernelDrops: addKnown(known.kernelDrops, view.kernelDrops),
        connections: addKnown(known.connections, view.connections),
      });
    }
  }
  return [...byName.values()];
}

function addKnown(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : a + b;
}

type Books = Pick<AgentView, 'tracked' | 'dropped' | 'refused' | 'ignored' | 'lastFault'>;

function withOutcomes<View extends Books>(view: View, outcomes: readonly Books[]): View {
  const all: Books[] = [view, ...outcomes];
  const lastFault = all
    .map((books) => books.lastFault)
    .reduce((last, fault) => (last === null || (fault !== null && fault.atUs > last.atUs) ? fault : last), null);
  return {
    ...view,
    tracked: sum(all.map(({ tracked }) => tracked)),
    dropped: sum(all.map(({ dropped }) => dropped)),
    refused: sumByName(all.map(({ refused }) => refused)),
    ignored: sumByName(all.map(({ ignored }) => ignored)),
    lastFault,
  };
}

function byId(outcomes: readonly OutcomeView[]): Map<string, OutcomeView[]> {
  const found = new Map<string, OutcomeView[]>();
  for (const outcome of outcomes) {
    const known = found.get(outcome.id);
    if (known === undefined) found.set(outcome.id, [outcome]);
    else known.push(outcome);
  }
  return found;
}

/** Agents of all shards in order of appearance; one that two of them heard, since the kernel changed its mind, is one. */
export function mergeAgents(shards: readonly (readonly AgentView[])[], outcomes: readonly OutcomeView[]): AgentView[] {
  const agents = new Map<string, AgentView>();
  for (const view of shards.flat()) {
    const known = agents.get(view.id);
    agents.set(view.id, known === undefined ? view : mergeAgent(known, view));
  }
  const elsewhere = byId(outcomes);
  return [...agents.values()]
    .map((view) => withOutcomes(view, elsewhere.get(view.id) ?? []))
    .toSorted((a, b) => a.firstSeenUs - b.firstSeenUs);
}

function mergeAgent(a: AgentView, b: AgentView): AgentView {
  const [earlier, later] = a.lastSeenUs <= b.lastSeenUs ? [a, b] : [b, a];
  return {
    ...withOutcomes(later, [earlier]),
    versions: [...new Set([...a.versions, ...b.versions])].toSorted((one, other) => one - other),
    firstSeenUs: Math.min(a.firstSeenUs, b.firstSeenUs),
    packets: a.packets + b.packets,
    bytes: a.bytes + b.bytes,
    packetsPerSecond: a.packetsPerSecond + b.packetsPerSecond,
    bytesPerSecond: a.bytesPerSecond + b.bytesPerSecond,
    sip: a.sip + b.sip,
    other: a.other + b.other,
  };
}

export function mergeProbes(probes: readonly ProbeView[], outcomes: readonly OutcomeView[]): ProbeView[] {
  const elsewhere = byId(outcomes);
  return probes.map((view) => withOutcomes(view, elsewhere.get(view.agent) ?? []));
}

export function page<Item>(items: readonly Item[], { offset, limit }: Window): Page<Item> {
  return { total: items.length, matched: items.length, offset, limit, items: items.slice(offset, offset + limit) };
}

/** What all shards know of legs, each join once. */
export class JoinedLegs {
  readonly #byEntry = new Map<number, LegJoin[]>();
  readonly #byName = new Map<string, LegJoin[]>();
  readonly #held: ReadonlySet<string>;

  constructor(shards: readonly LegJoins[]) {
    this.#held = new Set(shards.flatMap(({ held }) => held));
    const seen = new Set<string>();
    for (const join of shards.flatMap(({ joins }) => joins)) {
      const key = `${join.entryId} ${join.name}`;
      if (seen.has(key)) continue;
      seen.add(key);
      put(this.#byEntry, join.entryId, join);
      put(this.#byName, join.name, join);
    }
    for (const joins of this.#byName.values()) joins.sort((a, b) => a.bornUs - b.bornUs);
  }

  /** Call-IDs that were named. */
  names(): string[] {
    return [...this.#byName.keys()];
  }

  /** The other legs of an entry: those it named, those that named it, and those that named the same. */
  of(entry: { id: number; callId: string }): LegView[] {
    const legs = new Map<string, string>();
    const named = this.#byEntry.get(entry.id) ?? [];
    for (const { name, reason, isGuess } of named) if (!isGuess || this.#held.has(name)) legs.set(name, reason);
    for (const name of [entry.callId, ...named.map((join) => join.name)]) {
      for (const { callId, reason } of this.#byName.get(name) ?? []) {
        if (callId !== entry.callId && !legs.has(callId)) legs.set(callId, reason);
      }
    }
    return [...legs].map(([callId, reason]) => ({ callId, reason }));
  }
}

function put<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The messages and entries of one call, whichever shards hold its legs; `window` is of all together. */
export function mergeMessages(
  callIds: readonly string[],
  shards: readonly CallMessages[],
  { offset, limit }: Window,
): CallMessages {
  const [callId = ''] = callIds;
  const items = shards.flatMap((shard) => shard.items).toSorted((a, b) => a.atUs - b.atUs);
  const entries = shards.flatMap((shard) => shard.entries);
  return {
    callId,
    callIds: [...callIds],
    pastLegs: [],
    // Those of the call first; among those of one Call-ID each shard's order stays.
    entries: entries.toSorted((a, b) => callIds.indexOf(a.callId) - callIds.indexOf(b.callId)),
    total: sum(shards.map(({ total }) => total)),
    offset,
    items: items.slice(offset, offset + limit),
    reports: shards.flatMap(({ reports }) => reports),
    gone: sum(shards.map(({ gone }) => gone)),
    keeps: shards.some(({ keeps }) => keeps),
    olderCallId: '',
    newerCallId: '',
  };
}

/** Messages of all shards, the one that arrived last first; each shard gave what may be on the page. */
export function mergeMessagePages(shards: readonly MessagePage[], { offset, limit }: Window): MessagePage {
  const arrivals = shards.map(({ items }) => items.map(({ arrivedUs }) => arrivedUs));
  const { windows, turns } = mergeWindows(arrivals, { offset, limit }, true);
  const oldest = shards.flatMap(({ sinceUs }) => (sinceUs === null ? [] : [sinceUs]));
  const cut = shards.flatMap(({ isComplete, sinceUs }) => (isComplete || sinceUs === null ? [] : [sinceUs]));
  return {
    total: sum(shards.map(({ total }) => total)),
    matched: sum(shards.map(({ matched }) => matched)),
    offset,
    limit,
    items: takeTurns(
      shards.map(({ items }, shard) => items.slice(windows[shard]?.offset)),
      turns,
    ),
    isComplete: shards.every(({ isComplete }) => isComplete),
    // What all have looked at begins where the first gave up.
    sinceUs: cut.length > 0 ? Math.max(...cut) : oldest.length > 0 ? Math.min(...oldest) : null,
    keeps: shards.some(({ keeps }) => keeps),
  };
}
