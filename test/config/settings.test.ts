import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settleMode, toEngineSettings, toHttpSettings, toLogSettings } from '../../src/config/settings.ts';
import type { RateCriterion } from '../../src/model/event-rates.ts';
import { CallState } from '../../src/model/call-state.ts';
import { load } from './cases.ts';

function criterion(changes: Partial<RateCriterion>): RateCriterion {
  const any = { op: 'ignore', ms: 0 } as const;
  return {
    exceeded: { op: 'ignore', value: false },
    createdAgo: any,
    changedAgo: any,
    lastExceededAgo: any,
    lastOkAgo: any,
    maxRunMs: 5,
    ...changes,
  };
}

test('toEngineSettings() turns options into what the engine counts in', () => {
  const { config } = load({
    argv: [
      '--hep_udp_port=auto',
      '--hep_tcp_port=0',
      '--hep_idle_timeout=1m',
      '--hep_auth_key=one,two',
      '--hep_auth_exempt=::1',
      '--calls_timeouts=inv_1st:90s',
      '--dup_window=20ms',
      '--reg_exp_delta=5',
      '--regs_max_mem=1M',
      '--contact_ignore_port',
      '--callid_aleg_header=X-CID,X-Aleg',
      '--event_types_blst=OTHER-OK',
      '--evr_max_entries=1000000',
      '--evr_limits=5.5',
    ],
  });
  assert.deepEqual(toEngineSettings(config), {
    hep: {
      addr: '0.0.0.0',
      udpPort: 0,
      tcpPort: -1,
      tlsPort: -1,
      tls: undefined,
      rcvbufBytes: 8_388_608,
      receive: 'auto',
      udpSharing: 'alone',
      udpSockets: 'one',
      limits: {
        maxMessageBytes: 65_535,
        maxChunks: 256,
        maxInflatedBytes: 262_144,
        maxInflateRatio: 100,
        maxConnections: 4096,
        maxConnectionsPerAddress: 1024,
        idleTimeoutMs: 60_000,
        messageTimeoutMs: 30_000,
        maxAgents: 4096,
      },
      allow: [],
      auth: {
        keys: ['one', 'two'],
        listeners: ['udp', 'tcp', 'tls'],
        exempt: [{ words: [0, 0, 0, 1], bits: 128, text: '::1' }],
      },
    },
    capture: undefined,
    dump: undefined,
    ipfix: {
      addr: '0.0.0.0',
      port: 4739,
      tls: undefined,
      allow: [],
      limits: {
        maxMessageBytes: 65_535,
        maxConnections: 4096,
        maxConnectionsPerAddress: 1024,
        messageTimeoutMs: 30_000,
      },
      timeoutMinS: 0,
      timeoutMaxS: 0,
      ignoreIngress: false,
      ignoreEgress: false,
      wantsQos: true,
    },
    qos: { holdUs: 60_000_000, maxHeld: 10_000 },
    reports: { perCall: 64, memBytes: 16 * 1024 * 1024 },
    tracker: {
      maxCalls: 0,
      maxCallBytes: 0,
      evict: 'none',
      maxForks: 64,
      timeouts: new Map([[CallState.INV_1ST, 90]]),
      dupWindowUs: 20_000,
      messages: { perCall: 64, memBytes: 64 * 1024 * 1024 },
      registrations: {
        expDeltaS: 5,
        delDelayS: 0,
        contactIgnorePort: true,
        maxEntries: 0,
        maxBytes: 1_048_576,
        maxContacts: 256,
      },
    },
    links: { maxLinks: 4096, servers: [], ports: [5060, 5061] },
    state: { file: '', intervalMs: 60_000 },
    maxClockSkewUs: 5_000_000,
    alegHeaders: ['x-cid', 'x-aleg'],
    sipMaxHeaders: 256,
    eventBufferSize: 10_240,
    eventRates: {
      maxEntries: 1_000_000,
      reportMin: 100,
      reportMax: 10_000,
      intervalsMs: [1000, 60_000, 3_600_000],
      limits: [5.5, 0, 0],
      gc: { intervalMs: 10_000, oldAgeMs: 300_000, maxRunMs: 1000, target: 10 },
      pressure: {
        lightTrigger: 850_000,
        lightTarget: 800_000,
        lightLifetimeMs: 900_000,
        lightMaxRunMs: 2,
        hardTarget: 900_000,
        criteria: [
          criterion({ exceeded: { op: '==', value: false }, lastOkAgo: { op: '>', ms: 600_000 } }),
          criterion({ exceeded: { op: '==', value: false }, lastOkAgo: { op: '>', ms: 30_000 } }),
          criterion({ exceeded: { op: '==', value: true }, lastExceededAgo: { op: '>', ms: 10_000 } }),
          ...Array.from({ length: 7 }, () => criterion({})),
        ],
      },
    },
    eventBlacklist: ['other-ok'],
    faultLogIntervalMs: 10_000,
  });
});

test('toEngineSettings() answers plain data that another thread can be sent', () => {
  const settings = toEngineSettings(load({}).config);
  assert.deepEqual(structuredClone(settings), settings);
});

test('toHttpSettings() and toLogSettings() take their part', () => {
  const { config } = load({
    argv: ['--http_tokens=a=:admin,b:viewer:2026-12-31', '-log_level=dbg', '-log_format=text', '-p=0'],
  });
  assert.deepEqual(toHttpSettings(config), {
    addr: '127.0.0.1',
    port: -1,
    tls: undefined,
    users: [],
    tokens: [
      { token: 'a=', role: 'admin' },
      // Midnight after its last day, UTC.
      { token: 'b', role: 'viewer', untilUs: Date.UTC(2027, 0, 1) * 1000 },
    ],
    allowAnonymous: false,
    metricsOpen: false,
    sessionUs: 12 * 3600 * 1e6,
    proxies: [],
    proxyUserHeader: '',
    proxyRole: 'viewer',
    requestsPerSecond: 200,
    auditEntries: 1000,
  });
  assert.deepEqual(toLogSettings(config), { level: 3, format: 'text' });
});

test('an interface is captured beside the listeners, which stay as they are', () => {
  const mode = settleMode(load({ argv: ['-i', 'eth0', '-bpf', 'port 5060', '-pcap_buf_kb', '4096'] }));
  const { capture, hep } = toEngineSettings(mode.config);
  assert.deepEqual(capture?.live, {
    iface: 'eth0',
    driver: 'auto',
    snaplen: 262_144,
    isPromiscuous: true,
    bufferKb: 4096,
  });
  assert.deepEqual([capture.files, capture.filter, hep.udpPort, mode.staysUp], [[], 'port 5060', 9060, true]);
});

test('calls are written to files only where that is switched on', () => {
  const argv = ['-pcap_dump_dir', '/var/lib/calls', '-pcap_dump_subdirs', '40'];
  assert.equal(toEngineSettings(load({ argv }).config).dump, undefined);
  assert.deepEqual(toEngineSettings(load({ argv: ['-pcap_dump_on', ...argv] }).config).dump, {
    dir: '/var/lib/calls',
    prefix: 'callid_',
    suffix: '',
    extension: 'pcap',
    subdirs: 40,
    onErr: false,
    workers: 1,
    queueMessages: 10_000,
    queueBytes: 33_554_432,
    openFiles: 256,
  });
});
