import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encodeHep3 } from '../../../src/wire/hep/encode.ts';
import { CAPTURED_US, decode, example, LIMITS, noteNames, SIP, view } from './support.ts';

/** The encoder and decoder of the Homer project: written by others, so agreement means something. IPv4 and ASCII only. */
const hepJs = createRequire(import.meta.url)('hep-js') as {
  encapsulate(payload: string, envelope: Record<string, unknown>): Buffer;
  decapsulate(packet: Buffer): { rcinfo: Record<string, unknown>; payload: string } | false;
};

const ascii = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength,
    maxLength,
  });
const octet = fc.nat({ max: 255 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
const port = fc.nat({ max: 65_535 });
const envelope = fc.record({
  src: ipv4,
  srcPort: port,
  dst: ipv4,
  dstPort: port,
  ipProtocol: fc.constantFrom(6, 17, 22, 132),
  seconds: fc.integer({ min: 1, max: 0xffff_ffff }),
  microseconds: fc.nat({ max: 999_999 }),
  kind: fc.integer({ min: 1, max: 101 }),
  captureId: fc.nat({ max: 0xffff_ffff }),
  authKey: ascii(1, 20),
  correlationId: ascii(1, 60),
  nodeName: ascii(1, 20),
  payload: ascii(1, 900),
});

test('decodeHep() reads what hep-js encodes', () => {
  fc.assert(
    fc.property(envelope, (sent) => {
      const bytes = hepJs.encapsulate(sent.payload, {
        protocolFamily: 2,
        protocol: sent.ipProtocol,
        srcIp: sent.src,
        dstIp: sent.dst,
        srcPort: sent.srcPort,
        dstPort: sent.dstPort,
        timeSeconds: sent.seconds,
        timeUseconds: sent.microseconds,
        payloadType: sent.kind,
        captureId: sent.captureId,
        capturePass: sent.authKey,
        hepNodeName: sent.nodeName,
        correlation_id: sent.correlationId,
      });
      const sentAtUs = sent.seconds * 1e6 + sent.microseconds;
      const { fault, packet } = decode(bytes, LIMITS, sentAtUs);
      assert.equal(fault, 'NONE');
      assert.deepEqual(noteNames(packet), []);
      const { seconds: _s, microseconds: _u, ...fields } = sent;
      const got = view(packet);
      assert.deepEqual(Object.fromEntries(Object.keys(fields).map((name) => [name, got[name]])), fields);
      assert.equal(packet.capturedAtUs, sentAtUs);
    }),
    { numRuns: 100 },
  );
});

test('hep-js reads what encodeHep3() encodes', () => {
  fc.assert(
    fc.property(envelope, (sent) => {
      const { seconds, microseconds, payload, ...fields } = sent;
      const bytes = encodeHep3({
        ...fields,
        capturedAtUs: seconds * 1e6 + microseconds,
        payload: Buffer.from(payload),
      });
      const got = hepJs.decapsulate(bytes);
      assert.ok(got !== false);
      assert.equal(got.payload, payload);
      const { rcinfo } = got;
      assert.deepEqual(
        {
          src: rcinfo['srcIp'],
          srcPort: rcinfo['srcPort'],
          dst: rcinfo['dstIp'],
          dstPort: rcinfo['dstPort'],
          ipProtocol: rcinfo['protocol'],
          seconds: rcinfo['timeSeconds'],
          microseconds: rcinfo['timeUseconds'],
          kind: rcinfo['payloadType'],
          captureId: rcinfo['captureId'],
          authKey: rcinfo['capturePass'],
          correlationId: rcinfo['correlation_id'],
          nodeName: rcinfo['hepNodeName'],
        },
        { ...fields, seconds, microseconds },
      );
    }),
    { numRuns: 100 },
  );
});

test('hep-js and decodeHep() agree on worked example D', () => {
  const got = hepJs.decapsulate(example('d'));
  assert.ok(got !== false);
  assert.deepEqual([got.payload, got.rcinfo['timeSeconds']], [SIP, Math.floor(CAPTURED_US / 1e6)]);
});
