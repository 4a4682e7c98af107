import assert from 'node:assert/strict';
import { createSocket, Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { suite, test, type TestContext } from 'node:test';
import { CounterSet, Hep } from '../../src/model/counters.ts';
import { HepUdpSource, type HepUdpOptions } from '../../src/sources/hep-udp.ts';
import { ListenError } from '../../src/sources/listen-error.ts';
import type { ReceiveMethod } from '../../src/model/settings.ts';
import { FakeIngest, FakeLog, until } from './fakes.ts';
import { nativeObstacle } from './native.ts';

const NOW_US = 1_700_000_000_000_000;
const TIMEOUT = { timeout: 10_000 };
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some((address) => address.address === '::1'),
);

function makeSource(t: TestContext, options: Partial<HepUdpOptions> = {}) {
  const ingest = new FakeIngest();
  const counters = new CounterSet();
  const log = new FakeLog();
  const source = new HepUdpSource({
    addr: '127.0.0.1',
    port: 0,
    rcvbufBytes: 65_536,
    receive: 'dgram',
    ingest,
    counters,
    clock: () => NOW_US,
    log,
    ...options,
  });
  t.after(() => source.stop());
  return { source, ingest, counters, log };
}

async function sender(t: TestContext, ip: string, port: number): Promise<Socket> {
  const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
  t.after(() => socket.close());
  socket.connect(port, ip);
  await once(socket, 'connect');
  return socket;
}

for (const receive of ['dgram', 'native'] as const) suite(`HepUdpSource, ${receive}`, () => behavesAlike(receive));

