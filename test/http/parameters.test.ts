import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EngineRequestError } from '../../src/model/engine.ts';
import { client } from './client.ts';

suite('queries that reach the engine', () => {
  const calls: [string, object][] = [
    ['', { offset: 0, limit: 100 }],
    ['?n=5&s=10', { offset: 10, limit: 5 }],
    ['?limit=5&offset=10', { offset: 10, limit: 5 }],
    ['?n=&s=', { offset: 0, limit: 100 }],
    ['?cid=abc', { offset: 0, limit: 100, filter: { field: 'cid', value: 'abc', regexp: false } }],
    ['?cid=', { offset: 0, limit: 100 }],
    [
      '?filter=state&val=early&n=100',
      { offset: 0, limit: 100, filter: { field: 'state', value: 'early', regexp: false } },
    ],
    ['?filter=state&val=', { offset: 0, limit: 100 }],
    ['?key=%5Ea&re', { offset: 0, limit: 100, filter: { field: 'key', value: '^a', regexp: true } }],
    ['?ftag=a&re=1', { offset: 0, limit: 100, filter: { field: 'ftag', value: 'a', regexp: true } }],
    ['?ttag=a&re=0', { offset: 0, limit: 100, filter: { field: 'ttag', value: 'a', regexp: false } }],
  ];
  for (const [query, expected] of calls) {
    test(`/calls/list${query} asks for what it says`, async () => {
      const { get, deps } = client();
      assert.equal((await get(`/calls/list${query}`)).statusCode, 200);
      assert.deepEqual(deps.engine.asked, [['listCalls', expected]]);
    });
  }

  for (const field of [
    'name',
    'src',
    'dst',
    'sport',
    'dport',
    'proto',
    'status',
    'cid',
    'fu',
    'tu',
    'method',
    'uri',
    'contact',
    'reason',
    'ua',
    'uas',
  ]) {
    test(`/events takes the filter ${field}`, async () => {
      const { get, deps } = client();
      assert.equal((await get(`/events?${field}=x&s=7`)).statusCode, 200);
      assert.deepEqual(deps.engine.asked, [
        ['listEvents', { offset: 7, limit: 100, filter: { field, value: 'x', regexp: false } }],
      ]);
    });
  }
});

