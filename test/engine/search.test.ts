import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { listCalls, listEvents } from '../../src/engine/queries.ts';
import { Aliases, parseAlias } from '../../src/model/alias.ts';
import { EngineRequestError, type EventQuery } from '../../src/model/engine.ts';
import type { Search } from '../../src/model/search/ast.ts';
import { parseSearch, SearchFault } from '../../src/model/search/parse.ts';
import { UTC } from '../../src/model/zone.ts';
import type { CallView, EventView } from '../../src/model/views.ts';
import { Stage, START_US } from '../tracker/scenario.ts';

const SLICING = { nowMs: () => 0, pause: () => Promise.resolve() };

/** B and C are one network, in which C has a name of its own. */
const ALIASES = new Aliases(
  ['192.0.2.2/31=switches;our side', '192.0.2.3=c;our side', '192.0.2.1:5060=a'].flatMap(
    (text) => parseAlias(text) ?? [],
  ),
);

function parsed(q: string, subject: 'calls' | 'events'): Search {
  const search = parseSearch(q, subject, UTC, ALIASES);
  if (search instanceof SearchFault) throw new Error(`${q}: ${search.message}`);
  return search;
}

async function calls(stage: Stage, q: string): Promise<CallView[]> {
  const found: CallView[] = [];
  const query = { offset: 0, limit: 1000, search: parsed(q, 'calls') };
  const answer = await listCalls(
    stage.tracker,
    query,
    () => stage.nowUs,
    SLICING,
    (items) => found.push(...items),
  );
  assert.equal(answer.matched, found.length);
  return found;
}

async function events(stage: Stage, query: Partial<EventQuery>): Promise<EventView[]> {
  const found: EventView[] = [];
  const all = { offset: 0, limit: 1000, ...query };
  await listEvents(stage.events, 1, all, stage.nowUs, SLICING, (items) => found.push(...items));
  return found;
}

/** START_US is 2023-11-14T22:13:20Z. Hosts A, B, C are 192.0.2.1, .2, .3. */
function staged(): Stage {
  const stage = new Stage();
  for (const line of [
    // Answered after 2 s, ended by the caller 5 s later; INVITE sent twice.
    '0.000 A>B INVITE/1 f=a id=talk from=sip:+4930111222@a.example.com to=sip:bob@b.example.com',
    '0.500 A>B INVITE/1 f=a id=talk from=sip:+4930111222@a.example.com to=sip:bob@b.example.com',
    '1.000 B>A 180/1 f=a t=b id=talk',
    '2.000 B>A 200/1 f=a t=b id=talk',
    '2.100 A>B ACK/1 f=a t=b id=talk',
    '7.000 A>B BYE/2 f=a t=b id=talk',
    '7.100 B>A 200/2/BYE f=a t=b id=talk',
    // Busy, over another hop and agent.
    '8.000 A>B INVITE/1 f=c id=busy from=sip:carol@a.example.com to=sip:030333444@b.example.com by=x,y',
    '8.100 B>C INVITE/1 f=c id=busy from=sip:carol@a.example.com to=sip:030333444@b.example.com branch=h',
    '8.500 B>A 486/1 f=c t=d id=busy',
    // Ringing, TLS.
    '9.000 C>B INVITE/1 f=e id=ringing over=tls from=sip:dave@a.example.com to=sip:erin@b.example.com',
    '9.250 B>C 180/1 f=e t=g id=ringing over=tls',
    '9.500 D>B OPTIONS/1 f=o id=probe',
  ]) {
    stage.send(line);
  }
  stage.advance(10);
  return stage;
}

suite('events in order', () => {
  const inOrder = async (query: Partial<EventQuery>): Promise<string> => {
    const stage = staged();
    stage.advance(60);
    const search = parsed('callid=talk OR callid=busy', 'events');
    return (await events(stage, { search, ...query })).map(({ callId, type }) => `${callId} ${type}`).join(', ');
  };
  const [start, end, busy] = ['talk call-start', 'talk call-end', 'busy call-attempt'];
  // Set up in a second and in half of one; what is refused does not ring, and what has no value comes last both ways.
  for (const [by, ascending, descending] of [
    ['pdd', [busy, end, start], [end, start, busy]],
    ['status', [end, start, busy], [busy, end, start]],
    ['from', [end, start, busy], [busy, end, start]],
    ['at', [start, end, busy], [busy, end, start]],
    ['type', [busy, end, start], [start, end, busy]],
    ['ring', [end, start, busy], [end, start, busy]],
  ] as const) {
    test(`by ${by}, the newest of equals first`, async () => {
      assert.equal(await inOrder({ sort: { by, descending: false } }), ascending.join(', '));
      assert.equal(await inOrder({ sort: { by, descending: true } }), descending.join(', '));
    });
  }

  test('from a place in the order on', async () => {
    const sort = { by: 'pdd', descending: false } as const;
    assert.equal(await inOrder({ sort, offset: 1, limit: 1 }), end);
    assert.equal(await inOrder({ sort, offset: 3 }), '');
  });
});

