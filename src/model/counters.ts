import { CALL_STATES, CallState } from './call-state.ts';
import { EVENT_NAMES } from './event-type.ts';
import { FAULTS } from './fault.ts';
import { METHOD_NAMES } from './method.ts';

/**
 * Every number the collector counts: declared once, kept as columns of doubles in shared memory.
 *
 *   index        0      1      2   …
 *   values   [ 1042 | 1040 |   2 | … ]   one writer (an engine thread), any reader
 *   maxima   [    … ]                    running maximum, for gauges flagged `max`
 *
 * A counter is an index, so counting is one addition. Doubles count exactly up to 2^53. Readers in another thread may
 * see a value one update old, never a torn one: aligned 64-bit loads are single on every platform Node runs on.
 */
export interface CounterInfo {
  readonly index: number;
  /** Dotted path of groups. */
  readonly group: string;
  readonly name: string;
  readonly description: string;
  /** A running maximum is kept and shown. */
  readonly max: boolean;
  /** Goes up and down: no rate or average. */
  readonly gauge: boolean;
}

/** Why a well-formed message is not tracked although nothing is wrong with it. */
export const IGNORED_REASONS = [
  'probe',
  'keepalive',
  'rtcp',
  'report',
  'log',
  'json',
  'control',
  'other',
  'handshake',
  'template',
  'direction',
] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/** Why something received was thrown away unread. */
export const DROPPED_REASONS = ['overload', 'shutdown', 'handover'] as const;
export type DroppedReason = (typeof DROPPED_REASONS)[number];

const infos: CounterInfo[] = [];
const byName = new Map<string, CounterInfo>();

interface Flags {
  max?: boolean;
  gauge?: boolean;
}

function declare(group: string, name: string, description: string, flags: Flags = {}): number {
  const info: CounterInfo = {
    index: infos.length,
    group,
    name,
    description,
    max: flags.max ?? false,
    gauge: flags.gauge ?? false,
  };
  infos.push(info);
  byName.set(`${group}.${name}`, info);
  return info.index;
}

const GAUGE: Flags = { max: true, gauge: true };

/** `ingest`: what became of everything received. received = tracked + refused + ignored + dropped, always. What the kernel dropped is received and dropped. */
export const Ingest = {
  RECEIVED: declare('ingest', 'received', 'messages received, every one counted here once and below once'),
  TRACKED: declare('ingest', 'tracked', 'SIP messages taken by the tracker'),
  REFUSED: declare('ingest', 'refused', 'messages refused, by code in ingest.refused'),
  IGNORED: declare('ingest', 'ignored', 'well-formed messages without use for tracking, by reason in ingest.ignored'),
  DROPPED: declare('ingest', 'dropped', 'messages thrown away unread, by reason in ingest.dropped'),
  BYTES: declare('ingest', 'bytes', 'octets of all messages received'),
  OVERLOAD: declare('ingest', 'overload', 'things given up for now because more arrives than can be worked on', GAUGE),
} as const;

/** Counter index by fault number (sparse). */
export const REFUSED_BY_FAULT: readonly number[] = indexFaults();
function indexFaults(): number[] {
  const indices: number[] = [];
  for (const info of FAULTS) indices[info.fault] = declare('ingest.refused', info.code, info.text);
  return indices;
}

const IGNORED_TEXT: Record<IgnoredReason, string> = {
  probe: 'SIP payload that is no SIP message: 12 octets or fewer, or not beginning with a letter',
  keepalive: 'keep-alives: CRLF, NULs, STUN, the pings of agents, empty IPFIX sets and messages',
  rtcp: 'RTCP, binary or as JSON',
  report: 'quality reports',
  log: 'log lines of agents',
  json: 'other JSON documents',
  control: 'media control protocol messages',
  other: 'protocol types and IPFIX sets without a name here',
  handshake: 'connect requests of IPFIX probes',
  template: 'IPFIX templates, which need not be known',
  direction: 'SIP left out because of ipfix_ignore_ingress or ipfix_ignore_egress',
};
export const Ignored: Readonly<Record<IgnoredReason, number>> = indexReasons(
  'ingest.ignored',
  IGNORED_REASONS,
  IGNORED_TEXT,
);
export const Dropped: Readonly<Record<DroppedReason, number>> = indexReasons('ingest.dropped', DROPPED_REASONS, {
  overload: 'datagrams the kernel dropped because more arrived than could be worked on',
  shutdown: 'still unread when the stop deadline passed',
  handover: 'messages that found no room on their way to the engine thread that holds their call',
});
function indexReasons<Reason extends string>(
  group: string,
  reasons: readonly Reason[],
  text: Record<Reason, string>,
): Record<Reason, number> {
  return Object.fromEntries(reasons.map((reason) => [reason, declare(group, reason, text[reason])])) as Record<
    Reason,
    number
  >; // one entry per reason
}

