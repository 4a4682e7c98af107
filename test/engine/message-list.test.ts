import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { listMessages } from '../../src/engine/message-list.ts';
import type { Slicing } from '../../src/engine/queries.ts';
import { EngineRequestError, MAX_LIST_LIMIT, MAX_SEARCH_MS, type MessagePage } from '../../src/model/engine.ts';
import { parseSearch, SearchFault } from '../../src/model/search/parse.ts';
import type { CallMessageView } from '../../src/model/views.ts';
import { Stage, START_US } from '../tracker/scenario.ts';

const UNHURRIED: Slicing = { nowMs: () => 0, pause: () => Promise.resolve() };

interface Asked {
  offset?: number;
  limit?: number;
  slicing?: Slicing;
}

async function found(
  stage: Stage,
  q = '',
  { offset = 0, limit = 100, slicing = UNHURRIED }: Asked = {},
): Promise<MessagePage> {
  const search = q === '' ? undefined : parseSearch(q, 'messages');
  if (search instanceof SearchFault) throw new Error(`${q}: ${search.message}`);
  const items: CallMessageView[] = [];
  const query = { offset, limit, ...(search === undefined ? {} : { search }) };
  const rest = await listMessages(stage.tracker.messages, query, stage.nowUs, slicing, (part) => items.push(...part));
  return { ...rest, items };
}

/** `INVITE`, `200 INVITE`: what each message is, in the order of the answer. */
const words = ({ items }: MessagePage): string =>
  items.map(({ isRequest, method, status, cseqMethod }) => (isRequest ? method : `${status} ${cseqMethod}`)).join(', ');

function staged(settings: ConstructorParameters<typeof Stage>[0] = {}): Stage {
  const stage = new Stage(settings);
  for (const line of [
    '0.000 A>B INVITE/1 f=a id=talk from=sip:+4930111222@a.example.com to=sip:bob@b.example.com by=x',
    '0.500 A>B INVITE/1 f=a id=talk from=sip:+4930111222@a.example.com to=sip:bob@b.example.com by=x',
    '0.600 B>A 180/1 f=a t=b id=talk from=sip:+4930111222@a.example.com to=sip:bob@b.example.com by=y',
    '1.000 C>D OPTIONS/7 f=o id=ping over=tcp by=x',
    '1.200 D>C 503/7/OPTIONS f=o t=p id=ping over=tcp by=x',
  ]) {
    stage.send(line);
  }
  return stage;
}

test('messages of all calls come in the order of their arrival, the last first, and in windows', async () => {
  const stage = staged();
  const all = await found(stage);
  assert.equal(words(all), '503 OPTIONS, OPTIONS, 180 INVITE, INVITE, INVITE');
  assert.deepEqual([all.total, all.matched, all.isComplete, all.keeps], [5, 5, true, true]);
  assert.equal(all.sinceUs, START_US);
  const part = await found(stage, '', { offset: 1, limit: 2 });
  assert.equal(words(part), 'OPTIONS, 180 INVITE');
  assert.equal(part.matched, 5);
  assert.match(all.items[1]?.raw ?? '', /^OPTIONS sip:b@example\.com SIP\/2\.0\r\n/);
  assert.equal(all.items[1]?.callId, 'ping');
});

suite('a search among messages finds', () => {
  for (const [q, expected] of [
    ['INVITE', '180 INVITE, INVITE, INVITE'],
    ['method:INVITE kind:request', 'INVITE, INVITE'],
    ['status:5xx', '503 OPTIONS'],
    ['kind:reply', '503 OPTIONS, 180 INVITE'],
    ['callid=ping', '503 OPTIONS, OPTIONS'],
    ['030-111222', '180 INVITE, INVITE, INVITE'],
    ['from:*222@a.example.com kind:reply', '180 INVITE'],
    ['src:192.0.2.4', '503 OPTIONS'],
    ['dst:192.0.2.0/30 method:INVITE', '180 INVITE, INVITE, INVITE'],
    ['192.0.2.3', '503 OPTIONS, OPTIONS'],
    ['transport:tcp', '503 OPTIONS, OPTIONS'],
    ['port:5060 status:180', '180 INVITE'],
    ['agent:y', '180 INVITE'],
    ['repeat:retransmission', 'INVITE'],
    ['at<=2023-11-14T22:13:20.500Z', 'INVITE, INVITE'],
    ['cseq>6', '503 OPTIONS, OPTIONS'],
    ['size>100000', ''],
    ['header.Call-ID:ping', '503 OPTIONS, OPTIONS'],
    ['header.i:ping kind:request', 'OPTIONS'],
    ['header.call-id=ping', '503 OPTIONS, OPTIONS'],
    ['header.X-Foo:*', ''],
    ['!header.X-Foo:* kind:reply', '503 OPTIONS, 180 INVITE'],
    ['header.CSeq:/^7\\s+OPT/', '503 OPTIONS, OPTIONS'],
    ['header:"cseq: 7"', '503 OPTIONS, OPTIONS'],
    ['payload:"SIP/2.0 180"', '180 INVITE'],
    ['payload:/^OPTIONS [^ ]+ SIP/', 'OPTIONS'],
    ['payload:/tag=b$/', ''],
    ['any:bob', '180 INVITE, INVITE, INVITE'],
  ] as const) {
    test(`${q}: ${expected === '' ? 'nothing' : expected}`, async () => {
      const answer = await found(staged(), q);
      assert.equal(words(answer), expected);
      assert.equal(answer.matched, answer.items.length);
      assert.equal(answer.total, 5);
    });
  }
});

