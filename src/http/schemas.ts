import { MAX_SEARCH_LENGTH } from '../model/search/parse.ts';
import { Type, type TSchema } from 'typebox';
import { RATE_INTERVALS_MS } from '../model/statistics.ts';
import { TIMED_CALL_STATES } from '../model/call-state.ts';
import {
  CALL_FILTERS,
  CALL_SORTS,
  EVENT_FILTERS,
  EVENT_ORDERS,
  EVENT_SORTS,
  LINK_ORDERS,
  MAX_LINK_DEPTH,
  MAX_LIST_LIMIT,
  MAX_ORDERED,
  RATE_COMPARISONS,
  REGISTRATION_FILTERS,
  REGISTRATION_SORTS,
} from '../model/engine.ts';
import { RATE_SETTINGS, type RatePage } from '../model/event-rates.ts';
import { SELECTABLE_EVENTS } from '../model/event-type.ts';
import { formatDuration } from '../model/duration.ts';
import type { TransportName } from '../model/transport.ts';
import { DIRECTIONS } from './list-choice.ts';
import { MESSAGE_FORMATS } from './message-format.ts';
import {
  COLOUR_MODES,
  FILE_LEGS,
  GROUPINGS,
  MAX_GAP_S,
  PAUSE_MODES,
  SDP_MODES,
  TIME_MODES,
  USUAL,
} from './ladder/choice.ts';

/** JSON answers and parameters as `/openapi.json` describes them; a test holds every answer against its schema. */

const Us = (what: string): TSchema => Type.Integer({ description: `${what}, microseconds since the epoch` });
const Iso = (): TSchema => Type.String({ description: 'The same instant, ISO 8601 UTC with microseconds' });
const NullableUs = (what: string): TSchema =>
  Type.Union([Type.Integer(), Type.Null()], { description: `${what}, microseconds since the epoch; null = never` });
const Text = (description?: string): TSchema => Type.String(description === undefined ? {} : { description });
const Count = (description?: string): TSchema => Type.Integer(description === undefined ? {} : { description });
const Strings = Type.Array(Type.String());
const Counts = Type.Record(Type.String(), Type.Integer());
const Ms = Type.Union([Type.Number(), Type.Null()], { description: 'Milliseconds; null where it did not happen' });
const PairOf = (item: TSchema): TSchema =>
  Type.Array(item, { minItems: 2, maxItems: 2, description: "[initiator's transactions, other party's transactions]" });
const Pair = PairOf(Type.Integer());
const EndpointSchema = Type.Object({ ip: Type.String(), port: Type.Integer() });
const Repeats = Type.Object({ requests: Pair, replies: Pair });

type Properties = Record<string, TSchema>;

export const HintSchema = Type.Object({
  code: Text('Stable short name'),
  text: Text('One sentence'),
  href: Type.Optional(Text('Page that shows more')),
});

export function listOf(item: TSchema, more: Record<string, TSchema> = {}): TSchema {
  return Type.Object({
    total: Count('All there are'),
    matched: Count('Those the filter lets through'),
    offset: Count('Index of the first item'),
    limit: Count('Most items in one answer'),
    ...more,
    items: Type.Array(item),
    why: Type.Optional(Type.Array(HintSchema, { description: 'Only when items is empty: why nothing is here' })),
  });
}

const InterfaceSchema = Type.Object({ slot: Count(), port: Count(), vlan: Count() });

const Measured = Type.Union([Type.Number(), Type.Null()], { description: 'null where the sender measured nothing' });
const RTP_VALUES = { bytes: Measured, packets: Measured, lost: Measured, averageJitter: Measured, maxJitter: Measured };
const QosLegSchema = Type.Object({
  callId: Text(),
  realm: Text(),
  rtp: Type.Object(RTP_VALUES),
  rtcp: Type.Object({ ...RTP_VALUES, averageLatency: Measured, maxLatency: Measured }),
  rFactor: Measured,
  mos: Measured,
  flows: Type.Array(Type.Object({ party: Text('caller or callee'), src: EndpointSchema, dst: EndpointSchema })),
});

const LegsSchema = Type.Array(
  Type.Object({ callId: Text('Call-ID of another leg'), reason: Text('Why it belongs to this one') }),
);

export const CallSchema = Type.Object({
  id: Count('Stable while the call is held'),
  callId: Text(),
  fromTag: Text(),
  toTag: Text(),
  method: Text('Method that created the entry'),
  state: Text('Short name'),
  stateText: Text(),
  createdUs: Us('First message'),
  created: Iso(),
  updatedUs: Us('Last message'),
  updated: Iso(),
  expiresInMs: Type.Number(),
  from: Text(),
  to: Text(),
  requestUri: Text(),
  contact: Text(),
  userAgent: Text(),
  uas: Text(),
  reason: Text(),
  src: EndpointSchema,
  dst: EndpointSchema,
  transport: Text(),
  statuses: Pair,
  cseq: Pair,
  requests: Pair,
  replies: Pair,
  retransmissions: Repeats,
  lastMethod: PairOf(Type.Union([Type.String(), Type.Integer()])),
  lastStatus: Pair,
  flags: Strings,
  events: Strings,
  lastEvent: Text(),
  messageTrace: Text('Last messages: > towards the callee, < towards the caller, {n} retransmissions'),
  stateTrace: Strings,
  requestSignature: Text(),
  pddMs: Ms,
  ringMs: Ms,
  durationMs: Ms,
  agents: Strings,
  hops: Type.Array(
    Type.Object({
      src: EndpointSchema,
      dst: EndpointSchema,
      transport: Text(),
      agents: Strings,
      messages: Count(),
      interface: Type.Union([InterfaceSchema, Type.Null()], { description: 'Interface of the SBC that reported it' }),
    }),
  ),
  correlation: Type.Object({ correlationId: Text(), alegCallId: Text(), sessionId: Text() }),
  legs: LegsSchema,
  qos: Type.Array(
    Type.Object({
      agent: Text('Probe that sent the record'),
      receivedUs: Us('Arrival of the record'),
      received: Iso(),
      beginUs: Us('Begin of the media'),
      begin: Iso(),
      endUs: Us('End of the media'),
      end: Iso(),
      payloadType: Count('RTP payload type'),
      codec: Text(),
      incoming: QosLegSchema,
      outgoing: QosLegSchema,
      caller: InterfaceSchema,
      callee: InterfaceSchema,
    }),
  ),
});

