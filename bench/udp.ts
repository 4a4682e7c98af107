/**
 * `npm run bench:udp`: packets per second one engine thread takes over UDP loopback without losing any: sender, kernel
 * and collector on one machine, decode, tracking and events on. The rate is raised until something is lost.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineClient } from '../src/engine/engine-client.ts';
import { Hep, Ingest } from '../src/model/counters.ts';
import { engineSettings } from './support/settings.ts';

const SECONDS = 4;
const RUNS = 3;
const RATES = [40_000, 60_000, 80_000, 100_000, 120_000, 140_000, 160_000, 200_000, 250_000];

interface Run {
  rate: number;
  sentPerSecond: number;
  sent: number;
  received: number;
  tracked: number;
  kernelDrops: number;
}

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
let nextCall = 0;

async function run(rate: number): Promise<Run> {
  const settings = engineSettings([
    '--hep_addr=127.0.0.1',
    '--hep_udp_port=auto',
    '--hep_tcp_port=0',
    '--ipfix_port=0',
  ]);
  const engine = new EngineClient(settings, quiet, (reason) => console.error(reason));
  const listeners = await engine.start();
  const port = listeners[0]?.port ?? 0;
  const sender = spawn(process.execPath, [
    fileURLToPath(new URL('./udp-sender.js', import.meta.url)),
    ...[port, rate, SECONDS, nextCall].map(String),
  ]);
  nextCall += 4000;
  let output = '';
  sender.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  sender.stderr.pipe(process.stderr);
  await once(sender, 'exit');
  // A second and a half for what is still in the buffer, and for the next look at the kernel's drops.
  await delay(1500);
  const { sent, elapsed } = JSON.parse(output) as { sent: number; elapsed: number };
  const result = {
    rate,
    sentPerSecond: sent / elapsed,
    sent,
    received: engine.counters.get(Hep.DATAGRAMS),
    tracked: engine.counters.get(Ingest.TRACKED),
    kernelDrops: engine.counters.get(Hep.KERNEL_DROPS),
  };
  await engine.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 });
  return result;
}

console.log(`Node.js ${process.version}, dgram, one engine thread, HEP3, ${SECONDS} s per run, ${RUNS} runs per rate`);
console.log('     asked/s      sent/s        sent    received     tracked  kernel drops');
let best = 0;
for (const rate of RATES) {
  const runs: Run[] = [];
  for (let n = 0; n < RUNS; n++) runs.push(await run(rate));
  // The run in the middle by what was lost.
  const middle = runs.toSorted((a, b) => a.sent - a.tracked - (b.sent - b.tracked))[Math.floor(RUNS / 2)];
  if (middle === undefined) break;
  const columns = [rate, middle.sentPerSecond, middle.sent, middle.received, middle.tracked, middle.kernelDrops];
  console.log(columns.map((value) => String(Math.round(value)).padStart(12)).join(''));
  if (middle.tracked < middle.sent) break;
  if (middle.sentPerSecond > best) best = middle.sentPerSecond;
  // The sender is at its limit: asking for more would measure the sender.
  if (middle.sentPerSecond < rate * 0.9) break;
}
console.log(`without loss: ${Math.round(best)} packets/s`);
