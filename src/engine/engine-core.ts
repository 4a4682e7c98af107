import { randomInt } from 'node:crypto';
import { CALL_STATES, callStateByName, type CallState, TIMED_CALL_STATES } from '../model/call-state.ts';
import {
  Calls,
  CALLS_IN_STATE,
  CounterSet,
  EventRing as EventRingCounters,
  Hep,
  Ipfix,
  Links,
  Regs,
  Subs,
} from '../model/counters.ts';
import {
  type CallQuery,
  type CallSelection,
  type CallSummary,
  type CallTableStats,
  type KeptView,
  type CallTimeoutView,
  EngineRequestError,
  type EventBlacklistView,
  type EventPage,
  type EventQuery,
  type ForcedTimeoutView,
  type InjectedMessage,
  type LinkPage,
  type LinkQuery,
  type MessagePage,
  type MessageQuery,
  MAX_LIST_LIMIT,
  type RateGcView,
  type RateParameterView,
  type RateQuery,
  type RateTableStats,
  type RegistrationChanges,
  type RegistrationQuery,
  type RegistrationSettingsView,
  type RegistrationTableStats,
  type TcpTimeoutView,
  type TalkersQuery,
  type TalkersView,
} from '../model/engine.ts';
import type { RatePage } from '../model/event-rates.ts';
import { eventByName, SELECTABLE_EVENTS } from '../model/event-type.ts';
import { type Fault, faultInfo } from '../model/fault.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/ports.ts';
import {
  type CaptureSettings,
  type EngineSettings,
  type LiveSettings,
  MAX_REG_DEL_DELAY_S,
  MAX_REG_EXP_DELTA_S,
  type RegistrationSettings,
} from '../model/settings.ts';
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
} from '../model/views.ts';
import type { CaptureFormatName, CaptureSummary } from '../model/capture.ts';
import type { Account } from '../pipeline/account.ts';
import type { KeptMessage } from '../tracker/message-ring.ts';
import { AgentTable } from '../pipeline/agents.ts';
import { CapturePipeline, type FrameFilter } from '../pipeline/capture.ts';
import { Ingest } from '../pipeline/ingest.ts';
import { Injector } from '../pipeline/inject.ts';
import { Overload } from '../pipeline/overload.ts';
import { IpfixPipeline } from '../pipeline/ipfix.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import { ProbeTable } from '../pipeline/probes.ts';
import { DumpQueue } from '../dump/dump-queue.ts';
import { CaptureFiles } from '../sources/capture-files.ts';
import { ConnectionLimit } from '../sources/connection-limit.ts';
import { HepStreamSource } from '../sources/hep-stream.ts';
import { HepUdpSource } from '../sources/hep-udp.ts';
import { EventRates } from '../tracker/event-rates.ts';
import { type CaptureProgram, capProgram, TCPDUMP } from '../sources/capture-programs.ts';
import { LiveCapture } from '../sources/live-capture.ts';
import { IpfixStreamSource } from '../sources/ipfix-stream.ts';
import { EventRing } from '../tracker/event-ring.ts';
import { LinkTable } from '../tracker/link-table.ts';
import { QosTable } from '../tracker/qos.ts';
import { ReportTable } from '../tracker/reports.ts';
import { snapshotTables } from '../tracker/snapshot.ts';
import { CallTracker } from '../tracker/tracker.ts';
import { callView } from '../tracker/views.ts';
import { compileFilter, FilterFault } from '../wire/bpf/filter.ts';
import { HepFramer } from '../wire/hep/framer.ts';
import { forceTimeouts } from './force-timeout.ts';
import { IpfixFramer } from '../wire/ipfix/framer.ts';
import { AnyCaptureReader } from '../wire/pcap/capture-reader.ts';
import { callCapture, keptMessages } from './call-capture.ts';
import { callSummary } from './call-summary.ts';
import { callMessage, callMessages, heldUnder, messagesOf, pastLegs } from './call-messages.ts';
import { keptView } from './kept.ts';
import { CaptureClock } from './capture-clock.ts';
import { injectMessage } from './inject.ts';
import { allLinks, listLinks, type ShardLinks } from './link-query.ts';
import { listMessages } from './message-list.ts';
import type { StopSettings } from './protocol.ts';
import { type Emit, listCalls, listEvents, listRegistrations, type Slicing } from './queries.ts';
import { RateService } from './rates.ts';
import type { OutcomeView } from './shards/foreign-accounts.ts';
import { Handover } from './shards/handover.ts';
import { type LegJoins, legJoins } from './shards/leg-joins.ts';
import { type Neighbour, neighboursOf, type OrderedTable, orderOf, type TableOrder } from './shards/order.ts';
import type { ShardPlace } from './shards/place.ts';
import { EngineState, type Restore } from './state.ts';
import { tcpTimeouts, withTimeouts } from './tcp-timeouts.ts';
import { topTalkers } from './talkers.ts';

