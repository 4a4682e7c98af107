import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { keptAfter, keptBefore, type KeptEnvelope, MAX_ENVELOPE_OCTETS } from '../../src/model/packet.ts';
import type { EnvelopeView } from '../../src/model/views.ts';
import { describeEnvelope } from '../../src/wire/envelope.ts';
import { mutated } from '../support/mutate.ts';
import { message3, packet as validPacket } from './hep/arbitraries.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { chunksWith, decode, example, hep3, hex } from './hep/support.ts';

/** What is kept of a packet that decodes, as the ring keeps it. */
function kept(bytes: Buffer): KeptEnvelope {
  const { packet } = decode(bytes);
  const before = keptBefore(packet);
  const after = keptAfter(packet, before);
  return {
    version: packet.version,
    before: packet.envelope.subarray(packet.envelopeStart, packet.envelopeStart + before),
    after: packet.envelope.subarray(packet.payloadEnd, packet.payloadEnd + after),
    notes: packet.notes,
  };
}

function described(bytes: Buffer): EnvelopeView {
  const view = describeEnvelope(kept(bytes));
  assert.ok(view !== null);
  return view;
}

/** `vendor/type name (octets): value`, one line for each field. */
function lines({ fields }: EnvelopeView): string[] {
  return fields.map(({ vendor, type, name, length, value }) => {
    const numbers = vendor === null ? '' : `${vendor}/${type} `;
    return `${numbers}${name} (${length}): ${value}`;
  });
}

const COMMON = ['0/7 source port (2): 5060', '0/8 destination port (2): 5070'];
const TIME = ['0/9 seconds since 1970 (4): 1700000000', '0/10 microseconds (4): 123456'];
const AGENT = ['0/11 protocol type (1): 1 (SIP)', '0/12 capture agent id (4): 2001'];

test('every chunk of HEP3 is told by its type, and of a key only that there is one', () => {
  const view = described(example('d'));
  assert.deepEqual(lines(view), [
    '0/1 IP family (1): 2 (IPv4)',
    '0/2 IP protocol (1): 17 (UDP)',
    '0/3 IPv4 source address (4): 192.0.2.10',
    '0/4 IPv4 destination address (4): 192.0.2.20',
    ...COMMON,
    ...TIME,
    ...AGENT,
    '0/14 authentication key (null): not shown',
    '0/15 payload (66): ',
  ]);
  assert.deepEqual([view.protocol, view.isCut, view.notes], ['HEP3', false, []]);
});

test('chunks with IPv6 addresses, a correlation id and the name of the agent are told', () => {
  assert.deepEqual(lines(described(example('e'))), [
    '0/1 IP family (1): 10 (IPv6)',
    '0/2 IP protocol (1): 6 (TCP)',
    '0/5 IPv6 source address (16): 2001:db8::10',
    '0/6 IPv6 destination address (16): 2001:db8::20',
    ...COMMON,
    ...TIME,
    ...AGENT,
    '0/17 correlation id (2): c1',
    '0/19 agent name (6): edge-1',
    '0/15 payload (66): ',
  ]);
});

test('a compressed payload is left out like any other, and its chunk says how long it was', () => {
  const view = described(example('f'));
  assert.equal(lines(view).at(-1), '0/16 compressed payload (71): ');
  assert.deepEqual([view.isCut, view.notes], [false, ['compressed payloads or messages']]);
});

test('chunks of vendors are theirs, whatever the generic type of the same number is', () => {
  const log = lines(described(example('h')));
  assert.deepEqual(log.slice(0, 3), [
    '8/128 Genesys conversationId (6): conv-1',
    '5/1 Homer, unknown (2): 6363',
    '0/1 IP family (1): 2 (IPv4)',
  ]);
  assert.ok(log.includes('0/18 VLAN (2): 42'));
  assert.ok(log.includes('0/11 protocol type (1): 100 (log)'));
});

test('chunks behind the payload are told, and those nobody knows in hex', () => {
  const bytes = hep3(
    ...chunksWith({}),
    '0000 0017 0007 12',
    '0000 0020 0008 01b9',
    '0000 0014 000e 0000aabbccddeeff',
    '0000 0031 0008 beef',
    '0063 0002 0008 cafe',
    '0000 0007 0007 50',
    '0000 0003 0016 00000000000000000000ffffc000020a',
  );
  assert.deepEqual(lines(described(bytes)).slice(-8), [
    '0/15 payload (66): ',
    '0/23 TCP flags (1): 12 (SYN ACK)',
    '0/32 MOS × 100 (2): 441 (4.41)',
    '0/20 source MAC address (8): 00:00:aa:bb:cc:dd:ee:ff',
    '0/49 unknown (2): beef',
    '99/2 unknown vendor, unknown (2): cafe',
    '0/7 source port, of a wrong size (1): 50',
    '0/3 IPv4 source address (16): ::ffff:c000:20a',
  ]);
});

