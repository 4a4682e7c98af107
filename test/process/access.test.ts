import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { startCollector } from '../support/collector.ts';
import { ROOT } from '../support/root.ts';

const CLI = process.env['SIPCOL_CLI'] ?? join(ROOT, '.build/src/cli.js');
const TLS = join(ROOT, 'fixtures/tls');
const ca = readFileSync(join(TLS, 'ca.pem'), 'utf8');

interface Answered {
  status: number;
  cookie: string;
  body: string;
}

function hashOf(password: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'hash-password'], {
    input: password,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

/** Asks over TLS; the certificate must be good for 127.0.0.1. */
function ask(port: number, method: string, path: string, cookie = '', form = ''): Promise<Answered> {
  const headers = { cookie, ...(form === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) };
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, method, path, headers, ca, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      const set = response.headers['set-cookie']?.[0] ?? '';
      response.on('end', () => resolve({ status: response.statusCode ?? 0, cookie: set, body }));
    });
    asking.on('error', reject);
    asking.end(form);
  });
}

test('over TLS a user whose password sipcol hash-password hashed logs in, changes something and logs out', async () => {
  const collector = await startCollector({
    http_users: `alice:admin:${hashOf('correct horse\nnot this line\n')}`,
    http_tls_cert: join(TLS, 'server.pem'),
    http_tls_key: join(TLS, 'server-key.pem'),
  });
  try {
    const port = collector.http;
    assert.match(collector.program.stderr, new RegExp(`"url":"https://127\\.0\\.0\\.1:${port}/"`));
    assert.equal((await ask(port, 'GET', '/healthz')).status, 200);
    assert.equal((await ask(port, 'GET', '/calls/list')).status, 401);
    assert.equal((await ask(port, 'POST', '/login', '', 'user=alice&password=wrong')).status, 401);
    const login = await ask(port, 'POST', '/login', '', 'user=alice&password=correct+horse');
    assert.equal(login.status, 200, login.body);
    assert.match(login.cookie, /^__Host-sipcol=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/);
    const cookie = login.cookie.split(';', 1)[0] ?? '';
    assert.equal((await ask(port, 'GET', '/calls/list', cookie)).status, 200);
    assert.equal((await ask(port, 'POST', '/calls/timeout', cookie, 'inv_1st=90s')).status, 200);
    const { body } = await ask(port, 'GET', '/audit', cookie);
    assert.match(body, / change by "alice" \(session\) at 127\.0\.0\.1: \/calls\/timeout \{"inv_1st":"90s"\}\n/);
    assert.match(
      (await ask(port, 'GET', '/certificates', cookie)).body,
      /^http http_tls_cert own: "CN=sipcol test server"/,
    );
    assert.equal((await ask(port, 'POST', '/logout', cookie)).status, 200);
    assert.equal((await ask(port, 'GET', '/calls/list', cookie)).status, 401);
    assert.match(collector.program.stderr, /"audit":\{"action":"change","user":"alice"/);
    assert.doesNotMatch(collector.program.stderr, /correct horse|scrypt/);
    await assert.rejects(collector.json('/about'), /fetch failed/, 'no plain HTTP on that port');
  } finally {
    await collector.stop();
  }
});

test('with http_tls_ca only clients with a certificate of that authority get in', async () => {
  const collector = await startCollector({
    http_tls_cert: join(TLS, 'server.pem'),
    http_tls_key: join(TLS, 'server-key.pem'),
    http_tls_ca: join(TLS, 'ca.pem'),
  });
  /** The first octets of an answer, or nothing. */
  const answerTo = (name: string): Promise<string> =>
    new Promise((resolve) => {
      const own =
        name === ''
          ? {}
          : { cert: readFileSync(join(TLS, `${name}.pem`)), key: readFileSync(join(TLS, `${name}-key.pem`)) };
      const socket = connect({ host: '127.0.0.1', port: collector.http, ca, ...own });
      socket.on('error', () => resolve(''));
      socket.on('close', () => resolve(''));
      socket.on('data', (octets: Buffer) => {
        resolve(octets.toString('latin1', 0, 15));
        socket.destroy();
      });
      socket.write('GET /about HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
  try {
    assert.equal(await answerTo('client'), 'HTTP/1.1 200 OK');
    assert.equal(await answerTo('stranger'), '');
    assert.equal(await answerTo(''), '');
  } finally {
    await collector.stop();
  }
});

for (const [what, input, line] of [
  ['an empty password', '', 'Cannot hash an empty password'],
  ['a password without end', 'x'.repeat(2000), 'Cannot hash the password: expected at most 1024 characters'],
] as const) {
  test(`sipcol hash-password refuses ${what} with one line`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'hash-password'], { input, encoding: 'utf8' });
    assert.deepEqual([status, stdout, stderr], [1, '', `sipcol: ${line}\n`]);
  });
}

test('sipcol hash-password takes no password from the command line', () => {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'hash-password', 'hush'], {
    input: 'x',
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.doesNotMatch(stderr, /hush/);
});
