import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { CallView, EndpointView, EventView } from '../../src/model/views.ts';
import { readHep, shiftHep3Time } from '../support/hep-envelope.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { UdpAgent, replay, replayOverTcp, sendingsOf } from '../support/hep-sender.ts';
import { type Datagram, readDatagrams } from '../support/pcap.ts';
import { until } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { CAPTURES, type Expected, type ExpectedCall, readExpected } from './expected.ts';

/** No call may time out before it was looked at. */
const KEEP = '[inv_neg:180s inv_canceled:60s inv_bye_repl:60s non_inv_1st:180s non_inv_neg:60s non_inv_fin:60s]';

const EVENT_LIMIT_MS = 20_000;

describe('recorded HEP traffic', { concurrency: 2 }, () => {
  for (const name of CAPTURES) {
    const expected = readExpected(name);

    test(`${name}: calls, agents, counters and events are those of the SIP on the wire`, async () => {
      // Every event is wanted here, however fast one source causes them.
      const collector = await startCollector({ calls_timeouts: KEEP, evr_limits: '0' });
      const agent = await UdpAgent.open();
      try {
        await replay(sendingsOf(packetsOf(expected), agent), [collector]);
        await assertCounters(collector, expected);
        await assertAgent(collector, expected, agent.port);
        await assertCalls(collector, expected, [udpAgentId(expected, agent)]);
        // Every phone of the captures signs off in the end.
        assert.deepEqual(await collector.registrations(), []);
        await collector.endCalls();
        await assertEvents(collector, expected);
        await assertParseErrors(collector, expected);
      } finally {
        agent.close();
        await collector.stop();
      }
    });
  }

  test('the proxy and a sniffer that report the same traffic make one call of each, with both as witnesses', async () => {
    const proxy = readExpected('kamailio-5.6-siptrace-hep3');
    const sniffer = readExpected('sngrep-hep');
    const [proxyAgent, snifferAgent] = await Promise.all([UdpAgent.open(), UdpAgent.open()]);
    const collector = await startCollector({ calls_timeouts: KEEP });
    try {
      const sendings = [...sendingsOf(packetsOf(proxy), proxyAgent), ...sendingsOf(packetsOf(sniffer), snifferAgent)];
      const inTime = sendings.toSorted((left, right) => left.timeUs - right.timeUs);
      await replay(inTime, [collector]);
      // The sniffer's packets bear the time of the SIP, the proxy's the moment of its report: the sniffer is first.
      await assertCalls(collector, proxy, [udpAgentId(sniffer, snifferAgent), udpAgentId(proxy, proxyAgent)]);
      const counters = await collector.counters();
      const { 'calls.other_hop': otherHop = 0, 'calls.retransmissions': retransmissions = 0 } = sniffer.counters;
      assert.equal(counters.get('ingest.tracked'), sendings.length);
      assert.equal(counters.get('calls.other_hop'), otherHop);
      assert.equal(counters.get('calls.retransmissions'), retransmissions);
      // All the proxy says has been seen by the sniffer.
      assert.equal(counters.get('calls.seen_again'), proxy.agent.packets);
    } finally {
      proxyAgent.close();
      snifferAgent.close();
      await collector.stop();
    }
  });

  test('a sender with the right time is tracked on it, however late and fast its packets come', async () => {
    const expected = readExpected('kamailio-5.6-siptrace-hep3');
    const agent = await UdpAgent.open();
    const collector = await startCollector({ calls_timeouts: KEEP, max_clock_skew: '1h' });
    try {
      const packets = packetsOf(expected);
      // As if the last packet were sent now; all are sent without any pause.
      const lateByUs = Date.now() * 1000 - (readHep(packets.at(-1)?.payload ?? Buffer.of()).timeUs ?? 0);
      for (const { payload } of packets) shiftHep3Time(payload, lateByUs);
      await replay(
        packets.map(({ payload }) => ({ from: agent, payload, timeUs: 0 })),
        [collector],
      );
      assert.equal((await collector.counters()).get('hep.time_skewed'), 0);
      await assertCalls(collector, expected, [udpAgentId(expected, agent)]);
      const calls = await collector.calls();
      const times = ({ callId, pddMs, ringMs }: CallTimes): CallTimes => ({ callId, pddMs, ringMs });
      const invited = expected.calls.filter(({ method }) => method === 'INVITE');
      assert.deepEqual(
        calls
          .filter(({ method }) => method === 'INVITE')
          .map(times)
          .toSorted(byCall),
        invited.map(times).toSorted(byCall),
      );
      const ended = new Map((await collector.events()).map((event) => [`${event.callId} ${event.type}`, event]));
      for (const { callId, durationMs } of invited.filter((call) => call.durationMs !== null)) {
        assert.equal(ended.get(`${callId} call-end`)?.durationMs, durationMs, callId);
      }
    } finally {
      agent.close();
      await collector.stop();
    }
  });

  test('HEP3 over TCP, cut anywhere, gives the same calls as over UDP', async () => {
    // This capture has no retransmissions once the last calls are left out, so it may be sent at any speed.
    const expected = readExpected('kamailio-5.6-siptrace-hep3');
    const all = packetsOf(expected);
    const first = all.findIndex(({ payload }) => payload.includes('INVITE sip:hole@'));
    const collector = await startCollector({ calls_timeouts: KEEP });
    try {
      await replayOverTcp(all.slice(0, first), collector);
      const counters = await collector.counters();
      assert.equal(counters.get('hep.tcp'), first);
      assert.equal(counters.get('hep.conns_faulty'), 0);
      assert.equal(counters.get('ingest.tracked'), first);
      const calls = expected.calls.filter(({ requestUri }) => !requestUri.startsWith('sip:hole@'));
      // The port belongs to the connection: an agent that reconnects is the same agent.
      await assertCalls(collector, { ...expected, calls }, [`${expected.agent.captureId}@127.0.0.1/tcp`]);
    } finally {
      await collector.stop();
    }
  });
});

