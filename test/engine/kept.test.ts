import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptView } from '../../src/engine/kept.ts';
import { mergeKept } from '../../src/engine/shards/merge.ts';
import { Stage, START_US } from '../tracker/scenario.ts';

const SLICING = { nowMs: () => 0, pause: () => Promise.resolve() };

function view(stage: Stage) {
  return keptView(stage.tracker.messages, stage.events, SLICING);
}

test('what is kept is counted, and told since when', async () => {
  const stage = new Stage({ messages: { perCall: 10, memBytes: 1 << 16 } });
  assert.deepEqual((await view(stage)).messages, { held: 0, bytes: 0, maxBytes: 65_536, oldestUs: null });
  stage.send('1 A>B INVITE/1 f=f');
  stage.send('2 B>A 200/1 f=f t=t');
  const { messages, events } = await view(stage);
  assert.deepEqual([messages.held, messages.oldestUs], [2, START_US + 1e6]);
  assert.ok(messages.bytes > 2 * 112 && messages.bytes < 2000);
  assert.deepEqual([events.held, events.oldestUs], [1, START_US + 2e6]);
});

test('a ring that has come round is full, and holds the newest', async () => {
  const stage = new Stage({ messages: { perCall: 10, memBytes: 2048 } });
  for (let n = 1; n <= 50; n++) stage.send(`${n} A>B OPTIONS/1 f=f${n} id=c${n}`);
  const { held, bytes, maxBytes, oldestUs } = (await view(stage)).messages;
  assert.equal(bytes, maxBytes);
  assert.ok(held >= 3 && held < 10, String(held));
  assert.equal(oldestUs, START_US + (50 - held + 1) * 1e6);
});

test('where messages are not kept there is nothing, and no room', async () => {
  const stage = new Stage({ messages: { perCall: 0, memBytes: 1 << 16 } });
  stage.send('1 A>B INVITE/1 f=f');
  assert.deepEqual((await view(stage)).messages, { held: 0, bytes: 0, maxBytes: 0, oldestUs: null });
});

test('several threads hold everything since the youngest end of those that are full, or since the beginning', () => {
  const events = { held: 1, capacity: 10, oldestUs: 5 };
  const others = { held: 9, capacity: 99, oldestUs: 1 };
  const half = { held: 2, bytes: 50, maxBytes: 100, oldestUs: 300 };
  const full = (oldestUs: number) => ({ held: 3, bytes: 100, maxBytes: 100, oldestUs });
  const none = { held: 0, bytes: 0, maxBytes: 100, oldestUs: null };
  const since = (...messages: (typeof none | typeof half)[]) =>
    mergeKept(messages.map((each, n) => ({ messages: each, events: n === 0 ? events : others })));
  assert.deepEqual(since(half, full(100), full(200)), {
    messages: { held: 8, bytes: 250, maxBytes: 300, oldestUs: 200 },
    events,
  });
  assert.equal(since(half, none).messages.oldestUs, 300);
  assert.equal(since(none, none).messages.oldestUs, null);
});
