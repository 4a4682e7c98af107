import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetHref } from '../../../src/http/assets.ts';
import { client } from '../client.ts';
import { accessSettings } from '../fakes.ts';

const TOKENS = [
  { token: 'viewer-token', role: 'viewer' },
  { token: 'admin-token', role: 'admin' },
] as const;

interface Case {
  name: string;
  tokens?: boolean;
  allowAnonymous?: boolean;
  remoteAddress?: string;
  headers?: Record<string, string>;
  read: number;
  change: number;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

const cases: Case[] = [
  { name: 'a client on this host, without tokens', read: 200, change: 200 },
  {
    name: 'a client on this host over IPv6',
    remoteAddress: '::1',
    headers: { host: '[::1]:8060' },
    read: 200,
    change: 200,
  },
  { name: 'a client on this host seen as mapped IPv4', remoteAddress: '::ffff:127.0.0.1', read: 200, change: 200 },
  { name: 'a client asking for 127.0.0.1', headers: { host: '127.0.0.1:8060' }, read: 200, change: 200 },
  { name: 'a client asking for LOCALHOST', headers: { host: 'LOCALHOST:8060' }, read: 200, change: 200 },
  {
    name: 'a page that rebound its own name to this host',
    headers: { host: 'attacker.example:8060' },
    read: 403,
    change: 403,
  },
  {
    name: 'a name that only begins like a loopback address',
    headers: { host: '127.0.0.1.attacker.example' },
    read: 403,
    change: 403,
  },
  { name: 'a name that only ends like localhost', headers: { host: 'notlocalhost' }, read: 403, change: 403 },
  { name: 'a Host that is no name', headers: { host: 'localhost@attacker' }, read: 403, change: 403 },
  {
    name: 'a client passed on by a proxy on this host',
    headers: { 'x-forwarded-for': '192.0.2.9' },
    read: 403,
    change: 403,
  },
  { name: 'a client elsewhere, without tokens', remoteAddress: '192.0.2.9', read: 403, change: 403 },
  {
    name: 'a client elsewhere, anonymous reading allowed',
    remoteAddress: '192.0.2.9',
    allowAnonymous: true,
    headers: { host: 'col.example' },
    read: 200,
    change: 403,
  },
  { name: 'a client on this host, anonymous reading allowed', allowAnonymous: true, read: 200, change: 200 },
  { name: 'no token where tokens are set', tokens: true, read: 401, change: 401 },
  { name: 'a wrong token', tokens: true, headers: bearer('nope'), read: 401, change: 401 },
  { name: 'a token that is a beginning of one', tokens: true, headers: bearer('admin'), read: 401, change: 401 },
  { name: 'another scheme', tokens: true, headers: { authorization: 'Basic YWRtaW46eA==' }, read: 401, change: 401 },
  { name: 'the viewer token', tokens: true, headers: bearer('viewer-token'), read: 200, change: 403 },
  { name: 'the admin token', tokens: true, headers: bearer('admin-token'), read: 200, change: 200 },
  {
    name: 'the admin token from elsewhere under any name',
    tokens: true,
    remoteAddress: '192.0.2.9',
    headers: { ...bearer('admin-token'), host: 'col.example' },
    read: 200,
    change: 200,
  },
  { name: 'no token where anonymous reading is allowed', tokens: true, allowAnonymous: true, read: 200, change: 401 },
  {
    name: 'a wrong token where anonymous reading is allowed',
    tokens: true,
    allowAnonymous: true,
    headers: bearer('nope'),
    read: 401,
    change: 401,
  },
];

for (const {
  name,
  tokens = false,
  allowAnonymous = false,
  remoteAddress = '127.0.0.1',
  headers = {},
  read,
  change,
} of cases) {
  test(`${name}: reading ${read}, changing ${change}`, async () => {
    const { ask, deps } = client({ settings: accessSettings({ tokens: tokens ? TOKENS : [], allowAnonymous }) });
    const reading = await ask({ method: 'GET', url: '/calls', remoteAddress, headers });
    assert.equal(reading.statusCode, read, reading.body);
    if (read === 401) assert.match(String(reading.headers['www-authenticate']), /^Bearer /);
    const before = deps.engine.asked.length;
    const changing = await ask({
      method: 'POST',
      url: '/calls/timeout',
      remoteAddress,
      headers,
      payload: { inv_1st: '90s' },
    });
    assert.equal(changing.statusCode, change, changing.body);
    assert.equal(deps.engine.asked.length - before, change === 200 ? 1 : 0);
    for (const url of ['/healthz', '/readyz', assetHref('style.css')]) {
      assert.equal((await ask({ method: 'GET', url, remoteAddress, headers })).statusCode, 200, url);
    }
    for (const url of ['/', '/openapi.json', '/nope']) {
      const answer = await ask({ method: 'GET', url, remoteAddress, headers });
      assert.equal(answer.statusCode, read === 200 && url === '/nope' ? 404 : read, url);
    }
  });
}

const origins: { name: string; headers: Record<string, string>; status: number }[] = [
  { name: 'no Origin (curl)', headers: {}, status: 200 },
  {
    name: 'our own page',
    headers: { origin: 'http://localhost:8060', host: 'localhost:8060', 'sec-fetch-site': 'same-origin' },
    status: 200,
  },
  {
    name: 'our own page with its origin hidden',
    headers: { origin: 'null', 'sec-fetch-site': 'same-origin' },
    status: 200,
  },
  { name: 'the address bar', headers: { 'sec-fetch-site': 'none' }, status: 200 },
  { name: 'another site', headers: { origin: 'https://attacker.example', host: 'localhost:8060' }, status: 403 },
  {
    name: 'another port of this host',
    headers: { origin: 'http://localhost:9999', host: 'localhost:8060' },
    status: 403,
  },
  { name: 'an opaque origin', headers: { origin: 'null', host: 'localhost:8060' }, status: 403 },
  { name: 'another site by Sec-Fetch-Site alone', headers: { 'sec-fetch-site': 'cross-site' }, status: 403 },
  { name: 'another name of our site', headers: { 'sec-fetch-site': 'same-site' }, status: 403 },
];
for (const { name, headers, status } of origins) {
  for (const tokens of [false, true]) {
    test(`a POST from ${name} ${tokens ? 'with the admin token' : 'without tokens'} gets ${status}`, async () => {
      const { ask, deps } = client({ settings: accessSettings({ tokens: tokens ? TOKENS : [] }) });
      const answer = await ask({
        method: 'POST',
        url: '/events/blst',
        payload: { 'call-start': true },
        headers: { ...headers, ...(tokens ? bearer('admin-token') : {}) },
      });
      assert.equal(answer.statusCode, status);
      assert.equal(deps.engine.asked.length, status === 200 ? 1 : 0);
    });
  }
}
