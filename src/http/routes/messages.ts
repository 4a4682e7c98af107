import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { DEFAULT_LIMIT, pagingOf } from '../params.ts';
import { FormSchema, formView, MESSAGE_LIST_PARAMETERS, MessageListSchema, SEARCH_PARAMETER } from '../schemas.ts';
import { searchOf } from '../search.ts';
import { withTimes } from '../show.ts';
import { messageListText } from '../text/messages.ts';
import { formText } from '../text/pages.ts';
import { MessageList } from '../views/message-list.tsx';
import { SearchPage } from '../views/search.tsx';
import { gatherFacts, howFar, whyNoMessages } from '../why.ts';
import { addPage } from './page.ts';

/** `/messages`: search among the messages kept for display, whatever call they belong to. */
export function messageRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const tag = 'Messages';

  addPage(app, deps, {
    path: '/messages',
    summary: 'SIP messages kept for display, newest first',
    tag,
    query: MESSAGE_LIST_PARAMETERS,
    schema: MessageListSchema,
    async read(params) {
      const search = searchOf(params, 'messages', deps.aliases);
      const page = await deps.engine.listMessages({
        ...pagingOf(params),
        ...(search === undefined ? {} : { search: search.search }),
      });
      const why = page.items.length === 0 ? whyNoMessages(await gatherFacts(deps), page, search) : [];
      const notes = howFar(page, deps.clock());
      return {
        title: 'Messages',
        data: withTimes(why.length === 0 ? page : { ...page, why }),
        html: () => MessageList({ page, search, notes, why }),
        text: (zone) => messageListText(page, search, [...notes, ...why], zone),
      };
    },
  });

  addPage(app, deps, {
    path: '/messages/query',
    summary: 'Form to search messages',
    tag,
    query: SEARCH_PARAMETER,
    schema: FormSchema,
    read(params) {
      const search = searchOf(params, 'messages', deps.aliases);
      const form = formView('/messages', ['q'], MESSAGE_LIST_PARAMETERS);
      return {
        title: 'Search messages',
        data: form,
        html: () => SearchPage({ subject: 'messages', action: '/messages', search, limit: DEFAULT_LIMIT }),
        text: () => formText(form),
      };
    },
  });
}
