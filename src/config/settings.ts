import { join } from 'node:path';
import { defaultPressure, type EventRateSettings } from '../model/event-rates.ts';
import {
  type CaptureSettings,
  type DumpSettings,
  type EngineSettings,
  type HepSettings,
  type HttpSettings,
  type IpfixSettings,
  type LiveSettings,
  type LogSettings,
  MAX_ENGINE_THREADS,
  type ShareSettings,
} from '../model/settings.ts';
import type { LoadedConfig } from './load.ts';
import type { Config, OptionName } from './schema.ts';

/** The name ends with the number of the engine; there is one. */
const STATE_FILE = 'sipcol-state.0';
/** Folder of shared calls. */
const SHARED_FOLDER = 'shared';

/** What one engine is started with. */
export function toEngineSettings(config: Config): EngineSettings {
  return {
    hep: toHepSettings(config),
    ipfix: toIpfixSettings(config),
    reports: { perCall: config.keep_reports, memBytes: config.keep_reports_mem },
    qos: { holdUs: toUs(config.qos_hold), maxHeld: config.qos_hold_max },
    capture: toCaptureSettings(config),
    dump: toDumpSettings(config),
    tracker: {
      maxCalls: config.calls_max_entries,
      maxCallBytes: config.calls_max_mem,
      evict: config.calls_evict,
      maxForks: config.calls_max_forks,
      timeouts: config.calls_timeouts,
      dupWindowUs: toUs(config.dup_window),
      registrations: {
        expDeltaS: config.reg_exp_delta,
        delDelayS: config.reg_del_delay,
        contactIgnorePort: config.contact_ignore_port,
        maxEntries: config.regs_max_entries,
        maxBytes: config.regs_max_mem,
        maxContacts: config.regs_max_contacts,
      },
      messages: { perCall: config.keep_messages, memBytes: config.keep_messages_mem },
    },
    links: { maxLinks: config.links_max, servers: config.links_servers, ports: config.links_ports },
    state: {
      file: config.state_dir === '' ? '' : join(config.state_dir, STATE_FILE),
      intervalMs: config.state_interval,
    },
    maxClockSkewUs: toUs(config.max_clock_skew),
    alegHeaders: config.callid_aleg_header.map((name) => name.toLowerCase()),
    sipMaxHeaders: config.sip_max_headers,
    eventBufferSize: config.event_buffer_size,
    eventRates: toEventRates(config),
    eventBlacklist: config.event_types_blst,
    faultLogIntervalMs: config.fault_log_interval,
  };
}

/**
 * How many engine threads there are. The packets of a capture come in one order, the file of a call and that of the state
 * have one writer: with any of them there is one.
 *
 * @param cores processors of this machine
 */
export function engineThreads(config: Config, cores: number): number {
  const isAlone = toCaptureSettings(config) !== undefined || toDumpSettings(config) !== undefined;
  if (isAlone || config.state_dir !== '') return 1;
  const { engine_threads: wanted } = config;
  return wanted === 'auto' ? Math.min(MAX_ENGINE_THREADS, Math.max(1, cores - 1)) : wanted;
}

function toEventRates(config: Config): EventRateSettings {
  return {
    maxEntries: config.evr_max_entries,
    reportMin: config.evr_conseq_report_min,
    reportMax: config.evr_conseq_report_max,
    intervalsMs: [...config.evr_intervals],
    limits: [...config.evr_limits],
    gc: {
      intervalMs: config.evr_gc_interval,
      oldAgeMs: config.evr_gc_old_age,
      maxRunMs: config.evr_gc_max_run_time,
      target: config.evr_gc_target,
    },
    pressure: defaultPressure(config.evr_max_entries),
  };
}

function toHepSettings(config: Config): HepSettings {
  return {
    addr: config.hep_addr,
    udpPort: toPort(config.hep_udp_port),
    tcpPort: toPort(config.hep_tcp_port),
    tlsPort: toPort(config.hep_tls_port),
    tls: config.hep_tls_port === 0 ? undefined : toTlsFiles(config.hep_tls_cert, config.hep_tls_key, config.hep_tls_ca),
    rcvbufBytes: config.hep_rcvbuf,
    receive: config.hep_receive,
    udpSharing: 'alone',
    udpSockets: config.hep_udp_sockets,
    limits: {
      maxMessageBytes: config.hep_max_message,
      maxChunks: config.hep_max_chunks,
      maxInflatedBytes: config.hep_max_inflated,
      maxInflateRatio: config.hep_max_inflate_ratio,
      maxConnections: config.hep_max_connections,
      maxConnectionsPerAddress: config.hep_max_connections_per_address,
      idleTimeoutMs: config.hep_idle_timeout,
      messageTimeoutMs: config.hep_message_timeout,
      maxAgents: config.hep_max_agents,
    },
    allow: config.hep_allow,
    auth: { keys: config.hep_auth_key, listeners: config.hep_auth_listeners, exempt: config.hep_auth_exempt },
  };
}

function toIpfixSettings(config: Config): IpfixSettings {
  const isTls = config.ipfix_tls_cert !== '';
  return {
    addr: config.ipfix_addr,
    port: toPort(config.ipfix_port),
    tls: isTls ? toTlsFiles(config.ipfix_tls_cert, config.ipfix_tls_key, config.ipfix_tls_ca) : undefined,
    allow: config.ipfix_allow,
    limits: {
      maxMessageBytes: config.ipfix_max_message,
      maxConnections: config.ipfix_max_connections,
      maxConnectionsPerAddress: config.ipfix_max_connections_per_address,
      messageTimeoutMs: config.ipfix_message_timeout,
    },
    timeoutMinS: config.ipfix_timeout_min,
    timeoutMaxS: config.ipfix_timeout_max,
    ignoreIngress: config.ipfix_ignore_ingress,
    ignoreEgress: config.ipfix_ignore_egress,
    wantsQos: config.ipfix_qos,
  };
}

