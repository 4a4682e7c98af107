import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Aliases, NO_ALIASES, parseAlias } from '../../../src/model/alias.ts';
import { USUAL } from '../../../src/http/ladder/choice.ts';
import { placesText } from '../../../src/http/ladder/columns.ts';
import { ladderMermaid } from '../../../src/http/ladder/mermaid.ts';
import { type LadderOptions, legName, makeLadder } from '../../../src/http/ladder/model.ts';
import type { CallMessageView } from '../../../src/model/views.ts';
import { message } from '../fakes.ts';

const START_US = 1_700_000_000_000_000;
const LATER: LadderOptions = {
  ...USUAL,
  nowUs: START_US + 600e6,
  complete: true,
  names: NO_ALIASES,
  reports: [],
  agreed: [],
};

/**
 * `0.100 A>B INVITE/1 t=x` or `0.200 B>A 180/1 t=x`: hosts A, B, C … are 192.0.2.1, .2, .3 …; a port may follow (`A:5070`);
 * r, h, s mark a retransmission, another hop, seen again; keys: t To-tag, m method of a reply, id Call-ID, over transport.
 */
function messages(...lines: string[]): CallMessageView[] {
  return lines.map((line, index) => {
    const [time = '', way = '', what = '', ...rest] = line.split(' ');
    const [from = '', to = ''] = way.split('>');
    const [head = '', cseq = ''] = what.split('/');
    const keys = new Map(rest.map((pair) => pair.split('=') as [string, string]));
    const isRequest = !/^\d/.test(head);
    const method = isRequest ? head : (keys.get('m') ?? 'INVITE');
    const repeat = keys.has('r')
      ? 'retransmission'
      : keys.has('h')
        ? 'other-hop'
        : keys.has('s')
          ? 'seen-again'
          : 'new';
    return message({
      id: index + 1,
      atUs: START_US + Math.round(Number(time) * 1e6),
      callId: keys.get('id') ?? 'c1',
      src: end(from),
      dst: end(to),
      transport: keys.get('over') ?? 'udp',
      repeat,
      isRequest,
      method: isRequest ? head : '',
      requestUri: isRequest ? 'sip:bob@example.com' : '',
      status: isRequest ? 0 : Number(head),
      reason: isRequest ? '' : 'Reason',
      cseq: Number(cseq),
      cseqMethod: method === 'ACK' ? 'ACK' : method,
      branch: `${[from, to].toSorted().join('')}-${method}-${cseq}`,
      fromTag: keys.get('f') ?? 'a',
      toTag: keys.get('t') ?? '',
      sdp: null,
    });
  });
}

function end(name: string): { ip: string; port: number } {
  const [host = '', port = '5060'] = name.split(':');
  return { ip: `192.0.2.${host.codePointAt(0)! - 64}`, port: Number(port) }; // one letter
}

/** Rows as `0>1 INVITE`, with what is special behind. */
function drawn(lines: CallMessageView[], changes: Partial<LadderOptions> = {}): string[] {
  const { rows } = makeLadder(lines, { ...LATER, ...changes });
  return rows.map(({ from, to, label, details, retransmission, folded, tone }) =>
    [
      `${from}>${to} ${label}`,
      ...(retransmission > 0 ? [`again ${retransmission}`] : []),
      ...(folded > 0 ? [`folded ${folded}`] : []),
      ...(tone === 'ghost' ? ['ghost'] : []),
      ...details.filter((detail) => detail.startsWith('branch')),
    ].join(', '),
  );
}

const ANSWERED = [
  '0.000 A>B INVITE/1',
  '0.010 B>A 180/1 t=b',
  '1.000 B>A 200/1 t=b',
  '1.010 A>B ACK/1 t=b',
  '5.000 A>B BYE/2 t=b',
  '5.010 B>A 200/2 t=b m=BYE',
];

