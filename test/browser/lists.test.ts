import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { blocked } from '../interop/tools.ts';
import { startCollector } from '../support/collector.ts';
import { AnyCaptureReader } from '../../src/wire/pcap/capture-reader.ts';
import { readMessage } from '../tracker/scenario.ts';
import {
  accessibilityFaults,
  browserObstacle,
  foreignMarkup,
  openBrowser,
  openPage,
  overflow,
  shorten,
} from './browser.ts';
import { packetsOf, send, sendMany } from './traffic.ts';

/** What has gone on a minute ago. */
const startUs = (Math.floor(Date.now() / 1000) - 60) * 1e6;

/** Three calls: answered, busy, ringing for longest; a second apart. */
const CALLS = [
  '0.0 A>B INVITE/1 f=a id=answered from=sip:alice@example.com',
  '0.3 B>A 200/1 f=a t=b id=answered',
  '1.0 A>B INVITE/1 f=c id=busy from=sip:carol@example.com',
  '1.1 B>A 486/1 f=c t=d id=busy',
  '2.0 C>B INVITE/1 f=e id=ringing from=sip:bob@example.com',
  '2.9 B>C 180/1 f=e t=g id=ringing',
];

/** Time for a page that is some megabytes, on a machine that does other things too. */
const LONG_MS = 120_000;
/** More than fit into one window, so that only those in sight are laid out. */
const MANY = 20_000;

const texts = (page: Page, label: string): Promise<string[]> =>
  page.locator(`td[data-label="${label}"]`).allTextContents();
const idsOf = (page: Page): Promise<string[]> =>
  page.locator('[data-row]:not([hidden]) a[data-open]').allTextContents();

