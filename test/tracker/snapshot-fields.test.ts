import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Binding } from '../../src/tracker/binding-table.ts';
import type { Call, CallExtras } from '../../src/tracker/call.ts';
import { firstHopOf, type Hop } from '../../src/tracker/hops.ts';
import {
  BINDING_DOUBLES,
  BINDING_INTS,
  BINDING_PARTS,
  BINDING_PLACES,
  BINDING_TEXTS,
  TRANSACTION_INTS,
  TRANSACTION_PARTS,
  TRANSACTION_TEXTS,
} from '../../src/tracker/snapshot-bindings.ts';
import {
  CALL_INTS,
  CALL_PARTS,
  CALL_PLACES,
  CALL_TEXTS,
  EXTRAS_PARTS,
  EXTRAS_PLACES,
  HOP_INTS,
  REQUEST_FIELDS,
} from '../../src/tracker/snapshot-calls.ts';
import { Stage } from './scenario.ts';

/** A stage with a binding and the entry of its REGISTER. */
function registered(): { call: Call; extras: CallExtras; hop: Hop; binding: Binding } {
  const stage = new Stage();
  stage.send('0 A>B REGISTER/1 f=a contact=<sip:a@192.0.2.1> expires=60');
  stage.send('0 B>A 200/1/REGISTER f=a t=b contact=<sip:a@192.0.2.1>;expires=60');
  const call = stage.tracker.table.newest;
  const binding = stage.tracker.registrations.table.entries.newest;
  assert.ok(call?.extras !== undefined && binding !== undefined);
  const hop = firstHopOf(call);
  assert.ok(hop !== undefined);
  return { call, extras: call.extras, hop, binding };
}

const { call, extras, hop, binding } = registered();

// A field that is in none of these lists would be lost at every restart.
const CLASSES: { name: string; object: object; listed: readonly string[] }[] = [
  { name: 'Call', object: call, listed: [...CALL_INTS, ...CALL_TEXTS, ...CALL_PARTS, ...CALL_PLACES] },
  { name: 'CallExtras', object: extras, listed: [...EXTRAS_PARTS, ...EXTRAS_PLACES] },
  { name: 'Hop', object: hop, listed: HOP_INTS },
  { name: 'TimedRequest', object: extras.requested ?? {}, listed: REQUEST_FIELDS },
  {
    name: 'Binding',
    object: binding,
    listed: [...BINDING_INTS, ...BINDING_DOUBLES, ...BINDING_TEXTS, ...BINDING_PARTS, ...BINDING_PLACES],
  },
  { name: 'Contact', object: binding.contact, listed: ['text', 'name', 'port'] },
  {
    name: 'RegisterTransaction',
    object: binding.transaction,
    listed: [...TRANSACTION_TEXTS, ...TRANSACTION_INTS, ...TRANSACTION_PARTS],
  },
];

for (const { name, object, listed } of CLASSES) {
  test(`every field of ${name} is listed for snapshots`, () => {
    assert.deepEqual(
      Object.keys(object).filter((key) => !listed.includes(key)),
      [],
    );
    // Some fields of a call are bits of another, so they are no keys.
    assert.deepEqual(
      listed.filter((field) => !(field in object)),
      [],
    );
  });
}