export const CallMessageSchema = Type.Object({
  id: Count('Grows in order of arrival'),
  atUs: Us('Time the message was tracked by'),
  at: Iso(),
  arrivedUs: Us('Arrival at the collector'),
  arrived: Iso(),
  callId: Text(),
  callEntryId: Count('id of the entry it belongs to, which may be gone'),
  src: EndpointSchema,
  dst: EndpointSchema,
  transport: Text(),
  agents: Strings,
  repeat: Type.String({ enum: ['new', 'other-hop', 'seen-again', 'retransmission'] }),
  isRequest: Type.Boolean(),
  method: Text('Empty for a reply'),
  requestUri: Text(),
  status: Count('0 for a request'),
  reason: Text(),
  cseq: Count(),
  cseqMethod: Text(),
  branch: Text('Branch of the topmost Via'),
  fromTag: Text(),
  toTag: Text(),
  from: Text(),
  to: Text(),
  userAgent: Text('User-Agent or Server'),
  sdp: Type.Union([
    Type.Object({ media: Text(), address: Text(), port: Count(), codec: Text(), direction: Text() }),
    Type.Null(),
  ]),
  length: Count('Octets on the wire'),
  shown: Count('Octets in raw'),
  raw: Text('The message as captured, octets read as UTF-8'),
});

export const MASK_PARAMETER: Properties = {
  mask: Type.Optional(
    Type.String({ enum: ['0', '1'], description: '1: messages without credentials and without keys of media' }),
  ),
};

const NullableNumber = (description: string): TSchema => Type.Union([Type.Number(), Type.Null()], { description });

const EnvelopeSchema = Type.Object({
  protocol: Type.String({ enum: ['HEP1', 'HEP2', 'HEP3', 'IPFIX'] }),
  fields: Type.Array(
    Type.Object({
      vendor: Type.Union([Type.Integer(), Type.Null()], { description: 'Of a HEP3 chunk' }),
      type: Type.Union([Type.Integer(), Type.Null()], { description: 'Of a HEP3 chunk' }),
      name: Text(),
      length: Type.Union([Type.Integer(), Type.Null()], { description: 'Octets of the value; null: not told' }),
      value: Text('Read by its type, in hex where that is unknown; empty for the message'),
    }),
    { description: 'Chunks of HEP3, fields of other heads and records, in their order' },
  ),
  isCut: Type.Boolean({ description: 'True where it was too long to be kept as a whole' }),
  notes: Type.Array(Type.String(), { description: 'What was odd about it' }),
});

/** Parts of a message one below the other. */
const PartsSchema = Type.Array(
  Type.Object({
    depth: Count('What it is a part of is the last one before that is less deep'),
    name: Text(),
    value: Text('Empty: its parts say it'),
    note: Text('What it means'),
    warning: Text('What is wrong with it'),
  }),
  { description: 'The message taken apart: its first 3000 parts, in order' },
);

export const MessagePageSchema = Type.Object({
  message: CallMessageSchema,
  parts: PartsSchema,
  envelope: Type.Union([EnvelopeSchema, Type.Null()], {
    description: 'What its first observer sent it in; null for one that was captured here, or typed in',
  }),
});

export const CALL_FILE_PARAMETERS: Properties = {
  with: Type.Optional(Type.String({ description: 'Call-IDs of other calls that are to be in it, with spaces' })),
  legs: Type.Optional(
    Type.String({
      enum: [...FILE_LEGS],
      description: 'all (default): also the calls that belong to them; own: only those named',
    }),
  ),
};

export const CALL_PAGE_PARAMETERS: Properties = {
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, default: 500, description: 'Most messages shown' })),
  s: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Index of the first message shown' })),
  message: Type.Optional(Type.Integer({ minimum: 0, description: 'Id of the message selected in the ladder' })),
  group: Type.Optional(
    Type.String({
      enum: [...GROUPINGS],
      description:
        'Columns: one per alias, per address, per address and port, or by transport with an alias as one (auto, the default)',
    }),
  ),
  order: Type.Optional(Type.String({ description: 'Columns that stand before the others, by name, with commas' })),
  hide: Type.Optional(Type.String({ description: 'Columns left out with their messages, by name, with commas' })),
  fold: Type.Optional(Type.String({ enum: ['0', '1'], description: '1: retransmissions and keep-alives as a count' })),
  pauses: Type.Optional(
    Type.String({ enum: [...PAUSE_MODES], description: 'Pauses: long ones marked (the default), to scale, not drawn' }),
  ),
  gap: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_GAP_S, default: USUAL.gap, description: 'Seconds of a long pause' }),
  ),
  media: Type.Optional(
    Type.String({ enum: ['0', '1'], description: '1: what was measured of media is drawn in the ladder' }),
  ),
  colour: Type.Optional(
    Type.String({ enum: [...COLOUR_MODES], description: 'What rows of the ladder are coloured by' }),
  ),
  time: Type.Optional(
    Type.String({ enum: [...TIME_MODES], description: 'Time of day, since the message before, since the first' }),
  ),
  sdp: Type.Optional(
    Type.String({ enum: [...SDP_MODES], description: 'Session descriptions: first media, all, not at all, a mark' }),
  ),
  ...MASK_PARAMETER,
  without: Type.Optional(Type.String({ description: 'Letters of legs left out of the ladder, such as B,C' })),
  with: Type.Optional(
    Type.String({ description: 'Call-IDs of calls that are drawn with this one, at most 8, with spaces' }),
  ),
  diff: Type.Optional(
    Type.Array(Type.String(), { maxItems: 2, description: 'Ids of two messages to compare: given twice, or as 1,2' }),
  ),
  sorted: Type.Optional(Type.String({ enum: ['0', '1'], description: '1: the order of header fields does not count' })),
  around: Type.Optional(
    Type.String({ description: 'Time, ISO 8601 or since the epoch: where s is absent, messages around it are shown' }),
  ),
};

export const RegistrationSchema = Type.Object({
  id: Count('Stable while the binding is held'),
  aor: Text('Address-of-record: To of the REGISTER'),
  contact: Text(),
  state: Type.Union([Type.Literal('active'), Type.Literal('leaving')], {
    description: 'leaving: removed, but its end is not reported yet',
  }),
  src: EndpointSchema,
  dst: EndpointSchema,
  transport: Text(),
  callId: Text('Call-ID of the REGISTER that set it last'),
  from: Text('Who registered, when that is not the address-of-record itself'),
  userAgent: Text(),
  uas: Text('User-Agent or Server of the registrar'),
  createdUs: Us('First confirmed; 0 = before the collector knew of it'),
  created: Iso(),
  updatedUs: Us('Last confirmed'),
  updated: Iso(),
  expiresInMs: Type.Number(),
  refreshes: Count('How often it was registered again'),
  agents: Strings,
});

