// `npm run pictures`: makes docs/pictures/*.png for the README from the demo's traffic. Needs Debian's chromium, and three
// minutes, so that the charts have something to show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const SIZE = { width: 1200, height: 760 };
/** A call that passes a proxy and an SBC, which gives its other side a Call-ID of its own. */
const CALL_ID = '1-23368-sbc@127.0.0.1';
/** Steps of ten seconds the charts must have. */
const LEAST_STEPS = 18;
/** What a page on the web may weigh. */
const MAX_BYTES = 200_000;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'docs/pictures');

const demo = spawn(process.execPath, [join(root, 'scripts/demo.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = once(demo, 'close');
try {
  const url = await addressOf(demo.stdout);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    const context = await browser.newContext({ viewport: SIZE, colorScheme: 'light', reducedMotion: 'reduce' });
    const page = await context.newPage();
    mkdirSync(folder, { recursive: true });
    // The demo plays its calls again and again; the first time each has one story.
    const call = `${url}call/${encodeURIComponent(CALL_ID)}`;
    await until(call, (answer) => answer.events?.some(({ type }) => type === 'call-end') === true);
    await page.goto(call);
    await page.getByRole('region', { name: 'Ladder' }).scrollIntoViewIfNeeded();
    await page.evaluate(`document.querySelector('[aria-label=Ladder]').closest('section').scrollIntoView()`);
    await picture(page, 'ladder.png');
    await until(url, (answer) => (answer.dashboard?.endsUs.length ?? 0) >= LEAST_STEPS);
    await page.goto(url);
    await picture(page, 'dashboard.png');
  } finally {
    await browser.close();
  }
} finally {
  demo.kill('SIGTERM');
  await ended;
}

/** @returns {Promise<string>} address of the pages, with a slash at its end */
async function addressOf(output) {
  for await (const line of createInterface({ input: output })) {
    const found = /open (http:\/\/\S+?)\/?\s/.exec(line)?.[1];
    // What else it says is read, so that it never waits for us.
    if (found !== undefined) {
      output.resume();
      return `${found}/`;
    }
  }
  throw new Error('the demo did not start');
}

async function until(address, isThere) {
  for (;;) {
    const answer = await fetch(address, { headers: { accept: 'application/json' } });
    if (isThere(await answer.json())) return;
    await delay(1000);
  }
}

async function picture(page, name) {
  const path = join(folder, name);
  await page.screenshot({ path, animations: 'disabled' });
  const { size } = statSync(path);
  console.log(`${path}: ${size} octets`);
  if (size > MAX_BYTES) throw new Error(`${name} has ${size} octets, expected at most ${MAX_BYTES}`);
}
