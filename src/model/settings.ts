import type { CallState } from './call-state.ts';
import type { EventRateSettings } from './event-rates.ts';
import type { PasswordHash } from './password.ts';

/** A network: `words` and how many leading bits count (IPv4 as IPv4-mapped, so 96 + n bits). */
export interface Cidr {
  words: readonly [number, number, number, number];
  bits: number;
  text: string;
}

/** How datagrams are received: in batches by the native module, or one by one by Node.js. */
export type ReceiveMethod = 'native' | 'dgram';
export const RECEIVE_CHOICES = ['auto', 'native', 'dgram'] as const;
export type ReceiveChoice = (typeof RECEIVE_CHOICES)[number];

/** Sockets that several engine threads have on the port for datagrams: one in all, or one each. */
export const UDP_SOCKETS = ['one', 'each'] as const;
export type UdpSockets = (typeof UDP_SOCKETS)[number];

/** A port of one socket, of several beginning with this one, or of several that have it already. */
export type PortSharing = 'alone' | 'begin' | 'join';

/** A HEP listener set: addresses and ports are decided, `auto` ports are 0 here and -1 means off. */
export interface HepSettings {
  addr: string;
  udpPort: number;
  tcpPort: number;
  tlsPort: number;
  /** Names of PEM files; with `ca` a client certificate is required. */
  tls: { cert: string; key: string; ca?: string } | undefined;
  /** Octets asked for as receive buffer of the UDP socket. */
  rcvbufBytes: number;
  receive: ReceiveChoice;
  /** Whether sockets of other engine threads have the port for datagrams too. */
  udpSharing: PortSharing;
  udpSockets: UdpSockets;
  limits: HepLimits;
  allow: readonly Cidr[];
  auth: HepAuthSettings;
}

/** Limits of one HEP message and of connections; each has a fault code or a counter. */
export interface HepLimits {
  maxMessageBytes: number;
  maxChunks: number;
  maxInflatedBytes: number;
  maxInflateRatio: number;
  maxConnections: number;
  maxConnectionsPerAddress: number;
  /** Close a connection silent for so long; 0 = never. */
  idleTimeoutMs: number;
  /** Longest time a message may stay incomplete on a connection. */
  messageTimeoutMs: number;
  maxAgents: number;
}

export interface HepAuthSettings {
  /** Accepted keys; empty = keys are neither required nor checked. */
  keys: readonly string[];
  /** Listeners (`udp`, `tcp`, `tls`) on which a key is required. */
  listeners: readonly ('udp' | 'tcp' | 'tls')[];
  /** Sources that need no key although their listener requires one. */
  exempt: readonly Cidr[];
}

/** What makes room for a new call where a limit is reached: nothing, so it is refused, or the oldest one held. */
export const CALL_EVICTIONS = ['none', 'oldest'] as const;
export type CallEviction = (typeof CALL_EVICTIONS)[number];

/** The IPFIX listener: TCP, or TLS when `tls` is given. */
export interface IpfixSettings {
  addr: string;
  /** 0 = any free port, -1 = off. */
  port: number;
  tls: { cert: string; key: string; ca?: string } | undefined;
  allow: readonly Cidr[];
  limits: IpfixLimits;
  /** Bounds of the negotiated I/O timeout, as configured: 0 = none, both negative = no timeouts. */
  timeoutMinS: number;
  timeoutMaxS: number;
  ignoreIngress: boolean;
  ignoreEgress: boolean;
  /** Ask probes for RTP and RTCP quality records. */
  wantsQos: boolean;
}

export interface IpfixLimits {
  maxMessageBytes: number;
  maxConnections: number;
  maxConnectionsPerAddress: number;
  /** Longest time a message may stay incomplete on a connection. */
  messageTimeoutMs: number;
}

/** Quality records that come before their call. */
export interface QosSettings {
  holdUs: number;
  maxHeld: number;
}

