import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ethernet, ipv4, pcapFile, sctpData } from '../support/capture-writer.ts';
import { run, tcpReceiver, udpReceiver } from './harness.ts';

const CAPTURES = 'fixtures/captures';
const folder = mkdtempSync(join(tmpdir(), 'sipcol-replay-'));
after(() => rmSync(folder, { recursive: true }));

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Read with tshark: `-Y 'udp.dstport in {9060,9061,9062}'`, number of rows and sum of `udp.length - 8`, SHA-256 over all
 * `udp.payload` one behind the other; `-Y sip` for what lies beside.
 */
const hepCaptures = [
  {
    file: 'kamailio-5.6-siptrace-hep1.pcap',
    frames: 558,
    hep: 282,
    bytes: 141_276,
    skipped: 'skipped 276 (sip-beside-hep 276)',
    digest: '355345ea3a1c3ecb08fdbaa719bf28de566e95f145f90527a4e523edaa20d147',
  },
  {
    file: 'kamailio-5.6-siptrace-hep2.pcap',
    frames: 558,
    hep: 282,
    bytes: 144_645,
    skipped: 'skipped 276 (sip-beside-hep 276)',
    digest: '03bfc2acea2e004d3f6d34b4a36ad35aea631a1c8b3c6e770f485e1f7fb050fd',
  },
  {
    file: 'kamailio-5.6-siptrace-hep3-sip-over-tcp.pcap',
    frames: 525,
    hep: 188,
    bytes: 114_450,
    skipped: 'skipped 337 (sip-beside-hep 184, tcp-no-data 153)',
    digest: '10d3d5b1ba122301c216c7b3df02d285b17ebedaecaf5d0c67f5eb4708ac4c0b',
  },
  {
    file: 'kamailio-5.6-siptrace-hep3.pcap',
    frames: 558,
    hep: 282,
    bytes: 164_673,
    skipped: 'skipped 276 (sip-beside-hep 276)',
    digest: 'ae9bc4116b2a0b117e6336cf094cc974b88da61f6974566f511c6aacd5a0e6f8',
  },
  {
    file: 'rtpengine-10.5-rtcp-hep.pcap',
    frames: 10,
    hep: 10,
    bytes: 5322,
    skipped: 'skipped 0',
    digest: 'eadbc32e6f9262d007db314bec21f5c31e970202492ac87b2f913306ffc6101b',
  },
  {
    file: 'sipgrep-hep.pcap',
    frames: 558,
    hep: 558,
    bytes: 354_264,
    skipped: 'skipped 0',
    digest: '62931b7800be64e3db0c7d7d1581d1f4c97772a9b2eadf7c27eccf7ebd607b2c',
  },
  {
    file: 'sngrep-hep.pcap',
    frames: 276,
    hep: 276,
    bytes: 161_673,
    skipped: 'skipped 0',
    digest: '880f588106251560b7d0418878b8466992e10acf657ffe99fd80c9a1f50f6e9d',
  },
];

for (const { file, frames, hep, bytes, skipped, digest } of hepCaptures) {
  test(`replay of ${file} sends exactly its HEP datagrams over UDP`, async (t) => {
    const receiver = await udpReceiver();
    t.after(() => receiver.close());
    const { code, stdout, stderr } = await run([`${CAPTURES}/${file}`, '--to', receiver.to, '--rate', '0']);
    await receiver.received(hep);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.equal(receiver.packets.length, hep);
    assert.equal(sha256(Buffer.concat(receiver.packets)), digest);
    const [line, ...rest] = stdout.split(/, elapsed \d+\.\d{3} s\n/);
    assert.equal(line, `replay: packets read ${frames}, sent ${hep}, bytes ${bytes}, failed 0, ${skipped}`);
    assert.deepEqual(rest, ['']);
  });
}

