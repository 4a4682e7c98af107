import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ingest, Ipfix } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { damagedProbeStream, goodProbeMessage } from '../support/hostile-ipfix.ts';
import { Random } from '../support/random.ts';
import { StageProbe } from './ipfix-probe.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

const STREAMS = 100_000;

/** Whole messages in a stream up to where it goes wrong, told by version and length alone. */
function messagesIn(stream: Buffer): number {
  let messages = 0;
  for (let at = 0; stream.length - at >= 4;) {
    const length = stream.readUInt16BE(at + 2);
    if (stream.readUInt16BE(at) !== 10 || length < 16 || at + length > stream.length) break;
    messages++;
    at += length;
  }
  return messages;
}

test(`${STREAMS} damaged IPFIX streams are counted, each message once, and the next good one works`, () => {
  const stage = new PipelineStage('--calls_max_entries=5000', '--qos_hold_max=100', '--qos_hold=1s');
  const random = new Random(11);
  const { limits } = stage.settings.ipfix;
  const probes: { received: number }[] = [];
  let nowUs = NOW_US;
  let messages = 0;
  let answers = 0;
  let most = 0;
  for (let n = 0; n < STREAMS; n++) {
    const stream = damagedProbeStream(random, nowUs);
    const copy = n % 100 === 0 ? Buffer.from(stream) : undefined;
    const probe = new StageProbe(stage, '198.51.100.7', 1024 + random.below(60_000), () => nowUs);
    const before = stage.received;
    const messagesBefore = stage.counters.get(Ipfix.PKTS_RCVD);
    let fault: Fault = Fault.NONE;
    for (let at = 0; at < stream.length && fault === Fault.NONE;) {
      const end = Math.min(stream.length, at + 1 + random.below(700));
      fault = probe.framer.push(stream.subarray(at, end), nowUs);
      most = Math.max(most, probe.framer.pendingBytes);
      at = end;
    }
    const isCut = fault === Fault.NONE && probe.framer.pendingBytes > 0;
    const [view] = stage.probes.newest(0, 1, 0);
    probe.end();
    const inStream = messagesIn(stream);
    messages += inStream;
    answers += probe.answers.length;
    if (stage.counters.get(Ipfix.PKTS_RCVD) - messagesBefore !== inStream) {
      assert.fail(`stream ${n} holds ${inStream} messages: ${stream.toString('hex')}`);
    }
    // Each message is received at least once (by its sets), what is no message once.
    const least = inStream + (fault !== Fault.NONE || isCut ? 1 : 0);
    if (stage.received - before < least) assert.fail(`stream ${n} lost a message: ${stream.toString('hex')}`);
    if (stage.exits !== stage.received) assert.fail(`stream ${n} left by no exit or two: ${stream.toString('hex')}`);
    if (copy !== undefined) assert.ok(copy.equals(stream), 'a received buffer is only read');
    probes.push({ received: (view?.received ?? 0) + (isCut ? 1 : 0) });
    nowUs += 1000;
    if (n % 100 === 0) {
      while (stage.tracker.advance(nowUs, 1000));
      stage.qos.advance(nowUs);
    }
  }
  assert.equal(stage.counters.get(Ipfix.PKTS_RCVD), messages);
  assert.equal(
    probes.reduce((sum, { received }) => sum + received, 0),
    stage.received,
    'per probe and in all',
  );
  assert.ok(most <= limits.maxMessageBytes);
  assert.equal(stage.probes.size, 0);
  assert.equal(stage.counters.get(Ipfix.PKTS_SENT), answers);
  assert.ok(stage.counters.get(Ingest.REFUSED) > STREAMS / 10, 'damage was noticed');
  assert.ok(stage.counters.get(Ingest.TRACKED) > STREAMS / 10, 'what was still whole was tracked');
  const probe = new StageProbe(stage, '203.0.113.1', 4739, () => nowUs);
  probe.send(goodProbeMessage('after-all', nowUs));
  assert.equal(stage.tracker.family('after-all').length, 1);
  // Names of legs and waiting records go with what they belong to.
  nowUs += 10_000_000_000;
  while (stage.tracker.advance(nowUs, 10_000));
  for (let n = 0; n < 10; n++) stage.qos.advance(nowUs);
  assert.equal(stage.tracker.table.size, 0);
  assert.equal(stage.tracker.legs.size, 0);
  assert.equal(stage.counters.get(Ipfix.QOS_WAITING), 0);
});
