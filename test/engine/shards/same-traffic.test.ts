import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { EngineClient } from '../../../src/engine/engine-client.ts';
import { ShardedEngine } from '../../../src/engine/shards/sharded-engine.ts';
import { TIMED_CALL_STATES } from '../../../src/model/call-state.ts';
import {
  Calls,
  COUNTERS,
  Dropped,
  EvRate,
  Hep,
  Ingest,
  Ipfix,
  Links,
  Outcomes,
  Reports,
} from '../../../src/model/counters.ts';
import type { CallView, EventView, ListenerView, RegistrationView } from '../../../src/model/views.ts';
import { parseSearch, SearchFault } from '../../../src/model/search/parse.ts';
import { CAPTURES, capturePath } from '../../captures/expected.ts';
import { readHep, shiftHep3Time } from '../../support/hep-envelope.ts';
import { readDatagrams } from '../../support/pcap.ts';
import { until } from '../../support/process.ts';
import { KeptLog, loopbackSettings } from '../settings.ts';
import { allRounds, hepOf, rtcpOf, sbcMessages } from './traffic.ts';

/**
 * The same traffic, into one engine thread and into four, with one socket and with one each: nobody may see a difference
 * but in who did the work.
 */
const LIMIT_MS = 30_000;
const WINDOW = { offset: 0, limit: 10_000 };
/** Nothing ends by itself while it is compared. */
const TIMEOUTS = TIMED_CALL_STATES.map(({ name, maxSeconds }) => `${name}:${Math.min(3600, maxSeconds)}s`).join(',');
const OPTIONS = [`--calls_timeouts=${TIMEOUTS}`, '--qos_hold=1s', '--max_clock_skew=1h', '--evr_limits=150,1500,9000'];

type Engine = EngineClient | ShardedEngine;
interface Running {
  engine: Engine;
  listeners: ListenerView[];
}

/** Calls that somebody reports of, the last of which there is none. */
const REPORTED = ['in-3', 'in-5', 'out-7', 'out-9', 'nobody'];

const log = new KeptLog();
const fatal: string[] = [];
let one: Running;
let four: Running;
let fourSockets: Running;
let all: Running[];

async function run(engine: Engine): Promise<Running> {
  return { engine, listeners: await engine.start() };
}

before(async () => {
  const settings = loopbackSettings(...OPTIONS);
  const onFatal = (reason: string): void => void fatal.push(reason);
  one = await run(new EngineClient(settings, log, onFatal));
  const entry = new URL('../../../src/engine/worker.js', import.meta.url);
  four = await run(new ShardedEngine(settings, 4, log, onFatal, entry));
  const sockets = loopbackSettings(...OPTIONS, '--hep_udp_sockets=each');
  fourSockets = await run(new ShardedEngine(sockets, 4, log, onFatal, entry));
  all = [one, four, fourSockets];
  await sendAll();
});

after(async () => {
  const how = { graceMs: 0, forceTimeoutMs: 0, waitMs: 0 };
  await Promise.all(all.map(({ engine }) => engine.stop(how)));
});

function portOf({ listeners }: Running, name: string): number {
  return listeners.find((listener) => listener.name === name)?.port ?? 0;
}

/** Waits until both have received so many messages and each has come to its end. */
async function worked(messages: number): Promise<void> {
  for (const { engine } of all) {
    await until(`${messages} messages worked off`, LIMIT_MS, () => {
      const { counters } = engine;
      const ends = [Ingest.TRACKED, Ingest.REFUSED, Ingest.IGNORED, Ingest.DROPPED];
      const done = ends.reduce((total, index) => total + counters.get(index), 0);
      return (counters.get(Ingest.RECEIVED) === messages && done === messages) || undefined;
    });
  }
}

async function openUdp(): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

let sent = 0;
const roundsBeganUs: number[] = [];
let roundsEndedUs = 0;

