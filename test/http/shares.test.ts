import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { HttpDeps } from '../../src/http/deps.ts';
import { type Client, client } from './client.ts';
import { accessSettings, message, NOW_US } from './fakes.ts';

const CALL_ID = 'a84b4c76e66710@pc33.example.com';
const PATH = `/call/${encodeURIComponent(CALL_ID)}`;
const JSON_FORM = { accept: 'application/json' };
const HOUR_US = 3600 * 1e6;

interface ShareJson {
  id: string;
  callId: string;
  by: string;
  expires: string;
  messages: number;
  bytes: number;
}

function sharing(changes: Partial<HttpDeps['shareSettings']> = {}, clock = () => NOW_US): Client {
  return client({ clock, shareSettings: { most: 2, mostBytes: 1 << 20, ageUs: HOUR_US, directory: '', ...changes } });
}

async function shared({ post }: Client): Promise<ShareJson> {
  const answer = await post(`${PATH}/share`, '', JSON_FORM);
  assert.equal(answer.statusCode, 201, answer.body);
  const share = answer.json<ShareJson>();
  assert.match(share.id, /^[\w-]{12}$/);
  assert.equal(answer.headers['location'], `/s/${share.id}`);
  return share;
}

/** Nothing is held of it any more. */
function forget({ deps: { engine } }: Client): void {
  engine.calls = [];
  engine.messages = [];
  engine.events = [];
}

