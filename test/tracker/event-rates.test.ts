import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type RateCriterion } from '../../src/model/event-rates.ts';
import { EventType } from '../../src/model/event-type.ts';
import { okCreatedLongerAgo, okLongerAgo, RateSweep, reportDiff } from '../../src/tracker/event-rates.ts';
import { RateStage, rateSettings, START_US } from './rate-stage.ts';

const REPORTS: { min: number; max: number; upTo: number; reported: [run: number, diff: number][] }[] = [
  {
    min: 4,
    max: 20,
    upTo: 100,
    reported: [
      [1, 0],
      [4, 3],
      [8, 4],
      [16, 8],
      [20, 4],
      [40, 20],
      [60, 20],
      [80, 20],
      [100, 20],
    ],
  },
  { min: 0, max: 0, upTo: 1000, reported: [[1, 0]] },
  {
    min: 0,
    max: 10,
    upTo: 35,
    reported: [
      [1, 0],
      [10, 9],
      [20, 10],
      [30, 10],
    ],
  },
  {
    min: 3,
    max: 0,
    upTo: 50,
    reported: [
      [1, 0],
      [3, 2],
      [6, 3],
      [12, 6],
      [24, 12],
      [48, 24],
    ],
  },
  {
    min: 1,
    max: 8,
    upTo: 16,
    reported: [
      [1, 0],
      [2, 1],
      [4, 2],
      [8, 4],
      [16, 8],
    ],
  },
  {
    min: 50,
    max: 20,
    upTo: 60,
    reported: [
      [1, 0],
      [20, 19],
      [40, 20],
      [60, 20],
    ],
  },
  {
    min: 4,
    max: 4,
    upTo: 12,
    reported: [
      [1, 0],
      [4, 3],
      [8, 4],
      [12, 4],
    ],
  },
  {
    min: 5,
    max: 1,
    upTo: 3,
    reported: [
      [1, 0],
      [2, 1],
      [3, 1],
    ],
  },
];

for (const { min, max, upTo, reported } of REPORTS) {
  test(`reportDiff() with min ${min} and max ${max} reports ${reported.map(([run]) => run).join(', ')}`, () => {
    const got: [number, number][] = [];
    for (let run = 1; run <= upTo; run++) {
      const diff = reportDiff(run, min, max);
      if (diff >= 0) got.push([run, diff]);
    }
    assert.deepEqual(got, reported);
  });
}

