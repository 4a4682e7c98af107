import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { eventLine, Stage } from './scenario.ts';

/** Something a phone does, and how long after the step before. */
interface Step {
  afterMs: number;
  what: 'register' | 'remove' | 'remove all' | 'query' | 'subscribe' | 'unsubscribe' | 'notify' | 'terminate';
  contacts: number[];
  seconds: number;
  /** Under a Call-ID of its own, as after a restart. */
  restarted: boolean;
  answered: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.integer({ min: 1, max: 20_000 }),
  what: fc.constantFrom(
    'register',
    'register',
    'remove',
    'remove all',
    'query',
    'subscribe',
    'unsubscribe',
    'notify',
    'terminate',
  ),
  contacts: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  seconds: fc.integer({ min: 1, max: 60 }),
  restarted: fc.boolean(),
  answered: fc.boolean(),
});
const steps = fc.array(step, { minLength: 1, maxLength: 12 });
const delay = fc.constantFrom(0, 0, 3);

/** The messages of one phone, `ms` after the start, as lines of a scenario. */
function script(user: string, todo: readonly Step[]): { ms: number; line: string }[] {
  const lines: { ms: number; line: string }[] = [];
  let ms = 0;
  let run = 0;
  let cseq = 0;
  for (const { afterMs, what, contacts, seconds, restarted, answered } of todo) {
    ms += afterMs;
    if (restarted) run++;
    cseq++;
    const send = (after: number, link: string, rest: string): void => {
      lines.push({ ms: ms + after, line: `${link} ${rest} to=sip:${user}@example.com` });
    };
    const list = (expires: string): string => contacts.map((n) => `<sip:${user}@192.0.2.${n}>${expires}`).join(',');
    const exchange = (method: string, request: string, reply: string, id: string): void => {
      send(0, 'A>B', `${method}/${cseq} ${id} ${request}`);
      if (answered) send(0, 'B>A', `200/${cseq}/${method} ${id} t=${user}-b ${reply}`);
    };
    const register = `id=${user}-r${run} f=${user}-${run}`;
    const dialog = `id=${user}-s${run}`;
    switch (what) {
      case 'register':
        exchange(
          'REGISTER',
          `contact=${list('')} expires=${seconds}`,
          `contact=${list(`;expires=${seconds}`)}`,
          register,
        );
        break;
      case 'remove':
        exchange('REGISTER', `contact=${list('')} expires=0`, '', register);
        break;
      case 'remove all':
        exchange('REGISTER', 'contact=* expires=0', '', register);
        break;
      case 'query':
        exchange('REGISTER', '', `contact=${list(`;expires=${seconds}`)}`, register);
        break;
      case 'subscribe':
        exchange('SUBSCRIBE', `expires=${seconds}`, `expires=${seconds}`, `${dialog} f=${user}-${run}`);
        break;
      case 'unsubscribe':
        exchange('SUBSCRIBE', 'expires=0', 'expires=0', `${dialog} f=${user}-${run}`);
        break;
      case 'notify':
      case 'terminate': {
        const state = what === 'notify' ? `active;expires=${seconds}` : 'terminated';
        send(0, 'B>A', `NOTIFY/${cseq} ${dialog} f=${user}-b t=${user}-${run} state=${state}`);
        break;
      }
    }
  }
  return lines;
}

function play(stage: Stage, lines: readonly { ms: number; line: string }[]): void {
  for (const { ms, line } of lines) stage.send(`${ms / 1000} ${line}`);
}

/** Longer than anything a script asks for. */
const ALL_OVER_S = 600;

function stageWith(delayS: number): Stage {
  const stage = new Stage();
  stage.configure(`reg_del_delay=${delayS}`);
  return stage;
}

test('after all timeouts no binding, subscription or entry is left and every gauge is 0', () => {
  fc.assert(
    fc.property(steps, steps, delay, (one, two, delayS) => {
      const stage = stageWith(delayS);
      play(stage, script('one', one));
      play(stage, script('two', two));
      stage.advance(stage.seconds() + ALL_OVER_S);
      assert.deepEqual(stage.bindings(), []);
      assert.deepEqual(stage.calls(), []);
      assert.equal(stage.tracker.registrations.table.bytes, 0);
      for (const gauge of ['regs.active', 'subs.active', 'calls.active']) assert.equal(stage.counter(gauge), 0, gauge);
    }),
    { numRuns: 300 },
  );
});

test('what one user does changes nothing in what is reported of another', () => {
  fc.assert(
    fc.property(steps, steps, delay, (one, two, delayS) => {
      const alone = stageWith(delayS);
      play(alone, script('one', one));
      alone.advance(ALL_OVER_S * 2);
      const together = stageWith(delayS);
      const both = [...script('one', one), ...script('two', two)].toSorted((a, b) => a.ms - b.ms);
      play(together, both);
      together.advance(ALL_OVER_S * 2);
      assert.deepEqual(
        linesOf(together).filter((line) => line.includes('id=one-')),
        linesOf(alone),
      );
    }),
    { numRuns: 300 },
  );
});

test('a contact is reported as new only while it is not bound, and each binding ends once', () => {
  fc.assert(
    fc.property(steps, delay, (todo, delayS) => {
      const stage = stageWith(delayS);
      play(stage, script('one', todo));
      stage.advance(stage.seconds() + ALL_OVER_S);
      const bound = new Set<string>();
      // Removed by a `*`; bindings of another Call-ID may still report for themselves, or go on.
      const forgotten = new Set<string>();
      for (const event of stage.newEvents().filter(({ type }) => type.startsWith('reg-'))) {
        const contact = event.attributes['sip.contact'] ?? '';
        if (event.type === 'reg-new') {
          assert.ok(!bound.has(contact), `${contact} was bound already`);
          bound.add(contact);
        } else if (event.type === 'reg-expired') {
          assert.ok(bound.delete(contact) || forgotten.delete(contact), `${contact} expired without being bound`);
        } else if (contact === '*') {
          for (const each of bound) forgotten.add(each);
          bound.clear();
        } else bound.delete(contact);
      }
      assert.deepEqual([...bound], []);
    }),
    { numRuns: 500 },
  );
});

test('sub-new and sub-del of one dialog take turns', () => {
  fc.assert(
    fc.property(steps, (todo) => {
      const stage = stageWith(0);
      play(stage, script('one', todo));
      stage.advance(stage.seconds() + ALL_OVER_S);
      const held = new Map<string, number>();
      for (const { type, callId, fromTag, toTag } of stage.newEvents()) {
        const dialog = [callId, ...[fromTag, toTag].toSorted()].join(' ');
        if (type === 'sub-new') held.set(dialog, (held.get(dialog) ?? 0) + 1);
        if (type === 'sub-del') held.set(dialog, Math.max(0, (held.get(dialog) ?? 0) - 1));
      }
      assert.deepEqual(
        [...held.values()].filter((count) => count !== 0),
        [],
      );
    }),
    { numRuns: 300 },
  );
});

/** Events by time; what timed out within one tick of the wheel has no order of its own. */
function linesOf(stage: Stage): string[] {
  return stage
    .newEvents()
    .map((event) => ({ tsUs: event.tsUs, line: eventLine(event, ['id', 'f', 't', 'contact', 'to', 'life']) }))
    .toSorted((a, b) => a.tsUs - b.tsUs || (a.line < b.line ? -1 : 1))
    .map(({ line }) => line);
}
