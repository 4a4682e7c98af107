import type { VNode } from 'preact';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessages, CallView, EventView, Pair } from '../../model/views.ts';
import { isRetransmission, type Ladder } from '../ladder/model.ts';
import type { Exchange } from '../ladder/session.ts';
import { callHref, formatNumber, link } from '../show.ts';
import { AgentLinks } from './agents.tsx';
import { callTone, statusTone } from './call-columns.tsx';
import { Captured, CapturedLink, Facts, Milliseconds, Nothing, Pill, Time } from './parts.tsx';

const sum = (pair: Pair): number => pair[0] + pair[1];

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

interface SummaryProps {
  call: CallMessages;
  ladder: Ladder;
  events: readonly EventView[];
  exchanges: readonly Exchange[];
}

/** What happened, in one line, and the figures behind it. */
export function Summary({ call, ladder, events, exchanges }: SummaryProps): VNode {
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
    ['Path', <Captured text={ladder.path.join(' → ')} />],
    ['Started', <Time us={startUs} />],
  ];
  if (pddMs !== null) rows.push(['Setup', <Milliseconds ms={pddMs} />]);
  if (ringMs !== null) rows.push(['Ringing', <Milliseconds ms={ringMs} />]);
  if (durationMs !== null) rows.push(['Duration', <Milliseconds ms={durationMs} />]);
  if (end !== undefined) rows.push(['Ended by', ENDED_BY[end.originator ?? ''] ?? '']);
  rows.push(
    ['Media', <Media exchange={exchanges.find(({ answer }) => answer !== undefined) ?? exchanges[0]} />],
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

/** Who speaks where, as was first agreed upon. */
function Media({ exchange }: { exchange: Exchange | undefined }): VNode {
  const offered = exchange?.offer.sdp ?? null;
  const answered = exchange?.answer?.sdp ?? null;
  if (exchange === undefined || offered === null) return <Nothing />;
  return (
    <>
      <Captured text={formatEndpoint(offered.address, offered.port)} />{' '}
      {answered === null ? undefined : (
        <>
          ↔ <Captured text={formatEndpoint(answered.address, answered.port)} />{' '}
        </>
      )}
      <span class={answered === null ? 'quiet' : undefined}>
        <Captured text={exchange.result} />
      </span>
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
