import convict from 'convict';
import { MAX_RATE_ENTRIES } from '../model/event-rates.ts';
import { MAX_REG_DEL_DELAY_S, MAX_REG_EXP_DELTA_S } from '../model/settings.ts';
import {
  ADDRESS,
  ALIASES,
  bareSeconds,
  choice,
  choices,
  count,
  countOrAuto,
  duration,
  EVENT_TYPES,
  EXTENSION,
  FILE,
  FILES,
  FLAG,
  GROUPS,
  HEADER_NAME,
  HEADER_NAMES,
  INTERFACE,
  KEYS,
  type Kind,
  LEVEL,
  NAME_PART,
  LINKS_OUT,
  NETWORKS,
  PORT,
  PORTS,
  RATE_INTERVALS,
  RATE_LIMITS,
  scale,
  type Shown,
  size,
  STATE_TIMEOUTS,
  TEXT,
  TOKENS,
  USERS,
} from './kinds.ts';
import {
  CALL_EVICTIONS,
  CAPTURE_DRIVERS,
  MAX_ENGINE_THREADS,
  RECEIVE_CHOICES,
  ROLES,
  UDP_SOCKETS,
} from '../model/settings.ts';

/** Headings of the help text and of the reference page, in their order. */
export const SECTIONS = [
  'HEP listeners',
  'HEP limits',
  'HEP senders',
  'IPFIX',
  'HTTP',
  'Tracking',
  'Registrations',
  'Capture files',
  'Live capture',
  'Captured TCP',
  'Call files',
  'Events',
  'Reports',
  'Process',
] as const;
export type Section = (typeof SECTIONS)[number];

/** One option: what it means, what may be written, and what is used when nothing is. */
export interface Option<T> {
  readonly kind: Kind<T>;
  /** The default as an operator would write it. */
  readonly written: string;
  readonly value: T;
  readonly section: Section;
  readonly doc: string;
  /** Older name, taken on the command line only. */
  readonly alias?: string;
  /** Never shown, neither in listings nor in error lines. */
  readonly secret: boolean;
}

interface Extras {
  alias?: string;
  secret?: true;
}

function option<T>(section: Section, kind: Kind<T>, written: string, doc: string, extras: Extras = {}): Option<T> {
  const reading = kind.read(written);
  if (!reading.ok) throw new Error(`The default "${written}" of "${doc}" is not ${kind.expected}`);
  const { alias } = extras;
  const required = { kind, written, value: reading.value, section, doc, secret: extras.secret === true };
  return alias === undefined ? required : { ...required, alias };
}

const HEP_LISTENERS = ['udp', 'tcp', 'tls'] as const;
const PROXY_ROLES = ['none', ...ROLES] as const;
const LOG_FORMATS = ['json', 'text'] as const;

