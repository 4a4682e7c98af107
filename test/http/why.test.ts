import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client, type Client } from './client.ts';
import { agent, countersOf, NOW_US, SOME_TRAFFIC } from './fakes.ts';

interface Case {
  name: string;
  url: string;
  counters: Record<string, number>;
  prepare?: (it: Client) => void;
  codes: string[];
  says: RegExp;
}

const emptied = ({ deps }: Client): void => {
  deps.engine.calls = [];
  deps.engine.registrations = [];
  deps.engine.events = [];
  deps.engine.agents = [];
  deps.engine.nextIndex = 0;
};

const cases: Case[] = [
  {
    name: 'nothing has arrived',
    url: '/calls/list',
    counters: {},
    prepare: emptied,
    codes: ['nothing-received', 'listening', 'silent-connections', 'check-agents'],
    says: /Nothing has arrived in the 13s since the start/,
  },
  {
    name: 'no listener is open',
    url: '/hep/list',
    counters: {},
    prepare: (it) => {
      emptied(it);
      it.deps.engine.listening = [];
    },
    codes: ['no-listener'],
    says: /set hep_udp_port or hep_tcp_port/,
  },
  {
    name: 'the listeners are on loopback',
    url: '/events',
    counters: {},
    prepare: (it) => {
      emptied(it);
      it.deps.engine.listening = [
        {
          name: 'hep-udp',
          address: '127.0.0.1',
          port: 9060,
          receiveMethod: null,
          receiveBufferBytes: null,
          kernelDrops: null,
          connections: null,
        },
      ];
    },
    codes: ['nothing-received', 'listening', 'loopback-only', 'check-agents'],
    says: /Listening for HEP over UDP on 127\.0\.0\.1:9060/,
  },
  {
    name: 'all that arrived was refused',
    url: '/calls/list',
    counters: { 'ingest.received': 50, 'ingest.refused': 50, 'ingest.refused.HEP_NOT_HEP': 50, 'hep.agents': 1 },
    prepare: (it) => {
      emptied(it);
      it.deps.engine.agents = [agent({ lastSeenUs: NOW_US - 3_000_000 })];
    },
    codes: ['received', 'refused'],
    says: /50 messages refused: 50 × HEP_NOT_HEP \(plain SIP text where HEP is expected/,
  },
  {
    name: 'all that arrived was RTCP',
    url: '/events',
    counters: { 'ingest.received': 7, 'ingest.ignored': 7, 'ingest.ignored.rtcp': 7 },
    prepare: emptied,
    codes: ['received', 'ignored'],
    says: /7 messages not used: 7 × rtcp/,
  },
  {
    name: 'the kernel dropped datagrams',
    url: '/calls/list',
    counters: { 'hep.kernel_drops': 1 },
    prepare: emptied,
    codes: ['nothing-received', 'listening', 'silent-connections', 'check-agents', 'kernel-drops'],
    says: /1 datagram dropped by the kernel/,
  },
  {
    name: 'all calls have finished',
    url: '/calls/list',
    counters: SOME_TRAFFIC,
    prepare: emptied,
    codes: ['finished', 'events', 'received', 'refused', 'ignored'],
    says: /21 calls tracked since the start, none held now/,
  },
  {
    name: 'no phone has registered',
    url: '/regs/list',
    counters: SOME_TRAFFIC,
    prepare: emptied,
    codes: ['no-register', 'received', 'refused', 'ignored'],
    says: /No REGISTER is among the SIP messages tracked so far/,
  },
  {
    name: 'no registration was confirmed',
    url: '/regs/list',
    counters: { ...SOME_TRAFFIC, 'pkt_stats.sip_REGISTER': 2 },
    prepare: emptied,
    codes: ['not-confirmed', 'received', 'refused', 'ignored'],
    says: /2 REGISTERs seen, but no 2xx that binds a contact/,
  },
  {
    name: 'all bindings have ended, and some were not held',
    url: '/regs/list',
    counters: { ...SOME_TRAFFIC, 'regs.created': 3, 'regs.fail_lim': 1, 'regs.fail_new': 1 },
    prepare: emptied,
    codes: ['ended', 'registration-limit', 'received', 'refused', 'ignored'],
    says: /3 bindings seen since the start, none held now/,
  },
  {
    name: 'no binding is of that user',
    url: '/regs/list?aor=nobody',
    counters: SOME_TRAFFIC,
    codes: ['filter'],
    says: /1 binding held, but no address-of-record contains \(case matters\) "nobody"/,
  },
  {
    name: 'calls are still going on',
    url: '/events',
    counters: { ...SOME_TRAFFIC, 'ev_rate.blst_type': 2 },
    prepare: emptied,
    codes: ['switched-off', 'calls-in-progress', 'received', 'refused', 'ignored'],
    says: /2 events dropped because their type is switched off/,
  },
  {
    name: 'the filter is too narrow',
    url: '/calls/list?cid=nobody',
    counters: SOME_TRAFFIC,
    codes: ['filter', 'finished'],
    says: /1 call held, but no Call-ID contains \(case matters\) "nobody"/,
  },
  {
    name: 'the start is behind the last call',
    url: '/calls/list?s=10',
    counters: SOME_TRAFFIC,
    codes: ['behind-the-end'],
    says: /Item 10 is behind the last: 1 match/,
  },
  {
    name: 'the start is behind the last event',
    url: '/events?s=4',
    counters: SOME_TRAFFIC,
    codes: ['behind-the-end'],
    says: /The next event will get index 4/,
  },
  {
    name: 'a call limit is reached',
    url: '/events',
    counters: { ...SOME_TRAFFIC, 'calls.active': 0, 'calls.fail_lim': 5 },
    prepare: emptied,
    codes: ['call-limit', 'received', 'refused', 'ignored'],
    says: /5 calls not tracked because a limit is reached/,
  },
  {
    name: 'the engine is down',
    url: '/hep/list',
    counters: SOME_TRAFFIC,
    prepare: (it) => {
      emptied(it);
      it.deps.engine.state = { ...it.deps.engine.state, running: false, lastError: 'port in use' };
    },
    codes: ['engine-down'],
    says: /The engine is not running: port in use/,
  },
];

for (const { name, url, counters, prepare, codes, says } of cases) {
  test(`an empty ${url} explains that ${name}`, async () => {
    const columns = countersOf(counters);
    const it = client({ counters: () => columns });
    prepare?.(it);
    const json = await it.get(url, { accept: 'application/json' });
    const why = json.json<{ why: { code: string; text: string }[] }>().why;
    assert.deepEqual(
      why.map((hint) => hint.code),
      codes,
    );
    assert.match(why.map((hint) => hint.text).join('\n'), says);
    assert.match((await it.get(url)).body, says);
    assert.match((await it.get(url, { accept: 'text/html' })).body, /Why is nothing here\?/);
  });
}

test('a list with items explains nothing', async () => {
  const { get } = client();
  for (const url of ['/calls/list', '/events', '/hep/list']) {
    assert.equal('why' in (await get(url, { accept: 'application/json' })).json<object>(), false);
  }
});

test('the index warns of what loses data', async () => {
  const columns = countersOf({
    'hep.kernel_drops': 3,
    'ingest.dropped': 2,
    'ingest.dropped.overload': 2,
    'calls.fail_lim': 1,
    'ev_rate.tracking_fail': 3,
    'event_log.dropped': 4,
    'hep.time_skewed': 4,
  });
  const { get } = client({ counters: () => columns });
  const home = (await get('/?format=json')).json<{ warnings: { code: string }[] }>();
  assert.deepEqual(
    home.warnings.map((hint) => hint.code),
    ['kernel-drops', 'dropped', 'call-limit', 'rate-table-full', 'event-log', 'clock-skew'],
  );
});