suite('calls found by', () => {
  for (const [q, ids] of [
    ['callid:TALK', 'talk'],
    ['callid=tal', ''],
    ['callid:t*k', 'talk'],
    ['from:carol', 'busy'],
    ['from=carol', 'busy'],
    ['from=carol@a.example.com', 'busy'],
    ['from=car', ''],
    ['from:*1222', 'talk'],
    ['to:/^sip:[be]/', 'probe ringing talk'],
    ['domain=b.example.com to:*', 'busy ringing talk'],
    ['+4930111222', 'talk'],
    ['0049-30-111222', 'talk'],
    ['030111222', 'talk'],
    ['+4930333444', 'busy'],
    ['333444', 'busy'],
    ['number:+49*', 'talk'],
    ['src:192.0.2.1', 'busy talk'],
    ['src:192.0.2.0/30', 'busy ringing talk'],
    ['ip:192.0.2.3', 'busy ringing'],
    ['dst:192.0.2.3', ''],
    ['ip:192.0.2.4:5060', 'probe'],
    ['ip:192.0.2.4:5061', ''],
    ['src:192.0.2.*', 'busy probe ringing talk'],
    ['alias:switches', 'busy probe ringing talk'],
    ['src:switches', ''],
    ['ip:c', 'busy ringing'],
    ['src:C', 'ringing'],
    ['src:!a', 'probe ringing'],
    ['src:a dst:"our side"', 'busy talk'],
    ['port:5060', 'busy probe ringing talk'],
    ['transport:tls', 'ringing'],
    ['method:INVITE', 'busy ringing talk'],
    ['method!=INVITE', 'probe'],
    ['status:4xx', 'busy'],
    ['status>=200', 'busy talk'],
    ['status:180..199', 'ringing'],
    ['status:486,200', 'busy talk'],
    ['state:inv_neg', 'busy'],
    ['state:"early dialog"', 'ringing'],
    ['type:call-start', 'talk'],
    ['ended:caller', 'talk'],
    ['ended:callee', ''],
    ['duration:5s', 'talk'],
    ['duration>5s', ''],
    ['duration:4s..6s', 'talk'],
    ['pdd:1s', 'talk'],
    ['pdd<600ms', 'busy ringing'],
    ['ring:1s', 'talk'],
    ['retrans>0', 'talk'],
    ['retrans:0', 'busy probe ringing'],
    ['msgs:1', 'probe'],
    ['hops:2', 'busy'],
    ['agent:y', 'busy'],
    ['legs>0', ''],
    ['mos<5', ''],
    ['start:-2s', 'busy probe ringing'],
    ['start:-1500ms', 'probe ringing'],
    ['start<-1500ms', 'busy talk'],
    ['start:22:13:28', 'busy'],
    ['start:2023-11-14', 'busy probe ringing talk'],
    ['start:2023-11-15', ''],
    ['start:22:13:21~2s', 'talk'],
    ['at:22:13:29..', 'probe ringing'],
    ['example.com -foo', ''],
    ['carol OR dave', 'busy ringing'],
    ['a.example.com !(carol OR dave)', 'talk'],
    ['from:carol AND to:030* OR state:"early dialog"', 'busy ringing'],
    ['from:carol AND (to:nobody OR state:"early dialog")', ''],
    ['any:"Reason 486"', 'busy'],
  ] as const) {
    test(q, async () => {
      const found = await calls(staged(), q);
      assert.equal(
        found
          .map((call) => call.callId)
          .toSorted()
          .join(' '),
        ids,
      );
    });
  }
});

