import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { find, obstacle } from '../interop/tools.ts';
import { ROOT } from '../support/root.ts';

/** Debian's Chromium, driven by playwright-core, which brings no browser of its own. */
const CHROMIUM = 'chromium';

/** What keeps browser tests from running here, if anything. */
export function browserObstacle(): string | undefined {
  return obstacle([CHROMIUM]);
}

/** Where screenshots go, to be looked at; nothing compares them. */
export const OUT = join(ROOT, 'test/browser/out');

export async function openBrowser(): Promise<Browser> {
  mkdirSync(OUT, { recursive: true });
  // As root, which containers are, the sandbox cannot be set up.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: find(CHROMIUM) ?? CHROMIUM, args });
}

/** Longest wait for something that must come. */
const WAIT_MS = 15_000;

export interface Watched {
  page: Page;
  /** Everything that should not happen on a page: errors, refused resources, dialogs, requests to elsewhere. */
  complaints: string[];
}

/** A page of the collector at `origin` that is watched for what must not happen. */
export async function openPage(context: BrowserContext, origin: string): Promise<Watched> {
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    // An answer that is an error is told in the console, too; the tests look at the answer.
    const isStatus = message.text().startsWith('Failed to load resource: the server responded');
    if (message.type() === 'error' && !isStatus) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'data:') complaints.push(`request to ${request.url().slice(0, 200)}`);
  });
  return { page, complaints };
}

/** What could only come from text that became markup, and what our pages never have. */
const MARKUP = `[...document.querySelectorAll('*')].flatMap((element) => [
  ...(['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'STYLE', 'IMG', 'VIDEO', 'AUDIO'].includes(element.tagName) ? [element.outerHTML] : []),
  ...(element.tagName === 'SCRIPT' && !/^\\/assets\\//.test(element.getAttribute('src') ?? '') ? [element.outerHTML] : []),
  ...[...element.attributes]
    .filter(({ name, value }) => /^on|^style$|^srcdoc$/i.test(name) || (/^(?:xlink:)?href$|^src(?:set)?$|^(?:form)?action$/i.test(name) && !/^(\\/|#|$)/.test(value)))
    .map(({ name, value }) => name + '=' + value),
]).concat(typeof hit === 'undefined' ? [] : ['a script of the captured text has run'])`;

/** Elements and attributes on the page that only captured text can have brought. */
export async function foreignMarkup(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(MARKUP);
}

/** Of children that look alike, so many tell what all are like. */
const ALIKE = 12;
const FEWER = `for (const parent of document.querySelectorAll('main *')) {
  const seen = new Map();
  for (const child of [...parent.children]) {
    const kind = child.tagName + '.' + child.getAttribute('class');
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    if (seen.get(kind) > ${ALIKE}) child.remove();
  }
}`;

/** Leaves a few of the children that look alike, so that judging a long page takes no longer than a short one. */
export async function shorten(page: Page): Promise<void> {
  await page.evaluate(FEWER);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeViolation {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The drawn label of an arrow in a ladder is cut to its room, so its name, which is whole, cannot contain it. */
const NOT_FOR_DRAWINGS = { 'label-content-name-mismatch': { enabled: false } };

/** What axe-core finds that is serious or critical, one line each. */
export async function accessibilityFaults(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Once for each document; reading it takes longer than a small page.
  if (!(await page.evaluate<boolean>("typeof axe === 'object'"))) await page.evaluate(AXE);
  const options = {
    runOnly: rules === undefined ? { type: 'tag', values: RULES } : { type: 'rule', values: rules },
    rules: NOT_FOR_DRAWINGS,
    resultTypes: ['violations'],
  };
  const violations = await page.evaluate<AxeViolation[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes
        .slice(0, 3)
        .map(
          ({ target, failureSummary = '' }) =>
            `${id} (${help}): ${target.join(' ')}: ${failureSummary.replaceAll('\n', ' ')}`,
        ),
    );
}

/** How much wider the page is than the window: 0 where nothing has to be scrolled sideways. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