async function sendDatagrams(packets: readonly { from: UdpSocket; bytes: Buffer }[]): Promise<void> {
  for (const [index, { from, bytes }] of packets.entries()) {
    for (const running of all) {
      await new Promise((resolve) => from.send(bytes, portOf(running, 'hep-udp'), '127.0.0.1', resolve));
    }
    if (index % 64 === 63) await worked(sent + index + 1);
  }
  sent += packets.length;
  await worked(sent);
}

async function sendStream(listener: string, messages: readonly Buffer[], sets: number): Promise<void> {
  const sockets = await Promise.all(
    all.map(async (running) => {
      const socket = connect(portOf(running, listener), '127.0.0.1');
      await once(socket, 'connect');
      socket.on('error', () => undefined);
      socket.resume();
      for (const message of messages) socket.write(message);
      return socket;
    }),
  );
  sent += sets;
  await worked(sent);
  for (const socket of sockets) socket.destroy();
}

function isHep3(payload: Buffer): boolean {
  return payload.toString('latin1', 0, 4) === 'HEP3';
}

/** HEP1 or HEP2 over IPv4 as HEP2 of this time, with the addresses and the payload it has. */
function hep2At(payload: Buffer, timeUs: number): Buffer {
  const [version, addresses, time] = [payload[0], 16, 12];
  const stamped = Buffer.alloc(addresses + time);
  payload.copy(stamped, 0, 0, addresses);
  stamped[0] = 2;
  stamped[1] = addresses;
  stamped.writeUInt32LE(Math.floor(timeUs / 1e6), addresses);
  stamped.writeUInt32LE(timeUs % 1e6, addresses + 4);
  if (version === 2) payload.copy(stamped, addresses + 8, addresses + 8, addresses + time);
  return Buffer.concat([stamped, payload.subarray(version === 2 ? addresses + time : addresses)]);
}

async function sendAll(): Promise<void> {
  const agents = await Promise.all(Array.from({ length: 6 }, openUdp));
  let atUs = Date.now() * 1000;
  for (const round of allRounds()) {
    roundsBeganUs.push(atUs + 1);
    const packets = round.map((sighting) => ({
      from: agents[sighting.agent]!, // as many as the traffic has agents
      bytes: hepOf(sighting, 100 + sighting.agent, (atUs += 10)),
    }));
    await sendDatagrams(packets);
  }
  roundsEndedUs = atUs;
  for (const capture of CAPTURES) {
    const datagrams = readDatagrams(capturePath(capture), [9060]).map(({ payload }) => payload);
    const first = datagrams.find((payload) => isHep3(payload));
    const shiftUs = first === undefined ? 0 : atUs - (readHep(first).timeUs ?? 0);
    // All say when: the time of arrival differs between two runs, and with it what is a retransmission.
    for (const [n, payload] of datagrams.entries()) {
      if (isHep3(payload)) shiftHep3Time(payload, shiftUs);
      else datagrams[n] = hep2At(payload, (atUs += 10_000));
    }
    await sendDatagrams(datagrams.map((bytes) => ({ from: agents[0]!, bytes })));
  }
  const overTcp = allRounds()[0] ?? [];
  const again = overTcp.map((sighting) => ({ ...sighting, text: sighting.text.replace('Call-ID: ', 'Call-ID: tcp-') }));
  await sendStream(
    'hep-tcp',
    again.map((sighting) => hepOf(sighting, 900, (atUs += 10))),
    again.length,
  );
  const sbc = sbcMessages(atUs);
  await sendStream('ipfix-tcp', sbc, 8 * 16);
  await sendDatagrams(REPORTED.map((callId) => ({ from: agents[0]!, bytes: rtcpOf(callId, (atUs += 10)) })));
  for (const socket of agents) socket.close();
  await until('quality records settled', LIMIT_MS, () => {
    const settled = ({ engine: { counters } }: Running): boolean =>
      counters.get(Reports.KEPT) + counters.get(Reports.UNKNOWN) >= REPORTED.length &&
      [Ipfix.QOS_MATCHED, Ipfix.QOS_UNMATCHED, Ipfix.QOS_LEFT_OUT].reduce((total, n) => total + counters.get(n), 0) >=
        5 * 16;
    return all.every(settled) || undefined;
  });
}

