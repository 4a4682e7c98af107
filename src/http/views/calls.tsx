import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import {
  type CallFilterField,
  type CallTableStats,
  type CallTimeoutView,
  type TextFilter,
} from '../../model/engine.ts';
import type { CallView, Page, Pair } from '../../model/views.ts';
import type { AskedSearch } from '../search.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { AgentLinks } from './agents.tsx';
import {
  Captured,
  CapturedLink,
  Cell,
  Facts,
  Hints,
  Milliseconds,
  Nothing,
  Pager,
  Path,
  Pill,
  Table,
  Time,
  Transport,
  type Tone,
} from './parts.tsx';
import { interfaceText, Quality } from './quality.tsx';
import { filterParameters, SearchForm } from './search.tsx';

interface CallListProps {
  page: Page<CallView>;
  filter: TextFilter<CallFilterField> | undefined;
  search: AskedSearch | undefined;
  why: readonly Hint[];
}

const HEAD = [
  'State',
  'Created',
  'From',
  'To',
  'Status',
  { number: 'Setup' },
  { number: 'Ringing' },
  { number: 'Duration' },
];

export function CallList({ page, filter, search, why }: CallListProps): VNode {
  return (
    <>
      <SearchForm subject="calls" action="/calls/list" search={search} filter={filter} limit={page.limit} />
      <div data-live={page.offset === 0 ? 'received' : undefined}>
        {page.items.length === 0 ? (
          <Hints hints={why} tone="empty" title="Why is nothing here?" />
        ) : (
          <CallRowsTable calls={page.items} />
        )}
        <Pager page={page} path="/calls/list" parameters={{ q: search?.text, ...filterParameters(filter) }} />
      </div>
    </>
  );
}

export function CallRowsTable({ calls }: { calls: readonly CallView[] }): VNode {
  return (
    <Table head={HEAD} caption="Calls">
      {calls.map((call) => (
        <CallRows call={call} />
      ))}
    </Table>
  );
}

/** One call: a row to scan and a row with what happened, which unfolds to everything known. */
function CallRows({ call }: { call: CallView }): VNode {
  const repeats = sum(call.retransmissions.requests) + sum(call.retransmissions.replies);
  return (
    <tbody class="item" id={`call-${call.id}`} data-row="">
      <tr>
        <Cell label="State">
          <Pill
            text={call.stateText}
            tone={callTone(call.state)}
            href={link('/calls/list', { state: call.stateText })}
          />
        </Cell>
        <Cell label="Created">
          <Time us={call.createdUs} />
        </Cell>
        <Cell label="From">
          <CapturedLink text={call.from} href={link('/events', { fu: call.from })} />
        </Cell>
        <Cell label="To">
          <CapturedLink text={call.to} href={link('/events', { tu: call.to })} />
        </Cell>
        <Cell label="Status" brief>
          <Captured text={call.method} /> <Status statuses={call.statuses} /> <Captured text={call.reason} />
        </Cell>
        <Cell label="Setup" number>
          <Milliseconds ms={call.pddMs} />
        </Cell>
        <Cell label="Ringing" number>
          <Milliseconds ms={call.ringMs} />
        </Cell>
        <Cell label="Duration" number>
          <Milliseconds ms={call.durationMs} />
        </Cell>
      </tr>
      <tr class="more">
        <td colSpan={HEAD.length} class="named">
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

function Status({ statuses }: { statuses: Pair }): VNode {
  const status = statuses[0] === 0 ? statuses[1] : statuses[0];
  return status === 0 ? <Nothing /> : <span class={statusTone(status)}>{status}</span>;
}

/** Class of a status code's colour; the number itself says it too. */
export function statusTone(status: number): string {
  return `status s${Math.floor(status / 100)}`;
}

export function callTone(state: string): Tone {
  switch (state) {
    case 'inv_established':
      return 'good';
    case 'inv_neg':
    case 'non_inv_neg':
      return 'bad';
    case 'inv_canceled':
      return 'odd';
    case 'inv_bye_seen':
    case 'inv_bye_repl':
    case 'non_inv_fin':
      return 'calm';
    default:
      return 'busy';
  }
}

const sum = (pair: Pair): number => pair[0] + pair[1];
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
      {applied === undefined ? undefined : (
        <p class="done" role="status">
          Applied: {applied}
        </p>
      )}
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
