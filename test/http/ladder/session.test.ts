import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchanges, mediaLines, mediaText } from '../../../src/http/ladder/session.ts';
import type { CallMessageView } from '../../../src/model/views.ts';
import { message } from '../fakes.ts';

interface Said {
  method?: string;
  cseq?: number;
  status?: number;
  toTag?: string;
  isReply?: boolean;
  address?: string;
  port?: number;
  codecs?: string;
  more?: string[];
  src?: string;
  dst?: string;
}

/** A message with one audio line; replies go the other way. */
function said(what: Said): CallMessageView {
  const {
    method = 'INVITE',
    cseq = 1,
    status = 200,
    isReply = false,
    address = isReply ? '192.0.2.2' : '192.0.2.1',
    port = 4000,
    codecs = '8 0',
    toTag = isReply ? 'b' : '',
  } = what;
  const sdp = ['v=0', 's=-', `c=IN IP4 ${address}`, 't=0 0', `m=audio ${port} RTP/AVP ${codecs}`, ...(what.more ?? [])];
  const [src = '', dst = ''] = isReply ? ['192.0.2.2', '192.0.2.1'] : ['192.0.2.1', '192.0.2.2'];
  return message({
    cseq,
    cseqMethod: method,
    method: isReply ? '' : method,
    status: isReply ? status : 0,
    toTag,
    isRequest: !isReply,
    src: { ip: what.src ?? src, port: 5060 },
    dst: { ip: what.dst ?? dst, port: 5060 },
    raw: ['INVITE', '', ...sdp, ''].join('\r\n'),
  });
}

const results = (...messages: CallMessageView[]): string[] => exchanges(messages).map(({ result }) => result);
const notes = (...messages: CallMessageView[]): string[] => exchanges(messages).flatMap((exchange) => exchange.notes);

test('an answer names the codec that is used and who sends', () => {
  const offer = said({});
  const answer = (more: string[]): CallMessageView => said({ isReply: true, codecs: '0', more });
  assert.deepEqual(results(offer, answer([])), ['PCMU, both ways']);
  assert.deepEqual(results(offer, answer(['a=recvonly'])), ['PCMU, one-way: only the offerer sends']);
  assert.deepEqual(results(offer, answer(['a=inactive'])), ['PCMU, on hold both ways']);
  assert.deepEqual(results(offer, said({ isReply: true, port: 0 })), ['refused']);
  assert.deepEqual(results(offer), ['no answer captured']);
});

test('a call is put on hold with sendonly, or as older phones do it with an address of zeros', () => {
  const hold = said({ cseq: 2, more: ['a=sendonly'] });
  assert.deepEqual(results(hold, said({ cseq: 2, isReply: true, more: ['a=recvonly'] })), [
    'PCMA, on hold: only the offerer sends',
  ]);
  assert.deepEqual(results(said({ address: '0.0.0.0' }), said({ isReply: true })), [
    'PCMA, on hold: only the offerer sends',
  ]);
});

/** Which message answers which, by their places in the list. */
function pairs(...messages: CallMessageView[]): [number, number][] {
  return exchanges(messages).map(({ offer, answer }) => [
    messages.indexOf(offer),
    answer === undefined ? -1 : messages.indexOf(answer),
  ]);
}

/** The same without a description. */
const silent = (what: Said): CallMessageView => ({ ...said(what), sdp: null, raw: 'SIP' });

const IN_DIALOG = { toTag: 'b' };

test('a late offer is in the reply and its answer in the ACK, which has the number of the INVITE', () => {
  const ack = said({ ...IN_DIALOG, method: 'ACK', codecs: '0' });
  assert.deepEqual(pairs(silent({}), said({ isReply: true }), ack), [[1, 2]]);
  // The 200 repeats what a provisional reply offered.
  const early = said({ isReply: true, status: 183 });
  assert.deepEqual(pairs(silent({}), early, said({ isReply: true }), ack), [[1, 3]]);
});

test('a late offer of a reliable provisional reply is answered by its PRACK (RFC 3262 §5)', () => {
  const flow = [
    silent({}),
    said({ isReply: true, status: 183 }),
    said({ ...IN_DIALOG, method: 'PRACK', cseq: 2 }),
    silent({ isReply: true, method: 'PRACK', cseq: 2 }),
    silent({ isReply: true }),
    silent({ ...IN_DIALOG, method: 'ACK' }),
  ];
  assert.deepEqual(pairs(...flow), [[1, 2]]);
});

test('a PRACK may make an offer once the first is answered, and its own reply answers it', () => {
  const flow = [
    said({}),
    said({ isReply: true, status: 183 }),
    said({ ...IN_DIALOG, method: 'PRACK', cseq: 2 }),
    said({ isReply: true, method: 'PRACK', cseq: 2 }),
    silent({ isReply: true }),
  ];
  assert.deepEqual(pairs(...flow), [
    [0, 1],
    [2, 3],
  ]);
});

