import { formatDuration } from '../../model/duration.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallTableStats, CallTimeoutView, TextFilter } from '../../model/engine.ts';
import type { CallView, EndpointView, HopView, Page, Pair, QosLegView, QosView } from '../../model/views.ts';
import type { Pieces } from '../pieces.ts';
import type { AskedSearch } from '../search.ts';
import { quoted, visible } from '../show.ts';
import type { Hint } from '../why.ts';

export function* callListText(
  page: Page<CallView>,
  filter: TextFilter<string> | undefined,
  search: AskedSearch | undefined,
  why: readonly Hint[],
): Pieces {
  yield `Calls List (filter: ${filterText(page, filter)}${searchNote(search)}):\n`;
  for (const [at, call] of page.items.entries()) yield `${callLine(call, page.offset + at)}\n`;
  yield whyText(why);
}

/** `from 0 max 100 matches, match cid against "abc" regexp false` */
export function filterText(page: { offset: number; limit: number }, filter: TextFilter<string> | undefined): string {
  const range = `from ${page.offset} max ${page.limit} matches`;
  if (filter === undefined) return range;
  return `${range}, match ${filter.field} against ${quoted(filter.value)} regexp ${filter.regexp}`;
}

/** `, q "from:*1234"` */
export function searchNote(search: AskedSearch | undefined): string {
  return search === undefined ? '' : `, q ${quoted(search.text)}`;
}

export function whyText(why: readonly Hint[]): string {
  return why.map((hint) => `# ${visible(hint.text)}${hint.href === undefined ? '' : ` (${hint.href})`}\n`).join('');
}

/** Everything of one call on one line, so that `grep` finds calls, not parts of them. */
export function callLine(call: CallView, index: number): string {
  const { retransmissions: again } = call;
  return [
    `${String(index).padStart(6)}. ${quoted(call.callId)}:${quoted(call.fromTag)}:${quoted(call.toTag)}`,
    `method: ${visible(call.method)} state: ${quoted(call.stateText)}`,
    `cseq ${pair(call.cseq, 3)} status: ${pair(call.statuses, 3)}`,
    `reqs: ${countsText(call.requests, again.requests)} repls: ${countsText(call.replies, again.replies)}`,
    `flags: ${quoted(call.flags.join('|'))} evFlags: ${quoted(call.events.join('|'))} last ev: ${quoted(call.lastEvent)}`,
    `last method: ${call.lastMethod.map((method) => visible(method)).join(':')} last status ${pair(call.lastStatus, 3)}`,
    `msg trace: ${quoted(call.messageTrace)} state trace: ${quoted(call.stateTrace.join('->'))}`,
    `req_sig: ${visible(call.requestSignature)} expire: ${formatDuration(call.expiresInMs)}`,
    `from: ${quoted(call.from)} to: ${quoted(call.to)} uri: ${quoted(call.requestUri)}`,
    `${visible(call.transport)} ${endpoint(call.src)} -> ${endpoint(call.dst)}`,
    `hops: ${call.hops.map(hopText).join(', ')} agents: ${call.agents.map(visible).join(', ')}`,
    ...call.legs.map((leg) => `leg: ${quoted(leg.callId)} ${visible(leg.reason)}`),
    ...call.qos.map(qosText),
  ].join(' ');
}

const number = (value: number, width: number): string => String(value).padStart(width);
const endpoint = (at: EndpointView): string => visible(formatEndpoint(at.ip, at.port));

function pair(values: Pair, width: number): string {
  return `[${number(values[0], width)}:${number(values[1], width)}]`;
}

/** `[n0:n1-r0:r1]`: messages and, of them, retransmissions. */
function countsText(counts: Pair, again: Pair): string {
  return `[${number(counts[0], 3)}:${number(counts[1], 3)}-${number(again[0], 3)}:${number(again[1], 3)}]`;
}

/** `qos: PCMA in 4.41/93.2 lost 3/1000 out 4.41/93.2 lost 0/1000`: MOS, R value, packets; - = unknown. */
export function qosText(qos: QosView): string {
  const leg = ({ mos, rFactor, rtp }: QosLegView): string =>
    `${mos ?? '-'}/${rFactor ?? '-'} lost ${rtp.lost ?? '-'}/${rtp.packets ?? '-'}`;
  return `qos: ${qos.codec === '' ? qos.payloadType : visible(qos.codec)} in ${leg(qos.incoming)} out ${leg(qos.outgoing)}`;
}

function hopText(hop: HopView): string {
  return `${visible(hop.transport)} ${endpoint(hop.src)}->${endpoint(hop.dst)} (${hop.messages})`;
}

export function callTableLine(table: CallTableStats): string {
  const chains = `Max:${table.longestChain} Min:${table.shortestChain}`;
  return `CallTracking Hash Stats: {Total:${table.created} Crt:${table.calls} ${chains} Buckets:${table.buckets}}`;
}

export function callTableText(table: CallTableStats): string {
  const used = (part: number, most: number): string =>
    most === 0 ? '(unlimited)' : `(${((part / most) * 100).toFixed(1)}% used)`;
  const { calls: held, maxEntries, bytes, maxBytes } = table;
  return [
    callTableLine(table),
    `Limits: ${maxEntries} entries ${used(held, maxEntries)} ${Math.round(maxBytes / 1024)} Kb memory ${used(bytes, maxBytes)}, ${table.maxForks === 0 ? 'unlimited' : table.maxForks} dialogs under one Call-ID`,
    `At a limit: ${table.evict === 'none' ? 'new calls are refused' : 'finished, then the oldest calls are evicted'}. Refused: ${table.refused} Evicted: ${table.evictedFinished} finished, ${table.evicted} unfinished`,
    '',
    'Memory Stats:',
    `\tTotalSize: ${bytes} PerCall: ${table.bytesPerCall} Spare: ${table.spareBytes} NewCalls: ${table.created} FreeCalls: ${table.created - held} Failures: ${table.refused}`,
    '',
    'States:',
    ...Object.entries(table.perState).map(([state, calls]) => `\t${visible(state).padEnd(16)} = ${number(calls, 9)}`),
    '',
  ].join('\n');
}

export function callTimeoutsText(states: readonly CallTimeoutView[]): string {
  return states
    .map(({ state, text, description, seconds, defaultSeconds, minSeconds, maxSeconds }) => {
      const range = `default: ${defaultSeconds}s range: ${minSeconds}s-${maxSeconds}s`;
      return `${state.padEnd(16)}: ${number(seconds, 6)}s  ${range}\t${quoted(text)} ${description}\n`;
    })
    .join('');
}
