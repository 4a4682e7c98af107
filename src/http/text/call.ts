import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessages, CallMessageView, EventView } from '../../model/views.ts';
import type { Zone } from '../../model/zone.ts';
import { labelOf } from '../ladder/label.ts';
import { mediaReports } from '../ladder/media.ts';
import type { Ladder } from '../ladder/model.ts';
import type { Exchange } from '../ladder/session.ts';
import { signedSeconds } from '../ladder/times.ts';
import { quoted, visible, zonedIso } from '../show.ts';
import { qosText } from './calls.ts';

/** A call for `grep` and for tickets: one header line per message, then its text; `#` lines are ours. */
export function callText(
  call: CallMessages,
  ladder: Ladder,
  events: readonly EventView[],
  exchanges: readonly Exchange[],
  zone: Zone,
): string {
  const lines = [`# Call-ID: ${visible(call.callId)}`];
  for (const entry of call.entries) {
    lines.push(
      `# ${visible(entry.method)} ${quoted(entry.from)} -> ${quoted(entry.to)} state: ${quoted(entry.stateText)} trace: ${quoted(entry.messageTrace)}`,
    );
    for (const record of entry.qos) lines.push(`# ${qosText(record)}`);
    for (const leg of entry.legs) lines.push(`# leg: ${visible(leg.callId)} (${visible(leg.reason)})`);
  }
  for (const event of events)
    lines.push(`# event: ${zonedIso(event.tsUs, zone)} ${visible(event.type)} ${event.status}`);
  for (const { offer, answer, result, notes } of exchanges) {
    const way = `${labelOf(offer)} -> ${answer === undefined ? 'nothing' : labelOf(answer)}`;
    lines.push(`# media: ${visible([`${way}: ${result}`, ...notes].join('; '))}`);
  }
  for (const { atUs, src, dst, label, details } of mediaReports(call)) {
    const way = `${formatEndpoint(src.ip, src.port)} -> ${formatEndpoint(dst.ip, dst.port)}`;
    lines.push(`# report: ${zonedIso(atUs, zone)} ${way} ${visible([label, ...details].join('; '))}`);
  }
  for (const text of ladder.missing) lines.push(`# missing: ${visible(text)}`);
  if (call.gone > 0) lines.push(`# ${call.gone} earlier messages of this call are no longer held`);
  if (!call.keeps) lines.push('# messages are not kept: keep_messages is 0');
  if (call.total > call.items.length) {
    lines.push(
      `# messages ${call.offset + 1} to ${call.offset + call.items.length} of ${call.total}: ask for more with s and n`,
    );
  }
  let previousUs = call.items[0]?.atUs ?? 0;
  for (const message of call.items) {
    lines.push('', ...messageLines(message, zone, previousUs));
    previousUs = message.atUs;
  }
  return `${lines.join('\n')}\n`;
}

/** One message; its header line tells the pause after the one before, if there is one. */
export function messageLines(message: CallMessageView, zone: Zone, previousUs?: number): string[] {
  return [headerLine(message, previousUs, zone), ...bodyLines(message)];
}

/** `2026-11-21T10:00:00.000000Z +0.000 192.0.2.1:5060 -> 192.0.2.2:5060 udp INVITE …` */
function headerLine(m: CallMessageView, previousUs: number | undefined, zone: Zone): string {
  const what = m.isRequest ? visible(m.method) : `${m.status} ${visible(m.reason)} (${visible(m.cseqMethod)})`;
  const repeat = m.repeat === 'new' ? '' : ` ${m.repeat}`;
  const cut = m.shown < m.length ? ` ${m.shown} of ${m.length} octets` : '';
  const way = `${formatEndpoint(m.src.ip, m.src.port)} -> ${formatEndpoint(m.dst.ip, m.dst.port)} ${m.transport}`;
  const pause = previousUs === undefined ? '' : `+${signedSeconds(m.atUs - previousUs)} `;
  return `=== ${zonedIso(m.atUs, zone)} ${pause}${visible(way)} ${what}${repeat}${cut} seen by ${m.agents.map(visible).join(', ')}`;
}

/** Lines stay lines; everything else a terminal would act upon is escaped. */
function bodyLines(message: CallMessageView): string[] {
  const lines = message.raw.split(/\r\n|\n/).map(visible);
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
