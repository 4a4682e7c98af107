import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CallQuery } from '../../src/model/engine.ts';
import { SITE_MAP } from '../../src/http/site-map.ts';
import { type Client, client } from './client.ts';
import { call, NOW_US } from './fakes.ts';

const KATHMANDU = 'Asia/Kathmandu';
const KATHMANDU_MS = (5 * 60 + 45) * 60_000;
const HTML = { accept: 'text/html' };

const inZone = (zone: string): Record<string, string> => ({ cookie: `theme=dark; tz=${zone}` });

/** Pages that say in words which zone it is. */
const IN_WORDS = new Set([
  '/zone',
  '/calls/list/query',
  '/events/query',
  '/messages/query',
  '/api',
  '/openapi.json',
  '/metrics',
]);
const PATHS = [...SITE_MAP.map(({ path }) => path), '/', `/call/${encodeURIComponent(call().callId)}`];
const PAGES = PATHS.filter((path) => !IN_WORDS.has(path));

const TIME = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z?)/g;
const CLOCK = /\b(\d\d):(\d\d)(?=[:–.< ]|$)/gm;

/** All times of a text as they would read in UTC, and nothing of the zone left; columns of text may get wider by it. */
function inUtc(text: string, offsetMs: number, mark: RegExp): string {
  const dates = text.replaceAll(TIME, (_all, date: string, time: string, fraction = '', zulu = '') => {
    const ms = Date.parse(`${date}T${time}Z`) - (zulu === '' ? offsetMs : 0);
    return `<${ms} ${String(fraction)}>`;
  });
  const bare = dates
    .replaceAll(mark, '')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/<input type="hidden" name="tz" value="[^"]*"\/>/g, '');
  return bare.replaceAll(CLOCK, (_all, hours: string, minutes: string) => {
    const ofDay = (Number(hours) * 60 + Number(minutes) - offsetMs / 60_000 + 1440) % 1440;
    return `<${ofDay}>`;
  });
}

type Answer = Awaited<ReturnType<Client['get']>>;

/** The same page in both zones, of a process that was asked for nothing else. */
async function both(url: string): Promise<[Answer, Answer]> {
  return [await client().get(url, inZone('UTC')), await client().get(url, inZone(KATHMANDU))];
}

const utcOnly = (text: string): string => inUtc(text, 0, / ?(?:\+0000 )?UTC/g);
const kathmanduOnly = (text: string): string => inUtc(text, KATHMANDU_MS, / ?\+05:?45(?: Asia\/Kathmandu)?/g);

suite('another zone changes every time and nothing else:', () => {
  for (const path of PAGES) {
    for (const format of ['html', 'text', 'csv', 'svg']) {
      test(`${path} as ${format}`, async () => {
        const url = `${path}${path.includes('?') ? '&' : '?'}format=${format}`;
        const [utc, kathmandu] = await both(url);
        assert.equal(kathmandu.statusCode, utc.statusCode);
        assert.equal(kathmanduOnly(kathmandu.body), utcOnly(utc.body));
      });
    }

    test(`${path} as JSON is in UTC`, async () => {
      const url = `${path}${path.includes('?') ? '&' : '?'}format=json`;
      const [utc, kathmandu] = await both(url);
      assert.equal(kathmandu.body, utc.body);
    });
  }
});

test('a page of text of a call and its file are in the zone, a capture file has none', async () => {
  const { get } = client();
  const path = `/call/${encodeURIComponent(call().callId)}`;
  const page = await get(path, inZone('Europe/Berlin'));
  const file = await get(`${path}/text?tz=Europe/Berlin`);
  assert.match(page.body, /^=== 2026-11-21T1\d:\d\d:\d\d\.\d{6}\+01:00 /m);
  assert.match(file.body, /^=== 2026-11-21T1\d:\d\d:\d\d\.\d{6}\+01:00 /m);
});