/** The HEP packets of a capture, as they arrived. */
function packetsOf({ capture, hepPort }: Expected): Datagram[] {
  return readDatagrams(join(ROOT, 'fixtures/captures', capture), [hepPort]);
}

function udpAgentId({ agent: { captureId } }: Expected, { port }: UdpAgent): string {
  return `${captureId}@127.0.0.1:${port}/udp`;
}

async function assertCounters(collector: Collector, expected: Expected): Promise<void> {
  const counters = await collector.counters();
  const got = Object.fromEntries(Object.keys(expected.counters).map((name) => [name, counters.get(name)]));
  assert.deepEqual(got, expected.counters);
}

async function assertAgent(collector: Collector, expected: Expected, port: number): Promise<void> {
  const agents = await collector.agents();
  assert.deepEqual(
    agents.map(({ source, transport, captureId, versions, packets, bytes, sip }) => {
      return { source, transport, captureId, versions, packets, bytes, sip };
    }),
    [
      {
        source: { ip: '127.0.0.1', port },
        transport: 'udp',
        captureId: expected.agent.captureId,
        versions: expected.agent.versions,
        packets: expected.agent.packets,
        bytes: expected.agent.bytes,
        sip: expected.agent.sip,
      },
    ],
  );
  const [agent] = agents;
  const refused = Object.values(agent?.refused ?? {}).reduce((sum, count) => sum + count, 0);
  const ignored = Object.values(agent?.ignored ?? {}).reduce((sum, count) => sum + count, 0);
  assert.deepEqual(
    { tracked: agent?.tracked, refused, ignored },
    {
      tracked: expected.counters['ingest.tracked'],
      refused: expected.counters['ingest.refused'],
      ignored: expected.counters['ingest.ignored'],
    },
  );
}