suite('rates', () => {
  // One event per line; interval 1 s. The reference moves only when more than the interval has passed.
  const MEASURED: [ms: number, rate: number, why: string][] = [
    [0, 1, 'first event'],
    [400, 2, 'counted since the reference'],
    [1000, 3, 'exactly the interval is not more than the interval'],
    [1001, 4 / 1.001, '4 events in 1.001 s, reference moves here'],
    [1100, 4 / 1.001, '1 since the reference, the old rate is more'],
    [1200, 4 / 1.001, '2'],
    [1300, 4 / 1.001, '3'],
    [1400, 4, '4 since the reference, more than the old rate'],
    [4001, 5 / 3, '5 events in 3 s'],
    [3901, 5 / 3, 'an event from a moment before takes no time away'],
    [3950, 2, 'and counts'],
  ];

  test('a rate follows the formula, event by event', () => {
    const stage = new RateStage({ limits: [0, 0, 0] });
    for (const [ms, rate, why] of MEASURED) {
      stage.event(ms);
      assert.ok(Math.abs(stage.rates.outcome.value - rate) < 1e-9, `${ms}: ${stage.rates.outcome.value}, ${why}`);
    }
  });

  const CHANGES: { name: string; intervalMs: number; rate: number }[] = [
    { name: 'enlarged adds what was counted since to the old rate', intervalMs: 5000, rate: 2 + 3 },
    { name: 'reduced forgets the old rate', intervalMs: 900, rate: 3 },
    { name: 'left as it is takes the larger', intervalMs: 1000, rate: 3 },
  ];
  for (const { name, intervalMs, rate } of CHANGES) {
    test(`an interval that was ${name}`, () => {
      const stage = new RateStage({ limits: [0, 0, 0] });
      // 4 events in 2 s are 2 per second; the reference moves to 2 s.
      for (const ms of [0, 10, 20, 2000]) stage.event(ms);
      stage.event(2100);
      stage.event(2200);
      stage.rates.configure(rateSettings({ intervalsMs: [intervalMs, 0, 0], limits: [0, 0, 0] }));
      stage.event(2300);
      assert.equal(stage.rates.outcome.value, rate);
    });
  }

  test('the three rates are kept side by side, and an interval of 0 keeps none', () => {
    const stage = new RateStage({ intervalsMs: [1000, 0, 60_000], limits: [0, 0, 0] });
    for (let n = 0; n < 10; n++) stage.event(n * 500);
    const rates = stage.entry()?.rates.map((rate) => rate.value);
    // References of rate 0 move at 1500, 3000 and 4500 ms: 4 in 1.5 s, then 3 in 1.5 s, then 3 in 1.5 s.
    assert.deepEqual(rates, [2, 0, 10]);
  });

  const REPORTED: { name: string; limits: number[]; events: number; rate: number; exceeded: boolean }[] = [
    { name: 'the first beyond its limit', limits: [100, 5, 3], events: 6, rate: 1, exceeded: true },
    { name: 'the first that is not zero when none is beyond', limits: [0, 0, 0], events: 6, rate: 0, exceeded: false },
    { name: 'a later one when only that is beyond', limits: [0, 0, 5], events: 6, rate: 2, exceeded: true },
    { name: 'none as long as the limit is only reached', limits: [6, 6, 6], events: 6, rate: 0, exceeded: false },
  ];
  for (const { name, limits, events, rate, exceeded } of REPORTED) {
    test(`the rate reported is ${name}`, () => {
      const stage = new RateStage({ intervalsMs: [1000, 60_000, 3_600_000], limits });
      for (let n = 0; n < events; n++) stage.event(n);
      assert.deepEqual([stage.entry()?.rate, stage.entry()?.exceeded], [rate, exceeded]);
    });
  }

  test('a clock that is set back by more than a minute starts the measurement anew', () => {
    const stage = new RateStage();
    for (let n = 0; n < 6; n++) stage.event(3_600_000 + n);
    assert.equal(stage.entry()?.exceeded, true);
    assert.equal(stage.event(0), 'pass');
    assert.equal(stage.event(1), 'pass');
    assert.equal(stage.rates.outcome.value, 1);
  });
});

