import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { CounterSet, EventLog as Counters } from '../../src/model/counters.ts';
import { SinkError } from '../../src/model/event-sink.ts';
import { EventLog } from '../../src/sinks/event-log.ts';
import { FileOutput, type LineOutput, StreamOutput } from '../../src/sinks/line-output.ts';
import { event, T0_US } from './events.ts';

const CONTEXT = { startedUs: T0_US, version: '1' };

/** Takes so many octets, then fails once; then again. */
class Brittle implements LineOutput {
  text = '';
  room: number;
  constructor(room: number) {
    this.room = room;
  }
  async write(bytes: Buffer): Promise<number> {
    if (this.room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const part = bytes.subarray(0, Math.min(this.room, 100));
    this.text += part.toString();
    this.room -= part.length;
    return part.length;
  }
  async reopen(): Promise<void> {}
  async close(): Promise<void> {}
  mayPass(): boolean {
    return true;
  }
}

const batch = (from: number, count: number) => ({
  events: Array.from({ length: count }, (_, n) => event({ index: from + n, callId: `c${from + n}` })),
  nextIndex: from + count,
});

interface Line {
  sip: { call_id: string };
  dbg: { event_cnt: number };
}
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const callIds = (lines: readonly string[]): string[] => lines.map((line) => (JSON.parse(line) as Line).sip.call_id);

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sipcol-log-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

async function openLog(path: string, counters = new CounterSet()): Promise<EventLog> {
  return new EventLog(await FileOutput.open(path), CONTEXT, counters);
}

test('a file is appended to, one line per event, for its owner only', async (t) => {
  const path = join(folder(t), 'events.json');
  const counters = new CounterSet();
  const log = await openLog(path, counters);
  await log.write(batch(0, 2));
  await log.write(batch(2, 1));
  await log.close();
  const again = await openLog(path);
  await again.write(batch(3, 1));
  await again.close();
  const text = readFileSync(path, 'utf8');
  assert.deepEqual(callIds(linesOf(text)), ['c0', 'c1', 'c2', 'c3']);
  assert.ok(text.endsWith('\n'));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const lines = linesOf(text);
  assert.equal(counters.get(Counters.WRITTEN), 3);
  assert.equal(counters.get(Counters.BYTES), Buffer.byteLength(lines.slice(0, 3).join('\n')) + 1);
});

test('a file that was moved away is written on until it is opened again', async (t) => {
  const path = join(folder(t), 'events.json');
  const counters = new CounterSet();
  const log = await openLog(path, counters);
  await log.write(batch(0, 1));
  renameSync(path, `${path}.1`);
  await log.write(batch(1, 1));
  await log.reopen();
  await log.write(batch(2, 1));
  await log.close();
  assert.deepEqual(callIds(linesOf(readFileSync(`${path}.1`, 'utf8'))), ['c0', 'c1']);
  assert.deepEqual(callIds(linesOf(readFileSync(path, 'utf8'))), ['c2']);
  assert.equal(counters.get(Counters.REOPENED), 1);
});

test('a file that cannot be opened again leaves the old one in use', async (t) => {
  const path = join(folder(t), 'logs');
  rmSync(path, { force: true });
  const file = `${path}-file`;
  writeFileSync(file, '');
  const log = await openLog(file);
  renameSync(file, `${file}.1`);
  const { mkdirSync } = await import('node:fs');
  mkdirSync(file);
  await assert.rejects(log.reopen(), { code: 'EISDIR' });
  await log.write(batch(0, 1));
  await log.close();
  assert.deepEqual(callIds(linesOf(readFileSync(`${file}.1`, 'utf8'))), ['c0']);
});

test('a file that cannot be opened at all says so at once', async (t) => {
  await assert.rejects(FileOutput.open(join(folder(t), 'no', 'such', 'folder')), { code: 'ENOENT' });
});

test('a device that cannot be synchronised is closed without complaint', async () => {
  const log = await openLog('/dev/null');
  await log.write(batch(0, 3));
  await log.close();
});

test('a full disk stops at any octet: what is safe is told, and the retry leaves every line whole', async () => {
  const whole = new Brittle(Infinity);
  await new EventLog(whole, CONTEXT, new CounterSet()).write(batch(0, 3));
  const size = Buffer.byteLength(whole.text);
  for (let room = 1; room < size; room += 37) {
    const output = new Brittle(room);
    const counters = new CounterSet();
    const log = new EventLog(output, CONTEXT, counters);
    const { events, nextIndex } = batch(0, 3);
    let taken = -1;
    await assert.rejects(log.write({ events, nextIndex }), (error: unknown) => {
      assert.ok(error instanceof SinkError);
      taken = error.taken;
      return !error.permanent;
    });
    output.room = Infinity;
    await log.write({ events: events.slice(taken), nextIndex });
    const lines = linesOf(output.text);
    const good = lines.filter((line) => line.endsWith('}}') && line.startsWith('{'));
    assert.deepEqual(callIds(good), ['c0', 'c1', 'c2'], `after ${room} octets`);
    assert.deepEqual(
      good.map((line) => (JSON.parse(line) as Line).dbg.event_cnt),
      [1, 2, 3],
    );
    // At most the one cut line besides.
    assert.ok(lines.length <= 4);
    assert.equal(counters.get(Counters.WRITTEN), 3);
    assert.equal(counters.get(Counters.BYTES), Buffer.byteLength(output.text));
  }
});

test('a large batch is written in pieces', async () => {
  const output = new Brittle(Infinity);
  const log = new EventLog(output, CONTEXT, new CounterSet());
  await log.write(batch(0, 1000));
  assert.ok(Buffer.byteLength(output.text) > 1024 * 1024);
  assert.deepEqual(
    callIds(linesOf(output.text)),
    batch(0, 1000).events.map((view) => view.callId),
  );
});

test('a reader of standard output that went away is a failure for good, and no crash', async () => {
  const stream = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
  const log = new EventLog(new StreamOutput(stream), CONTEXT, new CounterSet());
  await assert.rejects(log.write(batch(0, 1)), (error: unknown) => error instanceof SinkError && error.permanent);
  await log.close();
});

test('standard output stays open behind the log', async () => {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const log = new EventLog(new StreamOutput(stream), CONTEXT, new CounterSet());
  await log.write(batch(0, 2));
  await log.close();
  assert.equal(stream.writableEnded, false);
  assert.deepEqual(callIds(linesOf(text)), ['c0', 'c1']);
});
