import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Fault } from '../../src/model/fault.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { isKeepalive, isProbe, parseSip } from '../../src/sip/parse.ts';
import { mutated } from '../support/mutate.ts';
import { DATAGRAM, fixtureNames, octetsOf, readFixture, snapshot, STREAM } from '../support/sip-samples.ts';

/** The RFC's torture messages are where mutations start: whatever is rare in a message is in one of them. */
const SAMPLES = fixtureNames('rfc4475').map((name) => octetsOf(readFixture(`rfc4475/${name}`)));
const sample = fc.constantFrom(...SAMPLES);
const options = fc.constantFrom(DATAGRAM, STREAM);

function parsed(bytes: Buffer, start: number, end: number, how: typeof DATAGRAM): { fault: Fault; all: object } {
  const message = new SipMessage(bytes);
  const fault = parseSip(bytes, start, end, how, message);
  return { fault, all: snapshot(message) };
}

test('parseSip() answers any damaged message with fields or a fault, and all ranges lie inside the message', () => {
  fc.assert(
    fc.property(mutated(sample), options, (bytes, how) => {
      const message = new SipMessage(bytes);
      const fault = parseSip(bytes, 0, bytes.length, how, message);
      assert.ok(fault === Fault.NONE || (fault >= Fault.SIP_END_OF_HEADER && fault <= Fault.SIP_HEADER_LIMIT));
      assert.ok(message.faultAt >= 0 && message.faultAt <= bytes.length);
      for (const [name, value] of Object.entries(message)) {
        if (!name.endsWith('End') || typeof value !== 'number') continue;
        const from = (message as unknown as Record<string, number>)[`${name.slice(0, -3)}Start`] ?? 0; // its partner
        assert.ok(from >= 0 && from <= value && value <= bytes.length, `${name}: ${from}…${value}`);
      }
    }),
    { numRuns: 3000 },
  );
});

test('parseSip() reads nothing outside the message: other octets around it change nothing', () => {
  fc.assert(
    fc.property(
      fc.oneof(sample, mutated(sample)),
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ maxLength: 20 }),
      options,
      (bytes, before, after, how) => {
        const alone = parsed(Buffer.from(bytes), 0, bytes.length, how);
        const around = Buffer.concat([before, bytes, after]);
        const within = parsed(around, before.length, before.length + bytes.length, how);
        assert.deepEqual(within, alone);
      },
    ),
    { numRuns: 1000 },
  );
});

test('parseSip() finds the same whatever was in the record before', () => {
  fc.assert(
    fc.property(fc.oneof(sample, mutated(sample)), mutated(sample), options, (bytes, other, how) => {
      const used = new SipMessage(other);
      parseSip(other, 0, other.length, how, used);
      const fault = parseSip(bytes, 0, bytes.length, how, used);
      assert.deepEqual({ fault, all: snapshot(used) }, parsed(bytes, 0, bytes.length, how));
    }),
    { numRuns: 1000 },
  );
});

const HEADERS = [
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx',
  'From: "A, B" <sip:a@example.com;x=y>;tag=1',
  'To: sip:b@example.com;tag=2',
  'Call-ID: c@h',
  'CSeq: 7 INVITE',
  'Contact: <sip:a@192.0.2.1>;expires=5, <sip:a@192.0.2.2>',
  'Max-Forwards: 70',
  'Expires: 60',
  'User-Agent: x',
  'X-Other: y',
  'P-Asserted-Identity: <sip:a@example.com>, <tel:+1>',
];

test('the order of header fields changes no field', () => {
  const text = (headers: readonly string[]): Buffer =>
    Buffer.from(['INVITE sip:b@example.com SIP/2.0', ...headers, '', ''].join('\r\n'), 'latin1');
  const values = (bytes: Buffer): Record<string, string | number> => {
    const message = new SipMessage(bytes);
    assert.equal(parseSip(bytes, 0, bytes.length, DATAGRAM, message), Fault.NONE);
    const found: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(message)) {
      if (typeof value !== 'number' || name.endsWith('Start') || name.startsWith('fault')) continue;
      const start = (message as unknown as Record<string, number>)[`${name.slice(0, -3)}Start`] ?? 0; // its partner
      found[name] = name.endsWith('End') ? message.text(start, value) : value;
    }
    return found;
  };
  const expected = values(text(HEADERS));
  fc.assert(
    fc.property(fc.shuffledSubarray(HEADERS, { minLength: HEADERS.length }), (headers) => {
      assert.deepEqual(values(text(headers)), expected);
    }),
  );
});

test('isProbe() and isKeepalive() answer for any octets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.equal(typeof isProbe(bytes, 0, bytes.length), 'boolean');
      assert.equal(typeof isKeepalive(bytes, 0, bytes.length), 'boolean');
    }),
  );
});

const short: { text: string; probe: boolean; keepalive: boolean }[] = [
  { text: '', probe: true, keepalive: true },
  { text: '\r\n\r\n', probe: true, keepalive: true },
  { text: '\0\0\0\0', probe: true, keepalive: true },
  { text: 'OPTIONS sip:', probe: true, keepalive: false },
  { text: 'OPTIONS sip:x', probe: false, keepalive: false },
  { text: '0123456789abcdef', probe: true, keepalive: false },
  { text: '\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl', probe: true, keepalive: true },
];
for (const { text, probe, keepalive } of short) {
  test(`${JSON.stringify(text)} is ${probe ? 'a' : 'no'} probe and ${keepalive ? 'a' : 'no'} keep-alive`, () => {
    const bytes = Buffer.from(text, 'latin1');
    assert.equal(isProbe(bytes, 0, bytes.length), probe);
    assert.equal(isKeepalive(bytes, 0, bytes.length), keepalive);
  });
}
