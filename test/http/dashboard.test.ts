import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { makeDashboard } from '../../src/http/dashboard.ts';
import { percentile } from '../../src/http/kpi.ts';
import { unitText } from '../../src/http/units.ts';
import { niceCeiling } from '../../src/http/views/chart.tsx';
import { Aliases, parseAlias } from '../../src/model/alias.ts';
import { SETUP_ANSWERED } from '../../src/model/counters.ts';
import { client } from './client.ts';
import { FakeEngine, NOW_US, seriesOf } from './fakes.ts';

const HTML = { accept: 'text/html' };
const { talkers } = new FakeEngine();

/** 100 INVITEs as they end in a network: worked out by hand below. */
const HUNDRED = {
  'outcomes.answered': 50,
  'outcomes.untaken': 20,
  'outcomes.redirected': 5,
  'outcomes.challenged': 5,
  'outcomes.ineffective': 4,
  'outcomes.canceled': 10,
  'outcomes.failed': 6,
  'outcomes.ended': 40,
  'outcomes.talk_us': 2_400_000_000,
  'outcomes.bye_answered': 25,
  'outcomes.bye_us': 500_000,
  'outcomes.register_answered': 60,
  'outcomes.register_us': 1_500_000,
  'outcomes.register_failed': 20,
  'outcomes.setup_answered.ms_200': 25,
  'outcomes.setup_answered.ms_1000': 25,
  'outcomes.setup_failed.ms_3000': 20,
  'ingest.received': 1000,
  'ingest.tracked': 980,
  'ingest.refused': 15,
  'ingest.refused.SIP_INCOMPLETE': 15,
  'ingest.dropped': 5,
  'ingest.dropped.overload': 5,
  'calls.retransmissions': 49,
  'calls.inv_established': 7,
  'regs.active': 12,
};

suite('the figures', () => {
  const { figures } = makeDashboard(seriesOf([HUNDRED]).window(900_000), talkers);
  const figure = (name: string) => figures.find((each) => each.name === name);

  for (const [name, value, of] of [
    ['established', 7, null],
    ['attempts', 10, null],
    // 100 INVITEs less 5 redirected and 5 challenged.
    ['asr', 50 / 90, 90],
    ['ner', 70 / 90, 90],
    ['abr', 50 / 100, 100],
    ['scr', 40 / 100, 100],
    ['isa', 4 / 100, 100],
    // The 25th of 50 is the last of the class from 100 to 200 ms.
    ['setup_p50', 200, 50],
    // 47.5 of 50: 22.5 of 25 into the class from 750 to 1000 ms.
    ['setup_p95', 975, 50],
    // 49.5 of 50: 24.5 of 25 into the class from 750 to 1000 ms.
    ['setup_p99', 995, 50],
    // 19 of 20 into the class from 2000 to 3000 ms.
    ['setup_failed_p95', 2950, 20],
    ['acd', 60_000, 40],
    ['sdd', 20, 25],
    // 20 of 60 + 20.
    ['ira', 1 / 4, 80],
    ['rrd', 25, 60],
    ['registrations', 12, null],
    ['received', 100, null],
    ['lost', 20, 1000],
    ['retransmissions', 49 / 980, 980],
  ] as const) {
    test(`${name} is ${value}`, () => {
      assert.equal(figure(name)?.value, value);
      assert.equal(figure(name)?.of, of);
    });
  }

  test('without anything to divide by are unknown, never 0 or 100 %', () => {
    const empty = makeDashboard(seriesOf([{}]).window(900_000), talkers);
    const unknown = empty.figures.filter(({ value }) => value === null).map(({ name }) => name);
    assert.deepEqual(unknown, [
      'asr',
      'ner',
      'abr',
      'scr',
      'isa',
      'setup_p50',
      'setup_p95',
      'setup_p99',
      'setup_failed_p95',
      'acd',
      'sdd',
      'ira',
      'rrd',
      'rtp_lost',
      'retransmissions',
    ]);
    assert.deepEqual(empty.charts.find(({ name }) => name === 'ratios')?.series[0]?.values, [null]);
    assert.deepEqual(empty.losses, []);
  });

  test('losses are named by their reason, most first', () => {
    const { losses } = makeDashboard(seriesOf([HUNDRED]).window(900_000), talkers);
    assert.deepEqual(
      losses.map(({ code, messages }) => [code, messages]),
      [
        ['SIP_INCOMPLETE', 15],
        ['overload', 5],
      ],
    );
  });
});

