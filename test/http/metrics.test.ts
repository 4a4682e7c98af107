import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { COUNTERS } from '../../src/model/counters.ts';
import { client } from './client.ts';
import { accessSettings, countersOf } from './fakes.ts';

/** What the text format, version 0.0.4, allows: https://prometheus.io/docs/instrumenting/exposition_formats/ */
const HELP = /^# HELP ([a-z_0-9]+) .+$/;
const TYPE = /^# TYPE ([a-z_0-9]+) (counter|gauge|histogram)$/;
const SAMPLE = /^([a-z_0-9]+)(?:\{([a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*)\})? (\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

async function metrics(values: Readonly<Record<string, number>> = {}): Promise<string[]> {
  const counters = countersOf(values);
  const answer = await client({ counters: () => counters }).get('/metrics');
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.ok(answer.body.endsWith('\n'));
  return answer.body.trimEnd().split('\n');
}

suite('/metrics', () => {
  test('has for each metric what it means, its type, and samples under its name, each once', async () => {
    const seen = new Set<string>();
    let name = '';
    let type = '';
    for (const line of await metrics()) {
      const [help, typed] = [HELP.exec(line)?.[1], TYPE.exec(line)];
      if (help !== undefined) {
        assert.ok(!seen.has(help), `${help} is there twice`);
        seen.add((name = help));
      } else if (typed !== null) {
        assert.equal(typed[1], name);
        type = typed[2] ?? '';
        assert.equal(type === 'counter', name.endsWith('_total'), name);
      } else {
        const sample = SAMPLE.exec(line);
        assert.ok(sample, line);
        const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
        assert.ok(
          suffixes.some((suffix) => sample[1] === name + suffix),
          line,
        );
        const key = `${sample[1]}{${sample[2]}}`;
        assert.ok(!seen.has(key), `${key} is there twice`);
        seen.add(key);
      }
    }
  });

  test('shows every counter once', async () => {
    const sums = new Set(['ingest.refused', 'ingest.ignored', 'ingest.dropped']);
    const shown = COUNTERS.map(({ index, group, name }) => ({ path: `${group}.${name}`, value: 770_000 + index }))
      .filter(({ path }) => !sums.has(path))
      // These are within a histogram, see below.
      .filter(({ path }) => !/^outcomes\.(?:setup_|talk)/.test(path));
    const lines = await metrics(Object.fromEntries(shown.map(({ path, value }) => [path, value])));
    for (const { path, value } of shown) {
      const found = lines.filter((line) => line.endsWith(` ${value}`));
      assert.equal(found.length, 1, `${path}: ${found.join(' ')}`);
    }
  });

  test('has kinds as labels and units as Prometheus wants them', async () => {
    const lines = await metrics({
      'ingest.received': 1042,
      'ingest.refused': 9,
      'ingest.refused.SIP_INCOMPLETE': 7,
      'ingest.refused.HEP_BAD_CHUNK': 2,
      'calls.inv_established': 3,
      'ev_ring0.evtype.call-start': 4,
      'pkt_stats.sip_INVITE': 5,
      'pkt_stats.sip_4XX': 6,
    });
    for (const line of [
      'sipcol_ingest_received_total 1042',
      'sipcol_ingest_refused_total{code="SIP_INCOMPLETE"} 7',
      'sipcol_ingest_refused_total{code="HEP_BAD_CHUNK"} 2',
      'sipcol_calls_in_state{state="inv_established"} 3',
      'sipcol_events_total{type="call-start"} 4',
      'sipcol_sip_requests_total{method="INVITE"} 5',
      'sipcol_sip_replies_total{class="4xx"} 6',
      'sipcol_build_info{version="0.1.0",node="v20.20.2"} 1',
      'sipcol_engine_running 1',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(!lines.some((line) => line.startsWith('sipcol_ingest_refused_total ')));
  });

  test('has set-up times as a histogram in seconds, with buckets that add up', async () => {
    // Two within 50 ms, one within 200 ms, one beyond 20 s; 25.3 s in all.
    const lines = await metrics({
      'outcomes.setup_answered.ms_50': 2,
      'outcomes.setup_answered.ms_200': 1,
      'outcomes.setup_answered.more': 1,
      'outcomes.setup_answered_us': 25_300_000,
      'outcomes.setup_failed.ms_750': 1,
      'outcomes.setup_failed_us': 600_000,
    });
    const of = (start: string): string[] => lines.filter((line) => line.startsWith(start));
    const answered = of('sipcol_setup_seconds_bucket{outcome="answered"');
    assert.deepEqual(
      [answered[0], answered[1], answered[2], answered.at(-2), answered.at(-1)],
      [
        'sipcol_setup_seconds_bucket{outcome="answered",le="0.05"} 2',
        'sipcol_setup_seconds_bucket{outcome="answered",le="0.1"} 2',
        'sipcol_setup_seconds_bucket{outcome="answered",le="0.2"} 3',
        'sipcol_setup_seconds_bucket{outcome="answered",le="20"} 3',
        'sipcol_setup_seconds_bucket{outcome="answered",le="+Inf"} 4',
      ],
    );
    assert.deepEqual(of('sipcol_setup_seconds_sum{outcome="answered"}'), [
      'sipcol_setup_seconds_sum{outcome="answered"} 25.3',
    ]);
    assert.deepEqual(of('sipcol_setup_seconds_count'), [
      'sipcol_setup_seconds_count{outcome="answered"} 4',
      'sipcol_setup_seconds_count{outcome="failed"} 1',
    ]);
  });

  test('has conversations as a histogram, too', async () => {
    // One within 6 s, one within 30 s, one beyond an hour.
    const lines = await metrics({
      'outcomes.talk.s_6': 1,
      'outcomes.talk.s_30': 1,
      'outcomes.talk.more': 1,
      'outcomes.talk_us': 4_000_500_000,
    });
    assert.deepEqual(
      lines.filter((line) => /^sipcol_talk_seconds_(?:sum|count|bucket\{le="(?:6|30|3600|\+Inf)"\})/.test(line)),
      [
        'sipcol_talk_seconds_bucket{le="6"} 1',
        'sipcol_talk_seconds_bucket{le="30"} 2',
        'sipcol_talk_seconds_bucket{le="3600"} 2',
        'sipcol_talk_seconds_bucket{le="+Inf"} 3',
        'sipcol_talk_seconds_sum 4000.5',
        'sipcol_talk_seconds_count 3',
      ],
    );
  });

  for (const metricsOpen of [false, true]) {
    test(`answers ${metricsOpen ? 'everybody' : 'nobody without a token'} where http_metrics_open is ${metricsOpen}`, async () => {
      const settings = accessSettings({ tokens: [{ token: 'secret', role: 'viewer' }], metricsOpen });
      const { get } = client({ settings });
      assert.equal((await get('/metrics')).statusCode, metricsOpen ? 200 : 401);
      assert.equal((await get('/stats')).statusCode, 401);
      assert.equal((await get('/metrics', { authorization: 'Bearer secret' })).statusCode, 200);
    });
  }
});
