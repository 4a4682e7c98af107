import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSearch } from '../../src/model/search/parse.ts';
import { client } from './client.ts';
import { countersOf, message, NOW_US } from './fakes.ts';

const HTML = { accept: 'text/html' };

test('/messages asks the engine for what was typed, and for a part of the list', async () => {
  const { get, deps } = client();
  const { statusCode } = await get('/messages?q=header.X-Foo:bar+method:INVITE&n=7&s=14');
  assert.equal(statusCode, 200);
  assert.deepEqual(deps.engine.asked, [
    ['listMessages', { offset: 14, limit: 7, search: parseSearch('header.X-Foo:bar method:INVITE', 'messages') }],
  ]);
});

test('a field that messages do not have is answered with 400 and its place', async () => {
  const { statusCode, body } = await client().get('/messages?q=pdd%3E4s');
  assert.equal(statusCode, 400);
  assert.match(body, /^Error 400 Bad Request: Parameter "q", character 1: "pdd" is a field of calls and events only/);
});

test('each message leads to its place in the ladder of its call, near it where there are many', async () => {
  const { get, deps } = client();
  deps.engine.messages = [message({ id: 77, callId: 'a b/c@host', atUs: NOW_US })];
  const { body } = await get('/messages', HTML);
  assert.ok(body.includes(`href="/call/a%20b%2Fc%40host?around=${NOW_US}&amp;message=77#ladder"`));
});

test('a message is whole in text, as the text of its call has it', async () => {
  const { get, deps } = client();
  const [held] = deps.engine.messages;
  const { body } = await get('/messages?q=alice');
  const lines = body.split('\n');
  assert.equal(lines[0], 'Messages List (filter: from 0 max 100 matches, q "alice"), 1 of 1:');
  assert.match(lines[2] ?? '', /^=== 2026-11-21T\d\d:\d\d:\d\d\.\d{6}Z \d/);
  for (const line of held?.raw.split('\r\n') ?? []) assert.ok(lines.includes(line), line);
});

test('CSV has a row for each message with its text on one line', async () => {
  const { body, headers } = await client().get('/messages?format=csv');
  const [columns = '', row = '', end] = body.split('\r\n');
  assert.match(columns, /^id,atUs,at,.*,raw$/);
  assert.match(row, /\\x0d\\x0a/);
  assert.equal(end, '');
  assert.match(String(headers['content-disposition']), /filename="sipcol-messages\.csv"/);
});

test('an answer that is a part of the whole says so in every form', async () => {
  const { get, deps } = client();
  deps.engine.searchedAll = false;
  deps.engine.messages = [message({ atUs: NOW_US - 90_000_000 })];
  const html = await get('/messages?q=alice', HTML);
  assert.match(html.body, /A part of the answer/);
  const text = await get('/messages?q=alice');
  assert.match(text.body, /^# The 2 s of a search were enough for 1 message, back to 1m30s ago/m);
  const json = (await get('/messages?q=alice&format=json')).json<{ isComplete: boolean; since: string }>();
  assert.deepEqual([json.isComplete, json.since], [false, '2026-11-21T09:58:30.000000Z']);
});

test('why nothing is here: messages are not kept', async () => {
  const { get, deps } = client();
  deps.engine.messages = [];
  deps.engine.keeps = false;
  assert.match((await get('/messages')).body, /^# Messages are not kept: keep_messages is 0 \(\/about\/config\)$/m);
});

test('why nothing is here: none meets the search, and how long messages are held', async () => {
  const { get, deps } = client();
  deps.engine.foundMessages = [];
  deps.engine.messages = [message({ atUs: NOW_US - 3_600_000_000 })];
  const { body } = await get('/messages?q=nobody');
  assert.match(
    body,
    /^# 1 message looked at; the oldest held is from 1h\w* ago, but none meets "nobody" \(\/messages\)$/m,
  );
});

test('why nothing is here: overload kept messages out', async () => {
  const { get, deps } = client({ counters: () => countersOf({ 'calls.messages_left_out': 12 }) });
  deps.engine.messages = [];
  const { body } = await get('/messages');
  assert.match(body, /^# 12 messages tracked but not kept, because there was too much to do/m);
});

test('texts of a long list are left to the pages of the calls', async () => {
  const { get, deps } = client();
  deps.engine.messages = Array.from({ length: 600 }, (_, id) => message({ id }));
  assert.doesNotMatch((await get('/messages?n=600', HTML)).body, /<pre/);
  assert.match((await get('/messages?n=500', HTML)).body, /<pre/);
});

test('examples of the form can be read', async () => {
  const { get } = client();
  const { body } = await get('/messages/query', HTML);
  const links = [...body.matchAll(/<a href="([^"]*\?q=[^"]*)"><code>/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  );
  assert.ok(links.length > 4);
  for (const href of links) assert.equal((await get(href)).statusCode, 200, href);
});