export const RegistrationTableSchema = Type.Object({
  bindings: Count('Bindings held now'),
  created: Count(),
  buckets: Count(),
  longestChain: Count(),
  shortestChain: Count(),
  bytes: Count('Octets the bindings take'),
  maxEntries: Count('0 = unlimited'),
  maxBytes: Count('0 = unlimited'),
  maxContacts: Count('Most bindings of one address-of-record'),
  refused: Count('Bindings not held because of a limit, so far'),
});

const RegistrationValues = Type.Object({
  regExpDeltaS: Count('Seconds added to the time granted'),
  regDelDelayS: Count('Seconds the report of an end waits'),
  contactIgnorePort: Type.Boolean(),
});
export const RegistrationSettingsSchema = Type.Object({ now: RegistrationValues, configured: RegistrationValues });

export const EventSchema = Type.Object({
  index: Count('Ever growing'),
  type: Text(),
  tsUs: Us('Event'),
  ts: Iso(),
  createdUs: Us('First message of the call'),
  created: Iso(),
  earlyUs: NullableUs('First provisional answer with a dialog'),
  early: Type.Optional(Iso()),
  finalUs: NullableUs('Final answer'),
  final: Type.Optional(Iso()),
  forkedUs: NullableUs('Fork'),
  forked: Type.Optional(Iso()),
  callId: Text(),
  fromTag: Text(),
  toTag: Text(),
  src: EndpointSchema,
  dst: EndpointSchema,
  transport: Text(),
  status: Count(),
  attributes: Type.Record(Type.String(), Type.String()),
  durationMs: Ms,
  pddMs: Ms,
  ringMs: Ms,
  originator: Type.Union([
    Type.Literal('caller-terminated'),
    Type.Literal('callee-terminated'),
    Type.Literal('timeout-terminated'),
    Type.Null(),
  ]),
  agents: Strings,
  rate: Type.Union([
    Type.Object({
      exceeded: Count('Consecutive events beyond a limit, 0 = within all'),
      diff: Count('Of those, how many since the one reported before'),
      value: Type.Number({ description: 'Events per interval' }),
      limit: Type.Number({ description: '0 = none' }),
      intervalMs: Type.Number(),
      sinceUs: Us('Last change between within and beyond'),
      since: Iso(),
      key: Text('Event type and source address'),
    }),
    Type.Null(),
  ]),
  debug: Type.Union([
    Type.Object({
      state: Text(),
      previousStates: Strings,
      flags: Strings,
      emitted: Strings,
      lastEvent: Text(),
      generatedOn: Text(),
      cseq: Pair,
      replyCseq: Pair,
      requests: Pair,
      replies: Pair,
      retransmissions: Repeats,
      lastMethod: PairOf(Type.String()),
      lastStatus: Pair,
      messageTrace: Text(),
    }),
    Type.Null(),
  ]),
});

/** One call with its messages. */
export const AliasSchema = Type.Object({
  name: Text('Shown for the addresses'),
  group: Text('What several names have in common, empty = nothing'),
  network: Text('A network, or one address'),
  port: Type.Union([Type.Integer(), Type.Null()], { description: 'null = every port' }),
});

export const CallPageSchema = Type.Object({
  callId: Text(),
  callIds: Type.Array(Type.String(), { description: 'It, then those of its other legs, also of such as are gone' }),
  pastLegs: LegsSchema,
  entries: Type.Array(CallSchema, { description: 'Entries held under the Call-ID, then those of its other legs' }),
  total: Count('Messages held'),
  offset: Count('Index of the first message in messages'),
  gone: Count('Messages of the call that are no longer held'),
  keeps: Type.Boolean({ description: 'False where messages are not kept' }),
  olderCallId: Text('Call that began before, empty = none'),
  newerCallId: Text('Call that began after, empty = none'),
  missing: Type.Array(Type.String(), { description: 'What should have been captured and was not' }),
  media: Type.Array(
    Type.Object({
      offer: Type.Integer({ description: 'Id of the message with the offer' }),
      answer: Type.Union([Type.Integer(), Type.Null()], { description: 'Id of the message with the answer' }),
      result: Text('Codec and direction agreed upon'),
      notes: Type.Array(Type.String(), { description: 'What may explain silence' }),
    }),
    { description: 'Offers and answers of session descriptions, in order' },
  ),
  reports: Type.Array(
    Type.Object({
      atUs: Us('When it was told'),
      at: Iso(),
      callId: Text(),
      src: EndpointSchema,
      dst: EndpointSchema,
      label: Text('Codec and score'),
      details: Type.Array(Type.String(), { description: 'Packets, losses, delays as they were told' }),
      message: Type.Union([Type.Integer(), Type.Null()], {
        description: 'Id of the message that told it; null for a quality record',
      }),
      mos: Type.Union([Type.Number(), Type.Null()], { description: 'Mean opinion score' }),
    }),
    { description: 'What was measured of its media, in order' },
  ),
  agentReports: Type.Array(
    Type.Object({
      callId: Text(),
      atUs: Us('When it was captured'),
      at: Iso(),
      src: EndpointSchema,
      dst: EndpointSchema,
      agent: Text('Who sent it'),
      kind: Type.String({ enum: ['RTCP', 'media report', 'log'] }),
      text: Text('Line of a log'),
      sent: Type.Union([Type.Object({ packets: Count(), octets: Count() }), Type.Null()], {
        description: 'What src has sent, where it tells that',
      }),
      streams: Type.Array(
        Type.Object({
          ssrc: NullableNumber('Of the stream'),
          codec: Text('Empty = not told'),
          packets: NullableNumber('Received'),
          lost: NullableNumber('Since the beginning; negative where packets came twice'),
          lossPercent: NullableNumber('Since the report before'),
          jitterUnits: NullableNumber('In units of the stream’s clock'),
          jitterMs: NullableNumber('In milliseconds'),
          mos: NullableNumber('As told, not estimated'),
          rFactor: NullableNumber('As told'),
          roundTripMs: NullableNumber('From where it was captured to src and back'),
        }),
        { description: 'What src has received' },
      ),
    }),
    { description: 'What agents sent besides SIP and named the call of, in order of arrival' },
  ),
  messages: Type.Array(CallMessageSchema, { description: 'In order of time' }),
  events: Type.Array(EventSchema),
});

export const EventListSchema = listOf(EventSchema, {
  nextIndex: Count('Index the next event will get; also the number generated so far'),
  capacity: Count('Most events that are kept'),
  ringStartedUs: Us('Begin of this ring; another value means that indices began at 0 again'),
  ringStarted: Iso(),
});

export const MessageListSchema = listOf(CallMessageSchema, {
  isComplete: Type.Boolean({ description: 'False where the time of a search was up before all were looked at' }),
  sinceUs: NullableUs('Time of the oldest message looked at'),
  since: Type.Optional(Iso()),
  keeps: Type.Boolean({ description: 'False where messages are not kept' }),
});

