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
import type { Page, RegistrationView } from '../../model/views.ts';
import { FIELD_DOC } from '../schemas.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { AgentLinks } from './agents.tsx';
import { Later } from './layout.tsx';
import { Cells, type ListColumn, ListTable, orderParameters, OrderNote } from './list.tsx';
import { filterParameters } from './search.tsx';
import {
  Captured,
  CapturedLink,
  Cell,
  Facts,
  FilterForm,
  Hints,
  Pager,
  Path,
  Pill,
  Table,
  Time,
  Transport,
} from './parts.tsx';

const COLUMNS: readonly ListColumn<RegistrationView>[] = [
  {
    name: 'state',
    head: 'State',
    room: 'small',
    sort: { by: 'state', descending: false },
    show: (binding) => <Pill text={binding.state} tone={binding.state === 'active' ? 'good' : 'odd'} />,
  },
  {
    name: 'aor',
    head: 'Address-of-record',
    room: 'large',
    sort: { by: 'aor', descending: false },
    show: (binding) => <CapturedLink text={binding.aor} href={link('/events', { tu: binding.aor })} />,
  },
  {
    name: 'contact',
    head: 'Contact',
    room: 'large',
    sort: { by: 'contact', descending: false },
    show: (binding) => <CapturedLink text={binding.contact} href={link('/events', { contact: binding.contact })} />,
  },
  {
    name: 'start',
    head: 'Since',
    room: 'large',
    sort: { by: 'start', descending: true },
    show: (binding) => <Time us={binding.createdUs} />,
  },
  {
    name: 'ends',
    head: 'Ends in',
    isNumber: true,
    room: 'small',
    sort: { by: 'ends', descending: false },
    show: (binding) => formatDuration(Math.round(binding.expiresInMs / 1000) * 1000),
  },
  {
    name: 'refreshes',
    head: 'Refreshed',
    isNumber: true,
    room: 'small',
    sort: { by: 'refreshes', descending: true },
    show: (binding) => formatNumber(binding.refreshes),
  },
  {
    name: 'ua',
    head: 'User-Agent',
    room: 'large',
    sort: { by: 'ua', descending: false },
    show: (binding) => <Captured text={binding.userAgent} />,
  },
  {
    name: 'callid',
    head: 'Call-ID',
    room: 'large',
    sort: { by: 'callid', descending: false },
    show: (binding) => <CapturedLink text={binding.callId} href={callHref(binding.callId)} opens />,
  },
];

/** Rows beyond which they are sent one after the other. */
const MOST_AT_ONCE = 250;

export interface RegistrationListProps {
  page: Page<RegistrationView>;
  filter: TextFilter<RegistrationFilterField> | undefined;
  order: ListOrder<RegistrationSort> | undefined;
  /** Zone the address asks for. */
  tz: string | undefined;
  why: readonly Hint[];
}

export function RegistrationList({ page, filter, order, tz, why }: RegistrationListProps): VNode {
  const parameters = { ...filterParameters(filter), ...orderParameters(order), n: page.limit, tz };
  const address = { path: '/regs/list', parameters };
  return (
    <>
      <RegistrationFilterForm filter={filter} limit={page.limit} />
      {page.items.length === 0 ? (
        <Hints hints={why} tone="empty" title="Why is nothing here?" />
      ) : (
        <ListTable columns={COLUMNS} caption="Registrations" address={address} order={order}>
          {page.items.length > MOST_AT_ONCE ? <Later /> : page.items.map(rowsOf)}
        </ListTable>
      )}
      <Pager page={page} path={address.path} parameters={parameters}>
        <OrderNote columns={COLUMNS} order={order} />
      </Pager>
    </>
  );
}

const rowsOf = (binding: RegistrationView): VNode => <BindingRows binding={binding} />;

/** The rows of a list that is long. */
export async function* registrationRows({ page }: RegistrationListProps): AsyncGenerator<VNode> {
  if (page.items.length > MOST_AT_ONCE) for (const binding of page.items) yield rowsOf(binding);
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

function BindingRows({ binding }: { binding: RegistrationView }): VNode {
  return (
    <tbody class="item" data-row="">
      <tr>
        <Cells columns={COLUMNS} item={binding} index={0} />
      </tr>
      <tr class="more">
        <td colSpan={COLUMNS.length}>
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
      {applied === undefined ? undefined : (
        <p class="done" role="status">
          Applied: {applied}
        </p>
      )}
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
