import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { tuneForPackets } from '../../src/engine/v8-options.ts';

// What is measured is compiled as in an engine thread.
tuneForPackets();

/** One figure of a benchmark. */
export interface Figure {
  name: string;
  value: number;
  unit: 'ns' | 'elements' | 'packets/s' | 'octets' | 'calls' | 'ms' | 'ratio';
}

/** The middle one of several runs: machines are shared, and a minimum or a mean says less. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** Median nanoseconds per operation of `runs` runs; `work` does `operations` of them. One run before warms up. */
export function nsPerOperation(runs: number, operations: number, work: () => void): number {
  work();
  return median(
    Array.from({ length: runs }, () => {
      const begin = performance.now();
      work();
      return ((performance.now() - begin) * 1e6) / operations;
    }),
  );
}

/** A table people can read. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  console.log(title);
  for (const { name, value, unit } of figures) {
    const shown =
      unit === 'ratio' || unit === 'ms' ? value.toFixed(unit === 'ms' ? 1 : 2) : Math.round(value).toString();
    console.log(`  ${name.padEnd(44)} ${shown.padStart(10)} ${unit}`);
  }
}

/** The same for programs: machine and figures. */
export function writeJson(path: string, figures: readonly Figure[]): void {
  const machine = {
    node: process.version,
    arch: process.arch,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
  };
  writeFileSync(path, `${JSON.stringify({ machine, figures }, undefined, 2)}\n`);
}
