import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DumpQueue } from '../../src/dump/dump-queue.ts';
import { CounterSet, PcapDump } from '../../src/model/counters.ts';
import { Packet } from '../../src/model/packet.ts';
import type { DumpSettings } from '../../src/model/settings.ts';
import { Transport } from '../../src/model/transport.ts';
import { KeptLog } from '../engine/settings.ts';
import { sipMessage } from '../pipeline/capture-stage.ts';
import { readPcap } from '../support/pcap.ts';

const folder = mkdtempSync(join(tmpdir(), 'sipcol-dump-queue-'));
after(() => rmSync(folder, { recursive: true }));

class Dump {
  readonly counters = new CounterSet();
  readonly log = new KeptLog();
  readonly dir = mkdtempSync(join(folder, 'calls-'));
  readonly queue: DumpQueue;

  constructor(changes: Partial<DumpSettings> = {}, entry?: URL) {
    const settings: DumpSettings = {
      dir: this.dir,
      prefix: '',
      suffix: '',
      extension: 'pcap',
      subdirs: 0,
      onErr: false,
      workers: 1,
      queueMessages: 10_000,
      queueBytes: 32 << 20,
      openFiles: 16,
      ...changes,
    };
    this.queue = new DumpQueue(settings, this.counters, this.log, entry);
  }

  record(callId: string, cseq = 1, isTracked = true, bodyOctets = 0): void {
    const bytes = Buffer.from(sipMessage(callId, bodyOctets).toString('latin1').replace('CSeq: 1', `CSeq: ${cseq}`));
    const packet = new Packet(bytes);
    packet.end = bytes.length;
    packet.transport = Transport.UDP;
    packet.trackedAtUs = 1.7e15 + cseq;
    const at = bytes.indexOf('Call-ID: ') + 'Call-ID: '.length;
    this.queue.record(packet, at, at + callId.length, isTracked);
    // The source uses its buffer again.
    bytes.fill(0);
  }

  count(name: keyof typeof PcapDump): number {
    return this.counters.get(PcapDump[name]);
  }

  /** Everything taken went one way. */
  checkBooks(): void {
    assert.equal(
      this.count('TOTAL_QUEUED'),
      this.count('WRITTEN') + this.count('DROPPED_WRITE') + this.count('ERR_MISSING_FILE') + this.count('CRT_QUEUED'),
    );
  }
}

for (const workers of [1, 3]) {
  test(`nothing that was taken is lost at the end, and a call keeps its order, with ${workers} threads`, async () => {
    const dump = new Dump({ workers });
    await dump.queue.start();
    for (let cseq = 1; cseq <= 100; cseq++) for (const callId of 'abcdefghijklmnopqrst') dump.record(callId, cseq);
    await dump.queue.end();
    assert.deepEqual(
      [dump.count('WRITTEN'), dump.count('CRT_QUEUED'), dump.count('OPEN_FILES'), dump.count('DROPPED_QUEUE')],
      [2000, 0, 0, 0],
    );
    dump.checkBooks();
    for (const file of readdirSync(dump.dir)) {
      const numbers = readPcap(join(dump.dir, file)).map(({ payload }) =>
        Number(/CSeq: (\d+)/.exec(payload.toString('latin1'))?.[1]),
      );
      assert.deepEqual(
        numbers,
        Array.from({ length: 100 }, (_, n) => n + 1),
      );
    }
  });
}

test('beyond either bound messages are left out and counted, and the queue works on', async () => {
  const few = new Dump({ queueMessages: 5 });
  await few.queue.start();
  for (let cseq = 1; cseq <= 8; cseq++) few.record('a', cseq);
  assert.deepEqual([few.count('TOTAL_QUEUED'), few.count('DROPPED_QUEUE'), few.queue.isFull], [5, 3, true]);
  await few.queue.room();
  assert.equal(few.queue.isFull, false);
  few.record('a', 9);
  await few.queue.end();
  assert.deepEqual([few.count('WRITTEN'), few.count('DROPPED_QUEUE')], [6, 3]);
  few.checkBooks();

  const small = new Dump({ queueBytes: 1 << 20, queueMessages: 1_000_000 });
  await small.queue.start();
  for (let cseq = 1; cseq <= 100; cseq++) small.record('a', cseq, true, 60_000);
  assert.ok(small.count('DROPPED_QUEUE') > 60, `${small.count('DROPPED_QUEUE')} dropped`);
  assert.ok(small.count('CRT_ALLOC_BYTES') <= 5 << 18);
  await small.queue.end();
  small.checkBooks();
});

test('whoever waits for room loses nothing', async () => {
  const dump = new Dump({ queueMessages: 3 });
  await dump.queue.start();
  for (let cseq = 1; cseq <= 200; cseq++) {
    if (dump.queue.isFull) await dump.queue.room();
    dump.record('a', cseq);
  }
  await dump.queue.end();
  assert.deepEqual([dump.count('WRITTEN'), dump.count('DROPPED_QUEUE')], [200, 0]);
});

test('messages that were not tracked are taken only with pcap_dump_onerr, for a file that is there', async () => {
  const without = new Dump();
  await without.queue.start();
  without.record('a', 1, false);
  await without.queue.end();
  assert.equal(without.count('TOTAL_QUEUED'), 0);

  const dump = new Dump({ onErr: true });
  await dump.queue.start();
  dump.record('a', 1, false);
  dump.record('a', 2, true);
  dump.record('a', 3, false);
  await dump.queue.end();
  assert.deepEqual([dump.count('TOTAL_QUEUED'), dump.count('WRITTEN'), dump.count('ERR_MISSING_FILE')], [3, 2, 1]);
  dump.checkBooks();
});

test('a message of any size is taken, a Call-ID too far behind its beginning is not', async () => {
  const dump = new Dump({ queueBytes: 4 << 20 });
  await dump.queue.start();
  dump.record('long', 1, true, 300_000);
  const bytes = Buffer.alloc(200_000, 'x');
  const packet = new Packet(bytes);
  packet.end = bytes.length;
  dump.queue.record(packet, 190_000, 190_010, true);
  dump.queue.record(packet, 10, 10, true);
  await dump.queue.end();
  assert.deepEqual([dump.count('WRITTEN'), dump.count('ERR_OTHER'), dump.count('TOTAL_QUEUED')], [1, 1, 1]);
});

test('a thread that ends before its time is reported, and what it had is counted', async () => {
  const entry = join(folder, 'failing.mjs');
  writeFileSync(
    entry,
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', () => { throw new Error('disk on fire'); });`,
  );
  const dump = new Dump({}, new URL(`file://${entry}`));
  await dump.queue.start();
  dump.record('a');
  await dump.queue.end();
  assert.deepEqual([dump.count('DROPPED_WRITE'), dump.count('CRT_QUEUED')], [1, 0]);
  assert.deepEqual(dump.log.lines, ['error writing calls to files has failed']);
  dump.checkBooks();
  dump.record('a');
  assert.equal(dump.count('DROPPED_QUEUE'), 1);
});

test('a directory that cannot be used stops the start', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const dump = new Dump({ dir: join(file, 'below') });
  await assert.rejects(dump.queue.start(), /cannot use pcap_dump_dir ".*below": ENOTDIR/);
});
