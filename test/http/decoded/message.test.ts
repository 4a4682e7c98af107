import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { type Branch, flat } from '../../../src/http/decoded/branch.ts';
import { messageTree } from '../../../src/http/decoded/message.ts';
import { warningsOf } from '../../../src/http/ladder/lint.ts';
import { mutated } from '../../support/mutate.ts';
import { fixtureNames, octetsOf, readFixture } from '../../support/sip-samples.ts';

/** `  name=value (note)`, further in the deeper it is. */
function lines(tree: readonly Branch[]): string[] {
  return flat(tree).map(
    ({ depth, name, value, note, warning }) =>
      `${'  '.repeat(depth)}${name}=${value}${note === '' ? '' : ` (${note})`}${warning === '' ? '' : ` ! ${warning}`}`,
  );
}

const treeOf = (octets: string): Branch[] => messageTree(octets, warningsOf(octets));

/** What a message with this header field alone, and no warnings, says of it. */
function field(line: string): string[] {
  const tree = messageTree(`OPTIONS sip:b SIP/2.0\r\n${line}\r\n\r\n`, new Map());
  return lines(tree[1]?.parts ?? []);
}

suite('the start line', () => {
  const starts: [line: string, parts: string[]][] = [
    [
      'INVITE sip:+49301234567;npdi@example.net:5070;user=phone;lr?Subject=a&Priority=b SIP/2.0',
      [
        'method=INVITE',
        'request URI=sip:+49301234567;npdi@example.net:5070;user=phone;lr?Subject=a&Priority=b',
        '  scheme=sip',
        '  user=+49301234567;npdi',
        '  host=example.net',
        '  port=5070',
        '  user=phone',
        '  lr= (present)',
        '  header=Subject=a',
        '  header=Priority=b',
        'version=SIP/2.0',
      ],
    ],
    [
      'REGISTER sips:u:pw@[2001:db8::1]:5061 SIP/2.0',
      [
        'method=REGISTER',
        'request URI=sips:u:pw@[2001:db8::1]:5061',
        '  scheme=sips',
        '  user=u',
        '  password=pw',
        '  host=[2001:db8::1]',
        '  port=5061',
        'version=SIP/2.0',
      ],
    ],
    [
      'INVITE tel:+1-201-555-0123;phone-context=example.com SIP/2.0',
      [
        'method=INVITE',
        'request URI=tel:+1-201-555-0123;phone-context=example.com',
        '  scheme=tel',
        '  number=+1-201-555-0123',
        '  phone-context=example.com',
        'version=SIP/2.0',
      ],
    ],
    ['SIP/2.0 183 Session Progress', ['version=SIP/2.0', 'status=183 (provisional)', 'reason=Session Progress']],
    ['SIP/2.0 603', ['version=SIP/2.0', 'status=603 (global failure)']],
    [
      'OPTIONS urn:service:sos SIP/2.0',
      ['method=OPTIONS', 'request URI=urn:service:sos', '  scheme=urn', '  rest=service:sos', 'version=SIP/2.0'],
    ],
  ];
  for (const [line, parts] of starts) {
    test(line, () => {
      const [start] = messageTree(`${line}\r\n\r\n`, new Map());
      assert.deepEqual([start?.value, lines(start?.parts ?? [])], [line, parts]);
    });
  }

  test('a line that is none is told as what it could be', () => {
    assert.deepEqual(lines(messageTree('HELLO\r\nTo: a\r\n\r\n', new Map())).slice(0, 2), [
      'header fields= (2)',
      '  =HELLO (no header field)',
    ]);
  });
});