/** All that must not depend on how datagrams are received. */
function behavesAlike(receive: ReceiveMethod): void {
  const setUp = (t: TestContext, options: Partial<HepUdpOptions> = {}) => makeSource(t, { receive, ...options });
  const limited = { ...TIMEOUT, skip: receive === 'native' ? nativeObstacle() : false };
  const ipv6Only = hasIpv6 ? limited : { ...TIMEOUT, skip: 'this host has no IPv6 loopback address' };

  test('HepUdpSource hands over a datagram with its sender and the time', limited, async (t) => {
    const { source, ingest, counters } = setUp(t);
    const { port } = await source.start();
    const socket = await sender(t, '127.0.0.1', port);
    socket.send('HEP3');
    await until(() => ingest.datagrams.length === 1);
    assert.deepEqual(ingest.datagrams, [
      { bytes: Buffer.from('HEP3'), ip: '127.0.0.1', port: socket.address().port, nowUs: NOW_US },
    ]);
    assert.equal(counters.get(Hep.DATAGRAMS), 1);
  });

  test('HepUdpSource hands over an empty datagram and the largest there is', limited, async (t) => {
    const { source, ingest } = setUp(t, { rcvbufBytes: 1_048_576 });
    const { port } = await source.start();
    const socket = await sender(t, '127.0.0.1', port);
    const largest = Buffer.alloc(65_507, 'x');
    socket.send('');
    socket.send(largest);
    await until(() => ingest.datagrams.length === 2);
    assert.equal(ingest.datagrams[0]?.bytes.length, 0);
    assert.ok(ingest.datagrams[1]?.bytes.equals(largest));
  });

  test('HepUdpSource listens on IPv6', ipv6Only, async (t) => {
    const { source, ingest } = setUp(t, { addr: '::1' });
    const { port } = await source.start();
    const socket = await sender(t, '::1', port);
    socket.send('six');
    await until(() => ingest.datagrams.length === 1);
    assert.equal(ingest.datagrams[0]?.ip, '::1');
  });

  test('HepUdpSource on :: hears IPv6 and IPv4', ipv6Only, async (t) => {
    const { source, ingest } = setUp(t, { addr: '::' });
    const { port } = await source.start();
    const six = await sender(t, '::1', port);
    const four = await sender(t, '127.0.0.1', port);
    six.send('six');
    await until(() => ingest.datagrams.length === 1);
    four.send('four');
    await until(() => ingest.datagrams.length === 2);
    assert.deepEqual(
      ingest.datagrams.map((datagram) => datagram.ip),
      ['::1', '::ffff:127.0.0.1'],
    );
  });

  test('HepUdpSource shows the port in use and the receive buffer granted, and logs the port', limited, async (t) => {
    const { source, log } = setUp(t);
    assert.equal(source.view().port, 0);
    const view = await source.start();
    assert.deepEqual(source.view(), view);
    assert.deepEqual(view, {
      name: 'hep-udp',
      address: '127.0.0.1',
      port: view.port,
      receiveMethod: receive,
      receiveBufferBytes: 65_536,
      kernelDrops: null,
      connections: null,
    });
    assert.notEqual(view.port, 0);
    assert.deepEqual(log.lines, ['info: listening']);
  });

  test('HepUdpSource says which sysctl to set when the kernel grants a smaller receive buffer', limited, async (t) => {
    const asked = 1_073_741_823; // more than any sane limit; doubled it still fits the kernel's 31 bits
    const { source, log } = setUp(t, { rcvbufBytes: asked });
    const { receiveBufferBytes } = await source.start();
    if (receiveBufferBytes === asked) {
      t.skip('this kernel grants a gigabyte');
      return;
    }
    assert.equal(log.troubles.length, 1);
    assert.match(
      log.troubles[0] ?? '',
      /^warn: UDP receive buffer is \d+ octets, not 1073741823: sysctl -w net\.core\.rmem_max=1073741823$/,
    );
  });

  test('HepUdpSource counts every datagram as received or as dropped by the kernel', limited, async (t) => {
    const { source, ingest, counters, log } = setUp(t, { rcvbufBytes: 4096 });
    const { port } = await source.start();
    const socket = await sender(t, '127.0.0.1', port);
    if (process.platform !== 'linux') {
      t.skip('this system does not tell what it drops');
      return;
    }
    // All are sent before this thread can read one: a connected socket sends at once.
    const sent = 500;
    for (let n = 0; n < sent; n++) socket.send(Buffer.alloc(1000));
    await until(() => {
      source.pollLoad();
      return ingest.datagrams.length + (source.view().kernelDrops ?? 0) >= sent;
    });
    const drops = source.view().kernelDrops ?? 0;
    assert.equal(ingest.datagrams.length + drops, sent);
    assert.ok(drops > 0);
    assert.equal(counters.get(Hep.KERNEL_DROPS), drops);
    const warnings = log.troubles.filter((line) => line.includes('dropped by the kernel'));
    assert.equal(warnings.length, 1);
  });

  test('HepUdpSource says what to do when its port is taken', limited, async (t) => {
    const first = setUp(t);
    const { port } = await first.source.start();
    const second = setUp(t, { port });
    await assert.rejects(second.source.start(), (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.code, 'LISTEN_FAILED');
      assert.equal(
        error.message,
        `Cannot listen for HEP on UDP 127.0.0.1:${port}: the port is in use, stop the other program or set hep_udp_port`,
      );
      return true;
    });
  });

  for (const { addr, message } of [
    {
      addr: 'collector.example',
      message: 'Cannot listen for HEP over UDP: hep_addr is "collector.example", expected an IPv4 or IPv6 address',
    },
    {
      addr: '192.0.2.1', // RFC 5737: nobody's
      message:
        'Cannot listen for HEP on UDP 192.0.2.1:0: this host has no such address, set hep_addr to one of its own or to 0.0.0.0',
    },
  ]) {
    test(`HepUdpSource refuses to listen on ${addr}`, limited, async (t) => {
      const { source } = setUp(t, { addr });
      await assert.rejects(source.start(), { name: 'ListenError', code: 'LISTEN_FAILED', message });
    });
  }

  test('HepUdpSource stops before its start, twice, and while it starts', limited, async (t) => {
    const { source } = setUp(t);
    await source.stop();
    const starting = source.start();
    await Promise.all([source.stop(), source.stop()]);
    const { port } = await starting;
    await source.stop();
    const next = setUp(t, { port });
    await next.source.start(); // the port is free again
  });

  test('HepUdpSource can be stopped after a start that failed, and started again', limited, async (t) => {
    const first = setUp(t);
    const { port } = await first.source.start();
    const second = setUp(t, { port });
    await assert.rejects(second.source.start());
    await second.source.stop();
    await first.source.stop();
    assert.equal((await second.source.start()).port, port);
  });

  test('stop() hands over what the kernel had received before it', limited, async (t) => {
    const { source, ingest } = setUp(t, { rcvbufBytes: 1_048_576 });
    const { port } = await source.start();
    const socket = await sender(t, '127.0.0.1', port);
    const sent = Array.from({ length: 200 }, (_, n) => new Promise((resolve) => socket.send(`message ${n}`, resolve)));
    await Promise.all(sent);
    await source.stop();
    assert.equal(ingest.datagrams.length, 200);
  });
}

test('HepUdpSource reports trouble with its socket and goes on', TIMEOUT, async (t) => {
  const bind = t.mock.method(Socket.prototype, 'bind');
  const errors: Error[] = [];
  const { source, ingest, log } = makeSource(t, { onError: (error) => errors.push(error) });
  const { port } = await source.start();
  const opened = bind.mock.calls[0]?.this;
  assert.ok(opened instanceof Socket);
  const error = new Error('recvmsg ENOBUFS');
  opened.emit('error', error);
  opened.emit('error', error);
  assert.deepEqual(errors, [error, error]);
  assert.deepEqual(log.troubles, ['error: HEP over UDP failed: recvmsg ENOBUFS']);
  const socket = await sender(t, '127.0.0.1', port);
  socket.send('still here');
  await until(() => ingest.datagrams.length === 1);
});
