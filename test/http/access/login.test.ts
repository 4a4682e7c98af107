import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { Http } from '../../../src/model/counters.ts';
import { parseCidr } from '../../../src/model/cidr.ts';
import { parsePasswordHash } from '../../../src/model/password.ts';
import type { AccessSettings, HttpUser } from '../../../src/model/settings.ts';
import { Sessions } from '../../../src/http/access/sessions.ts';
import { client, type Client } from '../client.ts';
import { accessSettings, NOW_US } from '../fakes.ts';

// Made with Python's hashlib.scrypt(n=1024, r=8, p=1).
const ALICE = 'scrypt.10.8.1.MDEyMzQ1Njc4OWFiY2RlZg.6g3umF-uVrJsObaTZhIbbTlgrvOEFcCItdwSjtPF67M'; // correct horse
const BOB = 'scrypt.10.8.1.ZmVkY2JhOTg3NjU0MzIxMA.-jCZ1ZLfaja_TfjJJje3ZrFdeTroz85k6zOrVWfPSQI'; // trés secret
const USERS: HttpUser[] = [
  { name: 'alice', role: 'admin', password: parsePasswordHash(ALICE) },
  { name: 'bob', role: 'viewer', password: parsePasswordHash(BOB) },
  { name: 'carol', role: 'admin', password: undefined },
];
const PROXY = [parseCidr('203.0.113.0/24')].filter((network) => network !== undefined);

interface Setting extends Client {
  wait: (seconds: number) => void;
  login: (user: string, password: string, more?: InjectOptions) => Promise<LightMyRequestResponse>;
  counter: (index: number) => number;
}

function withUsers(changes: Partial<AccessSettings> = {}): Setting {
  let nowUs = NOW_US;
  const made = client({ settings: accessSettings({ users: USERS, ...changes }), clock: () => nowUs });
  return {
    ...made,
    wait: (seconds) => (nowUs += seconds * 1e6),
    login: (user, password, more = {}) =>
      made.ask({ method: 'POST', url: '/login?format=json', payload: { user, password }, ...more }),
    counter: (index) => made.deps.counters().values[index] ?? 0,
  };
}

/** The cookie as a browser would send it back. */
function cookieOf(answer: LightMyRequestResponse): { cookie: string } {
  return { cookie: String(answer.headers['set-cookie']).split(';', 1)[0] ?? '' };
}

