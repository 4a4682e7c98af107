import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { blocked } from '../interop/tools.ts';
import { startCollector } from '../support/collector.ts';
import { UdpAgent } from '../support/hep-sender.ts';
import { until } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { readMessage } from '../tracker/scenario.ts';
import { packetsOf } from './traffic.ts';
import { accessibilityFaults, browserObstacle, openBrowser, openPage, OUT } from './browser.ts';

const TLS = join(ROOT, 'fixtures/tls');
/** "correct horse", hashed by Python's hashlib.scrypt(n=1024, r=8, p=1). */
const USERS = 'alice:admin:scrypt.10.8.1.MDEyMzQ1Njc4OWFiY2RlZg.6g3umF-uVrJsObaTZhIbbTlgrvOEFcCItdwSjtPF67M';

/** A call of a minute ago. */
const startUs = (Math.floor(Date.now() / 1000) - 60) * 1e6;
const CALL = [
  '0.0 A>B INVITE/1',
  '1.0 B>A 200/1 t=b',
  '1.1 A>B ACK/1 t=b',
  '9.0 A>B BYE/2 t=b',
  '9.1 B>A 200/2/BYE t=b',
];
/** What stands on a page, but for what counts on while somebody looks. */
const SHOWN = `document.querySelector('main').innerText.replaceAll(/\\d+m?\\d*m?s\\b/g, '')`;

