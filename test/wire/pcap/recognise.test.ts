import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hep3End, isHep3Chain, looksLikeHep, looksLikeSip, sipEnd } from '../../../src/wire/pcap/recognise.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

const V1 = '01 10 02 11 13c4 13ce c000020a c0000214';
const V2 = '02 10 02 11 13c4 13ce c000020a c0000214 00f15365 40e20100 d107 0000';
const OPTIONS = Buffer.from('OPTIONS sip:b@192.0.2.20 SIP/2.0\r\n\r\n').toString('hex');

const hep = [
  { name: 'HEP3, whatever follows its header', bytes: hex('48455033 0006'), is: true },
  { name: 'HEP3 shorter than its header', bytes: hex('48455033 00'), is: false },
  { name: 'HEP1 with SIP', bytes: hex(V1 + OPTIONS), is: true },
  { name: 'HEP1 with a CRLF keep-alive', bytes: hex(`${V1}0d0a0d0a`), is: true },
  { name: 'HEP1 without payload', bytes: hex(V1), is: true },
  { name: 'HEP2 with SIP', bytes: hex(V2 + OPTIONS), is: true },
  {
    name: 'HEP2 over IPv6 of FreeBSD',
    bytes: hex(`02 28 1c 11 13c4 13ce ${'20'.repeat(32)} ${'00'.repeat(12)} ${OPTIONS}`),
    is: true,
  },
  { name: 'HEP1 with binary octets where text should be', bytes: hex(`${V1}80c9`), is: false },
  { name: 'HEP1 of an unknown family', bytes: hex(`01 10 07 11 13c4 13ce c000020a c0000214 ${OPTIONS}`), is: false },
  { name: 'SIP', bytes: hex(OPTIONS), is: false },
  { name: 'RTCP', bytes: hex(`80c80006 ${'00'.repeat(24)}`), is: false },
  { name: 'a STUN binding request', bytes: hex(`0001 0000 2112a442 ${'41'.repeat(12)}`), is: false },
  { name: 'nothing', bytes: hex(''), is: false },
];

for (const { name, bytes, is } of hep) {
  test(`looksLikeHep() answers ${is} for ${name}`, () => {
    assert.equal(looksLikeHep(bytes), is);
  });
}

const sip = [
  { text: 'OPTIONS sip:b@h SIP/2.0\r\n', is: true },
  { text: 'SIP/2.0 200 OK\r\n', is: true },
  { text: 'SIP/2.0 200 \r\n', is: true },
  { text: 'X-ODD.METHOD!* sip:b@h SIP/2.0\n', is: true },
  { text: 'OPTIONS sip:b@h SIP/2.0', is: false },
  { text: 'GET / HTTP/1.1\r\n', is: false },
  { text: '\r\n\r\n', is: false },
  { text: '', is: false },
];

for (const { text, is } of sip) {
  test(`looksLikeSip() answers ${is} for ${JSON.stringify(text)}`, () => {
    assert.equal(looksLikeSip(Buffer.from(text)), is);
  });
}

const ends = [
  { text: 'BYE sip:b@h SIP/2.0\r\nContent-Length: 2\r\n\r\nhiXX', end: 44 },
  { text: 'BYE sip:b@h SIP/2.0\r\nContent-Length: 2\r\n\r\nh', end: 0 },
  { text: 'BYE sip:b@h SIP/2.0\r\nl:0\r\n\r\n', end: 28 },
  { text: 'BYE sip:b@h SIP/2.0\r\n\r\nBYE', end: 23 },
  { text: 'BYE sip:b@h SIP/2.0\r\nVia: x', end: 0 },
  { text: 'BYE sip:b', end: 0 },
  { text: 'nonsense\r\nmore', end: -1 },
];

for (const { text, end } of ends) {
  test(`sipEnd() answers ${end} for ${JSON.stringify(text)}`, () => {
    assert.equal(sipEnd(Buffer.from(text)), end);
  });
}

const hepEnds = [
  { octets: '48', end: 0 },
  { octets: '484550', end: 0 },
  { octets: '48455033', end: 0 },
  { octets: '48455033 0006', end: 6 },
  { octets: '48455033 0007', end: 0 },
  { octets: '48455033 0007 aa bb', end: 7 },
  { octets: '48455033 0005', end: -1 },
  { octets: '48455034', end: -1 },
  { octets: '01', end: -1 },
];

for (const { octets, end } of hepEnds) {
  test(`hep3End() answers ${end} for ${octets}`, () => {
    assert.equal(hep3End(hex(octets)), end);
  });
}

test('isHep3Chain() takes whole messages and nothing else', () => {
  assert.equal(isHep3Chain(hex('48455033 0006')), true);
  assert.equal(isHep3Chain(hex('48455033 0006 48455033 0007 aa')), true);
  assert.equal(isHep3Chain(hex('48455033 0006 aa')), false);
  assert.equal(isHep3Chain(hex('48455033 0007')), false);
  assert.equal(isHep3Chain(hex('')), false);
});