/** Without what differs between two runs of one engine, too: numbers of places, times of arrival and what follows from them. */
function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !/Us$|Ms$|PerSecond$|^id$|^index$|^rate$/.test(name));
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutTimes(each)]));
}

/** Connections come from a port each; datagrams go to both from the same. */
function sorted(items: readonly unknown[]): string[] {
  const ports = /(?<=127\.0\.0\.1:)\d+(?=\/ipfix)|(?<="port":)\d+(?=\},"transport":"tcp")/g;
  return items.map((item) => JSON.stringify(withoutTimes(item)).replaceAll(ports, 'N')).toSorted();
}

/** As `deepEqual`, telling only what differs: there is much of it. */
function assertSame(got: readonly string[], expected: readonly string[]): void {
  const missing = expected.filter((item) => !got.includes(item));
  const unexpected = got.filter((item) => !expected.includes(item));
  assert.deepEqual(
    { unexpected: unexpected.slice(0, 2), missing: missing.slice(0, 2) },
    { unexpected: [], missing: [] },
  );
  assert.equal(got.length, expected.length);
}

async function assertSameEvents(several: Engine, isSpread: boolean): Promise<void> {
  // Those of the other threads are on their way for a moment.
  const { nextIndex } = await one.engine.listEvents({ offset: 0, limit: 0 });
  await until('all events', LIMIT_MS, async () => {
    return (await several.listEvents({ offset: 0, limit: 0 })).nextIndex >= nextIndex || undefined;
  });
  const [a, b] = await Promise.all([one.engine.listEvents(WINDOW), several.listEvents(WINDOW)]);
  assert.deepEqual(
    b.items.map(({ index }) => index),
    b.items.map((_, n) => n),
  );
  // Where two agents may overtake each other, so may who reported first, and whose report was beyond a rate.
  const events = (items: EventView[]): string[] =>
    sorted(isSpread ? items.map(({ agents: _agents, ...event }) => event) : items);
  assertSame(events(b.items), events(a.items));
  assert.ok(a.items.length > 100);
}

/** Depend on the moment, or on where octets lie. */
const NOT_COMPARED = [Outcomes.TALK_US, Hep.KERNEL_DROPS, Ipfix.SHORT_READ, Ipfix.LONG_READ, Ipfix.IO_DEADLINES];

interface Case {
  name: string;
  several: () => Engine;
  /** Several threads receive at once: what one agent sends keeps its order, and each counts its own links. */
  isSpread: boolean;
}
const CASES: readonly Case[] = [
  { name: 'four engine threads', several: () => four.engine, isSpread: false },
  { name: 'four engine threads with a socket each', several: () => fourSockets.engine, isSpread: true },
];

