import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, integer, property } from 'fast-check';
import { formatDuration, parseDurationMs } from '../../src/model/duration.ts';

const texts: [string, number | undefined][] = [
  ['0', 0],
  ['0s', 0],
  ['250ms', 250],
  ['1m30s', 90_000],
  ['1h2m3.5s', 3_723_500],
  ['31µs', 0.031],
  ['31us', 0.031],
  ['-1s', -1000],
  ['+2s', 2000],
  ['1', undefined],
  ['', undefined],
  ['s', undefined],
  ['1 s', undefined],
  ['1d', undefined],
  ['1s2', undefined],
  ['1e3s', undefined],
];
for (const [text, ms] of texts) {
  test(`parseDurationMs() reads "${text}" as ${ms}`, () => {
    assert.equal(parseDurationMs(text), ms);
  });
}

const written: [number, string][] = [
  [0, '0s'],
  [0.031, '31µs'],
  [210, '210ms'],
  [1.5, '1.5ms'],
  [12_500, '12.5s'],
  [60_000, '1m0s'],
  [3_600_000, '1h0m0s'],
  [63_250, '1m3.25s'],
  [-1000, '-1s'],
];
for (const [ms, text] of written) {
  test(`formatDuration() writes ${ms} ms as "${text}"`, () => {
    assert.equal(formatDuration(ms), text);
  });
}

test('parseDurationMs() reads back what formatDuration() wrote', () => {
  check(
    property(integer({ min: -1e12, max: 1e12 }), (us) => {
      const back = parseDurationMs(formatDuration(us / 1000)) ?? Number.NaN;
      assert.ok(Math.abs(back - us / 1000) < 0.0005);
    }),
  );
});
