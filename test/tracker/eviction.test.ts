import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CALL_STATES } from '../../src/model/call-state.ts';
import { Calls, CALLS_IN_STATE, Subs } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { eventLine, Stage } from './scenario.ts';

const invite = (id: string, time = 0): string => `${time} A>B INVITE/1 f=${id} id=${id}`;
const events = (stage: Stage): string[] => stage.newEvents().map((event) => eventLine(event, []));
const ids = (stage: Stage): string[] => stage.calls().map((call) => call.callId);

test('at calls_max_entries a new call is refused and counted, those held go on', () => {
  const stage = new Stage({ maxCalls: 2 });
  assert.equal(stage.send(invite('a')), Fault.NONE);
  assert.equal(stage.send(invite('b')), Fault.NONE);
  assert.equal(stage.send(invite('c')), Fault.TRACK_CALL_LIMIT);
  assert.equal(stage.send('1 B>A 200/1 f=a t=x id=a'), Fault.NONE);
  assert.deepEqual(ids(stage), ['a', 'b']);
  assert.equal(stage.counters.get(Calls.FAIL_LIM), 1);
  assert.deepEqual(events(stage), ['call-start 200 @1.000']);
});

test('at calls_max_mem a new call is refused and counted, and let in again when room is made', () => {
  // Room for two, not for three: a call takes some 500 octets and its text.
  const stage = new Stage({ maxCallBytes: 1500 });
  assert.equal(stage.send(invite('a')), Fault.NONE);
  assert.equal(stage.send(invite('b')), Fault.NONE);
  assert.equal(stage.send(invite('c')), Fault.TRACK_MEMORY_LIMIT);
  assert.equal(stage.counters.get(Calls.FAIL_NEW), 1);
  assert.ok(stage.tracker.bytes <= 1500);
  assert.equal(stage.counters.get(Calls.MEMORY), stage.tracker.bytes);
  stage.advance(121);
  assert.equal(stage.send(invite('d', 121)), Fault.NONE);
});

test('finished calls are evicted first, the one finished for longest before others, and report what they would have', () => {
  const stage = new Stage({ maxCalls: 3, evict: 'oldest' });
  stage.send(invite('ringing'));
  stage.send(invite('busy'));
  stage.send(invite('refused'));
  stage.send('1 B>A 603/1 f=refused t=x id=refused');
  stage.send('2 B>A 486/1 f=busy t=x id=busy');
  stage.send(invite('new', 3));
  assert.deepEqual(ids(stage), ['ringing', 'busy', 'new']);
  stage.send(invite('newer', 4));
  assert.deepEqual(ids(stage), ['ringing', 'new', 'newer']);
  // At once, not at the end of the 30 s that a refused INVITE is held for.
  assert.deepEqual(events(stage), ['call-attempt 603 @3.000', 'call-attempt 486 @4.000']);
  assert.equal(stage.counters.get(Calls.EVICTED_FINISHED), 2);
  assert.equal(stage.counters.get(Calls.EVICTED), 0);
  assert.equal(stage.counters.get(Calls.FAIL_LIM), 0);
});

test('without finished calls the oldest is evicted, and nothing is reported of it', () => {
  const stage = new Stage({ maxCalls: 2, evict: 'oldest' });
  stage.send(invite('old'));
  stage.send(invite('younger', 1));
  stage.send('2 B>A 200/1 f=old t=x id=old');
  stage.newEvents();
  stage.send(invite('new', 3));
  assert.deepEqual(ids(stage), ['younger', 'new']);
  assert.deepEqual(stage.newEvents(), []);
  assert.equal(stage.counters.get(Calls.EVICTED), 1);
});

test('a call that is answered after all is no longer among the finished', () => {
  const stage = new Stage({ maxCalls: 2, evict: 'oldest' });
  stage.send(invite('first'));
  stage.send(invite('again', 1));
  stage.send('2 B>A 407/1 f=again t=x id=again');
  stage.send('3 A>B INVITE/2 f=again id=again');
  stage.send(invite('new', 4));
  assert.deepEqual(ids(stage), ['again', 'new']);
});

