import { formatDuration } from '../../model/duration.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { AgentView, ListenerView, Page } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import type { FaultRow } from '../ingest-health.ts';
import type { Silent } from '../silence.ts';
import { quoted, textTime, visible } from '../show.ts';
import { agoText, type Hint, listenerPlace } from '../why.ts';
import { filterText, whyText } from './calls.ts';

interface AgentListTextProps {
  page: Page<AgentView>;
  silent: readonly Silent[];
  faults: readonly FaultRow[];
  listeners: readonly ListenerView[];
  why: readonly Hint[];
  nowUs: number;
  zone: Zone;
}

export function agentListText(props: AgentListTextProps): string {
  const { page, silent, faults, listeners, why, nowUs, zone } = props;
  const agents = page.items.map((agent, at) => agentLine(agent, page.offset + at, nowUs, zone));
  return [
    ...listeners.map(listenerLine),
    `Agents List (filter: ${filterText(page, undefined)}), ${page.total} in all:`,
    ...agents,
    ...silent.map((sender) => silentLine(sender, nowUs, zone)),
    ...faults.map((fault) => faultLine(fault, zone)),
    whyText(why),
  ].join('\n');
}

function silentLine({ id, name, sinceUs }: Silent, nowUs: number, zone: Zone): string {
  return `Silent ${visible(id)} ${quoted(name)} since: ${textTime(sinceUs, zone)} (${agoText(sinceUs, nowUs)})`;
}

function listenerLine(listener: ListenerView): string {
  const parts = [`Listener ${listener.name}: ${listenerPlace(listener)}`];
  if (listener.connections !== null) parts.push(`connections: ${listener.connections}`);
  if (listener.receiveMethod !== null) parts.push(`received by: ${listener.receiveMethod}`);
  if (listener.receiveBufferBytes !== null) parts.push(`receive buffer: ${listener.receiveBufferBytes}`);
  if (listener.kernelDrops !== null) parts.push(`kernel drops: ${listener.kernelDrops}`);
  return parts.join(' ');
}

function agentLine(agent: AgentView, index: number, nowUs: number, zone: Zone): string {
  const { source, lastFault } = agent;
  const line = [
    `${String(index).padStart(6)}. ${agent.captureId} ${quoted(agent.nodeName)}`,
    visible(`${formatEndpoint(source.ip, source.port)}/${agent.transport}`),
    `hep: ${agent.versions.join(',')} packets: ${agent.packets} bytes: ${agent.bytes}`,
    rateText(agent),
    `tracked: ${agent.tracked} sip: ${agent.sip} other: ${agent.other}`,
    `refused: ${countsText(agent.refused)} ignored: ${countsText(agent.ignored)}`,
    `first: ${textTime(agent.firstSeenUs, zone)} last: ${textTime(agent.lastSeenUs, zone)} (${agoText(agent.lastSeenUs, nowUs)})`,
  ];
  if (agent.dropped > 0) line.push(`dropped: ${agent.dropped}`);
  if (agent.clockOffsetMs !== null) line.push(`clock: ${formatDuration(agent.clockOffsetMs)}`);
  if (lastFault !== null)
    line.push(`last fault: ${visible(lastFault.code)} at ${textTime(lastFault.atUs, zone)} ${visible(lastFault.hex)}`);
  return line.join(' ');
}

function faultLine({ code, description, messages, senders, last }: FaultRow, zone: Zone): string {
  const line = [`Fault ${visible(code)}: ${messages} (${description})`];
  if (senders.length > 0) line.push(`of: ${senders.map(({ id, messages: of }) => `${visible(id)}=${of}`).join(',')}`);
  if (last !== null) line.push(`last: ${visible(last.sender)} at ${textTime(last.atUs, zone)} ${visible(last.hex)}`);
  return line.join(' ');
}

/** `per second: 12.3 packets 4567 bytes` */
export function rateText({
  packetsPerSecond,
  bytesPerSecond,
}: Pick<AgentView, 'packetsPerSecond' | 'bytesPerSecond'>): string {
  return `per second: ${packetsPerSecond.toFixed(1)} packets ${Math.round(bytesPerSecond)} bytes`;
}

export function countsText(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).map(([name, count]) => `${visible(name)}=${count}`);
  return entries.length === 0 ? '0' : entries.join(',');
}
