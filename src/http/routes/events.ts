import type { FastifyInstance } from 'fastify';
import { EVENT_FILTERS, EVENT_ORDERS, EVENT_SORTS, type Take } from '../../model/engine.ts';
import type { EventView } from '../../model/views.ts';
import { ComingPage } from '../coming-page.ts';
import type { HttpDeps } from '../deps.ts';
import { columnsOf, orderOf } from '../list-choice.ts';
import { DEFAULT_LIMIT, filterOf, pagingOf, type Params } from '../params.ts';
import {
  BLACKLIST_PARAMETERS,
  BlacklistSchema,
  columnsParameter,
  EVENT_LIST_PARAMETERS,
  EventListSchema,
  FormSchema,
  formView,
  listOf,
  SEARCH_PARAMETER,
  wholeList,
} from '../schemas.ts';
import { blacklistText, eventListText } from '../text/events.ts';
import { formText } from '../text/pages.ts';
import { searchOf } from '../search.ts';
import { Blacklist, EVENT_COLUMN_NAMES, EventList, eventRows, USUAL_EVENT_COLUMNS } from '../views/events.tsx';
import { SearchPage } from '../views/search.tsx';
import { gatherFacts, whyNoEvents } from '../why.ts';
import { addPage } from './page.ts';

export function eventRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  const tag = 'Events';

  addPage(app, deps, {
    path: '/events',
    summary: 'Events, oldest first, from ring index s on',
    tag,
    query: { ...EVENT_LIST_PARAMETERS, ...columnsParameter(EVENT_COLUMN_NAMES) },
    schema: EventListSchema,
    async read(params, _applied, _place, _names, cookies, form) {
      const filter = filterOf(params, EVENT_FILTERS);
      const search = searchOf(params, 'events', deps.aliases);
      const sort = params.has('sort') ? orderOf(params, EVENT_SORTS) : undefined;
      const order = sort === undefined ? params.choice('order', EVENT_ORDERS) : undefined;
      const choice = columnsOf(params, cookies, 'events', EVENT_COLUMN_NAMES, USUAL_EVENT_COLUMNS);
      const isFromEnd = order === 'newest' && !params.has('s') && !params.has('offset');
      const query = {
        ...pagingOf(params),
        ...(isFromEnd ? { offset: Number.MAX_SAFE_INTEGER } : {}),
        ...(filter === undefined ? {} : { filter }),
        ...(search === undefined ? {} : { search: search.search }),
        ...(order === undefined ? {} : { order }),
        ...(sort === undefined ? {} : { sort }),
      };
      const page = await ComingPage.begin(form, query, async (asked, take: Take<EventView>) => {
        const answer = await engine.listEvents(asked, take);
        // "From the end" is answered as the index the next event will get, which the next page can start from.
        return isFromEnd ? { ...answer, offset: answer.nextIndex } : answer;
      });
      const { found } = page;
      const why =
        page.count === 0 && found !== undefined
          ? whyNoEvents(await gatherFacts(deps), found, filter, search, order)
          : [];
      const list = { page, filter, search, choice, order, sort, tz: params.text('tz'), why };
      return {
        title: 'Events',
        data: why.length === 0 ? found : { ...found, why },
        html: () => EventList(list),
        rows: () => eventRows(list),
        text: (zone) => eventListText(page.whole, filter, search, why, deps.clock(), zone),
      };
    },
  });

  addPage(app, deps, {
    path: '/events/query',
    summary: 'Form to search events',
    tag,
    query: SEARCH_PARAMETER,
    schema: FormSchema,
    read(params) {
      const search = searchOf(params, 'events', deps.aliases);
      const form = formView('/events', EVENT_FILTERS, EVENT_LIST_PARAMETERS);
      return {
        title: 'Search events',
        data: form,
        html: () => SearchPage({ subject: 'events', action: '/events', search, limit: DEFAULT_LIMIT }),
        text: () => formText(form),
      };
    },
  });

  addPage(
    app,
    deps,
    {
      path: '/events/blst',
      summary: 'Event types that are switched off',
      tag,
      schema: listOf(BlacklistSchema),
      async read(_params, applied) {
        const { types } = await engine.eventBlacklist();
        return {
          title: 'Event types',
          data: wholeList(types),
          html: () => Blacklist({ types, applied }),
          text: () => blacklistText(types),
        };
      },
    },
    {
      parameters: BLACKLIST_PARAMETERS,
      async apply(params) {
        const { changes, reset } = changesOf(params);
        await engine.setEventBlacklist(changes, reset);
        const words = Object.entries(changes).map(([name, off]) => `${name} ${off ? 'off' : 'on'}`);
        return [...(reset ? ['back to the configured list'] : []), ...words].join(', ');
      },
    },
  );
}

function changesOf(params: Params): { changes: Record<string, boolean>; reset: boolean } {
  const names = params.names.filter((name) => name !== 'reset');
  return { changes: Object.fromEntries(names.map((name) => [name, params.flag(name)])), reset: params.flag('reset') };
}
