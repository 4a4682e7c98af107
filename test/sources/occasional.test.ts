import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Occasional } from '../../src/sources/occasional.ts';

const SECOND = 1_000_000;

test('Occasional lets the first line through and holds back the next for ten seconds', () => {
  const occasional = new Occasional();
  assert.equal(occasional.take(1, 100 * SECOND), 1);
  assert.equal(occasional.take(2, 101 * SECOND), 0);
  assert.equal(occasional.take(3, 110 * SECOND - 1), 0);
  assert.equal(occasional.take(4, 110 * SECOND), 9);
});

test('Occasional tells what was held back although nothing new came', () => {
  const occasional = new Occasional();
  occasional.take(1, 0);
  occasional.take(5, SECOND);
  assert.equal(occasional.take(0, 10 * SECOND), 5);
  assert.equal(occasional.take(0, 20 * SECOND), 0);
});

test('Occasional is not silenced by a clock set back', () => {
  const occasional = new Occasional();
  occasional.take(1, 1000 * SECOND);
  assert.equal(occasional.take(1, 5 * SECOND), 1);
});
