/**
 * `npm run bench:tcp`: packets per second one engine thread takes over one TCP connection, HEP3 and IPFIX, decode, tracking
 * and events on. TCP loses nothing, so there is no rate to find: the sender is held back by what the collector takes.
 * Words given choose (`hep3`, `ipfix`); `--json FILE` writes the figures.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EngineClient } from '../src/engine/engine-client.ts';
import { Ingest } from '../src/model/counters.ts';
import { type Figure, median, printFigures, writeJson } from './support/measure.ts';
import { engineSettings } from './support/settings.ts';

const RUNS = 5;
const PACKETS = 500_000;

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
const PROTOCOLS = ['hep3', 'ipfix'] as const;
const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
const settings = engineSettings([
  '--hep_addr=127.0.0.1',
  '--hep_udp_port=0',
  '--hep_tcp_port=auto',
  '--ipfix_addr=127.0.0.1',
  '--ipfix_port=auto',
]);
const engine = new EngineClient(settings, quiet, (reason) => console.error(reason));
const listeners = await engine.start();
const tracked = (): number => engine.counters.get(Ingest.TRACKED);

/** Packets per second between the first and the last of a connection. */
async function play(protocol: (typeof PROTOCOLS)[number]): Promise<number> {
  const port = listeners.find(({ name }) => name === (protocol === 'hep3' ? 'hep-tcp' : 'ipfix-tcp'))?.port ?? 0;
  const before = tracked();
  const script = fileURLToPath(new URL('./tcp-sender.js', import.meta.url));
  const sender = spawn(process.execPath, [script, protocol, port, PACKETS].map(String));
  let output = '';
  sender.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  sender.stderr.pipe(process.stderr);
  const exited = once(sender, 'exit');
  let begin = 0;
  let last = performance.now();
  let seen = before;
  const watch = setInterval(() => {
    const now = tracked();
    if (now === seen) return;
    if (seen === before) begin = performance.now();
    seen = now;
    last = performance.now();
  }, 5);
  await exited;
  while (tracked() - before < Number(output)) await new Promise((resolve) => setTimeout(resolve, 5));
  if (tracked() !== seen) last = performance.now();
  clearInterval(watch);
  return (Number(output) * 1000) / (last - begin);
}

console.log(`Node.js ${process.version}, one engine thread, one connection, ${RUNS} runs of ${PACKETS} packets`);
const figures: Figure[] = [];
for (const protocol of PROTOCOLS) {
  if (positionals.length > 0 && !positionals.includes(protocol)) continue;
  // The first one is for the compiler.
  await play(protocol);
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run++) rates.push(await play(protocol));
  console.log(`${protocol}: ${rates.map(Math.round).join(', ')}`);
  figures.push({ name: `${protocol} over TCP, one connection`, value: median(rates), unit: 'packets/s' });
}
await engine.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 });
printFigures('bench:tcp', figures);
if (values.json !== undefined) writeJson(values.json, figures);
