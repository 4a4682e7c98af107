import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlaces, shardOfMessage, shardOfText } from '../../../src/engine/shards/place.ts';
import {
  EVENT_DOUBLES,
  EVENT_INTS,
  EVENT_TEXTS,
  HandedMessage,
  readEvent,
  readEventOrigin,
  readMessage,
  writeEvent,
  writeMessage,
} from '../../../src/engine/shards/records.ts';
import { ringMemory, RingReader, RingWriter } from '../../../src/engine/shards/ring.ts';
import { Packet } from '../../../src/model/packet.ts';
import { SipMessage } from '../../../src/sip/message.ts';
import { EVENT_ROW, EventSlot } from '../../../src/tracker/event-ring.ts';
import { parse } from '../../support/sip-samples.ts';

function ring(): { writer: RingWriter; reader: RingReader } {
  const memory = ringMemory(1 << 16);
  return { writer: new RingWriter(memory), reader: new RingReader(memory) };
}

/** What of a packet stays behind: it was used by the receiver, or is another's to fill in. */
const NOT_HANDED_OVER = new Set(
  `bytes start end kind length faultAt inflated ipProtocol captureId rawSeconds rawMicroseconds mos rFactor
  authStart authEnd authPresent nodeStart nodeEnd envelope envelopeStart envelopeEnd payloadStart payloadEnd
  correlationStart correlationEnd legCallIdStart legCallIdEnd`.split(/\s+/),
);

test('a message is the same packet at its owner: every number the tracker looks at, and its texts', () => {
  const packet = new Packet(Buffer.from('......payload..corr..leg..', 'latin1'));
  const numbers = packet as unknown as Record<string, number>; // all that is not named above is a number
  const handedOver = Object.keys(packet).filter((name) => !NOT_HANDED_OVER.has(name));
  for (const [n, name] of handedOver.entries()) numbers[name] = n + 1;
  for (const time of ['capturedAtUs', 'arrivedAtUs', 'trackedAtUs'])
    numbers[time] = 1_700_000_000_123_456 + time.length;
  Object.assign(packet, {
    start: 6,
    end: 13,
    correlationStart: 15,
    correlationEnd: 19,
    legCallIdStart: 21,
    legCallIdEnd: 24,
    envelope: Buffer.from('--before[payload]behind--', 'latin1'),
    envelopeStart: 2,
    payloadStart: 9,
    payloadEnd: 16,
    envelopeEnd: 23,
  });
  const { writer, reader } = ring();
  assert.ok(writeMessage(writer, packet, true, { serial: 7, generation: 2, id: '1@192.0.2.1:9/udp' }));
  assert.ok(reader.next());
  const read = new Packet(Buffer.alloc(0));
  const handed = new HandedMessage();
  readMessage(reader, read, handed);
  const got = read as unknown as Record<string, number>;
  assert.deepEqual(
    handedOver.map((name) => [name, got[name]]),
    handedOver.map((name) => [name, numbers[name]]),
  );
  const text = (start: number, end: number): string => read.bytes.toString('latin1', start, end);
  assert.deepEqual(
    [
      text(read.start, read.end),
      text(read.correlationStart, read.correlationEnd),
      text(read.legCallIdStart, read.legCallIdEnd),
      text(handed.idStart, handed.idEnd),
      text(read.envelopeStart, read.payloadStart),
      text(read.payloadEnd, read.envelopeEnd),
    ],
    ['payload', 'corr', 'leg', '1@192.0.2.1:9/udp', 'before[', ']behind'],
  );
  assert.deepEqual([handed.isStream, handed.serial, handed.generation], [true, 7, 2]);
});

/** Given by the hub's ring, or written as what is known of the event before it has a place. */
const GIVEN = ['index', 'type', 'hasSource', 'hasCall', 'generatedOn', 'row', 'base'];
const RATES = ['rateTracked', 'rateExceeded', 'rateDiff', 'rateValue', 'rateLimit', 'rateIntervalUs', 'rateSinceUs'];

