import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Calls, COUNTERS } from '../../src/model/counters.ts';
import { linkTypeOf } from '../../src/model/link-type.ts';
import type { EventView, RegistrationView } from '../../src/model/views.ts';
import { LinkAt } from '../../src/tracker/link-table.ts';
import { registrationView } from '../../src/tracker/views.ts';
import { eventLine, Stage } from './scenario.ts';
import { checked, restored, snapshotOf } from './snapshots.ts';

interface Step {
  id: number;
  what: string;
  by: string;
  gapMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  id: fc.integer({ min: 0, max: 5 }),
  what: fc.constantFrom(
    'A>B INVITE/1 contact=<sip:a@192.0.2.1>',
    'B>C INVITE/1 branch=second',
    'B>A 180/1 t=x',
    'B>A 183/1 t=y',
    'C>B 200/1 t=x',
    'B>A 200/1 t=x',
    'A>B ACK/1 t=x',
    'B>A 407/1 t=x',
    'A>B INVITE/2',
    'B>A 486/1 t=x',
    'A>B BYE/2 t=x',
    'B>A 200/2/BYE t=x',
    'A>B CANCEL/1',
    'B>A 487/1 t=x',
    'A>B OPTIONS/1',
    'A>B KDMQ/1',
    'B>A 405/1/PING t=x',
    'B>A 200/1/OPTIONS t=x',
    'A>B REGISTER/1 contact=<sip:a@192.0.2.1> expires=30',
    'B>A 200/1/REGISTER t=r contact=<sip:a@192.0.2.1>;expires=30',
    'A>B REGISTER/2 contact=* expires=0',
    'B>A 200/2/REGISTER t=r',
    'A>B SUBSCRIBE/1 expires=60',
    'B>A 200/1/SUBSCRIBE t=x expires=60',
    'B>A NOTIFY/1 t=f f=x state=active;expires=20',
    'B>A NOTIFY/2 t=f f=x state=terminated',
  ),
  by: fc.constantFrom('x', 'y', 'x,z'),
  gapMs: fc.constantFrom(0, 1, 20, 60, 700, 4000, 40_000),
});

function play(stages: readonly Stage[], steps: readonly Step[], fromMs: number): number {
  let timeMs = fromMs;
  for (const { id, what, by, gapMs } of steps) {
    timeMs += gapMs;
    const [link = '', message = '', ...keys] = what.split(' ');
    const tags = keys.some((key) => key.startsWith('f=')) ? '' : 'f=f';
    const line = `${timeMs / 1000} ${link} ${message} ${tags} id=${id} by=${by} ${keys.join(' ')}`;
    for (const stage of stages) stage.send(line.replace(/ +/g, ' ').trim());
  }
  return timeMs;
}

function bindings({ tracker, nowUs }: Stage): RegistrationView[] {
  const views: RegistrationView[] = [];
  const { entries } = tracker.registrations.table;
  for (let binding = entries.newest; binding !== undefined; binding = binding.older) {
    views.push(registrationView(binding, nowUs));
  }
  return views;
}

/** Counts of links with their types by name, in any order. */
function links({ links: table }: Stage): string[] {
  return Array.from({ length: table.cells }, (_, cell) => {
    const link = table.cellLink(cell);
    const numbers = Array.from({ length: LinkAt.SIZE }, (__, at) => table.linkNumber(link, at));
    const { name, method } = linkTypeOf(table.cellType(cell), table.names);
    return [...numbers, name, method, table.cellDirection(cell), table.cellCount(cell)].join(' ');
  }).toSorted();
}

/** Rate entries in any order. */
function rates({ rates: table }: Stage): string[] {
  const slots = Array.from({ length: table.slotsEnd }, (_, slot) => slot).filter(
    (slot) => slot > 0 && table.isHeld(slot),
  );
  return slots.map((slot) => JSON.stringify(table.read(slot))).toSorted();
}

