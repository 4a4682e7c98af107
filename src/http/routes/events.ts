import type { FastifyInstance } from 'fastify';
import { EVENT_FILTERS, EVENT_ORDERS } from '../../model/engine.ts';
import type { HttpDeps } from '../deps.ts';
import { DEFAULT_LIMIT, filterOf, pagingOf, type Params } from '../params.ts';
import {
  BLACKLIST_PARAMETERS,
  BlacklistSchema,
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
import { Blacklist, EventList, eventRows } from '../views/events.tsx';
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
    query: EVENT_LIST_PARAMETERS,
    schema: EventListSchema,
    async read(params) {
      const filter = filterOf(params, EVENT_FILTERS);
      const search = searchOf(params, 'events', deps.aliases);
      const order = params.choice('order', EVENT_ORDERS);
      const query = {
        ...pagingOf(params),
        ...(filter === undefined ? {} : { filter }),
        ...(search === undefined ? {} : { search: search.search }),
      };
      const isFromEnd = order === 'newest' && !params.has('s') && !params.has('offset');
      const page = await engine.listEvents({
        ...query,
        ...(isFromEnd ? { offset: Number.MAX_SAFE_INTEGER } : {}),
        ...(order === undefined ? {} : { order }),
      });
      // "From the end" is answered as the index the next event will get, which the next page can start from.
      if (isFromEnd) page.offset = page.nextIndex;
      const why = page.items.length === 0 ? whyNoEvents(await gatherFacts(deps), page, filter, search, order) : [];
      const list = { page, filter, search, order, why };
      return {
        title: 'Events',
        data: why.length === 0 ? page : { ...page, why },
        html: () => EventList(list),
        rows: () => eventRows(list),
        text: (zone) => eventListText(page, filter, search, why, deps.clock(), zone),
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
