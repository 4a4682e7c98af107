import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ringMemory, RingReader, RingWriter } from '../../../src/engine/shards/ring.ts';

function write(writer: RingWriter, octets: Buffer, kind = 1): boolean {
  const start = writer.reserve(kind, octets.length);
  if (start < 0) return false;
  octets.copy(writer.bytes, start);
  writer.commit();
  return true;
}

function read(reader: RingReader): Buffer | undefined {
  return reader.next() ? Buffer.from(reader.bytes.subarray(reader.start, reader.end)) : undefined;
}

test('what is written into a ring is read once, whole and in its order, however often the ring goes round', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 200 });
  const turns = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(lengths, turns, (records, pauses) => {
      const memory = ringMemory(256);
      const writer = new RingWriter(memory);
      const reader = new RingReader(memory);
      const written: string[] = [];
      const got: string[] = [];
      const takeAll = (): void => {
        for (let record = read(reader); record !== undefined; record = read(reader)) got.push(record.toString('hex'));
        reader.release();
      };
      for (const [n, length] of records.entries()) {
        const octets = Buffer.alloc(length, n);
        if (!write(writer, octets)) {
          takeAll();
          assert.ok(write(writer, octets), 'an empty ring has room');
        }
        written.push(octets.toString('hex'));
        if (n % (pauses[n % pauses.length] ?? 1) === 0) takeAll();
      }
      takeAll();
      assert.deepEqual(got, written);
      assert.equal(reader.isEmpty, true);
    }),
  );
});

test('a full ring takes nothing until its reader has released something', () => {
  const memory = ringMemory(64);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  assert.ok(write(writer, Buffer.from('one octet or a few more')));
  assert.ok(write(writer, Buffer.from('and once more')));
  assert.equal(write(writer, Buffer.alloc(1)), false);
  assert.equal(read(reader)?.toString(), 'one octet or a few more');
  assert.equal(write(writer, Buffer.alloc(1)), false, 'taken, but its reader may still look at it');
  reader.release();
  assert.ok(write(writer, Buffer.alloc(1)));
});

test('a record longer than the ring is refused, and the next one goes through', () => {
  const memory = ringMemory(64);
  const writer = new RingWriter(memory);
  assert.equal(write(writer, Buffer.alloc(65)), false);
  assert.ok(write(writer, Buffer.from('short')));
  assert.equal(read(new RingReader(memory))?.toString(), 'short');
});

test('a reader that replaces a crashed one goes on behind what that one had taken', () => {
  const memory = ringMemory(256);
  const writer = new RingWriter(memory);
  for (const text of ['first', 'deadly', 'third']) assert.ok(write(writer, Buffer.from(text)));
  const crashed = new RingReader(memory);
  read(crashed);
  read(crashed);
  assert.equal(read(new RingReader(memory))?.toString(), 'third');
});

test('a writer that replaces a crashed one goes on where that one had committed', () => {
  const memory = ringMemory(256);
  const crashed = new RingWriter(memory);
  assert.ok(write(crashed, Buffer.from('whole')));
  crashed.reserve(1, 8);
  assert.ok(write(new RingWriter(memory), Buffer.from('next')));
  const reader = new RingReader(memory);
  assert.deepEqual([read(reader), read(reader), read(reader)].map(String), ['whole', 'next', 'undefined']);
});

test('a ring goes on when its counts of octets pass 2^32', () => {
  const memory = ringMemory(128);
  // All three counts, just below where they begin again.
  const ends = new Int32Array(memory);
  for (const at of [0, 16, 32]) ends[at] = -64;
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  for (let n = 0; n < 20; n++) {
    assert.ok(write(writer, Buffer.from(`record ${n}`)));
    assert.equal(read(reader)?.toString(), `record ${n}`);
    reader.release();
  }
});