test('a direct call has two columns and a row for each message', () => {
  const ladder = makeLadder(messages(...ANSWERED), LATER);
  assert.deepEqual(
    ladder.columns.map(({ label, role }) => [label, role]),
    [
      ['192.0.2.1:5060', 'UAC'],
      ['192.0.2.2:5060', 'UAS'],
    ],
  );
  assert.deepEqual(drawn(messages(...ANSWERED)), [
    '0>1 INVITE',
    '1>0 180 Reason',
    '1>0 200 Reason',
    '0>1 ACK',
    '0>1 BYE',
    '1>0 200 Reason',
  ]);
  assert.deepEqual(
    ladder.rows.map((row) => row.tone),
    ['invite', 's1', 's2', 'request', 'request', 's2'],
  );
  assert.deepEqual(
    ladder.rows.map((row) => row.deltaUs),
    [0, 10_000, 990_000, 10_000, 3_990_000, 10_000],
  );
  assert.deepEqual(ladder.rows.at(-1)?.details, ['to BYE']);
  assert.deepEqual(ladder.missing, []);
});

test('a proxy stands between, and each hop of a message is an arrow of its own', () => {
  const lines = messages(
    '0.000 A>B INVITE/1',
    '0.001 B>C INVITE/1 h',
    '0.100 C>B 486/1 t=c',
    '0.101 B>C ACK/1 t=c',
    '0.102 B>A 486/1 t=c h',
    '0.103 A>B ACK/1 t=c h',
  );
  assert.deepEqual(drawn(lines), [
    '0>1 INVITE',
    '1>2 INVITE',
    '2>1 486 Reason',
    '1>2 ACK',
    '1>0 486 Reason',
    '0>1 ACK',
  ]);
  assert.deepEqual(
    makeLadder(lines, LATER).columns.map((column) => column.role),
    ['UAC', 'proxy', 'UAS'],
  );
});

const REPEATED = [
  '0.000 A>B INVITE/1',
  '0.500 A>B INVITE/1 r',
  '1.500 A>B INVITE/1 r',
  '1.600 B>A 200/1 t=b',
  '2.100 B>A 200/1 t=b r',
  '2.110 A>B ACK/1 t=b',
];

test('retransmissions are counted for each message', () => {
  assert.deepEqual(drawn(messages(...REPEATED)), [
    '0>1 INVITE',
    '0>1 INVITE, again 1',
    '0>1 INVITE, again 2',
    '1>0 200 Reason',
    '1>0 200 Reason, again 1',
    '0>1 ACK',
  ]);
});

test('folded retransmissions are a count at what they repeat, and pauses are between what is drawn', () => {
  assert.deepEqual(drawn(messages(...REPEATED), { fold: true }), [
    '0>1 INVITE, folded 2',
    '1>0 200 Reason, folded 1',
    '0>1 ACK',
  ]);
  const { rows } = makeLadder(messages(...REPEATED), { ...LATER, fold: true });
  assert.deepEqual(
    rows.map((row) => row.deltaUs),
    [0, 1_600_000, 510_000],
  );
});

test('a retransmission whose original is no longer held is drawn, folded or not', () => {
  const lines = messages('0.500 A>B INVITE/1 r', '1.500 A>B INVITE/1 r', '1.600 B>A 100/1');
  assert.deepEqual(drawn(lines, { fold: true }), [
    '0>1 INVITE, again 1, folded 1',
    '1>0 100 Reason',
    '1>0 final reply, ghost',
  ]);
});

test('the branches of a fork have a letter each', () => {
  const lines = messages(
    '0.000 A>B INVITE/1',
    '0.001 B>C INVITE/1 h',
    '0.002 B>D INVITE/1 h',
    '0.100 C>B 180/1 t=c',
    '0.110 D>B 183/1 t=d',
    '0.200 D>B 200/1 t=d',
    '0.210 A>B ACK/1 t=d',
  );
  assert.deepEqual(drawn(lines), [
    '0>1 INVITE',
    '1>2 INVITE',
    '1>3 INVITE',
    '2>1 180 Reason, branch a',
    '3>1 183 Reason, branch b',
    '3>1 200 Reason, branch b',
    '0>1 ACK',
  ]);
});

test('a cancelled call has the reply to CANCEL told from the one to INVITE', () => {
  const lines = messages(
    '0.000 A>B INVITE/1',
    '0.100 B>A 180/1 t=b',
    '2.000 A>B CANCEL/1',
    '2.010 B>A 200/1 t=p m=CANCEL',
    '2.020 B>A 487/1 t=b',
    '2.030 A>B ACK/1 t=b',
  );
  const ladder = makeLadder(lines, LATER);
  assert.deepEqual(ladder.missing, []);
  assert.deepEqual(ladder.rows[3]?.details, ['to CANCEL']);
  assert.equal(ladder.rows[4]?.tone, 's4');
});

