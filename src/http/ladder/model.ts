import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessageView, EndpointView } from '../../model/views.ts';
import type { ColourMode, Grouping, LadderChoice, SdpMode } from './choice.ts';
import { labelOf } from './label.ts';
import { mediaLines, mediaText } from './session.ts';

/**
 * A call as a ladder: who took part, in order of appearance, and one row for each message between two of them.
 * Pure: messages in, columns and rows out; drawing is for svg.tsx, mermaid.ts and the table of the page.
 */
export interface Column {
  /** `ip:port`, or the address alone where its ports are one host's. */
  label: string;
  ip: string;
  ports: number[];
  role: '' | 'caller' | 'callee' | 'client' | 'server' | 'proxy' | 'B2BUA';
}

/** What colour and line a row has: by method, by class of the status, or what was expected and not seen. */
export type RowTone = 'invite' | 'request' | 's1' | 's2' | 's3' | 's4' | 's5' | 's6' | 'ghost';

export interface LadderRow {
  /** `undefined` for what should be there but was not captured. */
  message: CallMessageView | undefined;
  /** Indexes of columns. */
  from: number;
  to: number;
  tone: RowTone;
  /** Method, or status and reason. */
  label: string;
  /** What else is worth a glance: user of the Request-URI, media, leg, branch. */
  details: string[];
  /** 1 for the first retransmission of a message, 0 for the message itself. */
  retransmission: number;
  /** Retransmissions folded into this row. */
  folded: number;
  /** Microseconds since the row before, and since the first. */
  deltaUs: number;
  sinceFirstUs: number;
  /** Number of its leg. */
  leg: number;
  /** Number of its transaction; an ACK or CANCEL belongs to the INVITE it is about. */
  transaction: number;
  /** Number of what it is coloured by; `undefined` where that is its tone. */
  hue: number | undefined;
}

export interface Ladder {
  columns: Column[];
  rows: LadderRow[];
  /** What should be there and is not, in words. */
  missing: string[];
  /** Call-IDs in order of appearance, also of legs that are left out; letters A, B, … when there are several. */
  legs: string[];
}

export interface LadderOptions extends LadderChoice {
  nowUs: number;
  /** The messages go to the end of the call, so that what is missing can be told. */
  complete: boolean;
}

/** A message this young may still be answered. */
const GRACE_US = 2_000_000;
/** A ringing call may last; longer than timer C of a proxy (RFC 3261 §16.6) it does not. */
const RINGING_US = 180_000_000;
const MAX_PORTS_NAMED = 3;

export function makeLadder(held: readonly CallMessageView[], options: LadderOptions): Ladder {
  const legs = [...new Set(held.map((message) => message.callId))];
  const messages = held.filter((message) => !options.without.includes(letter(legs.indexOf(message.callId))));
  const columns = new Columns(messages, options.grouping);
  const hues = new Numbers();
  const transactions = new Numbers();
  const branches = forkLetters(messages);
  const rows: LadderRow[] = [];
  const originals = new Map<string, { row: LadderRow; again: number }>();
  const missing: string[] = [];
  const ghosts = options.complete ? ghostsAfter(messages, options.nowUs) : new Map<CallMessageView, Ghost[]>();
  const firstUs = messages[0]?.atUs ?? 0;
  let previousUs = firstUs;
  for (const message of messages) {
    const key = linkKey(message);
    const original = originals.get(key);
    let retransmission = 0;
    let drawn = true;
    if (isRetransmission(message)) {
      retransmission = (original?.again ?? 0) + 1;
      if (original !== undefined) {
        original.again = retransmission;
        if (options.fold) {
          original.row.folded = retransmission - original.row.retransmission;
          drawn = false;
        }
      }
    }
    if (drawn) {
      const [from, to] = columns.ends(message);
      const row: LadderRow = {
        message,
        from,
        to,
        tone: toneOf(message),
        label: labelOf(message),
        details: detailsOf(message, branches, options.sdp),
        retransmission,
        folded: 0,
        deltaUs: message.atUs - previousUs,
        sinceFirstUs: message.atUs - firstUs,
        leg: legs.indexOf(message.callId),
        transaction: transactions.of(transactionKey(message)),
        hue: options.colour === 'class' ? undefined : hues.of(COLOUR_KEY[options.colour](message)),
      };
      previousUs = message.atUs;
      rows.push(row);
      if (original === undefined) originals.set(key, { row, again: retransmission });
    }
    for (const ghost of ghosts.get(message) ?? []) {
      missing.push(ghost.text);
      const [source, target] = columns.ends(message);
      const [from, to] = ghost.returns ? [target, source] : [source, target];
      rows.push({
        message: undefined,
        from,
        to,
        tone: 'ghost',
        label: ghost.label,
        details: ['expected, not captured'],
        retransmission: 0,
        folded: 0,
        deltaUs: 0,
        sinceFirstUs: message.atUs - firstUs,
        leg: legs.indexOf(message.callId),
        transaction: transactions.of(transactionKey(message)),
        hue: undefined,
      });
    }
  }
  return { columns: columns.withRoles(messages), rows, missing, legs };
}