for (const { file, digest } of hepCaptures.filter((capture) => !/hep[12]\.pcap$/.test(capture.file))) {
  test(`replay of ${file} sends exactly its HEP messages over TCP`, async (t) => {
    const receiver = await tcpReceiver();
    t.after(() => receiver.close());
    assert.equal((await run([`${CAPTURES}/${file}`, '--to', receiver.to, '--rate=0'])).code, 0);
    assert.equal(sha256(await receiver.received()), digest);
  });
}

test('replay --bpf sends what passes the filter, and counts the rest', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const { file, udp, hep, digest } = SIP_OVER_UDP;
  const outcome = await run([`${CAPTURES}/${file}`, '--to', receiver.to, '--rate=0', '--bpf=not udp port 9060']);
  await receiver.received(udp);
  assert.equal(outcome.code, 0);
  assert.ok(outcome.stdout.includes(`skipped ${hep} (filtered ${hep})`), outcome.stdout);
  const payloads = receiver.packets.map((packet) => JSON.parse(packet.toString('latin1')).payload as string);
  assert.equal(sha256(Buffer.from(payloads.join(''), 'latin1')), digest);
});

test('replay sends every message of an SCTP packet', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const sent = ['a', 'b'].map((callId) => `OPTIONS sip:b@example.com SIP/2.0\r\nCall-ID: ${callId}\r\n\r\n`);
  const chunks = sctpData(5060, 5070, ...sent.map((text) => Buffer.from(text)));
  const path = join(folder, 'sctp.pcap');
  writeFileSync(
    path,
    pcapFile([{ timeUs: 1_700_000_000_000_000, frame: ethernet(ipv4('192.0.2.1', '192.0.2.2', 132, chunks)) }]),
  );
  assert.equal((await run([path, '--to', receiver.to, '--rate=0'])).code, 0);
  await receiver.received(2);
  const messages = receiver.packets.map((packet) => JSON.parse(packet.toString('latin1')));
  assert.deepEqual(
    messages.map(({ payload }) => payload as string),
    sent,
  );
  assert.deepEqual([messages[1]?.ipProtocol, messages[1]?.srcPort, messages[1]?.dstPort], [132, 5060, 5070]);
});

test('replay over TCP refuses HEP version 1, which a stream cannot frame', async (t) => {
  const receiver = await tcpReceiver();
  t.after(() => receiver.close());
  const outcome = await run([`${CAPTURES}/kamailio-5.6-siptrace-hep1.pcap`, '--to', receiver.to, '--rate=0']);
  assert.equal(outcome.code, 1);
  assert.match(outcome.stdout, /sent 0, bytes 0, failed 0, skipped 558 \(no-hep3-for-tcp 282, sip-beside-hep 276\)/);
  assert.equal(outcome.stderr, 'sipcol replay: nothing was sent\n');
  assert.equal((await receiver.received()).length, 0);
});

// Read with tshark: `-Y sip`, SHA-256 over all `udp.payload` and `tcp.payload` one behind the other.
const sipCaptures = [
  {
    file: 'kamailio-5.6-siptrace-hep3-sip-over-tcp.pcap',
    udp: 64,
    tcp: 120,
    hep: 188,
    digest: '72dfc03a70401f4a93c74c7653f7340171de07c7c519b55b4050885aa6ed749e',
  },
  {
    file: 'kamailio-5.6-siptrace-hep1.pcap',
    udp: 276,
    tcp: 0,
    hep: 282,
    digest: '1b054393598c698d359465d94f144507228fa20a43e38aae52f9e374ea5009a4',
  },
];

const SIP_OVER_UDP = sipCaptures[1]!; // there are two

