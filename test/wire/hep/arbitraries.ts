import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { formatIp } from '../../../src/model/endpoint.ts';
import { encodeHep1, encodeHep2, encodeHep3, type HepMessage } from '../../../src/wire/hep/encode.ts';
import { CAPTURED_US, SIP } from './support.ts';

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const port = fc.nat({ max: 0xffff });
const ipv4Pair = fc.tuple(word, word).map(([src, dst]) => ({
  src: formatIp(4, 0, 0, 0xffff, src),
  dst: formatIp(4, 0, 0, 0xffff, dst),
}));
/** Global unicast, so never an IPv4-mapped address, which is read as IPv4. */
const ipv6 = fc.tuple(word, word, word).map((words) => formatIp(6, 0x2001_0db8, ...words));
const ipv6Pair = fc.record({ src: ipv6, dst: ipv6 });

/** Characters of one and of two octets in UTF-8, none of them blank. */
const character = fc.oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0xa1, max: 0x24f }));
const visible = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(character, { minLength: 1, maxLength }).map((codes) => String.fromCharCode(...codes));

/** Octets that do not end in NUL and are not mistaken for a SIP start line. */
const payload = fc.oneof(
  fc.constant(Buffer.from(SIP)),
  fc.uint8Array({ maxLength: 1500 }).map((octets) => Buffer.concat([Buffer.of(0x01), octets, Buffer.of(0xff)])),
);

/** Any message all versions can carry, captured within an hour of the worked examples. */
export const message: fc.Arbitrary<HepMessage & { payload: Buffer }> = fc
  .record({
    addresses: fc.oneof(ipv4Pair, ipv6Pair),
    srcPort: port,
    dstPort: port,
    ipProtocol: fc.nat({ max: 255 }),
    capturedAtUs: fc.integer({ min: -3_600_000_000, max: 3_600_000_000 }).map((offset) => CAPTURED_US + offset),
    kind: fc.integer({ min: 1, max: 255 }),
    captureId: fc.nat({ max: 0xffff }),
    payload,
  })
  .map(({ addresses, ...fields }) => ({ ...addresses, ...fields }));

/** The same with what only HEP3 can carry. */
export const message3: fc.Arbitrary<HepMessage & { payload: Buffer }> = fc
  .tuple(
    message,
    fc.record(
      {
        captureId: fc.nat({ max: 0xffff_ffff }),
        authKey: visible(40),
        correlationId: visible(80),
        nodeName: visible(40),
        vlan: port,
        extraChunks: fc.array(
          fc.record({
            vendorId: fc.integer({ min: 1, max: 0xffff }),
            typeId: port,
            value: fc.uint8Array({ maxLength: 30 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([base, more]) => ({ ...base, ...more }));

const compressed = fc
  .tuple(message3, fc.constantFrom(deflateSync, gzipSync, deflateRawSync))
  .map(([fields, compress]) => encodeHep3({ ...fields, compressedPayload: compress(fields.payload) }));

/** Valid packets of all versions, with plain and compressed payloads. */
export const packet: fc.Arbitrary<Buffer> = fc.oneof(
  message.map(encodeHep1),
  message.map(encodeHep2),
  message3.map(encodeHep3),
  compressed,
);

/** Valid HEP3 messages, for streams. */
export const packet3: fc.Arbitrary<Buffer> = fc.oneof(message3.map(encodeHep3), compressed);
