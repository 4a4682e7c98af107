import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from '../../../src/http/access/bounded-map.ts';

test('BoundedMap gives up what was not written for the longest time, and says so', () => {
  let lost = 0;
  const map = new BoundedMap<number>(2, () => lost++);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  assert.deepEqual([map.size, lost], [2, 0]);
  map.set('c', 4);
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c')], [3, undefined, 4]);
  assert.deepEqual([map.size, lost], [2, 1]);
  map.delete('a');
  map.set('d', 5);
  assert.deepEqual([map.size, lost], [2, 1]);
});
