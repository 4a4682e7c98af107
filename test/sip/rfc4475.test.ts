import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProbe } from '../../src/sip/parse.ts';
import { assertFields, fixtureNames, octetsOf, parse, readFixture } from '../support/sip-samples.ts';

/**
 * The torture messages of RFC 4475, by the names its §3 gives them. `fixtures/sip/rfc4475` has their text.
 * A refused message tells its code and the text behind which parsing must have stopped.
 */
type Row =
  | { name: string; outcome: 'parses'; why: string; fields: Record<string, string | number> }
  | { name: string; outcome: 'refused'; why: string; code: string; behind: string };

const SDP = [
  'v=0',
  'o=mhandley 29739 7272939 IN IP4 192.0.2.3',
  's=-',
  'c=IN IP4 192.0.2.4',
  't=0 0',
  'm=audio 49217 RTP/AVP 0 12',
  'm=video 3227 RTP/AVP 31',
  'a=rtpmap:31 LPC',
  '',
].join('\n');

const rows: Row[] = [
  // §3.1.1 valid
  {
    name: 'wsinv',
    outcome: 'parses',
    why: 'valid: folds, white space, compact names, escaped quotes everywhere',
    fields: {
      method: 'INVITE',
      requestUri: 'sip:vivekg@chair-dnrc.example.com;unknownparam',
      to: 'sip:vivekg@chair-dnrc.example.com',
      toTag: '1918181833n',
      from: 'sip:jdrosen@example.com',
      fromTag: '98asjd8',
      maxForwards: 68,
      callId: 'wsinv.ndaksdj@192.0.2.1',
      cseq: 9,
      cseqMethod: 'INVITE',
      viaTransport: 'udp',
      viaBranch: '390skdjuw',
      viaCount: 3,
      contactCount: 1,
      contact1: 'sip:jdrosen@example.com',
      contentType: 'application/sdp',
      contentLength: 150,
      headerCount: 14,
      body: SDP,
    },
  },
  {
    name: 'intmeth',
    outcome: 'parses',
    why: 'valid: every character a token, a URI and a Call-ID may have',
    fields: {
      method: 'OTHER',
      methodText: "!interesting-Method0123456789_*+`.%indeed'~",
      requestUri:
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
      to: "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com",
      toTag: '',
      from: 'sip:mundane@example.com',
      fromTag: "_token~1'+`*%!-.",
      callId: 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
      cseq: 139122385,
      cseqMethod: 'OTHER',
      cseqMethodText: "!interesting-Method0123456789_*+`.%indeed'~",
      viaTransport: 'tcp',
      viaBranch: "z9hG4bK-.!%66*_+`'~",
      maxForwards: 255,
      contentLength: 0,
    },
  },
  {
    name: 'esc01',
    outcome: 'parses',
    why: 'valid: escapes are part of a URI and stay as written',
    fields: {
      requestUri: 'sip:sips%3Auser%40example.com@example.net',
      to: 'sip:%75se%72@example.com',
      from: 'sip:I%20have%20spaces@example.net',
      fromTag: '938',
      callId: 'esc01.239409asdfakjkn23onasd0-3234',
      contact1: 'sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31',
      contentType: 'application/sdp',
    },
  },
  {
    name: 'escnull',
    outcome: 'parses',
    why: 'valid: an escaped NUL in a URI',
    fields: {
      method: 'REGISTER',
      to: 'sip:null-%00-null@example.com',
      fromTag: '839923423',
      contactCount: 2,
      contact1: 'sip:%00@host5.example.com',
      contact2: 'sip:%00%00@host5.example.com',
      contentLength: 0,
    },
  },
  {
    name: 'esc02',
    outcome: 'parses',
    why: 'valid: a percent sign in a method or header name is no escape',
    fields: {
      method: 'OTHER',
      methodText: 'RE%47IST%45R',
      cseqMethodText: 'RE%47IST%45R',
      viaBranch: 'z9hG4bK209%fzsnel234',
      fromTag: 'f232jadfj23',
      contactCount: 2,
      contact1: 'sip:alias1@host1.example.com',
      contact2: 'sip:alias3@host3.example.com',
    },
  },
  {
    name: 'lwsdisp',
    outcome: 'parses',
    why: 'valid: no white space between display name and angle bracket',
    fields: { method: 'OPTIONS', from: 'sip:caller@example.com', fromTag: '323', to: 'sip:user@example.com' },
  },
  {
    name: 'longreq',
    outcome: 'parses',
    why: 'valid: long values and 34 Via values under all spellings of the name',
    fields: {
      to: `sip:user@example.com:6000;unknownparam1=very${'long'.repeat(20)}value;longparam${'name'.repeat(25)}=shortvalue;very${'long'.repeat(25)}ParameterNameWithNoValue`,
      from: `sip:${'amazinglylongcallername'.repeat(5)}@example.net`,
      fromTag: `12${'982'.repeat(50)}424`,
      callId: `longreq.one${'really'.repeat(20)}longcallid`,
      cseq: 3882340,
      viaCount: 34,
      viaTransport: 'tcp',
      viaBranch: '',
      contact1: `sip:${'amazinglylongcallername'.repeat(5)}@host5.example.net`,
      contentLength: 150,
    },
  },
  {
    name: 'dblreq',
    outcome: 'parses',
    why: 'valid: what follows the message in its datagram is ignored',
    fields: {
      method: 'REGISTER',
      callId: 'dblreq.0ha0isndaksdj99sdfafnl3lk233412',
      contact1: 'sip:j.user@host.example.com',
      viaCount: 1,
      body: '',
    },
  },
  {
    name: 'semiuri',
    outcome: 'parses',
    why: 'valid: a semicolon in the user part',
    fields: {
      requestUri: 'sip:user;par=u%40example.net@example.com',
      to: 'sip:j_user@example.com',
      fromTag: '33242',
      viaBranch: 'z9hG4bKkdjuw',
    },
  },
  {
    name: 'transports',
    outcome: 'parses',
    why: 'valid: five transports, one of them unknown; the topmost is read',
    fields: {
      viaCount: 5,
      viaTransport: 'udp',
      viaBranch: 'z9hG4bKkdjuw',
      callId: 'transports.kijh4akdnaqjkwendsasfdj',
    },
  },
  {
    name: 'mpart01',
    outcome: 'parses',
    why: 'valid: a binary body with CRLFCRLF in it',
    fields: {
      method: 'MESSAGE',
      viaBranch: 'z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-',
      contentType: 'multipart/mixed',
      userAgent: 'SIPimp.org/0.2.5 (curses)',
      to: 'sip:kumiko@example.org',
      cseqMethod: 'MESSAGE',
    },
  },
  {
    name: 'unreason',
    outcome: 'parses',
    why: 'valid: UTF-8 in the reason phrase',
    fields: { status: 200, cseq: 35, fromTag: '11141343', toTag: '2229', contact1: 'sip:user@host198.example.com' },
  },
  {
    name: 'noreason',
    outcome: 'parses',
    why: 'valid: an empty reason phrase',
    fields: { status: 100, reason: '', callId: 'noreason.asndj203insdf99223ndf', toTag: '902jndnke3' },
  },

  // §3.1.2 invalid
  {
    name: 'badinv01',
    outcome: 'refused',
    why: 'empty parameters in the Via: nobody knows what is missing',
    code: 'SIP_BAD_PARAMETER',
    behind: 'Via: SIP/2.0/UDP 192.0.2.15;',
  },
  {
    name: 'clerr',
    outcome: 'parses',
    why: 'parsed on purpose: the datagram was cut or the length is wrong, the call is real',
    fields: { method: 'INVITE', contentLength: 9999, fromTag: '93942939o2', viaBranch: 'z9hG4bK-39234-23523' },
  },
  {
    name: 'ncl',
    outcome: 'refused',
    why: 'a negative Content-Length',
    code: 'SIP_NOT_A_NUMBER',
    behind: 'Content-Length: ',
  },
  {
    name: 'scalar02',
    outcome: 'refused',
    why: 'the CSeq number is beyond 2^31-1, and the first of several such',
    code: 'SIP_NUMBER_TOO_BIG',
    behind: 'CSeq: ',
  },
  {
    name: 'scalarlg',
    outcome: 'refused',
    why: 'the CSeq number of a reply is beyond 2^31-1',
    code: 'SIP_NUMBER_TOO_BIG',
    behind: 'CSeq: ',
  },
  {
    name: 'quotbal',
    outcome: 'refused',
    why: 'the display name of To is never closed',
    code: 'SIP_END_OF_HEADER',
    behind: 'To: "Mr. J. User <sip:j.user@example.com>',
  },
  {
    name: 'ltgtruri',
    outcome: 'refused',
    why: 'angle brackets around the Request-URI',
    code: 'SIP_BAD_CHARACTER',
    behind: 'INVITE ',
  },
  {
    name: 'lwsruri',
    outcome: 'refused',
    why: 'white space inside the Request-URI: its rest stands where the version must',
    code: 'SIP_BAD_VALUE',
    behind: 'INVITE sip:user@example.com; ',
  },
  {
    name: 'lwsstart',
    outcome: 'refused',
    why: 'two spaces in the start line; it tells SIP from other text, so it is read strictly',
    code: 'SIP_BAD_CHARACTER',
    behind: 'INVITE ',
  },
  {
    name: 'trws',
    outcome: 'refused',
    why: 'white space behind the start line, as above',
    code: 'SIP_EXPECTED_EOL',
    behind: 'OPTIONS sip:remote-target@example.com SIP/2.0',
  },
  {
    name: 'escruri',
    outcome: 'parses',
    why: 'parsed on purpose: headers in the Request-URI change nothing for whom the call is; shown as sent',
    fields: { requestUri: 'sip:user@example.com?Route=%3Csip:example.com%3E', fromTag: '341518', cseq: 149209342 },
  },
  {
    name: 'baddate',
    outcome: 'parses',
    why: 'parsed on purpose: a passive collector does not read Date',
    fields: { method: 'INVITE', fromTag: '2234923', contact1: 'sip:caller@host5.example.net' },
  },
  {
    name: 'regbadct',
    outcome: 'refused',
    why: 'a question mark in a Contact without angle brackets: is it of the URI or not',
    code: 'SIP_BAD_CHARACTER',
    behind: 'Contact: sip:user@example.com',
  },
  {
    name: 'badaspec',
    outcome: 'refused',
    why: 'white space inside the angle brackets of To',
    code: 'SIP_BAD_CHARACTER',
    behind: 'To: "Watson, Thomas" <',
  },
  {
    name: 'baddn',
    outcome: 'parses',
    why: 'parsed on purpose: display names are not read, and URI and tag are clear',
    fields: { from: 'sip:a.g.bell@example.com', fromTag: '43', to: 'sip:t.watson@example.org', toTag: '' },
  },
  {
    name: 'badvers',
    outcome: 'refused',
    why: 'an unknown protocol version',
    code: 'SIP_BAD_VALUE',
    behind: 'OPTIONS sip:t.watson@example.org ',
  },
  {
    name: 'mismatch01',
    outcome: 'parses',
    why: 'parsed on purpose: an engineer must be able to see that method and CSeq differ',
    fields: { method: 'OPTIONS', cseq: 8, cseqMethod: 'INVITE', fromTag: '34525' },
  },
  {
    name: 'mismatch02',
    outcome: 'parses',
    why: 'parsed on purpose: as above, with an unknown method',
    fields: { method: 'OTHER', methodText: 'NEWMETHOD', cseqMethod: 'INVITE', contact1: 'sip:caller@host.example.net' },
  },
  {
    name: 'bigcode',
    outcome: 'refused',
    why: 'a status code of ten digits',
    code: 'SIP_NUMBER_TOO_BIG',
    behind: 'SIP/2.0 ',
  },

  // §3.2 transaction layer
  {
    name: 'badbranch',
    outcome: 'parses',
    why: 'well-formed: a branch that is only the cookie',
    fields: { viaBranch: 'z9hG4bK', viaTransport: 'udp', callId: 'badbranch.sadonfo23i420jv0as0derf3j3n' },
  },

  // §3.3 application layer
  {
    name: 'insuf',
    outcome: 'parses',
    why: 'missing From, To and Call-ID are for the tracker to refuse',
    fields: { method: 'INVITE', hasFrom: '', hasTo: '', callId: '', cseq: 193942, viaBranch: 'z9hG4bKkdj.insuf' },
  },
  {
    name: 'unkscm',
    outcome: 'parses',
    why: 'well-formed: an unknown scheme in the Request-URI',
    fields: { requestUri: 'nobodyKnowsThisScheme:totallyopaquecontent', fromTag: '384' },
  },
  {
    name: 'novelsc',
    outcome: 'parses',
    why: 'well-formed: a scheme that has nothing to do with SIP',
    fields: { requestUri: 'soap.beep://192.0.2.103:3002', viaTransport: 'tcp' },
  },
  {
    name: 'unksm2',
    outcome: 'parses',
    why: 'well-formed: unknown schemes in From, To and Contact',
    fields: { to: 'isbn:2983792873', from: 'http://www.example.com', fromTag: '3234233', contact1: 'name:John_Smith' },
  },
  {
    name: 'bext01',
    outcome: 'parses',
    why: 'well-formed: option tags nobody supports',
    fields: { method: 'OPTIONS', viaTransport: 'tls', fromTag: '242etr' },
  },
  {
    name: 'invut',
    outcome: 'parses',
    why: 'well-formed: a body of an unknown type',
    fields: { contentType: 'application/unknownformat', contact1: 'sip:caller@host5.example.net', cseq: 235448 },
  },
  {
    name: 'regaut01',
    outcome: 'parses',
    why: 'well-formed: an unknown authorization scheme',
    fields: { method: 'REGISTER', cseq: 9338, contentLength: 0, contactCount: '' },
  },
  {
    name: 'multi01',
    outcome: 'parses',
    why: 'parsed on purpose: of single fields the first wins, contacts add up',
    fields: {
      callId: 'multi01.98asdh@192.0.2.1',
      cseq: 5,
      from: 'sip:caller@example.com',
      fromTag: '3413415',
      to: 'sip:user@example.com',
      maxForwards: 70,
      contactCount: 2,
      contact1: 'sip:caller@host25.example.net',
      contact2: 'sip:caller@host36.example.net',
    },
  },
  {
    name: 'mcl01',
    outcome: 'parses',
    why: 'parsed on purpose: the first Content-Length wins, the body is only shown',
    fields: { contentLength: 13, body: "There's no wa", maxForwards: 60 },
  },
  {
    name: 'bcast',
    outcome: 'parses',
    why: 'well-formed: a broadcast address in the second Via',
    fields: { status: 200, reason: 'OK', viaCount: 2, viaBranch: 'z9hG4bK1324923', toTag: '2229' },
  },
  { name: 'zeromf', outcome: 'parses', why: 'well-formed: no hop left', fields: { maxForwards: 0, cseq: 39234321 } },
  {
    name: 'cparam01',
    outcome: 'parses',
    why: 'well-formed: the parameter belongs to the header, not to the bare URI',
    fields: { contact1: 'sip:+19725552222@gw1.example.net', contactCount: 1 },
  },
  {
    name: 'cparam02',
    outcome: 'parses',
    why: 'well-formed: the parameter belongs to the URI in angle brackets',
    fields: { contact1: 'sip:+19725552222@gw1.example.net;unknownparam', contactCount: 1 },
  },
  {
    name: 'regescrt',
    outcome: 'parses',
    why: 'well-formed: headers inside the angle brackets of a Contact',
    fields: { contact1: 'sip:user@example.com?Route=%3Csip:sip.example.com%3E', fromTag: '8', cseq: 14398234 },
  },
  {
    name: 'sdp01',
    outcome: 'parses',
    why: 'well-formed: only text/nobodyKnowsThis is accepted',
    fields: { method: 'INVITE', contact1: 'sip:caller@host15.example.net', contentLength: 150 },
  },

  // §3.4 backward compatibility
  {
    name: 'inv2543',
    outcome: 'parses',
    why: 'RFC 2543: neither tag nor branch nor Content-Length',
    fields: {
      from: 'sip:+13035551111@ift.client.example.net;user=phone',
      fromTag: '',
      to: 'sip:+16505552222@ss1.example.net',
      toTag: '',
      viaBranch: '',
      cseq: 56,
      contentLength: '',
    },
  },
];

