import type { CaptureFormatName, CaptureSummary } from '../model/capture.ts';
import type {
  CallQuery,
  CallSelection,
  EventQuery,
  InjectedMessage,
  LinkQuery,
  MessageQuery,
  RateQuery,
  RegistrationChanges,
  RegistrationQuery,
  TalkersQuery,
} from '../model/engine.ts';
import type { RatePage } from '../model/event-rates.ts';
import type { EngineSettings } from '../model/settings.ts';
import type { ListenerView } from '../model/views.ts';
import type { OrderedTable } from './shards/order.ts';
import type { ShardPlace } from './shards/place.ts';
import type { Restore } from './state.ts';

/**
 * What the main thread and an engine thread say to each other. Requests are answered by number; lists come as parts
 * and an end, so that neither thread ever copies a long one at once.
 */
export interface WorkerStart {
  settings: EngineSettings;
  /** Columns of the counters; outlive the worker. */
  counterMemory: SharedArrayBuffer;
  /** One double: milliseconds since the epoch of the last sign of life. */
  heartbeatMemory: SharedArrayBuffer;
  restore: Restore;
  /** `undefined` = it is the only one. */
  place: ShardPlace | undefined;
}

/** How an engine ends: how long connections may finish, what remains of a call at most, and how long that may take. */
export interface StopSettings {
  graceMs: number;
  /** 0 = leave calls as they are. */
  forceTimeoutMs: number;
  waitMs: number;
}

/** Methods by name with their arguments. */
export interface EngineMethods {
  listCalls: [query: CallQuery];
  callSummary: [selection: CallSelection];
  callsByCallId: [callId: string];
  callMessages: [callId: string, window: { offset: number; limit: number }];
  callMessage: [callId: string, id: number];
  callCapture: [callIds: readonly string[], format: CaptureFormatName];
  listMessages: [query: MessageQuery];
  callTable: [];
  kept: [];
  callTimeouts: [];
  setCallTimeouts: [seconds: Record<string, number>];
  listRegistrations: [query: RegistrationQuery];
  registrationTable: [];
  registrationSettings: [];
  setRegistrationSettings: [changes: RegistrationChanges];
  listEvents: [query: EventQuery];
  topTalkers: [query: TalkersQuery];
  eventBlacklist: [];
  setEventBlacklist: [changes: Record<string, boolean>, reset: boolean];
  listLinks: [query: LinkQuery];
  listRates: [query: RateQuery];
  rateTable: [];
  rateSettings: [page: RatePage];
  setRateSettings: [changes: Record<string, string>];
  forceRateGc: [target: number];
  forceTimeout: [timeoutMs: number];
  tcpTimeouts: [];
  setTcpTimeouts: [changes: Record<string, number>];
  inject: [message: InjectedMessage];
  listAgents: [query: { offset: number; limit: number }];
  listProbes: [query: { offset: number; limit: number }];
  listeners: [];
  stop: [how: StopSettings];
  // One of several is asked for these, too.
  stopInput: [graceMs: number];
  drain: [];
  endCalls: [how: StopSettings];
  end: [];
  order: [what: OrderedTable, query: CallQuery | RegistrationQuery];
  joins: [callIds: readonly string[]];
  pastLegs: [callIds: readonly string[]];
  neighbours: [callId: string, atUs: number];
  messagesOf: [callIds: readonly string[], window: { offset: number; limit: number }];
  allLinks: [query: LinkQuery];
  outcomes: [];
  cpuProfile: [file: string, seconds: number];
  heapSnapshot: [file: string];
  keptMessages: [callIds: readonly string[]];
  ownerOf: [message: InjectedMessage];
}
export type EngineMethod = keyof EngineMethods;

export type EngineRequest = {
  [Method in EngineMethod]: { id: number; method: Method; args: EngineMethods[Method] };
}[EngineMethod];

/** A part has been taken in: the next may come. Nobody is sent more than they can look after besides other work. */
export interface PartTaken {
  taken: number;
}

export type ToEngine = EngineRequest | PartTaken;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type FromEngine =
  | { type: 'ready'; listeners: ListenerView[] }
  | { type: 'failed'; message: string }
  /** All capture files have been played. */
  | { type: 'played'; summary: CaptureSummary }
  | { type: 'part'; id: number; items: unknown[] }
  | { type: 'result'; id: number; result: unknown }
  /** `refused`: the caller's fault (a bad value), not the engine's. */
  | { type: 'error'; id: number; message: string; refused: boolean }
  | { type: 'log'; level: LogLevel; fields: object; message: string };