suite('sessions', () => {
  test('a login gives a cookie that opens the pages with the role of the user', async () => {
    const { login, get, post } = withUsers();
    assert.equal((await get('/calls')).statusCode, 401);
    const answer = await login('bob', 'trés secret');
    assert.equal(answer.statusCode, 200);
    const body = answer.json<Record<string, unknown>>();
    assert.deepEqual([body['user'], body['via'], body['roles']], ['bob', 'session', ['viewer']]);
    assert.match(
      String(answer.headers['set-cookie']),
      /^sipcol=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const cookie = cookieOf(answer);
    assert.equal((await get('/calls', cookie)).statusCode, 200);
    assert.equal((await post('/calls/timeout', 'inv_1st=90s', cookie)).statusCode, 403);
    const admin = cookieOf(await login('alice', 'correct horse'));
    assert.equal((await post('/calls/timeout', 'inv_1st=90s', admin)).statusCode, 200);
  });

  test('accents may be typed composed or not', async () => {
    const { login } = withUsers();
    assert.equal((await login('bob', 'tre\u0301s secret')).statusCode, 200);
  });

  const wrong: [string, string, string][] = [
    ['a wrong password', 'alice', 'correct horse '],
    ['the password of another', 'alice', 'trés secret'],
    ['an unknown user', 'mallory', 'correct horse'],
    ['no password', 'alice', ''],
    ['a user without a password', 'carol', ''],
    ['a password nobody types', 'alice', 'x'.repeat(50_000)],
    ['a name from every object', '__proto__', 'correct horse'],
  ];
  for (const [what, user, password] of wrong) {
    test(`${what} gets 401 and no cookie`, async () => {
      const { login, counter } = withUsers();
      const answer = await login(user, password);
      assert.equal(answer.statusCode, 401);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.match(answer.body, /Name or password are wrong/);
      assert.equal(counter(Http.LOGIN_FAILURES), 1);
    });
  }

  test('a session ends with the log-out, whoever kept the cookie', async () => {
    const { login, get, ask } = withUsers();
    const cookie = cookieOf(await login('bob', 'trés secret'));
    const out = await ask({ method: 'POST', url: '/logout', headers: { ...cookie, accept: 'text/html' } });
    assert.equal(out.statusCode, 303);
    assert.match(String(out.headers['set-cookie']), /^sipcol=; Path=\/; Max-Age=0;/);
    assert.equal((await get('/calls', cookie)).statusCode, 401);
  });

  test('a session ends after http_session_time', async () => {
    const { login, get, wait } = withUsers({ sessionUs: 60 * 1e6 });
    const cookie = cookieOf(await login('bob', 'trés secret'));
    wait(59);
    assert.equal((await get('/calls', cookie)).statusCode, 200);
    wait(1);
    assert.equal((await get('/calls', cookie)).statusCode, 401);
  });

  test('a login ends the session there was before', async () => {
    const { login, get } = withUsers();
    const first = cookieOf(await login('bob', 'trés secret'));
    await login('alice', 'correct horse', { headers: first });
    assert.equal((await get('/calls', first)).statusCode, 401);
  });

  for (const cookie of ['sipcol=', 'sipcol=x', 'sipcol', '; ;=;', 'a=b; sipcol=%00', `sipcol=${'A'.repeat(43)}`]) {
    test(`the cookie "${cookie}" is nobody's`, async () => {
      const { get } = withUsers();
      assert.equal((await get('/calls', { cookie })).statusCode, 401);
    });
  }

  test('the oldest session gives way when there are too many, and that is counted', () => {
    let lost = 0;
    const sessions = new Sessions(
      () => NOW_US,
      60e6,
      () => lost++,
    );
    const ids = Array.from({ length: 1025 }, (_, n) => sessions.begin(`user ${n}`).id);
    assert.equal(lost, 1);
    assert.equal(sessions.find(ids[0] ?? ''), undefined);
    assert.equal(sessions.find(ids[1] ?? '')?.user, 'user 1');
  });

  test('a login sent by a page of another site is refused', async () => {
    const { login } = withUsers();
    const answer = await login('bob', 'trés secret', { headers: { 'sec-fetch-site': 'cross-site' } });
    assert.equal(answer.statusCode, 403);
    assert.equal(answer.headers['set-cookie'], undefined);
  });
});

suite('the way in for browsers', () => {
  const html = { accept: 'text/html' };

  test('a page that needs a login is a form for it, which leads back', async () => {
    const { get, ask } = withUsers();
    const page = await get('/calls/list?state=early&n=5', html);
    assert.equal(page.statusCode, 401);
    assert.match(page.body, /<form class="login" method="post" action="\/login">/);
    assert.match(page.body, /name="next" value="\/calls\/list\?state=early&amp;n=5"/);
    assert.equal(page.headers['refresh'], undefined);
    const next = '/calls/list?state=early&n=5';
    const payload = new URLSearchParams({ user: 'bob', password: 'trés secret', next }).toString();
    const headers = { ...html, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask({ method: 'POST', url: '/login', payload, headers });
    assert.deepEqual([answer.statusCode, answer.headers['location']], [303, next]);
    const again = await get('/calls/list', { ...html, ...cookieOf(answer) });
    assert.match(again.body, /<form class="account" method="post" action="\/logout">/);
  });

  for (const next of [
    '//evil.example/',
    '/\\evil.example',
    'https://evil.example/',
    'javascript:alert(1)',
    '/a\r\nX: y',
    '',
  ]) {
    test(`a login does not lead to "${JSON.stringify(next)}"`, async () => {
      const { ask } = withUsers();
      const payload = { user: 'bob', password: 'trés secret', next };
      const answer = await ask({ method: 'POST', url: '/login', payload, headers: html });
      assert.deepEqual([answer.statusCode, answer.headers['location']], [303, '/']);
    });
  }

  test('a link of another site, which brings no cookie, is sent once through the login', async () => {
    const { get, login } = withUsers();
    const elsewhere = { ...html, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const first = await get('/calls/list?n=5', elsewhere);
    assert.equal(first.headers['refresh'], '0; url=/login?next=%2Fcalls%2Flist%3Fn%3D5');
    const ours = { ...html, 'sec-fetch-site': 'same-origin', ...cookieOf(await login('bob', 'trés secret')) };
    const second = await get('/login?next=%2Fcalls%2Flist%3Fn%3D5', ours);
    assert.deepEqual([second.statusCode, second.headers['location']], [303, '/calls/list?n=5']);
  });

  test('/login says who one is', async () => {
    const { get, login } = withUsers();
    const cookie = cookieOf(await login('bob', 'trés secret'));
    assert.equal((await get('/login', cookie)).body, 'bob (session): viewer\n');
    assert.equal((await get('/login')).body, 'nobody (nobody): no role\n');
    assert.match((await get('/login', html)).body, /<form class="login"/);
    const open = client();
    assert.equal((await open.get('/login')).body, 'this host (this host): viewer, admin\n');
    assert.doesNotMatch((await open.get('/login', html)).body, /<form/);
  });

  test('users count as access being guarded: clients on this host have to log in, too', async () => {
    const { get, post } = withUsers({ allowAnonymous: true });
    assert.equal((await get('/calls')).statusCode, 200);
    assert.equal((await post('/calls/timeout', 'inv_1st=90s')).statusCode, 401);
  });
});

suite('guessing', () => {
  test('after five failures an address waits for one name: a second, then two, up to five minutes', async () => {
    const { login, wait, counter } = withUsers();
    for (let n = 0; n < 5; n++) assert.equal((await login('alice', 'wrong')).statusCode, 401);
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
      const answer = await login('alice', 'correct horse');
      assert.equal(answer.statusCode, 429, answer.body);
      assert.equal(answer.headers['retry-after'], String(seconds));
      wait(seconds);
      assert.equal((await login('alice', 'wrong')).statusCode, 401);
    }
    assert.equal(counter(Http.SLOWED), 11);
    assert.equal((await login('bob', 'trés secret')).statusCode, 200);
    assert.equal((await login('alice', 'correct horse', { remoteAddress: '192.0.2.1' })).statusCode, 200);
    wait(901);
    assert.equal((await login('alice', 'correct horse')).statusCode, 200);
  });

  test('a login forgives earlier failures', async () => {
    const { login } = withUsers();
    for (let round = 0; round < 4; round++) {
      for (let failure = 0; failure < 4; failure++) await login('alice', 'wrong');
      assert.equal((await login('alice', 'correct horse')).statusCode, 200);
    }
  });

  test('twenty failures of an address slow it down whatever the names, and its /64 with it', async () => {
    const { login } = withUsers();
    for (let n = 0; n < 20; n++) {
      const answer = await login(`user${n}`, 'wrong', { remoteAddress: `2001:db8:0:1::${n}` });
      assert.equal(answer.statusCode, 401);
    }
    const right = (remoteAddress: string): Promise<LightMyRequestResponse> =>
      login('alice', 'correct horse', { remoteAddress });
    assert.equal((await right('2001:db8:0:1:ffff::1')).statusCode, 429);
    assert.equal((await right('2001:db8:0:2::1')).statusCode, 200);
  });

  test('guesses sent all at once count as many', async () => {
    const { login, counter } = withUsers();
    const answers = await Promise.all(Array.from({ length: 12 }, () => login('alice', 'wrong')));
    const statuses = answers.map((answer) => answer.statusCode);
    assert.deepEqual(
      [statuses.filter((code) => code === 401).length, statuses.filter((code) => code === 429).length],
      [5, 7],
    );
    assert.equal(counter(Http.LOGIN_FAILURES), 5);
  });

  test('a crowd that logs in at once is not all checked', async () => {
    const { login } = withUsers();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => login('alice', 'correct horse', { remoteAddress: `192.0.2.${n}` })),
    );
    const refused = answers.filter((answer) => answer.statusCode === 503);
    assert.equal(refused.length, 24);
    assert.equal(refused[0]?.headers['retry-after'], '3');
    assert.equal((await login('alice', 'correct horse')).statusCode, 200);
  });

  test('wrong tokens are slowed down like passwords', async () => {
    const { get } = withUsers({ tokens: [{ token: 'right', role: 'viewer' }] });
    for (let n = 0; n < 5; n++) assert.equal((await get('/calls', { authorization: 'Bearer no' })).statusCode, 401);
    assert.equal((await get('/calls', { authorization: 'Bearer right' })).statusCode, 429);
  });
});

