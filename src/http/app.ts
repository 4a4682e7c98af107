import accepts from '@fastify/accepts';
import formBody from '@fastify/formbody';
import swagger from '@fastify/swagger';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { EngineRequestError, EngineUnavailableError } from '../model/engine.ts';
import { Access } from './access/access.ts';
import { heldCalls } from './call-source.ts';
import { deepLink } from './deep-link.ts';
import type { HttpDeps } from './deps.ts';
import { swaggerOptions } from './openapi.ts';
import { HttpProblem } from './problem.ts';
import { FORMATS, sendProblem } from './reply.ts';
import { accountRoutes } from './routes/accounts.ts';
import { aliasRoutes } from './routes/aliases.ts';
import { auditRoutes } from './routes/audit.ts';
import { apiRoutes } from './routes/api.ts';
import { assetRoutes } from './routes/assets.ts';
import { certificateRoutes } from './routes/certificates.ts';
import { callFileRoutes, callPageRoutes, togetherRoute } from './routes/call.ts';
import { messagePageRoute } from './routes/message.ts';
import { callRoutes } from './routes/calls.ts';
import { debugRoutes } from './routes/debug.ts';
import { diagnosisRoutes } from './routes/diagnosis.ts';
import { eventRoutes } from './routes/events.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { linkRoutes } from './routes/links.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { messageRoutes } from './routes/messages.ts';
import { packetRoutes } from './routes/packets.ts';
import { liveRoutes } from './routes/live.ts';
import { loginPath, loginRoutes, placeAfterLogin } from './routes/login.ts';
import { processRoutes } from './routes/process.ts';
import { rateRoutes } from './routes/rates.ts';
import { registrationRoutes } from './routes/registrations.ts';
import { retentionRoutes } from './routes/retention.ts';
import { shareRoutes } from './routes/shares.ts';
import { statisticsRoutes } from './routes/statistics.ts';
import { zoneRoutes } from './routes/zone.ts';
import { Shares } from './shares.ts';
import { LoginForm } from './views/login.tsx';
import { Problem } from './views/messages.tsx';

/** Bodies carry a few parameters. */
const MAX_BODY_BYTES = 64 * 1024;
/** A Call-ID in a path, each octet percent-encoded. */
const MAX_PARAMETER = 3 * 1024;
/** Longest time to send the headers, and the whole request: a slow sender must not hold a connection for ever. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 512;

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  // Not "no-referrer": under that, browsers send "Origin: null" with our own forms (Fetch, "append a request Origin header").
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  vary: 'accept',
} as const;

/**
 * The web server with all pages; not listening yet. It holds no state of its own: everything shown comes from `deps`,
 * everything changed goes there.
 */
export function buildApp(deps: HttpDeps): FastifyInstance {
  // Another start of the program has other names for its requests.
  const startedAt = Math.floor(deps.clock() / 1000).toString(36);
  let requests = 0;
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 5000 };
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    genReqId: () => `${startedAt}-${(++requests).toString(36)}`,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: timeouts,
    ...(deps.tls === undefined ? {} : { https: { ...timeouts, ...deps.tls, requestCert: deps.tls.ca !== undefined } }),
    routerOptions: { maxParamLength: MAX_PARAMETER, ignoreTrailingSlash: true },
    forceCloseConnections: true,
    frameworkErrors(error, request, reply) {
      // The address could not be read, so no hook has run.
      reply.headers(headersFor(request));
      answerError(error, request, reply);
    },
  });
  app.server.maxConnections = MAX_CONNECTIONS;

  const access = new Access(deps);
  app.decorateRequest('visitor');
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headersFor(request));
    access.admit(request);
  });
  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.url !== '/') return;
    const place = deepLink(request.query as Record<string, unknown>, deps.clock()); // a query is an object
    if (place !== undefined) return reply.redirect(place, 302);
  });
  app.addHook('onResponse', async (request, reply) => {
    audit(access, request, reply.statusCode);
    const { id: requestId, method, url, visitor } = request;
    deps.log.debug({ requestId, method, url, status: reply.statusCode, user: visitor?.name }, 'request answered');
  });

  // Parameters are read by `Params`, whose refusals people can read; schemas are the description.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);

  // Fastify reads text/plain by itself; nothing here is told in plain text.
  app.removeContentTypeParser('text/plain');

  const answerProblem = (problem: HttpProblem, request: FastifyRequest, reply: FastifyReply): void => {
    const canLogIn = problem.status === 401 && access.hasLogin;
    if (canLogIn && isFromElsewhere(request)) reply.header('refresh', `0; url=${loginPath(request.url)}`);
    sendProblem(deps, request, reply, problem, () =>
      canLogIn
        ? LoginForm({ next: placeAfterLogin(request), message: problem.message })
        : Problem({ problem, requestId: request.id }),
    );
  };
  const answerError = (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    answerProblem(problemOf(error, request, deps), request, reply);
  };
  app.setErrorHandler<FastifyError | Error>(answerError);
  app.setNotFoundHandler((request, reply) => {
    answerProblem(nothingAt(app, request), request, reply);
  });

  app.register(accepts);
  app.register(formBody, { bodyLimit: MAX_BODY_BYTES });
  app.register(swagger, swaggerOptions(deps));
  app.register(async (scope) => {
    assetRoutes(scope);
    processRoutes(scope, deps);
    aliasRoutes(scope, deps);
    callRoutes(scope, deps);
    togetherRoute(scope);
    callPageRoutes(scope, deps, heldCalls(deps));
    messagePageRoute(scope, deps);
    callFileRoutes(scope, deps, heldCalls(deps));
    shareRoutes(scope, deps, new Shares(deps.shareSettings, deps.clock, deps.log));
    messageRoutes(scope, deps);
    registrationRoutes(scope, deps);
    eventRoutes(scope, deps);
    rateRoutes(scope, deps);
    ingestRoutes(scope, deps);
    statisticsRoutes(scope, deps);
    metricsRoutes(scope, deps);
    linkRoutes(scope, deps);
    packetRoutes(scope, deps);
    liveRoutes(scope, deps);
    debugRoutes(scope, deps);
    diagnosisRoutes(scope, deps);
    loginRoutes(scope, deps, access);
    zoneRoutes(scope, deps, access);
    auditRoutes(scope, deps, access.audit);
    accountRoutes(scope, deps);
    certificateRoutes(scope, deps);
    retentionRoutes(scope, deps, access.audit);
    apiRoutes(scope, deps);
  });
  return app;
}

