import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test, type TestContext } from 'node:test';
import { connect as tlsConnect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { CounterSet, Hep } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import type { HepLimits } from '../../src/model/settings.ts';
import { ConnectionLimit } from '../../src/sources/connection-limit.ts';
import { HepStreamSource, type HepStreamOptions } from '../../src/sources/hep-stream.ts';
import { FakeFramer, FakeIngest, FakeLog, framed, until } from './fakes.ts';

const SECOND = 1_000_000;
const START_US = 1_700_000_000 * SECOND;
const limited = { timeout: 20_000 };
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some((address) => address.address === '::1'),
);
const ipv6Only = { ...limited, skip: hasIpv6 ? false : 'this host has no IPv6 loopback address' };

function pem(name: string): string {
  return `fixtures/tls/${name}.pem`;
}

type Options = Partial<HepStreamOptions> & { limit?: Partial<HepLimits> };

function setUp(t: TestContext, { limit = {}, ...options }: Options = {}) {
  const ingest = new FakeIngest();
  const counters = new CounterSet();
  const log = new FakeLog();
  const framers: FakeFramer[] = [];
  const time = { nowUs: START_US };
  const limits = {
    idleTimeoutMs: 0,
    messageTimeoutMs: 30_000,
    maxInflateRatio: 100,
    maxInflatedBytes: 65_536,
    maxConnections: 100,
    maxConnectionsPerAddress: 100,
    ...limit,
  };
  const source = new HepStreamSource({
    listener: 'tcp',
    addr: '127.0.0.1',
    port: 0,
    limits,
    connectionLimit: new ConnectionLimit(limits.maxConnections, limits.maxConnectionsPerAddress),
    ingest,
    makeFramer: (sink) => {
      const framer = new FakeFramer(sink);
      framers.push(framer);
      return framer;
    },
    counters,
    clock: () => time.nowUs,
    log,
    ...options,
  });
  t.after(() => source.stop(0));
  return { source, ingest, counters, log, framers, time };
}

function setUpTls(t: TestContext, options: Options = {}) {
  return setUp(t, { listener: 'tls', tls: { cert: pem('server'), key: pem('server-key') }, ...options });
}

/** An agent that never minds how its connection ends. */
async function agent(t: TestContext, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, noDelay: true });
  socket.on('error', () => undefined);
  socket.resume();
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

function tlsAgent(t: TestContext, port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = tlsConnect({ port, host: '127.0.0.1', ca: readFileSync(pem('ca')), ...options });
  socket.on('error', () => undefined);
  socket.resume();
  t.after(() => socket.destroy());
  return socket;
}

function identity(name: string): ConnectionOptions {
  return { cert: readFileSync(pem(name)), key: readFileSync(pem(`${name}-key`)) };
}

const closed = (socket: Socket): Promise<void> => until(() => socket.closed);

// ---- reading

test('HepStreamSource gives the framer several messages of one read', limited, async (t) => {
  const { source, ingest, counters } = setUp(t);
  const { port } = await source.start();
  const socket = await agent(t, port);
  socket.write(framed('one', 'two', 'three'));
  const sink = await ingest.sink();
  await until(() => sink.messages.length === 3);
  assert.deepEqual(sink.messages, ['one', 'two', 'three']);
  assert.deepEqual(ingest.asked, [{ ip: '127.0.0.1', port: socket.localPort, listener: 'tcp' }]);
  assert.equal(counters.get(Hep.CONNS_TOTAL), 1);
  assert.equal(counters.get(Hep.CONNS_ACTIVE), 1);
});

test('HepStreamSource gives the same messages wherever the stream is split', limited, async (t) => {
  const { source, ingest, framers } = setUp(t);
  const { port } = await source.start();
  const stream = framed('first', 'second');
  for (let at = 1; at < stream.length; at++) {
    const socket = await agent(t, port);
    socket.write(stream.subarray(0, at));
    const sink = await ingest.sink(at - 1);
    await until(() => framers[at - 1]?.taken === at);
    socket.end(stream.subarray(at));
    await closed(socket);
    await until(() => framers[at - 1]?.ends === 1);
    assert.deepEqual(sink.messages, ['first', 'second'], `split at ${at}`);
    assert.equal(framers[at - 1]?.pushes, 2);
    assert.deepEqual(sink.faults, []);
  }
});

