import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import {
  type CallFilterField,
  type CallSort,
  type CallSummary,
  type CallTableStats,
  type CallTimeoutView,
  type ListOrder,
  type TextFilter,
} from '../../model/engine.ts';
import type { CallView, Pair } from '../../model/views.ts';
import { type ComingPage, MOST_AT_ONCE } from '../coming-page.ts';
import type { AskedSearch } from '../search.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { ColumnChoice } from '../list-choice.ts';
import type { Hint } from '../why.ts';
import { AgentLinks } from './agents.tsx';
import { CALL_COLUMNS, callTone, MarkBox, retransmissionsOf, TOGETHER, USUAL_CALL_COLUMNS } from './call-columns.tsx';
import { CallFigures } from './call-figures.tsx';
import {
  Cells,
  ColumnChooser,
  columnParameters,
  columnsNamed,
  columnsOfList,
  ItemList,
  type ListAddress,
  type ListColumn,
  ListTable,
  longRows,
  orderParameters,
  OrderNote,
  Switch,
} from './list.tsx';
import {
  Applied,
  Captured,
  CapturedLink,
  Cell,
  Facts,
  Nothing,
  Pager,
  Path,
  Pill,
  Table,
  Time,
  Transport,
} from './parts.tsx';
import { interfaceText, Quality } from './quality.tsx';
import { RowMenu } from './row-menu.tsx';
import { filterParameters, SearchForm } from './search.tsx';

export interface CallListProps {
  page: ComingPage<CallView>;
  filter: TextFilter<CallFilterField> | undefined;
  search: AskedSearch | undefined;
  choice: ColumnChoice;
  order: ListOrder<CallSort> | undefined;
  /** Zone the address asks for. */
  tz: string | undefined;
  isMerged: boolean;
  summary: CallSummary | undefined;
  why: readonly Hint[];
}

export function CallList(props: CallListProps): VNode {
  const { page, filter, search, choice, order, isMerged, summary, tz, why } = props;
  const kept = {
    ...filterParameters(filter),
    ...orderParameters(order),
    ...columnParameters(choice),
    summary: summary === undefined ? undefined : 1,
    merge: isMerged ? 1 : undefined,
  };
  const address = { path: '/calls/list', parameters: { q: search?.text, ...kept, n: page.limit, tz } };
  const columns = columnsOfList(page, CALL_COLUMNS, choice);
  return (
    <>
      <SearchForm
        subject="calls"
        action={address.path}
        search={search}
        filter={filter}
        limit={page.limit}
        kept={kept}
      />
      <div class="bar" data-list="">
        <ColumnChooser list="calls" columns={CALL_COLUMNS} choice={choice} address={address} />
        <Switch name="Summary" hotkey="i" isOn={summary !== undefined} parameter="summary" address={address} />
        <Switch name="Legs as one row" hotkey="L" isOn={isMerged} parameter="merge" address={address} />
        <form method="get" action="/call" id={TOGETHER}>
          <button type="submit">Open marked together</button>
        </form>
      </div>
      <div data-live={page.offset === 0 && page.count <= MOST_AT_ONCE ? 'received' : undefined}>
        {summary === undefined ? undefined : <CallFigures summary={summary} search={search} address={address} />}
        <ItemList
          page={page}
          caption="Calls"
          columns={columns}
          address={address}
          order={order}
          why={why}
          row={(call, index) => <CallRows call={call} columns={columns} index={index} inList={{ search, address }} />}
        />
        <Pager page={page} count={page.count} path={address.path} parameters={address.parameters}>
          <OrderNote columns={CALL_COLUMNS} order={order} />
        </Pager>
      </div>
    </>
  );
}

/** The rows of a list that is long, as they come. */
export function callListRows({ page, choice }: CallListProps): AsyncIterable<VNode> {
  return longRows(page, columnsOfList(page, CALL_COLUMNS, choice));
}

