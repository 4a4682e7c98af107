import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { LegJoin, LegJoins } from '../../../src/engine/shards/leg-joins.ts';
import {
  addUp,
  globalId,
  JoinedLegs,
  mergeAgents,
  mergeHealth,
  mergeListeners,
  mergeMessagePages,
  mergeMessages,
  mergeWindows,
  sumByName,
  takeTurns,
} from '../../../src/engine/shards/merge.ts';
import { mergeLinks } from '../../../src/engine/shards/merge-links.ts';
import { Calls, CounterSet, Ingest } from '../../../src/model/counters.ts';
import type { LinkView, MessagePage } from '../../../src/model/engine.ts';
import type { CallMessages, ListenerView } from '../../../src/model/views.ts';
import { agent, message } from '../../http/fakes.ts';

/** Numbers in one order, dealt out to shards. */
const dealt = fc.record({
  numbers: fc.array(fc.nat(1000), { maxLength: 60 }).map((numbers) => numbers.toSorted((a, b) => b - a)),
  shards: fc.infiniteStream(fc.nat(3)),
});

function deal(numbers: readonly number[], shards: Iterable<number>): number[][] {
  const parts: number[][] = [[], [], [], []];
  const each = shards[Symbol.iterator]();
  for (const number of numbers) parts[each.next().value as number]?.push(number); // it never ends
  return parts;
}

test('windows of the shards, taken in turns, are the window of the one list they come from', () => {
  fc.assert(
    fc.property(dealt, fc.nat(70), fc.nat(70), ({ numbers, shards }, offset, limit) => {
      const parts = deal(numbers, shards);
      const { windows, turns } = mergeWindows(parts, { offset, limit }, true);
      const pages = parts.map((part, n) => {
        const { offset: from = 0, limit: count = 0 } = windows[n] ?? {};
        return part.slice(from, from + count);
      });
      assert.deepEqual(takeTurns(pages, turns), numbers.slice(offset, offset + limit));
    }),
  );
});

test('an ascending order of texts is merged too, and what has none comes last', () => {
  const parts = [['b', 'd', undefined], ['a', 'c'], [undefined]];
  assert.deepEqual(mergeWindows(parts, { offset: 1, limit: 4 }, false), {
    windows: [
      { offset: 0, limit: 3 },
      { offset: 1, limit: 1 },
      { offset: 0, limit: 0 },
    ],
    turns: [0, 1, 0, 0],
  });
});

test('each shard keeps its own order, also where its numbers have none', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(50), { maxLength: 20 }), { minLength: 1, maxLength: 4 }), (parts) => {
      const { turns } = mergeWindows(parts, { offset: 0, limit: 1000 }, true);
      const named = parts.map((part, shard) => part.map((_, n) => `${shard}.${n}`));
      const merged = takeTurns(named, turns);
      assert.equal(merged.length, parts.flat().length);
      for (const [shard, names] of named.entries()) {
        assert.deepEqual(
          merged.filter((name) => name.startsWith(`${shard}.`)),
          names,
        );
      }
    }),
  );
});

test('an entry that went between the two questions leaves no gap', () => {
  assert.deepEqual(takeTurns([['a'], ['x', 'y']], [0, 1, 0, 1]), ['a', 'x', 'y']);
});

test('no two entries of all shards have the same id', () => {
  const id = fc.record({ id: fc.nat(1e6), shard: fc.nat(4) });
  fc.assert(
    fc.property(id, id, (a, b) => {
      const same = a.id === b.id && a.shard === b.shard;
      assert.equal(globalId(a.id, a.shard, 5) === globalId(b.id, b.shard, 5), same);
    }),
  );
});

test('counters are added up, gauges of a most are the largest, and a maximum is that of the sum', () => {
  const shards = [new CounterSet(), new CounterSet()];
  const [a, b] = shards;
  const total = new CounterSet();
  a?.add(Ingest.RECEIVED, 3);
  b?.add(Ingest.RECEIVED, 4);
  a?.set(Ingest.OVERLOAD, 1);
  a?.set(Calls.ACTIVE, 10);
  b?.set(Calls.ACTIVE, 5);
  addUp(total, shards);
  a?.set(Calls.ACTIVE, 2);
  addUp(total, shards);
  assert.deepEqual(
    [Ingest.RECEIVED, Ingest.OVERLOAD, Calls.ACTIVE].map((index) => [total.values[index], total.maxima[index]]),
    [
      [7, 0],
      [1, 1],
      [7, 15],
    ],
  );
});

test('counts by name add up, whatever the names are', () => {
  assert.deepEqual(sumByName([{ a: 1, constructor: 2 }, {}, { constructor: 3 }]), { a: 1, constructor: 5 });
});

