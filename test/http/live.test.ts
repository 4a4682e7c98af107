import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { get as request, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { SCRIPT_HREF } from '../../src/http/assets.ts';
import { LiveFeed, MAX_LIVE_CLIENTS } from '../../src/http/live-feed.ts';
import { client } from './client.ts';
import { accessSettings, countersOf, SOME_TRAFFIC } from './fakes.ts';

const NOW = 'event: now\ndata: {"events":4,"received":1042}\n\n';

/** An answer that keeps what is written to it. */
class Kept extends ServerResponse {
  readonly written: string[] = [];
  override writableLength = 0;

  constructor() {
    super({ method: 'GET' } as IncomingMessage); // all that an answer without a socket asks of it
  }

  override write(chunk: string): boolean {
    this.written.push(chunk);
    return true;
  }
}

suite('LiveFeed', () => {
  test('tells a new page at once, then what is new once a second', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    let counters = countersOf(SOME_TRAFFIC);
    const feed = new LiveFeed(() => counters);
    const page = new Kept();
    feed.add(page);
    assert.deepEqual(page.written, [NOW]);
    counters = countersOf({ ...SOME_TRAFFIC, 'ev_ring0.queued': 5 });
    context.mock.timers.tick(999);
    assert.equal(page.written.length, 1);
    context.mock.timers.tick(1);
    assert.equal(page.written[1], NOW.replace('4', '5'));
    feed.close();
  });

  test('says nothing when nothing is new, but for a sign of life every ten seconds', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const counters = countersOf(SOME_TRAFFIC);
    const feed = new LiveFeed(() => counters);
    const page = new Kept();
    feed.add(page);
    context.mock.timers.tick(1000);
    page.written.length = 0;
    context.mock.timers.tick(20_000);
    assert.deepEqual(page.written, [':\n\n', ':\n\n']);
    feed.close();
  });

  test('gives up a page that does not read, and goes on for the others', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const counters = countersOf(SOME_TRAFFIC);
    const feed = new LiveFeed(() => counters);
    const [stuck, reading] = [new Kept(), new Kept()];
    feed.add(stuck);
    feed.add(reading);
    stuck.writableLength = 70_000;
    context.mock.timers.tick(1000);
    assert.equal(stuck.destroyed, true);
    assert.equal(reading.destroyed, false);
    assert.equal(reading.written.length, 2);
    feed.close();
  });

  test('takes a bounded number of pages, and another when one has gone', () => {
    const feed = new LiveFeed(() => countersOf());
    const pages = Array.from({ length: MAX_LIVE_CLIENTS }, () => new Kept());
    for (const page of pages) {
      assert.equal(feed.isFull, false);
      feed.add(page);
    }
    assert.equal(feed.isFull, true);
    pages[0]?.emit('close');
    assert.equal(feed.isFull, false);
    feed.close();
  });
});

test('/live is a stream of events with the headers of every page, and ends with the server', async () => {
  const { app } = client();
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo; // it listens on TCP
  const [answer] = (await once(request({ host: '127.0.0.1', port, path: '/live' }), 'response')) as [IncomingMessage];
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'; script-src 'self'/);
  const [first] = (await once(answer, 'data')) as [Buffer];
  assert.equal(first.toString(), NOW);
  const ended = once(answer, 'end');
  answer.resume();
  await app.close();
  await ended;
});

test('/live needs the right to read', async () => {
  const { get } = client({ settings: accessSettings({ tokens: [{ token: 'x'.repeat(32), role: 'viewer' }] }) });
  assert.equal((await get('/live')).statusCode, 401);
});

test('every part of the script is served as such', async () => {
  const { get } = client();
  const seen = new Set<string>();
  const waiting = [SCRIPT_HREF];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { statusCode, headers, body } = await get(path);
    assert.equal(statusCode, 200, path);
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
    for (const [, name = ''] of body.matchAll(/from '\.\/([^']+)'/g)) waiting.push(path.replace(/[^/]*$/, name));
  }
  assert.equal(seen.size, readdirSync('src/http/client').filter((name) => name.endsWith('.ts')).length);
});

suite('live parts', () => {
  for (const [path, counted] of [
    ['/', 'received'],
    ['/calls/list', 'received'],
    ['/hep/list', 'received'],
    ['/ipfix/list', 'received'],
    ['/calls/list?q=alice', 'received'],
    ['/calls/list?s=100', undefined],
    ['/events?order=newest', 'events'],
    ['/events', undefined],
    ['/about', undefined],
  ] as const) {
    test(`of ${path}: ${counted ?? 'none'}`, async () => {
      const { body } = await client().get(path, { accept: 'text/html' });
      assert.equal(/data-live="([^"]*)"/.exec(body)?.[1], counted);
    });
  }
});

suite('the theme', () => {
  for (const [cookie, theme] of [
    ['theme=dark', 'dark'],
    ['other=1; theme=light', 'light'],
    ['theme=system', undefined],
    ['theme=dark" onload="x', undefined],
    ['mytheme=dark', undefined],
  ] as const) {
    test(`of "${cookie}" is ${theme ?? "the system's"}`, async () => {
      const { body } = await client().get('/about', { accept: 'text/html', cookie });
      assert.equal(/<html lang="en"(?: data-theme="([^"]*)")?>/.exec(body)?.[1], theme);
    });
  }
});
