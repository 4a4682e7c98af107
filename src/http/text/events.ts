import { formatDuration } from '../../model/duration.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { EventBlacklistView, EventPage, TextFilter } from '../../model/engine.ts';
import type { EventView, Pair } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import type { Pieces } from '../pieces.ts';
import type { AskedSearch } from '../search.ts';
import { quoted, textTime, visible } from '../show.ts';
import { agoText, type Hint } from '../why.ts';
import { filterText, searchNote, whyText } from './calls.ts';

export function* eventListText(
  page: EventPage,
  filter: TextFilter<string> | undefined,
  search: AskedSearch | undefined,
  why: readonly Hint[],
  nowUs: number,
  zone: Zone,
): Pieces {
  yield `Events List (filter: ${filterText(page, filter)}${searchNote(search)}):\n`;
  yield `Total Generated: ${String(page.nextIndex).padStart(6)}\tMax. Buffered: ${String(page.capacity).padStart(6)}\n\n`;
  for (const [at, event] of page.items.entries()) {
    yield `${at === 0 ? '' : '\n'}${eventText(event, page.capacity, nowUs, zone)}`;
  }
  yield whyText(why);
}

/** One event; a line is left out where there is nothing to say. */
function eventText(event: EventView, capacity: number, nowUs: number, zone: Zone): string {
  const slot = capacity > 0 ? event.index % capacity : 0;
  const lines = [
    `${String(event.index).padStart(5)} (${String(slot).padStart(5)}). Type: ${visible(event.type)}`,
    `\tts        : ${textTime(event.tsUs, zone)}`,
    `\tcreated   : ${textTime(event.createdUs, zone)} (${agoText(event.createdUs, nowUs)})`,
  ];
  if (event.durationMs !== null) lines.push(`\tduration  : ${formatDuration(event.durationMs)}`);
  if (event.pddMs !== null) {
    const ring = event.ringMs === null ? '' : ` ring time ${formatDuration(event.ringMs)}`;
    lines.push(`\tpdd       : ${formatDuration(event.pddMs)}${ring}`);
  }
  const path = `${formatEndpoint(event.src.ip, event.src.port)} -> ${formatEndpoint(event.dst.ip, event.dst.port)}`;
  lines.push(`\tprotocol  : ${visible(event.transport)}  ${visible(path)}`);
  if (event.callId !== '') lines.push(`\tsip.call_id: ${visible(event.callId)}`);
  if (event.status !== 0) lines.push(`\tsip.response.status: ${event.status}`);
  for (const [name, value] of Object.entries(event.attributes)) {
    if (value !== '') lines.push(`\t${visible(name)}: ${quoted(value)}`);
  }
  if (event.agents.length > 0) lines.push(`\tagents    : ${event.agents.map(visible).join(' ')}`);
  if (event.originator !== null) lines.push(`\tsip.originator: ${event.originator}`);
  if (event.rate !== null) {
    const { exceeded, diff, value, limit, intervalMs, sinceUs } = event.rate;
    const rate = `${value.toFixed(6)} / ${limit.toFixed(6)} per ${formatDuration(intervalMs)}`;
    lines.push(`\tblacklisted: ${exceeded > 0} (t: ${exceeded} d: ${diff}) rate: ${rate}`);
    lines.push(`\tblacklisted: same state since: ${textTime(sinceUs, zone)}`);
  }
  if (event.debug !== null) lines.push(...debugLines(event, event.debug));
  return `${lines.join('\n')}\n`;
}

function debugLines(event: EventView, debug: NonNullable<EventView['debug']>): string[] {
  const { retransmissions: again } = debug;
  return [
    `\tDBG: state: ${quoted(debug.state)}  pstate: ${quoted(debug.previousStates.join('->'))}`,
    `\tDBG: fromTag: ${quoted(event.fromTag)} toTag: ${quoted(event.toTag)}`,
    `\tDBG:  lastev: ${quoted(debug.lastEvent)} evF: ${visible(debug.emitted.join('|'))} generated on: ${debug.generatedOn}`,
    `\tDBG: cseq: ${pair(debug.cseq, 6)}  rcseq: ${pair(debug.replyCseq, 6)}`,
    `\tDBG: reqNo: ${pair(debug.requests, 4)} retr: ${pair(again.requests, 4)} replNo: ${pair(debug.replies, 4)} retr: ${pair(again.replies, 4)}`,
    `\tDBG: call flags: ${visible(debug.flags.join('|'))}`,
    `\tDBG: last method: [${debug.lastMethod.map(visible).join(' ')}]  last status:[${debug.lastStatus.join(' ')}]`,
    `\tDBG: msg trace: ${visible(debug.messageTrace)}`,
  ];
}

function pair(values: Pair, width: number): string {
  return `${String(values[0]).padStart(width)}/${String(values[1]).padStart(width)}`;
}

export function blacklistText(types: EventBlacklistView['types']): string {
  return types
    .map(({ name, blacklisted }) => `${name.padEnd(16)}: ${blacklisted ? '1 (dropped)' : '0 (kept)'}\n`)
    .join('');
}