/** The id is what the log knows the request by. */
function headersFor({ id }: FastifyRequest): Record<string, string> {
  return { ...SECURITY_HEADERS, 'x-request-id': id };
}

/** Changes that were made and exports that were given go into the audit trail. */
function audit({ audit: trail }: Access, request: FastifyRequest, status: number): void {
  const { visitor } = request;
  if (visitor === undefined || status >= 400 || request.routeOptions.config.open === true) return;
  const isChange = request.method === 'POST';
  if (!isChange && !isExport(request)) return;
  const { name: user, via, address } = visitor;
  const parameters = isChange ? JSON.stringify(request.body ?? {}) : '';
  trail.add({ action: isChange ? 'change' : 'export', user, via, address, target: request.url, parameters });
}

/** An answer was given in a form that is no page: a file to take away. */
function isExport({ query, routeOptions }: FastifyRequest): boolean {
  if (routeOptions.config.isExport === true) return true;
  const format = typeof query === 'object' && query !== null && 'format' in query ? query.format : undefined;
  return format !== undefined && !FORMATS.some((form) => form === format);
}

/**
 * A link of another site brought the browser here, so that it kept our SameSite=Strict cookie to itself. It sends it
 * when it follows the page's own way to the login, and that leads back at once whoever is logged in.
 */
function isFromElsewhere({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return headers['sec-fetch-mode'] === 'navigate' && site !== undefined && site !== 'same-origin' && site !== 'none';
}

function problemOf(error: FastifyError | Error, request: FastifyRequest, deps: HttpDeps): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof EngineRequestError) return new HttpProblem(400, error.message);
  if (error instanceof EngineUnavailableError) return new HttpProblem(503, error.message);
  // Fastify's own refusals: bodies that are too big, of an unknown kind or cannot be read, addresses that cannot be decoded.
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status !== undefined && status >= 400 && status < 500) return new HttpProblem(status, error.message);
  deps.log.error({ err: error, method: request.method, url: request.url, requestId: request.id }, 'request failed');
  if (!deps.engine.health().running) {
    return new HttpProblem(503, 'The engine is not running, so this cannot be answered now; /healthz says more');
  }
  return new HttpProblem(500, `The request failed; the log says why under requestId "${request.id}"`);
}

/** A path nobody serves, or a method that is not meant for it. */
function nothingAt(app: FastifyInstance, request: FastifyRequest): HttpProblem {
  const path = request.url.split('?', 1)[0] ?? '/';
  const allowed = (['GET', 'HEAD', 'POST'] as const).filter((method) => app.hasRoute({ method, url: path }));
  if (allowed.length > 0) {
    const list = allowed.join(', ');
    return new HttpProblem(405, `${request.method} is not possible here, only ${list}`, { allow: list });
  }
  return new HttpProblem(404, `There is no page "${path.slice(0, 200)}"; all pages are listed at /pages`);
}
