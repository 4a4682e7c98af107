import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { EventView } from '../../src/model/views.ts';
import { eventLine } from '../../src/sinks/event-json.ts';
import { event, messageEvent, T0_US } from './events.ts';

/** The program started 100 s before the call. */
const CONTEXT = { startedUs: T0_US - 100_000_000, version: '1.2.3' };

function lineOf(view: EventView): unknown {
  const line = eventLine(view, { count: 7, nextIndex: 50 }, CONTEXT);
  assert.equal(line.indexOf('\n'), line.length - 1, 'one line');
  return JSON.parse(line);
}

/** Members as dotted names, the way the fields are documented. */
function flat(value: unknown, prefix = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [prefix]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, member]) => flat(member, prefix === '' ? name : `${prefix}.${name}`)),
  ) as Record<string, unknown>;
}

const TEXTS = {
  'sip.call_id': 'c1@example.com',
  'sip.from': 'sip:alice@example.com',
  'sip.to': 'sip:bob@example.com',
  'sip.request.method': 'INVITE',
  'uri.original': 'sip:bob@example.com;user=phone',
  'sip.contact': 'sip:alice@192.0.2.1',
  'sip.sip_reason': 'OK',
  'user_agent.original': 'Phone/1',
  'uas.original': 'Gateway/2',
  'sip.pai1': 'sip:+1@example.com',
  'sip.pai2': 'tel:+1',
};
const OF_CALLS = {
  'sip.request.sig': '26435027I004003F0000V0000',
  'sip.fromtag': 'ft',
  'sip.totag': 'tt',
};
const ENDPOINTS = {
  'client.transport': 'tls',
  'client.ip': '192.0.2.1',
  'client.port': 5060,
  'server.ip': '2001:db8::2',
  'server.port': 5061,
};
const RATE = {
  'rate.exceeded': 4,
  'rate.ex_diff': 3,
  'rate.crt': 9.5,
  'rate.lim': 5,
  'rate.period': 1000,
  'rate.since': '2023-11-14T22:14:20.000001Z',
  'rate.key': 'call-end:192.0.2.1',
};
const POSITION = {
  'dbg.created': '2023-11-14T22:13:20.000000Z',
  'dbg.event_cnt': 7,
  'dbg.event_idx': 41,
  'dbg.event_next_idx': 50,
};
const DEBUG = {
  ...POSITION,
  'dbg.call_start': '2023-11-14T22:13:22.000000Z',
  'dbg.state': 'bye detected',
  'dbg.prev_state': 'init->first invite->established',
  'dbg.lastev': 'call-start',
  'dbg.evflags': 'call-start|call-end',
  'dbg.evgen': 'request',
  'dbg.cseq': [1, 2],
  'dbg.rcseq': [1, 0],
  'dbg.call_flags': 'Reused|Callee_Terminated',
  'dbg.req_no': [2, 1],
  'dbg.repl_no': [3, 0],
  'dbg.req_retr': [1, 0],
  'dbg.repl_retr': [0, 2],
  'dbg.last_method': ['ACK', 'BYE'],
  'dbg.last_status': [200, 0],
  'dbg.msg_trace': '>INVITE{1}<100<180<200>ACK<BYE',
};
const PROGRAM = { encrypt_flags: '0', 'agent.version_long': 'sipcol 1.2.3', 'agent.version_base': '1.2.3' };

/** What every event of a call has, whatever its type. */
const CALL = {
  '@timestamp': '2023-11-14T22:14:25.700000Z',
  ...TEXTS,
  ...OF_CALLS,
  ...ENDPOINTS,
  ...RATE,
  ...DEBUG,
  ...PROGRAM,
  'event.call_start': '2023-11-14T22:13:22.000000Z',
};

/** What each type adds. */
const BY_TYPE: Record<string, Record<string, unknown>> = {
  'call-start': { 'sip.response.status': 200, 'sip.pdd': 400, 'sip.ring_time': 1600 },
  'call-end': {
    'event.duration': 63,
    'sip.originator': 'callee-terminated',
    'sip.unmatched_invite': false,
    'sip.response.last': 200,
    'sip.pdd': 400,
    'sip.ring_time': 1600,
  },
  'call-attempt': { 'sip.response.status': 200, 'sip.pdd': 400, 'sip.ring_time': 1600 },
  'auth-failed': { 'sip.response.status': 200, 'sip.fr_delay': 2000 },
  'reg-new': { 'sip.response.status': 200, 'sip.fr_delay': 2000 },
  'reg-del': { 'sip.response.last': 200, 'event.lifetime': 63 },
  'reg-expired': { 'sip.response.last': 200, 'event.lifetime': 63 },
  'sub-new': { 'sip.response.status': 200, 'sip.fr_delay': 2000 },
  'sub-del': { 'sip.response.last': 200, 'event.lifetime': 63 },
  'other-failed': { 'sip.response.last': 200 },
  'other-timeout': { 'sip.response.last': 200 },
  'other-ok': { 'sip.response.last': 200 },
};