test('every field of an event has its place in the record', () => {
  const fields = Object.keys(new EventSlot(new Int32Array(EVENT_ROW), 0));
  const known = [...GIVEN, ...RATES, ...EVENT_INTS, ...EVENT_DOUBLES, ...EVENT_TEXTS];
  assert.deepEqual(fields.toSorted(), known.toSorted());
});

test('an event is the same at the hub', () => {
  const slot = new EventSlot(
    Int32Array.from({ length: EVENT_ROW + 3 }, (_, n) => n - 5),
    3,
  );
  const fields = slot as unknown as Record<string, number | string>; // by the lists below
  for (const [n, name] of EVENT_INTS.entries()) fields[name] = n - 3;
  for (const [n, name] of EVENT_DOUBLES.entries()) fields[name] = 1_700_000_000_000_000 + n;
  for (const [n, name] of EVENT_TEXTS.entries()) fields[name] = n === 3 ? '' : `${name} \u00e4\u00ff`;
  Object.assign(slot, { type: 4, hasCall: true, hasSource: true, generatedOn: 'timeout' });
  const { writer, reader } = ring();
  assert.ok(writeEvent(writer, slot));
  assert.ok(reader.next());
  const { type, tsUs, source } = readEventOrigin(reader);
  assert.deepEqual([type, tsUs], [4, slot.tsUs]);
  assert.deepEqual(source, { src0: slot.src0, src1: slot.src1, src2: slot.src2, src3: slot.src3 });
  const got = new EventSlot(new Int32Array(EVENT_ROW), 0);
  readEvent(reader, got);
  const copied = [...EVENT_INTS, ...EVENT_DOUBLES, ...EVENT_TEXTS, 'hasCall' as const, 'generatedOn' as const];
  assert.deepEqual(
    copied.map((name) => [name, got[name]]),
    copied.map((name) => [name, slot[name]]),
  );
  assert.deepEqual([...got.row], [...slot.row.subarray(3)]);
});

function message(startLine: string, callId: string, cseq: string, to: string): SipMessage {
  const text = [startLine, `Call-ID: ${callId}`, `CSeq: ${cseq}`, `To: ${to}`, 'From: <sip:a@b>;tag=1', '', ''];
  return parse(Buffer.from(text.join('\r\n'))).message;
}

test('all messages of a call have one owner, and so have all registrations of an address-of-record', () => {
  const [place] = makePlaces(5, 'each', 99);
  assert.ok(place !== undefined);
  const owners = new Set<number>();
  for (let n = 0; n < 50; n++) {
    const invite = message('INVITE sip:b@c SIP/2.0', `call-${n}`, '1 INVITE', '<sip:b@c>');
    const bye = message('BYE sip:a@b SIP/2.0', `call-${n}`, '7 BYE', '<sip:a@b>;tag=1');
    assert.equal(shardOfMessage(place, invite), shardOfMessage(place, bye));
    assert.equal(shardOfMessage(place, invite), shardOfText(place, `call-${n}`));
    owners.add(shardOfMessage(place, invite));
    const register = message(
      'REGISTER sip:c SIP/2.0',
      `reg-${n}`,
      '1 REGISTER',
      `"U" <sip:u${n}@Example.com:5060;x=y>`,
    );
    const answer = message('SIP/2.0 200 OK', `other-${n}`, '9 REGISTER', `<sip:u${n}@example.com:5060>;tag=2`);
    assert.equal(shardOfMessage(place, register), shardOfMessage(place, answer));
  }
  assert.deepEqual(owners, new Set([0, 1, 2, 3, 4]));
});

test('with one socket the hub tracks nothing but what it refuses', () => {
  const [hub] = makePlaces(3, 'one', 99);
  assert.ok(hub !== undefined);
  const owners = new Set(Array.from({ length: 40 }, (_, n) => shardOfText(hub, `call-${n}`)));
  assert.deepEqual(owners, new Set([1, 2]));
  assert.equal(shardOfMessage(hub, message('OPTIONS sip:b SIP/2.0', '', '1 OPTIONS', '<sip:b@c>')), hub.index);
});