suite('header fields', () => {
  const fields: [line: string, told: string[]][] = [
    [
      'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport=40000;received=198.51.100.7',
      [
        'Via=SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport=40000;received=198.51.100.7',
        '  protocol=SIP/2.0',
        '  transport=UDP',
        '  host=192.0.2.1',
        '  port=5060',
        '  branch=z9hG4bK77 (transaction)',
        '  rport=40000 (port it came from)',
        '  received=198.51.100.7 (address it came from)',
      ],
    ],
    [
      'v: SIP / 2.0 / TCP [2001:db8::9], SIP/2.0/WS abc.invalid;rport',
      [
        'v=SIP / 2.0 / TCP [2001:db8::9], SIP/2.0/WS abc.invalid;rport (via)',
        '  1=SIP / 2.0 / TCP [2001:db8::9]',
        '    protocol=SIP / 2.0',
        '    transport=TCP',
        '    host=[2001:db8::9]',
        '  2=SIP/2.0/WS abc.invalid;rport',
        '    protocol=SIP/2.0',
        '    transport=WS',
        '    host=abc.invalid',
        '    rport= (present)',
      ],
    ],
    [
      'From: "A. \\"<G>\\" Bell" <sip:agb@bell.example;transport=tcp>;tag=a48s',
      [
        'From="A. \\"<G>\\" Bell" <sip:agb@bell.example;transport=tcp>;tag=a48s',
        '  display name=A. "<G>" Bell',
        '  URI=sip:agb@bell.example;transport=tcp',
        '    scheme=sip',
        '    user=agb',
        '    host=bell.example',
        '    transport=tcp',
        '  tag=a48s (dialog)',
      ],
    ],
    [
      'To: sip:bob@example.com;tag=1',
      [
        'To=sip:bob@example.com;tag=1',
        '  URI=sip:bob@example.com',
        '    scheme=sip',
        '    user=bob',
        '    host=example.com',
        '  tag=1 (dialog)',
      ],
    ],
    ['Contact: *', ['Contact=*']],
    [
      'Contact: <sip:a@h1>;expires=60, Bob <sip:b@h2>',
      [
        'Contact=<sip:a@h1>;expires=60, Bob <sip:b@h2>',
        '  1=<sip:a@h1>;expires=60',
        '    URI=sip:a@h1',
        '      scheme=sip',
        '      user=a',
        '      host=h1',
        '    expires=60 (seconds)',
        '  2=Bob <sip:b@h2>',
        '    display name=Bob',
        '    URI=sip:b@h2',
        '      scheme=sip',
        '      user=b',
        '      host=h2',
      ],
    ],
    ['CSeq: 314159 INVITE', ['CSeq=314159 INVITE', '  number=314159', '  method=INVITE']],
    ['RAck: 776656 1 INVITE', ['RAck=776656 1 INVITE', '  RSeq=776656', '  CSeq number=1', '  CSeq method=INVITE']],
    [
      'Authorization: Digest username="bob", realm="a, b", nc=00000001, response="0f"',
      [
        'Authorization=Digest username="bob", realm="a, b", nc=00000001, response="0f"',
        '  scheme=Digest',
        '  username=bob',
        '  realm=a, b (protection domain)',
        '  nc=00000001 (uses of the nonce, in hex)',
        '  response=0f (digest of the password)',
      ],
    ],
    [
      'Reason: Q.850;cause=16;text="Normal, call clearing"',
      [
        'Reason=Q.850;cause=16;text="Normal, call clearing"',
        '  value=Q.850',
        '  cause=16',
        '  text=Normal, call clearing',
      ],
    ],
    ['Supported: 100rel, timer', ['Supported=100rel, timer', '  1=100rel', '  2=timer']],
    ['Max-Forwards: 70', ['Max-Forwards=70 (hops left)']],
    ['Subject: a; b, <c>', ['Subject=a; b, <c>']],
    ['X-Octets: \xc3\xa4\xff', ['X-Octets=\xe4\ufffd']],
    ['Via: nonsense;x', ['Via=nonsense;x', '  sent by=nonsense', '  x= (present)']],
    [
      'From: "never closed <sip:a@b>;tag=1',
      [
        'From="never closed <sip:a@b>;tag=1',
        '  display name="never closed',
        '  URI=sip:a@b',
        '    scheme=sip',
        '    user=a',
        '    host=b',
      ],
    ],
  ];
  for (const [line, told] of fields) test(line, () => assert.deepEqual(field(line), told));

  test('a field that goes on in the next line is one', () => {
    assert.deepEqual(field('CSeq: 1\r\n  INVITE'), ['CSeq=1 INVITE', '  number=1', '  method=INVITE']);
  });
});

