/** What a snapshot costs: making it in slices, its size, and reading it back. Run: node .build/bench/micro/snapshot.bench.js */
import { pathToFileURL } from 'node:url';
import { CounterSet } from '../../src/model/counters.ts';
import { EventRates } from '../../src/tracker/event-rates.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { LinkTable } from '../../src/tracker/link-table.ts';
import { snapshotTables } from '../../src/tracker/snapshot.ts';
import { readSnapshot, writeSnapshot } from '../../src/tracker/snapshot-file.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { type Figure, median, printFigures } from '../support/measure.ts';
import { engineSettings } from '../support/settings.ts';
import { callMessages, hepOf } from '../support/traffic.ts';
import { Inside } from './pipeline.bench.ts';

const START_US = 1_700_000_000_000_000;
const RUNS = 5;

export function benchSnapshot(calls = 100_000): Figure[] {
  const { tracker, rates, links, counters, pipeline } = new Inside();
  for (let call = 0; call < calls; call++) {
    for (const { text, forward } of callMessages(call).slice(0, 5)) {
      pipeline.datagram(hepOf(text, forward, START_US), '192.0.2.1', 9060, START_US);
    }
  }
  const tables = snapshotTables(tracker, rates, links, counters);
  const blocks: Buffer[] = [];
  const slowest: number[] = [];
  const whole: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    let longest = 0;
    const began = performance.now();
    let last = began;
    for (const block of writeSnapshot(tables, START_US)) {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      if (run === RUNS - 1) blocks.push(Buffer.from(block));
      last = performance.now();
    }
    slowest.push(longest);
    whole.push(performance.now() - began);
  }
  const file = Buffer.concat(blocks);
  const began = performance.now();
  restore(file);
  const restoredMs = performance.now() - began;
  return [
    { name: 'snapshot: time per call', value: (median(whole) * 1e6) / calls, unit: 'ns' },
    { name: 'snapshot: longest slice', value: median(slowest), unit: 'ms' },
    { name: 'snapshot: octets per call', value: file.length / calls, unit: 'octets' },
    { name: 'restore: time per call', value: (restoredMs * 1e6) / calls, unit: 'ns' },
  ];
}

function restore(file: Buffer): void {
  const settings = engineSettings();
  const counters = new CounterSet();
  const events = new EventRing(settings.eventBufferSize, counters);
  const tracker = new CallTracker(settings.tracker, events, counters, 2);
  const rates = new EventRates(settings.eventRates, counters, 2);
  const links = new LinkTable(settings.links, counters, 2);
  const tables = new Map(snapshotTables(tracker, rates, links, counters).map((table) => [table.name, table]));
  tracker.comeBack(START_US);
  const blocks = readSnapshot((offset, length) => file.subarray(offset, offset + length), file.length);
  for (const rows of blocks) for (const entry of rows.entries()) tables.get(rows.table)?.restore(entry);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  printFigures('snapshot', benchSnapshot());
}
