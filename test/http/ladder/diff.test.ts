import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { diffMessages, markDifference } from '../../../src/http/ladder/diff.ts';

const rows = (left: string[], right: string[], isSorted = false): string[] =>
  diffMessages(left.join('\r\n'), right.join('\r\n'), isSorted).rows.map(
    (row) => `${row.kind}: ${row.left} | ${row.right}`,
  );

test('equal lines stand side by side, a changed header is one line, others stand alone', () => {
  assert.deepEqual(
    rows(
      ['INVITE sip:b SIP/2.0', 'Via: one', 'CSeq: 1 INVITE', 'Max-Forwards: 70'],
      ['INVITE sip:b SIP/2.0', 'Route: x', 'Via: two', 'CSeq: 1 INVITE'],
    ),
    [
      'same: INVITE sip:b SIP/2.0 | INVITE sip:b SIP/2.0',
      'right:  | Route: x',
      'changed: Via: one | Via: two',
      'same: CSeq: 1 INVITE | CSeq: 1 INVITE',
      'left: Max-Forwards: 70 | ',
    ],
  );
});

test('start lines are compared with each other, request and reply too', () => {
  assert.deepEqual(rows(['OPTIONS sip:b SIP/2.0'], ['SIP/2.0 200 OK']), [
    'changed: OPTIONS sip:b SIP/2.0 | SIP/2.0 200 OK',
  ]);
});

test('sorted, the order of fields with different names does not count, that of one name does', () => {
  const left = ['INVITE sip:b SIP/2.0', 'To: b', 'Via: 1', 'Via: 2', '', 'v=0'];
  const right = ['INVITE sip:b SIP/2.0', 'Via: 1', 'Via: 2', 'To: b', '', 'v=0'];
  assert.ok(rows(left, right).some((row) => !row.startsWith('same')));
  assert.ok(rows(left, right, true).every((row) => row.startsWith('same')));
  const turned = ['INVITE sip:b SIP/2.0', 'Via: 2', 'Via: 1', 'To: b', '', 'v=0'];
  assert.ok(rows(left, turned, true).some((row) => !row.startsWith('same')));
});

test('what differs within a line is what lies between its common ends', () => {
  assert.deepEqual(markDifference('CSeq: 1 INVITE', 'CSeq: 22 INVITE'), {
    before: 'CSeq: ',
    marked: '1',
    after: ' INVITE',
  });
  assert.deepEqual(markDifference('aa', 'a'), { before: 'a', marked: 'a', after: '' });
  assert.deepEqual(markDifference('a', 'aa'), { before: 'a', marked: '', after: '' });
});

test('the left and the right column of a comparison are the two messages', () => {
  const line = fc.constantFrom('A: 1', 'A: 2', 'B: 1', 'm=audio 1', '');
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.array(line, { minLength: 1 }), (left, right) => {
      const { rows: found, notCompared } = diffMessages(left.join('\n'), right.join('\n'), false);
      const side = (which: 'left' | 'right'): string[] =>
        found.filter(({ kind }) => kind === 'same' || kind === 'changed' || kind === which).map((row) => row[which]);
      assert.deepEqual(side('left'), left);
      assert.deepEqual(side('right'), right);
      assert.equal(notCompared, 0);
    }),
  );
});

test('of messages with very many lines the first are compared, and how many were not is told', () => {
  const long = Array.from({ length: 50_000 }, (_, n) => `${n % 7}`);
  const { rows: found, notCompared } = diffMessages(long.join('\n'), 'x', false);
  assert.ok(found.length <= 1200);
  assert.equal(notCompared, 49_400);
});
