import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import {
  CAPTURED_US,
  CHUNK,
  chunksWith,
  decode,
  example,
  hep3,
  hex,
  LIMITS,
  noteNames,
  NOW_US,
  patched,
  payloadText,
  SIP,
  view,
} from './support.ts';

/** Example D's chunks with some changed, and others behind them; decoded without fault. */
function packetOf(changes: Parameters<typeof chunksWith>[0], ...more: string[]): ReturnType<typeof decode>['packet'] {
  const { fault, packet } = decode(hep3(...chunksWith(changes), ...more));
  assert.equal(fault, 'NONE');
  return packet;
}

// --- Time: 1700000000 is 0x6553f100, 123456 is 0x0001e240, the arrival half a second later ---

const DAY_US = 86_400_000_000;

interface TimeCase {
  name: string;
  seconds: string;
  microseconds: string;
  nowUs?: number;
  capturedAtUs: number;
  notes: string[];
}

const times: TimeCase[] = [
  { name: 'as sent', seconds: '6553f100', microseconds: '0001e240', capturedAtUs: CAPTURED_US, notes: [] },
  {
    name: 'with both words reversed (rtpengine 13.4)',
    seconds: '00f15365',
    microseconds: '40e20100',
    capturedAtUs: CAPTURED_US,
    notes: ['TIME_SWAPPED'],
  },
  {
    // 1700000000 + 2208988800 = 3908988800 = 0xe8fe6f80
    name: 'since 1900 (FreeSWITCH on Windows)',
    seconds: 'e8fe6f80',
    microseconds: '0001e240',
    capturedAtUs: CAPTURED_US,
    notes: ['TIME_SINCE_1900'],
  },
  {
    name: 'of another year as it is, when no repair brings it near arrival',
    seconds: '4b3d3b00',
    microseconds: '00000001',
    capturedAtUs: 1_262_304_000_000_001,
    notes: [],
  },
  {
    // 1500000 = 0x0016e360
    name: 'with more than a million microseconds',
    seconds: '6553f100',
    microseconds: '0016e360',
    capturedAtUs: 1_700_000_001_500_000,
    notes: ['TIME_BIG_USEC'],
  },
  { name: 'zero as absent', seconds: '00000000', microseconds: '00000000', capturedAtUs: 0, notes: ['TIME_ABSENT'] },
  {
    name: 'exactly a day before arrival as it is',
    seconds: '6553f100',
    microseconds: '0001e240',
    nowUs: CAPTURED_US + DAY_US,
    capturedAtUs: CAPTURED_US,
    notes: [],
  },
  {
    name: 'beyond 2038 as unsigned',
    seconds: 'f0000000',
    microseconds: '00000000',
    nowUs: 4_026_531_840_000_000,
    capturedAtUs: 4_026_531_840_000_000,
    notes: [],
  },
];

for (const { name, seconds, microseconds, nowUs, capturedAtUs, notes } of times) {
  test(`decodeHep() takes a time ${name}`, () => {
    const bytes = hep3(
      ...chunksWith({ seconds: `0000 0009 000a ${seconds}`, microseconds: `0000 000a 000a ${microseconds}` }),
    );
    const { fault, packet } = decode(bytes, LIMITS, nowUs ?? NOW_US);
    assert.equal(fault, 'NONE');
    assert.equal(packet.capturedAtUs, capturedAtUs);
    assert.deepEqual(noteNames(packet), notes);
    // What was on the wire is kept whatever became of it.
    assert.equal(packet.rawSeconds, Number.parseInt(seconds, 16));
    assert.equal(packet.rawMicroseconds, Number.parseInt(microseconds, 16));
  });
}

test('decodeHep() takes the time as absent when there is no chunk of seconds', () => {
  const packet = packetOf({ seconds: '' });
  assert.equal(packet.capturedAtUs, 0);
  assert.equal(packet.rawMicroseconds, 123_456);
  assert.deepEqual(noteNames(packet), ['TIME_ABSENT']);
});

test('decodeHep() repairs times by the window it is given', () => {
  const swapped = hep3(...chunksWith({ seconds: '0000 0009 000a 00f15365', microseconds: '0000 000a 000a 40e20100' }));
  const near = decode(swapped, { ...LIMITS, skewWindowUs: 500_000 });
  assert.equal(near.packet.capturedAtUs, CAPTURED_US);
  const far = decode(swapped, { ...LIMITS, skewWindowUs: 499_999 });
  // 0x00f15365 = 15815525, 0x40e20100 = 1088553216: as it is, for want of better.
  assert.equal(far.packet.capturedAtUs, 15_815_525 * 1e6 + 1_088_553_216);
  assert.deepEqual(noteNames(far.packet), ['TIME_BIG_USEC']);
});

