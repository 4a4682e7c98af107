// `npm run demo`: starts the collector on loopback and plays the recorded traffic of fixtures/captures into it over a
// real UDP socket, and once more as an SBC would export it over IPFIX, again and again until Ctrl-C. `-- --loops N` plays it N times and stops, `-- --speed X` plays faster.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HOST = '127.0.0.1';
const HEP_PORT = 9060;
const HTTP_PORT = 8060;
const IPFIX_PORT = 4739;
/** Played by the SBC: calls that pass a proxy, which becomes a back-to-back user agent. */
const SBC_CAPTURE = 'kamailio-5.6-siptrace-hep3.pcap';
/** The collector takes at most 10 s to stop; what still runs after this is ended. */
const STOP_LIMIT_MS = 15_000;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cli = join(root, 'dist', 'cli.js');
const captures = join(root, 'fixtures', 'captures');

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
const stop = new AbortController();

process.exitCode = await demo();

/** @returns {Promise<number>} the exit code */
async function demo() {
  const options = readOptions();
  if (options === undefined) return 1;
  if (!existsSync(cli)) {
    console.error('demo: dist/cli.js is missing: run npm run build first');
    return 1;
  }
  // Ctrl-C may arrive twice, from the terminal and from npm: the first asks everybody to stop, more do nothing.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stopAll);
  process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

  const collector = await startCollector();
  if (collector === undefined) return 1;
  const { url, hepPort, ipfixPort, ended } = collector;
  announce(url, hepPort, ipfixPort);
  const files = readdirSync(captures).filter((name) => name.endsWith('.pcap'));
  const replay = start('replay', [
    ...files.map((name) => join(captures, name)),
    `--to=udp:${HOST}:${hepPort}`,
    '--fresh',
    `--loop=${options.loops}`,
    `--speed=${options.speed}`,
  ]);
  replay.child.stdout.pipe(process.stdout);
  replay.child.stderr.pipe(process.stderr);
  const probe = start('probe', [
    `--to=${HOST}:${ipfixPort}`,
    `--pcap=${join(captures, SBC_CAPTURE)}`,
    '--b2bua',
    '--host-name=demo-sbc',
    '--fresh',
    `--loop=${options.loops}`,
    `--speed=${options.speed}`,
    '--stay',
  ]);
  probe.child.stdout.pipe(process.stdout);
  probe.child.stderr.pipe(process.stderr);
  const first = await Promise.race([
    replay.ended.then((code) => ({ name: 'replay', code })),
    probe.ended.then((code) => ({ name: 'probe', code })),
    ended.then((code) => ({ name: 'collector', code })),
  ]);
  const failed = !stop.signal.aborted && (first.name !== 'replay' || first.code !== 0);
  if (failed) console.error(`demo: the ${first.name} ended with exit code ${first.code}`);
  stopAll();
  const codes = await Promise.all([replay.ended, probe.ended, ended]);
  return !failed && codes.every((code) => code === 0) ? 0 : 1;
}

/** @returns {{ loops: string, speed: string } | undefined} as given; the replay checks the values */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: { loops: { type: 'string', default: '0' }, speed: { type: 'string', default: '1' } },
    });
    return { loops: values.loops ?? '0', speed: values.speed ?? '1' };
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Starts the collector and waits until it listens; answers nothing when it ends before. */
async function startCollector() {
  const [hepPort, httpPort, ipfixPort] = await Promise.all([
    hepPortIsFree(),
    tcpPortIsFree(HTTP_PORT),
    tcpPortIsFree(IPFIX_PORT),
  ]);
  const { child, ended } = start('serve', [
    `--hep_addr=${HOST}`,
    `--hep_udp_port=${hepPort ? HEP_PORT : 'auto'}`,
    `--hep_tcp_port=${hepPort ? HEP_PORT : 'auto'}`,
    `--ipfix_addr=${HOST}`,
    `--ipfix_port=${ipfixPort ? IPFIX_PORT : 'auto'}`,
    `--http_addr=${HOST}`,
    `--http_port=${httpPort ? HTTP_PORT : 'auto'}`,
    '--log_format=json',
  ]);
  child.stdout.pipe(process.stdout);
  /** @type {Map<string, { port: number, url?: string }>} */
  const listeners = new Map();
  const listening = new Promise((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const entry = parseJson(line);
      if (entry?.msg === 'listening') {
        listeners.set(entry.listener, entry);
        if (['http', 'hep-udp', 'ipfix-tcp'].every((name) => listeners.has(name))) resolve(true);
      } else if (entry === undefined) {
        console.error(line);
      } else if (isWarning(entry.level)) {
        console.error(`collector: ${entry.msg}`);
      }
    });
  });
  const isUp = await Promise.race([listening, ended.then(() => false)]);
  if (isUp !== true) {
    if (!stop.signal.aborted) console.error('demo: the collector did not start');
    return undefined;
  }
  const http = listeners.get('http');
  const hep = listeners.get('hep-udp');
  const ipfix = listeners.get('ipfix-tcp');
  if (http === undefined || hep === undefined || ipfix === undefined) return undefined;
  return { url: http.url ?? `http://${HOST}:${http.port}/`, hepPort: hep.port, ipfixPort: ipfix.port, ended };
}

/** pino's level as number or as word. */
function isWarning(level) {
  return typeof level === 'number' ? level >= 40 : level === 'warn' || level === 'error' || level === 'fatal';
}

function parseJson(line) {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `sipcol <command>`; in a process group of its own, so that Ctrl-C reaches it only through `stopAll`. */
function start(command, args) {
  const child = spawn(process.execPath, [cli, command, ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child);
    return code;
  });
  if (stop.signal.aborted) child.kill('SIGTERM');
  return { child, ended };
}

function stopAll() {
  if (stop.signal.aborted) return;
  stop.abort();
  for (const child of children) child.kill('SIGTERM');
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
}

function announce(url, hepPort, ipfixPort) {
  const lines = [
    `sipcol demo: open ${url}`,
    `recorded HEP goes to udp:${HOST}:${hepPort}`,
    `an SBC exports to ${HOST}:${ipfixPort}`,
    'Ctrl-C stops',
  ];
  const width = Math.max(...lines.map((line) => line.length));
  const rule = '─'.repeat(width + 2);
  console.log(`┌${rule}┐\n${lines.map((line) => `│ ${line.padEnd(width)} │`).join('\n')}\n└${rule}┘`);
}

/** UDP and TCP use the same port, so it serves only if both can have it. */
async function hepPortIsFree() {
  const [udp, tcp] = await Promise.all([udpPortIsFree(HEP_PORT), tcpPortIsFree(HEP_PORT)]);
  return udp && tcp;
}

async function udpPortIsFree(port) {
  const socket = createSocket('udp4');
  socket.bind(port, HOST);
  const isFree = await once(socket, 'listening').then(
    () => true,
    () => false,
  );
  socket.close();
  return isFree;
}

async function tcpPortIsFree(port) {
  const server = createServer();
  server.listen(port, HOST);
  const isFree = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.close();
  return isFree;
}