test('HepStreamSource never writes to the peer', limited, async (t) => {
  const { source, ingest } = setUp(t);
  const { port } = await source.start();
  const socket = await agent(t, port);
  socket.end(framed('message'));
  await closed(socket);
  assert.deepEqual((await ingest.sink()).messages, ['message']);
  assert.equal(socket.bytesRead, 0);
});

test('HepStreamSource ends the framer of a connection that is cut or reset', limited, async (t) => {
  const { source, ingest, framers, counters } = setUp(t);
  const { port } = await source.start();
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    const n = framers.length;
    const socket = await agent(t, port);
    socket.write(framed('whole', 'broken').subarray(0, -1));
    const sink = await ingest.sink(n);
    await until(() => sink.messages.length === 1);
    socket[leave]();
    await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
    assert.deepEqual(sink.codes, [Fault.HEP_STREAM_CUT], leave);
    assert.equal(framers[n]?.ends, 1);
  }
  assert.equal(counters.get(Hep.CONNS_FAULTY), 0);
});

test('HepStreamSource closes a connection that is out of step, and no other', limited, async (t) => {
  const { source, ingest, framers, counters } = setUp(t);
  const { port } = await source.start();
  const good = await agent(t, port);
  const goodSink = await ingest.sink(0);
  const bad = await agent(t, port);
  const badSink = await ingest.sink(1);
  bad.write(Buffer.concat([framed('before'), Buffer.from([0]), framed('behind')]));
  await closed(bad);
  good.write(framed('fine'));
  await until(() => goodSink.messages.length === 1);
  assert.deepEqual(badSink.messages, ['before']);
  assert.deepEqual(badSink.codes, [Fault.HEP_BAD_MAGIC]);
  assert.equal(framers[1]?.ends, 0, 'its end was told by the fault');
  assert.equal(counters.get(Hep.CONNS_FAULTY), 1);
  assert.equal(counters.get(Hep.CONNS_ACTIVE), 1);
  assert.equal(source.view().connections, 1);
});

test('HepStreamSource listens on IPv6', ipv6Only, async (t) => {
  const { source, ingest } = setUp(t, { addr: '::1' });
  const { port } = await source.start();
  await agent(t, port, '::1');
  await ingest.sink();
  assert.equal(ingest.asked[0]?.ip, '::1');
});

test('HepStreamSource on :: takes IPv6 and IPv4', ipv6Only, async (t) => {
  const { source, ingest } = setUp(t, { addr: '::' });
  const { port } = await source.start();
  await agent(t, port, '::1');
  await ingest.sink(0);
  await agent(t, port, '127.0.0.1');
  await ingest.sink(1);
  assert.deepEqual(
    ingest.asked.map((asked) => asked.ip),
    ['::1', '::ffff:127.0.0.1'],
  );
});

// ---- who may connect

function refusals(counters: CounterSet): Record<string, number> {
  return {
    all: counters.get(Hep.CONNS_REFUSED),
    allow: counters.get(Hep.CONNS_NOT_ALLOWED),
    inAll: counters.get(Hep.CONNS_OVER_LIMIT),
    perAddress: counters.get(Hep.CONNS_OVER_ADDRESS_LIMIT),
  };
}

test('HepStreamSource refuses connections beyond the limit in all, until one is closed', limited, async (t) => {
  const { source, ingest, counters, log } = setUp(t, { limit: { maxConnections: 2 } });
  const { port } = await source.start();
  const first = await agent(t, port);
  await agent(t, port);
  await ingest.sink(1);
  for (let n = 0; n < 3; n++) await closed(await agent(t, port));
  assert.deepEqual(refusals(counters), { all: 3, allow: 0, inAll: 3, perAddress: 0 });
  assert.equal(counters.get(Hep.CONNS_TOTAL), 2);
  assert.equal(ingest.asked.length, 2);
  assert.deepEqual(log.troubles, ['warn: HEP connection refused: more than hep_max_connections']);
  first.destroy();
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 1);
  await agent(t, port);
  await ingest.sink(2);
});

