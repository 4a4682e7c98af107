import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { callStateByName } from '../../model/call-state.ts';
import { CALL_FILTERS, CALL_SORTS, type Take } from '../../model/engine.ts';
import type { CallView } from '../../model/views.ts';
import { ComingPage } from '../coming-page.ts';
import type { HttpDeps } from '../deps.ts';
import { columnsOf, orderOf } from '../list-choice.ts';
import { DEFAULT_LIMIT, filterOf, pagingOf, type Params } from '../params.ts';
import { badParameter } from '../problem.ts';
import {
  CALL_LIST_PARAMETERS,
  CALL_TIMEOUT_PARAMETERS,
  CallSchema,
  CallSummarySchema,
  CallTableSchema,
  CallTimeoutSchema,
  columnsParameter,
  FormSchema,
  formView,
  listOf,
  SEARCH_PARAMETER,
  wholeList,
} from '../schemas.ts';
import { callListText, callTableText, callTimeoutsText } from '../text/calls.ts';
import { formText } from '../text/pages.ts';
import { searchOf } from '../search.ts';
import { CALL_COLUMN_NAMES, USUAL_CALL_COLUMNS } from '../views/call-columns.tsx';
import { CallList, callListRows, CallTable, CallTimeouts } from '../views/calls.tsx';
import { SearchPage } from '../views/search.tsx';
import { gatherFacts, whyNoCalls } from '../why.ts';
import { addPage } from './page.ts';

export function callRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  const tag = 'Calls';

  addPage(app, deps, {
    path: '/calls',
    summary: 'Size and limits of the call table',
    tag,
    schema: CallTableSchema,
    async read() {
      const table = await engine.callTable();
      return { title: 'Call table', data: table, html: () => CallTable({ table }), text: () => callTableText(table) };
    },
  });

  addPage(app, deps, {
    path: '/calls/list',
    summary: 'Calls held now, newest first or in the order asked for',
    tag,
    query: { ...CALL_LIST_PARAMETERS, ...columnsParameter(CALL_COLUMN_NAMES) },
    schema: listOf(CallSchema, { summary: Type.Optional(CallSummarySchema) }),
    async read(params, _applied, _place, _names, cookies, form) {
      const filter = filterOf(params, CALL_FILTERS);
      const search = searchOf(params, 'calls', deps.aliases);
      const order = orderOf(params, CALL_SORTS);
      const isMerged = params.flag('merge');
      const choice = columnsOf(params, cookies, 'calls', CALL_COLUMN_NAMES, USUAL_CALL_COLUMNS);
      const query = {
        ...pagingOf(params),
        ...(order === undefined ? {} : { order }),
        ...(isMerged ? { isMerged } : {}),
        ...(filter === undefined ? {} : { filter }),
        ...(search === undefined ? {} : { search: search.search }),
      };
      const page = await ComingPage.begin(form, query, (asked, take: Take<CallView>) => engine.listCalls(asked, take));
      const summary = params.flag('summary')
        ? await engine.callSummary({
            ...(filter === undefined ? {} : { filter }),
            ...(search === undefined ? {} : { search: search.search }),
          })
        : undefined;
      const why = page.count === 0 ? whyNoCalls(await gatherFacts(deps), page, filter, search) : [];
      const list = { page, filter, search, choice, order, isMerged, summary, tz: params.text('tz'), why };
      return {
        title: 'Calls',
        data: { ...page.found, ...(summary === undefined ? {} : { summary }), ...(why.length === 0 ? {} : { why }) },
        html: () => CallList(list),
        rows: () => callListRows(list),
        text: () => callListText(page, filter, search, why),
      };
    },
  });

  addPage(app, deps, {
    path: '/calls/list/query',
    summary: 'Form to search calls',
    tag,
    query: SEARCH_PARAMETER,
    schema: FormSchema,
    read(params) {
      const search = searchOf(params, 'calls', deps.aliases);
      const form = formView('/calls/list', CALL_FILTERS, CALL_LIST_PARAMETERS);
      return {
        title: 'Search calls',
        data: form,
        html: () => SearchPage({ subject: 'calls', action: '/calls/list', search, limit: DEFAULT_LIMIT }),
        text: () => formText(form),
      };
    },
  });

  addPage(
    app,
    deps,
    {
      path: '/calls/timeout',
      summary: 'Timeouts of call states',
      tag,
      schema: listOf(CallTimeoutSchema),
      async read(_params, applied) {
        const states = await engine.callTimeouts();
        return {
          title: 'Call timeouts',
          data: wholeList(states),
          html: () => CallTimeouts({ states, applied }),
          text: () => callTimeoutsText(states),
        };
      },
    },
    {
      parameters: CALL_TIMEOUT_PARAMETERS,
      async apply(params) {
        const seconds = timeoutsOf(params);
        await engine.setCallTimeouts(seconds);
        return Object.entries(seconds)
          .map(([state, value]) => (value <= 0 ? `${state} has its default again` : `${state} = ${value}s`))
          .join(', ');
      },
    },
  );
}

/** Seconds by short state name. Timeouts are whole seconds; whether they are in range the engine says. */
function timeoutsOf(params: Params): Record<string, number> {
  const seconds = new Map<string, number>();
  for (const name of params.names) {
    const ms = params.durationMs(name) ?? 0;
    if (ms > 0 && ms % 1000 !== 0) throw badParameter(name, params.text(name), 'whole seconds, such as 30s or 1m30s');
    const state = callStateByName(name)?.name ?? name;
    if (seconds.has(state))
      throw badParameter(name, params.text(name), `absent where "${state}" is given: both name one state`);
    seconds.set(state, Math.max(0, ms / 1000));
  }
  return Object.fromEntries(seconds);
}
