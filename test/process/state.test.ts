import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Collector, startCollector } from '../support/collector.ts';
import { goodPacket } from '../support/hostile.ts';
import { until } from '../support/process.ts';

const LIMIT_MS = 30_000;

/** A way to start collectors on one `state_dir`, which goes when the last of them is gone: they write into it. */
function starter(t: TestContext, options: Record<string, string> = {}): () => Promise<Collector> {
  const directory = mkdtempSync(join(tmpdir(), 'sipcol-state-'));
  const collectors: Collector[] = [];
  t.after(async () => {
    await Promise.all(collectors.map(({ program }) => program.stop(0)));
    rmSync(directory, { recursive: true, force: true });
  });
  return async () => {
    const collector = await startCollector({ state_dir: directory, ...options });
    collectors.push(collector);
    return collector;
  };
}

/** Sends an INVITE for each name and waits until `total` messages are worked on. */
async function invite(collector: Collector, names: readonly string[], total: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.connect(collector.hepUdp, '127.0.0.1');
  await once(socket, 'connect');
  for (const name of names) socket.send(goodPacket(name));
  await collector.received(total);
  socket.close();
}

const callIds = async (collector: Collector): Promise<string[]> =>
  (await collector.calls()).map(({ callId }) => callId).toSorted();

test('after SIGTERM and a new start the calls and counters are still there', async (t) => {
  const start = starter(t);
  const first = await start();
  await invite(first, ['one', 'two'], 2);
  await first.stop();
  const second = await start();
  assert.deepEqual(await callIds(second), ['one', 'two']);
  await invite(second, ['three'], 3);
  assert.deepEqual(await callIds(second), ['one', 'three', 'two']);
  const counters = await second.counters();
  assert.equal(counters.get('ingest.received'), 3);
  assert.equal(counters.get('calls.active'), 3);
  assert.equal(counters.get('calls.created'), 3);
});

test('SIGKILL loses at most what came since the last state file', async (t) => {
  const start = starter(t, { state_interval: '100ms' });
  const first = await start();
  await invite(first, ['one', 'two'], 2);
  const saved = async (): Promise<number> => (await first.counters()).get('state.saved') ?? 0;
  const before = await saved();
  // The one after the next began when both calls were there.
  await until('two more state files', LIMIT_MS, async () => ((await saved()) >= before + 2 ? true : undefined));
  process.kill(first.program.pid, 'SIGKILL');
  assert.equal(await first.program.exited, 'SIGKILL');
  const second = await start();
  assert.deepEqual(await callIds(second), ['one', 'two']);
});

test('an unusable state_dir ends the start with a line that names it', async () => {
  await assert.rejects(startCollector({ state_dir: '/dev/null/state' }), /cannot use state_dir: ENOTDIR/);
});
