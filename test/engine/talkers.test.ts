import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topTalkers } from '../../src/engine/talkers.ts';
import { parseAlias } from '../../src/model/alias.ts';
import { EngineRequestError } from '../../src/model/engine.ts';
import { Stage, START_US } from '../tracker/scenario.ts';

const SLICING = { nowMs: () => 0, pause: () => Promise.resolve() };
const at = (seconds: number): number => START_US + seconds * 1e6;

function call(stage: Stage, n: number, second: number, host: string, status: number): void {
  const from = `from=sip:user-${host}@example.com`;
  stage.send(`${second} ${host}>D INVITE/1 f=f${n} id=c${n} ${from}`);
  stage.send(`${second}.5 D>${host} ${status}/1 f=f${n} t=t id=c${n} ${from}`);
}

test('calls are counted by who they were from and to, the busiest first, with those of the time before', async () => {
  const stage = new Stage();
  call(stage, 1, 10, 'A', 200);
  call(stage, 2, 70, 'A', 200);
  call(stage, 3, 75, 'B', 200);
  call(stage, 4, 80, 'B', 486);
  stage.advance(119);
  // The one that failed reports 30 s after its reply.
  const { kinds, heldSinceUs } = await topTalkers(
    stage.events,
    { sinceUs: at(60), untilUs: at(120), limit: 5, aliases: [] },
    SLICING,
  );
  assert.equal(heldSinceUs, 0);
  assert.deepEqual(kinds.source, [
    { key: '192.0.2.2', calls: 2, failed: 1, failedMostly: 486, before: 0 },
    { key: '192.0.2.1', calls: 1, failed: 0, failedMostly: null, before: 1 },
  ]);
  assert.deepEqual(kinds.destination, [{ key: '192.0.2.4', calls: 3, failed: 1, failedMostly: 486, before: 1 }]);
  assert.deepEqual(
    kinds.caller.map(({ key, calls }) => [key, calls]),
    [
      ['user-B', 2],
      ['user-A', 1],
    ],
  );
  assert.deepEqual(kinds.callee, [{ key: 'b', calls: 3, failed: 1, failedMostly: 486, before: 1 }]);
  assert.deepEqual(kinds.failingNumber, [{ key: 'b', calls: 1, failed: 1, failedMostly: 486, before: 0 }]);
  assert.deepEqual(
    kinds.status.map(({ key, calls }) => [key, calls]),
    [
      ['200', 2],
      ['486', 1],
    ],
  );
  assert.deepEqual(kinds.userAgent, []);
  assert.deepEqual(kinds.domain, [{ key: 'example.com', calls: 3, failed: 1, failedMostly: 486, before: 1 }]);
});

test('a call that several agents saw counts for each of them', async () => {
  const stage = new Stage();
  stage.send('10 A>D INVITE/1 f=f1 id=c1 by=x,y');
  stage.send('10.5 D>A 200/1 f=f1 t=t id=c1 by=x');
  stage.send('11 A>D INVITE/1 f=f2 id=c2 by=y');
  stage.send('11.5 D>A 200/1 f=f2 t=t id=c2 by=y');
  const { kinds } = await topTalkers(stage.events, { sinceUs: at(0), untilUs: at(60), limit: 5, aliases: [] }, SLICING);
  assert.deepEqual(
    kinds.agent.map(({ key, calls }) => [key, calls]),
    [
      ['y', 2],
      ['x', 1],
    ],
  );
});

test('of calls that failed the commonest status is told, the lowest of equally common ones', async () => {
  const stage = new Stage();
  for (const [n, status] of [503, 404, 404, 503, 486, 200].entries()) call(stage, n, 10 + n, 'A', status);
  stage.advance(119);
  const { kinds } = await topTalkers(
    stage.events,
    { sinceUs: at(0), untilUs: at(120), limit: 5, aliases: [] },
    SLICING,
  );
  assert.deepEqual(kinds.failingNumber, [{ key: 'b', calls: 5, failed: 5, failedMostly: 404, before: 0 }]);
});

test('only as many are given as were asked for, and nothing from outside the time', async () => {
  const stage = new Stage();
  for (const [n, host] of ['A', 'B', 'C'].entries()) call(stage, n, 10 + n, host, 200);
  const two = await topTalkers(stage.events, { sinceUs: at(0), untilUs: at(60), limit: 2, aliases: [] }, SLICING);
  assert.equal(two.kinds.source.length, 2);
  const none = await topTalkers(stage.events, { sinceUs: at(13), untilUs: at(60), limit: 2, aliases: [] }, SLICING);
  assert.deepEqual(none.kinds.source, []);
  await assert.rejects(
    topTalkers(stage.events, { sinceUs: 0, untilUs: 1, limit: 0, aliases: [] }, SLICING),
    EngineRequestError,
  );
});

test('what came before is unknown when its events are no longer held', async () => {
  const stage = new Stage();
  for (let n = 0; n < 1100; n++) call(stage, n, 10 + n, 'A', 200);
  const query = { sinceUs: at(1000), untilUs: at(2000), limit: 1, aliases: [] };
  const { kinds, heldSinceUs } = await topTalkers(stage.events, query, SLICING);
  assert.ok(heldSinceUs > at(0));
  assert.deepEqual(kinds.source, [{ key: '192.0.2.1', calls: 110, failed: 0, failedMostly: null, before: null }]);
});

test('calls are counted by the names of both their ends, each name once', async () => {
  const aliases = ['192.0.2.1=Alpha;ours', '192.0.2.4=Delta;ours', '192.0.2.0/24=Net'].map(
    (line) => parseAlias(line) ?? assert.fail(line),
  );
  const stage = new Stage();
  call(stage, 1, 10, 'A', 200);
  call(stage, 2, 11, 'B', 200);
  const query = { sinceUs: at(0), untilUs: at(60), limit: 5, aliases };
  const { kinds } = await topTalkers(stage.events, query, SLICING);
  const counted = (kind: 'alias' | 'group') => kinds[kind].map(({ key, calls }) => [key, calls]);
  assert.deepEqual(counted('alias'), [
    ['Delta', 2],
    ['Alpha', 1],
    ['Net', 1],
  ]);
  // Both ends of the first are ours: one call. A name without a group counts under none.
  assert.deepEqual(counted('group'), [['ours', 2]]);
});
