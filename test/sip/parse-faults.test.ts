import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SipParseOptions } from '../../src/sip/parse.ts';
import { DATAGRAM, parse, STREAM } from '../support/sip-samples.ts';

const GOOD = [
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:b@example.com>',
  'Call-ID: good-1',
  'CSeq: 1 INVITE',
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
];

/** `^` marks where parsing must stop; it is taken out of the text. */
function refused(marked: string, options = DATAGRAM): { code: string; at: number; expectedAt: number } {
  const { code, message } = parse(Buffer.from(marked.replace('^', ''), 'latin1'), options);
  return { code, at: message.faultAt, expectedAt: marked.indexOf('^') };
}

const startLines: [string, string][] = [
  ['SIP_BAD_VALUE', 'SIP/2.0 ^000 Zero\r\n\r\n'],
  ['SIP_BAD_VALUE', 'SIP/2.0 ^099 Low\r\n\r\n'],
  ['SIP_BAD_VALUE', 'SIP/2.0 ^700 High\r\n\r\n'],
  ['SIP_BAD_VALUE', 'SIP/2.0 ^999 High\r\n\r\n'],
  ['SIP_NUMBER_TOO_BIG', 'SIP/2.0 ^2000 OK\r\n\r\n'],
  ['SIP_NOT_A_NUMBER', 'SIP/2.0 2^x0 OK\r\n\r\n'],
  ['SIP_NOT_A_NUMBER', 'SIP/2.0 ^ 200 OK\r\n\r\n'],
  ['SIP_BAD_CHARACTER', 'SIP/2.0 200^OK then\r\n\r\n'],
  ['SIP_BAD_CHARACTER', 'SIP^/3.0 200 OK\r\n\r\n'],
  ['SIP_BAD_CHARACTER', '^ INVITE sip:a SIP/2.0\r\n\r\n'],
  ['SIP_BAD_CHARACTER', 'INVITE^\r\nsip:a SIP/2.0\r\n\r\n'],
  ['SIP_BAD_CHARACTER', 'INVITE sip:a^\r\nFrom: <sip:a@b>\r\n\r\n'],
  ['SIP_BAD_CHARACTER', 'INVITE sip:a^"b" SIP/2.0\r\n\r\n'],
  ['SIP_BAD_CHARACTER', 'INV^{TE sip:a SIP/2.0\r\n\r\n'],
  ['SIP_BAD_VALUE', 'GET /index.html ^HTTP/1.1\r\n\r\n'],
  ['SIP_BAD_VALUE', 'No request ^buffer here\r\n\r\n'],
  ['SIP_EXPECTED_EOL', 'INVITE sip:a SIP/2.0^0\r\n\r\n'],
  ['SIP_INCOMPLETE', 'SIP/2.0 200 O^'],
  ['SIP_INCOMPLETE', 'INVITE sip:alice@example.com^'],
  ['SIP_INCOMPLETE', 'INVITE sip:alice@example.com SIP/2^'],
];
for (const [code, marked] of startLines) {
  test(`parseSip() refuses the start line ${JSON.stringify(marked)} with ${code}`, () => {
    const got = refused(marked);
    assert.equal(got.code, code);
    assert.equal(got.at, got.expectedAt);
  });
}