export const RateEntrySchema = Type.Object({
  key: Text('Event type and source address'),
  type: Text(),
  ip: Text(),
  events: Count(),
  createdUs: Us('First event'),
  created: Iso(),
  exceeded: Type.Boolean({ description: 'Beyond a limit now' }),
  rate: Count('Index of the rate that is reported'),
  exceededRun: Count('Consecutive events beyond a limit, the last time'),
  okRun: Count('Consecutive events within all limits, the last time'),
  changedUs: Us('Last change between within and beyond'),
  changed: Iso(),
  lastExceededUs: NullableUs('Last event beyond a limit'),
  lastExceeded: Type.Optional(Iso()),
  lastOkUs: NullableUs('Last event within all limits'),
  lastOk: Type.Optional(Iso()),
  rates: Type.Array(
    Type.Object({
      value: Type.Number({ description: 'Events per interval' }),
      old: Type.Number({ description: 'Of the last measurement that was completed' }),
      oldIntervalMs: Type.Number(),
      intervalMs: Type.Number({ description: '0 = not kept' }),
      limit: Type.Number({ description: '0 = none' }),
      updatedUs: Us('Begin of the running measurement'),
      updated: Iso(),
    }),
  ),
});

export const RateTableSchema = Type.Object({
  entries: Count('Entries held now'),
  created: Count(),
  buckets: Count(),
  longestChain: Count(),
  shortestChain: Count(),
  bytes: Count('Octets of the table'),
  maxEntries: Count('0 = rates are not tracked'),
});

export const RateParameterSchema = Type.Object({
  name: Text(),
  value: Text('In effect'),
  configured: Text('At the start'),
  allowed: Text(),
  choices: Strings,
  description: Text(),
});

export const RateGcSchema = Type.Object({
  entriesBefore: Count(),
  entries: Count(),
  target: Count(),
  targetMet: Type.Boolean(),
  timedOut: Type.Boolean(),
  walked: Count(),
  removed: Count(),
  lifetimeMs: Type.Number(),
  maxRunMs: Type.Number(),
});

export const LogLevelSchema = Type.Object({ log_level: Text('Least severe log lines written') });

export const DiagnosisSchema = Type.Object({
  directory: Text('Where files are written, empty = nowhere'),
  threads: Type.Array(Type.String(), { description: 'Threads that can be asked' }),
});

export const DiagnosisFileSchema = Type.Object({
  thread: Text(),
  file: Text('Path on the host of the collector'),
  bytes: Count(),
  tookMs: Type.Number(),
});

export const AgentSchema = Type.Object({
  id: Text('captureId@ip:port/udp, over a connection captureId@ip/tcp or /tls; as in the agents of a call'),
  source: EndpointSchema,
  transport: Text(),
  captureId: Count(),
  nodeName: Text(),
  versions: Type.Array(Type.Integer(), { description: 'HEP versions seen' }),
  firstSeenUs: Us('First packet'),
  firstSeen: Iso(),
  lastSeenUs: Us('Last packet'),
  lastSeen: Iso(),
  packets: Count(),
  bytes: Count(),
  packetsPerSecond: Type.Number({ description: 'Over the last seconds' }),
  bytesPerSecond: Type.Number({ description: 'Over the last seconds' }),
  tracked: Count(),
  sip: Count(),
  other: Count(),
  dropped: Count('Found no room on their way to the engine thread of their call'),
  refused: Counts,
  ignored: Counts,
  clockOffsetMs: Type.Union([Type.Number(), Type.Null()]),
  lastFault: Type.Union([
    Type.Object({ code: Text(), atUs: Us('Fault'), at: Iso(), hex: Text('First octets') }),
    Type.Null(),
  ]),
});

const OrNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

const SetSchema = Type.Object({
  id: OrNull(Type.Integer({ description: 'Id of the set; null = ids that are too many to be told apart' })),
  meaning: Text('What it holds, empty = unknown'),
  records: Count('Sets that could be read; each holds one record'),
  octets: Count('Of all of them, with their headers'),
  lastSeenUs: Us('Last one'),
  lastSeen: Iso(),
  malformed: Counts,
});

export const ProbeSchema = Type.Object({
  id: Count('Number of the connection since the start'),
  agent: Text('ip:port/ipfix, as in the agents of a call'),
  peer: EndpointSchema,
  local: EndpointSchema,
  startedUs: Us('Connection accepted'),
  started: Iso(),
  lastIoUs: Us('Last octet in or out'),
  lastIo: Iso(),
  timeoutS: Count('Negotiated: silence after which it is closed, 0 = never, -1 = switched off'),
  keepaliveS: Count('Negotiated interval of keep-alives, 0 = none'),
  handshakes: Count(),
  protocolVersion: OrNull(Type.String()),
  flags: Type.Array(Type.String(), {
    description: 'As requested, hexadecimal: configuration, configuration 2, system',
  }),
  requestedKeepaliveS: OrNull(Type.Integer()),
  systemId: OrNull(Type.Integer()),
  product: OrNull(Type.String({ description: 'Two characters, hexadecimal' })),
  productVersion: OrNull(Type.String()),
  host: OrNull(Type.String()),
  messages: Count('IPFIX messages'),
  bytes: Count(),
  packetsPerSecond: Type.Number({ description: 'Over the last seconds' }),
  bytesPerSecond: Type.Number({ description: 'Over the last seconds' }),
  sipSets: Count(),
  qosSets: Count(),
  sets: Type.Array(SetSchema, { description: 'What it has sent, by the id of the set' }),
  received: Count('Sets, and messages without any: each is tracked, refused, ignored or dropped'),
  tracked: Count(),
  dropped: Count('Found no room on their way to the engine thread of their call'),
  refused: Counts,
  ignored: Counts,
  clockOffsetMs: OrNull(Type.Number()),
  lastFault: OrNull(Type.Object({ code: Text(), atUs: Us('Fault'), at: Iso(), hex: Text('First octets') })),
});

export const AccountSchema = Type.Object({
  kind: Text('user, token, proxy, this host or everybody'),
  name: Text('As in the audit trail'),
  role: Text('viewer or admin'),
  by: Text('How it is known that it is them'),
  untilUs: OrNull(Type.Integer({ description: 'End, microseconds since the epoch; null = none' })),
  until: Type.Optional(Iso()),
});

