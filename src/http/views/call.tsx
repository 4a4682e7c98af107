import type { VNode } from 'preact';
import type { LinkOut } from '../../model/settings.ts';
import type { CallMessages, CallView, EventView } from '../../model/views.ts';
import { choiceParameters, type LadderChoice, USUAL_MESSAGES } from '../ladder/choice.ts';
import type { FoundCall } from '../call-source.ts';
import type { MediaReport } from '../ladder/media.ts';
import type { Ladder } from '../ladder/model.ts';
import type { Exchange } from '../ladder/session.ts';
import { callHref, link, type Parameters } from '../show.ts';
import { MessageDiff, type Comparison } from './call-diff.tsx';
import { Exchanges, LadderView, messagePage, type PageLink } from './call-ladder.tsx';
import { COMPARE, Messages } from './call-messages.tsx';
import { Summary } from './call-summary.tsx';
import { callTone, statusTone } from './call-columns.tsx';
import { Section } from './layout.tsx';
import { Kept } from './list.tsx';
import { LinksOut } from './links-out.tsx';
import { Captured, CapturedLink, Cell, Hints, Milliseconds, Nothing, Pill, Table, Time } from './parts.tsx';
import { MediaReports, Quality } from './quality.tsx';
import { SharedUntil } from './shares.tsx';

export interface CallPageProps {
  found: FoundCall;
  call: CallMessages;
  ladder: Ladder;
  events: readonly EventView[];
  limit: number;
  choice: LadderChoice;
  reports: readonly MediaReport[];
  exchanges: readonly Exchange[];
  comparison: Comparison | undefined;
  linksOut: readonly LinkOut[];
}

/** What happened to one call: in figures, as a ladder, as a table that says the same, and in the messages' own words. */
export function CallPage(props: CallPageProps): VNode {
  const { found, call, ladder, events, limit, choice, reports, exchanges, comparison, linksOut } = props;
  const { items, offset, total } = call;
  const here = {
    ...choiceParameters(choice),
    s: offset > 0 ? offset : undefined,
    n: limit === USUAL_MESSAGES ? undefined : limit,
  };
  const at: PageLink = (changes) => link(found.href, { ...here, ...changes });
  return (
    <>
      {found.share === undefined ? undefined : <SharedUntil share={found.share} />}
      <Neighbours call={call} />
      <Summary call={call} ladder={ladder} events={events} exchanges={exchanges} />
      <LinksOut linksOut={linksOut} call={call.entries.find((entry) => entry.callId === call.callId)} />
      <Notes call={call} ladder={ladder} />
      {comparison === undefined ? undefined : (
        <Section title="Two messages compared" id="diff">
          <MessageDiff comparison={comparison} at={comparedAt(at, comparison)} />
        </Section>
      )}
      {items.length === 0 ? undefined : (
        <Section title="Ladder">
          <LadderView found={found} call={call} ladder={ladder} choice={choice} hasMedia={reports.length > 0} at={at} />
          <MessagePager call={call} limit={limit} at={at} />
        </Section>
      )}
      {exchanges.length === 0 ? undefined : (
        <Section title="Session descriptions">
          <Exchanges exchanges={exchanges} />
        </Section>
      )}
      {items.length === 0 ? undefined : (
        <Section title="Messages">
          <CompareForm href={found.href} parameters={here} />
          <Messages
            call={call}
            ladder={ladder}
            compared={comparison === undefined ? [] : [comparison.left.id, comparison.right.id]}
            textHref={(message) => (found.share === undefined ? messagePage(message, choice.mask) : undefined)}
          />
          {offset > 0 || total > limit ? <MessagePager call={call} limit={limit} at={at} /> : undefined}
        </Section>
      )}
      {reports.length === 0 ? undefined : (
        <Section title="Media reports">
          <MediaReports reports={reports} />
        </Section>
      )}
      {call.entries
        .filter((entry) => entry.callId === call.callId && entry.qos.length > 0)
        .map((entry) => (
          <Section title="Media quality">
            <Quality call={entry} />
          </Section>
        ))}
      {events.length === 0 ? undefined : (
        <Section title="Events">
          <Events events={events} />
        </Section>
      )}
      {call.entries.length < 2 ? undefined : (
        <Section title="Dialogs">
          <Entries entries={call.entries} />
        </Section>
      )}
    </>
  );
}

