import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FirstInOrder, type SortKey } from '../../src/engine/first-in-order.ts';
import { EngineRequestError, MAX_ORDERED } from '../../src/model/engine.ts';

interface Item {
  name: number;
  key: SortKey;
}

function first(keys: readonly SortKey[], size: number, descending: boolean): Item[] {
  const heap = new FirstInOrder<Item>(size, { keyOf: (item) => item.key, descending });
  for (const [name, key] of keys.entries()) heap.offer({ name, key });
  const found: Item[] = [];
  for (let last = heap.takeLast(); last !== undefined; last = heap.takeLast()) found.unshift(last.entry);
  return found;
}

/** The plain way: all of them sorted, equals as they came, those without a value behind. */
function oracle(keys: readonly SortKey[], size: number, descending: boolean): Item[] {
  const items = keys.map((key, name) => ({ name, key }));
  const valued = items.filter(({ key }) => key !== undefined);
  valued.sort((a, b) => {
    const [x, y] = [Number(a.key), Number(b.key)];
    return (descending ? y - x : x - y) || a.name - b.name;
  });
  return [...valued, ...items.filter(({ key }) => key === undefined)].slice(0, size);
}

test('FirstInOrder keeps what sorting everything would put first, equals in the order they came', () => {
  const key = fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(key, { maxLength: 80 }), fc.nat(90), fc.boolean(), (keys, size, descending) => {
      assert.deepEqual(first(keys, size, descending), oracle(keys, size, descending));
    }),
  );
});

test('FirstInOrder orders texts by their characters', () => {
  const names = first(['b', 'c', undefined, 'a'], 3, false).map(({ key }) => key);
  assert.deepEqual(names, ['a', 'b', 'c']);
});

test('FirstInOrder refuses to hold more than it may', () => {
  assert.throws(() => first([], MAX_ORDERED + 1, true), EngineRequestError);
});
