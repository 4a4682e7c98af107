import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatDuration, parseDurationMs } from '../../src/model/duration.ts';

for (const [text, ms] of [
  ['0', 0],
  ['-0', 0],
  ['0s', 0],
  ['250ms', 250],
  ['1h2m3.5s', 3_723_500],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['1.s', 1000],
  ['+2m', 120_000],
  ['-1.5s', -1500],
  ['100ns', 0.0001],
  ['31us', 0.031],
  ['31µs', 0.031],
  ['31μs', 0.031],
  ['1m1m', 120_000],
  ['2540400h', 2_540_400 * 3_600_000],
] as const) {
  test(`parseDurationMs() reads "${text}"`, () => assert.equal(parseDurationMs(text), ms));
}

for (const text of [
  '',
  '-',
  '+',
  '1',
  '30',
  '.',
  '.s',
  's',
  '1d',
  '1 s',
  '1s ',
  '--1s',
  '1s2',
  '1e3s',
  '1h-2m',
  '٣s',
]) {
  test(`parseDurationMs() refuses "${text}"`, () => assert.equal(parseDurationMs(text), undefined));
}

test('parseDurationMs() refuses what Go could not hold: 2^63 ns are 2562047h47m16.854775808s', () => {
  assert.notEqual(parseDurationMs('2562047h47m16s'), undefined);
  assert.equal(parseDurationMs('2562047h47m17s'), undefined);
  assert.equal(parseDurationMs(`${'9'.repeat(400)}h`), undefined);
});

for (const [ms, text] of [
  [0, '0s'],
  [0.0004, '0s'],
  [0.001, '1µs'],
  [0.031, '31µs'],
  [0.9996, '1ms'],
  [2.15, '2.15ms'],
  [250, '250ms'],
  [999.9996, '1s'],
  [2013, '2.013s'],
  [12_500, '12.5s'],
  [60_000, '1m0s'],
  [63_250, '1m3.25s'],
  [3_600_000, '1h0m0s'],
  [3_723_500, '1h2m3.5s'],
  [90_061_000, '25h1m1s'],
  [-1500, '-1.5s'],
] as const) {
  test(`formatDuration() writes ${ms} ms as ${text}`, () => assert.equal(formatDuration(ms), text));
}

test('parseDurationMs() reads what formatDuration() writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (us) => {
      const read = parseDurationMs(formatDuration(us / 1000));
      assert.equal(Math.round((read ?? Number.NaN) * 1000), us);
    }),
  );
});
