import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { client } from './client.ts';
import { call, event, registration } from './fakes.ts';

const HTML = { accept: 'text/html' };

/** Headings of the table, in their order. */
function headings(body: string): string[] {
  const [head = ''] = body.split('</thead>', 1);
  return [...head.matchAll(/<th [^>]*>(?:<a [^>]*>)?([^<]*)/g)].map(([, text = '']) => text);
}

/** An address as a page has it, its parameters by name: their order says nothing. */
function address(href: string): string {
  const [path, query] = href.replaceAll('&amp;', '&').split('?', 2);
  return `${path}?${[...new URLSearchParams(query)]
    .map((pair) => pair.join('='))
    .toSorted()
    .join('&')}`;
}

/** Where the headings lead, by their text. */
function headingLinks(body: string): Map<string, string> {
  const links = body.matchAll(/<th [^>]*><a href="([^"]*)"[^>]*>([^<]*)/g);
  return new Map([...links].map(([, href = '', text = '']) => [text, address(href)]));
}

const USUAL = ['State', 'Created', 'From', 'To', 'Method', 'Status', 'Reason', 'Setup', 'Ringing', 'Duration'];

suite('the columns of the calls list', () => {
  for (const [name, url, cookie, columns] of [
    ['are the usual ones', '/calls/list', '', USUAL],
    ['are those asked for, in that order', '/calls/list?columns=callid,from', '', ['Call-ID', 'From']],
    ['may be asked for one by one, as forms do', '/calls/list?columns=pdd&columns=src', '', ['Setup', 'Source']],
    ['stand once each', '/calls/list?columns=pdd,pdd', '', ['Setup']],
    ['are those the browser remembers', '/calls/list', 'theme=dark; columns_calls=to.ua', ['To', 'User-Agent']],
    ['asked for win over those remembered', '/calls/list?columns=legs', 'columns_calls=to.ua', ['Legs']],
    ['are not those of another list', '/calls/list', 'columns_regs=aor', USUAL],
    ['remembered that are not known are left out', '/calls/list', 'columns_calls=to.gone."><script>', ['To']],
    ['of a cookie that says nothing are the usual ones', '/calls/list', 'columns_calls=..', USUAL],
  ] as const) {
    test(name, async () => {
      const { body } = await client().get(url, { ...HTML, cookie });
      assert.deepEqual(headings(body), columns);
    });
  }

  test('that are not known are refused, with those that are', async () => {
    const { statusCode, body } = await client().get('/calls/list?columns=from,nothing', { accept: 'text/plain' });
    assert.equal(statusCode, 400);
    assert.match(body, /Parameter "columns" is "nothing", expected of these, with commas: index, state, start,/);
  });

  test('are kept by the links to other views of the list only where the address asked for them', async () => {
    const { get } = client();
    const asked = (await get('/calls/list?columns=from,pdd&q=alice', HTML)).body;
    assert.equal(headingLinks(asked).get('From'), '/calls/list?columns=from,pdd&n=100&order=asc&q=alice&sort=from');
    const remembered = (await get('/calls/list?q=alice', { ...HTML, cookie: 'columns_calls=from.pdd' })).body;
    assert.equal(headingLinks(remembered).get('From'), '/calls/list?n=100&order=asc&q=alice&sort=from');
  });

  test('can be chosen by a form without scripts, where those shown stand first, in their order', async () => {
    const { body } = await client().get('/calls/list?columns=pdd,from&q=alice&n=7', HTML);
    const boxes = [...body.matchAll(/<input type="checkbox" name="columns" value="(\w+)"( checked)?/g)];
    assert.deepEqual(
      boxes.slice(0, 3).map(([, name, checked]) => [name, checked !== undefined]),
      [
        ['pdd', true],
        ['from', true],
        ['index', false],
      ],
    );
    assert.match(body, /<input type="hidden" name="q" value="alice"\/>/);
    assert.match(
      body,
      /<a href="\/calls\/list\?q=alice&amp;n=7&amp;columns=from%2Cpdd" aria-label="From one place forward">/,
    );
  });
});

