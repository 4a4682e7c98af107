import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessageView } from '../../model/views.ts';
import type { SdpMode } from './choice.ts';
import { letter } from './label.ts';
import { mediaLines, mediaText } from './session.ts';

/** What else of a message is worth a glance, besides its label: whom it is for, which branch, what it carries. */

/** Requests whose address says something: the others go where the dialog goes. */
const ADDRESSED = new Set(['INVITE', 'REFER', 'MESSAGE', 'REGISTER', 'SUBSCRIBE', 'OPTIONS', 'PUBLISH']);

export function detailsOf(message: CallMessageView, branches: ReadonlyMap<string, string>, sdpMode: SdpMode): string[] {
  const details: string[] = [];
  // A repeat says nothing new, and inside a dialog the address only names the other side.
  if (message.repeat === 'retransmission') return details;
  if (ADDRESSED.has(message.method) && message.toTag === '') {
    details.push(message.requestUri.replace(/^sips?:/i, '').split(/[;?]/, 1)[0] ?? '');
  }
  if (!message.isRequest && message.cseqMethod !== 'INVITE') details.push(`to ${message.cseqMethod}`);
  const branch = branches.get(forkKey(message));
  if (branch !== undefined && !message.isRequest) details.push(`branch ${branch}`);
  details.push(...sdpDetails(message, sdpMode), ...bodyDetails(message));
  return details.filter((detail) => detail !== '');
}

function sdpDetails({ sdp, raw }: CallMessageView, mode: SdpMode): string[] {
  if (sdp === null || mode === 'off') return [];
  if (mode === 'mark') return ['SDP'];
  if (mode === 'all') return mediaLines(raw).map((media) => `SDP ${mediaText(media)}`);
  const flow = sdp.direction === 'sendrecv' ? '' : ` ${sdp.direction}`;
  const held = sdp.port === 0 ? 'refused' : formatEndpoint(sdp.address, sdp.port);
  const media = sdp.media === 'audio' ? '' : ` ${sdp.media}`;
  return [`SDP${media} ${held} ${sdp.codec}${flow}`];
}

/** Of a message with many parts, these are enough. */
const MAX_BODIES = 4;
const BODY_TYPE = /^(?:Content-Type|c)[ \t]*:[ \t]*[\w.+-]{1,40}\/([\w.+-]{1,40})/gim;
/** What a description or its wrapping says by itself. */
const SAID_ELSEWHERE = new Set(['sdp', 'mixed', 'alternative', 'related']);

/** Bodies that are no session description, by their type: `ISUP`, `DTMF-RELAY`. */
function bodyDetails({ raw }: CallMessageView): string[] {
  const types = new Set<string>();
  for (const [, type = ''] of raw.matchAll(BODY_TYPE)) {
    if (!SAID_ELSEWHERE.has(type.toLowerCase())) types.add(type.toUpperCase());
    if (types.size === MAX_BODIES) break;
  }
  return [...types];
}

const forkKey = (m: CallMessageView): string => `${m.callId} ${m.fromTag} ${m.cseq} ${m.toTag}`;

/** Dialogs one INVITE led to: a letter for each To-tag where there are several. */
export function forkLetters(messages: readonly CallMessageView[]): Map<string, string> {
  const tags = new Map<string, string[]>();
  for (const m of messages) {
    if (m.isRequest || m.cseqMethod !== 'INVITE' || m.toTag === '' || m.status <= 100 || m.status >= 300) continue;
    const invite = `${m.callId} ${m.fromTag} ${m.cseq}`;
    const known = tags.get(invite) ?? [];
    if (!known.includes(forkKey(m))) known.push(forkKey(m));
    tags.set(invite, known);
  }
  const letters = new Map<string, string>();
  for (const keys of tags.values()) {
    if (keys.length > 1) for (const [index, key] of keys.entries()) letters.set(key, letter(index).toLowerCase());
  }
  return letters;
}

/**
 * Requests that a later one of their sender overtook (RFC 3261 §12.2.2 asks for CSeq numbers that grow), with the number
 * they came after.
 */
export function overtaken(messages: readonly CallMessageView[]): Map<CallMessageView, number> {
  const highest = new Map<string, number>();
  const late = new Map<CallMessageView, number>();
  for (const m of messages) {
    if (!m.isRequest || m.repeat !== 'new' || m.method === 'ACK' || m.method === 'CANCEL') continue;
    const sender = `${m.callId} ${m.fromTag}`;
    const before = highest.get(sender) ?? 0;
    if (m.cseq < before) late.set(m, before);
    else highest.set(sender, m.cseq);
  }
  return late;
}
