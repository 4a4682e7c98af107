import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../src/model/fault.ts';
import { IpfixFramer } from '../../../src/wire/ipfix/framer.ts';
import { FakeSink } from '../../sources/fakes.ts';
import { CONNECT, KEEPALIVE, messageOf, UDP_IN } from '../../support/ipfix-examples.ts';

const LIMITS = { maxMessageBytes: 65_535 };
const STREAM = Buffer.concat([CONNECT, KEEPALIVE, UDP_IN, messageOf()]);
const WHOLE = [CONNECT, KEEPALIVE, UDP_IN, messageOf()].map((message) => message.toString('latin1'));

test('IpfixFramer gives the same messages wherever the stream is split', () => {
  for (let first = 0; first <= STREAM.length; first++) {
    const second = (first + 7) % (STREAM.length + 1);
    const cuts = [0, Math.min(first, second), Math.max(first, second), STREAM.length];
    const sink = new FakeSink();
    const framer = new IpfixFramer(sink, LIMITS);
    for (let n = 1; n < cuts.length; n++) {
      assert.equal(framer.push(STREAM.subarray(cuts[n - 1], cuts[n]), 1), Fault.NONE);
    }
    framer.end(2);
    assert.deepEqual(sink.messages, WHOLE, `split at ${first} and ${second}`);
    assert.deepEqual(sink.codes, []);
    assert.equal(framer.pendingBytes, 0);
  }
});

test('IpfixFramer takes a stream octet by octet and holds one message at most', () => {
  const sink = new FakeSink();
  const framer = new IpfixFramer(sink, LIMITS);
  let most = 0;
  for (const octet of STREAM) {
    framer.push(Buffer.from([octet]), 1);
    most = Math.max(most, framer.pendingBytes);
  }
  assert.deepEqual(sink.messages, WHOLE);
  assert.equal(most, UDP_IN.length - 1);
});

const faults: [string, string, Fault][] = [
  ['another version', '0009 0014', Fault.IPFIX_BAD_VERSION],
  ['what is no IPFIX', '4745 5420 2f20', Fault.IPFIX_BAD_VERSION],
  ['a length of 15', '000a 000f', Fault.IPFIX_BAD_LENGTH],
  ['a length of 0', '000a 0000', Fault.IPFIX_BAD_LENGTH],
  ['a message over the limit', '000a 0101', Fault.IPFIX_TOO_BIG],
];

for (const [name, octets, fault] of faults) {
  test(`IpfixFramer refuses ${name} as soon as it is told, once, and takes nothing more`, () => {
    const sink = new FakeSink();
    const framer = new IpfixFramer(sink, { maxMessageBytes: 256 });
    framer.push(KEEPALIVE, 1);
    const answers = [...Buffer.from(octets.replaceAll(' ', ''), 'hex')].map((octet) =>
      framer.push(Buffer.from([octet]), 1),
    );
    assert.equal(answers.at(-1), fault);
    assert.equal(framer.push(KEEPALIVE, 1), fault);
    framer.end(1);
    assert.equal(sink.messages.length, 1);
    assert.deepEqual(sink.codes, [fault]);
    assert.equal(framer.pendingBytes, 0);
  });
}

test('IpfixFramer counts a message that the end of the stream cuts', () => {
  const sink = new FakeSink();
  const framer = new IpfixFramer(sink, LIMITS);
  framer.push(UDP_IN.subarray(0, 40), 5);
  assert.equal(framer.pendingSinceUs, 5);
  framer.end(6);
  assert.deepEqual(sink.codes, [Fault.IPFIX_STREAM_CUT]);
});
