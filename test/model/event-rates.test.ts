import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeRates,
  defaultPressure,
  type EventRateSettings,
  isUsed,
  RATE_SETTINGS,
} from '../../src/model/event-rates.ts';

function settings(): EventRateSettings {
  return {
    maxEntries: 1000,
    reportMin: 100,
    reportMax: 10_000,
    intervalsMs: [1000, 60_000, 3_600_000],
    limits: [20, 240, 3600],
    gc: { intervalMs: 10_000, oldAgeMs: 300_000, maxRunMs: 1000, target: 10 },
    pressure: defaultPressure(1000),
  };
}

/** What the settings are after a change, seen through the parameters: only those that differ. */
function differences(texts: Record<string, string>): Record<string, string> {
  const before = settings();
  const change = changeRates(before, texts);
  assert.ok(change.ok, JSON.stringify(change));
  assert.deepEqual(before, settings(), 'the settings given are left alone');
  return Object.fromEntries(
    RATE_SETTINGS.map(({ name, notation, get }) => [
      name,
      notation.show(get(before)),
      notation.show(get(change.settings)),
    ])
      .filter(([, was, is]) => was !== is)
      .map(([name, , is]) => [name, is]),
  );
}

test('the default criteria are three of ten', () => {
  assert.deepEqual(defaultPressure(1000).criteria.map(isUsed), [
    true,
    true,
    true,
    ...Array.from({ length: 7 }, () => false),
  ]);
});

const changes: { name: string; texts: Record<string, string>; differ: Record<string, string> }[] = [
  {
    name: 'report rule',
    texts: { evr_conseq_report_min: '4', evr_conseq_report_max: '20' },
    differ: { evr_conseq_report_min: '4', evr_conseq_report_max: '20' },
  },
  { name: 'a limit', texts: { rate1: '12.5' }, differ: { rate1: '12.5' } },
  { name: 'a limit of 0 is none', texts: { rate0: '0' }, differ: { rate0: '0' } },
  { name: 'a limit below 0 stays as it is', texts: { rate0: '-1', rate2: '7' }, differ: { rate2: '7' } },
  { name: 'an interval', texts: { interval0: '2s' }, differ: { interval0: '2s' } },
  {
    name: 'an interval of 0 stays as it is',
    texts: { interval0: '0', interval1: '90s' },
    differ: { interval1: '1m30s' },
  },
  {
    name: 'the periodic collection',
    texts: { evr_gc_interval: '0', evr_gc_old_age: '1h', evr_gc_max_run_time: '250ms', evr_gc_target: '0' },
    differ: { evr_gc_interval: '0s', evr_gc_old_age: '1h0m0s', evr_gc_max_run_time: '250ms', evr_gc_target: '0' },
  },
  {
    name: 'a new limit of entries brings its sizes along',
    texts: { max_entries: '2000' },
    differ: { max_entries: '2000', hard_gc_target: '1800', light_gc_trigger: '1700', light_gc_target: '1600' },
  },
  {
    name: 'but for those given too',
    texts: { light_gc_target: '5', max_entries: '2000', light_gc_trigger: '1000' },
    differ: { max_entries: '2000', hard_gc_target: '1800', light_gc_trigger: '1000', light_gc_target: '5' },
  },
  { name: 'the limit as it is leaves the sizes alone', texts: { max_entries: '1000' }, differ: {} },
  {
    name: 'no entries at all',
    texts: { max_entries: '0' },
    differ: { max_entries: '0', hard_gc_target: '0', light_gc_trigger: '0', light_gc_target: '0' },
  },
  {
    name: 'a criterion alone, without any size',
    texts: {
      hard_gc_m3_opex: '==',
      hard_gc_m3_ex: '1',
      hard_gc_m3_opoklastt: '>=',
      hard_gc_m3_doklastt: '1m',
      rlim3: '10ms',
    },
    differ: {
      hard_gc_m3_opex: '==',
      hard_gc_m3_ex: '1',
      hard_gc_m3_opoklastt: '>=',
      hard_gc_m3_doklastt: '1m0s',
      rlim3: '10ms',
    },
  },
  { name: 'nothing', texts: {}, differ: {} },
];
for (const { name, texts, differ } of changes) {
  test(`changeRates() takes ${name}`, () => assert.deepEqual(differences(texts), differ));
}

const refused: [name: string, texts: Record<string, string>, parameter: string][] = [
  ['an unknown name', { rate3: '1' }, 'rate3'],
  ['a name of every object', { __proto__x: '1', constructor: '1' }, '__proto__x'],
  ['no number', { rate0: 'many' }, 'rate0'],
  ['an infinite number', { rate0: '1e999' }, 'rate0'],
  ['a number without unit', { interval0: '30' }, 'interval0'],
  ['a negative duration', { evr_gc_interval: '-1s' }, 'evr_gc_interval'],
  ['an endless stop of ingest', { light_gc_max_runtime: '1s' }, 'light_gc_max_runtime'],
  ['too many entries', { max_entries: '16777217' }, 'max_entries'],
  ['an unknown comparison', { hard_gc_m0_opex: '=' }, 'hard_gc_m0_opex'],
  ['a target that is no smaller than the limit', { hard_gc_target: '1000' }, 'hard_gc_target'],
  ['a trigger behind the limit', { light_gc_trigger: '1001' }, 'light_gc_trigger'],
  ['a light target above its trigger', { light_gc_target: '851' }, 'light_gc_target'],
  ['a good value beside a bad one', { rate0: '5', interval0: 'x' }, 'interval0'],
  ['nothing where something is needed', { rate0: '' }, 'rate0'],
];
for (const [name, texts, parameter] of refused) {
  test(`changeRates() refuses ${name}, and says which`, () => {
    const change = changeRates(settings(), texts);
    assert.equal(change.ok, false);
    assert.ok(!change.ok && change.parameter === parameter && change.allowed.length > 5);
  });
}

test('every parameter reads back what it shows', () => {
  const now = settings();
  const texts = Object.fromEntries(RATE_SETTINGS.map(({ name, notation, get }) => [name, notation.show(get(now))]));
  const change = changeRates(now, texts);
  assert.deepEqual(change.ok && change.settings, now);
  assert.equal(new Set(RATE_SETTINGS.map(({ name }) => name)).size, RATE_SETTINGS.length);
});
