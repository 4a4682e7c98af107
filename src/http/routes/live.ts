import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { LiveFeed, MAX_LIVE_CLIENTS } from '../live-feed.ts';
import { HttpProblem } from '../problem.ts';

/** `/live`: what pages that keep themselves up to date listen to. */
export function liveRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const feed = new LiveFeed(deps.counters);
  app.addHook('preClose', async () => feed.close());
  app.get('/live', { schema: { hide: true } }, (_request, reply) => {
    if (feed.isFull) throw new HttpProblem(503, `${MAX_LIVE_CLIENTS} pages are live, no more are served`);
    const { raw } = reply;
    reply.hijack();
    raw.writeHead(200, { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8' } as Record<
      string,
      string
    >);
    feed.add(raw);
  });
}