suite('the order of the calls list', () => {
  test('is asked of the engine, for all that matches', async () => {
    const { get, deps } = client();
    await get('/calls/list?sort=pdd&order=desc&n=5&s=10');
    assert.deepEqual(deps.engine.asked.at(-1), [
      'listCalls',
      { offset: 10, limit: 5, order: { by: 'pdd', descending: true } },
    ]);
  });

  for (const [url, heading, href] of [
    // Words begin with the first, figures with the largest; the same heading again turns the order round.
    ['/calls/list', 'From', '/calls/list?n=100&order=asc&sort=from'],
    ['/calls/list?sort=from&order=asc', 'From', '/calls/list?n=100&order=desc&sort=from'],
    ['/calls/list', 'Setup', '/calls/list?n=100&order=desc&sort=pdd'],
    ['/calls/list?sort=pdd&order=desc', 'Setup', '/calls/list?n=100&order=asc&sort=pdd'],
    // Newest first is what lists have without being asked.
    ['/calls/list', 'Created', '/calls/list?n=100&order=asc&sort=start'],
    ['/calls/list?sort=start&order=asc', 'Created', '/calls/list?n=100'],
  ] as const) {
    test(`at ${url} the heading "${heading}" leads to ${href}`, async () => {
      const { body } = await client().get(url, HTML);
      assert.equal(headingLinks(body).get(heading), href);
    });
  }

  test('is said at its heading and below the list', async () => {
    const { get } = client();
    const plain = (await get('/calls/list', HTML)).body;
    assert.match(plain, /<th scope="col"[^>]* aria-sort="descending"><a [^>]*>Created/);
    assert.match(plain, /Newest first/);
    const sorted = (await get('/calls/list?sort=pdd&order=asc', HTML)).body;
    assert.match(sorted, /<th scope="col"[^>]* aria-sort="ascending"><a [^>]*>Setup/);
    assert.equal(sorted.match(/aria-sort=/g)?.length, 1);
    assert.match(sorted, /All of them by Setup, ascending/);
  });

  for (const [query, parameter] of [
    ['sort=colour', 'sort'],
    ['sort=pdd&order=up', 'order'],
    ['order=desc', 'order'],
  ] as const) {
    test(`${query} is refused`, async () => {
      const { statusCode, body } = await client().get(`/calls/list?${query}`, { accept: 'text/plain' });
      assert.equal(statusCode, 400);
      assert.match(body, new RegExp(`Parameter "${parameter}"`));
    });
  }
});

suite('a long list', () => {
  const many = (count: number) => {
    const made = client();
    made.deps.engine.calls = Array.from({ length: count }, (_, n) => call({ id: n, callId: `call-${n}` }));
    return made;
  };

  test('has one line for each call, every one of them, and the link to it', async () => {
    const { get } = many(1234);
    const { body } = await get('/calls/list?n=20000&columns=from', HTML);
    const rows = [...body.matchAll(/<tr data-row(?:="")?><td>.*?<\/td><td>.*?<a href="\/call\/(call-\d+)"/g)];
    assert.deepEqual(
      rows.map(([, id]) => id),
      Array.from({ length: 1234 }, (_, n) => `call-${n}`),
    );
    assert.equal(body.match(/<tbody class="slice">/g)?.length, 13);
    assert.ok(body.endsWith('</html>\n'));
    assert.ok(body.indexOf('1–1234 of 1234') > body.lastIndexOf('call-1233'));
    assert.doesNotMatch(body, /data-live=|class="later"/);
  });

  for (const [format, count] of [
    [
      'json',
      (body: string) =>
        (JSON.parse(body) as { items: { created: string }[] }).items.filter(({ created }) => created !== '').length,
    ],
    ['csv', (body: string) => body.split('\r\n').filter((line) => line.includes('call-')).length],
    ['text', (body: string) => body.split('\n').filter((line) => line.includes('call-')).length],
  ] as const) {
    test(`is whole as ${format}`, async () => {
      const { body } = await many(5000).get(`/calls/list?n=20000&format=${format}`);
      assert.equal(count(body), 5000);
    });
  }

  test('lets other requests be answered while it is being sent', async () => {
    const { app } = many(20_000);
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    try {
      const answer = await fetch(`${origin}/calls/list?n=20000`, { headers: HTML });
      const left = answer.body?.getReader() ?? assert.fail('no body');
      // Nobody reads on before another request is answered; what is on its way is far from all.
      assert.equal((await left.read()).done, false);
      assert.equal((await fetch(`${origin}/healthz`)).status, 200);
      let text = '';
      const decoder = new TextDecoder();
      for (let part = await left.read(); !part.done; part = await left.read())
        text += decoder.decode(part.value, { stream: true });
      assert.ok(text.endsWith('</html>\n'));
    } finally {
      await app.close();
    }
  });

  test('keeps captured text text', async () => {
    const { get, deps } = many(300);
    deps.engine.calls[299] = call({ callId: '<tbody class="later"></tbody><script>x</script>', from: '"><img src=x>' });
    const { body } = await get('/calls/list?n=20000', HTML);
    assert.doesNotMatch(body, /<script>x|<img src=x>|<tbody class="later">/);
    assert.match(
      body,
      /&lt;tbody class=&quot;later&quot;&gt;|&lt;tbody class="later">|&lt;tbody class=&quot;later&quot;>/,
    );
  });
});