test('a subscription that is held is not finished, although its entry waits for nothing', () => {
  const stage = new Stage({ maxCalls: 2, evict: 'oldest' });
  stage.send('0 A>B SUBSCRIBE/1 f=s id=s expires=600');
  stage.send('0 B>A 200/1/SUBSCRIBE f=s t=x id=s expires=600');
  stage.send('1 A>B OPTIONS/1 f=o id=o');
  stage.send('1 B>A 200/1/OPTIONS f=o t=x id=o');
  stage.newEvents();
  stage.send(invite('new', 2));
  assert.deepEqual(ids(stage), ['s', 'new']);
  stage.send(invite('newer', 3));
  assert.deepEqual(ids(stage), ['new', 'newer']);
  assert.equal(stage.counters.get(Subs.ACTIVE), 0);
  assert.deepEqual(events(stage), ['other-ok 200 @2.000']);
});

test('a call does not make room for its own fork', () => {
  const stage = new Stage({ maxCalls: 1, evict: 'oldest' });
  stage.send(invite('a'));
  stage.send('1 B>A 180/1 f=a t=x id=a');
  assert.equal(stage.send('2 B>A 180/1 f=a t=y id=a'), Fault.TRACK_CALL_LIMIT);
  assert.deepEqual(ids(stage), ['a']);
  const other = new Stage({ maxCalls: 2, evict: 'oldest' });
  other.send(invite('b'));
  other.send(invite('a'));
  other.send('1 B>A 180/1 f=a t=x id=a');
  assert.equal(other.send('2 B>A 180/1 f=a t=y id=a'), Fault.NONE);
  assert.deepEqual(ids(other), ['a', 'a']);
});

test('calls are evicted for memory too, and a limit below one call refuses all', () => {
  const stage = new Stage({ maxCallBytes: 20_000, evict: 'oldest' });
  for (let n = 0; n < 100; n++) assert.equal(stage.send(invite(`call-${n}`, n / 1000)), Fault.NONE);
  assert.ok(stage.tracker.bytes <= 21_000, String(stage.tracker.bytes));
  assert.equal(stage.counters.get(Calls.EVICTED), 100 - stage.tracker.table.size);
  assert.equal(ids(stage).at(-1), 'call-99');
  const tiny = new Stage({ maxCallBytes: 100, evict: 'oldest' });
  assert.equal(tiny.send(invite('a')), Fault.TRACK_MEMORY_LIMIT);
});

test('whatever is evicted: limits hold, gauges are true, and everything is gone in the end', () => {
  const step = fc.record({
    id: fc.integer({ min: 0, max: 12 }),
    what: fc.constantFrom(
      'A>B INVITE/1',
      'B>A 180/1 t=x',
      'B>A 183/1 t=y',
      'B>A 200/1 t=x',
      'B>A 486/1 t=x',
      'A>B BYE/2 t=x',
      'B>A 200/2/BYE t=x',
      'A>B CANCEL/1',
      'A>B OPTIONS/1',
      'B>A 200/1/OPTIONS t=x',
      'A>B SUBSCRIBE/1 expires=60',
      'B>A 200/1/SUBSCRIBE t=x expires=60',
      'B>A 481/1/SUBSCRIBE t=x',
    ),
    gap: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (steps, maxCalls) => {
      const stage = new Stage({ maxCalls, evict: 'oldest' });
      let time = 0;
      for (const { id, what, gap } of steps) {
        time += gap;
        const [link = '', message = '', ...keys] = what.split(' ');
        stage.send(`${time} ${link} ${message} f=f id=${id} ${keys.join(' ')}`.trim());
        checkGauges(stage, maxCalls);
      }
      stage.advance(time + 100_000);
      checkGauges(stage, maxCalls);
      assert.equal(stage.tracker.table.size, 0);
      assert.equal(stage.tracker.bytes, 0);
    }),
    { numRuns: 200 },
  );
});

function checkGauges({ tracker, counters }: Stage, maxCalls: number): void {
  const states = new Map<number, number>();
  let bytes = 0;
  let size = 0;
  for (let call = tracker.table.newest; call !== undefined; call = call.older) {
    states.set(call.state, (states.get(call.state) ?? 0) + 1);
    bytes += call.bytes;
    size++;
  }
  assert.ok(size <= maxCalls);
  assert.equal(counters.get(Calls.ACTIVE), size);
  assert.equal(tracker.table.size, size);
  assert.equal(tracker.bytes, bytes);
  for (const { state } of CALL_STATES.slice(1)) {
    assert.equal(counters.get(CALLS_IN_STATE[state] ?? 0), states.get(state) ?? 0, `gauge of state ${state}`);
  }
}