test('a second payload is none of the message: what is kept of it is told as text', () => {
  const bytes = hep3('0000 000f 0009 616263', ...chunksWith({}));
  assert.equal(lines(described(bytes))[0], '0/15 payload (3): abc');
});

test('the head of HEP1 is told', () => {
  const view = described(example('a'));
  assert.deepEqual(lines(view), [
    'version (1): 1',
    'header length (1): 16',
    'address family (1): 2 (IPv4)',
    'IP protocol (1): 17 (UDP)',
    'source port (2): 5060',
    'destination port (2): 5070',
    'source address (4): 192.0.2.10',
    'destination address (4): 192.0.2.20',
  ]);
  assert.deepEqual([view.protocol, view.notes], ['HEP1', ['messages without a timestamp, taken at arrival']]);
});

const TIME_OF_HEP2 = ['seconds since 1970 (4): 1700000000', 'microseconds (4): 123456', 'capture agent id (2): 2001'];

test('the head of HEP2 is told, in the order of octets of its sender', () => {
  assert.deepEqual(lines(described(example('b'))).slice(-4), [...TIME_OF_HEP2, 'padding (2): 0000']);
  const bigEndian = Buffer.from(example('b'));
  hex('6553f100 0001e240 07d1').copy(bigEndian, 16);
  assert.deepEqual(lines(described(bigEndian)).slice(-4), [...TIME_OF_HEP2, 'padding (2): 0000']);
  const ipv6 = lines(described(example('c')));
  assert.deepEqual(ipv6.slice(6, 8), ['source address (16): 2001:db8::10', 'destination address (16): 2001:db8::20']);
});

test('of HEP2 without padding none is told', () => {
  const b = example('b');
  const packed = Buffer.concat([b.subarray(0, 26), b.subarray(28)]);
  assert.deepEqual(lines(described(packed)).slice(-3), TIME_OF_HEP2);
});

test('an envelope that is too long is told as far as it is kept', () => {
  const long = `0000 0011 00c8 ${'63'.repeat(0xc8 - 6)}`;
  const before = described(hep3(long, long, ...chunksWith({})));
  assert.deepEqual(lines(before), [
    `0/17 correlation id (194): ${'c'.repeat(194)}`,
    '0/17 correlation id (194): not kept',
  ]);
  assert.equal(before.isCut, true);
  const behind = described(hep3(...chunksWith({}), long));
  assert.deepEqual(lines(behind).slice(-2), ['0/15 payload (66): ', '0/17 correlation id (194): not kept']);
  assert.equal(behind.isCut, true);
  // 41 empty chunks fill what is kept but for four octets, in which there is no room for another head.
  const many = described(hep3('0009 0001 0006'.repeat(60), ...chunksWith({})));
  assert.deepEqual([many.fields.length, many.isCut], [41, true]);
});

test('what came in no envelope has none', () => {
  assert.equal(describeEnvelope({ version: 0, before: Buffer.alloc(0), after: Buffer.alloc(0), notes: 0 }), null);
});

const anyKept: fc.Arbitrary<KeptEnvelope> = fc.record({
  version: fc.constantFrom(0, 1, 2, 3),
  before: fc.uint8Array({ minLength: 1, maxLength: MAX_ENVELOPE_OCTETS }).map((octets) => Buffer.from(octets)),
  after: fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
  notes: fc.nat({ max: 0x3fff }),
});

test('any octets have a description, and no more fields than they can hold', () => {
  const damaged = mutated(validPacket).filter((bytes) => decode(bytes).fault === 'NONE');
  fc.assert(
    fc.property(fc.oneof(anyKept, damaged.map(kept)), (envelope) => {
      const view = describeEnvelope(envelope);
      const octets = envelope.before.length + envelope.after.length;
      if (octets === 0) return;
      assert.ok(view !== null && view.fields.length <= octets);
      const told = view.fields.reduce((sum, { length, value }) => sum + (value === '' ? 0 : (length ?? 0)), 0);
      assert.ok(view.isCut || told <= octets, `${told} octets told of ${octets}`);
    }),
    { numRuns: 2000 },
  );
});

test('no key is ever told', () => {
  const key = 'pA55-';
  fc.assert(
    fc.property(message3, fc.constantFrom(0, 1, 250), (fields, more) => {
      const bytes = encodeHep3({ ...fields, authKey: key + 'w'.repeat(more) });
      const told = JSON.stringify(describeEnvelope(kept(bytes)));
      assert.ok(!told.includes(key) && !told.includes(Buffer.from(key).toString('hex')), told);
    }),
  );
});
