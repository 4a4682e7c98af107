import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calls, CounterSet, Pkt } from '../../src/model/counters.ts';
import { RATE_INTERVALS_MS } from '../../src/model/statistics.ts';
import { averages, RateKeeper } from '../../src/telemetry/rates.ts';

test('RateKeeper has no rate before the first interval has passed, and none for other intervals', () => {
  const { values } = new CounterSet();
  const keeper = new RateKeeper(values, 0);
  keeper.observe(values, 999);
  for (const intervalMs of RATE_INTERVALS_MS) assert.equal(keeper.rates(intervalMs), undefined);
  keeper.observe(values, 1000);
  assert.equal(keeper.rates(1000)?.updatedMs, 1000);
  assert.equal(keeper.rates(10_000), undefined);
  assert.equal(keeper.rates(5000), undefined);
});

test('RateKeeper scales what was counted to the interval: 300 in 12 s are 25 per second and 250 per 10 s', () => {
  const counters = new CounterSet();
  counters.add(Pkt.TOTAL_PACKETS, 1000);
  const keeper = new RateKeeper(counters.values, 50_000);
  counters.add(Pkt.TOTAL_PACKETS, 300);
  keeper.observe(counters.values, 62_000);
  assert.equal(keeper.rates(1000)?.read(Pkt.TOTAL_PACKETS), 25);
  assert.equal(keeper.rates(10_000)?.read(Pkt.TOTAL_PACKETS), 250);
  assert.equal(keeper.rates(60_000), undefined);
});

test('RateKeeper measures each interval from its own last end, and keeps the rate in between', () => {
  const counters = new CounterSet();
  const keeper = new RateKeeper(counters.values, 0);
  counters.add(Pkt.TOTAL_PACKETS, 7);
  keeper.observe(counters.values, 1000);
  counters.add(Pkt.TOTAL_PACKETS, 30);
  keeper.observe(counters.values, 1500);
  assert.equal(keeper.rates(1000)?.read(Pkt.TOTAL_PACKETS), 7);
  keeper.observe(counters.values, 2500);
  // 30 in 1.5 s
  assert.equal(keeper.rates(1000)?.read(Pkt.TOTAL_PACKETS), 20);
  assert.equal(keeper.rates(1000)?.updatedMs, 2500);
});

test('RateKeeper keeps gauges as they are, and counts from zero after a restart', () => {
  const counters = new CounterSet();
  counters.set(Calls.ACTIVE, 5);
  counters.add(Pkt.UDP, 100);
  const keeper = new RateKeeper(counters.values, 0);
  const restarted = new CounterSet();
  restarted.set(Calls.ACTIVE, 3);
  restarted.add(Pkt.UDP, 8);
  keeper.observe(restarted.values, 2000);
  assert.equal(keeper.rates(1000)?.read(Calls.ACTIVE), 3);
  assert.equal(keeper.rates(1000)?.read(Pkt.UDP), 4);
});

test('averages() divides by the uptime: 1042 in 12.5 s are 83.36 per second, and gauges stay', () => {
  const read = (index: number): number => (index === Calls.ACTIVE ? 6 : 1042);
  assert.equal(averages(read, 12_500, 1000)(Pkt.TOTAL_PACKETS), 83.36);
  assert.equal(averages(read, 12_500, 60_000)(Calls.ACTIVE), 6);
  assert.equal(averages(read, 0, 1000)(Pkt.TOTAL_PACKETS), 0);
});