// --- HEP1 and HEP2 ---

test('decodeHep() does not rely on the header length of HEP1 and HEP2', () => {
  for (const name of ['a', 'b', 'c']) {
    for (const length of ['00', '10', '1c', '28', '34', 'ff']) {
      const { fault, packet } = decode(patched(example(name), 1, length));
      assert.equal(fault, 'NONE');
      assert.equal(payloadText(packet), SIP);
    }
  }
});

test('decodeHep() knows the IPv6 families of other systems in HEP1 and HEP2', () => {
  for (const family of ['0a', '18', '1c', '1e']) {
    const { fault, packet } = decode(patched(example('c'), 2, family));
    assert.equal(fault, 'NONE');
    assert.equal(view(packet)['src'], '2001:db8::10');
  }
});

test('decodeHep() ignores what is in the padding of HEP2', () => {
  for (const padding of ['ff ff', '41 42', '4f 50', '00 41', '53 49']) {
    const { packet } = decode(patched(example('b'), 26, padding));
    assert.deepEqual([payloadText(packet), noteNames(packet)], [SIP, []]);
  }
});

test('decodeHep() accepts a HEP2 time block without padding', () => {
  for (const [name, padding] of [
    ['b', 26],
    ['c', 50],
  ] as const) {
    const bytes = example(name);
    const packed = Buffer.concat([bytes.subarray(0, padding), bytes.subarray(padding + 2)]);
    const { packet } = decode(packed);
    assert.deepEqual([payloadText(packet), noteNames(packet)], [SIP, ['PACKED_V2']]);
    assert.deepEqual([packet.capturedAtUs, packet.captureId], [CAPTURED_US, 2001]);
  }
  const reply = Buffer.concat([example('b').subarray(0, 26), Buffer.from('SIP/2.0 200 OK\r\n\r\n')]);
  assert.equal(payloadText(decode(reply).packet), 'SIP/2.0 200 OK\r\n\r\n');
});

test('decodeHep() reads a big-endian HEP2 time block by its time, with its capture id', () => {
  const bytes = patched(example('b'), 16, '65 53 f1 00 00 01 e2 40 07 d1');
  const { packet } = decode(bytes);
  assert.deepEqual([packet.capturedAtUs, packet.captureId], [CAPTURED_US, 2001]);
  assert.deepEqual(noteNames(packet), ['BIG_ENDIAN_V2']);
});

test('decodeHep() reads a HEP2 time block as little-endian when neither order is near arrival', () => {
  const { packet } = decode(example('b'), LIMITS, NOW_US + 400 * DAY_US);
  assert.deepEqual([packet.capturedAtUs, packet.captureId, packet.notes], [CAPTURED_US, 2001, 0]);
});

test('decodeHep() removes the NULs OpenSIPS sends behind the text of HEP1 and HEP2', () => {
  for (const [name, nuls] of [
    ['a', 8],
    ['b', 8],
    ['c', 32],
  ] as const) {
    const bytes = Buffer.concat([example(name), Buffer.alloc(nuls)]);
    const { packet } = decode(bytes);
    assert.equal(payloadText(packet), SIP);
    assert.ok(noteNames(packet).includes('NUL_TAIL'));
    assert.equal(packet.length, bytes.length);
  }
});

test('decodeHep() leaves a keep-alive that is all NULs', () => {
  const { fault, packet } = decode(Buffer.concat([example('b').subarray(0, 28), Buffer.alloc(4)]));
  assert.deepEqual([fault, payloadText(packet)], ['NONE', '\0\0\0\0']);
});

test('decodeHep() leaves the NULs at the end of a HEP3 payload, which may be binary', () => {
  assert.equal(payloadText(packetOf({ payload: '0000 000f 0009 8000 00' })), '\x80\0\0');
});

// --- Chunks ---

test('decodeHep() takes the last octets of an IPv4 chunk with an IPv4-mapped address', () => {
  const packet = packetOf({ src: '0000 0003 0016 00000000000000000000ffffc000020a' });
  assert.deepEqual([view(packet)['src'], packet.family], ['192.0.2.10', 4]);
  assert.deepEqual(noteNames(packet), ['MAPPED_V4']);
});