test('HepStreamSource limits connections per address', limited, async (t) => {
  const { source, ingest, counters } = setUp(t, { addr: '0.0.0.0', limit: { maxConnectionsPerAddress: 1 } });
  const { port } = await source.start();
  await agent(t, port);
  await ingest.sink(0);
  await closed(await agent(t, port));
  assert.deepEqual(refusals(counters), { all: 1, allow: 0, inAll: 0, perAddress: 1 });
  const other = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  t.after(() => other.destroy());
  const error = await Promise.race([ingest.sink(1).then(() => undefined), once(other, 'error')]);
  if (error !== undefined) t.skip('127.0.0.2 is not a loopback address here');
});

test('HepStreamSource refuses a connection that ingest does not admit', limited, async (t) => {
  const { source, ingest, framers, counters } = setUp(t, { limit: { maxConnections: 1 } });
  const { port } = await source.start();
  ingest.admits = false;
  await closed(await agent(t, port));
  assert.deepEqual(refusals(counters), { all: 1, allow: 1, inAll: 0, perAddress: 0 });
  assert.equal(counters.get(Hep.CONNS_TOTAL), 0);
  assert.equal(framers.length, 0);
  ingest.admits = true;
  await agent(t, port);
  await ingest.sink(); // the refused one holds no place
});

// ---- deadlines

test('HepStreamSource closes a connection that is silent for hep_idle_timeout', limited, async (t) => {
  const { source, framers, counters, time } = setUp(t, { limit: { idleTimeoutMs: 60_000 } });
  const { port } = await source.start();
  const quiet = await agent(t, port);
  const busy = await agent(t, port);
  await until(() => framers.length === 2);
  time.nowUs += 50 * SECOND;
  busy.write(framed('here'));
  await until(() => framers.some((framer) => framer.taken > 0));
  time.nowUs += 10 * SECOND - 1;
  source.sweep();
  assert.equal(counters.get(Hep.CONNS_IDLE), 0);
  time.nowUs += 1;
  source.sweep();
  source.sweep(); // counts it once
  await closed(quiet);
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 1);
  assert.equal(counters.get(Hep.CONNS_IDLE), 1);
  assert.equal(counters.get(Hep.CONNS_FAULTY), 0);
  assert.equal(busy.closed, false);
});

test('HepStreamSource keeps silent connections when hep_idle_timeout is 0', limited, async (t) => {
  const { source, framers, time } = setUp(t);
  const { port } = await source.start();
  await agent(t, port);
  await until(() => framers.length === 1);
  time.nowUs += 30 * 86_400 * SECOND;
  source.sweep();
  assert.equal(source.view().connections, 1);
});

test('HepStreamSource closes a connection that keeps a message incomplete, however busy', limited, async (t) => {
  const { source, ingest, framers, counters, time } = setUp(t, { limit: { messageTimeoutMs: 30_000 } });
  const { port } = await source.start();
  const socket = await agent(t, port);
  const sink = await ingest.sink();
  const message = framed('message');
  socket.write(message.subarray(0, 2));
  await until(() => framers[0]?.taken === 2);
  time.nowUs += 29 * SECOND;
  socket.write(message.subarray(2, 3));
  await until(() => framers[0]?.taken === 3);
  source.sweep();
  assert.deepEqual(sink.codes, []);
  time.nowUs += SECOND;
  source.sweep();
  source.sweep(); // tells it once
  await closed(socket);
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
  const octets = message.toString('hex', 0, 3);
  assert.deepEqual(sink.faults, [{ fault: Fault.HEP_STREAM_DEADLINE, octets, nowUs: START_US + 30 * SECOND }]);
  assert.equal(counters.get(Hep.CONNS_FAULTY), 1);
});

