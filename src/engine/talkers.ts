import { type Alias, Aliases } from '../model/alias.ts';
import {
  EngineRequestError,
  TALKER_KINDS,
  type TalkerKind,
  type TalkersQuery,
  type TalkersView,
} from '../model/engine.ts';
import { EventType } from '../model/event-type.ts';
import { displayText } from '../model/text.ts';
import type { EventRing, EventSlot } from '../tracker/event-ring.ts';
import { agentsOf, destinationOf, sourceOf } from '../tracker/views.ts';
import { Slice, type Slicing } from './queries.ts';
import { uriHost, uriUser } from './search/uri.ts';
import { TextField, textOf } from '../tracker/text-block.ts';

/** Distinct keys of a kind that are told apart; a flood of invented numbers must not fill memory. */
const MAX_KEYS = 10_000;
const MAX_LIMIT = 100;

interface Tally {
  calls: number;
  failed: number;
  before: number;
  /** Failed calls by status. */
  statuses: Map<number, number>;
}

/** Counts outcomes of calls in the ring by who they were from and to. */
export async function topTalkers(ring: EventRing, query: TalkersQuery, slicing: Slicing): Promise<TalkersView> {
  const { sinceUs, untilUs, limit } = query;
  const names = new NamesOfEnds(query.aliases);
  if (!(limit >= 1 && limit <= MAX_LIMIT)) throw new EngineRequestError(`limit: ${limit}, must be 1 to ${MAX_LIMIT}`);
  const beforeUs = sinceUs - (untilUs - sinceUs);
  const tallies = new Map<TalkerKind, Map<string, Tally>>(TALKER_KINDS.map((kind) => [kind, new Map()]));
  const slice = new Slice(slicing);
  const { firstIndex, nextIndex } = ring;
  const heldSinceUs = firstIndex === 0 ? 0 : (ring.at(firstIndex)?.tsUs ?? 0);
  for (let index = firstIndex; index < nextIndex; index++) {
    const slot = ring.at(index);
    if (slot !== undefined && isOutcome(slot) && slot.tsUs >= beforeUs && slot.tsUs < untilUs) {
      for (const [kind, keys] of tallies) {
        for (const key of keysOf(slot, kind, names)) tally(keys, key, slot, slot.tsUs < sinceUs);
      }
    }
    if (slice.isOver()) await slice.pause();
  }
  const knowsBefore = heldSinceUs <= beforeUs;
  const top = (kind: TalkerKind): TalkersView['kinds'][TalkerKind] =>
    [...(tallies.get(kind) ?? [])]
      .filter(([, { calls }]) => calls > 0)
      .toSorted(([a, one], [b, other]) => other.calls - one.calls || (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([key, { calls, failed, before, statuses }]) => ({
        key: displayText(key),
        calls,
        failed,
        failedMostly: mostOf(statuses),
        before: knowsBefore ? before : null,
      }));
  return {
    heldSinceUs,
    kinds: {
      source: top('source'),
      destination: top('destination'),
      caller: top('caller'),
      callee: top('callee'),
      failingNumber: top('failingNumber'),
      userAgent: top('userAgent'),
      domain: top('domain'),
      agent: top('agent'),
      alias: top('alias'),
      group: top('group'),
      status: top('status'),
    },
  };
}

function isOutcome(slot: EventSlot): boolean {
  return slot.type === EventType.CALL_START || slot.type === EventType.CALL_ATTEMPT;
}

function tally(keys: Map<string, Tally>, key: string, slot: EventSlot, isBefore: boolean): void {
  if (key === '') return;
  let found = keys.get(key);
  if (found === undefined) {
    if (keys.size >= MAX_KEYS) return;
    found = { calls: 0, failed: 0, before: 0, statuses: new Map() };
    keys.set(key, found);
  }
  if (isBefore) found.before++;
  else {
    found.calls++;
    if (slot.type === EventType.CALL_ATTEMPT) {
      found.failed++;
      if (slot.status !== 0) found.statuses.set(slot.status, (found.statuses.get(slot.status) ?? 0) + 1);
    }
  }
}

function mostOf(statuses: ReadonlyMap<number, number>): number | null {
  const [most] = [...statuses].toSorted(([a, one], [b, other]) => other - one || a - b);
  return most?.[0] ?? null;
}

function partyOf(uri: string): string {
  return uriUser(uri) || uriHost(uri);
}

interface Called {
  names: string[];
  groups: string[];
}

/** What the two ends of a call are called, each name once; looked up once for each pair of ends. */
class NamesOfEnds {
  readonly #aliases: Aliases;
  readonly #known = new Map<string, Called>();

  constructor(aliases: readonly Alias[]) {
    this.#aliases = new Aliases(aliases);
  }

  of(slot: EventSlot): Called {
    if (this.#aliases.all.length === 0) return NAMELESS;
    const { src0, src1, src2, src3, srcPort, dst0, dst1, dst2, dst3, dstPort } = slot;
    const key = [src0, src1, src2, src3, srcPort, dst0, dst1, dst2, dst3, dstPort].join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = [
      this.#aliases.find([src0, src1, src2, src3], srcPort),
      this.#aliases.find([dst0, dst1, dst2, dst3], dstPort),
    ].filter((alias) => alias !== undefined);
    const called = {
      names: [...new Set(found.map(({ name }) => name))],
      groups: [...new Set(found.map(({ group }) => group))],
    };
    if (this.#known.size < MAX_KEYS) this.#known.set(key, called);
    return called;
  }
}

const NAMELESS: Called = { names: [], groups: [] };

/** What a call is counted under: of agents all that saw it, of names those of both its ends, of the others one thing, or nothing. */
function keysOf(slot: EventSlot, kind: TalkerKind, names: NamesOfEnds): readonly string[] {
  switch (kind) {
    case 'source':
      return [sourceOf(slot).ip];
    case 'destination':
      return [destinationOf(slot).ip];
    case 'caller':
      return [partyOf(textOf(slot.block, TextField.FROM))];
    case 'callee':
      return [partyOf(textOf(slot.block, TextField.TO))];
    case 'failingNumber':
      return slot.type === EventType.CALL_ATTEMPT ? [partyOf(textOf(slot.block, TextField.TO))] : [];
    case 'userAgent':
      return [slot.userAgent];
    case 'domain':
      return [uriHost(textOf(slot.block, TextField.TO))];
    case 'agent':
      return agentsOf(slot);
    case 'alias':
      return names.of(slot).names;
    case 'group':
      return names.of(slot).groups;
    case 'status':
      return slot.status === 0 ? [] : [String(slot.status)];
  }
}
