import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CounterSet, Pcap } from '../../src/model/counters.ts';
import type { CapturedFrame } from '../../src/model/capture.ts';
import { type CaptureProgram, capProgram, TCPDUMP } from '../../src/sources/capture-programs.ts';
import { LiveCapture } from '../../src/sources/live-capture.ts';
import { AnyCaptureReader } from '../../src/wire/pcap/capture-reader.ts';
import { KeptLog } from '../engine/settings.ts';
import { frameOf, pcapFile } from '../support/capture-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'sipcol-live-'));
after(() => rmSync(folder, { recursive: true }));

const FRAME = frameOf({
  protocol: 'udp',
  src: '192.0.2.1',
  srcPort: 5060,
  dst: '192.0.2.2',
  dstPort: 5060,
  payload: Buffer.from('OPTIONS'),
});
const CAPTURE = join(folder, 'one.pcap');
writeFileSync(CAPTURE, pcapFile([{ timeUs: 1_700_000_000_000_000, frame: FRAME }]));

/** A program in the place of tcpdump; its words are those of tcpdump 4.99. */
function fake(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    `#!${process.execPath}
     const fs = require('fs');
     const listening = () => process.stderr.write('tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 262144 bytes\\n');
     const packets = () => process.stdout.write(fs.readFileSync(${JSON.stringify(CAPTURE)}));
     const end = () => {
       process.stderr.write('7 packets captured\\n12 packets received by filter\\n4 packets dropped by kernel\\n1 packet dropped by interface\\n');
       process.exit(0);
     };
     process.on('SIGINT', end);
     ${body}`,
  );
  chmodSync(path, 0o755);
  return path;
}

class Capture {
  readonly counters = new CounterSet();
  readonly log = new KeptLog();
  readonly frames: CapturedFrame[] = [];
  readonly begun: string[] = [];
  ended = 0;
  readonly source: LiveCapture;
  #waiting: (() => void) | undefined;

  constructor(program: string | readonly CaptureProgram[], changes: object = {}, filter = '') {
    this.source = new LiveCapture({
      settings: { iface: 'lo', driver: 'auto', snaplen: 262_144, isPromiscuous: true, bufferKb: 0, ...changes },
      filter,
      ingest: {
        begin: (name) => this.begun.push(name),
        beginBatch: () => undefined,
        endBatch: () => undefined,
        frame: (frame) => {
          this.frames.push(frame);
          this.#waiting?.();
        },
        end: () => this.ended++,
      },
      makeReader: () => new AnyCaptureReader(),
      counters: this.counters,
      log: this.log,
      programs: typeof program === 'string' ? [{ ...TCPDUMP, file: program }] : program,
      firstDelayMs: 1,
    });
  }

