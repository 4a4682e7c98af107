import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callMessage, callMessages } from '../../src/engine/call-messages.ts';
import { EngineRequestError } from '../../src/model/engine.ts';
import { LegReason } from '../../src/tracker/call.ts';
import { Stage, START_US } from '../tracker/scenario.ts';

const ALL = { offset: 0, limit: 100 };

function staged(settings: ConstructorParameters<typeof Stage>[0], ...lines: string[]): Stage {
  const stage = new Stage(settings);
  for (const line of lines) stage.send(line);
  return stage;
}

const CALL = [
  '0.000 A>B INVITE/1 f=a by=x,y',
  '0.500 A>B INVITE/1 f=a by=x',
  '0.600 B>C INVITE/1 f=a by=x branch=h',
  '0.700 B>A 180/1 f=a t=b by=x',
];

test('messages of a call come in order of time, with their relation to those before and who saw them', () => {
  const { tracker } = staged({}, ...CALL, '0.100 D>E OPTIONS/7 f=o id=c0');
  const answer = callMessages(tracker, 'c1', ALL, START_US);
  assert.deepEqual(
    answer.items.map(({ atUs, src, dst, isRequest, method, status, cseq, cseqMethod, repeat, agents }) => [
      atUs - START_US,
      `${src.ip}>${dst.ip}`,
      isRequest ? method : status,
      `${cseq} ${cseqMethod}`,
      repeat,
      agents.join(' '),
    ]),
    [
      [0, '192.0.2.1>192.0.2.2', 'INVITE', '1 INVITE', 'new', 'x y'],
      [500_000, '192.0.2.1>192.0.2.2', 'INVITE', '1 INVITE', 'retransmission', 'x'],
      [600_000, '192.0.2.2>192.0.2.3', 'INVITE', '1 INVITE', 'other-hop', 'x'],
      [700_000, '192.0.2.2>192.0.2.1', 180, '1 INVITE', 'new', 'x'],
    ],
  );
  assert.equal(answer.total, 4);
  assert.equal(answer.gone, 0);
  assert.deepEqual(
    answer.entries.map((entry) => entry.callId),
    ['c1'],
  );
  assert.deepEqual([answer.olderCallId, answer.newerCallId], ['', 'c0']);
});

test('a window of the messages says how many there are in all', () => {
  const { tracker } = staged({}, ...CALL);
  const answer = callMessages(tracker, 'c1', { offset: 3, limit: 5 }, START_US);
  assert.deepEqual([answer.total, answer.offset, answer.items.map((item) => item.status)], [4, 3, [180]]);
  for (const window of [
    { offset: -1, limit: 1 },
    { offset: 0.5, limit: 1 },
    { offset: 0, limit: 1e9 },
  ]) {
    assert.throws(() => callMessages(tracker, 'c1', window, START_US), EngineRequestError);
  }
});

test('of messages beyond keep_messages it is said how many are gone', () => {
  const { tracker } = staged({ messages: { perCall: 3, memBytes: 1 << 20 } }, ...CALL);
  const answer = callMessages(tracker, 'c1', ALL, START_US);
  assert.deepEqual([answer.items.length, answer.gone], [3, 1]);
});

test('of messages that the ring has given to other calls it is said how many are gone', () => {
  const stage = staged({ messages: { perCall: 64, memBytes: 2000 } }, ...CALL);
  for (let n = 1; n < 20; n++) stage.send(`1.${n + 10} D>E OPTIONS/${n} f=o id=c0`);
  const answer = callMessages(stage.tracker, 'c1', ALL, START_US);
  assert.deepEqual([answer.items.length, answer.gone, answer.entries.length], [0, 4, 1]);
});

test('messages outlive the call they belong to', () => {
  const { tracker } = staged({}, ...CALL);
  while (tracker.advance(START_US + 1e12, 1000));
  const answer = callMessages(tracker, 'c1', ALL, START_US);
  assert.deepEqual([answer.items.length, answer.gone, answer.entries], [4, 0, []]);
});

test('one message is found by its id, under its own Call-ID and as long as it is held', () => {
  const stage = staged({ messages: { perCall: 64, memBytes: 4000 } }, ...CALL);
  const { items } = callMessages(stage.tracker, 'c1', ALL, START_US);
  const [first] = items;
  assert.ok(first);
  for (const item of items) assert.deepEqual(callMessage(stage.tracker, 'c1', item.id)?.message, item);
  assert.equal(callMessage(stage.tracker, 'c2', first.id), undefined);
  assert.equal(callMessage(stage.tracker, 'c1', first.id + 8), undefined);
  for (let n = 1; n < 20; n++) stage.send(`1.${n + 10} D>E OPTIONS/${n} f=o id=c0`);
  assert.equal(callMessage(stage.tracker, 'c1', first.id), undefined);
});

test('the other legs of a call are part of it', () => {
  const stage = staged({}, '0.000 A>B INVITE/1 f=a', '0.100 B>C INVITE/1 f=b id=c2');
  stage.tracker.legs.join(stage.tracker.family('c2')[0]!, 'c1', 0); // just sent
  const answer = callMessages(stage.tracker, 'c1', ALL, START_US);
  assert.deepEqual(
    answer.items.map((item) => item.callId),
    ['c1', 'c2'],
  );
  assert.deepEqual(
    answer.entries.map((entry) => entry.callId),
    ['c1', 'c2'],
  );
});

test('the other legs of a call are part of it when both have left the table, whichever is asked for', () => {
  const stage = staged(
    {},
    '0.000 A>B INVITE/1 f=a',
    '0.100 B>C INVITE/1 f=b id=c2',
    '0.150 B>D INVITE/1 f=d id=c3',
    '0.200 B>E INVITE/1 f=e id=alone',
    '0.300 B>A 486/1 f=a t=x',
    '0.400 C>B 486/1 f=b t=y id=c2',
    '0.450 D>B 486/1 f=d t=z id=c3',
    '0.500 E>B 486/1 f=e t=w id=alone',
  );
  for (const leg of ['c2', 'c3']) stage.tracker.legs.join(stage.tracker.family(leg)[0]!, 'c1', LegReason.ALEG_HEADER); // just sent
  // An agent's correlation id that is nobody's Call-ID.
  stage.tracker.legs.join(stage.tracker.family('alone')[0]!, 'conference 7', LegReason.CORRELATION_ID);
  stage.advance(3600);
  assert.equal(stage.tracker.table.size, 0);
  for (const [asked, others] of [
    ['c1', ['c2', 'c3']],
    ['c2', ['c1', 'c3']],
    ['c3', ['c1', 'c2']],
    ['alone', []],
    ['conference 7', []],
  ] as const) {
    const answer = callMessages(stage.tracker, asked, ALL, START_US);
    assert.deepEqual([answer.callIds[0], answer.callIds.slice(1).toSorted()], [asked, others]);
    assert.equal(answer.pastLegs.length, others.length);
    const named = new Map(answer.pastLegs.map((leg) => [leg.callId, leg.reason]));
    for (const other of others) assert.equal(named.get(other), 'joined by the header that names the other leg');
    assert.deepEqual(answer.entries, []);
    assert.equal(answer.total, asked === 'conference 7' ? 0 : 2 * (others.length + 1));
  }
});
