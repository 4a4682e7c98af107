import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type TSchema } from 'typebox';
import type { Aliases } from '../../model/alias.ts';
import type { Role } from '../../model/settings.ts';
import type { Zone } from '../../model/zone.ts';
import type { HttpDeps } from '../deps.ts';
import { csvPieces, csvTable, type CsvTable } from '../csv.ts';
import { Params } from '../params.ts';
import { badParameter, HttpProblem } from '../problem.ts';
import { formatOf, namesFor, send, type Answer } from '../reply.ts';
import { FORMAT_PARAMETER, formatParameter, ZONE_PARAMETER } from '../schemas.ts';
import { zoneOf } from '../zone.ts';

const CSV = 'text/csv; charset=utf-8; header=present';

/** What says only how a change is answered. */
const ANSWER_PARAMETERS = [...Object.keys(FORMAT_PARAMETER), ...Object.keys(ZONE_PARAMETER)];

type Properties = Readonly<Record<string, TSchema>>;

/** A page that is read: one path, its parameters, its answer. */
export interface Page {
  path: string;
  summary: string;
  tag: string;
  query?: Properties;
  /** Parameters in the path. */
  place?: Properties;
  /** Schema of the JSON answer. */
  schema: TSchema;
  /** Statuses besides 200 that carry the same answer, with their meaning. */
  also?: Readonly<Record<number, string>>;
  /** Media types of the forms this page has besides the usual, by name in `?format=`; lists have CSV anyway. */
  exports?: Readonly<Record<string, string>>;
  /** What CSV has instead of the items of the list. */
  csv?: (data: unknown, zone: Zone) => CsvTable;
  /** Answers everybody, without a token. */
  open?: boolean;
  /** Reading needs more than the role `viewer`. */
  needs?: Role;
  /**
   * @param applied what a change has just done, in words; `undefined` for plain reading
   * @param place values of the path's own parameters
   * @param names of addresses, as the reader wants them shown
   * @param cookies what the browser remembers, as it sends it
   * @param form of the answer: `html`, `json`, `text` or one of `exports`
   */
  read: (
    params: Params,
    applied: string | undefined,
    place: Readonly<Record<string, string>>,
    names: Aliases,
    cookies: string,
    form: string,
  ) => Answer | Promise<Answer>;
}

/** What can be changed on a page: by POST only, with the same path, all or nothing. */
export interface Change {
  parameters: Properties;
  /** Does something without any parameter, too. */
  bare?: boolean;
  /** Schema of the answer, where `apply` gives one. */
  schema?: TSchema;
  /**
   * Applies the parameters and says in words what it did, to be shown on the page, or answers with a page of its own.
   * Names outside `parameters` never get here.
   */
  apply: (params: Params, asked: Asked) => Promise<string | Answer>;
}

/** What a change is about, and who wants it. */
export interface Asked {
  /** Values of the path's own parameters. */
  place: Readonly<Record<string, string>>;
  user: string;
}

export function addPage(app: FastifyInstance, deps: HttpDeps, given: Page, change?: Change): void {
  const page = withCsv(given);
  const exports = Object.keys(page.exports ?? {});
  const query = { ...page.query, ...formatParameter(exports), ...ZONE_PARAMETER };
  const known = Object.keys(query);
  const changing = new Set(Object.keys(change?.parameters ?? {}));
  const config = { open: page.open === true, needs: page.needs ?? 'viewer' };

  app.get(page.path, { config, schema: readSchema(page, query) }, async (request, reply) => {
    const form = formatOf(request, exports);
    const { zone } = zoneOf(request);
    const attempt = Object.keys(request.query ?? {}).find((name) => changing.has(name));
    if (attempt !== undefined) {
      throw new HttpProblem(405, `Parameter "${attempt}" changes something: use POST with it in the body`, {
        allow: 'POST',
      });
    }
    const params = new Params(request.query, known, zone);
    return send(deps, request, reply, await page.read(params, undefined, ...besides(deps, request), form));
  });

  if (change === undefined) return;
  app.post(page.path, { config, schema: changeSchema(page, change) }, async (request, reply) => {
    const form = formatOf(request);
    const params = new Params(request.body, [...changing]);
    if (params.names.length === 0 && change.bare !== true)
      throw badParameter('body', '', `at least one of: ${[...changing].join(', ')}`);
    // Only the form of the answer may stand in the query: what is changed is in one place.
    const reading = new Params(request.query, ANSWER_PARAMETERS, zoneOf(request).zone);
    const asked = { place: placeOf(request), user: request.visitor?.name ?? '' };
    const applied = await change.apply(params, asked);
    const answer =
      typeof applied === 'string' ? await page.read(reading, applied, ...besides(deps, request), form) : applied;
    return send(deps, request, reply, answer);
  });
}

