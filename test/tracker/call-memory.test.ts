import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROW_BYTES } from '../../src/tracker/rows.ts';
import { heldHeap } from '../support/heap.ts';
import { Stage } from './scenario.ts';

/** Calls held before the first look, so that what the machinery itself takes is there; and at the second. */
const WARM = 2 * 1024;
const CALLS = 16 * 1024;

const KINDS: { name: string; messages: (n: number) => string[] }[] = [
  {
    name: 'answered calls',
    messages: (n) => [
      `0 A>B INVITE/1 ${key(n)} contact=<sip:user-${n}@192.0.2.1:5060>`,
      `0 B>A 180/1 ${key(n)} t=${n}-callee`,
      `0 B>A 200/1 ${key(n)} t=${n}-callee`,
      `0 A>B ACK/1 ${key(n)} t=${n}-callee`,
    ],
  },
  {
    name: 'calls over three hops, seen by three agents',
    messages: (n) => [
      `0 A>B INVITE/1 ${key(n)} branch=1 by=x`,
      `0 B>C INVITE/1 ${key(n)} branch=2 by=y`,
      `0 C>D INVITE/1 ${key(n)} branch=3 by=z`,
    ],
  },
  { name: 'unanswered OPTIONS', messages: (n) => [`0 A>B OPTIONS/1 ${key(n)}`] },
  {
    name: 'registrations in progress',
    messages: (n) => [`0 A>B REGISTER/1 ${key(n)} contact=<sip:user-${n}@192.0.2.1:5060> expires=600`],
  },
];

for (const { name, messages } of KINDS) {
  test(`bytes of ${name} are what they take on the heap`, () => {
    const stage = new Stage();
    play(stage, messages, 0, WARM);
    const heldBefore = heldHeap();
    const countedBefore = stage.tracker.bytes;
    play(stage, messages, WARM, CALLS);
    const held = heldHeap() - heldBefore;
    // Rows lie in buffers of exactly that size.
    const counted = stage.tracker.bytes - countedBefore - (CALLS - WARM) * ROW_BYTES;
    const each = `${Math.round(counted / (CALLS - WARM))} counted, ${Math.round(held / (CALLS - WARM))} held`;
    assert.equal(stage.tracker.table.size, CALLS);
    assert.ok(counted > held * 0.9 && counted < held * 1.15, each);
  });
}

test('bytes are counted down to zero as calls end', () => {
  const stage = new Stage();
  for (const { messages } of KINDS) play(stage, (n) => messages(n).map((line) => line.replace('id=', 'id=z')), 0, 5);
  assert.ok(stage.tracker.bytes > 0);
  stage.advance(100_000);
  assert.equal(stage.tracker.bytes, 0);
  assert.equal(stage.tracker.table.size, 0);
});

function key(n: number): string {
  return `f=tag-${n} id=call-${n}@phone-${n % 7}.example.com`;
}

function play(stage: Stage, messages: (n: number) => string[], from: number, to: number): void {
  for (let n = from; n < to; n++) for (const line of messages(n)) stage.send(line);
}