suite('behind a proxy', () => {
  const remoteAddress = '203.0.113.5';
  const settings = { proxies: PROXY, proxyUserHeader: 'x-forwarded-user' } as const;
  const cases: {
    name: string;
    from?: string;
    headers: Record<string, string>;
    role?: AccessSettings['proxyRole'];
    read: number;
    change: number;
  }[] = [
    { name: 'a user it names who is not ours', headers: { 'x-forwarded-user': 'dave' }, read: 200, change: 403 },
    {
      name: 'a user it names, where those have no role',
      headers: { 'x-forwarded-user': 'dave' },
      role: 'none',
      read: 403,
      change: 403,
    },
    {
      name: 'a user it names, where those are admins',
      headers: { 'x-forwarded-user': 'dave' },
      role: 'admin',
      read: 200,
      change: 200,
    },
    {
      name: 'a user it names who is ours',
      headers: { 'x-forwarded-user': 'carol' },
      role: 'none',
      read: 200,
      change: 200,
    },
    { name: 'nobody', headers: {}, read: 401, change: 401 },
    { name: 'an empty name', headers: { 'x-forwarded-user': '' }, read: 401, change: 401 },
    { name: 'two names', headers: { 'x-forwarded-user': 'carol, alice' }, read: 401, change: 401 },
    { name: 'a name without end', headers: { 'x-forwarded-user': 'x'.repeat(5000) }, read: 401, change: 401 },
    {
      name: 'a name from somebody else',
      from: '192.0.2.9',
      headers: { 'x-forwarded-user': 'carol' },
      read: 401,
      change: 401,
    },
    {
      name: 'a name from this host',
      from: '127.0.0.1',
      headers: { 'x-forwarded-user': 'carol' },
      read: 401,
      change: 401,
    },
  ];
  for (const { name, from = remoteAddress, headers, role = 'viewer', read, change } of cases) {
    test(`${name}: reading ${read}, changing ${change}`, async () => {
      const { ask } = withUsers({ ...settings, proxyRole: role });
      const reading = await ask({ method: 'GET', url: '/calls', remoteAddress: from, headers });
      assert.equal(reading.statusCode, read, reading.body);
      const changing = { method: 'POST', url: '/calls/timeout', payload: { inv_1st: '90s' } } as const;
      assert.equal((await ask({ ...changing, remoteAddress: from, headers })).statusCode, change);
    });
  }

  test('a proxy that speaks TLS gets a cookie for TLS, and its host is ours', async () => {
    const { login, ask } = withUsers({ proxies: PROXY });
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'sip.example', origin: 'https://sip.example' };
    const answer = await login('bob', 'trés secret', { remoteAddress, headers });
    assert.equal(answer.statusCode, 200);
    assert.match(
      String(answer.headers['set-cookie']),
      /^__Host-sipcol=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    const reading = { method: 'GET', url: '/calls', remoteAddress } as const;
    assert.equal((await ask({ ...reading, headers: { ...headers, ...cookieOf(answer) } })).statusCode, 200);
    const untrusted = await login('bob', 'trés secret', { remoteAddress: '192.0.2.1', headers });
    assert.equal(untrusted.statusCode, 403);
  });

  const chains: [string, string | undefined, string][] = [
    ['one client', '198.51.100.7', '198.51.100.7'],
    ['a client that wrote a chain itself', '10.0.0.1, 198.51.100.7', '198.51.100.7'],
    ['another proxy of ours between', '198.51.100.7, 203.0.113.9', '198.51.100.7'],
    ['IPv6 in brackets', '[2001:db8::7]', '2001:db8::7'],
    ['nothing', undefined, remoteAddress],
    ['no address', 'unknown', remoteAddress],
    ['rubbish before an address', 'x, 198.51.100.7', '198.51.100.7'],
  ];
  for (const [name, chain, address] of chains) {
    test(`the address behind ${name} is ${address}`, async () => {
      const { login, ask } = withUsers({ proxies: PROXY });
      const headers = chain === undefined ? {} : { 'x-forwarded-for': chain };
      const answer = await login('alice', 'correct horse', { remoteAddress, headers });
      const trail = await ask({ method: 'GET', url: '/audit?format=json', headers: cookieOf(answer) });
      assert.equal(trail.json<{ items: { address: string }[] }>().items[0]?.address, address);
    });
  }
});

