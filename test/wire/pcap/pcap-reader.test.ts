import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Fault } from '../../../src/model/fault.ts';
import { MAX_FRAME_BYTES, PcapReader } from '../../../src/wire/pcap/pcap-reader.ts';
import type { CapturedFrame } from '../../../src/model/capture.ts';

function hex(...lines: string[]): Buffer {
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}

function read(...chunks: Buffer[]): { frames: CapturedFrame[]; fault: Fault } {
  const reader = new PcapReader();
  const frames = chunks.flatMap((chunk) => reader.push(chunk));
  return { frames, fault: reader.end() };
}

// 1700000000 = 0x6553f100; 123456 = 0x1e240; 123456789 = 0x75bcd15. Snaplen 65535, one frame of 3 of 60 octets.
const layouts = [
  {
    name: 'microseconds, little-endian',
    file: hex('d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000', '00f15365 40e20100 03000000 3c000000 aabbcc'),
  },
  {
    name: 'microseconds, big-endian',
    file: hex('a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001', '6553f100 0001e240 00000003 0000003c aabbcc'),
  },
  {
    name: 'nanoseconds, little-endian',
    file: hex('4d3cb2a1 0200 0400 00000000 00000000 ffff0000 01000000', '00f15365 15cd5b07 03000000 3c000000 aabbcc'),
  },
  {
    name: 'nanoseconds, big-endian',
    file: hex('a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000001', '6553f100 075bcd15 00000003 0000003c aabbcc'),
  },
];

for (const { name, file } of layouts) {
  test(`PcapReader reads a file in ${name}`, () => {
    assert.deepEqual(read(file), {
      frames: [{ linkType: 1, timeUs: 1_700_000_000_123_456, wireLength: 60, bytes: hex('aabbcc') }],
      fault: Fault.NONE,
    });
  });

  test(`PcapReader reads a file in ${name} the same octet by octet`, () => {
    const octets = [...file].map((octet) => Buffer.from([octet]));
    assert.deepEqual(read(...octets), read(file));
  });
}

const HEADER = hex('d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000');
const RECORD = hex('00f15365 40e20100 03000000 3c000000 aabbcc');

test('PcapReader ignores what the upper half of the link type says about check sequences', () => {
  const file = hex('d4c3b2a1 0200 0400 00000000 00000000 ffff0000 71000054', '00f15365 00000000 00000000 00000000');
  assert.equal(read(file).frames[0]?.linkType, 113);
});

test('PcapReader takes a file without records', () => {
  assert.deepEqual(read(HEADER), { frames: [], fault: Fault.NONE });
});

const faults = [
  { name: 'no octet at all', file: hex(''), frames: 0, fault: Fault.PCAP_TRUNCATED },
  { name: 'half a file header', file: HEADER.subarray(0, 12), frames: 0, fault: Fault.PCAP_TRUNCATED },
  {
    name: 'half a record header',
    file: Buffer.concat([HEADER, RECORD, RECORD.subarray(0, 9)]),
    frames: 1,
    fault: Fault.PCAP_TRUNCATED,
  },
  {
    name: 'half a frame',
    file: Buffer.concat([HEADER, RECORD, RECORD.subarray(0, 18)]),
    frames: 1,
    fault: Fault.PCAP_TRUNCATED,
  },
  {
    name: 'a pcapng file',
    file: hex('0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000'),
    frames: 0,
    fault: Fault.PCAP_BAD_MAGIC,
  },
  {
    name: 'version 3.0',
    file: hex('d4c3b2a1 0300 0000 00000000 00000000 ffff0000 01000000'),
    frames: 0,
    fault: Fault.PCAP_BAD_VERSION,
  },
  {
    name: 'a record of 262145 octets',
    file: Buffer.concat([HEADER, RECORD, hex('00f15365 40e20100 01000400 01000400'), RECORD]),
    frames: 1,
    fault: Fault.PCAP_BAD_LENGTH,
  },
  {
    name: 'a record of 4294967295 octets',
    file: Buffer.concat([HEADER, hex('00f15365 40e20100 ffffffff ffffffff'), RECORD]),
    frames: 0,
    fault: Fault.PCAP_BAD_LENGTH,
  },
];

