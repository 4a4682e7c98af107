import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EngineCore } from '../../src/engine/engine-core.ts';
import { StateFile } from '../../src/engine/state-file.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { Calls, CounterSet, Ingest, State } from '../../src/model/counters.ts';
import type { EventView } from '../../src/model/views.ts';
import { goodPacket } from '../support/hostile.ts';
import { until } from '../support/process.ts';
import { KeptLog, loopbackSettings } from './settings.ts';

const STOP = { graceMs: 0, forceTimeoutMs: 0, waitMs: 0 };
const LIMIT_MS = 20_000;
const never = (): boolean => false;

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sipcol-state-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function* blocks(...texts: string[]): Generator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

test('a state file is replaced as a whole, readable by nobody else, and leaves nothing beside it', async (t) => {
  const path = directory(t);
  const file = new StateFile(join(path, 'deeper', 'state'));
  await file.prepare();
  assert.equal(await file.write(blocks('one', 'two'), never), 6);
  assert.equal(await file.write(blocks('three'), never), 5);
  assert.equal(readFileSync(file.path, 'utf8'), 'three');
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(path, 'deeper')), ['state']);
});

test('writing that is given up, fails or is cut off leaves the file before as it was', async (t) => {
  const path = directory(t);
  const file = new StateFile(join(path, 'state'));
  await file.prepare();
  await file.write(blocks('before'), never);
  let asked = 0;
  assert.equal(await file.write(blocks('a', 'b', 'c'), () => ++asked === 3), undefined);
  function* failing(): Generator<Buffer> {
    yield Buffer.from('half');
    throw new Error('no more');
  }
  await assert.rejects(file.write(failing(), never), /no more/);
  assert.deepEqual(readdirSync(path), ['state']);
  // What a killed process leaves behind.
  writeFileSync(join(path, 'state.tmp'), 'ha');
  await file.prepare();
  assert.deepEqual(readdirSync(path), ['state']);
  assert.equal(readFileSync(file.path, 'utf8'), 'before');
});

async function started(t: TestContext, path: string, ...argv: string[]): Promise<{ core: EngineCore; log: KeptLog }> {
  const log = new KeptLog();
  const settings = loopbackSettings(`--state_dir=${path}`, ...argv);
  const core = new EngineCore(settings, new CounterSet(), systemClock(), log);
  await core.start(() => undefined);
  t.after(() => core.stop(STOP));
  return { core, log };
}

test('an engine goes on with the calls, counters and numbers of the one before', async (t) => {
  const path = directory(t);
  const first = (await started(t, path)).core;
  for (const name of ['one', 'two']) first.pipeline.datagram(goodPacket(name), '192.0.2.9', 9060, Date.now() * 1000);
  await first.stop(STOP);
  const { core, log } = await started(t, path);
  assert.equal(core.counters.get(Calls.ACTIVE), 2);
  assert.equal(core.counters.get(Ingest.RECEIVED), 2);
  assert.equal(core.counters.get(Ingest.TRACKED), 2);
  assert.equal(core.callsByCallId('two')[0]?.id, 2);
  assert.ok(log.lines.includes('info state restored'), log.lines.join('\n'));
  core.pipeline.datagram(goodPacket('three'), '192.0.2.9', 9060, Date.now() * 1000);
  assert.equal(core.callsByCallId('three')[0]?.id, 3);
});