/** Calls 0 … 9 and what each names, told by one shard or dealt out to four by the call that names. */
const naming = fc.array(fc.record({ by: fc.nat(9), name: fc.nat(9), isGuess: fc.boolean() }), { maxLength: 25 });

test('legs are the same, whichever shards know of them', () => {
  fc.assert(
    fc.property(naming, fc.array(fc.nat(3), { minLength: 10, maxLength: 10 }), (names, owners) => {
      const joins = names
        .filter(
          ({ by, name }, n) => by !== name && names.findIndex((other) => other.by === by && other.name === name) === n,
        )
        .map(({ by, name, isGuess }, n): LegJoin => {
          const reason = `reason ${n}`;
          return { entryId: by, callId: `call ${by}`, name: `call ${name}`, reason, isGuess, bornUs: by };
        });
      const held = [0, 1, 2, 3, 4, 5, 6].map((call) => `call ${call}`);
      const whole = new JoinedLegs([{ joins, held }]);
      const parts = new JoinedLegs(
        [0, 1, 2, 3].map((shard): LegJoins => ({
          joins: joins.filter(({ entryId }) => owners[entryId] === shard),
          held: held.filter((_, call) => owners[call] === shard),
        })),
      );
      for (let call = 0; call < 10; call++) {
        const entry = { id: call, callId: `call ${call}` };
        assert.deepEqual(parts.of(entry), whole.of(entry));
      }
    }),
  );
});

test('legs are those an entry named, those that named it, and those that named the same', () => {
  const join = (entryId: number, name: string, isGuess = false): LegJoin => {
    return { entryId, callId: `c${entryId}`, name, reason: `by c${entryId}`, isGuess, bornUs: entryId };
  };
  const legs = new JoinedLegs([
    { joins: [join(1, 'a'), join(1, 'guessed', true)], held: ['c1'] },
    { joins: [join(2, 'a'), join(3, 'c1'), join(1, 'held', true)], held: ['held'] },
  ]);
  assert.deepEqual(legs.of({ id: 1, callId: 'c1' }), [
    { callId: 'a', reason: 'by c1' },
    { callId: 'held', reason: 'by c1' },
    { callId: 'c3', reason: 'by c3' },
    { callId: 'c2', reason: 'by c2' },
  ]);
});

test('an agent has the outcomes of all shards in its books, and two that heard it are one', () => {
  const id = '1@192.0.2.1:9/udp';
  const outcome = { id, tracked: 5, dropped: 0, refused: { TRACK_NO_TO: 1 }, ignored: {} };
  const first = { id, firstSeenUs: 1, lastSeenUs: 10, packets: 8, tracked: 2, refused: {}, ignored: {}, versions: [3] };
  const second = { ...first, firstSeenUs: 7, lastSeenUs: 9, packets: 1, tracked: 0, dropped: 1, versions: [2] };
  const [merged, ...others] = mergeAgents(
    [[agent({ ...first, lastFault: null })], [agent({ ...second, lastFault: null })]],
    [
      { ...outcome, lastFault: { code: 'TRACK_NO_TO', atUs: 4, hex: '00' } },
      { ...outcome, id: 'gone', lastFault: null },
    ],
  );
  assert.equal(others.length, 0);
  assert.deepEqual(
    [merged?.packets, merged?.tracked, merged?.dropped, merged?.refused, merged?.firstSeenUs, merged?.versions],
    [9, 7, 1, { TRACK_NO_TO: 1 }, 1, [2, 3]],
  );
  assert.equal(merged?.lastFault?.atUs, 4);
});

test('agents come in order of appearance', () => {
  const parts = [
    [agent({ id: 'b', firstSeenUs: 2 }), agent({ id: 'd', firstSeenUs: 4 })],
    [agent({ id: 'c', firstSeenUs: 3 })],
  ];
  assert.deepEqual(
    mergeAgents(parts, []).map(({ id }) => id),
    ['b', 'c', 'd'],
  );
});

test('the engine runs when all its threads run', () => {
  const one = { running: true, ready: true, restarts: 0, heartbeatAgeMs: 5, lastError: '' };
  const other = { running: false, ready: false, restarts: 2, heartbeatAgeMs: 900, lastError: 'crashed' };
  assert.deepEqual(mergeHealth([one, other]), { ...other });
  assert.deepEqual(mergeHealth([one, one]), one);
});

