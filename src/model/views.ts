import type { Report, StreamReport } from './report.ts';
import type { ReceiveMethod } from './settings.ts';

/**
 * What pages and the API show: plain data, JSON names, copied out of the engine. The contract's §3 lists the fields.
 *
 * Times are microseconds since the epoch (`…Us`). Pairs are [initiator's transactions, other party's transactions].
 * Text is as captured, already turned into UTF-8 for display; nothing in it is safe to put into markup unescaped.
 */
export interface EndpointView {
  ip: string;
  port: number;
}

export type Pair = [number, number];

export interface HopView {
  src: EndpointView;
  dst: EndpointView;
  transport: string;
  /** `AgentView.id` of those who saw this hop. */
  agents: string[];
  /** Distinct messages seen on this hop, retransmissions and repeated reports excluded. */
  messages: number;
  /** Interface of the SBC that reported the hop; `null` where the agent named none. */
  interface: InterfaceView | null;
}

export interface InterfaceView {
  slot: number;
  port: number;
  vlan: number;
}

/** Another call that is the same call to its users, and why we think so. */
export interface LegView {
  callId: string;
  reason: string;
}

/** Quality of one leg's media. `null` = the sender gave a value nobody can mean; jitter and latency in its units. */
export interface QosLegView {
  callId: string;
  realm: string;
  rtp: {
    bytes: number | null;
    packets: number | null;
    lost: number | null;
    averageJitter: number | null;
    maxJitter: number | null;
  };
  rtcp: {
    bytes: number | null;
    packets: number | null;
    lost: number | null;
    averageJitter: number | null;
    maxJitter: number | null;
    averageLatency: number | null;
    maxLatency: number | null;
  };
  rFactor: number | null;
  mos: number | null;
  /** Media flows of both parties through this leg. */
  flows: { party: 'caller' | 'callee'; src: EndpointView; dst: EndpointView }[];
}

/** One quality record: both legs of a call through an SBC, sent when its media ended. */
export interface QosView {
  /** Probe that sent it. */
  agent: string;
  receivedUs: number;
  beginUs: number;
  endUs: number;
  /** RTP payload type, and its name where RFC 3551 gives it one. */
  payloadType: number;
  codec: string;
  incoming: QosLegView;
  outgoing: QosLegView;
  caller: InterfaceView;
  callee: InterfaceView;
}

export interface CallView {
  id: number;
  callId: string;
  fromTag: string;
  toTag: string;
  method: string;
  state: string;
  stateText: string;
  createdUs: number;
  updatedUs: number;
  expiresInMs: number;
  from: string;
  to: string;
  requestUri: string;
  contact: string;
  userAgent: string;
  uas: string;
  reason: string;
  src: EndpointView;
  dst: EndpointView;
  transport: string;
  statuses: Pair;
  cseq: Pair;
  requests: Pair;
  replies: Pair;
  retransmissions: { requests: Pair; replies: Pair };
  lastMethod: [string, string];
  lastStatus: Pair;
  flags: string[];
  events: string[];
  lastEvent: string;
  messageTrace: string;
  stateTrace: string[];
  requestSignature: string;
  /** Milliseconds, `null` where the call did not get that far. */
  pddMs: number | null;
  ringMs: number | null;
  durationMs: number | null;
  agents: string[];
  hops: HopView[];
  /** Text of HEP chunk 0x11 and of the A-leg header, when they name another call. */
  correlation: { correlationId: string; alegCallId: string; sessionId: string };
  /** Calls that belong to this one, in order of appearance. */
  legs: LegView[];
  qos: QosView[];
}

/** What a message's session description says of its first media, see sip/sdp.ts. */
export interface SdpView {
  media: string;
  /** Where media is wanted. */
  address: string;
  port: number;
  codec: string;
  direction: string;
}

/** How a message relates to those before it. */
export type RepeatName = 'new' | 'other-hop' | 'seen-again' | 'retransmission';