for (const { name, file, frames, fault } of faults) {
  test(`PcapReader answers a fault for ${name} after what came before it`, () => {
    const got = read(file);
    assert.equal(got.frames.length, frames);
    assert.equal(got.fault, fault);
  });
}

test('PcapReader takes a frame of the greatest length', () => {
  const record = Buffer.concat([hex('00f15365 40e20100 00000400 00000400'), Buffer.alloc(MAX_FRAME_BYTES)]);
  assert.equal(read(HEADER, record).frames[0]?.bytes.length, 262_144);
});

test('PcapReader gives nothing more after a fault', () => {
  const reader = new PcapReader();
  reader.push(Buffer.concat([HEADER, hex('00f15365 40e20100 ffffffff ffffffff')]));
  assert.deepEqual(reader.push(RECORD), []);
  assert.equal(reader.fault, Fault.PCAP_BAD_LENGTH);
});

// Read with `capinfos -c` and `tshark -T fields -e frame.time_epoch` (first and last frame).
const captures = [
  {
    file: 'kamailio-5.6-siptrace-hep1.pcap',
    frames: 558,
    firstUs: 1_795_219_286_088_248,
    lastUs: 1_795_219_315_276_764,
  },
  {
    file: 'kamailio-5.6-siptrace-hep2.pcap',
    frames: 558,
    firstUs: 1_795_219_321_864_546,
    lastUs: 1_795_219_351_116_262,
  },
  {
    file: 'kamailio-5.6-siptrace-hep3-sip-over-tcp.pcap',
    frames: 525,
    firstUs: 1_795_219_399_992_765,
    lastUs: 1_795_219_423_683_833,
  },
  {
    file: 'kamailio-5.6-siptrace-hep3.pcap',
    frames: 558,
    firstUs: 1_795_219_357_696_316,
    lastUs: 1_795_219_386_822_993,
  },
  { file: 'rtpengine-10.5-rtcp-hep.pcap', frames: 10, firstUs: 1_795_219_475_717_450, lastUs: 1_795_219_478_161_783 },
  { file: 'sipgrep-hep.pcap', frames: 558, firstUs: 1_795_219_442_458_153, lastUs: 1_795_219_442_465_181 },
  { file: 'sngrep-hep.pcap', frames: 276, firstUs: 1_795_219_434_864_914, lastUs: 1_795_219_434_873_525 },
];

for (const { file, frames, firstUs, lastUs } of captures) {
  test(`PcapReader finds in ${file} what capinfos and tshark find`, () => {
    const got = read(readFileSync(`fixtures/captures/${file}`));
    assert.equal(got.fault, Fault.NONE);
    assert.deepEqual([got.frames.length, got.frames[0]?.timeUs, got.frames.at(-1)?.timeUs], [frames, firstUs, lastUs]);
  });
}

test('every capture of the fixtures is in the table', () => {
  assert.deepEqual(
    readdirSync('fixtures/captures').filter((name) => name.endsWith('.pcap')),
    captures.map(({ file }) => file),
  );
});

const sample = readFileSync('fixtures/captures/rtpengine-10.5-rtcp-hep.pcap');

/** A real file with a few octets overwritten, cut anywhere, and pushed in pieces. */
const damaged = fc
  .record({
    changes: fc.array(fc.tuple(fc.nat(sample.length - 1), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 12 }),
    length: fc.integer({ min: 0, max: sample.length }),
    step: fc.integer({ min: 1, max: 4000 }),
  })
  .map(({ changes, length, step }) => {
    const file = Buffer.from(sample);
    for (const [at, octet] of changes) file[at] = octet;
    return { file: file.subarray(0, length), step };
  });

test('PcapReader ends with frames or a fault on any damaged file, the same at every split', () => {
  fc.assert(
    fc.property(damaged, ({ file, step }) => {
      const pieces: Buffer[] = [];
      for (let at = 0; at < file.length; at += step) pieces.push(file.subarray(at, at + step));
      const whole = read(file);
      assert.deepEqual(read(...pieces), whole);
      const octets = whole.frames.reduce((sum, frame) => sum + frame.bytes.length + 16, 0);
      assert.ok(octets <= file.length);
      assert.ok(whole.fault !== Fault.NONE || octets === file.length - 24);
    }),
  );
});
