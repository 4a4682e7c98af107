import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SENDER_INTS, SenderTexts } from '../../src/sources/sender-texts.ts';

for (const { name, sender, text } of [
  { name: 'an IPv4 address', sender: [4, 0, 0, 0, 0xffff, 0xc0000201 | 0], text: '192.0.2.1' },
  { name: 'an IPv6 address', sender: [6, 0, 0x20010db8, 0, 0, 1], text: '2001:db8::1' },
  {
    name: 'an IPv4 address heard on an IPv6 socket',
    sender: [6, 0, 0, 0, 0xffff, 0x7f000001],
    text: '::ffff:127.0.0.1',
  },
  {
    name: 'a link-local address with an interface that is gone',
    sender: [6, 99_999, 0xfe800000 | 0, 0, 0, 1],
    text: 'fe80::1%99999',
  },
  {
    name: 'the scope of another address, which says nothing',
    sender: [6, 1, 0x20010db8, 0, 0, 2],
    text: '2001:db8::2',
  },
]) {
  test(`SenderTexts writes ${name}`, () => {
    assert.equal(new SenderTexts().of(Int32Array.of(0, 0, ...sender), 2), text);
  });
}

test('SenderTexts tells addresses apart that share a place', () => {
  const texts = new SenderTexts();
  // More addresses than places, so that some must share one; each is asked for twice, the second time after all others.
  const senders = Array.from({ length: 5000 }, (_, n) => Int32Array.of(4, 0, 0, 0, 0xffff, 0x0a000000 + n));
  const expected = (n: number): string => `10.0.${n >> 8}.${n & 255}`;
  for (let round = 0; round < 2; round++) {
    for (const [n, sender] of senders.entries()) assert.equal(texts.of(sender, 0), expected(n));
  }
  assert.equal(SENDER_INTS, 6);
});

test('SenderTexts reads any place of the heads', () => {
  const texts = new SenderTexts();
  const heads = Int32Array.of(4, 0, 0, 0, 0xffff, 0x7f000001, 4, 0, 0, 0, 0xffff, 0x7f000001);
  assert.equal(texts.of(heads, 0), '127.0.0.1');
  assert.equal(texts.of(heads, SENDER_INTS), '127.0.0.1');
});
