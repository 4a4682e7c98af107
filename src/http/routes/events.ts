import type { FastifyInstance } from 'fastify';
import { EVENT_FILTERS } from '../../model/engine.ts';
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
  wholeList,
} from '../schemas.ts';
import { withTimes } from '../show.ts';
import { blacklistText, eventListText } from '../text/events.ts';
import { formText } from '../text/pages.ts';
import { Blacklist, EventFilterForm, EventList } from '../views/events.tsx';
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
      const paging = pagingOf(params);
      const page = await engine.listEvents({ ...paging, ...(filter === undefined ? {} : { filter }) });
      const why = page.items.length === 0 ? whyNoEvents(await gatherFacts(deps), page, filter, paging.offset) : [];
      return {
        title: 'Events',
        data: withTimes(why.length === 0 ? page : { ...page, why }),
        html: () => EventList({ page, filter, why }),
        text: () => eventListText(page, filter, why, deps.clock()),
      };
    },
  });

  addPage(app, deps, {
    path: '/events/query',
    summary: 'Form to search events',
    tag,
    schema: FormSchema,
    read() {
      const form = formView('/events', EVENT_FILTERS, EVENT_LIST_PARAMETERS);
      return {
        title: 'Search events',
        data: form,
        html: () => EventFilterForm({ filter: undefined, limit: DEFAULT_LIMIT, offset: 0 }),
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
