import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EngineCore } from '../../src/engine/engine-core.ts';
import { CounterSet, Ingest } from '../../src/model/counters.ts';
import { EngineRequestError, type RegistrationQuery } from '../../src/model/engine.ts';
import type { RegistrationView } from '../../src/model/views.ts';
import { packetOf } from '../support/hostile.ts';
import { KeptLog, loopbackSettings } from './settings.ts';

const NOW_US = 1_700_000_000_000_000;

/** An engine without its thread, in which users have registered. */
async function engineWith(t: TestContext, users: readonly string[], argv: string[] = []): Promise<EngineCore> {
  const core = new EngineCore(loopbackSettings(...argv), new CounterSet(), () => NOW_US, new KeptLog());
  await core.start(() => {});
  t.after(() => core.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 }));
  for (const user of users) {
    for (const sip of registration(user)) core.pipeline.datagram(packetOf(sip), '127.0.0.1', 4000, NOW_US);
  }
  assert.equal(core.counters.get(Ingest.TRACKED), users.length * 2);
  return core;
}

function registration(user: string): string[] {
  const head = [
    `Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${user}`,
    `From: <sip:${user}@example.com>;tag=f`,
    `Call-ID: ${user}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:${user}@192.0.2.1>`,
    'Expires: 60',
  ];
  const message = (first: string, to: string): string => [first, ...head, to, 'Content-Length: 0', '', ''].join('\r\n');
  return [
    message('REGISTER sip:example.com SIP/2.0', `To: <sip:${user}@example.com>`),
    message('SIP/2.0 200 OK', `To: <sip:${user}@example.com>;tag=r`),
  ];
}

async function list(core: EngineCore, query: RegistrationQuery): Promise<{ matched: number; aors: string[] }> {
  const items: RegistrationView[] = [];
  const { matched } = await core.listRegistrations(query, (part) => items.push(...part));
  return { matched, aors: items.map(({ aor }) => aor) };
}

test('bindings are listed newest first, in windows, by address-of-record or contact', async (t) => {
  const core = await engineWith(t, ['alice', 'bob', 'carol', 'bobby']);
  assert.deepEqual(await list(core, { offset: 1, limit: 2 }), {
    matched: 4,
    aors: ['sip:carol@example.com', 'sip:bob@example.com'],
  });
  const aor = { field: 'aor' as const, value: 'bob', regexp: false };
  assert.deepEqual(await list(core, { offset: 0, limit: 1, filter: aor }), {
    matched: 2,
    aors: ['sip:bobby@example.com'],
  });
  const contact = { field: 'contact' as const, value: '^sip:(alice|bob)@192', regexp: true };
  assert.deepEqual((await list(core, { offset: 0, limit: 9, filter: contact })).aors, [
    'sip:bob@example.com',
    'sip:alice@example.com',
  ]);
  await assert.rejects(list(core, { offset: 0, limit: 1_000_000 }), EngineRequestError);
});

test('the table of bindings says what is held and what may be', async (t) => {
  const core = await engineWith(t, ['alice', 'bob', 'carol'], ['--regs_max_entries=2', '--regs_max_mem=1M']);
  const { bindings, created, bytes, maxEntries, maxBytes, maxContacts, longestChain } = core.registrationTable();
  assert.deepEqual([bindings, created, maxEntries, maxBytes, maxContacts], [2, 2, 2, 1_048_576, 256]);
  assert.ok(bytes > 1000 && bytes < 4000, String(bytes));
  assert.ok(longestChain >= 1);
});

test('settings of registrations change one by one, go back to what was configured, and are refused as a whole', async (t) => {
  const core = await engineWith(t, [], ['--reg_del_delay=5']);
  core.setRegistrationSettings({ regExpDeltaS: 0, regDelDelayS: 7 });
  core.setRegistrationSettings({ contactIgnorePort: true });
  assert.deepEqual(core.registrationSettings(), {
    now: { regExpDeltaS: 0, regDelDelayS: 7, contactIgnorePort: true },
    configured: { regExpDeltaS: 30, regDelDelayS: 5, contactIgnorePort: false },
  });
  for (const bad of [{ regExpDeltaS: 10, regDelDelayS: -1 }, { regExpDeltaS: 1.5 }, { regDelDelayS: Number.NaN }]) {
    assert.throws(() => core.setRegistrationSettings(bad), EngineRequestError);
  }
  assert.equal(core.registrationSettings().now.regExpDeltaS, 0);
  core.setRegistrationSettings({ regExpDeltaS: null, regDelDelayS: null, contactIgnorePort: null });
  const { now, configured } = core.registrationSettings();
  assert.deepEqual(now, configured);
});
