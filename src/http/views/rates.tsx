import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import {
  RATE_COMPARISONS,
  type RateGcView,
  type RateParameterView,
  type RateQuery,
  type RateTableStats,
} from '../../model/engine.ts';
import type { Page, RateEntryView } from '../../model/views.ts';
import { formatNumber, link } from '../show.ts';
import type { RateTotals } from '../text/rates.ts';
import { agoText, type Hint } from '../why.ts';
import { eventTone } from './events.tsx';
import { Applied, CapturedLink, Cell, Facts, Hints, Nothing, Pager, Pill, Table } from './parts.tsx';

const HEAD = [
  'Event type',
  'Source',
  { number: 'Events' },
  'Now',
  { number: 'Rate 0' },
  { number: 'Rate 1' },
  { number: 'Rate 2' },
  { number: 'In a row' },
  'Last event',
  'Since',
];

export function RateList({
  page,
  query,
  why,
  nowUs,
}: {
  page: Page<RateEntryView>;
  query: RateQuery;
  why: readonly Hint[];
  nowUs: number;
}): VNode {
  return (
    <>
      <RateSearchForm query={query} />
      {page.items.length === 0 ? (
        <Hints hints={why} tone="empty" title="Why is nothing here?" />
      ) : (
        <Table head={HEAD} caption="Event rates">
          <tbody>
            {page.items.map((entry) => (
              <RateRow entry={entry} nowUs={nowUs} />
            ))}
          </tbody>
        </Table>
      )}
      <Pager page={page} path="/evrateblst/list" parameters={parametersOf(query)} />
    </>
  );
}

function RateRow({ entry, nowUs }: { entry: RateEntryView; nowUs: number }): VNode {
  const lastUs = Math.max(entry.lastOkUs ?? 0, entry.lastExceededUs ?? 0);
  return (
    <tr>
      <Cell label="Event type">
        <Pill text={entry.type} tone={eventTone(entry.type)} href={link('/events', { name: entry.type })} />
      </Cell>
      <Cell label="Source">
        <CapturedLink text={entry.ip} href={link('/events', { src: entry.ip })} />
      </Cell>
      <Cell label="Events" number>
        {formatNumber(entry.events)}
      </Cell>
      <Cell label="Now">
        <Pill text={entry.exceeded ? 'beyond' : 'within'} tone={entry.exceeded ? 'bad' : 'good'} />
      </Cell>
      {entry.rates.map((rate, n) => (
        <Cell label={`Rate ${n}`} number>
          {rate.intervalMs === 0 ? (
            <Nothing />
          ) : (
            <>
              {entry.exceeded && entry.rate === n ? (
                <strong>{formatNumber(rate.value)}</strong>
              ) : (
                formatNumber(rate.value)
              )}
              <span class="quiet">
                {' '}
                {rate.limit === 0 ? '' : `of ${formatNumber(rate.limit)} `}per {formatDuration(rate.intervalMs)}
              </span>
            </>
          )}
        </Cell>
      ))}
      <Cell label="In a row" number>
        {formatNumber(entry.exceeded ? entry.exceededRun : entry.okRun)}
      </Cell>
      <Cell label="Last event">{agoText(lastUs, nowUs)}</Cell>
      <Cell label="Since">{agoText(entry.changedUs, nowUs)}</Cell>
    </tr>
  );
}

function parametersOf(query: RateQuery): Record<string, string | number | undefined> {
  return {
    ip: query.ip,
    re: query.regexp === true ? 1 : undefined,
    val: query.exceeded === undefined ? undefined : Number(query.exceeded),
    rate: query.rate?.value,
    rop: query.rate?.op,
    ridx: query.rateIndex,
  };
}

export function RateSearchForm({ query }: { query: RateQuery }): VNode {
  const state = query.exceeded === undefined ? '-1' : query.exceeded ? '1' : '0';
  const choices = (pairs: readonly (readonly [string, string])[], chosen: string): VNode[] =>
    pairs.map(([value, text]) => (
      <option value={value} selected={value === chosen}>
        {text}
      </option>
    ));
  return (
    <form class="filter" method="get" action="/evrateblst/list">
      <label class="grow">
        <span>Source address or network</span>
        <input type="search" name="ip" value={query.ip ?? ''} autocomplete="off" spellcheck={false} />
      </label>
      <label class="check">
        <input type="checkbox" name="re" value="1" checked={query.regexp === true} />
        <span>Regular expression</span>
      </label>
      <label>
        <span>Limits</span>
        <select name="val">
          {choices(
            [
              ['-1', 'any'],
              ['1', 'beyond'],
              ['0', 'within'],
            ],
            state,
          )}
        </select>
      </label>
      <label>
        <span>Rate</span>
        <select name="ridx">
          {choices(
            [
              ['-1', 'reported'],
              ['0', '0'],
              ['1', '1'],
              ['2', '2'],
            ],
            String(query.rateIndex ?? -1),
          )}
        </select>
      </label>
      <label>
        <span>is</span>
        <select name="rop">
          {choices(
            RATE_COMPARISONS.map((op) => [op, op]),
            query.rate?.op ?? '>=',
          )}
        </select>
      </label>
      <label>
        <span>than</span>
        <input name="rate" size={7} inputmode="decimal" value={query.rate?.value ?? ''} />
      </label>
      <label>
        <span>At most</span>
        <input type="number" name="n" min="1" max="10000" value={query.limit} />
      </label>
      <button type="submit">Search</button>
    </form>
  );
}

