import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EngineRequestError } from '../../src/model/engine.ts';
import { client } from './client.ts';
import { accessSettings, countersOf, rateEntry } from './fakes.ts';

suite('lists of rates', () => {
  const queries: [string, object][] = [
    ['', { offset: 0, limit: 100 }],
    ['?n=5&s=10', { offset: 10, limit: 5 }],
    ['?ip=192.0.2.0/24', { offset: 0, limit: 100, ip: '192.0.2.0/24' }],
    ['?ip=%5E192&re', { offset: 0, limit: 100, ip: '^192', regexp: true }],
    ['?val=-1', { offset: 0, limit: 100 }],
    ['?val=0', { offset: 0, limit: 100, exceeded: false }],
    ['?val=1', { offset: 0, limit: 100, exceeded: true }],
    ['?rate=20', { offset: 0, limit: 100, rate: { op: '>=', value: 20 } }],
    ['?rate=2.5&rop=%3C&ridx=2', { offset: 0, limit: 100, rate: { op: '<', value: 2.5 }, rateIndex: 2 }],
    ['?ip=&val=&rate=&rop=&ridx=-1&n=', { offset: 0, limit: 100 }],
  ];
  for (const [query, expected] of queries) {
    test(`/evrateblst/list${query} asks for what it says`, async () => {
      const { get, deps } = client();
      assert.equal((await get(`/evrateblst/list${query}`)).statusCode, 200);
      assert.deepEqual(deps.engine.asked, [['listRates', expected]]);
    });
  }

  const refused: [string, string][] = [
    ['?val=2', 'val'],
    ['?rate=fast', 'rate'],
    ['?rop=%3E', 'rop'],
    ['?ridx=3', 'ridx'],
    ['?cid=x', 'cid'],
  ];
  for (const [query, parameter] of refused) {
    test(`/evrateblst/list${query} is refused and names the parameter`, async () => {
      const { get, deps } = client();
      const answer = await get(`/evrateblst/list${query}`, { accept: 'application/json' });
      assert.equal(answer.statusCode, 400);
      assert.equal(answer.json<{ parameter: string }>().parameter, parameter);
      assert.deepEqual(deps.engine.asked, []);
    });
  }

  test('an address the engine cannot read is a 400 with its words', async () => {
    const { get, deps } = client();
    deps.engine.failure = new EngineRequestError('ip: "x", must be an address');
    const answer = await get('/evrateblst/list?ip=x');
    assert.deepEqual([answer.statusCode, answer.body], [400, 'Error 400 Bad Request: ip: "x", must be an address\n']);
  });

  test('as text a list has totals, and per entry its state and rates with marks', async () => {
    const counters = countersOf({ 'ev_rate.total_events': 68, 'ev_rate.blst_rate': 63, 'ev_rate.blst_sent': 2 });
    const { get } = client({ counters: () => counters });
    // The fake's time is 10:00:00.
    assert.equal(
      (await get('/evrateblst/list?ridx=1')).body,
      [
        'Event Rate Blacklist (filter: from 0 max 100 matches, match against "" regexp false ip false ridx 1 rval 0):',
        '',
        'Total:  events: 68, blst type 0, blst rate 63, failed blst 0',
        '',
        '     0. parse-error:127.0.0.1 N:     68 created 2026-11-21 09:59:59.000000 +0000 UTC (1s ago)',
        '       state: exceeded: true rate_id: 0 ex: 63 ok: 5 ExChgT: 1s ago ExLastT: 0s ago OkLastT: 1s ago',
        '      *rate0: 49.556826(old: 49.556826) / 1s (1s) limit 5 (u: 0s ago)',
        '      !rate1: 68.000000(old: 0.000000) / 1m0s (1m0s) limit 240 (u: 1s ago)',
        '       rate2: 68.000000(old: 0.000000) / 1h0m0s (1h0m0s) limit 3600 (u: 1s ago)',
        '',
      ].join('\n'),
    );
  });

  test('an empty list says why', async () => {
    const none = client({ counters: () => countersOf() });
    none.deps.engine.rates = [];
    assert.match((await none.get('/evrateblst/list')).body, /# An entry comes with the first event/);
    const some = client({ counters: () => countersOf({ 'ev_rate.total_events': 3 }) });
    some.deps.engine.rates = [];
    assert.match(
      (await some.get('/evrateblst/list')).body,
      /# 3 events so far, but no entry: .*\(\/evrateblst\/gccfg1\)/,
    );
  });

  test('a row leads to the events of its source, and paging keeps the question', async () => {
    const { get, deps } = client();
    deps.engine.rates = [1, 2, 3].map((n) => rateEntry({ ip: `2001:db8::${n}` }));
    const { body } = await get('/evrateblst/list?format=html&val=1&n=2');
    assert.match(body, /href="\/events\?src=2001%3Adb8%3A%3A1"/);
    assert.match(body, /href="\/evrateblst\/list\?val=1&amp;n=2&amp;s=2"/);
  });
});

suite('settings of rates', () => {
  test('a POST hands all parameters on as text, in one piece, and shows the result', async () => {
    const { post, deps } = client();
    const answer = await post('/evrateblst/rates?format=json', {
      rate0: 12.5,
      interval1: '2m',
      evr_conseq_report_min: '4',
    });
    assert.equal(answer.statusCode, 200);
    const changes = { rate0: '12.5', interval1: '2m', evr_conseq_report_min: '4' };
    assert.deepEqual(deps.engine.asked, [['setRateSettings', changes]]);
    const { items } = answer.json<{ items: { name: string; value: string }[] }>();
    assert.equal(items.find(({ name }) => name === 'rate0')?.value, '12.5');
  });

  test('forms of all pages post to themselves and offer every parameter', async () => {
    for (const [path, count] of [
      ['/evrateblst/rates', 8],
      ['/evrateblst/gccfg1', 4],
      // Six sizes and times, and eleven for each of ten criteria.
      ['/evrateblst/gccfg2', 6 + 10 * 11],
    ] as const) {
      const { get, post, deps } = client();
      const { body } = await get(`${path}?format=html`);
      assert.ok(body.includes(`<form method="post" action="${path}"`));
      const names = [...body.matchAll(/<(?:input|select) name="(\w+)"/g)].map((match) => match[1] ?? '');
      assert.equal(names.length, count);
      const form = new URLSearchParams(names.map((name) => [name, '5']));
      assert.equal((await post(path, form.toString())).statusCode, 200);
      assert.deepEqual(deps.engine.asked, [['setRateSettings', Object.fromEntries(names.map((name) => [name, '5']))]]);
    }
  });

  test('what the engine refuses is a 400, and nothing is applied', async () => {
    const { post, deps } = client();
    deps.engine.failure = new EngineRequestError('rate0: "x", must be a number');
    const answer = await post('/evrateblst/rates', 'rate0=x');
    assert.deepEqual([answer.statusCode, answer.body], [400, 'Error 400 Bad Request: rate0: "x", must be a number\n']);
    assert.equal(deps.engine.rateSettingTexts.size, 0);
  });

  const changing: [string, string][] = [
    ['/evrateblst/rates', 'rate0=1'],
    ['/evrateblst/gccfg1', 'evr_gc_target=1'],
    ['/evrateblst/gccfg2', 'hard_gc_m9_opex=ignore'],
    ['/evrateblst/forcegc', 'n=1'],
    ['/debug/forcetimeout', 'timeout=1s'],
    ['/debug/options', 'log_level=3'],
    ['/inject', 'sipmsg=OPTIONS'],
    ['/tcp/timeouts', 'tcp_gc_int=1s'],
  ];
  for (const [path, parameters] of changing) {
    test(`GET ${path} with ${parameters} changes nothing and says to use POST`, async () => {
      const { get, deps } = client();
      const answer = await get(`${path}?${parameters}`);
      assert.deepEqual([answer.statusCode, answer.headers['allow']], [405, 'POST']);
      assert.match(answer.body, /use POST/);
      assert.deepEqual(deps.engine.asked, []);
    });

    test(`POST ${path} needs the role admin`, async () => {
      const settings = accessSettings({ tokens: [{ token: 'look', role: 'viewer' }] });
      const { post, deps } = client({ settings });
      const answer = await post(path, parameters, { authorization: 'Bearer look' });
      assert.equal(answer.statusCode, 403);
      assert.deepEqual(deps.engine.asked, []);
      assert.equal(deps.logLevel.get(), 2);
    });
  }
});

suite('what is done at once', () => {
  test('a collection by hand tells what it did, without parameters with the default', async () => {
    const { post, deps } = client();
    assert.equal(
      (await post('/evrateblst/forcegc', '')).body,
      [
        'running GC, entries 1, target 1 life time lim -2s runtime limit 10ms ...',
        'GC run: target 1 met: true (crt 1 entries), run timeout false, entries walked: 1, removed: 0',
        '',
      ].join('\n'),
    );
    await post('/evrateblst/forcegc', { n: 0 });
    assert.deepEqual(deps.engine.asked, [
      ['forceRateGc', 1],
      ['forceRateGc', 0],
    ]);
    assert.equal((await post('/evrateblst/forcegc', 'n=-1')).statusCode, 400);
  });

  test('forced timeouts tell what was there before and after', async () => {
    const { post, deps } = client();
    assert.equal(
      (await post('/debug/forcetimeout', 'timeout=200ms')).body,
      [
        'Before: CallTracking Hash Stats: {Total:21 Crt:1 Max:1 Min:0 Buckets:65536}',
        'After: CallTracking Hash Stats: {Total:21 Crt:1 Max:1 Min:0 Buckets:65536}',
        'forced timeout 200ms for 6 entries, loops 1, walked 6 entries, duration 2.15ms',
        '',
      ].join('\n'),
    );
    await post('/debug/forcetimeout', '');
    assert.deepEqual(
      deps.engine.asked.filter((question) => Array.isArray(question) && question[0] === 'forceTimeout'),
      [
        ['forceTimeout', 200],
        ['forceTimeout', 100],
      ],
    );
    assert.equal((await post('/debug/forcetimeout', 'timeout=5')).statusCode, 400);
  });

  test('answers of their own are described, and answer as JSON after their description', async () => {
    const { post, get } = client();
    const description = (await get('/openapi.json')).json<{
      paths: Record<
        string,
        { post: { responses: Record<string, { content: Record<string, { schema: { properties: object } }> }> } }
      >;
    }>();
    for (const [path, parameters] of [
      ['/evrateblst/forcegc', ''],
      ['/debug/forcetimeout', ''],
      ['/inject', 'crlfformat=crlf&sipmsg=OPTIONS'],
    ] as const) {
      const schema = description.paths[path]?.post.responses['200']?.content['application/json']?.schema;
      const answer = (await post(`${path}?format=json`, parameters)).json<object>();
      assert.deepEqual(Object.keys(answer).toSorted(), Object.keys(schema?.properties ?? {}).toSorted());
    }
  });

  for (const [text, level] of [
    ['dbg', 3],
    ['-1', -1],
    ['WARN', 0],
  ] as const) {
    test(`/debug/options sets the log level to ${text}`, async () => {
      const { post, deps } = client();
      assert.equal((await post('/debug/options', `log_level=${text}`)).statusCode, 200);
      assert.equal(deps.logLevel.get(), level);
    });
  }

  test('/debug/options refuses a level that is none, and options it does not have', async () => {
    const { post, get, deps } = client();
    for (const body of ['log_level=loud', 'log_level=4', 'log_level=', 'parse_log_level=1', 'log_level=3&log_opt=1']) {
      assert.equal((await post('/debug/options', body)).statusCode, 400, body);
    }
    assert.equal(deps.logLevel.get(), 2);
    assert.equal((await get('/debug/options')).body, 'log_level: info\n');
  });
});
