import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EngineCore } from '../../src/engine/engine-core.ts';
import { CounterSet, Ingest, Pkt } from '../../src/model/counters.ts';
import { EngineRequestError, type InjectedMessage } from '../../src/model/engine.ts';
import { KeptLog, loopbackSettings } from './settings.ts';

const NOW_US = 1_700_000_000_000_000;
const ENDS = { src: '192.0.2.1:5060', dst: '198.51.100.2:5070' };

function invite(changes: { callId?: string; cseq?: string; more?: string } = {}): Buffer {
  const { callId = 'typed-1', cseq = '1 INVITE', more = 'Content-Length: 0\r\n' } = changes;
  return Buffer.from(
    'INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKt1\r\n' +
      `From: <sip:alice@example.com>;tag=a1\r\nTo: <sip:bob@example.com>\r\nCall-ID: ${callId}\r\n` +
      `CSeq: ${cseq}\r\nContact: <sip:alice@192.0.2.1>\r\n${more}\r\n`,
  );
}

function engine(...options: string[]) {
  const counters = new CounterSet();
  const core = new EngineCore(loopbackSettings(...options), counters, () => NOW_US, new KeptLog());
  const inject = (octets: Buffer, changes: Partial<InjectedMessage> = {}) =>
    core.inject({ octets, transport: 'udp', ...ENDS, ...changes });
  return { core, counters, inject };
}

suite('inject()', () => {
  test('a request begins a call between the given ends, now, and the call is in the answer', () => {
    const { inject, core } = engine();
    const { outcome, code, callId, entries, fields } = inject(invite());
    assert.deepEqual([outcome, code, callId], ['tracked', '', 'typed-1']);
    assert.equal(entries.length, 1);
    const [call] = entries;
    assert.deepEqual(
      [call?.src, call?.dst],
      [
        { ip: '192.0.2.1', port: 5060 },
        { ip: '198.51.100.2', port: 5070 },
      ],
    );
    assert.deepEqual([call?.transport, call?.createdUs, call?.agents], ['udp', NOW_US, ['inject']]);
    assert.deepEqual(core.callsByCallId('typed-1'), entries);
    assert.deepEqual(
      new Map(fields.map(({ name, value }) => [name, value])),
      new Map([
        ['method', 'INVITE'],
        ['request URI', 'sip:bob@example.com'],
        ['Call-ID', 'typed-1'],
        ['CSeq', '1 INVITE'],
        ['From URI', 'sip:alice@example.com'],
        ['From tag', 'a1'],
        ['To URI', 'sip:bob@example.com'],
        ['Via branch', 'z9hG4bKt1'],
        ['Contact', 'sip:alice@192.0.2.1'],
        ['Content-Length', '0'],
        ['body octets', '0'],
        ['header fields', '7'],
      ]),
    );
  });

  test('a reply goes to the call of its request, over TCP and IPv6 too', () => {
    const { inject } = engine();
    const ends = { transport: 'tcp', src: '[2001:db8::1]:5060', dst: '[2001:db8::2]:5060' } as const;
    inject(invite(), ends);
    const reply = invite().toString().replace('INVITE sip:bob@example.com SIP/2.0', 'SIP/2.0 486 Busy Here');
    const { outcome, entries } = inject(Buffer.from(reply), { ...ends, src: ends.dst, dst: ends.src });
    assert.equal(outcome, 'tracked');
    assert.deepEqual([entries.length, entries[0]?.statuses, entries[0]?.transport], [1, [486, 0], 'tcp']);
    assert.equal(entries[0]?.src.ip, '2001:db8::1');
  });

  test('a message that is refused is answered with its code and the place, and counted once', () => {
    const { inject, counters } = engine();
    const octets = invite({ cseq: 'one INVITE' });
    const { outcome, code, reason, octets: length, parsedOctets, rest, callId, entries } = inject(octets);
    assert.equal(outcome, 'refused');
    assert.equal(code, 'SIP_NOT_A_NUMBER');
    assert.notEqual(reason, '');
    assert.equal(length, octets.length);
    assert.equal(octets.toString('latin1', parsedOctets, parsedOctets + 40), rest);
    assert.ok(Math.abs(parsedOctets - octets.indexOf('one INVITE')) <= 8, rest);
    assert.deepEqual([callId, entries], ['typed-1', []]);
    const counts = [Ingest.RECEIVED, Ingest.REFUSED, Ingest.TRACKED, Pkt.INJECTED].map((name) => counters.get(name));
    assert.deepEqual(counts, [1, 1, 0, 1]);
    // The next good one still works.
    assert.equal(inject(invite()).outcome, 'tracked');
  });

  test('without Content-Length a message ends with its datagram, but has no end on a stream', () => {
    const { inject } = engine();
    const octets = invite({ more: '' });
    assert.equal(inject(octets, { transport: 'udp' }).outcome, 'tracked');
    assert.equal(inject(octets, { transport: 'ws' }).outcome, 'tracked');
    assert.equal(inject(octets, { transport: 'tcp' }).outcome, 'refused');
    assert.equal(inject(octets, { transport: 'tls' }).outcome, 'refused');
  });

  test('what is no SIP is ignored, and everything received is accounted for', () => {
    const { inject, counters } = engine();
    for (const text of ['\r\n\r\n', 'hello', '', '\0'.repeat(300), 'SIP/2.0'.repeat(10_000)]) {
      assert.notEqual(inject(Buffer.from(text)).outcome, 'tracked');
    }
    const [received = 0, ...exits] = [Ingest.RECEIVED, Ingest.REFUSED, Ingest.IGNORED, Ingest.TRACKED].map((name) =>
      counters.get(name),
    );
    assert.equal(received, 5);
    assert.equal(
      exits.reduce((sum, count) => sum + count, 0),
      received,
    );
  });

  const refused: [Partial<InjectedMessage>, RegExp][] = [
    [{ src: '192.0.2.1' }, /^src: "192\.0\.2\.1", must be an address and a port/],
    [{ src: '192.0.2.256:5060' }, /^src: /],
    [{ dst: '198.51.100.2:65536' }, /^dst: /],
    [{ dst: '2001:db8::1:5060' }, /^dst: /],
    [{ dst: 'example.com:5060' }, /^dst: /],
    [{ dst: '[2001:db8::1]:5060' }, /^dst: .* must be of the same IP version as src/],
  ];
  for (const [changes, message] of refused) {
    test(`ends ${JSON.stringify(changes)} are refused before anything is counted`, () => {
      const { inject, counters } = engine();
      assert.throws(
        () => inject(invite(), changes),
        (error) => error instanceof EngineRequestError && message.test(error.message),
      );
      assert.equal(counters.get(Ingest.RECEIVED), 0);
    });
  }
});