/** `hep`: the envelope and its transports. */
export const Hep = {
  DATAGRAMS: declare('hep', 'datagrams', 'UDP datagrams received'),
  UDP: declare('hep', 'udp', 'HEP messages over UDP'),
  TCP: declare('hep', 'tcp', 'HEP messages over TCP'),
  TLS: declare('hep', 'tls', 'HEP messages over TLS'),
  V1: declare('hep', 'v1', 'HEP version 1 packets decoded'),
  V2: declare('hep', 'v2', 'HEP version 2 packets decoded'),
  V3: declare('hep', 'v3', 'HEP version 3 packets decoded'),
  KERNEL_DROPS: declare('hep', 'kernel_drops', 'datagrams the kernel dropped because the receive buffer was full'),
  CONNS_ACTIVE: declare('hep', 'conns_active', 'open TCP and TLS connections', GAUGE),
  CONNS_TOTAL: declare('hep', 'conns_total', 'TCP and TLS connections accepted'),
  CONNS_REFUSED: declare('hep', 'conns_refused', 'connections refused by hep_allow or a connection limit'),
  CONNS_NOT_ALLOWED: declare('hep', 'conns_not_allowed', 'connections refused by hep_allow'),
  CONNS_OVER_LIMIT: declare('hep', 'conns_over_limit', 'connections refused by hep_max_connections'),
  CONNS_OVER_ADDRESS_LIMIT: declare(
    'hep',
    'conns_over_address_limit',
    'connections refused by hep_max_connections_per_address',
  ),
  CONNS_FAULTY: declare('hep', 'conns_faulty', 'connections closed because of a framing error or a deadline'),
  CONNS_IDLE: declare('hep', 'conns_idle', 'connections closed by hep_idle_timeout'),
  TLS_ERRORS: declare('hep', 'tls_errors', 'TLS handshakes that failed'),
  AGENTS: declare('hep', 'agents', 'agents listed', GAUGE),
  AGENTS_UNLISTED: declare('hep', 'agents_unlisted', 'messages of senders not listed because of hep_max_agents'),
  TIME_SWAPPED: declare('hep', 'time_swapped', 'timestamps repaired: octets were reversed'),
  TIME_SINCE_1900: declare('hep', 'time_since_1900', 'timestamps repaired: they counted from 1900'),
  TIME_ABSENT: declare('hep', 'time_absent', 'messages without a timestamp, taken at arrival'),
  TIME_BIG_USEC: declare('hep', 'time_big_usec', 'timestamps with a million microseconds or more'),
  TIME_SKEWED: declare('hep', 'time_skewed', 'messages tracked on arrival time because of max_clock_skew'),
  BAD_CHUNK_SIZE: declare('hep', 'bad_chunk_size', 'packets with a chunk of a wrong fixed size, ignored'),
  DUPLICATE_CHUNK: declare('hep', 'duplicate_chunk', 'packets with a chunk twice, the last one taken'),
  VENDOR_CHUNK: declare('hep', 'vendor_chunk', 'packets with vendor chunks'),
  TRAILING_BYTES: declare('hep', 'trailing_bytes', 'datagrams with octets behind their last packet'),
  NUL_TAIL: declare('hep', 'nul_tail', 'payloads with NULs at their end, removed'),
  PACKED_V2: declare('hep', 'packed_v2', 'HEP2 packets with a time block of 10 octets'),
  INFLATED: declare('hep', 'inflated', 'compressed payloads or messages'),
  BIG_ENDIAN_V2: declare('hep', 'big_endian_v2', 'HEP2 packets with a big-endian time block'),
  MAPPED_V4: declare('hep', 'mapped_v4', 'IPv4 chunks that carried an IPv4-mapped IPv6 address'),
  FOSSIL_CHUNK: declare('hep', 'fossil_chunk', 'packets with chunk 0x0010 of the 2013 draft'),
} as const;

/** Indexed by the position of the `Note` bit. */
export const NOTE_COUNTERS: readonly number[] = [
  Hep.TIME_SWAPPED,
  Hep.TIME_SINCE_1900,
  Hep.TIME_ABSENT,
  Hep.TIME_BIG_USEC,
  Hep.BAD_CHUNK_SIZE,
  Hep.DUPLICATE_CHUNK,
  Hep.VENDOR_CHUNK,
  Hep.TRAILING_BYTES,
  Hep.NUL_TAIL,
  Hep.PACKED_V2,
  Hep.INFLATED,
  Hep.BIG_ENDIAN_V2,
  Hep.MAPPED_V4,
  Hep.FOSSIL_CHUNK,
];

/** `ipfix`: probes, their connections and sets; names as in the reference program where the meaning is the same. */
export const Ipfix = {
  CONNS_ACTIVE: declare('ipfix', 'conns_active', 'open connections', GAUGE),
  CONNS_TOTAL: declare('ipfix', 'conns_total', 'connections accepted'),
  CONNS_POOL: declare('ipfix', 'conns_pool', 'pooled connection objects: always 0, nothing is pooled', { gauge: true }),
  CONNS_REFUSED: declare('ipfix', 'conns_refused', 'connections refused by ipfix_allow or a connection limit'),
  CONNS_NOT_ALLOWED: declare('ipfix', 'conns_not_allowed', 'connections refused by ipfix_allow'),
  CONNS_OVER_LIMIT: declare('ipfix', 'conns_over_limit', 'connections refused by ipfix_max_connections'),
  CONNS_OVER_ADDRESS_LIMIT: declare(
    'ipfix',
    'conns_over_address_limit',
    'connections refused by ipfix_max_connections_per_address',
  ),
  TLS_ERRORS: declare('ipfix', 'tls_errors', 'TLS handshakes that failed'),
  TEMPLATE_SETS: declare('ipfix', 'template_sets', 'template sets (id 2)'),
  OPT_TEMPLATE_SETS: declare('ipfix', 'opt_template_sets', 'options template sets (id 3)'),
  UNKNOWN_SETS: declare('ipfix', 'unknown_sets', 'sets with another id, skipped'),
  IGNORED_SETS: declare(
    'ipfix',
    'ignored_sets',
    'sets left out because of ipfix_ignore_ingress or ipfix_ignore_egress',
  ),
  KEEPALIVES: declare('ipfix', 'keepalives', 'keep-alive sets (id 0)'),
  CONN_OPEN: declare('ipfix', 'conn_open', 'connect requests (id 256)'),
  SIP_UDP4_IN: declare('ipfix', 'sip_udp4_in', 'sets with SIP received over UDP and IPv4'),
  SIP_UDP4_OUT: declare('ipfix', 'sip_udp4_out', 'sets with SIP sent over UDP and IPv4'),
  SIP_UDP6_IN: declare('ipfix', 'sip_udp6_in', 'sets with SIP received over UDP and IPv6'),
  SIP_UDP6_OUT: declare('ipfix', 'sip_udp6_out', 'sets with SIP sent over UDP and IPv6'),
  SIP_TCP4_IN: declare('ipfix', 'sip_tcp4_in', 'sets with SIP received over TCP'),
  SIP_TCP4_OUT: declare('ipfix', 'sip_tcp4_out', 'sets with SIP sent over TCP'),
  SIP_SCTP4_IN: declare('ipfix', 'sip_sctp4_in', 'sets with SIP received over SCTP, of unknown layout, skipped'),
  SIP_SCTP4_OUT: declare('ipfix', 'sip_sctp4_out', 'sets with SIP sent over SCTP, of unknown layout, skipped'),
  QOS_SETS: declare('ipfix', 'qos_sets', 'sets with a QoS record (id 268)'),
  QOS_MATCHED: declare('ipfix', 'qos_matched', 'QoS records kept with a call'),
  QOS_UNMATCHED: declare('ipfix', 'qos_unmatched', 'QoS records of calls that were not seen within qos_hold'),
  QOS_LEFT_OUT: declare('ipfix', 'qos_left_out', 'QoS records not kept: qos_hold_max or most records of one call'),
  QOS_WAITING: declare('ipfix', 'qos_waiting', 'QoS records waiting for their call', GAUGE),
  TIME_SKEWED: declare('ipfix', 'time_skewed', 'messages tracked on arrival time because of max_clock_skew'),
  MAX_CONN_LIFETIME: declare('ipfix', 'max_conn_lifetime', 'longest connection that ended, seconds', GAUGE),
  MAX_SETS: declare('ipfix', 'max_sets', 'most sets in one message', GAUGE),
  MAX_PADDING: declare('ipfix', 'max_padding', 'most octets of padding in one set', GAUGE),
  PADDED_SETS: declare('ipfix', 'padded_sets', 'sets with octets behind their last field'),
  SHORT_READ: declare('ipfix', 'short_read', 'reads that end inside a message'),
  LONG_READ: declare('ipfix', 'long_read', 'reads that go on behind a message'),
  IO_DEADLINES: declare('ipfix', 'dbg_io_deadlines', 'looks at the deadlines of a connection'),
  PKTS_SENT: declare('ipfix', 'pkts_sent', 'answers sent'),
  BYTES_SENT: declare('ipfix', 'bytes_sent', 'octets of answers sent'),
  PKTS_RCVD: declare('ipfix', 'pkts_rcvd', 'messages received'),
  BYTES_RCVD: declare('ipfix', 'bytes_rcvd', 'octets of messages received'),
  ERR_PARSE: declare('ipfix', 'err_parse', 'malformed messages and sets; ingest.refused has them by code'),
  ERR_TIMEOUT: declare('ipfix', 'err_timeout', 'connections closed by a timeout'),
  ERR_OTHER: declare('ipfix', 'err_other', 'connections that failed: reset, or answers left unread'),
  ERR_BUG: declare('ipfix', 'err_bug', 'internal errors: always 0, a defect ends the engine and is logged'),
} as const;