test('an UPDATE is answered by its reply, or refused as in a glare (RFC 3311 §5.2)', () => {
  const update = { ...IN_DIALOG, method: 'UPDATE', cseq: 3 };
  const flow = [said({}), said({ isReply: true, status: 183 }), said(update)];
  const answer = said({ isReply: true, method: 'UPDATE', cseq: 3 });
  assert.deepEqual(pairs(...flow, answer), [
    [0, 1],
    [2, 3],
  ]);
  const glare = silent({ isReply: true, method: 'UPDATE', cseq: 3, status: 491 });
  assert.deepEqual(results(...flow, { ...glare, reason: 'Request Pending' }), [
    'PCMA, both ways',
    'refused: 491 Request Pending',
  ]);
});

test('each branch of a fork answers the offer for itself', () => {
  const [b, c] = [said({ isReply: true, status: 183 }), said({ isReply: true, status: 183, toTag: 'c', codecs: '0' })];
  const flow = [said({}), b, c, said({ isReply: true, toTag: 'c', codecs: '0' })];
  assert.deepEqual(pairs(...flow), [
    [0, 1],
    [0, 2],
  ]);
  assert.deepEqual(results(...flow), ['PCMA, both ways', 'PCMU, both ways']);
});

test('every media line of an offer has its result, and one the answer does not have is refused', () => {
  const video = ['m=video 4002 RTP/AVP 97', 'a=rtpmap:97 H264/90000'];
  const refused = ['m=video 0 RTP/AVP 97'];
  assert.deepEqual(results(said({ more: video }), said({ isReply: true, more: refused })), [
    'audio PCMA, both ways; video refused',
  ]);
  assert.deepEqual(results(said({ more: video }), said({ isReply: true, more: [...video, 'a=inactive'] })), [
    'audio PCMA, both ways; video H264, on hold both ways',
  ]);
  assert.deepEqual(results(said({ more: video }), said({ isReply: true })), ['audio PCMA, both ways; video refused']);
});

test('repeats and further replies with a description begin no exchange of their own', () => {
  const offer = said({});
  const early = said({ isReply: true });
  assert.equal(exchanges([offer, { ...offer, repeat: 'other-hop' }, early, said({ isReply: true })]).length, 1);
  assert.equal(exchanges([offer, early, said({ cseq: 2 })]).length, 2);
});

test('an offer that was refused says with what, and one that was asked for again begins anew', () => {
  const refused = message({ isRequest: false, status: 407, reason: 'Proxy Authentication Required', sdp: null });
  const again = { cseq: 2 };
  assert.deepEqual(results(said({}), refused, said(again), said({ ...again, isReply: true })), [
    'refused: 407 Proxy Authentication Required',
    'PCMA, both ways',
  ]);
});

test('what may explain silence is told: media elsewhere, private addresses told to public ones, keys not answered', () => {
  assert.deepEqual(notes(said({}), said({ isReply: true })), []);
  assert.deepEqual(notes(said({ address: '192.0.2.9' }), said({ isReply: true })), [
    'media at 192.0.2.9, signalling at 192.0.2.1',
  ]);
  assert.deepEqual(notes(said({ address: '10.1.2.3' }), said({ isReply: true })), [
    'private media address 10.1.2.3 told to 192.0.2.2, which is public',
  ]);
  assert.deepEqual(notes(said({ address: '10.1.2.3', src: '10.1.2.3', dst: '10.9.9.9' }), said({ isReply: true })), []);
  assert.deepEqual(notes(said({ more: ['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x'] }), said({ isReply: true })), [
    'offered with encryption, answered without',
  ]);
});

test('every media line is read with what the session says for all', () => {
  const raw = [
    'INVITE',
    '',
    'v=0',
    'c=IN IP6 2001:db8::1',
    'a=sendonly',
    'm=audio 4000 UDP/TLS/RTP/SAVPF 111 8',
    'a=rtpmap:111 opus/48000/2',
    'a=ptime:20',
    'a=fingerprint:sha-256 AA',
    'a=ice-ufrag:x',
    'm=video 0 RTP/AVP 97',
    'a=inactive',
  ].join('\r\n');
  assert.deepEqual(mediaLines(raw).map(mediaText), [
    'audio [2001:db8::1]:4000 opus,PCMA ptime 20 DTLS ICE sendonly',
    'video refused 97 inactive',
  ]);
  assert.deepEqual(mediaLines('INVITE\r\n\r\nno description'), []);
  assert.equal(mediaLines(`v=0\n${'m=audio 1 RTP/AVP 0\n'.repeat(10_000)}`).length, 16);
});
