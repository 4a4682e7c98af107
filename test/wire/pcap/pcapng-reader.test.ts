import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import type { CapturedFrame } from '../../../src/model/capture.ts';
import { Fault } from '../../../src/model/fault.ts';
import { AnyCaptureReader } from '../../../src/wire/pcap/capture-reader.ts';
import { capturePath } from '../../captures/expected.ts';
import { pcapFile } from '../../support/capture-writer.ts';
import { mutated } from '../../support/mutate.ts';

const hasEditcap = spawnSync('editcap', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'sipcol-pcapng-'));
after(() => rmSync(folder, { recursive: true }));

/** Blocks in one byte order. */
class Writer {
  readonly #little: boolean;
  readonly blocks: Buffer[] = [];

  constructor(little: boolean) {
    this.#little = little;
  }

  get file(): Buffer {
    return Buffer.concat(this.blocks);
  }

  words(...values: number[]): Buffer {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) {
      if (this.#little) bytes.writeUInt32LE(value, index * 4);
      else bytes.writeUInt32BE(value, index * 4);
    }
    return bytes;
  }

  halves(...values: number[]): Buffer {
    const bytes = Buffer.alloc(values.length * 2);
    for (const [index, value] of values.entries()) {
      if (this.#little) bytes.writeUInt16LE(value, index * 2);
      else bytes.writeUInt16BE(value, index * 2);
    }
    return bytes;
  }

  block(type: number, ...parts: Buffer[]): this {
    const body = padded(Buffer.concat(parts));
    this.blocks.push(this.words(type, body.length + 12), body, this.words(body.length + 12));
    return this;
  }

  section(): this {
    return this.block(0x0a0d0d0a, this.words(0x1a2b3c4d), this.halves(1, 0), this.words(0xffff_ffff, 0xffff_ffff));
  }

  option(code: number, value: Buffer): Buffer {
    return Buffer.concat([this.halves(code, value.length), padded(value)]);
  }

  interface(linkType: number, snaplen: number, ...options: Buffer[]): this {
    return this.block(1, this.halves(linkType, 0), this.words(snaplen), ...options);
  }

  packet(id: number, ticks: bigint, frame: Buffer, wireLength = frame.length): this {
    const high = Number(ticks >> 32n);
    const low = Number(ticks & 0xffff_ffffn);
    return this.block(
      6,
      this.words(id, high, low, frame.length, wireLength),
      padded(frame),
      this.option(1, Buffer.from('note')),
    );
  }
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function example(little: boolean): Buffer {
  const w = new Writer(little);
  return w
    .section()
    .interface(1, 0)
    .interface(101, 0, w.option(2, Buffer.from('eth1')), w.option(9, Buffer.from([9])))
    .interface(113, 0, w.option(9, Buffer.from([0x80 | 10])))
    .block(5, Buffer.alloc(20))
    .packet(0, 1_700_000_000_000_001n, Buffer.from('one'))
    .packet(1, 1_700_000_000_000_002_999n, Buffer.from('three'), 99)
    .packet(2, 1_700_000_000n * 1024n + 512n, Buffer.from('half'))
    .block(3, w.words(4), Buffer.from('easy'))
    .section()
    .interface(276, 3)
    .block(3, w.words(10), Buffer.from('cut'))
    .block(2, w.halves(0, 0), w.words(0, 7, 3, 3), Buffer.from('old')).file;
}

const EXPECTED = [
  [1, 1_700_000_000_000_001, 3, 'one'],
  [101, 1_700_000_000_000_002, 99, 'three'],
  [113, 1_700_000_000_500_000, 4, 'half'],
  [1, 1_700_000_000_500_000, 4, 'easy'],
  [276, 1_700_000_000_500_000, 10, 'cut'],
  [276, 7, 3, 'old'],
];

function shown(frames: readonly CapturedFrame[]): unknown[] {
  return frames.map(({ linkType, timeUs, wireLength, bytes }) => [linkType, timeUs, wireLength, bytes.toString()]);
}

for (const little of [true, false]) {
  test(`several interfaces, their clocks and all packet blocks are read, ${little ? 'little' : 'big'} endian, split anywhere`, () => {
    const file = example(little);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: file.length }), { maxLength: 30 }), (cuts) => {
        const reader = new AnyCaptureReader();
        const places = [0, ...cuts, file.length].toSorted((a, b) => a - b);
        const frames = places.slice(0, -1).flatMap((at, index) => reader.push(file.subarray(at, places[index + 1])));
        assert.equal(reader.end(), Fault.NONE);
        assert.deepEqual(shown(frames), EXPECTED);
      }),
    );
  });
}

for (const [name, file, fault, frames] of [
  [
    'a packet of an unknown interface',
    new Writer(true).section().packet(0, 0n, Buffer.alloc(4)).file,
    Fault.PCAP_BAD_INTERFACE,
    0,
  ],
  [
    'a length that is no multiple of four',
    Buffer.concat([new Writer(true).section().file, Buffer.from([1, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0])]),
    Fault.PCAP_BAD_LENGTH,
    0,
  ],
  ['an end inside a block', example(true).subarray(0, -5), Fault.PCAP_TRUNCATED, 5],
  [
    'an end inside a skipped block',
    Buffer.concat([example(true), new Writer(true).block(77, Buffer.alloc(400)).file.subarray(0, 200)]),
    Fault.PCAP_TRUNCATED,
    6,
  ],
  ['an empty file', Buffer.alloc(0), Fault.PCAP_TRUNCATED, 0],
] as const) {
  test(`reading stops at ${name} with what came before`, () => {
    const reader = new AnyCaptureReader();
    assert.equal(reader.push(file).length, frames);
    assert.equal(reader.end(), fault);
  });
}

test('any damaged file is read to an end, of either format', () => {
  const pcap = pcapFile([
    { timeUs: 1, frame: Buffer.from('a') },
    { timeUs: 2, frame: Buffer.from('bcd') },
  ]);
  const valid = fc.constantFrom<Uint8Array>(example(true), example(false), pcap);
  fc.assert(
    fc.property(mutated(valid), fc.nat({ max: 60 }), (file, at) => {
      const reader = new AnyCaptureReader();
      const frames = [...reader.push(file.subarray(0, at)), ...reader.push(file.subarray(at))];
      reader.end();
      assert.ok(frames.length <= file.length);
    }),
    { numRuns: 2000 },
  );
});

for (const format of ['pcapng', 'nsecpcap', 'pcap']) {
  test(
    `what editcap writes as ${format} has the frames of the original`,
    { skip: hasEditcap ? false : 'no editcap' },
    () => {
      const original = capturePath('kamailio-5.6-siptrace-hep2');
      const path = join(folder, format);
      execFileSync('editcap', ['-F', format, original, path]);
      const read = (from: string): unknown[] => shown(new AnyCaptureReader().push(readFileSync(from)));
      assert.deepEqual(read(path), read(original));
    },
  );
}
