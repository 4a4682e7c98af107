import type { FastifyRequest } from 'fastify';
import { UTC, type Zone, zoneNamed } from '../model/zone.ts';
import { badParameter } from './problem.ts';

/** The time zone of one answer. */
export interface ShownZone {
  zone: Zone;
  /** Asked for by the address, so that links to more of the same have to ask for it, too. */
  isAsked: boolean;
  /** Whoever reads wants the zone of their browser, wherever that is. */
  followsBrowser: boolean;
}

/** Remembers the zone somebody chose; `browser:` stands before one that is to follow the browser. */
export const ZONE_COOKIE = 'tz';
export const FOLLOWS_BROWSER = 'browser:';
const IN_UTC: ShownZone = { zone: UTC, isAsked: false, followsBrowser: false };

/**
 * The zone asked for: parameter `tz`, else the cookie, else UTC.
 *
 * @throws HttpProblem 400 when the parameter names none
 */
export function zoneOf(request: FastifyRequest): ShownZone {
  const { query } = request;
  const asked: unknown = typeof query === 'object' && query !== null && 'tz' in query ? query.tz : undefined;
  if (asked === undefined || asked === '') return rememberedZone(request);
  const zone = typeof asked === 'string' ? zoneNamed(asked) : undefined;
  if (zone === undefined) throw badParameter('tz', asked, 'UTC, or a zone of /zone such as Europe/Berlin');
  return { zone, isAsked: true, followsBrowser: false };
}

/** The zone of the cookie; one that cannot be read is none. */
export function rememberedZone({ headers }: FastifyRequest): ShownZone {
  const value = /(?:^|; ?)tz=([\w+:%/-]{1,100})(?:;|$)/.exec(headers.cookie ?? '')?.[1];
  return (value === undefined ? undefined : chosenZone(value)) ?? IN_UTC;
}

/** A choice as cookie and form have it. `undefined` = there is no such zone. */
export function chosenZone(value: string): ShownZone | undefined {
  const followsBrowser = value.startsWith(FOLLOWS_BROWSER);
  const zone = zoneNamed(followsBrowser ? value.slice(FOLLOWS_BROWSER.length) : value);
  return zone === undefined ? undefined : { zone, isAsked: false, followsBrowser };
}