test('bindings and events come whole, however many there are, and bindings in the order asked for', async () => {
  const { get, deps } = client();
  deps.engine.registrations = Array.from({ length: 400 }, (_, n) => registration({ id: n, aor: `sip:aor-${n}@x` }));
  deps.engine.events = Array.from({ length: 400 }, (_, n) => event({ index: n }));
  const { body } = await get('/regs/list?n=20000&sort=ends&order=asc', HTML);
  assert.deepEqual(deps.engine.asked[0], [
    'listRegistrations',
    { offset: 0, limit: 20_000, order: { by: 'ends', descending: false } },
  ]);
  assert.equal(body.match(/<tr data-row/g)?.length, 400);
  assert.match(body, /aria-sort="ascending"><a [^>]*>Ends in/);
  const events = (await get('/events?n=20000', HTML)).body;
  assert.equal(events.match(/<tr data-row/g)?.length, 400);
});

suite('lists of bindings and events', () => {
  const heads = (body: string): string[] =>
    [...body.matchAll(/<th scope="col"[^>]*>(?:<a [^>]*>)?([^<]*)/g)].map(([, head = '']) => head);

  test('have the columns that the address asks for, else those remembered for this list', async () => {
    const { get } = client();
    assert.deepEqual(heads((await get('/regs/list?columns=registrar,aor', HTML)).body), [
      'Registrar',
      'Address-of-record',
    ]);
    assert.deepEqual(heads((await get('/events?columns=ended,at', HTML)).body), ['Ended by', 'Time']);
    const remembering = { ...HTML, cookie: 'columns_events=ruri.nothing.type; columns_regs=contact' };
    assert.deepEqual(heads((await get('/events', remembering)).body), ['Request-URI', 'Type']);
    assert.deepEqual(heads((await get('/regs/list', remembering)).body), ['Contact']);
    assert.equal((await get('/regs/list?columns=pdd', HTML)).statusCode, 400);
    assert.equal((await get('/events?columns=aor', HTML)).statusCode, 400);
  });

  test('open what a row is of, whichever columns they have', async () => {
    const { get } = client();
    for (const url of ['/regs/list?columns=aor', '/regs/list', '/events?columns=at', '/events']) {
      const { body } = await get(url, HTML);
      assert.equal(body.match(/data-open/g)?.length, body.match(/data-row/g)?.length, url);
    }
  });

  test('can be chosen by a form that keeps what else was asked for', async () => {
    const { body } = await client().get('/events?order=newest&q=alice&n=7', HTML);
    const form = /<details class="menu" data-key="t" data-columns="columns_events">.*?<\/form>/s.exec(body)?.[0] ?? '';
    assert.match(form, /<input type="hidden" name="order" value="newest"\/>/);
    assert.match(form, /<input type="hidden" name="q" value="alice"\/>/);
    assert.equal(form.match(/ checked/g)?.length, 10);
  });

  test('put events in the order of a heading, and back to the newest', async () => {
    const { get, deps } = client();
    const { body } = await get('/events?q=alice', HTML);
    assert.doesNotMatch(body, /aria-sort/);
    assert.equal(headingLinks(body).get('Setup'), '/events?n=100&order=desc&q=alice&sort=pdd');
    const sorted = (await get('/events?q=type:call-end&sort=pdd&order=desc&n=5', HTML)).body;
    const [, asked] = deps.engine.asked.findLast((each) => Array.isArray(each) && each[0] === 'listEvents') as [
      string,
      { offset: number; limit: number; order: unknown; sort: unknown },
    ];
    assert.deepEqual(
      [asked.offset, asked.limit, asked.order, asked.sort],
      [0, 5, undefined, { by: 'pdd', descending: true }],
    );
    assert.match(sorted, /aria-sort="descending"><a [^>]*>Setup/);
    assert.match(sorted, /All of them by Setup, descending/);
    assert.match(sorted, /<a href="\/events\?q=type%3Acall-end&amp;order=newest&amp;n=5">Newest first<\/a>/);
  });

  for (const query of ['sort=index', 'sort=pdd&order=newest', 'order=desc']) {
    test(`/events?${query} is refused`, async () => {
      assert.equal((await client().get(`/events?${query}`)).statusCode, 400);
    });
  }
});

