/**
 * `npm run bench:lists`: a list of very many calls as people meet it: octets of the page, time until the server has sent it and how
 * long `/healthz` takes meanwhile, time until Chromium has painted something and all of it, frames while it is scrolled
 * and the filter of the rows is typed into. `--rows N`, `--json FILE` writes the figures.
 */
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../test/browser/browser.ts';
import { startCollector } from './support/collector.ts';
import { type Figure, median, printFigures, writeJson } from './support/measure.ts';
import { MESSAGES_TO_ESTABLISH, overlappingCalls } from './support/traffic.ts';

const HEALTH_PAUSE_MS = 20;
const RUNS = 5;
const WINDOW = { width: 1440, height: 900 };
const LIMIT_MS = 120_000;

interface Painted {
  firstMs: number;
  parsedMs: number;
  elements: number;
}

const PAINTED = `({
  firstMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  parsedMs: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
  elements: document.querySelectorAll('*').length,
})`;

/** Milliseconds between pictures while the page moves by so much in each. */
const FRAMES = (by: number): string => `new Promise((resolve) => {
  const frames = [];
  let last;
  const step = (now) => {
    if (last !== undefined) frames.push(now - last);
    last = now;
    if (frames.length >= 120) return resolve(frames);
    scrollBy(0, ${by});
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

/** A letter typed into the filter, until the picture after it. */
const FILTERED = (text: string): string => `new Promise((resolve) => {
  const box = document.querySelector('.row-filter input');
  const began = performance.now();
  box.value = ${JSON.stringify(text)};
  box.dispatchEvent(new Event('input', { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
})`;

const { values } = parseArgs({ options: { json: { type: 'string' }, rows: { type: 'string', default: '20000' } } });
const rows = Number(values.rows);
const collector = await startCollector(['--hep_udp_port=0', '--hep_tcp_port=auto']);
const address = `${collector.url}/calls/list?n=${rows}`;
try {
  await fill();
  const figures = await served();
  const browser = await openBrowser();
  try {
    figures.push(...(await shown(browser)));
  } finally {
    await browser.close();
  }
  printFigures(`bench:lists, ${rows} rows`, figures);
  if (values.json !== undefined) writeJson(values.json, figures);
} finally {
  await collector.stop();
}

async function fill(): Promise<void> {
  const packets = overlappingCalls(rows, rows, 3, '', MESSAGES_TO_ESTABLISH);
  const socket = connect(collector.portOf('hep-tcp'), '127.0.0.1');
  socket.end(Buffer.concat(packets));
  await once(socket, 'close');
  for (;;) {
    const response = await fetch(`${collector.url}/calls?format=json`);
    const { calls } = (await response.json()) as { calls: number }; // the documented shape
    if (calls >= rows) return;
    await delay(100);
  }
}

/** The page as a client gets it that does nothing else. */
async function served(): Promise<Figure[]> {
  const [firstMs, wholeMs, octets, health]: number[][] = [[], [], [], []];
  for (let run = 0; run < RUNS; run++) {
    const state = { isOver: false };
    const watched = watchHealth(state);
    const begin = performance.now();
    const response = await fetch(address, { headers: { accept: 'text/html', 'accept-encoding': 'gzip' } });
    firstMs?.push(performance.now() - begin);
    octets?.push((await response.arrayBuffer()).byteLength);
    wholeMs?.push(performance.now() - begin);
    state.isOver = true;
    health?.push(...(await watched));
  }
  return [
    { name: 'page, octets', value: median(octets ?? []), unit: 'octets' },
    { name: 'page, first octet', value: median(firstMs ?? []), unit: 'ms' },
    { name: 'page, last octet', value: median(wholeMs ?? []), unit: 'ms' },
    { name: '/healthz meanwhile, median', value: median(health ?? []), unit: 'ms' },
    { name: '/healthz meanwhile, longest', value: Math.max(...(health ?? [])), unit: 'ms' },
  ];
}

async function watchHealth(state: { isOver: boolean }): Promise<number[]> {
  const ms: number[] = [];
  while (!state.isOver) {
    const begin = performance.now();
    await (await fetch(`${collector.url}/healthz`)).arrayBuffer();
    ms.push(performance.now() - begin);
    await delay(HEALTH_PAUSE_MS);
  }
  return ms;
}

async function shown(browser: Browser): Promise<Figure[]> {
  const painted: Painted[] = [];
  const frames = new Map<string, number[]>([
    ['slowly', []],
    ['quickly', []],
  ]);
  const filtered: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const page = await browser.newPage({ viewport: WINDOW });
    page.setDefaultTimeout(LIMIT_MS);
    await page.goto(address, { timeout: LIMIT_MS });
    painted.push(await page.evaluate<Painted>(PAINTED));
    frames.get('slowly')?.push(...(await page.evaluate<number[]>(FRAMES(120))));
    frames.get('quickly')?.push(...(await page.evaluate<number[]>(FRAMES(2500))));
    for (const text of ['4', '49', '493', '']) filtered.push(await page.evaluate<number>(FILTERED(text)));
    await page.close();
  }
  const quantile = (ms: readonly number[], part: number): number =>
    ms.toSorted((a, b) => a - b)[Math.floor((ms.length - 1) * part)] ?? Number.NaN;
  return [
    { name: 'first paint', value: median(painted.map(({ firstMs }) => firstMs)), unit: 'ms' },
    { name: 'whole page there', value: median(painted.map(({ parsedMs }) => parsedMs)), unit: 'ms' },
    { name: 'elements', value: median(painted.map(({ elements }) => elements)), unit: 'elements' },
    ...[...frames].flatMap(([how, ms]): Figure[] => [
      { name: `frame while scrolled ${how}, median`, value: median(ms), unit: 'ms' },
      { name: `frame while scrolled ${how}, 95 %`, value: quantile(ms, 0.95), unit: 'ms' },
      { name: `frame while scrolled ${how}, longest`, value: quantile(ms, 1), unit: 'ms' },
    ]),
    { name: 'filter, median', value: median(filtered), unit: 'ms' },
    { name: 'filter, longest', value: Math.max(...filtered), unit: 'ms' },
  ];
}
