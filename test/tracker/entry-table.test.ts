import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EntryTable } from '../../src/tracker/entry-table.ts';

class Entry {
  readonly hash: number;
  hashNext: Entry | undefined = undefined;
  older: Entry | undefined = undefined;
  newer: Entry | undefined = undefined;

  constructor(hash: number) {
    this.hash = hash;
  }
}

/** Entries under a hash, in no order. */
function under(table: EntryTable<Entry>, hash: number): Set<Entry> {
  const found = new Set<Entry>();
  for (let entry = table.chain(hash); entry !== undefined; entry = entry.hashNext) {
    if (entry.hash === hash) found.add(entry);
  }
  return found;
}

function inOrder(table: EntryTable<Entry>): Entry[] {
  const entries: Entry[] = [];
  for (let entry = table.oldest; entry !== undefined; entry = entry.newer) entries.push(entry);
  return entries;
}

/** Few segments, few places, neighbours that only differ in the lowest bit: everything meets everything. */
const crowded = fc.tuple(fc.constantFrom(0, 1, 255), fc.integer({ min: 0, max: 40 })).map(([segment, low]) => {
  return (segment << 24) | low;
});
const anyHash = fc.oneof(crowded, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
const steps = fc.array(
  fc.oneof(
    fc.record({ put: anyHash }),
    fc.record({ putOldest: anyHash }),
    fc.record({ remove: fc.nat({ max: 10_000 }) }),
  ),
  { maxLength: 400 },
);

test('whatever is put in and taken out, an entry is found under its hash, and the order is that of arrival', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const table = new EntryTable<Entry>();
      const held: Entry[] = [];
      for (const step of all) {
        if ('put' in step) {
          const entry = new Entry(step.put);
          table.insert(entry);
          held.push(entry);
        } else if ('putOldest' in step) {
          const entry = new Entry(step.putOldest);
          table.insertOldest(entry);
          held.unshift(entry);
        } else if (held.length > 0) {
          const [entry] = held.splice(step.remove % held.length, 1);
          assert.ok(entry !== undefined);
          table.remove(entry);
          assert.ok(!under(table, entry.hash).has(entry));
        }
      }
      assert.equal(table.size, held.length);
      assert.deepEqual(inOrder(table), held);
      for (const { hash } of held) {
        assert.deepEqual(under(table, hash), new Set(held.filter((entry) => entry.hash === hash)));
      }
    }),
  );
});

test('many entries, of which every second is taken out, are all found or all gone', () => {
  const table = new EntryTable<Entry>();
  // Odd multiples spread over all segments.
  const entries = Array.from({ length: 50_000 }, (_, n) => new Entry(Math.imul(n, 0x9e3779b1)));
  for (const entry of entries) table.insert(entry);
  for (const [n, entry] of entries.entries()) if (n % 2 === 1) table.remove(entry);
  for (const [n, entry] of entries.entries()) assert.equal(under(table, entry.hash).has(entry), n % 2 === 0);
  assert.equal(table.size, 25_000);
});

test('chains tell how many entries belong to one place', () => {
  const table = new EntryTable<Entry>();
  assert.deepEqual(table.chains(), { buckets: 256 * 16, longest: 0, shortest: 0 });
  // Two hashes whose place in their 16 is the same, one of them twice, and one elsewhere.
  for (const hash of [0x02, 0x02, 0x22, 0x0a]) table.insert(new Entry(hash));
  assert.deepEqual(table.chains(), { buckets: 256 * 16, longest: 3, shortest: 0 });
});

test('a cursor goes on behind an entry that is taken out while it stands there', () => {
  const table = new EntryTable<Entry>();
  const [first, second, third] = [new Entry(1), new Entry(2), new Entry(3)];
  for (const entry of [first, second, third]) table.insert(entry);
  const cursor = table.openCursor();
  assert.equal(cursor.next(), third);
  table.remove(second);
  assert.equal(cursor.next(), first);
  assert.equal(cursor.next(), undefined);
  cursor.close();
});