export function RateTable({ table, totals }: { table: RateTableStats; totals: RateTotals }): VNode {
  const limit =
    table.maxEntries === 0
      ? 'rates are not tracked'
      : `${formatNumber(table.maxEntries)} (${((table.entries / table.maxEntries) * 100).toFixed(1)} % used)`;
  return (
    <Facts
      rows={[
        ['Entries held', <a href="/evrateblst/list">{formatNumber(table.entries)}</a>],
        ['Created since the start', formatNumber(table.created)],
        ['Limit', limit],
        ['Octets', formatNumber(table.bytes)],
        ['Hash buckets', formatNumber(table.buckets)],
        ['Longest, shortest chain', `${table.longestChain}, ${table.shortestChain}`],
        ['Events generated', formatNumber(totals.events)],
        ['Dropped by type', <a href="/events/blst">{formatNumber(totals.byType)}</a>],
        [
          'Beyond a rate limit',
          <>
            <a href="/evrateblst/list?val=1">{formatNumber(totals.byRate)}</a>, of these reported{' '}
            {formatNumber(totals.sent)}
          </>,
        ],
        ['Dropped for want of room', formatNumber(totals.failed)],
        ['Settings', <RateLinks />],
      ]}
    />
  );
}

function RateLinks(): VNode {
  return (
    <>
      <a href="/evrateblst/rates">limits</a>, <a href="/evrateblst/gccfg1">periodic collection</a>,{' '}
      <a href="/evrateblst/gccfg2">collection under pressure</a>, <a href="/evrateblst/forcegc">collect now</a>
    </>
  );
}

export function RateSettings({
  path,
  parameters,
  applied,
}: {
  path: string;
  parameters: readonly RateParameterView[];
  applied: string | undefined;
}): VNode {
  return (
    <>
      <Applied what={applied} />
      <p>
        Changes last until the next start; the configuration file is not written. See also <RateLinks />.
      </p>
      <form method="post" action={path}>
        <Table head={['Setting', 'Value', 'Configured', 'Allowed', 'Meaning']} caption="Settings of event rates">
          <tbody>
            {parameters.map((parameter) => (
              <tr>
                <Cell label="Setting">
                  <code>{parameter.name}</code>
                </Cell>
                <Cell label="Value">
                  <RateInput parameter={parameter} />
                </Cell>
                <Cell label="Configured">
                  {parameter.value === parameter.configured ? (
                    parameter.configured
                  ) : (
                    <strong>{parameter.configured}</strong>
                  )}
                </Cell>
                <Cell label="Allowed">
                  <span class="quiet">{parameter.allowed}</span>
                </Cell>
                <Cell label="Meaning">{parameter.description}</Cell>
              </tr>
            ))}
          </tbody>
        </Table>
        <p>
          <button type="submit">Apply</button>
        </p>
      </form>
    </>
  );
}

function RateInput({ parameter }: { parameter: RateParameterView }): VNode {
  const { name, value, choices } = parameter;
  if (choices.length === 0) return <input name={name} value={value} size={10} aria-label={name} />;
  return (
    <select name={name} aria-label={name}>
      {choices.map((choice) => (
        <option value={choice} selected={choice === value}>
          {choice}
        </option>
      ))}
    </select>
  );
}

export function RateGcForm({ entries }: { entries: number }): VNode {
  return (
    <form method="post" action="/evrateblst/forcegc" class="row">
      <p>
        {formatNumber(entries)} entries are held. Removes those that are within their limits and older than 2 seconds.
      </p>
      <label>
        <span>Stop when so many remain</span> <input type="number" name="n" min="0" value="1" />
      </label>
      <button type="submit">Collect now</button>
    </form>
  );
}

export function RateGc({ run }: { run: RateGcView }): VNode {
  return (
    <>
      <Facts
        rows={[
          ['Entries before', formatNumber(run.entriesBefore)],
          ['Entries now', formatNumber(run.entries)],
          ['Looked at', formatNumber(run.walked)],
          ['Removed', formatNumber(run.removed)],
          ['Target', `${formatNumber(run.target)}, ${run.targetMet ? 'reached' : 'not reached'}`],
          ['Time limit', `${formatDuration(run.maxRunMs)}, ${run.timedOut ? 'reached' : 'not reached'}`],
        ]}
      />
      <RateGcForm entries={run.entries} />
    </>
  );
}
