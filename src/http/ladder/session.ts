import { isAddressIn, parseCidr } from '../../model/cidr.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessageView } from '../../model/views.ts';
import { labelOf } from './label.ts';

/** What session descriptions of a call say beyond their first media: every media line, and what was agreed upon. */
export interface MediaLine {
  media: string;
  address: string;
  port: number;
  protocol: string;
  codecs: string[];
  direction: string;
  ptime: string;
  /** How keys are agreed upon: `SDES`, `DTLS`, or empty. */
  keys: string;
  ice: boolean;
}

/** Payload types RFC 3551 names, where an `a=rtpmap` may be left out. */
export const STATIC_NAMES: ReadonlyMap<string, string> = new Map([
  ['0', 'PCMU'],
  ['3', 'GSM'],
  ['4', 'G723'],
  ['8', 'PCMA'],
  ['9', 'G722'],
  ['13', 'CN'],
  ['18', 'G729'],
]);
const DIRECTIONS = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive']);
/** More a description of a call does not have; what is behind is not read. */
const MAX_LINES = 500;
const MAX_MEDIA = 16;

/** Media lines of a message's session description (RFC 8866); attributes of the session hold for each of them. */
export function mediaLines(raw: string): MediaLine[] {
  const lines = raw.split(/\r\n|\n/);
  const start = lines.indexOf('v=0');
  if (start < 0) return [];
  const session = emptyMedia();
  const found: MediaLine[] = [];
  let now = session;
  for (const line of lines.slice(start, start + MAX_LINES)) {
    const value = line.slice(2);
    if (line.startsWith('m=')) {
      if (found.length === MAX_MEDIA) break;
      const [media = '', port = '', protocol = '', ...formats] = value.split(' ');
      const names = formats.map((format) => STATIC_NAMES.get(format) ?? format);
      now = { ...session, media, port: Number.parseInt(port, 10) || 0, protocol, codecs: names };
      found.push(now);
    } else if (line.startsWith('c=')) now.address = value.split(' ')[2]?.split('/')[0] ?? '';
    else if (line.startsWith('a=')) readAttribute(now, value);
  }
  return found;
}

function emptyMedia(): MediaLine {
  return {
    media: '',
    address: '',
    port: 0,
    protocol: '',
    codecs: [],
    direction: 'sendrecv',
    ptime: '',
    keys: '',
    ice: false,
  };
}

function readAttribute(media: MediaLine, value: string): void {
  const colon = value.indexOf(':');
  const name = colon < 0 ? value : value.slice(0, colon);
  const text = colon < 0 ? '' : value.slice(colon + 1);
  if (DIRECTIONS.has(name)) media.direction = name;
  else if (name === 'ptime') media.ptime = text;
  else if (name === 'crypto') media.keys = 'SDES';
  else if (name === 'fingerprint') media.keys = 'DTLS';
  else if (name === 'ice-ufrag' || name === 'candidate') media.ice = true;
  else if (name === 'rtpmap') {
    const [type = '', codec = ''] = text.split(' ');
    const at = media.codecs.indexOf(STATIC_NAMES.get(type) ?? type);
    if (at >= 0) media.codecs[at] = codec.split('/')[0] ?? '';
  }
}

