import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { callCourse, counterCourse, ingestCourse } from '../../src/http/charts.ts';
import { COUNTERS } from '../../src/model/counters.ts';
import { client } from './client.ts';
import { seriesOf } from './fakes.ts';

const STEPS = [
  { 'ingest.received': 100, 'ingest.refused': 10, 'ingest.refused.HEP_SHORT': 10, 'calls.active': 3 },
  { 'ingest.received': 0, 'calls.active': 5 },
  { 'ingest.received': 50, 'ingest.refused': 4, 'ingest.refused.SIP_INCOMPLETE': 4, 'ingest.dropped': 1 },
];
const window = seriesOf(STEPS).window(900_000);
const info = (name: string) => COUNTERS.filter((each) => `${each.group}.${each.name}` === name);

suite('the charts', () => {
  test('shares have no value where there is nothing to divide by', () => {
    const lost = ingestCourse(window).charts.find(({ name }) => name === 'lost');
    assert.deepEqual(lost?.series[0]?.values, [0.1, null, 0.1]);
  });

  test('reasons stand in order of their sum, those that never moved are left out', () => {
    const refused = ingestCourse(window).charts.find(({ name }) => name === 'refused');
    assert.deepEqual(
      refused?.series.map(({ name }) => name),
      ['HEP_SHORT', 'SIP_INCOMPLETE'],
    );
  });

  test('replies are drawn by status, the commonest eight, and lead to their messages', () => {
    const codes = [100, 180, 200, 401, 404, 486, 487, 500, 503];
    const step = Object.fromEntries(codes.map((code, n) => [`pkt_stats.status.${code}`, 10 * (n + 1)]));
    const { charts } = callCourse(seriesOf([step]).window(900_000));
    const chart = charts.find(({ name }) => name === 'statuses');
    assert.deepEqual(
      chart?.series.map(({ name }) => name),
      codes.slice(1).toReversed().map(String),
    );
    assert.equal(chart?.series[0]?.href, '/messages?q=status%3A503+at%3A-10s');
  });

  test('a counter is drawn per second of its step, a gauge as it stood', () => {
    const { charts, stepMs } = counterCourse(window, [...info('ingest.received'), ...info('calls.active')]);
    assert.deepEqual(
      charts.map(({ unit, series }) => [unit, series[0]?.values]),
      [
        ['perSecond', [100, 0, 50].map((count) => (count / stepMs) * 1000)],
        ['count', [3, 5, 0]],
      ],
    );
  });

  test('all charts of a window have a value for each of its steps', () => {
    for (const course of [callCourse(window), ingestCourse(window)]) {
      for (const chart of course.charts)
        for (const { values } of chart.series) assert.equal(values.length, course.endsUs.length, chart.name);
    }
  });
});

suite('/stats/charts', () => {
  test('draws the usual charts, or the counters asked for', async () => {
    const { get } = client();
    const usual = await get('/stats/charts?format=html');
    assert.equal(usual.body.split('<figure').length - 1, 15);
    const chosen = await get('/stats/charts?format=html&d=1h&counter=ingest.received&counter=calls.active');
    assert.equal(chosen.body.split('<figure').length - 1, 2);
    assert.ok(chosen.body.includes('href="/stats/charts?d=24h&amp;counter=ingest.received&amp;counter=calls.active"'));
    assert.match((await get('/stats/charts?counter=ingest.received')).body, /\tingest\.received\tper second\t/);
  });

  test('a counter there is not, and more than are drawn, are refused', async () => {
    const { get } = client();
    assert.equal((await get('/stats/charts?counter=ingest')).statusCode, 400);
    assert.equal((await get(`/stats/charts?d=1h${'&counter=ingest.received'.repeat(13)}`)).statusCode, 400);
  });

  test('every counter of /counters leads to its chart', async () => {
    const { get } = client();
    const { body } = await get('/counters?format=html');
    assert.ok(body.includes('href="/stats/charts?counter=ingest.received"'));
  });
});
