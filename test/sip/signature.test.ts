import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SipMessage } from '../../src/sip/message.ts';
import { packHeaderOrder, requestSignature, type SignatureParts } from '../../src/sip/signature.ts';
import { parse } from '../support/sip-samples.ts';

/** The parts as they stand in a message; a reply has no signature, so it has no headers to show. */
function partsOf(message: SipMessage): SignatureParts {
  return {
    method: message.method,
    headerOrder: packHeaderOrder(message),
    headerCount: message.isRequest ? message.headerOrderLength : 0,
    callId: message.text(message.callIdStart, message.callIdEnd),
    fromTag: message.text(message.fromTagStart, message.fromTagEnd),
    branch: message.text(message.viaBranchStart, message.viaBranchEnd),
  };
}

function signatureOf(...lines: string[]): string {
  const { code, message } = parse(Buffer.from([...lines, '', ''].join('\r\n'), 'latin1'));
  assert.equal(code, 'parses');
  return requestSignature(partsOf(message));
}

/** The part for the Call-ID: flags and length. */
function callIdPart(callId: string): string {
  return /I(\w{6})F/.exec(signatureOf('OPTIONS sip:b SIP/2.0', `Call-ID: ${callId}`))?.[1] ?? '';
}

test('requestSignature() gives the example of the reference for a REGISTER', () => {
  const signature = signatureOf(
    'REGISTER sip:reg SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc',
    'Max-Forwards: 70',
    'From: <sip:u1@reg>;tag=ft1',
    'To: <sip:u1@reg>',
    'Call-ID: regdelay-1',
    'CSeq: 1 REGISTER',
    'User-Agent: test',
    'Contact: <sip:u1@192.0.2.1>',
  );
  assert.equal(signature, '16435027I004003F0000V0000');
});

test('requestSignature() gives the example of the reference for an INVITE', () => {
  const signature = signatureOf(
    'INVITE sip:bob@example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc',
    'Max-Forwards: 70',
    'From: <sip:alice@example.com>;tag=ft1',
    'To: <sip:bob@example.com>',
    'Call-ID: call-1',
    'CSeq: 1 INVITE',
    'User-Agent: test',
  );
  assert.equal(signature, '26435027I004002F0000V0000');
});

test('requestSignature() counts Contact for INVITE only, compact forms as +8, repeated fields once', () => {
  // i → 8, m → 9, f → b, v → e, t → d
  assert.equal(
    signatureOf(
      'INVITE sip:b SIP/2.0',
      'i: x',
      'm: <sip:a>',
      'f: <sip:a>',
      'v: SIP/2.0/UDP h',
      'Via: SIP/2.0/UDP h',
      't: <sip:b>',
    ),
    '289bedI000001F0000V0000',
  );
  assert.equal(signatureOf('MESSAGE sip:b SIP/2.0', 'Contact: <sip:a>', 'Call-ID: x'), 'e0I000001F0000V0000');
  assert.equal(signatureOf('WHATEVER sip:b SIP/2.0', 'CSeq: 1 WHATEVER'), 'f2I000000F0000V0000');
});

test('requestSignature() is empty for a reply', () => {
  assert.equal(signatureOf('SIP/2.0 200 OK', 'Call-ID: x'), '');
});

// Flags: 0001 IP at start, 0002 at end, 0004 in the middle, 0008 @, 0010 ".", 0020 ":", 0040 "-", 0080 "*", 0100 "/",
// 0200 "+", 0400 "=", 0800 "_", 1000 "|", 2000 hex, 4000 base64, 8000 digit blocks. Two digits of length follow.
const callIds: [string, string][] = [
  ['word', '000001'],
  ['a@b.c:d-e*f/g+h=i_j|k', '1ff806'],
  ['abc@192.0.2.1', '000201'],
  ['192.0.2.1-abcde', '000102'],
  ['ab-192.0.2.1-cd', '000401'],
  ['192.0.2.1', '000300'],
  ['abc@[2001:db8::1]', '000201'],
  ['abc@2001:db8::1', '000201'],
  ['12:34:56', '802002'],
  ['abc@192.0.2.256', '001804'],
  ['f81d4fae-7dec-11d0-a765-00a0c91e6bf6', '204009'],
  ['a84b4c76e66710@host', '200805'],
  ['deadbee', '000002'],
  ['81ZjNhMDE0YTk2Njk=', '440005'],
  ['1234567890', '800003'],
  ['12-34', '804002'],
  ['x'.repeat(2000), '0000ff'],
];
for (const [callId, expected] of callIds) {
  test(`requestSignature() writes ${expected} for the Call-ID ${callId.slice(0, 40)}`, () => {
    assert.equal(callIdPart(callId), expected);
  });
}

test('requestSignature() looks at a branch behind its cookie', () => {
  const of = (branch: string): string =>
    signatureOf('BYE sip:b SIP/2.0', `Via: SIP/2.0/UDP h;branch=${branch}`).slice(-5);
  assert.equal(of('z9hG4bK12345678'), 'V8000');
  assert.equal(of('z9hG4bK-abcdef12'), 'V0040');
  assert.equal(of('z9hG4bK'), 'V0000');
  assert.equal(of('12345678'), 'V8000');
});
