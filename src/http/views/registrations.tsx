import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import {
  REGISTRATION_FILTERS,
  type RegistrationFilterField,
  type RegistrationSettingsView,
  type RegistrationTableStats,
  type TextFilter,
} from '../../model/engine.ts';
import type { Page, RegistrationView } from '../../model/views.ts';
import { FIELD_DOC } from '../schemas.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { AgentLinks } from './agents.tsx';
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

const HEAD = [
  'State',
  'Address-of-record',
  'Contact',
  'Since',
  { number: 'Ends in' },
  { number: 'Refreshed' },
  'User-Agent',
  'Call-ID',
];

export function RegistrationList({
  page,
  filter,
  why,
}: {
  page: Page<RegistrationView>;
  filter: TextFilter<RegistrationFilterField> | undefined;
  why: readonly Hint[];
}): VNode {
  return (
    <>
      <RegistrationFilterForm filter={filter} limit={page.limit} />
      {page.items.length === 0 ? (
        <Hints hints={why} tone="empty" title="Why is nothing here?" />
      ) : (
        <Table head={HEAD} caption="Registrations">
          {page.items.map((binding) => (
            <BindingRows binding={binding} />
          ))}
        </Table>
      )}
      <Pager page={page} path="/regs/list" parameters={filterParameters(filter)} />
    </>
  );
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
    <tbody class="item">
      <tr>
        <Cell label="State">
          <Pill text={binding.state} tone={binding.state === 'active' ? 'good' : 'odd'} />
        </Cell>
        <Cell label="Address-of-record">
          <CapturedLink text={binding.aor} href={link('/events', { tu: binding.aor })} />
        </Cell>
        <Cell label="Contact">
          <CapturedLink text={binding.contact} href={link('/events', { contact: binding.contact })} />
        </Cell>
        <Cell label="Since">
          <Time us={binding.createdUs} />
        </Cell>
        <Cell label="Ends in" number>
          {formatDuration(Math.round(binding.expiresInMs / 1000) * 1000)}
        </Cell>
        <Cell label="Refreshed" number>
          {formatNumber(binding.refreshes)}
        </Cell>
        <Cell label="User-Agent">
          <Captured text={binding.userAgent} />
        </Cell>
        <Cell label="Call-ID">
          <CapturedLink text={binding.callId} href={callHref(binding.callId)} />
        </Cell>
      </tr>
      <tr class="more">
        <td colSpan={HEAD.length}>
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