function Neighbours({ call }: { call: CallMessages }): VNode {
  const { olderCallId, newerCallId } = call;
  return (
    <nav class="pager" aria-label="Neighbouring calls">
      {olderCallId === '' ? undefined : (
        <a href={callHref(olderCallId)} rel="prev">
          ← Older call
        </a>
      )}
      {newerCallId === '' ? undefined : (
        <a href={callHref(newerCallId)} rel="next">
          Newer call →
        </a>
      )}
      <a href={link('/calls/list', { cid: call.callId })}>In the list of calls</a>
      <a href={link('/events', { cid: call.callId })}>Its events</a>
    </nav>
  );
}

/** What keeps the picture from being whole. */
function Notes({ call, ladder }: { call: CallMessages; ladder: Ladder }): VNode | undefined {
  const notes = ladder.missing.map((text) => ({ code: 'missing', text }));
  if (call.gone > 0) {
    const messages = call.gone === 1 ? 'message of this call is' : 'messages of this call are';
    notes.push({ code: 'gone', text: `${call.gone} earlier ${messages} no longer held` });
  }
  if (!call.keeps) notes.push({ code: 'off', text: 'Messages are not kept: keep_messages is 0' });
  else if (call.items.length === 0) notes.push({ code: 'none', text: 'No message of this call is held any more' });
  if (notes.length === 0) return undefined;
  return <Hints hints={notes} tone="warning" title="What is missing" />;
}

/** Links within a comparison keep it, as long as they do not close it. */
const comparedAt =
  (at: PageLink, { left, right, isSorted }: Comparison): PageLink =>
  (changes) =>
    at({ diff: `${left.id},${right.id}`, sorted: isSorted ? 1 : undefined, ...changes });

/** The boxes of the table belong to it. */
function CompareForm({ href, parameters }: { href: string; parameters: Parameters }): VNode {
  return (
    <form class="filter" method="get" action={`${href}#diff`} id={COMPARE}>
      <Kept parameters={parameters} />
      <button type="submit">Compare the two marked</button>
    </form>
  );
}

function MessagePager({ call, limit, at }: { call: CallMessages; limit: number; at: PageLink }): VNode {
  const { offset, items, total } = call;
  // Messages of calls added by hand are not counted.
  const last = Math.min(offset + limit, total);
  const page = (start: number): string => at({ s: start === 0 ? undefined : start, n: limit });
  return (
    <p class="pager">
      <span>
        {offset === 0 && last === total
          ? `${items.length} ${items.length === 1 ? 'message' : 'messages'}`
          : `Messages ${offset + 1}–${last} of ${total}; what is missing is told on the last page`}
      </span>
      {offset > 0 ? <a href={page(Math.max(0, offset - limit))}>← Earlier</a> : undefined}
      {last < total ? <a href={page(last)}>Later →</a> : undefined}
    </p>
  );
}

function Events({ events }: { events: readonly EventView[] }): VNode {
  return (
    <Table head={[{ number: '#' }, 'Time', 'Type', 'Status', { number: 'Duration' }]} caption="Events of the call">
      <tbody>
        {events.map((event) => (
          <tr>
            <Cell label="#" number>
              <a href={link('/events', { s: event.index, n: 1 })}>{event.index}</a>
            </Cell>
            <Cell label="Time">
              <Time us={event.tsUs} />
            </Cell>
            <Cell label="Type">
              <Captured text={event.type} />
            </Cell>
            <Cell label="Status">
              {event.status === 0 ? <Nothing /> : <span class={statusTone(event.status)}>{event.status}</span>}{' '}
              <Captured text={event.attributes['sip.sip_reason'] ?? ''} />
            </Cell>
            <Cell label="Duration" number>
              <Milliseconds ms={event.durationMs} />
            </Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** Forks and other legs, each an entry of its own. */
function Entries({ entries }: { entries: readonly CallView[] }): VNode {
  return (
    <Table head={['State', 'Call-ID', 'From-tag', 'To-tag', 'Status', 'Messages']} caption="Dialogs">
      <tbody>
        {entries.map((entry) => (
          <tr>
            <Cell label="State">
              <Pill text={entry.stateText} tone={callTone(entry.state)} />
            </Cell>
            <Cell label="Call-ID">
              <CapturedLink text={entry.callId} href={callHref(entry.callId)} />
            </Cell>
            <Cell label="From-tag">
              <Captured text={entry.fromTag} />
            </Cell>
            <Cell label="To-tag">
              <Captured text={entry.toTag} />
            </Cell>
            <Cell label="Status">
              {entry.statuses[0] || entry.statuses[1] || <Nothing />} <Captured text={entry.reason} />
            </Cell>
            <Cell label="Messages">
              <code>
                <Captured text={entry.messageTrace} />
              </code>
            </Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
