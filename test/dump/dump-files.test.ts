import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DumpFiles } from '../../src/dump/dump-files.ts';
import type { DumpRecord } from '../../src/dump/record.ts';
import { CounterSet, PcapDump } from '../../src/model/counters.ts';
import type { DumpSettings } from '../../src/model/settings.ts';
import { Transport } from '../../src/model/transport.ts';
import { AnyCaptureReader } from '../../src/wire/pcap/capture-reader.ts';
import { sipMessage } from '../pipeline/capture-stage.ts';
import { readPcap } from '../support/pcap.ts';

const folder = mkdtempSync(join(tmpdir(), 'sipcol-dump-files-'));
after(() => rmSync(folder, { recursive: true }));

class Dump {
  readonly counters = new CounterSet();
  readonly settings: DumpSettings;
  readonly files: DumpFiles;
  nowMs = Date.now() + 1000;

  constructor(changes: Partial<DumpSettings> = {}, openFiles = 4) {
    this.settings = {
      dir: mkdtempSync(join(folder, 'calls-')),
      prefix: '',
      suffix: '',
      extension: 'pcap',
      subdirs: 0,
      onErr: true,
      workers: 1,
      queueMessages: 100,
      queueBytes: 1e6,
      openFiles,
      ...changes,
    };
    this.files = new DumpFiles(
      this.settings,
      openFiles,
      (counter, amount) => this.counters.addGauge(counter, amount),
      () => this.nowMs,
    );
  }

  write(callId: string, changes: Partial<DumpRecord> = {}, transport: Transport = Transport.UDP): void {
    const octets = sipMessage(callId);
    const message = {
      family: 4,
      src: [0, 0, 0xffff, 0x0a000001],
      srcPort: 5060,
      dst: [0, 0, 0xffff, 0x0a000002],
      dstPort: 5070,
      transport,
      trackedAtUs: 1_700_000_000_000_001,
      length: octets.length,
      octets,
    } as const;
    this.files.write({ callId, needsFile: false, message, next: 0, ...changes });
  }

  path(name: string): string {
    return join(this.settings.dir, name);
  }

  count(name: keyof typeof PcapDump): number {
    return this.counters.get(PcapDump[name]);
  }
}

test('each call has a file, whole at every moment, that only its owner and group may read', () => {
  const dump = new Dump();
  for (const [n, callId] of ['a', 'b', 'a', 'c', 'a'].entries()) {
    dump.write(callId);
    for (const name of readdirSync(dump.settings.dir)) readPcap(dump.path(name));
    assert.equal(dump.count('WRITTEN'), n + 1);
  }
  assert.deepEqual(readdirSync(dump.settings.dir).toSorted(), ['a.pcap', 'b.pcap', 'c.pcap']);
  const [first] = readPcap(dump.path('a.pcap'));
  assert.deepEqual(
    [first?.src, first?.srcPort, first?.dst, first?.dstPort, first?.timeUs],
    ['10.0.0.1', 5060, '10.0.0.2', 5070, 1_700_000_000_000_001],
  );
  assert.deepEqual(first?.payload, sipMessage('a'));
  assert.equal(readPcap(dump.path('a.pcap')).length, 3);
  assert.equal(statSync(dump.path('a.pcap')).mode & 0o137, 0);
  assert.deepEqual([dump.count('NEW_FILES'), dump.count('OPEN_FILES')], [3, 3]);
  dump.files.close();
  assert.equal(dump.count('OPEN_FILES'), 0);
});

test('a few files stay open; one that was closed is continued', () => {
  const dump = new Dump({}, 2);
  for (let round = 0; round < 3; round++) {
    for (const callId of ['a', 'b', 'c', 'd']) dump.write(callId, {}, Transport.TCP);
    assert.equal(dump.count('OPEN_FILES'), 2);
  }
  assert.deepEqual([dump.count('NEW_FILES'), dump.count('WRITTEN')], [4, 12]);
  // Each time a handshake of three packets, then the message.
  assert.equal(readPcap(dump.path('a.pcap')).length, 12);
});

