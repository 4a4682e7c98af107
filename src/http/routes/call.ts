import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CAPTURE_FORMATS, type CaptureFormatName } from '../../model/capture.ts';
import type { CallMessages, CallMessageView, EventView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { timeOf } from '../deep-link.ts';
import type { HttpDeps } from '../deps.ts';
import { ladderMermaid } from '../ladder/mermaid.ts';
import { addedCallIds, choiceOf, FILE_LEGS, MAX_TOGETHER, USUAL, USUAL_MESSAGES } from '../ladder/choice.ts';
import { masked } from '../ladder/mask.ts';
import { mediaReports } from '../ladder/media.ts';
import { makeLadder } from '../ladder/model.ts';
import { exchanges } from '../ladder/session.ts';
import { ladderFile } from '../ladder/svg.tsx';
import { Params } from '../params.ts';
import { badParameter, HttpProblem } from '../problem.ts';
import { CALL_FILE_PARAMETERS, CALL_PAGE_PARAMETERS, CallPageSchema, ZONE_PARAMETER } from '../schemas.ts';
import { callFileName, visible, withTimes } from '../show.ts';
import { callText } from '../text/call.ts';
import { togetherHref } from '../together.ts';
import { CallPage } from '../views/call.tsx';
import { zoneOf } from '../zone.ts';
import { messageId } from './message.ts';
import { addPage } from './page.ts';

const MAX_MESSAGES = 5000;
const MAX_EVENTS = 100;
const MAX_TITLE = 60;
/** Longest Call-ID that is repeated in an answer. */
const MAX_QUOTED = 300;

const PLACE = { callid: Type.String({ description: 'Call-ID, percent-encoded' }) };
const TEXT = 'text/plain; charset=utf-8';
const CAPTURE_TYPE = 'application/vnd.tcpdump.pcap';
const SVG = 'image/svg+xml; charset=utf-8';
const MERMAID = 'text/vnd.mermaid; charset=utf-8';

/** `/call/<callid>`: everything known of one call. */
export function callPageRoutes(app: FastifyInstance, deps: HttpDeps): void {
  addPage(app, deps, {
    path: '/call/:callid',
    summary: 'One call: summary, ladder, messages, events',
    tag: 'Calls',
    place: PLACE,
    query: CALL_PAGE_PARAMETERS,
    schema: CallPageSchema,
    exports: { svg: SVG, mermaid: MERMAID },
    async read(params, _applied, { callid = '' }, names) {
      const limit = params.integer(['n'], 1, MAX_MESSAGES, USUAL_MESSAGES);
      const around = params.text('around');
      params.integer(['message'], 0, Number.MAX_SAFE_INTEGER, 0); // which of the messages is for the browser to show
      const offset =
        around === undefined || params.has('s')
          ? params.integer(['s'], 0, Number.MAX_SAFE_INTEGER, 0)
          : await offsetAround(deps, callid, timeOf('around', around), limit);
      const choice = choiceOf(params);
      const compared = comparedOf(params);
      const isSorted = params.flag('sorted');
      const { call: own, events } = await found(deps, callid, { offset, limit });
      const held = await withOthers(deps, own, choice.added, limit);
      const call = choice.mask ? { ...held, items: held.items.map(withoutSecrets) } : held;
      const complete = offset + own.items.length >= own.total;
      const { items, ...rest } = call;
      const agreed = exchanges(items);
      const reports = mediaReports(call.entries, items);
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
        title: `Call ${visible(callid.length > MAX_TITLE ? `${callid.slice(0, MAX_TITLE)}…` : callid)}`,
        data: withTimes({ ...rest, missing: ladder.missing, media, reports, messages: items, events }),
        html: () =>
          CallPage({
            call,
            ladder,
            events,
            limit,
            choice,
            hasMedia: reports.length > 0,
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
    entries: [...call.entries, ...others.flatMap(({ entries }) => entries)],
    items: [...all.values()].toSorted((a, b) => a.atUs - b.atUs || a.id - b.id),
  };
}

function withoutSecrets(message: CallMessageView): CallMessageView {
  return { ...message, raw: masked(message.raw) };
}

/** `/call/<callid>/text`, `/pcap`, `/pcapng`: all messages held of one call, and of others it is shown with, to be saved. */
export function callFileRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  addFile(
    app,
    'text',
    'One call as text: summary, then every message held',
    TEXT,
    async ({ callid, added, legs }, zone) => {
      const { call: own, events } = await found(deps, callid, { offset: 0, limit: MAX_MESSAGES });
      const shown = await withOthers(deps, own, added, MAX_MESSAGES);
      const call = legs === 'own' ? onlyUnder(shown, [callid, ...added]) : shown;
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
    },
  );
  for (const format of CAPTURE_FORMATS) {
    addFile(
      app,
      format,
      `One call as a ${format} file: every message held`,
      CAPTURE_TYPE,
      async ({ callid, added, legs }) => {
        const nothing = { offset: 0, limit: 0 };
        const { call: own } = await found(deps, callid, nothing);
        if (own.total === 0) {
          throw new HttpProblem(
            404,
            `No message is held of the call with the Call-ID "${callid.slice(0, MAX_QUOTED)}"`,
          );
        }
        const { entries } = await withOthers(deps, own, added, 0);
        const others = legs === 'own' ? [] : entries.map((entry) => entry.callId);
        return Buffer.from(await engine.callCapture([...new Set([callid, ...added, ...others])], format));
      },
    );
  }
}

function onlyUnder(call: CallMessages, callIds: readonly string[]): CallMessages {
  const isOne = ({ callId }: { callId: string }): boolean => callIds.includes(callId);
  const items = call.items.filter(isOne);
  return { ...call, entries: call.entries.filter(isOne), items, total: items.length };
}

/** What a file is made of: a call, others, and whether the calls that belong to them, too. */
interface FileOf {
  callid: string;
  added: readonly string[];
  legs: (typeof FILE_LEGS)[number];
}

/** A file to be saved; unlike a page it has one form. */
function addFile(
  app: FastifyInstance,
  extension: 'text' | CaptureFormatName,
  summary: string,
  type: string,
  read: (of: FileOf, zone: Zone) => Promise<string | Buffer>,
): void {
  const schema = {
    summary,
    tags: ['Calls'],
    params: Type.Object({ ...PLACE }),
    querystring: Type.Object({ ...CALL_FILE_PARAMETERS, ...ZONE_PARAMETER }),
    response: {
      200: { description: summary, content: { [type]: { schema: Type.String() } } },
    },
  };
  app.get<{ Params: { callid: string } }>(`/call/:callid/${extension}`, { schema }, async (request, reply) => {
    const { callid } = request.params;
    const params = new Params(request.query, Object.keys({ ...CALL_FILE_PARAMETERS, ...ZONE_PARAMETER }));
    const added = addedCallIds(params, MAX_TOGETHER);
    const legs = params.choice('legs', FILE_LEGS) ?? 'all';
    const body = await read({ callid, added, legs }, zoneOf(request).zone);
    // Text is read in the browser as well, a capture by another program.
    if (extension !== 'text')
      reply.header('content-disposition', `attachment; filename="${callFileName(callid, extension)}"`);
    return reply.type(type).send(body);
  });
}

/** What is held of a call; something must be. */
async function found(
  deps: HttpDeps,
  callid: string,
  window: { offset: number; limit: number },
): Promise<{ call: CallMessages; events: EventView[] }> {
  const [call, events] = await Promise.all([deps.engine.callMessages(callid, window), eventsOf(deps, callid)]);
  if (call.entries.length === 0 && call.total === 0 && events.length === 0) {
    throw new HttpProblem(
      404,
      `Nothing is held of a call with the Call-ID "${callid.slice(0, MAX_QUOTED)}": it was not seen, or what was held of it gave way to newer calls (keep_messages_mem, event_buffer_size)`,
    );
  }
  return { call, events };
}

/** Index of the first of `limit` messages in whose middle a time lies. */
async function offsetAround({ engine }: HttpDeps, callId: string, atUs: number, limit: number): Promise<number> {
  const { items, total } = await engine.callMessages(callId, { offset: 0, limit: MAX_MESSAGES });
  const before = items.filter((message) => message.atUs < atUs).length;
  return Math.max(0, Math.min(total - limit, before - Math.floor(limit / 2)));
}

/** Ids of the two messages to compare: one parameter for each, as forms send them, or both with a comma between. */
function comparedOf(params: Params): number[] {
  const ids = params.texts('diff').flatMap((text) => text.split(','));
  if (ids.length > 2) throw badParameter('diff', ids.join(','), 'two messages, not more');
  return ids.map((id) => messageId('diff', id));
}

/** Events of exactly this Call-ID; the engine's filter also finds longer ones. */
async function eventsOf({ engine }: HttpDeps, callId: string): Promise<EventView[]> {
  // A longer text than the engine searches for cannot be a filter.
  const value = callId.slice(0, 256);
  const page = await engine.listEvents({
    offset: 0,
    limit: MAX_EVENTS,
    filter: { field: 'cid', value, regexp: false },
  });
  return page.items.filter((event) => event.callId === callId);
}