/** All options by name. Everything else about them is derived from here: types, checks, help, reference page. */
export const OPTIONS = {
  hep_addr: option('HEP listeners', ADDRESS, '0.0.0.0', 'address the HEP listeners use'),
  hep_udp_port: option('HEP listeners', PORT, '9060', 'port for HEP over UDP, 0 = off'),
  hep_tcp_port: option('HEP listeners', PORT, '9060', 'port for HEP over TCP, 0 = off'),
  hep_tls_port: option(
    'HEP listeners',
    PORT,
    '0',
    'port for HEP over TLS, 0 = off; needs hep_tls_cert and hep_tls_key',
  ),
  hep_tls_cert: option('HEP listeners', FILE, '', 'certificate of the TLS listener with its chain, PEM'),
  hep_tls_key: option('HEP listeners', FILE, '', 'private key of the TLS listener, PEM'),
  hep_tls_ca: option(
    'HEP listeners',
    FILE,
    '',
    'authorities whose client certificates are accepted, PEM; when set, a client certificate is required',
  ),
  hep_rcvbuf: option(
    'HEP listeners',
    size('64KiB', '1GiB'),
    '8MiB',
    'receive buffer asked of the kernel for the UDP socket; the kernel may grant less',
  ),
  hep_receive: option(
    'HEP listeners',
    choice(RECEIVE_CHOICES),
    'auto',
    'how datagrams are received: native = many at once (Linux, needs the module that npm ci builds where there is a C compiler), dgram = one by one, auto = native where it can be had',
  ),

  hep_udp_sockets: option(
    'HEP listeners',
    choice(UDP_SOCKETS),
    'one',
    'sockets of several engine threads: one = everything is tracked in the order of its arrival; each = every thread has one (needs the native module), which takes more from many agents, but what several agents report of one call may come out of order',
  ),

  hep_max_message: option(
    'HEP limits',
    size('64', '65535'),
    '65535',
    'largest HEP message taken; a larger one is refused, and on a connection closes it',
  ),
  hep_max_chunks: option('HEP limits', count(1, 65_535, 'chunks'), '256', 'most chunks in one HEP3 packet'),
  hep_max_inflated: option(
    'HEP limits',
    size('1KiB', '16MiB'),
    '256KiB',
    'largest size of one compressed payload or message after inflating',
  ),
  hep_max_inflate_ratio: option(
    'HEP limits',
    count(1, 1100, 'times'),
    '100',
    'most times a compressed payload or message may grow by inflating',
  ),
  hep_max_connections: option(
    'HEP limits',
    count(1, 1_000_000, 'connections'),
    '4096',
    'most TCP and TLS connections together; further ones are closed at once',
  ),
  hep_max_connections_per_address: option(
    'HEP limits',
    count(1, 1_000_000, 'connections'),
    '1024',
    'most TCP and TLS connections of one address; further ones are closed at once',
  ),
  hep_idle_timeout: option(
    'HEP limits',
    duration('0', '168h', 'never'),
    '0s',
    'close a connection on which nothing arrived for so long, 0 = never',
  ),
  hep_message_timeout: option(
    'HEP limits',
    duration('100ms', '1h'),
    '30s',
    'close a connection that keeps a message incomplete for so long',
  ),
  hep_max_agents: option(
    'HEP limits',
    count(1, 1_000_000, 'agents'),
    '4096',
    'most agents listed; messages of further ones are tracked and counted, but not listed by agent',
  ),

  hep_allow: option('HEP senders', NETWORKS, '', 'addresses and networks that may send; empty = everybody'),
  hep_auth_key: option(
    'HEP senders',
    KEYS,
    '',
    'keys accepted in the authentication chunk; empty = no key is needed and none is checked',
    { secret: true },
  ),
  hep_auth_listeners: option(
    'HEP senders',
    choices(HEP_LISTENERS),
    HEP_LISTENERS.join(','),
    'listeners on which a key of hep_auth_key is required',
  ),
  hep_auth_exempt: option('HEP senders', NETWORKS, '', 'addresses and networks that need no key'),

  ipfix_addr: option('IPFIX', ADDRESS, '0.0.0.0', 'address the IPFIX listener uses'),
  ipfix_port: option('IPFIX', PORT, '4739', 'port for IPFIX of Acme/Oracle SBCs over TCP, or over TLS, 0 = off'),
  ipfix_tls_cert: option(
    'IPFIX',
    FILE,
    '',
    'certificate of the IPFIX listener with its chain, PEM; when set, the listener speaks TLS',
  ),
  ipfix_tls_key: option('IPFIX', FILE, '', 'private key of the IPFIX listener, PEM'),
  ipfix_tls_ca: option(
    'IPFIX',
    FILE,
    '',
    'authorities whose client certificates are accepted, PEM; when set, a client certificate is required',
  ),
  ipfix_allow: option('IPFIX', NETWORKS, '', 'addresses and networks that may connect; empty = everybody'),
  ipfix_max_connections: option(
    'IPFIX',
    count(1, 1_000_000, 'connections'),
    '4096',
    'most IPFIX connections; further ones are closed at once',
  ),
  ipfix_max_connections_per_address: option(
    'IPFIX',
    count(1, 1_000_000, 'connections'),
    '1024',
    'most IPFIX connections of one address; further ones are closed at once',
  ),
  ipfix_max_message: option(
    'IPFIX',
    size('64', '65535'),
    '65535',
    'largest IPFIX message taken, which is also the most held for one connection; a larger one closes it',
  ),
  ipfix_message_timeout: option(
    'IPFIX',
    duration('100ms', '1h'),
    '30s',
    'close a connection that keeps a message incomplete for so long',
  ),
  ipfix_timeout_min: option(
    'IPFIX',
    bareSeconds(65_535),
    '0',
    'shortest silence after which a connection is closed, 0 = no bound; it is twice the keep-alive interval the SBC asks for',
  ),
  ipfix_timeout_max: option(
    'IPFIX',
    bareSeconds(65_535),
    '0',
    'longest silence after which a connection is closed, 0 = no bound, also before the SBC has asked; both negative = never',
  ),
  ipfix_ignore_ingress: option('IPFIX', FLAG, 'false', 'leave out SIP the SBC received'),
  ipfix_ignore_egress: option('IPFIX', FLAG, 'false', 'leave out SIP the SBC sent'),
  ipfix_qos: option('IPFIX', FLAG, 'true', 'ask SBCs for quality records of RTP and RTCP'),
  qos_hold: option(
    'IPFIX',
    duration('0', '1h'),
    '1m0s',
    'keep a quality record so long when the call it names was not seen yet',
  ),
  qos_hold_max: option(
    'IPFIX',
    count(0, 1_000_000, 'records'),
    '10000',
    'most quality records waiting for their call; further ones are counted and not kept',
  ),

  http_addr: option(
    'HTTP',
    ADDRESS,
    '127.0.0.1',
    'address of the pages and the API; other than loopback needs http_users, http_tokens or http_allow_anonymous',
    { alias: 'l' },
  ),
  http_port: option('HTTP', PORT, '8060', 'port of the pages and the API, 0 = off', { alias: 'p' }),
  http_tls_cert: option(
    'HTTP',
    FILE,
    '',
    'certificate of the pages and the API with its chain, PEM; when set, they speak TLS',
  ),
  http_tls_key: option('HTTP', FILE, '', 'private key of the pages and the API, PEM'),
  http_tls_ca: option(
    'HTTP',
    FILE,
    '',
    'authorities whose client certificates are accepted, PEM; when set, a client certificate is required',
  ),
  http_users: option(
    'HTTP',
    USERS,
    '',
    'who may log in, with the role each has: viewer reads, admin also changes; without hash only behind a proxy that names the user',
    { secret: true },
  ),
  http_tokens: option(
    'HTTP',
    TOKENS,
    '',
    'bearer tokens, the role each gives (viewer reads, admin also changes), and the last day on which it does, UTC',
    {
      secret: true,
    },
  ),
  http_allow_anonymous: option(
    'HTTP',
    FLAG,
    'false',
    'let clients read on any address without having logged in and without a token',
  ),
  http_metrics_open: option('HTTP', FLAG, 'false', 'let everybody read /metrics, whoever may read the rest'),
  http_session_time: option('HTTP', duration('1m', '720h'), '12h0m0s', 'how long a login lasts'),
  http_trusted_proxies: option(
    'HTTP',
    NETWORKS,
    '',
    'proxies in front of the pages that are believed: X-Forwarded-For, -Proto and -Host, and http_proxy_user_header',
  ),
  http_proxy_user_header: option(
    'HTTP',
    HEADER_NAME,
    '',
    'header in which a trusted proxy names the user it has checked, such as X-Forwarded-User; empty = none does',
  ),
  http_proxy_role: option(
    'HTTP',
    choice(PROXY_ROLES),
    'viewer',
    'role of a user named by a proxy who is not in http_users',
  ),
  http_rate_limit: option(
    'HTTP',
    count(0, 1_000_000, 'requests per second', 'unlimited'),
    '200',
    'most requests of one address (IPv6: one /64) per second, over ten seconds; further ones get status 429',
  ),
  http_audit_entries: option(
    'HTTP',
    count(1, 1_000_000, 'entries'),
    '1000',
    'logins, changes and exports held for /audit; the oldest give way, the log has them all',
  ),

  share_max: option(
    'HTTP',
    count(0, 100_000, 'calls', 'none'),
    '100',
    'most calls kept under short links (/s/…), each as it was when it was shared; further ones are refused',
  ),
  share_max_mem: option(
    'HTTP',
    size('64KiB', '4GiB'),
    '32MiB',
    'most memory of calls under short links, packed; further ones are refused. With state_dir they are kept over a restart',
  ),
  share_time: option('HTTP', duration('1m', '87600h'), '720h0m0s', 'how long a call is kept under its short link'),

  links_out: option(
    'HTTP',
    LINKS_OUT,
    '',
    'links from the page of a call to other tools, as name=URL with {callid}, {from}, {to} (URIs), {time} (ISO 8601), {time_ms}, {end_ms} (epoch) filled in',
  ),
  aliases: option(
    'HTTP',
    ALIASES,
    '',
    'names shown for addresses and known to searches; the longest prefix decides, then the one with a port; names of one group can be searched together',
  ),
  aliases_file: option(
    'HTTP',
    FILE,
    '',
    'file with more aliases, one on each line as in aliases; blank lines and lines that begin with # are left out. /aliases changes it while running, where it may be written',
  ),

  calls_max_entries: option(
    'Tracking',
    count(0, 1_000_000_000, 'entries', 'unlimited'),
    '0',
    'most tracked entries, 0 = unlimited; calls_evict says what happens at the limit',
  ),
  calls_max_mem: option(
    'Tracking',
    size('0', '1024GiB'),
    '0',
    'most memory for tracked entries, 0 = unlimited; calls_evict says what happens at the limit',
  ),
  calls_evict: option(
    'Tracking',
    choice(CALL_EVICTIONS),
    'none',
    'what makes room for a new entry at calls_max_entries or calls_max_mem: none refuses the new one, oldest ends those that are finished, then the oldest',
  ),
  calls_max_forks: option('Tracking', count(1, 65_535, 'entries'), '64', 'most dialogs tracked under one Call-ID'),
  calls_timeouts: option(
    'Tracking',
    STATE_TIMEOUTS,
    '',
    'how long a state lasts without a message, by short or long state name; 0 = the default of that state',
  ),
  dup_window: option(
    'Tracking',
    duration('0', '10s'),
    '50ms',
    'a message repeated on the same hop within this time was reported twice, later it is a retransmission',
  ),
  max_clock_skew: option(
    'Tracking',
    duration('0', '8760h'),
    '5s',
    'a sender whose clock is further off is tracked on arrival time',
  ),
  callid_aleg_header: option(
    'Tracking',
    HEADER_NAMES,
    'X-CID',
    "headers that may carry the Call-ID of a call's other leg, the preferred one first",
  ),
  sip_max_headers: option(
    'Tracking',
    count(8, 10_000, 'header fields'),
    '256',
    'most header fields in one SIP message; one with more is refused',
  ),
  keep_messages: option(
    'Tracking',
    count(0, 10_000, 'messages'),
    '64',
    'messages kept per call for its page, the newest; 0 = none are kept',
  ),
  keep_messages_mem: option(
    'Tracking',
    size('1MiB', '2GiB'),
    '64MiB',
    'memory for the messages kept of all calls, with what they came in; the oldest give way to new ones',
  ),
  keep_reports: option(
    'Tracking',
    count(0, 10_000, 'reports'),
    '64',
    'reports kept per call that are no SIP (RTCP, scores, log lines), the newest; 0 = none are kept',
  ),
  keep_reports_mem: option(
    'Tracking',
    size('1MiB', '1GiB'),
    '16MiB',
    'memory for the reports kept of all calls; the oldest give way to new ones',
  ),

  regs_max_entries: option(
    'Registrations',
    count(0, 1_000_000_000, 'bindings', 'unlimited'),
    '0',
    'most bindings held, 0 = unlimited; at the limit a new one is reported but not held',
  ),
  regs_max_mem: option(
    'Registrations',
    size('0', '1024GiB'),
    '0',
    'most memory for bindings, 0 = unlimited; at the limit a new one is reported but not held',
  ),
  regs_max_contacts: option(
    'Registrations',
    count(1, 65_535, 'bindings'),
    '256',
    'most bindings held of one address-of-record; a further one is reported but not held',
  ),
  reg_exp_delta: option(
    'Registrations',
    count(0, MAX_REG_EXP_DELTA_S, 'seconds'),
    '30',
    'added to the time a registration or subscription was granted, before it counts as expired',
  ),
  reg_del_delay: option(
    'Registrations',
    count(0, MAX_REG_DEL_DELAY_S, 'seconds', 'at once'),
    '0',
    'report the end of a binding only when it was not registered again for so long',
  ),
  contact_ignore_port: option(
    'Registrations',
    FLAG,
    'false',
    'take contacts that differ only in their port as the same binding, in requests and in replies',
  ),

  pcap: option(
    'Capture files',
    FILES,
    '',
    'capture files to play: pcap or pcapng, plain, gzip or (Node.js 22.15) zstd; listeners then open only when asked for on the command line or in the environment',
  ),
  bpf: option(
    'Capture files',
    TEXT,
    '',
    'which packets of the files or of the interface are looked at, as in tcpdump; empty = all',
  ),
  pcap_loop: option('Capture files', count(0, 1_000_000, 'passes'), '0', 'play the files so many times, 0 = once'),
  replay: option('Capture files', FLAG, 'false', 'play with the recorded spacing instead of as fast as possible'),
  replay_scale: option(
    'Capture files',
    scale(1_000_000, 'as recorded'),
    '0',
    'multiplies the recorded spacing: 0.5 plays twice as fast',
    { alias: 'delay_scale' },
  ),
  replay_min_delay: option('Capture files', duration('0', '1h'), '0s', 'shortest time between two packets', {
    alias: 'min_delay',
  }),
  replay_max_delay: option(
    'Capture files',
    duration('0', '24h', 'as recorded'),
    '0s',
    'longest time between two packets',
    { alias: 'max_delay' },
  ),
  hep_ports: option(
    'Capture files',
    PORTS,
    '',
    'destination ports on which captured HEP goes; empty = HEP is recognised by its content',
  ),
  vxlan_ports: option('Capture files', PORTS, '', 'destination ports on which captured VXLAN goes, over UDP'),
  websocket_ports: option('Capture files', PORTS, '', 'ports of captured SIP over WebSocket'),
  frag_max_mem: option(
    'Capture files',
    size('64KiB', '1GiB'),
    '4MiB',
    'most memory for fragments of IP datagrams that are not complete, and as much for those of SCTP messages; the oldest give way',
  ),
  frag_timeout: option(
    'Capture files',
    duration('1s', '10m'),
    '30s',
    'how long a datagram or an SCTP message in fragments is waited for, in the time of the capture',
  ),

  iface: option(
    'Live capture',
    INTERFACE,
    '',
    'capture SIP on this interface of the host; any = all of them, empty = capture nothing',
    { alias: 'i' },
  ),
  capture_driver: option(
    'Live capture',
    choice(CAPTURE_DRIVERS),
    'auto',
    'what captures: the program tcpdump, or the Node.js package cap, which gives neither the time of the kernel nor its losses; auto = the first that is there',
  ),
  pcap_buf_kb: option(
    'Live capture',
    count(0, 2_097_151, 'KiB', "the system's default"),
    '0',
    'buffer in the kernel for packets that were not read yet',
  ),
  capture_snaplen: option(
    'Live capture',
    count(256, 262_144, 'octets'),
    '262144',
    'octets captured of each packet; SIP in a packet that was cut is not read',
  ),
  capture_promisc: option('Live capture', FLAG, 'true', 'take packets for other hosts, too'),

  tcp_connection_timeout: option(
    'Captured TCP',
    duration('1s', '168h'),
    '1h0m0s',
    'a stream silent for so long is dropped, in the time of the capture',
  ),
  tcp_reorder_timeout: option(
    'Captured TCP',
    duration('10ms', '1h'),
    '1m0s',
    'how long missing segments are waited for, in the time of the capture',
  ),
  tcp_gc_int: option('Captured TCP', duration('10ms', '1h'), '30s', 'how often the two time-outs are looked at', {
    alias: 'tcp_gc_interval',
  }),
  tcp_msg_buf_max: option('Captured TCP', size('512', '64KiB'), '16KiB', 'largest head of a SIP message'),
  tcp_max_streams: option(
    'Captured TCP',
    count(2, 10_000_000, 'streams'),
    '65536',
    'most streams held, two for each connection; the oldest gives way',
  ),
  tcp_max_stream_mem: option(
    'Captured TCP',
    size('4KiB', '64MiB'),
    '512KiB',
    'most memory for segments of one stream that came early; beyond it the gap before them is given up',
  ),
  tcp_max_mem: option(
    'Captured TCP',
    size('64KiB', '16GiB'),
    '48MiB',
    'most memory for segments of all streams that came early, and as much again for incomplete messages',
  ),

  pcap_dump_on: option('Call files', FLAG, 'false', 'write the messages of each call to a file of its own'),
  pcap_dump_dir: option('Call files', FILE, '', 'directory of these files; made if there is none'),
  pcap_dump_prefix: option('Call files', NAME_PART, 'callid_', 'what their names begin with, in front of the Call-ID'),
  pcap_dump_suffix: option('Call files', NAME_PART, '', 'what follows the Call-ID'),
  pcap_dump_extension: option(
    'Call files',
    EXTENSION,
    'pcap',
    'their extension; with pcapng they are of that format, with comments, otherwise pcap',
  ),
  pcap_dump_subdirs: option(
    'Call files',
    count(0, 46_655, 'directories', 'none'),
    '0',
    'spread the files over so many subdirectories, 0 = none',
  ),
  pcap_dump_onerr: option(
    'Call files',
    FLAG,
    'false',
    'append messages that cannot be parsed or tracked, too, where their call has a file',
  ),
  pcap_dump_workers: option('Call files', count(1, 16, 'threads'), '1', 'threads that write'),
  pcap_dump_queue_len: option(
    'Call files',
    count(1, 1_000_000, 'messages'),
    '10000',
    'most messages that wait for one of these threads; further ones are left out of the files and counted',
  ),
  pcap_dump_queue_mem: option(
    'Call files',
    size('1MiB', '4GiB'),
    '32MiB',
    'most memory for messages that wait; further ones are left out of the files and counted',
  ),
  pcap_dump_open_files: option('Call files', count(1, 65_536, 'files'), '256', 'most files kept open'),
  pcap_dump_flags: option('Call files', count(0, 0xffff_ffff, ''), '0', 'without effect, for the reference program'),

  event_buffer_size: option(
    'Events',
    count(1, 16_777_216, 'events'),
    '10240',
    'events held for the pages; the oldest give way to new ones',
  ),
  event_types_blst: option('Events', EVENT_TYPES, '', 'event types that are dropped and only counted'),
  event_log: option(
    'Events',
    FILE,
    '',
    'where each event is written as a line of JSON: a file, opened again on SIGHUP, or stdout; empty = nowhere',
  ),
  evr_max_entries: option(
    'Events',
    count(0, MAX_RATE_ENTRIES, 'entries', 'rates are not tracked'),
    '1048576',
    'most pairs of event type and source whose rates are tracked; events of further ones are dropped and counted',
  ),
  evr_intervals: option(
    'Events',
    RATE_INTERVALS,
    '1s,1m0s,1h0m0s',
    'intervals of the three rates, 0 = that rate is off',
  ),
  evr_limits: option(
    'Events',
    RATE_LIMITS,
    '20,240,3600',
    'events allowed per interval and source, 0 = no limit; beyond, only some are reported',
  ),
  evr_conseq_report_min: option(
    'Events',
    count(0, 1_000_000_000, 'events', 'off'),
    '100',
    'beyond a limit, report the first event, the one with this number, with its double, and so on',
  ),
  evr_conseq_report_max: option(
    'Events',
    count(0, 1_000_000_000, 'events', 'off'),
    '10000',
    'beyond a limit, from this number on report every event whose number is a multiple of it',
  ),
  evr_gc_interval: option(
    'Events',
    duration('0', '8760h', 'off'),
    '10s',
    'time between two collections of old rate entries, 0 = off',
  ),
  evr_gc_old_age: option(
    'Events',
    duration('0', '8760h'),
    '5m0s',
    'a collection removes entries that were within their limits for the last time longer ago than this',
  ),
  evr_gc_target: option(
    'Events',
    count(0, MAX_RATE_ENTRIES, 'entries'),
    '10',
    'a collection stops when so many entries, or fewer, remain',
  ),
  evr_gc_max_run_time: option('Events', duration('0', '1m'), '1s', 'longest collection, without its pauses'),

  links_max: option(
    'Reports',
    count(0, 1_000_000, 'links', 'nothing is counted'),
    '4096',
    'most pairs of hosts whose messages are counted separately; messages of further ones are only counted as left out',
  ),
  links_servers: option(
    'Reports',
    NETWORKS,
    '',
    'hosts that are the server of their links; elsewhere the ports decide',
  ),
  links_ports: option(
    'Reports',
    PORTS,
    '5060,5061',
    'ports of servers: the end of a link that uses one is its server, otherwise the end with the lower port',
  ),
  stats_groups: option(
    'Reports',
    GROUPS,
    'all',
    'counter groups in the final report, each with the groups below it; all ends the list',
  ),
  log_level: option('Reports', LEVEL, 'info', 'least severe log lines written'),
  log_format: option(
    'Reports',
    choice(LOG_FORMATS),
    'json',
    'form of the log on standard error: one JSON object per line, or one readable line',
  ),
  fault_log_interval: option(
    'Reports',
    duration('100ms', '1h'),
    '10s',
    'shortest time between two log lines about refused messages of one agent; of all agents at most 50 lines in that time',
  ),

  engine_threads: option(
    'Process',
    countOrAuto(1, MAX_ENGINE_THREADS, 'threads'),
    'auto',
    `threads that receive and track, each its share of the calls; auto = one less than the processor cores, at most ${MAX_ENGINE_THREADS}. With captured packets, call files (pcap_dump) or state_dir there is one`,
  ),
  state_dir: option(
    'Process',
    FILE,
    '',
    'directory in which calls, registrations and counters are kept over a restart, empty = nothing is kept',
  ),
  state_interval: option(
    'Process',
    duration('100ms', '24h'),
    '1m0s',
    'how often the state is written while the collector runs; it is always written at an orderly stop',
  ),
  debug_dir: option(
    'Process',
    FILE,
    '',
    'directory for CPU profiles and heap snapshots that are asked for at /debug/cpu and /debug/heap; they hold what the collector holds, messages and passwords too. Empty = none are written',
  ),
  run_forever: option(
    'Process',
    FLAG,
    'false',
    'stay up when the capture files have been played; without files the program stays up anyway',
    {
      alias: 'forever',
    },
  ),
  end_force_timeout: option(
    'Process',
    duration('0', '24h', 'off'),
    '0s',
    'when the input has ended, shorten what every entry has left to at most this, 0 = leave it',
  ),
  end_wait: option('Process', duration('0', '24h'), '0s', 'wait so long between the end of the input and the exit'),
  stop_timeout: option(
    'Process',
    duration('100ms', '10m'),
    '10s',
    'longest time from the signal to stop until the exit; what is still unread then is dropped and counted',
  ),
};

