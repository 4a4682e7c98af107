import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCollector } from '../support/collector.ts';
import { damagedDatagram, damagedStream, goodPacket } from '../support/hostile.ts';
import { start, until } from '../support/process.ts';
import { Random } from '../support/random.ts';
import { ROOT } from '../support/root.ts';

const CLI = join(ROOT, '.build/src/cli.js');
const LIMIT_MS = 60_000;

test('SIGTERM ends the collector in order: exit 0, and the report on standard output', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.program.stop(0));
  const socket = createSocket('udp4');
  socket.connect(collector.hepUdp, '127.0.0.1');
  await once(socket, 'connect');
  socket.send(goodPacket('one'));
  await collector.received(1);
  socket.close();
  await collector.stop();
  const report = collector.program.stdout;
  assert.match(report, /^run  time: \S+\n     pkts\/s: [\d.]+\n/);
  assert.match(report, /^ingest\.received +: +1\b/m);
  assert.match(report, /\nend active entries 1, end_force_timeout 0s, end_wait 0s\nfinal wait active entries 1, /);
  assert.equal(collector.program.stderr.includes('"level":"error"'), false, collector.program.stderr);
});

test('with end_force_timeout the calls still open report their time-out before the end', async (t) => {
  const collector = await startCollector({ end_force_timeout: '200ms' });
  t.after(() => collector.program.stop(0));
  const socket = createSocket('udp4');
  socket.connect(collector.hepUdp, '127.0.0.1');
  await once(socket, 'connect');
  socket.send(goodPacket('open'));
  await collector.received(1);
  socket.close();
  await collector.stop();
  assert.match(collector.program.stdout, /ev_ring0\.evtype\.call-attempt +: +1\b/);
  assert.match(collector.program.stdout, /final wait active entries 0, end_force_timeout 200ms, end_wait 450ms\n$/);
});

test('a port in use ends the start with 1 and a line that says what to do', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  const second = start(process.execPath, [
    CLI,
    'serve',
    '--hep_addr=127.0.0.1',
    `--hep_udp_port=${collector.hepUdp}`,
    '--hep_tcp_port=0',
    '--ipfix_port=0',
    '--http_port=0',
  ]);
  assert.equal(await second.exited, 1);
  assert.match(second.stderr, new RegExp(`127\\.0\\.0\\.1:${collector.hepUdp}`));
});

test('a page port in use ends the start with 1 too, and frees the listeners', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  const second = start(process.execPath, [
    CLI,
    'serve',
    '--hep_addr=127.0.0.1',
    '--hep_udp_port=auto',
    '--hep_tcp_port=0',
    '--ipfix_port=0',
    `--http_port=${collector.http}`,
  ]);
  assert.equal(await second.exited, 1);
  assert.match(second.stderr, new RegExp(`cannot listen for HTTP on 127\\.0\\.0\\.1:${collector.http}`));
});

test('damage over real sockets: the process stays up, counts everything, and tracks the next good packet', async (t) => {
  const collector = await startCollector({ hep_rcvbuf: '4MiB' });
  t.after(() => collector.program.stop(0));
  const random = new Random(5);
  const socket = createSocket('udp4');
  socket.connect(collector.hepUdp, '127.0.0.1');
  await once(socket, 'connect');
  const datagrams = 20_000;
  for (let sent = 0; sent < datagrams;) {
    const burst: Promise<unknown>[] = [];
    for (let n = 0; n < 400; n++, sent++) {
      // A datagram without octets is sent as one, but a connected socket's empty send is not counted by all kernels.
      const packet = damagedDatagram(random);
      burst.push(new Promise((resolve) => socket.send(packet.length === 0 ? Buffer.from('x') : packet, resolve)));
    }
    // oxlint-disable-next-line no-await-in-loop -- no more in flight than the socket's buffer holds
    await Promise.all(burst);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await until('burst read', LIMIT_MS, async () =>
      ((await collector.counters()).get('hep.datagrams') ?? 0) >= sent ? true : undefined,
    );
  }
  for (let n = 0; n < 200; n++) {
    const stream = connect(collector.hepTcp, '127.0.0.1');
    stream.on('error', () => undefined); // the collector closes what is out of step
    stream.end(damagedStream(random));
    // oxlint-disable-next-line no-await-in-loop -- one after the other keeps the number of connections low
    await once(stream, 'close');
  }
  socket.send(goodPacket('after-all'));
  await until('the good packet is a call', LIMIT_MS, async () =>
    (await collector.json<{ matched: number }>('/calls/list?cid=after-all')).matched === 1 ? true : undefined,
  );
  socket.close();
  const counters = await collector.counters();
  const of = (name: string): number => counters.get(name) ?? 0;
  assert.equal(of('hep.datagrams'), datagrams + 1);
  assert.equal(of('hep.kernel_drops'), 0);
  assert.equal(of('ingest.received'), of('hep.udp') + of('hep.tcp'));
  const exits = of('ingest.tracked') + of('ingest.refused') + of('ingest.ignored') + of('ingest.dropped');
  assert.equal(exits, of('ingest.received'));
  const health = await fetch(`http://127.0.0.1:${collector.http}/healthz`);
  assert.equal(health.status, 200);
  await collector.stop();
});
