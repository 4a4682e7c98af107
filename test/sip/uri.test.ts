import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sameUriShort, shortUri, splitUri, type SipUri } from '../../src/sip/uri.ts';

const uris: [string, SipUri | undefined][] = [
  ['sip:alice@example.com', { scheme: 'sip', user: 'alice', password: '', host: 'example.com', port: -1 }],
  [
    'SIPS:Alice:s:3@EXAMPLE.com:5061;x=1?a=b',
    { scheme: 'sips', user: 'Alice', password: 's:3', host: 'example.com', port: 5061 },
  ],
  ['sip:example.com;lr', { scheme: 'sip', user: '', password: '', host: 'example.com', port: -1 }],
  [
    'sip:user;par=u%40a@[2001:DB8::1]:5060',
    { scheme: 'sip', user: 'user;par=u%40a', password: '', host: '[2001:db8::1]', port: 5060 },
  ],
  ['sip:a?b@h?c=d', { scheme: 'sip', user: 'a?b', password: '', host: 'h', port: -1 }],
  ['tel:+49-30-1;phone-context=x', { scheme: 'tel', user: '+49-30-1', password: '', host: '', port: -1 }],
  ['sip:@host', undefined],
  ['sip:a@', undefined],
  ['sip:a@b@c', undefined],
  ['sip:a@h:', undefined],
  ['sip:a@h:65536', undefined],
  ['sip:a@h:x', undefined],
  ['sip:a@[::1', undefined],
  ['tel:', undefined],
  ['http://example.com', undefined],
  ['*', undefined],
  ['', undefined],
];
for (const [text, expected] of uris) {
  test(`splitUri() of "${text}" is ${expected === undefined ? 'undefined' : 'taken apart'}`, () => {
    assert.deepEqual(splitUri(text), expected);
  });
}

test('shortUri() keeps scheme, user, host and port only', () => {
  assert.equal(shortUri('SIP:Alice:secret@EXAMPLE.com:5060;x=1?a=b'), 'sip:Alice@example.com:5060');
  assert.equal(shortUri('sip:example.com'), 'sip:example.com');
  assert.equal(shortUri('tel:+4930;x=1'), 'tel:+4930');
  assert.equal(shortUri('*'), undefined);
});

const same: [boolean, string, string][] = [
  [true, 'sip:a@Example.com;x=1', 'SIP:a@example.COM?h=2'],
  [false, 'sip:a@example.com', 'sip:A@example.com'],
  [false, 'sip:a@example.com', 'sips:a@example.com'],
  [false, 'sip:a@example.com', 'sip:a@example.com:5060'],
  [true, 'sip:a@example.com:5060', 'sip:a@example.com:05060'],
  [false, 'sip:a:1@example.com', 'sip:a:2@example.com'],
  [false, 'sip:a@example.com', 'sip:example.com'],
  [true, '*', '*'],
  [true, 'urn:X', 'URN:x'],
  [false, 'urn:x', 'urn:y'],
  [false, 'sip:a@b', 'urn:y'],
];
for (const [expected, a, b] of same) {
  test(`sameUriShort() says ${expected} for "${a}" and "${b}", in both orders`, () => {
    assert.equal(sameUriShort(a, b), expected);
    assert.equal(sameUriShort(b, a), expected);
  });
}

test('splitUri() never throws, and the short form of a short form is itself', () => {
  const piece = fc.constantFrom('sip:', 'tel:', 'a', '@', ':', '5060', '[::1]', ';', '?', '.', '%40', ' ', 'é');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const short = shortUri(pieces.join(''));
      if (short !== undefined) assert.equal(shortUri(short), short);
    }),
  );
});
