import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameUriShort, shortUri, splitUri } from '../../src/sip/uri.ts';

/** Scheme, user, password, host and port count; parameters and headers do not; an absent port is not 5060. */
const pairs: { a: string; b: string; same: boolean }[] = [
  { a: 'sip:alice@example.com', b: 'sip:alice@EXAMPLE.com', same: true },
  { a: 'sip:alice@example.com', b: 'sip:Alice@example.com', same: false },
  { a: 'sip:alice@example.com', b: 'sips:alice@example.com', same: false },
  { a: 'SIP:alice@example.com', b: 'sip:alice@example.com', same: true },
  { a: 'sip:alice@example.com;transport=tcp', b: 'sip:alice@example.com?subject=x', same: true },
  { a: 'sip:alice@example.com', b: 'sip:alice@example.com:5060', same: false },
  { a: 'sip:alice@example.com:05060', b: 'sip:alice@example.com:5060', same: true },
  { a: 'sip:alice:secret@example.com', b: 'sip:alice@example.com', same: false },
  { a: 'sip:[2001:DB8::1]', b: 'sip:[2001:db8::1]', same: true },
  { a: 'sip:a;b=c@example.com', b: 'sip:a;b=d@example.com', same: false },
  { a: 'tel:+4930123', b: 'tel:+4930123;phone-context=x', same: true },
  { a: '*', b: '*', same: true },
  { a: 'HTTP://X', b: 'http://x', same: true },
  { a: 'sip:alice@example.com', b: 'nonsense', same: false },
];
for (const { a, b, same } of pairs) {
  test(`sameUriShort(): ${a} and ${b} are ${same ? 'the same' : 'different'}`, () => {
    assert.equal(sameUriShort(a, b), same);
    assert.equal(sameUriShort(b, a), same);
  });
}

const short: [string, string | undefined][] = [
  ['sip:alice@Example.com:5070;transport=tcp?x=y', 'sip:alice@example.com:5070'],
  ['sips:example.com', 'sips:example.com'],
  ['sip:alice@[2001:db8::1]:5060', 'sip:alice@[2001:db8::1]:5060'],
  ['tel:+49-30;ext=1', 'tel:+49-30'],
  ['mailto:a@example.com', undefined],
  ['sip:@example.com', undefined],
  ['sip:alice@example.com:99999', undefined],
  ['', undefined],
];
for (const [text, expected] of short) {
  test(`shortUri() of "${text}" is ${expected ?? 'none'}`, () => assert.equal(shortUri(text), expected));
}

test('splitUri() keeps user and password apart', () => {
  assert.deepEqual(splitUri('sip:u:p@h:1'), { scheme: 'sip', user: 'u', password: 'p', host: 'h', port: 1 });
});
