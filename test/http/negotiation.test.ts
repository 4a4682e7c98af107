import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.ts';

const FIREFOX = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

const cases: { accept: string | undefined; query?: string; type: string }[] = [
  { accept: undefined, type: 'text/plain' },
  { accept: '*/*', type: 'text/plain' },
  { accept: 'text/*', type: 'text/plain' },
  { accept: 'text/plain', type: 'text/plain' },
  { accept: FIREFOX, type: 'text/html' },
  { accept: 'text/html', type: 'text/html' },
  { accept: 'application/json', type: 'application/json' },
  { accept: 'application/*', type: 'application/json' },
  { accept: 'application/json;q=0.5, text/html;q=0.4', type: 'application/json' },
  { accept: 'text/html;q=0, */*', type: 'text/plain' },
  { accept: FIREFOX, query: '?format=json', type: 'application/json' },
  { accept: 'application/json', query: '?format=html', type: 'text/html' },
  { accept: 'image/png', query: '?format=text', type: 'text/plain' },
];

for (const { accept, query = '', type } of cases) {
  test(`"Accept: ${accept ?? '(absent)'}" and "${query}" get ${type}`, async () => {
    const { get } = client();
    const answer = await get(`/calls${query}`, accept === undefined ? {} : { accept });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers['content-type'], `${type}; charset=utf-8`);
    assert.equal(answer.headers['vary'], 'accept');
  });
}

test('a client that accepts nothing we have gets 406, as text', async () => {
  const { get } = client();
  const answer = await get('/calls', { accept: 'image/png' });
  assert.equal(answer.statusCode, 406);
  assert.match(answer.body, /^Error 406 Not Acceptable: Nothing of "image\/png" is offered here, only: text\/plain/);
});

test('an unknown format gets 400, in the form Accept asks for', async () => {
  const { get } = client();
  const answer = await get('/calls?format=xml', { accept: 'application/json' });
  assert.equal(answer.statusCode, 400);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.deepEqual(answer.json(), {
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    detail: 'Parameter "format" is "xml", expected one of: html, json, text',
    parameter: 'format',
    value: 'xml',
    allowed: 'one of: html, json, text',
    requestId: answer.headers['x-request-id'],
  });
});

test('every answer carries the id under which the log has its request, errors show it', async () => {
  const lines: { requestId?: string; url?: string; status?: number; user?: string }[] = [];
  const log = { debug: (fields: object) => lines.push(fields), info() {}, warn() {}, error() {} };
  const { get } = client({ log });
  const good = await get('/about');
  const bad = await get('/calls/list?n=x', { accept: 'text/html' });
  const ids = [good, bad].map(({ headers }) => String(headers['x-request-id']));
  assert.notEqual(ids[0], ids[1]);
  for (const id of ids) assert.match(id, /^[a-z0-9]+-[a-z0-9]+$/);
  assert.ok(bad.body.includes(`<code>${ids[1]}</code>`));
  assert.deepEqual(
    lines.map(({ requestId, url, status, user }) => [requestId, url, status, user]),
    [
      [ids[0], '/about', 200, 'this host'],
      [ids[1], '/calls/list?n=x', 400, 'this host'],
    ],
  );
});
