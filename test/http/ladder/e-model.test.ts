import assert from 'node:assert/strict';
import { test } from 'node:test';
import { impairmentOf, ratingOf, scoreOfRating } from '../../../src/http/ladder/e-model.ts';

/** Worked out by hand from ITU-T G.107 and the values of G.113 Appendix I. */
const vectors: [codec: string, delayMs: number, lossPercent: number, r: number, mos: number][] = [
  ['PCMU', 0, 0, 93.2, 4.409],
  ['PCMA', 50, 0, 92, 4.385],
  ['PCMA', 50, 1, 88.36, 4.297],
  ['PCMA', 150, 2, 82.59, 4.118],
  ['PCMA', 250, 5, 63.42, 3.275],
  ['PCMA', 400, 20, 16.97, 1.17],
  ['G729', 50, 0, 81, 4.061],
  ['g729', 150, 2, 70.6, 3.625],
  ['AMR', 50, 1, 78.82, 3.979],
];

for (const [codec, delayMs, lossPercent, r, mos] of vectors) {
  test(`${codec} at ${delayMs} ms and ${lossPercent} % loss is rated ${r}, which is a score of ${mos}`, () => {
    const rating = ratingOf(impairmentOf(codec), delayMs, lossPercent);
    assert.deepEqual([rating.toFixed(2), scoreOfRating(rating).toFixed(3)], [r.toFixed(2), mos.toFixed(3)]);
  });
}

test('no rating gives a score below 1 or above 4.5', () => {
  assert.deepEqual(
    [-50, 0, 3.2, 10, 50, 100, 200].map((r) => scoreOfRating(r).toFixed(3)),
    ['1.000', '1.000', '1.000', '1.035', '2.575', '4.500', '4.500'],
  );
});