test('an INVITE inside a dialog is a re-INVITE', () => {
  const lines = messages(
    ...ANSWERED.slice(0, 4),
    '3.000 B>A INVITE/1 t=a f=b',
    '3.100 A>B 200/1 t=a f=b',
    '3.110 B>A ACK/1 t=a f=b',
  );
  assert.deepEqual(drawn(lines).slice(4), ['1>0 re-INVITE', '0>1 200 Reason', '1>0 ACK']);
  assert.deepEqual(makeLadder(lines, LATER).missing, []);
});

test('what should have followed and was not captured is drawn where it belongs', () => {
  const noAck = makeLadder(messages(...ANSWERED.filter((line) => !line.includes('ACK'))), LATER);
  assert.deepEqual(noAck.missing, ['ACK to 200 (CSeq 1) not captured']);
  assert.deepEqual(drawn(messages(...ANSWERED.filter((line) => !line.includes('ACK'))))[3], '0>1 ACK, ghost');
  assert.deepEqual(drawn(messages(...ANSWERED.slice(0, 5))).slice(4), ['0>1 BYE', '1>0 reply to BYE, ghost']);
  assert.deepEqual(drawn(messages('0.000 A>B INVITE/1')), ['0>1 INVITE', '1>0 reply to INVITE, ghost']);
  assert.deepEqual(drawn(messages('0.000 A>B INVITE/1', '0.100 B>A 180/1 t=b')), [
    '0>1 INVITE',
    '1>0 180 Reason',
    '1>0 final reply, ghost',
  ]);
});

test('nothing is called missing that may still come, or that a later page may hold', () => {
  const lines = messages(...ANSWERED.slice(0, 5));
  assert.deepEqual(makeLadder(lines, { ...LATER, nowUs: START_US + 5_500_000 }).missing, []);
  assert.deepEqual(makeLadder(lines, { ...LATER, complete: false }).missing, []);
  const ringing = messages('0.000 A>B INVITE/1', '0.100 B>A 180/1 t=b');
  assert.deepEqual(makeLadder(ringing, { ...LATER, nowUs: START_US + 60e6 }).missing, []);
});

test('a capture that begins with a reply has the caller at the left all the same', () => {
  const { columns } = makeLadder(messages('0.000 B>A 200/1 t=b', '0.100 A>B ACK/1 t=b'), LATER);
  assert.deepEqual(
    columns.map((column) => column.label),
    ['192.0.2.1:5060', '192.0.2.2:5060'],
  );
});

test('over TCP the ports of a host are one column, over UDP and where a host talks to itself each has its own', () => {
  const labels = (lines: CallMessageView[], grouping: LadderOptions['grouping'] = 'auto'): string[] =>
    makeLadder(lines, { ...LATER, grouping }).columns.map((column) => column.label);
  const tcp = messages('0.0 A:40001>B INVITE/1 over=tcp', '0.1 B:40002>C INVITE/1 over=tcp h');
  assert.deepEqual(labels(tcp), ['192.0.2.1:40001', '192.0.2.2', '192.0.2.3:5060']);
  assert.deepEqual(labels(tcp, 'port'), ['192.0.2.1:40001', '192.0.2.2:5060', '192.0.2.2:40002', '192.0.2.3:5060']);
  assert.deepEqual(labels(messages('0.0 A:1>B INVITE/1', '0.1 B:2>C INVITE/1 h')).length, 4);
  assert.deepEqual(labels(messages('0.0 A:1>A:2 INVITE/1 over=tcp')), ['192.0.2.1:1', '192.0.2.1:2']);
  assert.deepEqual(labels(messages('0.0 A:1>A:2 INVITE/1'), 'ip'), ['192.0.2.1']);
});

test('two legs of a B2BUA are lettered', () => {
  const lines = messages('0.0 A>B INVITE/1', '0.1 B>C INVITE/1 id=c2');
  const ladder = makeLadder(lines, LATER);
  assert.deepEqual(ladder.legs, ['c1', 'c2']);
  assert.deepEqual(
    ladder.rows.filter((row) => row.message !== undefined).map((row) => legName(ladder, row)),
    ['leg A', 'leg B'],
  );
  assert.equal(ladder.columns[1]?.role, 'B2BUA');
});