test('sockets on one port are one listener', () => {
  const udp: ListenerView = {
    name: 'hep-udp',
    address: '::',
    port: 9060,
    receiveMethod: 'native',
    receiveBufferBytes: 100,
    kernelDrops: 3,
    connections: null,
  };
  const tcp: ListenerView = {
    ...udp,
    name: 'hep-tcp',
    receiveMethod: null,
    receiveBufferBytes: null,
    kernelDrops: null,
  };
  assert.deepEqual(mergeListeners([[udp, tcp], [udp], [{ ...udp, kernelDrops: null }]]), [
    { ...udp, receiveBufferBytes: 300, kernelDrops: 6 },
    tcp,
  ]);
});

const TYPES = ['INVITE', '180', '200'];
const ends = fc.record({ server: fc.nat(3), client: fc.nat(3) });

test('links of several shards are those of one that counted everything', () => {
  const seen = fc.array(fc.record({ ends, type: fc.constantFrom(...TYPES), shard: fc.nat(2) }), { maxLength: 40 });
  fc.assert(
    fc.property(seen, fc.constantFrom('name' as const, 'busiest' as const), (messages, order) => {
      const query = { offset: 0, limit: 100, hosts: [], excludedHosts: [], types: [], greedy: false, depth: 4, order };
      const linksOf = (some: typeof messages): { items: LinkView[]; names: string[] } => {
        const views = new Map<string, LinkView>();
        for (const { ends: link, type } of some) {
          const key = `${link.server}-${link.client}`;
          const server = `192.0.2.${link.server}`;
          const view = views.get(key) ?? {
            server,
            transport: 'udp',
            serverPort: 5060,
            client: `198.51.100.${link.client}`,
            total: 0,
            counts: [],
          };
          const count = view.counts.find((each) => each.type === type) ?? { type, out: 0, in: 0, unknown: 0 };
          count.in++;
          view.total++;
          if (!view.counts.includes(count)) view.counts.push(count);
          // As a shard answers: requests, then replies by their number.
          view.counts.sort((a, b) => TYPES.indexOf(a.type) - TYPES.indexOf(b.type));
          views.set(key, view);
        }
        return { items: [...views.values()], names: [...views.keys()] };
      };
      const parts = [0, 1, 2].map((shard) => linksOf(messages.filter((each) => each.shard === shard)));
      assert.deepEqual(mergeLinks(parts, query), mergeLinks([linksOf(messages)], query));
      assert.equal(
        mergeLinks(parts, query).total,
        new Set(messages.map(({ ends: e }) => `${e.server}-${e.client}`)).size,
      );
    }),
  );
});

test('messages of all legs come in order of time, and a window is of all together', () => {
  const part = (callId: string, times: number[]): CallMessages => ({
    callId,
    callIds: [callId],
    pastLegs: [],
    entries: [],
    total: times.length,
    offset: 0,
    // Only what the order goes by.
    items: times.map((atUs) => ({ callId, atUs })) as CallMessages['items'],
    gone: 1,
    keeps: true,
    reports: [],
    olderCallId: '',
    newerCallId: '',
  });
  const merged = mergeMessages(['a', 'b'], [part('a', [1, 4, 6]), part('b', [2, 4])], { offset: 1, limit: 3 });
  assert.deepEqual(
    merged.items.map(({ callId, atUs }) => `${callId}${atUs}`),
    ['b2', 'a4', 'b4'],
  );
  assert.deepEqual([merged.total, merged.gone], [5, 2]);
});

test('messages of several shards are one list; what all have looked at begins where the first gave up', () => {
  const shard = (arrivals: readonly number[], rest: Partial<MessagePage>): MessagePage => ({
    total: 100,
    matched: arrivals.length,
    offset: 0,
    limit: 10,
    items: arrivals.map((arrivedUs) => message({ id: arrivedUs, arrivedUs })),
    isComplete: true,
    sinceUs: 5,
    keeps: true,
    ...rest,
  });
  const parts = [shard([90, 70, 20], { sinceUs: 10 }), shard([80, 75], { sinceUs: 7 })];
  const merged = mergeMessagePages(parts, { offset: 1, limit: 3 });
  assert.deepEqual(
    merged.items.map(({ id }) => id),
    [80, 75, 70],
  );
  assert.deepEqual([merged.total, merged.matched, merged.isComplete, merged.sinceUs], [200, 5, true, 7]);
  const late = [...parts, shard([], { isComplete: false, sinceUs: 60 }), shard([], { isComplete: false, sinceUs: 50 })];
  const partial = mergeMessagePages(late, { offset: 0, limit: 3 });
  assert.deepEqual([partial.isComplete, partial.sinceUs], [false, 60]);
  assert.deepEqual(mergeMessagePages([shard([], { sinceUs: null, total: 0 })], { offset: 0, limit: 3 }).sinceUs, null);
});