suite('short links', () => {
  test('a shared call has the same pages and files when nothing is held of it elsewhere', async () => {
    const one = sharing();
    const forms = ['?format=json', '?format=text', '?format=svg', '?format=mermaid', '/text', '/pcap', '/pcapng'];
    const read = (path: string): Promise<string[]> =>
      Promise.all(forms.map(async (form) => (await one.get(`${path}${form}`)).body));
    const before = await read(PATH);
    const { id, callId, messages, expires } = await shared(one);
    assert.deepEqual([callId, messages, expires], [CALL_ID, 1, '2026-11-21T11:00:00.000000Z']);
    forget(one);
    assert.equal((await one.get(PATH)).statusCode, 404);
    const after = await read(`/s/${id}`);
    // It has no neighbours: they may be gone.
    const alone = before.map((body) => body.replace('"olderCallId":"older@example.com"', '"olderCallId":""'));
    assert.deepEqual(after, alone);
    const page = (await one.get(`/s/${id}?format=html&colour=leg`)).body;
    for (const href of [`/s/${id}?format=svg&amp;`, `/s/${id}/pcap`, `/s/${id}?colour=transaction#ladder`])
      assert.ok(page.includes(`href="${href.replace('format=svg&amp;', 'colour=leg&amp;format=svg')}`), href);
    assert.doesNotMatch(page, new RegExp(`(?:href|action)="${PATH}[?/]`));
    assert.match(page, /As it was on [^]*kept by/);
  });

  test('many messages of it have their texts on its page, as they have no other', async () => {
    const one = sharing();
    one.deps.engine.messages = Array.from({ length: 60 }, (_, n) => message({ id: (n + 1) * 8 }));
    const { id } = await shared(one);
    const { body } = await one.get(`/s/${id}?format=html`);
    assert.equal(body.split('<div data-message-text>').length - 1, 60);
    assert.doesNotMatch(body, /data-text/);
    one.deps.engine.messages = Array.from({ length: 1001 }, (_, n) => message({ id: (n + 1) * 8 }));
    const refused = await one.post(`${PATH}/share`, '', JSON_FORM);
    assert.equal(refused.statusCode, 409);
    assert.match(refused.body, /1001 messages are held, and at most 1000/);
  });

  test('it is kept for its time, and what has no room is refused, not what is there', async () => {
    let nowUs = NOW_US;
    const one = sharing({}, () => nowUs);
    const first = await shared(one);
    nowUs += HOUR_US / 2;
    const second = await shared(one);
    const full = await one.post(`${PATH}/share`, '', JSON_FORM);
    assert.equal(full.statusCode, 409);
    assert.match(full.body, /2 calls are shared, which is share_max/);
    nowUs = NOW_US + HOUR_US;
    assert.equal((await one.get(`/s/${first.id}`)).statusCode, 404);
    assert.equal((await one.get(`/s/${second.id}`)).statusCode, 200);
    await shared(one);
    const tight = sharing({ mostBytes: second.bytes - 1 });
    assert.match((await tight.post(`${PATH}/share`, '', JSON_FORM)).body, /share_max_mem/);
    const off = await sharing({ most: 0 }).post(`${PATH}/share`, '', JSON_FORM);
    assert.deepEqual([off.statusCode, /share_max is 0/.test(off.body)], [409, true]);
  });

  test('all are listed, and each can be removed', async () => {
    const one = sharing();
    const ids = [(await shared(one)).id, (await shared(one)).id];
    const list = (await one.get('/shares', JSON_FORM)).json<{ total: number; items: ShareJson[] }>();
    assert.deepEqual([list.total, new Set(list.items.map(({ id }) => id))], [2, new Set(ids)]);
    assert.match((await one.get('/shares?format=html')).body, /<button type="submit" name="remove"/);
    assert.equal((await one.post('/shares', `remove=${ids[0]}`)).statusCode, 200);
    assert.equal((await one.post('/shares', `remove=${ids[0]}`)).statusCode, 404);
    assert.equal((await one.get(`/s/${ids[0]}`)).statusCode, 404);
    assert.match(
      (await one.get('/shares?format=text')).body,
      new RegExp(`^/s/${ids[1]} ${CALL_ID} 1 messages [^\\n]*\\n$`),
    );
    assert.equal((await one.post('/call/unknown%40x/share', '', JSON_FORM)).statusCode, 404);
  });

  test('only an admin makes one, everybody who may read follows it, and the audit trail tells', async () => {
    const one = client({
      settings: accessSettings({
        tokens: [
          { token: 'look', role: 'viewer' },
          { token: 'change', role: 'admin' },
        ],
      }),
    });
    const as = (token: string): Record<string, string> => ({ ...JSON_FORM, authorization: `Bearer ${token}` });
    assert.equal((await one.post(`${PATH}/share`, '', as('look'))).statusCode, 403);
    assert.equal((await one.post(`${PATH}/share`, '', JSON_FORM)).statusCode, 401);
    const { id, by } = (await one.post(`${PATH}/share`, '', as('change'))).json<ShareJson>();
    assert.equal(by, 'token 2');
    assert.equal((await one.get(`/s/${id}`, as('look'))).statusCode, 200);
    assert.equal((await one.get(`/s/${id}`)).statusCode, 401);
    const { items } = (await one.get('/audit', as('change'))).json<{ items: { action: string; target: string }[] }>();
    assert.deepEqual([items[0]?.action, items[0]?.target], ['change', `${PATH}/share`]);
  });

  test('with a directory they are there again after a restart, but for what is no shared call or has had its time', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'shares-'));
    try {
      let nowUs = NOW_US;
      const before = sharing({ directory }, () => nowUs);
      const [kept, removed] = [await shared(before), await shared(before)];
      await before.post('/shares', `remove=${removed.id}`);
      assert.deepEqual(readdirSync(directory), [kept.id]);
      assert.equal(statSync(join(directory, kept.id)).mode & 0o777, 0o600);
      for (const [name, octets] of [
        ['AAAAAAAAAAAA', 'x'],
        ['BBBBBBBBBBBB', Buffer.from('789c030000000001', 'hex')],
        ['note.txt', 'y'],
      ] as const)
        writeFileSync(join(directory, name), octets);
      const again = sharing({ directory }, () => nowUs);
      forget(again);
      const { body, statusCode } = await again.get(`/s/${kept.id}?format=json`);
      assert.equal(statusCode, 200);
      assert.equal(body, (await before.get(`/s/${kept.id}?format=json`)).body);
      assert.equal((await again.get('/shares', JSON_FORM)).json<{ total: number }>().total, 1);
      nowUs += HOUR_US;
      assert.equal((await again.get(`/s/${kept.id}`)).statusCode, 404);
      assert.equal(
        (await sharing({ directory }, () => nowUs).get('/shares', JSON_FORM)).json<{ total: number }>().total,
        0,
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
