import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CAPTURE_FORMATS, type CaptureFormatName } from '../../model/capture.ts';
import type { CallMessages, EventView } from '../../model/views.ts';
import type { HttpDeps } from '../deps.ts';
import { ladderMermaid } from '../ladder/mermaid.ts';
import { GROUPINGS, makeLadder } from '../ladder/model.ts';
import { ladderFile } from '../ladder/svg.tsx';
import { HttpProblem } from '../problem.ts';
import { CALL_PAGE_PARAMETERS, CallPageSchema, ProblemSchema } from '../schemas.ts';
import { visible, withTimes } from '../show.ts';
import { callText } from '../text/call.ts';
import { CallPage } from '../views/call.tsx';
import { addPage } from './page.ts';

const DEFAULT_MESSAGES = 500;
const MAX_MESSAGES = 5000;
const MAX_EVENTS = 100;
const MAX_TITLE = 60;

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
    async read(params, _applied, { callid = '' }) {
      const limit = params.integer(['n'], 1, MAX_MESSAGES, DEFAULT_MESSAGES);
      const offset = params.integer(['s'], 0, Number.MAX_SAFE_INTEGER, 0);
      const grouping = params.choice('group', GROUPINGS) ?? 'auto';
      const fold = params.flag('fold');
      const { call, events } = await found(deps, callid, { offset, limit });
      const complete = offset + call.items.length >= call.total;
      const ladder = makeLadder(call.items, { grouping, fold, nowUs: deps.clock(), complete });
      const { items, ...rest } = call;
      return {
        title: `Call ${visible(callid.length > MAX_TITLE ? `${callid.slice(0, MAX_TITLE)}…` : callid)}`,
        data: withTimes({ ...rest, missing: ladder.missing, messages: items, events }),
        html: () => CallPage({ call, ladder, events, limit, grouping, fold }),
        text: () => callText(call, ladder, events),
        exports: {
          svg: { type: SVG, body: () => ladderFile(ladder) },
          mermaid: { type: MERMAID, body: () => ladderMermaid(ladder) },
        },
      };
    },
  });
}

/** `/call/<callid>/text`, `/pcap`, `/pcapng`: all messages held of one call, to be saved. */
export function callFileRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  addFile(app, 'text', 'One call as text: summary, then every message held', TEXT, async (callid) => {
    const { call, events } = await found(deps, callid, { offset: 0, limit: MAX_MESSAGES });
    const complete = call.items.length >= call.total;
    const ladder = makeLadder(call.items, { grouping: 'auto', fold: false, nowUs: deps.clock(), complete });
    return callText(call, ladder, events);
  });
  for (const format of CAPTURE_FORMATS) {
    addFile(app, format, `One call as a ${format} file: every message held`, CAPTURE_TYPE, async (callid) => {
      const { call } = await found(deps, callid, { offset: 0, limit: 0 });
      if (call.total === 0) {
        throw new HttpProblem(404, `No message is held of the call with the Call-ID "${callid.slice(0, 300)}"`);
      }
      return Buffer.from(await engine.callCapture(callid, format));
    });
  }
}

/** A file to be saved; unlike a page it has one form. */
function addFile(
  app: FastifyInstance,
  extension: 'text' | CaptureFormatName,
  summary: string,
  type: string,
  read: (callId: string) => Promise<string | Buffer>,
): void {
  const schema = {
    summary,
    tags: ['Calls'],
    params: Type.Object({ ...PLACE }),
    response: {
      200: { description: summary, content: { [type]: { schema: Type.String() } } },
      '4xx': {
        description: 'Refused, with the reason',
        content: { 'application/problem+json': { schema: ProblemSchema } },
      },
    },
  };
  app.get<{ Params: { callid: string } }>(`/call/:callid/${extension}`, { schema }, async (request, reply) => {
    const { callid } = request.params;
    const body = await read(callid);
    // Text is read in the browser as well, a capture by another program.
    if (extension !== 'text')
      reply.header('content-disposition', `attachment; filename="${fileName(callid)}.${extension}"`);
    return reply.type(type).send(body);
  });
}

/** A Call-ID without what headers or file systems give a meaning to. */
function fileName(callId: string): string {
  return `call-${callId.replaceAll(/[^\w.@-]+/g, '_').slice(0, 100)}`;
}

/** What is held of a call; something must be. */
async function found(
  deps: HttpDeps,
  callid: string,
  window: { offset: number; limit: number },
): Promise<{ call: CallMessages; events: EventView[] }> {
  const [call, events] = await Promise.all([deps.engine.callMessages(callid, window), eventsOf(deps, callid)]);
  if (call.entries.length === 0 && call.total === 0 && events.length === 0) {
    throw new HttpProblem(404, `Nothing is held of a call with the Call-ID "${callid.slice(0, 300)}"`);
  }
  return { call, events };
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
