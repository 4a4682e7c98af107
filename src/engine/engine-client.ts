import { Worker } from 'node:worker_threads';
import type { CaptureFormatName, CaptureSummary } from '../model/capture.ts';
import { CounterSet } from '../model/counters.ts';
import {
  type CallQuery,
  type CallSelection,
  type CallSummary,
  type CallTableStats,
  type KeptView,
  type CallTimeoutView,
  type Engine,
  type EngineHealth,
  EngineRequestError,
  EngineUnavailableError,
  type EventBlacklistView,
  type EventPage,
  type EventQuery,
  type InjectedMessage,
  type LinkPage,
  type LinkQuery,
  type MessagePage,
  type MessageQuery,
  type ForcedTimeoutView,
  type RateGcView,
  type RateParameterView,
  type RateQuery,
  type RateTableStats,
  type RegistrationChanges,
  type RegistrationQuery,
  type RegistrationSettingsView,
  type RegistrationTableStats,
  type TcpTimeoutView,
  type Take,
  type TalkersQuery,
  type TalkersView,
} from '../model/engine.ts';
import type { RatePage } from '../model/event-rates.ts';
import type { Log } from '../model/log.ts';
import type { EngineSettings } from '../model/settings.ts';
import type {
  AgentView,
  CallMessages,
  CallView,
  EventView,
  InjectView,
  ListenerView,
  MessageDetail,
  Page,
  ProbeView,
  RateEntryView,
  RegistrationView,
} from '../model/views.ts';
import type { ShardPlace } from './shards/place.ts';
import type { Restore } from './state.ts';
import type {
  EngineMethod,
  EngineMethods,
  EngineRequest,
  FromEngine,
  StopSettings,
  ToEngine,
  WorkerStart,
} from './protocol.ts';
import { ENGINE_LIMITS } from './v8-options.ts';

const REQUEST_TIMEOUT_MS = 10_000;
/** Longest a timer can be. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_PENDING = 256;
/** Longer without a sign of life, and the engine counts as stuck. */
const HEARTBEAT_LATE_MS = 3000;
const RESTART_WINDOW_MS = 60_000;
const MAX_RESTARTS_IN_WINDOW = 5;
const RESTART_DELAY_MS = 200;

/** What makes a thread one of several. */
export interface AmongShards {
  place: ShardPlace;
  /** Told when a replacement runs. */
  onAgain: (shard: EngineClient) => Promise<void>;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  take: Take<unknown>;
  timer: NodeJS.Timeout;
}

/**
 * The engine as the main thread sees it: starts the worker thread, asks it, and replaces it when it crashes.
 *
 * Counters live in shared memory that outlives a worker, so they go on counting; calls of a crashed engine are gone,
 * which the log says. After five crashes within a minute `onFatal` is told, and the process should end.
 */
export class EngineClient implements Engine {
  readonly counters = new CounterSet();
  /** Settles when the capture files have been played, or will not be because the engine crashed. */
  readonly played: Promise<CaptureSummary>;
  #settlePlayed: (summary: CaptureSummary) => void = () => undefined;
  readonly #heartbeat = new Float64Array(new SharedArrayBuffer(8));
  readonly #log: Log;
  readonly #onFatal: (reason: string) => void;
  readonly #entry: URL;
  readonly #among: AmongShards | undefined;
  readonly #pending = new Map<number, Pending>();
  #settings: EngineSettings;
  #worker: Worker | undefined;
  #nextId = 1;
  #ready = false;
  #stopping = false;
  #restarts = 0;
  #crashesMs: number[] = [];
  #lastError = '';

