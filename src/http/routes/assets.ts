import { readdirSync, readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { etagOf, sendConditional } from '../conditional.ts';

const ASSETS: readonly (readonly [string, string])[] = [
  ['style.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
  ...readdirSync(new URL('../assets/client/', import.meta.url))
    .filter((name) => name.endsWith('.js'))
    .map((name) => [`client/${name}`, 'text/javascript; charset=utf-8'] as const),
];

/** The few files a page needs beside itself, read once; browsers ask again but get them only when changed. */
export function assetRoutes(app: FastifyInstance): void {
  for (const [name, type] of ASSETS) {
    const content = readFileSync(new URL(`../assets/${name}`, import.meta.url));
    const etag = etagOf(content);
    app.get(`/assets/${name}`, { config: { open: true }, schema: { hide: true } }, async (request, reply) =>
      sendConditional(request, reply, type, content, etag),
    );
  }
}