export interface TrackerSettings {
  /** 0 = unlimited. */
  maxCalls: number;
  /** Octets all calls together may hold, 0 = unlimited. */
  maxCallBytes: number;
  evict: CallEviction;
  /** Most dialogs held under one Call-ID. */
  maxForks: number;
  /** Seconds a state may last, by `CallState`; only those that differ from the default. */
  timeouts: ReadonlyMap<CallState, number>;
  dupWindowUs: number;
  registrations: RegistrationSettings;
  messages: MessageSettings;
}

/** What is kept of messages for display. */
export interface MessageSettings {
  /** Most of one call; 0 = none are kept. */
  perCall: number;
  /** Octets of the ring all calls share. */
  memBytes: number;
}

export const MAX_REG_EXP_DELTA_S = 86_400;
export const MAX_REG_DEL_DELAY_S = 86_400;

/** The first three can be changed while running. */
export interface RegistrationSettings {
  /** Added to the time a registrar or notifier granted, before a binding or subscription counts as expired. */
  expDeltaS: number;
  /** How long the end of a binding waits for it to be registered again; 0 = reported at once. */
  delDelayS: number;
  /** Contacts that differ only in their port are the same. */
  contactIgnorePort: boolean;
  /** 0 = unlimited. */
  maxEntries: number;
  /** 0 = unlimited. */
  maxBytes: number;
  /** Most bindings of one address-of-record. */
  maxContacts: number;
}

/** Counting messages by link: how many links, and which end of one is the server. */
export interface LinkSettings {
  /** 0 = nothing is counted. */
  maxLinks: number;
  /** Hosts that are servers, whatever the ports say. */
  servers: readonly Cidr[];
  /** Ports that servers use. */
  ports: readonly number[];
}

/** More would spend most of their time on handing over. */
export const MAX_ENGINE_THREADS = 8;

/** Where an engine keeps its tables over a restart. */
export interface StateSettings {
  /** Name of its file; "" = it keeps nothing. */
  file: string;
  intervalMs: number;
}

/** Captured TCP streams. */
export interface TcpSettings {
  /** A stream silent for so long is dropped. */
  connectionTimeoutUs: number;
  /** Longest wait for missing segments. */
  reorderTimeoutUs: number;
  /** How often both are looked at. */
  checkIntervalUs: number;
  maxStreams: number;
  /** Octets of segments that wait in one stream, and in all. */
  maxStreamBytes: number;
  maxBytes: number;
}

export const CAPTURE_DRIVERS = ['auto', 'tcpdump', 'cap'] as const;

/** An interface of this host as a source. */
export interface LiveSettings {
  iface: string;
  /** What captures; `auto` = the first of the others that is there. */
  driver: (typeof CAPTURE_DRIVERS)[number];
  /** Octets of each packet that are captured. */
  snaplen: number;
  isPromiscuous: boolean;
  /** Buffer in the kernel in KiB, 0 = the system's default. */
  bufferKb: number;
}

/** Captured packets as a source: files, or an interface. */
export interface CaptureSettings {
  /** Names, `-` = standard input; none = an interface. */
  files: readonly string[];
  live: LiveSettings | undefined;
  /** How often the list is played. */
  passes: number;
  /** pcap-filter(7) expression, empty = everything. */
  filter: string;
  /** Recorded spacing; undefined = as fast as possible. */
  pace: { scale: number; minDelayMs: number; maxDelayMs: number } | undefined;
  /** UDP and TCP ports on which HEP goes; empty = HEP is told by its octets, and on an interface left to the listeners. */
  hepPorts: readonly number[];
  vxlanPorts: readonly number[];
  websocketPorts: readonly number[];
  tcp: TcpSettings;
  /** Largest SIP head on TCP. */
  maxHeadBytes: number;
  /** Fragments that wait for the rest of their datagram: octets in all, and how long. */
  fragments: { maxBytes: number; timeoutUs: number };
  /** Live traffic comes in, too: after the files the clock is the system's, otherwise it goes on from the files' end. */
  isBesideListeners: boolean;
}

