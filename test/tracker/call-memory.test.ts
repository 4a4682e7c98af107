import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QosRecord } from '../../src/model/qos.ts';
import { type Call, type KeptQos, LegReason } from '../../src/tracker/call.ts';
import { rowBytesOf } from '../../src/tracker/call-memory.ts';
import { QUALITY } from '../../src/wire/ipfix/layouts.ts';
import { decodeQos } from '../../src/wire/ipfix/qos.ts';
import { heldHeap } from '../support/heap.ts';
import { Stage, START_US } from './scenario.ts';

/** Calls held before the first look, so that what the machinery itself takes is there; and at the second. */
const WARM = 2 * 1024;
const CALLS = 16 * 1024;

interface Kind {
  name: string;
  messages: (n: number) => string[];
  also?: (stage: Stage, call: Call, n: number) => void;
  /** How far beyond what is held the count may lie; a little, unless said otherwise. */
  atMost?: number;
}

const KINDS: Kind[] = [
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
  {
    name: 'calls that name another leg',
    messages: (n) => [`0 A>B INVITE/1 ${key(n)}`],
    also: (stage, call, n) => stage.tracker.legs.join(call, `leg-${n}@border.example.net`, LegReason.ALEG_HEADER),
  },
  {
    name: 'calls with a quality record',
    // From Node.js 24 on the numbers of a record take half the room.
    atMost: 1.65,
    messages: (n) => [`0 A>B INVITE/1 ${key(n)}`],
    also: (_stage, call, n) => {
      const records: KeptQos[] = (call.withExtras().qos = []);
      records.push({ record: qosRecord(n), observer: { id: 'probe' }, receivedUs: START_US + n });
    },
  },
];

for (const kind of KINDS) {
  const { name, atMost = 1.15 } = kind;
  test(`bytes of ${name} are what they take on the heap`, () => {
    const stage = new Stage();
    play(stage, kind, 0, WARM);
    const heldBefore = heldHeap();
    const countedBefore = stage.tracker.bytes;
    play(stage, kind, WARM, CALLS);
    const held = heldHeap() - heldBefore;
    // Rows lie in buffers of exactly that size.
    let rows = 0;
    let { newest: call } = stage.tracker.table;
    for (let n = WARM; n < CALLS && call !== undefined; n++, call = call.older) rows += rowBytesOf(call);
    const counted = stage.tracker.bytes - countedBefore - rows;
    const each = `${Math.round(counted / (CALLS - WARM))} counted, ${Math.round(held / (CALLS - WARM))} held`;
    assert.equal(stage.tracker.table.size, CALLS);
    assert.ok(counted > held * 0.9 && counted < held * atMost, each);
  });
}

test('bytes are counted down to zero as calls end', () => {
  const stage = new Stage();
  for (const [at, kind] of KINDS.entries()) play(stage, kind, at * 10, at * 10 + 5);
  assert.ok(stage.tracker.bytes > 0);
  stage.advance(100_000);
  assert.equal(stage.tracker.bytes, 0);
  assert.equal(stage.tracker.table.size, 0);
});

function key(n: number): string {
  return `f=tag-${n} id=call-${n}@phone-${n % 7}.example.com`;
}

function play(stage: Stage, { messages, also }: Kind, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    for (const line of messages(n)) stage.send(line);
    const call = stage.tracker.table.newest;
    assert.ok(call !== undefined);
    also?.(stage, call, n);
    stage.tracker.measure(call);
  }
}

function qosRecord(n: number): QosRecord {
  const texts = ['access', 'core', `call-${n}@phone.example.com`, `leg-${n}@border.example.net`];
  const fields = texts.map((text) => Buffer.from([text.length, ...Buffer.from(text, 'latin1')]));
  const bytes = Buffer.concat([Buffer.alloc(QUALITY.octets, 0x23), ...fields]);
  const decoded = decodeQos(bytes, 0, bytes.length);
  assert.ok(typeof decoded === 'object');
  return decoded.record;
}
