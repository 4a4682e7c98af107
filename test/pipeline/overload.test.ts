import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CounterSet, Dropped, Ingest } from '../../src/model/counters.ts';
import { type Dispensable, Overload } from '../../src/pipeline/overload.ts';

/** Two things that can be done without, and what was said about them. */
function setUp(): { overload: Overload; counters: CounterSet; said: string[]; paused: Set<string> } {
  const said: string[] = [];
  const paused = new Set<string>();
  const dispensable = (name: string): Dispensable => ({
    name,
    pause: () => paused.add(name),
    resume: () => paused.delete(name),
  });
  const counters = new CounterSet();
  const overload = new Overload([dispensable('display'), dispensable('dumps')], counters, (isPaused, name) =>
    said.push(`${isPaused ? 'without' : 'with'} ${name}`),
  );
  return { overload, counters, said, paused };
}

test('Overload gives up one thing after the other while datagrams are dropped, and nothing else then', () => {
  const { overload, said, paused, counters } = setUp();
  overload.observe(0.1, 1);
  assert.deepEqual([...paused], ['display']);
  overload.observe(0.1, 1);
  overload.observe(0.1, 1);
  assert.deepEqual([...paused], ['display', 'dumps']);
  assert.deepEqual(said, ['without display', 'without dumps']);
  assert.equal(counters.get(Ingest.OVERLOAD), 2);
});

test('Overload takes things back in the other order after three calm looks', () => {
  const { overload, said, paused, counters } = setUp();
  overload.observe(1, 5);
  overload.observe(1, 5);
  overload.observe(0, 0);
  overload.observe(0, 0);
  assert.equal(paused.size, 2);
  overload.observe(0, 0);
  assert.deepEqual([...paused], ['display']);
  overload.observe(0, 0);
  overload.observe(0, 0);
  assert.deepEqual(said, ['without display', 'without dumps', 'with dumps', 'with display']);
  assert.equal(counters.get(Ingest.OVERLOAD), 0);
  assert.equal(counters.maxima[Ingest.OVERLOAD], 2);
});

test('Overload begins before the buffer overflows, and does not end while it is half full', () => {
  const { overload, paused } = setUp();
  overload.observe(0.74, 0);
  assert.equal(paused.size, 0);
  overload.observe(0.75, 0);
  assert.equal(paused.size, 1);
  for (let look = 0; look < 20; look++) overload.observe(0.5, 0);
  assert.equal(paused.size, 1);
  for (let look = 0; look < 3; look++) overload.observe(0.49, 0);
  assert.equal(paused.size, 0);
});

test('Overload counts what the kernel dropped as received and dropped', () => {
  const { overload, counters } = setUp();
  overload.observe(1, 7);
  overload.observe(0, 0);
  for (const index of [Ingest.RECEIVED, Ingest.DROPPED, Dropped.overload]) assert.equal(counters.get(index), 7);
});

test('Overload with nothing to give up leaves it at counting', () => {
  const counters = new CounterSet();
  const overload = new Overload([], counters, assert.fail);
  overload.observe(1, 3);
  for (let look = 0; look < 5; look++) overload.observe(0, 0);
  assert.equal(counters.get(Dropped.overload), 3);
});