suite('events found by', () => {
  for (const [q, lines] of [
    ['type:call-start', 'call-start talk'],
    ['type:call-*', 'call-start talk,call-end talk,call-attempt busy'],
    ['ended:caller', 'call-end talk'],
    ['status:4xx src:192.0.2.1', 'call-attempt busy'],
    ['duration:5s', 'call-end talk'],
    ['at:22:13:27', 'call-end talk'],
    ['index:1..', 'call-end talk,call-attempt busy'],
    ['retrans>0', 'call-start talk,call-end talk'],
    ['from:*1222 !type:call-end', 'call-start talk'],
    ['agent:y', 'call-attempt busy'],
    ['agent:x', 'call-start talk,call-end talk,call-attempt busy'],
  ] as const) {
    test(q, async () => {
      const stage = staged();
      stage.advance(60);
      const found = (await events(stage, { search: parsed(q, 'events') })).filter((event) =>
        event.type.startsWith('call'),
      );
      assert.equal(found.map((event) => `${event.type} ${event.callId}`).join(','), lines);
    });
  }

  test('order, newest first, from the one before an index back', async () => {
    const stage = staged();
    stage.advance(300);
    const all = (await events(stage, {})).map((event) => event.index);
    assert.ok(all.length >= 3);
    const from = async (offset: number, limit = 1000): Promise<number[]> =>
      (await events(stage, { order: 'newest', offset, limit })).map((event) => event.index);
    assert.deepEqual(await from(Number.MAX_SAFE_INTEGER), all.toReversed());
    assert.deepEqual(await from(2), [1, 0]);
    assert.deepEqual(await from(3, 2), [2, 1]);
    assert.deepEqual(await from(0), []);
  });
});

test('a malformed expression is refused with its place in the search', async () => {
  await assert.rejects(
    calls(staged(), 'callid:x ua:/(/'),
    (error) =>
      error instanceof EngineRequestError && error.message.startsWith('q: at character 13: bad regular expression'),
  );
});

// The oracle looks at the views only, one condition at a time, the plain way.
const AND_MORE: readonly (readonly [string, (call: CallView) => boolean])[] = [
  ['method:INVITE', (call) => call.method === 'INVITE'],
  ['status:2xx', (call) => String(call.statuses[0]).startsWith('2')],
  ['status>=300', (call) => call.statuses[0] >= 300],
  ['pdd<=1s', (call) => call.pddMs !== null && call.pddMs <= 1000],
  ['duration:1s..5s', (call) => call.durationMs !== null && call.durationMs >= 1000 && call.durationMs <= 5000],
  ['msgs:1..3', (call) => [1, 2, 3].includes(call.requests[0] + call.requests[1] + call.replies[0] + call.replies[1])],
  ['src:192.0.2.1', (call) => call.src.ip === '192.0.2.1'],
  ['ip:192.0.2.2/31', (call) => call.hops.some((hop) => /\.[23]$/.test(hop.src.ip) || /\.[23]$/.test(hop.dst.ip))],
  ['from:*a*', (call) => /a/i.test(call.from)],
  ['callid:1', (call) => call.callId.includes('1')],
  ['state:inv_neg,inv_established', (call) => ['inv_neg', 'inv_established'].includes(call.state)],
  ['start<22:13:22', (call) => call.createdUs < START_US + 2_000_000],
];

const { expression } = fc.letrec<{ expression: { text: string; meets: (call: CallView) => boolean } }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...AND_MORE).map(([text, meets]) => ({ text, meets })),
    tie('expression').map(({ text, meets }) => ({ text: `!(${text})`, meets: (call: CallView) => !meets(call) })),
    fc.tuple(tie('expression'), tie('expression')).map(([one, other]) => ({
      text: `(${one.text}) (${other.text})`,
      meets: (call: CallView) => one.meets(call) && other.meets(call),
    })),
    fc.tuple(tie('expression'), tie('expression')).map(([one, other]) => ({
      text: `(${one.text}) OR ${other.text}`,
      meets: (call: CallView) => one.meets(call) || other.meets(call),
    })),
  ),
}));

const traffic = fc.array(
  fc.record({
    method: fc.constantFrom('INVITE', 'OPTIONS'),
    status: fc.constantFrom(0, 180, 200, 404, 503),
    host: fc.constantFrom('A', 'B', 'C'),
  }),
  { maxLength: 12 },
);

test('a search finds what looking at every call finds', async () => {
  await fc.assert(
    fc.asyncProperty(traffic, expression, async (messages, { text, meets }) => {
      fc.pre(!(parseSearch(text, 'calls') instanceof SearchFault));
      const stage = new Stage();
      for (const [n, { method, status, host }] of messages.entries()) {
        stage.send(`${n}.0 ${host}>D ${method}/1 f=f${n} id=call-${n} from=sip:${host}@example.com`);
        if (status > 0) stage.send(`${n}.5 D>${host} ${status}/1/${method} f=f${n} t=t id=call-${n}`);
      }
      const expected = stage.calls().filter(meets);
      const found = await calls(stage, text);
      assert.deepEqual(new Set(found.map((call) => call.id)), new Set(expected.map((call) => call.id)), text);
    }),
    { numRuns: 300 },
  );
});