export const CertificateSchema = Type.Object({
  listener: Text('http, hep-tls or ipfix-tls'),
  option: Text('Option that names the file'),
  file: Text(),
  use: Text('own is shown to clients, chain is sent with it, authority is one whose clients are let in'),
  subject: Text(),
  issuer: Text(),
  names: Text('Subject alternative names, empty = none'),
  validFromUs: Us('Begin of validity'),
  validFrom: Iso(),
  validUntilUs: Us('End of validity'),
  validUntil: Iso(),
  serialNumber: Text('Hexadecimal'),
  sha256: Text('Fingerprint'),
});

export const ListenerSchema = Type.Object({
  name: Text(),
  address: Text(),
  port: Count(),
  receiveMethod: Type.Union([Type.Literal('native'), Type.Literal('dgram'), Type.Null()]),
  receiveBufferBytes: Type.Union([Type.Integer(), Type.Null()]),
  kernelDrops: Type.Union([Type.Integer(), Type.Null()]),
  connections: Type.Union([Type.Integer(), Type.Null()]),
});

export const ProbeListSchema = listOf(ProbeSchema, {
  listener: Type.Union([ListenerSchema, Type.Null()]),
  truncated: Type.Boolean({ description: 'More was asked for than one answer holds: s goes on' }),
});

const FaultRowSchema = Type.Object({
  code: Text('Fault code'),
  description: Text(),
  messages: Count('Refused for it since the start'),
  senders: Type.Array(Type.Object({ id: Text('Agent or probe'), messages: Count() })),
  last: OrNull(Type.Object({ sender: Text(), atUs: Us('Fault'), at: Iso(), hex: Text('First octets') })),
});

const SilentSchema = Type.Object({
  id: Text('Agent or probe'),
  name: Text('Name it goes by'),
  sinceUs: Us('Last packet'),
  since: Iso(),
});

export const AgentListSchema = listOf(AgentSchema, {
  silent: Type.Array(SilentSchema, {
    description: 'Agents and probes that have sent nothing for longer than usual, the last that fell silent first',
  }),
  listeners: Type.Array(ListenerSchema),
  flow: Type.Array(Type.Object({ name: Text(), messages: Count(), meaning: Text(), href: Text() }), {
    description: 'Received, and where it went, each message once',
  }),
  faults: Type.Array(FaultRowSchema, { description: 'Most frequent first' }),
});

export const HealthSchema = Type.Object({
  running: Type.Boolean(),
  ready: Type.Boolean(),
  restarts: Count(),
  heartbeatAgeMs: Type.Number(),
  lastError: Text(),
});

const Forecast = (description: string) =>
  OrNull(Type.Number({ description: `${description}; null = the rate does not decide it` }));
export const RetentionSchema = Type.Object({
  kind: Text('calls, registrations, messages, events, rates or audit'),
  title: Text(),
  href: Text(),
  held: Count(),
  most: OrNull(Count('null = as many as come')),
  bytes: OrNull(Count('null = not known')),
  maxBytes: OrNull(Count('null = no limit')),
  used: OrNull(Type.Number({ description: 'Of the limit that is nearer, 0 to 1; null = there is none' })),
  oldestUs: NullableUs('Oldest'),
  oldest: Type.Optional(Iso()),
  perSecond: OrNull(Type.Number({ description: 'How many came in the last minutes' })),
  keptMs: Forecast('How long each is kept at this rate'),
  fullInMs: Forecast('How long there is room left'),
  until: Text('What ends it, empty = the next of its kind'),
  options: Strings,
});

const Unit = Type.String({ description: 'count, perSecond, ratio (0 to 1) or ms' });
const TalkerSchema = Type.Object({
  key: Text(),
  calls: Count('Calls whose outcome was reported'),
  failed: Count('Of them, not answered'),
  failedMostly: OrNull(Count('Status most of those had; null = none had one')),
  before: OrNull(Count('Calls in the time before; null = no longer known')),
  href: Text(),
});
const COURSE: Properties = {
  stepMs: Type.Number({ description: 'Length of a step of the charts' }),
  endsUs: Type.Array(Type.Number(), { description: 'End of each step' }),
  charts: Type.Array(
    Type.Object({
      name: Text(),
      title: Text(),
      unit: Unit,
      kind: Text('stack or lines'),
      search: OrNull(Text('Search for what is behind a step')),
      among: Text('events or messages: what is searched'),
      href: Text(),
      series: Type.Array(
        Type.Object({
          name: Text(),
          tone: Text('Meaning of its colour'),
          href: Text(),
          values: Type.Array(OrNull(Type.Number())),
        }),
      ),
    }),
  ),
};

export const ChartsSchema = Type.Object({ spanMs: Type.Number({ description: 'Window asked for' }), ...COURSE });

const DashboardSchema = Type.Object({
  spanMs: Type.Number({ description: 'Time the figures are over' }),
  figures: Type.Array(
    Type.Object({
      name: Text(),
      title: Text(),
      unit: Unit,
      value: OrNull(Type.Number({ description: 'null = nothing to divide by, nothing measured' })),
      of: OrNull(Type.Number({ description: 'Denominator, or number of measurements' })),
      formula: Text(),
      href: Text('Calls behind it'),
    }),
  ),
  ...COURSE,
  talkers: Type.Array(Type.Object({ kind: Text(), title: Text(), items: Type.Array(TalkerSchema) })),
  losses: Type.Array(Type.Object({ code: Text(), description: Text(), messages: Count() })),
});

export const DASHBOARD_PARAMETERS: Properties = {
  d: Type.Optional(Type.String({ enum: ['15m', '1h', '24h'], description: 'Window of the figures' })),
};

export const MAX_CHARTED = 12;
export const CHART_PARAMETERS: Properties = {
  ...DASHBOARD_PARAMETERS,
  counter: Type.Optional(
    Type.Array(Type.String(), {
      maxItems: MAX_CHARTED,
      description: 'Counters to draw, as `group.name`, instead of the usual charts; may be repeated',
    }),
  ),
};

export const PageSchema = Type.Object({ path: Text(), group: Text(), title: Text() });

export const HomeSchema = Type.Object({
  name: Text(),
  version: Text(),
  uptimeMs: Type.Number(),
  health: HealthSchema,
  calls: Count('Calls held now'),
  agents: Count('Agents listed'),
  events: Count('Events generated since the start'),
  received: Count('Messages received since the start'),
  ratesPerSecond: Type.Object({
    packets: Type.Number({ description: 'Captured messages taken out of what arrived' }),
    requests: Type.Number(),
    replies: Type.Number(),
  }),
  rateIntervalMs: Type.Number({ description: 'Time the rates are over' }),
  listeners: Type.Array(ListenerSchema),
  warnings: Type.Array(HintSchema),
  dashboard: DashboardSchema,
  pages: Type.Array(PageSchema),
});

export const AboutSchema = Type.Object({
  name: Text(),
  version: Text(),
  node: Text(),
  receiveMethod: Text(),
  dependencies: Type.Array(Type.Object({ name: Text(), version: Text(), licence: Text() })),
});

