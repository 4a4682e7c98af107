import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callMessages } from '../../src/engine/call-messages.ts';
import { Ingest as IngestCounters } from '../../src/model/counters.ts';
import { callView, eventView, registrationView } from '../../src/tracker/views.ts';
import { damagedDatagram } from '../support/hostile.ts';
import { Random } from '../support/random.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

const DATAGRAMS = 5000;
const SLAB_OCTETS = 4096;

/** All that a stage shows of what it was given. */
function shown({ agents, counters, events, tracker, reported }: PipelineStage): unknown {
  const all = <Entry>(cursor: { next(): Entry | undefined }): Entry[] => {
    const entries: Entry[] = [];
    for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) entries.push(entry);
    return entries;
  };
  const window = { offset: 0, limit: 1000 };
  const calls = all(tracker.table.openCursor());
  return {
    counters: [...counters.values],
    agents: [...agents.agents()].map((agent) => agent.view(0)),
    calls: calls.map((call) => callView(call, NOW_US, tracker.legs.of(call))),
    registrations: all(tracker.registrations.table.entries.openCursor()).map((binding) =>
      registrationView(binding, NOW_US),
    ),
    messages: calls.slice(0, 20).map((call) => callMessages(tracker, call.callId, window, NOW_US)),
    events: Array.from({ length: Math.min(1000, events.nextIndex) }, (_, n) => {
      const slot = events.at(events.nextIndex - 1 - n);
      return slot === undefined ? undefined : eventView(slot);
    }),
    reported,
  };
}

test('datagrams give the same from memory that is used again, whatever lies around them there', () => {
  const [alone, shared] = [new PipelineStage(), new PipelineStage()];
  const random = new Random(6);
  const slab = Buffer.alloc(SLAB_OCTETS);
  // What a datagram cut anywhere could go on with: another one, text, a compressed one.
  const around = [
    damagedDatagram(random),
    Buffer.from('HEP3'),
    Buffer.from([0x8b, 0x08]),
    Buffer.from(' SIP/2.0\r\n\r\n'),
  ];
  for (let n = 0; n < DATAGRAMS; n++) {
    const datagram = damagedDatagram(random);
    const nowUs = NOW_US + n * 1000;
    alone.pipeline.datagram(Buffer.from(datagram), '198.51.100.1', 9060, nowUs);
    const start = random.below(SLAB_OCTETS - datagram.length);
    slab.fill(random.of(around));
    const end = start + datagram.copy(slab, start);
    random.of(around).copy(slab, end);
    shared.pipeline.datagram(slab, '198.51.100.1', 9060, nowUs, start, end);
    slab.fill(0xff);
  }
  assert.deepEqual(shown(shared), shown(alone));
});

test('datagrams give the same when they are worked on together, and their memory may change once the batch has ended', () => {
  const [alone, together] = [new PipelineStage(), new PipelineStage()];
  const random = new Random(7);
  const slab = Buffer.alloc(64 * SLAB_OCTETS);
  for (let n = 0; n < DATAGRAMS;) {
    together.pipeline.beginBatch();
    for (let place = random.below(64); place >= 0; place--, n++) {
      const datagram = damagedDatagram(random);
      const nowUs = NOW_US + n * 1000;
      alone.pipeline.datagram(Buffer.from(datagram), '198.51.100.1', 9060, nowUs);
      const start = place * SLAB_OCTETS;
      together.pipeline.datagram(slab, '198.51.100.1', 9060, nowUs, start, start + datagram.copy(slab, start));
    }
    together.pipeline.endBatch();
    assert.equal(together.exits, together.received);
    slab.fill(0xff);
  }
  assert.ok(together.counters.get(IngestCounters.TRACKED) > 500);
  assert.deepEqual(shown(together), shown(alone));
});
