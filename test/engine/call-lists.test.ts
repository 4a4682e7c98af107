import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { callSummary } from '../../src/engine/call-summary.ts';
import { Histogram } from '../../src/engine/histogram.ts';
import { listCalls, listRegistrations } from '../../src/engine/queries.ts';
import type { CallQuery, CallSort } from '../../src/model/engine.ts';
import { parseSearch, SearchFault } from '../../src/model/search/parse.ts';
import type { CallView, RegistrationView } from '../../src/model/views.ts';
import { LegReason } from '../../src/tracker/call.ts';
import { Stage, START_US } from '../tracker/scenario.ts';

const SLICING = { nowMs: () => 0, pause: () => Promise.resolve() };

/** Three calls and a probe, in the order of their beginning; hosts A to D are 192.0.2.1 to .4. */
function staged(): Stage {
  const stage = new Stage();
  for (const line of [
    '0.000 C>B INVITE/1 f=a id=one from=sip:bob@example.com',
    '0.400 B>C 180/1 f=a t=b id=one',
    '1.000 A>B INVITE/1 f=c id=two from=sip:Alice@example.com',
    '1.100 B>A 486/1 f=c t=d id=two',
    '21.000 A>D INVITE/1 f=e id=three from=sip:carol@example.com',
    '21.200 D>A 200/1 f=e t=g id=three',
    '22.000 A>B OPTIONS/1 f=o id=four from=sip:bob@example.com',
  ]) {
    stage.send(line);
  }
  stage.advance(23);
  return stage;
}

async function listed(stage: Stage, query: Partial<CallQuery>): Promise<{ ids: string; matched: number }> {
  const found: CallView[] = [];
  const { matched } = await listCalls(
    stage.tracker,
    { offset: 0, limit: 100, ...query },
    () => stage.nowUs,
    SLICING,
    (items) => found.push(...items),
  );
  return { ids: found.map((call) => call.callId).join(' '), matched };
}

const search = (q: string): Pick<CallQuery, 'search'> => {
  const parsed = parseSearch(q, 'calls');
  if (parsed instanceof SearchFault) throw new Error(parsed.message);
  return { search: parsed };
};

suite('calls in order by', () => {
  for (const [by, descending, ids] of [
    ['start', false, 'one two three four'],
    ['start', true, 'four three two one'],
    ['from', false, 'two four one three'],
    ['from', true, 'three four one two'],
    ['callid', false, 'four one three two'],
    ['src', false, 'four three two one'],
    ['dst', true, 'three four two one'],
    ['pdd', false, 'two three one four'],
    ['pdd', true, 'one three two four'],
    ['status', false, 'one three two four'],
    ['state', false, 'one three four two'],
    ['method', true, 'four three two one'],
    ['xcallid', true, 'four three two one'],
  ] as const satisfies readonly (readonly [CallSort, boolean, string])[]) {
    test(`${by}${descending ? ', largest first' : ''}`, async () => {
      assert.deepEqual(await listed(staged(), { order: { by, descending } }), { ids, matched: 4 });
    });
  }
});

test('an order is of everything that matches, of which a window is answered', async () => {
  const order = { by: 'pdd', descending: true } as const;
  assert.deepEqual(await listed(staged(), { order, offset: 1, limit: 2 }), { ids: 'three two', matched: 4 });
  assert.deepEqual(await listed(staged(), { order, offset: 0, limit: 1, ...search('method:INVITE status>=200') }), {
    ids: 'three',
    matched: 2,
  });
});

test('a call that leaves while a list is put in order leaves no gap', async () => {
  const stage = staged();
  let pauses = 0;
  const slicing = {
    // Every look takes longer than a slice may.
    nowMs: (() => {
      let ms = 0;
      return () => (ms += 10);
    })(),
    // The walk over four calls pauses four times; then the calls are taken out one by one.
    pause: async () => {
      if (++pauses === 5) stage.advance(60);
    },
  };
  const found: CallView[] = [];
  await listCalls(
    stage.tracker,
    { offset: 0, limit: 100, order: { by: 'start', descending: false } },
    () => stage.nowUs,
    slicing,
    (items) => found.push(...items),
  );
  // 486 leaves after 30 s, OPTIONS too; the call that rings and the one that talks stay.
  assert.deepEqual(
    found.map((call) => call.callId),
    ['one', 'three'],
  );
});

