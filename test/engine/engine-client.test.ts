import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EngineClient } from '../../src/engine/engine-client.ts';
import { Hep, Ingest, State } from '../../src/model/counters.ts';
import { EngineRequestError, EngineUnavailableError } from '../../src/model/engine.ts';
import { goodPacket } from '../support/hostile.ts';
import { until } from '../support/process.ts';
import { KeptLog, loopbackSettings } from './settings.ts';

const STOP = { graceMs: 0, forceTimeoutMs: 0, waitMs: 0 };
const LIMIT_MS = 20_000;

interface Running {
  engine: EngineClient;
  log: KeptLog;
  udpPort: number;
  fatal: string[];
}

/** An engine that crashes whenever it is asked for its call table. */
const CRASHING = new URL('./crashing-worker.js', import.meta.url);

async function startEngine(t: TestContext, argv: string[] = [], entry?: URL): Promise<Running> {
  const log = new KeptLog();
  const fatal: string[] = [];
  const engine = new EngineClient(loopbackSettings(...argv), log, (reason) => fatal.push(reason), entry);
  const listeners = await engine.start();
  t.after(() => engine.stop(STOP));
  return { engine, log, udpPort: listeners.find(({ name }) => name === 'hep-udp')?.port ?? 0, fatal };
}

async function sendAll(packets: readonly Buffer[], port: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (const packet of packets) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other keeps their order
    await new Promise((resolve) => socket.send(packet, resolve));
  }
  socket.close();
}

async function received(engine: EngineClient, count: number): Promise<void> {
  await until('messages received', LIMIT_MS, () => engine.counters.get(Ingest.RECEIVED) >= count || undefined);
}

test('an engine in its thread tracks what comes to its socket and answers from its tables', async (t) => {
  const { engine, udpPort } = await startEngine(t);
  await sendAll([goodPacket('one'), goodPacket('two'), Buffer.from('junk')], udpPort);
  await received(engine, 3);
  const page = await engine.listCalls({ offset: 0, limit: 10 });
  assert.deepEqual(
    page.items.map((call) => call.callId),
    ['two', 'one'],
  );
  assert.deepEqual([page.total, page.matched], [2, 2]);
  assert.equal((await engine.callsByCallId('one'))[0]?.state, 'inv_1st');
  assert.equal((await engine.callTable()).perState['inv_1st'], 2);
  assert.equal(engine.counters.get(Hep.DATAGRAMS), 3);
  assert.equal(engine.counters.get(Ingest.REFUSED), 1);
  const agents = await engine.listAgents({ offset: 0, limit: 10 });
  assert.deepEqual(
    agents.items.map(({ captureId, tracked }) => [captureId, tracked]),
    [[7, 2]],
  );
  assert.equal(engine.health().ready, true);
});

test('lists come newest first, in windows, and filtered by text or expression', async (t) => {
  const { engine, udpPort } = await startEngine(t);
  await sendAll(
    Array.from({ length: 500 }, (_, n) => goodPacket(`call-${n}`)),
    udpPort,
  );
  await received(engine, 500);
  const ids = async (query: Parameters<EngineClient['listCalls']>[0]): Promise<string[]> =>
    (await engine.listCalls(query)).items.map((call) => call.callId);
  assert.deepEqual(await ids({ offset: 498, limit: 10 }), ['call-1', 'call-0']);
  const filter = { field: 'cid' as const, value: '-49', regexp: false };
  assert.equal((await engine.listCalls({ offset: 0, limit: 3, filter })).matched, 11);
  assert.deepEqual(await ids({ offset: 9, limit: 5, filter }), ['call-490', 'call-49']);
  const expression = { field: 'cid' as const, value: '^call-(7|42)$', regexp: true };
  assert.deepEqual(await ids({ offset: 0, limit: 10, filter: expression }), ['call-42', 'call-7']);
});

test('an expression made to run for ever does not: it runs in linear time', async (t) => {
  const { engine, udpPort } = await startEngine(t);
  await sendAll([goodPacket(`${'a'.repeat(200)}!`)], udpPort);
  await received(engine, 1);
  const filter = { field: 'cid' as const, value: '^(a+)+$', regexp: true };
  assert.equal((await engine.listCalls({ offset: 0, limit: 1, filter })).matched, 0);
});

test('bad values are refused by name and nothing is applied', async (t) => {
  const { engine } = await startEngine(t);
  await assert.rejects(engine.setCallTimeouts({ inv_1st: 60, inv_neg: 9999 }), EngineRequestError);
  await assert.rejects(engine.setCallTimeouts({ no_such_state: 1 }), /no_such_state: no such call state/);
  const timeouts = await engine.callTimeouts();
  assert.equal(timeouts.find(({ state }) => state === 'inv_1st')?.seconds, 120);
  await assert.rejects(engine.setEventBlacklist({ 'call-start': true, nonsense: true }, false), EngineRequestError);
  assert.ok((await engine.eventBlacklist()).types.every(({ blacklisted }) => !blacklisted));
  const bad = { field: 'cid' as const, value: '(', regexp: true };
  await assert.rejects(engine.listCalls({ offset: 0, limit: 1, filter: bad }), EngineRequestError);
  await assert.rejects(engine.listCalls({ offset: -1, limit: 1 }), EngineRequestError);
  await assert.rejects(engine.listCalls({ offset: 0, limit: 1_000_000 }), EngineRequestError);
});