export const isRetransmission = (message: CallMessageView): boolean => message.repeat === 'retransmission';

/** Same message on the same link: what a retransmission repeats. */
function linkKey(m: CallMessageView): string {
  const what = m.isRequest ? m.method : String(m.status);
  return [m.callId, m.src.ip, m.src.port, m.dst.ip, m.dst.port, m.branch, what, m.cseq, m.cseqMethod, m.toTag].join(
    ' ',
  );
}

function toneOf(message: CallMessageView): RowTone {
  if (message.isRequest) return message.method === 'INVITE' ? 'invite' : 'request';
  switch (Math.floor(message.status / 100)) {
    case 1:
      return 's1';
    case 2:
      return 's2';
    case 3:
      return 's3';
    case 4:
      return 's4';
    case 5:
      return 's5';
    default:
      return 's6';
  }
}

/** Requests whose address says something: the others go where the dialog goes. */
const ADDRESSED = new Set(['INVITE', 'REFER', 'MESSAGE', 'REGISTER', 'SUBSCRIBE', 'OPTIONS', 'PUBLISH']);

function detailsOf(message: CallMessageView, branches: ReadonlyMap<string, string>, sdpMode: SdpMode): string[] {
  const details: string[] = [];
  // A repeat says nothing new, and inside a dialog the address only names the other side.
  if (isRetransmission(message)) return details;
  if (ADDRESSED.has(message.method) && message.toTag === '') {
    details.push(message.requestUri.replace(/^sips?:/i, '').split(/[;?]/, 1)[0] ?? '');
  }
  if (!message.isRequest && message.cseqMethod !== 'INVITE') details.push(`to ${message.cseqMethod}`);
  const branch = branches.get(forkKey(message));
  if (branch !== undefined && !message.isRequest) details.push(`branch ${branch}`);
  details.push(...sdpDetails(message, sdpMode));
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

/** Numbers things in order of appearance. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  of(key: string): number {
    const number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }
}

function transactionKey({ callId, fromTag, cseq, cseqMethod }: CallMessageView): string {
  const isOfInvite = cseqMethod === 'ACK' || cseqMethod === 'CANCEL';
  return `${callId} ${fromTag} ${cseq} ${isOfInvite ? 'INVITE' : cseqMethod}`;
}

/** Messages with one key have one colour. */
const COLOUR_KEY: Readonly<Record<Exclude<ColourMode, 'class'>, (message: CallMessageView) => string>> = {
  leg: ({ callId }) => callId,
  transaction: transactionKey,
  // Seen from either side the same two tags make the dialog.
  dialog: ({ callId, fromTag, toTag }) => `${callId} ${[fromTag, toTag].toSorted().join(' ')}`,
};

/** `leg A` of a row, where there are several. */
export function legName({ legs }: Ladder, { leg }: LadderRow): string {
  return legs.length > 1 ? `leg ${letter(leg)}` : '';
}

export function letter(index: number): string {
  return index < 26 ? String.fromCodePoint(65 + index) : String(index + 1);
}

const forkKey = (m: CallMessageView): string => `${m.callId} ${m.fromTag} ${m.cseq} ${m.toTag}`;

/** Dialogs one INVITE led to: a letter for each To-tag where there are several. */
function forkLetters(messages: readonly CallMessageView[]): Map<string, string> {
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

interface Ghost {
  /** Against the direction of the message it should have followed. */
  returns: boolean;
  label: string;
  text: string;
}

/** What should have followed, by the message it should have followed. */
function ghostsAfter(messages: readonly CallMessageView[], nowUs: number): Map<CallMessageView, Ghost[]> {
  const transactions = new Map<
    string,
    { request?: CallMessageView; reply?: CallMessageView; final?: CallMessageView }
  >();
  const acknowledged = new Set<string>();
  // Replies carry the From-tag of their request, so it tells whose CSeq it is.
  const number = (m: CallMessageView): string => `${m.callId} ${m.fromTag} ${m.cseq}`;
  for (const m of messages) {
    if (m.isRequest && m.method === 'ACK') {
      acknowledged.add(number(m));
      continue;
    }
    const key = `${number(m)} ${m.cseqMethod}`;
    const transaction = transactions.get(key) ?? {};
    transactions.set(key, transaction);
    if (m.isRequest) transaction.request = m;
    else {
      transaction.reply = m;
      if (m.status >= 200) transaction.final = m;
    }
  }
  const lastUs = messages.at(-1)?.atUs ?? 0;
  const ghosts = new Map<CallMessageView, Ghost[]>();
  const add = (after: CallMessageView, ghost: Ghost): void => {
    if (nowUs - after.atUs > GRACE_US) ghosts.set(after, [...(ghosts.get(after) ?? []), ghost]);
  };
  for (const { request, reply, final } of transactions.values()) {
    if (final !== undefined) {
      if (final.cseqMethod === 'INVITE' && !acknowledged.has(number(final))) {
        add(final, { returns: true, label: 'ACK', text: `ACK to ${final.status} (CSeq ${final.cseq}) not captured` });
      }
      continue;
    }
    if (request === undefined) continue;
    const rings = request.method === 'INVITE' && reply !== undefined;
    if (rings && Math.max(nowUs, lastUs) - request.atUs < RINGING_US) continue;
    add(reply ?? request, {
      returns: reply === undefined,
      label: rings ? 'final reply' : `reply to ${request.method}`,
      text: `${rings ? 'Final reply' : 'Reply'} to ${request.method} (CSeq ${request.cseq}) not captured`,
    });
  }
  return ghosts;
}

/** Endpoints as columns. */
class Columns {
  readonly #grouping: Grouping;
  readonly #columns: Column[] = [];
  readonly #byKey = new Map<string, number>();
  /** Addresses that talk to themselves: there only ports tell one party from the other. */
  readonly #crowded: ReadonlySet<string>;
  /** Addresses seen over UDP. */
  readonly #udp: ReadonlySet<string>;

  constructor(messages: readonly CallMessageView[], grouping: Grouping) {
    this.#grouping = grouping;
    this.#crowded = new Set(messages.filter((m) => m.src.ip === m.dst.ip).map((m) => m.src.ip));
    this.#udp = new Set(messages.flatMap((m) => (m.transport === 'udp' ? [m.src.ip, m.dst.ip] : [])));
    const first = messages[0];
    // A capture that begins with a reply still has its initiator at the left.
    if (first !== undefined && !first.isRequest) this.ends({ ...first, src: first.dst, dst: first.src });
    for (const message of messages) this.ends(message);
  }

  ends(message: CallMessageView): [number, number] {
    return [this.#column(message.src), this.#column(message.dst)];
  }

  withRoles(messages: readonly CallMessageView[]): Column[] {
    const sent = new Map<number, Set<string>>();
    const received = new Map<number, Set<string>>();
    const note = (where: Map<number, Set<string>>, column: number, callId: string): void => {
      where.set(column, (where.get(column) ?? new Set()).add(callId));
    };
    const first = messages.find((m) => m.isRequest && m.toTag === '' && m.method !== 'ACK' && m.method !== 'CANCEL');
    for (const m of messages) {
      if (!m.isRequest || m.toTag !== '' || m.method !== first?.method) continue;
      const [from, to] = this.ends(m);
      note(sent, from, m.callId);
      note(received, to, m.callId);
    }
    const isCall = first?.method === 'INVITE';
    return this.#columns.map((column, index) => {
      const out = sent.get(index);
      const into = received.get(index);
      let role: Column['role'] = '';
      if (out !== undefined && into !== undefined) role = [...out].some((id) => into.has(id)) ? 'proxy' : 'B2BUA';
      else if (out !== undefined) role = isCall ? 'caller' : 'client';
      else if (into !== undefined) role = isCall ? 'callee' : 'server';
      return { ...column, label: this.#label(column), role };
    });
  }

  #column(end: EndpointView): number {
    const byIp = this.#isHost(end.ip);
    const key = byIp ? end.ip : formatEndpoint(end.ip, end.port);
    let index = this.#byKey.get(key);
    if (index === undefined) {
      index = this.#columns.length;
      this.#byKey.set(key, index);
      this.#columns.push({ label: '', ip: end.ip, ports: [], role: '' });
    }
    const ports = this.#columns[index]?.ports;
    if (ports !== undefined && !ports.includes(end.port)) ports.push(end.port);
    return index;
  }

  /** Whether all ports of an address are one column. Over TCP a host has a port per connection, over UDP one of its own. */
  #isHost(ip: string): boolean {
    if (this.#grouping !== 'auto') return this.#grouping === 'ip';
    return !this.#crowded.has(ip) && !this.#udp.has(ip);
  }

  #label({ ip, ports }: Column): string {
    const [port] = ports;
    if (ports.length === 1 && port !== undefined) return formatEndpoint(ip, port);
    return ip;
  }
}

/** Ports of a column that has several, the first few by number. */
export function portsText(column: Column): string {
  if (column.ports.length < 2) return '';
  const named = column.ports.slice(0, MAX_PORTS_NAMED).join(', ');
  const more = column.ports.length - MAX_PORTS_NAMED;
  return more > 0 ? `ports ${named} and ${more} more` : `ports ${named}`;
}