/** `calls`: the tracker's table. */
export const Calls = {
  ACTIVE: declare('calls', 'active', 'current total tracked entries', GAUGE),
  CREATED: declare('calls', 'created', 'entries created'),
  FORKED: declare('calls', 'forked', 'entries created as a fork of another'),
  FAIL_NEW: declare('calls', 'fail_new', 'entries not created: key too long, or calls_max_mem'),
  FAIL_LIM: declare('calls', 'fail_lim', 'entries not created: calls_max_entries or calls_max_forks'),
  EVICTED_FINISHED: declare('calls', 'evicted_finished', 'finished entries ended early to make room for new ones'),
  EVICTED: declare('calls', 'evicted', 'entries given up unfinished to make room for new ones'),
  MEMORY: declare('calls', 'memory', 'octets the entries hold', GAUGE),
  RETRANSMISSIONS: declare('calls', 'retransmissions', 'retransmissions: same endpoints and branch again'),
  OTHER_HOP: declare('calls', 'other_hop', 'messages seen again on another hop'),
  SEEN_AGAIN: declare('calls', 'seen_again', 'messages reported again: by another agent or within dup_window'),
  MESSAGES_KEPT: declare('calls', 'messages_kept', 'messages kept for the page of their call'),
  MESSAGES_LEFT_OUT: declare('calls', 'messages_left_out', 'messages not kept because of overload'),
  MESSAGES_CUT: declare('calls', 'messages_cut', 'of these, longer than what is kept of one'),
  LEGS_JOINED: declare('calls', 'legs_joined', 'entries that named the Call-ID of another leg'),
} as const;
/** Gauge per state, indexed by `CallState`. */
export const CALLS_IN_STATE: readonly number[] = CALL_STATES.map((info) =>
  info.state === CallState.INVALID
    ? Calls.ACTIVE
    : declare('calls', info.name, `entries in state "${info.text}"`, GAUGE),
);

/**
 * `outcomes`: how INVITEs that began a call turned out, each once, and what became of BYE and REGISTER; from them ASR, NER
 * and the like are made.
 */
export const Outcomes = {
  ANSWERED: declare('outcomes', 'answered', 'calls answered'),
  UNTAKEN: declare('outcomes', 'untaken', 'calls that reached somebody who did not take them: 480, 486, 600, 603'),
  REDIRECTED: declare('outcomes', 'redirected', 'calls ended by 3xx'),
  CHALLENGED: declare('outcomes', 'challenged', 'calls given up after 401 or 407'),
  INEFFECTIVE: declare('outcomes', 'ineffective', 'calls lost in the network: 408, 500, 503, 504, no final reply'),
  CANCELED: declare('outcomes', 'canceled', 'calls ended by 487'),
  FAILED: declare('outcomes', 'failed', 'calls ended by another final reply'),
  SETUP_ANSWERED_US: declare('outcomes', 'setup_answered_us', 'microseconds of the set-ups of calls answered, in all'),
  SETUP_FAILED_US: declare('outcomes', 'setup_failed_us', 'microseconds of the set-ups of calls not answered, in all'),
  ENDED: declare('outcomes', 'ended', 'answered calls ended by BYE'),
  LOST: declare('outcomes', 'lost', 'answered calls ended by the timeout of their state'),
  TALK_US: declare('outcomes', 'talk_us', 'microseconds from answer to BYE of the calls ended by BYE, in all'),
  BYE_ANSWERED: declare('outcomes', 'bye_answered', 'BYEs answered 2xx that ended a call'),
  BYE_US: declare('outcomes', 'bye_us', 'microseconds from BYE to its 2xx, in all'),
  REGISTER_ANSWERED: declare('outcomes', 'register_answered', 'REGISTERs answered 2xx'),
  REGISTER_US: declare('outcomes', 'register_us', 'microseconds from REGISTER to its 2xx, in all'),
  REGISTER_FAILED: declare(
    'outcomes',
    'register_failed',
    'REGISTERs answered 3xx to 6xx, but for 401, 402, 407 and 423, which ask for another one; or not at all',
  ),
} as const;

