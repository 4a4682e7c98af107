import type { FastifyInstance } from 'fastify';
import { assetHref, ASSETS } from '../assets.ts';

const YEAR_S = 365 * 24 * 3600;

export function assetRoutes(app: FastifyInstance): void {
  const kept = `public, max-age=${YEAR_S}, immutable`;
  for (const { name, type, content } of ASSETS) {
    app.get(assetHref(name), { config: { open: true }, schema: { hide: true } }, async (_request, reply) =>
      reply.header('cache-control', kept).type(type).send(content),
    );
  }
}
