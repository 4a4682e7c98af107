import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CallView, EndpointView } from '../../src/model/views.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { until } from '../support/process.ts';
import { Lab, PORTS, type Reporting } from './lab.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { blocked, obstacle } from './tools.ts';
import { CallWatch } from './watch.ts';

/** Long enough to see each call in its last state, short enough to see what it reports then. */
const TIMEOUTS = '[inv_neg:4s inv_canceled:4s inv_bye_repl:4s non_inv_neg:4s non_inv_fin:4s]';

const CALLS_LIMIT_MS = 10_000;
const EVENTS_LIMIT_MS = 20_000;
const CAPTURE_ID = 1001;

type Variant = Pick<Reporting, 'hepVersion' | 'hepTransport'> & { sip: 'udp' | 'tcp' };

const VARIANTS: readonly Variant[] = [
  { hepVersion: 1, hepTransport: 'udp', sip: 'udp' },
  { hepVersion: 2, hepTransport: 'udp', sip: 'tcp' },
  { hepVersion: 3, hepTransport: 'udp', sip: 'udp' },
  { hepVersion: 3, hepTransport: 'tcp', sip: 'tcp' },
];

describe('Kamailio with siptrace', { concurrency: 2 }, () => {
  for (const variant of VARIANTS) {
    const { hepVersion, hepTransport, sip } = variant;
    test(`HEP${hepVersion} over ${hepTransport}, SIP over ${sip}: every call is what happened`, async (context) => {
      if (blocked(context, obstacle(['kamailio', 'sipp']))) return;
      const collector = await startCollector({ calls_timeouts: TIMEOUTS });
      try {
        await playAll(collector, variant);
      } finally {
        await collector.stop();
      }
    });
  }
});

async function playAll(collector: Collector, variant: Variant): Promise<void> {
  const collectorPort = variant.hepTransport === 'udp' ? collector.hepUdp : collector.hepTcp;
  const lab = await Lab.open({ ...variant, collectorPort, captureId: CAPTURE_ID });
  const watch = new CallWatch(collector);
  try {
    const wrong = await Promise.all(SCENARIOS.map((scenario) => playOne(scenario, lab, watch, variant)));
    assert.deepEqual(wrong.flat(), []);
    await assertAgents(collector, lab, variant);
    await assertEvents(collector);
    await assertBindings(collector);
    await assertCounters(collector, variant);
  } finally {
    await watch.stop();
    await lab.close();
  }
}

/** Plays a scenario and answers what the collector has wrong about it. */
async function playOne(scenario: Scenario, lab: Lab, watch: CallWatch, variant: Variant): Promise<object[]> {
  const callId = callIdOf(scenario);
  const port = await lab.play({ scenario: `uac-${scenario.name}`, user: scenario.user, callId }, variant.sip);
  const want = wanted(scenario, lab, port, variant);
  const look = (): object[] => {
    const entries = watch.last(callId);
    if (entries.length !== 1) return [{ callId, entries: entries.map(({ messageTrace }) => messageTrace) }];
    return entries.flatMap((view) => differences(want, shown(view, scenario)).map((what) => ({ callId, ...what })));
  };
  // What is still on its way makes a difference for a moment only.
  await until(callId, CALLS_LIMIT_MS, () => (look().length === 0 ? true : undefined)).catch(() => undefined);
  return look();
}

function callIdOf(scenario: Scenario): string {
  return `${scenario.name}@interop.example`;
}

function wanted(scenario: Scenario, lab: Lab, callerPort: number, variant: Variant): Record<string, unknown> {
  const proxy = `${lab.ip}:${PORTS.proxy}`;
  const hops = [`${lab.ip}:${callerPort} > ${proxy} ${variant.sip} ${scenario.firstHop}`];
  if (scenario.secondHop !== undefined) {
    const { to, messages } = scenario.secondHop;
    hops.push(`${proxy} > ${lab.ip}:${PORTS[to]} udp ${messages}`);
  }
  return {
    method: scenario.method,
    fromTag: '1-caller',
    state: scenario.state,
    statuses: scenario.statuses,
    cseq: scenario.cseq,
    requests: scenario.requests,
    replies: scenario.replies,
    retransmissions: { requests: scenario.retransmitted, replies: [0, 0] },
    messageTrace: scenario.traces[0],
    from: 'sip:alice@interop.example',
    src: `${lab.ip}:${callerPort}`,
    dst: proxy,
    transport: variant.sip,
    hops,
  };
}