/** Upper limits, in milliseconds, of the classes set-up times are counted in; what is longer has a class of its own. */
export const SETUP_LIMITS_MS = [
  50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 4000, 6000, 8000, 12_000, 20_000,
] as const;
const setupClasses = (group: string, what: string): number[] =>
  [...SETUP_LIMITS_MS, undefined].map((limit) =>
    limit === undefined
      ? declare(group, 'more', `${what} that took longer`)
      : declare(group, `ms_${limit}`, `${what} that took up to ${limit} ms`),
  );
/** From INVITE to ringing or the final reply, one counter for each class. */
export const SETUP_ANSWERED: readonly number[] = setupClasses('outcomes.setup_answered', 'set-ups of calls answered');
export const SETUP_FAILED: readonly number[] = setupClasses('outcomes.setup_failed', 'set-ups of calls not answered');

/** Upper limits, in seconds, of the classes conversations are counted in. */
export const TALK_LIMITS_S = [6, 30, 60, 180, 600, 1800, 3600] as const;
/** From answer to BYE, one counter for each class. */
export const TALK_CLASSES: readonly number[] = [...TALK_LIMITS_S, undefined].map((limit) =>
  limit === undefined
    ? declare('outcomes.talk', 'more', 'calls ended by BYE that lasted longer')
    : declare('outcomes.talk', `s_${limit}`, `calls ended by BYE that lasted up to ${limit} s`),
);

/** `regs`: bindings of addresses-of-record to contacts. Names as in the reference program where the meaning is the same. */
export const Regs = {
  ACTIVE: declare('regs', 'active', 'bindings held', GAUGE),
  CREATED: declare('regs', 'created', 'bindings created'),
  REFRESHED: declare('regs', 'refreshed', 'bindings registered again before they ended'),
  EXPIRED: declare('regs', 'expired', 'bindings not registered again in time'),
  FAIL_NEW: declare('regs', 'fail_new', 'bindings not held: regs_max_mem, or an address longer than 512 octets'),
  FAIL_LIM: declare('regs', 'fail_lim', 'bindings not held: regs_max_entries or regs_max_contacts'),
  DEL_ALL_MAX_BINDINGS: declare(
    'regs',
    'del_all_max_bindings',
    'bindings ended by one "Contact: *": the last, and the most',
    GAUGE,
  ),
  DEL_MAX_BINDINGS: declare(
    'regs',
    'del_max_bindings',
    'bindings ended by one other REGISTER: the last, and the most',
    GAUGE,
  ),
  DEL_MAX_MATCHING: declare(
    'regs',
    'del_max_matching',
    'bindings that one contact of a REGISTER ended: the last, and the most',
    GAUGE,
  ),
  DEL_DELAYED: declare('regs', 'del_delayed', 'ends of bindings that were not reported at once'),
  DEL_DELAYED_EV: declare('regs', 'del_delayed_ev', 'of those, reported later'),
  DEL_STAR: declare('regs', 'del_star', 'REGISTERs with "Contact: *"'),
  DEL_NO_MATCH: declare('regs', 'del_no_match', 'ends of bindings that were not held'),
  NEW_MATCH_DELAYED_B: declare(
    'regs',
    'new_match_delayed_b',
    'bindings registered again before their end was reported',
  ),
  NEW_AFTER_DEL: declare('regs', 'new_after_del', 'reg-new after reg-del in one tracked entry'),
  DEL_AFTER_NEW: declare('regs', 'del_after_new', 'reg-del after reg-new in one tracked entry'),
  REFRESH_DIFF_CALLID: declare('regs', 'refresh_diff_callid', 'bindings registered again under another Call-ID'),
  CONTACTS_LEFT_OUT: declare('regs', 'contacts_left_out', 'contacts of a REGISTER behind the first 10, not held'),
  EV_NO_CONTACT: declare('regs', 'ev_no_contact', 'contacts that are no SIP or TEL address, not held'),
  EV_NO_AOR: declare('regs', 'ev_no_aor', 'REGISTERs whose To is no SIP or TEL address'),
} as const;

/** `subs`: subscriptions, held by the entry of their dialog. */
export const Subs = {
  ACTIVE: declare('subs', 'active', 'subscriptions held', GAUGE),
  CREATED: declare('subs', 'created', 'subscriptions seen to begin or going on'),
  REFRESHED: declare('subs', 'refreshed', 'subscriptions prolonged by SUBSCRIBE'),
  EXPIRED: declare('subs', 'expired', 'subscriptions not prolonged in time'),
} as const;

/** `reports`: what agents send besides SIP and name the call of. */
export const Reports = {
  KEPT: declare('reports', 'kept', 'reports kept with the call they name'),
  UNKNOWN: declare('reports', 'unknown', 'reports that name a call which is not held'),
  LEFT_OUT: declare(
    'reports',
    'left_out',
    'reports that found no room on their way to the engine thread of their call',
  ),
} as const;

/** `links`: messages by server, transport, port and client. */
export const Links = {
  ACTIVE: declare('links', 'active', 'links counted separately, by each engine thread its own', GAUGE),
  COUNTED: declare('links', 'counted', 'messages counted by their link'),
  LEFT_OUT: declare('links', 'left_out', 'messages not counted by their link: links_max is reached'),
} as const;

/** `state`: what is kept in `state_dir` over a restart. */
export const State = {
  SAVED: declare('state', 'saved', 'state files written'),
  FAILED: declare('state', 'failed', 'state files that could not be written'),
  REFUSED: declare('state', 'refused', 'state files that could not be read and were set aside'),
  RESTORED: declare('state', 'restored', 'entries that came back from a state file'),
  OVERDUE: declare('state', 'overdue', 'of those, entries that ended while nothing ran'),
  LEFT_OUT: declare('state', 'left_out', 'entries of a state file that found no place'),
  BYTES: declare('state', 'bytes', 'octets of the last state file', GAUGE),
  DURATION: declare('state', 'duration', 'milliseconds the last state file took', GAUGE),
} as const;

