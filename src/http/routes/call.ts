import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CAPTURE_FORMATS, type CaptureFormatName } from '../../model/capture.ts';
import type { CallMessages } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { type CallSource, callWithMessages, type FoundCall, partOf } from '../call-source.ts';
import { timeOf } from '../deep-link.ts';
import type { HttpDeps } from '../deps.ts';
import { ladderMermaid } from '../ladder/mermaid.ts';
import { addedCallIds, choiceOf, FILE_LEGS, MAX_TOGETHER, USUAL, USUAL_MESSAGES } from '../ladder/choice.ts';
import { withoutSecrets } from '../ladder/mask.ts';
import { mediaReports } from '../ladder/media.ts';
import { makeLadder } from '../ladder/model.ts';
import { exchanges } from '../ladder/session.ts';
import { ladderFile } from '../ladder/svg.tsx';
import { Params } from '../params.ts';
import { badParameter } from '../problem.ts';
import { CALL_PAGE_PARAMETERS, CallPageSchema, ZONE_PARAMETER } from '../schemas.ts';
import { callFileName, visible, withTimes } from '../show.ts';
import { callText } from '../text/call.ts';
import { togetherHref } from '../together.ts';
import { CallPage } from '../views/call.tsx';
import { zoneOf } from '../zone.ts';
import { messageId } from './message.ts';
import { addPage } from './page.ts';

const MAX_MESSAGES = 5000;
const MAX_TITLE = 60;

const TEXT = 'text/plain; charset=utf-8';
const CAPTURE_TYPE = 'application/vnd.tcpdump.pcap';
const SVG = 'image/svg+xml; charset=utf-8';
const MERMAID = 'text/vnd.mermaid; charset=utf-8';

/** `/call/<callid>`, or a short link: everything known of one call. */
export function callPageRoutes(app: FastifyInstance, deps: HttpDeps, source: CallSource): void {
  addPage(app, deps, {
    path: source.path,
    summary: `${source.what}: summary, ladder, messages, events`,
    tag: 'Calls',
    place: source.place,
    query: CALL_PAGE_PARAMETERS,
    schema: CallPageSchema,
    exports: { svg: SVG, mermaid: MERMAID },
    async read(params, _applied, place, names) {
      const found = await source.find(place);
      const { callId } = found;
      const limit = params.integer(['n'], 1, MAX_MESSAGES, USUAL_MESSAGES);
      const around = params.text('around');
      params.integer(['message'], 0, Number.MAX_SAFE_INTEGER, 0); // which of the messages is for the browser to show
      const offset =
        around === undefined || params.has('s')
          ? params.integer(['s'], 0, Number.MAX_SAFE_INTEGER, 0)
          : await offsetAround(found, timeOf('around', around), limit);
      const choice = choiceOf(params);
      const compared = comparedOf(params);
      const isSorted = params.flag('sorted');
      const { call: own, events } = await partOf(found, { offset, limit });
      const held = await withOthers(deps, own, choice.added, limit);
      const call = choice.mask ? { ...held, items: held.items.map(withoutSecrets) } : held;
      const complete = offset + own.items.length >= own.total;
      const { items, reports: told, ...rest } = call;
      const agreed = exchanges(items);
      const reports = mediaReports(call);
      const ladder = makeLadder(items, {
        ...choice,
        nowUs: deps.clock(),
        complete,
        names,
        reports: choice.media ? reports : [],
        agreed,
      });
      const media = agreed.map(({ offer, answer, result, notes }) => ({
        offer: offer.id,
        answer: answer?.id ?? null,
        result,
        notes,
      }));
      const [left, right] = compared.map((id) => items.find((message) => message.id === id));
      const comparison = left === undefined || right === undefined ? undefined : { left, right, isSorted };
      return {
        title: `Call ${visible(callId.length > MAX_TITLE ? `${callId.slice(0, MAX_TITLE)}…` : callId)}`,
        data: withTimes({
          ...rest,
          missing: ladder.missing,
          media,
          reports,
          agentReports: told,
          messages: items,
          events,
        }),
        html: () =>
          CallPage({
            found,
            call,
            ladder,
            events,
            limit,
            choice,
            reports,
            exchanges: agreed,
            comparison,
            linksOut: deps.linksOut,
          }),
        text: (zone) => callText(call, ladder, events, agreed, zone),
        exports: {
          svg: { type: SVG, body: (zone) => ladderFile(ladder, choice, zone) },
          mermaid: { type: MERMAID, body: () => ladderMermaid(ladder) },
        },
      };
    },
  });
}

/** `/call?id=…&id=…`: where forms send the calls that somebody marked, to be one ladder. */
export function togetherRoute(app: FastifyInstance): void {
  app.get('/call', { schema: { hide: true } }, async (request, reply) => {
    const callIds = new Params(request.query, ['id']).texts('id');
    return reply.redirect(togetherHref(callIds), 302);
  });
}

