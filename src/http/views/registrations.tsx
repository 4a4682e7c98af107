import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import {
  type ListOrder,
  REGISTRATION_FILTERS,
  type RegistrationFilterField,
  type RegistrationSettingsView,
  type RegistrationSort,
  type RegistrationTableStats,
  type TextFilter,
} from '../../model/engine.ts';
import type { RegistrationView } from '../../model/views.ts';
import type { ComingPage } from '../coming-page.ts';
import type { ColumnChoice } from '../list-choice.ts';
import { FIELD_DOC } from '../schemas.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { AgentLinks } from './agents.tsx';
import { countColumn, endpointColumn, textColumn, timeColumn, unordered, wordColumn } from './column-kinds.tsx';
import {
  Cells,
  ColumnChooser,
  columnParameters,
  columnsOfList,
  ItemList,
  type ListColumn,
  longRows,
  Opener,
  OpeningLink,
  orderParameters,
  OrderNote,
} from './list.tsx';
import { filterParameters } from './search.tsx';
import {
  Applied,
  Captured,
  CapturedLink,
  Cell,
  cellText,
  Facts,
  FilterForm,
  Pager,
  Path,
  Pill,
  Table,
  Time,
  Transport,
} from './parts.tsx';

/** Everything a list can show of a binding. */
const COLUMNS: readonly ListColumn<RegistrationView>[] = [
  {
    name: 'state',
    head: 'State',
    room: 'small',
    sort: { by: 'state', descending: false },
    show: (binding) => <Pill text={binding.state} tone={binding.state === 'active' ? 'good' : 'odd'} />,
  },
  textColumn(
    'aor',
    'Address-of-record',
    (binding) => binding.aor,
    (binding) => link('/events', { tu: binding.aor }),
  ),
  textColumn(
    'contact',
    'Contact',
    (binding) => binding.contact,
    (binding) => link('/events', { contact: binding.contact }),
  ),
  timeColumn('start', 'Since', (binding) => binding.createdUs),
  timeColumn('at', 'Last confirmed', (binding) => binding.updatedUs),
  {
    name: 'ends',
    head: 'Ends in',
    isNumber: true,
    room: 'small',
    sort: { by: 'ends', descending: false },
    show: (binding) => formatDuration(Math.round(binding.expiresInMs / 1000) * 1000),
  },
  countColumn('refreshes', 'Refreshed', (binding) => binding.refreshes),
  textColumn('ua', 'User-Agent', (binding) => binding.userAgent),
  {
    ...textColumn('callid', 'Call-ID', (binding: RegistrationView) => binding.callId),
    show: (binding) => <CapturedLink text={binding.callId} href={callHref(binding.callId)} opens />,
    plain: (binding) => <OpeningLink callId={binding.callId} />,
  },
  unordered(textColumn('from', 'From', (binding) => binding.from)),
  unordered(textColumn('registrar', 'Registrar', (binding) => binding.uas)),
  unordered(endpointColumn('src', 'Source', (binding) => binding.src)),
  unordered(endpointColumn('dst', 'Destination', (binding) => binding.dst)),
  unordered(wordColumn('transport', 'Transport', (binding) => binding.transport)),
  {
    name: 'agent',
    head: 'Seen by',
    room: 'large',
    show: (binding) => <AgentLinks agents={binding.agents} />,
    plain: (binding) => cellText(binding.agents.join(', ')),
  },
];

export const REGISTRATION_COLUMN_NAMES: readonly string[] = COLUMNS.map(({ name }) => name);

export const USUAL_REGISTRATION_COLUMNS: readonly string[] = [
  'state',
  'aor',
  'contact',
  'start',
  'ends',
  'refreshes',
  'ua',
  'callid',
];

export interface RegistrationListProps {
  page: ComingPage<RegistrationView>;
  filter: TextFilter<RegistrationFilterField> | undefined;
  choice: ColumnChoice;
  order: ListOrder<RegistrationSort> | undefined;
  /** Zone the address asks for. */
  tz: string | undefined;
  why: readonly Hint[];
}

export function RegistrationList({ page, filter, choice, order, tz, why }: RegistrationListProps): VNode {
  const parameters = {
    ...filterParameters(filter),
    ...orderParameters(order),
    ...columnParameters(choice),
    n: page.limit,
    tz,
  };
  const address = { path: '/regs/list', parameters };
  const columns = columnsOfList(page, COLUMNS, choice);
  return (
    <>
      <RegistrationFilterForm filter={filter} limit={page.limit} />
      <div class="bar" data-list="">
        <ColumnChooser list="regs" columns={COLUMNS} choice={choice} address={address} />
      </div>
      <ItemList
        page={page}
        caption="Registrations"
        columns={columns}
        address={address}
        order={order}
        why={why}
        row={(binding) => <BindingRows binding={binding} columns={columns} />}
      />
      <Pager page={page} count={page.count} path={address.path} parameters={parameters}>
        <OrderNote columns={COLUMNS} order={order} />
      </Pager>
    </>
  );
}