/** One message kept for display. */
export interface CallMessageView {
  /** Grows in order of arrival; stable while the message is held. */
  id: number;
  /** Time the tracker went by, and when it came in. */
  atUs: number;
  arrivedUs: number;
  callId: string;
  /** `CallView.id`. */
  callEntryId: number;
  src: EndpointView;
  dst: EndpointView;
  transport: string;
  /** `AgentView.id` of those who reported it, at most four. */
  agents: string[];
  repeat: RepeatName;
  isRequest: boolean;
  /** Method of a request, empty for a reply. */
  method: string;
  requestUri: string;
  /** Status and reason phrase of a reply, 0 and empty for a request. */
  status: number;
  reason: string;
  cseq: number;
  cseqMethod: string;
  branch: string;
  fromTag: string;
  toTag: string;
  from: string;
  to: string;
  userAgent: string;
  sdp: SdpView | null;
  /** Octets on the wire. */
  length: number;
  /** Octets shown in `raw`; fewer than `length` where it was cut. */
  shown: number;
  raw: string;
}

/** One field of what a message came in: a chunk of HEP3, or a field of a head or record. */
export interface EnvelopeFieldView {
  /** Numbers of a HEP3 chunk; `null` elsewhere. */
  vendor: number | null;
  type: number | null;
  name: string;
  /** Octets of its value; `null` where even that is nobody's business. */
  length: number | null;
  /** Read by its type, in hex where that is unknown; empty for the message itself. */
  value: string;
}

/** What a message came in, as its first observer sent it. */
export interface EnvelopeView {
  protocol: 'HEP1' | 'HEP2' | 'HEP3' | 'IPFIX';
  fields: EnvelopeFieldView[];
  /** True where it was too long to be kept as a whole. */
  isCut: boolean;
  /** What was odd about it and how it was read all the same. */
  notes: string[];
}

/** One message of a call with all that is held of it. */
export interface MessageDetail {
  message: CallMessageView;
  /** The octets of `message.raw`, one character for each. */
  octets: string;
  /** `null` for a message that came in none: from a capture, or typed in. */
  envelope: EnvelopeView | null;
}

/** What an agent reported of a call besides SIP. */
export interface ReportView {
  callId: string;
  atUs: number;
  /** Of the packet it came in. */
  src: EndpointView;
  dst: EndpointView;
  /** `AgentView.id` of who sent it. */
  agent: string;
  kind: Report['kind'];
  /** Line of a log, empty for other kinds. */
  text: string;
  /** What `src` has sent, where it tells that. */
  sent: { packets: number; octets: number } | null;
  /** What `src` has received. */
  streams: (Omit<StreamReport, 'lastSenderReport' | 'delay'> & { roundTripMs: number | null })[];
}

/** Everything held of one call: its entries, those of its other legs, and their messages in order of time. */
export interface CallMessages {
  callId: string;
  /** It, then the Call-IDs of its other legs, also of those that have left the table. */
  callIds: string[];
  /** Legs that were joined when their calls were held, and why; some may be held still. */
  pastLegs: LegView[];
  /** Entries held under the Call-ID, then those of its other legs; empty when the call has left the table. */
  entries: CallView[];
  /** Messages held in all; `items` are some of them, from `offset` on. */
  total: number;
  offset: number;
  items: CallMessageView[];
  /** In order of arrival. */
  reports: ReportView[];
  /** Messages of the call that are no longer held. */
  gone: number;
  /** False when messages are not kept. */
  keeps: boolean;
  /** Call-IDs of the calls that began next before and after, empty = none. */
  olderCallId: string;
  newerCallId: string;
}

/** A binding of an address-of-record to a contact. */
export interface RegistrationView {
  /** Stable while the binding is held. */
  id: number;
  aor: string;
  contact: string;
  /** `active`, or `leaving` while its end waits to be reported. */
  state: 'active' | 'leaving';
  /** Endpoints, transport, Call-ID, From and User-Agent of the REGISTER that set it last. */
  src: EndpointView;
  dst: EndpointView;
  transport: string;
  callId: string;
  from: string;
  userAgent: string;
  uas: string;
  /** First and last 2xx. */
  createdUs: number;
  updatedUs: number;
  expiresInMs: number;
  /** How often it was registered again. */
  refreshes: number;
  agents: string[];
}

