import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CAPTURES, capturePath, readExpected } from '../captures/expected.ts';
import { playedBy } from '../support/played.ts';
import { start, until } from '../support/process.ts';
import { ROOT } from '../support/root.ts';

const CLI = join(ROOT, '.build/src/cli.js');
const LIMIT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'sipcol-files-'));
after(() => rmSync(folder, { recursive: true }));

const CAPTURE = capturePath('kamailio-5.6-siptrace-hep3');

async function run(...options: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const program = start(process.execPath, [CLI, ...options]);
  const code = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Counters of the final report. */
function counter(report: string, name: string): number {
  const [, value = '0'] = new RegExp(`^${name.replaceAll('.', '\\.')} +: +(\\d+)`, 'm').exec(report) ?? [];
  return Number(value);
}

test('a capture is played to its end: exit 0, the report with the lines about the file, no listener open', async () => {
  const { code, stdout, stderr } = await run('-pcap', CAPTURE, '-bpf', 'udp port 9060');
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^run  time: \S+\n     pkts\/s: .*\n       MB\/s: .*\npcap time: 29\.\d+s\npcap replay speed: [\d.]+\npcap pkts\/s: [\d.]+\npcap    MB\/s: .*\nStatistics:/,
  );
  assert.match(stdout, /\nfinal wait active entries 9, end_force_timeout 0s, end_wait 0s\n$/);
  assert.doesNotMatch(stderr, /listening/);
  const expected = readExpected('kamailio-5.6-siptrace-hep3').counters;
  for (const name of ['ingest.tracked', 'calls.created', 'calls.other_hop', 'calls.retransmissions', 'regs.created']) {
    assert.equal(counter(stdout, name), expected[name], name);
  }
});

for (const name of CAPTURES.filter((capture) => capture.startsWith('kamailio'))) {
  test(`${name}: the calls of the plain SIP on the wire are those of the HEP in the same file`, async () => {
    const expected = readExpected(name);
    const hep = await run('-pcap', capturePath(name), '-bpf', 'udp portrange 9060-9062');
    const sip = await run('-pcap', capturePath(name), '-bpf', 'not udp portrange 9060-9062');
    for (const counterName of ['calls.created', 'calls.retransmissions', 'calls.forked', 'regs.created']) {
      const wanted = expected.counters[counterName] ?? 0;
      assert.equal(counter(hep.stdout, counterName), wanted, `${counterName} from HEP`);
      assert.equal(counter(sip.stdout, counterName), wanted, `${counterName} from the wire`);
    }
    assert.equal(counter(sip.stdout, 'ingest.refused'), 0);
    const wire = await playedBy('-pcap', capturePath(name), '-bpf', 'not udp portrange 9060-9062', ...KEEP);
    assert.deepEqual(
      wire.calls.map((call) => String((JSON.parse(call) as unknown[])[0])).toSorted(),
      expected.calls.map(({ callId }) => callId).toSorted(),
    );
    const states = new Map(
      wire.calls
        .map((call) => JSON.parse(call) as [string, string, string, string, unknown])
        .map((call) => [call[0], call]),
    );
    for (const { callId, fromTag, toTag, state, statuses } of expected.calls) {
      assert.deepEqual(states.get(callId)?.slice(0, 5), [callId, fromTag, toTag, state, statuses]);
    }
  });
}

for (const name of CAPTURES.filter((capture) => !capture.startsWith('kamailio'))) {
  test(`${name}: there is no plain SIP on the wire beside the HEP`, async () => {
    const { stdout } = await run('-pcap', capturePath(name), '-bpf', 'not udp portrange 9060-9062');
    assert.equal(counter(stdout, 'pcap.filtered'), counter(stdout, 'pcap.packets'));
  });
}

/** No call may time out before it was looked at. */
const KEEP = [
  '--calls_timeouts=[inv_neg:180s inv_canceled:60s inv_bye_repl:60s non_inv_1st:180s non_inv_neg:60s non_inv_fin:60s]',
];

test('gzip, pcapng and the file cut into two give the same calls and events', async () => {
  const plain = await playedBy('-pcap', CAPTURE);
  assert.ok(plain.calls.length > 0 && plain.events.length > 0);
  const zipped = join(folder, 'calls.pcap.gz');
  writeFileSync(zipped, gzipSync(readFileSync(CAPTURE)));
  assert.deepEqual(await playedBy('-pcap', zipped), plain);
  if (spawnSync('editcap', ['--version']).status !== 0) return;
  const ng = join(folder, 'calls.pcapng');
  execFileSync('editcap', ['-F', 'pcapng', CAPTURE, ng]);
  assert.deepEqual(await playedBy('-pcap', ng), plain);
  const [head, tail] = [join(folder, 'head.pcap'), join(folder, 'tail.pcap')];
  execFileSync('editcap', ['-F', 'pcap', '-r', CAPTURE, head, '1-250']);
  execFileSync('editcap', ['-F', 'pcap', CAPTURE, tail, '1-250']);
  assert.deepEqual(await playedBy('-pcap', `${head} ${tail}`), plain);
});