for (const { file, udp, tcp, hep, digest } of sipCaptures) {
  test(`replay --as sip of ${file} sends exactly its SIP messages, with their transport`, async (t) => {
    const receiver = await udpReceiver();
    t.after(() => receiver.close());
    const { code, stdout } = await run([`${CAPTURES}/${file}`, '--to', receiver.to, '--rate=0', '--as=sip']);
    await receiver.received(udp + tcp);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`hep ${hep}[,)]`));
    const messages = receiver.packets.map((packet) => JSON.parse(packet.toString('latin1')));
    assert.equal(messages.filter(({ ipProtocol }) => ipProtocol === 17).length, udp);
    assert.equal(messages.filter(({ ipProtocol }) => ipProtocol === 6).length, tcp);
    assert.equal(sha256(Buffer.concat(messages.map(({ payload }) => Buffer.from(payload, 'latin1')))), digest);
  });
}

test('replay --as sip hands envelope and options to the encoder', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const file = `${CAPTURES}/kamailio-5.6-siptrace-hep1.pcap`;
  await run([file, '--to', receiver.to, '--rate=0', '--as=sip', '--capture-id', '77', '--auth-key', 'k']);
  await receiver.received(276);
  // The first SIP packet of the file by tshark.
  const { payload, ...envelope } = JSON.parse(receiver.packets[0]?.toString('latin1') ?? '');
  assert.match(payload, /^REGISTER sip:/);
  assert.deepEqual(envelope, {
    version: 3,
    ipProtocol: 17,
    src: '127.0.0.1',
    srcPort: 6110,
    dst: '127.0.0.1',
    dstPort: 5060,
    capturedAtUs: 1_795_219_286_088_248,
    kind: 1,
    captureId: 77,
    authKey: 'k',
    nodeName: 'sipcol-replay',
  });
});

test('replay --now moves the times of plain SIP and keeps their distances', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const file = `${CAPTURES}/kamailio-5.6-siptrace-hep1.pcap`;
  const argv = [file, '--to', receiver.to, '--rate=0', '--as=sip'];
  const beforeUs = Date.now() * 1000;
  await run([...argv, '--now']);
  const afterUs = Date.now() * 1000;
  await run(argv);
  await receiver.received(552);
  const times = receiver.packets.map((packet): number => JSON.parse(packet.toString('latin1')).capturedAtUs);
  const [shifted, recorded] = [times.slice(0, 276), times.slice(276)];
  const [first = 0] = shifted;
  assert.ok(first >= beforeUs && first <= afterUs);
  const distances = (list: number[]): number[] => list.map((time) => time - (list[0] ?? 0));
  assert.deepEqual(distances(shifted), distances(recorded));
});

test('replay reads a compressed file when its name ends in .gz', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const path = join(folder, 'rtcp.pcap.gz');
  writeFileSync(path, gzipSync(readFileSync(`${CAPTURES}/rtpengine-10.5-rtcp-hep.pcap`)));
  assert.equal((await run([path, '--to', receiver.to, '--rate=0'])).code, 0);
  await receiver.received(10);
  assert.equal(
    sha256(Buffer.concat(receiver.packets)),
    'eadbc32e6f9262d007db314bec21f5c31e970202492ac87b2f913306ffc6101b',
  );
});

test('replay --loop sends all files again', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const file = `${CAPTURES}/rtpengine-10.5-rtcp-hep.pcap`;
  const { stdout } = await run([file, file, '--to', receiver.to, '--rate=0', '--loop=3']);
  await receiver.received(60);
  assert.match(stdout, /^replay: packets read 60, sent 60,/);
});

test('replay --fresh sends the calls of each pass as others, and as of now', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const begunS = Math.floor(Date.now() / 1000);
  const file = `${CAPTURES}/kamailio-5.6-siptrace-hep3-sip-over-tcp.pcap`;
  await run([file, '--to', receiver.to, '--rate=0', '--loop=2', '--fresh']);
  await receiver.received(2 * 188);
  receiver.packets.forEach((packet, n) => {
    const callId = /^Call-ID: ([^\r\n]*)/m.exec(packet.toString('latin1'))?.[1] ?? '';
    assert.equal(callId.includes('-1@'), n >= 188, callId);
    // Chunk 9 of vendor 0, ten octets: seconds. What was recorded over half a minute is sent at once.
    const seconds = packet.readUInt32BE(packet.indexOf(Buffer.from([0, 0, 0, 9, 0, 10])) + 6);
    assert.ok(seconds >= begunS - 1 && seconds <= begunS + 120, String(seconds));
  });
});

