import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countersText, defaultCounterFlags, parseCounterFlags } from '../../src/model/counters-text.ts';
import { Calls, CounterSet, Dropped } from '../../src/model/counters.ts';

function counted(): CounterSet {
  const counters = new CounterSet();
  counters.addGauge(Calls.ACTIVE, 9);
  counters.addGauge(Calls.ACTIVE, -3);
  counters.add(Dropped.overload, 1_234_567);
  return counters;
}

function show(groups: string[], flags: string): string {
  const counters = counted();
  const chosen = parseCounterFlags(flags);
  assert.ok(chosen !== undefined);
  return countersText(
    groups,
    chosen,
    (index) => counters.get(index),
    (index) => counters.maxima[index] ?? 0,
  );
}

test('countersText() pads the name to 30, shows value, maximum and description, and ends a group with an empty line', () => {
  const lines = show(['calls'], 'fullname|val|desc|rec').split('\n');
  assert.equal(lines[0], 'calls.active                  :      6        M:      9\t\tcurrent total tracked entries');
  assert.equal(lines[1], 'calls.created                 :      0\t\tentries created');
  assert.deepEqual(lines.slice(-2), ['', '']);
});

test('countersText() leaves out what the flags leave out', () => {
  assert.equal(
    show(['calls', 'ingest.dropped'], 'val|nz'),
    ['active                        :      6        M:      9\n\n', 'overload                      : 1234567\n\n'].join(
      '',
    ),
  );
  assert.equal(
    show(['ingest.dropped'], 'fullname'),
    ['ingest.dropped.overload       \n', 'ingest.dropped.shutdown       \ningest.dropped.handover       \n\n'].join(''),
  );
  assert.equal(show(['hep'], 'fullname|val|nonzero'), '');
});

test('parseCounterFlags() reads names, decimal and hexadecimal sums', () => {
  const full = { fullName: true, value: true, description: true, recursive: true, nonZero: false };
  assert.deepEqual(parseCounterFlags('fullname|val|desc|rec'), full);
  assert.deepEqual(parseCounterFlags('15'), full);
  assert.deepEqual(parseCounterFlags('0xF'), full);
  assert.deepEqual(parseCounterFlags(' VAL | Rec '), { ...full, fullName: false, description: false });
  assert.deepEqual(defaultCounterFlags(false), full);
  assert.deepEqual(defaultCounterFlags(true), { ...full, description: false });
});

for (const text of ['', '256', '-1', '0x', 'val|', 'value', '1.5', '0x123456789']) {
  test(`parseCounterFlags() refuses "${text}"`, () => assert.equal(parseCounterFlags(text), undefined));
}