suite('refused parameters', () => {
  const cases: [string, string, string][] = [
    ['/calls/list?n=abc', 'n', 'a whole number from 1 to 20000'],
    ['/calls/list?n=0', 'n', 'a whole number from 1 to 20000'],
    ['/calls/list?n=20001', 'n', 'a whole number from 1 to 20000'],
    ['/calls/list?n=1e3', 'n', 'a whole number from 1 to 20000'],
    ['/calls/list?s=-1', 's', 'a whole number from 0 to 9007199254740991'],
    ['/calls/list?n=1&n=2', 'n', 'one value'],
    ['/calls/list?n=1&limit=2', 'limit', 'absent where "n" is given'],
    [
      '/calls/list?callid=1',
      'callid',
      'one of: n, s, limit, offset, q, sort, order, summary, merge, cid, ftag, ttag, key, state, filter, val, re, columns, format, tz',
    ],
    [
      '/calls/list?__proto__=1',
      '__proto__',
      'one of: n, s, limit, offset, q, sort, order, summary, merge, cid, ftag, ttag, key, state, filter, val, re, columns, format, tz',
    ],
    ['/calls/list?filter=from&val=x', 'filter', 'one of: cid, ftag, ttag, key, state'],
    ['/calls/list?val=x', 'filter', 'the field "val" is compared with, one of: cid, ftag, ttag, key, state'],
    ['/calls/list?cid=a&state=b', 'state', 'absent where "cid" is given: one filter at a time'],
    ['/calls/list?cid=a&re=maybe', 're', '0 or 1'],
    ['/calls?n=1', 'n', 'one of: format, tz'],
    ['/stats/rate?d=2s', 'd', 'one of: 1s, 10s, 1m, 1h'],
    ['/stats/rate?d=x', 'd', 'one of: 1s, 10s, 1m, 1h'],
    ['/stats/avg?d=10', 'd', 'a duration such as 30s, 1m30s or 250ms'],
    ['/stats/avg?d=0', 'd', 'a duration above 0, such as 1s, 10s or 1m'],
    ['/stats/avg?d=-1s', 'd', 'a duration above 0, such as 1s, 10s or 1m'],
    ['/counters?group=ingest.nope', 'group', 'one of these after "ingest": refused, ignored, dropped'],
    [
      '/counters?counter=ev_ring0.nope',
      'counter',
      'one of these after "ev_ring0": queued, get_old_idx, get_last_idx, get_high_idx, evtype',
    ],
    ['/counters?flags=256', 'flags', 'a number up to 255, or names joined by |: fullname, val, desc, rec, nz, nonzero'],
    ['/counters?flags=all', 'flags', 'a number up to 255, or names joined by |: fullname, val, desc, rec, nz, nonzero'],
  ];
  for (const [url, parameter, allowed] of cases) {
    test(`${url} gets 400 that says what is allowed`, async () => {
      const { get, deps } = client();
      const answer = await get(url, { accept: 'application/json' });
      assert.equal(answer.statusCode, 400);
      const problem = answer.json<{ parameter: string; allowed: string }>();
      assert.equal(problem.parameter, parameter);
      assert.equal(problem.allowed, allowed);
      assert.deepEqual(deps.engine.asked, []);
    });
  }

  test('a refusal is a line in text and a page in HTML', async () => {
    const { get } = client();
    const text = await get('/calls/list?n=abc');
    assert.equal(text.body, 'Error 400 Bad Request: Parameter "n" is "abc", expected a whole number from 1 to 20000\n');
    const html = await get('/calls/list?n=abc&format=html');
    assert.equal(html.statusCode, 400);
    assert.match(html.body, /<h1>Bad Request<\/h1>/);
    assert.match(html.body, /role="alert"/);
  });

  test('a long or hostile value is cut and escaped where it is repeated', async () => {
    const { get } = client();
    const text = await get(`/calls/list?n=${'a'.repeat(5000)}`);
    assert.ok(text.body.length < 400);
    const escape = await get('/calls/list?n=%1b%5b31m%0aX');
    assert.match(escape.body, /^Error 400 Bad Request: Parameter "n" is "\\x1b\[31m\\x0aX", [^\n]+\n$/);
    const html = await get('/calls/list?n=<script>alert(1)</script>&format=html');
    assert.doesNotMatch(html.body, /<script(?! type="module" src="\/assets\/[\w-]+\/client\/main\.js"><\/script>)/);
  });

  test('an address that cannot be decoded gets 400 with the security headers', async () => {
    const { get } = client();
    const answer = await get('/calls/%zz');
    assert.equal(answer.statusCode, 400);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.match(answer.body, /^Error 400 Bad Request: /);
  });

  test('what the engine refuses gets 400 with its words', async () => {
    const { get, deps } = client();
    deps.engine.failure = new EngineRequestError('Parameter "cid" is "(", expected a regular expression: missing )');
    const answer = await get('/calls/list?cid=(&re');
    assert.equal(answer.statusCode, 400);
    assert.equal(
      answer.body,
      'Error 400 Bad Request: Parameter "cid" is "(", expected a regular expression: missing )\n',
    );
  });

  test('what fails inside gets 500 without its words, or 503 while the engine is down', async () => {
    const { get, deps } = client();
    deps.engine.failure = new Error('secret detail');
    const failed = await get('/calls/list');
    assert.equal(failed.statusCode, 500);
    assert.doesNotMatch(failed.body, /secret/);
    deps.engine.state = { ...deps.engine.state, running: false };
    assert.equal((await get('/calls/list')).statusCode, 503);
  });
});

