import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** The few files a page needs beside itself, read once. */
export interface Asset {
  /** Path below the folder of assets. */
  name: string;
  type: string;
  content: Buffer;
}

const FOLDER = new URL('assets/', import.meta.url);
const ENTRY = 'client/main.js';

const scripts = readdirSync(new URL('client/', FOLDER))
  .filter((name) => name.endsWith('.js'))
  .map((name) => `client/${name}`);

const read = (name: string, type: string): Asset => ({ name, type, content: readFileSync(new URL(name, FOLDER)) });

export const ASSETS: readonly Asset[] = [
  read('style.css', 'text/css; charset=utf-8'),
  read('icon.svg', 'image/svg+xml'),
  ...scripts.map((name) => read(name, 'text/javascript; charset=utf-8')),
];

/** One mark for all: scripts import one another by relative paths, so they must lie below the same one. */
const MARK = ASSETS.reduce((hash, { name, content }) => hash.update(name).update(content), createHash('sha256'))
  .digest('base64url')
  .slice(0, 16);

/** Where an asset is; other content has another address, so what a browser has it need never ask for again. */
export const assetHref = (name: string): string => `/assets/${MARK}/${name}`;

/** The script of the pages, and what it imports: named in the page, all are fetched at once, not one after another. */
export const SCRIPT_HREF = assetHref(ENTRY);
export const IMPORTED_HREFS: readonly string[] = scripts.filter((name) => name !== ENTRY).map(assetHref);
