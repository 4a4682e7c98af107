/**
 * `npm run bench:api`: how long pages take to answer while packets come in, and what overload does: latency of `/healthz`,
 * the rate still tracked, and how long it takes until nothing is given up any more. The collector is a process as users
 * start it; sender, collector and asking client share the machine. `--json FILE` writes the figures.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCollector } from './support/collector.ts';
import { type Figure, printFigures, writeJson } from './support/measure.ts';
import { UdpSender } from './support/sender.ts';
import { overlappingCalls, ROUND } from './support/traffic.ts';

/** As a supervisor asks: what is measured is the engine, not how fast one page can be made. */
const HEALTH_PAUSE_MS = 20;
const PATHS = ['/healthz', '/', '/calls/list?n=100', '/events?n=100', '/hep/list', '/counters'];
const SECONDS = 6;
const WARM_UP_RATE = 40_000;
/** More than one thread can take. */
const OVERLOAD_RATE = 600_000;
const RECOVERY_LIMIT_MS = 10_000;

const { values } = parseArgs({ options: { json: { type: 'string' }, rate: { type: 'string', default: '50000' } } });
const packets = overlappingCalls(4000, 1000, 3, ROUND);
const sender = new UdpSender();
const collector = await startCollector(['--hep_udp_port=auto', '--hep_tcp_port=0']);
try {
  const figures: Figure[] = [];
  const send = (rate: number, seconds: number): Promise<unknown> =>
    sender.send(collector.portOf('hep-udp'), rate, seconds, packets);
  await send(WARM_UP_RATE, SECONDS);
  await askAll(delay(SECONDS * 250));
  figures.push(...(await latencies('idle', delay(SECONDS * 500))));
  const rate = Number(values.rate);
  figures.push(...(await latencies(`at ${rate} packets/s`, send(rate, SECONDS))));
  figures.push(...(await overload(send)));
  printFigures('bench:api', figures);
  if (values.json !== undefined) writeJson(values.json, figures);
} finally {
  await collector.stop();
  sender.remove();
}

async function ask(path: string): Promise<number> {
  const begin = performance.now();
  const response = await fetch(collector.url + path);
  await response.arrayBuffer();
  if (!response.ok && path !== '/healthz') throw new Error(`${path}: ${response.status}`);
  return performance.now() - begin;
}

/** Asks for one page after the other until `over`; milliseconds by path. */
async function askAll(
  over: Promise<unknown>,
  paths: readonly string[] = PATHS,
  pauseMs = 0,
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(paths.map((path) => [path, []]));
  const state = { isOver: false };
  const end = over.finally(() => (state.isOver = true));
  while (!state.isOver) {
    for (const path of paths) times.get(path)?.push(await ask(path));
    if (pauseMs > 0) await delay(pauseMs);
  }
  await end;
  return times;
}

async function latencies(when: string, during: Promise<unknown>): Promise<Figure[]> {
  const times = await askAll(during);
  return [...times].flatMap(([path, ms]) => [
    { name: `${path} ${when}, median`, value: quantile(ms, 0.5), unit: 'ms' as const },
    { name: `${path} ${when}, 99 %`, value: quantile(ms, 0.99), unit: 'ms' as const },
  ]);
}

function quantile(times: readonly number[], part: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * part)] ?? Number.NaN;
}

/** Twice what can be taken: first the rate tracked then, and after the end the time until all is as before. */
async function overload(send: (rate: number, seconds: number) => Promise<unknown>): Promise<Figure[]> {
  const before = await counters();
  const begin = performance.now();
  const health = await askAll(send(OVERLOAD_RATE, SECONDS), ['/healthz'], HEALTH_PAUSE_MS);
  const seconds = (performance.now() - begin) / 1000;
  const after = await counters();
  const ended = performance.now();
  while ((await counters()).overload > 0 && performance.now() - ended < RECOVERY_LIMIT_MS) await delay(50);
  const ms = health.get('/healthz') ?? [];
  return [
    { name: 'overload: tracked', value: (after.tracked - before.tracked) / seconds, unit: 'packets/s' },
    { name: 'overload: dropped', value: (after.dropped - before.dropped) / seconds, unit: 'packets/s' },
    { name: 'overload: /healthz, median', value: quantile(ms, 0.5), unit: 'ms' },
    { name: 'overload: /healthz, longest', value: quantile(ms, 1), unit: 'ms' },
    { name: 'overload: time until it is over', value: performance.now() - ended, unit: 'ms' },
  ];
}

async function counters(): Promise<{ tracked: number; dropped: number; overload: number }> {
  const response = await fetch(`${collector.url}/counters?group=ingest&format=json`);
  const { items } = (await response.json()) as { items: { name: string; value: number }[] }; // the documented shape
  const of = (name: string): number => items.find((item) => item.name === name)?.value ?? 0;
  return { tracked: of('tracked'), dropped: of('dropped'), overload: of('overload') };
}