/** Calls on a page that is about something else. */
export function CallRowsTable({ calls }: { calls: readonly CallView[] }): VNode {
  const columns = columnsNamed(CALL_COLUMNS, USUAL_CALL_COLUMNS);
  return (
    <ListTable caption="Calls" columns={columns}>
      {calls.map((call, index) => (
        <CallRows call={call} columns={columns} index={index} />
      ))}
    </ListTable>
  );
}

/** One call: a row to scan and a row with what happened, which unfolds to everything known. */
function CallRows({
  call,
  columns,
  index,
  inList,
}: {
  call: CallView;
  columns: readonly ListColumn<CallView>[];
  index: number;
  /** Where the call is one of those somebody works with. */
  inList?: { search: AskedSearch | undefined; address: ListAddress };
}): VNode {
  const repeats = retransmissionsOf(call);
  return (
    <tbody class="item" id={`call-${call.id}`} data-row="">
      <tr>
        <Cells columns={columns} item={call} index={index} />
      </tr>
      <tr class="more">
        <td colSpan={columns.length} class="named">
          {inList === undefined ? undefined : <MarkBox call={call} />}
          <CapturedLink text={call.callId} href={callHref(call.callId)} opens />
          <details>
            <summary>
              <Transport name={call.transport} /> <Path src={call.src} dst={call.dst} />
              <code class="trace">
                <Captured text={call.messageTrace} />
              </code>
              <span class="quiet">
                {call.hops.length} {call.hops.length === 1 ? 'hop' : 'hops'}, {call.agents.length}{' '}
                {call.agents.length === 1 ? 'agent' : 'agents'}
                {repeats === 0 ? '' : `, ${repeats} ${repeats === 1 ? 'retransmission' : 'retransmissions'}`}
              </span>
            </summary>
            {inList === undefined ? undefined : <RowMenu call={call} {...inList} />}
            <CallFacts call={call} />
          </details>
        </td>
      </tr>
    </tbody>
  );
}

function CallFacts({ call }: { call: CallView }): VNode {
  const { correlation } = call;
  return (
    <Facts
      rows={[
        ['From-tag', <Captured text={call.fromTag} />],
        ['To-tag', <Captured text={call.toTag} />],
        ['Request-URI', <Captured text={call.requestUri} />],
        ['Contact', <Captured text={call.contact} />],
        ['User-Agent', <Captured text={call.userAgent} />],
        ['Other side', <Captured text={call.uas} />],
        ['States', <Captured text={[...call.stateTrace, call.stateText].join(' → ')} />],
        ['Last message', <Time us={call.updatedUs} />],
        ['Leaves the list in', formatDuration(call.expiresInMs)],
        ['CSeq', pairText(call.cseq)],
        ['Requests', pairText(call.requests)],
        ['Replies', pairText(call.replies)],
        [
          'Retransmissions',
          `requests ${pairText(call.retransmissions.requests)}, replies ${pairText(call.retransmissions.replies)}`,
        ],
        ['Events', <EventLinks call={call} />],
        ['Flags', <Captured text={call.flags.join(', ')} />],
        ['Request signature', <Captured text={call.requestSignature} />],
        ['Correlation id', <Captured text={correlation.correlationId} />],
        ['Other leg', <CapturedLink text={correlation.alegCallId} href={callHref(correlation.alegCallId)} />],
        ['Session-ID', <Captured text={correlation.sessionId} />],
        ['Legs', <Legs call={call} />],
        ['Media quality', <Quality call={call} />],
        ['Hops', <Hops call={call} />],
        ['Seen by', <AgentLinks agents={call.agents} />],
      ]}
    />
  );
}

function EventLinks({ call }: { call: CallView }): VNode {
  if (call.events.length === 0) return <Nothing />;
  return (
    <a href={link('/events', { cid: call.callId })}>
      <Captured text={call.events.join(', ')} />
    </a>
  );
}