for (const [type, more] of Object.entries(BY_TYPE)) {
  test(`a line of ${type} has exactly its fields`, () => {
    const originator = type === 'call-end' ? ('callee-terminated' as const) : null;
    assert.deepEqual(flat(lineOf(event({ type, originator }))), { ...CALL, type, ...more });
  });
}

test('a line of parse-error has its reason as err_info, and nothing of a call', () => {
  const reason = 'SIP_BAD_HEADER after "Call-ID: x"';
  assert.deepEqual(flat(lineOf({ ...messageEvent('parse-error', { 'sip.sip_reason': reason }), callId: 'x' })), {
    '@timestamp': '2023-11-14T22:13:20.000000Z',
    type: 'parse-error',
    'sip.call_id': 'x',
    err_info: reason,
    ...ENDPOINTS,
    ...POSITION,
    ...PROGRAM,
  });
});

test('a line of msg-probe says who probed whom', () => {
  assert.deepEqual(flat(lineOf(messageEvent('msg-probe'))), {
    '@timestamp': '2023-11-14T22:13:20.000000Z',
    type: 'msg-probe',
    ...ENDPOINTS,
    ...POSITION,
    ...PROGRAM,
  });
});

const lengths: [name: string, changes: Partial<EventView>, emitted: string[], field: string, seconds: number][] = [
  ['from the answer', {}, [], 'event.duration', 63],
  ['from ringing, without an answer', { finalUs: null }, [], 'event.duration2', 65],
  ['from the begin, when that was seen', { finalUs: null, earlyUs: null }, ['call-attempt'], 'event.duration3', 65],
  ['from the begin of a refused try', { finalUs: null, earlyUs: null }, ['auth-failed'], 'event.duration3', 65],
  ['from the start of the program, at least', { finalUs: null, earlyUs: null }, [], 'event.min_length', 165],
  ['of a clock set back is not negative', { tsUs: T0_US }, [], 'event.duration', 0],
];
for (const [name, changes, emitted, field, seconds] of lengths) {
  test(`the length of a call counts ${name}`, () => {
    const { debug } = event();
    assert.ok(debug !== null);
    const line = flat(lineOf(event({ ...changes, debug: { ...debug, emitted } })));
    const found = Object.keys(line).filter((key) => /^event\.(duration\d?|min_length)$/.test(key));
    assert.deepEqual([found, line[field]], [[field], seconds]);
  });
}

test('the life of a binding whose begin was not seen is at least as long as the program runs', () => {
  const line = flat(lineOf(event({ type: 'reg-expired', finalUs: null })));
  assert.deepEqual([line['event.min_lifetime'], 'event.lifetime' in line], [165, false]);
});

test('a call-end without a call-start is unmatched', () => {
  const { debug } = event();
  assert.ok(debug !== null);
  const line = flat(lineOf(event({ debug: { ...debug, emitted: ['call-end'] } })));
  assert.equal(line['sip.unmatched_invite'], true);
});

test('what has no value is left out; an empty tag of a call is one', () => {
  const line = flat(lineOf(event({ type: 'other-timeout', toTag: '', attributes: {}, finalUs: null, rate: null })));
  const { 'sip.totag': totag } = line;
  assert.equal(totag, '');
  for (const absent of ['sip.from', 'uri', 'uri.original', 'user_agent', 'rate', 'rate.key', 'event.call_start']) {
    assert.equal(absent in line, false, absent);
  }
});

test('a fork is dated', () => {
  const line = flat(lineOf(event({ forkedUs: T0_US + 1_000_000 })));
  assert.equal(line['dbg.forked'], '2023-11-14T22:13:21.000000Z');
});

test('no text, whatever it holds, breaks out of its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = flat(lineOf(event({ callId: `x${text}`, attributes: { 'sip.from': `y${text}` } })));
      assert.equal(line['sip.from'], `y${text}`);
      assert.equal(line['sip.call_id'], `x${text}`);
    }),
  );
});

test('where calls are written to files an event names that of its call', () => {
  const dump = { prefix: 'callid_', suffix: '', extension: 'pcap', subdirs: 0 };
  const attrs = (view: EventView, context: object): unknown => {
    const line = eventLine(view, { count: 1, nextIndex: 2 }, { ...CONTEXT, ...context });
    return (JSON.parse(line) as { attrs?: unknown }).attrs;
  };
  assert.deepEqual(attrs(event({ callId: 'a/b' }), { dump }), { filename: 'callid_a%2Fb.pcap' });
  // In the file's name an octet above 0x7f is escaped as it was sent, here in UTF-8.
  assert.deepEqual(attrs(event({ callId: 'é' }), { dump }), { filename: 'callid_%C3%A9.pcap' });
  assert.equal(attrs(event({ callId: '' }), { dump }), undefined);
  assert.equal(attrs(event(), {}), undefined);
});
