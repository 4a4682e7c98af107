import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrowserContext } from 'playwright-core';
import { blocked } from '../interop/tools.ts';
import { startCollector } from '../support/collector.ts';
import { readMessage } from '../tracker/scenario.ts';
import { browserObstacle, foreignMarkup, openBrowser, openPage, overflow } from './browser.ts';
import { arrowsOf, isCaptured, labelOf, rowsOf, wayOf } from './ladder-page.ts';
import { packetsOf, scenarioMessages, send } from './traffic.ts';

/** What has gone on a minute ago: whatever is still missing then will not come. */
const startUs = (Math.floor(Date.now() / 1000) - 60) * 1e6;

/** Titles of scenarios whose ladders must read right, and what else must be said of them. */
const FLOWS: readonly (readonly [title: string, said: readonly RegExp[]])[] = [
  ['challenged, then answered: one entry, one call-start', []],
  ["two early dialogs, the second answers: the first one's failure is not reported", [/branch a/, /branch b/]],
  ['a 200 overtakes the CANCEL: the call is up', [/to CANCEL/]],
  ['hold by re-INVITE of the callee', []],
  ['redirected', []],
  ['glare: both re-INVITE at once, both are told 491, the second try goes through', []],
  ['PRACK and UPDATE change nothing', [/to PRACK/, /to UPDATE/]],
  ['transferred by REFER: its NOTIFYs tell how it goes, then the transferor hangs up', [/to REFER/, /to NOTIFY/]],
  ['early media: sound before the answer', []],
  ['late offer: the answer brings the offer, the ACK its answer', []],
];

/** Caller, proxy, B2BUA, callee. The agent of the callee's side knows which call its own came from. */
const CHAIN = [
  '0.000 A>P INVITE/1 f=a id=first by=a,p',
  '0.002 P>Q INVITE/1 f=a id=first by=p',
  '0.010 Q>B INVITE/7 f=q id=second by=b',
  '0.200 B>Q 180/7 f=q t=b id=second by=b',
  '0.202 Q>P 180/1 f=a t=q id=first by=p',
  '0.204 P>A 180/1 f=a t=q id=first by=a,p',
  '1.000 B>Q 200/7 f=q t=b id=second by=b',
  '1.002 Q>P 200/1 f=a t=q id=first by=p',
  '1.004 P>A 200/1 f=a t=q id=first by=a,p',
  '1.100 A>P ACK/1 f=a t=q id=first by=a,p',
  '1.102 P>Q ACK/1 f=a t=q id=first by=p',
  '1.104 Q>B ACK/7 f=q t=b id=second by=b',
].map(readMessage);

/** The call everybody asks about, one of the same number long before, and one of another number at the same time. */
const ASKED = [
  ['asked', 'sip:+49301234567@example.com', 0],
  ['too-early', 'sip:0301234567@example.com', -3000],
  ['other-number', 'sip:+49301234568@example.com', 1],
] as const;
const ASKED_FLOW = ['0.0 A>B INVITE/1', '1.0 B>A 200/1 t=b', '1.1 A>B ACK/1 t=b'];

/** A call page and its exports. */
interface Told {
  times: { iso: string; text: string }[];
  /** Everything else that stands on the page. */
  others: string[];
  text: string;
  svg: string;
  json: string;
}

/** What is a time says so with its instant; in the ladder the clock column has none. */
const TIMES_AND_OTHERS = `(() => {
  const times = [...document.querySelectorAll('main time')].map((time) => ({
    iso: time.dateTime,
    text: time.textContent,
  }));
  document.querySelectorAll('main time, main svg title, .l-time, .ladder-head > .l-quiet').forEach((each) => each.remove());
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const others = [];
  while (walker.nextNode()) others.push(walker.currentNode.data);
  // The call goes on: how long it lasts by now is none of its times.
  return { times, others: others.filter((text) => !/^[\\dms]+$/.test(text)) };
})()`;

