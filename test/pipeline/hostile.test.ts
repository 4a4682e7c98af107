import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hep, Ingest } from '../../src/model/counters.ts';
import { HepFramer } from '../../src/wire/hep/framer.ts';
import { damagedDatagram, damagedStream, goodPacket } from '../support/hostile.ts';
import { Random } from '../support/random.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

const DATAGRAMS = 100_000;
const STREAMS = 100_000;

test(`the pipeline counts each of ${DATAGRAMS} damaged datagrams and tracks the next good packet`, () => {
  const stage = new PipelineStage('--calls_max_entries=5000', '--hep_max_agents=50');
  const random = new Random(1);
  let nowUs = NOW_US;
  for (let n = 0; n < DATAGRAMS; n++) {
    const before = stage.received;
    const datagram = damagedDatagram(random);
    const copy = n % 100 === 0 ? Buffer.from(datagram) : undefined;
    stage.pipeline.datagram(datagram, `198.51.100.${random.below(200)}`, 1024 + random.below(60_000), nowUs);
    // One datagram is one message, or as many as follow one another in it; never none.
    const counted = stage.received - before;
    if (counted < 1 || counted > 30) assert.fail(`datagram ${n} counted ${counted}: ${datagram.toString('hex')}`);
    if (stage.exits !== stage.received)
      assert.fail(`datagram ${n} left by no exit or by two: ${datagram.toString('hex')}`);
    if (copy !== undefined) assert.ok(copy.equals(datagram), 'a received buffer is only read');
    nowUs += 1000;
    if (n % 100 === 0) while (stage.tracker.advance(nowUs, 1000));
  }
  assert.ok(stage.counters.get(Ingest.REFUSED) > DATAGRAMS / 10, 'damage was noticed');
  assert.ok(stage.counters.get(Ingest.TRACKED) > DATAGRAMS / 10, 'what was still whole was tracked');
  assert.ok(stage.agents.size <= 50);
  const tracked = stage.counters.get(Ingest.TRACKED);
  stage.pipeline.datagram(goodPacket('after'), '203.0.113.1', 9060, nowUs);
  assert.equal(stage.counters.get(Ingest.TRACKED), tracked + 1);
  assert.equal(stage.tracker.family('after').length, 1);
});

test('what is counted for each agent adds up to what is counted in all', () => {
  const stage = new PipelineStage();
  const random = new Random(2);
  for (let n = 0; n < 20_000; n++) {
    stage.pipeline.datagram(damagedDatagram(random), '198.51.100.1', 5000 + random.below(20), NOW_US + n);
  }
  let packets = 0;
  for (const agent of stage.agents.agents()) {
    const view = agent.view(0);
    const refused = Object.values(view.refused).reduce((sum, count) => sum + count, 0);
    const ignored = Object.values(view.ignored).reduce((sum, count) => sum + count, 0);
    assert.equal(view.packets, view.tracked + refused + ignored, view.id);
    packets += view.packets;
  }
  assert.equal(packets, stage.received);
});

test(`${STREAMS} damaged streams, cut anywhere, are counted and the next connection works`, () => {
  const stage = new PipelineStage();
  const random = new Random(3);
  for (let n = 0; n < STREAMS; n++) {
    const ingest = stage.pipeline.connection('198.51.100.7', 1024 + random.below(60_000), 'tcp');
    assert.ok(ingest !== undefined);
    const framer = new HepFramer(ingest, stage.settings.hep.limits);
    const stream = damagedStream(random);
    const before = stage.received;
    for (let at = 0; at < stream.length;) {
      const end = Math.min(stream.length, at + 1 + random.below(400));
      if (framer.push(stream.subarray(at, end), NOW_US + n) !== 0) break;
      assert.ok(framer.pendingBytes <= stage.settings.hep.limits.maxMessageBytes);
      at = end;
    }
    framer.end(NOW_US + n);
    if (stream.length > 0) assert.ok(stage.received > before, `stream ${n} was not counted`);
    assert.equal(stage.exits, stage.received);
  }
  assert.equal(stage.counters.get(Hep.TCP), stage.received);
  const ingest = stage.pipeline.connection('198.51.100.7', 5, 'tcp');
  const good = goodPacket('after-streams');
  ingest?.message(good, 0, good.length, NOW_US);
  assert.equal(stage.tracker.family('after-streams').length, 1);
});

test('memory stays bounded while damaged packets come in', () => {
  // Node collects when it must; what counts is that tables stop at their limits.
  const stage = new PipelineStage('--calls_max_entries=100', '--hep_max_agents=10', '--event_buffer_size=100');
  const random = new Random(4);
  for (let n = 0; n < 20_000; n++) {
    const ip = `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
    stage.pipeline.datagram(
      n % 2 === 0 ? goodPacket(`flood-${n}`) : damagedDatagram(random),
      ip,
      1 + random.below(65_535),
      NOW_US,
    );
  }
  assert.equal(stage.tracker.table.size, 100);
  assert.equal(stage.agents.size, 10);
  assert.ok(stage.counters.get(Hep.AGENTS_UNLISTED) > 10_000);
  assert.equal(stage.events.capacity, 100);
  assert.equal(stage.exits, stage.received);
});
