import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Value } from 'typebox/value';
import { SITE_MAP } from '../../src/http/site-map.ts';
import { client } from './client.ts';
import { Statistics } from '../../src/telemetry/statistics.ts';
import { call, countersOf, event, NOW_US, registration } from './fakes.ts';

/** Not in the index: they need a Call-ID, or more. */
const FILES = ['', '/text', '/pcap', '/pcapng'];
const OF_A_CALL = [
  ...[...FILES, '/message/{id}', '/share'].map((file) => `/call/{callid}${file}`),
  ...FILES.map((file) => `/s/{share}${file}`),
];
const PATHS = SITE_MAP.map((page) => page.path).filter((path) => path !== '/openapi.json' && path !== '/metrics');
const ALL = ['/', ...PATHS];

const withFormat = (path: string, format: string): string => `${path}${path.includes('?') ? '&' : '?'}format=${format}`;

/** The part of an API description this test reads. */
interface Described {
  openapi: string;
  paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>>;
}

/** A copy of a schema that lets no undocumented member through. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  return 'properties' in schema ? { ...copy, additionalProperties: false } : copy;
}

function check(description: Described, method: string, path: string, answer: unknown): void {
  const schema = description.paths[path]?.[method]?.responses['200']?.content['application/json']?.schema;
  assert.ok(schema, `no schema for ${method} ${path}`);
  const exact = strict(schema) as object;
  assert.deepEqual([...Value.Errors(exact, answer)], [], `${method} ${path}`);
}

suite('every page', () => {
  for (const path of ALL) {
    test(`${path} answers as HTML, as JSON after its schema, and as text`, async () => {
      const { get } = client();
      const html = await get(withFormat(path, 'html'));
      assert.equal(html.statusCode, 200);
      assert.equal(html.headers['content-type'], 'text/html; charset=utf-8');
      assert.match(html.body, /^<!doctype html><html lang="en">/);
      assert.match(html.body, /<h1>[^<]+<\/h1>/);

      const json = await get(withFormat(path, 'json'));
      assert.equal(json.statusCode, 200);
      assert.equal(json.headers['content-type'], 'application/json; charset=utf-8');
      const description = (await get('/openapi.json')).json<Described>();
      check(description, 'get', path.split('?', 1)[0] ?? '', json.json());

      const text = await get(withFormat(path, 'text'));
      assert.equal(text.statusCode, 200);
      assert.equal(text.headers['content-type'], 'text/plain; charset=utf-8');
      assert.match(text.body, /\n$/);
      assert.doesNotMatch(text.body, /<(?:html|body|main|table|td|span|a)[ >]/);
    });

    test(`${path} as HTML has no inline script, no inline style and nothing from elsewhere`, async () => {
      const { get } = client();
      const { headers, body } = await get(withFormat(path, 'html'));
      assert.equal(
        headers['content-security-policy'],
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'same-origin');
      assert.equal(headers['cache-control'], 'no-store');
      const scripts = body.match(/<script[^]*?<\/script>/g);
      assert.equal(scripts?.length, 1);
      assert.match(scripts[0] ?? '', /^<script type="module" src="\/assets\/[\w-]{16}\/client\/main\.js"><\/script>$/);
      assert.doesNotMatch(body, /<style|<iframe|<base|\sstyle=|\son[a-z]+=|javascript:/i);
      for (const [, address = ''] of body.matchAll(/(?:href|src|action)="([^"]*)"/g)) {
        assert.match(address, /^[/#]/, address);
      }
    });
  }

  test('/openapi.json describes every page of the index, and the index lists every page', async () => {
    const { get } = client();
    const description = (await get('/openapi.json')).json<Described>();
    assert.equal(description.openapi, '3.1.0');
    const described = new Set([...ALL.map((path) => path.split('?', 1)[0]), ...OF_A_CALL, '/logout']);
    assert.deepEqual(new Set(Object.keys(description.paths)), described);
  });

  test('lists without items answer after the same schemas', async () => {
    const { get, deps } = client();
    deps.engine.calls = [];
    deps.engine.registrations = [];
    deps.engine.events = [];
    deps.engine.agents = [];
    deps.engine.probes = [];
    deps.engine.links = [];
    const description = (await get('/openapi.json')).json<Described>();
    for (const path of ['/calls/list', '/regs/list', '/events', '/hep/list', '/ipfix/list', '/links']) {
      const answer = (await get(withFormat(path, 'json'))).json<{ items: unknown[]; why: unknown[] }>();
      check(description, 'get', path, answer);
      assert.deepEqual(answer.items, []);
      assert.notDeepEqual(answer.why, []);
    }
  });

  test('values that are null are part of the schemas', async () => {
    const { get, deps } = client();
    deps.engine.calls = [call({ pddMs: null, ringMs: null, durationMs: null, hops: [], agents: [] })];
    deps.engine.events = [
      event({
        debug: null,
        rate: {
          exceeded: 2,
          diff: 1,
          value: 21.5,
          limit: 20,
          intervalMs: 1000,
          sinceUs: NOW_US,
          key: 'call-start:192.0.2.1',
        },
        earlyUs: null,
        finalUs: null,
        originator: 'timeout-terminated',
      }),
    ];
    const description = (await get('/openapi.json')).json<Described>();
    for (const path of ['/calls/list', '/events'])
      check(description, 'get', path, (await get(withFormat(path, 'json'))).json());
  });

  test('HEAD answers as GET without a body', async () => {
    const { ask } = client();
    const answer = await ask({ method: 'HEAD', url: '/calls/list' });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.body, '');
  });

  test('a slash at the end makes no difference', async () => {
    const { get } = client();
    assert.equal((await get('/calls/')).statusCode, 200);
  });
});

suite('what pages say', () => {
  test('times are integer microseconds and ISO 8601 with microseconds', async () => {
    const { get, deps } = client();
    deps.engine.calls = [call({ createdUs: 1_706_781_600_000_007 })];
    const list = (await get('/calls/list?format=json')).json<{ items: Record<string, unknown>[] }>();
    // date -u -d @1706781600 +%FT%TZ says 2024-02-01T10:00:00Z
    assert.equal(list.items[0]?.['createdUs'], 1_706_781_600_000_007);
    assert.equal(list.items[0]?.['created'], '2024-02-01T10:00:00.000007Z');
  });

  test('/calls/list as text has one line per call with trace and hops', async () => {
    const { get, deps } = client();
    deps.engine.calls = [
      call({ retransmissions: { requests: [1, 0], replies: [0, 2] } }),
      call({ id: 2, callId: 'second' }),
    ];
    const lines = (await get('/calls/list')).body.split('\n');
    assert.equal(lines[0], 'Calls List (filter: from 0 max 100 matches):');
    assert.equal(lines.length, 4);
    const line = lines[1] ?? '';
    assert.match(
      line,
      /^     0\. "a84b4c76e66710@pc33\.example\.com":"1928301774":"a6c85cf" method: INVITE state: "established" /,
    );
    assert.match(line, / cseq \[  1:  0\] status: \[200:  0\] reqs: \[  2:  0-  1:  0\] repls: \[  3:  0-  0:  2\] /);
    assert.match(line, / msg trace: ">INVITE<100<180<200>ACK" state trace: "init->first invite->early dialog" /);
    assert.match(
      line,
      / hops: udp 192\.0\.2\.1:5060->198\.51\.100\.2:5060 \(5\), tls 198\.51\.100\.2:5060->\[2001:db8::5\]:5061 \(5\) /,
    );
    assert.match(lines[2] ?? '', /^     1\. "second":/);
  });

  test('/calls/list says what it was filtered by', async () => {
    const { get } = client();
    const { body } = await get('/calls/list?cid=a84&n=7');
    assert.match(body, /^Calls List \(filter: from 0 max 7 matches, match cid against "a84" regexp false\):\n/);
  });

  test('/regs/list as text has one line per binding', async () => {
    const { get, deps } = client();
    deps.engine.registrations = [registration(), registration({ aor: 'sip:b@example.com', createdUs: 0 })];
    const lines = (await get('/regs/list?n=9')).body.split('\n');
    assert.equal(lines[0], 'Reg Bindings List (filter: from 0 max 9 matches):');
    assert.equal(
      lines[1],
      '     0. REG Binding: "sip:alice@example.com" -> "sip:alice@192.0.2.1:5060;transport=udp" state: active' +
        ' expire: 1m30s refreshes: 3 call-id: "843817637684230@998sdasdh09" from: "sip:alice@example.com"' +
        ' ua: "Softphone 4.2" udp 192.0.2.1:5060 -> 198.51.100.2:5060' +
        ' created: 2026-11-21 09:00:00.000000 +0000 UTC updated: 2026-11-21 09:59:00.000000 +0000 UTC' +
        ' agents: 2001@203.0.113.7:40112/udp',
    );
    assert.match(lines[2] ?? '', /^     1\. REG Binding: "sip:b@example\.com" -> .* created: unknown /);
    assert.equal(lines.length, 4);
  });

  test('/regs as text has size, limits and memory', async () => {
    const { get } = client();
    assert.equal(
      (await get('/regs')).body,
      [
        'Reg Bindings Hash Stats: {Total:12 Crt:1 Max:1 Min:0 Buckets:4096}',
        'Limits: 100 entries (1.0% used) 100 Kb memory (50.0% used), 256 bindings of one address-of-record. Refused: 3',
        '',
        'Memory Stats:',
        '\tTotalSize: 51200',
        '',
      ].join('\n'),
    );
  });

  test('/events as text has the ring, and per event the lines that have something to say', async () => {
    const { get, deps } = client();
    deps.engine.events = [event({ tsUs: NOW_US - 1_000_000, createdUs: NOW_US - 9_000_000, rate: null })];
    deps.engine.nextIndex = 12;
    const { body } = await get('/events');
    assert.equal(
      body.slice(0, body.indexOf('\tsip.from')),
      [
        'Events List (filter: from 0 max 100 matches):',
        'Total Generated:     12\tMax. Buffered:  10240',
        '',
        '    3 (    3). Type: call-start',
        '\tts        : 2026-11-21 09:59:59.000000 +0000 UTC',
        '\tcreated   : 2026-11-21 09:59:51.000000 +0000 UTC (9s ago)',
        '\tduration  : 31µs',
        '\tpdd       : 210ms ring time 1.8s',
        '\tprotocol  : udp  192.0.2.1:5060 -> 198.51.100.2:5060',
        '\tsip.call_id: a84b4c76e66710@pc33.example.com',
        '\tsip.response.status: 200',
        '',
      ].join('\n'),
    );
    assert.doesNotMatch(body, /blacklisted/);
    assert.match(body, /\tDBG: msg trace: >INVITE<100<180<200\n$/);
  });

  test('/counters as text pads names to 30 and shows a maximum', async () => {
    const { get } = client();
    const { body } = await get('/counters?counter=calls.active');
    assert.equal(body, 'calls.active                  :      1        M:      1\t\tcurrent total tracked entries\n');
  });

  test('/counters of everything begins with the uptime, short ones do not', async () => {
    const { get } = client();
    assert.match((await get('/counters')).body, /^uptime: 12\.5s\n\ningest\.received/);
    assert.match((await get('/counters?short')).body, /^ingest\.received {15}: {3}1042\n/);
  });

  const counterLines: [string, string][] = [
    ['group=ingest.ignored&nz', 'ingest.ignored.rtcp           :     33\t\tRTCP, binary or as JSON\n'],
    ['group=ingest.ignored&nz&flags=val', 'rtcp                          :     33\n'],
    ['group=ingest.ignored&flags=fullname|nz', 'ingest.ignored.rtcp\n'],
    ['group=ingest.ignored&flags=0x13', 'ingest.ignored.rtcp           :     33\n'],
    ['group=ingest.ignored&flags=19', 'ingest.ignored.rtcp           :     33\n'],
  ];
  for (const [query, expected] of counterLines) {
    test(`/counters?${query} writes what its flags say`, async () => {
      const { get } = client();
      assert.equal((await get(`/counters?${query}`)).body, expected);
    });
  }

  test('/counters?group=ingest includes its subgroups unless flags leave out rec', async () => {
    const { get } = client();
    const groups = async (query: string): Promise<Set<string>> => {
      const list = (await get(`/counters?format=json&${query}`)).json<{ items: { group: string }[] }>();
      return new Set(list.items.map((item) => item.group));
    };
    assert.deepEqual(
      await groups('group=ingest'),
      new Set(['ingest', 'ingest.refused', 'ingest.ignored', 'ingest.dropped']),
    );
    assert.deepEqual(await groups('group=ingest&flags=fullname|val'), new Set(['ingest']));
    assert.deepEqual(await groups('group=calls&group=hep'), new Set(['hep', 'calls']));
  });

  test('/counters/avg divides by the running time and leaves gauges out', async () => {
    const { get } = client();
    const list = (await get('/counters/avg?d=10s&group=calls&format=json')).json<{
      items: { name: string; value: number }[];
    }>();
    // 21 calls in 12.5 s are 16.8 per 10 s
    assert.equal(list.items.find((item) => item.name === 'created')?.value, 16.8);
    assert.equal(
      list.items.some((item) => item.name === 'active'),
      false,
    );
  });

  test('/stats gives the block as it is, rates and averages say what they are per', async () => {
    const { get } = client();
    assert.match((await get('/stats')).body, /^uptime: 12\.5s\n\nStatistics:\n {5}1042 packets/);
    assert.match(
      (await get('/stats/rate?d=1m')).body,
      /^Rate: per 1m0s \(last update: 3s ago\)\tUptime: 12\.5s\n\nStatistics:\n/,
    );
    assert.match((await get('/stats/avg?d=10s')).body, /^Avg: per 10s\tUptime: 12\.5s\n\nStatistics:\n/);
  });

  test('/stats/raw gives every packet counter by name', async () => {
    const { get } = client();
    const { body } = await get('/stats/raw');
    assert.match(body, /^total_packets: 0\n/);
    assert.match(body, /\nsip_INVITE: 0\n/);
    assert.match(body, /\nsip_9XX: 0\n$/);
  });

  test('the index gives rates per second of the last ten', async () => {
    const { get } = client();
    const home = (await get('/?format=json')).json<{ ratesPerSecond: object; warnings: { code: string }[] }>();
    // the fake says 521 packets, 250 requests and 251.5 replies per 10 s
    assert.deepEqual(home.ratesPerSecond, { packets: 52.1, requests: 25, replies: 25.15 });
    assert.deepEqual(
      home.warnings.map((warning) => warning.code),
      ['refused'],
    );
  });

  test('the index finds its rates in the statistics the process really keeps', async () => {
    const columns = countersOf({ 'pkt_stats.total_packets': 30, 'pkt_stats.sip_reqs': 20, 'pkt_stats.sip_repls': 10 });
    let nowMs = 0;
    const statistics = new Statistics(
      () => columns.values,
      () => nowMs,
    );
    nowMs = 5000;
    const { get } = client({ counters: () => columns, statistics });
    const home = (await get('/?format=json')).json<{ ratesPerSecond: object; rateIntervalMs: number }>();
    assert.deepEqual(home.ratesPerSecond, { packets: 6, requests: 4, replies: 2 });
    assert.equal(home.rateIntervalMs, 5000);
  });

  test('the index asks a stuck engine nothing and says that it is stuck', async () => {
    const { get, deps } = client();
    deps.engine.state = { running: false, ready: false, restarts: 3, heartbeatAgeMs: 9000, lastError: 'out of memory' };
    deps.engine.listeners = () => new Promise(() => {});
    const { statusCode, body } = await get('/');
    assert.equal(statusCode, 200);
    assert.match(body, /# The engine is not running: out of memory \(\/healthz\)/);
    assert.match(body, /# 3 engine restarts since the start/);
  });

  test('a row of a call leads to its events, its state and its agents', async () => {
    const { get } = client();
    const { body } = await get('/calls/list?format=html');
    assert.match(body, /href="\/events\?cid=a84b4c76e66710%40pc33\.example\.com"/);
    assert.match(body, /href="\/calls\/list\?state=established"/);
    const agentLink = /href="\/hep\/list#([^"]+)"/.exec(body)?.[1] ?? '';
    const agents = await get('/hep/list?format=html');
    assert.ok(agents.body.includes(`id="${decodeURIComponent(agentLink)}"`));
  });

  test('paging keeps the filter and ends at the last item', async () => {
    const { get, deps } = client();
    deps.engine.calls = Array.from({ length: 5 }, (_, id) => call({ id, callId: `same-${id}` }));
    const middle = (await get('/calls/list?format=html&cid=same&n=2&s=2')).body;
    assert.match(middle, /3–4 of 5/);
    assert.match(middle, /href="\/calls\/list\?cid=same&amp;n=2&amp;s=0"/);
    assert.match(middle, /href="\/calls\/list\?cid=same&amp;n=2&amp;s=4"/);
    assert.doesNotMatch((await get('/calls/list?format=html&n=2&s=4')).body, /Next/);
  });

  test('what a page needs beside itself is named in its head, and asked for once in its life', async () => {
    const { get } = client();
    const [head = ''] = (await get('/about?format=html')).body.split('</head>');
    const hrefs = [...head.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, href = '']) => href);
    assert.equal(hrefs.filter((href) => href.endsWith('/style.css')).length, 1);
    for (const href of hrefs) {
      const { statusCode, headers } = await get(href);
      assert.deepEqual([statusCode, headers['cache-control']], [200, 'public, max-age=31536000, immutable'], href);
    }
    const modules = head.match(/<link rel="modulepreload"/g);
    assert.equal(modules?.length, readdirSync('src/http/client').filter((name) => name.endsWith('.ts')).length - 1);
  });
});

suite('health', () => {
  const cases = [
    { name: 'all is well', state: {}, healthz: [200, 'ok\n'], readyz: [200, 'ready\n'] },
    {
      name: 'the listeners are not open',
      state: { ready: false },
      healthz: [200, 'ok\n'],
      readyz: [503, 'not ready: the listeners are not open yet\n'],
    },
    {
      name: 'the engine died',
      state: { running: false, ready: false, lastError: 'boom' },
      healthz: [503, 'unhealthy: the engine is not running: boom\n'],
      readyz: [503, 'not ready: the engine is not running: boom\n'],
    },
    {
      name: 'the heart beat is late',
      state: { heartbeatAgeMs: 7000 },
      healthz: [503, 'unhealthy: the engine has shown no sign of life for 7s\n'],
      readyz: [200, 'ready\n'],
    },
  ] as const;
  for (const { name, state, healthz, readyz } of cases) {
    test(`/healthz and /readyz when ${name}`, async () => {
      const { get, deps } = client();
      deps.engine.state = { ...deps.engine.state, ...state };
      const health = await get('/healthz');
      assert.deepEqual([health.statusCode, health.body], healthz);
      const ready = await get('/readyz');
      assert.deepEqual([ready.statusCode, ready.body], readyz);
      assert.deepEqual(deps.engine.asked, []);
    });
  }
});