/** Iran is 3 h 30 min before UTC all year since 2022. */
const TEHRAN_MS = (3 * 60 + 30) * 60_000;
const WRITTEN_THERE = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+03:30/g;

/** How a time must read, in the form it has: with its day, or without. */
function inTehran({ iso, text }: { iso: string; text: string }): string {
  const local = new Date(Date.parse(iso) + TEHRAN_MS).toISOString().slice(0, -1).replace('T', ' ');
  return `${text.length > 20 ? local : local.slice(11)} +03:30`;
}

/** JSON without what counts on while somebody looks. */
function lasting(json: string): string {
  return json.replaceAll(/"(?:expiresInMs|durationMs)":[\d.]+/g, '');
}

/** An export without the clocks of its ladder and with instants to the millisecond. */
function withoutClocks(text: string): string {
  return text
    .replaceAll(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(?:\d{3})?Z/g, '$1Z')
    .replaceAll(/<text class="l-time"[^>]*>[^<]*<\/text>/g, '')
    .replaceAll(/>(?:UTC|\+03:30)<\/text>/g, '></text>');
}

const LOADS = 5;

/** From the first octet of a page until it is drawn: the median of some loads, as this machine does other things too. */
async function drawnMs(context: BrowserContext, url: string): Promise<number> {
  const page = await context.newPage();
  const tookMs: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    await page.goto(url);
    tookMs.push(
      await page.evaluate<number>(
        `performance.getEntriesByType('navigation').map(({ responseStart, loadEventEnd }) => loadEventEnd - responseStart)[0]`,
      ),
    );
  }
  await page.close();
  return Math.round(tookMs.toSorted((a, b) => a - b)[LOADS >> 1] ?? 0);
}