test('replay without end stops when told to, prints its summary and is content', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const stop = new AbortController();
  const file = `${CAPTURES}/rtpengine-10.5-rtcp-hep.pcap`;
  const running = run([file, '--to', receiver.to, '--rate=1000', '--loop=0'], stop.signal);
  await receiver.received(25);
  stop.abort();
  const { code, stdout, stderr } = await running;
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^replay stopped: packets read \d+, sent \d+,/);
});

test('replay --hep-ports takes datagrams to these ports whatever is in them, and no others for HEP', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const file = `${CAPTURES}/kamailio-5.6-siptrace-hep1.pcap`;
  // By tshark: 126 datagrams to port 5060, 33 to 5080; the 282 HEP datagrams are no SIP either.
  const { stdout } = await run([file, '--to', receiver.to, '--rate=0', '--hep-ports', '5060,5080']);
  await receiver.received(159);
  assert.match(stdout, /sent 159, .* skipped 399 \(not-hep-or-sip 282, sip-beside-hep 117\)/);
});

test('replay of a file cut in its last record sends what is whole, warns and is content', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  const path = join(folder, 'cut.pcap');
  const whole = readFileSync(`${CAPTURES}/rtpengine-10.5-rtcp-hep.pcap`);
  writeFileSync(path, whole.subarray(0, whole.length - 1));
  const { code, stderr } = await run([path, '--to', receiver.to, '--rate=0']);
  await receiver.received(9);
  assert.equal(code, 0);
  assert.equal(receiver.packets.length, 9);
  assert.equal(
    stderr,
    `sipcol replay: "${path}": PCAP_TRUNCATED, a pcap file ends in the middle of a record or of its header\n`,
  );
});

test('replay to a port where nobody listens says so and exits with 1', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  const file = `${CAPTURES}/rtpengine-10.5-rtcp-hep.pcap`;
  const udp = await run([file, '--to', `udp:127.0.0.1:${port}`, '--rate=1000']);
  assert.equal(udp.code, 1);
  assert.equal(udp.stderr, `sipcol replay: udp:127.0.0.1:${port}: nobody listens there (ECONNREFUSED)\n`);
  const tcp = await run([file, '--to', `tcp:127.0.0.1:${port}`, '--rate=0']);
  assert.equal(tcp.code, 1);
  assert.equal(tcp.stderr, `sipcol replay: cannot reach tcp:127.0.0.1:${port}: nobody listens there (ECONNREFUSED)\n`);
});