for (const extension of ['pcap', 'pcapng']) {
  test(`a ${extension} file that a crash has cut is continued behind its last whole record`, () => {
    const before = new Dump({ extension });
    before.write('a');
    before.write('a');
    before.files.close();
    const path = before.path(`a.${extension}`);
    const whole = readFileSync(path).length;
    before.write('a');
    before.files.close();
    const tail = readFileSync(path).subarray(whole);
    for (let cut = 1; cut < tail.length; cut += 7) {
      writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, whole), tail.subarray(0, cut)]));
      utimesSync(path, 1, 1);
      const dump = new Dump({ extension, dir: before.settings.dir });
      dump.write('a');
      dump.files.close();
      assert.equal(dump.count('REPAIRED'), 1);
      const reader = new AnyCaptureReader();
      assert.equal(reader.push(readFileSync(path)).length, 3);
      assert.equal(reader.end(), 0);
    }
  });
}

test('a file that was not begun here is left alone', () => {
  const dump = new Dump();
  writeFileSync(dump.path('a.pcap'), 'notes of somebody, longer than the header of a file');
  utimesSync(dump.path('a.pcap'), 1, 1);
  dump.write('a');
  assert.match(readFileSync(dump.path('a.pcap'), 'utf8'), /^notes of somebody, longer than the header of a file$/);
  assert.deepEqual([dump.count('WRITTEN'), dump.count('ERR_WR_HEADER'), dump.count('DROPPED_WRITE')], [0, 1, 1]);
  assert.match(dump.files.takeProblem(), /a\.pcap: is no pcap file that was begun here/);
  assert.equal(dump.files.takeProblem(), '');
  dump.write('b');
  assert.equal(dump.count('WRITTEN'), 1);
});

test('a link in the directory is not followed, and a directory in the place of a file is an error', () => {
  const dump = new Dump();
  const elsewhere = join(folder, 'elsewhere');
  symlinkSync(elsewhere, dump.path('a.pcap'));
  mkdirSync(dump.path('b.pcap'));
  dump.write('a');
  dump.write('b');
  assert.equal(existsSync(elsewhere), false);
  assert.deepEqual([dump.count('ERR_NEW_FILE'), dump.count('DROPPED_WRITE')], [2, 2]);
});

test('subdirectories are made when they are needed, for their owner alone', () => {
  const dump = new Dump({ subdirs: 3 });
  for (let n = 0; n < 30; n++) dump.write(`call-${n}`);
  assert.deepEqual(readdirSync(dump.settings.dir).toSorted(), ['0', '1', '2']);
  assert.equal(statSync(dump.path('0')).mode & 0o777, 0o700);
  assert.deepEqual([dump.count('NEW_SUBDIRS'), dump.count('NEW_FILES'), dump.count('WRITTEN')], [3, 30, 30]);
});

test('a message that needs a file does not begin one', () => {
  const dump = new Dump();
  dump.write('a', { needsFile: true });
  assert.deepEqual([dump.count('ERR_MISSING_FILE'), dump.count('DROPPED_WRITE')], [1, 0]);
  dump.write('a');
  dump.write('a', { needsFile: true });
  assert.equal(readPcap(dump.path('a.pcap')).length, 2);
});

test('a file that somebody removed is begun anew', () => {
  const dump = new Dump();
  dump.write('a');
  rmSync(dump.path('a.pcap'));
  dump.nowMs += 61_000;
  dump.write('a');
  assert.equal(readPcap(dump.path('a.pcap')).length, 1);
});

test('where nothing can be written every message is counted, and writing goes on when it can', (t) => {
  if (process.getuid?.() === 0) {
    t.skip('root may write everywhere');
    return;
  }
  const dump = new Dump();
  chmodSync(dump.settings.dir, 0o500);
  dump.write('a');
  assert.equal(dump.count('ERR_NEW_FILE'), 1);
  chmodSync(dump.settings.dir, 0o700);
  dump.write('a');
  assert.equal(dump.count('WRITTEN'), 1);
});

test('octets that somebody added to an open file do not stop it', () => {
  const dump = new Dump();
  dump.write('a');
  appendFileSync(dump.path('a.pcap'), 'x');
  dump.write('a');
  assert.equal(dump.count('WRITTEN'), 2);
});
