import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHep1, encodeHep2, encodeHep3, type HepMessage } from '../../../src/wire/hep/encode.ts';
import { CAPTURED_US, decode, example, NOW_US, SIP, view } from './support.ts';

const IPV4 = { src: '192.0.2.10', srcPort: 5060, dst: '192.0.2.20', dstPort: 5070 };
const IPV6 = { src: '2001:db8::10', srcPort: 5060, dst: '2001:db8::20', dstPort: 5070 };
const UDP = { ipProtocol: 17, transport: 'udp' };
const ABSENT = {
  authKey: undefined,
  correlationId: '',
  nodeName: '',
  vlan: -1,
  mos: -1,
  rFactor: -1,
  arrivedAtUs: NOW_US,
  notes: [],
};
const SENT = { capturedAtUs: CAPTURED_US, captureId: 2001 };
const RTCP_JSON =
  '{"sender_information":{"ntp_timestamp_sec":3908988800,"ntp_timestamp_usec":530242560,"rtp_timestamp":160,' +
  '"packets":50,"octets":8000},"ssrc":305419896,"type":200,"report_count":1,"report_blocks":[{"source_ssrc":' +
  '2596069104,"highest_seq_no":50,"fraction_lost":0,"ia_jitter":12,"packets_lost":0,"lsr":0,"dlsr":0}]}';

const expected: Record<string, Record<string, unknown>> = {
  a: {
    ...ABSENT,
    ...IPV4,
    ...UDP,
    version: 1,
    kind: 1,
    family: 4,
    capturedAtUs: 0,
    captureId: 0,
    payload: SIP,
    length: 82,
    notes: ['TIME_ABSENT'],
  },
  b: { ...ABSENT, ...SENT, ...IPV4, ...UDP, version: 2, kind: 1, family: 4, payload: SIP, length: 94 },
  c: { ...ABSENT, ...SENT, ...IPV6, ...UDP, version: 2, kind: 1, family: 6, payload: SIP, length: 118 },
  d: {
    ...ABSENT,
    ...SENT,
    ...IPV4,
    ...UDP,
    version: 3,
    kind: 1,
    family: 4,
    authKey: 'myhep',
    payload: SIP,
    length: 176,
  },
  e: {
    ...ABSENT,
    ...SENT,
    ...IPV6,
    version: 3,
    kind: 1,
    family: 6,
    ipProtocol: 6,
    transport: 'tcp',
    correlationId: 'c1',
    nodeName: 'edge-1',
    payload: SIP,
    length: 209,
  },
  f: {
    ...ABSENT,
    ...SENT,
    ...IPV4,
    ...UDP,
    version: 3,
    kind: 1,
    family: 4,
    payload: SIP.repeat(4),
    length: 170,
    notes: ['INFLATED'],
  },
  g: {
    ...ABSENT,
    ...SENT,
    ...UDP,
    src: '192.0.2.10',
    srcPort: 10001,
    dst: '192.0.2.20',
    dstPort: 20001,
    version: 3,
    kind: 5,
    family: 4,
    correlationId: 'c1',
    payload: RTCP_JSON,
    length: 417,
  },
  h: {
    ...ABSENT,
    ...SENT,
    ...IPV4,
    ...UDP,
    version: 3,
    kind: 100,
    family: 4,
    correlationId: 'c1',
    vlan: 42,
    payload: 'hello',
    length: 140,
    notes: ['VENDOR_CHUNK'],
  },
};

for (const [name, values] of Object.entries(expected)) {
  test(`decodeHep() reads worked example ${name.toUpperCase()}`, () => {
    const { fault, faultAt, packet } = decode(example(name));
    assert.equal(fault, 'NONE');
    assert.equal(faultAt, 0);
    assert.deepEqual(view(packet), values);
  });
}