// ---- gzip

test('HepStreamSource reads concatenated gzip members, wherever the stream is split', limited, async (t) => {
  const { source, ingest, framers, counters } = setUp(t);
  const { port } = await source.start();
  // The second message begins in one member and ends in the next.
  const stream = Buffer.concat([gzipSync(framed('one')), gzipSync(framed('two').subarray(0, 2)), gzipSync('wo')]);
  for (let at = 1; at < stream.length; at++) {
    const socket = await agent(t, port);
    socket.write(stream.subarray(0, at));
    const sink = await ingest.sink(at - 1);
    socket.end(stream.subarray(at));
    await until(() => framers[at - 1]?.ends === 1);
    assert.deepEqual(sink.messages, ['one', 'two'], `split at ${at}`);
    assert.deepEqual(sink.faults, []);
  }
  assert.equal(counters.get(Hep.CONNS_FAULTY), 0);
});

test('HepStreamSource reads gzip octet by octet', limited, async (t) => {
  const { source, ingest, framers } = setUp(t);
  const { port } = await source.start();
  const socket = await agent(t, port);
  const sink = await ingest.sink();
  const stream = Buffer.concat([gzipSync(framed('one')), gzipSync(framed('two'))]);
  for (const octet of stream) {
    await new Promise((resolve) => {
      socket.write(Buffer.from([octet]), resolve);
    });
  }
  socket.end();
  await until(() => framers[0]?.ends === 1);
  assert.deepEqual(sink.messages, ['one', 'two']);
});

test('HepStreamSource reads long gzip streams whose ratio is fair', limited, async (t) => {
  const { source, ingest, framers } = setUp(t, { limit: { maxInflateRatio: 10, maxInflatedBytes: 4096 } });
  const { port } = await source.start();
  const socket = await agent(t, port);
  const sink = await ingest.sink();
  const texts = Array.from({ length: 20_000 }, (_, n) => `message ${(n * 2_654_435_761) % 1_000_003}`);
  const plain = framed(...texts);
  socket.end(gzipSync(plain));
  await until(() => framers[0]?.ends === 1);
  assert.equal(framers[0]?.taken, plain.length);
  assert.deepEqual(sink.messages, texts);
  assert.deepEqual(sink.faults, []);
});

test('HepStreamSource closes a connection that sends a gzip bomb', limited, async (t) => {
  const { source, ingest, framers, counters } = setUp(t, { limit: { maxInflateRatio: 50, maxInflatedBytes: 65_536 } });
  const { port } = await source.start();
  const socket = await agent(t, port);
  const sink = await ingest.sink();
  const bomb = gzipSync(Buffer.alloc(50_000_000, framed('x')));
  socket.write(bomb);
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
  assert.deepEqual(sink.codes, [Fault.HEP_INFLATE_LIMIT]);
  assert.equal(counters.get(Hep.CONNS_FAULTY), 1);
  assert.equal(framers[0]?.ends, 0);
  assert.ok((framers[0]?.taken ?? Infinity) <= 65_536 + 50 * bomb.length);
});

test('HepStreamSource lets no hours of good traffic pay for a gzip bomb', limited, async (t) => {
  const { source, ingest, framers, counters } = setUp(t, { limit: { maxInflateRatio: 50, maxInflatedBytes: 65_536 } });
  const { port } = await source.start();
  const socket = await agent(t, port);
  const sink = await ingest.sink();
  // Stored, not deflated: each octet sent earns 50 and uses one.
  const good = gzipSync(Buffer.alloc(200_000, framed('x')), { level: 0 });
  socket.write(good);
  await until(() => framers[0]?.taken === 200_000);
  socket.write(gzipSync(Buffer.alloc(8_000_000, framed('x')))); // about 7 800 octets: less than 8 000 000 / 50
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
  assert.deepEqual(sink.codes, [Fault.HEP_INFLATE_LIMIT]);
});