for (const { name: who, several, isSpread } of CASES) {
  const both = <T>(ask: (engine: Engine) => Promise<T>): Promise<[T, T]> =>
    Promise.all([ask(one.engine), ask(several())]);

  test(`${who} hold the same calls as one, with their legs and quality records`, async () => {
    const [a, b] = await both((engine) => engine.listCalls(WINDOW));
    assert.deepEqual([b.total, b.matched], [a.total, a.matched]);
    assert.ok(a.total > 150, String(a.total));
    assert.ok(a.items.some((call) => call.legs.length > 1) && a.items.some((call) => call.qos.length > 0));
    const withSortedLegs = (calls: CallView[]): CallView[] =>
      calls.map((call) => ({ ...call, legs: call.legs.toSorted((x, y) => (x.callId < y.callId ? -1 : 1)) }));
    assertSame(sorted(withSortedLegs(b.items)), sorted(withSortedLegs(a.items)));
    assert.equal(new Set(b.items.map(({ id }) => id)).size, b.total);
  });

  test(`${who}: calls come newest first, and in windows`, async () => {
    const { items } = await several().listCalls(WINDOW);
    const born = items.map(({ createdUs }) => createdUs);
    // Within a round several threads received at once.
    const inRounds = items.flatMap(({ createdUs }) => {
      const round = roundsBeganUs.findLastIndex((beganUs) => createdUs >= beganUs);
      return round < 0 || createdUs > roundsEndedUs ? [] : [round];
    });
    assert.ok(inRounds.length > 100);
    assert.deepEqual(
      inRounds,
      inRounds.toSorted((x, y) => y - x),
    );
    const [ordered, alike] = await both(async (engine) => {
      const page = await engine.listCalls(WINDOW);
      return page.items.filter(({ createdUs }) => createdUs <= roundsEndedUs).map(({ callId }) => callId);
    });
    assert.deepEqual(isSpread ? alike.toSorted() : alike, isSpread ? ordered.toSorted() : ordered);
    const windows = await Promise.all(
      [0, 50, 100, 150, 200, 250, 300].map((offset) => several().listCalls({ offset, limit: 50 })),
    );
    assert.deepEqual(
      windows.flatMap((page) => page.items.map(({ createdUs }) => createdUs)),
      born.slice(0, 350),
    );
    const filter = { field: 'cid' as const, value: 'sub-1', regexp: false };
    const [a, b] = await both((engine) => engine.listCalls({ offset: 2, limit: 3, filter }));
    assert.deepEqual([b.matched, b.items.map((call) => call.callId)], [a.matched, a.items.map((call) => call.callId)]);
  });

  test(`${who} find and order the same calls as one, and count them alike`, async () => {
    const search = parseSearch('method:INVITE', 'calls');
    if (search instanceof SearchFault) throw new Error(search.message);
    const query = { ...WINDOW, search, order: { by: 'callid', descending: false } } as const;
    const [a, b] = await both((engine) => engine.listCalls(query));
    assert.ok(a.matched > 0 && a.matched < a.total);
    assert.equal(b.matched, a.matched);
    assert.deepEqual(
      b.items.map((call) => call.callId),
      a.items.map((call) => call.callId),
    );
    const [mine, theirs] = await both(async (engine) => {
      const { total, matched, states, methods, statuses } = await engine.callSummary({ search });
      return { total, matched, states, methods, statuses };
    });
    assert.deepEqual(theirs, mine);
  });

  test(`${who} hold the same bindings as one, whatever Call-ID changed them last`, async () => {
    const [a, b] = await both((engine) => engine.listRegistrations(WINDOW));
    assert.equal(b.total, a.total);
    const text = ({ items }: { items: RegistrationView[] }): string[] => sorted(items);
    assertSame(text(b), text(a));
    assert.equal(a.items.filter(({ state }) => state === 'active').length >= 6, true);
  });

  test(`${who} report the same events as one, in one sequence without gaps`, () =>
    assertSameEvents(several(), isSpread));

  test(`${who} count what one counts, and dropped nothing`, async () => {
    const left = new Set(isSpread ? [...NOT_COMPARED, Links.ACTIVE] : NOT_COMPARED);
    const [a, b] = [one.engine, several()].map(({ counters }) =>
      COUNTERS.filter(({ index, group }) => !left.has(index) && group !== 'ev_rate_gc').map(
        ({ index, group, name }) => `${group}.${name} ${counters.get(index)}`,
      ),
    );
    assertSame(b ?? [], a ?? []);
    assert.equal(several().counters.get(Dropped.handover), 0);
    assert.equal(several().counters.get(EvRate.LOST), 0);
    assert.ok(several().counters.get(EvRate.BLST_RATE) > 0);
  });

  test(`${who}: agents and probes have the same books, and everything in them adds up`, async () => {
    const [a, b] = await both((engine) => engine.listAgents(WINDOW));
    assertSame(sorted(b.items), sorted(a.items));
    for (const agent of b.items) {
      const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, n) => sum + n, 0);
      const ends = agent.tracked + total(agent.refused) + total(agent.ignored) + agent.dropped;
      assert.equal(ends, agent.packets, agent.id);
    }
  });

  test(`${who}: links, tables and the messages of a call are the same`, async () => {
    const query = {
      ...WINDOW,
      hosts: [],
      excludedHosts: [],
      types: [],
      greedy: false,
      depth: 4,
      order: 'name' as const,
    };
    const [a, b] = await both((engine) => engine.listLinks(query));
    assert.deepEqual(b, a);
    const [tableA, tableB] = await both((engine) => engine.callTable());
    assert.deepEqual([tableB.calls, tableB.created, tableB.perState], [tableA.calls, tableA.created, tableA.perState]);
    for (const callId of ['in-3', 'sub-5', 'out-7']) {
      const [one1, four1] = await both((engine) => engine.callMessages(callId, { offset: 0, limit: 100 }));
      assert.deepEqual(
        [four1.total, four1.gone, four1.items.map(({ callId: id, raw }) => [id, raw])],
        [one1.total, one1.gone, one1.items.map(({ callId: id, raw }) => [id, raw])],
        callId,
      );
      assertSame(sorted(four1.entries), sorted(one1.entries));
    }
  });

  test(`${who}: what is reported of a call is kept with it, also where another thread has received it`, async () => {
    for (const callId of ['in-3', 'out-7']) {
      const [one1, four1] = await both((engine) => engine.callMessages(callId, { offset: 0, limit: 0 }));
      assert.ok(one1.reports.some((report) => report.callId === callId));
      assert.deepEqual(withoutTimes(four1.reports), withoutTimes(one1.reports));
    }
    assert.equal(several().counters.get(Reports.LEFT_OUT), 0);
  });

  test(`${who}: a message has the envelope it came in, also where another thread has received it`, async () => {
    const protocols = new Set<string>();
    for (const callId of ['in-3', 'out-7', '1-23368@127.0.0.1', '2-23368@127.0.0.1', '3-23562@127.0.0.1']) {
      const details = await both(async (engine) => {
        const { items } = await engine.callMessages(callId, { offset: 0, limit: 100 });
        const found = await Promise.all(items.map((item) => engine.callMessage(item.callId, item.id)));
        assert.deepEqual(
          found.map((detail) => detail?.message),
          items,
        );
        return found.map((detail) => [detail?.octets, detail?.envelope]);
      });
      assert.ok(details[0].length > 0, callId);
      assert.deepEqual(details[1], details[0]);
      for (const [, envelope] of details[0]) {
        if (typeof envelope === 'object' && envelope !== null) protocols.add(envelope.protocol);
      }
    }
    assert.deepEqual([...protocols].toSorted(), ['HEP3', 'IPFIX']);
    assert.equal(await several().callMessage('in-3', 12_345), undefined);
  });

  test(`${who}: a search among messages finds the same, and its pages are parts of the whole`, async () => {
    const search = parseSearch('method:INVITE kind:request', 'messages');
    assert.ok(!(search instanceof SearchFault));
    const [a, b] = await both((engine) => engine.listMessages({ offset: 0, limit: 5000, search }));
    assert.deepEqual([b.matched, b.isComplete, b.keeps], [a.matched, true, true]);
    const texts = ({ items }: typeof a): string[] => items.map(({ raw }) => raw).toSorted();
    assert.ok(a.items.length > 10);
    assert.deepEqual(texts(b), texts(a));
    const part = await several().listMessages({ offset: 3, limit: 4, search });
    assert.deepEqual(
      part.items.map(({ id }) => id),
      b.items.slice(3, 7).map(({ id }) => id),
    );
  });
}

test('what ends by time ends with the same events', async () => {
  const forced = await Promise.all(all.map(({ engine }) => engine.forceTimeout(0)));
  const [alone, ...others] = forced.map(({ walked, forced: ended, before: { calls } }) => [walked, ended, calls]);
  assert.deepEqual(others, [alone, alone]);
  for (const { engine } of all) {
    await until('all calls ended', LIMIT_MS, () => engine.counters.get(Calls.ACTIVE) === 0 || undefined);
  }
  for (const { several, isSpread } of CASES) await assertSameEvents(several(), isSpread);
  assert.deepEqual(fatal, []);
});
