import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packHeaderOrder, requestSignature } from '../../src/sip/signature.ts';
import { parse } from '../support/sip-samples.ts';

function signatureOf(lines: string[]): string {
  const { code, message } = parse(Buffer.from([...lines, '', ''].join('\r\n'), 'latin1'));
  assert.equal(code, 'parses');
  return requestSignature({
    method: message.method,
    headerOrder: packHeaderOrder(message),
    headerCount: message.headerOrderLength,
    callId: message.text(message.callIdStart, message.callIdEnd),
    fromTag: message.text(message.fromTagStart, message.fromTagEnd),
    branch: message.text(message.viaBranchStart, message.viaBranchEnd),
  });
}

const FROM = 'From: <sip:a@example.com>;tag=ft';
const TO = 'To: <sip:b@example.com>';

/** Worked out by hand from the format: method, header digits, I flags length, F flags, V flags. */
const rows: { name: string; lines: string[]; signature: string }[] = [
  {
    name: 'the sample of the description: Via, Max-Forwards, From, To, Call-ID, CSeq, User-Agent; "-" is bit 6',
    lines: [
      'REGISTER sip:example.com SIP/2.0',
      'Via: SIP/2.0/UDP h;branch=z9hG4bKx',
      'Max-Forwards: 70',
      FROM,
      TO,
      'Call-ID: regdelay-1',
      'CSeq: 1 REGISTER',
      'User-Agent: x',
    ],
    signature: '16435027I004003F0000V0000',
  },
  {
    name: 'compact names add 8; Contact counts in INVITE only',
    lines: [
      'INVITE sip:b@example.com SIP/2.0',
      'v: SIP/2.0/UDP h;branch=z9hG4bKx',
      'f: <sip:a@example.com>;tag=ft',
      't: <sip:b@example.com>',
      'i: abc',
      'CSeq: 1 INVITE',
      'm: <sip:a@h>',
    ],
    signature: '2ebd829I000001F0000V0000',
  },
  {
    name: 'Contact of an OPTIONS is left out',
    lines: [
      'OPTIONS sip:b@example.com SIP/2.0',
      'Contact: <sip:a@h>',
      'Via: SIP/2.0/UDP h;branch=z9hG4bKx',
      FROM,
      TO,
      'Call-ID: abc',
      'CSeq: 1 OPTIONS',
    ],
    signature: '763502I000001F0000V0000',
  },
  {
    name: 'an address at the end of the Call-ID is bit 1, and neither it nor its "@" counts in the length',
    lines: [
      'INVITE sip:b@example.com SIP/2.0',
      'Via: SIP/2.0/UDP h;branch=z9hG4bKx',
      FROM,
      TO,
      'Call-ID: xyzzy@192.0.2.1',
      'CSeq: 1 INVITE',
    ],
    signature: '263502I000202F0000V0000',
  },
];
for (const { name, lines, signature } of rows) {
  test(`requestSignature(): ${name}`, () => assert.equal(signatureOf(lines), signature));
}

test('requestSignature() of a call that began with a reply is empty', () => {
  const parts = { method: 2, headerOrder: 0, headerCount: 0, callId: 'c', fromTag: 'f', branch: '' };
  assert.equal(requestSignature(parts), '');
});