/** A list can be taken away as CSV. */
function withCsv(page: Page): Page {
  const item = itemSchemaOf(page.schema);
  if (item === undefined && page.csv === undefined) return page;
  const table = page.csv ?? ((data, zone) => csvTable(item ?? page.schema, itemsOf(data), zone));
  const name = `sipcol${page.path.replaceAll(/[^a-z0-9]+/g, '-')}.csv`;
  return {
    ...page,
    exports: { ...page.exports, csv: CSV },
    async read(...asked) {
      const answer = await page.read(...asked);
      const csv = { type: CSV, name, body: (zone: Zone) => csvPieces(table(answer.data, zone)) };
      return { ...answer, exports: { ...answer.exports, csv } };
    },
  };
}

/** Schema of the members of a list. */
function itemSchemaOf(schema: TSchema): TSchema | undefined {
  const { properties } = schema as { properties?: { items?: { items?: TSchema } } }; // schemas are plain objects
  return properties?.items?.items;
}

function itemsOf(data: unknown): readonly unknown[] {
  return typeof data === 'object' && data !== null && 'items' in data && Array.isArray(data.items) ? data.items : [];
}

/** Parameters in the path are texts: the router gives no other. */
function placeOf(request: FastifyRequest): Readonly<Record<string, string>> {
  return request.params as Record<string, string>;
}

/** What a request says besides its parameters. */
function besides(
  deps: HttpDeps,
  request: FastifyRequest,
): [place: Readonly<Record<string, string>>, names: Aliases, cookies: string] {
  return [placeOf(request), namesFor(deps, request), request.headers.cookie ?? ''];
}

function readSchema(page: Page, query: Properties): object {
  return {
    summary: page.summary,
    tags: [page.tag],
    querystring: Type.Object({ ...query }),
    ...(page.place === undefined ? {} : { params: Type.Object({ ...page.place }) }),
    response: responses(page),
  };
}

function changeSchema(page: Page, change: Change): object {
  return {
    summary: `Change: ${page.summary}`,
    tags: [page.tag],
    consumes: ['application/x-www-form-urlencoded', 'application/json'],
    querystring: Type.Object({ ...FORMAT_PARAMETER, ...ZONE_PARAMETER }),
    ...(page.place === undefined ? {} : { params: Type.Object({ ...page.place }) }),
    body: Type.Object({ ...change.parameters }),
    response: responses(change.schema === undefined ? page : { ...page, schema: change.schema }),
  };
}

function responses(page: Page): object {
  const answer = (description: string): object => ({
    description,
    content: {
      'application/json': { schema: page.schema },
      'text/plain': { schema: Type.String() },
      'text/html': { schema: Type.String() },
      ...Object.fromEntries(Object.values(page.exports ?? {}).map((type) => [type, { schema: Type.String() }])),
    },
  });
  const also = Object.entries(page.also ?? {}).map(([status, description]) => [status, answer(description)]);
  return { 200: answer(page.summary), ...Object.fromEntries(also) };
}
