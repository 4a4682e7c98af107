import type {
  AgentView,
  CallMessages,
  CallView,
  EventView,
  ListenerView,
  Page,
  ProbeView,
  RegistrationView,
} from './views.ts';

/** Fields a call list can be filtered by; `key` is Call-ID + From-tag + To-tag, `state` the long or short name. */
export const CALL_FILTERS = ['cid', 'ftag', 'ttag', 'key', 'state'] as const;
export type CallFilterField = (typeof CALL_FILTERS)[number];

/** Fields a list of bindings can be filtered by. */
export const REGISTRATION_FILTERS = ['aor', 'contact'] as const;
export type RegistrationFilterField = (typeof REGISTRATION_FILTERS)[number];

/** Fields an event list can be filtered by. */
export const EVENT_FILTERS = [
  'name',
  'src',
  'dst',
  'sport',
  'dport',
  'proto',
  'status',
  'cid',
  'fu',
  'tu',
  'method',
  'uri',
  'contact',
  'reason',
  'ua',
  'uas',
] as const;
export type EventFilterField = (typeof EVENT_FILTERS)[number];

/** One text match: a substring (calls and bindings case-sensitive, events not), or an RE2 expression that runs in linear time. */
export interface TextFilter<Field extends string> {
  field: Field;
  value: string;
  regexp: boolean;
}

export interface ListQuery<Field extends string> {
  offset: number;
  limit: number;
  filter?: TextFilter<Field>;
}

/** Newest call first. */
export type CallQuery = ListQuery<CallFilterField>;

/** Newest binding first. */
export type RegistrationQuery = ListQuery<RegistrationFilterField>;

/** Oldest event first, from ring index `offset` on. */
export type EventQuery = ListQuery<EventFilterField>;

export interface CallTableStats {
  calls: number;
  created: number;
  buckets: number;
  longestChain: number;
  shortestChain: number;
  maxEntries: number;
  maxForks: number;
  perState: Record<string, number>;
}

export interface RegistrationTableStats {
  bindings: number;
  created: number;
  buckets: number;
  longestChain: number;
  shortestChain: number;
  /** Octets of the bindings held. */
  bytes: number;
  maxEntries: number;
  maxBytes: number;
  maxContacts: number;
}

/** How registrations are judged; what can be changed while running. */
export interface RegistrationSettingsView {
  regExpDeltaS: number;
  regDelDelayS: number;
  contactIgnorePort: boolean;
}

export type RegistrationChanges = { [Name in keyof RegistrationSettingsView]?: RegistrationSettingsView[Name] | null };

export interface CallTimeoutView {
  state: string;
  text: string;
  description: string;
  seconds: number;
  defaultSeconds: number;
  minSeconds: number;
  maxSeconds: number;
}

export interface EventPage extends Page<EventView> {
  /** Index the next event will get; also the number generated so far. */
  nextIndex: number;
  /** Ring size. */
  capacity: number;
}

export interface EventBlacklistView {
  types: { name: string; blacklisted: boolean }[];
}

/** What happens in the engine threads, as the main thread sees it without asking them. */
export interface EngineHealth {
  /** All engine threads run and answered their heart beat lately. */
  running: boolean;
  /** Listeners are open and the engine is ready for traffic. */
  ready: boolean;
  restarts: number;
  /** Milliseconds since the engine last showed a sign of life. */
  heartbeatAgeMs: number;
  lastError: string;
}

/** A request the engine refuses: the text says parameter, value and what is allowed. Pages answer it with 400. */
export class EngineRequestError extends Error {
  readonly code = 'ENGINE_BAD_REQUEST';
}

/** The engine cannot answer now: it crashed, is being replaced, or is too busy. Pages answer it with 503. */
export class EngineUnavailableError extends Error {
  readonly code = 'ENGINE_UNAVAILABLE';
}

/**
 * The one way pages and outputs talk to the engine, across threads or in-process. Every answer is bounded:
 * `limit` at most `MAX_LIST_LIMIT`. All answers are copies. Rejects with `EngineRequestError` for bad values.
 */
export interface Engine {
  listCalls(query: CallQuery): Promise<Page<CallView>>;
  /** All entries held under one Call-ID, oldest first. */
  callsByCallId(callId: string): Promise<CallView[]>;
  /** What is held of one call, other legs too; messages from `offset` on in order of time. */
  callMessages(callId: string, window: { offset: number; limit: number }): Promise<CallMessages>;
  callTable(): Promise<CallTableStats>;
  callTimeouts(): Promise<CallTimeoutView[]>;
  /** Sets timeouts in seconds by state name; ≤ 0 returns a state to its default. All or nothing. */
  setCallTimeouts(seconds: Record<string, number>): Promise<CallTimeoutView[]>;
  listRegistrations(query: RegistrationQuery): Promise<Page<RegistrationView>>;
  registrationTable(): Promise<RegistrationTableStats>;
  /** In effect, and as configured. */
  registrationSettings(): Promise<{ now: RegistrationSettingsView; configured: RegistrationSettingsView }>;
  /** Sets what is given; `null` goes back to what was configured. All or nothing. */
  setRegistrationSettings(changes: RegistrationChanges): Promise<void>;
  listEvents(query: EventQuery): Promise<EventPage>;
  eventBlacklist(): Promise<EventBlacklistView>;
  /** `changes` by event name; `reset` first returns to the configured list. All or nothing. */
  setEventBlacklist(changes: Record<string, boolean>, reset: boolean): Promise<EventBlacklistView>;
  listAgents(query: { offset: number; limit: number }): Promise<Page<AgentView>>;
  /** Connections of IPFIX probes, newest first. */
  listProbes(query: { offset: number; limit: number }): Promise<Page<ProbeView>>;
  listeners(): Promise<ListenerView[]>;
  health(): EngineHealth;
}

export const MAX_LIST_LIMIT = 10_000;