test('what an engineer reviews a collector by', async (t) => {
  if (blocked(t, browserObstacle())) return;
  const collector = await startCollector({ max_clock_skew: '2h', keep_messages: '5000' });
  const origin = `http://127.0.0.1:${collector.http}`;
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
    const { page, complaints } = await openPage(context, origin);
    const openCall = (callId: string, query = ''): Promise<unknown> => page.goto(`${origin}/call/${callId}${query}`);

    for (const [n, [title, said]] of FLOWS.entries()) {
      await t.test(`the ladder reads right: ${title}`, async () => {
        const messages = scenarioMessages(title, `flow-${n}`);
        await send(collector, packetsOf(messages, startUs));
        await openCall(`flow-${n}`);
        const rows = (await rowsOf(page)).filter(isCaptured);
        assert.deepEqual(
          rows.map(({ message, way }) => `${message} ${way}`),
          messages.map((message) => `${labelOf(message)} ${wayOf(message)}`),
        );
        for (const text of said) assert.ok(rows.filter(({ more }) => text.test(more)).length > 0, text.source);
        const arrows = await arrowsOf(page);
        assert.equal(arrows.length, messages.length, 'the picture says the same');
        for (const [at, message] of messages.entries())
          assert.ok(arrows[at]?.includes(` ${labelOf(message)}`), arrows[at]);
      });
    }

    await t.test('what should have come and did not is drawn', async () => {
      await send(
        collector,
        packetsOf(scenarioMessages('forked before the answer, both answer', 'no-ack').slice(0, 4), startUs),
      );
      await openCall('no-ack');
      const missing = (await rowsOf(page)).filter((row) => !isCaptured(row));
      assert.ok(missing.some(({ message }) => message.includes('ACK')));
      await page.getByRole('complementary', { name: 'What is missing' }).waitFor();
    });

    await t.test('proxy, B2BUA and three agents: no message twice, legs joined, the reason shown', async () => {
      const told = (agent: string): object => (agent === 'b' ? { correlationId: 'first' } : {});
      await send(collector, packetsOf(CHAIN, startUs, told));
      await openCall('first');
      const rows = await rowsOf(page);
      assert.deepEqual(
        rows.map(({ message, way }) => `${message} ${way}`),
        CHAIN.map((message) => `${labelOf(message)} ${wayOf(message)}`),
      );
      assert.equal(rows[0]?.agents.split(', ').length, 2);
      assert.equal(rows.filter(({ more }) => more.includes('retransmi')).length, 0);
      const other = page.getByRole('region', { name: 'Ladder' }).locator('xpath=ancestor::section');
      await other
        .getByRole('listitem')
        .filter({ hasText: 'second' })
        .filter({ hasText: /correlation/i })
        .waitFor();
    });

    await t.test('an INVITE sent three times is marked, one that two agents saw is not', async () => {
      await send(collector, packetsOf(scenarioMessages('retransmissions on one link', 'thrice'), startUs));
      await openCall('thrice');
      const again = async (): Promise<string[]> =>
        (await rowsOf(page))
          .filter(({ message }) => message.startsWith('INVITE'))
          .map(({ more }) => /retransmission \d/.exec(more)?.[0] ?? '');
      assert.deepEqual(await again(), ['', 'retransmission 1', 'retransmission 2']);
      const title = 'the same message seen by two agents is not a retransmission';
      await send(collector, packetsOf(scenarioMessages(title, 'two-agents'), startUs));
      await openCall('two-agents');
      assert.deepEqual(await again(), ['', 'retransmission 1']);
      const rows = (await rowsOf(page)).filter(isCaptured);
      assert.deepEqual(
        rows.map(({ agents }) => agents.split(', ').length),
        [2, 2, 2],
      );
    });

    await t.test('from a number and a time to the ladder in three actions, by keyboard alone', async () => {
      for (const [id, from, offsetS] of ASKED) {
        const lines = ASKED_FLOW.map((line) => readMessage(`${line} f=${id} id=${id} from=${from}`));
        await send(collector, packetsOf(lines, startUs + offsetS * 1e6));
      }
      await page.goto(`${origin}/calls/list`);
      await page.keyboard.press('/');
      await page.keyboard.type(`030-1234567 start:${new Date(startUs / 1000).toISOString().slice(0, 16)}~5m`);
      await page.keyboard.press('Enter');
      await page.waitForURL(/q=/);
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${origin}/call/asked`);
      assert.equal((await arrowsOf(page)).length, 3);
      const bounds = { from: startUs / 1e6 - 300, to: startUs / 1e6 + 300 };
      await page.goto(`${origin}/?number=0301234567&from=${bounds.from}&to=${bounds.to}`);
      const found = await page.locator('a[data-open][href^="/call/"]').allTextContents();
      assert.deepEqual(new Set(found), new Set(['asked']), 'the same by a link of a ticket');
    });

    await t.test('lists, forms and the ladder work without scripts', async () => {
      const plain = await browser.newContext({ javaScriptEnabled: false });
      const visit = await plain.newPage();
      await visit.goto(origin);
      await visit.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Calls' }).click();
      await visit.getByRole('searchbox').fill('callid=asked');
      await visit.getByRole('searchbox').press('Enter');
      await visit.getByRole('link', { name: 'asked', exact: true }).first().click();
      await visit.getByRole('region', { name: 'Ladder' }).locator('svg a.l-row').first().click();
      assert.match(visit.url(), /\/call\/asked#/);
      await visit.getByRole('region', { name: 'Messages' }).locator('summary').first().click();
      await visit.getByText('From: <sip:+49301234567@example.com>;tag=asked').first().waitFor();
      await plain.close();
    });

    await t.test('a screen reader walks from the list to the call and to a message', async () => {
      await page.goto(`${origin}/calls/list?cid=asked`);
      for (const role of ['banner', 'main', 'contentinfo'] as const) await page.getByRole(role).waitFor();
      const list = page.getByRole('table');
      assert.ok((await list.getByRole('columnheader').count()) > 5);
      await list.getByRole('row').getByRole('link', { name: 'asked', exact: true }).first().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Call asked' }).waitFor();
      const messages = page.getByRole('region', { name: 'Messages' });
      assert.ok((await messages.getByRole('columnheader').count()) > 5);
      await messages.locator('summary').first().focus();
      await page.keyboard.press('Enter');
      await messages.getByText('Call-ID: asked').first().waitFor();
    });

    await t.test('a message found by its text leads to the ladder of its call, where it is selected', async () => {
      await page.goto(`${origin}/messages`);
      await page.keyboard.press('/');
      await page.keyboard.type('payload:"tag=asked" status:200');
      await page.keyboard.press('Enter');
      await page.waitForURL(/q=/);
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/call\/asked\?around=\d+&message=\d+#ladder$/);
      const selected = page.getByRole('complementary', { name: 'Selected message' });
      await selected.getByText('SIP/2.0 200').first().waitFor();
    });

    await t.test('the way back leads to the same place of a list', async () => {
      await page.goto(`${origin}/calls/list`);
      const link = page.getByRole('link', { name: 'flow-0', exact: true }).last();
      await link.scrollIntoViewIfNeeded();
      const before = await page.evaluate<number>('scrollY');
      await link.click();
      await page.waitForURL(`${origin}/call/flow-0`);
      await page.goBack();
      await page.waitForFunction(`Math.abs(scrollY - ${before}) < 2`);
    });

    await t.test('a search that finds nothing says why', async () => {
      await page.goto(`${origin}/calls/list?q=${encodeURIComponent('number:999999999')}`);
      await page.getByRole('complementary', { name: 'Why is nothing here?' }).waitFor();
    });

    await t.test('an agent that went silent is told from one that did not', async () => {
      await page.goto(`${origin}/hep/list`);
      /** Each sending had a port of its own, so there are several of a letter. */
      const seen = async (agent: string): Promise<string> => {
        const name = page.getByText(String(agent.charCodeAt(0)), { exact: true });
        const times = await page.getByRole('row').filter({ has: name }).locator('time').all();
        const texts = await Promise.all(times.map((time) => time.getAttribute('datetime')));
        return texts.reduce<string>((latest, text) => (text !== null && text > latest ? text : latest), '');
      };
      const silent = await seen('p');
      await send(collector, packetsOf([readMessage('60 A>B OPTIONS/1 f=a id=alive by=a')], startUs));
      await page.reload();
      assert.equal(await seen('p'), silent);
      assert.ok((await seen('a')) > silent);
      // Nothing comes any more, and the page that is left open names the agent all the same.
      const aside = page.getByRole('complementary', { name: 'Silent senders' });
      await aside
        .getByText(/^97@.*since .* UTC/)
        .first()
        .waitFor();
    });

    await t.test('a list that is live shows a new call by itself, and not while it is paused', async () => {
      const ring = (id: string): Promise<void> =>
        send(collector, packetsOf([readMessage(`60 A>B INVITE/1 f=${id} id=${id}`)], startUs));
      const row = (id: string) => page.getByRole('link', { name: id, exact: true }).first();
      await page.goto(`${origin}/calls/list`);
      const status = page.getByRole('status').filter({ hasText: /live|paused/ });
      await status.filter({ hasText: 'live' }).waitFor();
      await ring('live-1');
      await row('live-1').waitFor();
      await page.keyboard.press('p');
      await status.filter({ hasText: 'paused' }).waitFor();
      await ring('live-2');
      await status.filter({ hasText: /paused, \d+ new/ }).waitFor();
      assert.equal(await row('live-2').count(), 0);
      await page.keyboard.press('p');
      await row('live-2').waitFor();
    });

    await t.test('the theme that was chosen is there from the first octet of the next page', async () => {
      const button = page.getByRole('button', { name: /^Theme/ });
      await page.goto(`${origin}/about`);
      for (let n = 0; n < 3 && !(await button.textContent())?.includes('dark'); n++) await button.click();
      const { headers, text } = await page.evaluate<{ headers: string; text: string }>(
        `fetch('/calls/list', { headers: { accept: 'text/html' } })
           .then(async (answer) => ({ headers: document.cookie, text: await answer.text() }))`,
      );
      assert.match(headers, /theme=dark/);
      assert.match(text, /^<!doctype html><html [^>]*data-theme="dark"/);
      await context.clearCookies();
    });

    await t.test('another time zone alters every time on the page and in the export, and nothing else', async () => {
      const elsewhere = await browser.newContext({ timezoneId: 'Asia/Tehran' });
      const visit = await elsewhere.newPage();
      const exported = (format: string): Promise<string> =>
        visit.evaluate<string>(`fetch('/call/asked?format=${format}').then((answer) => answer.text())`);
      const told = async (): Promise<Told> => {
        await visit.goto(`${origin}/call/asked`);
        const shown = await visit.evaluate<Pick<Told, 'times' | 'others'>>(TIMES_AND_OTHERS);
        return { ...shown, text: await exported('text'), svg: await exported('svg'), json: await exported('json') };
      };
      const utc = await told();
      await visit.getByRole('link', { name: 'UTC', exact: true }).click();
      await visit.getByRole('button', { name: 'This browser: Asia/Tehran' }).click();
      await visit.waitForURL(`${origin}/call/asked`);
      const there = await told();

      assert.ok(utc.times.length >= 4);
      assert.deepEqual(
        there.times.map((time) => ({ ...time, text: inTehran(time) })),
        there.times,
      );
      assert.deepEqual(
        there.times.map(({ iso }) => iso),
        utc.times.map(({ iso }) => iso),
      );
      assert.deepEqual(there.others, utc.others);
      assert.equal(lasting(there.json), lasting(utc.json));
      for (const format of ['text', 'svg'] as const) {
        const changed = there[format].replaceAll(WRITTEN_THERE, (time) => new Date(Date.parse(time)).toISOString());
        assert.equal(withoutClocks(changed), withoutClocks(utc[format]));
        assert.match(there[format], WRITTEN_THERE);
      }
      // Somewhere else the browser's zone is another one, and the page asked for first is in it already.
      await elsewhere.close();
      const moved = await browser.newContext({ timezoneId: 'America/New_York' });
      await moved.addCookies([{ name: 'tz', value: 'browser:Asia/Tehran', url: origin }]);
      const away = await moved.newPage();
      await away.goto(`${origin}/about`);
      await away.getByRole('link', { name: /America\/New_York$/ }).waitFor();
      await moved.close();
    });

    await t.test('a dialog of 2 000 messages is whole', async () => {
      const lines = Array.from({ length: 1000 }, (_, n) => [
        readMessage(`${1 + n / 50} A>B INFO/${n + 2} f=a t=b id=long`),
        readMessage(`${1.01 + n / 50} B>A 200/${n + 2}/INFO f=a t=b id=long`),
      ]).flat();
      await send(collector, packetsOf(lines, startUs));
      await openCall('long', '?n=2000');
      assert.equal((await rowsOf(page)).filter(isCaptured).length, 2000);
      assert.equal((await arrowsOf(page)).length, 2000);
      assert.equal(await overflow(page), 0);
      assert.deepEqual(await foreignMarkup(page), []);
      await page.keyboard.press('End');
      const selected = page.getByRole('complementary', { name: 'Selected message' });
      await selected.getByText('CSeq: 1001 INFO').waitFor();
      await openCall('long', '?n=200');
      const table = page.getByRole('region', { name: 'Messages' });
      await table.getByRole('link', { name: 'INFO', exact: true }).first().click();
      await table.getByText('CSeq: 2 INFO').waitFor();
      const plain = await browser.newContext({ javaScriptEnabled: false });
      const visit = await plain.newPage();
      await visit.goto(page.url());
      await visit
        .getByRole('region', { name: 'Messages' })
        .getByRole('link', { name: 'INFO', exact: true })
        .first()
        .click();
      await visit.getByText('CSeq: 2 INFO').waitFor();
      await plain.close();
      t.diagnostic(
        `a ladder of 200 messages: ${await drawnMs(context, page.url())} ms from its first octet until it is drawn`,
      );
    });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    await collector.stop();
  }
});
