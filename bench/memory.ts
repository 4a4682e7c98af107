/**
 * `npm run bench:memory`: what the whole process takes while it holds 1 000 000 established calls, how fast it tracked
 * them and the longest time its engine thread did nothing else meanwhile. The collector is a process as users start it,
 * with one engine thread; the sender is another. Linux only. `--calls N` for another number, `--json FILE` writes the figures.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCollector } from './support/collector.ts';
import { type Figure, printFigures, writeJson } from './support/measure.ts';
import { MESSAGES_TO_ESTABLISH } from './support/traffic.ts';

/** For what the connection still holds when the sender is done. */
const AFTER_MS = 2000;

const { values } = parseArgs({ options: { json: { type: 'string' }, calls: { type: 'string', default: '1000000' } } });
const calls = Number(values.calls);
const folder = mkdtempSync(join(tmpdir(), 'sipcol-bench-'));
try {
  const delayFile = join(folder, 'delay');
  const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const collector = await startCollector(['--hep_udp_port=0', '--hep_tcp_port=auto', '--engine_threads=1'], {
    NODE_OPTIONS: `--require=${here('./support/loop-delay.cjs')}`,
    BENCH_LOOP_DELAY: delayFile,
  });
  const idle = residentOf(collector.pid);
  const packets = calls * MESSAGES_TO_ESTABLISH;
  const begin = performance.now();
  const sender = spawn(process.execPath, [
    here('./tcp-sender.js'),
    'established',
    ...[collector.portOf('hep-tcp'), packets].map(String),
  ]);
  sender.stderr.pipe(process.stderr);
  await once(sender, 'exit');
  const seconds = (performance.now() - begin) / 1000;
  await delay(AFTER_MS);
  const held = await callsOf(collector.url);
  const resident = residentOf(collector.pid);
  await collector.stop();
  const figures: Figure[] = [
    { name: 'calls held', value: held, unit: 'calls' },
    { name: 'packets taken', value: packets / seconds, unit: 'packets/s' },
    { name: 'memory of the process when it began', value: idle.now, unit: 'octets' },
    { name: 'memory of the process then', value: resident.now, unit: 'octets' },
    { name: 'the most it was', value: resident.most, unit: 'octets' },
    { name: 'longest pause of the engine thread', value: Number(readFileSync(delayFile, 'utf8')), unit: 'ms' },
  ];
  printFigures('bench:memory', figures);
  if (values.json !== undefined) writeJson(values.json, figures);
} finally {
  rmSync(folder, { recursive: true });
}

/** Octets a process has in memory, and the most it had. */
function residentOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const octets = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
  return { now: octets('VmRSS'), most: octets('VmHWM') };
}

async function callsOf(url: string): Promise<number> {
  const response = await fetch(`${url}/calls/list?format=json&n=1`);
  return ((await response.json()) as { total: number }).total; // as the API says
}