function toTlsFiles(cert: string, key: string, ca: string): HepSettings['tls'] {
  return ca === '' ? { cert, key } : { cert, key, ca };
}

export function toHttpSettings(config: Config): HttpSettings {
  const isTls = config.http_tls_cert !== '';
  return {
    addr: config.http_addr,
    port: toPort(config.http_port),
    tls: isTls ? toTlsFiles(config.http_tls_cert, config.http_tls_key, config.http_tls_ca) : undefined,
    tokens: config.http_tokens,
    users: config.http_users,
    allowAnonymous: config.http_allow_anonymous,
    metricsOpen: config.http_metrics_open,
    sessionUs: toUs(config.http_session_time),
    proxies: config.http_trusted_proxies,
    proxyUserHeader: config.http_proxy_user_header.toLowerCase(),
    proxyRole: config.http_proxy_role,
    requestsPerSecond: config.http_rate_limit,
    auditEntries: config.http_audit_entries,
  };
}

export function toShareSettings(config: Config): ShareSettings {
  return {
    most: config.share_max,
    mostBytes: config.share_max_mem,
    ageUs: toUs(config.share_time),
    directory: config.state_dir === '' ? '' : join(config.state_dir, SHARED_FOLDER),
  };
}

export function toLogSettings(config: Config): LogSettings {
  return { level: config.log_level, format: config.log_format };
}

/** An operator writes 0 for off and `auto` for any free port; sockets take 0 for any free port, so off is -1. */
function toPort(written: number | 'auto'): number {
  if (written === 'auto') return 0;
  return written === 0 ? -1 : written;
}

function toUs(ms: number): number {
  return Math.round(ms * 1000);
}

function toDumpSettings(config: Config): DumpSettings | undefined {
  if (!config.pcap_dump_on) return undefined;
  return {
    dir: config.pcap_dump_dir,
    prefix: config.pcap_dump_prefix,
    suffix: config.pcap_dump_suffix,
    extension: config.pcap_dump_extension,
    subdirs: config.pcap_dump_subdirs,
    onErr: config.pcap_dump_onerr,
    workers: config.pcap_dump_workers,
    queueMessages: config.pcap_dump_queue_len,
    queueBytes: config.pcap_dump_queue_mem,
    openFiles: config.pcap_dump_open_files,
  };
}

function toLiveSettings(config: Config): LiveSettings | undefined {
  if (config.iface === '') return undefined;
  return {
    iface: config.iface,
    driver: config.capture_driver,
    snaplen: config.capture_snaplen,
    isPromiscuous: config.capture_promisc,
    bufferKb: config.pcap_buf_kb,
  };
}

function toCaptureSettings(config: Config): CaptureSettings | undefined {
  if (config.pcap.length === 0 && config.iface === '') return undefined;
  const { replay_scale: scale, replay_min_delay: minDelayMs, replay_max_delay: maxDelayMs } = config;
  return {
    files: config.pcap,
    live: toLiveSettings(config),
    passes: Math.max(1, config.pcap_loop),
    filter: config.bpf,
    pace: config.replay ? { scale, minDelayMs, maxDelayMs } : undefined,
    hepPorts: config.hep_ports,
    vxlanPorts: config.vxlan_ports,
    websocketPorts: config.websocket_ports,
    tcp: {
      connectionTimeoutUs: toUs(config.tcp_connection_timeout),
      reorderTimeoutUs: toUs(config.tcp_reorder_timeout),
      checkIntervalUs: toUs(config.tcp_gc_int),
      maxStreams: config.tcp_max_streams,
      maxStreamBytes: config.tcp_max_stream_mem,
      maxBytes: config.tcp_max_mem,
    },
    maxHeadBytes: config.tcp_msg_buf_max,
    fragments: { maxBytes: config.frag_max_mem, timeoutUs: toUs(config.frag_timeout) },
    isBesideListeners: INPUT_PORTS.some((name) => config[name] !== 0),
  };
}

const INPUT_PORTS = ['hep_udp_port', 'hep_tcp_port', 'hep_tls_port', 'ipfix_port'] as const;
const LISTENER_PORTS: readonly OptionName[] = [...INPUT_PORTS, 'http_port'];

/** What runs, and whether it goes on when the capture files have been played. */
export interface Mode {
  readonly config: Config;
  readonly staysUp: boolean;
}

/**
 * With capture files only those listeners open that were asked for on the command line or in the environment, and the
 * program ends with the files unless there is one of them or `run_forever`; that also opens the pages.
 */
export function settleMode({ config, sources }: LoadedConfig): Mode {
  if (config.pcap.length === 0) return { config, staysUp: true };
  const isAskedFor = (name: OptionName): boolean => {
    const source = sources.get(name);
    return (source === 'command line' || source === 'environment') && config[name] !== 0;
  };
  const closed = LISTENER_PORTS.filter(
    (name) => !isAskedFor(name) && !(name === 'http_port' && config.run_forever && !sources.has(name)),
  );
  return {
    config: { ...config, ...Object.fromEntries(closed.map((name) => [name, 0])) },
    staysUp: config.run_forever || LISTENER_PORTS.some(isAskedFor),
  };
}