for (const { what, stream } of [
  { what: 'does not inflate', stream: Buffer.from('1f8b08000000000000ffffffff', 'hex') },
  { what: 'is no gzip behind its first two octets', stream: Buffer.from('1f8b4845', 'hex') },
  { what: 'follows a member but is none', stream: Buffer.concat([gzipSync(framed('x')), Buffer.from('HEP3')]) },
  { what: 'follows a member with a NUL', stream: Buffer.concat([gzipSync(framed('x')), Buffer.from('\0HEP3')]) },
]) {
  test(`HepStreamSource closes a connection whose compressed data ${what}`, limited, async (t) => {
    const { source, ingest, counters } = setUp(t);
    const { port } = await source.start();
    const socket = await agent(t, port);
    socket.write(stream);
    const sink = await ingest.sink();
    await closed(socket);
    assert.deepEqual(sink.codes, [Fault.HEP_INFLATE]);
    assert.equal(counters.get(Hep.CONNS_FAULTY), 1);
  });
}

test('HepStreamSource leaves to the framer what begins like gzip but is not', limited, async (t) => {
  const { source, ingest, framers } = setUp(t);
  const { port } = await source.start();
  const socket = await agent(t, port);
  socket.end(framed('x'.repeat(0x1f))); // its first octet is 1f
  await until(() => framers[0]?.ends === 1);
  assert.deepEqual((await ingest.sink()).messages, ['x'.repeat(0x1f)]);
});

test('HepStreamSource counts a gzip stream that is cut in a message', limited, async (t) => {
  const { source, ingest, framers } = setUp(t);
  const { port } = await source.start();
  const socket = await agent(t, port);
  socket.end(gzipSync(framed('one', 'two').subarray(0, -1)));
  await until(() => framers[0]?.ends === 1);
  const sink = await ingest.sink();
  assert.deepEqual(sink.messages, ['one']);
  assert.deepEqual(sink.codes, [Fault.HEP_STREAM_CUT]);
});

// ---- TLS

test('HepStreamSource reads TLS', limited, async (t) => {
  const { source, ingest, framers, counters } = setUpTls(t);
  const { port, name } = await source.start();
  assert.equal(name, 'hep-tls');
  const socket = tlsAgent(t, port);
  await once(socket, 'secureConnect');
  assert.equal(counters.get(Hep.CONNS_ACTIVE), 1);
  socket.end(framed('one', 'two'));
  await until(() => framers[0]?.ends === 1);
  assert.deepEqual((await ingest.sink()).messages, ['one', 'two']);
  assert.deepEqual(ingest.asked, [{ ip: '127.0.0.1', port: ingest.asked[0]?.port, listener: 'tls' }]);
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
  assert.equal(counters.get(Hep.TLS_ERRORS), 0);
});

test('HepStreamSource reads gzip over TLS to the end', limited, async (t) => {
  const { source, ingest, framers } = setUpTls(t);
  const { port } = await source.start();
  const texts = Array.from({ length: 30_000 }, (_, n) => `message ${n}`);
  tlsAgent(t, port).end(gzipSync(framed(...texts)));
  await until(() => framers[0]?.ends === 1);
  assert.deepEqual((await ingest.sink()).messages, texts);
});

test('HepStreamSource serves many TLS agents at once, each its own messages', limited, async (t) => {
  const { source, ingest, framers, counters } = setUpTls(t);
  const { port } = await source.start();
  for (let n = 0; n < 20; n++) tlsAgent(t, port).end(framed(`agent ${n}`, `agent ${n}`));
  await until(() => framers.length === 20 && framers.every((framer) => framer.ends === 1));
  const heard = ingest.sinks.map((sink) => sink.messages);
  for (const messages of heard) assert.deepEqual(messages, [messages[0], messages[0]]);
  assert.equal(new Set(heard.map((messages) => messages[0])).size, 20);
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
});

