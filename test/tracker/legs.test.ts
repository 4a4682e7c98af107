import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegView } from '../../src/model/views.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { NOW_US, PipelineStage } from '../pipeline/pipeline-stage.ts';

interface Invite {
  callId: string;
  correlationId?: string;
  header?: string;
  toTag?: string;
  fromTag?: string;
}

function send(stage: PipelineStage, { callId, correlationId, header, toTag, fromTag = '1' }: Invite): void {
  const lines = [
    'INVITE sip:b@example.com SIP/2.0',
    `Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-${callId}-${toTag ?? ''}-${fromTag}`,
    `From: <sip:a@example.com>;tag=${fromTag}`,
    `To: <sip:b@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    'CSeq: 1 INVITE',
    ...(header === undefined ? [] : [header]),
  ];
  const hep = {
    src: '192.0.2.1',
    srcPort: 5060,
    dst: '192.0.2.2',
    dstPort: 5060,
    ipProtocol: 17,
    kind: 1,
    captureId: 1,
    capturedAtUs: NOW_US,
    payload: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
  };
  const packet = encodeHep3(correlationId === undefined ? hep : { ...hep, correlationId });
  stage.pipeline.datagram(packet, '192.0.2.9', 9060, NOW_US);
}

function legs(stage: PipelineStage, callId: string): LegView[] {
  const [call] = stage.tracker.held(callId);
  assert.ok(call !== undefined, callId);
  return stage.tracker.legs.of(call);
}

const BY_HEADER = 'joined by the header that names the other leg';
const BY_CORRELATION = "joined by the agent's correlation id";

test('a header that names the other leg joins both, also when the other leg comes later or never', () => {
  const stage = new PipelineStage();
  send(stage, { callId: 'b', header: 'X-CID: a' });
  assert.deepEqual(legs(stage, 'b'), [{ callId: 'a', reason: BY_HEADER }]);
  send(stage, { callId: 'a' });
  assert.deepEqual(legs(stage, 'a'), [{ callId: 'b', reason: BY_HEADER }]);
});

test('a correlation id joins only calls that have it as Call-ID', () => {
  const stage = new PipelineStage();
  send(stage, { callId: 'b', correlationId: 'a' });
  send(stage, { callId: 'c', correlationId: 'c' });
  assert.deepEqual(legs(stage, 'b'), []);
  assert.deepEqual(legs(stage, 'c'), []);
  send(stage, { callId: 'a' });
  assert.deepEqual(legs(stage, 'b'), [{ callId: 'a', reason: BY_CORRELATION }]);
  assert.deepEqual(legs(stage, 'a'), [{ callId: 'b', reason: BY_CORRELATION }]);
});

test('the first reason stands', () => {
  const stage = new PipelineStage();
  send(stage, { callId: 'a' });
  send(stage, { callId: 'b', correlationId: 'a', header: 'X-CID: a' });
  assert.deepEqual(legs(stage, 'b'), [{ callId: 'a', reason: BY_CORRELATION }]);
});

test('one name given by many calls is kept for a bounded number, and goes when they go', () => {
  const stage = new PipelineStage();
  for (let n = 0; n < 100; n++) send(stage, { callId: `b${n}`, header: 'X-CID: a' });
  send(stage, { callId: 'a' });
  assert.equal(legs(stage, 'a').length, 32);
  assert.equal(stage.tracker.legs.size, 1);
  while (stage.tracker.advance(NOW_US + 10_000_000_000, 1000));
  assert.equal(stage.tracker.table.size, 0);
  assert.equal(stage.tracker.legs.size, 0);
});
