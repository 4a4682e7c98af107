import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { HttpDeps } from './deps.ts';
import { ProblemSchema } from './schemas.ts';

type Scalar = string | number | boolean | null;

/** A schema as it stands in the description; only what we write ourselves is named. */
export interface ApiSchema {
  type?: string;
  description?: string;
  enum?: Scalar[];
  const?: Scalar;
  default?: Scalar;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, ApiSchema>;
  required?: string[];
  items?: ApiSchema;
  anyOf?: ApiSchema[];
  patternProperties?: Record<string, ApiSchema>;
}

interface ApiAnswer {
  description?: string;
  content?: Record<string, { schema: ApiSchema }>;
}

export interface ApiOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: ApiSchema }[];
  requestBody?: { content: Record<string, { schema: ApiSchema }> };
  responses: Record<string, ApiAnswer | { $ref: string }>;
}

/** The part of an OpenAPI document that we read and complete. */
export interface ApiDocument {
  components: Record<string, object>;
  paths: Record<string, Record<string, ApiOperation>>;
}

const REFUSED = { $ref: '#/components/responses/Problem' };

/** What stands at the head of the description; paths come from the routes. */
export function swaggerOptions(deps: HttpDeps): FastifyDynamicSwaggerOptions {
  const { about, settings, tls } = deps;
  const isGuarded = settings.tokens.length + settings.users.length > 0;
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: about.name,
        version: about.version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          'Every page answers as HTML, JSON or text: by ?format=, else by Accept. JSON is described here. Reading is GET ' +
          'and changes nothing; changing is POST and needs the role admin. Names ending in Us are integer microseconds ' +
          'since the epoch; the same name without Us is the same instant in ISO 8601.',
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: tls === undefined ? 'sipcol' : '__Host-sipcol' },
        },
      },
      ...(isGuarded ? { security: [{ token: [] }, { session: [] }] } : {}),
    },
  };
}

/** Completes what the routes say: every operation has a name and may be refused. */
export function completeDescription(document: ApiDocument): ApiDocument {
  const paths = Object.entries(document.paths).map(([path, operations]) => {
    const completed = Object.entries(operations).map(([method, operation]) => [
      method,
      {
        operationId: operationIdOf(method, path),
        ...operation,
        responses: { ...operation.responses, '4XX': REFUSED, '5XX': REFUSED },
      },
    ]);
    return [path, Object.fromEntries(completed)];
  });
  const problem = {
    description: 'Refused, with the reason; 429 and 503 say in Retry-After when to come again',
    content: { 'application/problem+json': { schema: ProblemSchema } },
  };
  return {
    ...document,
    components: { ...document.components, responses: { Problem: problem } },
    paths: Object.fromEntries(paths),
  };
}

/** `get` and `/calls/list` make `getCallsList`. */
function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^a-z0-9]+/i).filter((word) => word !== '');
  return (
    method + (words.length === 0 ? ['index'] : words).map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')
  );
}