test('HepStreamSource counts what is no TLS handshake and stays open', limited, async (t) => {
  const { source, ingest, framers, counters, log } = setUpTls(t);
  const { port } = await source.start();
  const plain = await agent(t, port);
  plain.write('HEP3 without TLS');
  await closed(plain);
  await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
  assert.equal(counters.get(Hep.TLS_ERRORS), 1);
  assert.equal(log.troubles.length, 1);
  assert.match(log.troubles[0] ?? '', /^warn: TLS handshake failed: /);
  assert.deepEqual((await ingest.sink(0)).faults, []);
  tlsAgent(t, port).end(framed('fine'));
  await until(() => framers[1]?.ends === 1);
  assert.deepEqual((await ingest.sink(1)).messages, ['fine']);
});

test(
  'HepStreamSource closes a connection that does not finish its TLS handshake in ten seconds',
  limited,
  async (t) => {
    const { source, framers, counters, time } = setUpTls(t);
    const { port } = await source.start();
    const silent = await agent(t, port);
    await until(() => framers.length === 1);
    time.nowUs += 10 * SECOND - 1;
    source.sweep();
    assert.equal(source.view().connections, 1);
    time.nowUs += 1;
    source.sweep();
    await closed(silent);
    await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
    assert.equal(counters.get(Hep.TLS_ERRORS), 1);
  },
);

test('HepStreamSource refuses TLS 1.1', limited, async (t) => {
  const { source, counters } = setUpTls(t);
  const { port } = await source.start();
  const old = tlsAgent(t, port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' });
  await closed(old);
  await until(() => counters.get(Hep.TLS_ERRORS) === 1);
});

for (const { who, options, admitted } of [
  { who: 'admits an agent with a certificate of hep_tls_ca', options: identity('client'), admitted: true },
  { who: 'refuses an agent without a certificate', options: {}, admitted: false },
  { who: 'refuses an agent with a certificate of its own', options: identity('stranger'), admitted: false },
  { who: 'refuses an agent with the certificate of a listener', options: identity('server'), admitted: false },
]) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`HepStreamSource with hep_tls_ca ${who}, ${version}`, limited, async (t) => {
      const { source, framers, ingest, counters } = setUpTls(t, {
        tls: { cert: pem('server'), key: pem('server-key'), ca: pem('ca') },
      });
      const { port } = await source.start();
      const socket = tlsAgent(t, port, { ...options, minVersion: version, maxVersion: version });
      socket.end(framed('secret'));
      await until(() => framers.length === 1);
      await until(() => counters.get(Hep.CONNS_ACTIVE) === 0);
      assert.deepEqual((await ingest.sink()).messages, admitted ? ['secret'] : []);
      assert.equal(counters.get(Hep.TLS_ERRORS), admitted ? 0 : 1);
    });
  }
}

// ---- start and stop

test('HepStreamSource shows the port in use and logs it', limited, async (t) => {
  const { source, log } = setUp(t);
  const view = await source.start();
  assert.deepEqual(view, {
    name: 'hep-tcp',
    address: '127.0.0.1',
    port: view.port,
    receiveMethod: null,
    receiveBufferBytes: null,
    kernelDrops: null,
    connections: 0,
  });
  assert.notEqual(view.port, 0);
  assert.deepEqual(log.lines, ['info: listening']);
});

test('HepStreamSource says what to do when its port is taken', limited, async (t) => {
  const { port } = await setUp(t).source.start();
  await assert.rejects(setUp(t, { port }).source.start(), {
    name: 'ListenError',
    code: 'LISTEN_FAILED',
    message: `Cannot listen for HEP on TCP 127.0.0.1:${port}: the port is in use, stop the other program or set hep_tcp_port`,
  });
});

