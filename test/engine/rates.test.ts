import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineRequestError, type RateQuery } from '../../src/model/engine.ts';
import { EventType } from '../../src/model/event-type.ts';
import type { RateEntryView } from '../../src/model/views.ts';
import { RateService } from '../../src/engine/rates.ts';
import { RateStage, START_US } from '../tracker/rate-stage.ts';

/** A service whose clocks stand still unless told, and whose pauses are counted. */
class ServiceStage extends RateStage {
  nowMs = 0;
  pauses = 0;
  /** Milliseconds each look at the clock takes. */
  stepMs = 0;
  readonly service: RateService;
  onPause: () => void = () => undefined;

  constructor(changes: ConstructorParameters<typeof RateStage>[0] = {}) {
    super(changes);
    this.service = new RateService(this.rates, this.counters, () => START_US + this.nowMs * 1000, {
      nowMs: () => (this.nowMs += this.stepMs),
      pause: async () => {
        this.pauses++;
        this.onPause();
      },
    });
  }

  async list(query: Partial<RateQuery> = {}): Promise<{ keys: string[]; total: number; matched: number }> {
    const items: RateEntryView[] = [];
    const { total, matched } = await this.service.list({ offset: 0, limit: 100, ...query }, (some) =>
      items.push(...some),
    );
    return { keys: items.map((item) => item.key), total, matched };
  }
}

/** Five sources: .1 beyond its limit with 8 per second, .2 with 3, .3 one probe, and two over IPv6. */
function someEntries(): ServiceStage {
  const stage = new ServiceStage();
  for (let n = 0; n < 8; n++) stage.event(n, '192.0.2.1');
  for (let n = 0; n < 3; n++) stage.event(n, '192.0.2.2');
  stage.event(0, '198.51.100.3', EventType.MSG_PROBE);
  stage.event(0, '2001:db8::4');
  stage.event(0, '2001:db8:1::5');
  return stage;
}

const lists: [name: string, query: Partial<RateQuery>, hosts: number[]][] = [
  ['everything', {}, [1, 2, 3, 4, 5]],
  ['one address', { ip: '192.0.2.2' }, [2]],
  ['one address over IPv6, however written', { ip: '2001:0db8:0:0::4' }, [4]],
  ['a network', { ip: '192.0.2.0/24' }, [1, 2]],
  ['a network over IPv6', { ip: '2001:db8::/32' }, [4, 5]],
  ['a network without entries', { ip: '10.0.0.0/8' }, []],
  ['an expression', { ip: '^1.*[13]$', regexp: true }, [1, 3]],
  ['those beyond a limit', { exceeded: true }, [1]],
  ['those within', { exceeded: false }, [2, 3, 4, 5]],
  ['a rate of 3 or more', { rate: { op: '>=', value: 3 } }, [1, 2]],
  ['a rate below 3', { rate: { op: '<', value: 3 } }, [3, 4, 5]],
  ['a rate that is not kept', { rate: { op: '>=', value: 1 }, rateIndex: 2 }, []],
  ['a rate by index', { rate: { op: '>=', value: 1 }, rateIndex: 0, ip: '::/0' }, [1, 2, 3, 4, 5]],
];
for (const [name, query, hosts] of lists) {
  test(`list() answers ${name}`, async () => {
    const { keys, total, matched } = await someEntries().list(query);
    assert.deepEqual(
      keys.map((key) => Number(key.at(-1))),
      hosts,
    );
    assert.deepEqual([total, matched], [5, hosts.length]);
  });
}

test('list() pages, and without a filter knows the number of all', async () => {
  const stage = someEntries();
  assert.deepEqual(await stage.list({ offset: 1, limit: 2 }), {
    keys: ['call-attempt:192.0.2.2', 'msg-probe:198.51.100.3'],
    total: 5,
    matched: 5,
  });
  assert.deepEqual((await stage.list({ offset: 5, limit: 2 })).keys, []);
});

test('list() shows entries as of now: a source that fell silent is within its limits', async () => {
  const stage = someEntries();
  stage.nowMs = 60_000;
  assert.deepEqual((await stage.list({ exceeded: true })).keys, []);
});

test('list() lets go of the engine between slices, and entries made meanwhile do no harm', async () => {
  const stage = new ServiceStage();
  for (let n = 0; n < 1000; n++) stage.event(0, `10.0.${n >> 8}.${n & 255}`);
  stage.stepMs = 10;
  stage.onPause = () => stage.event(0, `10.1.0.${stage.pauses}`);
  const { keys } = await stage.list({ limit: 10_000, rate: { op: '>=', value: 1 } });
  assert.ok(stage.pauses >= 15, `${stage.pauses} pauses`);
  assert.ok(new Set(keys).size === keys.length && keys.length >= 1000);
});

