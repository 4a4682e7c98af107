import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calls, COUNTERS, CounterSet, Ingest } from '../../src/model/counters.ts';
import { Series } from '../../src/telemetry/series.ts';

/** A series whose clock stands until it is moved; `pass` moves it second by second. */
function kept() {
  const counters = new CounterSet();
  let ms = 5000;
  const series = new Series(
    () => counters.values,
    () => ms,
    () => 1_000_000_000 + ms * 1000,
  );
  const pass = (seconds: number): void => {
    for (let n = 0; n < seconds; n++) {
      ms += 1000;
      series.observe();
    }
  };
  return { counters, series, pass };
}

test('a young series has the steps there were, and totals up to now', () => {
  const { counters, series, pass } = kept();
  counters.add(Ingest.RECEIVED, 7);
  const empty = series.window(900_000);
  assert.deepEqual(
    [empty.endsUs, empty.steps(Ingest.RECEIVED), empty.spanMs, empty.total(Ingest.RECEIVED)],
    [[], [], 0, 7],
  );
  pass(10);
  counters.add(Ingest.RECEIVED, 3);
  pass(14);
  counters.add(Ingest.RECEIVED, 1);
  const window = series.window(900_000);
  assert.equal(window.stepMs, 10_000);
  assert.deepEqual(window.steps(Ingest.RECEIVED), [7, 3]);
  assert.deepEqual(window.endsUs, [1_015_000_000, 1_025_000_000]);
  assert.deepEqual([window.spanMs, window.total(Ingest.RECEIVED)], [24_000, 11]);
});

test('a gauge is shown as it was at the end of each step, and in all as it is', () => {
  const { counters, series, pass } = kept();
  counters.set(Calls.ACTIVE, 5);
  pass(10);
  counters.set(Calls.ACTIVE, 2);
  pass(10);
  counters.set(Calls.ACTIVE, 9);
  const window = series.window(900_000);
  assert.deepEqual([window.steps(Calls.ACTIVE), window.total(Calls.ACTIVE)], [[5, 2], 9]);
});

test('what is older than the window is forgotten, and the ring goes round', () => {
  const { counters, series, pass } = kept();
  for (let step = 1; step <= 400; step++) {
    counters.add(Ingest.RECEIVED, step);
    pass(10);
  }
  const quarter = series.window(900_000);
  assert.equal(quarter.endsUs.length, 90);
  assert.deepEqual(
    quarter.steps(Ingest.RECEIVED),
    Array.from({ length: 90 }, (_, n) => 311 + n),
  );
  assert.equal(quarter.total(Ingest.RECEIVED), (90 * (311 + 400)) / 2);
  const hour = series.window(3_600_000);
  assert.equal(hour.endsUs.length, 360);
  assert.equal(hour.steps(Ingest.RECEIVED)[0], 41);
  const day = series.window(86_400_000);
  assert.deepEqual([day.stepMs, day.endsUs.length], [300_000, 13]);
  assert.equal(day.total(Ingest.RECEIVED), (400 * 401) / 2);
});

test('a counter that began at zero again counts from there', () => {
  const { counters, series, pass } = kept();
  counters.add(Ingest.RECEIVED, 100);
  pass(10);
  counters.values.fill(0);
  counters.add(Ingest.RECEIVED, 4);
  pass(10);
  assert.deepEqual(series.window(900_000).steps(Ingest.RECEIVED), [100, 4]);
  assert.ok(COUNTERS.length > 100);
});
