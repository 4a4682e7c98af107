import type { VNode } from 'preact';
import type { CallView, Pair } from '../../model/views.ts';
import { callHref, encodedCallId, link, visible } from '../show.ts';
import { AgentLinks } from './agents.tsx';
import {
  countColumn,
  durationColumn,
  endpointColumn,
  Plain,
  textColumn,
  timeColumn,
  wordColumn,
} from './column-kinds.tsx';
import { type ListColumn, OpeningLink } from './list.tsx';
import { Captured, CapturedLink, cellText, Nothing, Pill, type Tone } from './parts.tsx';

const sum = (pair: Pair): number => pair[0] + pair[1];

/** Everything a list can show of a call. Names are those of the search language where it has one. */
export const CALL_COLUMNS: readonly ListColumn<CallView>[] = [
  { name: 'index', head: '#', isNumber: true, room: 'small', show: (_call, index) => index + 1 },
  {
    name: 'state',
    head: 'State',
    room: 'medium',
    sort: { by: 'state', descending: false },
    show: (call) => (
      <Pill text={call.stateText} tone={callTone(call.state)} href={link('/calls/list', { state: call.stateText })} />
    ),
    plain: (call) => <Pill text={call.stateText} tone={callTone(call.state)} />,
  },
  timeColumn('start', 'Created', (call) => call.createdUs),
  timeColumn('at', 'Last message', (call) => call.updatedUs),
  textColumn(
    'from',
    'From',
    (call) => call.from,
    (call) => link('/events', { fu: call.from }),
  ),
  textColumn(
    'to',
    'To',
    (call) => call.to,
    (call) => link('/events', { tu: call.to }),
  ),
  textColumn('ruri', 'Request-URI', (call) => call.requestUri),
  endpointColumn('src', 'Source', (call) => call.src),
  endpointColumn('dst', 'Destination', (call) => call.dst),
  wordColumn('method', 'Method', (call) => call.method),
  {
    name: 'status',
    head: 'Status',
    room: 'small',
    sort: { by: 'status', descending: true },
    show: (call) => <Status statuses={call.statuses} />,
  },
  {
    name: 'reason',
    head: 'Reason',
    isBrief: true,
    room: 'medium',
    sort: { by: 'reason', descending: false },
    show: (call) => <Plain text={call.reason} />,
    plain: (call) => cellText(call.reason),
  },
  durationColumn('pdd', 'Setup', (call) => call.pddMs),
  durationColumn('ring', 'Ringing', (call) => call.ringMs),
  durationColumn('duration', 'Duration', (call) => call.durationMs),
  countColumn('msgs', 'Messages', (call) => sum(call.requests) + sum(call.replies)),
  countColumn('retrans', 'Retransmissions', retransmissionsOf),
  countColumn('hops', 'Hops', (call) => call.hops.length),
  countColumn('legs', 'Legs', (call) => call.legs.length),
  wordColumn('transport', 'Transport', (call) => call.transport),
  textColumn('ua', 'User-Agent', (call) => call.userAgent || call.uas),
  {
    ...textColumn('callid', 'Call-ID', (call) => call.callId),
    show: (call) => <CapturedLink text={call.callId} href={callHref(call.callId)} opens />,
    plain: (call) => (
      <>
        <MarkBox call={call} /> <OpeningLink callId={call.callId} />
      </>
    ),
  },
  textColumn(
    'xcallid',
    'Other Call-ID',
    (call) => call.correlation.alegCallId || call.correlation.correlationId,
    (call) => callHref(call.correlation.alegCallId || call.correlation.correlationId),
  ),
  {
    name: 'agent',
    head: 'Seen by',
    room: 'large',
    sort: { by: 'agent', descending: false },
    show: (call) => <AgentLinks agents={call.agents} />,
    plain: (call) => cellText(call.agents.join(', ')),
  },
  {
    name: 'mos',
    head: 'MOS',
    isNumber: true,
    room: 'small',
    sort: { by: 'mos', descending: false },
    show: (call) => lowestMos(call)?.toFixed(2) ?? <Nothing />,
  },
  {
    name: 'codec',
    head: 'Codec',
    room: 'small',
    show: (call) => <Plain text={[...new Set(call.qos.map(({ codec }) => codec))].join(', ')} />,
  },
  { name: 'trace', head: 'Messages seen', room: 'large', show: (call) => <Captured text={call.messageTrace} /> },
];

export const CALL_COLUMN_NAMES: readonly string[] = CALL_COLUMNS.map(({ name }) => name);

export const USUAL_CALL_COLUMNS: readonly string[] = [
  'state',
  'start',
  'from',
  'to',
  'method',
  'status',
  'reason',
  'pdd',
  'ring',
  'duration',
];

export function retransmissionsOf({ retransmissions: { requests, replies } }: CallView): number {
  return sum(requests) + sum(replies);
}

function lowestMos(call: CallView): number | undefined {
  const scores = call.qos.flatMap(({ incoming, outgoing }) => [incoming.mos, outgoing.mos]);
  const known = scores.filter((mos) => mos !== null);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The form that opens marked calls together. */
export const TOGETHER = 'together';

export function MarkBox({ call }: { call: CallView }): VNode {
  return (
    <input
      type="checkbox"
      name="id"
      value={encodedCallId(call.callId)}
      form={TOGETHER}
      aria-label={`Mark ${visible(call.callId)}`}
    />
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