/** `ev_rate`: what becomes of events on their way to the ring. */
export const EvRate = {
  TOTAL_EVENTS: declare('ev_rate', 'total_events', 'events generated'),
  BLST_TYPE: declare('ev_rate', 'blst_type', 'events dropped because their type is switched off'),
  BLST_RATE: declare('ev_rate', 'blst_rate', 'events of sources beyond a rate limit'),
  BLST_SENT: declare('ev_rate', 'blst_sent', 'of those, reported all the same; the others are dropped'),
  TRACKING_FAIL: declare('ev_rate', 'tracking_fail', 'events dropped because evr_max_entries left no room'),
  LOST: declare('ev_rate', 'lost', 'events overwritten before the engine thread that keeps events could take them'),
  BLST_RECOVERED: declare('ev_rate', 'blst_recovered', 'sources back within their rate limits'),
  ENTRIES: declare('ev_rate', 'entries', 'rate entries held', GAUGE),
} as const;

/** `ev_rate_gc`: collections of rate entries; `walked` and `removed` are of the last run. */
export const EvRateGc = {
  RUNS: declare('ev_rate_gc', 'gc_runs', 'periodic collections'),
  TARGET_MET: declare('ev_rate_gc', 'gc_target_met', 'of those, ended by evr_gc_target'),
  TIMEOUT: declare('ev_rate_gc', 'gc_timeout', 'of those, ended by evr_gc_max_run_time'),
  MISSED_TICKS: declare(
    'ev_rate_gc',
    'gc_missed_ticks',
    'periodic collections left out: the last one was still running',
  ),
  WALKED: declare('ev_rate_gc', 'gc_walked', 'entries looked at', GAUGE),
  REMOVED: declare('ev_rate_gc', 'gc_removed', 'entries removed', GAUGE),
  HARD_RUNS: declare('ev_rate_gc', 'hard_gc_runs', 'collections because the table was full'),
  HARD_TARGET_MET: declare('ev_rate_gc', 'hard_gc_tgt_met', 'of those, ended by hard_gc_target'),
  HARD_FAIL: declare('ev_rate_gc', 'hard_gc_fail', 'of those, made no room'),
  HARD_TIMEOUT: declare('ev_rate_gc', 'hard_gc_timeout', 'of those, ended by the limit of their criterion'),
  HARD_WALKED: declare('ev_rate_gc', 'hard_gc_walked', 'entries looked at', GAUGE),
  HARD_REMOVED: declare('ev_rate_gc', 'hard_gc_removed', 'entries removed', GAUGE),
  LIGHT_RUNS: declare('ev_rate_gc', 'light_gc_runs', 'collections because the table was nearly full'),
  LIGHT_TARGET_MET: declare('ev_rate_gc', 'light_gc_tgt_met', 'of those, ended by light_gc_target'),
  LIGHT_FAIL: declare('ev_rate_gc', 'light_gc_fail', 'of those, removed nothing'),
  LIGHT_TIMEOUT: declare('ev_rate_gc', 'light_gc_timeout', 'of those, ended by light_gc_max_runtime'),
  LIGHT_WALKED: declare('ev_rate_gc', 'light_gc_walked', 'entries looked at', GAUGE),
  LIGHT_REMOVED: declare('ev_rate_gc', 'light_gc_removed', 'entries removed', GAUGE),
  MAX_RETRIES: declare('ev_rate_gc', 'max_gc_retr_fail', 'new entries given up: no criterion made room'),
} as const;

/** `ev_ring0`: the event ring. */
export const EventRing = {
  QUEUED: declare('ev_ring0', 'queued', 'events put into the ring'),
  GET_OLD: declare('ev_ring0', 'get_old_idx', 'lists asked for from an index that is no longer held'),
  GET_LAST: declare('ev_ring0', 'get_last_idx', 'lists asked for from the next index: nothing new'),
  GET_HIGH: declare('ev_ring0', 'get_high_idx', 'lists asked for from behind the next index'),
} as const;
/** Per event type, indexed by `EventType`. */
export const EVENTS_BY_TYPE: readonly number[] = EVENT_NAMES.map((name) =>
  declare('ev_ring0.evtype', name, `events of type ${name} put into the ring`),
);

/** `event_log`: the file or stream events are written to. Counted by the main thread. */
export const EventLog = {
  WRITTEN: declare('event_log', 'written', 'events written'),
  BYTES: declare('event_log', 'bytes', 'octets written'),
  DROPPED: declare('event_log', 'dropped', 'events not written: the ring had overwritten them, or the output was gone'),
  FAILURES: declare('event_log', 'failures', 'writes that failed'),
  REOPENED: declare('event_log', 'reopened', 'times the file was opened again after SIGHUP'),
} as const;

/** `http`: pages and API. Counted by the main thread. */
export const Http = {
  REQUESTS: declare('http', 'requests', 'requests, whatever became of them'),
  LIMITED: declare('http', 'limited', 'requests refused because their address asked for more than http_rate_limit'),
  UNAUTHORIZED: declare('http', 'unauthorized', 'requests refused because nobody had logged in or the token was wrong'),
  FORBIDDEN: declare('http', 'forbidden', 'requests refused because of a missing role or a page of another site'),
  LOGINS: declare('http', 'logins', 'logins'),
  LOGIN_FAILURES: declare('http', 'login_failures', 'logins refused because of the name or the password'),
  SLOWED: declare('http', 'slowed', 'attempts to log in or to use a token refused after too many failures'),
  SESSIONS_LOST: declare('http', 'sessions_lost', 'logins ended early because there were too many'),
} as const;

