import type { VNode } from 'preact';
import {
  type EventBlacklistView,
  type EventFilterField,
  type EventPage,
  type EventQuery,
  type TextFilter,
} from '../../model/engine.ts';
import type { EventRateView, EventView } from '../../model/views.ts';
import { formatDuration } from '../../model/duration.ts';
import type { AskedSearch } from '../search.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { statusTone } from './call-columns.tsx';
import { Later } from './layout.tsx';
import { filterParameters, SearchForm } from './search.tsx';
import {
  Captured,
  CapturedLink,
  Cell,
  Facts,
  Hints,
  Milliseconds,
  Nothing,
  Path,
  Pill,
  Table,
  Time,
  Transport,
  type Tone,
} from './parts.tsx';

/** Rows beyond which they are sent one after the other. */
const MOST_AT_ONCE = 250;

export interface EventListProps {
  page: EventPage;
  filter: TextFilter<EventFilterField> | undefined;
  search: AskedSearch | undefined;
  order: EventQuery['order'] | undefined;
  why: readonly Hint[];
}

const HEAD = [
  { number: '#' },
  'Time',
  'Type',
  'Status',
  'From',
  'To',
  { number: 'Setup' },
  { number: 'Ringing' },
  { number: 'Duration' },
  'Call-ID',
];

const rowsOf = (event: EventView): VNode => <EventRows event={event} />;

/** The rows of a list that is long. */
export async function* eventRows({ page }: EventListProps): AsyncGenerator<VNode> {
  if (page.items.length > MOST_AT_ONCE) for (const event of page.items) yield rowsOf(event);
}

export function EventList({ page, filter, search, order, why }: EventListProps): VNode {
  // The end of the ring; other parts of it stay as they are.
  const isTail = order === 'newest' && page.offset === page.nextIndex;
  return (
    <>
      <SearchForm
        subject="events"
        action="/events"
        search={search}
        filter={filter}
        limit={page.limit}
        kept={{ ...filterParameters(filter), order }}
      />
      <div data-live={isTail && page.items.length <= MOST_AT_ONCE ? 'events' : undefined}>
        {page.items.length === 0 ? (
          <Hints hints={why} tone="empty" title="Why is nothing here?" />
        ) : (
          <Table head={HEAD} caption="Events">
            {page.items.length > MOST_AT_ONCE ? <Later /> : page.items.map(rowsOf)}
          </Table>
        )}
        <EventPager page={page} filter={filter} search={search} order={order} />
      </div>
    </>
  );
}

/** Events have lasting numbers, so paging goes by number and a link keeps its meaning. */
function EventPager({ page, filter, search, order }: Omit<EventListProps, 'why'>): VNode {
  const indices = page.items.map((event) => event.index);
  const [low, high] = [Math.min(...indices), Math.max(...indices)];
  const isNewest = order === 'newest';
  const asked = { q: search?.text, ...filterParameters(filter), n: page.limit };
  const from = (start: number): string => link('/events', { ...asked, order, s: Math.max(0, start) });
  const isNarrowed = filter !== undefined || search !== undefined;
  const hasOlder = isNewest ? page.matched > page.items.length : low > 0 && page.offset > 0;
  const hasNewer = high + 1 < page.nextIndex;
  return (
    <p class="pager">
      <span>
        {indices.length === 0 ? 'No events' : `Events ${low}–${high}${isNarrowed ? ' (matching)' : ''}`} of{' '}
        {page.nextIndex} generated; the last {page.capacity} are kept
        {isNarrowed && indices.length > 0 ? `; ${page.matched} match${isNewest ? ' up to here' : ' from here on'}` : ''}
      </span>
      {indices.length > 0 && hasOlder ? (
        <a rel={isNewest ? 'next' : 'prev'} href={from(isNewest ? low : low - page.limit)}>
          {isNewest ? 'Older →' : '← Older'}
        </a>
      ) : undefined}
      {indices.length > 0 && hasNewer && !isNewest ? (
        <a rel="next" href={from(high + 1)}>
          Newer →
        </a>
      ) : undefined}
      {isNewest ? (
        <a href={link('/events', asked)}>Oldest first</a>
      ) : (
        <a href={link('/events', { ...asked, order: 'newest' })}>Newest first</a>
      )}
    </p>
  );
}

