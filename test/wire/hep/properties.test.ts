import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { Fault } from '../../../src/model/fault.ts';
import { Packet } from '../../../src/model/packet.ts';
import { decodeHep, inflateDatagram } from '../../../src/wire/hep/decode.ts';
import { encodeHep1, encodeHep2, encodeHep3 } from '../../../src/wire/hep/encode.ts';
import { mutated } from '../../support/mutate.ts';
import { message, message3, packet as validPacket } from './arbitraries.ts';
import { decode, example, LIMITS, NOW_US, view } from './support.ts';

const runs = { numRuns: 1000 };

/** Ranges a caller may use without looking, whatever the octets were. */
function assertSound(packet: Packet, start: number, end: number): void {
  const size = end - start;
  assert.ok(packet.faultAt >= 0 && packet.faultAt <= size, `faultAt ${packet.faultAt} of ${size}`);
  assert.ok(packet.length >= 0 && packet.length <= size, `length ${packet.length} of ${size}`);
  const [first, last] = packet.inflated ? [0, packet.bytes.length] : [start, end];
  for (const [from, to] of [
    [packet.start, packet.end],
    [packet.authStart, packet.authEnd],
    [packet.correlationStart, packet.correlationEnd],
    [packet.nodeStart, packet.nodeEnd],
  ] as const) {
    assert.ok(from === to || (from >= first && from < to && to <= last), `range ${from} to ${to}`);
  }
  assert.ok(packet.envelopeStart <= packet.payloadStart && packet.payloadStart <= packet.payloadEnd);
  assert.ok(packet.payloadEnd <= packet.envelopeEnd && packet.envelopeEnd <= end);
  assert.ok(packet.envelopeStart === start || packet.envelopeEnd === 0);
  assert.ok(Number.isSafeInteger(packet.capturedAtUs) && packet.capturedAtUs >= 0);
}

const damaged = fc.oneof(
  mutated(validPacket),
  mutated(validPacket, 1),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

test('decodeHep() answers damaged packets with a fault or sound ranges, and reads the next packet as ever', () => {
  const good = example('e');
  const expected = view(decode(good).packet);
  fc.assert(
    fc.property(damaged, (bytes) => {
      const { packet } = decode(bytes);
      assertSound(packet, 0, bytes.length);
      assert.equal(decodeHep(good, 0, good.length, packet, LIMITS, NOW_US), Fault.NONE);
      assert.deepEqual(view(packet), expected);
    }),
    runs,
  );
});

test('decodeHep() gives up on damaged packets of each kind, not only on one', () => {
  // A property that never gets past the first check would prove nothing: see that many outcomes are reached.
  const outcomes = new Set(fc.sample(damaged, { numRuns: 3000, seed: 1 }).map((bytes) => decode(bytes).fault));
  for (const code of [
    'NONE',
    'HEP_SHORT',
    'HEP_BAD_LENGTH',
    'HEP_TRUNCATED',
    'HEP_BAD_CHUNK',
    'HEP_NO_ADDRESS',
    'HEP_NO_PAYLOAD',
    'HEP_BAD_FAMILY',
    'HEP_MALFORMED',
    'HEP_INFLATE',
  ]) {
    assert.ok(outcomes.has(code), code);
  }
});

test('decodeHep() sees nothing outside its range', () => {
  fc.assert(
    fc.property(
      fc.oneof(validPacket, damaged),
      fc.uint8Array({ maxLength: 80 }),
      fc.oneof(fc.uint8Array({ maxLength: 80 }), validPacket),
      (bytes, before, behind) => {
        const alone = decode(bytes);
        const start = before.length;
        const around = Buffer.concat([before, bytes, behind]);
        const packet = new Packet(around);
        const fault = decodeHep(around, start, start + bytes.length, packet, LIMITS, NOW_US);
        assert.equal(fault === Fault.NONE, alone.fault === 'NONE');
        assert.equal(packet.faultAt, alone.faultAt);
        assert.deepEqual(view(packet), view(alone.packet));
        assertSound(packet, start, start + bytes.length);
      },
    ),
    runs,
  );
});

test('decodeHep() reads from an offset in a large buffer what it reads alone', () => {
  const bytes = example('f');
  const around = Buffer.concat([Buffer.alloc(70_000, 'HEP3'), bytes, Buffer.alloc(70_000, 'HEP3')]);
  const packet = new Packet(around);
  assert.equal(decodeHep(around, 70_000, 70_000 + bytes.length, packet, LIMITS, NOW_US), Fault.NONE);
  assert.deepEqual(view(packet), view(decode(bytes).packet));
});

test('inflateDatagram() answers damaged datagrams with octets within the limit or a fault', () => {
  const compressed = validPacket.map((bytes) => gzipSync(bytes));
  fc.assert(
    fc.property(mutated(compressed, 2), (bytes) => {
      const inflated = inflateDatagram(bytes, 0, bytes.length, LIMITS);
      if (typeof inflated === 'number') {
        assert.ok(inflated === Fault.HEP_INFLATE || inflated === Fault.HEP_INFLATE_LIMIT);
      } else {
        assert.ok(inflated.length <= LIMITS.maxInflatedBytes);
        const { packet } = decode(inflated, { ...LIMITS, maxInflatedBytes: 0 });
        assertSound(packet, 0, inflated.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('decodeHep() reads what encodeHep3() wrote', () => {
  fc.assert(
    fc.property(message3, (sent) => {
      const bytes = encodeHep3(sent);
      const { fault, packet } = decode(bytes);
      assert.equal(fault, 'NONE');
      const got = view(packet);
      const latin1 = (text = ''): string => Buffer.from(text).toString('latin1');
      assert.deepEqual(
        {
          ...fieldsOf(got),
          kind: got['kind'],
          captureId: got['captureId'],
          capturedAtUs: got['capturedAtUs'],
          authKey: got['authKey'],
          correlationId: got['correlationId'],
          nodeName: got['nodeName'],
          vlan: got['vlan'],
        },
        {
          ...fieldsOf({ ...sent, payload: sent.payload.toString('latin1') }),
          kind: sent.kind,
          captureId: sent.captureId,
          capturedAtUs: sent.capturedAtUs,
          authKey: sent.authKey === undefined ? undefined : latin1(sent.authKey),
          correlationId: latin1(sent.correlationId),
          nodeName: latin1(sent.nodeName),
          vlan: sent.vlan ?? -1,
        },
      );
      assert.deepEqual(got['notes'], sent.extraChunks === undefined ? [] : ['VENDOR_CHUNK']);
      assert.equal(got['length'], bytes.length);
    }),
    { numRuns: 500 },
  );
});

test('decodeHep() reads what encodeHep2() and encodeHep1() wrote', () => {
  fc.assert(
    fc.property(message, (sent) => {
      const expected = fieldsOf({ ...sent, payload: sent.payload.toString('latin1') });
      const second = view(decode(encodeHep2(sent)).packet);
      assert.deepEqual(fieldsOf(second), expected);
      assert.deepEqual(
        [second['kind'], second['captureId'], second['capturedAtUs'], second['notes']],
        [1, sent.captureId, sent.capturedAtUs, []],
      );
      assert.deepEqual(fieldsOf(view(decode(encodeHep1(sent)).packet)), expected);
    }),
    { numRuns: 500 },
  );
});

/** What every version carries. */
function fieldsOf(values: Record<string, unknown>): Record<string, unknown> {
  const { src, srcPort, dst, dstPort, ipProtocol, payload } = values;
  return { src, srcPort, dst, dstPort, ipProtocol, payload };
}
