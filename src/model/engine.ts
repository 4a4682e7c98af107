import type { Alias } from './alias.ts';
import type { CaptureFormatName } from './capture.ts';
import type { RatePage } from './event-rates.ts';
import type { Search } from './search/ast.ts';
import type { SearchField } from './search/fields.ts';
import type { CallEviction } from './settings.ts';
import type { TransportName } from './transport.ts';
import type {
  AgentView,
  CallMessages,
  CallMessageView,
  CallView,
  EventView,
  InjectView,
  ListenerView,
  MessageDetail,
  Page,
  ProbeView,
  RateEntryView,
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

/** What calls can be put in order by: names of the search language, where a call has one value under them. */
export const CALL_SORTS = [
  'start',
  'at',
  'state',
  'method',
  'status',
  'reason',
  'from',
  'to',
  'ruri',
  'src',
  'dst',
  'transport',
  'ua',
  'callid',
  'xcallid',
  'duration',
  'pdd',
  'ring',
  'msgs',
  'retrans',
  'hops',
  'legs',
  'mos',
  'agent',
] as const satisfies readonly SearchField[];
export type CallSort = (typeof CALL_SORTS)[number];

/** What bindings can be put in order by. */
export const REGISTRATION_SORTS = [
  'start',
  'at',
  'state',
  'aor',
  'contact',
  'ends',
  'refreshes',
  'ua',
  'callid',
] as const;
export type RegistrationSort = (typeof REGISTRATION_SORTS)[number];

/** An order of everything that matches, not of a page. Entries without a value come last; the newest of equals first. */
export interface ListOrder<Name extends string> {
  by: Name;
  descending: boolean;
}

/** How far a list reaches that is put in order: what lies behind is found by a narrower search. */
export const MAX_ORDERED = 100_000;

/** Newest call first, where no other order is asked for. */
export interface CallQuery extends ListQuery<CallFilterField> {
  search?: Search;
  order?: ListOrder<CallSort>;
  /** Of calls that belong together only the first that matches; of those in several engine threads, of each thread. */
  isMerged?: boolean;
}

/** Newest binding first, where no other order is asked for. */
export interface RegistrationQuery extends ListQuery<RegistrationFilterField> {
  order?: ListOrder<RegistrationSort>;
}

export const EVENT_ORDERS = ['oldest', 'newest'] as const;

/** What events can be put in order by, by the names that searches have for it. */
export const EVENT_SORTS = [
  'at',
  'type',
  'status',
  'method',
  'reason',
  'from',
  'to',
  'ruri',
  'contact',
  'src',
  'dst',
  'transport',
  'ua',
  'callid',
  'start',
  'ended',
  'pdd',
  'ring',
  'duration',
] as const satisfies readonly SearchField[];
export type EventSort = (typeof EVENT_SORTS)[number];

/**
 * Oldest event first (the default), from ring index `offset` on; or newest first, from the one before `offset` back.
 * With `sort` in that order instead; `offset` is then the place in it.
 */
export interface EventQuery extends ListQuery<EventFilterField> {
  search?: Search;
  order?: (typeof EVENT_ORDERS)[number];
  sort?: ListOrder<EventSort>;
}

/** What a search among messages may take: it answers then with what it found, and says how far back that was. */
export const MAX_SEARCH_MS = 2000;

/** The message that arrived last first; several threads take turns by arrival, each in the order in which it took them. */
export interface MessageQuery {
  offset: number;
  limit: number;
  search?: Search;
}

/** `total` are the messages looked at, `matched` those of them that were found. */
export interface MessagePage extends Page<CallMessageView> {
  /** Everything held was looked at; else the time was up before. */
  isComplete: boolean;
  /** Time of the oldest message looked at; `null` = there was none. */
  sinceUs: number | null;
  /** Messages are kept at all. */
  keeps: boolean;
}

export interface CallTableStats {
  calls: number;
  created: number;
  buckets: number;
  longestChain: number;
  shortestChain: number;
  maxEntries: number;
  maxForks: number;
  /** Octets the calls hold, and of rows that wait for the next ones. */
  bytes: number;
  bytesPerCall: number;
  spareBytes: number;
  /** 0 = unlimited. */
  maxBytes: number;
  /** What makes room at a limit. */
  evict: CallEviction;
  /** Since the start: not created, ended early because they were finished, given up unfinished. */
  refused: number;
  evictedFinished: number;
  evicted: number;
  perState: Record<string, number>;
}

/** What the rings hold, which keep the newest of what comes. */
export interface KeptView {
  messages: {
    held: number;
    /** Octets of what is held, and room for them; both 0 = messages are not kept. */
    bytes: number;
    maxBytes: number;
    /** Time of the oldest; `null` = there is none. Of several engine threads, since when all of them hold everything. */
    oldestUs: number | null;
  };
  events: { held: number; capacity: number; oldestUs: number | null };
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
  /** Bindings not held because of a limit, so far. */
  refused: number;
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
  /** When the ring was made. Another value means another ring, whose indices began at 0 again: the engine was replaced. */
  ringStartedUs: number;
  /** Index the next event will get; also the number generated so far. */
  nextIndex: number;
  /** Ring size. */
  capacity: number;
}

export interface EventBlacklistView {
  types: { name: string; blacklisted: boolean }[];
}

/** Which calls a summary is of, as in a list of them. */
export type CallSelection = Pick<CallQuery, 'filter' | 'search'>;

/** What the calls of a search are like, all of them, not those of a page. */
export interface CallSummary {
  total: number;
  matched: number;
  /** Of them, such that belong to no other, or were the first of those they belong to. */
  merged: number;
  /** Entries by name; only names that occur. Status classes are `1xx` to `6xx`. */
  states: Record<string, number>;
  methods: Record<string, number>;
  statuses: Record<string, number>;
  /** Entries by the time of their first request, in bars of equal width; none without an entry. */
  histogram: CallHistogram;
}

export interface CallHistogram {
  widthS: number;
  /** Start of a bar and its entries, in order of time; empty ones are left out. */
  bars: { startUs: number; calls: number }[];
}

/** What calls can be told apart by, to see which are busiest or fail most. */
export const TALKER_KINDS = [
  'source',
  'destination',
  'caller',
  'callee',
  'failingNumber',
  'userAgent',
  'domain',
  'agent',
  'alias',
  'group',
  'status',
] as const;
export type TalkerKind = (typeof TALKER_KINDS)[number];

/** Calls of one origin whose outcome was reported between two times. */
export interface TalkerView {
  /** Address, user, user agent, domain called, `AgentView.id`, name or group of one of its addresses, or status code; of failing numbers the callee of calls that were not answered. */
  key: string;
  calls: number;
  /** Of them, not answered. */
  failed: number;
  /** Status most of those had, the lowest of several; `null` = none had one. */
  failedMostly: number | null;
  /** Calls in the time of the same length before; `null` when its events are no longer held. */
  before: number | null;
}

export interface TalkersQuery {
  sinceUs: number;
  untilUs: number;
  /** Most of each kind. */
  limit: number;
  /** Names of addresses. */
  aliases: readonly Alias[];
}

export interface TalkersView {
  /** Time of the oldest event held that was looked at; 0 = events go back to the beginning. */
  heldSinceUs: number;
  kinds: Record<TalkerKind, TalkerView[]>;
}

/** Server, client, transport, server port: so many of them tell links apart. */
export const MAX_LINK_DEPTH = 4;
export const LINK_ORDERS = ['name', 'busiest'] as const;

export interface LinkQuery {
  offset: number;
  limit: number;
  /** Addresses: only links with one of them as an end, and none with one of the others. */
  hosts: readonly string[];
  excludedHosts: readonly string[];
  /** Methods, and prefixes of status codes; empty = everything. */
  types: readonly string[];
  /** A method brings the replies to it too. */
  greedy: boolean;
  depth: number;
  order: (typeof LINK_ORDERS)[number];
}

/** Messages of one type by direction: `out` is what the server sends. */
export interface LinkCount {
  type: string;
  out: number;
  in: number;
  unknown: number;
}

/** Fields beyond the depth asked for are `null`. */
export interface LinkView {
  server: string;
  transport: string | null;
  serverPort: number | null;
  client: string | null;
  total: number;
  counts: LinkCount[];
}

export interface LinkPage extends Page<LinkView> {
  /** All that match, not only those on the page; its types are the columns. */
  summary: LinkCount[];
}

export const RATE_COMPARISONS = ['>=', '<'] as const;

export interface RateQuery {
  offset: number;
  limit: number;
  /** An address, a network, or with `regexp` an RE2 expression the address must match. */
  ip?: string;
  regexp?: boolean;
  exceeded?: boolean;
  /** Compared with rate `rateIndex`, or with the one an entry reports. */
  rate?: { op: (typeof RATE_COMPARISONS)[number]; value: number };
  rateIndex?: number;
}

export interface RateTableStats {
  entries: number;
  created: number;
  buckets: number;
  longestChain: number;
  shortestChain: number;
  /** Octets of the table, whatever it holds. */
  bytes: number;
  /** 0 = rates are not tracked. */
  maxEntries: number;
}

/** One setting of the event rates: as it is, as it was configured, and what may be written. */
export interface RateParameterView {
  name: string;
  value: string;
  configured: string;
  allowed: string;
  /** Empty where any value of `allowed` may be written. */
  choices: readonly string[];
  description: string;
}

/** What one collection of rate entries did. */
export interface RateGcView {
  entriesBefore: number;
  entries: number;
  target: number;
  targetMet: boolean;
  timedOut: boolean;
  walked: number;
  removed: number;
  lifetimeMs: number;
  maxRunMs: number;
}

/** What shortening the time left of all calls and bindings did. */
export interface ForcedTimeoutView {
  before: CallTableStats;
  after: CallTableStats;
  timeoutMs: number;
  forced: number;
  walked: number;
  /** Slices it was done in. */
  loops: number;
  durationMs: number;
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

/** A message to be injected; endpoints are `ip:port`, IPv6 in brackets, both of the same family. */
export interface InjectedMessage {
  octets: Uint8Array;
  transport: TransportName;
  src: string;
  dst: string;
}

/** A time-out of captured TCP streams, and how it may be set. */
export interface TcpTimeoutView {
  /** Name of its option. */
  name: string;
  description: string;
  ms: number;
  configuredMs: number;
  minMs: number;
  maxMs: number;
}

/**
 * The one way pages and outputs talk to the engine, across threads or in-process. Every answer is bounded:
 * `limit` at most `MAX_LIST_LIMIT`. All answers are copies. Rejects with `EngineRequestError` for bad values.
 */
export interface Engine {
  /** @param take gets the items as they are found; the page that comes back at the end then has none. So with other lists */
  listCalls(query: CallQuery, take?: Take<CallView>): Promise<Page<CallView>>;
  callSummary(selection: CallSelection): Promise<CallSummary>;
  /** All entries held under one Call-ID, oldest first. */
  callsByCallId(callId: string): Promise<CallView[]>;
  /** What is held of one call, other legs too; messages from `offset` on in order of time. */
  callMessages(callId: string, window: { offset: number; limit: number }): Promise<CallMessages>;
  /** One message held under a Call-ID with all that is held of it; `undefined` = it is not, or no more. */
  callMessage(callId: string, id: number): Promise<MessageDetail | undefined>;
  /**
   * The messages held under some Call-IDs, and no others, as a capture file; those kept in part as far as they are kept.
   * Empty but for its header = none.
   */
  callCapture(callIds: readonly string[], format: CaptureFormatName): Promise<Uint8Array>;
  /** Messages of all calls. */
  listMessages(query: MessageQuery): Promise<MessagePage>;
  callTable(): Promise<CallTableStats>;
  /** How much is kept of messages and events, and since when. */
  kept(): Promise<KeptView>;
  callTimeouts(): Promise<CallTimeoutView[]>;
  /** Sets timeouts in seconds by state name; ≤ 0 returns a state to its default. All or nothing. */
  setCallTimeouts(seconds: Record<string, number>): Promise<CallTimeoutView[]>;
  listRegistrations(query: RegistrationQuery, take?: Take<RegistrationView>): Promise<Page<RegistrationView>>;
  registrationTable(): Promise<RegistrationTableStats>;
  /** In effect, and as configured. */
  registrationSettings(): Promise<{ now: RegistrationSettingsView; configured: RegistrationSettingsView }>;
  /** Sets what is given; `null` goes back to what was configured. All or nothing. */
  setRegistrationSettings(changes: RegistrationChanges): Promise<void>;
  listEvents(query: EventQuery, take?: Take<EventView>): Promise<EventPage>;
  /** Who the calls whose outcome was reported between two times were from and to, busiest first. */
  topTalkers(query: TalkersQuery): Promise<TalkersView>;
  eventBlacklist(): Promise<EventBlacklistView>;
  /** `changes` by event name; `reset` first returns to the configured list. All or nothing. */
  setEventBlacklist(changes: Record<string, boolean>, reset: boolean): Promise<EventBlacklistView>;
  listLinks(query: LinkQuery): Promise<LinkPage>;
  /** Entries as of now, in no particular order. */
  listRates(query: RateQuery): Promise<Page<RateEntryView>>;
  rateTable(): Promise<RateTableStats>;
  rateSettings(page: RatePage): Promise<RateParameterView[]>;
  /** `changes` as text by parameter name. All or nothing. */
  setRateSettings(changes: Record<string, string>): Promise<void>;
  /** Removes entries that are ok and older than some seconds until `target` remain. */
  forceRateGc(target: number): Promise<RateGcView>;
  /** Shortens what remains of every call and binding to at most `timeoutMs`. */
  forceTimeout(timeoutMs: number): Promise<ForcedTimeoutView>;
  /** None where nothing is captured. */
  tcpTimeouts(): Promise<TcpTimeoutView[]>;
  /** Milliseconds by name, 0 = as configured. All or nothing. */
  setTcpTimeouts(changes: Record<string, number>): Promise<void>;
  /** Takes one SIP message as if it had been captured now. */
  inject(message: InjectedMessage): Promise<InjectView>;
  listAgents(query: { offset: number; limit: number }): Promise<Page<AgentView>>;
  /** Connections of IPFIX probes, newest first. */
  listProbes(query: { offset: number; limit: number }): Promise<Page<ProbeView>>;
  listeners(): Promise<ListenerView[]>;
  health(): EngineHealth;
}

export const MAX_LIST_LIMIT = 20_000;

/** Takes items of a list, some at a time, while others are still looked for. */
export type Take<Item> = (items: readonly Item[]) => void;
