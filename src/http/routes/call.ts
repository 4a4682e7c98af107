import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { EventView } from '../../model/views.ts';
import { timeOf } from '../deep-link.ts';
import type { HttpDeps } from '../deps.ts';
import { ladderMermaid } from '../ladder/mermaid.ts';
import { choiceOf } from '../ladder/choice.ts';
import { makeLadder } from '../ladder/model.ts';
import { exchanges } from '../ladder/session.ts';
import { ladderFile } from '../ladder/svg.tsx';
import type { Params } from '../params.ts';
import { badParameter, HttpProblem } from '../problem.ts';
import { CALL_PAGE_PARAMETERS, CallPageSchema } from '../schemas.ts';
import { visible, withTimes } from '../show.ts';
import { callText } from '../text/call.ts';
import { CallPage } from '../views/call.tsx';
import { addPage } from './page.ts';

const DEFAULT_MESSAGES = 500;
const MAX_MESSAGES = 5000;
const MAX_EVENTS = 100;
const MAX_TITLE = 60;

const SVG = 'image/svg+xml; charset=utf-8';
const MERMAID = 'text/vnd.mermaid; charset=utf-8';

/** `/call/<callid>`: everything known of one call. */
export function callPageRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  addPage(app, deps, {
    path: '/call/:callid',
    summary: 'One call: summary, ladder, messages, events',
    tag: 'Calls',
    place: { callid: Type.String({ description: 'Call-ID, percent-encoded' }) },
    query: CALL_PAGE_PARAMETERS,
    schema: CallPageSchema,
    exports: { svg: SVG, mermaid: MERMAID },
    async read(params, _applied, { callid = '' }) {
      const limit = params.integer(['n'], 1, MAX_MESSAGES, DEFAULT_MESSAGES);
      const around = params.text('around');
      const offset =
        around === undefined || params.has('s')
          ? params.integer(['s'], 0, Number.MAX_SAFE_INTEGER, 0)
          : await offsetAround(deps, callid, timeOf('around', around), limit);
      const choice = choiceOf(params);
      const compared = comparedOf(params);
      const isSorted = params.flag('sorted');
      const [call, events] = await Promise.all([
        engine.callMessages(callid, { offset, limit }),
        eventsOf(deps, callid),
      ]);
      if (call.entries.length === 0 && call.total === 0 && events.length === 0) {
        throw new HttpProblem(
          404,
          `Nothing is held of a call with the Call-ID "${callid.slice(0, 300)}": it was not seen, or what was held of it gave way to newer calls (keep_messages_mem, event_buffer_size)`,
        );
      }
      const complete = offset + call.items.length >= call.total;
      const ladder = makeLadder(call.items, { ...choice, nowUs: deps.clock(), complete });
      const { items, ...rest } = call;
      const agreed = exchanges(items);
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
        data: withTimes({ ...rest, missing: ladder.missing, media, messages: items, events }),
        html: () =>
          CallPage({ call, ladder, events, limit, choice, exchanges: agreed, comparison, linksOut: deps.linksOut }),
        text: () => callText(call, ladder, events, agreed),
        exports: {
          svg: { type: SVG, body: () => ladderFile(ladder, choice.time) },
          mermaid: { type: MERMAID, body: () => ladderMermaid(ladder) },
        },
      };
    },
  });
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
  for (const id of ids) {
    if (!/^\d{1,15}$/.test(id)) throw badParameter('diff', id, 'the id of a message');
  }
  if (ids.length > 2) throw badParameter('diff', ids.join(','), 'two messages, not more');
  return ids.map(Number);
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