suite('time-outs of captured TCP', () => {
  const seconds = (core: EngineCore): Record<string, number> =>
    Object.fromEntries(core.tcpTimeouts().map(({ name, ms }) => [name, ms / 1000]));

  test('are those of the options, are changed all or none, and go back with 0', () => {
    const { core } = engine('--pcap=none.pcap', '--tcp_gc_int=5s');
    const configured = { tcp_gc_int: 5, tcp_reorder_timeout: 60, tcp_connection_timeout: 3600 };
    assert.deepEqual(seconds(core), configured);
    core.setTcpTimeouts({ tcp_reorder_timeout: 250, tcp_gc_int: 10 });
    assert.deepEqual(seconds(core), { ...configured, tcp_reorder_timeout: 0.25, tcp_gc_int: 0.01 });
    for (const changes of [
      { tcp_gc_int: 1000, tcp_reorder_timeout: 1 },
      { tcp_gc_int: 1000, tcp_connection_timeout: 999 },
      { tcp_gc_int: 1000, tcp_reorder_timeout: -1 },
      { tcp_gc_int: 1000, tcp_reorder_timeout: Number.NaN },
      { tcp_gc_int: 1000, tcp_msg_buf: 1 },
    ]) {
      assert.throws(() => core.setTcpTimeouts(changes), EngineRequestError);
    }
    assert.deepEqual(seconds(core), { ...configured, tcp_reorder_timeout: 0.25, tcp_gc_int: 0.01 });
    core.setTcpTimeouts({ tcp_reorder_timeout: 0, tcp_gc_int: 0 });
    assert.deepEqual(seconds(core), configured);
  });

  test('are none where nothing is captured', () => {
    const { core } = engine();
    assert.deepEqual(core.tcpTimeouts(), []);
    assert.throws(() => core.setTcpTimeouts({ tcp_gc_int: 1000 }), /nothing is captured/);
  });
});