test('merged, calls that belong together are one row: the first of them that matches', async () => {
  const stage = staged();
  const call = (id: string) => stage.tracker.family(id)[0] ?? assert.fail(id);
  stage.tracker.legs.join(call('three'), 'one', LegReason.ALEG_HEADER);
  assert.deepEqual(await listed(stage, { isMerged: true }), { ids: 'four two one', matched: 3 });
  assert.deepEqual(await listed(stage, { isMerged: true, ...search('from:carol') }), { ids: 'three', matched: 1 });
});

test('a summary counts everything that matches by state, method, class of status and time', async () => {
  const stage = staged();
  stage.tracker.legs.join(stage.tracker.family('three')[0] ?? assert.fail(), 'one', LegReason.ALEG_HEADER);
  assert.deepEqual(await callSummary(stage.tracker, {}, stage.nowUs, SLICING), {
    total: 4,
    matched: 4,
    merged: 3,
    states: { 'initial non-invite': 1, established: 1, 'invite negative reply': 1, 'early dialog': 1 },
    methods: { OPTIONS: 1, INVITE: 3 },
    statuses: { '1xx': 1, '2xx': 1, '4xx': 1 },
    histogram: {
      widthS: 1,
      bars: [
        { startUs: START_US, calls: 1 },
        { startUs: START_US + 1_000_000, calls: 1 },
        { startUs: START_US + 21_000_000, calls: 1 },
        { startUs: START_US + 22_000_000, calls: 1 },
      ],
    },
  });
  const { matched, statuses } = await callSummary(stage.tracker, search('from:alice'), stage.nowUs, SLICING);
  assert.deepEqual({ matched, statuses }, { matched: 1, statuses: { '4xx': 1 } });
});

test('a histogram loses none, has bars of one width, and never more than 120 of them', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 52), { minLength: 1, maxLength: 50 }), (moments) => {
      const histogram = new Histogram();
      for (const us of moments) histogram.add(us);
      const { widthS, bars } = histogram.view();
      const widthUs = widthS * 1_000_000;
      const [first, last] = [bars[0]?.startUs ?? 0, bars.at(-1)?.startUs ?? 0];
      assert.ok((last - first) / widthUs < 120, 'bars');
      for (const { startUs, calls } of bars) {
        assert.equal(startUs % widthUs, 0);
        assert.equal(calls, moments.filter((us) => us >= startUs && us < startUs + widthUs).length);
      }
      assert.equal(
        bars.reduce((sum, bar) => sum + bar.calls, 0),
        moments.length,
      );
    }),
  );
});

test('histograms of two parts together are that of the whole', () => {
  const moments = fc.array(fc.nat(1e12), { maxLength: 30 });
  fc.assert(
    fc.property(moments, moments, (some, others) => {
      const [whole, part, other, both] = [new Histogram(), new Histogram(), new Histogram(), new Histogram()];
      for (const us of [...some, ...others]) whole.add(us);
      for (const us of some) part.add(us);
      for (const us of others) other.add(us);
      both.addAll(part.view());
      both.addAll(other.view());
      assert.deepEqual(both.view(), whole.view());
    }),
  );
});

test('bindings in order by when they end, by address and by contact', async () => {
  const stage = new Stage();
  for (const [second, user, expires] of [
    [0, 'carol', 300],
    [1, 'alice', 600],
    [2, 'bob', 60],
  ] as const) {
    const uri = `sip:${user}@example.com`;
    stage.send(
      `${second}.000 A>B REGISTER/1 f=${user} id=${user} from=${uri} to=${uri} contact=<sip:${user}@192.0.2.1> expires=${expires}`,
    );
    stage.send(
      `${second}.100 B>A 200/1/REGISTER f=${user} t=r id=${user} from=${uri} to=${uri} contact=<sip:${user}@192.0.2.1>;expires=${expires}`,
    );
  }
  const inOrder = async (by: 'ends' | 'aor' | 'contact', descending: boolean): Promise<string> => {
    const found: RegistrationView[] = [];
    await listRegistrations(
      stage.tracker,
      { offset: 0, limit: 100, order: { by, descending } },
      () => stage.nowUs,
      SLICING,
      (items) => found.push(...items),
    );
    return found.map(({ aor }) => aor.slice('sip:'.length).split('@')[0]).join(' ');
  };
  assert.equal(await inOrder('ends', false), 'bob carol alice');
  assert.equal(await inOrder('aor', true), 'carol bob alice');
  assert.equal(await inOrder('contact', false), 'alice bob carol');
});
