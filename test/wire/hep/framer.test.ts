import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { Fault, faultInfo } from '../../../src/model/fault.ts';
import type { StreamIngest } from '../../../src/model/ports.ts';
import { HepFramer, looksGzipped } from '../../../src/wire/hep/framer.ts';
import { mutated } from '../../support/mutate.ts';
import { packet3 } from './arbitraries.ts';
import { example, hex, LIMITS, patched } from './support.ts';

/** Writes down what it is given; copies, because the octets belong to the framer and its caller. */
class Recorder implements StreamIngest {
  readonly messages: string[] = [];
  readonly faults: { code: string; octets: string; nowUs: number }[] = [];
  readonly sources: Buffer[] = [];
  lastNowUs = 0;
  /** Batches begun and not ended. */
  open = 0;

  beginBatch(): void {
    this.open++;
  }

  endBatch(): void {
    this.open--;
  }

  message(bytes: Buffer, start: number, end: number, nowUs: number): void {
    assert.equal(this.open, 1);
    this.messages.push(bytes.toString('hex', start, end));
    this.sources.push(bytes);
    this.lastNowUs = nowUs;
  }

  fault(fault: Fault, bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.faults.push({ code: faultInfo(fault).code, octets: bytes.toString('hex', start, end), nowUs });
  }

  get outcome(): { messages: string[]; faults: string[] } {
    return { messages: this.messages, faults: this.faults.map(({ code }) => code) };
  }
}

/** Pushes `chunks`, ends the stream, and answers what the sink saw. */
function frame(chunks: readonly Buffer[], maxMessageBytes = LIMITS.maxMessageBytes): Recorder {
  const recorder = new Recorder();
  const framer = new HepFramer(recorder, { maxMessageBytes });
  for (const chunk of chunks) {
    // A reused read buffer: what the framer keeps must be a copy.
    const buffer = Buffer.from(chunk);
    framer.push(buffer, 1);
    // All that was handed on may change now.
    assert.equal(recorder.open, 0);
    buffer.fill(0xee);
    assert.ok(framer.pendingBytes <= maxMessageBytes);
  }
  framer.end(2);
  assert.equal(framer.pendingBytes, 0);
  return recorder;
}

/** Cuts at the given places, which may repeat: empty chunks are fine too. */
function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (stream.length + 1)).toSorted((a, b) => a - b), stream.length];
  return sorted.slice(1).map((end, index) => stream.subarray(sorted[index], end));
}

const d = example('d');
const e = example('e');
const stream = Buffer.concat([d, e, example('h'), hex('48 45 50 33 00 06'), d]);
const whole = [d, e, example('h'), hex('48 45 50 33 00 06'), d].map((bytes) => bytes.toString('hex'));

test('HepFramer hands on each message of one chunk where it lies', () => {
  const recorder = new Recorder();
  const framer = new HepFramer(recorder, LIMITS);
  assert.equal(framer.push(stream, 7), Fault.NONE);
  assert.deepEqual(recorder.messages, whole);
  assert.ok(recorder.sources.every((source) => source === stream));
  assert.deepEqual([framer.pendingBytes, framer.pendingSinceUs, recorder.lastNowUs], [0, 0, 7]);
});

test('HepFramer gives the same messages for every split in two, and octet by octet', () => {
  for (let place = 0; place <= stream.length; place++) {
    assert.deepEqual(frame(cut(stream, [place])).outcome, { messages: whole, faults: [] });
  }
  const single = Array.from(stream, (_, at) => stream.subarray(at, at + 1));
  assert.deepEqual(frame(single).outcome, { messages: whole, faults: [] });
});

const places = fc.array(fc.nat({ max: 0xffff }), { maxLength: 30 });

test('HepFramer gives the same messages for any split of any stream', () => {
  fc.assert(
    fc.property(fc.array(packet3, { maxLength: 5 }), places, (messages, cuts) => {
      const { outcome } = frame(cut(Buffer.concat(messages), cuts));
      assert.deepEqual(outcome, { messages: messages.map((bytes) => bytes.toString('hex')), faults: [] });
    }),
    { numRuns: 200 },
  );
});

test('HepFramer gives the same messages and the same fault for any split of a damaged stream', () => {
  const damaged = mutated(fc.array(packet3, { minLength: 1, maxLength: 3 }).map((messages) => Buffer.concat(messages)));
  fc.assert(
    fc.property(damaged, places, (octets, cuts) => {
      const atOnce = frame([octets]).outcome;
      assert.deepEqual(frame(cut(octets, cuts)).outcome, atOnce);
      assert.ok(atOnce.faults.length <= 1);
    }),
    { numRuns: 500 },
  );
});

