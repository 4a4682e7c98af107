import type { Aliases } from '../../model/alias.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { CallMessageView, EndpointView } from '../../model/views.ts';
import type { Grouping } from './choice.ts';

/** One party of a ladder. */
export interface Column {
  /** What stands for it in the address of the page: `ip:port`, an address or an alias. */
  key: string;
  /** Its alias, or its address: `ip:port`, or the IP address alone where it has several ports. */
  label: string;
  /** IP addresses with their ports, in order of appearance. */
  hosts: Map<string, number[]>;
  role: '' | 'UAC' | 'UAS' | 'proxy' | 'B2BUA';
  /** What it says it is, in its own messages. */
  userAgent: string;
}

/** Addresses nobody has: an agent writes them where it does not know. */
const UNKNOWN: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const UNKNOWN_LABEL = '?';

export interface ColumnOptions {
  grouping: Grouping;
  names: Aliases;
  /** Keys of columns that stand before the others, from left to right. */
  order: readonly string[];
}

/** Endpoints of messages as columns, in order of appearance but for those that were moved. */
export class Columns {
  readonly #options: ColumnOptions;
  /** Keys by endpoint: there are few, and each message asks for two. */
  readonly #keys = new Map<string, string>();
  /** In order of appearance. */
  readonly #found = new Map<string, Column>();
  /** Addresses that talk to themselves: there only ports tell one party from the other. */
  readonly #crowded: ReadonlySet<string>;
  /** Addresses seen over UDP. */
  readonly #udp: ReadonlySet<string>;
  /** Aliases whose addresses talk to each other: they name a group of parties. */
  readonly #shared: ReadonlySet<string>;

  constructor(messages: readonly CallMessageView[], options: ColumnOptions) {
    this.#options = options;
    this.#crowded = new Set(messages.filter((m) => m.src.ip === m.dst.ip).map((m) => m.src.ip));
    this.#udp = new Set(messages.flatMap((m) => (m.transport === 'udp' ? [m.src.ip, m.dst.ip] : [])));
    this.#shared = new Set(
      messages.flatMap((m) => {
        const alias = this.#alias(m.src);
        return alias !== undefined && alias === this.#alias(m.dst) ? [alias] : [];
      }),
    );
    const first = messages[0];
    // A capture that begins with a reply still has its initiator at the left.
    if (first !== undefined && !first.isRequest) this.#add(first.dst);
    for (const { src, dst } of messages) {
      this.#add(src);
      this.#add(dst);
    }
    this.#tellRoles(messages);
    this.#tellUserAgents(messages);
  }

  /** Names in order of appearance. */
  path(): string[] {
    return [...this.#found.values()].map((column) => this.#label(column));
  }

  /** All of them, from left to right. */
  all(): Column[] {
    const { order } = this.#options;
    const place = ({ key }: Column): number => {
      const at = order.indexOf(key);
      return at < 0 ? order.length : at;
    };
    const columns = [...this.#found.values()].toSorted((a, b) => place(a) - place(b));
    for (const column of columns) column.label = this.#label(column);
    return columns;
  }

  /** Key of the column an endpoint belongs to. */
  keyOf(end: EndpointView): string {
    const text = formatEndpoint(end.ip, end.port);
    const known = this.#keys.get(text) ?? this.#makeKey(end);
    this.#keys.set(text, known);
    return known;
  }

  #makeKey(end: EndpointView): string {
    const { grouping } = this.#options;
    if (UNKNOWN.has(end.ip)) return UNKNOWN_LABEL;
    if (grouping === 'port') return formatEndpoint(end.ip, end.port);
    if (grouping === 'ip') return end.ip;
    const alias = this.#alias(end);
    if (alias !== undefined && (grouping === 'alias' || !this.#shared.has(alias))) return alias;
    // Over TCP a host has a port per connection, over UDP one of its own.
    const isHost = !this.#crowded.has(end.ip) && !this.#udp.has(end.ip);
    return isHost ? end.ip : formatEndpoint(end.ip, end.port);
  }

  /** Column of an address whatever its port, such as that of media; added where there is none. */
  ofHost(end: EndpointView): string {
    for (const { key, hosts } of this.#found.values()) if (hosts.has(end.ip)) return key;
    return this.#add(end).key;
  }

  #alias({ ip, port }: EndpointView): string | undefined {
    return this.#options.names.nameOf(ip, port);
  }

  #add(end: EndpointView): Column {
    const key = this.keyOf(end);
    const column = this.#found.get(key) ?? { key, label: key, hosts: new Map(), role: '', userAgent: '' };
    this.#found.set(key, column);
    const ports = column.hosts.get(end.ip) ?? [];
    if (!ports.includes(end.port)) ports.push(end.port);
    column.hosts.set(end.ip, ports);
    return column;
  }

  #label({ key, hosts }: Column): string {
    const [only] = hosts;
    if (key === UNKNOWN_LABEL || hosts.size > 1 || only === undefined) return key;
    const [ip, ports] = only;
    const names = new Set(ports.map((port) => this.#alias({ ip, port }) ?? ''));
    const [name = ''] = names;
    if (names.size === 1 && name !== '') return name;
    const [port] = ports;
    return ports.length === 1 && port !== undefined ? formatEndpoint(ip, port) : ip;
  }

  #tellRoles(messages: readonly CallMessageView[]): void {
    const sent = new Map<string, Set<string>>();
    const received = new Map<string, Set<string>>();
    const note = (where: Map<string, Set<string>>, key: string, callId: string): void => {
      where.set(key, (where.get(key) ?? new Set()).add(callId));
    };
    const first = messages.find((m) => m.isRequest && m.toTag === '' && m.method !== 'ACK' && m.method !== 'CANCEL');
    for (const m of messages) {
      if (!m.isRequest || m.toTag !== '' || m.method !== first?.method) continue;
      note(sent, this.keyOf(m.src), m.callId);
      note(received, this.keyOf(m.dst), m.callId);
    }
    for (const column of this.#found.values()) {
      const out = sent.get(column.key);
      const into = received.get(column.key);
      if (out !== undefined && into !== undefined) {
        column.role = [...out].some((id) => into.has(id)) ? 'proxy' : 'B2BUA';
      } else if (out !== undefined) column.role = 'UAC';
      else if (into !== undefined) column.role = 'UAS';
    }
  }

  /** A proxy passes on what others say of themselves, so only the first hop of a message counts. */
  #tellUserAgents(messages: readonly CallMessageView[]): void {
    for (const { repeat, src, userAgent } of messages) {
      const column = repeat === 'new' && userAgent !== '' ? this.#found.get(this.keyOf(src)) : undefined;
      if (column?.userAgent === '') column.userAgent = userAgent;
    }
  }
}

const MAX_NAMED = 3;

/** Addresses and ports of a column as far as its label does not say them, the first few by name. */
export function placesText({ label, hosts }: Column): string {
  const ends = [...hosts].flatMap(([ip, ports]) => ports.map((port) => ({ ip, port, text: formatEndpoint(ip, port) })));
  if (ends.some(({ text }) => text === label)) return '';
  const isOneHost = hosts.size === 1 && ends.length > 1;
  const texts = isOneHost ? ends.map(({ port }) => String(port)) : ends.map(({ text }) => text);
  const more = texts.length - MAX_NAMED;
  const named = `${texts.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const [ip = ''] = hosts.keys();
  if (!isOneHost) return named;
  return `${ip === label ? '' : `${ip} `}ports ${named}`;
}