/** A call with the messages of others that were asked for, as far as they were sent in the time of those shown. */
async function withOthers(
  { engine }: HttpDeps,
  call: CallMessages,
  callIds: readonly string[],
  limit: number,
): Promise<CallMessages> {
  const { items, offset, total } = call;
  const there = new Set([call.callId, ...items.map(({ callId }) => callId)]);
  const wanted = callIds.filter((callId) => !there.has(callId));
  const others = await Promise.all(wanted.map((callId) => engine.callMessages(callId, { offset: 0, limit })));
  const fromUs = offset === 0 ? -Infinity : (items[0]?.atUs ?? 0);
  const toUs = offset + items.length >= total ? Infinity : (items.at(-1)?.atUs ?? 0);
  const more = others.flatMap((other) => other.items).filter(({ atUs }) => atUs >= fromUs && atUs <= toUs);
  const all = new Map([...items, ...more].map((message) => [message.id, message]));
  return {
    ...call,
    callIds: [...new Set([...call.callIds, ...others.flatMap((other) => other.callIds)])],
    entries: [...call.entries, ...others.flatMap(({ entries }) => entries)],
    reports: [...call.reports, ...others.flatMap(({ reports }) => reports)],
    items: [...all.values()].toSorted((a, b) => a.atUs - b.atUs || a.id - b.id),
  };
}

/** `/text`, `/pcap`, `/pcapng` below the page of a call: all messages held of it, and of others it is shown with, to be saved. */
export function callFileRoutes(app: FastifyInstance, deps: HttpDeps, source: CallSource): void {
  const text = 'as text: summary, then every message held';
  addFile(app, source, 'text', text, TEXT, async (found, { added, legs }, zone) => {
    const { call: own, events } = await partOf(found, { offset: 0, limit: MAX_MESSAGES });
    const shown = await withOthers(deps, own, added, MAX_MESSAGES);
    const call = legs === 'own' ? onlyUnder(shown, [found.callId, ...added]) : shown;
    const complete = call.items.length >= call.total;
    const ladder = makeLadder(call.items, {
      ...USUAL,
      nowUs: deps.clock(),
      complete,
      names: deps.aliases,
      reports: [],
      agreed: [],
    });
    return callText(call, ladder, events, exchanges(call.items), zone);
  });
  for (const format of CAPTURE_FORMATS) {
    const capture = `as a ${format} file: every message held`;
    addFile(app, source, format, capture, CAPTURE_TYPE, async (found, { added, legs }) => {
      const { callIds } = await withOthers(deps, await callWithMessages(found), added, 0);
      const others = legs === 'own' ? [] : callIds;
      return Buffer.from(await found.capture([...new Set([found.callId, ...added, ...others])], format));
    });
  }
}

function onlyUnder(call: CallMessages, callIds: readonly string[]): CallMessages {
  const isOne = ({ callId }: { callId: string }): boolean => callIds.includes(callId);
  const items = call.items.filter(isOne);
  return { ...call, entries: call.entries.filter(isOne), items, total: items.length };
}

/** What a file holds besides its call: others, and whether the calls that belong to them, too. */
interface FileOf {
  added: readonly string[];
  legs: (typeof FILE_LEGS)[number];
}

/** A file to be saved; unlike a page it has one form. */
function addFile(
  app: FastifyInstance,
  source: CallSource,
  extension: 'text' | CaptureFormatName,
  form: string,
  type: string,
  read: (found: FoundCall, of: FileOf, zone: Zone) => Promise<string | Buffer>,
): void {
  const { path, what, place } = source;
  const summary = `${what} ${form}`;
  const query = { ...source.fileParameters, ...ZONE_PARAMETER };
  const schema = {
    summary,
    tags: ['Calls'],
    params: Type.Object({ ...place }),
    querystring: Type.Object(query),
    response: {
      200: { description: summary, content: { [type]: { schema: Type.String() } } },
    },
  };
  app.get<{ Params: Record<string, string> }>(
    `${path}/${extension}`,
    { config: { isExport: true }, schema },
    async (request, reply) => {
      const params = new Params(request.query, Object.keys(query));
      const of = { added: addedCallIds(params, MAX_TOGETHER), legs: params.choice('legs', FILE_LEGS) ?? 'all' };
      const found = await source.find(request.params);
      const body = await read(found, of, zoneOf(request).zone);
      // Text is read in the browser as well, a capture by another program.
      if (extension !== 'text')
        reply.header('content-disposition', `attachment; filename="${callFileName(found.callId, extension)}"`);
      return reply.type(type).send(body);
    },
  );
}

/** Index of the first of `limit` messages in whose middle a time lies. */
async function offsetAround(found: FoundCall, atUs: number, limit: number): Promise<number> {
  const { items, total } = await found.messages({ offset: 0, limit: MAX_MESSAGES });
  const before = items.filter((message) => message.atUs < atUs).length;
  return Math.max(0, Math.min(total - limit, before - Math.floor(limit / 2)));
}

/** Ids of the two messages to compare: one parameter for each, as forms send them, or both with a comma between. */
function comparedOf(params: Params): number[] {
  const ids = params.texts('diff').flatMap((text) => text.split(','));
  if (ids.length > 2) throw badParameter('diff', ids.join(','), 'two messages, not more');
  return ids.map((id) => messageId('diff', id));
}
