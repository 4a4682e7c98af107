import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { SITE_MAP } from '../../src/http/site-map.ts';
import { blocked } from '../interop/tools.ts';
import { startCollector } from '../support/collector.ts';
import {
  accessibilityFaults,
  browserObstacle,
  foreignMarkup,
  openBrowser,
  openPage,
  OUT,
  overflow,
  shorten,
  type Watched,
} from './browser.ts';
import { expected, playCapture, playProbe } from './traffic.ts';

/** Higher than screens are: of a long page the first part tells how it looks. */
const WIDE = { width: 1280, height: 1400 };
const PHONE = { width: 390, height: 1400 };
/** Pages looked at at the same time. */
const TABS = 2;

const CALLS = expected.calls
  .filter(({ method }) => method === 'INVITE')
  .map(({ callId }) => `/call/${encodeURIComponent(callId)}`);
/** Looked at last: a chart has its first point after ten seconds. */
const CHARTS = ['/stats/charts', '/'];
/** Besides these: no page, and two that are the longest there are. */
const APART = new Set([...CHARTS, '/openapi.json', '/metrics', '/counters', '/counters/avg']);
const PAGES = [
  // The same page under other intervals looks the same.
  ...SITE_MAP.map(({ path }) => path).filter((path) => !path.includes('?') && !APART.has(path)),
  '/counters?group=ingest',
  '/counters/avg?group=ingest',
  ...CALLS.slice(0, 1),
  ...CALLS.slice(-1),
  '/calls/list?cid=nothing-has-this',
  '/calls/list?n=0',
  '/no/such/page',
  ...CHARTS,
];

test(
  'every page is in order in a browser: light and dark, wide and on a phone, for eyes and for screen readers',
  { concurrency: TABS },
  async (t) => {
    if (blocked(t, browserObstacle())) return;
    const collector = await startCollector();
    const browser = await openBrowser();
    try {
      await playCapture(collector);
      const probe = await playProbe(collector);
      const origin = `http://127.0.0.1:${collector.http}`;
      const context = await browser.newContext({ reducedMotion: 'reduce' });
      const look = async ({ page, complaints }: Watched, path: string): Promise<void> => {
        const picture = async (name: string): Promise<void> => {
          await page.screenshot({ path: join(OUT, `${fileName(path)}-${name}.png`), animations: 'disabled' });
        };
        complaints.length = 0;
        await page.setViewportSize(WIDE);
        await page.emulateMedia({ colorScheme: 'light' });
        await page.goto(`${origin}${path}`);
        assert.equal(await page.locator('h1').count(), 1);
        assert.deepEqual(await foreignMarkup(page), []);
        assert.equal(await overflow(page), 0, 'wide');
        await picture('wide-light');
        await page.setViewportSize(PHONE);
        assert.equal(await overflow(page), 0, 'phone');
        await picture('phone-light');
        await page.emulateMedia({ colorScheme: 'dark' });
        await picture('phone-dark');
        await page.setViewportSize(WIDE);
        await picture('wide-dark');
        if (CHARTS.includes(path)) await pointAtAStep(page);
        await shorten(page);
        assert.deepEqual(await accessibilityFaults(page, ['color-contrast']), [], 'dark');
        await page.emulateMedia({ colorScheme: 'light' });
        assert.deepEqual(await accessibilityFaults(page), [], 'light');
        assert.deepEqual(complaints, []);
      };
      const left = PAGES.values();
      const tab = async (): Promise<void> => {
        const watched = await openPage(context, origin);
        for (const path of left) await t.test(path, () => look(watched, path));
      };
      await Promise.all(Array.from({ length: TABS }, tab));
      await probe.stop();
    } finally {
      await browser.close();
      await collector.stop();
    }
  },
);

/** One step that is pointed at in a chart is marked in all, and legends tell its values until it is left. */
async function pointAtAStep(page: Page): Promise<void> {
  const received = page.getByRole('figure', { name: 'Messages received' });
  const last = await received.locator('.legend').innerText();
  await received.locator('[data-at]').first().hover({ force: true });
  assert.equal(await page.locator('.chart .at').count(), await page.locator('.chart').count());
  const told = await received.locator('[data-at].at title').textContent();
  const [, value = '0'] = /^tracked: (.+)$/m.exec(told ?? '') ?? [];
  assert.equal(await received.locator('[data-series=tracked]').innerText(), value);
  await page.locator('h1').hover();
  assert.equal(await page.locator('.chart .at').count(), 0);
  assert.equal(await received.locator('.legend').innerText(), last);
}

function fileName(path: string): string {
  return path === '/' ? 'index' : path.slice(1).replaceAll(/[^a-z0-9.-]+/gi, '_');
}