/** The rows of a list that is long, as they come. */
export function registrationRows({ page, choice }: RegistrationListProps): AsyncIterable<VNode> {
  return longRows(page, columnsOfList(page, COLUMNS, choice));
}

export function RegistrationFilterForm({
  filter,
  limit,
  offset,
}: {
  filter: TextFilter<RegistrationFilterField> | undefined;
  limit: number;
  offset?: number;
}): VNode {
  return (
    <FilterForm
      action="/regs/list"
      fields={REGISTRATION_FILTERS}
      filter={filter}
      limit={limit}
      {...(offset === undefined ? {} : { offset })}
      describe={(field) => FIELD_DOC[field] ?? field}
    />
  );
}

function BindingRows({
  binding,
  columns,
}: {
  binding: RegistrationView;
  columns: readonly ListColumn<RegistrationView>[];
}): VNode {
  return (
    <tbody class="item" data-row="">
      <tr>
        <Cells columns={columns} item={binding} index={0} />
      </tr>
      <tr class="more">
        <td colSpan={columns.length} class="named">
          <Opener callId={binding.callId} columns={columns} />
          <details>
            <summary>
              <Transport name={binding.transport} /> <Path src={binding.src} dst={binding.dst} />
            </summary>
            <Facts
              rows={[
                ['From', <Captured text={binding.from} />],
                ['Registrar', <Captured text={binding.uas} />],
                ['Last confirmed', <Time us={binding.updatedUs} />],
                ['Seen by', <AgentLinks agents={binding.agents} />],
              ]}
            />
          </details>
        </td>
      </tr>
    </tbody>
  );
}

export function RegistrationTable({ table }: { table: RegistrationTableStats }): VNode {
  const limit = (held: number, most: number): string =>
    most === 0 ? 'unlimited' : `${formatNumber(most)} (${((held / most) * 100).toFixed(1)} % used)`;
  return (
    <Facts
      rows={[
        ['Bindings held', <a href="/regs/list">{formatNumber(table.bindings)}</a>],
        ['Created since the start', formatNumber(table.created)],
        ['Most bindings', limit(table.bindings, table.maxEntries)],
        ['Octets held', formatNumber(table.bytes)],
        ['Most octets', limit(table.bytes, table.maxBytes)],
        ['Bindings of one address-of-record', formatNumber(table.maxContacts)],
        ['Refused because of a limit', formatNumber(table.refused)],
        ['Hash buckets', formatNumber(table.buckets)],
        ['Longest, shortest chain', `${table.longestChain}, ${table.shortestChain}`],
        ['Counters', <a href="/counters?group=regs">regs</a>],
      ]}
    />
  );
}

interface SettingsProps {
  now: RegistrationSettingsView;
  configured: RegistrationSettingsView;
  applied: string | undefined;
}

export function RegistrationSettings({ now, configured, applied }: SettingsProps): VNode {
  const rows: [string, string, string, string][] = [
    ['reg_exp_delta', `${now.regExpDeltaS}s`, `${configured.regExpDeltaS}s`, 'Added to the time granted'],
    ['reg_del_delay', `${now.regDelDelayS}s`, `${configured.regDelDelayS}s`, 'The end of a binding is reported later'],
    [
      'contact_ignore_port',
      String(now.contactIgnorePort),
      String(configured.contactIgnorePort),
      'Contacts that differ only in their port are one binding',
    ],
  ];
  return (
    <>
      <Applied what={applied} />
      <p>A new value counts for what is registered from now on; -1 goes back to what was configured.</p>
      <Table head={['Setting', { number: 'Now' }, { number: 'Configured' }, 'Meaning', 'Change']} caption="Settings">
        <tbody>
          {rows.map(([name, value, started, meaning]) => (
            <tr>
              <Cell label="Setting">
                <code>{name}</code>
              </Cell>
              <Cell label="Now" number>
                {value === started ? value : <strong>{value}</strong>}
              </Cell>
              <Cell label="Configured" number>
                {started}
              </Cell>
              <Cell label="Meaning">{meaning}</Cell>
              <Cell label="Change">
                <form method="post" action="/regs/cfg" class="row">
                  <input name={name} value={value} size={7} aria-label={name} />
                  <button type="submit">Set</button>
                </form>
              </Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}