test('charts put neighbouring steps together until there are at most 48, whole groups from the newest back', () => {
  const steps = Array.from({ length: 97 }, (_, n) => ({
    'ingest.received': 10,
    'ingest.tracked': 10,
    'regs.active': n,
  }));
  const { endsUs, stepMs, charts } = makeDashboard(seriesOf(steps).window(3_600_000), talkers);
  assert.equal(stepMs, 30_000);
  assert.equal(endsUs.length, 32);
  assert.equal(endsUs.at(-1), NOW_US);
  const values = (chart: string) => charts.find(({ name }) => name === chart)?.series[0]?.values;
  assert.deepEqual(new Set(values('ingest')), new Set([1]));
  assert.deepEqual(values('registrations')?.slice(-2), [93, 96]);
});

suite('percentile()', () => {
  const of = (classes: Record<number, number>) => (index: number) => classes[SETUP_ANSWERED.indexOf(index)] ?? 0;
  for (const [name, classes, share, expected] of [
    ['of nothing is unknown', {}, 0.5, null],
    ['lies evenly within the first class', { 0: 10 }, 0.5, 25],
    ['skips empty classes', { 2: 10, 5: 10 }, 0.75, 625],
    ['beyond the last limit is that limit', { 15: 3 }, 0.5, 20_000],
    ['of one call is the end of its class at 100 %', { 6: 1 }, 1, 1000],
  ] as const) {
    test(name, () => assert.equal(percentile(of(classes), share), expected));
  }
});

for (const [value, unit, text] of [
  [null, 'ratio', '–'],
  [1, 'ratio', '100 %'],
  [0.12345, 'ratio', '12.3 %'],
  [0.5, 'perSecond', '0.5 /s'],
  [12_345.6, 'perSecond', '12\u202f346 /s'],
  [83, 'ms', '83ms'],
  [1234, 'ms', '1.23s'],
  [83_400, 'ms', '1m23s'],
  [12_345, 'count', '12\u202f345'],
] as const) {
  test(`unitText() writes ${value} ${unit} as ${text}`, () => assert.equal(unitText(value, unit), text));
}

for (const [value, unit, ceiling] of [
  [0, 'count', 1],
  [3, 'count', 4],
  [21, 'perSecond', 40],
  [0.2, 'ratio', 1],
  [430, 'ms', 500],
  [1001, 'ms', 2000],
] as const) {
  test(`niceCeiling() of ${value} ${unit} is ${ceiling}`, () => assert.equal(niceCeiling(value, unit), ceiling));
}

test('every link of the dashboard leads to a page that can be read', async () => {
  const aliases = new Aliases([parseAlias('192.0.2.1=Example Telecom;carriers') ?? assert.fail()]);
  const { get } = client({ series: seriesOf([{}, HUNDRED, HUNDRED]), aliases });
  const { body } = await get('/', HTML);
  const hrefs = [...body.matchAll(/href="(\/[^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'));
  assert.ok(hrefs.length > 60);
  for (const href of new Set(hrefs)) assert.equal((await get(href)).statusCode, 200, href);
});

test('a bar leads to the events of its time', async () => {
  const { body } = await client({ series: seriesOf([{}, HUNDRED]) }).get('/', HTML);
  const times = 'at%3A2026-11-21T09%3A59%3A50.000000Z..2026-11-21T09%3A59%3A59.999999Z';
  assert.ok(body.includes(times), 'the last step');
});

test('names of addresses have boards where there are some', async () => {
  const { deps, get } = client();
  const titles = async (): Promise<string[]> =>
    (await get('/?format=json'))
      .json<{ dashboard: { talkers: { title: string }[] } }>()
      .dashboard.talkers.map(({ title }) => title);
  assert.ok((await titles()).includes('Groups of names'));
  deps.engine.talkers.kinds = { ...deps.engine.talkers.kinds, alias: [], group: [] };
  assert.ok(!(await titles()).some((title) => /names/i.test(title)));
});

test('the window is chosen by d', async () => {
  const { get } = client();
  assert.match((await get('/?d=1h', HTML)).body, /<a href="\/\?d=1h" aria-current="true">1h<\/a>/);
  const { statusCode, body } = await get('/?d=2h');
  assert.equal(statusCode, 400);
  assert.match(body, /Parameter "d" is "2h", expected one of: 15m, 1h, 24h/);
});

test('a stuck engine is not asked, and the page says what is wrong', async () => {
  const { get, deps } = client();
  deps.engine.state = { ...deps.engine.state, running: false, lastError: 'out of memory' };
  const { statusCode, body } = await get('/', HTML);
  assert.equal(statusCode, 200);
  assert.match(body, /out of memory/);
  assert.deepEqual(deps.engine.asked, []);
});

test('/pages lists every page with its path', async () => {
  const { body } = await client().get('/pages', HTML);
  assert.match(
    body,
    /<a href="\/calls\/list">Calls held now, newest first<\/a> <code class="quiet">\/calls\/list<\/code>/,
  );
});
