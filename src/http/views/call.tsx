import type { VNode } from 'preact';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { LinkOut } from '../../model/settings.ts';
import type { CallMessages, CallMessageView, CallView, EventView, Pair } from '../../model/views.ts';
import { GROUPINGS, letter, type Grouping, type Ladder, type LadderRow } from '../ladder/model.ts';
import { againText, LadderSvg } from '../ladder/svg.tsx';
import { pause, timeOfDay } from '../ladder/times.ts';
import { callHref, formatNumber, isoMicros, link } from '../show.ts';
import { AgentLinks } from './agents.tsx';
import { callTone, statusTone } from './calls.tsx';
import { Section } from './layout.tsx';
import { LinksOut } from './links-out.tsx';
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
} from './parts.tsx';
import { Quality } from './quality.tsx';

/** Above this, texts are written without marking up their parts. */
const MAX_MARKED_UP = 500;

export interface CallPageProps {
  call: CallMessages;
  ladder: Ladder;
  events: readonly EventView[];
  limit: number;
  grouping: Grouping;
  fold: boolean;
  linksOut: readonly LinkOut[];
}

/** What happened to one call: in figures, as a ladder, as a table that says the same, and in the messages' own words. */
export function CallPage({ call, ladder, events, limit, grouping, fold, linksOut }: CallPageProps): VNode {
  const { items, offset, total } = call;
  const choice = { group: grouping === 'auto' ? undefined : grouping, fold: fold ? 1 : undefined };
  const at = (changes: Record<string, string | number | undefined>): string =>
    link(callHref(call.callId), { ...choice, ...(offset > 0 ? { s: offset } : {}), ...changes });
  return (
    <>
      <Neighbours call={call} />
      <Summary call={call} ladder={ladder} events={events} />
      <LinksOut linksOut={linksOut} call={call.entries.find((entry) => entry.callId === call.callId)} />
      <Notes call={call} ladder={ladder} />
      {items.length === 0 ? undefined : (
        <Section title="Ladder">
          <LadderTools at={at} grouping={grouping} fold={fold} hasRepeats={items.some(isRetransmission)} />
          <Legend legs={ladder.legs} call={call} />
          <div class="scroll ladder-frame" role="region" aria-label="Ladder" tabIndex={0}>
            <LadderSvg ladder={ladder} href={(row) => `#m${row.message?.id ?? 0}`} />
          </div>
          <MessagePager call={call} limit={limit} at={at} />
        </Section>
      )}
      {items.length === 0 ? undefined : (
        <Section title="Messages">
          <Messages ladder={ladder} offset={offset} markUp={items.length <= MAX_MARKED_UP} />
          {total > items.length ? <MessagePager call={call} limit={limit} at={at} /> : undefined}
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

const sum = (pair: Pair): number => pair[0] + pair[1];
const isRetransmission = (message: CallMessageView): boolean => message.repeat === 'retransmission';

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

/** The entry that tells the story: the one that was answered, else the first. */
function mainEntry(call: CallMessages): CallView | undefined {
  const own = call.entries.filter((entry) => entry.callId === call.callId);
  return own.find((entry) => entry.events.includes('call-start')) ?? own[0];
}

const ENDED_BY: Readonly<Record<string, string>> = {
  'caller-terminated': 'caller',
  'callee-terminated': 'callee',
  'timeout-terminated': 'time-out: no BYE was seen',
};

function Summary({
  call,
  ladder,
  events,
}: {
  call: CallMessages;
  ladder: Ladder;
  events: readonly EventView[];
}): VNode {
  const entry = mainEntry(call);
  const first = call.items.find((message) => message.callId === call.callId);
  const lastEvent = events.at(-1);
  const end = events.findLast((event) => event.originator !== null);
  const from = entry?.from ?? first?.from ?? lastEvent?.attributes['sip.from'] ?? '';
  const to = entry?.to ?? first?.to ?? lastEvent?.attributes['sip.to'] ?? '';
  const status = entry === undefined ? (lastEvent?.status ?? 0) : entry.statuses[0] || entry.statuses[1];
  const reason = entry?.reason ?? lastEvent?.attributes['sip.sip_reason'] ?? '';
  const startUs = entry?.createdUs ?? first?.atUs ?? lastEvent?.createdUs ?? 0;
  const pddMs = entry?.pddMs ?? lastEvent?.pddMs ?? null;
  const ringMs = entry?.ringMs ?? lastEvent?.ringMs ?? null;
  const durationMs = end?.durationMs ?? entry?.durationMs ?? null;
  // What is held may be less than what was counted, and the counts end with the entry.
  const counted = call.entries.map(({ retransmissions: { requests, replies } }) => sum(requests) + sum(replies));
  const retransmissions = Math.max(
    counted.reduce((all, count) => all + count, 0),
    call.items.filter(isRetransmission).length,
  );
  const agents = [
    ...new Set([...call.entries.flatMap((one) => one.agents), ...call.items.flatMap((message) => message.agents)]),
  ];
  const rows: [string, VNode | string][] = [
    ['Caller', <CapturedLink text={from} href={link('/events', { fu: from })} />],
    ['Callee', <CapturedLink text={to} href={link('/events', { tu: to })} />],
    ['Request-URI', <Captured text={entry?.requestUri ?? first?.requestUri ?? ''} />],
    ['Path', <Captured text={ladder.columns.map((column) => column.label).join(' → ')} />],
    ['Started (UTC)', <Time us={startUs} />],
  ];
  if (pddMs !== null) rows.push(['Setup', <Milliseconds ms={pddMs} />]);
  if (ringMs !== null) rows.push(['Ringing', <Milliseconds ms={ringMs} />]);
  if (durationMs !== null) rows.push(['Duration', <Milliseconds ms={durationMs} />]);
  if (end !== undefined) rows.push(['Ended by', ENDED_BY[end.originator ?? ''] ?? '']);
  rows.push(
    ['Media', <Media items={call.items} />],
    ['User agents', <UserAgents call={call} />],
    ['Retransmissions', formatNumber(retransmissions)],
    ['Seen by', <AgentLinks agents={agents} />],
    ['Call-ID', <Captured text={call.callId} />],
  );
  if (entry !== undefined && entry.legs.length > 0) rows.push(['Other legs', <Legs entry={entry} />]);
  return (
    <>
      <p class="verdict">
        {entry === undefined ? (
          <Pill text="no longer tracked" tone="calm" />
        ) : (
          <Pill text={entry.stateText} tone={callTone(entry.state)} />
        )}{' '}
        <strong>
          <Captured text={entry?.method ?? first?.cseqMethod ?? lastEvent?.attributes['sip.request.method'] ?? ''} />
        </strong>{' '}
        <Captured text={from} /> <span aria-label="to">→</span> <Captured text={to} />{' '}
        {status === 0 ? undefined : (
          <span class={statusTone(status)}>
            {status} <Captured text={reason} />
          </span>
        )}
      </p>
      <Facts rows={rows} />
    </>
  );
}

/** Who speaks where: the first offer and what answered it. */
function Media({ items }: { items: readonly CallMessageView[] }): VNode {
  const offer = items.find((message) => message.sdp !== null);
  const answer = items.findLast((m) => m.sdp !== null && m.isRequest !== offer?.isRequest && m.cseq === offer?.cseq);
  if (offer?.sdp === undefined || offer.sdp === null) return <Nothing />;
  const target = answer?.sdp ?? null;
  return (
    <>
      <Captured text={formatEndpoint(offer.sdp.address, offer.sdp.port)} />{' '}
      {target === null ? (
        <span class="quiet">offered, no answer captured</span>
      ) : (
        <>
          ↔ <Captured text={formatEndpoint(target.address, target.port)} /> <Captured text={target.codec} />{' '}
          <Captured text={target.direction} />
        </>
      )}
    </>
  );
}

function UserAgents({ call }: { call: CallMessages }): VNode {
  const names = new Set(call.items.map((message) => message.userAgent));
  for (const { userAgent, uas } of call.entries) names.add(userAgent).add(uas);
  names.delete('');
  if (names.size === 0) return <Nothing />;
  return <Captured text={[...names].slice(0, 8).join(', ')} />;
}

function Legs({ entry }: { entry: CallView }): VNode {
  return (
    <ul class="legs">
      {entry.legs.map((leg) => (
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

const GROUPING_TEXT: Readonly<Record<Grouping, string>> = {
  auto: 'automatic',
  port: 'address and port',
  ip: 'address',
};

type PageLink = (changes: Record<string, string | number | undefined>) => string;

function LadderTools({
  at,
  grouping,
  fold,
  hasRepeats,
}: {
  at: PageLink;
  grouping: Grouping;
  fold: boolean;
  hasRepeats: boolean;
}): VNode {
  return (
    <div class="tools">
      <span class="tabs">
        <span class="quiet">Columns by</span>
        {GROUPINGS.map((name) => (
          <a
            href={at({ group: name === 'auto' ? undefined : name })}
            aria-current={name === grouping ? 'true' : undefined}
          >
            {GROUPING_TEXT[name]}
          </a>
        ))}
      </span>
      {hasRepeats ? (
        <span class="tabs">
          <span class="quiet">Retransmissions</span>
          <a href={at({ fold: undefined })} aria-current={fold ? undefined : 'true'}>
            drawn
          </a>
          <a href={at({ fold: 1 })} aria-current={fold ? 'true' : undefined}>
            counted
          </a>
        </span>
      ) : undefined}
      <span class="tabs">
        <span class="quiet">Export</span>
        {['text', 'json', 'svg', 'mermaid'].map((format) => (
          <a href={at({ format })}>{format === 'json' || format === 'svg' ? format.toUpperCase() : format}</a>
        ))}
      </span>
    </div>
  );
}

/** Which letter is which leg, and why it belongs here. */
function Legend({ legs, call }: { legs: readonly string[]; call: CallMessages }): VNode | undefined {
  if (legs.length < 2) return undefined;
  const reasons = new Map(call.entries.flatMap((entry) => entry.legs.map((leg) => [leg.callId, leg.reason] as const)));
  return (
    <ul class="legs">
      {legs.map((callId, index) => (
        <li>
          <strong>leg {letter(index)}</strong> <CapturedLink text={callId} href={callHref(callId)} />{' '}
          <span class="quiet">
            {callId === call.callId ? 'this call' : <Captured text={reasons.get(callId) ?? ''} />}
          </span>
        </li>
      ))}
    </ul>
  );
}

function MessagePager({ call, limit, at }: { call: CallMessages; limit: number; at: PageLink }): VNode {
  const { offset, items, total } = call;
  const last = offset + items.length;
  const page = (start: number): string => at({ s: start === 0 ? undefined : start, n: limit });
  return (
    <p class="pager">
      <span>
        {total === items.length
          ? `${total} ${total === 1 ? 'message' : 'messages'}`
          : `Messages ${offset + 1}–${last} of ${total}; what is missing is told on the last page`}
      </span>
      {offset > 0 ? <a href={page(Math.max(0, offset - limit))}>← Earlier</a> : undefined}
      {last < total ? <a href={page(last)}>Later →</a> : undefined}
    </p>
  );
}

const HEAD = [{ number: '#' }, 'Time (UTC)', { number: 'After' }, 'From → to', 'Message', 'What else', 'Seen by'];

function Messages({ ladder, offset, markUp }: { ladder: Ladder; offset: number; markUp: boolean }): VNode {
  let number = offset;
  return (
    <Table head={HEAD} caption="Messages">
      {ladder.rows.map((row) =>
        row.message === undefined ? (
          <Missing row={row} ladder={ladder} />
        ) : (
          <Message row={row} message={row.message} number={++number} markUp={markUp} />
        ),
      )}
    </Table>
  );
}

function Missing({ row, ladder }: { row: LadderRow; ladder: Ladder }): VNode {
  return (
    <tbody class="item">
      <tr>
        <Cell label="#" number>
          <Nothing />
        </Cell>
        <Cell label="Time (UTC)">
          <Nothing />
        </Cell>
        <Cell label="After" number>
          <Nothing />
        </Cell>
        <Cell label="From → to">
          <Captured text={`${ladder.columns[row.from]?.label ?? ''} → ${ladder.columns[row.to]?.label ?? ''}`} />
        </Cell>
        <Cell label="Message">
          <span class="alarm">
            <Captured text={row.label} />
          </span>
        </Cell>
        <Cell label="What else">expected, not captured</Cell>
        <Cell label="Seen by">nobody</Cell>
      </tr>
    </tbody>
  );
}

const REPEAT_TEXT: Readonly<Record<CallMessageView['repeat'], string>> = {
  new: '',
  'other-hop': 'same message, one hop further',
  'seen-again': 'reported again',
  retransmission: '',
};

interface MessageProps {
  row: LadderRow;
  message: CallMessageView;
  number: number;
  markUp: boolean;
}

function Message({ row, message, number, markUp }: MessageProps): VNode {
  const more = [REPEAT_TEXT[message.repeat]];
  if (row.retransmission > 0) more.push(`retransmission ${row.retransmission}`);
  if (row.folded > 0) more.push(`retransmitted ${row.folded} ${row.folded === 1 ? 'time' : 'times'}`);
  const details = [...more, ...row.details, `CSeq ${message.cseq}`].filter((text) => text !== '');
  return (
    <tbody class="item" id={`m${message.id}`}>
      <tr>
        <Cell label="#" number>
          {number}
        </Cell>
        <Cell label="Time (UTC)">
          <time dateTime={isoMicros(message.atUs)} title={isoMicros(message.atUs)}>
            {timeOfDay(message.atUs)}
          </time>
        </Cell>
        <Cell label="After" number>
          {pause(row.deltaUs)}
        </Cell>
        <Cell label="From → to">
          <Path src={message.src} dst={message.dst} /> <Transport name={message.transport} />
        </Cell>
        <Cell label="Message">
          <strong class={`l-word ${row.tone}`}>
            <Captured text={`${row.label}${againText(row)}`} />
          </strong>
        </Cell>
        <Cell label="What else">
          <Captured text={details.join(' · ')} />
        </Cell>
        <Cell label="Seen by">
          <AgentLinks agents={message.agents} />
        </Cell>
      </tr>
      <tr class="more">
        <td colSpan={HEAD.length}>
          <details>
            <summary>
              Text{' '}
              <span class="quiet">
                {formatNumber(message.length)} octets
                {message.shown < message.length ? `, ${formatNumber(message.shown)} of them shown` : ''}
              </span>
            </summary>
            <RawText raw={message.raw} markUp={markUp} />
          </details>
        </td>
      </tr>
    </tbody>
  );
}

/** A message as captured: what cannot be seen is marked, but for the ends of lines. */
function RawText({ raw, markUp }: { raw: string; markUp: boolean }): VNode {
  const lines = raw.split(/\r\n|\n/);
  const body = lines.indexOf('');
  return (
    <pre class="raw">
      {lines.map((line, index) => {
        const colon = markUp && index > 0 && (body < 0 || index < body) ? line.indexOf(':') : -1;
        return (
          <>
            {index === 0 ? '' : '\n'}
            {index === 0 && markUp ? (
              <strong>
                <Captured text={line} />
              </strong>
            ) : colon > 0 ? (
              <>
                <span class="field">
                  <Captured text={line.slice(0, colon)} />
                </span>
                <Captured text={line.slice(colon)} />
              </>
            ) : (
              <Captured text={line} />
            )}
          </>
        );
      })}
    </pre>
  );
}

function Events({ events }: { events: readonly EventView[] }): VNode {
  return (
    <Table
      head={[{ number: '#' }, 'Time (UTC)', 'Type', 'Status', { number: 'Duration' }]}
      caption="Events of the call"
    >
      <tbody>
        {events.map((event) => (
          <tr>
            <Cell label="#" number>
              <a href={link('/events', { s: event.index, n: 1 })}>{event.index}</a>
            </Cell>
            <Cell label="Time (UTC)">
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