const fields: [string, string][] = [
  ['SIP_BAD_HEADER', 'colon-less^\r\n'],
  ['SIP_BAD_HEADER', 'two ^words: x\r\n'],
  ['SIP_BAD_HEADER', '^: no name\r\n'],
  ['SIP_BAD_HEADER', 'Max^\rForwards: 1\r\n'],
  ['SIP_EMPTY_HEADER', 'From:^\r\n'],
  ['SIP_EMPTY_HEADER', 'To:   ^\r\n'],
  ['SIP_EMPTY_HEADER', 'Call-ID: ^\r\n'],
  ['SIP_EMPTY_HEADER', 'CSeq:^\r\n'],
  ['SIP_EMPTY_HEADER', 'Via:^\r\n'],
  ['SIP_EMPTY_HEADER', 'Contact:^\r\n'],
  ['SIP_EMPTY_HEADER', 'Content-Length:^\r\n'],
  ['SIP_EMPTY_HEADER', 'Expires:^\r\n'],
  ['SIP_EXPECTED_EOL', 'Call-ID: one ^two\r\n'],
  ['SIP_EXPECTED_EOL', 'Call-ID: nul^\0\r\n'],
  ['SIP_END_OF_HEADER', 'CSeq: 1^\r\n'],
  ['SIP_BAD_CHARACTER', 'CSeq: 1^INVITE\r\n'],
  ['SIP_BAD_CHARACTER', 'CSeq: 1 ^(INVITE)\r\n'],
  ['SIP_EXPECTED_EOL', 'CSeq: 1 INVITE ^x\r\n'],
  ['SIP_NOT_A_NUMBER', 'CSeq: ^-1 INVITE\r\n'],
  ['SIP_NUMBER_TOO_BIG', 'CSeq: ^2147483648 INVITE\r\n'],
  ['SIP_NUMBER_TOO_BIG', `CSeq: ^${'9'.repeat(400)} INVITE\r\n`],
  ['SIP_TOO_LONG', 'Content-Length: ^0000000001\r\n'],
  ['SIP_NUMBER_TOO_BIG', 'Content-Length: ^16777217\r\n'],
  ['SIP_EXPECTED_EOL', 'Content-Length: 1^,2\r\n'],
  ['SIP_NUMBER_TOO_BIG', 'Expires: ^4294967296\r\n'],
  ['SIP_NOT_A_NUMBER', 'Expires: ^Thu, 01 Dec 1994 16:00:00 GMT\r\n'],
  ['SIP_NOT_A_NUMBER', 'Max-Forwards: ^many\r\n'],
  ['SIP_BAD_CHARACTER', 'Via: SIP/2.0/UDP^;branch=1\r\n'],
  ['SIP_BAD_CHARACTER', 'Via: SIP/2.0/UDP ^;branch=1\r\n'],
  ['SIP_BAD_CHARACTER', 'Via: SIP/2.0 ^UDP host\r\n'],
  ['SIP_BAD_CHARACTER', 'Via: SIP/^/UDP host\r\n'],
  ['SIP_END_OF_HEADER', 'Via: SIP/2.0/UDP^\r\n'],
  ['SIP_END_OF_HEADER', 'Via: SIP/2.0/^\r\n'],
  ['SIP_BAD_PARAMETER', 'Via: SIP/2.0/UDP host;^=x\r\n'],
  ['SIP_BAD_PARAMETER', 'Via: SIP/2.0/UDP host;branch=x;^\r\n'],
  ['SIP_BAD_CHARACTER', 'From: <sip:a^<b>\r\n'],
  ['SIP_BAD_CHARACTER', 'From: sip:a@b^>;tag=1\r\n'],
  ['SIP_BAD_CHARACTER', 'From: "A" ^sip:a@b\r\n'],
  ['SIP_END_OF_HEADER', 'From: "A"^\r\n'],
  ['SIP_BAD_CHARACTER', 'From: sip:a@b ^c\r\n'],
  ['SIP_MORE_VALUES', 'From: sip:a@b^,sip:c@d\r\n'],
  ['SIP_BAD_VALUE', 'From: ^;tag=1\r\n'],
  ['SIP_BAD_VALUE', 'From: ^anonymous\r\n'],
  ['SIP_BAD_CHARACTER', 'To: <sip:b@c>^x\r\n'],
  ['SIP_BAD_CHARACTER', 'To: <sip:b@c>;tag=1 ^2\r\n'],
  ['SIP_BAD_CHARACTER', 'To: <sip:b@c>;tag=1^"2"\r\n'],
  ['SIP_END_OF_HEADER', 'To: <sip:b@c>;x="no end^\r\n'],
  ['SIP_EXPECTED_EOL', 'Contact: *^, <sip:a@b>\r\n'],
  ['SIP_END_OF_HEADER', 'Contact: <sip:a@b>,^\r\n'],
  ['SIP_BAD_VALUE', 'Contact: <sip:a@b>, ^,\r\n'],
  ['SIP_NOT_A_NUMBER', 'Contact: <sip:a@b>;expires=^soon\r\n'],
  ['SIP_BAD_PARAMETER', 'Contact: <sip:a@b>;expires=60^s\r\n'],
  ['SIP_NUMBER_TOO_BIG', 'Contact: <sip:a@b>;expires=^280297596632815\r\n'],
  ['SIP_END_OF_HEADER', 'P-Asserted-Identity: <sip:a@b^\r\n'],
  ['SIP_INCOMPLETE', 'From: <sip:a@b>;tag=1^'],
  ['SIP_INCOMPLETE', 'From: "never closed^'],
  ['SIP_INCOMPLETE', 'X-Any^'],
  ['SIP_INCOMPLETE', 'X-Any: thing\r\n^'],
];
for (const [code, marked] of fields) {
  test(`parseSip() refuses the field ${JSON.stringify(marked.slice(0, 60))} with ${code}`, () => {
    const isCut = code === 'SIP_INCOMPLETE';
    const got = refused(`INVITE sip:b@example.com SIP/2.0\r\n${marked}${isCut ? '' : `${GOOD.join('\r\n')}\r\n\r\n`}`);
    assert.equal(got.code, code);
    assert.equal(got.at, got.expectedAt);
  });
}

