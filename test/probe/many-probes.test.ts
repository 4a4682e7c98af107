import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { connectSet, message, sipSet } from '../../src/probe/encode.ts';
import { startCollector } from '../support/collector.ts';
import { damagedProbeStream, goodProbeMessage } from '../support/hostile-ipfix.ts';
import { until } from '../support/process.ts';
import { Random } from '../support/random.ts';

const PROBES = 1000;
const ROUNDS = 5;
const LIMIT = { timeout: 120_000 };

/** Connects from an address of its own on loopback, as so many SBCs would. */
async function probeAt(n: number, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.${1 + (n >> 8)}.${n & 255}` });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume();
  return socket;
}

function options(n: number, round: number): Buffer {
  const lines = [
    'OPTIONS sip:b@example.com SIP/2.0',
    `Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-${n}-${round}`,
    `From: <sip:a@example.com>;tag=${n}`,
    'To: <sip:b@example.com>',
    `Call-ID: ${n}-${round}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ];
  const set = sipSet({
    direction: 'in',
    transport: 'udp',
    timeUs: Date.now() * 1000,
    slot: 0,
    port: 0,
    vlan: 0,
    src: '192.0.2.1',
    srcPort: 5060,
    dst: '192.0.2.2',
    dstPort: 5060,
    ingressCallId: '',
    contextId: 0,
    payload: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
  });
  assert.ok(set !== undefined);
  return message([set], 1, round);
}

test(`${PROBES} probes with a message a second each are served and listed, and nothing is lost`, LIMIT, async () => {
  const collector = await startCollector();
  const sockets: Socket[] = [];
  try {
    for (let n = 0; n < PROBES; n += 100) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, (_, k) => probeAt(n + k, collector.ipfix)))));
    }
    const identity = { hostName: 'many', keepaliveS: 30, configFlags: 0xfc, configFlags2: 0, systemId: 0 };
    for (const socket of sockets) socket.write(message([connectSet(identity)], 1, 0));
    for (let round = 1; round <= ROUNDS; round++) {
      const nextMs = Date.now() + 1000;
      for (const [n, socket] of sockets.entries()) {
        socket.write(options(n, round));
        // Spread over the second, as messages of probes are that know nothing of each other.
        if (n % 50 === 49) await delay(Math.max(0, (nextMs - Date.now()) / (PROBES / 50 - Math.floor(n / 50))));
      }
    }
    await collector.received(PROBES * (ROUNDS + 1));
    const counters = await collector.counters();
    assert.equal(counters.get('ingest.received'), PROBES * (ROUNDS + 1));
    assert.equal(counters.get('ingest.tracked'), PROBES * ROUNDS);
    assert.equal(counters.get('ingest.ignored.handshake'), PROBES);
    assert.equal(counters.get('ipfix.conns_active'), PROBES);
    assert.equal(counters.get('ipfix.pkts_sent'), PROBES);
    const probes = await collector.probes();
    assert.equal(probes.length, PROBES);
    assert.equal(new Set(probes.map(({ peer }) => peer.ip)).size, PROBES);
    for (const probe of probes) {
      assert.deepEqual(
        [probe.sipSets, probe.tracked, probe.messages, probe.host],
        [ROUNDS, ROUNDS, ROUNDS + 1, 'many'],
      );
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    await collector.stop();
  }
});

const DAMAGED = 2000;

test(`${DAMAGED} damaged streams over sockets leave the collector up, and the next good one works`, LIMIT, async () => {
  const collector = await startCollector({ fault_log_interval: '1h' });
  const random = new Random(21);
  try {
    for (let n = 0; n < DAMAGED; n += 20) {
      const batch = Array.from({ length: 20 }, async (_, k) => {
        const socket = await probeAt((n + k) % 250, collector.ipfix);
        socket.end(damagedProbeStream(random, Date.now() * 1000));
        if (!socket.closed) await once(socket, 'close');
      });
      await Promise.all(batch);
    }
    const good = await probeAt(1, collector.ipfix);
    good.write(goodProbeMessage('after-all', Date.now() * 1000));
    await until('the good call', 10_000, async () => {
      const calls = await collector.json<{ total: number }>('/calls/list?cid=after-all');
      return calls.total > 0 && (await collector.calls()).some(({ callId }) => callId === 'after-all')
        ? true
        : undefined;
    });
    good.destroy();
    await until('all closed', 10_000, async () =>
      (await collector.counters()).get('ipfix.conns_active') === 0 ? true : undefined,
    );
    const counters = await collector.counters();
    const of = (name: string): number => counters.get(name) ?? 0;
    assert.equal(
      of('ingest.received'),
      of('ingest.tracked') + of('ingest.refused') + of('ingest.ignored') + of('ingest.dropped'),
    );
    assert.equal(of('ipfix.conns_total'), DAMAGED + 1);
    assert.ok(collector.program.isRunning);
    assert.equal((await collector.json<{ health: { restarts: number } }>('/')).health.restarts, 0);
  } finally {
    await collector.stop();
  }
});
