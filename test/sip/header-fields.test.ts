import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { headerFields } from '../../src/sip/header-fields.ts';

const MESSAGE = [
  'INVITE sip:b@example.com SIP/2.0',
  'v: SIP/2.0/UDP 192.0.2.1',
  'Subject : lunch',
  '  at  noon ',
  '\tor later',
  'X-Empty:',
  'no header field',
  ': without a name',
  'VIA: SIP/2.0/UDP 192.0.2.2',
  '',
  'X-Body: is none',
].join('\r\n');

test('header fields have their full names, and values on one line, in their order', () => {
  assert.deepEqual(headerFields(MESSAGE), [
    { name: 'via', value: 'SIP/2.0/UDP 192.0.2.1' },
    { name: 'subject', value: 'lunch at  noon or later' },
    { name: 'x-empty', value: '' },
    { name: 'via', value: 'SIP/2.0/UDP 192.0.2.2' },
  ]);
});

test('those of one name are those among all', () => {
  for (const text of [MESSAGE, MESSAGE.replaceAll('\r\n', '\n'), MESSAGE.slice(0, 60)]) {
    const all = headerFields(text);
    for (const name of ['via', 'subject', 'x-none']) {
      assert.deepEqual(
        headerFields(text, name),
        all.filter((field) => field.name === name),
      );
    }
  }
});

test('any text has header fields or none', () => {
  const piece = fc.constantFrom('\r\n', '\n', '\r', ' ', '\t', ':', 'Via', 'v', 'x', '\0');
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (text) => {
        for (const { name, value } of headerFields(text)) {
          assert.doesNotMatch(name, /[A-Z]/);
          assert.ok(text.length >= value.length);
        }
      },
    ),
  );
});

test('a field of white space alone takes no longer than any other of its length', () => {
  const spaces = ' '.repeat(65_000);
  assert.deepEqual(headerFields(`INVITE x SIP/2.0\r\nX-Foo:a${spaces}b\r\n\r\n`, 'x-foo'), [
    { name: 'x-foo', value: `a${spaces}b` },
  ]);
});