for (const row of rows) {
  test(`RFC 4475 ${row.name} ${row.outcome}: ${row.why}`, () => {
    const bytes = octetsOf(readFixture(`rfc4475/${row.name}.txt`));
    const { code, message } = parse(bytes);
    if (row.outcome === 'parses') {
      assert.equal(code, 'parses', `stopped at "${message.text(message.faultAt, message.faultAt + 40)}"`);
      assertFields(message, row.fields, `of ${row.name}`);
    } else {
      assert.equal(code, row.code);
      assert.equal(message.faultAt, bytes.indexOf(row.behind, 0, 'latin1') + row.behind.length);
    }
  });
}

test('every torture message of RFC 4475 has its row', () => {
  assert.deepEqual(
    rows.map((row) => `${row.name}.txt`).toSorted((a, b) => (a < b ? -1 : 1)),
    fixtureNames('rfc4475').toSorted((a, b) => (a < b ? -1 : 1)),
  );
  assert.equal(rows.length, 49);
});

test('RFC 4475 dblreq ends in front of the second request of its datagram', () => {
  const bytes = octetsOf(readFixture('rfc4475/dblreq.txt'));
  const { message } = parse(bytes);
  assert.equal(message.end, bytes.indexOf('\r\n\r\n') + 4);
});

test('RFC 4475 intmeth would not reach the parser: its method begins with no letter', () => {
  const bytes = octetsOf(readFixture('rfc4475/intmeth.txt'));
  assert.equal(isProbe(bytes, 0, bytes.length), true);
});