/** `pkt_stats`: packets and SIP messages, names as in the reference program where the meaning is the same. */
export const Pkt = {
  TOTAL_PACKETS: declare('pkt_stats', 'total_packets', 'packets handed to the pipeline'),
  TOTAL_SIZE: declare('pkt_stats', 'total_size', 'octets of those packets'),
  IP4: declare('pkt_stats', 'ip4', 'seen between IPv4 endpoints'),
  IP6: declare('pkt_stats', 'ip6', 'seen between IPv6 endpoints'),
  UDP: declare('pkt_stats', 'udp', 'seen on UDP'),
  UDP4: declare('pkt_stats', 'udp4', 'seen on UDP over IPv4'),
  UDP6: declare('pkt_stats', 'udp6', 'seen on UDP over IPv6'),
  TCP: declare('pkt_stats', 'tcp', 'seen on TCP'),
  TCP4: declare('pkt_stats', 'tcp4', 'seen on TCP over IPv4'),
  TCP6: declare('pkt_stats', 'tcp6', 'seen on TCP over IPv6'),
  TLS: declare('pkt_stats', 'tls', 'seen on TLS'),
  DTLS: declare('pkt_stats', 'dtls', 'seen on DTLS'),
  SCTP: declare('pkt_stats', 'sctp', 'seen on SCTP'),
  SCTP4: declare('pkt_stats', 'sctp4', 'seen on SCTP over IPv4'),
  SCTP6: declare('pkt_stats', 'sctp6', 'seen on SCTP over IPv6'),
  WS: declare('pkt_stats', 'ws', 'seen on WebSocket, secure or not'),
  WS4: declare('pkt_stats', 'ws4', 'seen on WebSocket over IPv4'),
  WS6: declare('pkt_stats', 'ws6', 'seen on WebSocket over IPv6'),
  OTHER: declare('pkt_stats', 'other', 'seen on another or unknown transport'),
  INJECTED: declare('pkt_stats', 'injected', 'messages from the page /inject'),
  PARSE_ATTEMPTS: declare('pkt_stats', 'parse_attempts', 'SIP messages the parser was given'),
  PARSE_OK: declare('pkt_stats', 'parse_ok', 'SIP messages parsed'),
  PARSE_ERRS: declare('pkt_stats', 'parse_errs', 'SIP messages refused by the parser'),
  TRACKED_OK: declare('pkt_stats', 'tracked_ok', 'SIP messages tracked'),
  TRACKED_ERR: declare('pkt_stats', 'tracked_err', 'SIP messages parsed but not tracked'),
  SIP_REQS: declare('pkt_stats', 'sip_reqs', 'SIP requests parsed'),
  SIP_REPLS: declare('pkt_stats', 'sip_repls', 'SIP replies parsed'),
  IP4_FRAGS: declare('pkt_stats', 'ip4_frags', 'captured frames with an IPv4 fragment'),
  IP6_FRAGS: declare('pkt_stats', 'ip6_frags', 'captured frames with an IPv6 fragment'),
  IP_DEFRAG: declare('pkt_stats', 'ip_defrag', 'datagrams put together from fragments'),
  IP_DEFRAG_DROPPED: declare(
    'pkt_stats',
    'ip_defrag_dropped',
    'datagrams in fragments given up: overlapping, too old, or frag_max_mem',
  ),
  SCTP_DEFRAG: declare('pkt_stats', 'sctp_defrag', 'SCTP messages put together from several DATA chunks'),
  SCTP_DEFRAG_DROPPED: declare(
    'pkt_stats',
    'sctp_defrag_dropped',
    'DATA chunks of a message in several given up: too old, or frag_max_mem',
  ),
  VXLAN: declare('pkt_stats', 'vxlan', 'captured frames in VXLAN'),
  DECODE_ERRS: declare('pkt_stats', 'decode_errs', 'captured frames malformed or cut short by the capture'),
  NO_TRANSPORT: declare('pkt_stats', 'no_transport', 'captured frames without UDP, TCP or SCTP in them'),
  TCP_SEGS: declare('pkt_stats', 'tcp_segs', 'captured TCP segments'),
  TCP_SYN: declare('pkt_stats', 'tcp_syn', 'captured TCP segments with SYN'),
  TCP_FIN: declare('pkt_stats', 'tcp_fin', 'captured TCP segments with FIN or RST'),
  TCP_CLOSED: declare('pkt_stats', 'tcp_closed', 'captured TCP streams that ended'),
  TCP_STREAMS: declare('pkt_stats', 'tcp_streams', 'captured TCP streams, one per direction of a connection'),
  TCP_ACTIVE: declare('pkt_stats', 'tcp_active', 'captured TCP streams held', GAUGE),
  TCP_HELD: declare('pkt_stats', 'tcp_held', 'octets of TCP segments that wait for earlier ones', GAUGE),
  TCP_TOTAL_RCVD: declare('pkt_stats', 'tcp_total_rcvd', 'octets of TCP streams put in order'),
  TCP_OUT_OF_ORDER: declare('pkt_stats', 'tcp_out_of_order', 'TCP segments that came early'),
  TCP_MISS: declare('pkt_stats', 'tcp_miss', 'gaps in TCP streams given up'),
  TCP_MISSED_BYTES: declare('pkt_stats', 'tcp_missed_bytes', 'octets missing in them'),
  TCP_RECOVERED: declare('pkt_stats', 'tcp_recovered', 'SIP start lines found again after a gap or a bad message'),
  TCP_STREAM_IGN: declare(
    'pkt_stats',
    'tcp_stream_ign',
    'times a TCP stream was left unread up to the next start line',
  ),
  TCP_STREAM_TIMEOUTS: declare('pkt_stats', 'tcp_stream_timeouts', 'TCP streams dropped by tcp_connection_timeout'),
  TCP_REORDER_TIMEOUTS: declare('pkt_stats', 'tcp_reorder_timeouts', 'gaps given up by tcp_reorder_timeout'),
  TCP_MSG_LIMIT: declare('pkt_stats', 'tcp_msg_limit', 'incomplete SIP messages given up by tcp_max_mem'),
  TCP_STREAMS_EVICTED: declare('pkt_stats', 'tcp_streams_evicted', 'TCP streams dropped by tcp_max_streams'),
  HUGE_PACKETS: declare('pkt_stats', 'huge_packets', 'SIP heads longer than tcp_msg_buf_max'),
  TINY_PACKETS: declare('pkt_stats', 'tiny_packets', 'SIP payloads of 12 octets or fewer'),
} as const;
/** Counter of a transport, indexed by `Transport`. */
export const PKT_BY_TRANSPORT: readonly number[] = [
  Pkt.OTHER,
  Pkt.UDP,
  Pkt.TCP,
  Pkt.TLS,
  Pkt.SCTP,
  Pkt.WS,
  Pkt.WS,
  Pkt.DTLS,
];
/** Counters of a transport over IPv4 and over IPv6, indexed by 2 × `Transport` and + 1; -1 = none. */
export const PKT_BY_FAMILY: readonly number[] = [
  [-1, -1],
  [Pkt.UDP4, Pkt.UDP6],
  [Pkt.TCP4, Pkt.TCP6],
  [-1, -1],
  [Pkt.SCTP4, Pkt.SCTP6],
  [Pkt.WS4, Pkt.WS6],
  [Pkt.WS4, Pkt.WS6],
  [-1, -1],
].flat();