test('a timeout set by name holds from then on, 0 returns to the default', async (t) => {
  const { engine } = await startEngine(t, ['--calls_timeouts=[inv_neg:2s]']);
  const seconds = async (): Promise<number | undefined> =>
    (await engine.callTimeouts()).find(({ state }) => state === 'inv_neg')?.seconds;
  assert.equal(await seconds(), 2);
  await engine.setCallTimeouts({ 'invite negative reply': 7 });
  assert.equal(await seconds(), 7);
  await engine.setCallTimeouts({ inv_neg: 0 });
  assert.equal(await seconds(), 30);
});

test('a crashed engine is replaced on the same ports, counters go on, waiting requests are told', async (t) => {
  const { engine, log, udpPort, fatal } = await startEngine(t, [], CRASHING);
  await sendAll([goodPacket('before')], udpPort);
  await received(engine, 1);
  await assert.rejects(engine.callTable(), EngineUnavailableError);
  assert.equal(engine.health().ready, false);
  await until(
    'engine running again',
    LIMIT_MS,
    () => (engine.health().ready && engine.health().restarts === 1) || undefined,
  );
  await sendAll([goodPacket('after')], udpPort);
  await received(engine, 2);
  const calls = await engine.listCalls({ offset: 0, limit: 10 });
  assert.deepEqual(
    calls.items.map((call) => call.callId),
    ['after'],
  );
  assert.equal(engine.counters.get(Ingest.TRACKED), 2);
  assert.ok(log.lines.some((line) => line.startsWith('error engine thread ended unexpectedly')));
  assert.deepEqual(fatal, []);
});

test('a crashed engine goes on with its last state file, but not with one that made it crash again', async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'sipcol-state-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const argv = [`--state_dir=${path}`, '--state_interval=100ms'];
  const { engine, udpPort } = await startEngine(t, argv, CRASHING);
  await sendAll([goodPacket('before')], udpPort);
  await received(engine, 1);
  const saved = engine.counters.get(State.SAVED);
  await until('state saved', LIMIT_MS, () => engine.counters.get(State.SAVED) >= saved + 2 || undefined);
  const held = async (): Promise<string[]> =>
    (await engine.listCalls({ offset: 0, limit: 10 })).items.map((call) => call.callId);
  for (const [restarts, expected] of [
    [1, ['before']],
    [2, []],
  ] as const) {
    await assert.rejects(engine.callTable(), EngineUnavailableError);
    await until(
      'engine running again',
      LIMIT_MS,
      () => (engine.health().ready && engine.health().restarts === restarts) || undefined,
    );
    assert.deepEqual(await held(), expected);
  }
  // Counters outlived the engine: they are not counted twice.
  assert.equal(engine.counters.get(Ingest.TRACKED), 1);
});

test('an engine that keeps crashing is given up and said to be fatal', async (t) => {
  const { engine, fatal } = await startEngine(t, [], CRASHING);
  for (let crash = 1; crash <= 6; crash++) {
    await until('engine ready', LIMIT_MS, () => engine.health().ready || undefined);
    await assert.rejects(engine.callTable(), EngineUnavailableError);
  }
  await until('engine given up', LIMIT_MS, () => fatal.length > 0 || undefined);
  assert.match(fatal[0] ?? '', /engine crashed 6 times within a minute, last: asked to crash/);
  assert.equal(engine.health().running, false);
});

test('a port in use is told when the engine starts', async (t) => {
  const { udpPort } = await startEngine(t);
  const second = new EngineClient(loopbackSettings(`--hep_udp_port=${udpPort}`), new KeptLog(), () => undefined);
  await assert.rejects(second.start(), /127\.0\.0\.1.*in use/i);
  assert.equal(second.health().running, false);
});

test('requests after the end are told that there is no engine', async (t) => {
  const { engine } = await startEngine(t);
  await engine.stop(STOP);
  await engine.stop(STOP);
  await assert.rejects(engine.listCalls({ offset: 0, limit: 1 }), EngineUnavailableError);
  assert.equal(engine.health().ready, false);
});

test('what the threads say to each other covers every method of the engine', () => {
  const names = (path: string, pattern: RegExp): string[] =>
    [...readFileSync(path, 'utf8').matchAll(pattern)].map((match) => match[1] ?? '').toSorted();
  assert.deepEqual(names('src/engine/worker.ts', /case '(\w+)'/g), names('src/engine/protocol.ts', /^ {2}(\w+): \[/gm));
});
