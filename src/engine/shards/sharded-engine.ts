import { randomInt } from 'node:crypto';
import type { CaptureFormatName, CaptureSummary } from '../../model/capture.ts';
import { CounterSet } from '../../model/counters.ts';
import {
  type CallQuery,
  type CallSelection,
  type CallSummary,
  type CallTableStats,
  type KeptView,
  type CallTimeoutView,
  type Engine,
  type EngineHealth,
  type EventBlacklistView,
  type EventPage,
  type EventQuery,
  type ForcedTimeoutView,
  type InjectedMessage,
  type LinkPage,
  type LinkQuery,
  MAX_LIST_LIMIT,
  type MessagePage,
  type MessageQuery,
  type RateGcView,
  type RateParameterView,
  type RateQuery,
  type RateTableStats,
  type RegistrationChanges,
  type RegistrationQuery,
  type RegistrationSettingsView,
  type RegistrationTableStats,
  type Take,
  type TalkersQuery,
  type TalkersView,
  type TcpTimeoutView,
} from '../../model/engine.ts';
import type { RatePage } from '../../model/event-rates.ts';
import type { Log } from '../../model/log.ts';
import type { EngineSettings } from '../../model/settings.ts';
import type {
  AgentView,
  CallMessages,
  CallMessageView,
  CallView,
  EventView,
  InjectView,
  LegView,
  ListenerView,
  MessageDetail,
  Page,
  ProbeView,
  RateEntryView,
  RegistrationView,
} from '../../model/views.ts';
import type { KeptMessage } from '../../tracker/message-ring.ts';
import { callCapture } from '../call-capture.ts';
import { otherLegs, withLegs } from '../call-messages.ts';
import { EngineClient } from '../engine-client.ts';
import type { ShardLinks } from '../link-query.ts';
import type { EngineMethod, EngineMethods, StopSettings } from '../protocol.ts';
import { bornUs, checkWindow } from '../queries.ts';
import type { OutcomeView } from './foreign-accounts.ts';
import type { LegJoins } from './leg-joins.ts';
import { mergeLinks } from './merge-links.ts';
import {
  addUp,
  given,
  globalId,
  JoinedLegs,
  mergeAgents,
  mergeCallTables,
  mergeForced,
  mergeHealth,
  mergeKept,
  mergeListeners,
  mergeMessagePages,
  mergeMessages,
  mergeProbes,
  mergeSummaries,
  mergeRegistrationTables,
  mergeWindows,
  page,
  placeOf,
  takeTurns,
  type Window,
} from './merge.ts';
import type { Neighbour, OrderedTable, TableOrder } from './order.ts';
import { HUB, makePlaces } from './place.ts';
import { settingsOfShard } from './shard-settings.ts';

/** Everything may take as long as whoever asked for the end allows. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
/** Work that was handed over may lead to more: messages to events and questions, questions to answers. */
const DRAIN_ROUNDS = 3;

/**
 * Several engine threads as one engine: asks those that know, and makes their answers one (merge.ts).
 *
 *   calls, bindings, messages ── all shards, each has its share
 *   agents, links, counters   ── all shards, each has what it received
 *   events, rates, probes     ── the hub
 */
export class ShardedEngine implements Engine {
  readonly #settings: EngineSettings;
  readonly #shards: EngineClient[];
  readonly #hub: EngineClient;
  readonly #log: Log;
  readonly #total = new CounterSet();
  /** What was changed since the start: a shard that is replaced must not differ from the others. */
  readonly #timeouts: Record<string, number> = {};
  #registrationChanges: RegistrationChanges = {};
  #isStopping = false;

  /** @param entry the program of a thread */
  constructor(settings: EngineSettings, count: number, log: Log, onFatal: (reason: string) => void, entry?: URL) {
    this.#settings = settings;
    this.#log = log;
    this.#shards = makePlaces(count, settings.hep.udpSockets, randomInt(0x1_0000_0000) | 0).map((place) => {
      const share = settingsOfShard(settings, place.index, count);
      return new EngineClient(share, log, onFatal, entry, { place, onAgain: (shard) => this.#bringUpToDate(shard) });
    });
    this.#hub = this.#shards[HUB]!; // there is at least one
  }

