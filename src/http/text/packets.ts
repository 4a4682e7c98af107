import { formatDuration } from '../../model/duration.ts';
import type { TcpTimeoutView } from '../../model/engine.ts';
import type { InjectView } from '../../model/views.ts';
import type { Branch } from '../decoded/branch.ts';
import { quoted, visible } from '../show.ts';
import { callLine } from './calls.ts';
import { treeLines } from './message.ts';

export function tcpTimeoutsText(timeouts: readonly TcpTimeoutView[]): string {
  if (timeouts.length === 0) return 'Nothing is captured here: set iface or pcap at the start\n';
  return timeouts
    .map(({ name, description, ms, configuredMs, minMs, maxMs }) => {
      const was = ms === configuredMs ? '' : ` (configured: ${formatDuration(configuredMs)})`;
      const range = `range: ${formatDuration(minMs)}-${formatDuration(maxMs)}`;
      return `${name.padEnd(22)}: ${formatDuration(ms)}${was}  ${range}\t${description}\n`;
    })
    .join('');
}

/** @param tree given where it is asked for */
export function injectedText(injected: InjectView & { message: string }, tree: readonly Branch[] | undefined): string {
  const { outcome, code, reason, message, octets, parsedOctets, rest, fields, callId, entries } = injected;
  const refusal =
    outcome === 'refused'
      ? [`${code}: ${reason}`, `parsed ok: ${parsedOctets} of ${octets} octets`, `error before: ${quoted(rest)}`]
      : [];
  return [
    `${outcome}: ${quoted(message)}`,
    ...refusal,
    ...(tree === undefined
      ? []
      : [...fields.map(({ name, value }) => `${name.padEnd(14)}: ${visible(value)}`), ...treeLines(tree)]),
    ...(callId === '' ? [] : [`filtering callid ${quoted(callId)}`]),
    ...entries.map(callLine),
    '',
  ].join('\n');
}