suite('beyond a limit', () => {
  test('68 events within a second at a limit of 5 are 5 within and 63 beyond, of which the rule picks', () => {
    const stage = new RateStage();
    const passed: string[] = [];
    for (let n = 0; n < 68; n++) {
      const what = stage.event(n * 10);
      if (what !== 'held back') passed.push(what);
    }
    assert.deepEqual(passed, [
      'pass',
      'pass',
      'pass',
      'pass',
      'pass',
      'pass 1+0',
      'pass 4+3',
      'pass 8+4',
      'pass 16+8',
      'pass 20+4',
      'pass 40+20',
      'pass 60+20',
    ]);
    const entry = stage.entry();
    assert.deepEqual(
      [entry?.total, entry?.exceeded, entry?.exceededRun, entry?.okRun, entry?.createdUs, entry?.changedUs],
      [68, true, 63, 5, START_US, START_US + 50_000],
    );
    assert.deepEqual([entry?.lastOkUs, entry?.lastExceededUs], [START_US + 40_000, START_US + 670_000]);
    assert.deepEqual(
      ['blst_rate', 'blst_sent', 'blst_recovered', 'tracking_fail', 'entries'].map((name) =>
        stage.counter(`ev_rate.${name}`),
      ),
      [63, 7, 0, 0, 1],
    );
  });

  test('the first event within the limits again counts as recovered, and the next time beyond starts at 1', () => {
    const stage = new RateStage();
    for (let n = 0; n < 10; n++) stage.event(n);
    assert.equal(stage.entry()?.exceededRun, 5);
    // 11 events in 10 s are 1.1 per second.
    assert.equal(stage.event(10_000), 'pass');
    assert.equal(stage.counter('ev_rate.blst_recovered'), 1);
    assert.deepEqual([stage.entry()?.okRun, stage.entry()?.exceededRun, stage.entry()?.exceeded], [1, 5, false]);
    const again = [1, 2, 3, 4, 5, 6].map((n) => stage.event(10_000 + n));
    assert.deepEqual(again, ['pass', 'pass', 'pass', 'pass', 'pass', 'pass 1+0']);
    assert.equal(stage.counter('ev_rate.blst_recovered'), 1);
  });

  test('measuring a silent source again makes it ok, which counts as recovered with its next event only', () => {
    const stage = new RateStage();
    for (let n = 0; n < 10; n++) stage.event(n);
    stage.rates.refresh(1, START_US + 500_000);
    assert.equal(stage.entry()?.exceeded, true, 'within the interval nothing changes');
    stage.rates.refresh(1, START_US + 10_000_000);
    assert.deepEqual(
      [stage.entry()?.exceeded, stage.entry()?.changedUs, stage.counter('ev_rate.blst_recovered')],
      [false, START_US + 10_000_000, 0],
    );
    assert.equal(stage.event(10_100), 'pass');
    assert.equal(stage.counter('ev_rate.blst_recovered'), 1);
  });

  test('sources and types are told apart, IPv4 and IPv6 too', () => {
    const stage = new RateStage();
    for (let n = 0; n < 6; n++) stage.event(n, '192.0.2.1');
    assert.equal(stage.event(6, '192.0.2.1'), 'held back');
    for (const other of ['192.0.2.2', '2001:db8::1', '::1', '::192.0.2.1']) assert.equal(stage.event(6, other), 'pass');
    assert.equal(stage.event(6, '192.0.2.1', EventType.CALL_END), 'pass');
    assert.equal(stage.rates.size, 6);
  });

  test('new limits count from the next event on', () => {
    const stage = new RateStage();
    for (let n = 0; n < 5; n++) stage.event(n);
    stage.rates.configure(rateSettings({ limits: [2, 0, 0] }));
    assert.equal(stage.entry()?.exceeded, false);
    assert.equal(stage.event(5), 'pass 1+0');
  });

  test('with room for no entry at all nothing is tracked and everything passes', () => {
    const stage = new RateStage({ maxEntries: 0 });
    for (let n = 0; n < 100; n++) assert.equal(stage.event(n), 'pass');
    assert.deepEqual([stage.rates.size, stage.rates.outcome.tracked], [0, false]);
  });
});

/** Entries as of second 1000: host, when made, last within the limits, last beyond (0 = never). */
function populated(maxEntries = 1000): RateStage {
  const stage = new RateStage({ maxEntries });
  // Hosts 1 to 5: one event each, 900, 500, 200, 20 and 1 s ago.
  for (const [host, ago] of [
    [1, 900],
    [2, 500],
    [3, 200],
    [4, 20],
    [5, 1],
  ] as const) {
    stage.event((1000 - ago) * 1000, `192.0.2.${host}`);
  }
  // Host 6 was beyond its limit 300 s ago and silent since, host 7 is beyond now.
  for (let n = 0; n < 10; n++) stage.event(700_000 + n, '192.0.2.6');
  for (let n = 0; n < 10; n++) stage.event(999_900 + n, '192.0.2.7');
  return stage;
}

const NOW_US = START_US + 1_000_000_000;
const any = { op: 'ignore', ms: 0 } as const;
const open: RateCriterion = {
  exceeded: { op: 'ignore', value: false },
  createdAgo: any,
  changedAgo: any,
  lastExceededAgo: any,
  lastOkAgo: any,
  maxRunMs: 10,
};

