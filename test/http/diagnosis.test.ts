import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Diagnosis, DiagnosisRefused } from '../../src/model/diagnosis.ts';
import { client } from './client.ts';
import { fakeDeps } from './fakes.ts';

const JSON_ONLY = { accept: 'application/json' };

const written: [string, string, object][] = [
  ['/debug/cpu', '', { thread: 'engine0', file: 'sipcol-engine0.cpuprofile', bytes: 4096, tookMs: 10_000 }],
  [
    '/debug/cpu',
    'thread=main&seconds=2',
    { thread: 'main', file: 'sipcol-main.cpuprofile', bytes: 4096, tookMs: 2000 },
  ],
  ['/debug/heap', '', { thread: 'engine0', file: 'sipcol-engine0.heapsnapshot', bytes: 4096, tookMs: 250 }],
  [
    '/debug/heap',
    'thread=engine1',
    { thread: 'engine1', file: 'sipcol-engine1.heapsnapshot', bytes: 4096, tookMs: 250 },
  ],
];
for (const [path, body, expected] of written) {
  test(`POST ${path} with "${body}" says which file was written`, async () => {
    const { post } = client();
    const answer = await post(path, body, JSON_ONLY);
    assert.equal(answer.statusCode, 200);
    const { file, ...rest } = answer.json<{ file: string }>();
    assert.deepEqual({ ...rest, file: file.replace('/var/lib/sipcol/debug/', '') }, expected);
  });
}

const refused: [string, string, string][] = [
  ['/debug/cpu', 'thread=engine7', 'one of: main, engine0, engine1'],
  ['/debug/cpu', 'seconds=61', 'a whole number from 1 to 60'],
  ['/debug/cpu', 'seconds=0', 'a whole number from 1 to 60'],
  ['/debug/heap', 'thread=../../etc', 'one of: main, engine0, engine1'],
];
for (const [path, body, allowed] of refused) {
  test(`POST ${path} with "${body}" is refused: ${allowed}`, async () => {
    const { post } = client();
    const answer = await post(path, body, JSON_ONLY);
    assert.equal(answer.statusCode, 400);
    assert.equal(answer.json<{ allowed: string }>().allowed, allowed);
  });
}

for (const path of ['/debug/cpu', '/debug/heap']) {
  test(`${path} is read without writing anything, by those who may only look, too`, async () => {
    const { get } = client();
    assert.match((await get(path)).body, /debug_dir: \/var\/lib\/sipcol\/debug\nthreads: main, engine0, engine1\n/);
    assert.match((await get(path, { accept: 'text/html' })).body, /<option selected>engine0<\/option>/);
    assert.equal((await get(`${path}?thread=main`)).statusCode, 405);
  });

  test(`${path} without debug_dir says what to set, and writes nothing`, async () => {
    const diagnosis: Diagnosis = {
      directory: '',
      threads: ['main', 'engine'],
      cpuProfile: () => assert.fail('asked'),
      heapSnapshot: () => assert.fail('asked'),
    };
    const { get, post } = client({ diagnosis });
    assert.match((await get(path, { accept: 'text/html' })).body, /set <code>debug_dir<\/code>/);
    const answer = await post(path, '');
    assert.deepEqual([answer.statusCode, /debug_dir/.test(answer.body)], [409, true]);
  });

  test(`${path} while another is written is a 409 with the reason`, async () => {
    const { diagnosis } = fakeDeps();
    const busy = (): Promise<never> => Promise.reject(new DiagnosisRefused('another one is being written'));
    const { post } = client({ diagnosis: { ...diagnosis, cpuProfile: busy, heapSnapshot: busy } });
    const answer = await post(path, '');
    assert.deepEqual([answer.statusCode, /another one is being written/.test(answer.body)], [409, true]);
  });
}