/** RFC 8866 §5 with lines of others. */
const SDP = [
  'v=0',
  'o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1',
  's=Call',
  'c=IN IP4 198.51.100.1',
  'b=AS:64',
  't=0 0',
  'm=audio 49170 RTP/AVP 8 96',
  'a=rtpmap:96 opus/48000/2',
  'a=fmtp:96 useinbandfec=1; stereo=0',
  'a=sendonly',
  'm=video 0 RTP/AVP 31',
  'nonsense',
  '',
].join('\r\n');

const SDP_PARTS = [
  'v=0 (version)',
  'o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1 (origin)',
  '  user=jdoe',
  '  session id=3724394400',
  '  session version=3724394405',
  '  network=IN',
  '  address type=IP4',
  '  address=198.51.100.1',
  's=Call (session name)',
  'c=IN IP4 198.51.100.1 (connection: where media is wanted)',
  '  network=IN',
  '  address type=IP4',
  '  address=198.51.100.1',
  'b=AS:64 (bandwidth)',
  '  type=AS',
  '  amount=64 (kbit/s)',
  't=0 0 (time)',
  'm=audio 49170 RTP/AVP 8 96 (media)',
  '  media=audio',
  '  port=49170',
  '  protocol=RTP/AVP',
  '  format=8 (PCMA)',
  '  format=96',
  '  a=rtpmap:96 opus/48000/2 (codec of a payload type)',
  '    payload type=96',
  '    codec=opus',
  '    clock rate=48000 (Hz)',
  '    channels=2',
  '  a=fmtp:96 useinbandfec=1; stereo=0 (parameters of a payload type)',
  '    payload type=96',
  '    parameters=useinbandfec=1; stereo=0',
  '  a=sendonly (it only sends)',
  'm=video 0 RTP/AVP 31 (media)',
  '  media=video',
  '  port=0 (refused)',
  '  protocol=RTP/AVP',
  '  format=31',
  '  =nonsense (no line of a session description)',
];

function body(type: string, octets: string, ...more: string[]): { head: string; parts: string[] } {
  const head = ['INFO sip:b SIP/2.0', `Content-Type: ${type}`, ...more].join('\r\n');
  const found = messageTree(`${head}\r\n\r\n${octets}`, new Map()).find(({ name }) => name === 'body');
  return { head: `${found?.value} (${found?.note})`, parts: lines(found?.parts ?? []) };
}

suite('bodies', () => {
  test('a session description says what each of its lines means', () => {
    assert.deepEqual(body('application/sdp', SDP), {
      head: `application/sdp (${SDP.length} octets)`,
      parts: SDP_PARTS,
    });
  });

  test('a multipart body is told part by part, ISUP in hex', () => {
    const parts = [
      '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n',
      '--b \r\nContent-Type: application/ISUP\r\n\r\n\x01\x00I\xff\r\n',
      '--b--\r\nrest',
    ];
    assert.deepEqual(body('multipart/mixed; boundary="b"', `preamble\r\n${parts.join('')}`).parts, [
      'part 1=',
      '  header fields= (1)',
      '    Content-Type=application/sdp',
      '  body=application/sdp (3 octets)',
      '    v=0 (version)',
      'part 2=',
      '  header fields= (1)',
      '    Content-Type=application/ISUP',
      '  body=application/ISUP (4 octets)',
      '    0000=01 00 49 ff (..I.)',
    ]);
  });

  test('a fragment of a message is one', () => {
    assert.deepEqual(body('message/sipfrag;version=2.0', 'SIP/2.0 100 Trying\r\n').parts, [
      'status line=SIP/2.0 100 Trying',
      '  version=SIP/2.0',
      '  status=100 (provisional)',
      '  reason=Trying',
    ]);
  });

  test('other text is told by its lines', () => {
    assert.deepEqual(body('application/dtmf-relay', 'Signal=5\r\n\r\nDuration=160\r\n').parts, [
      '1=Signal=5',
      '3=Duration=160',
    ]);
  });

  test('what is compressed is told in hex', () => {
    const { head, parts } = body('application/sdp', 'v=0', 'Content-Encoding: gzip');
    assert.deepEqual([head, parts], ['application/sdp (3 octets · gzip)', ['0000=76 3d 30 (v=0)']]);
  });

  test('of very many octets the first 2048 are told', () => {
    const { parts } = body('application/octet-stream', '\0'.repeat(5000));
    assert.deepEqual(
      [parts.length, parts.at(-2)?.slice(0, 5), parts.at(-1)],
      [129, '07f0=', '...= (2952 more octets)'],
    );
  });

  test('bodies within bodies end somewhere', () => {
    let text = 'innermost';
    for (let n = 0; n < 20; n++) text = `--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n${text}`;
    const depths = flat(
      messageTree(`INFO sip:b SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n${text}`, new Map()),
    );
    assert.ok(Math.max(...depths.map(({ depth }) => depth)) < 20);
  });
});