suite('changes', () => {
  test('POST /calls/timeout sets seconds by state, long names and minutes included', async () => {
    const { post, deps } = client();
    const answer = await post('/calls/timeout', 'inv_1st=90s&early+dialog=2m30s&inv_neg=0');
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(deps.engine.asked, [['setCallTimeouts', { inv_1st: 90, inv_early_dlg: 150, inv_neg: 0 }]]);
    assert.match(answer.body, /inv_1st {9}: {5}90s/);
  });

  test('POST with JSON does the same and answers in the form asked for', async () => {
    const { post, deps } = client();
    const answer = await post('/calls/timeout?format=json', { inv_1st: '90s', inv_neg: 0 });
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(deps.engine.asked, [['setCallTimeouts', { inv_1st: 90, inv_neg: 0 }]]);
    const list = answer.json<{ items: { state: string; seconds: number }[] }>();
    assert.equal(list.items.find((item) => item.state === 'inv_1st')?.seconds, 90);
  });

  test('POST as a browser says what was applied', async () => {
    const { post } = client();
    const answer = await post('/calls/timeout', 'inv_1st=90s', { accept: 'text/html' });
    assert.match(answer.body, /role="status">Applied: <bdi>inv_1st = 90s</);
  });

  test('POST /events/blst switches types, a name without value is 1, reset comes first', async () => {
    const { post, deps } = client();
    assert.equal((await post('/events/blst', 'call-start=1&call-end=0&reg-new&reset=1')).statusCode, 200);
    assert.equal((await post('/events/blst', { 'call-start': false, 'call-end': true })).statusCode, 200);
    assert.deepEqual(deps.engine.asked, [
      ['setEventBlacklist', { 'call-start': true, 'call-end': false, 'reg-new': true }, true],
      ['setEventBlacklist', { 'call-start': false, 'call-end': true }, false],
    ]);
  });

  test('POST /regs/cfg takes seconds with and without unit, and -1 for what was configured', async () => {
    const { post, deps } = client();
    assert.equal((await post('/regs/cfg', 'reg_exp_delta=10&reg_del_delay=1m&contact_ignore_port=1')).statusCode, 200);
    assert.equal((await post('/regs/cfg', { reg_del_delay: 0, contact_ignore_port: false })).statusCode, 200);
    const answer = await post('/regs/cfg', 'reg_exp_delta=-1&reg_del_delay=-1&contact_ignore_port=-1', {
      accept: 'text/html',
    });
    assert.match(answer.body, /Applied: <bdi>reg_exp_delta as configured, reg_del_delay as configured, /);
    assert.deepEqual(deps.engine.asked, [
      ['setRegistrationSettings', { regExpDeltaS: 10, regDelDelayS: 60, contactIgnorePort: true }],
      ['setRegistrationSettings', { regDelDelayS: 0, contactIgnorePort: false }],
      ['setRegistrationSettings', { regExpDeltaS: null, regDelDelayS: null, contactIgnorePort: null }],
    ]);
  });

  const refused: [string, string | object, number, RegExp][] = [
    ['/regs/cfg', 'reg_exp_delta=-2', 400, /"reg_exp_delta" is "-2", expected a duration/],
    ['/regs/cfg', 'reg_exp_delta=1&reg_del_delay=86401', 400, /expected whole seconds from 0 to 86400, or -1/],
    ['/regs/cfg', 'reg_del_delay=1500ms', 400, /expected whole seconds/],
    ['/regs/cfg', 'contact_ignore_port=2', 400, /expected 0 or 1/],
    ['/regs/cfg', 'regs_max_entries=1', 400, /expected one of: reg_exp_delta/],
    ['/calls/timeout', 'inv_1st=90', 400, /"inv_1st" is "90", expected a duration/],
    ['/calls/timeout', 'inv_1st=1500ms', 400, /expected whole seconds/],
    ['/calls/timeout', 'inv_1st=90s&first+invite=91s', 400, /both name one state/],
    [
      '/calls/timeout',
      'inv_1st=90s&nope=1s',
      400,
      /Parameter "nope" is "1s", expected one of: init, inv_1st, first invite/,
    ],
    ['/calls/timeout', 'invalid=1s', 400, /Parameter "invalid"/],
    ['/calls/timeout', '', 400, /expected at least one of/],
    ['/calls/timeout', { inv_1st: ['1s', '2s'] }, 400, /expected one value/],
    ['/calls/timeout', { inv_1st: { a: 1 } }, 400, /expected a text, a number or a boolean/],
    ['/calls/timeout?inv_1st=90s', 'inv_neg=1s', 400, /Parameter "inv_1st" is "90s", expected one of: format/],
    ['/events/blst', 'call-start=yes', 400, /expected 0 or 1/],
    ['/events/blst', 'empty=1', 400, /Parameter "empty"/],
  ];
  for (const [url, body, status, says] of refused) {
    test(`POST ${url} with ${JSON.stringify(body)} changes nothing and gets ${status}`, async () => {
      const { post, deps } = client();
      const answer = await post(url, body);
      assert.equal(answer.statusCode, status);
      assert.match(answer.body, says);
      assert.deepEqual(deps.engine.asked, []);
    });
  }

  test('a value out of range is refused by the engine and nothing of the request is applied', async () => {
    const { post, deps } = client();
    const answer = await post('/calls/timeout', 'inv_neg=20s&inv_1st=9000s');
    assert.equal(answer.statusCode, 400);
    assert.equal(deps.engine.seconds.get('inv_neg'), 30);
  });

  const bodies: [string, string, number][] = [
    ['{"inv_1st":', 'application/json', 400],
    ['{"__proto__":{"a":1}}', 'application/json', 400],
    ['inv_1st=90s', 'text/plain', 415],
    [`inv_1st=${'9'.repeat(70_000)}`, 'application/x-www-form-urlencoded', 413],
  ];
  for (const [payload, type, status] of bodies) {
    test(`a body of ${payload.length} octets ${type} beginning "${payload.slice(0, 12)}" gets ${status}`, async () => {
      const { ask, deps } = client();
      const answer = await ask({ method: 'POST', url: '/calls/timeout', payload, headers: { 'content-type': type } });
      assert.equal(answer.statusCode, status);
      assert.match(answer.body, new RegExp(`^Error ${status} `));
      assert.deepEqual(deps.engine.asked, []);
    });
  }
});