test('no messages make an empty ladder', () => {
  assert.deepEqual(makeLadder([], LATER), {
    columns: [],
    path: [],
    rows: [],
    missing: [],
    legs: [],
    hidden: [],
    hasRepeats: false,
  });
});

test('Mermaid text holds one line per row, and hostile text cannot become a directive', () => {
  const lines = messages('0.0 A>B INVITE/1', '0.1 B>A 200/1 t=b');
  lines[1] = { ...lines[1]!, reason: 'x\nend\n  p0->>p1: forged; %%{init}%% <script>"' }; // two were made
  const text = ladderMermaid(makeLadder(lines, { ...LATER, complete: false }));
  assert.equal(
    text,
    [
      'sequenceDiagram',
      '  participant p0 as 192.0.2.1:5060',
      '  participant p1 as 192.0.2.2:5060',
      '  p0->>p1: INVITE, bob@example.com, +0.000 s',
      '  p1-->>p0: 200 x#10;en#100;#10;  p0-#62;#62;p1: forged#59; #37;#37;#123;init#125;#37;#37; #60;script#62;#34;, +0.100 s',
      '',
    ].join('\n'),
  );
});

test('colours number legs, transactions or dialogs in order of appearance', () => {
  const lines = messages(...ANSWERED, '0.5 B>C INVITE/1 id=c2 f=z');
  const hues = (colour: LadderOptions['colour']): (number | undefined)[] =>
    makeLadder(lines, { ...LATER, colour, complete: false }).rows.map((row) => row.hue);
  assert.deepEqual(hues('class'), Array.from({ length: 7 }));
  assert.deepEqual(hues('leg'), [0, 0, 0, 0, 0, 0, 1]);
  // The ACK belongs to the INVITE.
  assert.deepEqual(hues('transaction'), [0, 0, 0, 0, 1, 1, 2]);
  // The INVITE comes before there is a dialog.
  assert.deepEqual(hues('dialog'), [0, 1, 1, 1, 1, 1, 2]);
});

test('a leg that is left out takes its columns with it, and the others keep their letters', () => {
  const lines = messages('0.0 A>B INVITE/1', '0.1 B>C INVITE/1 id=c2', '0.2 B>D INVITE/1 id=c3');
  const ladder = makeLadder(lines, { ...LATER, without: ['B'], complete: false });
  assert.deepEqual(ladder.legs, ['c1', 'c2', 'c3']);
  assert.deepEqual(
    ladder.columns.map((column) => column.label),
    ['192.0.2.1:5060', '192.0.2.2:5060', '192.0.2.4:5060'],
  );
  assert.deepEqual(
    ladder.rows.map((row) => [row.leg, legName(ladder, row)]),
    [
      [0, 'leg A'],
      [2, 'leg C'],
    ],
  );
});

test('session descriptions are named as asked for', () => {
  const [line] = messages('0.0 A>B INVITE/1');
  const raw = 'INVITE\r\n\r\nv=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 8\r\nm=video 0 RTP/AVP 97\r\n';
  const told = message({ ...line, raw, sdp: message().sdp });
  const details = (sdp: LadderOptions['sdp']): string[] | undefined =>
    makeLadder([told], { ...LATER, sdp, complete: false }).rows[0]?.details.slice(1);
  assert.deepEqual(details('off'), []);
  assert.deepEqual(details('mark'), ['SDP']);
  assert.deepEqual(details('first'), ['SDP 192.0.2.1:4000 PCMA']);
  assert.deepEqual(details('all'), ['SDP audio 192.0.2.1:4000 PCMA', 'SDP video refused 97']);
});

function names(...texts: string[]): Aliases {
  return new Aliases(texts.flatMap((text) => parseAlias(text) ?? []));
}

const CHAIN = ['0.000 A>B INVITE/1', '0.001 B>C INVITE/1 h', '0.100 C>B 180/1 t=c', '0.101 B>A 180/1 t=c h'];

