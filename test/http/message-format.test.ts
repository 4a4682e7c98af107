import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { messageOctets, type MessageFormat } from '../../src/http/message-format.ts';

const LINES = [
  'OPTIONS sip:bob@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1',
  'From: "A \\"quoted\\" name" <sip:alice@example.com>;tag=1',
  'To: <sip:bob@example.com>',
  'Call-ID: inject-1@example.com',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
];
const ON_THE_WIRE = LINES.join('\r\n');
const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

/** The message as each format has it at hand. */
const WRITTEN: readonly (readonly [MessageFormat, string])[] = [
  ['crlf', ON_THE_WIRE],
  ['lf', LINES.join('\n')],
  ['ngreplf', LINES.join('.\n')],
  ['ngrepcr', LINES.join('.\r')],
  ['ngrepcrlf', LINES.join('.\r\n')],
  ['escaped', LINES.map(escape).join('\\r\\n')],
];

suite('messageOctets()', () => {
  for (const [format, text] of WRITTEN) {
    test(`${format} becomes what goes over the wire`, () => {
      assert.equal(messageOctets(text, format)?.toString('latin1'), ON_THE_WIRE);
    });
    test(`${format} is detected`, () => {
      assert.equal(messageOctets(text, 'auto')?.toString('latin1'), ON_THE_WIRE);
    });
  }

  test('a message on one line with \\n written out is detected, too', () => {
    assert.equal(messageOctets(LINES.map(escape).join('\\n'), 'auto')?.toString('latin1'), ON_THE_WIRE);
  });

  test('lines broken by ngrep are put together again', () => {
    const broken = LINES.join('.\n').replace('branch=', 'bran\nch=');
    assert.equal(messageOctets(broken, 'ngreplf')?.toString('latin1'), ON_THE_WIRE);
    assert.equal(messageOctets(broken, 'auto')?.toString('latin1'), ON_THE_WIRE);
  });

  test('what a browser makes of pasted lines is read as what was pasted', () => {
    // A form sends every line end as CRLF (HTML, "constructing the entry list").
    const sent = LINES.join('.\n').replaceAll('\n', '\r\n');
    assert.equal(messageOctets(sent, 'auto')?.toString('latin1'), ON_THE_WIRE);
    assert.equal(messageOctets(sent, 'ngreplf')?.toString('latin1'), ON_THE_WIRE);
  });

  const escapes: [string, string][] = [
    ['\\a\\b\\t\\v', '070809 0b'],
    ['\\\\n', '5c6e'],
    ['\\x41\\xfF', '41ff'],
    ['\\xg1', '786731'],
    ['\\q\\"', '7122'],
    ['a\r\nb\n', '6162'],
    ['end\\', '656e645c'],
  ];
  for (const [text, hex] of escapes) {
    test(`escaped ${JSON.stringify(text)} is ${hex}`, () => {
      assert.equal(messageOctets(text, 'escaped')?.toString('hex'), hex.replaceAll(' ', ''));
    });
  }

  test('text beyond ASCII stays UTF-8', () => {
    assert.equal(messageOctets('Subject: grün\n', 'lf')?.toString('hex'), '5375626a6563743a206772c3bc6e0d0a');
  });

  for (const text of ['', 'OPTIONS sip:a SIP/2.0', 'a\nb\nc\nd\n', 'x'.repeat(60_000)]) {
    test(`the format of ${JSON.stringify(text.slice(0, 30))} (${text.length}) cannot be told`, () => {
      assert.equal(messageOctets(text, 'auto'), undefined);
    });
  }
});
