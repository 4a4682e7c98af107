import { parseIp } from '../../model/endpoint.ts';
import type { LinkCount, LinkPage, LinkQuery, LinkView } from '../../model/engine.ts';
import { compareTypes, type LinkType } from '../../model/link-type.ts';
import type { ShardLinks } from '../link-query.ts';

/** Links of all shards: one that several of them counted is one, and its counts are added up. */
export function mergeLinks(shards: readonly ShardLinks[], { offset, limit, order }: LinkQuery): LinkPage {
  const rows = new Map<string, LinkView>();
  for (const view of shards.flatMap(({ items }) => items)) {
    const key = [view.server, view.transport, view.serverPort, view.client].join(' ');
    const known = rows.get(key);
    rows.set(key, known === undefined ? view : merged(known, view));
  }
  const sorted = [...rows.values()].toSorted(order === 'busiest' ? byTraffic : byName);
  return {
    total: new Set(shards.flatMap(({ names }) => names)).size,
    matched: sorted.length,
    offset,
    limit,
    summary: addCounts(sorted.flatMap(({ counts }) => counts)),
    items: sorted.slice(offset, offset + limit),
  };
}

function merged(a: LinkView, b: LinkView): LinkView {
  return { ...a, total: a.total + b.total, counts: addCounts([...a.counts, ...b.counts]) };
}

function addCounts(counts: readonly LinkCount[]): LinkCount[] {
  const byType = new Map<string, LinkCount>();
  for (const count of counts) {
    const known = byType.get(count.type);
    if (known === undefined) byType.set(count.type, { ...count });
    else {
      known.out += count.out;
      known.in += count.in;
      known.unknown += count.unknown;
    }
  }
  return [...byType.values()].toSorted((a, b) => compareTypes(typeOf(a), typeOf(b)));
}

function typeOf({ type }: LinkCount): LinkType {
  return { name: type, method: type, isReply: /^\d{3}$/.test(type) };
}

function byTraffic(a: LinkView, b: LinkView): number {
  return b.total - a.total || byName(a, b);
}

function byName(a: LinkView, b: LinkView): number {
  return (
    compareAddresses(a.server, b.server) ||
    compareText(a.transport ?? '', b.transport ?? '') ||
    (a.serverPort ?? 0) - (b.serverPort ?? 0) ||
    compareAddresses(a.client ?? '', b.client ?? '')
  );
}

function compareAddresses(a: string, b: string): number {
  const [one, other] = [parseIp(a)?.words ?? [], parseIp(b)?.words ?? []];
  for (const [n, word] of one.entries()) {
    const difference = (word >>> 0) - ((other[n] ?? 0) >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
