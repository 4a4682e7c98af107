import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { accountsOf } from '../../../src/http/access/accounts.ts';
import { client } from '../client.ts';
import { accessSettings, NOW_US } from '../fakes.ts';

const DAY_US = 86_400e6;
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

test('a token counts up to its end, then no more, and using it is no guess that slows down', async () => {
  let nowUs = NOW_US;
  const settings = accessSettings({ tokens: [{ token: 'old', role: 'viewer', untilUs: NOW_US + DAY_US }] });
  const { get } = client({ settings, clock: () => nowUs });
  assert.equal((await get('/stats', bearer('old'))).statusCode, 200);
  nowUs = NOW_US + DAY_US - 1;
  assert.equal((await get('/stats', bearer('old'))).statusCode, 200);
  nowUs = NOW_US + DAY_US;
  for (let attempt = 0; attempt < 10; attempt++) {
    const { statusCode, body } = await get('/stats', bearer('old'));
    assert.equal(statusCode, 401);
    assert.match(body, /The token is no longer valid/);
  }
});

suite('who has access', () => {
  const names = (changes: Parameters<typeof accessSettings>[0]) =>
    accountsOf(accessSettings(changes)).map(({ kind, name, role, untilUs }) => [kind, name, role, untilUs]);

  test('is this host where nothing else is set', () => {
    assert.deepEqual(names({}), [['this host', 'this host', 'admin', null]]);
  });

  test('are users and tokens, each token with its end and without what it is', async () => {
    const users = [{ name: 'alice', role: 'admin', password: undefined }] as const;
    const tokens = [
      { token: 'secret-one', role: 'viewer' },
      { token: 'secret-two', role: 'admin', untilUs: NOW_US - 1 },
    ] as const;
    assert.deepEqual(names({ users, tokens, allowAnonymous: true, metricsOpen: true }), [
      ['user', 'alice', 'admin', null],
      ['token', 'token 1', 'viewer', null],
      ['token', 'token 2', 'admin', NOW_US - 1],
      ['everybody', 'nobody', 'viewer', null],
      ['everybody', '/metrics', 'viewer', null],
    ]);
    const all = [...tokens, { token: 'secret-three', role: 'admin' } as const];
    const { get } = client({ settings: accessSettings({ users, tokens: all }) });
    const { body } = await get('/access', bearer('secret-three'));
    assert.match(body, /^token {6}token 2: admin until 2026-11-21 09:59:59\.999999 \+0000 UTC \(over\) by /m);
    assert.doesNotMatch(body, /secret/);
    assert.equal((await get('/access', bearer('secret-one'))).statusCode, 403);
  });

  test('are others whom a proxy names, unless they have no role', () => {
    const proxy = { proxyUserHeader: 'x-user' };
    assert.deepEqual(names({ ...proxy, proxyRole: 'viewer' }), [['proxy', 'others a proxy names', 'viewer', null]]);
    assert.deepEqual(names({ ...proxy, proxyRole: 'none' }), []);
  });
});
