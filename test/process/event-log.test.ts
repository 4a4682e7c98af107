import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { startCollector } from '../support/collector.ts';
import { goodPacket } from '../support/hostile.ts';
import { start, until } from '../support/process.ts';
import { ROOT } from '../support/root.ts';

const CLI = join(ROOT, '.build/src/cli.js');
const LIMIT_MS = 30_000;

interface Line {
  type: string;
  sip: { call_id: string; response: { status: number } };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sipcol-events-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

async function socketTo(port: number, t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

const eventsOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line) // the lines under test
    .map(({ type, sip }) => `${type} ${sip.call_id} ${sip.response.status}`);

test('events go to a file, to its successor after SIGHUP, and the last ones of all before the end', async (t) => {
  const path = join(folder(t), 'events.json');
  const collector = await startCollector({ event_log: path, end_force_timeout: '200ms', calls_timeouts: 'inv_1st:1s' });
  t.after(() => collector.program.stop(0));
  const socket = await socketTo(collector.hepUdp, t);
  socket.send(goodPacket('first'));
  await until('the first event in the file', LIMIT_MS, () =>
    eventsOf(readFileSync(path, 'utf8')).length > 0 ? true : undefined,
  );
  renameSync(path, `${path}.1`);
  process.kill(collector.program.pid, 'SIGHUP');
  await until('a new file', LIMIT_MS, () => (existsSync(path) ? true : undefined));
  socket.send(goodPacket('second'));
  await collector.received(2);
  await collector.stop();
  const first = eventsOf(readFileSync(`${path}.1`, 'utf8'));
  const second = eventsOf(readFileSync(path, 'utf8'));
  assert.equal(first.length, 1);
  assert.equal(second.length, 1);
  assert.match(first[0] ?? '', /^call-attempt .*first.* 408$/);
  assert.match(second[0] ?? '', /^call-attempt .*second.* 408$/);
  assert.match(collector.program.stdout, /^event_log\.written +: +2\b/m);
});

test('events on standard output come before the report', async (t) => {
  const collector = await startCollector({ event_log: 'stdout', end_force_timeout: '200ms' });
  t.after(() => collector.program.stop(0));
  const socket = await socketTo(collector.hepUdp, t);
  socket.send(goodPacket('one'));
  await collector.received(1);
  await collector.stop();
  const { stdout } = collector.program;
  assert.equal(eventsOf(stdout).length, 1);
  assert.ok(stdout.indexOf('"call-attempt"') < stdout.indexOf('run  time:'));
});

test('a file that cannot be opened ends the start with 1 and a line that names it', async () => {
  const program = start(process.execPath, [CLI, 'serve', '--hep_udp_port=auto', '--event_log=/no/such/folder/log']);
  assert.equal(await program.exited, 1);
  assert.match(program.stderr, /cannot open event_log \\"\/no\/such\/folder\/log\\": ENOENT/);
});

test('a reader of standard output that is stuck holds up neither packets nor pages nor the end', async (t) => {
  const child = spawn(
    process.execPath,
    [
      CLI,
      'serve',
      '--hep_addr=127.0.0.1',
      '--hep_udp_port=auto',
      '--hep_tcp_port=0',
      '--ipfix_port=0',
      '--http_port=auto',
      '--event_log=stdout',
      '--evr_max_entries=0',
      '--stop_timeout=2s',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const portOf = (listener: string): Promise<number> =>
    until(`${listener} listening`, LIMIT_MS, () => {
      const found = new RegExp(`"listener":"${listener}".*?"port":(\\d+)`).exec(stderr)?.[1];
      return found === undefined ? undefined : Number(found);
    });
  const http = await portOf('http');
  const socket = await socketTo(await portOf('hep-udp'), t);
  const probe = encodeHep3({
    src: '192.0.2.1',
    srcPort: 5060,
    dst: '192.0.2.2',
    dstPort: 5060,
    ipProtocol: 17,
    kind: 1,
    captureId: 1,
    capturedAtUs: Date.now() * 1000,
    payload: Buffer.from('0123456789abcdef0123456789'),
  });
  interface Counter {
    name: string;
    value: number;
  }
  const counter = async (path: string): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${http}/counters?format=json&counter=${path}`);
    return ((await answer.json()) as { items: Counter[] }).items[0]?.value ?? 0;
  };
  // A pipe takes 64 KiB and each line some hundred octets, so that most of these get stuck.
  for (let n = 0; n < 2000; n += 100) {
    for (let m = 0; m < 100; m++) socket.send(probe);
    await until('the packets taken', LIMIT_MS, async () =>
      (await counter('ev_ring0.queued')) >= n + 100 ? true : undefined,
    );
  }
  assert.ok((await counter('event_log.written')) < 2000);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});
