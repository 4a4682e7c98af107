import type { VNode } from 'preact';
import {
  EVENT_FILTERS,
  type EventBlacklistView,
  type EventFilterField,
  type EventPage,
  type TextFilter,
} from '../../model/engine.ts';
import type { EventRateView, EventView } from '../../model/views.ts';
import { FIELD_DOC } from '../schemas.ts';
import { formatDuration } from '../../model/duration.ts';
import { callHref, formatNumber, link } from '../show.ts';
import type { Hint } from '../why.ts';
import { filterParameters, statusTone } from './calls.tsx';
import {
  Captured,
  CapturedLink,
  Cell,
  Facts,
  FilterForm,
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

interface EventListProps {
  page: EventPage;
  filter: TextFilter<EventFilterField> | undefined;
  why: readonly Hint[];
}

const HEAD = [
  { number: '#' },
  'Time (UTC)',
  'Type',
  'Status',
  'From',
  'To',
  { number: 'Setup' },
  { number: 'Ringing' },
  { number: 'Duration' },
  'Call-ID',
];

export function EventList({ page, filter, why }: EventListProps): VNode {
  return (
    <>
      <EventFilterForm filter={filter} limit={page.limit} />
      {page.items.length === 0 ? (
        <Hints hints={why} tone="empty" title="Why is nothing here?" />
      ) : (
        <Table head={HEAD} caption="Events">
          {page.items.map((event) => (
            <EventRows event={event} />
          ))}
        </Table>
      )}
      <EventPager page={page} filter={filter} />
    </>
  );
}

/** Events have lasting numbers, so paging goes by number and a link keeps its meaning. */
function EventPager({ page, filter }: { page: EventPage; filter: TextFilter<string> | undefined }): VNode {
  const first = page.items[0];
  const last = page.items.at(-1);
  const at = (start: number): string =>
    link('/events', { ...filterParameters(filter), n: page.limit, s: Math.max(0, start) });
  return (
    <p class="pager">
      <span>
        {first === undefined || last === undefined
          ? 'No events'
          : `Events ${first.index}–${last.index}${filter === undefined ? '' : ' (matching)'}`}{' '}
        of {page.nextIndex} generated; the last {page.capacity} are kept
      </span>
      {first !== undefined && first.index > 0 && page.offset > 0 ? (
        <a href={at(first.index - page.limit)}>← Older</a>
      ) : undefined}
      {last !== undefined && last.index + 1 < page.nextIndex ? <a href={at(last.index + 1)}>Newer →</a> : undefined}
      {last !== undefined && last.index + 1 < page.nextIndex ? (
        <a href={at(page.nextIndex - page.limit)}>Newest ⇥</a>
      ) : undefined}
    </p>
  );
}

export function EventFilterForm({
  filter,
  limit,
  offset,
}: {
  filter: TextFilter<EventFilterField> | undefined;
  limit: number;
  offset?: number;
}): VNode {
  return (
    <FilterForm
      action="/events"
      fields={EVENT_FILTERS}
      filter={filter}
      limit={limit}
      {...(offset === undefined ? {} : { offset })}
      describe={(field) => FIELD_DOC[field] ?? field}
    />
  );
}

function EventRows({ event }: { event: EventView }): VNode {
  const from = event.attributes['sip.from'] ?? '';
  const to = event.attributes['sip.to'] ?? '';
  return (
    <tbody class="item">
      <tr>
        <Cell label="#" number>
          {event.index}
        </Cell>
        <Cell label="Time (UTC)">
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
          <CapturedLink text={event.callId} href={callHref(event.callId)} />
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
    ['Call created (UTC)', <Time us={event.createdUs} />],
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
