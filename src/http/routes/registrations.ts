import type { FastifyInstance } from 'fastify';
import { REGISTRATION_FILTERS, REGISTRATION_SORTS, type RegistrationChanges, type Take } from '../../model/engine.ts';
import { MAX_REG_DEL_DELAY_S, MAX_REG_EXP_DELTA_S } from '../../model/settings.ts';
import type { RegistrationView } from '../../model/views.ts';
import { ComingPage } from '../coming-page.ts';
import type { HttpDeps } from '../deps.ts';
import { columnsOf, orderOf } from '../list-choice.ts';
import { DEFAULT_LIMIT, filterOf, pagingOf, type Params } from '../params.ts';
import { badParameter } from '../problem.ts';
import {
  columnsParameter,
  FormSchema,
  formView,
  listOf,
  REGISTRATION_LIST_PARAMETERS,
  REGISTRATION_SETTING_PARAMETERS,
  RegistrationSchema,
  RegistrationSettingsSchema,
  RegistrationTableSchema,
} from '../schemas.ts';
import { formText } from '../text/pages.ts';
import { registrationListText, registrationSettingsText, registrationTableText } from '../text/registrations.ts';
import {
  REGISTRATION_COLUMN_NAMES,
  RegistrationFilterForm,
  RegistrationList,
  registrationRows,
  RegistrationSettings,
  RegistrationTable,
  USUAL_REGISTRATION_COLUMNS,
} from '../views/registrations.tsx';
import { gatherFacts, whyNoRegistrations } from '../why.ts';
import { addPage } from './page.ts';

/** Stands for "as configured". */
const AS_CONFIGURED = '-1';

export function registrationRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { engine } = deps;
  const tag = 'Registrations';

  addPage(app, deps, {
    path: '/regs',
    summary: 'Size and limits of the table of bindings',
    tag,
    schema: RegistrationTableSchema,
    async read() {
      const table = await engine.registrationTable();
      return {
        title: 'Bindings',
        data: table,
        html: () => RegistrationTable({ table }),
        text: () => registrationTableText(table),
      };
    },
  });

  addPage(app, deps, {
    path: '/regs/list',
    summary: 'Bindings held now, newest first or in the order asked for',
    tag,
    query: { ...REGISTRATION_LIST_PARAMETERS, ...columnsParameter(REGISTRATION_COLUMN_NAMES) },
    schema: listOf(RegistrationSchema),
    async read(params, _applied, _place, _names, cookies, form) {
      const filter = filterOf(params, REGISTRATION_FILTERS);
      const order = orderOf(params, REGISTRATION_SORTS);
      const choice = columnsOf(params, cookies, 'regs', REGISTRATION_COLUMN_NAMES, USUAL_REGISTRATION_COLUMNS);
      const query = {
        ...pagingOf(params),
        ...(filter === undefined ? {} : { filter }),
        ...(order === undefined ? {} : { order }),
      };
      const page = await ComingPage.begin(form, query, (asked, take: Take<RegistrationView>) =>
        engine.listRegistrations(asked, take),
      );
      const why = page.count === 0 ? whyNoRegistrations(await gatherFacts(deps), page, filter) : [];
      const list = { page, filter, choice, order, tz: params.text('tz'), why };
      return {
        title: 'Registrations',
        data: why.length === 0 ? page.found : { ...page.found, why },
        html: () => RegistrationList(list),
        rows: () => registrationRows(list),
        text: (zone) => registrationListText(page, filter, why, zone),
      };
    },
  });

  addPage(app, deps, {
    path: '/regs/list/query',
    summary: 'Form to search bindings',
    tag,
    schema: FormSchema,
    read() {
      const form = formView('/regs/list', REGISTRATION_FILTERS, REGISTRATION_LIST_PARAMETERS);
      return {
        title: 'Search registrations',
        data: form,
        html: () => RegistrationFilterForm({ filter: undefined, limit: DEFAULT_LIMIT, offset: 0 }),
        text: () => formText(form),
      };
    },
  });

  addPage(
    app,
    deps,
    {
      path: '/regs/cfg',
      summary: 'How registrations are judged',
      tag,
      schema: RegistrationSettingsSchema,
      async read(_params, applied) {
        const settings = await engine.registrationSettings();
        return {
          title: 'Registration settings',
          data: settings,
          html: () => RegistrationSettings({ ...settings, applied }),
          text: () => registrationSettingsText(settings),
        };
      },
    },
    {
      parameters: REGISTRATION_SETTING_PARAMETERS,
      async apply(params) {
        await engine.setRegistrationSettings(changesOf(params));
        const words = params.names.map((name) => {
          const value = params.text(name);
          return value === AS_CONFIGURED ? `${name} as configured` : `${name} = ${value}`;
        });
        return words.join(', ');
      },
    },
  );
}

function changesOf(params: Params): RegistrationChanges {
  const changes: RegistrationChanges = {};
  if (params.has('reg_exp_delta')) changes.regExpDeltaS = secondsOf(params, 'reg_exp_delta', MAX_REG_EXP_DELTA_S);
  if (params.has('reg_del_delay')) changes.regDelDelayS = secondsOf(params, 'reg_del_delay', MAX_REG_DEL_DELAY_S);
  if (params.has('contact_ignore_port')) {
    const asConfigured = params.text('contact_ignore_port') === AS_CONFIGURED;
    changes.contactIgnorePort = asConfigured ? null : params.flag('contact_ignore_port');
  }
  return changes;
}

/** Whole seconds, as `30` or as `30s`. */
function secondsOf(params: Params, name: string, max: number): number | null {
  const text = params.text(name) ?? '';
  if (text === AS_CONFIGURED) return null;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (params.durationMs(name) ?? Number.NaN) / 1000;
  if (Number.isInteger(seconds) && seconds <= max) return seconds;
  throw badParameter(name, text, `whole seconds from 0 to ${max}, or ${AS_CONFIGURED} for what was configured`);
}
