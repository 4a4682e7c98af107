/**
 * `npm run bench:check`: has anything become slower? Each stage is measured beside a fixed piece of work, and the ratio of
 * the two is compared with the one in bench/baseline.json: ratios hold from machine to machine far better than times.
 * More than 15 % above it fails. `--update` writes the ratios of now as the new baseline.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { benchPipeline, benchReference } from './micro/pipeline.bench.ts';

const TOLERANCE = 1.15;
/** Other programs on the machine can only make a ratio worse, so the best of some attempts counts. */
const ATTEMPTS = 3;

// The compiled bench lies in .build/bench.
const BASELINE = fileURLToPath(new URL('../../bench/baseline.json', import.meta.url));
type Ratios = Record<string, number>;

function measure(): Ratios {
  // Before and after: a machine that changes its speed in between spoils fewer attempts.
  const before = benchReference().value;
  const figures = benchPipeline();
  const reference = (before + benchReference().value) / 2;
  return Object.fromEntries(figures.map(({ name, value }) => [name, value / reference]));
}

function bestOf(one: Ratios, other: Ratios): Ratios {
  return Object.fromEntries(Object.entries(one).map(([name, ratio]) => [name, Math.min(ratio, other[name] ?? ratio)]));
}

const isUpdate = process.argv.includes('--update');
const baseline = isUpdate ? {} : (JSON.parse(readFileSync(BASELINE, 'utf8')) as Ratios); // written below
const limitOf = (name: string): number => (baseline[name] ?? Number.NaN) * TOLERANCE;
const isSlow = ([name, ratio]: [string, number]): boolean => !(ratio <= limitOf(name));

let ratios = measure();
for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
  if (!isUpdate && !Object.entries(ratios).some(isSlow)) break;
  ratios = bestOf(ratios, measure());
}
if (isUpdate) {
  const rounded = Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toFixed(3))]);
  writeFileSync(BASELINE, `${JSON.stringify(Object.fromEntries(rounded), undefined, 2)}\n`);
}
for (const [name, ratio] of Object.entries(ratios)) {
  const was = isUpdate ? '' : `, was ${baseline[name]?.toFixed(2) ?? 'not there'}`;
  console.log(`${name.padEnd(40)} ${ratio.toFixed(2).padStart(7)} × reference${was}`);
}
const slow = isUpdate ? [] : Object.entries(ratios).filter(isSlow);
for (const [name] of slow) console.log(`slower than the baseline by more than 15 %, or not in it: ${name}`);
process.exitCode = slow.length > 0 ? 1 : 0;
