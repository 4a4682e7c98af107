import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { sendConditional } from '../conditional.ts';
import type { HttpDeps } from '../deps.ts';
import { type ApiDocument, completeDescription } from '../openapi.ts';
import { referenceOf } from '../reference.ts';
import { apiText } from '../text/api.ts';
import { ApiReference } from '../views/api.tsx';
import { addPage } from './page.ts';

/** `/openapi.json` for programs, `/api` for people: both made of the routes themselves. */
export function apiRoutes(app: FastifyInstance, deps: HttpDeps): void {
  let made: ApiDocument | undefined;
  const description = (): ApiDocument => {
    // Routes do not change once the server is ready; our own schemas are of this shape.
    made ??= completeDescription(app.swagger() as unknown as ApiDocument);
    return made;
  };

  app.get('/openapi.json', { schema: { hide: true } }, async (request, reply) =>
    sendConditional(request, reply, 'application/json; charset=utf-8', `${JSON.stringify(description())}\n`),
  );

  addPage(app, deps, {
    path: '/api',
    summary: 'What the API offers, to read',
    tag: 'About',
    schema: Type.Record(Type.String(), Type.Unknown(), { description: 'The OpenAPI document, as at /openapi.json' }),
    read() {
      const document = description();
      const entries = referenceOf(document);
      return {
        title: 'API',
        isSteady: true,
        data: document,
        html: () => ApiReference({ entries }),
        text: () => apiText(entries),
      };
    },
  });
}