suite('methods and paths', () => {
  for (const url of [
    '/calls/timeout?inv_1st=90s',
    '/calls/timeout?first+invite=90s',
    '/events/blst?call-start',
    '/events/blst?reset=1',
    '/regs/cfg?reg_exp_delta=10',
  ]) {
    test(`GET ${url} gets 405 and says to use POST`, async () => {
      const { get, deps } = client();
      const answer = await get(url);
      assert.equal(answer.statusCode, 405);
      assert.equal(answer.headers['allow'], 'POST');
      assert.match(answer.body, /use POST/);
      assert.deepEqual(deps.engine.asked, []);
    });
  }

  const wrong: ['POST' | 'PUT' | 'DELETE', string, string][] = [
    ['POST', '/calls/list', 'GET, HEAD'],
    ['PUT', '/calls/timeout', 'GET, HEAD, POST'],
    ['DELETE', '/', 'GET, HEAD'],
  ];
  for (const [method, url, allow] of wrong) {
    test(`${method} ${url} gets 405 with Allow: ${allow}`, async () => {
      const { ask } = client();
      const answer = await ask({ method, url });
      assert.equal(answer.statusCode, 405);
      assert.equal(answer.headers['allow'], allow);
    });
  }

  test('an unknown path gets 404 with links to all pages', async () => {
    const { get } = client();
    const html = await get('/nope?format=html');
    assert.equal(html.statusCode, 404);
    assert.match(html.body, /href="\/calls\/list"/);
    const text = await get('/nope');
    assert.equal(text.body, 'Error 404 Not Found: There is no page "/nope"; all pages are listed at /pages\n');
    const json = await get('/nope', { accept: 'application/json' });
    assert.equal(json.json<{ status: number }>().status, 404);
  });
});