export const ConfigRowSchema = Type.Object({
  name: Text(),
  value: Text(),
  source: Text(),
  default: Text(),
  doc: Text(),
  env: Text(),
  unit: Text(),
});

export const CallTableSchema = Type.Object({
  calls: Count('Entries held now'),
  created: Count(),
  buckets: Count(),
  longestChain: Count(),
  shortestChain: Count(),
  maxEntries: Count('0 = unlimited'),
  maxForks: Count(),
  bytes: Count('Octets the calls hold'),
  bytesPerCall: Count(),
  spareBytes: Count('Octets kept for calls to come'),
  maxBytes: Count('0 = unlimited'),
  evict: Text('What makes room for a new call at a limit'),
  refused: Count('Calls not tracked because of a limit'),
  evictedFinished: Count('Finished calls ended early to make room'),
  evicted: Count('Calls given up unfinished to make room'),
  perState: Counts,
});

const LinkCountSchema = Type.Object({
  type: Text('Method, ReINVITE or status code'),
  out: Count('Sent by the server'),
  in: Count('Received by the server'),
  unknown: Count('Sent by one of the two'),
});
const Unless = (item: TSchema): TSchema => Type.Union([item, Type.Null()], { description: 'null beyond the depth' });
export const LinkListSchema = listOf(
  Type.Object({
    server: Text(),
    transport: Unless(Type.String()),
    serverPort: Unless(Type.Integer()),
    client: Unless(Type.String()),
    total: Count('Messages'),
    counts: Type.Array(LinkCountSchema),
  }),
  { summary: Type.Array(LinkCountSchema, { description: 'Sums over all that match' }) },
);

export const ForcedTimeoutSchema = Type.Object({
  before: CallTableSchema,
  after: CallTableSchema,
  timeoutMs: Type.Number(),
  forced: Count('Calls and bindings whose time left was shortened'),
  walked: Count(),
  loops: Count('Slices it was done in'),
  durationMs: Type.Number(),
});

export const CallTimeoutSchema = Type.Object({
  state: Text(),
  text: Text(),
  description: Text(),
  seconds: Type.Number(),
  defaultSeconds: Type.Number(),
  minSeconds: Type.Number(),
  maxSeconds: Type.Number(),
});

export const TcpTimeoutSchema = Type.Object({
  name: Text(),
  description: Text(),
  ms: Type.Number({ description: 'In effect' }),
  configuredMs: Type.Number(),
  minMs: Type.Number(),
  maxMs: Type.Number(),
});

export const InjectedSchema = Type.Object({
  outcome: Type.Union([Type.Literal('tracked'), Type.Literal('ignored'), Type.Literal('refused')]),
  code: Text('Why it was refused, empty where it was not'),
  reason: Text(),
  message: Text('As it went into the parser'),
  octets: Count(),
  parsedOctets: Count('Read before what is wrong'),
  rest: Text('What is wrong begins so'),
  fields: Type.Array(Type.Object({ name: Text(), value: Text() }), { description: 'What the parser read' }),
  parts: PartsSchema,
  callId: Text(),
  entries: Type.Array(CallSchema, { description: 'Entries held under the Call-ID' }),
});

export const BlacklistSchema = Type.Object({ name: Text(), blacklisted: Type.Boolean() });

export const CounterSchema = Type.Object({
  group: Text(),
  name: Text(),
  value: Type.Number(),
  max: Type.Optional(Type.Number()),
  min: Type.Optional(Type.Number()),
  description: Text(),
});

export const CounterListSchema = listOf(CounterSchema, {
  uptimeMs: Type.Number(),
  perMs: Type.Union([Type.Number(), Type.Null()], { description: 'What averages are per; null = values as counted' }),
});

export const StatisticsSchema = Type.Object({
  uptimeMs: Type.Number(),
  stopped: Type.Union([Type.Object({ sinceMs: Type.Number(), runtimeMs: Type.Number() }), Type.Null()]),
  perMs: Type.Union([Type.Number(), Type.Null()], { description: 'What the values are per; null = totals' }),
  updatedAgoMs: Type.Union([Type.Number(), Type.Null()]),
  values: Type.Array(Type.Object({ group: Text(), name: Text(), value: Type.Number(), description: Text() })),
});

export const RawStatisticsSchema = Type.Record(Type.String(), Type.Number());

export const FormSchema = Type.Object({
  action: Text('Page the form leads to'),
  fields: Strings,
  parameters: Type.Array(Type.Object({ name: Text(), description: Text() })),
});

export const ZoneSchema = Type.Object({
  zone: Text('Zone of pages and text'),
  offset: Text('What its clocks are from UTC now'),
  followsBrowser: Type.Boolean(),
  names: Type.Array(Type.String(), { description: 'Zones to choose from' }),
});

export const VisitorSchema = Type.Object({
  user: Text('Name of a user, or what stands for one'),
  via: Text('How that is known: session, token, proxy, this host, nobody'),
  roles: Strings,
  expiresUs: NullableUs('End of the session'),
  expires: Type.Optional(Iso()),
  canLogIn: Type.Boolean({ description: 'Somebody has a password' }),
});

export const AuditEntrySchema = Type.Object({
  index: Count('Ever growing'),
  atUs: Us('When'),
  at: Iso(),
  action: Text('login, login-failed, logout, change or export'),
  user: Text(),
  via: Text('How the user is known'),
  address: Text(),
  target: Text('Page, with its query'),
  parameters: Text('Parameters of a change'),
});

export const ShareSchema = Type.Object({
  id: Text('The link is /s/<id>'),
  callId: Text(),
  by: Text('Who shared it'),
  createdUs: Us('When it was shared'),
  created: Iso(),
  expiresUs: Us('When it is forgotten'),
  expires: Iso(),
  messages: Count('Messages of the call'),
  bytes: Count('Octets it takes, packed'),
});

export const ShareFormSchema = Type.Object({
  callId: Text(),
  expiresUs: Us('Until when a link made now keeps it'),
  expires: Iso(),
  isOn: Type.Boolean({ description: 'False where share_max is 0' }),
});

export const StatusSchema = Type.Object({ status: Text(), reason: Type.Optional(Text()) });

export const ProblemSchema = Type.Object({
  type: Text(),
  title: Text(),
  status: Count(),
  detail: Text(),
  parameter: Type.Optional(Text()),
  value: Type.Optional(Text()),
  position: Type.Optional(Count('Character of the value it is about, from 0')),
  allowed: Type.Optional(Text()),
  requestId: Text('What the log knows the request by; also in the header X-Request-Id of every answer'),
});

// Parameters