suite('a sweep', () => {
  const SWEEPS: { name: string; criterion: RateCriterion; target: number; left: number[] }[] = [
    // Host 6 is measured again: ok from now on, so too young for every age.
    { name: 'ok longer than 5 minutes ago', criterion: okLongerAgo(300_000), target: 0, left: [3, 4, 5, 6, 7] },
    { name: 'the same with target 6', criterion: okLongerAgo(300_000), target: 6, left: [2, 3, 4, 5, 6, 7] },
    { name: 'the same with the target met', criterion: okLongerAgo(300_000), target: 7, left: [1, 2, 3, 4, 5, 6, 7] },
    { name: 'ok and made more than 2 s ago', criterion: okCreatedLongerAgo(2000), target: 0, left: [5, 7] },
    {
      name: 'beyond a limit',
      criterion: { ...open, exceeded: { op: '==', value: true } },
      target: 0,
      left: [1, 2, 3, 4, 5, 6],
    },
    {
      name: 'not beyond a limit, said the other way round',
      criterion: { ...open, exceeded: { op: '<>', value: true } },
      target: 0,
      left: [7],
    },
    {
      name: 'made less than 100 s ago',
      criterion: { ...open, createdAgo: { op: '<', ms: 100_000 } },
      target: 0,
      left: [1, 2, 3, 6],
    },
    {
      name: 'made 200 s ago or less, and changed 20 s ago or more',
      criterion: { ...open, createdAgo: { op: '<=', ms: 200_000 }, changedAgo: { op: '>=', ms: 20_000 } },
      target: 0,
      left: [1, 2, 5, 6, 7],
    },
    {
      name: 'made exactly 500 s ago',
      criterion: { ...open, createdAgo: { op: '==', ms: 500_000 } },
      target: 0,
      left: [1, 3, 4, 5, 6, 7],
    },
    {
      name: 'beyond a limit for the last time more than 5 minutes ago, or never',
      criterion: { ...open, lastExceededAgo: { op: '>', ms: 300_000 } },
      target: 0,
      left: [6, 7],
    },
  ];
  for (const { name, criterion, target, left } of SWEEPS) {
    test(`removes entries: ${name}`, () => {
      const stage = populated();
      const sweep = new RateSweep(stage.rates, criterion, target);
      assert.equal(sweep.step(NOW_US, 1000), false);
      assert.deepEqual(stage.hosts(), left);
      assert.deepEqual([sweep.removed, sweep.isTargetMet], [7 - left.length, left.length <= target]);
      assert.equal(stage.counter('ev_rate.entries'), left.length);
    });
  }

  test('in steps removes the same as in one, while entries come and go', () => {
    const stage = populated();
    const sweep = new RateSweep(stage.rates, okLongerAgo(300_000), 0);
    let steps = 1;
    while (sweep.step(NOW_US, 2)) {
      steps++;
      stage.event(1_000_000, `192.0.2.${100 + steps}`);
    }
    assert.equal(steps, 4);
    assert.deepEqual(stage.hosts(), [3, 4, 5, 6, 7, 102, 103, 104]);
    assert.equal(sweep.removed, 2);
  });

  test('makes room that is used again', () => {
    const stage = populated();
    const { bytes, slotsEnd } = stage.rates;
    new RateSweep(stage.rates, okLongerAgo(0), 0).step(NOW_US, 1000);
    assert.deepEqual(stage.hosts(), [6, 7]);
    for (let host = 10; host < 15; host++) stage.event(1_000_000, `192.0.2.${host}`);
    assert.deepEqual([stage.rates.bytes, stage.rates.slotsEnd, stage.rates.size], [bytes, slotsEnd, 7]);
  });
});