  async seen(frames: number): Promise<void> {
    while (this.frames.length < frames) await new Promise<void>((resolve) => (this.#waiting = resolve));
  }
}

test('packets of the child come in, and its losses are counted at its end', async () => {
  const capture = new Capture(fake('plain', 'listening(); packets(); setInterval(() => {}, 1000);'));
  const view = await capture.source.start();
  assert.deepEqual([view.name, view.address], ['live', 'lo']);
  await capture.seen(1);
  assert.deepEqual(capture.frames[0]?.bytes, FRAME);
  assert.equal(capture.frames[0]?.timeUs, 1_700_000_000_000_000);
  await capture.source.stop();
  await capture.source.stop();
  assert.deepEqual(
    [Pcap.RECVD, Pcap.DROP, Pcap.IF_DROP, Pcap.RESTARTS].map((counter) => capture.counters.get(counter)),
    [12, 4, 1, 0],
  );
  assert.equal(capture.source.view().kernelDrops, 5);
  assert.deepEqual([capture.begun, capture.ended], [['live:lo'], 1]);
});

test('the child is given every option as an argument of its own', async () => {
  const given = join(folder, 'given.json');
  const program = fake(
    'arguments',
    `fs.writeFileSync(${JSON.stringify(given)}, JSON.stringify([process.argv.slice(2), process.env]));
     packets(); setInterval(() => {}, 1000);`,
  );
  const odd = '-w /tmp/x; $(id) "port 5060"';
  const capture = new Capture(program, { iface: 'eth0', snaplen: 2000, isPromiscuous: false, bufferKb: 4096 }, odd);
  await capture.source.start();
  await capture.source.stop();
  const [argv, env] = JSON.parse(readFileSync(given, 'utf8')) as [string[], Record<string, string>];
  assert.deepEqual(argv, ['-i', 'eth0', '-n', '-U', '-s', '2000', '-w', '-', '-B', '4096', '-p', '--', odd]);
  assert.deepEqual(Object.keys(env).toSorted(), ['LC_ALL', 'PATH']);
});

test('a child that ends is started again, its packets are read on and its losses added', async () => {
  const once = join(folder, 'once');
  const program = fake(
    'ending',
    `listening(); packets();
     if (fs.existsSync(${JSON.stringify(once)})) setInterval(() => {}, 1000);
     else { fs.writeFileSync(${JSON.stringify(once)}, ''); process.stdout.write('', end); }`,
  );
  const capture = new Capture(program);
  await capture.source.start();
  await capture.seen(2);
  await capture.source.stop();
  assert.ok(existsSync(once));
  assert.deepEqual(
    [Pcap.RECVD, Pcap.DROP, Pcap.RESTARTS].map((counter) => capture.counters.get(counter)),
    [24, 8, 1],
  );
  assert.ok(capture.log.lines.includes('error capturing has ended: it is begun again'));
});

test('octets that are no capture end the child', async () => {
  const once = join(folder, 'noise-once');
  const program = fake(
    'noise',
    `if (fs.existsSync(${JSON.stringify(once)})) { packets(); } else { fs.writeFileSync(${JSON.stringify(once)}, '');
     process.stdout.write('no capture file, but noise, and long enough for a header'); } setInterval(() => {}, 1000);`,
  );
  const capture = new Capture(program);
  await capture.source.start();
  await capture.seen(1);
  await capture.source.stop();
  assert.equal(capture.counters.get(Pcap.RESTARTS), 1);
});

for (const [what, body, line] of [
  [
    'may not capture',
    `process.stderr.write("tcpdump: lo: You don't have permission to perform this capture on that device\\n(socket: Operation not permitted)\\n"); process.exit(1);`,
    /Cannot capture on "lo": lo: You don't have permission .* \(socket: Operation not permitted\): run as root, or give tcpdump CAP_NET_RAW/,
  ],
  [
    'does not understand the filter',
    `process.stderr.write('tcpdump: can\\'t parse filter expression: syntax error\\n'); process.exit(1);`,
    /Cannot capture on "lo": can't parse filter expression: syntax error$/,
  ],
  ['ends without a word', 'process.exit(1);', /Cannot capture on "lo": tcpdump ended$/],
] as const) {
  test(`a child that ${what} stops the start with its reason`, async () => {
    const capture = new Capture(fake(what.replaceAll(' ', '-'), body));
    await assert.rejects(capture.source.start(), (error: Error) => line.test(error.message));
    await capture.source.stop();
    assert.equal(capture.counters.get(Pcap.RESTARTS), 0);
  });
}

test('without the program the start says which package is missing', async () => {
  const capture = new Capture(join(folder, 'missing'));
  await assert.rejects(capture.source.start(), /tcpdump is not installed, install the package tcpdump$/);
  await capture.source.stop();
});

/** In the place of the program that loads the package `cap`. */
function fakeCap(name: string, body: string): CaptureProgram {
  const program = capProgram(new URL('file:///nowhere/cap-child.js'));
  return { ...program, file: fake(name, body) };
}

test('where the first choice is missing the next one captures, and the log says what is worse', async () => {
  const given = join(folder, 'cap-given.json');
  const cap = fakeCap(
    'cap',
    `fs.writeFileSync(${JSON.stringify(given)}, JSON.stringify(process.argv.slice(2)));
     packets(); setInterval(() => {}, 1000);`,
  );
  const missing = { ...TCPDUMP, file: join(folder, 'missing') };
  const capture = new Capture([missing, cap], { iface: 'eth0', snaplen: 2000, bufferKb: 64 }, 'port 5060');
  const view = await capture.source.start();
  await capture.seen(1);
  await capture.source.stop();
  assert.deepEqual(JSON.parse(readFileSync(given, 'utf8')), [
    '/nowhere/cap-child.js',
    'eth0',
    '2000',
    '64',
    'port 5060',
  ]);
  assert.equal(view.kernelDrops, null);
  assert.ok(capture.log.lines.some((line) => line.startsWith('warn capturing with cap: packets have the time')));
});

test('where the first choice is there and fails, the next one is not asked', async () => {
  const failing = fake('failing', `process.stderr.write('tcpdump: lo: No such device exists\\n'); process.exit(1);`);
  const capture = new Capture([{ ...TCPDUMP, file: failing }, fakeCap('not-asked', 'packets();')]);
  await assert.rejects(capture.source.start(), /^Error: Cannot capture on "lo": lo: No such device exists$/);
  await capture.source.stop();
});

test('where nothing is there one line says which packages to install', async () => {
  const noCap = fakeCap('no-cap', `process.stderr.write('the package cap cannot be loaded\\n'); process.exit(127);`);
  const capture = new Capture([{ ...TCPDUMP, file: join(folder, 'missing') }, noCap]);
  await assert.rejects(
    capture.source.start(),
    /^Error: Cannot capture on "lo": neither tcpdump nor cap is installed, install the package tcpdump, or cap for Node.js \(libpcap-dev, .*\)$/,
  );
  await capture.source.stop();
});
