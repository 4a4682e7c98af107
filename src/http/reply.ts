import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VNode } from 'preact';
import { type Aliases, NO_ALIASES } from '../model/alias.ts';
import type { AboutInfo } from './deps.ts';
import type { Clock } from '../model/ports.ts';
import type { AccessSettings } from '../model/settings.ts';
import type { Zone } from '../model/zone.ts';
import { cookieOf } from './cookies.ts';
import { sendConditional } from './conditional.ts';
import { badParameter, HttpProblem } from './problem.ts';
import { visible } from './show.ts';
import { type ComingPieces, jsonPieces, type Pieces, sendPieces, wholeText } from './pieces.ts';
import { pagePieces } from './views/layout.tsx';
import { rememberedZone, type ShownZone, zoneOf } from './zone.ts';

export const FORMATS = ['html', 'json', 'text'] as const;
export type Format = (typeof FORMATS)[number];

/** What every page knows of the process. */
export interface Site {
  about: AboutInfo;
  clock: Clock;
  settings: AccessSettings;
  aliases: Aliases;
}

/** A form to take away. */
export interface Export {
  type: string;
  /** Name of the file, for what browsers should not open by themselves. */
  name?: string;
  body: (zone: Zone) => string | Pieces;
}

/** One answer in its three forms; only the one asked for is made. */
export interface Answer {
  title: string;
  data: unknown;
  html: () => VNode;
  /** Parts of the page that take the place of `Later` in it: rows of a list that may be long, as they come. */
  rows?: () => AsyncIterable<VNode>;
  text: (zone: Zone) => string | Pieces;
  /** Forms of this page alone, by the name in `?format=`. */
  exports?: Readonly<Record<string, Export>>;
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** The same each time, so that clients may keep it. */
  isSteady?: true;
}

const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  text: 'text/plain; charset=utf-8',
};

/** Order matters: a client that accepts anything gets the first. */
const BY_MEDIA_TYPE: readonly (readonly [string, Format])[] = [
  ['text/plain', 'text'],
  ['text/html', 'html'],
  ['application/json', 'json'],
  ['application/problem+json', 'json'],
];

/**
 * The form asked for: `?format=`, else `Accept`.
 *
 * @param more forms the page has besides
 */
export function formatOf<More extends string = never>(
  request: FastifyRequest,
  more: readonly More[] = [],
): Format | More {
  const wish = queryFormat(request);
  if (wish !== undefined) {
    const allowed = [...FORMATS, ...more];
    const found = allowed.find((format) => format === wish);
    if (found === undefined) throw badParameter('format', wish, `one of: ${allowed.join(', ')}`);
    return found;
  }
  const accepted = acceptedFormat(request);
  if (accepted === undefined) {
    const known = BY_MEDIA_TYPE.map(([type]) => type).join(', ');
    throw new HttpProblem(406, `Nothing of "${request.headers.accept}" is offered here, only: ${known}`);
  }
  return accepted;
}

/** As `formatOf`, for answers that must not fail for want of a form. */
export function problemFormatOf(request: FastifyRequest): Format {
  const wish = FORMATS.find((format) => format === queryFormat(request));
  return wish ?? acceptedFormat(request) ?? 'text';
}

function queryFormat(request: FastifyRequest): unknown {
  const query: unknown = request.query;
  return typeof query === 'object' && query !== null && 'format' in query ? query.format : undefined;
}

function acceptedFormat(request: FastifyRequest): Format | undefined {
  // An address that cannot be read is refused before plugins have added to the request.
  if (!('accepts' in request)) return undefined;
  const type = request.accepts().type(BY_MEDIA_TYPE.map(([name]) => name));
  return BY_MEDIA_TYPE.find(([name]) => name === type)?.[1];
}

export function send(site: Site, request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const format = formatOf(request, Object.keys(answer.exports ?? {}));
  reply.code(answer.status ?? 200).headers(answer.headers ?? {});
  const shown = zoneOf(request);
  const exported = answer.exports?.[format];
  if (exported !== undefined) {
    if (exported.name !== undefined) reply.header('content-disposition', `attachment; filename="${exported.name}"`);
    return sendPieces(reply.type(exported.type), exported.body(shown.zone));
  }
  const form = FORMATS.find((known) => known === format) ?? 'text';
  // A page says when it was made.
  if (form === 'html') return sendPieces(reply.type(CONTENT_TYPE[form]), pageOf(site, request, shown, answer));
  const content = form === 'json' ? jsonPieces(answer.data) : answer.text(shown.zone);
  if (answer.isSteady === true) return sendConditional(request, reply, CONTENT_TYPE[form], wholeText(content));
  return sendPieces(reply.type(CONTENT_TYPE[form]), content);
}

export function sendProblem(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  problem: HttpProblem,
  html: () => VNode,
): FastifyReply {
  const format = problemFormatOf(request);
  reply.code(problem.status).headers(problem.headers);
  reply.type(format === 'json' ? 'application/problem+json; charset=utf-8' : CONTENT_TYPE[format]);
  if (format === 'html')
    return sendPieces(reply, pageOf(site, request, rememberedZone(request), { title: problem.title, html }));
  const text = `Error ${problem.status} ${problem.title}: ${visible(problem.message)}\n`;
  return sendPieces(reply, format === 'json' ? jsonPieces({ ...problem.toJSON(), requestId: request.id }) : text);
}

function themeOf(cookies: string | undefined): string | undefined {
  const theme = cookieOf(cookies, 'theme');
  return theme === 'light' || theme === 'dark' ? theme : undefined;
}

/** Names of addresses for this reader, who may want the addresses themselves. */
export function namesFor({ aliases }: Pick<Site, 'aliases'>, request: FastifyRequest): Aliases {
  return wantsAddresses(request) ? NO_ALIASES : aliases;
}

function wantsAddresses({ headers }: FastifyRequest): boolean {
  return cookieOf(headers.cookie, 'names') === 'addresses';
}

function pageOf(
  site: Site,
  request: FastifyRequest,
  shown: ShownZone,
  answer: Pick<Answer, 'title' | 'html' | 'rows' | 'exports'>,
): string | ComingPieces {
  return pagePieces({
    title: answer.title,
    url: request.url,
    siteName: site.about.name,
    version: site.about.version,
    nowUs: site.clock(),
    visitor: request.visitor,
    canLogIn: site.settings.users.some((user) => user.password !== undefined),
    forms: ['text', 'json', ...Object.keys(answer.exports ?? {})],
    shown,
    theme: themeOf(request.headers.cookie),
    names: namesFor(site, request),
    hasNames: site.aliases.all.length > 0,
    body: answer.html,
    rows: answer.rows?.(),
  });
}
