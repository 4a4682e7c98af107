import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTERS, CounterSet } from '../../src/model/counters.ts';
import { EventType } from '../../src/model/event-type.ts';
import { Packet } from '../../src/model/packet.ts';
import { EventRates } from '../../src/tracker/event-rates.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { eventView } from '../../src/tracker/views.ts';
import { rateSettings, START_US, words } from './rate-stage.ts';

const AGENT = { id: '1@192.0.2.9:9/udp' };

/** A ring behind rates of at most 5 per second, and what was counted on the way. */
function stage(maxEntries = 100): {
  ring: EventRing;
  send: (ms: number, ip?: string, type?: EventType) => void;
  counted: () => Record<string, number>;
} {
  const counters = new CounterSet();
  const ring = new EventRing(50, counters, new EventRates(rateSettings({ maxEntries }), counters, 3));
  const packet = new Packet(Buffer.alloc(0));
  return {
    ring,
    send(ms, ip = '192.0.2.1', type = EventType.PARSE_ERROR) {
      [packet.src0, packet.src1, packet.src2, packet.src3] = words(ip);
      const slot = ring.message(packet, AGENT, type, START_US + ms * 1000);
      if (slot !== undefined) slot.reason = `at ${ms}`;
    },
    counted: () =>
      Object.fromEntries(
        COUNTERS.filter(({ group }) => /^ev_(rate|ring0)/.test(group))
          .map(({ group, name, index }) => [`${group}.${name}`, counters.get(index)] as const)
          .filter(([, value]) => value !== 0),
      ),
  };
}

test('an event is counted, then dropped by type before its rate is looked at', () => {
  const { ring, send, counted } = stage();
  ring.silence(EventType.PARSE_ERROR, true);
  for (let n = 0; n < 8; n++) send(n);
  assert.deepEqual(counted(), { 'ev_rate.total_events': 8, 'ev_rate.blst_type': 8 });
  ring.silence(EventType.PARSE_ERROR, false);
  send(8);
  assert.equal(ring.nextIndex, 1);
  assert.equal(eventView(ring.at(0)!).rate?.value, 1, 'the silenced ones did not count');
});

test('an event beyond a rate limit is dropped before the ring, unless the report rule picks it', () => {
  const { ring, send, counted } = stage();
  for (let n = 0; n < 12; n++) send(n);
  // 5 within, then numbers 1 and 4 of the 7 beyond.
  assert.deepEqual(counted(), {
    'ev_rate.total_events': 12,
    'ev_rate.blst_rate': 7,
    'ev_rate.blst_sent': 2,
    'ev_rate.entries': 1,
    'ev_ring0.queued': 7,
    'ev_ring0.evtype.parse-error': 7,
  });
  const views = [0, 5, 6].map((index) => eventView(ring.at(index)!));
  assert.deepEqual(
    views.map((view) => view.attributes['sip.sip_reason']),
    ['at 0', 'at 5', 'at 8'],
  );
  const common = { limit: 5, intervalMs: 1000, key: 'parse-error:192.0.2.1' };
  assert.deepEqual(
    views.map((view) => view.rate),
    [
      { exceeded: 0, diff: 0, value: 1, sinceUs: START_US, ...common },
      { exceeded: 1, diff: 0, value: 6, sinceUs: START_US + 5000, ...common },
      { exceeded: 4, diff: 3, value: 9, sinceUs: START_US + 5000, ...common },
    ],
  );
});

test('an event without room for its rate is dropped and counted', () => {
  const { ring, send, counted } = stage(1);
  send(0);
  send(1, '2001:db8::1');
  assert.equal(ring.nextIndex, 1);
  assert.equal(counted()['ev_rate.tracking_fail'], 1);
});

test('a probe passes the same way under its own key', () => {
  const { ring, send } = stage();
  send(0, '2001:db8::1', EventType.MSG_PROBE);
  const view = eventView(ring.at(0)!);
  assert.deepEqual([view.type, view.rate?.key, view.rate?.value], ['msg-probe', 'msg-probe:2001:db8::1', 1]);
});

test('rates that are not tracked are null in the event, also in a slot that had one', () => {
  const counters = new CounterSet();
  const settings = rateSettings();
  const rates = new EventRates(settings, counters, 3);
  const ring = new EventRing(1, counters, rates);
  const packet = new Packet(Buffer.alloc(0));
  ring.message(packet, AGENT, EventType.PARSE_ERROR, START_US);
  assert.notEqual(eventView(ring.at(0)!).rate, null);
  rates.configure(rateSettings({ maxEntries: 0 }));
  ring.message(packet, AGENT, EventType.PARSE_ERROR, START_US);
  assert.equal(eventView(ring.at(1)!).rate, null);
});