export type OptionName = keyof typeof OPTIONS;

/** Values by option name, read and inside their ranges: milliseconds, octets, counts. */
export type Config = {
  readonly [Name in OptionName]: (typeof OPTIONS)[Name] extends Option<infer T> ? T : never;
};

// The keys of a literal are exactly the names of its type.
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

const BY_NAME: ReadonlyMap<string, OptionName> = new Map(OPTION_NAMES.map((name) => [name, name]));
const BY_ALIAS: ReadonlyMap<string, OptionName> = new Map(
  OPTION_NAMES.flatMap((name) => {
    const { alias } = optionOf(name);
    return alias === undefined ? [] : [[alias, name] as const];
  }),
);

/** The option behind a name, as far as code that treats all options alike needs to know it. */
export function optionOf(name: OptionName): Option<unknown> {
  return OPTIONS[name];
}

/** Finds an option by its name, and on the command line by its older name. */
export function findOption(name: string, aliases = false): OptionName | undefined {
  return BY_NAME.get(name) ?? (aliases ? BY_ALIAS.get(name) : undefined);
}

export const ENV_PREFIX = 'SIPCOL_';

/** Name of the environment variable for an option. */
export function envName(name: OptionName): string {
  return `${ENV_PREFIX}${name.toUpperCase()}`;
}