test('people log in over TLS, follow links of other sites to their page, and log out', async (t) => {
  if (blocked(t, browserObstacle())) return;
  const collector = await startCollector({
    http_users: USERS,
    http_tls_cert: join(TLS, 'server.pem'),
    http_tls_key: join(TLS, 'server-key.pem'),
  });
  // Another site: a ticket with a link to us, and a form that would change something here.
  const origin = `https://127.0.0.1:${collector.http}`;
  const elsewhere = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Ticket</title><a href="${origin}/calls/list?n=7">the call</a>
      <form method="post" action="${origin}/calls/timeout"><input name="inv_1st" value="90s"><button>win</button></form>`);
  });
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  // The listener is TCP. Another name makes another site of it.
  const ticket = `http://localhost:${(elsewhere.address() as AddressInfo).port}/`;
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const { page, complaints } = await openPage(context, origin);
    const heading = (): Promise<string | null> => page.locator('h1').textContent();
    /** By keyboard alone: the fields are the first things a form has. */
    const logIn = async (where: Page, password: string): Promise<void> => {
      await where.locator('input[name=user]').focus();
      await where.keyboard.type('alice');
      await where.keyboard.press('Tab');
      await where.keyboard.type(password);
      await where.keyboard.press('Enter');
    };

    await t.test('a page leads to the login, the login back to the page', async () => {
      const first = await page.goto(`${origin}/calls/list?n=5`);
      assert.equal(first?.status(), 401);
      assert.deepEqual(await accessibilityFaults(page), []);
      await page.screenshot({ path: join(OUT, 'login-form.png') });
      await logIn(page, 'wrong');
      await page.getByRole('alert').filter({ hasText: 'Name or password are wrong' }).waitFor();
      await logIn(page, 'correct horse');
      await page.waitForURL(`${origin}/calls/list?n=5`);
      assert.equal(await heading(), 'Calls');
      assert.match((await page.locator('header .account').textContent()) ?? '', /alice/);
    });

    await t.test('no script can read the cookie', async () => {
      assert.equal(await page.evaluate<string>('document.cookie'), '');
      const [cookie] = await context.cookies();
      assert.deepEqual(
        [cookie?.name, cookie?.httpOnly, cookie?.secure, cookie?.sameSite, cookie?.path],
        ['__Host-sipcol', true, true, 'Strict', '/'],
      );
    });

    await t.test('a link of another site leads to its page, although it brings no cookie', async () => {
      const visit = await context.newPage();
      await visit.goto(ticket);
      await visit.getByText('the call').click();
      await visit.waitForURL(`${origin}/calls/list?n=7`);
      await visit.locator('header .account').waitFor();
      await visit.close();
    });

    await t.test('a form of another site changes nothing', async () => {
      const visit = await context.newPage();
      await visit.goto(ticket);
      const [answer] = await Promise.all([
        visit.waitForResponse(`${origin}/calls/timeout`),
        visit.getByText('win').click(),
      ]);
      assert.equal(answer.status(), 403);
      await visit.close();
    });

    await t.test('the same link in a private window shows the same page after the login', async () => {
      const stranger = await browser.newContext({ ignoreHTTPSErrors: true });
      const visit = await stranger.newPage();
      await visit.goto(ticket);
      await visit.getByText('the call').click();
      await visit.locator('input[name=user]').waitFor();
      await visit.waitForURL(`${origin}/login?**`);
      await logIn(visit, 'correct horse');
      await visit.waitForURL(`${origin}/calls/list?n=7`);
      await stranger.close();
    });

    await t.test('a link with search, window of time and selection is the same view to a stranger', async () => {
      const agent = await UdpAgent.open();
      const lines = CALL.map((line) => readMessage(`${line} f=a id=given from=sip:4711@example.com`));
      for (const packet of packetsOf(lines, startUs)) await agent.send(packet, collector.hepUdp);
      agent.close();
      await until('the call has ended', 15_000, async () => {
        const answer = await page.request.get(`${origin}/events?q=type:call-end&format=json`);
        return ((await answer.json()) as { matched: number }).matched > 0 || undefined;
      });
      const second = startUs / 1e6;
      const day = new Date(startUs / 1000).toISOString().slice(0, 10);
      const found = `${origin}/calls/list?q=${encodeURIComponent(`number:4711 start:${day}..${day}`)}&tz=Asia%2FTehran&n=10`;
      await page.goto(found);
      const rows = await page.locator('tbody [data-open]').allTextContents();
      assert.deepEqual(rows, ['given']);
      await page.goto(`${origin}/call/given?around=${second}&time=first&tz=Asia%2FTehran`);
      await page.getByRole('region', { name: 'Ladder' }).locator('a[data-message]').nth(1).click();
      const selected = (where: Page) => where.getByRole('complementary', { name: 'Selected message' });
      await selected(page).getByText('SIP/2.0 200').first().waitFor();

      const stranger = await browser.newContext({ ignoreHTTPSErrors: true });
      const visit = await stranger.newPage();
      const shown = (where: Page): Promise<string> => where.evaluate<string>(SHOWN);
      for (const link of [page.url(), found]) {
        await page.goto(link);
        await visit.goto(link);
        if ((await visit.locator('form.login').count()) > 0) {
          await logIn(visit, 'correct horse');
          await visit.locator('header .account').waitFor();
        }
        if (link !== found) {
          for (const where of [page, visit]) await selected(where).getByText('SIP/2.0 200').first().waitFor();
        }
        assert.equal(await shown(visit), await shown(page), link);
      }
      await stranger.close();
    });

    await t.test('a change needs nothing but the login, and is in the audit trail', async () => {
      await page.goto(`${origin}/calls/timeout`);
      await page.locator('input[name=inv_1st]').fill('90s');
      await Promise.all([
        page.waitForResponse((answer) => answer.request().method() === 'POST'),
        page.locator('input[name=inv_1st]').press('Enter'),
      ]);
      await page.waitForLoadState();
      await page.goto(`${origin}/audit`);
      assert.match((await page.locator('tbody').textContent()) ?? '', /change.*alice.*\/calls\/timeout/);
    });

    await t.test('after the log-out the way back shows nothing', async () => {
      await page.goto(`${origin}/calls/list`);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.waitForURL(`${origin}/login`);
      await page.goBack();
      await page.locator('form.login').waitFor();
      assert.equal(await page.locator('header .account').count(), 0);
    });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    elsewhere.close();
    await collector.stop();
  }
});
