import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EngineCore } from '../../../src/engine/engine-core.ts';
import { makePlaces } from '../../../src/engine/shards/place.ts';
import { settingsOfShard } from '../../../src/engine/shards/shard-settings.ts';
import { CounterSet, Dropped, EvRate, Ingest } from '../../../src/model/counters.ts';
import { encodeHep3 } from '../../../src/wire/hep/encode.ts';
import { goodPacket, packetOf } from '../../support/hostile.ts';
import { KeptLog, loopbackSettings } from '../settings.ts';

const NOW_US = 1_700_000_000_000_000;
const STOP = { graceMs: 0, forceTimeoutMs: 0, waitMs: 0 };

/** A hub that only receives and a shard that tracks, both in this thread: neither works while the other does. */
async function pair(t: TestContext): Promise<{ hub: EngineCore; shard: EngineCore }> {
  const settings = loopbackSettings('--evr_max_entries=0', '--event_buffer_size=100000');
  const cores = makePlaces(2, 'one', 7).map(
    (place) =>
      new EngineCore(settingsOfShard(settings, place.index, 2), new CounterSet(), () => NOW_US, new KeptLog(), place),
  );
  const [hub, shard] = cores;
  assert.ok(hub !== undefined && shard !== undefined);
  for (const core of cores) {
    await core.start(() => undefined);
    t.after(() => core.stop(STOP));
  }
  return { hub, shard };
}

function total(cores: readonly EngineCore[], counter: number): number {
  return cores.reduce((sum, { counters }) => sum + counters.get(counter), 0);
}

/** Everything received has one end. */
function assertAddsUp(cores: readonly EngineCore[]): void {
  const ends = [Ingest.TRACKED, Ingest.REFUSED, Ingest.IGNORED, Ingest.DROPPED];
  assert.equal(
    ends.reduce((sum, counter) => sum + total(cores, counter), 0),
    total(cores, Ingest.RECEIVED),
  );
}

test('datagrams for a thread that does not read are dropped, counted, and in the books of their agent', async (t) => {
  const { hub, shard } = await pair(t);
  const long = `INVITE sip:b@example.com SIP/2.0\r\nX-Long: ${'x'.repeat(8000)}\r\n`;
  const headers = 'From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCSeq: 1 INVITE\r\n';
  for (let n = 0; n < 2000; n++) {
    hub.pipeline.datagram(packetOf(`${long}${headers}Call-ID: ${n}\r\n\r\n`), '192.0.2.9', 4000, NOW_US);
  }
  const dropped = hub.counters.get(Dropped.handover);
  assert.ok(dropped > 0 && dropped < 2000, `${dropped} dropped of what is more than the ring holds`);
  shard.drain();
  assert.equal(shard.counters.get(Ingest.TRACKED), 2000 - dropped);
  assertAddsUp([hub, shard]);
  const { items } = hub.listAgents({ offset: 0, limit: 10 });
  assert.deepEqual(
    items.map((agent) => [agent.packets, agent.tracked, agent.dropped]),
    [[2000, 0, dropped]],
  );
  assert.deepEqual(
    shard.outcomes().map(({ id, tracked }) => [id, tracked]),
    [[items[0]?.id, 2000 - dropped]],
  );
  hub.pipeline.datagram(goodPacket('next'), '192.0.2.9', 4000, NOW_US);
  shard.drain();
  assert.equal(shard.callsByCallId('next').length, 1);
});

test('what a connection brings while a thread does not read is dropped in the end, and what comes later goes through', async (t) => {
  const { hub, shard } = await pair(t);
  const connection = hub.pipeline.connection('192.0.2.9', 4000, 'tcp');
  assert.ok(connection !== undefined);
  const send = (bytes: Buffer): void => connection.message(bytes, 0, bytes.length, NOW_US);
  // The first that finds no room waits a moment, the others do not: nothing was read meanwhile.
  const packet = packetOf(`OPTIONS sip:b SIP/2.0\r\nX-Long: ${'x'.repeat(60_000)}\r\nCall-ID: a\r\n\r\n`);
  for (let n = 0; n < 200; n++) send(packet);
  assert.ok(hub.counters.get(Dropped.handover) > 0);
  shard.drain();
  assertAddsUp([hub, shard]);
  send(goodPacket('next'));
  shard.drain();
  assert.equal(shard.callsByCallId('next').length, 1);
});

test('events that the hub does not take in time are counted as lost, the others come in their order', async (t) => {
  const { hub, shard } = await pair(t);
  const head = 'From: <sip:a@example.com>;tag=1\r\nCSeq: 1 INVITE\r\nTo: <sip:b@example.com>';
  const packet = (n: number, first: string): Buffer =>
    encodeHep3({
      src: '192.0.2.1',
      srcPort: 5060,
      dst: '192.0.2.2',
      dstPort: 5060,
      ipProtocol: 17,
      capturedAtUs: NOW_US,
      kind: 1,
      captureId: 1,
      payload: Buffer.from(`${first}\r\n${head}\r\nCall-ID: ${String(n).padStart(6, '0')}\r\n\r\n`),
    });
  const CALLS = 13_000;
  for (let n = 0; n < CALLS; n++) {
    hub.pipeline.datagram(packet(n, 'INVITE sip:b@example.com SIP/2.0'), '192.0.2.9', 4000, NOW_US);
    hub.pipeline.datagram(packet(n, 'SIP/2.0 200 OK'), '192.0.2.9', 4000, NOW_US);
    if (n % 1000 === 999) shard.drain();
  }
  assert.equal(total([hub, shard], Ingest.TRACKED), 2 * CALLS);
  // The hub has not looked until now.
  for (let round = 0; round < 20; round++) {
    hub.drain();
    shard.drain();
  }
  const lost = shard.counters.get(EvRate.LOST);
  const events = hub.counters.get(EvRate.TOTAL_EVENTS);
  assert.ok(lost > 0, `${lost} lost of ${events}`);
  assert.equal(events + lost, CALLS);
  const callIds: string[] = [];
  await hub.listEvents({ offset: 0, limit: 10_000 }, (part) => callIds.push(...part.map((event) => event.callId)));
  assert.deepEqual(callIds, callIds.toSorted());
});
