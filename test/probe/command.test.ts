import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runProbe } from '../../src/probe/command.ts';
import { ProbeConnection } from '../../src/probe/connection.ts';
import { startCollector } from '../support/collector.ts';
import { CONNECT_ANSWER, RECORD } from '../support/ipfix-examples.ts';
import { ROOT } from '../support/root.ts';
import { until } from '../support/process.ts';

const CAPTURE = join(ROOT, 'fixtures/captures/kamailio-5.6-siptrace-hep3.pcap');
const LIMIT = { timeout: 60_000 };

function io(signal = new AbortController().signal) {
  const said = { out: '', err: '' };
  return {
    said,
    io: {
      stdout: { write: (text: string) => (said.out += text) },
      stderr: { write: (text: string) => (said.err += text) },
      signal,
    },
  };
}

/** A collector that answers as it is told, and keeps what it was sent. */
async function fakeCollector(t: TestContext, answer: Buffer) {
  const sockets: Socket[] = [];
  const heard: Buffer[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk);
      if (chunk.length > 18 && chunk.readUInt16BE(16) === 256) socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets, heard };
}

/** Ids of the sets in a stream of whole messages with one set each. */
function setIds(stream: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < stream.length; at += stream.readUInt16BE(at + 2)) ids.push(stream.readUInt16BE(at + 16));
  return ids;
}

const refusals: [string, string[], RegExp][] = [
  ['no target', [], /^sipcol probe: --to is missing, expected HOST:PORT$/m],
  ['a target without port', ['--to', 'localhost'], /--to is "localhost", expected HOST:PORT/],
  ['an unknown option', ['--too', 'x:1'], /Unknown option '--too'.*, see sipcol probe --help/],
  ['both paces', ['--to', 'x:1', '--rate', '1', '--speed', '2'], /--rate and --speed exclude each other/],
  ['no number', ['--to', 'x:1', '--keepalive', 'often'], /--keepalive is "often", expected a whole number/],
  ['a certificate without TLS', ['--to', 'x:1', '--ca', 'f'], /--ca, --cert and --key need --tls/],
  ['no address of an SBC', ['--to', 'x:1', '--sbc', 'kamailio'], /--sbc is "kamailio", expected IP or IP:PORT/],
  ['a missing file', ['--to', 'x:1', '--pcap', '/nowhere.pcap'], /cannot read "\/nowhere.pcap"/],
];

describe('sipcol probe refuses', () => {
  for (const [name, argv, message] of refusals) {
    test(name, async () => {
      const { said, io: given } = io();
      assert.equal(await runProbe(argv, given), 1);
      assert.match(said.err, message);
    });
  }
});

test('sipcol probe --help says how', async () => {
  const { said, io: given } = io();
  assert.equal(await runProbe(['--help'], given), 0);
  assert.match(said.out, /^Usage: sipcol probe --to HOST:PORT/);
});

test(
  'sipcol probe waits for the answer, sends no quality record nobody wants, and keeps the interval told',
  LIMIT,
  async (t) => {
    const { port, heard } = await fakeCollector(t, CONNECT_ANSWER);
    const { said, io: given } = io();
    const argv = ['--to', `127.0.0.1:${port}`, '--pcap', CAPTURE, '--rate', '0'];
    assert.equal(await runProbe(argv, given), 0);
    const ids = setIds(Buffer.concat(heard));
    assert.equal(ids[0], 256);
    assert.deepEqual(new Set(ids.slice(1)), new Set([258, 259]));
    assert.match(said.err, /connected to 127\.0\.0\.1:\d+: keep-alive every 30 s, quality records not wanted/);
    assert.match(said.out, /^probe: SIP sets \d+, quality records 0, /);
  },
);

test('sipcol probe sends keep-alives at the interval that was negotiated', LIMIT, async (t) => {
  const everySecond = Buffer.from(CONNECT_ANSWER);
  everySecond.writeUInt16BE(1, RECORD + 10);
  const { port, heard } = await fakeCollector(t, everySecond);
  const stop = new AbortController();
  const { io: given } = io(stop.signal);
  const running = runProbe(['--to', `127.0.0.1:${port}`], given);
  await until('two keep-alives', 20_000, () =>
    setIds(Buffer.concat(heard)).filter((id) => id === 0).length >= 2 ? true : undefined,
  );
  stop.abort();
  assert.equal(await running, 0);
});

