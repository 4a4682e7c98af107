import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forceTimeouts } from '../../src/engine/force-timeout.ts';
import { Stage } from '../tracker/scenario.ts';

const CALLS = 500;

function stageWithCalls(): Stage {
  const stage = new Stage();
  for (let n = 0; n < CALLS; n++) stage.send(`0.000 A>B INVITE/1 f=a id=c${n}`);
  return stage;
}

test('forceTimeouts() shortens every call in slices, and the clock then ends them all', async () => {
  const stage = stageWithCalls();
  let pauses = 0;
  let nowMs = 0;
  const done = await forceTimeouts(stage.tracker, stage.nowUs, 200_000, {
    nowMs: () => (nowMs += 10),
    pause: async () => {
      pauses++;
    },
  });
  assert.deepEqual(done, { forced: CALLS, walked: CALLS, loops: pauses + 1 });
  assert.ok(pauses >= 7, 'a clock look every 64 calls');
  stage.advance(0.1);
  assert.equal(stage.tracker.table.size, CALLS);
  stage.advance(0.3);
  assert.equal(stage.tracker.table.size, 0);
  assert.equal(
    stage.newEvents().filter((event) => event.type === 'call-attempt' && event.status === 408).length,
    CALLS,
  );
});

test('forceTimeouts() prolongs nothing, and survives calls that end meanwhile', async () => {
  const stage = stageWithCalls();
  let nowMs = 0;
  const done = await forceTimeouts(stage.tracker, stage.nowUs, 300e6, {
    nowMs: () => (nowMs += 10),
    pause: async () => stage.advance(121),
  });
  assert.equal(done.forced, 0);
  assert.equal(stage.tracker.table.size, 0, 'their own 120 s are over');
});