export interface EventView {
  index: number;
  type: string;
  tsUs: number;
  createdUs: number;
  /** First provisional answer with a dialog, final answer, and fork; `null` where there was none. */
  earlyUs: number | null;
  finalUs: number | null;
  forkedUs: number | null;
  callId: string;
  fromTag: string;
  toTag: string;
  src: EndpointView;
  dst: EndpointView;
  transport: string;
  status: number;
  attributes: Record<string, string>;
  durationMs: number | null;
  pddMs: number | null;
  ringMs: number | null;
  /** `call-end` only: who ended the call. */
  originator: 'caller-terminated' | 'callee-terminated' | 'timeout-terminated' | null;
  /** `AgentView.id` of those who had reported its call or message by then. */
  agents: string[];
  /** `null` when rates are not tracked (`evr_max_entries` 0). */
  rate: EventRateView | null;
  debug: {
    state: string;
    previousStates: string[];
    flags: string[];
    emitted: string[];
    lastEvent: string;
    generatedOn: 'request' | 'reply' | 'timeout' | 'unknown';
    cseq: Pair;
    replyCseq: Pair;
    requests: Pair;
    replies: Pair;
    retransmissions: { requests: Pair; replies: Pair };
    lastMethod: [string, string];
    lastStatus: Pair;
    messageTrace: string;
  } | null;
}

/** How often its source caused this type of event, as the event came. */
export interface EventRateView {
  /** Consecutive events beyond a limit, 0 = within all. */
  exceeded: number;
  /** Of those, how many came since the one reported before, this one included. */
  diff: number;
  /** Events per interval, and how many are allowed; a limit of 0 is none. */
  value: number;
  limit: number;
  intervalMs: number;
  /** Since when the source is within its limits, or beyond. */
  sinceUs: number;
  /** `type:address` */
  key: string;
}

/** What is known about one source and one type of event. */
export interface RateEntryView {
  /** `type:address` */
  key: string;
  type: string;
  ip: string;
  events: number;
  createdUs: number;
  /** Beyond a limit now; `rate` is the index of the one reported. */
  exceeded: boolean;
  rate: number;
  /** Consecutive events beyond a limit and within, each of the last time. */
  exceededRun: number;
  okRun: number;
  changedUs: number;
  lastExceededUs: number | null;
  lastOkUs: number | null;
  rates: {
    value: number;
    /** Of the last measurement that was completed, which was over `oldIntervalMs`. */
    old: number;
    oldIntervalMs: number;
    intervalMs: number;
    limit: number;
    /** When the running measurement began. */
    updatedUs: number;
  }[];
}

export interface AgentView {
  /** `captureId@ip:port/udp`, over a connection `captureId@ip/tcp` or `/tls`; as listed in `CallView.agents`. */
  id: string;
  source: EndpointView;
  transport: string;
  captureId: number;
  nodeName: string;
  versions: number[];
  firstSeenUs: number;
  lastSeenUs: number;
  packets: number;
  bytes: number;
  /** Over the last seconds. */
  packetsPerSecond: number;
  bytesPerSecond: number;
  tracked: number;
  sip: number;
  other: number;
  /** Found no room on their way to the engine thread of their call. */
  dropped: number;
  /** Fault code → packets. */
  refused: Record<string, number>;
  /** Reason → packets. */
  ignored: Record<string, number>;
  /** Last sender time minus arrival time; `null` while the agent has sent no time. */
  clockOffsetMs: number | null;
  lastFault: { code: string; atUs: number; hex: string } | null;
}

