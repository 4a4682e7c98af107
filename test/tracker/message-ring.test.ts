import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, integer, nat, oneof, property, record } from 'fast-check';
import { CounterSet } from '../../src/model/counters.ts';
import { hashBytes } from '../../src/model/hash.ts';
import { Method } from '../../src/model/method.ts';
import { Packet } from '../../src/model/packet.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';
import { Call } from '../../src/tracker/call.ts';
import { MessageRing } from '../../src/tracker/message-ring.ts';
import { Repeat } from '../../src/tracker/repeats.ts';
import { CallRows } from '../../src/tracker/rows.ts';
import { TextField, withText } from '../../src/tracker/text-block.ts';

const SEED = 7;
const OPTIONS = new SipParseOptions({ framing: 'datagram', maxHeaders: 256, alegHeaders: [] });

function callOf(id: number, callId: string, hash = hashOf(callId)): Call {
  const rows = new CallRows();
  const slot = rows.take();
  return new Call(id, hash, rows.page(slot), slot, Method.INVITE, withText('', TextField.CALL_ID, callId), '');
}

function hashOf(callId: string): number {
  const bytes = Buffer.from(callId, 'latin1');
  return hashBytes(bytes, 0, bytes.length, SEED);
}

function textOf(callId: string, body: string): string {
  return `OPTIONS sip:b@example.com SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Puts one message into a ring, as the tracker would. */
function keep(
  ring: MessageRing,
  call: Call,
  text: string,
  changes: { repeat?: Repeat; onLink?: number; observer?: string; atUs?: number; envelope?: Partial<Packet> } = {},
): void {
  const bytes = Buffer.from(text, 'latin1');
  const message = new SipMessage(bytes);
  parseSip(bytes, 0, bytes.length, OPTIONS, message);
  const packet = new Packet(bytes);
  packet.family = 4;
  packet.src2 = packet.dst2 = 0xffff;
  packet.src3 = 0x0a000001;
  packet.dst3 = -1;
  packet.srcPort = 65_535;
  packet.dstPort = 1;
  packet.transport = 1;
  packet.trackedAtUs = changes.atUs ?? 1_700_000_000_123_456;
  packet.arrivedAtUs = 1_700_000_000_223_457;
  Object.assign(packet, changes.envelope);
  const { repeat = Repeat.NEW, onLink = 11, observer = 'x' } = changes;
  ring.add(call, packet, message, 1, repeat, onLink, observer);
}

const textsOf = (ring: MessageRing, callId: string): string[] =>
  ring.positionsOf(callId, SEED).map((position) => ring.read(position).octets.toString('latin1'));

test('a message is read back with everything that was known of it', () => {
  const ring = new MessageRing({ perCall: 10, memBytes: 4096 }, new CounterSet());
  const text = textOf('c1', 'NUL \0 and octets \x80\xff');
  keep(ring, callOf(5, 'c1'), text, { repeat: Repeat.RETRANSMISSION });
  const [position = 0] = ring.positionsOf('c1', SEED);
  assert.deepEqual(ring.read(position), {
    position,
    callEntryId: 5,
    ordinal: 1,
    trackedAtUs: 1_700_000_000_123_456,
    arrivedAtUs: 1_700_000_000_223_457,
    family: 4,
    src: [0, 0, 0xffff, 0x0a000001],
    srcPort: 65_535,
    dst: [0, 0, 0xffff, -1],
    dstPort: 1,
    transport: 1,
    repeat: Repeat.RETRANSMISSION,
    direction: 1,
    observers: ['x'],
    length: text.length,
    octets: Buffer.from(text, 'latin1'),
  });
});

/** `before` and `behind` stand around a payload of four octets, which is not what the message was parsed from. */
function around(before: string, behind: string): Partial<Packet> {
  const envelope = Buffer.from(`..${before}wire${behind}..`, 'latin1');
  const payloadStart = 2 + before.length;
  const payloadEnd = payloadStart + 4;
  return { envelope, envelopeStart: 2, payloadStart, payloadEnd, envelopeEnd: payloadEnd + behind.length };
}

function envelopeOf(ring: MessageRing, callId: string): unknown[] {
  const [position = 0] = ring.positionsOf(callId, SEED);
  const { version, before, after, notes } = ring.envelope(position);
  return [version, before.toString('latin1'), after.toString('latin1'), notes];
}

test('what a message came in is kept with it, without the message', () => {
  const ring = new MessageRing({ perCall: 10, memBytes: 4096 }, new CounterSet());
  keep(ring, callOf(1, 'c1'), textOf('c1', 'x'), {
    envelope: { ...around('BEFORE\xff', 'BEHIND\0'), version: 3, notes: 1 << 13 },
  });
  keep(ring, callOf(2, 'c2'), textOf('c2', 'y'), { envelope: { ...around('ALL', ''), version: 2 } });
  keep(ring, callOf(3, 'c3'), textOf('c3', 'z'));
  assert.deepEqual(envelopeOf(ring, 'c1'), [3, 'BEFORE\xff', 'BEHIND\0', 1 << 13]);
  assert.deepEqual(envelopeOf(ring, 'c2'), [2, 'ALL', '', 0]);
  assert.deepEqual(envelopeOf(ring, 'c3'), [0, '', '', 0]);
  assert.deepEqual(textsOf(ring, 'c2'), [textOf('c2', 'y')]);
});

test('of a long envelope its first 256 octets are kept, and nothing behind what is missing', () => {
  const ring = new MessageRing({ perCall: 10, memBytes: 8192 }, new CounterSet());
  const envelopes: [string, string][] = [
    ['b'.repeat(257), 'a'],
    ['b'.repeat(200), 'a'.repeat(57)],
    ['b'.repeat(200), 'a'.repeat(56)],
  ];
  const kept = envelopes.map(([before, behind], n) => {
    keep(ring, callOf(n, `c${n}`), textOf(`c${n}`, ''), { envelope: around(before, behind) });
    const [, front = '', back = ''] = envelopeOf(ring, `c${n}`);
    return [String(front).length, String(back).length];
  });
  assert.deepEqual(kept, [
    [256, 0],
    [200, 56],
    [200, 56],
  ]);
});

test('envelopes count in the memory of kept messages: a ring with them holds fewer', () => {
  const text = textOf('c1', '');
  const heldWith = (envelope: Partial<Packet>): number => {
    const ring = new MessageRing({ perCall: 100, memBytes: 16_384 }, new CounterSet());
    for (let n = 0; n < 100; n++) keep(ring, callOf(1, 'c1'), text, { envelope });
    return textsOf(ring, 'c1').length;
  };
  // 120 octets of head and those of the message and its envelope, up to a multiple of 8.
  const recordOf = (envelope: number): number => 120 + Math.ceil((text.length + envelope) / 8) * 8;
  assert.deepEqual(
    [heldWith({}), heldWith(around('b'.repeat(150), 'a'.repeat(10)))],
    [Math.floor(16_384 / recordOf(0)), Math.floor(16_384 / recordOf(160))],
  );
});

test('whatever is added, what is held of a call is the unbroken end of what it got, and the ring does not grow', () => {
  const step = record({ call: nat(3), length: oneof(nat(40), nat(3000)), fill: nat(255) });
  assertProperty(
    property(array(step, { maxLength: 120 }), integer({ min: 300, max: 8000 }), (steps, memBytes) => {
      const perCall = 6;
      const ring = new MessageRing({ perCall, memBytes }, new CounterSet());
      const calls = [0, 1, 2, 3].map((n) => callOf(n, `call-${n}`));
      const added = calls.map((): string[] => []);
      for (const { call: n, length, fill } of steps) {
        const call = calls[n];
        const list = added[n];
        if (call === undefined || list === undefined) continue;
        const text = textOf(call.callId, String.fromCodePoint(fill).repeat(length));
        keep(ring, call, text);
        const most = memBytes - (memBytes % 8) - 120;
        list.push(text.slice(0, most));
        const held = textsOf(ring, call.callId);
        assert.equal(held.at(-1), list.at(-1), 'the newest is always held');
      }
      let octets = 0;
      for (const [n, call] of calls.entries()) {
        const held = textsOf(ring, call.callId);
        const list = added[n] ?? [];
        assert.ok(held.length <= perCall);
        assert.deepEqual(held, list.slice(list.length - held.length));
        for (const position of ring.positionsOf(call.callId, SEED)) assert.ok(ring.isHeld(position));
        octets += held.reduce((sum, text) => sum + 120 + text.length, 0);
        const last = ring.positionsOf(call.callId, SEED).at(-1);
        if (last !== undefined) assert.equal(ring.headOf(last).ordinal, list.length);
      }
      assert.ok(octets <= memBytes);
    }),
    { numRuns: 200 },
  );
});

test('calls whose Call-IDs share a bucket keep their messages apart', () => {
  const ring = new MessageRing({ perCall: 10, memBytes: 65_536 }, new CounterSet());
  const one = callOf(1, 'one');
  const two = callOf(2, 'two', one.hash);
  keep(ring, one, textOf('one', '1'));
  keep(ring, two, textOf('two', '2'));
  keep(ring, one, textOf('one', '3'));
  assert.deepEqual(textsOf(ring, 'one'), [textOf('one', '1'), textOf('one', '3')]);
});

test('a report by another agent is noted at the message it repeats, at most four names', () => {
  const ring = new MessageRing({ perCall: 10, memBytes: 4096 }, new CounterSet());
  const call = callOf(1, 'c1');
  keep(ring, call, textOf('c1', ''), { onLink: 21 });
  keep(ring, call, textOf('c1', 'other'), { onLink: 22 });
  for (const name of ['y', 'x', 'z', 'y', 'v', 'w']) assert.ok(ring.seenAgain(call, 21, name));
  assert.equal(ring.seenAgain(call, 23, 'y'), false);
  assert.equal(ring.seenAgain(callOf(2, 'c1'), 21, 'y'), false);
  const [first = 0, second = 0] = ring.positionsOf('c1', SEED);
  assert.deepEqual(ring.read(first).observers, ['x', 'y', 'z', 'v']);
  assert.deepEqual(ring.read(second).observers, ['x']);
});

test('with keep_messages=0 there is no ring', () => {
  const ring = new MessageRing({ perCall: 0, memBytes: 1 << 20 }, new CounterSet());
  assert.equal(ring.isOn, false);
  assert.deepEqual(ring.positionsOf('c1', SEED), []);
});
