import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { SEARCH_FIELD_NAMES, SEARCH_FIELDS, type FieldInfo } from '../../src/model/search/fields.ts';
import type { CallQuery } from '../../src/model/engine.ts';
import { parseSearch } from '../../src/model/search/parse.ts';
import { client } from './client.ts';

const HTML = { accept: 'text/html' };

for (const [path, method] of [
  ['/calls/list', 'listCalls'],
  ['/events', 'listEvents'],
] as const) {
  suite(`${path} with q`, () => {
    test('asks the engine for what the text says', async () => {
      const { get, deps } = client();
      const { statusCode, body } = await get(`${path}?q=from:*1234+AND+status:5xx&format=html`);
      assert.equal(statusCode, 200);
      const [asked] = deps.engine.asked as [string, CallQuery][];
      assert.equal(asked?.[0], method);
      assert.deepEqual(asked?.[1].search, parseSearch('from:*1234 AND status:5xx', 'calls'));
      assert.match(body, /<input type="search" name="q" value="from:\*1234 AND status:5xx"/);
    });

    test('shows each condition as understood, with the way to leave it out', async () => {
      const { body } = await client().get(`${path}?q=486+%2B4930123456&n=7`, HTML);
      const chips = [...body.matchAll(/<li><code><bdi>([^<]*)<\/bdi><\/code><a href="([^"]*)"/g)];
      assert.deepEqual(
        chips.map(([, text, href]) => [text, href]),
        [
          ['status:486', `${path}?q=number%3A%2B4930123456&amp;n=7`],
          ['number:+4930123456', `${path}?q=status%3A486&amp;n=7`],
        ],
      );
    });

    test('keeps the search from page to page', async () => {
      const { get, deps } = client();
      deps.engine.calls = Array.from({ length: 9 }, (_, id) => ({ ...deps.engine.calls[0]!, id }));
      deps.engine.events = Array.from({ length: 9 }, (_, index) => ({ ...deps.engine.events[0]!, index }));
      deps.engine.nextIndex = 9;
      const { body } = await get(`${path}?q=alice&n=2&s=2`, HTML);
      const next = /<a rel="next" href="([^"]*)">/.exec(body)?.[1] ?? '';
      assert.match(next, /[?&;]q=alice&amp;/);
    });

    test('a search that cannot be read is answered with its place, in every form', async () => {
      const { get } = client();
      const query = `${path}?q=status:486+AND+pdd%3E4`;
      const json = await get(`${query}&format=json`);
      assert.equal(json.statusCode, 400);
      const problem = json.json<{ parameter: string; position: number; value: string }>();
      assert.deepEqual([problem.parameter, problem.position, problem.value], ['q', 19, 'status:486 AND pdd>4']);
      const text = await get(query);
      assert.match(text.body, /^Error 400 Bad Request: Parameter "q", character 20: "4" cannot be a value of "pdd", /);
      const html = await get(query, HTML);
      assert.match(html.body, /<pre class="mark"><bdi>status:486 AND pdd><\/bdi><mark><bdi>4<\/bdi><\/mark>/);
      assert.match(html.body, /<input type="search" name="q" value="status:486 AND pdd>4"/);
    });

    test('a search that finds nothing says so, and how many were looked at', async () => {
      const { get, deps } = client();
      deps.engine.calls = [];
      deps.engine.events = [];
      deps.engine.nextIndex = 4;
      const { body } = await get(`${path}?q=nobody&format=json`);
      assert.match(body, /"why":\[\{"code":/);
    });

    test('text repeats the search', async () => {
      const { body } = await client().get(`${path}?q=alice`);
      assert.match(
        body.split('\n')[0] ?? '',
        /^(?:Calls|Events) List \(filter: from \d+ max 100 matches, q "alice"\):$/,
      );
    });

    test('a blank search is none', async () => {
      const { get, deps } = client();
      assert.equal((await get(`${path}?q=+`)).statusCode, 200);
      assert.deepEqual(deps.engine.asked, [[method, { offset: 0, limit: 100 }]]);
    });

    test('the form page takes the same parameter and explains every field', async () => {
      const { body } = await client().get(`${path}/query?q=486`, HTML);
      assert.match(body, /name="q" value="486"/);
      const subject = path === '/events' ? 'events' : 'calls';
      for (const name of SEARCH_FIELD_NAMES) {
        const info: FieldInfo = SEARCH_FIELDS[name];
        const expected = info.subjects.includes(subject);
        assert.equal(body.includes(`<td data-label="Field"><code>${name}</code>`), expected, name);
      }
    });

    test('examples of the form page can be read', async () => {
      const { get } = client();
      const { body } = await get(`${path}/query`, HTML);
      const links = [...body.matchAll(/<a href="([^"]*\?q=[^"]*)"><code>/g)].map(([, href = '']) =>
        href.replaceAll('&amp;', '&'),
      );
      assert.ok(links.length > 4);
      for (const href of links) assert.equal((await get(href)).statusCode, 200, href);
    });
  });
}

test('a search stands beside an older filter', async () => {
  const { get, deps } = client();
  await get('/calls/list?q=alice&cid=abc');
  const [[, query]] = deps.engine.asked as [[string, CallQuery]];
  assert.deepEqual(query.filter, { field: 'cid', value: 'abc', regexp: false });
  assert.deepEqual(query.search, parseSearch('alice', 'calls'));
});

test('/events newest first begins at the end, and its pager goes on from the oldest shown', async () => {
  const { get, deps } = client();
  deps.engine.events = [7, 6, 5].map((index) => ({ ...deps.engine.events[0]!, index }));
  deps.engine.nextIndex = 8;
  const { body } = await get('/events?order=newest&n=2', HTML);
  const { body: json } = await get('/events?order=newest&n=2&s=6&format=json');
  assert.deepEqual(
    (deps.engine.asked as [string, { order?: string; offset: number }][]).map(([, { order, offset }]) => [
      order,
      offset,
    ]),
    [
      ['newest', Number.MAX_SAFE_INTEGER],
      ['newest', 6],
    ],
  );
  assert.match(body, /<a href="\/events\?n=2">Oldest first<\/a>/);
  assert.match(json, /"offset":6/);
});

test('docs/search.md names every field and alias', () => {
  const text = readFileSync(new URL('../../../docs/search.md', import.meta.url), 'utf8');
  for (const name of SEARCH_FIELD_NAMES) {
    for (const word of [name, ...SEARCH_FIELDS[name].aliases]) assert.ok(text.includes(`\`${word}\``), word);
  }
});
