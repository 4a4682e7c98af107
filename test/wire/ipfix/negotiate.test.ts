import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beforeHandshake, negotiate, timeoutBounds } from '../../../src/wire/ipfix/negotiate.ts';

/** As configured → as used. */
const bounds: [number, number, number, number][] = [
  [0, 0, 0, 0],
  [0, 60, 60, 60],
  [-1, 60, 60, 60],
  [60, 0, 60, 60],
  [60, -1, 60, 60],
  [20, 60, 20, 60],
  [60, 20, 20, 60],
  [-1, -1, -1, -1],
  [-1, 0, 0, 0],
  [0, -1, -1, -1],
  [70_000, 80_000, 65_535, 65_535],
];

describe('timeoutBounds()', () => {
  for (const [min, max, minS, maxS] of bounds) {
    test(`makes ${minS} and ${maxS} of ${min} and ${max}`, () => {
      assert.deepEqual(timeoutBounds(min, max), { minS, maxS });
    });
  }
});

/** Configured bounds, requested interval → timeout, keep-alive. */
const negotiations: [number, number, number, number, number][] = [
  [0, 0, 30, 60, 30],
  [0, 0, 0, 0, 0],
  [0, 0, 65_535, 131_070, 65_535],
  [100, 0, 30, 100, 50],
  [101, 200, 30, 101, 50],
  [10, 40, 30, 40, 20],
  [10, 40, 3, 10, 5],
  [10, 40, 0, 10, 5],
  [10, 40, 15, 30, 15],
  [1, 1, 30, 2, 1],
  [1, 1, 0, 2, 1],
  [2, 2, 30, 2, 1],
  [3, 3, 30, 3, 1],
  [-1, -1, 30, -1, 30],
  [-1, -1, 0, -1, 0],
];

describe('negotiate()', () => {
  for (const [min, max, requested, timeoutS, keepaliveS] of negotiations) {
    test(`answers ${keepaliveS} s and waits ${timeoutS} s for ${requested} s within ${min} and ${max}`, () => {
      assert.deepEqual(negotiate(requested, timeoutBounds(min, max)), { timeoutS, keepaliveS });
    });
  }
});

test('before the handshake the longest allowed silence counts, else the shortest, else none', () => {
  const before = (min: number, max: number): number => beforeHandshake(timeoutBounds(min, max)).timeoutS;
  assert.equal(before(20, 60), 60);
  assert.equal(before(20, 0), 20);
  assert.equal(before(0, 0), 0);
  assert.equal(before(-1, -1), -1);
});