for (const { what, options, message } of [
  {
    what: 'a bad address',
    options: { addr: '999.0.0.1' },
    message: /^Cannot listen for HEP over TCP: hep_addr is "999\.0\.0\.1", expected an IPv4 or IPv6 address$/,
  },
  {
    what: 'TLS without certificate and key',
    options: { listener: 'tls' as const },
    message: /^Cannot listen for HEP over TLS: set hep_tls_cert and hep_tls_key$/,
  },
  {
    what: 'a certificate that is not there',
    options: { listener: 'tls' as const, tls: { cert: pem('absent'), key: pem('server-key') } },
    message: /^Cannot listen for HEP over TLS: hep_tls_cert is "fixtures\/tls\/absent\.pem", not readable: ENOENT/,
  },
  {
    what: 'a key of another certificate',
    options: { listener: 'tls' as const, tls: { cert: pem('server'), key: pem('client-key') } },
    message:
      /^Cannot listen for HEP over TLS: the files of hep_tls_cert, hep_tls_key and hep_tls_ca do not work: .*key values mismatch/,
  },
  {
    what: 'a certificate that is none',
    options: { listener: 'tls' as const, tls: { cert: 'package.json', key: pem('server-key') } },
    message: /^Cannot listen for HEP over TLS: the files of hep_tls_cert, hep_tls_key and hep_tls_ca do not work: /,
  },
  {
    what: 'authorities in which there is none',
    options: { listener: 'tls' as const, tls: { cert: pem('server'), key: pem('server-key'), ca: 'package.json' } },
    message: /^Cannot listen for HEP over TLS: the files of hep_tls_cert, hep_tls_key and hep_tls_ca do not work: /,
  },
]) {
  test(`HepStreamSource refuses to start with ${what}`, limited, async (t) => {
    await assert.rejects(setUp(t, options).source.start(), { name: 'ListenError', code: 'LISTEN_FAILED', message });
  });
}

test('HepStreamSource reports trouble with its listening socket and goes on', limited, async (t) => {
  const listen = t.mock.method(Server.prototype, 'listen');
  const errors: Error[] = [];
  const { source, ingest, log } = setUp(t, { onError: (error) => errors.push(error) });
  const { port } = await source.start();
  const server = listen.mock.calls[0]?.this;
  assert.ok(server instanceof Server);
  const error = new Error('accept EMFILE');
  server.emit('error', error);
  server.emit('error', error);
  assert.deepEqual(errors, [error, error]);
  assert.deepEqual(log.troubles, ['error: HEP over TCP failed: accept EMFILE']);
  await agent(t, port);
  await ingest.sink();
});

test('HepStreamSource stops before its start, twice, and while it starts', limited, async (t) => {
  const { source } = setUp(t);
  await source.stop();
  const starting = source.start();
  await Promise.all([source.stop(), source.stop()]);
  const { port } = await starting;
  await source.stop();
  await setUp(t, { port }).source.start(); // the port is free again
});

test('HepStreamSource takes what was sent before it stops, and ends its framers', limited, async (t) => {
  const { source, ingest, framers, counters } = setUp(t);
  const { port } = await source.start();
  const whole = await agent(t, port);
  const broken = await agent(t, port);
  await ingest.sink(1);
  whole.write(framed('sent'));
  broken.write(framed('broken').subarray(0, 3));
  await source.stop(600_000); // agents leave when they see the end, long before
  await closed(whole);
  const [first, second] = ingest.sinks.toSorted((a, b) => b.messages.length - a.messages.length);
  assert.deepEqual(first?.messages, ['sent']);
  assert.deepEqual(second?.codes, [Fault.HEP_STREAM_CUT]);
  assert.deepEqual(
    framers.map((framer) => framer.ends),
    [1, 1],
  );
  assert.equal(counters.get(Hep.CONNS_ACTIVE), 0);
  assert.equal(source.view().connections, 0);
});

test('HepStreamSource stops although agents stay, also in their TLS handshake', limited, async (t) => {
  const { source, framers } = setUp(t);
  const tls = setUpTls(t);
  const stubborn = connect({ port: (await source.start()).port, host: '127.0.0.1', allowHalfOpen: true });
  stubborn.on('error', () => undefined);
  t.after(() => stubborn.destroy());
  await agent(t, (await tls.source.start()).port);
  await until(() => framers.length === 1 && tls.framers.length === 1);
  await source.stop(0);
  await tls.source.stop(600_000);
  assert.equal(source.view().connections, 0);
  assert.equal(tls.source.view().connections, 0);
});
