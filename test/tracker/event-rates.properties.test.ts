import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { okLongerAgo, RateSweep } from '../../src/tracker/event-rates.ts';
import { RateStage, START_US } from './rate-stage.ts';

interface Step {
  host: number;
  afterMs: number;
}
const steps = fc.array(fc.record({ host: fc.integer({ min: 1, max: 8 }), afterMs: fc.integer({ min: 0, max: 700 }) }), {
  maxLength: 200,
});

/** Times are those of each source's own story, so that stories can be told in any order. */
function timed(all: readonly Step[]): { host: number; ms: number }[] {
  const clocks = new Map<number, number>();
  return all.map(({ host, afterMs }) => {
    const ms = (clocks.get(host) ?? 0) + afterMs;
    clocks.set(host, ms);
    return { host, ms };
  });
}

function outcomes(events: readonly { host: number; ms: number }[]): Map<number, string[]> {
  const stage = new RateStage({ intervalsMs: [1000, 5000, 0], limits: [4, 12, 0] });
  const byHost = new Map<number, string[]>();
  for (const { host, ms } of events) {
    const what = stage.event(ms, `192.0.2.${host}`);
    byHost.set(host, [...(byHost.get(host) ?? []), `${what} ${stage.rates.outcome.value}`]);
  }
  return byHost;
}

test('the order of unrelated sources makes no difference', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const events = timed(all);
      const bySource = events.toSorted((a, b) => a.host - b.host);
      assert.deepEqual(outcomes(bySource), new Map([...outcomes(events)].toSorted(([a], [b]) => a - b)));
    }),
  );
});

const actions = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.record({ host: fc.integer({ min: 1, max: 60 }), afterMs: fc.nat(20_000) }) },
    { weight: 1, arbitrary: fc.record({ sweepOlderMs: fc.nat(60_000), target: fc.nat(20), afterMs: fc.nat(60_000) }) },
  ),
  { maxLength: 300 },
);

test('the table holds what a map would hold, never more than its limit, and after a sweep nothing it should have taken', () => {
  fc.assert(
    fc.property(actions, (all) => {
      const stage = new RateStage({ maxEntries: 40 });
      const totals = new Map<number, number>();
      let ms = 0;
      for (const action of all) {
        ms += action.afterMs;
        if ('host' in action) {
          const known = stage.entry(`192.0.2.${action.host}`) !== undefined;
          const what = stage.event(ms, `192.0.2.${action.host}`);
          if (what === 'no room') assert.equal(known, false);
          else totals.set(action.host, (known ? (totals.get(action.host) ?? 0) : 0) + 1);
        } else {
          const nowUs = START_US + ms * 1000;
          new RateSweep(stage.rates, okLongerAgo(action.sweepOlderMs), action.target).step(nowUs, 1000);
          const old = stage
            .entries()
            .filter((entry) => !entry.exceeded && nowUs - entry.lastOkUs > action.sweepOlderMs * 1000);
          assert.ok(old.length === 0 || stage.rates.size <= action.target);
        }
        const entries = stage.entries();
        assert.ok(entries.length <= 40);
        assert.equal(entries.length, stage.rates.size);
        for (const entry of entries) assert.equal(entry.total, totals.get(entry.words[3] & 255));
        let chained = 0;
        for (let bucket = 0; bucket < stage.rates.buckets; bucket++) chained += stage.rates.chainLength(bucket);
        assert.equal(chained, entries.length);
      }
    }),
    { numRuns: 40 },
  );
});

test('a flood of distinct sources stays within the limit and costs each event a fixed number of looks', () => {
  const maxEntries = 2000;
  const stage = new RateStage({ maxEntries });
  const events = 60_000;
  const walked = (): number => stage.counter('ev_rate_gc.hard_gc_walked') + stage.counter('ev_rate_gc.light_gc_walked');
  const runs = (): number => stage.counter('ev_rate_gc.hard_gc_runs') + stage.counter('ev_rate_gc.light_gc_runs');
  let mostPerRun = 0;
  for (let n = 0; n < events; n++) {
    // 10 µs apart: 100 000 sources per second.
    stage.event(n / 100, `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    mostPerRun = Math.max(mostPerRun, walked());
    assert.ok(stage.rates.size <= maxEntries);
  }
  // The oldest entry is too young, which one look tells; two is the sum of a light and a hard run.
  assert.ok(mostPerRun <= 2, `${mostPerRun} looks`);
  assert.ok(runs() <= 3 * events);
  assert.equal(stage.counter('ev_rate.tracking_fail'), events - maxEntries);
  assert.equal(stage.counter('ev_rate_gc.max_gc_retr_fail'), events - maxEntries);
  // Half a minute after the flood the first new source makes room down to the target.
  assert.equal(stage.event(31_000, '192.0.2.1'), 'pass');
  assert.equal(stage.rates.size, 1801);
});