/** Entries looked at by the timer wheel before packets get their turn again. */
const EXPIRY_BUDGET = 2000;
const TICK_MS = 100;
const RATE_MARK_US = 1_000_000;
/** Longest timeout of any state. */
const MAX_FORCED_TIMEOUT_MS = 86_400_000;

interface Source {
  start(): Promise<ListenerView>;
  stop(graceMs: number): Promise<void>;
  view(): ListenerView;
}

/**
 * One shard: sockets, pipeline, tracker, ring and counters, nothing shared with another. It runs in a worker thread
 * behind `engine-client.ts`, or in the same thread in tests.
 */
export class EngineCore {
  readonly counters: CounterSet;
  readonly tracker: CallTracker;
  readonly pipeline: Pipeline;
  readonly ipfix: IpfixPipeline;
  readonly #settings: EngineSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ingest: Ingest;
  readonly #events: EventRing;
  readonly #ringStartedUs: number;
  readonly #rates: RateService;
  readonly #agents: AgentTable;
  readonly #probes: ProbeTable;
  readonly #qos: QosTable;
  readonly #reports: ReportTable;
  readonly #links: LinkTable;
  readonly #overload: Overload;
  readonly #handover: Handover | undefined;
  readonly #sources: Source[] = [];
  readonly #captureClock: CaptureClock | undefined;
  readonly #files: CaptureFiles | undefined;
  /** Captured packets, whatever they come from. */
  #captured: CapturePipeline | undefined;
  readonly #injector: Injector;
  readonly #dump: DumpQueue | undefined;
  #playing: Promise<CaptureSummary> | undefined;
  readonly #slicing: Slicing = {
    nowMs: () => performance.now(),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  };
  readonly #state: EngineState;
  #ratesMarkedUs = 0;
  #timer: NodeJS.Timeout | undefined;
  #moreToExpire = false;

  /** @param place among several; alone without */
  constructor(settings: EngineSettings, counters: CounterSet, clock: Clock, log: Log, place?: ShardPlace) {
    this.#settings = settings;
    this.counters = counters;
    const { capture } = settings;
    this.#captureClock =
      capture === undefined || capture.live !== undefined ? undefined : new CaptureClock(clock, clockRate(capture));
    this.#clock = this.#captureClock?.now ?? clock;
    this.#log = log;
    resetGauges(counters);
    const seed = randomInt(0x1_0000_0000) | 0;
    const rates = new EventRates(settings.eventRates, counters, seed);
    this.#rates = new RateService(rates, counters, this.#clock, this.#slicing);
    this.#handover = place === undefined ? undefined : new Handover(place, () => performance.now());
    // Events of the other shards are counted and judged when they reach the hub's ring.
    this.#events =
      this.#handover?.isHub === false
        ? new EventRing(settings.eventBufferSize, new CounterSet(), undefined, counters)
        : new EventRing(settings.eventBufferSize, counters, rates);
    this.#ringStartedUs = clock();
    if (this.#handover?.isHub !== false) this.#silenceAsConfigured();
    this.tracker = new CallTracker(settings.tracker, this.#events, counters, seed);
    this.#agents = new AgentTable(settings.hep.limits.maxAgents, settings.hep.allow, settings.hep.auth, counters);
    this.#probes = new ProbeTable(counters);
    this.#qos = new QosTable(settings.qos, this.tracker, counters, this.#handover);
    this.#reports = new ReportTable(settings.reports, this.tracker, counters, this.#handover);
    this.#links = new LinkTable(settings.links, counters, seed);
    this.#dump = settings.dump && new DumpQueue(settings.dump, counters, log);
    const ingest = new Ingest(
      settings,
      this.tracker,
      this.#links,
      this.#events,
      counters,
      this.#reportFault,
      this.#dump,
      this.#handover,
      this.#reports,
    );
    this.#ingest = ingest;
    this.pipeline = new Pipeline(settings, ingest, this.#agents, counters);
    this.ipfix = new IpfixPipeline(settings, ingest, this.#probes, this.#qos, counters);
    const dispensables = [this.tracker.messages].filter(({ isOn }) => isOn);
    this.#overload = new Overload(dispensables, counters, this.#reportOverload);
    this.#state = new EngineState({
      settings: settings.state,
      tracker: this.tracker,
      tables: snapshotTables(this.tracker, rates, this.#links, counters),
      counters,
      clock: this.#clock,
      resumeAt: this.#resumeAt,
      log,
      slicing: this.#slicing,
    });
    this.#injector = new Injector(settings, ingest, counters);
    this.#files = this.#addCapture(ingest);
    this.#addSources();
  }

  /** Settles when all capture files have been played; undefined = there are none. */
  get playing(): Promise<CaptureSummary> | undefined {
    return this.#playing;
  }

  /**
   * Brings back the state of the engine before, opens the listeners and starts the clock. Rejects with the first error,
   * everything closed again.
   */
  async start(onTick: () => void, restore: Restore = 'all'): Promise<ListenerView[]> {
    const views: ListenerView[] = [];
    try {
      await this.#files?.check();
      await this.#dump?.start();
      await this.#state.restore(restore, onTick);
      this.#takePart();
      for (const source of this.#sources) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, so that the first error is the one told
        views.push(await source.start());
      }
    } catch (error) {
      await this.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 });
      throw error;
    }
    this.#timer = setInterval(() => {
      onTick();
      this.#dump?.flush();
      this.#markRates();
      // Calls must not see the system's time before that of the first packet.
      if (this.#captureClock?.isSet === false) return;
      this.#expire();
      void this.#rates.tick();
      this.#qos.advance(this.#clock());
      this.#handover?.tick();
      // Who receives nothing has no other buffer that tells.
      if (this.#sources.length === 0 && this.#handover !== undefined)
        this.#overload.observe(this.#handover.fullness, 0);
    }, TICK_MS);
    this.#state.begin();
    this.#playing = this.#play();
    return views;
  }

  /** Once a second, for the rates of agents and probes. */
  #markRates(): void {
    const nowUs = this.#clock();
    if (nowUs - this.#ratesMarkedUs < RATE_MARK_US) return;
    this.#ratesMarkedUs = nowUs;
    for (const agent of this.#agents.agents()) agent.mark(nowUs);
    for (const probe of this.#probes.probes()) probe.mark(nowUs);
  }

  /** Stops taking input and works off what was received; then ends calls early and waits, if that was asked for. */
  async stop(how: StopSettings): Promise<void> {
    await this.stopInput(how.graceMs);
    await this.endCalls(how);
    await this.end();
  }

  // The same in parts, for several shards, each of which may hand work to all others until all have done one part.

  async stopInput(graceMs: number): Promise<void> {
    this.#files?.stop();
    await Promise.all([this.#playing, ...this.#sources.map((source) => source.stop(graceMs))]);
  }

  /** Works off what other shards have handed over so far. */
  drain(): void {
    this.#handover?.drain();
  }

  async endCalls({ forceTimeoutMs, waitMs }: StopSettings): Promise<void> {
    if (forceTimeoutMs > 0) {
      await forceTimeouts(this.tracker, this.#clock(), forceTimeoutMs * 1000, this.#slicing);
    }
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#handover?.end();
    await Promise.all([this.#dump?.end(), this.#state.end()]);
  }

  listCalls(query: CallQuery, emit: Emit<CallView>): Promise<Omit<Page<CallView>, 'items'>> {
    return listCalls(this.tracker, query, this.#clock, this.#slicing, emit);
  }

  callSummary(selection: CallSelection): Promise<CallSummary> {
    return callSummary(this.tracker, selection, this.#clock(), this.#slicing);
  }

  callsByCallId(callId: string): CallView[] {
    return this.tracker.family(callId).map((call) => callView(call, this.#clock(), this.tracker.legs.of(call)));
  }

  callMessages(callId: string, window: { offset: number; limit: number }): CallMessages {
    return callMessages(this.tracker, callId, window, this.#clock(), this.#reports);
  }

  /** What belonged to some Call-IDs here when their calls were held. */
  pastLegs(callIds: readonly string[]): LegView[] {
    return pastLegs(this.tracker, callIds);
  }

  callMessage(callId: string, id: number): MessageDetail | undefined {
    return callMessage(this.tracker, callId, id);
  }

  callCapture(callIds: readonly string[], format: CaptureFormatName): Uint8Array {
    return callCapture(this.keptMessages(callIds), format);
  }

  listMessages(query: MessageQuery, emit: Emit<CallMessageView>): Promise<Omit<MessagePage, 'items'>> {
    return listMessages(this.tracker.messages, query, this.#clock(), this.#slicing, emit);
  }

  kept(): Promise<KeptView> {
    return keptView(this.tracker.messages, this.#events, this.#slicing);
  }

  callTable(): CallTableStats {
    const { table } = this.tracker;
    const chains = table.chains();
    const { maxCalls, maxForks, maxCallBytes, evict } = this.#settings.tracker;
    const { counters, tracker } = this;
    return {
      calls: table.size,
      created: this.tracker.created,
      buckets: chains.buckets,
      longestChain: chains.longest,
      shortestChain: chains.shortest,
      maxEntries: maxCalls,
      maxForks,
      bytes: tracker.bytes,
      bytesPerCall: table.size === 0 ? 0 : Math.round(tracker.bytes / table.size),
      spareBytes: tracker.spareBytes,
      maxBytes: maxCallBytes,
      evict,
      refused: counters.get(Calls.FAIL_LIM) + counters.get(Calls.FAIL_NEW),
      evictedFinished: counters.get(Calls.EVICTED_FINISHED),
      evicted: counters.get(Calls.EVICTED),
      perState: Object.fromEntries(
        TIMED_CALL_STATES.map((info) => [info.name, this.counters.get(CALLS_IN_STATE[info.state] ?? 0)]),
      ),
    };
  }

  callTimeouts(): CallTimeoutView[] {
    return TIMED_CALL_STATES.map((info) => ({
      state: info.name,
      text: info.text,
      description: info.description,
      seconds: this.tracker.timeout(info.state),
      defaultSeconds: info.defaultSeconds,
      minSeconds: info.minSeconds,
      maxSeconds: info.maxSeconds,
    }));
  }

  setCallTimeouts(seconds: Record<string, number>): CallTimeoutView[] {
    const changes: { state: CallState; seconds: number }[] = [];
    for (const [name, value] of Object.entries(seconds)) {
      const info = callStateByName(name);
      if (info === undefined) {
        const known = TIMED_CALL_STATES.map((state) => state.name).join(', ');
        throw new EngineRequestError(`${name}: no such call state, must be one of ${known}`);
      }
      if (value > 0 && (value < info.minSeconds || value > info.maxSeconds)) {
        throw new EngineRequestError(
          `${name}: ${value} s, must be ${info.minSeconds} to ${info.maxSeconds} s, or 0 for the default`,
        );
      }
      if (!Number.isFinite(value)) throw new EngineRequestError(`${name}: must be a number of seconds`);
      changes.push({ state: info.state, seconds: value });
    }
    for (const change of changes) {
      if (change.seconds > 0) this.tracker.setStateTimeout(change.state, change.seconds);
      else this.tracker.resetStateTimeout(change.state);
    }
    return this.callTimeouts();
  }

  listRegistrations(
    query: RegistrationQuery,
    emit: Emit<RegistrationView>,
  ): Promise<Omit<Page<RegistrationView>, 'items'>> {
    return listRegistrations(this.tracker, query, this.#clock, this.#slicing, emit);
  }

  registrationTable(): RegistrationTableStats {
    const { table, settings } = this.tracker.registrations;
    const chains = table.entries.chains();
    return {
      bindings: table.entries.size,
      created: table.created,
      buckets: chains.buckets,
      longestChain: chains.longest,
      shortestChain: chains.shortest,
      bytes: table.bytes,
      maxEntries: settings.maxEntries,
      maxBytes: settings.maxBytes,
      maxContacts: settings.maxContacts,
      refused: this.counters.get(Regs.FAIL_LIM) + this.counters.get(Regs.FAIL_NEW),
    };
  }

  registrationSettings(): { now: RegistrationSettingsView; configured: RegistrationSettingsView } {
    return {
      now: settingsView(this.tracker.registrations.settings),
      configured: settingsView(this.#settings.tracker.registrations),
    };
  }

  setRegistrationSettings(changes: RegistrationChanges): void {
    const { registrations } = this.tracker;
    const { now, configured } = this.registrationSettings();
    const wanted = { ...now };
    if (changes.regExpDeltaS !== undefined) wanted.regExpDeltaS = changes.regExpDeltaS ?? configured.regExpDeltaS;
    if (changes.regDelDelayS !== undefined) wanted.regDelDelayS = changes.regDelDelayS ?? configured.regDelDelayS;
    if (changes.contactIgnorePort !== undefined) {
      wanted.contactIgnorePort = changes.contactIgnorePort ?? configured.contactIgnorePort;
    }
    checkSeconds('reg_exp_delta', wanted.regExpDeltaS, MAX_REG_EXP_DELTA_S);
    checkSeconds('reg_del_delay', wanted.regDelDelayS, MAX_REG_DEL_DELAY_S);
    registrations.configure({
      ...registrations.settings,
      expDeltaS: wanted.regExpDeltaS,
      delDelayS: wanted.regDelDelayS,
      contactIgnorePort: wanted.contactIgnorePort,
    });
  }

  listEvents(query: EventQuery, emit: Emit<EventView>): Promise<Omit<EventPage, 'items'>> {
    const { firstIndex, nextIndex } = this.#events;
    if (query.order === 'newest') this.counters.add(EventRingCounters.GET_LAST, 1);
    else if (query.offset < firstIndex) this.counters.add(EventRingCounters.GET_OLD, 1);
    else if (query.offset === nextIndex) this.counters.add(EventRingCounters.GET_LAST, 1);
    else if (query.offset > nextIndex) this.counters.add(EventRingCounters.GET_HIGH, 1);
    return listEvents(this.#events, this.#ringStartedUs, query, this.#clock(), this.#slicing, emit);
  }

  topTalkers(query: TalkersQuery): Promise<TalkersView> {
    return topTalkers(this.#events, query, this.#slicing);
  }

  eventBlacklist(): EventBlacklistView {
    return {
      types: SELECTABLE_EVENTS.map(({ type, name }) => ({ name, blacklisted: this.#events.isSilenced(type) })),
    };
  }

  setEventBlacklist(changes: Record<string, boolean>, reset: boolean): EventBlacklistView {
    const checked = Object.entries(changes).map(([name, blacklisted]) => {
      const type = eventByName(name);
      if (type === undefined) {
        const known = SELECTABLE_EVENTS.map((info) => info.name).join(', ');
        throw new EngineRequestError(`${name}: no such event type, must be one of ${known}`);
      }
      return { type, blacklisted };
    });
    if (reset) this.#silenceAsConfigured();
    for (const { type, blacklisted } of checked) this.#events.silence(type, blacklisted);
    return this.eventBlacklist();
  }

  listLinks(query: LinkQuery): Promise<LinkPage> {
    return listLinks(this.#links, query, this.#slicing);
  }

  allLinks(query: LinkQuery): Promise<ShardLinks> {
    return allLinks(this.#links, query, this.#slicing);
  }

  listRates(query: RateQuery, emit: Emit<RateEntryView>): Promise<Omit<Page<RateEntryView>, 'items'>> {
    return this.#rates.list(query, emit);
  }

  rateTable(): Promise<RateTableStats> {
    return this.#rates.table();
  }

  rateSettings(page: RatePage): RateParameterView[] {
    return this.#rates.settings(page);
  }

  setRateSettings(changes: Record<string, string>): void {
    this.#rates.change(changes);
  }

  forceRateGc(target: number): Promise<RateGcView> {
    return this.#rates.forceGc(target);
  }

  async forceTimeout(timeoutMs: number): Promise<ForcedTimeoutView> {
    if (!(timeoutMs >= 0 && timeoutMs <= MAX_FORCED_TIMEOUT_MS)) {
      throw new EngineRequestError(`timeout: ${timeoutMs} ms, must be from 0 to ${MAX_FORCED_TIMEOUT_MS} ms`);
    }
    const before = this.callTable();
    const startedMs = this.#slicing.nowMs();
    const done = await forceTimeouts(this.tracker, this.#clock(), timeoutMs * 1000, this.#slicing);
    const durationMs = this.#slicing.nowMs() - startedMs;
    return { before, after: this.callTable(), timeoutMs, ...done, durationMs };
  }

  tcpTimeouts(): TcpTimeoutView[] {
    const { capture } = this.#settings;
    if (capture === undefined || this.#captured === undefined) return [];
    return tcpTimeouts(this.#captured.tcpSettings, capture.tcp);
  }

  setTcpTimeouts(changes: Record<string, number>): void {
    const { capture } = this.#settings;
    if (capture === undefined || this.#captured === undefined) {
      throw new EngineRequestError('nothing is captured here: set iface or pcap at the start');
    }
    this.#captured.configureTcp(withTimeouts(this.#captured.tcpSettings, capture.tcp, changes));
  }

  inject(message: InjectedMessage): InjectView {
    return injectMessage(message, this.#injector, this.tracker, this.#clock());
  }

  listAgents(query: { offset: number; limit: number }): Page<AgentView> {
    const { offset, limit } = query;
    checkLimit(limit);
    const items: AgentView[] = [];
    const nowUs = this.#clock();
    let position = 0;
    for (const agent of this.#agents.agents()) {
      if (position >= offset && items.length < limit) items.push(agent.view(nowUs));
      position++;
    }
    return { total: this.#agents.size, matched: this.#agents.size, offset, limit, items };
  }

  listProbes(query: { offset: number; limit: number }): Page<ProbeView> {
    const { offset, limit } = query;
    checkLimit(limit);
    const { size } = this.#probes;
    return { total: size, matched: size, offset, limit, items: this.#probes.newest(offset, limit, this.#clock()) };
  }

  listeners(): ListenerView[] {
    return this.#sources.map((source) => source.view());
  }

  /** Where calls and bindings stand in the order of creation, newest first, as far as a page needs to know. */
  order(what: OrderedTable, query: CallQuery | RegistrationQuery): Promise<TableOrder> {
    return orderOf(this.tracker, what, query, this.#clock(), this.#slicing);
  }

  joins(callIds: readonly string[]): Promise<LegJoins> {
    return legJoins(this.tracker, callIds, this.#slicing);
  }

  /** What is held here of some Call-IDs, which are the legs of one call. */
  messagesOf(callIds: readonly string[], window: { offset: number; limit: number }): CallMessages {
    return messagesOf(this.tracker, callIds, window, this.#clock(), this.#reports);
  }

  neighbours(callId: string, atUs: number): Promise<{ older: Neighbour | undefined; newer: Neighbour | undefined }> {
    return neighboursOf(this.tracker, callId, atUs, this.#slicing);
  }

  /** What a capture file of some Call-IDs is made of. */
  keptMessages(callIds: readonly string[]): KeptMessage[] {
    const positions = heldUnder(this.tracker, callIds).map(({ position }) => position);
    return keptMessages(this.tracker.messages, positions);
  }

  /** The shard that tracks a message to be injected. */
  ownerOf({ octets, transport }: InjectedMessage): number {
    return this.#handover?.ownerOf(Buffer.from(octets), transport === 'tcp' || transport === 'tls') ?? 0;
  }

  /** What became of messages that other shards received. */
  outcomes(): OutcomeView[] {
    return this.#handover?.outcomes() ?? [];
  }

  #takePart(): void {
    const { sipMaxHeaders: maxHeaders, alegHeaders } = this.#settings;
    const { counters } = this;
    this.#handover?.start({
      ingest: this.#ingest,
      events: this.#events,
      qos: this.#qos,
      reports: this.#reports,
      counters,
      maxHeaders,
      alegHeaders,
    });
  }

  #play(): Promise<CaptureSummary> | undefined {
    return this.#files?.play().then((summary) => {
      this.#captureClock?.release(this.#settings.capture?.isBesideListeners === true);
      return summary;
    });
  }

  /** Makes the source of captured packets: an interface is one among others, files are what is answered. */
  #addCapture(ingest: Ingest): CaptureFiles | undefined {
    const { capture } = this.#settings;
    if (capture === undefined) return undefined;
    const { live } = capture;
    const frames = new CapturePipeline(
      { ...this.#settings, capture },
      ingest,
      this.pipeline,
      this.counters,
      capture.filter === '' || live !== undefined ? undefined : filterOf(capture.filter),
      (nowUs) => this.#moveTo(nowUs),
    );
    this.#captured = frames;
    const common = {
      ingest: frames,
      makeReader: () => new AnyCaptureReader(),
      counters: this.counters,
      log: this.#log,
    };
    if (live === undefined) {
      return new CaptureFiles({ ...common, settings: capture, outlet: this.#dump, nowMs: () => performance.now() });
    }
    this.#sources.push(
      new LiveCapture({ ...common, settings: live, filter: capture.filter, programs: programsFor(live) }),
    );
    return undefined;
  }

  /** The time of a capture goes on: everything due before is done first, so that a replay gives the same events. */
  #moveTo(nowUs: number): void {
    // The packets of an interface have the time of everything else.
    if (this.#captureClock === undefined) return;
    this.#captureClock.set(nowUs);
    const clockUs = this.#clock();
    while (this.tracker.advance(clockUs, EXPIRY_BUDGET));
    this.#qos.advance(clockUs);
  }

  /** Captures go on where the last one ended, whenever that was; everything else goes on now. */
  readonly #resumeAt = (takenUs: number): number => {
    this.#captureClock?.set(takenUs);
    return this.#clock();
  };

  #addSources(): void {
    const { hep } = this.#settings;
    const onError = (error: Error): void => this.#log.error({ err: error }, 'listener failed');
    const shared = { counters: this.counters, clock: this.#clock, log: this.#log, onError };
    const common = { ...shared, ingest: this.pipeline };
    if (hep.udpPort >= 0) {
      const { addr, udpPort, rcvbufBytes, receive, udpSharing: sharing } = hep;
      const onLoad = (fullness: number, dropped: number): void =>
        this.#overload.observe(Math.max(fullness, this.#handover?.fullness ?? 0), dropped);
      this.#sources.push(new HepUdpSource({ ...common, addr, port: udpPort, rcvbufBytes, receive, sharing, onLoad }));
    }
    const connectionLimit = new ConnectionLimit(hep.limits.maxConnections, hep.limits.maxConnectionsPerAddress);
    const stream = (listener: 'tcp' | 'tls', port: number): Source =>
      new HepStreamSource({
        ...common,
        listener,
        addr: hep.addr,
        port,
        tls: hep.tls,
        connectionLimit,
        limits: hep.limits,
        makeFramer: (sink) => new HepFramer(sink, hep.limits),
      });
    if (hep.tcpPort >= 0) this.#sources.push(stream('tcp', hep.tcpPort));
    if (hep.tlsPort >= 0) this.#sources.push(stream('tls', hep.tlsPort));
    this.#addIpfix(shared);
  }

  #addIpfix(shared: { counters: CounterSet; clock: Clock; log: Log; onError: (error: Error) => void }): void {
    const { addr, port, tls, limits } = this.#settings.ipfix;
    if (port < 0) return;
    const source = new IpfixStreamSource({
      ...shared,
      addr,
      port,
      tls,
      limits,
      connectionLimit: new ConnectionLimit(limits.maxConnections, limits.maxConnectionsPerAddress),
      ingest: this.ipfix,
      makeFramer: (sink) => new IpfixFramer(sink, limits),
    });
    this.#sources.push(source);
  }

  /** Calls whose time is up, a slice at a time: between slices the sockets are served. */
  #expire(): void {
    if (this.#moreToExpire) return;
    this.#moreToExpire = this.tracker.advance(this.#clock(), EXPIRY_BUDGET);
    if (!this.#moreToExpire) return;
    setImmediate(() => {
      this.#moreToExpire = false;
      this.#expire();
    });
  }

  #silenceAsConfigured(): void {
    const silenced = new Set(this.#settings.eventBlacklist);
    for (const { type, name } of SELECTABLE_EVENTS) this.#events.silence(type, silenced.has(name));
  }

  readonly #reportOverload = (isPaused: boolean, name: string): void => {
    if (isPaused) this.#log.warn({}, `more arrives than can be worked on: given up for now: ${name}`);
    else this.#log.info({}, `the load is bearable again: back are ${name}`);
  };

  readonly #reportFault = (agent: Account, fault: Fault, hex: string, heldBack: number): void => {
    const { code, text } = faultInfo(fault);
    const from = { agent: agent.id, code, hex, heldBack };
    this.#log.warn(from, `packet refused: ${text}`);
  };
}

function programsFor({ driver }: LiveSettings): CaptureProgram[] {
  const all = [TCPDUMP, capProgram(new URL('./cap-child.js', import.meta.url))];
  return driver === 'auto' ? all : all.filter(({ name }) => name === driver);
}

function checkLimit(limit: number): void {
  if (limit > MAX_LIST_LIMIT) throw new EngineRequestError(`limit: ${limit}, at most ${MAX_LIST_LIMIT} allowed`);
}

function settingsView(settings: RegistrationSettings): RegistrationSettingsView {
  const { expDeltaS, delDelayS, contactIgnorePort } = settings;
  return { regExpDeltaS: expDeltaS, regDelDelayS: delDelayS, contactIgnorePort };
}

function checkSeconds(name: string, seconds: number, max: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= max) return;
  throw new EngineRequestError(`${name}: ${seconds}, must be a whole number of seconds from 0 to ${max}`);
}

/** Gauges describe tables that are empty now; counters go on, also after an engine was replaced. */
function resetGauges(counters: CounterSet): void {
  for (const info of CALL_STATES) counters.set(CALLS_IN_STATE[info.state] ?? Calls.ACTIVE, 0);
  counters.set(Calls.ACTIVE, 0);
  counters.set(Calls.MEMORY, 0);
  counters.set(Regs.ACTIVE, 0);
  counters.set(Subs.ACTIVE, 0);
  counters.set(Links.ACTIVE, 0);
  counters.set(Hep.AGENTS, 0);
  counters.set(Hep.CONNS_ACTIVE, 0);
  counters.set(Ipfix.CONNS_ACTIVE, 0);
  counters.set(Ipfix.QOS_WAITING, 0);
}

/** The expression was compiled once before the start; a fault here is a programming error. */
function filterOf(expression: string): FrameFilter {
  const filter = compileFilter(expression);
  if (filter instanceof FilterFault) throw new Error(`bpf at ${filter.position}: ${filter.reason}`);
  return filter;
}

/** Recorded spacing: between packets the clock runs as they are played. As fast as possible: it stands. */
function clockRate({ pace }: CaptureSettings): number {
  if (pace === undefined) return 0;
  return pace.scale > 0 ? 1 / pace.scale : 1;
}
