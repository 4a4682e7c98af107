import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { COUNTERS } from '../../src/model/counters.ts';
import { eventLine, Stage } from './scenario.ts';

/** Laws of the tracker over whatever comes of calls, in whatever order. */

interface Step {
  afterMs: number;
  what: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.constantFrom(0, 1, 30, 100, 700, 4000, 40_000),
  what: fc.constantFrom(
    'A>B INVITE/1 f=f contact=<sip:a@192.0.2.1>',
    'B>C INVITE/1 f=f branch=second',
    'B>A 100/1 f=f',
    'B>A 180/1 f=f t=x',
    'D>A 183/1 f=f t=y',
    'B>A 200/1 f=f t=x',
    'D>A 200/1 f=f t=y',
    'A>B ACK/1 f=f t=x',
    'B>A 407/1 f=f t=p',
    'A>B INVITE/2 f=f',
    'B>A 407/2 f=f t=p',
    'D>A 486/1 f=f t=y',
    'A>B PRACK/2 f=f t=x',
    'A>B INVITE/3 f=f t=x',
    'B>A 491/3 f=f t=x',
    'B>A BYE/1 f=x t=f',
    'A>B 200/1/BYE f=x t=f',
    'A>B BYE/4 f=f t=x',
    'B>A 200/4/BYE f=f t=x',
    'A>B CANCEL/1 f=f',
    'B>A 200/1/CANCEL f=f t=z',
    'B>A 487/1 f=f t=x',
    'C>B INVITE/1 f=other',
    'A>B OPTIONS/1 f=f',
    'B>A 200/1/OPTIONS f=f t=x',
    'B>A 404/1/OPTIONS f=f t=x',
  ),
});
const steps = fc.array(step, { minLength: 1, maxLength: 20 });

/** The messages of one call, `ms` after the start, as lines of a scenario. */
function script(id: string, todo: readonly Step[]): { ms: number; line: string }[] {
  let ms = 0;
  return todo.map(({ afterMs, what }) => {
    ms += afterMs;
    return { ms, line: `${what} id=${id}` };
  });
}

function play(lines: readonly { ms: number; line: string }[]): Stage {
  const stage = new Stage({}, 7, 1000);
  for (const { ms, line } of lines) stage.send(`${ms / 1000} ${line}`);
  // Longer than any state lasts, for what extended its timer at the last message.
  stage.advance(stage.seconds() + 100_000);
  return stage;
}

const eventsOf = (stage: Stage): string[] =>
  stage.newEvents().map((event) => eventLine(event, ['id', 'f', 't', 'from', 'contact', 'src', 'on', 'pdd', 'life']));

test('after all timeouts no call is left and every gauge of what is held is 0', () => {
  const gauges = COUNTERS.filter(({ group, gauge }) => gauge && ['calls', 'regs', 'subs'].includes(group));
  assert.ok(gauges.length > 10, 'each state has a gauge');
  fc.assert(
    fc.property(steps, steps, (one, two) => {
      const stage = play([...script('one', one), ...script('two', two)].toSorted((a, b) => a.ms - b.ms));
      assert.deepEqual(stage.calls(), []);
      assert.equal(stage.tracker.bytes, 0);
      for (const { index, group, name } of gauges) assert.equal(stage.counters.get(index), 0, `${group}.${name}`);
    }),
    { numRuns: 200 },
  );
});

test('whatever other calls do between, each call reports the same', () => {
  fc.assert(
    fc.property(steps, steps, fc.boolean(), (one, two, twoFirst) => {
      const alone = play(script('one', one));
      const both = twoFirst
        ? [...script('two', two), ...script('one', one)]
        : [...script('one', one), ...script('two', two)];
      const together = play(both.toSorted((a, b) => a.ms - b.ms));
      assert.deepEqual(
        eventsOf(together).filter((line) => line.includes('id=one')),
        eventsOf(alone),
      );
    }),
    { numRuns: 200 },
  );
});
