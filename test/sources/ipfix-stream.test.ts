import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { Ipfix } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import type { IpfixSettings } from '../../src/model/settings.ts';
import { ConnectionLimit } from '../../src/sources/connection-limit.ts';
import { IpfixStreamSource } from '../../src/sources/ipfix-stream.ts';
import { IpfixFramer } from '../../src/wire/ipfix/framer.ts';
import { NOW_US, PipelineStage } from '../pipeline/pipeline-stage.ts';
import { CONNECT, CONNECT_ANSWER, KEEPALIVE, RECORD, UDP_IN } from '../support/ipfix-examples.ts';
import { goodProbeMessage } from '../support/hostile-ipfix.ts';
import { FakeLog, until } from './fakes.ts';

const SECOND = 1_000_000;
const limited = { timeout: 20_000 };

const setUp = (t: TestContext, ...argv: string[]) => setUpWith(t, undefined, ...argv);

/** A listener around a real pipeline, on a clock of the test. */
async function setUpWith(t: TestContext, tls: IpfixSettings['tls'], ...argv: string[]) {
  const stage = new PipelineStage('--ipfix_addr=127.0.0.1', '--ipfix_port=auto', '--ipfix_qos=false', ...argv);
  const { addr, port, limits } = stage.settings.ipfix;
  const log = new FakeLog();
  const time = { nowUs: NOW_US };
  const make = (usePort = port): IpfixStreamSource =>
    new IpfixStreamSource({
      addr,
      port: usePort,
      tls,
      limits,
      connectionLimit: new ConnectionLimit(limits.maxConnections, limits.maxConnectionsPerAddress),
      ingest: stage.ipfix,
      makeFramer: (sink) => new IpfixFramer(sink, limits),
      counters: stage.counters,
      clock: () => time.nowUs,
      log,
    });
  const source = make();
  t.after(() => source.stop(0));
  const view = await source.start();
  const count = (index: number): number => stage.counters.get(index);
  return { stage, source, log, time, view, port: view.port, count, make };
}

/** An SBC's socket, which keeps what it is told. */
async function sbc(t: TestContext, port: number, localAddress = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  const heard: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return { socket, heard: () => Buffer.concat(heard) };
}

const closed = (socket: Socket): Promise<void> => until(() => socket.closed);

test('IpfixStreamSource answers a connect request, cut anywhere, and lists the probe', limited, async (t) => {
  const { stage, port } = await setUp(t);
  const { socket, heard } = await sbc(t, port);
  for (const octet of CONNECT) socket.write(Buffer.from([octet]));
  await until(() => heard().length >= CONNECT_ANSWER.length);
  assert.deepEqual(heard(), CONNECT_ANSWER);
  const [probe] = stage.probes.newest(0, 1, 0);
  assert.deepEqual(probe?.peer, { ip: '127.0.0.1', port: socket.localPort });
  assert.deepEqual(probe?.local, { ip: '127.0.0.1', port });
  assert.deepEqual([probe?.host, probe?.timeoutS, probe?.keepaliveS], ['ecz730', 60, 30]);
});

test(
  'IpfixStreamSource takes several messages of one read and counts reads that fit no message',
  limited,
  async (t) => {
    const { stage, port, count } = await setUp(t);
    const { socket } = await sbc(t, port);
    socket.write(Buffer.concat([KEEPALIVE, KEEPALIVE, UDP_IN.subarray(0, 10)]));
    await until(() => count(Ipfix.PKTS_RCVD) === 2);
    socket.write(UDP_IN.subarray(10));
    await until(() => count(Ipfix.PKTS_RCVD) === 3);
    assert.deepEqual([count(Ipfix.SHORT_READ), count(Ipfix.LONG_READ)], [1, 1]);
    assert.equal(stage.exits, 3);
  },
);

test('IpfixStreamSource closes a connection that is silent for longer than was negotiated', limited, async (t) => {
  const { source, port, time, count, stage } = await setUp(t);
  const { socket, heard } = await sbc(t, port);
  socket.write(CONNECT);
  await until(() => heard().length > 0);
  time.nowUs += 60 * SECOND;
  source.sweep();
  assert.equal(count(Ipfix.ERR_TIMEOUT), 0);
  // A keep-alive starts the time anew.
  socket.write(KEEPALIVE);
  await until(() => count(Ipfix.KEEPALIVES) === 1);
  time.nowUs += 60 * SECOND;
  source.sweep();
  assert.equal(count(Ipfix.ERR_TIMEOUT), 0);
  time.nowUs += 1;
  source.sweep();
  await closed(socket);
  assert.equal(count(Ipfix.ERR_TIMEOUT), 1);
  await until(() => stage.probes.size === 0);
});

test(
  'IpfixStreamSource closes a connection that never says a word when a longest silence is set',
  limited,
  async (t) => {
    const { source, port, time, count } = await setUp(t, '--ipfix_timeout_max=10');
    const { socket } = await sbc(t, port);
    await until(() => source.view().connections === 1);
    time.nowUs += 10 * SECOND + 1;
    source.sweep();
    await closed(socket);
    assert.equal(count(Ipfix.ERR_TIMEOUT), 1);
  },
);

test('IpfixStreamSource leaves silent connections alone when timeouts are switched off', limited, async (t) => {
  const { source, port, time, count } = await setUp(t, '--ipfix_timeout_min=-1', '--ipfix_timeout_max=-1');
  const { socket, heard } = await sbc(t, port);
  socket.write(CONNECT);
  await until(() => heard().length > 0);
  assert.equal(heard().readUInt16BE(RECORD + 10), 30);
  time.nowUs += 1_000_000 * SECOND;
  source.sweep();
  assert.equal(count(Ipfix.ERR_TIMEOUT), 0);
  assert.equal(source.view().connections, 1);
});

