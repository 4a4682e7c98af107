import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Holdings, type Retention, retentionOf } from '../../src/http/retention.ts';
import { client } from './client.ts';
import { FakeEngine, NOW_US, seriesOf } from './fakes.ts';

const engine = new FakeEngine();
const HOLDINGS: Holdings = {
  kept: engine.keeping,
  calls: await engine.callTable(),
  registrations: await engine.registrationTable(),
  rates: await engine.rateTable(),
  audit: { held: 10, most: 1000, oldestUs: null },
};

/** 900 messages, 450 events within ten seconds. */
const BUSY = seriesOf([{ 'calls.messages_kept': 900, 'ev_ring0.queued': 450 }]).window(900_000);
const IDLE = seriesOf([{}]).window(900_000);

function row(kind: Retention['kind'], changes: Partial<Holdings> = {}, window = BUSY): Retention {
  return retentionOf({ ...HOLDINGS, ...changes }, window).find((each) => each.kind === kind) ?? assert.fail();
}

suite('what is kept', () => {
  test('of messages follows from the octets of one, the room, and how many come', () => {
    // 800 octets each, 90 a second: 72 000 octets a second into 64 000 000, of which 63 200 000 are free.
    const { used, perSecond, keptMs, fullInMs } = row('messages');
    assert.deepEqual([used, perSecond], [0.0125, 90]);
    assert.equal(Math.round(keptMs ?? 0), Math.round((64_000_000 / 72_000) * 1000));
    assert.equal(Math.round(fullInMs ?? 0), Math.round((63_200_000 / 72_000) * 1000));
  });

  test('of events follows from the size of the ring; a full one has no time left until it is full', () => {
    // 10 240 events, 45 a second.
    const { used, keptMs, fullInMs } = row('events');
    assert.deepEqual([used, Math.round(keptMs ?? 0), fullInMs], [1, 227_556, null]);
  });

  test('is not foretold where nothing comes, nothing is held, or nothing is kept', () => {
    assert.deepEqual([row('messages', {}, IDLE).keptMs, row('events', {}, IDLE).keptMs], [null, null]);
    const none = { held: 0, bytes: 0, maxBytes: 64_000_000, oldestUs: null };
    assert.equal(row('messages', { kept: { ...HOLDINGS.kept, messages: none } }).keptMs, null);
    const off = { held: 0, bytes: 0, maxBytes: 0, oldestUs: null };
    const { used, keptMs } = row('messages', { kept: { ...HOLDINGS.kept, messages: off } });
    assert.deepEqual([used, keptMs], [null, null]);
  });

  test('of calls is as much as the nearer of two limits, and no limit is none', () => {
    const calls = { ...HOLDINGS.calls, calls: 50, maxEntries: 1000, bytes: 40_000, maxBytes: 50_000 };
    assert.equal(row('calls', { calls }).used, 0.8);
    const free = row('calls', { calls: { ...calls, maxEntries: 0, maxBytes: 0 } });
    assert.deepEqual([free.most, free.maxBytes, free.used, free.keptMs], [null, null, null, null]);
  });
});

suite('/retention', () => {
  test('says it in words, with what sets it', async () => {
    const { get } = client({ series: seriesOf([{ 'calls.messages_kept': 900, 'ev_ring0.queued': 450 }]) });
    const { body } = await get('/retention');
    assert.match(
      body,
      /^Messages for display : 1000 held 800000 of 64000000 octets \(1\.3 % used\) since 2026-11-21 09:58:20\.000000 \+0000 UTC \(1m40s ago\) 90 \/s kept for 14m49s at this rate, full in 14m38s$/m,
    );
    assert.match(body, /^Events {15}: 10240 held of 10240 \(100 % used\) .* kept for 3m48s at this rate$/m);
    assert.match(body, /^Calls .* until the timeout of its state has passed$/m);
    assert.match((await get('/retention?format=html')).body, /href="\/about\/config#keep_messages_mem"/);
  });

  test('tells since when there is an audit trail', async () => {
    const { get, post } = client();
    await post('/debug/options', 'log_level=3');
    const { items } = (await get('/retention?format=json')).json<{ items: Retention[] }>();
    const audit = items.find(({ kind }) => kind === 'audit');
    assert.deepEqual([audit?.held, audit?.most, audit?.oldestUs], [1, 1000, NOW_US]);
  });
});
