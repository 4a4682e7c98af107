import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { REFUSED_BY_FAULT } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { faultsByReason, octetsText, offsetText } from '../../src/http/ingest-health.ts';
import { silentSenders } from '../../src/http/silence.ts';
import { MAX_LIST_LIMIT } from '../../src/model/engine.ts';
import type { AgentView, ProbeView } from '../../src/model/views.ts';
import { client } from './client.ts';
import { agent, NOW_US, probe } from './fakes.ts';

const counted = (counts: readonly (readonly [Fault, number])[]): { values: Float64Array; maxima: Float64Array } => {
  const values = new Float64Array(4096);
  for (const [fault, count] of counts) values[REFUSED_BY_FAULT[fault]!] = count; // declared for every fault
  return { values, maxima: values };
};

suite('faultsByReason()', () => {
  test('lists what was refused with whose it was, most frequent first, and the last octets of all senders', () => {
    const at = (ms: number, hex: string): { code: string; atUs: number; hex: string } => ({
      code: 'HEP_BAD_CHUNK',
      atUs: NOW_US + ms * 1000,
      hex,
    });
    const rows = faultsByReason(
      counted([
        [Fault.HEP_BAD_CHUNK, 7],
        [Fault.SIP_BAD_VALUE, 9],
      ]),
      [
        { id: 'a', refused: { HEP_BAD_CHUNK: 2 }, lastFault: at(1, '01') },
        { id: 'b', refused: { HEP_BAD_CHUNK: 5, SIP_BAD_VALUE: 1 }, lastFault: at(2, '02') },
        { id: 'c', refused: {}, lastFault: null },
      ],
    );
    assert.deepEqual(
      rows.map(({ code, messages, senders, last }) => ({ code, messages, senders, last })),
      [
        { code: 'SIP_BAD_VALUE', messages: 9, senders: [{ id: 'b', messages: 1 }], last: null },
        {
          code: 'HEP_BAD_CHUNK',
          messages: 7,
          senders: [
            { id: 'b', messages: 5 },
            { id: 'a', messages: 2 },
          ],
          last: { sender: 'b', atUs: NOW_US + 2000, hex: '02' },
        },
      ],
    );
    assert.match(rows[1]?.description ?? '', /chunk/);
  });

  test('is empty where nothing was refused', () => {
    assert.deepEqual(faultsByReason(counted([]), [agent()]), []);
  });
});

test('a clock offset reads as a duration, to the second from one second on', () => {
  assert.equal(offsetText(-7_667_637), '-2h7m48s');
  assert.equal(offsetText(-7_667_000), '-2h7m47s');
  assert.equal(offsetText(150), '+150ms');
  assert.equal(offsetText(0), '0s');
});

test('octets stand in groups of four, and as text where they are', () => {
  assert.deepEqual(octetsText('484550330008676172'), { hex: '48455033 00086761 72', text: 'HEP3··gar' });
  assert.deepEqual(octetsText(''), { hex: '', text: '' });
});

suite('/hep/list', () => {
  test('says where everything went, which clock is off, who is silent, and what was refused', async () => {
    const { get, deps } = client();
    deps.engine.agents = [
      agent({ clockOffsetMs: -7_667_000, lastSeenUs: NOW_US - 60e6 }),
      agent({ id: 'other', clockOffsetMs: 20, lastSeenUs: NOW_US - 1e6 }),
    ];
    const { body } = await get('/hep/list?format=html');
    assert.match(body, /<strong class="warn"[^>]*>▲ -2h7m47s<\/strong>/);
    assert.match(body, />\+20ms</);
    assert.equal(body.split('silent for').length - 1, 1);
    assert.match(
      body,
      /<aside class="hints warning" aria-label="Silent senders">.*2026-11-21 09:59:00\.000.*<\/aside>/,
    );
    assert.match(body, /<div class="quiet">12\.5 \/s<\/div>/);
    assert.match(body, /silent for 1m0s/);
    assert.match(body, /<section id="faults">/);
    const json = (await get('/hep/list?format=json')).json<{ flow: { name: string; messages: number }[] }>();
    assert.deepEqual(
      json.flow.map(({ name }) => name),
      ['Received', 'Tracked', 'Refused', 'Ignored', 'Dropped'],
    );
    const [received = 0, ...ways] = json.flow.map(({ messages }) => messages);
    assert.equal(
      received,
      ways.reduce((sum, messages) => sum + messages, 0),
    );
    assert.match((await get('/hep/list')).body, /clock: -2h7m47s/);
  });
});