const broken: { name: string; bytes: Buffer; code: string; maxMessageBytes?: number }[] = [
  { name: 'another magic', bytes: patched(d, 0, '48 45 50 34'), code: 'HEP_BAD_MAGIC' },
  { name: 'four octets that are no magic', bytes: Buffer.from('GET '), code: 'HEP_BAD_MAGIC' },
  { name: 'a compressed message', bytes: gzipSync(d), code: 'HEP_BAD_MAGIC' },
  { name: 'HEP2', bytes: example('b'), code: 'HEP_BAD_MAGIC' },
  { name: 'a length of 0', bytes: patched(d, 4, '00 00'), code: 'HEP_BAD_LENGTH' },
  { name: 'a length of 5', bytes: patched(d, 4, '00 05'), code: 'HEP_BAD_LENGTH' },
  { name: 'a length above the limit', bytes: d, code: 'HEP_TOO_BIG', maxMessageBytes: 175 },
  { name: 'an end in the header', bytes: d.subarray(0, 3), code: 'HEP_STREAM_CUT' },
  { name: 'an end in a message', bytes: d.subarray(0, 175), code: 'HEP_STREAM_CUT' },
];

for (const { name, bytes, code, maxMessageBytes } of broken) {
  test(`HepFramer reports ${name} once as ${code}, wherever it is cut`, () => {
    const good = hex('48 45 50 33 00 06');
    const octets = Buffer.concat([good, bytes]);
    for (let place = 0; place <= octets.length; place++) {
      const { outcome } = frame(cut(octets, [place]), maxMessageBytes);
      assert.deepEqual(outcome, { messages: [good.toString('hex')], faults: [code] });
    }
  });
}

test('HepFramer answers its fault again and ignores what follows', () => {
  const recorder = new Recorder();
  const framer = new HepFramer(recorder, LIMITS);
  assert.equal(framer.push(Buffer.concat([d, Buffer.from('garbage')]), 3), Fault.HEP_BAD_MAGIC);
  assert.equal(framer.push(d, 4), Fault.HEP_BAD_MAGIC);
  framer.end(5);
  assert.equal(recorder.messages.length, 1);
  const octets = Buffer.from('garbage').toString('hex');
  assert.deepEqual(recorder.faults, [{ code: 'HEP_BAD_MAGIC', octets, nowUs: 3 }]);
});

test('HepFramer says how much is pending and since when', () => {
  const framer = new HepFramer(new Recorder(), LIMITS);
  framer.push(d.subarray(0, 2), 10);
  assert.deepEqual([framer.pendingBytes, framer.pendingSinceUs], [2, 10]);
  framer.push(d.subarray(2, 100), 20);
  assert.deepEqual([framer.pendingBytes, framer.pendingSinceUs], [100, 10]);
  // The rest of the first message and the beginning of another, which begins to wait now.
  framer.push(Buffer.concat([d.subarray(100), e.subarray(0, 50)]), 30);
  assert.deepEqual([framer.pendingBytes, framer.pendingSinceUs], [50, 30]);
  framer.push(e.subarray(50), 40);
  assert.deepEqual([framer.pendingBytes, framer.pendingSinceUs], [0, 0]);
});

test('HepFramer reports the octets of a message that was cut', () => {
  const recorder = new Recorder();
  const framer = new HepFramer(recorder, LIMITS);
  framer.push(d.subarray(0, 20), 1);
  framer.end(2);
  framer.end(3);
  assert.deepEqual(recorder.faults, [{ code: 'HEP_STREAM_CUT', octets: d.toString('hex', 0, 20), nowUs: 2 }]);
});

test('HepFramer reports a message that is given up under the code it is told', () => {
  const recorder = new Recorder();
  const framer = new HepFramer(recorder, LIMITS);
  framer.push(d.subarray(0, 20), 1);
  framer.end(2, Fault.HEP_STREAM_DEADLINE);
  framer.end(3);
  assert.deepEqual(recorder.faults, [{ code: 'HEP_STREAM_DEADLINE', octets: d.toString('hex', 0, 20), nowUs: 2 }]);
});

test('HepFramer reads EEP1 like HEP3', () => {
  const eep1 = patched(d, 0, '45 45 50 31');
  assert.deepEqual(frame([eep1]).outcome, { messages: [eep1.toString('hex')], faults: [] });
});

test('HepFramer joins the largest message from single octets', () => {
  const large = Buffer.alloc(65_535, 'HEP3');
  large.writeUInt16BE(65_535, 4);
  const recorder = frame([
    large.subarray(0, 1),
    ...Array.from({ length: 65_534 }, (_, at) => large.subarray(at + 1, at + 2)),
  ]);
  assert.deepEqual(recorder.outcome, { messages: [large.toString('hex')], faults: [] });
});

test('looksGzipped() knows the first octets of a gzip member', () => {
  assert.equal(looksGzipped(gzipSync(d)), true);
  for (const bytes of [d, hex(''), hex('1f'), hex('1f 8c')]) assert.equal(looksGzipped(bytes), false);
});
