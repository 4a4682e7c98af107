import { formatIp, parseIp } from '../model/endpoint.ts';
import {
  EngineRequestError,
  type LinkCount,
  type LinkPage,
  type LinkQuery,
  type LinkView,
  MAX_LINK_DEPTH,
} from '../model/engine.ts';
import { compareTypes, type LinkType, linkTypeOf } from '../model/link-type.ts';
import { transportName } from '../model/transport.ts';
import { Direction, LinkAt, type LinkTable } from '../tracker/link-table.ts';
import { checkWindow, Slice, type Slicing } from './queries.ts';

/** A row of the answer while it is being added up: one link, or several that the depth makes one. */
interface Row {
  view: LinkView;
  /** For the order of rows. */
  server: readonly number[];
  client: readonly number[];
  counts: Map<number, LinkCount>;
}

/**
 * Links with their counts, in the order of server, transport, port and client, or the busiest first. Counting goes on
 * meanwhile: a link may be shown a few messages ahead of another.
 */
export async function listLinks(table: LinkTable, query: LinkQuery, slicing: Slicing): Promise<LinkPage> {
  checkWindow(query);
  return linksIn(table, query, slicing);
}

/** All links of one shard that match, and a name for each that it holds, by which several shards know the same one. */
export async function allLinks(table: LinkTable, query: LinkQuery, slicing: Slicing): Promise<ShardLinks> {
  const page = await linksIn(table, { ...query, offset: 0, limit: Number.POSITIVE_INFINITY }, slicing);
  const names: string[] = [];
  for (let link = 0; link < table.size; link++) {
    names.push(Array.from({ length: LinkAt.SIZE }, (_, at) => table.linkNumber(link, at)).join());
  }
  return { items: page.items, names };
}

export interface ShardLinks {
  items: LinkView[];
  names: string[];
}

async function linksIn(table: LinkTable, query: LinkQuery, slicing: Slicing): Promise<LinkPage> {
  const { offset, limit, depth } = query;
  if (!Number.isInteger(depth) || depth < 1 || depth > MAX_LINK_DEPTH) {
    throw new EngineRequestError(`depth: ${depth}, must be a whole number from 1 to ${MAX_LINK_DEPTH}`);
  }
  const included = query.hosts.map((host) => addressOf('host_filter', host));
  const excluded = query.excludedHosts.map((host) => addressOf('host_exclude', host));
  const keeps = typeFilter(query.types, query.greedy);
  const slice = new Slice(slicing);
  const types = new Map<number, LinkType | undefined>();
  const rows = new Map<string, Row>();
  const summary = new Map<number, LinkCount>();
  const seen = new Set<number>();
  for (let cell = 0; cell < table.cells; cell++) {
    if (slice.isOver()) await slice.pause(); // oxlint-disable-line no-await-in-loop -- yielding is the point
    const typeNumber = table.cellType(cell);
    if (!types.has(typeNumber)) {
      const type = linkTypeOf(typeNumber, table.names);
      types.set(typeNumber, keeps(type) ? type : undefined);
    }
    const type = types.get(typeNumber);
    const link = table.cellLink(cell);
    const server = words(table, link, LinkAt.SERVER);
    const client = words(table, link, LinkAt.CLIENT);
    seen.add(link);
    if (type === undefined || !passesHosts(included, excluded, server, client)) continue;
    const row = rowOf(rows, table, link, server, client, depth);
    const amount = table.cellCount(cell);
    const direction = table.cellDirection(cell);
    row.view.total += amount;
    add(row.counts, typeNumber, type, direction, amount);
    add(summary, typeNumber, type, direction, amount);
  }
  const order = query.order === 'busiest' ? byTraffic : byName;
  const sorted = [...rows.values()].toSorted(order);
  const items = sorted.slice(offset, offset + limit).map((row) => ({ ...row.view, counts: merged(row.counts) }));
  return {
    total: table.size,
    matched: sorted.length,
    offset,
    limit,
    summary: merged(summary),
    items,
  };

  function merged(counts: ReadonlyMap<number, LinkCount>): LinkCount[] {
    const byType = new Map<string, LinkCount & { of: LinkType }>();
    for (const [number, count] of counts) {
      const of = types.get(number);
      if (of === undefined) continue;
      // Replies to different methods are one column.
      const known = byType.get(of.name);
      if (known === undefined) byType.set(of.name, { ...count, of });
      else {
        known.out += count.out;
        known.in += count.in;
        known.unknown += count.unknown;
      }
    }
    return [...byType.values()]
      .toSorted((a, b) => compareTypes(a.of, b.of))
      .map(({ type, out, in: into, unknown }) => ({ type, out, in: into, unknown }));
  }
}

