import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ThreadDiagnosis } from '../../src/engine/diagnosis.ts';
import { EngineClient } from '../../src/engine/engine-client.ts';
import { DiagnosisRefused } from '../../src/model/diagnosis.ts';
import { KeptLog, loopbackSettings } from './settings.ts';

/** What we look at of a Profiler.Profile; its times are microseconds. */
interface CpuProfile {
  nodes: unknown[];
  startTime: number;
  endTime: number;
}

const engine = new EngineClient(loopbackSettings(), new KeptLog(), () => undefined);
const parent = mkdtempSync(join(tmpdir(), 'sipcol-diagnosis-'));
before(() => engine.start());
after(async () => {
  await engine.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 });
  rmSync(parent, { recursive: true });
});

let time = Date.UTC(2026, 10, 21, 10, 0, 0);
/** A second later each time it is asked. */
const now = (): Date => new Date((time += 1000));
const diagnosis = (name: string): ThreadDiagnosis => new ThreadDiagnosis(join(parent, name), [engine], now);

test('the threads that can be asked are the main thread and those of the engine', () => {
  assert.deepEqual(diagnosis('any').threads, ['main', 'engine']);
});

for (const thread of ['main', 'engine']) {
  test(`what the thread "${thread}" does becomes a profile V8's tools read, its owner's alone`, async () => {
    const view = await diagnosis(`cpu-${thread}`).cpuProfile(thread, 0.05);
    assert.match(view.file, new RegExp(`/cpu-${thread}/sipcol-${thread}-20261121T1000\\d\\d-000Z\\.cpuprofile$`));
    const { size, mode } = statSync(view.file);
    assert.deepEqual([view.thread, view.bytes, mode & 0o777], [thread, size, 0o600]);
    // The DevTools protocol says what a Profiler.Profile has.
    const { nodes, startTime, endTime } = JSON.parse(readFileSync(view.file, 'utf8')) as CpuProfile;
    assert.ok(nodes.length > 0);
    assert.ok(endTime - startTime >= 50_000, `${startTime} to ${endTime} µs`);
  });

  test(`what the thread "${thread}" holds becomes a snapshot V8's tools read, its owner's alone`, async () => {
    const view = await diagnosis(`heap-${thread}`).heapSnapshot(thread);
    assert.match(view.file, new RegExp(`/sipcol-${thread}-20261121T1000\\d\\d-000Z\\.heapsnapshot$`));
    const { size, mode } = statSync(view.file);
    assert.deepEqual([view.bytes, mode & 0o777], [size, 0o600]);
    const text = readFileSync(view.file, 'latin1');
    assert.ok(text.startsWith('{"snapshot":{"meta":') && text.trimEnd().endsWith(']}'));
  });
}

test('one is written at a time: another is refused meanwhile, and taken afterwards', async () => {
  const one = diagnosis('busy');
  const first = one.cpuProfile('engine', 0.05);
  await assert.rejects(one.heapSnapshot('main'), DiagnosisRefused);
  await first;
  await one.cpuProfile('engine', 0.01);
  assert.equal(readdirSync(one.directory).length, 2);
});

test('a directory with 20 of its files gets no more, and other files do not count', async () => {
  const one = diagnosis('full');
  await one.cpuProfile('main', 0.01);
  for (let n = 0; n < 19; n++) writeFileSync(join(one.directory, `sipcol-old-${n}.cpuprofile`), '');
  for (let n = 0; n < 5; n++) writeFileSync(join(one.directory, `notes-${n}.txt`), '');
  await assert.rejects(one.cpuProfile('main', 0.01), /20 files/);
  rmSync(join(one.directory, 'sipcol-old-0.cpuprofile'));
  await one.cpuProfile('main', 0.01);
});

test('a directory that cannot be written to is said to be so, and the next one works', async () => {
  writeFileSync(join(parent, 'file'), '');
  const one = diagnosis('file/below');
  await assert.rejects(one.cpuProfile('engine', 0.01), /ENOTDIR/);
  await assert.rejects(one.cpuProfile('engine', 0.01), /ENOTDIR/);
});