/** A call in the words of `wanted`. */
function shown(view: CallView, { traces }: Scenario): Record<string, unknown> {
  return {
    ...view,
    retransmissions: { requests: view.retransmissions.requests, replies: view.retransmissions.replies },
    messageTrace: traces.includes(view.messageTrace) ? traces[0] : view.messageTrace,
    src: endpoint(view.src),
    dst: endpoint(view.dst),
    hops: view.hops.map((hop) => `${endpoint(hop.src)} > ${endpoint(hop.dst)} ${hop.transport} ${hop.messages}`),
  };
}

function differences(want: Record<string, unknown>, got: Record<string, unknown>): object[] {
  return Object.keys(want)
    .filter((field) => JSON.stringify(want[field]) !== JSON.stringify(got[field]))
    .map((field) => ({ field, want: want[field], got: got[field] }));
}

function endpoint({ ip, port }: EndpointView): string {
  return `${ip}:${port}`;
}

async function assertAgents(collector: Collector, lab: Lab, variant: Variant): Promise<void> {
  const agents = await collector.agents();
  assert.ok(agents.length > 0);
  for (const agent of agents) {
    const { captureId, versions, transport, refused } = agent;
    assert.deepEqual(
      { captureId, versions, transport, refused, ip: agent.source.ip },
      {
        captureId: variant.hepVersion === 1 ? 0 : CAPTURE_ID,
        versions: [variant.hepVersion],
        transport: variant.hepTransport,
        refused: {},
        // Over UDP the proxy reports from the socket it speaks SIP with, over TCP from wherever the system says.
        ip: variant.hepTransport === 'udp' ? lab.ip : '127.0.0.1',
      },
    );
    if (variant.hepTransport === 'udp') assert.equal(agent.source.port, PORTS.proxy);
  }
}

async function assertEvents(collector: Collector): Promise<void> {
  const want = SCENARIOS.flatMap((scenario) =>
    [...scenario.atOnce, ...scenario.atTimeout].map((event) => {
      const originator = event.startsWith('call-end') ? (scenario.originator ?? null) : null;
      return `${callIdOf(scenario)} ${event} ${originator}`;
    }),
  );
  let got: string[] = [];
  await until('the events of all calls', EVENTS_LIMIT_MS, async () => {
    got = (await collector.events()).map(
      ({ callId, type, status, originator }) => `${callId} ${type} ${status} ${originator}`,
    );
    return got.length >= want.length ? true : undefined;
  }).catch(() => undefined); // the comparison below shows which are missing
  assert.deepEqual(got.toSorted(), want.toSorted());
}

/** Of all who registered, one phone has not signed off; the reply to another one's end listed its contact, too. */
async function assertBindings(collector: Collector): Promise<void> {
  const bindings = await collector.registrations();
  const [binding] = bindings;
  assert.deepEqual(
    bindings.map(({ aor, callId, state, userAgent }) => ({ aor, callId, state, userAgent })),
    [
      {
        aor: 'sip:alice@interop.example',
        callId: 'registered@interop.example',
        state: 'active',
        userAgent: 'interop phone',
      },
    ],
  );
  const { ip = '', port = 0 } = binding?.src ?? {};
  assert.match(binding?.contact ?? '', new RegExp(`^sip:alice@${ip}:${port};transport=(udp|tcp)$`, 'i'));
}

/** Everything the proxy sent was understood and used. */
async function assertCounters(collector: Collector, { hepVersion, hepTransport }: Variant): Promise<void> {
  const counters = await collector.counters();
  const received = counters.get('ingest.received') ?? 0;
  const messages = SCENARIOS.reduce((sum, { firstHop, secondHop }) => sum + firstHop + (secondHop?.messages ?? 0), 0);
  assert.ok(received >= messages, `${received} received of at least ${messages}`);
  for (const name of ['ingest.tracked', `hep.v${hepVersion}`, `hep.${hepTransport}`]) {
    assert.equal(counters.get(name), received, name);
  }
  assert.equal(counters.get('calls.created'), SCENARIOS.length);
}
