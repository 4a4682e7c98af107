import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { UTC, type Zone } from '../../model/zone.ts';
import type { Access } from '../access/access.ts';
import type { HttpDeps } from '../deps.ts';
import { Params } from '../params.ts';
import { badParameter } from '../problem.ts';
import { formatOf, send, type Answer } from '../reply.ts';
import { FORMAT_PARAMETER, ZONE_CHOICE_PARAMETERS, ZONE_PARAMETER, ZoneSchema } from '../schemas.ts';
import { ownPath, textTime, zoneMark } from '../show.ts';
import { ZonePage } from '../views/zone.tsx';
import { chosenZone, FOLLOWS_BROWSER, type ShownZone, ZONE_COOKIE, zoneOf } from '../zone.ts';

const YEAR_S = 31_536_000;
const QUERY = { ...FORMAT_PARAMETER, ...ZONE_PARAMETER, next: ZONE_CHOICE_PARAMETERS['next'] ?? Type.String() };

/** `/zone`: the time zone of what is shown and typed; a choice is the reader's own, kept in a cookie. */
export function zoneRoutes(app: FastifyInstance, deps: HttpDeps, access: Access): void {
  const config = { open: true };
  const names = Intl.supportedValuesOf('timeZone');

  const answer = (shown: ShownZone, next: string): Answer => {
    const nowUs = deps.clock();
    const { zone, followsBrowser } = shown;
    return {
      title: 'Time zone',
      data: { zone: zone.name, offset: offsetOf(zone, nowUs), followsBrowser, names: [UTC.name, ...names] },
      html: () => ZonePage({ shown, nowUs, names, next }),
      text: () => `${textTime(nowUs, zone)}\n`,
    };
  };

  app.get(
    '/zone',
    { config, schema: { ...schemaOf('Time zone of pages and text'), querystring: Type.Object(QUERY) } },
    async (request, reply) => {
      const shown = zoneOf(request);
      const next = new Params(request.query, Object.keys(QUERY)).text('next');
      return send(deps, request, reply, answer(shown, ownPath(next)));
    },
  );

  app.post(
    '/zone',
    {
      config,
      schema: {
        ...schemaOf('Choose a time zone: the answer sets a cookie'),
        consumes: ['application/x-www-form-urlencoded', 'application/json'],
        body: Type.Object(ZONE_CHOICE_PARAMETERS),
      },
    },
    async (request, reply) => {
      const form = formatOf(request);
      const params = new Params(request.body, Object.keys(ZONE_CHOICE_PARAMETERS));
      // A button says which zone, else it is the one of the list.
      const choice = params.text('tz') ?? params.text('named') ?? '';
      const shown = chosenZone(choice);
      if (shown === undefined) throw badParameter('tz', choice, 'UTC, or a zone of /zone such as Europe/Berlin');
      const next = ownPath(params.text('next'));
      const value = `${shown.followsBrowser ? FOLLOWS_BROWSER : ''}${shown.zone.name}`;
      const secure = access.clients.isSecure(request) ? '; Secure' : '';
      // No secret: a script reads it to follow the browser, and links of other sites shall show the zone chosen, too.
      reply.header('set-cookie', `${ZONE_COOKIE}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`);
      if (form === 'html') return reply.redirect(inZone(next, shown.zone), 303);
      return send(deps, request, reply, answer(shown, next));
    },
  );
}

function offsetOf(zone: Zone, nowUs: number): string {
  return zone === UTC ? '+00:00' : zoneMark(nowUs, zone);
}

/** An address that asks for another zone asks for this one. */
function inZone(path: string, zone: Zone): string {
  const url = new URL(path, 'http://localhost');
  if (!url.searchParams.has('tz')) return path;
  url.searchParams.set('tz', zone.name);
  return `${url.pathname}${url.search}`;
}

function schemaOf(summary: string): object {
  const answer = { description: 'The zone', content: { 'application/json': { schema: ZoneSchema } } };
  return { summary, tags: ['About'], security: [], response: { 200: answer } };
}
