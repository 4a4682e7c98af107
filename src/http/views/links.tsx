import type { VNode } from 'preact';
import { LINK_ORDERS, type LinkCount, type LinkPage, type LinkQuery, type LinkView } from '../../model/engine.ts';
import { formatNumber, visible } from '../show.ts';
import { waysOf } from '../text/links.ts';
import type { Hint } from '../why.ts';
import { Cell, Hints, Named, Nothing, Pager, Table } from './parts.tsx';

/** Directions as the server sees them. */
const WAYS = { out: '→', in: '←', unknown: '↔' } as const;

export function LinkList({ page, query, why }: { page: LinkPage; query: LinkQuery; why: readonly Hint[] }): VNode {
  const { summary } = page;
  const head = ['Link', { number: 'Total' }, ...summary.map(({ type }) => ({ number: visible(type) }))];
  return (
    <>
      <LinkForm query={query} />
      {page.items.length === 0 ? (
        <Hints hints={why} tone="empty" title="Why is nothing here?" />
      ) : (
        <>
          <p>Server, transport, server port, client. → is what the server sends, ← what it receives.</p>
          <Table head={head} caption="Links">
            <tbody>
              {page.items.map((link) => (
                <tr>
                  <Cell label="Link" brief>
                    <Parties link={link} />
                  </Cell>
                  <Cell label="Total" number>
                    {formatNumber(link.total)}
                  </Cell>
                  <Counts summary={summary} counts={link.counts} />
                </tr>
              ))}
              <tr>
                <Cell label="Link">All that match</Cell>
                <Cell label="Total" number>
                  {formatNumber(summary.reduce((sum, { out, in: into, unknown }) => sum + out + into + unknown, 0))}
                </Cell>
                <Counts summary={summary} counts={summary} />
              </tr>
            </tbody>
          </Table>
        </>
      )}
      <Pager page={page} path="/links" parameters={parametersOf(query)} />
    </>
  );
}

/** As `linkText`, with the names of server and client. */
function Parties({ link: { server, transport, serverPort, client } }: { link: LinkView }): VNode {
  const between = [transport?.toUpperCase() ?? null, serverPort === 0 ? '' : serverPort];
  return (
    <>
      <Named ip={server} port={serverPort ?? 0} address={server} />
      {between.map((part) => (part === null ? '' : `-${part}`))}
      {client === null ? undefined : (
        <>
          -<Named ip={client} port={0} address={client} />
        </>
      )}
    </>
  );
}

function Counts({ summary, counts }: { summary: readonly LinkCount[]; counts: readonly LinkCount[] }): VNode {
  return (
    <>
      {summary.map(({ type }) => {
        const count = counts.find((each) => each.type === type);
        return (
          <Cell label={visible(type)} number>
            {count === undefined ? (
              <Nothing />
            ) : (
              waysOf([count])
                .filter((way) => count[way] > 0)
                .map((way) => `${WAYS[way]}\u00a0${formatNumber(count[way])}`)
                .join(' ')
            )}
          </Cell>
        );
      })}
    </>
  );
}

function LinkForm({ query }: { query: LinkQuery }): VNode {
  const field = (name: string, label: string, value: readonly string[]): VNode => (
    <label class="grow">
      <span>{label}</span>
      <input type="search" name={name} value={value.join(',')} autocomplete="off" spellcheck={false} />
    </label>
  );
  return (
    <form class="filter" method="get" action="/links">
      {field('host_filter', 'With one of these addresses', query.hosts)}
      {field('host_exclude', 'Without these addresses', query.excludedHosts)}
      {field('sip_filter', 'Methods and status prefixes', query.types)}
      <label>
        <span>Replies to the methods</span>
        <select name="greedy">
          <option value="1" selected={query.greedy}>
            too
          </option>
          <option value="0" selected={!query.greedy}>
            only by prefix
          </option>
        </select>
      </label>
      <label>
        <span>Told apart by</span>
        <select name="depth">
          {['server', 'client', 'transport', 'server port'].map((what, at) => (
            <option value={at + 1} selected={query.depth === at + 1}>
              {at === 0 ? what : `… and ${what}`}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Order</span>
        <select name="order">
          {LINK_ORDERS.map((order) => (
            <option value={order} selected={order === query.order}>
              {order}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Search</button>
    </form>
  );
}

function parametersOf(query: LinkQuery): Record<string, string | number | undefined> {
  const list = (values: readonly string[]): string | undefined => (values.length === 0 ? undefined : values.join(','));
  return {
    host_filter: list(query.hosts),
    host_exclude: list(query.excludedHosts),
    sip_filter: list(query.types),
    greedy: query.greedy ? undefined : 0,
    depth: query.depth,
    order: query.order,
  };
}