function words(table: LinkTable, link: number, at: number): [number, number, number, number] {
  return [0, 1, 2, 3].map((n) => table.linkNumber(link, at + n)) as [number, number, number, number]; // four of them
}

function addressOf(parameter: string, host: string): readonly number[] {
  const address = parseIp(host);
  if (address === undefined) throw new EngineRequestError(`${parameter}: "${host}", must be an IPv4 or IPv6 address`);
  return address.words;
}

function passesHosts(
  included: readonly (readonly number[])[],
  excluded: readonly (readonly number[])[],
  server: readonly number[],
  client: readonly number[],
): boolean {
  const isEnd = (host: readonly number[]): boolean => same(host, server) || same(host, client);
  return (included.length === 0 || included.some(isEnd)) && !excluded.some(isEnd);
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.every((word, n) => word === b[n]);
}

/**
 * Which messages a list of methods and status prefixes lets through.
 *
 * @param greedy a method brings the replies to it, and a prefix alone brings replies to everything
 */
function typeFilter(list: readonly string[], greedy: boolean): (type: LinkType) => boolean {
  if (list.length === 0) return () => true;
  const prefixes = list.filter((entry) => /^\d+$/.test(entry));
  const methods = list.filter((entry) => !/^\d+$/.test(entry));
  return ({ name, method, isReply }) => {
    // A ReINVITE has the method INVITE.
    if (!isReply) return methods.includes(method);
    const hasMethod = methods.length === 0 || methods.includes(method);
    const hasPrefix = prefixes.some((prefix) => name.startsWith(prefix));
    return hasMethod && (hasPrefix || (greedy && prefixes.length === 0));
  };
}

function rowOf(
  rows: Map<string, Row>,
  table: LinkTable,
  link: number,
  server: [number, number, number, number],
  client: [number, number, number, number],
  depth: number,
): Row {
  const transport = table.linkNumber(link, LinkAt.TRANSPORT);
  const port = table.linkNumber(link, LinkAt.PORT);
  const key = [...server, ...(depth > 1 ? client : []), depth > 2 ? transport : '', depth > 3 ? port : ''].join();
  const known = rows.get(key);
  if (known !== undefined) return known;
  const family = table.linkNumber(link, LinkAt.FAMILY);
  const row: Row = {
    view: {
      server: formatIp(family, ...server),
      transport: depth > 2 ? transportName(transport) : null,
      serverPort: depth > 3 ? port : null,
      client: depth > 1 ? formatIp(family, ...client) : null,
      total: 0,
      counts: [],
    },
    server,
    client,
    counts: new Map(),
  };
  rows.set(key, row);
  return row;
}

function add(
  counts: Map<number, LinkCount>,
  typeNumber: number,
  type: LinkType,
  direction: number,
  amount: number,
): void {
  let count = counts.get(typeNumber);
  if (count === undefined) {
    count = { type: type.name, out: 0, in: 0, unknown: 0 };
    counts.set(typeNumber, count);
  }
  if (direction === Direction.OUT) count.out += amount;
  else if (direction === Direction.IN) count.in += amount;
  else count.unknown += amount;
}

function byName(a: Row, b: Row): number {
  return (
    compareWords(a.server, b.server) ||
    compareText(a.view.transport ?? '', b.view.transport ?? '') ||
    (a.view.serverPort ?? 0) - (b.view.serverPort ?? 0) ||
    compareWords(a.client, b.client)
  );
}

function byTraffic(a: Row, b: Row): number {
  return b.view.total - a.view.total || byName(a, b);
}

function compareWords(a: readonly number[], b: readonly number[]): number {
  for (const [n, word] of a.entries()) {
    const difference = (word >>> 0) - ((b[n] ?? 0) >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
