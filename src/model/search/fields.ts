/** How a field's values are written and compared. */
export type FieldKind =
  | 'text'
  | 'uri'
  | 'phone'
  | 'address'
  | 'word'
  | 'status'
  | 'count'
  | 'figure'
  | 'duration'
  | 'moment';

export type SearchSubject = 'calls' | 'events' | 'messages';

export interface FieldInfo {
  readonly kind: FieldKind;
  /** Other names, those of the older filters among them. */
  readonly aliases: readonly string[];
  /** What it can be asked of. */
  readonly subjects: readonly SearchSubject[];
  readonly description: string;
}

const CALLS: readonly SearchSubject[] = ['calls'];
const EVENTS: readonly SearchSubject[] = ['events'];
const MESSAGES: readonly SearchSubject[] = ['messages'];
const TRACKED: readonly SearchSubject[] = ['calls', 'events'];
const ALL: readonly SearchSubject[] = ['calls', 'events', 'messages'];

/** Everything that can be asked of a call, an event or a message. */
export const SEARCH_FIELDS = {
  number: field(
    'phone',
    ['phone', 'user'],
    'telephone number of caller or callee: From, To, Request-URI, P-Asserted-Identity',
  ),
  from: field('uri', ['fu', 'caller'], 'From'),
  to: field('uri', ['tu', 'callee'], 'To'),
  ruri: field('uri', [], 'Request-URI of the first request'),
  uri: field('uri', [], 'From, To or Request-URI'),
  domain: field('text', ['host'], 'host part of From, To or Request-URI'),
  contact: field('uri', [], 'Contact'),
  callid: field('text', ['cid'], 'Call-ID'),
  xcallid: field('text', ['xcid'], 'Call-ID of another leg, as header or HEP correlation id name it', CALLS),
  tag: field('text', ['ftag', 'ttag'], 'From-tag or To-tag'),
  src: field('address', [], 'address the first request came from; also `192.0.2.0/24`, `192.0.2.1:5060`'),
  dst: field('address', [], 'address the first request went to'),
  ip: field('address', ['addr', 'alias'], 'any address the call was seen between, or the alias of one'),
  sport: field('count', [], 'source port'),
  dport: field('count', [], 'destination port'),
  port: field('count', [], 'any port the call was seen between'),
  transport: field('word', ['proto'], '`udp`, `tcp`, `tls`, `sctp`, `ws`, `wss`'),
  method: field('word', [], 'method that began it; of a message its own, of a reply that of its CSeq'),
  status: field('status', ['code'], 'status code of its reply, or of the reply itself; also a class such as `5xx`'),
  reason: field('text', [], 'reason phrase of that reply'),
  ua: field('text', ['uas'], 'User-Agent or Server of either side'),
  state: field('word', [], 'state, by its short or long name', TRACKED),
  type: field('word', ['name', 'event'], 'event type; of a call: an event it has caused', TRACKED),
  ended: field('word', ['by'], 'who ended the call: `caller`, `callee` or `timeout`', TRACKED),
  start: field('moment', ['created'], 'time of the first request', TRACKED),
  at: field('moment', ['time'], 'time of the event or message; of a call: of its last message'),
  duration: field('duration', ['dur'], 'from the answer to the end, or to now', TRACKED),
  pdd: field('duration', ['setup'], 'from the first request to ringing, or to the final reply', TRACKED),
  ring: field('duration', ['ringing'], 'from ringing to the final reply', TRACKED),
  msgs: field('count', ['messages'], 'requests and replies', TRACKED),
  retrans: field('count', ['retransmissions'], 'retransmissions among them', TRACKED),
  hops: field('count', [], 'links the call was seen on', CALLS),
  legs: field('count', [], 'other calls that belong to it', CALLS),
  mos: field('figure', [], 'lowest mean opinion score reported', CALLS),
  agent: field('text', [], 'who reported it, as `captureId@ip:port/transport`'),
  index: field('count', [], 'number of the event', EVENTS),
  header: field(
    'text',
    [],
    'any header field of the message; `header.X-Foo:bar` one by its name, `header.X-Foo:*` that it is there',
    MESSAGES,
  ),
  payload: field('text', ['body'], 'the message as it was sent, start line to end', MESSAGES),
  branch: field('text', [], 'branch of the topmost Via', MESSAGES),
  cseq: field('count', [], 'number of the CSeq', MESSAGES),
  size: field('count', ['length'], 'octets of the message', MESSAGES),
  kind: field('word', [], '`request` or `reply`', MESSAGES),
  repeat: field('word', [], '`new`, `other-hop`, `retransmission`', MESSAGES),
  any: field('text', ['text'], 'From, To, Request-URI, Call-ID, reason or user agent'),
} as const satisfies Record<string, FieldInfo>;

export type SearchField = keyof typeof SEARCH_FIELDS;

function field(
  kind: FieldKind,
  aliases: readonly string[],
  description: string,
  subjects: readonly SearchSubject[] = ALL,
): FieldInfo {
  return { kind, aliases, description, subjects };
}

/** In the order of documentation. `Object.keys` answers the keys of this very object. */
export const SEARCH_FIELD_NAMES = Object.keys(SEARCH_FIELDS) as SearchField[];

const BY_NAME: ReadonlyMap<string, SearchField> = new Map(
  SEARCH_FIELD_NAMES.flatMap((name) => [name, ...SEARCH_FIELDS[name].aliases].map((known) => [known, name] as const)),
);

export function fieldInfo(name: SearchField): FieldInfo {
  return SEARCH_FIELDS[name];
}

/** The field a name or an alias stands for; case does not matter. */
export function searchField(name: string): SearchField | undefined {
  return BY_NAME.get(name.toLowerCase());
}