/** How the file of a call is named. */
export interface DumpNaming {
  prefix: string;
  suffix: string;
  extension: string;
  /** 0 = none. */
  subdirs: number;
}

/** Messages written to one file per call. */
export interface DumpSettings extends DumpNaming {
  dir: string;
  /** Messages that cannot be parsed or tracked go to a file, too, where there is one. */
  onErr: boolean;
  workers: number;
  /** Messages that wait for one worker, and octets that wait for all. */
  queueMessages: number;
  queueBytes: number;
  /** Files of all workers kept open. */
  openFiles: number;
}

/** What is kept of reports that are no SIP. */
export interface ReportSettings {
  /** Most of one call; 0 = none are kept. */
  perCall: number;
  /** Octets all of them may take. */
  memBytes: number;
}

/** Everything one engine thread is told at its start; plain data, so that it can be sent to a worker. */
export interface EngineSettings {
  hep: HepSettings;
  ipfix: IpfixSettings;
  /** Files to play, if any. */
  capture: CaptureSettings | undefined;
  /** Where calls are written to, if anywhere. */
  dump: DumpSettings | undefined;
  qos: QosSettings;
  reports: ReportSettings;
  tracker: TrackerSettings;
  links: LinkSettings;
  state: StateSettings;
  /** Beyond this a sender's clock is not used for tracking. */
  maxClockSkewUs: number;
  /** Lower-case names of the headers that may carry the Call-ID of another leg, in order of preference. */
  alegHeaders: readonly string[];
  sipMaxHeaders: number;
  eventBufferSize: number;
  eventRates: EventRateSettings;
  /** Event names switched off at start. */
  eventBlacklist: readonly string[];
  /** Shortest time between two log lines about faults of one agent. */
  faultLogIntervalMs: number;
}

/** What somebody may do: `viewer` reads, `admin` also changes. */
export const ROLES = ['viewer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Somebody who may log in; without a password only a proxy can say that it is them. */
export interface HttpUser {
  readonly name: string;
  readonly role: Role;
  readonly password: PasswordHash | undefined;
}

/** Calls kept under short links. */
export interface ShareSettings {
  /** 0 = none. */
  most: number;
  mostBytes: number;
  ageUs: number;
  /** Where they are kept over a restart; empty = nowhere. */
  directory: string;
}

/** Who may use the pages and the API, and how much. */
export interface AccessSettings {
  tokens: readonly { token: string; role: Role; untilUs?: number }[];
  users: readonly HttpUser[];
  /** Clients nobody vouches for may read on any address. */
  allowAnonymous: boolean;
  /** `/metrics` answers everybody. */
  metricsOpen: boolean;
  /** How long a login lasts. */
  sessionUs: number;
  /** Proxies that are believed about who they pass on. */
  proxies: readonly Cidr[];
  /** Lower-case name of the header in which a proxy names the user; "" = none does. */
  proxyUserHeader: string;
  /** Role of a user named by a proxy who is none of `users`. */
  proxyRole: Role | 'none';
  /** Requests a second of one address; 0 = unlimited. */
  requestsPerSecond: number;
  /** Entries of the audit trail held for its page. */
  auditEntries: number;
}

/** A link from a call to another tool: a template with {callid}, {from}, {to}, {time}. */
export interface LinkOut {
  readonly name: string;
  readonly url: string;
}

/** The HTTP listener and who may use it. */
export interface HttpSettings extends AccessSettings {
  addr: string;
  /** 0 = any free port, -1 = off. */
  port: number;
  /** Names of PEM files; with `ca` a client certificate is required. */
  tls: { cert: string; key: string; ca?: string } | undefined;
}

/** The program's own log: lowest severity written, in the reference program's numbers (-3 bug … 2 info, 3 debug). */
export interface LogSettings {
  level: number;
  format: 'json' | 'text';
}