test('what ended while nothing ran is reported before anything new arrives, at its own time', async (t) => {
  const path = directory(t);
  const settings = loopbackSettings(`--state_dir=${path}`);
  // The time in the packet.
  const nowUs = 1_700_000_000_123_456;
  const engineAt = (us: number): EngineCore => new EngineCore(settings, new CounterSet(), () => us, new KeptLog());
  const first = engineAt(nowUs);
  await first.start(() => undefined);
  first.pipeline.datagram(goodPacket('late'), '192.0.2.9', 9060, nowUs);
  await first.stop(STOP);
  const second = engineAt(nowUs + 600e6);
  await second.start(() => undefined);
  t.after(() => second.stop(STOP));
  const events: EventView[] = [];
  await second.listEvents({ offset: 0, limit: 10 }, (items) => events.push(...items));
  // An unanswered INVITE waits 120 s.
  assert.deepEqual(
    events.map(({ type, callId, status, tsUs }) => [type, callId, status, tsUs]),
    [['call-attempt', 'late', 408, nowUs + 120e6]],
  );
  assert.equal(second.counters.get(State.OVERDUE), 1);
  assert.equal(second.counters.get(Calls.ACTIVE), 0);
});

test('a damaged state file is refused with one line, kept aside, and the engine starts empty', async (t) => {
  const path = directory(t);
  const first = (await started(t, path)).core;
  first.pipeline.datagram(goodPacket('one'), '192.0.2.9', 9060, Date.now() * 1000);
  await first.stop(STOP);
  const file = join(path, 'sipcol-state.0');
  const bytes = readFileSync(file);
  bytes[bytes.length - 20]! ^= 1; // inside
  writeFileSync(file, bytes);
  const { core, log } = await started(t, path);
  assert.equal(core.counters.get(Calls.ACTIVE), 0);
  assert.equal(core.counters.get(Ingest.RECEIVED), 0);
  assert.equal(core.counters.get(State.REFUSED), 1);
  const complaints = log.lines.filter((line) => line.startsWith('error'));
  assert.equal(complaints.length, 1, log.lines.join('\n'));
  assert.match(complaints[0] ?? '', /state file refused: it is damaged in the block at octet \d+/);
  const aside = readdirSync(path).find((name) => /^sipcol-state\.0\.refused-\d{8}T\d{6}Z$/.test(name));
  assert.ok(aside !== undefined, readdirSync(path).join(', '));
  assert.deepEqual(readFileSync(join(path, aside)), bytes);
  // It goes on as if there had been none.
  core.pipeline.datagram(goodPacket('two'), '192.0.2.9', 9060, Date.now() * 1000);
  await core.stop(STOP);
  assert.ok(existsSync(file));
});

test('a directory that cannot be used ends the start', async (t) => {
  const path = directory(t);
  const plain = join(path, 'plain');
  writeFileSync(plain, '');
  await assert.rejects(started(t, join(plain, 'deeper')), /cannot use state_dir: ENOTDIR/);
});

test('an engine that could not open its listeners leaves the state file as it was', async (t) => {
  const path = directory(t);
  const first = (await started(t, path)).core;
  first.pipeline.datagram(goodPacket('one'), '192.0.2.9', 9060, Date.now() * 1000);
  const port = first.listeners().find(({ name }) => name === 'hep-udp')?.port ?? 0;
  await first.stop(STOP);
  const before = readFileSync(join(path, 'sipcol-state.0'));
  const { core: holder } = await started(t, directory(t), `--hep_udp_port=${port}`);
  await assert.rejects(started(t, path, `--hep_udp_port=${port}`), /in use|EADDRINUSE/);
  assert.deepEqual(readFileSync(join(path, 'sipcol-state.0')), before);
  assert.ok(holder.listeners().length > 0);
});

test('the state is written every state_interval, and a disk that refuses it is counted and survived', async (t) => {
  const path = directory(t);
  const { core, log } = await started(t, path, '--state_interval=100ms');
  const saved = (): number => core.counters.get(State.SAVED);
  await until('two state files', LIMIT_MS, () => (saved() >= 2 ? true : undefined));
  assert.ok(core.counters.get(State.BYTES) > 0);
  rmSync(path, { recursive: true });
  await until('a failure', LIMIT_MS, () => (core.counters.get(State.FAILED) > 0 ? true : undefined));
  assert.ok(log.lines.some((line) => line.startsWith('error cannot write state file: ENOENT')));
});