const optionalTexts = (names: readonly string[], description: (name: string) => string): Properties =>
  Object.fromEntries(names.map((name) => [name, Type.Optional(Type.String({ description: description(name) }))]));

/** @param exports forms a page has besides the usual */
export function formatParameter(exports: readonly string[] = []): Properties {
  const forms = ['html', 'json', 'text', ...exports];
  return {
    format: Type.Optional(Type.String({ enum: forms, description: 'Form of the answer; without it, Accept decides' })),
  };
}
export const FORMAT_PARAMETER = formatParameter();

export const ZONE_PARAMETER: Properties = {
  tz: Type.Optional(
    Type.String({ description: 'Time zone of what is shown and typed, such as Europe/Berlin; JSON stays in UTC' }),
  ),
};

export const ZONE_CHOICE_PARAMETERS: Properties = {
  tz: Type.Optional(
    Type.String({ description: 'UTC, a zone such as Europe/Berlin, or one after "browser:" that follows the browser' }),
  ),
  named: Type.Optional(Type.String({ description: 'Zone of a list; "tz" stands before it' })),
  next: Type.Optional(Type.String({ description: 'Page to come back to' })),
};

export const LOGIN_PARAMETERS: Properties = {
  user: Type.String({ description: 'Name' }),
  password: Type.String({ description: 'Password' }),
  next: Type.Optional(Type.String({ description: 'Page a browser is sent to then' })),
};

export const PAGING_PARAMETERS: Properties = {
  n: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_LIST_LIMIT, default: 100, description: 'Most items in the answer' }),
  ),
  s: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Index of the first item' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIST_LIMIT, description: 'Another name of n' })),
  offset: Type.Optional(Type.Integer({ minimum: 0, description: 'Another name of s' })),
};

/** The list of probes shows more at once than other lists, as in the reference program. */
export const PROBE_LIMIT = 1000;
/** As many may be asked for there. */
export const MAX_PROBES_ASKED = 100_000;
export const PROBE_LIST_PARAMETERS: Properties = {
  ...PAGING_PARAMETERS,
  n: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_PROBES_ASKED,
      default: PROBE_LIMIT,
      description: `Most items in the answer, which has ${MAX_LIST_LIMIT} at most`,
    }),
  ),
};

export const LINK_LIST_PARAMETERS: Properties = {
  ...PAGING_PARAMETERS,
  host_filter: Type.Optional(Type.String({ description: 'Addresses, comma-separated: only links with one of them' })),
  host_exclude: Type.Optional(Type.String({ description: 'Addresses, comma-separated: no links with one of them' })),
  sip_filter: Type.Optional(
    Type.String({ description: 'Methods and prefixes of status codes, comma-separated, such as INVITE,4' }),
  ),
  greedy: Type.Optional(
    Type.String({ description: '1 (default): a method brings the replies to it; 0: replies only by prefix' }),
  ),
  depth: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_LINK_DEPTH,
      default: MAX_LINK_DEPTH,
      description: 'Links are told apart by the first so many of: server, client, transport, server port',
    }),
  ),
  order: Type.Optional(Type.String({ enum: [...LINK_ORDERS], description: 'By name (default) or the busiest first' })),
};

export const FIELD_DOC: Readonly<Record<string, string>> = {
  cid: 'Call-ID',
  ftag: 'From-tag',
  ttag: 'To-tag',
  key: 'Call-ID, From-tag and To-tag in one',
  state: 'state',
  name: 'event type',
  src: 'source address',
  dst: 'destination address',
  sport: 'source port',
  dport: 'destination port',
  proto: 'transport',
  status: 'status code',
  aor: 'address-of-record',
  fu: 'From URI',
  tu: 'To URI',
  method: 'method',
  uri: 'Request-URI',
  contact: 'Contact URI',
  reason: 'reason phrase',
  ua: 'User-Agent of the caller',
  uas: 'User-Agent or Server of the callee',
};

function filterParameters(fields: readonly string[], kind: string): Properties {
  return {
    ...optionalTexts(fields, (field) => `Only items whose ${FIELD_DOC[field] ?? field} contains this (${kind})`),
    filter: Type.Optional(Type.String({ enum: [...fields], description: 'Field that val is compared with' })),
    val: Type.Optional(Type.String({ description: 'Text the field of filter must contain' })),
    re: Type.Optional(Type.String({ description: 'Present or 1: the text is a regular expression (RE2)' })),
  };
}

export const SEARCH_PARAMETER: Properties = {
  q: Type.Optional(
    Type.String({
      maxLength: MAX_SEARCH_LENGTH,
      description: 'Search, such as status:5xx AND pdd>4s; see docs/search.md',
    }),
  ),
};

/** Figures beside the calls list are asked for: they need a look at every call held. */
export const CALL_SUMMARY_PARAMETERS: Properties = {
  summary: Type.Optional(Type.String({ description: '1: say what all that match are like, not only those shown' })),
  merge: Type.Optional(Type.String({ description: '1: of calls that belong together only the first that matches' })),
};

export const CallSummarySchema = Type.Object({
  total: Count('Entries held'),
  matched: Count('Entries that match'),
  merged: Count('Of them, such that are the first of the calls they belong to'),
  states: Counts,
  methods: Counts,
  statuses: Counts,
  histogram: Type.Object({
    widthS: Type.Integer({ description: 'Width of a bar in seconds' }),
    bars: Type.Array(Type.Object({ startUs: Us('First moment of the bar'), start: Iso(), calls: Count() })),
  }),
});

/** @param sorts what the list can be put in order by */
function orderParameters(sorts: readonly string[]): Properties {
  return {
    sort: Type.Optional(
      Type.String({
        enum: [...sorts],
        description: `Puts everything that matches in order; reaches to item ${MAX_ORDERED}. Without it, newest first`,
      }),
    ),
    order: Type.Optional(
      Type.String({ enum: [...DIRECTIONS], description: 'With sort: ascending (default) or descending' }),
    ),
  };
}

export function columnsParameter(columns: readonly string[]): Properties {
  return {
    columns: Type.Optional(
      Type.String({ description: `Columns of the page, in their order, with commas. Of: ${columns.join(', ')}` }),
    ),
  };
}