function EventRows({ event }: { event: EventView }): VNode {
  const from = event.attributes['sip.from'] ?? '';
  const to = event.attributes['sip.to'] ?? '';
  return (
    <tbody class="item" id={`event-${event.index}`} data-row="">
      <tr>
        <Cell label="#" number>
          {event.index}
        </Cell>
        <Cell label="Time">
          <Time us={event.tsUs} />
        </Cell>
        <Cell label="Type">
          <Pill text={event.type} tone={eventTone(event.type)} href={link('/events', { name: event.type })} />
        </Cell>
        <Cell label="Status" brief>
          <Captured text={event.attributes['sip.request.method'] ?? ''} />{' '}
          {event.status === 0 ? (
            <Nothing />
          ) : (
            <a class={statusTone(event.status)} href={link('/events', { status: event.status })}>
              {event.status}
            </a>
          )}{' '}
          <Captured text={event.attributes['sip.sip_reason'] ?? ''} />
        </Cell>
        <Cell label="From">
          <CapturedLink text={from} href={link('/events', { fu: from })} />
        </Cell>
        <Cell label="To">
          <CapturedLink text={to} href={link('/events', { tu: to })} />
        </Cell>
        <Cell label="Setup" number>
          <Milliseconds ms={event.pddMs} />
        </Cell>
        <Cell label="Ringing" number>
          <Milliseconds ms={event.ringMs} />
        </Cell>
        <Cell label="Duration" number>
          <Milliseconds ms={event.durationMs} />
        </Cell>
        <Cell label="Call-ID">
          <CapturedLink text={event.callId} href={callHref(event.callId)} opens />
        </Cell>
      </tr>
      <tr class="more">
        <td colSpan={HEAD.length}>
          <details>
            <summary>
              <Transport name={event.transport} /> <Path src={event.src} dst={event.dst} />
              <code class="trace">
                <Captured text={event.debug?.messageTrace ?? ''} />
              </code>
              <span class="quiet">{event.originator ?? ''} details</span>
            </summary>
            <EventFacts event={event} />
          </details>
        </td>
      </tr>
    </tbody>
  );
}

function EventFacts({ event }: { event: EventView }): VNode {
  const { debug, rate } = event;
  const rows: [string, VNode | string][] = [
    ['Events of this call', <CapturedLink text={event.callId} href={link('/events', { cid: event.callId })} />],
    ['From-tag', <Captured text={event.fromTag} />],
    ['To-tag', <Captured text={event.toTag} />],
    ['Call created', <Time us={event.createdUs} />],
    ['Source', <CapturedLink text={event.src.ip} href={link('/events', { src: event.src.ip })} />],
    ['Destination', <CapturedLink text={event.dst.ip} href={link('/events', { dst: event.dst.ip })} />],
  ];
  for (const [name, value] of Object.entries(event.attributes)) rows.push([name, <Captured text={value} />]);
  if (rate !== null) {
    rows.push([
      'Rate',
      <>
        {rateText(rate)} <a href={link('/evrateblst/list', { ip: event.src.ip })}>all rates of this source</a>
      </>,
    ]);
  }
  if (debug !== null) {
    rows.push(
      ['State', <Captured text={[...debug.previousStates, debug.state].join(' → ')} />],
      ['Generated on', debug.generatedOn],
      ['Flags', <Captured text={debug.flags.join(', ')} />],
      ['Events so far', <Captured text={debug.emitted.join(', ')} />],
    );
  }
  return <Facts rows={rows} />;
}

function rateText({ value, limit, intervalMs, exceeded, diff }: EventRateView): string {
  const allowed = limit === 0 ? 'without limit' : `of ${formatNumber(limit)} allowed`;
  const beyond = exceeded === 0 ? '' : `; number ${exceeded} beyond the limit, ${diff} since the one reported before`;
  return `${formatNumber(value)} per ${formatDuration(intervalMs)}, ${allowed}${beyond}`;
}

export function eventTone(type: string): Tone {
  switch (type) {
    case 'call-start':
    case 'reg-new':
    case 'sub-new':
    case 'other-ok':
      return 'good';
    case 'auth-failed':
    case 'other-failed':
    case 'parse-error':
      return 'bad';
    case 'call-attempt':
    case 'other-timeout':
    case 'reg-expired':
    case 'msg-probe':
      return 'odd';
    default:
      return 'calm';
  }
}

export function Blacklist({
  types,
  applied,
}: {
  types: EventBlacklistView['types'];
  applied: string | undefined;
}): VNode {
  return (
    <>
      {applied === undefined ? undefined : (
        <p class="done" role="status">
          Applied: {applied}
        </p>
      )}
      <p>Events of a type that is switched off are dropped and counted; they reach neither this ring nor any output.</p>
      <form method="post" action="/events/blst">
        <Table head={['Type', 'Now', 'Change']} caption="Event types">
          <tbody>
            {types.map((type) => (
              <tr>
                <Cell label="Type">
                  <Pill text={type.name} tone={eventTone(type.name)} href={link('/events', { name: type.name })} />
                </Cell>
                <Cell label="Now">{type.blacklisted ? <strong>switched off</strong> : 'on'}</Cell>
                <Cell label="Change">
                  <fieldset>
                    <legend class="hidden">{type.name}</legend>
                    <label>
                      <input type="radio" name={type.name} value="0" checked={!type.blacklisted} /> on
                    </label>
                    <label>
                      <input type="radio" name={type.name} value="1" checked={type.blacklisted} /> off
                    </label>
                  </fieldset>
                </Cell>
              </tr>
            ))}
          </tbody>
        </Table>
        <p>
          <button type="submit">Apply</button>
        </p>
      </form>
      <form method="post" action="/events/blst">
        <button type="submit" name="reset" value="1">
          Back to the configured list
        </button>
      </form>
    </>
  );
}