suite('several calls as one', () => {
  for (const [query, place] of [
    ['id=a%2540x&id=b%252Fc&id=a@x&id=d', '/call/a%40x?with=b%2Fc+d'],
    ['id=a', '/call/a'],
  ] as const) {
    test(`/call?${query} leads to ${place}`, async () => {
      const { statusCode, headers } = await client().get(`/call?${query}`);
      assert.deepEqual([statusCode, headers.location], [302, place]);
    });
  }

  for (const [name, query] of [
    ['none', ''],
    ['an empty one', 'id='],
    ['one that cannot be read', 'id=%25zz'],
    ['more than nine', Array.from({ length: 10 }, (_, n) => `id=${n}`).join('&')],
  ] as const) {
    test(`/call with ${name} is refused`, async () => {
      assert.equal((await client().get(`/call?${query}`)).statusCode, 400);
    });
  }
});

suite('the summary of the calls list', () => {
  test('is asked for by the address, of all that match', async () => {
    const { get, deps } = client();
    await get('/calls/list');
    assert.ok(!deps.engine.asked.some((asked) => Array.isArray(asked) && asked[0] === 'callSummary'));
    const { summary } = (await get('/calls/list?summary=1&cid=x&n=1&format=json')).json<{ summary: unknown }>();
    assert.deepEqual(summary, {
      ...deps.engine.summary,
      histogram: {
        widthS: 60,
        bars: [
          { startUs: deps.engine.summary.histogram.bars[0]?.startUs, calls: 1, start: '2026-11-21T09:55:00.000000Z' },
          { startUs: deps.engine.summary.histogram.bars[1]?.startUs, calls: 2, start: '2026-11-21T09:59:00.000000Z' },
        ],
      },
    });
    assert.deepEqual(deps.engine.asked.at(-1), [
      'callSummary',
      { filter: { field: 'cid', value: 'x', regexp: false } },
    ]);
  });

  test('leads from each figure and each bar to the calls it is of', async () => {
    const { body } = await client().get('/calls/list?summary=1&q=from:alice start:-1h', HTML);
    const searches = new Set(
      [...body.matchAll(/href="\/calls\/list\?([^"]*)"/g)].map(([, query = '']) =>
        new URLSearchParams(query.replaceAll('&amp;', '&')).get('q'),
      ),
    );
    for (const q of [
      'from:alice AND start:-1h AND status:4xx',
      'from:alice AND start:-1h AND state="invite negative reply"',
      // A bar says the time anew.
      'from:alice AND start:2026-11-21T09:55:00Z..2026-11-21T09:55:59Z',
    ]) {
      assert.ok(searches.has(q), q);
    }
  });
});

test('a row leads to such calls only, to none of them, and to its export', async () => {
  const { body } = await client().get('/calls/list?q=method:INVITE', HTML);
  const menu = /<ul class="row-menu".*?<\/ul>/s.exec(body)?.[0] ?? '';
  const searches = [...menu.matchAll(/href="\/calls\/list\?([^"]*)"/g)].map(([, query = '']) =>
    new URLSearchParams(query.replaceAll('&amp;', '&')).get('q'),
  );
  assert.deepEqual(searches.slice(0, 2), [
    'method:INVITE AND from="sip:alice@example.com"',
    'method:INVITE AND !from="sip:alice@example.com"',
  ]);
  assert.deepEqual(searches.slice(-1), ['method:INVITE AND !status:"200"']);
  assert.match(menu, /href="\/call\/a84b4c76e66710%40pc33.example.com\/pcap"/);
  assert.match(menu, /target="_blank" rel="noopener"/);
  for (const q of searches) {
    assert.equal((await client().get(`/calls/list?q=${encodeURIComponent(q ?? '')}`)).statusCode, 200, q ?? '');
  }
});

test('calls that belong together are one row where the address says so', async () => {
  const { get, deps } = client();
  const { body } = await get('/calls/list?merge=1', HTML);
  assert.deepEqual(deps.engine.asked[0], ['listCalls', { offset: 0, limit: 100, isMerged: true }]);
  assert.match(body, /<a class="switch" href="\/calls\/list\?n=100" aria-current="true" data-key="L">/);
});
