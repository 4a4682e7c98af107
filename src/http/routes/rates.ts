import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { EvRate } from '../../model/counters.ts';
import { RATE_COMPARISONS, type RateQuery } from '../../model/engine.ts';
import { MAX_RATE_ENTRIES, type RatePage } from '../../model/event-rates.ts';
import type { HttpDeps } from '../deps.ts';
import { pagingOf, type Params } from '../params.ts';
import {
  FormSchema,
  formView,
  listOf,
  RATE_LIST_PARAMETERS,
  RateEntrySchema,
  RateGcSchema,
  RateParameterSchema,
  rateParameters,
  RateTableSchema,
  wholeList,
} from '../schemas.ts';
import { withTimes } from '../show.ts';
import { formText } from '../text/pages.ts';
import {
  rateGcFormText,
  rateGcText,
  rateListText,
  rateSettingsText,
  rateTableText,
  type RateTotals,
} from '../text/rates.ts';
import { RateGc, RateGcForm, RateList, RateSearchForm, RateSettings, RateTable } from '../views/rates.tsx';
import { get, whyNoRates } from '../why.ts';
import { addPage } from './page.ts';

const SETTINGS: readonly { page: RatePage; title: string; summary: string }[] = [
  { page: 'rates', title: 'Rate limits', summary: 'Limits, intervals and the report rule of event rates' },
  { page: 'gccfg1', title: 'Periodic collection', summary: 'Collection of old rate entries' },
  { page: 'gccfg2', title: 'Collection under pressure', summary: 'What happens when the rate table is nearly full' },
];

export function rateRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  const tag = 'Event rates';

  addPage(app, deps, {
    path: '/evrateblst',
    summary: 'Size and limits of the rate table',
    tag,
    schema: RateTableSchema,
    async read() {
      const table = await engine.rateTable();
      const totals = totalsOf(deps);
      return {
        title: 'Rate table',
        data: table,
        html: () => RateTable({ table, totals }),
        text: () => rateTableText(table),
      };
    },
  });

  addPage(app, deps, {
    path: '/evrateblst/list',
    summary: 'Rates by event type and source address',
    tag,
    query: RATE_LIST_PARAMETERS,
    schema: listOf(RateEntrySchema),
    async read(params) {
      const query = queryOf(params);
      const page = await engine.listRates(query);
      const why = page.items.length === 0 ? whyNoRates(deps.counters(), page) : [];
      const nowUs = deps.clock();
      return {
        title: 'Event rates',
        data: withTimes(why.length === 0 ? page : { ...page, why }),
        html: () => RateList({ page, query, why, nowUs }),
        text: (zone) => rateListText(page, query, totalsOf(deps), why, nowUs, zone),
      };
    },
  });

  addPage(app, deps, {
    path: '/evrateblst/list/query',
    summary: 'Form to search rates',
    tag,
    schema: FormSchema,
    read() {
      const form = formView('/evrateblst/list', ['ip', 'val', 'rate', 'rop', 'ridx'], RATE_LIST_PARAMETERS);
      return {
        title: 'Search rates',
        data: form,
        html: () => RateSearchForm({ query: { offset: 0, limit: 100 } }),
        text: () => formText(form),
      };
    },
  });

  for (const { page, title, summary } of SETTINGS) {
    const path = `/evrateblst/${page}`;
    addPage(
      app,
      deps,
      {
        path,
        summary,
        tag,
        schema: listOf(RateParameterSchema),
        async read(_params, applied) {
          const parameters = await engine.rateSettings(page);
          return {
            title,
            data: wholeList(parameters),
            html: () => RateSettings({ path, parameters, applied }),
            text: () => rateSettingsText(parameters),
          };
        },
      },
      {
        parameters: rateParameters(page),
        async apply(params) {
          const texts = Object.fromEntries(params.names.map((name) => [name, params.text(name) ?? '']));
          await engine.setRateSettings(texts);
          return Object.entries(texts)
            .map(([name, text]) => `${name} = ${text}`)
            .join(', ');
        },
      },
    );
  }

  addPage(
    app,
    deps,
    {
      path: '/evrateblst/forcegc',
      summary: 'Collection of rate entries now',
      tag,
      schema: RateTableSchema,
      async read() {
        const table = await engine.rateTable();
        return {
          title: 'Collect rate entries',
          data: table,
          html: () => RateGcForm({ entries: table.entries }),
          text: () => rateGcFormText(table),
        };
      },
    },
    {
      parameters: {
        n: Type.Optional(
          Type.Integer({ minimum: 0, maximum: MAX_RATE_ENTRIES, default: 1, description: 'Stop when so many remain' }),
        ),
      },
      bare: true,
      schema: RateGcSchema,
      async apply(params) {
        const run = await engine.forceRateGc(params.integer(['n'], 0, MAX_RATE_ENTRIES, 1));
        return {
          title: 'Collect rate entries',
          data: run,
          html: () => RateGc({ run }),
          text: () => rateGcText(run),
        };
      },
    },
  );
}

function queryOf(params: Params): RateQuery {
  const query: RateQuery = pagingOf(params);
  const ip = params.text('ip') ?? '';
  if (ip !== '') query.ip = ip;
  if (params.flag('re')) query.regexp = true;
  const state = params.choice('val', ['-1', '0', '1']) ?? '-1';
  if (state !== '-1') query.exceeded = state === '1';
  const op = params.choice('rop', RATE_COMPARISONS) ?? '>=';
  const value = params.number('rate');
  if (value !== undefined) query.rate = { op, value };
  const index = params.choice('ridx', ['-1', '0', '1', '2']) ?? '-1';
  if (index !== '-1') query.rateIndex = Number(index);
  return query;
}

function totalsOf(deps: HttpDeps): RateTotals {
  const counters = deps.counters();
  return {
    events: get(counters, EvRate.TOTAL_EVENTS),
    byType: get(counters, EvRate.BLST_TYPE),
    byRate: get(counters, EvRate.BLST_RATE),
    sent: get(counters, EvRate.BLST_SENT),
    failed: get(counters, EvRate.TRACKING_FAIL),
  };
}