export const CALL_LIST_PARAMETERS: Properties = {
  ...PAGING_PARAMETERS,
  ...SEARCH_PARAMETER,
  ...orderParameters(CALL_SORTS),
  ...CALL_SUMMARY_PARAMETERS,
  ...filterParameters(CALL_FILTERS, 'case-sensitive'),
};
export const MESSAGE_LIST_PARAMETERS: Properties = { ...PAGING_PARAMETERS, ...SEARCH_PARAMETER };
export const REGISTRATION_LIST_PARAMETERS: Properties = {
  ...PAGING_PARAMETERS,
  ...orderParameters(REGISTRATION_SORTS),
  ...filterParameters(REGISTRATION_FILTERS, 'case-sensitive'),
};
export const REGISTRATION_SETTING_PARAMETERS: Properties = {
  reg_exp_delta: Type.Optional(
    Type.String({ description: 'Seconds added to the time a registration was granted; -1 = as configured' }),
  ),
  reg_del_delay: Type.Optional(
    Type.String({ description: 'Seconds the report of an end waits, 0 = none; -1 = as configured' }),
  ),
  contact_ignore_port: Type.Optional(
    Type.String({ description: '1 = contacts that differ only in their port are the same; -1 = as configured' }),
  ),
};
export const EVENT_LIST_PARAMETERS: Properties = {
  ...PAGING_PARAMETERS,
  ...SEARCH_PARAMETER,
  ...orderParameters(EVENT_SORTS),
  order: Type.Optional(
    Type.String({
      enum: [...EVENT_ORDERS, ...DIRECTIONS],
      description:
        'oldest (default): from index s on; newest: from the one before s back, without s from the end; with sort: asc (default) or desc',
    }),
  ),
  ...filterParameters(EVENT_FILTERS, 'case does not matter'),
};

export const RATE_LIST_PARAMETERS: Properties = {
  ...PAGING_PARAMETERS,
  ip: Type.Optional(
    Type.String({ description: 'Source: an address, a network such as 192.0.2.0/24, or with re an RE2 expression' }),
  ),
  re: Type.Optional(Type.String({ description: 'Present or 1: ip is a regular expression (RE2)' })),
  val: Type.Optional(
    Type.String({ enum: ['-1', '0', '1'], description: '-1 = any, 0 = within all limits, 1 = beyond one' }),
  ),
  rate: Type.Optional(Type.Number({ description: 'Compared with the rate of an entry' })),
  rop: Type.Optional(Type.String({ enum: [...RATE_COMPARISONS], default: '>=', description: 'How rate is compared' })),
  ridx: Type.Optional(
    Type.String({ enum: ['-1', '0', '1', '2'], description: 'With which rate; -1 = the one the entry reports' }),
  ),
};

/** Parameters of one page of settings. */
export function rateParameters(page: RatePage): Properties {
  return Object.fromEntries(
    RATE_SETTINGS.filter((parameter) => parameter.page === page).map(({ name, doc, notation }) => [
      name,
      Type.Optional(Type.String({ description: `${doc}; ${notation.expected}` })),
    ]),
  );
}

export const CALL_TIMEOUT_PARAMETERS: Properties = optionalTexts(
  TIMED_CALL_STATES.flatMap((info) => (info.name === info.text ? [info.name] : [info.name, info.text])),
  (name) => `Timeout of state "${name}", such as 30s; 0 = back to the default`,
);

export const TCP_TIMEOUT_PARAMETERS: Properties = optionalTexts(
  ['tcp_gc_int', 'tcp_reorder_timeout', 'tcp_connection_timeout'],
  (name) => `${name}, such as 30s; 0 = as configured`,
);

/** Transports a message can be injected by. */
export const INJECT_TRANSPORTS = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'] as const satisfies TransportName[];
export const DEFAULT_ENDPOINT = '127.0.0.1:5060';

export const INJECT_PARAMETERS: Properties = {
  sipmsg: Type.String({ description: 'The message' }),
  crlfformat: Type.Optional(
    Type.String({ enum: [...MESSAGE_FORMATS], default: 'auto', description: 'How its line ends are written' }),
  ),
  proto: Type.Optional(
    Type.String({ enum: [...INJECT_TRANSPORTS], default: 'udp', description: 'Transport it is taken to have come by' }),
  ),
  src: Type.Optional(
    Type.String({ default: DEFAULT_ENDPOINT, description: 'Address and port it comes from, [address]:port for IPv6' }),
  ),
  dst: Type.Optional(Type.String({ default: DEFAULT_ENDPOINT, description: 'Address and port it goes to' })),
  verbose: Type.Optional(
    Type.String({ enum: ['no', 'yes'], default: 'no', description: 'yes = show what the parser read' }),
  ),
};

export const BLACKLIST_PARAMETERS: Properties = {
  ...optionalTexts(
    SELECTABLE_EVENTS.map((info) => info.name),
    (name) => `1 = ${name} events are dropped, 0 = they are kept; present without value = 1`,
  ),
  reset: Type.Optional(Type.String({ description: 'First go back to the configured list' })),
};

const SELECTION: Properties = {
  group: Type.Optional(Type.Array(Type.String(), { description: 'Group by dotted path; may be repeated' })),
  counter: Type.Optional(Type.Array(Type.String(), { description: 'Counter by dotted path; may be repeated' })),
  short: Type.Optional(Type.String({ description: 'Without descriptions' })),
  flags: Type.Optional(
    Type.String({
      description:
        'What a text line shows: names of fullname, val, desc, rec, nz joined by |, or their sum of 1, 2, 4, 8, 16',
    }),
  ),
  nonzero: Type.Optional(Type.String({ description: 'Only counters that are not 0' })),
  nz: Type.Optional(Type.String({ description: 'Another name of nonzero' })),
};
const UNIT: Properties = {
  d: Type.Optional(Type.String({ default: '1s', description: 'Time the average is per, such as 10s or 1m' })),
};
export const COUNTER_PARAMETERS: Properties = SELECTION;
export const COUNTER_AVERAGE_PARAMETERS: Properties = { ...SELECTION, ...UNIT };
export const AVERAGE_PARAMETERS: Properties = UNIT;
export const RATE_PARAMETERS: Properties = {
  d: Type.Optional(
    Type.String({
      default: '1s',
      description: `Interval the rate is over, one of ${RATE_INTERVALS_MS.map(formatDuration).join(', ')}`,
    }),
  ),
};

/** A list that is always given whole. */
export function wholeList<Item>(items: readonly Item[], total = items.length): WholeList<Item> {
  return { total, matched: items.length, offset: 0, limit: items.length, items };
}

export interface WholeList<Item> {
  total: number;
  matched: number;
  offset: number;
  limit: number;
  items: readonly Item[];
}

export interface FormView {
  action: string;
  fields: readonly string[];
  parameters: { name: string; description: string }[];
}

/** A form for programs: where it leads, what can be filtered by, and every parameter. */
export function formView(action: string, fields: readonly string[], parameters: Properties): FormView {
  const described = Object.entries(parameters).map(([name, schema]) => {
    const description = 'description' in schema ? String(schema.description) : '';
    return { name, description };
  });
  return { action, fields, parameters: described };
}
