/**
 * `npm run bench:udp`: packets per second one engine thread takes over UDP loopback without losing any: sender, kernel
 * and collector on one machine, decode, tracking and events on. For each way of receiving and each kind of traffic the
 * rate is raised until something is lost.
 *
 * Words given choose among the cases (`native`, `dgram`, `hep1`, `hep2`, `hep3`, `flood`); `--json FILE` writes the figures,
 * `--from RATE` begins there, `--threads N` shares the work among so many engine threads,
 * `--sockets each` gives each of them a socket.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EngineClient } from '../src/engine/engine-client.ts';
import { ShardedEngine } from '../src/engine/shards/sharded-engine.ts';
import { Hep, Ingest } from '../src/model/counters.ts';
import { type Figure, printFigures, writeJson } from './support/measure.ts';
import { type Sent, UdpSender } from './support/sender.ts';
import { engineSettings } from './support/settings.ts';
import { inviteFlood, overlappingCalls, ROUND } from './support/traffic.ts';

const SECONDS = 2;
/** For the compiler: what it has not seen often runs slowly. */
const WARM_UP_SECONDS = 5;
const FIRST_RATE = 50_000;
const STEP = 1.15;
/** A rate counts as reached when most of so many runs lose nothing. */
const RUNS = 3;
/** A round of the sender, and the calls of it that are open at a time. */
const CALLS = 4000;
const OPEN_CALLS = 1000;
/** For what is still in the buffer, and for two looks at the kernel's drops. */
const AFTER_MS = 1200;

const TRAFFIC: Readonly<Record<string, () => Buffer[]>> = {
  hep3: () => overlappingCalls(CALLS, OPEN_CALLS, 3, ROUND),
  hep2: () => overlappingCalls(CALLS, OPEN_CALLS, 2, ROUND),
  hep1: () => overlappingCalls(CALLS, OPEN_CALLS, 1, ROUND),
  flood: () => inviteFlood(CALLS * 4, 3, ROUND),
};
const METHODS = ['native', 'dgram'] as const;

interface Run {
  sent: number;
  perSecond: number;
  received: number;
  tracked: number;
  kernelDrops: number;
}

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
const { words, json, from, threads, sockets } = readArguments(process.argv.slice(2));
const chosen = <Name extends string>(names: readonly Name[]): Name[] => {
  const some = names.filter((name) => words.includes(name));
  return some.length > 0 ? some : [...names];
};
const sender = new UdpSender();
try {
  const figures: Figure[] = [];
  console.log(
    `Node.js ${process.version}, engine threads: ${threads}, sockets: ${sockets}, ${SECONDS} s per run, at most ${RUNS} runs per rate`,
  );
  for (const method of chosen(METHODS)) {
    for (const traffic of chosen(Object.keys(TRAFFIC))) {
      const packets = TRAFFIC[traffic]?.() ?? [];
      console.log(`${method}, ${traffic}\n      sent/s        sent    received     tracked  kernel drops`);
      figures.push({
        name: `${traffic} over UDP, ${method}, without loss`,
        value: await best(method, packets),
        unit: 'packets/s',
      });
    }
  }
  printFigures('bench:udp', figures);
  if (json !== undefined) writeJson(json, figures);
} finally {
  sender.remove();
}

/** Raises the rate until packets are lost, or the sender can do no more. */
async function best(method: (typeof METHODS)[number], packets: readonly Buffer[]): Promise<number> {
  const settings = engineSettings([
    '--hep_addr=127.0.0.1',
    '--hep_udp_port=auto',
    '--hep_tcp_port=0',
    '--ipfix_port=0',
    `--hep_receive=${method}`,
    `--hep_udp_sockets=${sockets}`,
  ]);
  const onFatal = (reason: string): void => console.error(reason);
  const engine =
    threads === 1
      ? new EngineClient(settings, quiet, onFatal)
      : new ShardedEngine(settings, threads, quiet, onFatal, new URL('../src/engine/worker.js', import.meta.url));
  const [listener] = await engine.start();
  const play = (rate: number, seconds: number): Promise<Run> =>
    measure(engine, () => sender.send(listener?.port ?? 0, rate, seconds, packets));
  try {
    await play(FIRST_RATE, WARM_UP_SECONDS);
    let reached = 0;
    for (let rate = from; ; rate *= STEP) {
      const run = await majority(() => play(rate, SECONDS));
      print(run);
      if (isLossy(run)) return reached;
      reached = Math.max(reached, run.perSecond);
      if (run.perSecond < rate * 0.95) return reached;
    }
  } finally {
    await engine.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 });
  }
}

/** The first run of those that decide: two without loss, or two with. */
async function majority(play: () => Promise<Run>): Promise<Run> {
  const good: Run[] = [];
  const bad: Run[] = [];
  for (;;) {
    const run = await play();
    const like = isLossy(run) ? bad : good;
    like.push(run);
    if (like.length > RUNS / 2) return run;
  }
}

function isLossy({ sent, tracked }: Run): boolean {
  return tracked < sent;
}

async function measure(engine: EngineClient | ShardedEngine, send: () => Promise<Sent>): Promise<Run> {
  const read = (): number[] => {
    const { counters } = engine;
    return [Hep.DATAGRAMS, Ingest.TRACKED, Hep.KERNEL_DROPS].map((index) => counters.get(index));
  };
  const before = read();
  const { sent, perSecond } = await send();
  await delay(AFTER_MS);
  const [received = 0, tracked = 0, kernelDrops = 0] = read().map((value, n) => value - (before[n] ?? 0));
  return { sent, perSecond, received, tracked, kernelDrops };
}

function print({ perSecond, sent, received, tracked, kernelDrops }: Run): void {
  const columns = [perSecond, sent, received, tracked, kernelDrops];
  console.log(columns.map((value) => String(Math.round(value)).padStart(12)).join(''));
}

interface Arguments {
  words: readonly string[];
  json: string | undefined;
  from: number;
  threads: number;
  sockets: string;
}

function readArguments(given: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      from: { type: 'string', default: String(FIRST_RATE) },
      threads: { type: 'string', default: '1' },
      sockets: { type: 'string', default: 'one' },
    },
  });
  const { json: file, from: first, threads: count, sockets: how } = values;
  return { words: positionals, json: file, from: Number(first), threads: Number(count), sockets: how };
}