test('a probe comes back when its connection is lost, after a pause that doubles', LIMIT, async (t) => {
  const { port, sockets } = await fakeCollector(t, CONNECT_ANSWER);
  const pauses: number[] = [];
  const identity = { hostName: 'x', keepaliveS: 0, configFlags: 0, configFlags2: 0, systemId: 0 };
  const connection = new ProbeConnection(
    { host: '127.0.0.1', port, tls: undefined, identity },
    { connected: () => sockets.at(-1)?.destroy(), lost: (_reason, retryMs) => pauses.push(retryMs) },
  );
  t.after(() => connection.stop());
  connection.start();
  await until('three connections', 20_000, () => (connection.handshakes >= 2 ? true : undefined));
  // An answer in between begins the pauses anew.
  assert.deepEqual(pauses.slice(0, 1), [500]);
  await connection.stop();
  const nobody = new ProbeConnection(
    { host: '127.0.0.1', port: 1, tls: undefined, identity },
    { connected: () => undefined, lost: (_reason, retryMs) => pauses.push(retryMs) },
  );
  pauses.length = 0;
  nobody.start();
  await until('two refusals', 20_000, () => (pauses.length >= 2 ? true : undefined));
  await nobody.stop();
  assert.deepEqual(pauses.slice(0, 2), [500, 1000]);
});

test('a probe leaves nothing behind at its socket for each time a collector made it wait', LIMIT, async (t) => {
  const { port, sockets, heard } = await fakeCollector(t, CONNECT_ANSWER);
  const warnings: string[] = [];
  const warn = (warning: Error): number => warnings.push(warning.message);
  process.on('warning', warn);
  t.after(() => process.off('warning', warn));
  const identity = { hostName: 'x', keepaliveS: 0, configFlags: 0, configFlags2: 0, systemId: 0 };
  const settings = { host: '127.0.0.1', port, tls: undefined, identity };
  const large = Buffer.alloc(60_000);
  const connection = new ProbeConnection(settings, { connected: () => undefined, lost: () => undefined });
  t.after(() => connection.stop());
  connection.start();
  await connection.send([large]);
  for (let waits = 0; waits < 12; waits++) {
    sockets[0]?.pause();
    let isSent = true;
    let sending = Promise.resolve();
    while (isSent) {
      isSent = false;
      sending = connection.send([large]).then(() => {
        isSent = true;
      });
      await nextTurn();
    }
    sockets[0]?.resume();
    await sending;
    heard.length = 0;
  }
  await connection.stop();
  assert.deepEqual(warnings, []);
});

test(
  'sipcol probe and the collector: calls with both legs and their quality, one probe in the list',
  LIMIT,
  async () => {
    const collector = await startCollector({ calls_timeouts: '[inv_bye_repl:60s inv_neg:180s non_inv_fin:60s]' });
    const stop = new AbortController();
    const { said, io: given } = io(stop.signal);
    const argv = [
      '--to',
      `127.0.0.1:${collector.ipfix}`,
      '--pcap',
      CAPTURE,
      '--b2bua',
      '--rate',
      '0',
      '--stay',
      '--host-name',
      'lab-sbc',
    ];
    const running = runProbe(argv, given);
    try {
      await until('a quality record at a call', 30_000, async () =>
        (await collector.counters()).get('ipfix.qos_matched') ? true : undefined,
      );
      const calls = await collector.calls();
      const withQuality = calls.find(({ qos, callId }) => qos.length > 0 && !callId.startsWith('b2b-'));
      assert.ok(withQuality !== undefined);
      assert.deepEqual(withQuality.legs, [
        { callId: `b2b-${withQuality.callId}`, reason: "joined by the SBC's ingress Call-ID" },
      ]);
      assert.equal(withQuality.qos[0]?.incoming.callId, withQuality.callId);
      assert.equal(withQuality.qos[0]?.outgoing.callId, `b2b-${withQuality.callId}`);
      const [probe, ...others] = await collector.probes();
      assert.equal(others.length, 0);
      assert.deepEqual([probe?.host, probe?.handshakes, probe?.timeoutS, probe?.keepaliveS], ['lab-sbc', 1, 60, 30]);
      const page = await fetch(`http://127.0.0.1:${collector.http}/calls/list?format=html&n=1000`);
      const html = await page.text();
      assert.ok(
        html.includes('joined by the SBC&#39;s ingress Call-ID') ||
          html.includes("joined by the SBC's ingress Call-ID"),
      );
    } finally {
      stop.abort();
      await running;
      await collector.stop();
    }
    assert.match(said.out, /handshakes 1/);
  },
);