const bad: [name: string, query: Partial<RateQuery>][] = [
  ['ip', { ip: '192.0.2' }],
  ['ip', { ip: '192.0.2.0/33' }],
  ['ip', { ip: '(', regexp: true }],
  ['ip', { ip: 'x'.repeat(300), regexp: true }],
  ['ridx', { rateIndex: 3 }],
  ['limit', { limit: 1_000_000 }],
  ['offset', { offset: -1 }],
];
for (const [name, query] of bad) {
  test(`list() refuses ${JSON.stringify(query).slice(0, 60)}`, async () => {
    await assert.rejects(someEntries().list(query), (error: unknown) => {
      assert.ok(error instanceof EngineRequestError);
      assert.match(error.message, new RegExp(`^${name}: `));
      return true;
    });
  });
}

test('table() tells the truth about the hash table', async () => {
  const stage = someEntries();
  const table = await stage.service.table();
  assert.deepEqual(
    [table.entries, table.created, table.buckets, table.shortestChain, table.maxEntries],
    [5, 5, 1024, 0, 1000],
  );
  assert.ok(table.longestChain >= 1 && table.longestChain <= 5);
  // 4096 octets of buckets, and a page of 1024 entries with 22 doubles and 11 integers.
  assert.equal(table.bytes, 4096 + 1024 * (22 * 8 + 11 * 4));
});

test('change() is all or nothing and names what is wrong', () => {
  const { service, rates } = new ServiceStage();
  assert.throws(() => service.change({ rate0: '7', interval0: 'soon' }), {
    message: /^interval0: "soon", must be a duration/,
  });
  assert.equal(rates.settings.limits[0], 5);
  service.change({ rate0: '7' });
  assert.equal(rates.settings.limits[0], 7);
  const row = service.settings('rates').find(({ name }) => name === 'rate0');
  assert.deepEqual([row?.value, row?.configured], ['7', '5']);
});

test('the periodic collection comes when its interval has passed, and not while it is off', async () => {
  const stage = new ServiceStage();
  stage.event(0, '192.0.2.1');
  stage.nowMs = 9999;
  assert.equal(stage.service.tick(), undefined);
  stage.nowMs = 400_000;
  await stage.service.tick();
  assert.equal(stage.rates.size, 0);
  assert.equal(stage.service.tick(), undefined, 'not again at once');
  const counted = ['gc_runs', 'gc_target_met', 'gc_timeout', 'gc_missed_ticks', 'gc_walked', 'gc_removed'];
  assert.deepEqual(
    counted.map((name) => stage.counter(`ev_rate_gc.${name}`)),
    [1, 1, 0, 0, 1, 1],
  );
  stage.service.change({ evr_gc_interval: '0' });
  stage.nowMs = 1e9;
  assert.equal(stage.service.tick(), undefined);
});

test('a collection that takes long is cut off, and one that is due meanwhile is left out', async () => {
  const stage = new ServiceStage({ maxEntries: 100_000 });
  for (let n = 0; n < 20_000; n++) stage.event(0, `10.0.${n >> 8}.${n & 255}`);
  stage.nowMs = 400_000;
  stage.stepMs = 300; // so that a step takes 300 ms of the 1 s allowed
  let missed = 0;
  stage.onPause = () => {
    stage.nowMs += 10_000;
    if (stage.service.tick() === undefined) missed++;
  };
  await stage.service.tick();
  assert.equal(stage.counter('ev_rate_gc.gc_timeout'), 1);
  assert.equal(stage.counter('ev_rate_gc.gc_missed_ticks'), missed);
  assert.equal(missed, 3);
  // Four steps of 4096.
  assert.equal(stage.counter('ev_rate_gc.gc_walked'), 16_384);
});

test('a collection by hand takes what is ok and older than two seconds', async () => {
  const stage = someEntries();
  stage.nowMs = 2500;
  stage.event(2400, '192.0.2.9');
  const run = await stage.service.forceGc(1);
  assert.deepEqual(run, {
    entriesBefore: 6,
    entries: 1,
    target: 1,
    targetMet: true,
    timedOut: false,
    walked: 5,
    removed: 5,
    lifetimeMs: 2000,
    maxRunMs: 10,
  });
  await assert.rejects(stage.service.forceGc(-1), EngineRequestError);
});
