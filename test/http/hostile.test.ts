import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.ts';
import { agent, call, event, link, probe, registration } from './fakes.ts';

/** Markup, both quotes, an ampersand, NUL, escape, line breaks, a replaced octet, a direction override, a zero-width space. */
const HOSTILE = `"><script>alert('1')</script>&amp;\u0000\u001b[31m\r\n\ufffd\u202egnp\u200b`;
/** How HTML must carry the part that is visible. */
const ESCAPED = /&quot;>&lt;script>alert\('1'\)&lt;\/script>&amp;amp;/;

/** Replaces every text of some data, but for members whose texts are ours. */
function poison<Value>(value: Value, ours: readonly string[]): Value {
  if (typeof value === 'string') return HOSTILE as Value; // a string stays a string
  if (Array.isArray(value)) return value.map((member) => poison(member, ours)) as Value; // arrays stay arrays
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    ours.includes(name) ? member : poison(member, ours),
  ]);
  return Object.fromEntries(entries) as Value; // same members
}

const pages: [string, (deps: ReturnType<typeof client>['deps']) => void, number][] = [
  ['/calls/list', ({ engine }) => (engine.calls = [poison(call(), [])]), 25],
  ['/events', ({ engine }) => (engine.events = [poison(event(), ['originator', 'generatedOn'])]), 15],
  ['/regs/list', ({ engine }) => (engine.registrations = [poison(registration(), ['state'])]), 8],
  [
    '/hep/list',
    ({ engine }) =>
      (engine.agents = [poison({ ...agent(), refused: { [HOSTILE]: 1 }, ignored: { [HOSTILE]: 2 } }, [])]),
    6,
  ],
  [
    '/ipfix/list',
    ({ engine }) =>
      (engine.probes = [poison({ ...probe(), refused: { [HOSTILE]: 1 }, ignored: { [HOSTILE]: 2 } }, ['meaning'])]),
    6,
  ],
  ['/links', ({ engine }) => (engine.links = [poison(link(), ['server', 'client', 'transport'])]), 4],
  ['/calls/list', ({ engine }) => (engine.calls = []), 0],
];

for (const [path, prepare, times] of pages) {
  test(`${path} as HTML shows hostile text ${times} times or more, never as markup`, async () => {
    const { get, deps } = client();
    prepare(deps);
    const { statusCode, body } = await get(`${path}?format=html`);
    assert.equal(statusCode, 200);
    assert.doesNotMatch(body, /<script(?! type="module" src="\/assets\/[\w-]+\/client\/main\.js"><\/script>)/i);
    // eslint-disable-next-line no-control-regex
    assert.equal(/[\u0000\u001b\u202e\u200b].{0,60}/.exec(body)?.[0], undefined);
    // With every well-formed tag taken away, nothing that could begin another is left.
    const words = body.replace(
      /<!doctype html>|<\/[a-z][a-z0-9]*>|<[a-z][a-z0-9]*(?: [a-zA-Z-]+(?:="[^"]*")?)*\/?>/g,
      '',
    );
    assert.equal(/<.{0,60}/.exec(words)?.[0], undefined);
    assert.ok(body.split(ESCAPED).length > times, `${body.split(ESCAPED).length - 1} times`);
  });

  test(`${path} as text keeps hostile text on its line and harmless to a terminal (${times})`, async () => {
    const { get, deps } = client();
    prepare(deps);
    const { body } = await get(path);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(body, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u200b]/);
    for (const line of body.split('\n')) assert.doesNotMatch(line, /^\S*gnp/);
    if (times > 0) assert.ok(body.includes('\\x00\\x1b[31m\\x0d\\x0a\ufffd\\u{202e}gnp\\u{200b}'));
  });

  test(`${path} as JSON gives hostile text back as it is (${times})`, async () => {
    const { get, deps } = client();
    prepare(deps);
    const { body } = await get(`${path}?format=json`);
    if (times > 0) assert.ok(JSON.stringify(JSON.parse(body)).includes(JSON.stringify(HOSTILE).slice(1, -1)));
  });
}

test('a hostile filter that finds nothing is repeated as text', async () => {
  const { get } = client();
  const { body } = await get(`/calls/list?format=html&cid=${encodeURIComponent(HOSTILE)}`);
  assert.doesNotMatch(body, /<script(?! type="module" src="\/assets\/[\w-]+\/client\/main\.js"><\/script>)/i);
  assert.match(body, ESCAPED);
});

test('text with half a surrogate pair does not break a page', async () => {
  const { get, deps } = client();
  deps.engine.calls = [call({ callId: 'a\ud800b', agents: ['x\udc00'], from: '\udfff' })];
  for (const format of ['html', 'text', 'json'])
    assert.equal((await get(`/calls/list?format=${format}`)).statusCode, 200);
});

test('times that are no times do not break a page', async () => {
  const { get, deps } = client();
  deps.engine.calls = [call({ createdUs: Number.NaN, updatedUs: 1e300 }), call({ createdUs: -1, updatedUs: 0 })];
  deps.engine.agents = [agent({ lastSeenUs: Number.POSITIVE_INFINITY })];
  for (const path of ['/calls/list', '/hep/list']) {
    for (const format of ['html', 'text', 'json'])
      assert.equal((await get(`${path}?format=${format}`)).statusCode, 200);
  }
});
