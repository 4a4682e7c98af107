import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Http } from '../../model/counters.ts';
import { isLoopback } from '../../model/endpoint.ts';
import type { HttpUser, Role } from '../../model/settings.ts';
import { cookieOf } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpProblem } from '../problem.ts';
import { AuditTrail } from './audit.ts';
import { tokenName } from './accounts.ts';
import { addressKey, Clients } from './client.ts';
import { Failures } from './failures.ts';
import { isPassword, MAX_PASSWORD_LENGTH, nobodysHash } from './password.ts';
import { RateLimit } from './rate-limit.ts';
import { Sessions } from './sessions.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers everybody: health, the way to log in, and what a page needs to look right. */
    open?: boolean;
    /** Reading needs more than the role `viewer`. */
    needs?: Role;
    /** Gives files to take away. */
    isExport?: boolean;
  }
  interface FastifyRequest {
    /** Set before any page is made; absent only where the address of a request could not be read. */
    visitor?: Visitor;
  }
}

/** Who is asking. */
export interface Visitor {
  /** Name of a user, or what stands for one. */
  readonly name: string;
  readonly via: 'session' | 'token' | 'proxy' | 'this host' | 'nobody';
  readonly roles: readonly Role[];
  /** Address of the client, as far as known. */
  readonly address: string;
  /** End of a login, or of a token. */
  readonly expiresUs?: number;
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
const NOBODY: readonly Role[] = [];
const VIEWER: readonly Role[] = ['viewer'];
const ADMIN: readonly Role[] = ['viewer', 'admin'];
const ROLES_OF: Readonly<Record<Role | 'none', readonly Role[]>> = { none: NOBODY, viewer: VIEWER, admin: ADMIN };

/** Passwords being checked and waiting for it; each check takes memory and a quarter of a second. */
const MOST_CHECKS = 16;
/** Longest name of a user that is looked at. */
const MAX_NAME = 200;
/** Failures before an attempt has to wait: of one name from one address, and of all names from it. */
const FREE_FAILURES = 5;
const FREE_FAILURES_OF_ADDRESS = 20;

/** Says who may do what, by throwing the 401, 403 or 429 for those who may not. */
export class Access {
  readonly audit: AuditTrail;
  readonly clients: Clients;
  readonly #deps: HttpDeps;
  readonly #tokens: readonly { digest: Buffer; visitor: Pick<Visitor, 'name' | 'roles' | 'expiresUs'> }[];
  readonly #users: ReadonlyMap<string, HttpUser>;
  readonly #sessions: Sessions;
  readonly #failuresByPair: Failures;
  readonly #failuresByAddress: Failures;
  readonly #rates: RateLimit;
  readonly #nobodysHash = nobodysHash();
  #checks: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(deps: HttpDeps) {
    const { settings, clock } = deps;
    this.#deps = deps;
    this.audit = new AuditTrail(clock, deps.log, settings.auditEntries);
    this.clients = new Clients(settings.proxies);
    this.#tokens = settings.tokens.map(({ token, role, untilUs }, index) => ({
      digest: digestOf(token),
      visitor: {
        name: tokenName(index),
        roles: ROLES_OF[role],
        ...(untilUs === undefined ? {} : { expiresUs: untilUs }),
      },
    }));
    this.#users = new Map(settings.users.map((user) => [user.name, user]));
    this.#sessions = new Sessions(clock, settings.sessionUs, () => deps.count(Http.SESSIONS_LOST));
    this.#failuresByPair = new Failures(clock, FREE_FAILURES);
    this.#failuresByAddress = new Failures(clock, FREE_FAILURES_OF_ADDRESS);
    this.#rates = new RateLimit(clock, settings.requestsPerSecond);
  }

  /** Whether somebody can log in with a password. */
  get hasLogin(): boolean {
    return this.#deps.settings.users.some((user) => user.password !== undefined);
  }

  /** Lets a request pass, with its visitor noted, or throws. */
  admit(request: FastifyRequest): void {
    this.#deps.count(Http.REQUESTS);
    const { open = false, needs = 'viewer' } = request.routeOptions.config;
    const address = this.clients.address(request);
    this.#limit(address);
    const changing = !READING.has(request.method);
    if (changing && isForeignPage(request, this.clients.host(request))) {
      this.#deps.count(Http.FORBIDDEN);
      throw new HttpProblem(403, 'A change asked for by a page of another site is refused');
    }
    const visitor = this.#visitor(request, address, open);
    request.visitor = visitor;
    if (open) return;
    const needed: Role = changing ? 'admin' : needs;
    if (visitor.roles.includes(needed)) return;
    if (this.#isGuarded && visitor.via === 'nobody') {
      this.#deps.count(Http.UNAUTHORIZED);
      throw unauthorized('This needs a login or a token');
    }
    this.#deps.count(Http.FORBIDDEN);
    throw new HttpProblem(403, `This needs the role "${needed}": ${this.#remedy(visitor, request)}`);
  }

  /**
   * Begins a session for whoever knows the password.
   *
   * @returns the secret for the cookie
   * @throws HttpProblem 401 when name or password are wrong, 429 after too many failures, 503 when too many log in
   */
  async login(request: FastifyRequest, name: string, password: string): Promise<string> {
    const address = this.clients.address(request);
    // The name alone is no key, or anybody could lock it out.
    const pair = `${addressKey(address)} ${name.slice(0, MAX_NAME)}`;
    this.#slowDown(this.#failuresByPair.waitUs(pair));
    this.#slowDown(this.#failuresByAddress.waitUs(addressKey(address)));
    if (this.#waiting >= MOST_CHECKS) {
      throw new HttpProblem(503, 'Too many are logging in just now: try again in a few seconds', {
        'retry-after': '3',
      });
    }
    this.#failuresByPair.add(pair);
    this.#failuresByAddress.add(addressKey(address));
    const user = this.#users.get(name);
    const hash = password.length > MAX_PASSWORD_LENGTH ? undefined : user?.password;
    // Whoever does not exist takes as long.
    const isRight = await this.#inTurn(() => isPassword(hash === undefined ? '' : password, hash ?? this.#nobodysHash));
    const entry = { user: name, via: 'password', address, target: '/login', parameters: '' };
    if (hash === undefined || !isRight) {
      this.#deps.count(Http.LOGIN_FAILURES);
      this.audit.add({ ...entry, action: 'login-failed' });
      throw new HttpProblem(401, 'Name or password are wrong');
    }
    this.#failuresByPair.forget(pair);
    this.#failuresByAddress.takeBack(addressKey(address));
    this.logout(request);
    this.#deps.count(Http.LOGINS);
    this.audit.add({ ...entry, action: 'login' });
    const { id, session } = this.#sessions.begin(name);
    request.visitor = this.#userVisitor(name, 'session', address, session.expiresUs);
    return id;
  }

  /** Ends the session of the request's cookie, if there is one. */
  logout(request: FastifyRequest): void {
    const id = cookieOf(request.headers.cookie, this.cookieName(request));
    if (id === undefined) return;
    const session = this.#sessions.find(id);
    this.#sessions.end(id);
    if (session === undefined) return;
    const address = this.clients.address(request);
    this.audit.add({
      action: 'logout',
      user: session.user,
      via: 'session',
      address,
      target: '/logout',
      parameters: '',
    });
  }

  /** Over TLS a name that browsers bind to this very host (RFC 6265bis, "__Host-"). */
  cookieName(request: FastifyRequest): string {
    return this.clients.isSecure(request) ? '__Host-sipcol' : 'sipcol';
  }

  get #isGuarded(): boolean {
    return this.#tokens.length > 0 || this.#users.size > 0 || this.#deps.settings.proxyUserHeader !== '';
  }

  #visitor(request: FastifyRequest, address: string, open: boolean): Visitor {
    const token = bearerOf(request);
    if (token !== undefined && !open) return this.#tokenVisitor(token, address);
    const named = this.#namedByProxy(request);
    if (named !== undefined) return this.#userVisitor(named, 'proxy', address);
    const id = cookieOf(request.headers.cookie, this.cookieName(request));
    const session = id === undefined ? undefined : this.#sessions.find(id);
    if (session !== undefined) return this.#userVisitor(session.user, 'session', address, session.expiresUs);
    if (!this.#isGuarded && isLocal(request) && isLocalName(request.headers.host)) {
      return { name: 'this host', via: 'this host', roles: ADMIN, address };
    }
    const roles = this.#deps.settings.allowAnonymous ? VIEWER : NOBODY;
    return { name: 'nobody', via: 'nobody', roles, address };
  }

  #tokenVisitor(token: string, address: string): Visitor {
    const key = `${addressKey(address)} bearer`;
    this.#slowDown(this.#failuresByPair.waitUs(key));
    const digest = digestOf(token);
    const found = this.#tokens.find((known) => timingSafeEqual(known.digest, digest));
    if (found !== undefined) {
      const { expiresUs } = found.visitor;
      if (expiresUs === undefined || this.#deps.clock() < expiresUs) return { ...found.visitor, via: 'token', address };
      // Whoever has it has not guessed.
      this.#deps.count(Http.UNAUTHORIZED);
      throw unauthorized('The token is no longer valid');
    }
    this.#failuresByPair.add(key);
    this.#deps.count(Http.UNAUTHORIZED);
    throw unauthorized('The token is not known');
  }

  #userVisitor(name: string, via: 'session' | 'proxy', address: string, expiresUs?: number): Visitor {
    const role = this.#users.get(name)?.role ?? (via === 'proxy' ? this.#deps.settings.proxyRole : 'none');
    return { name, via, roles: ROLES_OF[role], address, ...(expiresUs === undefined ? {} : { expiresUs }) };
  }

  #namedByProxy(request: FastifyRequest): string | undefined {
    const { proxyUserHeader } = this.#deps.settings;
    if (proxyUserHeader === '' || !this.clients.isProxied(request)) return undefined;
    const name = request.headers[proxyUserHeader];
    // Node joins headers that came twice with a comma: then somebody else than the proxy wrote one of them.
    return typeof name === 'string' && name !== '' && name.length <= MAX_NAME && !name.includes(',') ? name : undefined;
  }

  #limit(address: string): void {
    const waitS = this.#rates.waitS(addressKey(address));
    if (waitS === 0) return;
    this.#deps.count(Http.LIMITED);
    const { requestsPerSecond } = this.#deps.settings;
    throw new HttpProblem(429, `More than ${requestsPerSecond} requests a second (http_rate_limit)`, {
      'retry-after': String(waitS),
    });
  }

  #slowDown(waitUs: number): void {
    if (waitUs === 0) return;
    const waitS = Math.ceil(waitUs / 1e6);
    this.#deps.count(Http.SLOWED);
    throw new HttpProblem(429, `Too many failures: try again in ${waitS} s`, { 'retry-after': String(waitS) });
  }

  /** One check at a time, so that a crowd can take neither the memory nor the processor. */
  async #inTurn(check: () => Promise<boolean>): Promise<boolean> {
    this.#waiting++;
    const mine = this.#checks.then(check);
    this.#checks = mine.catch(() => undefined);
    return mine.finally(() => this.#waiting--);
  }

  #remedy(visitor: Visitor, request: FastifyRequest): string {
    if (this.#isGuarded) {
      return visitor.via === 'token' ? 'the token given does not have it' : `"${visitor.name}" does not have it`;
    }
    if (isLocal(request)) {
      return 'without users and tokens the page must be asked for as localhost or a loopback address, not under another host name';
    }
    return 'without users and tokens only clients on this host have it; set http_users or http_tokens';
  }
}

function unauthorized(what: string): HttpProblem {
  const detail = `${what}: log in at /login, or send "Authorization: Bearer …"`;
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
function isForeignPage(request: FastifyRequest, host: string | undefined): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  // A browser told to hide where requests come from still vouches for our own page in Sec-Fetch-Site.
  const hidden = origin === 'null' && site === 'same-origin';
  return foreignSite || (origin !== undefined && !hidden && hostOf(origin) !== host);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** On this host, and not passed on by a proxy that runs here. */
function isLocal(request: FastifyRequest): boolean {
  const { headers } = request;
  const passedOn = headers.forwarded ?? headers['x-forwarded-for'] ?? headers.via;
  return passedOn === undefined && isLoopback(request.ip);
}

/**
 * A name an attacker cannot point here: with DNS rebinding a foreign page reaches this host under its own name.
 * Clients without a Host header are no browsers.
 */
function isLocalName(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return /^(?:.+\.)?localhost\.?$/.test(name) || isLoopback(name.replace(/^\[|\]$/g, ''));
}
