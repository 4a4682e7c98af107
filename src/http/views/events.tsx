import type { VNode } from 'preact';
import {
  type EventBlacklistView,
  type EventFilterField,
  type EventPage,
  type EventQuery,
  type EventSort,
  type ListOrder,
  type TextFilter,
} from '../../model/engine.ts';
import type { EventRateView, EventView } from '../../model/views.ts';
import { formatDuration } from '../../model/duration.ts';
import { type ComingPage, MOST_AT_ONCE } from '../coming-page.ts';
import type { ColumnChoice } from '../list-choice.ts';
import type { AskedSearch } from '../search.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { statusTone } from './call-columns.tsx';
import { durationColumn, endpointColumn, textColumn, timeColumn, wordColumn } from './column-kinds.tsx';
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
import { filterParameters, SearchForm } from './search.tsx';
import {
  Applied,
  Captured,
  CapturedLink,
  Cell,
  cellText,
  Facts,
  Nothing,
  Pager,
  Path,
  Pill,
  Table,
  Time,
  type Tone,
  Transport,
} from './parts.tsx';

const fromOf = ({ attributes }: EventView): string => attributes['sip.from'] ?? '';
const toOf = ({ attributes }: EventView): string => attributes['sip.to'] ?? '';
const methodOf = ({ attributes }: EventView): string => attributes['sip.request.method'] ?? '';
const reasonOf = ({ attributes }: EventView): string => attributes['sip.sip_reason'] ?? '';

/** Everything a list can show of an event. Names are those of the search language where it has one. */
const COLUMNS: readonly ListColumn<EventView>[] = [
  { name: 'index', head: '#', isNumber: true, room: 'small', show: (event) => event.index },
  timeColumn('at', 'Time', (event) => event.tsUs),
  {
    name: 'type',
    head: 'Type',
    room: 'medium',
    sort: { by: 'type', descending: false },
    show: ({ type }) => <Pill text={type} tone={eventTone(type)} href={link('/events', { name: type })} />,
    plain: ({ type }) => <Pill text={type} tone={eventTone(type)} />,
  },
  {
    name: 'status',
    head: 'Status',
    isBrief: true,
    room: 'medium',
    sort: { by: 'status', descending: true },
    show: (event) => <Status event={event} />,
    plain: (event) => cellText([methodOf(event), event.status || '–', reasonOf(event)].join(' ')),
  },
  textColumn('from', 'From', fromOf, (event) => link('/events', { fu: fromOf(event) })),
  textColumn('to', 'To', toOf, (event) => link('/events', { tu: toOf(event) })),
  durationColumn('pdd', 'Setup', (event) => event.pddMs),
  durationColumn('ring', 'Ringing', (event) => event.ringMs),
  durationColumn('duration', 'Duration', (event) => event.durationMs),
  {
    ...textColumn('callid', 'Call-ID', (event: EventView) => event.callId),
    show: (event) => <CapturedLink text={event.callId} href={callHref(event.callId)} opens />,
    plain: (event) => <OpeningLink callId={event.callId} />,
  },
  wordColumn('method', 'Method', methodOf),
  { ...textColumn('reason', 'Reason', reasonOf), isBrief: true, room: 'medium' },
  textColumn('ruri', 'Request-URI', (event) => event.attributes['uri.original'] ?? ''),
  textColumn('contact', 'Contact', (event) => event.attributes['sip.contact'] ?? ''),
  endpointColumn('src', 'Source', (event) => event.src),
  endpointColumn('dst', 'Destination', (event) => event.dst),
  wordColumn('transport', 'Transport', (event) => event.transport),
  textColumn(
    'ua',
    'User-Agent',
    ({ attributes }) => attributes['user_agent.original'] ?? attributes['uas.original'] ?? '',
  ),
  timeColumn('start', 'Call created', (event) => event.createdUs),
  { ...textColumn('ended', 'Ended by', (event: EventView) => event.originator ?? ''), room: 'medium' },
];

export const EVENT_COLUMN_NAMES: readonly string[] = COLUMNS.map(({ name }) => name);

export const USUAL_EVENT_COLUMNS: readonly string[] = [
  'index',
  'at',
  'type',
  'status',
  'from',
  'to',
  'pdd',
  'ring',
  'duration',
  'callid',
];