test(
  'IpfixStreamSource closes a connection that keeps a message incomplete, and counts it once',
  limited,
  async (t) => {
    const { source, port, time, count, stage } = await setUp(t, '--ipfix_message_timeout=5s');
    const { socket } = await sbc(t, port);
    socket.write(UDP_IN.subarray(0, 30));
    await until(() => count(Ipfix.SHORT_READ) === 1);
    // Dripping octets does not help.
    time.nowUs += 4 * SECOND;
    socket.write(UDP_IN.subarray(30, 31));
    await until(() => count(Ipfix.SHORT_READ) === 2);
    time.nowUs += 2 * SECOND;
    source.sweep();
    await closed(socket);
    await until(() => stage.probes.size === 0);
    assert.equal(stage.received, 1);
    assert.equal(stage.exits, 1);
    const firstOctets = UDP_IN.toString('hex', 0, 4);
    assert.match(stage.reported.join(), new RegExp(` ${Fault.IPFIX_STREAM_DEADLINE} ${firstOctets} `));
    assert.equal(count(Ipfix.BYTES_RCVD), 31);
  },
);

test('IpfixStreamSource closes a connection that is out of step, and the next one works', limited, async (t) => {
  const { port, stage, count } = await setUp(t);
  const { socket } = await sbc(t, port);
  socket.write(Buffer.concat([KEEPALIVE, Buffer.from('GET / HTTP/1.1\r\n\r\n'), KEEPALIVE]));
  await closed(socket);
  assert.deepEqual([count(Ipfix.PKTS_RCVD), count(Ipfix.ERR_PARSE)], [1, 1]);
  assert.equal(stage.exits, 2);
  const next = await sbc(t, port);
  next.socket.write(goodProbeMessage('after', NOW_US));
  await until(() => stage.tracker.family('after').length === 1);
});

test('IpfixStreamSource leaves a peer that asks and never reads the answers', limited, async (t) => {
  const { port, count } = await setUp(t);
  const { socket } = await sbc(t, port);
  socket.pause();
  const many = Buffer.concat(Array.from({ length: 1000 }, () => CONNECT));
  // Kernels hold some megabytes between the two; what does not fit there is our limit.
  while (count(Ipfix.ERR_OTHER) === 0) {
    socket.write(many);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(count(Ipfix.ERR_OTHER) >= 1);
});

test('IpfixStreamSource keeps to its limits and to ipfix_allow', limited, async (t) => {
  const { port, count, log } = await setUp(t, '--ipfix_max_connections_per_address=1', '--ipfix_allow=127.0.0.0/30');
  await sbc(t, port, '127.0.0.1');
  await until(() => count(Ipfix.CONNS_ACTIVE) === 1);
  const second = await sbc(t, port, '127.0.0.1');
  await closed(second.socket);
  const stranger = await sbc(t, port, '127.0.0.9');
  await closed(stranger.socket);
  assert.equal(count(Ipfix.CONNS_REFUSED), 2);
  assert.deepEqual([count(Ipfix.CONNS_NOT_ALLOWED), count(Ipfix.CONNS_OVER_ADDRESS_LIMIT)], [1, 1]);
  assert.equal(count(Ipfix.CONNS_ACTIVE), 1);
  // One reason does not hide the other.
  assert.deepEqual(log.troubles, [
    'warn: IPFIX connection refused: more than ipfix_max_connections_per_address',
    'warn: IPFIX connection refused: address not in ipfix_allow',
  ]);
});

test('IpfixStreamSource says what to do when its port is taken', limited, async (t) => {
  const { port, make, view } = await setUp(t);
  assert.deepEqual([view.name, view.connections], ['ipfix-tcp', 0]);
  await assert.rejects(make(port).start(), {
    name: 'ListenError',
    code: 'LISTEN_FAILED',
    message: `Cannot listen for IPFIX on TCP 127.0.0.1:${port}: the port is in use, stop the other program or set ipfix_port`,
  });
});

const pem = (name: string): string => `fixtures/tls/${name}.pem`;
const TLS = { cert: pem('server'), key: pem('server-key'), ca: pem('ca') };

test('IpfixStreamSource over TLS answers a probe the authority vouches for, and no other', limited, async (t) => {
  const { port, view, count } = await setUpWith(t, TLS);
  assert.equal(view.name, 'ipfix-tls');
  const identity = (name: string) => ({ cert: readFileSync(pem(name)), key: readFileSync(pem(`${name}-key`)) });
  const known = tlsConnect({ port, host: '127.0.0.1', ca: readFileSync(pem('ca')), ...identity('client') });
  known.on('error', () => undefined);
  t.after(() => known.destroy());
  await once(known, 'secureConnect');
  known.write(CONNECT);
  const [answer] = (await once(known, 'data')) as [Buffer];
  assert.deepEqual(answer, CONNECT_ANSWER);
  const stranger = tlsConnect({ port, host: '127.0.0.1', ca: readFileSync(pem('ca')), ...identity('stranger') });
  stranger.on('error', () => undefined);
  await closed(stranger);
  await until(() => count(Ipfix.TLS_ERRORS) === 1);
  assert.equal(count(Ipfix.CONN_OPEN), 1);
});
