import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { suite, test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadUdpReceive, MissingModule, openBatched } from '../../src/sources/udp-batched.ts';
import type { UdpSocket, UdpSocketOptions } from '../../src/sources/udp-socket.ts';
import { until } from './fakes.ts';
import { nativeObstacle } from './native.ts';

const limited = { timeout: 10_000, skip: nativeObstacle() };

function open(t: TestContext, options: Partial<UdpSocketOptions> = {}, reusePort = false): UdpSocket {
  const module = loadUdpReceive();
  if (module instanceof MissingModule) throw module;
  const socket = openBatched(
    module,
    {
      addr: '127.0.0.1',
      port: 0,
      rcvbufBytes: 4_194_304,
      onBatch: () => undefined,
      onDatagram: () => undefined,
      onBatchEnd: () => undefined,
      onError: assert.ifError,
      ...options,
    },
    reusePort,
  );
  t.after(() => socket.close());
  return socket;
}

async function senderTo(t: TestContext, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

suite('openBatched()', () => {
  test('takes many datagrams at once, each with its own octets', limited, async (t) => {
    const texts: string[] = [];
    let batches = 0;
    const { port } = open(t, {
      onBatch: () => batches++,
      onDatagram: (bytes, _ip, _port, start, end) => texts.push(bytes.toString('latin1', start, end)),
    });
    const sender = await senderTo(t, port);
    // Sent before this thread can read one: a connected socket sends at once.
    const sent = Array.from({ length: 150 }, (_, n) => `datagram ${n} `.repeat(1 + (n % 10)));
    for (const text of sent) sender.send(text);
    await until(() => texts.length === sent.length);
    assert.deepEqual(texts, sent);
    assert.equal(batches, 3); // 64, 64 and 22
  });

  test('lets the event loop turn between so many datagrams', limited, async (t) => {
    let taken = 0;
    let takenBeforeTurn = 0;
    const { port } = open(t, {
      onDatagram: () => {
        if (taken++ === 0) setImmediate(() => (takenBeforeTurn = taken));
      },
    });
    const sender = await senderTo(t, port);
    for (let n = 0; n < 300; n++) sender.send('x');
    await until(() => taken === 300);
    assert.equal(takenBeforeTurn, 256);
  });

  test('says how full the receive buffer is', limited, async (t) => {
    const socket = open(t);
    const sender = await senderTo(t, socket.port);
    for (let n = 0; n < 100; n++) sender.send(Buffer.alloc(1000));
    const load = await socket.load();
    // The kernel counts its own bookkeeping too, and the buffer is twice what was granted.
    assert.ok(load !== null && load.queued >= 100_000 && load.queued < load.limit, JSON.stringify(load));
    assert.equal(load.limit, 2 * socket.receiveBufferBytes);
    assert.equal(load.dropped, 0);
  });

  test('shares its port with others that want that, and with nobody else', limited, async (t) => {
    let taken = 0;
    const onDatagram = (): unknown => taken++;
    const first = open(t, { onDatagram }, true);
    const second = open(t, { onDatagram, port: first.port }, true);
    assert.equal(second.port, first.port);
    assert.throws(() => open(t, { port: first.port }), { code: 'EADDRINUSE' });
    for (let n = 0; n < 20; n++) (await senderTo(t, first.port)).send('x');
    await until(() => taken === 20);
  });

  test('is closed twice and from within its own batch, and says no more', limited, async (t) => {
    let taken = 0;
    const socket: UdpSocket = open(t, {
      onDatagram: () => {
        if (taken++ === 0) void socket.close();
      },
    });
    const sender = await senderTo(t, socket.port);
    for (let n = 0; n < 200; n++) sender.send('x');
    await until(() => taken > 0);
    await socket.close();
    assert.equal(taken, 64); // what was in the batch
    assert.equal(await socket.load(), null);
    open(t, { port: socket.port }); // the port is free
  });

  test('closes its socket when its thread is terminated under traffic', limited, async (t) => {
    const threads = Array.from({ length: 3 }, () => startThread(''));
    const ports = await Promise.all(threads.map(async (thread) => (await once(thread, 'message')) as [number])); // the first thing it says
    for (const [index, thread] of threads.entries()) {
      const [port = 0] = ports[index] ?? [];
      const sender = await senderTo(t, port);
      const heard = once(thread, 'message');
      for (let n = 0; n < 100; n++) sender.send('x');
      await heard;
      for (let n = 0; n < 100; n++) sender.send('x');
      await thread.terminate();
      open(t, { port }); // the port is free
    }
  });

  test('lets an exception of the receiver end its thread, as any other listener would', limited, async (t) => {
    const thread = startThread('bad');
    t.after(() => thread.terminate());
    const [port] = (await once(thread, 'message')) as [number]; // the first thing it says
    const failed = once(thread, 'error');
    (await senderTo(t, port)).send('bad');
    const [error] = (await failed) as [Error]; // what a worker's "error" carries
    assert.equal(error.message, 'asked to fail at bad');
  });
});

function startThread(throwAt: string): Worker {
  return new Worker(new URL('./batched-worker.js', import.meta.url), { workerData: { throwAt } });
}