export interface EventListProps {
  page: ComingPage<EventView, EventPage>;
  filter: TextFilter<EventFilterField> | undefined;
  search: AskedSearch | undefined;
  choice: ColumnChoice;
  /** Of the ring; `sort` is an order of its own. */
  order: EventQuery['order'] | undefined;
  sort: ListOrder<EventSort> | undefined;
  /** Zone the address asks for. */
  tz: string | undefined;
  why: readonly Hint[];
}

/** The rows of a list that is long, as they come. */
export function eventRows({ page, choice }: EventListProps): AsyncIterable<VNode> {
  return longRows(page, columnsOfList(page, COLUMNS, choice));
}

export function EventList(props: EventListProps): VNode {
  const { page, filter, search, choice, order, sort, tz, why } = props;
  const kept = {
    ...filterParameters(filter),
    order,
    ...(sort === undefined ? {} : orderParameters(sort)),
    ...columnParameters(choice),
  };
  const address = { path: '/events', parameters: { q: search?.text, ...kept, n: page.limit, tz } };
  const columns = columnsOfList(page, COLUMNS, choice);
  return (
    <>
      <SearchForm
        subject="events"
        action={address.path}
        search={search}
        filter={filter}
        limit={page.limit}
        kept={kept}
      />
      <div class="bar" data-list="">
        <ColumnChooser list="events" columns={COLUMNS} choice={choice} address={address} />
      </div>
      <div data-live={isTail(props) ? 'events' : undefined}>
        <ItemList
          page={page}
          caption="Events"
          columns={columns}
          address={address}
          order={sort ?? NO_ORDER}
          why={why}
          row={(event) => <EventRows event={event} columns={columns} />}
        />
        {sort === undefined ? (
          <EventPager {...props} />
        ) : (
          <Pager page={page} count={page.count} path={address.path} parameters={address.parameters}>
            <OrderNote columns={COLUMNS} order={sort} />
            <a href={link(address.path, { ...address.parameters, sort: undefined, order: 'newest' })}>Newest first</a>
          </Pager>
        )}
      </div>
    </>
  );
}

/** As the ring has them, events are in the order of none of their columns. */
const NO_ORDER: ListOrder<string> = { by: '', descending: false };

/** The end of the ring, or the first of an order; other parts stay as they are. */
function isTail({ page, order, sort }: EventListProps): boolean {
  if (page.count > MOST_AT_ONCE) return false;
  return sort === undefined ? order === 'newest' && page.offset === page.found?.nextIndex : page.offset === 0;
}

/** Events have lasting numbers, so paging goes by number and a link keeps its meaning. */
function EventPager({ page, filter, search, choice, order }: EventListProps): VNode {
  const { nextIndex, capacity } = page.found ?? { nextIndex: 0, capacity: 0 };
  const indices = [page.first, page.last].flatMap((event) => (event === undefined ? [] : [event.index]));
  const [low, high] = [Math.min(...indices), Math.max(...indices)];
  const isNewest = order === 'newest';
  const asked = { q: search?.text, ...filterParameters(filter), ...columnParameters(choice), n: page.limit };
  const from = (start: number): string => link('/events', { ...asked, order, s: Math.max(0, start) });
  const isNarrowed = filter !== undefined || search !== undefined;
  const hasOlder = isNewest ? page.matched > page.count : low > 0 && page.offset > 0;
  const hasNewer = high + 1 < nextIndex;
  return (
    <p class="pager">
      <span>
        {indices.length === 0 ? 'No events' : `Events ${low}–${high}${isNarrowed ? ' (matching)' : ''}`} of {nextIndex}{' '}
        generated; the last {capacity} are kept
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

function Status({ event }: { event: EventView }): VNode {
  return (
    <>
      <Captured text={methodOf(event)} />{' '}
      {event.status === 0 ? (
        <Nothing />
      ) : (
        <a class={statusTone(event.status)} href={link('/events', { status: event.status })}>
          {event.status}
        </a>
      )}{' '}
      <Captured text={reasonOf(event)} />
    </>
  );
}

function EventRows({ event, columns }: { event: EventView; columns: readonly ListColumn<EventView>[] }): VNode {
  return (
    <tbody class="item" id={`event-${event.index}`} data-row="">
      <tr>
        <Cells columns={columns} item={event} index={event.index} />
      </tr>
      <tr class="more">
        <td colSpan={columns.length} class="named">
          <Opener callId={event.callId} columns={columns} />
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
      <Applied what={applied} />
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
