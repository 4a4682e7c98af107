/**
 * `npm run bench:pcap`: packets per second one engine plays from a capture file as fast as possible, and the memory it
 * holds while it does: 350 000 packets, 50 000 calls in an hour of recorded time, with tracking and events.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config/load.ts';
import { settleMode, toEngineSettings } from '../src/config/settings.ts';
import { EngineCore } from '../src/engine/engine-core.ts';
import { Calls, CounterSet, Ingest, Pcap } from '../src/model/counters.ts';
import { writeCalls } from './support/capture-traffic.ts';
import { median } from './support/measure.ts';

const CALLS = 50_000;
const WINDOW = 200;
const SECONDS = 3600;
const RUNS = 5;
const MEGABYTE = 2 ** 20;

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
const folder = mkdtempSync(join(tmpdir(), 'sipcol-bench-'));
try {
  const path = join(folder, 'calls.pcap');
  writeCalls(path, CALLS, WINDOW, SECONDS);
  const rates: number[] = [];
  console.log(`Node.js ${process.version}, one engine, ${CALLS * 7} packets, ${CALLS} calls, ${RUNS} runs`);
  console.log('   packets/s  packets per CPU second  tracked  most calls  RSS at 10 %, at the end, MiB');
  for (let run = 0; run < RUNS; run++) {
    const loaded = loadConfig({ argv: ['-pcap', path], env: {}, readFile: () => '' });
    const counters = new CounterSet();
    const engine = new EngineCore(toEngineSettings(settleMode(loaded).config), counters, () => 1.8e15, quiet);
    let early = 0;
    const startedMs = performance.now();
    const cpu = process.cpuUsage();
    await engine.start(() => {
      if (early === 0 && counters.get(Pcap.PACKETS) > CALLS * 0.7) early = process.memoryUsage().rss;
    });
    await engine.playing;
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const packets = counters.get(Pcap.PACKETS);
    rates.push(packets / seconds);
    const columns = [packets / seconds, (packets * 1e6) / (user + system), counters.get(Ingest.TRACKED)];
    const memory = [early, process.memoryUsage().rss].map((octets) => Math.round(octets / MEGABYTE));
    console.log(
      columns.map((value) => String(Math.round(value)).padStart(12)).join('') +
        `  ${counters.maxima[Calls.ACTIVE] ?? 0}  ${memory.join(', ')}`,
    );
    await engine.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 });
  }
  console.log(`median: ${Math.round(median(rates))} packets/s`);
} finally {
  rmSync(folder, { recursive: true });
}
