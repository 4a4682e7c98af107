import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { HttpSettings, Role } from './deps.ts';
import { HttpProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers everybody: health and what a page needs to look right. */
    open?: boolean;
  }
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
const NOBODY: readonly Role[] = [];
const VIEWER: readonly Role[] = ['viewer'];
const ADMIN: readonly Role[] = ['viewer', 'admin'];

/** Says who may do what, by throwing the 401 or 403 for those who may not. */
export class Access {
  readonly #tokens: readonly { digest: Buffer; roles: readonly Role[] }[];
  readonly #allowAnonymous: boolean;

  constructor(settings: HttpSettings) {
    this.#tokens = settings.tokens.map(({ token, role }) => ({
      digest: digestOf(token),
      roles: role === 'admin' ? ADMIN : VIEWER,
    }));
    this.#allowAnonymous = settings.allowAnonymous;
  }

  check(request: FastifyRequest): void {
    const changing = !READING.has(request.method);
    if (changing) refuseForeignPage(request);
    if (request.routeOptions.config.open === true) return;
    const needed: Role = changing ? 'admin' : 'viewer';
    if (this.#roles(request).includes(needed)) return;
    if (this.#tokens.length > 0 && bearerOf(request) === undefined) throw unauthorized('A token is needed');
    throw new HttpProblem(403, `This needs the role "${needed}": ${this.#remedy(request)}`);
  }

  #roles(request: FastifyRequest): readonly Role[] {
    const anonymous = this.#allowAnonymous ? VIEWER : NOBODY;
    if (this.#tokens.length === 0) return isLocal(request) && isLocalName(request.headers.host) ? ADMIN : anonymous;
    const token = bearerOf(request);
    if (token === undefined) return anonymous;
    const digest = digestOf(token);
    const found = this.#tokens.find((known) => timingSafeEqual(known.digest, digest));
    if (found === undefined) throw unauthorized('The token is not known');
    return found.roles;
  }

  #remedy(request: FastifyRequest): string {
    if (this.#tokens.length > 0) return 'the token given does not have it';
    if (isLocal(request)) {
      return 'without tokens the page must be asked for as localhost or a loopback address, not under another host name';
    }
    return 'without tokens only clients on this host have it; set http_tokens';
  }
}

function unauthorized(what: string): HttpProblem {
  const detail = `${what}: send it as "Authorization: Bearer …"`;
  return new HttpProblem(401, detail, { 'www-authenticate': 'Bearer realm="sipcol"' });
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Digests have one length, so comparing them takes the same time whatever was sent. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** A page of another site may make a browser send a POST; browsers say where it came from. */
function refuseForeignPage(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  // A browser told to hide where requests come from still vouches for our own page in Sec-Fetch-Site.
  const hidden = origin === 'null' && site === 'same-origin';
  const foreignOrigin = origin !== undefined && !hidden && hostOf(origin) !== host?.toLowerCase();
  if (foreignSite || foreignOrigin) {
    throw new HttpProblem(403, 'A change asked for by a page of another site is refused');
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** On this host, and not passed on by a proxy that runs here. */
function isLocal(request: FastifyRequest): boolean {
  const { headers } = request;
  const passedOn = headers.forwarded ?? headers['x-forwarded-for'] ?? headers.via;
  return passedOn === undefined && isLoopbackIp(request.ip);
}

function isLoopbackIp(ip: string): boolean {
  return ip === '::1' || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(ip);
}

/**
 * A name an attacker cannot point here: with DNS rebinding a foreign page reaches this host under its own name.
 * Clients without a Host header are no browsers.
 */
function isLocalName(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return /^(?:.+\.)?localhost\.?$/.test(name) || isLoopbackIp(name.replace(/^\[|\]$/g, ''));
}