test('decodeHep() takes an IPv6 pair of IPv4-mapped addresses as IPv4', () => {
  const packet = packetOf({
    family: '0000 0001 0007 0a',
    src: '0000 0005 0016 00000000000000000000ffffc000020a',
    dst: '0000 0006 0016 00000000000000000000ffffc0000214',
  });
  assert.deepEqual([view(packet)['src'], view(packet)['dst'], packet.family], ['192.0.2.10', '192.0.2.20', 4]);
});

test('decodeHep() takes the family from the addresses, whatever the family chunk says', () => {
  for (const family of ['', '0000 0001 0007 00', '0000 0001 0007 1e', '0000 0001 0008 0a0a']) {
    assert.equal(packetOf({ family }).family, 4);
  }
});

test('decodeHep() keeps address words signed, capture id and seconds unsigned', () => {
  const packet = packetOf({
    src: '0000 0003 000a ffffffff',
    dst: '0000 0004 000a 80000001',
    captureId: '0000 000c 000a fffffffe',
  });
  assert.deepEqual([packet.src3, packet.dst3, packet.captureId], [-1, -2_147_483_647, 4_294_967_294]);
  assert.deepEqual([packet.src0, packet.src1, packet.src2], [0, 0, 0xffff]);
});

test('decodeHep() lets the last of duplicate chunks win', () => {
  const packet = packetOf({}, '0000 0007 0008 0001', '0000 0020 0008 0001', '0000 0020 0008 01b9');
  assert.deepEqual([packet.srcPort, packet.mos], [1, 441]);
  assert.deepEqual(noteNames(packet), ['DUPLICATE_CHUNK']);
});

test('decodeHep() ignores each fixed-size chunk of a wrong size', () => {
  const good = view(packetOf({}));
  for (const type of [1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0x12, 0x14, 0x17, 0x20, 0x21, 0x23, 0x28]) {
    const typeId = type.toString(16).padStart(4, '0');
    const packet = packetOf({}, `0000 ${typeId} 0009 ffffff`);
    assert.deepEqual({ ...good, length: packet.length, notes: ['BAD_CHUNK_SIZE'] }, view(packet), `type ${typeId}`);
  }
});

test('decodeHep() never reads a vendor chunk as the generic one of its number', () => {
  const good = view(packetOf({}));
  for (let type = 1; type <= 0x29; type++) {
    const typeId = type.toString(16).padStart(4, '0');
    const packet = packetOf({}, `0002 ${typeId} 000a ffffffff`, `0100 ${typeId} 0007 ff`);
    assert.deepEqual({ ...good, length: packet.length, notes: ['VENDOR_CHUNK'] }, view(packet), `type ${typeId}`);
  }
});

test('decodeHep() skips generic chunks it has no use for', () => {
  const good = view(packetOf({}));
  const packet = packetOf(
    {},
    '0000 0000 0006',
    '0000 002a 0007 ff',
    '0000 0030 0008 ffff',
    '0000 0065 0008 7b7d',
    '0000 ffff 0006',
  );
  assert.deepEqual(view(packet), { ...good, length: packet.length });
});

test('decodeHep() takes chunks in any order, payload first and correlation id last', () => {
  const forwards = chunksWith({});
  const { packet: backwards } = decode(hep3(...forwards.toReversed(), '0000 0011 0008 6331'));
  assert.deepEqual(view(backwards), { ...view(packetOf({})), correlationId: 'c1', length: backwards.length });
});

test('decodeHep() reads the draft magic EEP1 like HEP3', () => {
  const { fault, packet } = decode(patched(example('d'), 0, '45 45 50 31'));
  assert.equal(fault, 'NONE');
  assert.deepEqual([packet.version, payloadText(packet)], [3, SIP]);
});

test('decodeHep() takes a message of the missing or reserved kind as SIP when it looks like SIP', () => {
  for (const kind of ['', '0000 000b 0007 00']) {
    assert.equal(packetOf({ kind }).kind, 1);
    const reply = Buffer.from('SIP/2.0 180 Ringing\r\n').toString('hex');
    assert.equal(packetOf({ kind, payload: `0000 000f 001b ${reply}` }).kind, 1);
    assert.equal(packetOf({ kind, payload: '0000 000f 0009 7b7d0a' }).kind, 0);
  }
});