suite('the audit trail', () => {
  interface Entry {
    index: number;
    action: string;
    user: string;
    via: string;
    target: string;
    parameters: string;
  }

  test('tells logins, changes and exports apart from reading, newest first', async () => {
    const { login, get, post, ask } = withUsers({ tokens: [{ token: 'look', role: 'viewer' }] });
    await login('alice', 'wrong');
    const cookie = cookieOf(await login('alice', 'correct horse'));
    await get('/calls/list?format=json', cookie);
    await post('/calls/timeout', 'inv_1st=90s', cookie);
    await post('/calls/timeout', 'nonsense=1', cookie);
    await get('/call/a84b4c76e66710%40pc33.example.com?format=svg', { authorization: 'Bearer look' });
    await get('/call/a84b4c76e66710%40pc33.example.com/pcap', { authorization: 'Bearer look' });
    await ask({ method: 'POST', url: '/logout', headers: cookie });
    const admin = cookieOf(await login('alice', 'correct horse'));
    const { items } = (await get('/audit?format=json&n=7', admin)).json<{ items: Entry[] }>();
    assert.deepEqual(
      items.map(({ action, user, via, target, parameters }) => [action, user, via, target, parameters]),
      [
        ['login', 'alice', 'password', '/login', ''],
        ['logout', 'alice', 'session', '/logout', ''],
        ['export', 'token 1', 'token', '/call/a84b4c76e66710%40pc33.example.com/pcap', ''],
        ['export', 'token 1', 'token', '/call/a84b4c76e66710%40pc33.example.com?format=svg', ''],
        ['change', 'alice', 'session', '/calls/timeout', '{"inv_1st":"90s"}'],
        ['login', 'alice', 'password', '/login', ''],
        ['login-failed', 'alice', 'password', '/login', ''],
      ],
    );
    assert.match((await get('/audit', admin)).body, / export by "token 1" \(token\) at 127\.0\.0\.1: \/call\//);
    assert.match((await get('/audit?format=html', admin)).body, /login-failed/);
  });

  test('is for admins', async () => {
    const { login, get } = withUsers();
    const viewer = cookieOf(await login('bob', 'trés secret'));
    assert.equal((await get('/audit', viewer)).statusCode, 403);
  });

  test('is in the log as well, without passwords, and holds http_audit_entries', async () => {
    const lines: object[] = [];
    const log = { debug() {}, info: (fields: object) => lines.push(fields), warn() {}, error() {} };
    const settings = accessSettings({ users: USERS, auditEntries: 2 });
    const { post, get } = client({ settings, log });
    await post('/login', { user: 'x'.repeat(5000), password: 'hush' });
    await post('/login', { user: 'bob', password: 'hush' });
    const cookie = cookieOf(await post('/login', { user: 'alice', password: 'correct horse' }));
    assert.equal(lines.length, 3);
    assert.doesNotMatch(JSON.stringify(lines), /hush|correct horse/);
    assert.ok(JSON.stringify(lines[0]).length < 1000);
    const { total, items } = (await get('/audit?format=json', cookie)).json<{ total: number; items: Entry[] }>();
    assert.equal(total, 2);
    assert.deepEqual(
      items.map(({ index, action, user }) => [index, action, user]),
      [
        [2, 'login', 'alice'],
        [1, 'login-failed', 'bob'],
      ],
    );
  });
});

suite('the rate limit', () => {
  test('an address that asks too much gets 429 and when to come again, others do not', async () => {
    const { get, ask, wait, counter } = withUsers({ users: [], requestsPerSecond: 2 });
    for (let n = 0; n < 20; n++) assert.equal((await get('/calls')).statusCode, 200);
    const refused = await get('/calls', { accept: 'application/json' });
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.headers['retry-after'], '1');
    assert.equal(refused.headers['content-type'], 'application/problem+json; charset=utf-8');
    assert.equal(counter(Http.LIMITED), 1);
    assert.equal((await ask({ method: 'GET', url: '/calls', remoteAddress: '::1' })).statusCode, 200);
    wait(1);
    assert.equal((await get('/calls')).statusCode, 200);
    assert.equal((await get('/calls')).statusCode, 200);
    assert.equal((await get('/calls')).statusCode, 429);
    wait(-3600);
    assert.equal((await get('/calls')).statusCode, 429);
  });
});