/** A name of addresses. */
export interface AliasView {
  name: string;
  /** Empty = none. */
  group: string;
  /** A network, or one address. */
  network: string;
  /** `null` = every port. */
  port: number | null;
}

/** Sets of one id that a probe has sent. */
export interface SetView {
  /** Id of the set, which is that of its template; `null` = ids that are too many to be told apart. */
  id: number | null;
  /** What it holds, empty = unknown. */
  meaning: string;
  /** Sets that could be read; each holds one record. */
  records: number;
  /** Octets of all of them, with their headers. */
  octets: number;
  lastSeenUs: number;
  /** Fault code → sets that could not be read. */
  malformed: Record<string, number>;
}

/** One connection of an IPFIX probe. */
export interface ProbeView {
  /** Number of the connection since the start, from 0. */
  id: number;
  /** `ip:port/ipfix`, as listed in `CallView.agents`. */
  agent: string;
  peer: EndpointView;
  local: EndpointView;
  startedUs: number;
  lastIoUs: number;
  /** Negotiated: silence after which the connection is closed, 0 = never, -1 = timeouts are switched off. */
  timeoutS: number;
  /** Negotiated interval of keep-alives, 0 = none. */
  keepaliveS: number;
  handshakes: number;
  /** What the last connect request said; `null` before the first. */
  protocolVersion: string | null;
  /** Four hexadecimal digits each: configuration, configuration 2, system. */
  flags: string[];
  requestedKeepaliveS: number | null;
  systemId: number | null;
  /** Two characters as sent, four hexadecimal digits. */
  product: string | null;
  productVersion: string | null;
  host: string | null;
  messages: number;
  bytes: number;
  /** Over the last seconds. */
  packetsPerSecond: number;
  bytesPerSecond: number;
  sipSets: number;
  qosSets: number;
  /** By id, in order. */
  sets: SetView[];
  /** Everything received, each once: tracked + refused + ignored + dropped. */
  received: number;
  tracked: number;
  dropped: number;
  refused: Record<string, number>;
  ignored: Record<string, number>;
  clockOffsetMs: number | null;
  lastFault: { code: string; atUs: number; hex: string } | null;
}

/** One certificate in a file that a listener with TLS uses. */
export interface CertificateView {
  listener: string;
  /** Option that names the file. */
  option: string;
  file: string;
  /** `own` is shown to clients, `chain` is sent with it, `authority` is one whose clients are let in. */
  use: 'own' | 'chain' | 'authority';
  subject: string;
  issuer: string;
  /** Subject alternative names, as Node.js writes them; empty = none. */
  names: string;
  validFromUs: number;
  validUntilUs: number;
  serialNumber: string;
  /** Fingerprint. */
  sha256: string;
}

export interface ListenerView {
  /** `hep-udp`, `hep-tcp`, `hep-tls`, `ipfix-tcp`, `ipfix-tls`; `live`: an interface, which has no port. */
  name: string;
  address: string;
  port: number;
  /** UDP: how datagrams are received; `null` elsewhere. */
  receiveMethod: ReceiveMethod | null;
  /** UDP: receive buffer the kernel granted, in octets; `null` elsewhere. */
  receiveBufferBytes: number | null;
  /** UDP: datagrams the kernel dropped on this socket; `null` where it cannot be read. */
  kernelDrops: number | null;
  /** TCP and TLS: connections open now. */
  connections: number | null;
}

export interface Page<T> {
  total: number;
  matched: number;
  offset: number;
  limit: number;
  items: T[];
}

/** What became of a message from the page /inject. */
export interface InjectView {
  outcome: 'tracked' | 'ignored' | 'refused';
  /** Why it was refused, '' = it was not. */
  code: string;
  reason: string;
  octets: number;
  /** Octets read before what is wrong. */
  parsedOctets: number;
  /** What is wrong begins so. */
  rest: string;
  /** What the parser read, in its order; what is absent is left out. */
  fields: { name: string; value: string }[];
  callId: string;
  /** Its call, as it is now. */
  entries: CallView[];
}