async function assertCalls(collector: Collector, expected: Expected, agents: readonly string[]): Promise<void> {
  const views = await collector.calls();
  assert.deepEqual(
    views.map(({ callId }) => callId).toSorted(),
    expected.calls.map(({ callId }) => callId).toSorted(),
    'exactly one entry per call',
  );
  const byCallId = new Map(views.map((view) => [view.callId, view]));
  const wrong = expected.calls.flatMap((call) => differences(call, byCallId.get(call.callId), agents));
  assert.deepEqual(wrong, []);
}

/** All differences at once: one capture tells as much as it can in one run. */
function differences(expected: ExpectedCall, view: CallView | undefined, agents: readonly string[]): object[] {
  if (view === undefined) return [{ callId: expected.callId, missing: true }];
  // On arrival time, which pauses are cut from, times mean nothing.
  const { events: _, pddMs: _pdd, ringMs: _ring, durationMs: _duration, ...fields } = expected;
  const hops = expected.hops.map((hop) => ({ ...hop, agents }));
  const want: Record<string, unknown> = { ...fields, hops, agents };
  const got = flat(view);
  return Object.keys(want)
    .filter((field) => JSON.stringify(got[field]) !== JSON.stringify(want[field]))
    .map((field) => ({ callId: expected.callId, field, got: got[field], want: want[field] }));
}

/** A call in the words of the expectation: endpoints as text, fields in its order. */
function flat(view: CallView): Record<string, unknown> {
  const { requests, replies } = view.retransmissions;
  return {
    ...view,
    src: endpoint(view.src),
    dst: endpoint(view.dst),
    retransmissions: { requests, replies },
    hops: view.hops.map(({ src, dst, transport, messages, agents }) => {
      return { src: endpoint(src), dst: endpoint(dst), transport, messages, agents };
    }),
  };
}

function endpoint({ ip, port }: EndpointView): string {
  return `${ip}:${port}`;
}

/** An event in the words of the expectation. */
type EventOfCall = Pick<ExpectedCall, 'callId' | 'fromTag' | 'toTag' | 'src' | 'dst' | 'transport'> & { event: string };

function eventsOf(call: ExpectedCall): EventOfCall[] {
  const { callId, fromTag, toTag, src, dst, transport } = call;
  const events = [...call.events.atOnce, ...call.events.atTimeout];
  return events.map((text) => {
    const [type, status, toTagThen = toTag] = text.split(' ');
    return { callId, fromTag, toTag: toTagThen, src, dst, transport, event: `${type} ${status}` };
  });
}

function shownEvent({ callId, fromTag, toTag, src, dst, transport, type, status }: EventView): EventOfCall {
  return { callId, fromTag, toTag, src: endpoint(src), dst: endpoint(dst), transport, event: `${type} ${status}` };
}

/** The order of one call's events counts, the order of calls does not. */
async function assertEvents(collector: Collector, expected: Expected): Promise<void> {
  const callIds = new Set(expected.calls.map(({ callId }) => callId));
  const want = expected.calls.flatMap(eventsOf);
  let got: EventOfCall[] = [];
  await until('the events of all calls', EVENT_LIMIT_MS, async () => {
    got = (await collector.events()).filter(({ callId }) => callIds.has(callId)).map(shownEvent);
    return got.length >= want.length ? true : undefined;
  }).catch(() => undefined); // the comparison below shows which are missing
  assert.deepEqual(got.toSorted(byCall), want.toSorted(byCall));
}

type CallTimes = Pick<ExpectedCall, 'callId' | 'pddMs' | 'ringMs'>;

/** For a stable sort. */
function byCall(left: { callId: string }, right: { callId: string }): number {
  return left.callId < right.callId ? -1 : left.callId > right.callId ? 1 : 0;
}

async function assertParseErrors(collector: Collector, expected: Expected): Promise<void> {
  const unparsed = (await collector.events()).filter(({ type }) => type === 'parse-error').length;
  assert.equal(unparsed, expected.counters['ingest.refused']);
}