test('what is wrong with a message stands where it is', () => {
  const told = lines(
    treeOf(
      'INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: a\r\nFrom: b\r\nTo: c\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\nContent-Length: 9\r\n\r\nab',
    ),
  );
  assert.deepEqual(
    told.filter((line) => line.includes(' ! ')),
    [
      'request line=INVITE sip:b SIP/2.0 ! without Max-Forwards',
      '  From=b ! there may be one only',
      '  CSeq=1 BYE ! the request is INVITE',
      '  Content-Length=9 (octets of the body) ! the body has 2 octets',
    ],
  );
});

const SAMPLES = fixtureNames('rfc4475').map((name) => octetsOf(readFixture(`rfc4475/${name}`)));
const MULTIPART = Buffer.from(
  `INFO sip:b@h SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\nContent-Type: application/sdp\r\n\r\n${SDP}\r\n--b--`,
  'latin1',
);

function assertSound(octets: string): void {
  const parts = flat(treeOf(octets));
  assert.ok(parts.length <= 3001, `${parts.length} parts`);
  for (const { depth } of parts) assert.ok(depth < 20, `depth ${depth}`);
}

test('any octets have a tree, which is bounded', () => {
  const sample = fc.constantFrom(...SAMPLES, MULTIPART);
  fc.assert(
    fc.property(fc.oneof(sample, mutated(sample, 8), fc.uint8Array({ maxLength: 200 })), (octets) => {
      assertSound(Buffer.from(octets).toString('latin1'));
    }),
    { numRuns: 1500 },
  );
});

test('what would take long to read, or be very much, does and is not', () => {
  // Each of these makes a careless expression go back again and again, or many thousands of parts.
  const repeated = [
    '/',
    ' ',
    ';',
    ',',
    '<',
    '>',
    '"',
    '\\"',
    ':',
    '=',
    '@',
    '[',
    '&',
    '?',
    '\t',
    ' SIP/2.0',
    '--b\n',
    'a=',
    '\0',
  ];
  const heads = [
    'Via: ',
    'From: ',
    'From: "',
    'Contact: <',
    'Authorization: Digest ',
    'Reason: ',
    'CSeq: ',
    'INVITE ',
    'SIP/2.0 200 ',
    '',
  ];
  for (const text of repeated) {
    const much = text.repeat(65_000 / text.length);
    for (const head of heads) assertSound(`OPTIONS sip:b SIP/2.0\r\n${head}${much}\r\n\r\n`);
    for (const start of ['INVITE ', 'INVITE sip:', 'SIP/2.0 ']) assertSound(`${start}${much} SIP/2.0\r\n\r\n`);
    for (const type of ['application/sdp', 'multipart/mixed;boundary=b', 'text/plain', 'message/sipfrag']) {
      assertSound(`INFO sip:b SIP/2.0\r\nContent-Type: ${type}\r\n\r\nm=${much}\r\n${much}`);
    }
  }
  assertSound('x:y\r\n'.repeat(13_000));
  assert.deepEqual(lines(treeOf('z:y\r\n'.repeat(13_000))).slice(-2), ['  z=y', '...= (the first 3000 parts)']);
});