/** A value as one text for listings and pages, lists separated by commas. */
export function shownText(shown: Shown): string {
  return typeof shown === 'object' ? shown.join(',') : String(shown);
}

const FORMAT = 'sipcol-option';

// One convict format for all options: a value is valid when its own notation reads back. Strings are left as they are,
// where convict would turn "12abc" into 12: they have been read by their kind before convict sees them.
convict.addFormat({
  name: FORMAT,
  validate(value: unknown, entry: convict.SchemaObj) {
    const kind = entry['kind'] as Kind<unknown>; // put there by createConvict
    const shown = kind.show(value);
    if (!kind.read(typeof shown === 'object' ? shown : String(shown)).ok) throw new Error(`expected ${kind.expected}`);
  },
  coerce: (value: unknown) => value,
});

/** A convict configuration with all defaults; it sees neither the environment nor the command line by itself. */
export function createConvict(): convict.Config<Config> {
  const schema = Object.fromEntries(
    OPTION_NAMES.map((name) => {
      const { kind, value, doc, secret } = optionOf(name);
      return [name, { format: FORMAT, kind, default: value, doc, env: envName(name), sensitive: secret }];
    }),
  );
  // The entries were made from OPTIONS, of which Config is the type of values.
  return convict(schema as unknown as convict.Schema<Config>, { env: {}, args: [] });
}