/** The calls that belong to this one, each with the reason. */
function Legs({ call }: { call: CallView }): VNode {
  if (call.legs.length === 0) return <Nothing />;
  return (
    <ul class="plain">
      {call.legs.map((leg) => (
        <li>
          <CapturedLink text={leg.callId} href={callHref(leg.callId)} />{' '}
          <span class="quiet">
            <Captured text={leg.reason} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Hops({ call }: { call: CallView }): VNode {
  return (
    <ol class="hops">
      {call.hops.map((hop) => (
        <li>
          <Path src={hop.src} dst={hop.dst} />{' '}
          <span class="quiet">
            <Captured text={hop.transport} />, {hop.messages} {hop.messages === 1 ? 'message' : 'messages'}
            {hop.interface === null ? '' : `, SBC ${interfaceText(hop.interface)}`}, seen by{' '}
          </span>
          <AgentLinks agents={hop.agents} />
        </li>
      ))}
    </ol>
  );
}

const pairText = (pair: Pair): string => `${pair[0]} : ${pair[1]}`;

export function CallTable({ table }: { table: CallTableStats }): VNode {
  const limit = (value: number): string => (value === 0 ? 'unlimited' : formatNumber(value));
  const used = (part: number, most: number): string =>
    most === 0 ? 'unlimited' : `${formatNumber(most)} (${((part / most) * 100).toFixed(1)} % used)`;
  return (
    <>
      <Facts
        rows={[
          ['Calls held', <a href="/calls/list">{formatNumber(table.calls)}</a>],
          ['Created since the start', formatNumber(table.created)],
          ['Most calls', used(table.calls, table.maxEntries)],
          ['Octets held', formatNumber(table.bytes)],
          ['Octets per call', formatNumber(table.bytesPerCall)],
          ['Octets kept for calls to come', formatNumber(table.spareBytes)],
          ['Most octets', used(table.bytes, table.maxBytes)],
          [
            'At a limit',
            table.evict === 'none' ? 'new calls are refused' : 'finished calls are evicted, then the oldest',
          ],
          ['Refused because of a limit', formatNumber(table.refused)],
          [
            'Evicted because of a limit',
            `${formatNumber(table.evictedFinished)} finished, ${formatNumber(table.evicted)} unfinished`,
          ],
          ['Dialogs under one Call-ID', limit(table.maxForks)],
          ['Hash buckets', formatNumber(table.buckets)],
          ['Longest, shortest chain', `${table.longestChain}, ${table.shortestChain}`],
        ]}
      />
      <Table head={['State', { number: 'Calls' }]} caption="Calls by state">
        <tbody>
          {Object.entries(table.perState).map(([state, calls]) => (
            <tr>
              <Cell label="State">
                <Pill text={state} tone={callTone(state)} href={link('/calls/list', { state })} />
              </Cell>
              <Cell label="Calls" number>
                {formatNumber(calls)}
              </Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

export function CallTimeouts({
  states,
  applied,
}: {
  states: readonly CallTimeoutView[];
  applied: string | undefined;
}): VNode {
  return (
    <>
      <Applied what={applied} />
      <p>
        A call that is silent for so long in its state leaves the list. A new value counts from the next message on; 0
        goes back to the default.
      </p>
      <Table
        head={['State', { number: 'Timeout' }, { number: 'Default' }, { number: 'Allowed' }, 'Meaning', 'Change']}
        caption="Timeouts by state"
      >
        <tbody>
          {states.map((row) => (
            <tr>
              <Cell label="State">
                <Pill text={row.text} tone={callTone(row.state)} href={link('/calls/list', { state: row.text })} />
              </Cell>
              <Cell label="Timeout" number>
                {row.seconds === row.defaultSeconds ? `${row.seconds}s` : <strong>{row.seconds}s</strong>}
              </Cell>
              <Cell label="Default" number>
                {row.defaultSeconds}s
              </Cell>
              <Cell label="Allowed" number>
                {row.minSeconds}–{row.maxSeconds}s
              </Cell>
              <Cell label="Meaning">
                {row.description} <code class="quiet">{row.state}</code>
              </Cell>
              <Cell label="Change">
                <form method="post" action="/calls/timeout" class="row">
                  <input name={row.state} value={`${row.seconds}s`} size={7} aria-label={`Timeout of ${row.text}`} />
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
