import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Timed, TimerWheel } from '../../src/tracker/timer-wheel.ts';

const START_US = 1_700_000_000_000_000;

class Alarm extends Timed {
  readonly id: number;
  deadlineUs: number;

  constructor(id: number, deadlineUs: number) {
    super();
    this.id = id;
    this.deadlineUs = deadlineUs;
  }
}

/** Advances to the end in slices and answers the numbers of what ended, in order. */
function ended(wheel: TimerWheel, nowUs: number, budget: number): number[] {
  const ids: number[] = [];
  while (wheel.advance(nowUs, budget, (entry) => ids.push(entry.id)));
  return ids;
}

test('entries end in the order of their deadlines, whatever was filed when, and in whatever slices', () => {
  const secondsAhead = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 50 });
  fc.assert(
    fc.property(secondsAhead, fc.integer({ min: 1, max: 5 }), fc.boolean(), (seconds, budget, inOneJump) => {
      const wheel = new TimerWheel();
      wheel.begin(START_US);
      const alarms = seconds.map((ahead, id) => new Alarm(id, START_US + ahead * 50_000));
      for (const alarm of alarms) wheel.file(alarm);
      const expected = alarms.toSorted((a, b) => a.deadlineUs - b.deadlineUs || a.id - b.id).map(({ id }) => id);
      const ids: number[] = [];
      for (let passed = inOneJump ? 200 : 0; passed < 200; passed++) {
        ids.push(...ended(wheel, START_US + passed * 1e6, budget));
      }
      ids.push(...ended(wheel, START_US + 10_000 * 1e6, budget));
      assert.deepEqual(ids, expected);
    }),
  );
});

test('what is filed anew or removed while it waits for its turn does not end', () => {
  const wheel = new TimerWheel();
  wheel.begin(START_US);
  const alarms = [0, 1, 2, 3].map((id) => new Alarm(id, START_US + 1_000_000));
  for (const alarm of alarms) wheel.file(alarm);
  const ids: number[] = [];
  assert.equal(
    wheel.advance(START_US + 2_000_000, 1, (entry) => ids.push(entry.id)),
    true,
  );
  const [, extended, removed] = alarms;
  assert.ok(extended !== undefined && removed !== undefined);
  extended.deadlineUs = START_US + 5_000_000;
  wheel.file(extended);
  wheel.remove(removed);
  ids.push(...ended(wheel, START_US + 3_000_000, 10));
  assert.deepEqual(ids, [0, 3]);
  assert.deepEqual(ended(wheel, START_US + 6_000_000, 10), [1]);
});

test('a clock that jumps by decades is followed, with nothing filed and with something', () => {
  const wheel = new TimerWheel();
  const years = 56 * 366 * 86_400 * 1e6;
  wheel.begin(0);
  assert.deepEqual(ended(wheel, years, 10), []);
  wheel.file(new Alarm(1, years + 1e6));
  assert.deepEqual(ended(wheel, 2 * years, 10), [1]);
});
