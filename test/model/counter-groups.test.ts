import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTER_GROUPS, resolveCounters, resolveGroups } from '../../src/model/counter-groups.ts';
import { Calls } from '../../src/model/counters.ts';

for (const { paths, groups } of [
  { paths: ['calls'], groups: ['calls'] },
  { paths: ['ingest'], groups: ['ingest', 'ingest.refused', 'ingest.ignored', 'ingest.dropped'] },
  { paths: ['ingest.ignored', 'calls'], groups: ['ingest.ignored', 'calls'] },
  { paths: ['calls', 'calls'], groups: ['calls'] },
  { paths: ['none', '-', 'hep'], groups: ['hep'] },
  { paths: ['none'], groups: [] },
  { paths: [], groups: [] },
  { paths: ['calls', '*', 'no such group'], groups: COUNTER_GROUPS },
  { paths: ['all'], groups: COUNTER_GROUPS },
]) {
  test(`resolveGroups() resolves [${paths.join(', ')}]`, () => assert.deepEqual(resolveGroups(paths), { groups }));
}

test('resolveGroups() leaves out the groups below when asked to', () => {
  assert.deepEqual(resolveGroups(['ingest'], false), { groups: ['ingest'] });
});

for (const [path, error] of [
  ['nope', 'counter group not found after "": nope'],
  ['ingest.nope', 'counter group not found after "ingest": nope'],
  ['ev_ring0.evtype.a.b', 'counter group not found after "ev_ring0.evtype": a.b'],
  ['call', 'counter group not found after "": call'],
  ['', 'counter group not found after "": '],
] as const) {
  test(`resolveGroups() says how far it got with "${path}"`, () => {
    assert.deepEqual(resolveGroups(['calls', path]), { error });
  });
}

test('resolveCounters() finds counters by full name and says what is unknown', () => {
  const found = resolveCounters(['calls.active', 'ingest.refused.AUTH_WRONG']);
  assert.ok('counters' in found);
  assert.equal(found.counters[0]?.index, Calls.ACTIVE);
  assert.equal(found.counters[1]?.name, 'AUTH_WRONG');
  assert.deepEqual(resolveCounters(['calls.nope']), { error: 'counter name not found after "calls": nope' });
  assert.deepEqual(resolveCounters(['nope.active']), { error: 'counter group not found after "": nope' });
  assert.deepEqual(resolveCounters(['nope']), { error: 'counter group not found after "": nope' });
});
