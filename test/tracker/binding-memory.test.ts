import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Stage } from './scenario.ts';

const BINDINGS = 20_000;

test('bytes of the binding table are what its bindings take on the heap', () => {
  const collect = garbageCollector();
  const stage = new Stage();
  // What the machinery itself takes is there before the first look.
  register(stage, 0, 2000);
  const { table } = stage.tracker.registrations;
  collect();
  const heapBefore = process.memoryUsage().heapUsed;
  const bytesBefore = table.bytes;
  register(stage, 2000, BINDINGS);
  collect();
  const heap = process.memoryUsage().heapUsed - heapBefore;
  const counted = table.bytes - bytesBefore;
  assert.equal(table.entries.size, BINDINGS);
  assert.ok(counted > heap * 0.9 && counted < heap * 1.15, `counted ${counted}, held ${heap}`);
});

/** Registers users and lets the entries of their REGISTERs end. */
function register(stage: Stage, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    const time = n / 1000;
    const who = `f=tag-${n} id=call-${n}@phone.example.com to=sip:user-${n}@example.com`;
    stage.send(`${time} A>B REGISTER/1 ${who} contact=<sip:user-${n}@192.0.2.1:5060> expires=600`);
    stage.send(`${time} B>A 200/1/REGISTER ${who} t=r-${n} contact=<sip:user-${n}@192.0.2.1:5060>;expires=600`);
  }
  stage.advance(to / 1000 + 6);
  assert.equal(stage.calls().length, 0);
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose_gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this Node has no gc()');
  return () => void collect();
}