test('decodeHep() accepts the ping of heplify, which has no addresses', () => {
  const { fault, packet } = decode(
    hep3(
      '0000 0001 0007 00',
      '0000 0002 0007 00',
      '0000 0007 0008 0000',
      '0000 0008 0008 0000',
      CHUNK.seconds,
      CHUNK.microseconds,
      '0000 000b 0007 00',
      CHUNK.captureId,
      '0000 000f 000c 48455033030a',
    ),
  );
  assert.equal(fault, 'NONE');
  assert.deepEqual([packet.kind, view(packet)['src'], payloadText(packet)], [0, '0.0.0.0', 'HEP3\x03\x0a']);
});

test('decodeHep() keeps a message without payload when a correlation id, MOS or R-factor is there', () => {
  for (const rest of ['0000 0011 0008 6331', '0000 0020 0008 01b9', '0000 0021 0008 0000']) {
    const packet = packetOf({ payload: '', kind: '0000 000b 0007 23' }, rest);
    assert.deepEqual([packet.kind, packet.start === packet.end], [35, true]);
  }
});

test('decodeHep() tells an empty authentication key from none', () => {
  assert.equal(view(packetOf({}))['authKey'], undefined);
  assert.equal(view(packetOf({}, '0000 000e 0006'))['authKey'], '');
});

test('decodeHep() trims blanks and NULs around texts, of a key only the NULs behind it', () => {
  const blank = (type: string): string => `0000 ${type} 000d 20 09 61 20 62 00 00`;
  const packet = packetOf({}, blank('000e'), blank('0011'), blank('0013'));
  const { authKey, correlationId, nodeName } = view(packet);
  assert.deepEqual([authKey, correlationId, nodeName], [' \ta b', 'a b', 'a b']);
});

test('decodeHep() maps the IP protocol numbers senders use', () => {
  const transports = [0, 6, 17, 22, 50, 132, 140].map((number) => {
    const protocol = `0000 0002 0007 ${number.toString(16).padStart(2, '0')}`;
    return view(packetOf({ protocol }))['transport'];
  });
  assert.deepEqual(transports, ['unknown', 'tcp', 'udp', 'tls', 'ws', 'sctp', 'unknown']);
});

// --- Compressed payload ---

const text = SIP.repeat(4);
for (const [name, octets] of [
  ['zlib', deflateSync(text)],
  ['gzip', gzipSync(text)],
  ['raw deflate', deflateRawSync(text)],
] as const) {
  test(`decodeHep() inflates a ${name} payload and keeps the other ranges readable`, () => {
    const head = hex('0000 0010 0000');
    head.writeUInt16BE(octets.length + 6, 4);
    const chunk = head.toString('hex') + octets.toString('hex');
    for (const [before, behind] of [
      [chunk, ''],
      ['', chunk],
    ] as const) {
      const bytes = hep3(
        before,
        ...chunksWith({ payload: '' }),
        '0000 000e 0009 6b6579',
        '0000 0011 0008 6964',
        '0000 0013 000a 6e6f6465',
        behind,
      );
      const { fault, packet } = decode(bytes);
      assert.equal(fault, 'NONE');
      const { authKey, correlationId, nodeName, payload, length } = view(packet);
      assert.deepEqual([payload, authKey, correlationId, nodeName, length], [text, 'key', 'id', 'node', bytes.length]);
      assert.deepEqual([packet.inflated, noteNames(packet)], [true, ['INFLATED']]);
      assert.notEqual(packet.bytes, bytes);
    }
  });
}

test('decodeHep() prefers the plain payload and does not look at a compressed one beside it', () => {
  const packet = packetOf({}, '0000 0010 000a 789cffff');
  assert.deepEqual([payloadText(packet), packet.inflated, packet.notes], [SIP, false, 0]);
});

test('decodeHep() takes the compressed payload when the plain one is empty', () => {
  const bytes = Buffer.concat([example('f'), hex('0000 000f 0006')]);
  bytes.writeUInt16BE(bytes.length, 4);
  assert.equal(payloadText(decode(bytes).packet), text);
});

test('decodeHep() takes four octets in chunk 0x0010 that are not compressed as the number of the 2013 draft', () => {
  const packet = packetOf({ payload: '' }, '0000 0010 000a 00000007', '0000 0011 0008 6964');
  assert.deepEqual([packet.start === packet.end, noteNames(packet)], [true, ['FOSSIL_CHUNK']]);
});
