import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Collector, startCollector } from '../support/collector.ts';
import { goodPacket } from '../support/hostile.ts';
import { start } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { nativeObstacle } from '../sources/native.ts';

const limited = { timeout: 60_000 };

interface About {
  receiveMethod: string;
}

/** A collector takes a packet from the network and says how it received it. */
async function receivedBy(t: TestContext, options: Record<string, string>, cli?: string): Promise<[string, Collector]> {
  const collector = await startCollector(options, cli);
  t.after(() => collector.program.stop(0));
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.connect(collector.hepUdp, '127.0.0.1');
  await once(socket, 'connect');
  socket.send(goodPacket('one'));
  await collector.received(1);
  const { receiveMethod } = await collector.json<About>('/about');
  assert.ok(collector.program.stderr.includes(`"receiveMethod":"${receiveMethod}"`), 'the start-up line says it, too');
  return [receiveMethod, collector];
}

/** The same program, installed without the native module. */
function withoutModule(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sipcol-receive-'));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(join(ROOT, '.build/src'), join(folder, '.build/src'), { recursive: true });
  for (const name of ['package.json', 'node_modules', 'config']) symlinkSync(join(ROOT, name), join(folder, name));
  return join(folder, '.build/src/cli.js');
}

test('datagrams are received in batches where that is possible', { ...limited, skip: nativeObstacle() }, async (t) => {
  const [method] = await receivedBy(t, {});
  assert.equal(method, 'native');
});

test('hep_receive=dgram receives them one by one', limited, async (t) => {
  const [method] = await receivedBy(t, { hep_receive: 'dgram' });
  assert.equal(method, 'dgram');
});

test('without the native module datagrams are received one by one, and the log says what to do', limited, async (t) => {
  const [method, { program }] = await receivedBy(t, {}, withoutModule(t));
  assert.equal(method, 'dgram');
  if (process.platform !== 'linux') return;
  const lines = program.stderr.split('\n').filter((line) => line.includes('is not built'));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /received one by one: .+ is not built; install a C compiler and run npm ci again/);
});

test('hep_receive=native without the module ends the start with 1 and says what to do', limited, async (t) => {
  const ports = ['--hep_udp_port=auto', '--hep_tcp_port=0', '--ipfix_port=0', '--http_port=0'];
  const program = start(process.execPath, [withoutModule(t), 'serve', '--hep_receive=native', ...ports]);
  assert.equal(await program.exited, 1);
  assert.match(program.stderr, /hep_receive is \\"native\\", but the module for receiving in batches is not built; /);
});