  get counters(): CounterSet {
    addUp(
      this.#total,
      this.#shards.map(({ counters }) => counters),
    );
    return this.#total;
  }

  /** All engine threads there are. */
  get threads(): readonly EngineClient[] {
    return this.#shards;
  }

  /** Where the main thread counts. */
  get ownCounters(): CounterSet {
    return this.#hub.counters;
  }

  get played(): Promise<CaptureSummary> {
    return this.#hub.played;
  }

  /** Starts the hub, which finds out about ports, then the others. Rejects with what the first listener said. */
  async start(): Promise<ListenerView[]> {
    const views = [await this.#hub.start()];
    const udp = views[0]?.find(({ name }) => name === 'hep-udp');
    // Without the module there can be one socket only; the hub hands over what it receives.
    const isShared = this.#settings.hep.udpSockets === 'each' && udp?.receiveMethod === 'native';
    const udpPort = isShared ? udp.port : -1;
    try {
      const others = this.#shards.filter((shard) => shard !== this.#hub);
      views.push(...(await Promise.all(others.map((shard) => shard.start(udpPort)))));
    } catch (error) {
      await this.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 });
      throw error;
    }
    return mergeListeners(views);
  }

  async stop(how: StopSettings, beforeEnd: () => Promise<void> = async () => undefined): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const others = this.#shards.filter((shard) => shard !== this.#hub);
    for (const shard of this.#shards) shard.expectEnd();
    await this.#toEnd(this.#shards, 'stopInput', [how.graceMs]);
    for (let round = 0; round < DRAIN_ROUNDS; round++) {
      // oxlint-disable-next-line no-await-in-loop -- each round works off what the one before handed over
      await this.#toEnd(this.#shards, 'drain', []);
    }
    await this.#toEnd(this.#shards, 'endCalls', [how]);
    // What these have reported last is the hub's to take.
    await this.#toEnd(others, 'end', []);
    await this.#toEnd([this.#hub], 'drain', []);
    await this.#toEnd([this.#hub], 'end', []);
    await beforeEnd();
    await Promise.all(this.#shards.map((shard) => shard.terminate()));
  }

  health(): EngineHealth {
    return mergeHealth(this.#shards.map((shard) => shard.health()));
  }

  async listCalls(query: CallQuery, take?: Take<CallView>): Promise<Page<CallView>> {
    const found = await this.#listInOrder<CallView, CallQuery>(
      'calls',
      query,
      (part, shard) => this.#shards[shard]!.listCalls(part), // a window for each shard
    );
    return given({ ...found, items: await this.#withLegs(found.items) }, take);
  }

  async callSummary(selection: CallSelection): Promise<CallSummary> {
    return mergeSummaries(await Promise.all(this.#shards.map((shard) => shard.callSummary(selection))));
  }

  async callsByCallId(callId: string): Promise<CallView[]> {
    const found = await Promise.all(this.#shards.map((shard) => shard.callsByCallId(callId)));
    const calls = found.flatMap((views, shard) => this.#global(views, shard));
    return this.#withLegs(calls.toSorted((a, b) => bornUs(a) - bornUs(b)));
  }

  async callMessages(callId: string, window: Window): Promise<CallMessages> {
    checkWindow(window);
    const own = await this.callsByCallId(callId);
    const near = await this.#pastLegs([callId]);
    const past = otherLegs(callId, near, await this.#pastLegs(near.map((leg) => leg.callId)));
    const callIds = withLegs(callId, [...own.flatMap((call) => call.legs), ...past]);
    const upToEnd = { offset: 0, limit: Math.min(window.offset + window.limit, MAX_LIST_LIMIT) };
    const parts = await this.#all<CallMessages>('messagesOf', [callIds, upToEnd]);
    const merged = mergeMessages(
      callIds,
      parts.map((part, shard) => ({
        ...part,
        entries: this.#global(part.entries, shard),
        items: this.#globalMessages(part.items, shard),
      })),
      window,
    );
    const [entries, neighbours] = await Promise.all([this.#withLegs(merged.entries), this.#neighbours(callId, own)]);
    return { ...merged, entries, pastLegs: past, ...neighbours };
  }

  async callMessage(callId: string, id: number): Promise<MessageDetail | undefined> {
    const { shard, localId } = placeOf(id, this.#shards.length);
    const found = await this.#shards[shard]?.callMessage(callId, localId);
    if (found === undefined) return undefined;
    return { ...found, message: this.#globalMessage(found.message, shard) };
  }

  async callCapture(callIds: readonly string[], format: CaptureFormatName): Promise<Uint8Array> {
    const parts = await this.#all<KeptMessage[]>('keptMessages', [callIds]);
    // Between threads octets lose what makes them a buffer.
    const messages = parts.flat().map((message) => ({ ...message, octets: Buffer.from(message.octets) }));
    return callCapture(
      messages.toSorted((a, b) => a.trackedAtUs - b.trackedAtUs),
      format,
    );
  }

  async listMessages(query: MessageQuery): Promise<MessagePage> {
    checkWindow(query);
    const { offset, limit } = query;
    // Each may have all that is on the page.
    const upToEnd = { ...query, offset: 0, limit: offset + limit };
    const parts = await Promise.all(this.#shards.map((shard) => shard.listMessages(upToEnd)));
    return mergeMessagePages(
      parts.map((part, shard) => ({ ...part, items: this.#globalMessages(part.items, shard) })),
      query,
    );
  }

  async callTable(): Promise<CallTableStats> {
    return this.#mergeCallTables(await Promise.all(this.#shards.map((shard) => shard.callTable())));
  }

  async kept(): Promise<KeptView> {
    return mergeKept(await Promise.all(this.#shards.map((shard) => shard.kept())));
  }

  callTimeouts(): Promise<CallTimeoutView[]> {
    return this.#hub.callTimeouts();
  }

  async setCallTimeouts(seconds: Record<string, number>): Promise<CallTimeoutView[]> {
    // What one of them refuses, all refuse.
    const [views = []] = await Promise.all(this.#shards.map((shard) => shard.setCallTimeouts(seconds)));
    Object.assign(this.#timeouts, seconds);
    return views;
  }

  async listRegistrations(query: RegistrationQuery, take?: Take<RegistrationView>): Promise<Page<RegistrationView>> {
    const found = await this.#listInOrder<RegistrationView, RegistrationQuery>(
      'registrations',
      query,
      (part, shard) => this.#shards[shard]!.listRegistrations(part), // a window for each shard
    );
    return given(found, take);
  }

  async registrationTable(): Promise<RegistrationTableStats> {
    const { maxEntries, maxBytes, maxContacts } = this.#settings.tracker.registrations;
    const tables = await Promise.all(this.#shards.map((shard) => shard.registrationTable()));
    return mergeRegistrationTables(tables, { maxEntries, maxBytes, maxContacts });
  }

  registrationSettings(): Promise<{ now: RegistrationSettingsView; configured: RegistrationSettingsView }> {
    return this.#hub.registrationSettings();
  }

  async setRegistrationSettings(changes: RegistrationChanges): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.setRegistrationSettings(changes)));
    this.#registrationChanges = { ...this.#registrationChanges, ...changes };
  }

  listEvents(query: EventQuery, take?: Take<EventView>): Promise<EventPage> {
    return this.#hub.listEvents(query, take);
  }

  topTalkers(query: TalkersQuery): Promise<TalkersView> {
    return this.#hub.topTalkers(query);
  }

  /** Nothing is captured where there are several threads. */
  tcpTimeouts(): Promise<TcpTimeoutView[]> {
    return this.#hub.tcpTimeouts();
  }

  setTcpTimeouts(changes: Record<string, number>): Promise<void> {
    return this.#hub.setTcpTimeouts(changes);
  }

  /** By the shard that tracks it, so that the answer tells what became of it. */
  async inject(message: InjectedMessage): Promise<InjectView> {
    const owner = await this.#hub.ask<number>('ownerOf', [message]);
    const view = await this.#shards[owner]!.inject(message); // one of them
    return { ...view, entries: await this.#withLegs(this.#global(view.entries, owner)) };
  }

  eventBlacklist(): Promise<EventBlacklistView> {
    return this.#hub.eventBlacklist();
  }

  setEventBlacklist(changes: Record<string, boolean>, reset: boolean): Promise<EventBlacklistView> {
    return this.#hub.setEventBlacklist(changes, reset);
  }

  async listLinks(query: LinkQuery): Promise<LinkPage> {
    checkWindow(query);
    return mergeLinks(await this.#all<ShardLinks>('allLinks', [query]), query);
  }

  listRates(query: RateQuery): Promise<Page<RateEntryView>> {
    return this.#hub.listRates(query);
  }

  rateTable(): Promise<RateTableStats> {
    return this.#hub.rateTable();
  }

  rateSettings(of: RatePage): Promise<RateParameterView[]> {
    return this.#hub.rateSettings(of);
  }

  setRateSettings(changes: Record<string, string>): Promise<void> {
    return this.#hub.setRateSettings(changes);
  }

  forceRateGc(target: number): Promise<RateGcView> {
    return this.#hub.forceRateGc(target);
  }

  async forceTimeout(timeoutMs: number): Promise<ForcedTimeoutView> {
    const forced = await Promise.all(this.#shards.map((shard) => shard.forceTimeout(timeoutMs)));
    return mergeForced(forced, (tables) => this.#mergeCallTables(tables));
  }

  async listAgents(window: Window): Promise<Page<AgentView>> {
    checkWindow(window);
    const [agents, outcomes] = await Promise.all([
      Promise.all(this.#shards.map(allAgents)),
      this.#all<OutcomeView[]>('outcomes', []),
    ]);
    return page(mergeAgents(agents, outcomes.flat()), window);
  }

  async listProbes(window: Window): Promise<Page<ProbeView>> {
    const [probes, outcomes] = await Promise.all([
      this.#hub.listProbes(window),
      this.#all<OutcomeView[]>('outcomes', []),
    ]);
    return { ...probes, items: mergeProbes(probes.items, outcomes.flat()) };
  }

  async listeners(): Promise<ListenerView[]> {
    return mergeListeners(await Promise.all(this.#shards.map((shard) => shard.listeners())));
  }

  /** Answers of all shards in their order; each is what `EngineCore` says the method answers. */
  #all<Result>(method: EngineMethod, args: EngineMethods[EngineMethod]): Promise<Result[]> {
    return Promise.all(this.#shards.map((shard) => shard.ask<Result>(method, args)));
  }

  /** Asks for a part of the end. A shard that cannot answer any more keeps the others from nothing. */
  async #toEnd(
    shards: readonly EngineClient[],
    method: EngineMethod,
    args: EngineMethods[EngineMethod],
  ): Promise<void> {
    const ends = await Promise.allSettled(shards.map((shard) => shard.ask(method, args, NO_TIMEOUT_MS)));
    for (const end of ends) {
      if (end.status === 'rejected') this.#log.warn({ err: end.reason }, 'an engine thread did not stop in order');
    }
  }

  /** A page of a list that all shards have parts of, each in the order asked for. */
  async #listInOrder<View extends { id: number }, Query extends CallQuery | RegistrationQuery>(
    what: OrderedTable,
    query: Query,
    list: (part: Query, shard: number) => Promise<Page<View>>,
  ): Promise<Page<View>> {
    const { offset, limit } = query;
    const orders = await this.#all<TableOrder>('order', [what, query]);
    const { windows, turns } = mergeWindows(
      orders.map((order) => order.keys),
      query,
      orders.every((order) => order.descending),
    );
    const pages = await Promise.all(
      windows.map(async (window, shard) =>
        window.limit === 0 ? [] : this.#global((await list({ ...query, ...window }, shard)).items, shard),
      ),
    );
    const total = orders.reduce((sum, order) => sum + order.total, 0);
    const matched = orders.reduce((sum, order) => sum + order.matched, 0);
    return { total, matched, offset, limit, items: takeTurns(pages, turns) };
  }

  #global<View extends { id: number }>(views: readonly View[], shard: number): View[] {
    return views.map((view) => ({ ...view, id: globalId(view.id, shard, this.#shards.length) }));
  }

  #globalMessages(messages: readonly CallMessageView[], shard: number): CallMessageView[] {
    return messages.map((message) => this.#globalMessage(message, shard));
  }

  #globalMessage(message: CallMessageView, shard: number): CallMessageView {
    const count = this.#shards.length;
    const callEntryId = globalId(message.callEntryId, shard, count);
    return { ...message, id: globalId(message.id, shard, count), callEntryId };
  }

  async #pastLegs(callIds: readonly string[]): Promise<LegView[]> {
    return callIds.length === 0 ? [] : (await this.#all<LegView[]>('pastLegs', [callIds])).flat();
  }

  /** Calls with the legs that other shards know of. */
  async #withLegs(calls: readonly CallView[]): Promise<CallView[]> {
    const callIds = new Set(calls.map((call) => call.callId));
    if (callIds.size === 0) return [...calls];
    const near = await this.#joins([...callIds]);
    const further = new JoinedLegs(near).names().filter((name) => !callIds.has(name));
    const joined = new JoinedLegs(further.length === 0 ? near : [...near, ...(await this.#joins(further))]);
    return calls.map((call) => ({ ...call, legs: joined.of(call) }));
  }

  async #joins(callIds: readonly string[]): Promise<LegJoins[]> {
    const shards = await this.#all<LegJoins>('joins', [callIds]);
    return shards.map(({ joins, held }, shard) => ({
      held,
      joins: joins.map((join) => ({ ...join, entryId: globalId(join.entryId, shard, this.#shards.length) })),
    }));
  }

  async #neighbours(
    callId: string,
    own: readonly CallView[],
  ): Promise<Pick<CallMessages, 'olderCallId' | 'newerCallId'>> {
    const [first] = own;
    const last = own.at(-1);
    if (first === undefined || last === undefined) return { olderCallId: '', newerCallId: '' };
    type Both = { older: Neighbour | undefined; newer: Neighbour | undefined };
    const [around, after] = await Promise.all([
      this.#all<Both>('neighbours', [callId, bornUs(first)]),
      this.#all<Both>('neighbours', [callId, bornUs(last)]),
    ]);
    const older = around.flatMap((both) => both.older ?? []).toSorted((a, b) => b.bornUs - a.bornUs)[0];
    const newer = after.flatMap((both) => both.newer ?? []).toSorted((a, b) => a.bornUs - b.bornUs)[0];
    return { olderCallId: older?.callId ?? '', newerCallId: newer?.callId ?? '' };
  }

  #mergeCallTables(tables: readonly CallTableStats[]): CallTableStats {
    const { maxCalls: maxEntries, maxForks, maxCallBytes: maxBytes, evict } = this.#settings.tracker;
    return mergeCallTables(tables, { maxEntries, maxForks, maxBytes, evict });
  }

  async #bringUpToDate(shard: EngineClient): Promise<void> {
    await shard.setCallTimeouts(this.#timeouts);
    await shard.setRegistrationSettings(this.#registrationChanges);
  }
}

async function allAgents(shard: EngineClient): Promise<AgentView[]> {
  const agents: AgentView[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- how many there are is told by the pages
    const { items } = await shard.listAgents({ offset: agents.length, limit: MAX_LIST_LIMIT });
    agents.push(...items);
    if (items.length < MAX_LIST_LIMIT) return agents;
  }
}