suite('under pressure', () => {
  const light = { lightTrigger: 6, lightTarget: 5, hardTarget: 8, lightLifetimeMs: 400_000 };

  test('a new entry collects lightly from the trigger on, down to the target', () => {
    const stage = populated(100);
    const settings = rateSettings({ maxEntries: 100 });
    stage.rates.configure({ ...settings, pressure: { ...settings.pressure, ...light } });
    stage.event(1_000_000, '192.0.2.8');
    // Seven were held: hosts 1 and 2 were ok more than 400 s ago, which is just enough.
    assert.deepEqual(stage.hosts(), [3, 4, 5, 6, 7, 8]);
    assert.deepEqual(
      ['runs', 'tgt_met', 'fail', 'timeout', 'walked', 'removed'].map((name) =>
        stage.counter(`ev_rate_gc.light_gc_${name}`),
      ),
      [1, 1, 0, 0, 2, 2],
    );
  });

  test('a known source collects nothing, whatever the table holds', () => {
    const stage = populated(100);
    const settings = rateSettings({ maxEntries: 100 });
    stage.rates.configure({ ...settings, pressure: { ...settings.pressure, ...light } });
    stage.event(1_000_000, '192.0.2.1');
    assert.equal(stage.rates.size, 7);
    assert.equal(stage.counter('ev_rate_gc.light_gc_runs'), 0);
  });

  test('a full table gives up entries ok for more than 10 minutes, and no others while those are enough', () => {
    const stage = populated(7);
    assert.equal(stage.event(1_000_000, '192.0.2.8'), 'pass');
    assert.deepEqual(stage.hosts(), [2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual([stage.counter('ev_rate_gc.hard_gc_runs'), stage.counter('ev_rate_gc.hard_gc_fail')], [1, 0]);
  });

  test('a full table gives up mild cases before hard ones, one step back after each success', () => {
    const stage = new RateStage({ maxEntries: 4 });
    const now = 1_000_000;
    stage.event(now - 700_000, '192.0.2.1'); // ok 700 s ago: criterion 0
    stage.event(now - 40_000, '192.0.2.2'); // ok 40 s ago: criterion 1
    for (let n = 0; n < 6; n++) stage.event(now - 15_000, '192.0.2.3'); // beyond, 15 s ago: criterion 2
    stage.event(now - 1000, '192.0.2.4');
    const runs = (): number => stage.counter('ev_rate_gc.hard_gc_runs');
    assert.equal(stage.event(now, '192.0.2.11'), 'pass');
    assert.deepEqual([stage.hosts(), runs()], [[2, 3, 4, 11], 1]);
    assert.equal(stage.event(now, '192.0.2.12'), 'pass');
    assert.deepEqual([stage.hosts(), runs()], [[3, 4, 11, 12], 3], 'criterion 0 in vain, then 1');
    assert.equal(stage.event(now, '192.0.2.13'), 'pass');
    assert.deepEqual([stage.hosts(), runs()], [[4, 11, 12, 13], 6], 'criteria 0 and 1 in vain, then 2');
    assert.equal(stage.event(now, '192.0.2.14'), 'no room');
    assert.deepEqual([stage.hosts(), runs()], [[4, 11, 12, 13], 9], 'criteria 1, 2 and 0 in vain');
    assert.equal(stage.counter('ev_rate.tracking_fail'), 1);
    assert.equal(stage.counter('ev_rate_gc.max_gc_retr_fail'), 1);
    assert.equal(stage.counter('ev_rate_gc.hard_gc_fail'), 6);
    assert.equal(stage.event(now, '192.0.2.4'), 'pass', 'known sources go on');
  });

  test('a collection ends with its time limit, which is counted, and goes on with the next entry', () => {
    const stage = new RateStage({ maxEntries: 5000 });
    for (let n = 0; n < 5000; n++) stage.event(0, `10.0.${n >> 8}.${n & 255}`);
    const settings = rateSettings({ maxEntries: 5000 });
    settings.pressure.criteria[0] = { ...okLongerAgo(0), maxRunMs: 0.05 };
    stage.rates.configure(settings);
    assert.equal(stage.event(3_600_000, '192.0.2.1'), 'pass');
    // 50 microseconds are 50 entries.
    assert.equal(stage.counter('ev_rate_gc.hard_gc_walked'), 50);
    assert.equal(stage.counter('ev_rate_gc.hard_gc_timeout'), 1);
    assert.equal(stage.rates.size, 4951);
  });

  test('an entry from the future does not hide older ones behind it', () => {
    const stage = new RateStage({ maxEntries: 3 });
    stage.event(9_000_000, '192.0.2.1');
    stage.event(0, '192.0.2.2');
    stage.event(1000, '192.0.2.3');
    assert.equal(stage.event(1_000_000, '192.0.2.4'), 'pass');
    // Room for one more is all the target, 2 of 3, asks for.
    assert.deepEqual(stage.hosts(), [1, 3, 4]);
  });
});