/** `audio 192.0.2.1:4000 PCMA,PCMU ptime 20 SDES ICE sendonly`; what is usual is left out. */
export function mediaText(media: MediaLine): string {
  return [
    media.media,
    media.port === 0 ? 'refused' : formatEndpoint(media.address, media.port),
    media.codecs.join(','),
    media.ptime === '' ? '' : `ptime ${media.ptime}`,
    media.keys,
    media.ice ? 'ICE' : '',
    media.direction === 'sendrecv' ? '' : media.direction,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** One offer and what came of it (RFC 3264). A refused offer has no answer. */
export interface Exchange {
  offer: CallMessageView;
  answer: CallMessageView | undefined;
  /** `PCMA, both ways`, `PCMA, on hold: only the offerer sends`, `refused` … */
  result: string;
  /** What may explain silence. */
  notes: string[];
}

/**
 * Offers and answers in order (RFC 3264, RFC 3261 §13.2.1, RFC 3262 §5, RFC 3311 §5):
 *
 *   INVITE, PRACK, UPDATE with an offer ──▶ answer in a reply; each dialog of a fork answers for itself
 *   INVITE without ──▶ late offer in a reply ──▶ answer in the PRACK or ACK of that dialog
 *
 * Other hops repeat them, and replies repeat the answer of the one before.
 */
export function exchanges(messages: readonly CallMessageView[]): Exchange[] {
  const all: Exchange[] = [];
  const offered = new Map<string, Exchange>();
  /** Offers that were made in a reply, by dialog. */
  const late = new Map<string, Exchange>();
  /** By transaction and dialog: what is behind the first description of a reply repeats it. */
  const told = new Set<string>();
  const begin = (offer: CallMessageView): Exchange => {
    const exchange: Exchange = { offer, answer: undefined, result: 'no answer captured', notes: [] };
    all.push(exchange);
    return exchange;
  };
  for (const message of messages) {
    if (message.repeat !== 'new') continue;
    const { callId, fromTag, toTag, cseq, cseqMethod, status, sdp } = message;
    const dialog = `${callId} ${fromTag} ${toTag}`;
    const transaction = `${callId} ${fromTag} ${cseq} ${cseqMethod}`;
    const offer = offered.get(transaction);
    if (!message.isRequest && status >= 300) {
      if (offer?.answer === undefined && offer !== undefined) offer.result = `refused: ${labelOf(message)}`;
    } else if (sdp === null) {
      continue;
    } else if (message.isRequest) {
      const awaited = late.get(dialog);
      late.delete(dialog);
      if (awaited !== undefined && (cseqMethod === 'PRACK' || cseqMethod === 'ACK')) awaited.answer = message;
      else offered.set(transaction, begin(message));
    } else if (!told.has(`${transaction} ${toTag}`)) {
      told.add(`${transaction} ${toTag}`);
      if (offer === undefined) late.set(dialog, begin(message));
      else (offer.answer === undefined ? offer : begin(offer.offer)).answer = message;
    }
  }
  for (const exchange of all) judge(exchange);
  return all;
}

function judge(exchange: Exchange): void {
  const { offer, answer, notes } = exchange;
  const offers = mediaLines(offer.raw);
  const answers = answer === undefined ? [] : mediaLines(answer.raw);
  const [offered] = offers;
  const [answered] = answers;
  if (answer === undefined || offered === undefined || answered === undefined) return;
  notes.push(...addressNotes(offer, offered), ...addressNotes(answer, answered));
  if (isEncrypted(offered) && !isEncrypted(answered)) notes.push('offered with encryption, answered without');
  // RFC 3264 §6: an answer has a media line for each of the offer, in its order.
  const results = offers.map((media, index) => {
    const result = resultOf(media, answers[index] ?? { ...media, port: 0 });
    return offers.length === 1 ? result : `${media.media} ${result}`;
  });
  exchange.result = results.join('; ');
}

function resultOf(offered: MediaLine, answered: MediaLine): string {
  if (answered.port === 0) return 'refused';
  const codec = answered.codecs[0] ?? 'no codec';
  const offererSends = sends(offered) && receives(answered);
  const answererSends = sends(answered) && receives(offered);
  if (offererSends && answererSends) return `${codec}, both ways`;
  if (!offererSends && !answererSends) return `${codec}, on hold both ways`;
  const way = offererSends ? 'only the offerer sends' : 'only the answerer sends';
  return `${codec}, ${isHold(offered) || isHold(answered) ? 'on hold' : 'one-way'}: ${way}`;
}

/** RFC 3264 §8.4: who says sendonly puts the other on hold; older phones give an address of zeros. */
function isHold({ direction, address }: MediaLine): boolean {
  return direction === 'sendonly' || direction === 'inactive' || address === '0.0.0.0';
}

function receives({ direction, address }: MediaLine): boolean {
  return (direction === 'sendrecv' || direction === 'recvonly') && address !== '0.0.0.0';
}

function sends({ direction }: MediaLine): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

function isEncrypted({ protocol, keys }: MediaLine): boolean {
  return protocol.includes('SAVP') || keys !== '';
}

/** RFC 1918, RFC 6598, RFC 3927, RFC 4193, loopback. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  'fe80::/10',
]
  .map(parseCidr)
  .filter((network) => network !== undefined);

function addressNotes({ src, dst }: CallMessageView, { address, port, ice }: MediaLine): string[] {
  if (port === 0 || address === '' || address === '0.0.0.0') return [];
  if (isAddressIn(address, PRIVATE) && !isAddressIn(dst.ip, PRIVATE) && !ice) {
    return [`private media address ${address} told to ${dst.ip}, which is public`];
  }
  return address === src.ip ? [] : [`media at ${address}, signalling at ${src.ip}`];
}