  /**
   * @param entry the program of the thread
   * @param among given when it is one of several
   */
  constructor(
    settings: EngineSettings,
    log: Log,
    onFatal: (reason: string) => void,
    entry: URL = new URL('./worker.js', import.meta.url),
    among?: AmongShards,
  ) {
    this.#entry = entry;
    this.#among = among;
    this.played = new Promise((resolve) => (this.#settlePlayed = resolve));
    this.#settings = settings;
    this.#log = log;
    this.#onFatal = onFatal;
  }

  /** All engine threads there are. */
  get threads(): readonly EngineClient[] {
    return [this];
  }

  /** Of its thread. */
  get name(): string {
    return `engine${this.#among?.place.index ?? ''}`;
  }

  /** Where the main thread counts. */
  get ownCounters(): CounterSet {
    return this.counters;
  }

  /**
   * Starts the thread and opens the listeners. Rejects with what the listener said.
   *
   * @param udpPort port for datagrams where it is known only now, -1 = none
   */
  async start(udpPort = this.#settings.hep.udpPort): Promise<ListenerView[]> {
    this.#settings = { ...this.#settings, hep: { ...this.#settings.hep, udpPort } };
    const listeners = await this.#launch();
    // A replacement must come back on the ports agents know, also where they were chosen by the system.
    this.#settings = withPorts(this.#settings, listeners);
    return listeners;
  }

  /**
   * Ends the thread in order.
   *
   * @param beforeEnd runs when all input is worked off and the engine still answers: for what must not be lost with it
   */
  async stop(how: StopSettings, beforeEnd: () => Promise<void> = async () => undefined): Promise<void> {
    if (this.#stopping) return;
    this.expectEnd();
    if (this.#worker === undefined) return;
    try {
      // How long the end may take is decided by whoever asked for it.
      await this.#ask('stop', [how], NO_TIMEOUT_MS);
      await beforeEnd();
    } catch (error) {
      this.#log.warn({ err: error }, 'engine did not stop in order');
    }
    await this.terminate();
  }

  /** Says that the end of the thread is none that needs a new one. */
  expectEnd(): void {
    this.#stopping = true;
    this.#ready = false;
  }

  /** Ends the thread, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** Asks for one of the methods of protocol.ts that are no method here. */
  async ask<Result>(method: EngineMethod, args: EngineMethods[EngineMethod], timeoutMs?: number): Promise<Result> {
    // What the method answers says `EngineCore`, which both ends are compiled against.
    return (await this.#ask(method, args, timeoutMs)).result as Result;
  }

  health(): EngineHealth {
    const heartbeatAgeMs = Math.max(0, Date.now() - (this.#heartbeat[0] ?? 0));
    const running = this.#worker !== undefined && heartbeatAgeMs < HEARTBEAT_LATE_MS;
    return {
      running,
      ready: this.#ready && running,
      restarts: this.#restarts,
      heartbeatAgeMs,
      lastError: this.#lastError,
    };
  }

  async listCalls(query: CallQuery, take?: Take<CallView>): Promise<Page<CallView>> {
    return this.#askList<Page<CallView>, CallView>('listCalls', [query], take);
  }

  async callSummary(selection: CallSelection): Promise<CallSummary> {
    return (await this.#ask('callSummary', [selection])).result as CallSummary;
  }

  async callsByCallId(callId: string): Promise<CallView[]> {
    return (await this.#ask('callsByCallId', [callId])).result as CallView[];
  }

  async callMessages(callId: string, window: { offset: number; limit: number }): Promise<CallMessages> {
    return (await this.#ask('callMessages', [callId, window])).result as CallMessages;
  }

  async callMessage(callId: string, id: number): Promise<MessageDetail | undefined> {
    return (await this.#ask('callMessage', [callId, id])).result as MessageDetail | undefined;
  }

  async callCapture(callIds: readonly string[], format: CaptureFormatName): Promise<Uint8Array> {
    return (await this.#ask('callCapture', [callIds, format])).result as Uint8Array;
  }

  async listMessages(query: MessageQuery): Promise<MessagePage> {
    return this.#askList<MessagePage>('listMessages', [query]);
  }

  async kept(): Promise<KeptView> {
    return (await this.#ask('kept', [])).result as KeptView;
  }

  async callTable(): Promise<CallTableStats> {
    return (await this.#ask('callTable', [])).result as CallTableStats;
  }

  async callTimeouts(): Promise<CallTimeoutView[]> {
    return (await this.#ask('callTimeouts', [])).result as CallTimeoutView[];
  }

  async setCallTimeouts(seconds: Record<string, number>): Promise<CallTimeoutView[]> {
    return (await this.#ask('setCallTimeouts', [seconds])).result as CallTimeoutView[];
  }

  async listRegistrations(query: RegistrationQuery, take?: Take<RegistrationView>): Promise<Page<RegistrationView>> {
    return this.#askList<Page<RegistrationView>, RegistrationView>('listRegistrations', [query], take);
  }

  async registrationTable(): Promise<RegistrationTableStats> {
    return (await this.#ask('registrationTable', [])).result as RegistrationTableStats;
  }

  async registrationSettings(): Promise<{ now: RegistrationSettingsView; configured: RegistrationSettingsView }> {
    const { result } = await this.#ask('registrationSettings', []);
    return result as { now: RegistrationSettingsView; configured: RegistrationSettingsView };
  }

  async setRegistrationSettings(changes: RegistrationChanges): Promise<void> {
    await this.#ask('setRegistrationSettings', [changes]);
  }

  async listEvents(query: EventQuery, take?: Take<EventView>): Promise<EventPage> {
    return this.#askList<EventPage, EventView>('listEvents', [query], take);
  }

  async topTalkers(query: TalkersQuery): Promise<TalkersView> {
    return (await this.#ask('topTalkers', [query])).result as TalkersView;
  }

  async eventBlacklist(): Promise<EventBlacklistView> {
    return (await this.#ask('eventBlacklist', [])).result as EventBlacklistView;
  }

  async setEventBlacklist(changes: Record<string, boolean>, reset: boolean): Promise<EventBlacklistView> {
    return (await this.#ask('setEventBlacklist', [changes, reset])).result as EventBlacklistView;
  }

  async listLinks(query: LinkQuery): Promise<LinkPage> {
    return (await this.#ask('listLinks', [query])).result as LinkPage;
  }

  async listRates(query: RateQuery): Promise<Page<RateEntryView>> {
    return this.#askList<Page<RateEntryView>>('listRates', [query]);
  }

  async rateTable(): Promise<RateTableStats> {
    return (await this.#ask('rateTable', [])).result as RateTableStats;
  }

  async rateSettings(page: RatePage): Promise<RateParameterView[]> {
    return (await this.#ask('rateSettings', [page])).result as RateParameterView[];
  }

  async setRateSettings(changes: Record<string, string>): Promise<void> {
    await this.#ask('setRateSettings', [changes]);
  }

  async forceRateGc(target: number): Promise<RateGcView> {
    return (await this.#ask('forceRateGc', [target])).result as RateGcView;
  }

  async forceTimeout(timeoutMs: number): Promise<ForcedTimeoutView> {
    return (await this.#ask('forceTimeout', [timeoutMs])).result as ForcedTimeoutView;
  }

  async tcpTimeouts(): Promise<TcpTimeoutView[]> {
    return (await this.#ask('tcpTimeouts', [])).result as TcpTimeoutView[];
  }

  async setTcpTimeouts(changes: Record<string, number>): Promise<void> {
    await this.#ask('setTcpTimeouts', [changes]);
  }

  async inject(message: InjectedMessage): Promise<InjectView> {
    return (await this.#ask('inject', [message])).result as InjectView;
  }

  async listAgents(query: { offset: number; limit: number }): Promise<Page<AgentView>> {
    return (await this.#ask('listAgents', [query])).result as Page<AgentView>;
  }

  async listProbes(query: { offset: number; limit: number }): Promise<Page<ProbeView>> {
    return (await this.#ask('listProbes', [query])).result as Page<ProbeView>;
  }

  async listeners(): Promise<ListenerView[]> {
    return (await this.#ask('listeners', [])).result as ListenerView[];
  }

  async #askList<Result, Item = never>(
    method: 'listCalls' | 'listMessages' | 'listRegistrations' | 'listEvents' | 'listRates',
    args: [CallQuery] | [MessageQuery] | [RegistrationQuery] | [EventQuery] | [RateQuery],
    take?: Take<Item>,
  ): Promise<Result> {
    const items: unknown[] = [];
    // Parts of an answer are items of its list.
    const takePart = (take as Take<unknown> | undefined) ?? ((part) => part.forEach((item) => items.push(item)));
    const { result } = await this.#ask(method, args, REQUEST_TIMEOUT_MS, takePart);
    // The worker answers these with everything of the page but its items.
    return { ...(result as object), items } as Result;
  }

  /** Results are what protocol.ts says the method answers; both ends are compiled against the same `EngineCore`. */
  #ask<Method extends EngineMethod>(
    method: Method,
    args: EngineMethods[Method],
    timeoutMs = REQUEST_TIMEOUT_MS,
    take: Take<unknown> = () => undefined,
  ): Promise<{ result: unknown }> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.reject(new EngineUnavailableError('the engine is not running'));
    if (this.#pending.size >= MAX_PENDING) {
      return Promise.reject(new EngineUnavailableError('too many requests to the engine are waiting'));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new EngineUnavailableError(`the engine did not answer within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      this.#pending.set(id, { resolve: (result) => resolve({ result }), reject, take, timer });
      this.#tell({ id, method, args } as EngineRequest); // the arguments are those of the method
    });
  }

  #tell(message: ToEngine): void {
    this.#worker?.postMessage(message);
  }

  /** Counters are still there after a crash; and what made an engine crash twice is not brought back once more. */
  #whatToRestore(): Restore {
    if (this.#restarts === 0) return 'all';
    return this.#crashesMs.length > 1 ? 'nothing' : 'tables';
  }

  #launch(): Promise<ListenerView[]> {
    const workerData: WorkerStart = {
      settings: this.#settings,
      counterMemory: this.counters.memory,
      heartbeatMemory: this.#heartbeat.buffer,
      restore: this.#whatToRestore(),
      place: this.#among && { ...this.#among.place, generation: this.#restarts },
    };
    this.#heartbeat[0] = Date.now();
    const worker = new Worker(this.#entry, {
      workerData,
      name: this.name,
      resourceLimits: ENGINE_LIMITS,
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromEngine) => {
        if (message.type === 'ready') {
          this.#ready = true;
          resolve(message.listeners);
        } else if (message.type === 'failed') {
          this.#worker = undefined;
          reject(new Error(message.message));
        } else this.#receive(message);
      });
      worker.on('error', (error: Error) => {
        this.#lastError = error.message;
        this.#log.error({ err: error, engine: this.#among?.place.index }, 'engine crashed');
        reject(error);
      });
      worker.on('exit', (code) => this.#exited(worker, code));
    });
  }

  #receive(message: FromEngine): void {
    switch (message.type) {
      case 'log':
        this.#log[message.level](message.fields, message.message);
        return;
      case 'part': {
        this.#pending.get(message.id)?.take(message.items);
        this.#tell({ taken: message.id });
        return;
      }
      case 'result':
        this.#settle(message.id)?.resolve(message.result);
        return;
      case 'error':
        this.#settle(message.id)?.reject(
          message.refused ? new EngineRequestError(message.message) : new Error(message.message),
        );
        return;
      case 'played':
        this.#settlePlayed(message.summary);
        return;
      case 'ready':
      case 'failed':
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }

  #exited(worker: Worker, code: number): void {
    if (worker !== this.#worker) return;
    const wasReady = this.#ready;
    this.#worker = undefined;
    this.#ready = false;
    for (const id of this.#pending.keys()) {
      this.#settle(id)?.reject(new EngineUnavailableError('the engine stopped before it answered'));
    }
    if (this.#stopping) return;
    const now = Date.now();
    this.#crashesMs = [...this.#crashesMs.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (!wasReady && this.#restarts === 0) return; // the first start failed: `start()` has rejected
    if (this.#crashesMs.length > MAX_RESTARTS_IN_WINDOW) {
      this.#onFatal(`engine crashed ${this.#crashesMs.length} times within a minute, last: ${this.#lastError}`);
      return;
    }
    this.#restarts++;
    this.#giveUpFiles();
    this.#log.error(
      { code, restarts: this.#restarts, engine: this.#among?.place.index },
      'engine thread ended unexpectedly: starting a new one, what it tracked since its last state file is lost',
    );
    setTimeout(() => this.#relaunch(), RESTART_DELAY_MS * this.#crashesMs.length);
  }

  /** Files that crashed an engine would crash the next one, and calls of their first half are lost. */
  #giveUpFiles(): void {
    if (this.#settings.capture === undefined || this.#settings.capture.live !== undefined) return;
    this.#settings = { ...this.#settings, capture: undefined };
    const problems = [`the engine crashed: ${this.#lastError}`];
    this.#settlePlayed({ recordedMs: 0, packets: 0, bytes: 0, problems, isFailed: true });
  }

  #relaunch(): void {
    if (this.#stopping) return;
    this.#launch().then(
      (listeners) => {
        this.#log.warn({ listeners, restarts: this.#restarts }, 'engine is running again');
        this.#among?.onAgain(this).catch((error: unknown) => {
          this.#log.error({ err: error }, 'what was changed while running is not known to the new engine');
        });
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#lastError = reason;
        // A crash during the start comes back through `exit`; a refused listener does not.
        if (this.#worker === undefined) this.#onFatal(`engine could not be started again: ${reason}`);
      },
    );
  }
}

function withPorts(settings: EngineSettings, listeners: ListenerView[]): EngineSettings {
  const port = (...names: string[]): number => listeners.find(({ name }) => names.includes(name))?.port ?? -1;
  const { udpSharing } = settings.hep;
  const hep = {
    udpPort: port('hep-udp'),
    tcpPort: port('hep-tcp'),
    tlsPort: port('hep-tls'),
    // The others have the port already.
    udpSharing: udpSharing === 'begin' ? ('join' as const) : udpSharing,
  };
  const ipfix = { port: port('ipfix-tcp', 'ipfix-tls') };
  return { ...settings, hep: { ...settings.hep, ...hep }, ipfix: { ...settings.ipfix, ...ipfix } };
}