test('of a call that had more messages than are shown of one, its last are found', async () => {
  const stage = staged({ messages: { perCall: 2, memBytes: 1 << 20 } });
  assert.equal(words(await found(stage, 'callid=talk')), '180 INVITE, INVITE');
});

test('where messages are not kept, the answer says so', async () => {
  const answer = await found(staged({ messages: { perCall: 0, memBytes: 1 << 20 } }));
  assert.deepEqual([answer.keeps, answer.total, answer.sinceUs, answer.isComplete], [false, 0, null, true]);
});

test('a search whose time is up answers with what it found and says how far back it looked', async () => {
  const stage = new Stage();
  for (let n = 0; n < 20; n++) stage.send(`${n} A>B OPTIONS/${n + 1} f=a id=c${n}`);
  let clockMs = 0;
  let looks = 0;
  // Ten looks at the clock, then all of the time has gone.
  const hurried: Slicing = {
    nowMs: () => (++looks > 10 ? (clockMs += MAX_SEARCH_MS + 1) : 0),
    pause: () => Promise.resolve(),
  };
  const answer = await found(stage, 'method:OPTIONS', { slicing: hurried });
  assert.equal(answer.isComplete, false);
  assert.ok(answer.total > 0 && answer.total < 20, String(answer.total));
  assert.equal(answer.matched, answer.total);
  assert.equal(answer.sinceUs, START_US + (20 - answer.total) * 1e6);
});

test('what the ring gave to newer messages while a search paused is left out, and the search ends', async () => {
  const stage = new Stage();
  for (let n = 0; n < 500; n++) stage.send(`0.${String(n).padStart(3, '0')} A>B OPTIONS/1 f=a id=old-${n}`);
  let clockMs = 0;
  let sent = 0;
  const slicing: Slicing = {
    nowMs: () => (clockMs += 4),
    pause: async () => {
      if (clockMs > 1000) clockMs = 0;
      for (let n = 0; n < 100 && sent < 20_000; n++) stage.send(`1 A>B OPTIONS/1 f=a id=new-${sent++}`);
    },
  };
  const answer = await found(stage, 'callid:old', { slicing, limit: 1000 });
  assert.ok(answer.matched < 500);
  for (const { callId, raw } of answer.items) assert.ok(raw.includes(`Call-ID: ${callId}\r\n`), callId);
});

test('more than a list holds is refused', async () => {
  await assert.rejects(found(staged(), '', { offset: MAX_LIST_LIMIT - 50, limit: 100 }), EngineRequestError);
  await assert.rejects(found(staged(), 'payload:/(/'), EngineRequestError);
});

test('whatever is asked, the answer is a part of all, in the same order', async () => {
  const stage = staged();
  const all = (await found(stage)).items.map(({ id }) => id);
  const text = fc.constantFrom(
    'INVITE',
    '1',
    '192.0.2.1',
    'header.Via:udp',
    'payload:tag',
    '/x/',
    'status:1xx',
    'at:-5m',
    'size<500',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(' ', ' OR ', ' !'),
      async (parts, joint) => {
        const some = (await found(stage, parts.join(joint))).items.map(({ id }) => id);
        assert.deepEqual(
          some,
          all.filter((id) => some.includes(id)),
        );
      },
    ),
  );
});