suite('who is silent:', () => {
  const since = (ageS: number, changes: Partial<AgentView> = {}): AgentView =>
    agent({ firstSeenUs: NOW_US - 3_600e6, lastSeenUs: NOW_US - ageS * 1e6, packets: 100_000, ...changes });
  const names = (agents: AgentView[], probes: ProbeView[] = []): string[] =>
    silentSenders(agents, probes, NOW_US).map(({ id }) => id);

  test('a busy agent within ten seconds of its last packet, with the time of that', () => {
    assert.deepEqual(silentSenders([since(8)], [], NOW_US), [
      { id: '2001@203.0.113.7:40112/udp', name: 'proxy-a', sinceUs: NOW_US - 8e6 },
    ]);
    assert.deepEqual(names([since(6)]), []);
  });

  test('not one that sends once a minute anyway, until three are missing', () => {
    assert.deepEqual(names([since(150, { packets: 58 })]), []);
    assert.deepEqual(names([since(200, { packets: 58 })]).length, 1);
  });

  test('a probe by its keep-alives', () => {
    assert.deepEqual(names([], [probe({ lastIoUs: NOW_US - 60e6, keepaliveS: 30 })]), []);
    assert.deepEqual(names([], [probe({ lastIoUs: NOW_US - 100e6, keepaliveS: 30 })]), ['192.0.2.51:36816/ipfix']);
  });

  test('the last that fell silent first', () => {
    const agents = [since(60, { id: 'a' }), since(20, { id: 'b' }), since(3, { id: 'c' })];
    assert.deepEqual(names(agents, [probe({ agent: 'd', lastIoUs: NOW_US - 40e6, keepaliveS: 0 })]), ['b', 'd', 'a']);
  });

  test('JSON and text tell since when, and a search that finds nothing names them', async () => {
    const { get, deps } = client();
    deps.engine.agents = [since(20)];
    const json = (await get('/hep/list?format=json')).json<{ silent: { since: string }[]; items: AgentView[] }>();
    assert.deepEqual(
      json.silent.map((each) => each.since),
      ['2026-11-21T09:59:40.000000Z'],
    );
    assert.equal(json.items[0]?.packetsPerSecond, 12.5);
    const text = (await get('/hep/list')).body;
    assert.match(
      text,
      /^Silent 2001@203\.0\.113\.7:40112\/udp "proxy-a" since: 2026-11-21 09:59:40\.000000 \+0000 UTC \(20s ago\)$/m,
    );
    assert.match(text, /per second: 12\.5 packets 9877 bytes/);
    deps.engine.foundMessages = [];
    deps.engine.calls = [];
    deps.engine.events = [];
    for (const path of ['/calls/list', '/events', '/messages']) {
      const { body } = await get(`${path}?q=nobody`);
      assert.match(
        body,
        /# Agent 2001@203\.0\.113\.7:40112\/udp \(proxy-a\) has been silent for 20s \(\/hep\/list\)/,
        path,
      );
    }
  });
});

suite('/ipfix/list', () => {
  test('takes n up to 100 000 and says where the answer ends', async () => {
    const { get, deps } = client();
    deps.engine.probes = Array.from({ length: MAX_LIST_LIMIT + 5 }, (_, id) => probe({ id }));
    const json = (await get('/ipfix/list?n=100000&format=json')).json<{
      items: unknown[];
      truncated: boolean;
      total: number;
    }>();
    assert.deepEqual([json.items.length, json.total, json.truncated], [MAX_LIST_LIMIT, MAX_LIST_LIMIT + 5, true]);
    assert.match(
      (await get('/ipfix/list?n=100000')).body,
      new RegExp(`^# one answer holds ${MAX_LIST_LIMIT}: ask for more with s=${MAX_LIST_LIMIT}$`, 'm'),
    );
    const rest = (await get(`/ipfix/list?n=100000&s=${MAX_LIST_LIMIT}&format=json`)).json<{
      items: unknown[];
      truncated: boolean;
    }>();
    assert.deepEqual([rest.items.length, rest.truncated], [5, false]);
    assert.equal((await get('/ipfix/list?n=100001')).statusCode, 400);
    assert.equal((await get('/hep/list?n=100000')).statusCode, 400);
  });
});