suite('the zone of a page', () => {
  const asOf = async ({ get }: Client, url: string, cookie = ''): Promise<string | undefined> =>
    /As of <time[^>]*>([^<]*<\/time> <a [^>]*>[^<]*)</
      .exec((await get(url, { ...HTML, cookie })).body)?.[1]
      ?.replace(/<[^>]*>/g, '')
      .replace('</time>', '');

  for (const [what, url, cookie, expected] of [
    ['is UTC unless one was chosen', '/about', '', '2026-11-21 10:00:00 UTC'],
    ['is that of the cookie', '/about', 'tz=Europe/Berlin', '2026-11-21 11:00:00 +01:00 Europe/Berlin'],
    [
      'is that of the address before',
      '/about?tz=Asia/Kolkata',
      'tz=Europe/Berlin',
      '2026-11-21 15:30:00 +05:30 Asia/Kolkata',
    ],
    [
      'may follow the browser',
      '/about',
      'a=b; tz=browser:America/New_York',
      '2026-11-21 05:00:00 -05:00 America/New_York',
    ],
    ['is UTC when the cookie cannot be read', '/about', 'tz=Nowhere/Land', '2026-11-21 10:00:00 UTC'],
    ['is UTC when the address asks for that', '/about?tz=UTC', 'tz=Europe/Berlin', '2026-11-21 10:00:00 UTC'],
  ] as const) {
    test(what, async () => assert.equal(await asOf(client(), url, cookie), expected));
  }

  test('that there is not is refused, whatever the form', async () => {
    for (const format of ['html', 'text', 'json', 'csv']) {
      const { statusCode, body } = await client().get(`/calls/list?tz=Nowhere/Land&format=${format}`);
      assert.equal(statusCode, 400, format);
      assert.match(body, /Nowhere/);
    }
  });

  test('is told at each of the two hours of one name', async () => {
    const { get, deps } = client();
    deps.engine.calls = [1_792_889_999_000_000, 1_792_890_000_000_000].map((createdUs) => ({
      ...call(),
      createdUs,
      updatedUs: createdUs,
    }));
    const { body } = await get('/calls/list?tz=Europe/Berlin', HTML);
    assert.match(body, /2026-10-25 02:59:59\.000 <small>\+02:00<\/small>/);
    assert.match(body, /2026-10-25 02:00:00\.000 <small>\+01:00<\/small>/);
  });

  test('goes with the pager and the form when the address asks for it', async () => {
    const { get, deps } = client();
    deps.engine.calls = [call(), call()];
    const { body } = await get('/calls/list?tz=Europe/Berlin&n=1&q=alice', HTML);
    assert.match(body, /rel="next" href="[^"]*tz=Europe%2FBerlin/);
    assert.match(body, /<input type="hidden" name="tz" value="Europe\/Berlin"\/>/);
    const { body: plain } = await get('/calls/list?n=1', HTML);
    assert.doesNotMatch(plain, /tz=|name="tz"/);
  });
});

test('times typed into a search are of the zone', async () => {
  const { get, deps } = client();
  await get('/calls/list?q=start:14:03+method:INVITE', inZone('Europe/Berlin'));
  const [[, { search }]] = deps.engine.asked as [[string, CallQuery]];
  assert.ok(search?.kind === 'and');
  assert.deepEqual(
    search.parts.map((part) => part.kind === 'condition' && [part.field, part.zone]),
    [
      ['start', 'Europe/Berlin'],
      ['method', undefined],
    ],
  );
});

suite('POST /zone', () => {
  test('remembers a zone and leads back to the page, which asks for no other then', async () => {
    const { post } = client();
    const next = '/calls/list?q=start%3A14%3A03&tz=UTC';
    const answer = await post('/zone', new URLSearchParams({ named: 'Europe/Berlin', next }).toString(), HTML);
    assert.equal(answer.statusCode, 303);
    assert.equal(answer.headers.location, '/calls/list?q=start%3A14%3A03&tz=Europe%2FBerlin');
    assert.equal(answer.headers['set-cookie'], 'tz=Europe/Berlin; Path=/; Max-Age=31536000; SameSite=Lax');
  });

  test('a button stands before the list, and may follow the browser', async () => {
    const { post } = client();
    const { headers } = await post('/zone', 'tz=browser:Asia/Kathmandu&named=Europe/Berlin');
    assert.match(String(headers['set-cookie']), /^tz=browser:Asia\/Kathmandu; /);
  });

  for (const body of ['tz=Nowhere', 'tz=browser:', 'named=', 'tz=a%0d%0aSet-Cookie:x=y']) {
    test(`refuses ${body}`, async () => {
      const { statusCode, headers } = await client().post('/zone', body);
      assert.equal(statusCode, 400);
      assert.equal(headers['set-cookie'], undefined);
    });
  }

  test('leads to no other site', async () => {
    const { headers } = await client().post('/zone', 'tz=UTC&next=//evil.example/', HTML);
    assert.equal(headers.location, '/');
  });
});

test('a long list in a zone takes few questions about its clocks', async (t) => {
  const { get, deps } = client();
  const format = t.mock.method(Intl.DateTimeFormat.prototype, 'formatToParts');
  const one = call();
  deps.engine.calls = Array.from({ length: 5000 }, (_, n) => ({ ...one, id: n, createdUs: NOW_US - n * 100_000 }));
  const { statusCode } = await get('/calls/list?n=5000&tz=Asia/Colombo', HTML);
  assert.equal(statusCode, 200);
  assert.ok(format.mock.callCount() < 10, String(format.mock.callCount()));
});