test('decodeHep() keeps the time as it was on the wire', () => {
  for (const name of ['b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const { packet } = decode(example(name));
    assert.deepEqual([packet.rawSeconds, packet.rawMicroseconds], [1_700_000_000, 123_456]);
  }
});

const BASE = { ipProtocol: 17, capturedAtUs: CAPTURED_US, kind: 1, captureId: 2001, payload: Buffer.from(SIP) };
const messages: Record<string, { encode: (message: HepMessage) => Buffer; message: HepMessage }> = {
  a: { encode: encodeHep1, message: { ...BASE, ...IPV4 } },
  b: { encode: encodeHep2, message: { ...BASE, ...IPV4 } },
  c: { encode: encodeHep2, message: { ...BASE, ...IPV6 } },
  d: { encode: encodeHep3, message: { ...BASE, ...IPV4, authKey: 'myhep' } },
  e: { encode: encodeHep3, message: { ...BASE, ...IPV6, ipProtocol: 6, correlationId: 'c1', nodeName: 'edge-1' } },
  f: {
    encode: encodeHep3,
    // The compressed octets stand in the packet from offset 99 on: deflate output differs between zlib versions.
    message: { ...BASE, ...IPV4, compressedPayload: example('f').subarray(99) },
  },
  g: {
    encode: encodeHep3,
    message: {
      ...BASE,
      ...IPV4,
      srcPort: 10001,
      dstPort: 20001,
      kind: 5,
      correlationId: 'c1',
      payload: Buffer.from(RTCP_JSON),
    },
  },
  h: {
    encode: encodeHep3,
    message: {
      ...BASE,
      ...IPV4,
      kind: 100,
      correlationId: 'c1',
      vlan: 42,
      payload: Buffer.from('hello'),
      extraChunks: [
        { vendorId: 8, typeId: 0x80, value: Buffer.from('conv-1') },
        { vendorId: 5, typeId: 1, value: Buffer.from('cc') },
      ],
    },
  },
};

for (const [name, { encode, message }] of Object.entries(messages)) {
  test(`${encode.name}() writes worked example ${name.toUpperCase()} octet for octet`, () => {
    assert.equal(encode(message).toString('hex'), example(name).toString('hex'));
  });
}

test('encodeHep3() refuses what the format cannot carry', () => {
  const message = { ...BASE, ...IPV4 };
  assert.throws(() => encodeHep3({ ...message, src: '192.0.2.256' }), { code: 'HEP_NOT_ENCODABLE' });
  assert.throws(() => encodeHep1({ ...message, dst: 'localhost' }), { code: 'HEP_NOT_ENCODABLE' });
  assert.throws(() => encodeHep3({ ...message, payload: Buffer.alloc(65_530) }), { code: 'HEP_NOT_ENCODABLE' });
  // Chunks 0x01 to 0x0c of an IPv4 packet and both headers take 99 octets.
  assert.throws(() => encodeHep3({ ...message, payload: Buffer.alloc(65_437) }), { code: 'HEP_NOT_ENCODABLE' });
  assert.equal(encodeHep3({ ...message, payload: Buffer.alloc(65_436) }).length, 65_535);
});

test('encodeHep3() leaves out the payload chunk of a message without payload', () => {
  const { payload: _, ...rest } = { ...BASE, ...IPV4 };
  const { fault, packet } = decode(encodeHep3({ ...rest, kind: 96, correlationId: 'c1' }));
  assert.equal(fault, 'NONE');
  assert.deepEqual([packet.start === packet.end, packet.kind], [true, 96]);
});

test('encodeHep3() sends a mixed pair of addresses as IPv6, the IPv4 one mapped', () => {
  const { fault, packet } = decode(encodeHep3({ ...BASE, ...IPV4, dst: '2001:db8::20' }));
  assert.equal(fault, 'NONE');
  const { family, src, dst } = view(packet);
  assert.deepEqual([family, src, dst], [6, '::ffff:c000:20a', '2001:db8::20']);
});
