import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { Fault } from '../../../src/model/fault.ts';
import { Packet } from '../../../src/model/packet.ts';
import { decodeHep, inflateDatagram, startsWithHep3 } from '../../../src/wire/hep/decode.ts';
import { chunksWith, decode, example, hep3, hex, LIMITS, noteNames, NOW_US, patched, payloadText } from './support.ts';

const d = example('d');

/** A HEP3 packet with this chunk 0x0010 in place of a payload. */
function compressed(octets: Buffer): Buffer {
  return hep3(...chunksWith({ payload: '' }), chunk(0x10, octets));
}

function chunk(type: number, value: Buffer): string {
  const header = hex('0000 0000 0000');
  header.writeUInt16BE(type, 2);
  header.writeUInt16BE(value.length + 6, 4);
  return header.toString('hex') + value.toString('hex');
}

/** Offset of the first chunk behind the generic chunks 0x01 to 0x0c of example D. */
const BEHIND_FIXED = 93;

interface Case {
  name: string;
  bytes: Buffer;
  code: string;
  at: number;
}

const refused: Case[] = [
  { name: 'nothing', bytes: Buffer.alloc(0), code: 'HEP_SHORT', at: 0 },
  { name: 'one octet of the magic', bytes: hex('48'), code: 'HEP_SHORT', at: 1 },
  { name: 'three octets of the magic', bytes: hex('48 45 50'), code: 'HEP_SHORT', at: 3 },
  { name: 'the magic alone', bytes: hex('48 45 50 33'), code: 'HEP_SHORT', at: 4 },
  { name: 'half a length', bytes: hex('48 45 50 33 00'), code: 'HEP_SHORT', at: 5 },
  { name: 'a header without chunks', bytes: hex('48 45 50 33 00 06'), code: 'HEP_NO_PAYLOAD', at: 6 },
  ...[0, 1, 2, 3, 4, 5].map((length) => ({
    name: `a chunk length of ${length}`,
    bytes: hex(`48 45 50 33 00 0c 00 00 00 12 00 0${length}`),
    code: 'HEP_BAD_CHUNK',
    at: 6,
  })),
  { name: 'a total length of 0', bytes: patched(d, 4, '00 00'), code: 'HEP_BAD_LENGTH', at: 4 },
  { name: 'a total length of 5', bytes: patched(d, 4, '00 05'), code: 'HEP_BAD_LENGTH', at: 4 },
  { name: 'a total length of 65535 in 176 octets', bytes: patched(d, 4, 'ff ff'), code: 'HEP_TRUNCATED', at: 4 },
  { name: 'a total length one octet too long', bytes: patched(d, 4, '00 b1'), code: 'HEP_TRUNCATED', at: 4 },
  { name: 'a packet cut to 120 octets', bytes: d.subarray(0, 120), code: 'HEP_TRUNCATED', at: 4 },
  { name: 'a first chunk of 65535 octets', bytes: patched(d, 10, 'ff ff'), code: 'HEP_BAD_CHUNK', at: 6 },
  { name: 'a last chunk one octet too long', bytes: patched(d, 108, '00 49'), code: 'HEP_BAD_CHUNK', at: 104 },
  // The last chunk, from 104 on, one octet shorter: one octet is left over, too little for a chunk header.
  { name: 'a rest too short for a chunk', bytes: patched(d, 108, '00 47'), code: 'HEP_BAD_CHUNK', at: 175 },
  {
    name: 'an IPv4 address of two octets, for want of an address',
    bytes: hep3(...chunksWith({ src: '0000 0003 0008 c000' })),
    code: 'HEP_NO_ADDRESS',
    at: 163,
  },
  { name: 'a missing source', bytes: hep3(...chunksWith({ src: '' })), code: 'HEP_NO_ADDRESS', at: 155 },
  { name: 'a missing destination', bytes: hep3(...chunksWith({ dst: '' })), code: 'HEP_NO_ADDRESS', at: 155 },
  { name: 'a missing payload', bytes: hep3(...chunksWith({ payload: '' })), code: 'HEP_NO_PAYLOAD', at: 93 },
  {
    name: 'an empty payload',
    bytes: hep3(...chunksWith({ payload: '0000 000f 0006' })),
    code: 'HEP_NO_PAYLOAD',
    at: 99,
  },
  {
    name: 'an empty payload and a blank correlation id',
    bytes: hep3(...chunksWith({ payload: '0000 000f 0006' }), '0000 0011 0008 2000'),
    code: 'HEP_NO_PAYLOAD',
    at: 107,
  },
  {
    name: 'a payload that inflates to nothing',
    bytes: compressed(deflateSync('')),
    code: 'HEP_NO_PAYLOAD',
    at: BEHIND_FIXED + 6 + deflateSync('').length,
  },
  {
    name: 'a zlib header with garbage behind',
    bytes: compressed(hex('78 9c de ad be ef 00 11 22 33')),
    code: 'HEP_INFLATE',
    at: BEHIND_FIXED + 6,
  },
  {
    name: 'a gzip header with garbage behind',
    bytes: compressed(hex('1f 8b de ad be ef 00 11 22 33')),
    code: 'HEP_INFLATE',
    at: BEHIND_FIXED + 6,
  },
  {
    name: 'compressed octets of no known kind',
    bytes: compressed(hex('ff ff ff ff ff ff')),
    code: 'HEP_INFLATE',
    at: BEHIND_FIXED + 6,
  },
  {
    name: 'a cut zlib stream',
    bytes: compressed(deflateSync('INVITE sip:a@b SIP/2.0\r\n\r\n').subarray(0, -8)),
    code: 'HEP_INFLATE',
    at: BEHIND_FIXED + 6,
  },
  {
    name: 'a payload that inflates beyond the limit',
    bytes: compressed(deflateSync(Buffer.alloc(60_000_000))),
    code: 'HEP_INFLATE_LIMIT',
    at: BEHIND_FIXED + 6,
  },
  {
    name: 'a payload that inflates to more than a hundred times its size',
    bytes: compressed(gzipSync(Buffer.alloc(20_000))),
    code: 'HEP_INFLATE_LIMIT',
    at: BEHIND_FIXED + 6,
  },
  {
    name: '10 921 empty chunks',
    bytes: hep3('0000 00ff 0006'.repeat(10_921)),
    code: 'HEP_CHUNK_LIMIT',
    at: 6 + 256 * 6,
  },
  { name: 'one octet of HEP1', bytes: hex('01'), code: 'HEP_SHORT', at: 1 },
  { name: 'two octets of HEP2', bytes: hex('02 10'), code: 'HEP_SHORT', at: 2 },
  { name: 'HEP2 without addresses', bytes: hex('02 10 02 11 13 c4 13 ce'), code: 'HEP_SHORT', at: 8 },
  { name: 'HEP1 cut in its addresses', bytes: example('a').subarray(0, 15), code: 'HEP_SHORT', at: 15 },
  { name: 'HEP1 without payload', bytes: example('a').subarray(0, 16), code: 'HEP_NO_PAYLOAD', at: 16 },
  { name: 'HEP2 cut in its time block', bytes: example('b').subarray(0, 27), code: 'HEP_SHORT', at: 27 },
  { name: 'HEP2 without payload', bytes: example('b').subarray(0, 28), code: 'HEP_NO_PAYLOAD', at: 28 },
  { name: 'HEP2 over IPv6 cut in its time block', bytes: example('c').subarray(0, 51), code: 'HEP_SHORT', at: 51 },
  { name: 'HEP2 of family 7', bytes: patched(example('b'), 2, '07'), code: 'HEP_BAD_FAMILY', at: 2 },
  {
    name: 'a SIP request',
    bytes: Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n'),
    code: 'HEP_NOT_HEP',
    at: 0,
  },
  { name: 'a SIP reply', bytes: Buffer.from('SIP/2.0 200 OK\r\n\r\n'), code: 'HEP_NOT_HEP', at: 0 },
  { name: 'an HTTP request', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'), code: 'HEP_MALFORMED', at: 0 },
  { name: 'a protobuf message of heplify', bytes: hex('08 02 10 11'), code: 'HEP_MALFORMED', at: 0 },
  { name: 'a compressed datagram', bytes: gzipSync(d), code: 'HEP_MALFORMED', at: 0 },
  { name: 'HEP4', bytes: patched(d, 3, '34'), code: 'HEP_MALFORMED', at: 0 },
  { name: 'an unknown version octet', bytes: patched(example('b'), 0, '03'), code: 'HEP_MALFORMED', at: 0 },
];

for (const { name, bytes, code, at } of refused) {
  test(`decodeHep() refuses ${name} with ${code}, and the next packet is fine`, () => {
    const { fault, faultAt, packet } = decode(bytes);
    assert.deepEqual([fault, faultAt], [code, at]);
    assert.equal(decodeHep(d, 0, d.length, packet, LIMITS, NOW_US), Fault.NONE);
  });
}

test('decodeHep() counts a chunk of a wrong size also when it refuses the packet', () => {
  const { packet } = decode(hep3(...chunksWith({ src: '0000 0003 0008 c000' })));
  assert.deepEqual(noteNames(packet), ['BAD_CHUNK_SIZE']);
});

test('decodeHep() refuses messages above the limit, in each version', () => {
  for (const name of ['b', 'd']) {
    const bytes = example(name);
    assert.equal(decode(bytes, { ...LIMITS, maxMessageBytes: bytes.length - 1 }).fault, 'HEP_TOO_BIG');
    assert.equal(decode(bytes, { ...LIMITS, maxMessageBytes: bytes.length }).fault, 'NONE');
  }
});

test('decodeHep() takes as many chunks as allowed and refuses one more', () => {
  // Example D has 12 chunks.
  assert.equal(decode(d, { ...LIMITS, maxChunks: 12 }).fault, 'NONE');
  assert.equal(decode(d, { ...LIMITS, maxChunks: 11 }).fault, 'HEP_CHUNK_LIMIT');
});

test('decodeHep() inflates up to the limits and not an octet more', () => {
  const bytes = compressed(gzipSync(Buffer.alloc(5000, 'ab')));
  const size = gzipSync(Buffer.alloc(5000, 'ab')).length;
  assert.equal(decode(bytes, { ...LIMITS, maxInflateRatio: 1000, maxInflatedBytes: 5000 }).fault, 'NONE');
  assert.equal(decode(bytes, { ...LIMITS, maxInflateRatio: 1000, maxInflatedBytes: 4999 }).fault, 'HEP_INFLATE_LIMIT');
  assert.equal(decode(bytes, { ...LIMITS, maxInflateRatio: 5000 / size }).fault, 'NONE');
  assert.equal(decode(bytes, { ...LIMITS, maxInflateRatio: 4999 / size }).fault, 'HEP_INFLATE_LIMIT');
});

test('decodeHep() inflates nothing when the limit is 0, as it must be inside an inflated datagram', () => {
  assert.equal(decode(example('f'), { ...LIMITS, maxInflatedBytes: 0 }).fault, 'HEP_INFLATE_LIMIT');
});

test('decodeHep() leaves to the caller what follows in the datagram', () => {
  const twice = Buffer.concat([d, d]);
  const packet = new Packet(twice);
  const starts: number[] = [];
  for (let at = 0; startsWithHep3(twice, at, twice.length); at += packet.length) {
    assert.equal(decodeHep(twice, at, twice.length, packet, LIMITS, NOW_US), Fault.NONE);
    assert.deepEqual(noteNames(packet), []);
    starts.push(at);
  }
  assert.deepEqual(starts, [0, 176]);
});

test('decodeHep() notes trailing octets that begin no packet', () => {
  for (const tail of ['41 41 41', '48 45 50', '00']) {
    const { fault, packet } = decode(Buffer.concat([d, hex(tail)]));
    assert.equal(fault, 'NONE');
    assert.deepEqual(noteNames(packet), ['TRAILING_BYTES']);
    assert.equal(packet.length, 176);
  }
});

test('inflateDatagram() answers the HEP messages inside one gzip member', () => {
  const datagram = gzipSync(Buffer.concat([d, example('e')]));
  const inflated = inflateDatagram(datagram, 0, datagram.length, LIMITS);
  assert.ok(typeof inflated !== 'number');
  assert.deepEqual(inflated, Buffer.concat([d, example('e')]));
  const packet = new Packet(inflated);
  assert.equal(decodeHep(inflated, 176, inflated.length, packet, LIMITS, NOW_US), Fault.NONE);
  assert.equal(payloadText(packet).slice(0, 7), 'OPTIONS');
});

test('inflateDatagram() refuses what is no gzip, damaged, or too large', () => {
  const bomb = gzipSync(Buffer.alloc(60_000_000));
  assert.equal(inflateDatagram(bomb, 0, bomb.length, LIMITS), Fault.HEP_INFLATE_LIMIT);
  const cut = gzipSync(d).subarray(0, 60);
  assert.equal(inflateDatagram(cut, 0, cut.length, LIMITS), Fault.HEP_INFLATE);
  assert.equal(inflateDatagram(d, 0, d.length, LIMITS), Fault.HEP_INFLATE);
  assert.equal(inflateDatagram(hex('1f'), 0, 1, LIMITS), Fault.HEP_INFLATE);
});
