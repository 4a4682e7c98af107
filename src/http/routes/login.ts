import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Access, Visitor } from '../access/access.ts';
import type { HttpDeps } from '../deps.ts';
import { Params } from '../params.ts';
import { formatOf, send, type Answer } from '../reply.ts';
import { LOGIN_PARAMETERS, VisitorSchema } from '../schemas.ts';
import { link, ownPath, visible, withTimes } from '../show.ts';
import { LoginForm, WhoYouAre } from '../views/login.tsx';

const TAG = 'About';
const NEXT = ['next', 'format', 'tz'];

/** Where to log in and come back to a page. */
export function loginPath(url: string): string {
  return link('/login', { next: ownPath(url) });
}

/** `/login`: who you are, and a session for who knows a password; `/logout` ends it. */
export function loginRoutes(app: FastifyInstance, deps: HttpDeps, access: Access): void {
  const config = { open: true };

  const answer = ({ visitor, headers }: FastifyRequest, next: string): Answer => {
    const { name: user, via, roles, expiresUs } = visitor ?? NOBODY;
    const hasCookie = headers.cookie !== undefined && via === 'session';
    return {
      title: hasCookie || !access.hasLogin ? 'Who you are' : 'Log in',
      data: withTimes({ user, via, roles, expiresUs: expiresUs ?? null, canLogIn: access.hasLogin }),
      html: () =>
        via === 'nobody' && access.hasLogin
          ? LoginForm({ next })
          : WhoYouAre({ visitor: visitor ?? NOBODY, canLogIn: access.hasLogin, next }),
      text: () => `${visible(user)} (${via}): ${roles.length === 0 ? 'no role' : roles.join(', ')}\n`,
    };
  };

  app.get(
    '/login',
    { config, schema: { ...schemaOf('Who you are'), querystring: LOGIN_QUERY } },
    async (request, reply) => {
      const form = formatOf(request);
      const next = new Params(request.query, NEXT).text('next');
      // Whoever is logged in already has been sent here by a page that could not see it.
      if (form === 'html' && next !== undefined && request.visitor?.via === 'session') {
        return reply.redirect(ownPath(next), 303);
      }
      return send(deps, request, reply, answer(request, ownPath(next)));
    },
  );

  app.post(
    '/login',
    {
      config,
      schema: { ...schemaOf('Log in: the answer sets a cookie'), consumes: FORMS, body: Type.Object(LOGIN_PARAMETERS) },
    },
    async (request, reply) => {
      const form = formatOf(request);
      const params = new Params(request.body, Object.keys(LOGIN_PARAMETERS));
      const id = await access.login(request, params.text('user') ?? '', params.text('password') ?? '');
      const next = ownPath(params.text('next'));
      setCookie(request, reply, id, Math.floor(deps.settings.sessionUs / 1e6));
      return form === 'html' ? reply.redirect(next, 303) : send(deps, request, reply, answer(request, next));
    },
  );

  app.post('/logout', { config, schema: schemaOf('Log out') }, async (request, reply) => {
    const form = formatOf(request);
    access.logout(request);
    setCookie(request, reply, '', 0);
    if (form === 'html') return reply.redirect('/login', 303);
    request.visitor = { ...NOBODY, address: access.clients.address(request) };
    return send(deps, request, reply, answer(request, '/'));
  });

  function setCookie(request: FastifyRequest, reply: FastifyReply, value: string, maxAgeS: number): void {
    const secure = access.clients.isSecure(request) ? '; Secure' : '';
    const name = access.cookieName(request);
    reply.header('set-cookie', `${name}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`);
  }
}

const NOBODY: Visitor = { name: 'nobody', via: 'nobody', roles: [], address: '' };
const FORMS = ['application/x-www-form-urlencoded', 'application/json'];
const LOGIN_QUERY = Type.Object({ next: Type.Optional(Type.String({ description: 'Page to come back to' })) });

function schemaOf(summary: string): object {
  const answer = { description: 'Who you are', content: { 'application/json': { schema: VisitorSchema } } };
  return { summary, tags: [TAG], security: [], response: { 200: answer } };
}

/** The page a login that was asked for, or has just failed, should lead to. */
export function placeAfterLogin({ url, body }: FastifyRequest): string {
  if (!url.startsWith('/login')) return ownPath(url);
  const next = typeof body === 'object' && body !== null && 'next' in body ? body.next : undefined;
  return ownPath(typeof next === 'string' ? next : undefined);
}