/** What SIP came over, in three kinds: datagrams, streams (TLS and SCTP too), WebSocket. */
export const SIP_CARRIERS = ['udp', 'tcp', 'ws'] as const;
type Carrier = (typeof SIP_CARRIERS)[number];
const CARRIER_TEXT: Readonly<Record<Carrier, string>> = {
  udp: 'over UDP, DTLS or an unknown transport',
  tcp: 'over TCP, TLS or SCTP',
  ws: 'over WebSocket',
};
const CARRIER_BY_TRANSPORT: readonly Carrier[] = ['udp', 'udp', 'tcp', 'tcp', 'tcp', 'ws', 'ws', 'udp'];

function byCarrier(name: (carrier: Carrier) => string, text: string): Readonly<Record<Carrier, number>> {
  const indices = SIP_CARRIERS.map((carrier) => [
    carrier,
    declare('pkt_stats', name(carrier), `${text} ${CARRIER_TEXT[carrier]}`),
  ]);
  return Object.fromEntries(indices) as Record<Carrier, number>; // one entry per carrier
}
export const SipOver = byCarrier((carrier) => `sip_${carrier}`, 'SIP messages the parser was given,');
export const ParseErrsOver = byCarrier((carrier) => `parse_errs_${carrier}`, 'SIP messages refused by the parser,');
export const TrackedOkOver = byCarrier((carrier) => `tracked_ok_${carrier}`, 'SIP messages tracked,');
export const TrackedErrOver = byCarrier((carrier) => `tracked_err_${carrier}`, 'SIP messages parsed but not tracked,');
const byTransport = (over: Readonly<Record<Carrier, number>>): number[] =>
  CARRIER_BY_TRANSPORT.map((carrier) => over[carrier]);
/** The same, indexed by `Transport`. */
export const SIP_BY_TRANSPORT: readonly number[] = byTransport(SipOver);
export const PARSE_ERRS_BY_TRANSPORT: readonly number[] = byTransport(ParseErrsOver);
export const TRACKED_OK_BY_TRANSPORT: readonly number[] = byTransport(TrackedOkOver);
export const TRACKED_ERR_BY_TRANSPORT: readonly number[] = byTransport(TrackedErrOver);

/** `pkt_stats.http`: the HTTP in front of WebSocket, `pkt_stats.http.ws`: WebSocket, both only on websocket_ports. */
export const Ws = {
  UPGRADE_SIP: declare('pkt_stats.http', 'upgrade_sip', 'upgrades to WebSocket with the sub-protocol sip'),
  UPGRADE_ERR: declare(
    'pkt_stats.http',
    'upgrade_err',
    'streams on websocket_ports that are no upgrade to sip, left unread',
  ),
  SIP_FRAMES: declare('pkt_stats.http.ws', 'sip_frames', 'data frames'),
  SIP_FRAG: declare('pkt_stats.http.ws', 'sip_frag_f', 'data frames of messages in several frames'),
  SIP_COMP: declare('pkt_stats.http.ws', 'sip_comp_f', 'messages compressed with permessage-deflate'),
  CTRL_FRAMES: declare('pkt_stats.http.ws', 'ctrl_frames', 'control frames'),
  HUGE_PACKETS: declare('pkt_stats.http.ws', 'huge_packets', 'messages longer than the limit of 128 KiB, not read'),
  ERRS: declare('pkt_stats.http.ws', 'errs', 'frames that cannot be: the stream is left unread up to a next frame'),
} as const;

/** `pcap`: capture files, and an interface. */
export const Pcap = {
  FILES: declare('pcap', 'files', 'capture files played, each pass counts'),
  FILES_FAULTY: declare('pcap', 'files_faulty', 'capture files not played to their end'),
  PACKETS: declare('pcap', 'packets', 'packets read from capture files or an interface'),
  BYTES: declare('pcap', 'bytes', 'octets of those packets on the wire'),
  FILTERED: declare(
    'pcap',
    'filtered',
    'of those, packets that bpf leaves out; of an interface the kernel leaves them out',
  ),
  HEP_LEFT_OUT: declare(
    'pcap',
    'hep_left_out',
    'of those, packets and streams with HEP seen on an interface without hep_ports',
  ),
  RECVD: declare('pcap', 'recvd', 'packets of the interface that passed the filter, by the kernel'),
  DROP: declare('pcap', 'drop', 'of those, packets the kernel dropped because they were not read in time'),
  IF_DROP: declare('pcap', 'if_drop', 'packets the interface dropped'),
  RESTARTS: declare('pcap', 'restarts', 'times the program that captures was started again'),
  READ: declare('pcap', 'read', 'octets of capture files read, before they are inflated'),
  SIZE: declare('pcap', 'size', 'octets of the capture files to be read, as far as known', { gauge: true }),
  T_DELAYED: declare('pcap', 't_delayed', 'packets replayed more than 1 ms late'),
  DELAYED1: declare('pcap', 'delayed1', 'packets replayed 1 to 10 ms late'),
  DELAYED10: declare('pcap', 'delayed10', 'packets replayed 10 to 100 ms late'),
  DELAYED100: declare('pcap', 'delayed100', 'packets replayed 100 ms to 1 s late'),
  DELAYED1000: declare('pcap', 'delayed1000', 'packets replayed 1 s late or more'),
} as const;