test('addresses of one alias are one host, unless they talk to each other', () => {
  const labels = (known: Aliases, grouping: LadderOptions['grouping'] = 'auto'): string[] =>
    makeLadder(messages(...CHAIN), { ...LATER, names: known, grouping }).columns.map((column) => column.label);
  assert.deepEqual(labels(names('192.0.2.2=proxy')), ['192.0.2.1:5060', 'proxy', '192.0.2.3:5060']);
  const phones = names('192.0.2.1=phones', '192.0.2.3=phones');
  assert.deepEqual(labels(phones), ['phones', '192.0.2.2:5060']);
  assert.deepEqual(labels(phones, 'port'), ['phones', '192.0.2.2:5060', 'phones']);
  const all = names('192.0.2.0/24=lab');
  assert.deepEqual(labels(all), ['lab', 'lab', 'lab']);
  assert.deepEqual(labels(all, 'alias'), ['lab']);
});

test('the head of a host tells its addresses and ports where its name does not', () => {
  const places = (known: Aliases, ...lines: string[]): string[] =>
    makeLadder(messages(...lines), { ...LATER, names: known, complete: false }).columns.map(placesText);
  assert.deepEqual(places(NO_ALIASES, ...CHAIN), ['', '', '']);
  assert.deepEqual(places(names('192.0.2.1=a'), ...CHAIN), ['192.0.2.1:5060', '', '']);
  assert.deepEqual(places(names('192.0.2.1=phones', '192.0.2.3=phones'), ...CHAIN), [
    '192.0.2.1:5060, 192.0.2.3:5060',
    '',
  ]);
  const tcp = ['0.0 A:1>B INVITE/1 over=tcp', '0.1 A:2>B INFO/2 over=tcp', '0.2 A:3>B INFO/3 over=tcp'];
  assert.deepEqual(places(NO_ALIASES, ...tcp, '0.3 A:4>B INFO/4 over=tcp'), ['ports 1, 2, 3 and 1 more', '']);
  assert.deepEqual(places(names('192.0.2.1=a'), ...tcp), ['192.0.2.1 ports 1, 2, 3', '']);
});

test('an address nobody has is a host that is not known', () => {
  const [line] = messages('0.0 A>B INVITE/1');
  const ladder = makeLadder([{ ...line!, src: { ip: '0.0.0.0', port: 0 } }], { ...LATER, complete: false }); // one was made
  assert.deepEqual(
    ladder.columns.map((column) => column.label),
    ['?', '192.0.2.2:5060'],
  );
});

test('what a host says it is comes from its own messages, not from those a proxy passes on', () => {
  const lines = messages(...CHAIN).map((line, n) => ({ ...line, userAgent: n < 2 ? 'phone' : 'desk' }));
  assert.deepEqual(
    makeLadder(lines, LATER).columns.map((column) => column.userAgent),
    ['phone', '', 'desk'],
  );
});

test('hosts stand in the order asked for, and those not named behind them', () => {
  const labels = (order: string[]): string[] =>
    makeLadder(messages(...CHAIN), { ...LATER, order }).columns.map((column) => column.label);
  const [a, b, c] = ['192.0.2.1:5060', '192.0.2.2:5060', '192.0.2.3:5060'];
  assert.deepEqual(labels([c]), [c, a, b]);
  assert.deepEqual(labels([b, 'nobody', a]), [b, a, c]);
  assert.deepEqual(drawn(messages(...CHAIN), { order: [c], complete: false }).slice(0, 2), [
    '1>2 INVITE',
    '2>0 INVITE',
  ]);
});

test('the path is told in order of appearance, however hosts are arranged', () => {
  const hosts = ['192.0.2.1:5060', '192.0.2.2:5060', '192.0.2.3:5060'];
  const arranged = { ...LATER, order: hosts.slice(2), hide: hosts.slice(1, 2) };
  assert.deepEqual(makeLadder(messages(...CHAIN), arranged).path, hosts);
});

test('a host that is left out takes its messages with it, and what is missing is still told of all', () => {
  const lines = messages(...ANSWERED.slice(0, 3), '1.001 B>C 200/1 t=b h');
  const ladder = makeLadder(lines, { ...LATER, hide: ['192.0.2.3:5060'] });
  assert.deepEqual(
    ladder.hidden.map((column) => column.label),
    ['192.0.2.3:5060'],
  );
  assert.equal(ladder.rows.filter((row) => row.message !== undefined).length, 3);
  assert.deepEqual(ladder.missing, ['ACK to 200 (CSeq 1) not captured']);
});