const TO = ['--to', 'udp:127.0.0.1:9'];
const HEP = `${CAPTURES}/rtpengine-10.5-rtcp-hep.pcap`;
const text = join(folder, 'notes.pcap');
writeFileSync(text, 'this is text and no capture file');
const empty = join(folder, 'empty.pcap');
writeFileSync(empty, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'));
const notCompressed = join(folder, 'plain.pcap.gz');
writeFileSync(notCompressed, 'no gzip');

const refused = [
  { argv: [], line: 'no FILE given, expected at least one pcap file' },
  { argv: [HEP], line: '--to is missing, expected udp:HOST:PORT or tcp:HOST:PORT' },
  { argv: [HEP, '--to', '127.0.0.1:9060'], line: '--to is "127.0.0.1:9060", expected udp:HOST:PORT or tcp:HOST:PORT' },
  { argv: [HEP, '--to', 'udp:h:0'], line: '--to is "udp:h:0", expected udp:HOST:PORT or tcp:HOST:PORT' },
  { argv: [HEP, '--to', 'udp:h:65536'], line: '--to is "udp:h:65536", expected udp:HOST:PORT or tcp:HOST:PORT' },
  { argv: [HEP, '--to', 'udp:::1:9060'], line: '--to is "udp:::1:9060", expected udp:HOST:PORT or tcp:HOST:PORT' },
  { argv: [HEP, '--to'], line: '--to needs a value' },
  { argv: [HEP, ...TO, '--rate', 'fast'], line: '--rate is "fast", expected a number from 0 to 10000000' },
  { argv: [HEP, ...TO, '--speed=0'], line: '--speed is "0", expected a number from 0.001 to 1000000' },
  { argv: [HEP, ...TO, '--rate=1', '--speed=1'], line: '--rate and --speed exclude each other: give one' },
  {
    argv: [HEP, ...TO, '--bpf', 'port 5060 and foo bar'],
    line: '--bpf is "port 5060 and foo bar": at character 15, "foo" is no port',
  },
  { argv: [HEP, ...TO, '--as', 'rtp'], line: '--as is "rtp", expected auto, hep, sip' },
  { argv: [HEP, ...TO, '--version', '4'], line: '--version is "4", expected 1, 2, 3' },
  { argv: [HEP, ...TO, '--version', '__proto__'], line: '--version is "__proto__", expected 1, 2, 3' },
  { argv: [HEP, ...TO, '--version=2', '--auth-key=k'], line: '--auth-key needs --version 3: older HEP has no key' },
  {
    argv: [HEP, '--to', 'tcp:h:1', '--version=1'],
    line: '--version 1 needs --to udp:HOST:PORT: older HEP has no framing for TCP',
  },
  {
    argv: [HEP, ...TO, '--version=2', '--capture-id=65536'],
    line: '--capture-id is "65536", expected 0 to 65535 with --version 2',
  },
  {
    argv: [HEP, ...TO, '--capture-id', '-1'],
    line: '--capture-id is "-1", expected a whole number from 0 to 4294967295',
  },
  { argv: [HEP, ...TO, '--hep-ports', '9060,'], line: '--hep-ports is "", expected a whole number from 1 to 65535' },
  { argv: [HEP, ...TO, '--loop', '1.5'], line: '--loop is "1.5", expected a whole number from 0 to 1000000000' },
  { argv: [HEP, ...TO, '--now=yes'], line: '--now takes no value, given "yes"' },
  { argv: [HEP, ...TO, '--fast'], line: 'unknown option "--fast", see sipcol replay --help' },
  {
    argv: [text, ...TO],
    line: `"${text}": PCAP_BAD_MAGIC, the first octets are no pcap or pcapng file header`,
  },
  { argv: [empty, ...TO], line: `"${empty}": no HEP packet or SIP message in it` },
  { argv: [HEP, ...TO, '--as=sip'], line: `"${HEP}": no SIP message in it` },
  {
    argv: [HEP, `${folder}/none.pcap`, ...TO],
    line: `cannot read "${folder}/none.pcap": ENOENT: no such file or directory, open '${folder}/none.pcap'`,
  },
  { argv: [notCompressed, ...TO], line: `cannot read "${notCompressed}": incorrect header check` },
];

for (const { argv, line } of refused) {
  test(`replay refuses with one line and exit code 1: ${line.replaceAll(folder, '')}`, async () => {
    assert.deepEqual(await run(argv), { code: 1, stdout: '', stderr: `sipcol replay: ${line}\n` });
  });
}

test('replay --help prints its usage', async () => {
  const { code, stdout, stderr } = await run(['--help']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^Usage: sipcol replay FILE\.\.\. --to /);
});

test('replay accepts options with one dash as well', async (t) => {
  const receiver = await udpReceiver();
  t.after(() => receiver.close());
  assert.equal((await run([HEP, '-to', receiver.to, '-rate=0'])).code, 0);
  await receiver.received(10);
});