function head(...more: string[]): string {
  return ['INVITE sip:b@example.com SIP/2.0', ...GOOD, ...more, '', ''].join('\r\n');
}

test('parseSip() allows as many header fields as maxHeaders and refuses one more at its first octet', () => {
  const five = new SipParseOptions({ framing: 'datagram', maxHeaders: 5, alegHeaders: [] });
  assert.equal(parse(Buffer.from(head()), five).code, 'parses');
  const { code, message } = parse(Buffer.from(head('Sixth: x')), five);
  assert.equal(code, 'SIP_HEADER_LIMIT');
  assert.equal(message.faultAt, head().length - 2);
  assert.equal(message.text(message.callIdStart, message.callIdEnd), 'good-1');
});

test('parseSip() asks for Content-Length in a stream, behind the head', () => {
  const { code, message } = parse(Buffer.from(head()), STREAM);
  assert.equal(code, 'SIP_NO_CONTENT_LENGTH');
  assert.equal(message.faultAt, head().length);
  assert.equal(message.text(message.callIdStart, message.callIdEnd), 'good-1');
});

test('parseSip() asks for more of a stream at every cut through the head', () => {
  const whole = Buffer.from(head('Contact: "A, \\" B" <sip:a@b>;expires=60', 'Server: x', 'Content-Length: 0'));
  assert.equal(parse(whole, STREAM).code, 'parses');
  for (let cut = 0; cut < whole.length; cut++) {
    const { code, message } = parse(whole.subarray(0, cut), STREAM);
    assert.equal(code, 'SIP_MORE_BYTES', `after ${cut} octets`);
    assert.equal(message.faultAt, cut);
  }
});

test('parseSip() answers where a message in a stream ends and tolerates a body still on its way', () => {
  const bytes = Buffer.from(`${head('Content-Length: 4')}bodyBYE sip:next SIP/2.0`);
  const { code, message } = parse(bytes, STREAM);
  assert.equal(code, 'parses');
  assert.equal(message.text(message.bodyStart, message.bodyEnd), 'body');
  assert.equal(bytes.toString('latin1', message.end), 'BYE sip:next SIP/2.0');
  const short = parse(Buffer.from(`${head('Content-Length: 4')}bo`), STREAM);
  assert.equal(short.code, 'parses');
  assert.equal(short.message.bodyEnd - short.message.bodyStart, 2);
  assert.equal(short.message.contentLength, 4);
});

test('parseSip() takes the first configured A-leg header that is there, whatever the order in the message', () => {
  const options = new SipParseOptions({
    framing: 'datagram',
    maxHeaders: 100,
    alegHeaders: ['X-Preferred_ID', 'x-second', 'call-id'],
  });
  const of = (...more: string[]): string => {
    const { message } = parse(Buffer.from(head(...more)), options);
    return message.text(message.alegCallIdStart, message.alegCallIdEnd);
  };
  assert.equal(of('X-Second: s', 'x-PREFERRED_id : p', 'X-Second: t'), 'p');
  assert.equal(of('X-Second: s', 'X-Second: t', 'X-Preferred_ID: '), 's');
  assert.equal(of('X-Preferred_ID: p', 'X-Preferred_ID: q'), 'p');
  assert.equal(of('X-Third: s'), 'good-1');
});

test('parseSip() knows every method by its exact name', () => {
  const names = 'REGISTER INVITE ACK BYE PRACK CANCEL OPTIONS SUBSCRIBE NOTIFY UPDATE INFO REFER PUBLISH MESSAGE';
  for (const [index, name] of names.split(' ').entries()) {
    const { message } = parse(Buffer.from(`${name} sip:b SIP/2.0\r\nCSeq: 1 ${name}\r\n\r\n`));
    assert.equal(message.method, index + 1);
    assert.equal(message.cseqMethod, index + 1);
    const shouted = parse(Buffer.from(`${name}X sip:b SIP/2.0\r\nCSeq: 1 ${name.toLowerCase()}\r\n\r\n`)).message;
    assert.equal(shouted.method, 15);
    assert.equal(shouted.cseqMethod, 15);
  }
});