/** Everything of an event but its number; in the order of time, since entries of one tick end in any order. */
function comparable(events: readonly EventView[]): object[] {
  return events
    .map((event) => ({ ...event, index: 0 }))
    .toSorted((a, b) => a.tsUs - b.tsUs || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/**
 * All counters that are not 0. Gauges describe tables, which are compared themselves; messages for display do not
 * outlive the process, so one reported again after a restart is kept once more.
 */
function counts(stage: Stage): Record<string, number> {
  const counters = COUNTERS.filter((info) => !info.gauge && info.index !== Calls.MESSAGES_KEPT);
  return Object.fromEntries(
    counters
      .map((info): [string, number] => [`${info.group}.${info.name}`, stage.counters.get(info.index)])
      .filter(([, value]) => value !== 0),
  );
}

test('snapshot, restore and go on is the same as going on', () => {
  const steps = fc.array(step, { maxLength: 40 });
  fc.assert(
    fc.property(steps, steps, (before, after) => {
      const stage = new Stage({}, 7, 100);
      const cutMs = play([stage], before, 0);
      stage.newEvents();
      const other = restored(snapshotOf(stage), stage.nowUs, new Stage({}, 99, 100));
      assert.deepEqual(rates(other), rates(stage));
      assert.deepEqual(other.calls(), stage.calls());
      assert.deepEqual(bindings(other), bindings(stage));
      assert.equal(other.tracker.bytes, stage.tracker.bytes);
      const endMs = play([stage, other], after, cutMs);
      for (const each of [stage, other]) each.advance(endMs / 1000 + 1);
      assert.deepEqual(other.calls(), stage.calls());
      assert.deepEqual(bindings(other), bindings(stage));
      for (const each of [stage, other]) each.advance(endMs / 1000 + 100_000);
      assert.deepEqual(comparable(other.newEvents()), comparable(stage.newEvents()));
      assert.deepEqual(counts(other), counts(stage));
      assert.deepEqual(links(other), links(stage));
      assert.deepEqual(rates(other), rates(stage));
      assert.deepEqual(other.calls(), []);
    }),
    { numRuns: 300 },
  );
});

test('entries that were over during the stop resolve as time-outs at their deadlines, the others go on', () => {
  const stage = new Stage();
  stage.send('0 A>B INVITE/1 f=a id=answered');
  stage.send('1 B>A 200/1 f=a t=b id=answered');
  stage.send('2 A>B INVITE/1 f=a id=unanswered');
  stage.send('3 A>B REGISTER/1 f=a id=phone contact=<sip:a@192.0.2.1> expires=60');
  stage.send('3 B>A 200/1/REGISTER f=a t=r id=phone contact=<sip:a@192.0.2.1>;expires=60');
  stage.send('4 A>B OPTIONS/1 f=a id=ping');
  const { nowUs } = stage;
  const other = restored(snapshotOf(stage), nowUs + 300e6);
  // The OPTIONS waits 30 s, the binding 60 s and reg_exp_delta (30 s), the INVITE 120 s.
  assert.deepEqual(
    other.newEvents().map((event) => `${event.callId} ${eventLine(event, [])}`),
    ['ping other-timeout 408 @34.000', 'phone reg-expired 200 @93.000', 'unanswered call-attempt 408 @122.000'],
  );
  assert.deepEqual(
    other.calls().map((call) => `${call.callId} ${call.state} ${call.expiresInMs}`),
    ['answered inv_established 3297000'],
  );
});

test('a call that comes back knows the agents that report again, and what they reported before', () => {
  const stage = new Stage();
  stage.send('0 A>B INVITE/1 f=a by=x,y');
  const other = restored(snapshotOf(stage), stage.nowUs);
  other.send('1 A>B INVITE/1 f=a by=y,x');
  const [call] = other.calls();
  assert.deepEqual(call?.agents, ['x', 'y']);
  // One retransmission, seen by both.
  assert.deepEqual(call?.retransmissions.requests, [1, 0]);
  assert.equal(call?.messageTrace, '>INVITE{1}');
});

test('numbers of calls and bindings go on behind those that were given before', () => {
  const stage = new Stage();
  stage.send('0 A>B OPTIONS/1 f=a id=one');
  stage.send('0 A>B OPTIONS/1 f=a id=two');
  stage.advance(1000);
  const other = restored(snapshotOf(stage), stage.nowUs);
  other.send('1001 A>B OPTIONS/1 f=a id=three');
  assert.deepEqual(
    other.calls().map(({ id }) => id),
    [3],
  );
});

test('what finds no room within the limits is left out, the newest stay', () => {
  const stage = new Stage();
  for (let n = 0; n < 5; n++) stage.send(`${n} A>B INVITE/1 f=a id=call-${n}`);
  const file = snapshotOf(stage);
  const small = new Stage({ maxCalls: 2 }, 3);
  restored(file, stage.nowUs, small, 3);
  assert.deepEqual(
    small.calls().map((call) => call.callId),
    ['call-3', 'call-4'],
  );
});

test('calls that come back are evicted in the order in which they would have been', () => {
  const limits = { maxCalls: 4, evict: 'oldest' } as const;
  const stage = new Stage(limits);
  for (const id of ['ringing', 'busy', 'refused', 'gone']) stage.send(`0 A>B INVITE/1 f=a id=${id}`);
  stage.send('1 B>A 404/1 f=a t=b id=gone');
  stage.send('2 B>A 486/1 f=a t=b id=busy');
  stage.send('3 B>A 603/1 f=a t=b id=refused');
  const other = restored(snapshotOf(stage), stage.nowUs, new Stage(limits, 5));
  for (const each of [stage, other]) {
    const left = ['a', 'b', 'c', 'd'].map((id) => {
      each.send(`4 A>B INVITE/1 f=a id=${id}`);
      return each.calls()[0]?.callId + '…' + each.calls().length;
    });
    assert.deepEqual(left, ['ringing…4', 'ringing…4', 'ringing…4', 'a…4']);
    assert.deepEqual(
      each
        .newEvents()
        .slice(-3)
        .map((event) => event.status),
      [404, 486, 603],
    );
  }
});

test('calls that come and go while the snapshot is written leave it whole: each comes back once, as it was', () => {
  const stage = new Stage();
  for (let n = 0; n < 1000; n++) stage.send(`${n / 1000} A>B INVITE/1 f=a id=call-${n}`);
  let time = 1;
  let next = 1000;
  const file = snapshotOf(stage, () => {
    time += 30;
    stage.send(`${time} A>B INVITE/1 f=a id=call-${next++}`);
    stage.send(`${time} B>A 486/1 f=a t=b id=call-${(next * 7) % 1000}`);
  });
  const other = restored(file, stage.nowUs);
  const back = other.calls().map((call) => call.id);
  assert.equal(new Set(back).size, back.length);
  // Those that were there when it began, and still are.
  for (const { id } of stage.calls()) if (id <= 1000) assert.ok(back.includes(id), `call ${id}`);
});

/** A stage with something of every kind in it. */
function fullStage(): Stage {
  const stage = new Stage();
  stage.send('0 A>B INVITE/1 f=a id=one by=x,y contact=<sip:a@192.0.2.1>');
  stage.send('1 B>A 200/1 f=a t=b id=one');
  stage.send('1 A>B REGISTER/1 f=a id=phone contact=<sip:a@192.0.2.1> expires=60');
  stage.send('1 B>A 200/1/REGISTER f=a t=r id=phone contact=<sip:a@192.0.2.1>;expires=60');
  return stage;
}

test('a snapshot in which one octet is changed is refused', () => {
  const file = snapshotOf(fullStage());
  assert.ok('entries' in checked(file));
  for (let at = 0; at < file.length; at++) {
    const damaged = Buffer.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    assert.ok('problem' in checked(damaged), `octet ${at}`);
    damaged[at] = (file[at] ?? 0) ^ 0xff;
    assert.ok('problem' in checked(damaged), `octet ${at}, all bits`);
  }
});

test('a snapshot that is cut anywhere, or goes on behind its end, is refused', () => {
  const file = snapshotOf(fullStage());
  for (let length = 0; length < file.length; length++) {
    assert.ok('problem' in checked(file.subarray(0, length)), `cut to ${length}`);
  }
  assert.ok('problem' in checked(Buffer.concat([file, Buffer.alloc(1)])));
  assert.ok('problem' in checked(Buffer.concat([file, file])));
});

test('any octets are refused or read, without an exception', () => {
  const file = snapshotOf(fullStage());
  const damage = fc.record({ at: fc.nat(file.length - 1), octets: fc.uint8Array({ maxLength: 12 }) });
  fc.assert(
    fc.property(fc.array(damage, { maxLength: 4 }), fc.uint8Array({ maxLength: 64 }), (places, noise) => {
      const damaged = Buffer.from(file);
      for (const { at, octets } of places) damaged.set(octets.subarray(0, damaged.length - at), at);
      const answer = checked(damaged);
      if (!damaged.equals(file)) assert.ok('problem' in answer);
      assert.ok('problem' in checked(Buffer.from(noise)));
    }),
  );
});

test('a file of another version, and one that is none, are told apart', () => {
  const file = snapshotOf(fullStage());
  const newer = Buffer.from(file);
  newer.writeUInt32LE(2, 8);
  assert.deepEqual(checked(newer), { problem: 'it has version 2, this program reads version 1' });
  assert.deepEqual(checked(Buffer.from('{"calls": []}')), { problem: 'it is no state file' });
  assert.deepEqual(checked(Buffer.alloc(0)), { problem: 'it is no state file' });
});