test('a file comes in through standard input', async () => {
  const program = spawn(process.execPath, [CLI, '-pcap', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  createReadStream(CAPTURE, { highWaterMark: 1000 }).pipe(program.stdin);
  const [code] = (await once(program, 'close')) as [number];
  assert.equal(code, 0);
  assert.equal(counter(stdout, 'calls.created'), 36);
});

test('a file that is cut short is played to the last whole packet, and the log says so', async () => {
  const path = join(folder, 'cut.pcap');
  writeFileSync(path, readFileSync(CAPTURE).subarray(0, -10));
  const { code, stdout, stderr } = await run('-pcap', path);
  assert.equal(code, 0);
  assert.equal(counter(stdout, 'pcap.packets'), 557);
  assert.equal(counter(stdout, 'pcap.files_faulty'), 1);
  assert.match(stderr, /PCAP_TRUNCATED/);
});

test('what cannot be played ends with 1 and a line that says why', async () => {
  const notes = join(folder, 'notes.pcap');
  writeFileSync(notes, 'these are notes, and no capture file at all');
  for (const [options, line] of [
    [['-pcap', join(folder, 'missing.pcap')], /cannot read capture file .*missing\.pcap.*: no such file/],
    [['-pcap', notes], /PCAP_BAD_MAGIC/],
    [['-pcap', CAPTURE, '-bpf', 'port x'], /Cannot use bpf "port x": at character 6, "x" is no port/],
  ] as const) {
    const { code, stderr } = await run(...options);
    assert.equal(code, 1);
    assert.match(stderr, line);
  }
});

test('pcap_loop plays the list again, later in time, as other calls', async () => {
  const { code, stdout } = await run(
    '-pcap',
    CAPTURE,
    '-bpf',
    'udp port 9060',
    '-pcap_loop',
    '3',
    '-end_force_timeout',
    '50ms',
  );
  assert.equal(code, 0);
  assert.equal(counter(stdout, 'ingest.tracked'), 3 * 282);
  assert.equal(counter(stdout, 'pcap.files'), 3);
  // The report comes before the wait, the last line after it.
  assert.match(
    stdout,
    /\nend active entries \d{1,2}, end_force_timeout 50ms, end_wait 300ms\nfinal wait active entries 0, /,
  );
});

test('with -replay the recorded spacing is kept, scaled and clamped', async () => {
  const { code, stdout } = await run('-pcap', CAPTURE, '-replay', '-replay_scale', '0.01', '-replay_max_delay', '5ms');
  assert.equal(code, 0);
  assert.equal(counter(stdout, 'pcap.packets'), 558);
  assert.match(stdout, /^pcap replay speed: \d/m);
});

test('-run_forever stays up for the pages; a signal ends it in order', async (t) => {
  const program = start(process.execPath, [CLI, '-pcap', CAPTURE, '-run_forever', '-http_port', 'auto']);
  t.after(() => program.stop(0));
  await until('the files are played', LIMIT_MS, () => (program.stderr.includes('staying up') ? true : undefined));
  assert.equal(program.isRunning, true);
  assert.equal(await program.stop(15_000), 0);
  assert.equal(counter(program.stdout, 'calls.created'), 36);
});

test('a signal ends the program while it waits for standard input', async () => {
  const program = spawn(process.execPath, [CLI, '-pcap', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  program.stdin.on('error', () => undefined);
  // Less than the file: the next octets never come.
  program.stdin.write(readFileSync(CAPTURE).subarray(0, 100_000));
  const closed = once(program, 'close');
  for await (const text of program.stderr) {
    if (String(text).includes('playing capture file')) program.kill('SIGTERM');
  }
  const [code] = (await closed) as [number];
  program.stdin.destroy();
  assert.equal(code, 0);
});

test('captures played one at a time with a state_dir end as they do when one run plays them all', async () => {
  const files = ['kamailio-5.6-siptrace-hep1', 'kamailio-5.6-siptrace-hep2', 'kamailio-5.6-siptrace-hep3'].map(
    capturePath,
  );
  const whole = await run('-pcap', files.join(' '));
  const state = mkdtempSync(join(folder, 'state-'));
  let last = '';
  // oxlint-disable-next-line no-await-in-loop -- each begins where the one before ended
  for (const file of files) last = (await run('-pcap', file, '--state_dir', state)).stdout;
  for (const name of ['calls.created', 'calls.active', 'ev_rate.total_events', 'regs.new', 'calls.timeouts']) {
    assert.equal(counter(last, name), counter(whole.stdout, name), name);
  }
  assert.ok(counter(last, 'calls.active') > 0);
});
