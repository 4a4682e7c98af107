import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { ShardedEngine } from '../../../src/engine/shards/sharded-engine.ts';
import { Dropped, Ingest } from '../../../src/model/counters.ts';
import { goodPacket } from '../../support/hostile.ts';
import { until } from '../../support/process.ts';
import { KeptLog, loopbackSettings } from '../settings.ts';

const LIMIT_MS = 20_000;
const STOP = { graceMs: 0, forceTimeoutMs: 0, waitMs: 0 };
/** A thread that is not the hub crashes whenever it is asked for its agents. */
const CRASHING = new URL('./crashing-shard.js', import.meta.url);

test('a thread that crashes is replaced, loses its own calls only, and takes part again', async (t) => {
  const log = new KeptLog();
  const fatal: string[] = [];
  const engine = new ShardedEngine(
    loopbackSettings('--hep_udp_sockets=each'),
    3,
    log,
    (reason) => fatal.push(reason),
    CRASHING,
  );
  const listeners = await engine.start();
  t.after(() => engine.stop(STOP));
  const port = listeners.find(({ name }) => name === 'hep-udp')?.port ?? 0;
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  const send = async (prefix: string, count: number): Promise<void> => {
    const before = engine.counters.get(Ingest.TRACKED);
    for (let n = 0; n < count; n++) {
      await new Promise((resolve) => socket.send(goodPacket(`${prefix}-${n}`), port, '127.0.0.1', resolve));
    }
    await until('calls tracked', LIMIT_MS, () => engine.counters.get(Ingest.TRACKED) === before + count || undefined);
  };
  await send('before', 60);
  await engine.setCallTimeouts({ inv_1st: 77 });
  await assert.rejects(engine.listAgents({ offset: 0, limit: 10 }));
  await until('all threads run again', LIMIT_MS, () => {
    const { ready, restarts } = engine.health();
    return (ready && restarts >= 1) || undefined;
  });
  assert.match(engine.health().lastError, /asked to crash/);
  const { total } = await engine.listCalls({ offset: 0, limit: 0 });
  assert.ok(total > 0 && total < 60, `${total} calls of the threads that did not crash`);
  await send('after', 60);
  const after = await engine.listCalls({
    offset: 0,
    limit: 100,
    filter: { field: 'cid', value: 'after', regexp: false },
  });
  assert.deepEqual([after.matched, new Set(after.items.map(({ callId }) => callId)).size], [60, 60]);
  assert.equal(engine.counters.get(Dropped.handover), 0);
  // What was changed while running is changed in the new thread, too: new calls of all threads last as long.
  const remaining = new Set(after.items.map(({ expiresInMs }) => Math.ceil(expiresInMs / 10_000)));
  assert.deepEqual([...remaining], [8]);
  assert.deepEqual(fatal, []);
});

test('what was received before the stop is tracked, whichever thread received it', async () => {
  const engine = new ShardedEngine(
    loopbackSettings('--evr_max_entries=0'),
    3,
    new KeptLog(),
    () => undefined,
    CRASHING,
  );
  const listeners = await engine.start();
  const port = listeners.find(({ name }) => name === 'hep-udp')?.port ?? 0;
  const socket = createSocket('udp4');
  for (let n = 0; n < 100; n++) {
    await new Promise((resolve) => socket.send(goodPacket(`stop-${n}`), port, '127.0.0.1', resolve));
  }
  socket.close();
  let events = 0;
  await engine.stop({ graceMs: 0, forceTimeoutMs: 1, waitMs: 1500 }, async () => {
    events = (await engine.listEvents({ offset: 0, limit: 0 })).nextIndex;
  });
  assert.equal(engine.counters.get(Ingest.TRACKED), 100);
  // Each call ends with the stop, and the events of all threads are there for those who write them.
  assert.equal(events, 100);
});

test('the first listener that cannot be opened is told, and nothing stays behind', async () => {
  const each = '--hep_udp_sockets=each';
  const busy = new ShardedEngine(loopbackSettings(each), 2, new KeptLog(), () => undefined, CRASHING);
  const listeners = await busy.start();
  const port = listeners.find(({ name }) => name === 'hep-udp')?.port ?? 0;
  const settings = loopbackSettings(each, `--hep_udp_port=${port}`);
  const second = new ShardedEngine(settings, 2, new KeptLog(), () => undefined, CRASHING);
  // Sharing is among the threads of one program.
  await assert.rejects(second.start(), /in use/);
  await busy.stop(STOP);
});

test('without the native module one thread receives the datagrams, and hands over what is not its own', async (t) => {
  const engine = new ShardedEngine(
    loopbackSettings('--hep_receive=dgram', '--hep_udp_sockets=each'),
    3,
    new KeptLog(),
    () => undefined,
    CRASHING,
  );
  const [udp, ...others] = (await engine.start()).filter(({ name }) => name === 'hep-udp');
  t.after(() => engine.stop(STOP));
  assert.deepEqual([udp?.receiveMethod, others.length], ['dgram', 0]);
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  for (let n = 0; n < 50; n++) {
    await new Promise((resolve) => socket.send(goodPacket(`dgram-${n}`), udp?.port ?? 0, '127.0.0.1', resolve));
  }
  await until('calls tracked', LIMIT_MS, () => engine.counters.get(Ingest.TRACKED) === 50 || undefined);
  assert.equal((await engine.callTable()).calls, 50);
});