test('keep-alives of one kind in a row are one, with their number; what differs is drawn', () => {
  const ping = (n: number, status = 200): string[] => [
    `${n}.000 A>B OPTIONS/${n} t=b`,
    `${n}.010 B>A ${status}/${n} t=b m=OPTIONS`,
  ];
  const lines = messages(...ping(1), ...ping(2), ...ping(3), ...ping(4, 481), ...ping(5), ...ping(6));
  const { rows, hasRepeats } = makeLadder(lines, { ...LATER, fold: true });
  assert.equal(hasRepeats, true);
  assert.deepEqual(
    rows.map(({ label, times }) => `${label} ${times}`),
    [
      'OPTIONS 3',
      '200 Reason 3',
      'OPTIONS 1',
      '481 Reason 1',
      'OPTIONS 1',
      '200 Reason 1',
      'OPTIONS 1',
      '200 Reason 1',
    ],
  );
  // From the answer of the first to what comes behind the third.
  assert.equal(rows[2]?.deltaUs, 2_990_000);
  assert.equal(makeLadder(lines, LATER).rows.length, 12);
  assert.equal(makeLadder(messages(...ping(1), ...ping(2)), LATER).hasRepeats, false);
});

test('a request whose sender has sent a later one before is out of order', () => {
  const lines = messages(...ANSWERED.slice(0, 4), '3.0 A>B INFO/3 t=b', '3.1 A>B INFO/2 t=b', '3.2 B>A INFO/1 f=b t=a');
  assert.deepEqual(
    makeLadder(lines, { ...LATER, complete: false }).rows.map((row) => row.warning),
    ['', '', '', '', '', 'out of order: CSeq 2 after 3', ''],
  );
});

test('a body that is no session description is named by its type', () => {
  const [line] = messages('0.0 A>B INFO/2 t=b');
  const raw = (type: string): string => `INFO sip:b SIP/2.0\r\n${type}\r\nContent-Length: 1\r\n\r\nx`;
  const details = (type: string): string[] | undefined =>
    makeLadder([{ ...line!, raw: raw(type) }], { ...LATER, complete: false }).rows[0]?.details; // one was made
  assert.deepEqual(details('Content-Type: application/dtmf-relay'), ['DTMF-RELAY']);
  assert.deepEqual(details('c: application/ISUP;version=itu-t92+'), ['ISUP']);
  assert.deepEqual(details('Content-Type: application/sdp'), []);
  const parts =
    'Content-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\nContent-Type: application/sdp\r\n\r\n--b\r\ncontent-type : application/isup';
  assert.deepEqual(details(parts), ['ISUP']);
});

test('what was measured of media stands between its ends at its time', () => {
  const report = {
    atUs: START_US + 4e6,
    callId: 'c1',
    src: { ip: '192.0.2.9', port: 4000 },
    dst: { ip: '192.0.2.2', port: 4002 },
    label: 'RTP PCMA',
    details: ['lost 3'],
    message: null,
    mos: 4.1,
  };
  const ladder = makeLadder(messages(...ANSWERED), {
    ...LATER,
    reports: [report, { ...report, atUs: START_US + 9e6 }],
  });
  assert.deepEqual(
    ladder.columns.map((column) => column.label),
    ['192.0.2.1:5060', '192.0.2.2:5060', '192.0.2.9:4000'],
  );
  assert.deepEqual(
    ladder.rows.filter((row) => row.tone === 'media').map(({ from, to, sinceFirstUs }) => [from, to, sinceFirstUs]),
    [
      [2, 1, 4e6],
      [2, 1, 9e6],
    ],
  );
  assert.equal(ladder.rows[4]?.tone, 'media');
});

test('the row of an answer says what was agreed upon, where descriptions are shown', () => {
  const lines = messages(...ANSWERED);
  const agreed = [{ offer: lines[0]!, answer: lines[2], result: 'PCMA, both ways', notes: [] }]; // six were made
  const details = (sdp: LadderOptions['sdp']): string[][] =>
    makeLadder(lines, { ...LATER, sdp, agreed }).rows.map((row) =>
      row.details.filter((text) => text.startsWith('agreed')),
    );
  assert.deepEqual(details('first'), [[], [], ['agreed: PCMA, both ways'], [], [], []]);
  assert.deepEqual(details('mark').flat(), []);
});
