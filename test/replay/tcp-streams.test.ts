import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TcpStreams, type StreamSkip } from '../../src/replay/tcp-streams.ts';

const SYN = 2;
const ACK = 16;
const RST = 4;

/** A HEP3 message that is nothing but header and one vendor chunk with `text`: 6 + 6 + its length. */
function hep3(text: string): Buffer {
  const value = Buffer.from(text, 'latin1');
  const chunk = Buffer.from([0, 9, 0, 1, 0, 6 + value.length]);
  return Buffer.concat([Buffer.from('HEP3'), Buffer.from([0, 12 + value.length]), chunk, value]);
}

function sip(callId: string, body: string): Buffer {
  return Buffer.from(
    `MESSAGE sip:b@192.0.2.20 SIP/2.0\r\nCall-ID: ${callId}\r\nl : ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}

function streams() {
  const skips: StreamSkip[] = [];
  const subject = new TcpStreams((reason) => skips.push(reason));
  const take = (sequence: number, payload: Buffer | string, flags = ACK, key = 'a'): string[] =>
    subject
      .take(key, sequence >>> 0, flags, Buffer.from(payload as string))
      .map(({ kind, bytes }) => `${kind} ${bytes.toString('latin1')}`);
  return { take, skips };
}

const A = hep3('first');
const B = hep3('second, HEP3 inside');
const BOTH = [`hep ${A.toString('latin1')}`, `hep ${B.toString('latin1')}`];

test('TcpStreams gives HEP3 messages of one segment', () => {
  const { take } = streams();
  assert.deepEqual(take(1, Buffer.concat([A, B])), BOTH);
});

test('TcpStreams gives the same messages at every split, across the wrap of sequence numbers', () => {
  const stream = Buffer.concat([A, B]);
  for (let at = 1; at < stream.length; at++) {
    const { take } = streams();
    take(0xffff_fff0, '', SYN);
    const got = [take(0xffff_fff0, stream.subarray(0, at)), take(0xffff_fff0 + at, stream.subarray(at))].flat();
    assert.deepEqual(got, BOTH, `split at ${at}`);
  }
});

test('TcpStreams gives SIP messages by their Content-Length, past keep-alives, at every split', () => {
  const first = sip('c1', 'v=0\r\n\r\nx');
  const second = sip('c2', '');
  const stream = Buffer.concat([first, Buffer.from('\r\n\r\n'), second]);
  for (let at = 1; at < stream.length; at++) {
    // The start line must be whole in the first segment: a stream met halfway is recognised by it.
    if (at < 35) continue;
    const { take } = streams();
    const got = [take(1, stream.subarray(0, at)), take(1 + at, stream.subarray(at))].flat();
    assert.deepEqual(got, [`sip ${first.toString('latin1')}`, `sip ${second.toString('latin1')}`], `split at ${at}`);
  }
});

test('TcpStreams puts segments in order, whatever order and however often they come', () => {
  const stream = Buffer.concat([A, B, A, B]);
  const pieces = [0, 7, 20, 33, 50, 61].map((start, index, starts) => ({
    start,
    bytes: stream.subarray(start, starts[index + 1] ?? stream.length),
  }));
  const orders = fc.array(fc.constantFrom(...pieces), { maxLength: 12 });
  fc.assert(
    fc.property(orders, fc.shuffledSubarray(pieces, { minLength: 6 }), (some, all) => {
      const { take } = streams();
      take(100, '', SYN);
      const got = [...some, ...all].flatMap(({ start, bytes }) => take(100 + start, bytes));
      assert.deepEqual(got, [...BOTH, ...BOTH]);
    }),
  );
});

test('TcpStreams takes only what is new of a segment that overlaps', () => {
  const { take, skips } = streams();
  const stream = Buffer.concat([A, B]);
  assert.deepEqual(take(1, stream.subarray(0, 25)), BOTH.slice(0, 1));
  assert.deepEqual(take(11, stream.subarray(10)), BOTH.slice(1));
  assert.deepEqual(take(1, stream.subarray(0, 25)), []);
  assert.deepEqual(skips, ['tcp-repeated']);
});

test('TcpStreams waits for the beginning of a message when it meets a stream halfway', () => {
  const { take, skips } = streams();
  assert.deepEqual(take(1, A.subarray(5)), []);
  assert.deepEqual(take(1 + A.length - 5, B), BOTH.slice(1));
  assert.deepEqual(skips, ['not-hep-or-sip']);
});

test('TcpStreams passes a gap that is never filled and counts it', () => {
  const { take, skips } = streams();
  assert.deepEqual(take(1, A.subarray(0, 10)), []);
  // Octets 11 to A's end are lost. 64 segments later that is given up; all that waited come at once.
  const got = [];
  for (let index = 0; index < 64; index++) got.push(...take(1 + A.length * (index + 1), A));
  assert.equal(got.length, 64);
  assert.deepEqual(skips, ['tcp-gap']);
  assert.deepEqual(take(1 + A.length * 65, B), BOTH.slice(1));
});

test('TcpStreams keeps directions apart', () => {
  const { take } = streams();
  assert.deepEqual(take(1, A.subarray(0, 9), ACK, 'a'), []);
  assert.deepEqual(take(1, B, ACK, 'b'), BOTH.slice(1));
  assert.deepEqual(take(10, A.subarray(9), ACK, 'a'), BOTH.slice(0, 1));
});

test('TcpStreams begins anew when a connection with the same ports follows', () => {
  const { take } = streams();
  take(1, A.subarray(0, 9));
  take(10, '', RST);
  assert.deepEqual(take(500, B), BOTH.slice(1));
  take(9000, '', SYN);
  assert.deepEqual(take(9000, A), BOTH.slice(0, 1));
});

test('TcpStreams gives up a message that never ends', () => {
  const { take, skips } = streams();
  const start = Buffer.from('MESSAGE sip:b@h SIP/2.0\r\nl: 999999999\r\n\r\n');
  take(1, start);
  for (let at = 0; skips.length === 0; at += 60_000) take(1 + start.length + at, Buffer.alloc(60_000, 0x61));
  assert.deepEqual(skips, ['not-hep-or-sip']);
});

test('TcpStreams takes any octets in any order without harm, and a good connection after them', () => {
  const segment = fc.record({
    sequence: fc.oneof(fc.nat(300), fc.nat(0xffff_ffff)),
    flags: fc.constantFrom(ACK, SYN, RST, 0xff),
    payload: fc.oneof(
      fc.constantFrom(
        A,
        B,
        sip('c', 'x'),
        A.subarray(3),
        Buffer.from('HEP3\0\0'),
        Buffer.from('HEP3\0\x05'),
        Buffer.from('\r\n'),
      ),
      fc.uint8Array({ maxLength: 20 }).map((octets) => Buffer.from(octets)),
    ),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 100 }), (segments) => {
      const { take } = streams();
      for (const { sequence, payload, flags } of segments) take(sequence, payload, flags);
      take(70, '', SYN);
      assert.deepEqual(take(70, Buffer.concat([A, B])), BOTH);
    }),
  );
});
