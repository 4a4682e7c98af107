import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { lineWarnings } from '../../../src/http/ladder/lint.ts';
import { message } from '../fakes.ts';

const GOOD = [
  'INVITE sip:b@example.com SIP/2.0',
  'v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
  'Max-Forwards: 70',
  'f: <sip:a@example.com>;tag=a',
  'To : <sip:b@example.com>',
  'i: c',
  'CSeq: 1 INVITE',
  'l: 4',
  '',
  'body',
];

function warnings(lines: readonly string[], changes: Parameters<typeof message>[0] = {}): [number, string][] {
  const raw = lines.join('\r\n');
  return [...lineWarnings(message({ raw, length: raw.length, shown: raw.length, ...changes }))];
}

const changed = (at: number, ...lines: string[]): string[] => GOOD.toSpliced(at, 1, ...lines);

suite('lineWarnings()', () => {
  test('finds nothing in a message as it should be, compact names included', () => {
    assert.deepEqual(warnings(GOOD), []);
  });

  test('names header fields that are missing at the start line', () => {
    assert.deepEqual(warnings(changed(2)), [[0, 'without Max-Forwards']]);
    assert.deepEqual(warnings(GOOD.toSpliced(1, 2)), [[0, 'without Via, Max-Forwards']]);
    // A reply has no Max-Forwards.
    assert.deepEqual(warnings(changed(2), { isRequest: false, method: '' }), []);
    // What is cut off is not missing.
    assert.deepEqual(warnings(GOOD.slice(0, 3), { shown: 60, length: 900 }), []);
  });

  test('marks what is twice, what is no header field, and what goes on from the line before', () => {
    assert.deepEqual(warnings(changed(3, 'f: <sip:a@example.com>;tag=a', 'From: <sip:x@example.com>')), [
      [4, 'there may be one only'],
    ]);
    assert.deepEqual(warnings(changed(2, 'Max-Forwards: 70', 'nonsense', ' of two lines')), [
      [3, 'no header field'],
      [4, 'goes on from the line before, which many refuse'],
    ]);
  });

  test("marks a length that is not the body's, where the octets are known", () => {
    assert.deepEqual(warnings(changed(7, 'l: 5')), [[7, 'the body has 4 octets']]);
    assert.deepEqual(warnings(changed(7, 'l: 5'), { shown: 10 }), []);
  });

  test('marks a CSeq that is of another method', () => {
    assert.deepEqual(warnings(GOOD, { method: 'INVITE', cseqMethod: 'BYE' }), [[6, 'the request is INVITE']]);
  });
});