/** `pcap_dump`: one file per call. total_queued_msgs = written_msgs + dropped_write + err_missing_file + crt_queued_msgs. */
export const PcapDump = {
  TOTAL_QUEUED: declare('pcap_dump', 'total_queued_msgs', 'messages taken to be written'),
  CRT_QUEUED: declare('pcap_dump', 'crt_queued_msgs', 'of those, messages that wait', GAUGE),
  CRT_ALLOC_BYTES: declare('pcap_dump', 'crt_alloc_bytes', 'octets of memory for messages that wait', GAUGE),
  WRITTEN: declare('pcap_dump', 'written_msgs', 'messages written'),
  BYTES: declare('pcap_dump', 'bytes_written', 'octets written for them'),
  REPEATED: declare('pcap_dump', 'repeated_msgs', 'messages left out: the same was reported before on the same hop'),
  DROPPED_QUEUE: declare(
    'pcap_dump',
    'dropped_queue',
    'messages not taken: pcap_dump_queue_len or pcap_dump_queue_mem, or nobody writes any more',
  ),
  DROPPED_WRITE: declare('pcap_dump', 'dropped_write', 'messages taken and not written; err_… says why'),
  NEW_FILES: declare('pcap_dump', 'new_files', 'files begun'),
  NEW_SUBDIRS: declare('pcap_dump', 'new_subdirs', 'directories made'),
  REPAIRED: declare(
    'pcap_dump',
    'repaired_files',
    'files of an earlier run whose last record was cut, and was cut off',
  ),
  OPEN_FILES: declare('pcap_dump', 'open_files', 'files kept open', GAUGE),
  ERR_SUBDIRS: declare('pcap_dump', 'err_subdirs', 'directories that could not be made'),
  ERR_NEW_FILE: declare('pcap_dump', 'err_new_file', 'files that could not be opened'),
  ERR_MISSING_FILE: declare('pcap_dump', 'err_missing_file', 'messages of pcap_dump_onerr whose call has no file'),
  ERR_WR_HEADER: declare('pcap_dump', 'err_wr_header', 'files that could not be begun or continued'),
  ERR_WR_MSG: declare('pcap_dump', 'err_wr_msg', 'messages whose writing failed'),
  ERR_OTHER: declare('pcap_dump', 'err_other', 'messages whose Call-ID is not within their first 128 KiB'),
} as const;

/** Parse errors by the reference program's numbers 0…16. */
export const PARSE_ERRORS: readonly number[] = Array.from({ length: 17 }, (_, n) =>
  declare('pkt_stats', `parse_error_${n}`, `parse errors with number ${n}`),
);
/** Requests by method, indexed by `Method`. */
export const SIP_METHODS: readonly number[] = METHOD_NAMES.map((name) =>
  declare('pkt_stats', `sip_${name}`, `SIP requests: ${name}`),
);
/** Replies by hundreds, index 0…9. */
export const SIP_CLASSES: readonly number[] = Array.from({ length: 10 }, (_, n) =>
  declare('pkt_stats', `sip_${n}XX`, `SIP replies ${n}xx`),
);

/** The status codes of the IANA registry "Session Initiation Protocol (SIP) Parameters"; others are counted together. */
const STATUS_CODES =
  `100 180 181 182 183 199 200 202 204 300 301 302 305 380 400 401 402 403 404 405 406 407 408 410 412 413
  414 415 416 417 420 421 422 423 424 425 428 429 430 433 436 437 438 439 440 469 470 480 481 482 483 484 485 486 487 488
  489 491 493 494 500 501 502 503 504 505 513 555 580 600 603 604 606 607 608`.split(/\s+/);
const STATUSES = 700;
/** Replies by status code, indexed by it: 0 to 699. */
export const SIP_STATUSES: readonly number[] = indexStatuses();
function indexStatuses(): number[] {
  const other = declare('pkt_stats.status', 'other', 'SIP replies with a status code that is not registered');
  const indices = Array.from({ length: STATUSES }, () => other);
  for (const code of STATUS_CODES) indices[Number(code)] = declare('pkt_stats.status', code, `SIP replies ${code}`);
  return indices;
}

/** `quality`: what quality records of probes say; a record is of one call, and its worse leg counts. */
export const Quality = {
  MOS_4: declare('quality', 'mos_4', 'records with a mean opinion score of 4 or more: good'),
  MOS_3: declare('quality', 'mos_3', 'records with a mean opinion score from 3 to 4: fair'),
  MOS_2: declare('quality', 'mos_2', 'records with a mean opinion score from 2 to 3: poor'),
  MOS_1: declare('quality', 'mos_1', 'records with a mean opinion score below 2: bad'),
  PACKETS: declare('quality', 'rtp_packets', 'RTP packets the records count'),
  LOST: declare('quality', 'rtp_lost', 'RTP packets the records say are lost'),
} as const;

/** All counters in the order of their indices. */
export const COUNTERS: readonly CounterInfo[] = infos;

/** Finds a counter by `group.name`. */
export function counterByName(path: string): CounterInfo | undefined {
  return byName.get(path);
}

const BYTES_PER_COUNTER = 16;

/** The columns. Share `memory` with another thread to read (or to go on counting after a crash of the writer). */
export class CounterSet {
  readonly memory: SharedArrayBuffer;
  readonly values: Float64Array;
  readonly maxima: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(infos.length * BYTES_PER_COUNTER)) {
    this.memory = memory;
    this.values = new Float64Array(memory, 0, infos.length);
    this.maxima = new Float64Array(memory, infos.length * 8, infos.length);
  }

  add(index: number, amount: number): void {
    // Indices come only from `declare`, so they are inside the column.
    this.values[index]! += amount;
  }

  /** Sets a gauge and its running maximum. */
  set(index: number, value: number): void {
    this.values[index] = value;
    if (value > this.maxima[index]!) this.maxima[index] = value;
  }

  /** Adds to a gauge and keeps its running maximum. */
  addGauge(index: number, amount: number): void {
    const value = this.values[index]! + amount;
    this.values[index] = value;
    if (value > this.maxima[index]!) this.maxima[index] = value;
  }

  get(index: number): number {
    return this.values[index] ?? 0;
  }
}