test('lists people work with', async (t) => {
  if (blocked(t, browserObstacle())) return;
  const collector = await startCollector({ max_clock_skew: '2h', calls_timeouts: 'inv_neg:180s,inv_1st:2h' });
  const origin = `http://127.0.0.1:${collector.http}`;
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    const { page, complaints } = await openPage(context, origin);
    await send(collector, packetsOf(CALLS.map(readMessage), startUs));

    await t.test('headings put the whole list in order, by mouse and by keys', async () => {
      await page.goto(`${origin}/calls/list`);
      assert.deepEqual(await idsOf(page), ['ringing', 'busy', 'answered']);
      await page.getByRole('columnheader', { name: 'Setup' }).getByRole('link').click();
      await page.waitForURL(/sort=pdd&order=desc/);
      assert.deepEqual(await texts(page, 'Setup'), ['900ms', '300ms', '100ms']);
      await page.keyboard.press('z');
      await page.waitForURL(/sort=pdd&order=asc/);
      assert.deepEqual(await idsOf(page), ['busy', 'answered', 'ringing']);
      await page.keyboard.press('>');
      await page.waitForURL(/sort=ring/);
      await page.keyboard.press('<');
      await page.waitForURL(/sort=pdd&order=desc/);
    });

    await t.test('searches that were made and saved are there again, until they are forgotten', async () => {
      await page.goto(`${origin}/calls/list?q=status%3A486&sort=pdd&n=50&s=0`);
      await page.goto(`${origin}/calls/list?q=${encodeURIComponent('from:"<b>alice"')}`);
      const menu = page.locator('[data-searches]');
      await page.keyboard.press('S');
      await menu.getByRole('button', { name: 'Save this search' }).press('Enter');
      assert.deepEqual(await menu.locator('li a').allTextContents(), ['from:"<b>alice"', 'status:486 · sort=pdd']);
      await menu.getByRole('link', { name: 'status:486' }).click();
      await page.waitForURL(/\?q=status%3A486&sort=pdd$/);
      assert.deepEqual(await idsOf(page), ['busy']);
      await page.keyboard.press('S');
      await menu.getByRole('button', { name: /^Forget/ }).click();
      assert.deepEqual(await menu.locator('h3').allTextContents(), ['Last']);
      await page.goto(`${origin}/events`);
      await page.keyboard.press('S');
      assert.match(await menu.innerText(), /is kept here, in this browser/, 'events have their own');
      assert.deepEqual(await foreignMarkup(page), []);
    });

    await t.test('columns are chosen by a form and are there from the first octet of the next page', async () => {
      await page.goto(`${origin}/calls/list`);
      await page.keyboard.press('t');
      await page.getByRole('checkbox', { name: 'User-Agent', exact: true }).check();
      await page.getByRole('checkbox', { name: 'Ringing', exact: true }).uncheck();
      await page.getByRole('button', { name: 'Show these' }).click();
      await page.waitForURL(/columns=/);
      await page.goto(`${origin}/calls/list`);
      const heads = async (): Promise<string[]> => page.getByRole('columnheader').allTextContents();
      assert.ok((await heads()).includes('User-Agent') && !(await heads()).includes('Ringing'));
      await page.keyboard.press('t');
      await page.getByRole('link', { name: 'Duration one place forward' }).click();
      await page.waitForURL(/columns=/);
      await page.goto(`${origin}/calls/list`);
      assert.deepEqual((await heads()).slice(-3), ['Duration', 'Setup', 'User-Agent']);
      await page.keyboard.press('t');
      await page.getByRole('link', { name: 'The usual ones' }).click();
      await page.getByRole('columnheader', { name: 'Ringing' }).waitFor();
      await page.goto(`${origin}/calls/list`);
      assert.ok(!(await heads()).includes('User-Agent'));
      assert.deepEqual(await context.cookies(), []);
    });

    await t.test('events have an order and columns of their own', async () => {
      await page.goto(`${origin}/events?n=5`);
      await page.keyboard.press('t');
      await page.getByRole('checkbox', { name: 'Request-URI', exact: true }).check();
      await page.getByRole('button', { name: 'Show these' }).click();
      await page.waitForURL(/columns=/);
      await page.getByRole('columnheader', { name: 'Setup' }).getByRole('link').click();
      await page.waitForURL(/sort=pdd/);
      await page.goto(`${origin}/events`);
      await page.getByRole('columnheader', { name: 'Request-URI' }).waitFor();
      assert.equal((await context.cookies()).map(({ name }) => name).join(), 'columns_events');
      await page.keyboard.press('t');
      await page.getByRole('link', { name: 'The usual ones' }).click();
      await page.waitForURL(/\/events\?n=100$/);
    });

    await t.test('what is typed filters the rows shown, and Enter searches for it', async () => {
      await page.goto(`${origin}/calls/list`);
      await page.keyboard.press('/');
      await page.keyboard.type('SIP:carol 486');
      await page.getByRole('status').filter({ hasText: '1 of 3 rows' }).waitFor();
      assert.deepEqual(await idsOf(page), ['busy']);
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type('carol');
      await page.keyboard.press('Enter');
      await page.waitForURL(/q=carol/);
      assert.deepEqual(await idsOf(page), ['busy']);
    });

    await t.test('marked calls open as legs of one ladder', async () => {
      await page.goto(`${origin}/calls/list`);
      const open = page.getByRole('button', { name: 'Open marked together' });
      assert.equal(await open.isDisabled(), true);
      await page.keyboard.press('j');
      await page.keyboard.press(' ');
      await page.getByRole('checkbox', { name: 'Mark answered' }).check();
      await page.getByRole('button', { name: 'Open marked together (2)' }).waitFor();
      await page.keyboard.press('o');
      await page.waitForURL(`${origin}/call/ringing?with=answered`);
      const arrows = page.locator('[aria-label="Ladder"] svg a.l-row');
      assert.equal(await arrows.count(), 4);
      const legend = page.getByRole('listitem').filter({ hasText: 'added by hand' });
      await legend.filter({ hasText: 'answered' }).waitFor();
      // So it is taken away: two messages of each call, in the order of their times.
      const file = await page.getByRole('link', { name: 'pcap', exact: true }).getAttribute('href');
      const frames = new AnyCaptureReader().push(await (await page.request.get(`${origin}${file}`)).body());
      assert.deepEqual(
        frames.map(({ bytes }) => /^Call-ID: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1]),
        ['answered', 'answered', 'ringing', 'ringing'],
      );
      // The way the ladder is drawn changes, what is drawn does not.
      await page.keyboard.press('c');
      await page.waitForURL(/colour=leg&with=answered/);
      assert.equal(await arrows.count(), 4);
    });

    await t.test('a summary tells what all are like; drawing over its bars leads to their time', async () => {
      await page.goto(`${origin}/calls/list`);
      await page.keyboard.press('i');
      await page.waitForURL(/summary=1/);
      const figures = page.getByRole('region', { name: 'Summary of all that match' });
      await figures.getByText('INVITE', { exact: true }).waitFor();
      const bars = figures.locator('[data-zoom] a');
      assert.equal(await bars.count(), 3);
      const [from, to] = await Promise.all([bars.nth(0).boundingBox(), bars.nth(1).boundingBox()]);
      assert.ok(from !== null && to !== null);
      await page.mouse.move(from.x + from.width / 2, from.y + 5);
      await page.mouse.down();
      await page.mouse.move(to.x + to.width / 2, to.y + 5, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/q=start/);
      assert.deepEqual(await idsOf(page), ['busy', 'answered']);
      await page.locator('[data-zoom] a').nth(1).click();
      await page.waitForURL((url) => /^start:\S+$/.test(url.searchParams.get('q') ?? ''));
      assert.deepEqual(await idsOf(page), ['busy']);
      await shorten(page);
      assert.deepEqual(await accessibilityFaults(page), []);
    });

    await t.test(`a list of ${MANY} rows scrolls to its end, by keys and by filter`, async () => {
      const lines = Array.from({ length: MANY }, (_, n) =>
        readMessage(`${3 + n / 1000} A>B INVITE/1 f=m${n} id=many-${n}`),
      );
      await sendMany(collector, packetsOf(lines, startUs));
      await page.goto(`${origin}/calls/list?n=${MANY}&q=callid:many-`, { timeout: LONG_MS });
      const status = page.getByRole('status').filter({ hasText: new RegExp(`^${MANY} rows$`) });
      await status.waitFor();
      assert.equal(await page.locator('[data-row]').count(), MANY);
      assert.deepEqual(await foreignMarkup(page), []);
      await page.keyboard.press('End');
      await page.locator('[data-row].current').getByText('many-0', { exact: true }).waitFor();
      assert.equal(
        await page.evaluate<string>(`document.elementsFromPoint(400, innerHeight - 80)
        .map((element) => element.closest('[data-row]')?.querySelector('[data-open]')?.textContent)
        .find((text) => text !== undefined)?.slice(0, 5)`),
        'many-',
      );
      await page.keyboard.press('k');
      await page.locator('[data-row].current').getByText('many-1', { exact: true }).waitFor();
      await page.keyboard.press('Home');
      await page.keyboard.press('j');
      await page
        .locator('[data-row].current')
        .getByText(`many-${MANY - 2}`, { exact: true })
        .waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('many-1234');
      // many-1234 and many-12340 to many-12349.
      await page
        .getByRole('status')
        .filter({ hasText: `11 of ${MANY} rows` })
        .waitFor();
      assert.deepEqual((await idsOf(page)).slice(-1), ['many-1234']);
      assert.equal(await overflow(page), 0);
    });

    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    await collector.stop();
  }
});
