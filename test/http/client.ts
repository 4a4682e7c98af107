import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { buildApp } from '../../src/http/app.ts';
import { fakeDeps, type FakeDeps } from './fakes.ts';
import type { HttpDeps } from '../../src/http/deps.ts';

/** An app on fakes, asked without a socket. */
export interface Client {
  app: FastifyInstance;
  deps: FakeDeps;
  get: (url: string, headers?: Record<string, string>) => Promise<LightMyRequestResponse>;
  post: (url: string, body: string | object, headers?: Record<string, string>) => Promise<LightMyRequestResponse>;
  ask: (options: InjectOptions) => Promise<LightMyRequestResponse>;
}

export function client(changes: Partial<HttpDeps> = {}): Client {
  const deps = fakeDeps(changes);
  const app = buildApp(deps);
  const ask = (options: InjectOptions): Promise<LightMyRequestResponse> => app.inject(options);
  return {
    app,
    deps,
    ask,
    get: (url, headers = {}) => ask({ method: 'GET', url, headers }),
    post: (url, body, headers = {}) => {
      const form = typeof body === 'string';
      const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
      return ask({ method: 'POST', url, payload: body, headers: { 'content-type': type, ...headers } });
    },
  };
}
