import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { COUNTERS, counterByName, Hep, Ingest } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { eventView } from '../../src/tracker/views.ts';
import { callView } from '../../src/tracker/views.ts';
import { encodeHep1, encodeHep2, encodeHep3, type HepMessage } from '../../src/wire/hep/encode.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

const INVITE = [
  'INVITE sip:b@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx',
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:b@example.com>',
  'Call-ID: c1',
  'CSeq: 1 INVITE',
  '',
  '',
].join('\r\n');

function hep(changes: Partial<HepMessage> = {}): HepMessage {
  return {
    src: '192.0.2.10',
    srcPort: 5060,
    dst: '192.0.2.20',
    dstPort: 5060,
    ipProtocol: 17,
    capturedAtUs: NOW_US - 1000,
    kind: 1,
    captureId: 9,
    payload: Buffer.from(INVITE, 'latin1'),
    ...changes,
  };
}

function send(stage: PipelineStage, bytes: Buffer, ip = '198.51.100.1', port = 9060, nowUs = NOW_US): void {
  stage.pipeline.datagram(bytes, ip, port, nowUs);
}

/** Counters that are not 0 in a group, by name. */
function counted(stage: PipelineStage, group: string): Record<string, number> {
  return Object.fromEntries(
    COUNTERS.filter((info) => info.group === group && stage.counters.get(info.index) > 0).map((info) => [
      info.name,
      stage.counters.get(info.index),
    ]),
  );
}

const payload = (text: string): Partial<HepMessage> => ({ payload: Buffer.from(text, 'latin1') });

/** What becomes of a message: its exit among ingest.*, and the reason there. */
const exits: { name: string; bytes: Buffer; exit: string; reason?: string; argv?: string[] }[] = [
  { name: 'HEP3 with SIP', bytes: encodeHep3(hep()), exit: 'tracked' },
  { name: 'HEP2 with SIP', bytes: encodeHep2(hep()), exit: 'tracked' },
  { name: 'HEP1 with SIP', bytes: encodeHep1(hep()), exit: 'tracked' },
  { name: 'a whole gzipped message', bytes: gzipSync(encodeHep3(hep())), exit: 'tracked' },
  {
    name: 'SIP wrapped as JSON by OpenSIPS',
    bytes: encodeHep3(hep(payload(JSON.stringify({ payload: INVITE })))),
    exit: 'tracked',
  },
  { name: 'nothing', bytes: Buffer.alloc(0), exit: 'refused', reason: 'HEP_SHORT' },
  { name: 'plain SIP', bytes: Buffer.from(INVITE), exit: 'refused', reason: 'HEP_NOT_HEP' },
  { name: 'noise', bytes: Buffer.from([0xff, 1, 2, 3, 4, 5, 6, 7]), exit: 'refused', reason: 'HEP_MALFORMED' },
  { name: 'a cut HEP3 packet', bytes: encodeHep3(hep()).subarray(0, 60), exit: 'refused', reason: 'HEP_TRUNCATED' },
  {
    name: 'a message above the limit',
    bytes: encodeHep3(hep()),
    exit: 'refused',
    reason: 'HEP_TOO_BIG',
    argv: ['--hep_max_message=200'],
  },
  {
    name: 'a sender outside hep_allow',
    bytes: encodeHep3(hep()),
    exit: 'refused',
    reason: 'NOT_ALLOWED',
    argv: ['--hep_allow=192.0.2.0/24'],
  },
  {
    name: 'a compressed datagram of a sender outside hep_allow, which nothing is inflated for',
    bytes: gzipSync(encodeHep3(hep())),
    exit: 'refused',
    reason: 'NOT_ALLOWED',
    argv: ['--hep_allow=192.0.2.0/24'],
  },
  {
    name: 'a sender inside hep_allow',
    bytes: encodeHep3(hep()),
    exit: 'tracked',
    argv: ['--hep_allow=198.51.100.0/24'],
  },
  {
    name: 'no key where one is required',
    bytes: encodeHep3(hep()),
    exit: 'refused',
    reason: 'AUTH_MISSING',
    argv: ['--hep_auth_key=k1,k2'],
  },
  {
    name: 'an empty key',
    bytes: encodeHep3(hep({ authKey: '' })),
    exit: 'refused',
    reason: 'AUTH_MISSING',
    argv: ['--hep_auth_key=k1,k2'],
  },
  {
    name: 'a wrong key',
    bytes: encodeHep3(hep({ authKey: 'k3' })),
    exit: 'refused',
    reason: 'AUTH_WRONG',
    argv: ['--hep_auth_key=k1,k2'],
  },
  {
    name: 'the beginning of a key',
    bytes: encodeHep3(hep({ authKey: 'k' })),
    exit: 'refused',
    reason: 'AUTH_WRONG',
    argv: ['--hep_auth_key=k1,k2'],
  },
  {
    name: 'the second of two keys',
    bytes: encodeHep3(hep({ authKey: 'k2' })),
    exit: 'tracked',
    argv: ['--hep_auth_key=k1,k2'],
  },
  {
    name: 'a key padded with NULs',
    bytes: encodeHep3(hep({ authKey: 'k2\0\0' })),
    exit: 'tracked',
    argv: ['--hep_auth_key=k1,k2'],
  },
  {
    name: 'no key from an exempt network',
    bytes: encodeHep1(hep()),
    exit: 'tracked',
    argv: ['--hep_auth_key=k1', '--hep_auth_exempt=198.51.100.0/24'],
  },
  {
    name: 'no key where only TCP asks for one',
    bytes: encodeHep3(hep()),
    exit: 'tracked',
    argv: ['--hep_auth_key=k1', '--hep_auth_listeners=tcp'],
  },
  {
    name: 'RTCP as JSON',
    bytes: encodeHep3(hep({ kind: 5, ...payload('{"ssrc":1}') })),
    exit: 'ignored',
    reason: 'rtcp',
  },
  { name: 'a log line', bytes: encodeHep3(hep({ kind: 100, ...payload('hello') })), exit: 'ignored', reason: 'log' },
  {
    name: 'a media control message',
    bytes: encodeHep3(hep({ kind: 61, ...payload('c1 d7:command4:pinge') })),
    exit: 'ignored',
    reason: 'control',
  },
  {
    name: 'a protocol type without a name',
    bytes: encodeHep3(hep({ kind: 200, ...payload('x') })),
    exit: 'ignored',
    reason: 'other',
  },
  {
    name: 'a CRLF keep-alive traced as SIP',
    bytes: encodeHep3(hep(payload('\r\n\r\n'))),
    exit: 'ignored',
    reason: 'keepalive',
  },
  { name: 'NULs traced as SIP', bytes: encodeHep3(hep(payload('\0\0\0\0'))), exit: 'ignored', reason: 'keepalive' },
  {
    name: 'a STUN request traced as SIP',
    bytes: encodeHep3(hep(payload('\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl'))),
    exit: 'ignored',
    reason: 'keepalive',
  },
  { name: 'few octets traced as SIP', bytes: encodeHep3(hep(payload('jaK'))), exit: 'ignored', reason: 'probe' },
  {
    name: 'octets that are no letters traced as SIP',
    bytes: encodeHep3(hep(payload('%%%%%%%%%%%%%%%%%%%%'))),
    exit: 'ignored',
    reason: 'probe',
  },
  {
    name: "Kamailio's stand-in for a lost request",
    bytes: encodeHep3(hep(payload('No request buffer'))),
    exit: 'ignored',
    reason: 'control',
  },
  {
    name: 'text that is no SIP',
    bytes: encodeHep3(hep(payload('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))),
    exit: 'refused',
  },
  {
    name: 'SIP without Call-ID',
    bytes: encodeHep3(hep(payload(INVITE.replace('Call-ID: c1\r\n', '')))),
    exit: 'refused',
    reason: 'TRACK_NO_CALL_ID',
  },
  {
    name: 'SIP without From',
    bytes: encodeHep3(hep(payload(INVITE.replace(/From: .*\r\n/, '')))),
    exit: 'refused',
    reason: 'TRACK_NO_FROM',
  },
  {
    name: 'SIP without To',
    bytes: encodeHep3(hep(payload(INVITE.replace(/To: .*\r\n/, '')))),
    exit: 'refused',
    reason: 'TRACK_NO_TO',
  },
  {
    name: 'SIP without CSeq',
    bytes: encodeHep3(hep(payload(INVITE.replace('CSeq: 1 INVITE\r\n', '')))),
    exit: 'refused',
    reason: 'TRACK_NO_CSEQ',
  },
  {
    name: 'a Call-ID longer than the tracker keeps',
    bytes: encodeHep3(hep(payload(INVITE.replace('c1', 'c'.repeat(1100))))),
    exit: 'refused',
    reason: 'TRACK_KEY_TOO_LONG',
  },
];

for (const { name, bytes, exit, reason, argv = [] } of exits) {
  test(`${name}: ${exit}${reason === undefined ? '' : ` (${reason})`}`, () => {
    const stage = new PipelineStage(...argv);
    send(stage, bytes);
    const { bytes: octets, ...ingest } = counted(stage, 'ingest');
    assert.deepEqual(ingest, { received: 1, [exit]: 1 });
    assert.equal(octets ?? 0, exit === 'tracked' && name.includes('gzip') ? encodeHep3(hep()).length : bytes.length);
    const details = counted(stage, `ingest.${exit}`);
    if (reason !== undefined) assert.deepEqual(details, { [reason]: 1 });
    const [agent] = [...stage.agents.agents()].map((known) => known.view(0));
    assert.equal(agent?.packets, 1);
    assert.equal(agent?.tracked, exit === 'tracked' ? 1 : 0);
    if (exit === 'refused') {
      assert.deepEqual(agent?.refused, details);
      assert.equal(agent?.lastFault?.code, Object.keys(details)[0]);
      assert.equal(stage.reported.length, 1);
    }
  });
}

test('several HEP3 messages in one datagram are several messages', () => {
  const stage = new PipelineStage();
  send(stage, Buffer.concat([encodeHep3(hep()), encodeHep3(hep()), Buffer.from('AAA')]));
  assert.equal(stage.received, 2);
  assert.equal(stage.counters.get(Ingest.TRACKED), 2);
  assert.equal(stage.counters.get(Hep.TRAILING_BYTES), 1);
  assert.equal(stage.counters.get(Hep.UDP), 2);
});

test('a datagram that is good, then bad, is one tracked and one refused', () => {
  const stage = new PipelineStage();
  send(stage, Buffer.concat([encodeHep3(hep()), Buffer.from('484550330003', 'hex')]));
  assert.deepEqual(counted(stage, 'ingest.refused'), { HEP_BAD_LENGTH: 1 });
  assert.equal(stage.counters.get(Ingest.TRACKED), 1);
  assert.equal(stage.received, 2);
});

test('time of the message is tracked while the clock is near, the time of arrival when it is off', () => {
  const stage = new PipelineStage();
  send(stage, encodeHep3(hep({ capturedAtUs: NOW_US - 4_900_000 })));
  send(stage, encodeHep3(hep({ capturedAtUs: NOW_US - 5_100_000, ...payload(INVITE.replace('c1', 'c2')) })));
  const created = (callId: string): number =>
    callView(stage.tracker.family(callId)[0] ?? assert.fail(), NOW_US).createdUs;
  assert.equal(created('c1'), NOW_US - 4_900_000);
  assert.equal(created('c2'), NOW_US);
  assert.equal(stage.counters.get(Hep.TIME_SKEWED), 1);
  assert.equal([...stage.agents.agents()][0]?.view(0).clockOffsetMs, -5100);
});

test('a clock near the limit does not change sides from message to message', () => {
  const stage = new PipelineStage();
  const begin = (callId: string, behindUs: number): number => {
    const bytes = encodeHep3(hep({ capturedAtUs: NOW_US - behindUs, ...payload(INVITE.replace('c1', callId)) }));
    send(stage, bytes);
    return callView(stage.tracker.family(callId)[0] ?? assert.fail(), NOW_US).createdUs;
  };
  const behind = [4_990_000, 5_010_000, 4_990_000, 4_010_000, 3_990_000, 4_990_000];
  assert.deepEqual(
    behind.map((us, n) => NOW_US - begin(`near-${n}`, us)),
    [4_990_000, 0, 0, 0, 3_990_000, 4_990_000],
  );
  assert.equal(stage.counters.get(Hep.TIME_SKEWED), 3);
});

test('agents are told apart by source and capture id; sngrep ids are read from the upper half', () => {
  const stage = new PipelineStage();
  send(stage, encodeHep3(hep({ captureId: 1, nodeName: 'edge-1' })));
  send(stage, encodeHep3(hep({ captureId: 2 })));
  send(stage, encodeHep3(hep({ captureId: 2 })), '198.51.100.2');
  send(stage, encodeHep3(hep({ captureId: 2002 << 16 })));
  send(stage, encodeHep1(hep()));
  const agents = [...stage.agents.agents()].map((agent) => agent.view(0));
  assert.deepEqual(
    agents.map(({ id, captureId, nodeName, versions }) => [id, captureId, nodeName, versions]),
    [
      ['1@198.51.100.1:9060/udp', 1, 'edge-1', [3]],
      ['2@198.51.100.1:9060/udp', 2, '', [3]],
      ['2@198.51.100.2:9060/udp', 2, '', [3]],
      ['2002@198.51.100.1:9060/udp', 2002, '', [3]],
      ['0@198.51.100.1:9060/udp', 0, '', [1]],
    ],
  );
});

test('over TCP an agent keeps its place when it connects again from another port', () => {
  const stage = new PipelineStage();
  for (const port of [40_001, 40_002]) {
    const bytes = encodeHep3(hep());
    stage.pipeline.connection('198.51.100.1', port, 'tcp')?.message(bytes, 0, bytes.length, NOW_US);
  }
  const agents = [...stage.agents.agents()].map((agent) => agent.view(0));
  assert.deepEqual(
    agents.map(({ id, packets, source }) => [id, packets, source.port]),
    [['9@198.51.100.1/tcp', 2, 40_002]],
  );
});

test('an agent that had to make room is listed again when its connection, open all the time, sends again', () => {
  const stage = new PipelineStage('--hep_max_agents=1');
  const hoursLater = (hours: number): number => NOW_US + hours * 3_600_000_000;
  const connection = stage.pipeline.connection('198.51.100.1', 40_001, 'tcp') ?? assert.fail();
  const bytes = encodeHep3(hep());
  const listed = (): [string, number][] => [...stage.agents.agents()].map(({ id, packets }) => [id, packets]);
  connection.message(bytes, 0, bytes.length, hoursLater(0));
  send(stage, bytes, '198.51.100.2', 9060, hoursLater(2));
  assert.deepEqual(listed(), [['9@198.51.100.2:9060/udp', 1]]);
  // No room yet: counted as such, and not in books nobody can see.
  connection.message(bytes, 0, bytes.length, hoursLater(2));
  assert.equal(stage.counters.get(Hep.AGENTS_UNLISTED), 1);
  connection.message(bytes, 0, bytes.length, hoursLater(4));
  const noise = Buffer.from('noise');
  connection.fault(Fault.HEP_BAD_MAGIC, noise, 0, noise.length, hoursLater(4));
  assert.deepEqual(listed(), [['9@198.51.100.1/tcp', 2]]);
});

test('a connection from outside hep_allow is not taken', () => {
  const stage = new PipelineStage('--hep_allow=2001:db8::/32,192.0.2.1');
  assert.equal(stage.pipeline.connection('198.51.100.1', 1, 'tcp'), undefined);
  assert.equal(stage.pipeline.connection('::ffff:192.0.2.2', 1, 'tls'), undefined);
  assert.notEqual(stage.pipeline.connection('::ffff:192.0.2.1', 1, 'tcp'), undefined);
  assert.notEqual(stage.pipeline.connection('2001:db8::7', 1, 'tls'), undefined);
});

test('faults of one agent are reported once per interval, with how many were held back', () => {
  const stage = new PipelineStage('--fault_log_interval=10s');
  const bad = Buffer.from('deadbeef', 'hex');
  for (let n = 0; n < 5; n++) send(stage, bad, '198.51.100.1', 9060, NOW_US + n * 1_000_000);
  send(stage, bad, '198.51.100.1', 9060, NOW_US + 10_000_000);
  assert.deepEqual(
    stage.reported.map((line) => line.replace(/^\S+ \d+ /, '')),
    ['deadbeef +0', 'deadbeef +4'],
  );
});

test('faults of ever new agents are reported 50 times per interval at most', () => {
  const stage = new PipelineStage('--fault_log_interval=10s');
  const bad = Buffer.from('deadbeef', 'hex');
  for (let port = 1; port <= 1000; port++) send(stage, bad, '198.51.100.1', port, NOW_US + port * 1000);
  assert.equal(stage.reported.length, 50);
  send(stage, bad, '198.51.100.1', 1000, NOW_US + 11_000_000);
  assert.equal(stage.reported.length, 51);
  assert.match(stage.reported.at(-1) ?? '', /deadbeef \+1$/);
  assert.equal(stage.counters.get(Ingest.REFUSED), 1001);
});

test('a message that does not parse is an event with its Call-ID and what came before the fault', () => {
  const stage = new PipelineStage();
  const broken = 'INVITE sip:b@x SIP/2.0\r\nCall-ID: c9\r\nCSeq: abc INVITE\r\n\r\n';
  send(stage, encodeHep3(hep(payload(broken))));
  const slot = stage.events.at(0);
  assert.ok(slot !== undefined);
  const event = eventView(slot);
  assert.equal(event.type, 'parse-error');
  assert.equal(event.callId, 'c9');
  assert.equal(event.src.ip, '192.0.2.10');
  assert.match(event.attributes['sip.sip_reason'] ?? '', /^SIP_NOT_A_NUMBER after ".*CSeq: "$/s);
});

test('replies are counted by status, those that no standard has together', () => {
  const stage = new PipelineStage();
  for (const status of [486, 487, 486, 499, 699]) {
    send(stage, encodeHep3(hep(payload(INVITE.replace(/^.*\r\n/, `SIP/2.0 ${status} Reason\r\n`)))));
  }
  assert.deepEqual(counted(stage, 'pkt_stats.status'), { 486: 2, 487: 1, other: 2 });
});

test('what is no SIP message is an event too: msg-probe', () => {
  const stage = new PipelineStage();
  send(stage, encodeHep3(hep(payload('hello'))));
  assert.equal(stage.events.nextIndex, 1);
  assert.equal(eventView(stage.events.at(0) ?? assert.fail()).type, 'msg-probe');
});

test('TLS and WebSocket are told by the topmost Via where the envelope says only TCP or 22', () => {
  const transports: [number, string, string][] = [
    [6, 'TLS', 'tls'],
    [6, 'WSS', 'wss'],
    [22, 'TLS', 'tls'],
    [22, 'WS', 'ws'],
    [50, 'WSS', 'wss'],
    [17, 'TCP', 'udp'],
    [132, 'SCTP', 'sctp'],
  ];
  for (const [ipProtocol, via, expected] of transports) {
    const stage = new PipelineStage();
    send(stage, encodeHep3(hep({ ipProtocol, ...payload(INVITE.replace('SIP/2.0/UDP', `SIP/2.0/${via}`)) })));
    const call = stage.tracker.family('c1')[0] ?? assert.fail();
    assert.equal(callView(call, NOW_US).transport, expected, `${ipProtocol} with ${via}`);
  }
});

test('the correlation id is kept when it is not the Call-ID itself', () => {
  const stage = new PipelineStage();
  send(stage, encodeHep3(hep({ correlationId: 'c1' })));
  send(
    stage,
    encodeHep3(
      hep({
        correlationId: 'other-leg',
        ...payload(INVITE.replace('c1', 'c2').replace('CSeq', 'X-CID: a-leg\r\nCSeq')),
      }),
    ),
  );
  const correlation = (callId: string): object =>
    callView(stage.tracker.family(callId)[0] ?? assert.fail(), NOW_US).correlation;
  assert.deepEqual(correlation('c1'), { correlationId: '', alegCallId: '', sessionId: '' });
  assert.deepEqual(correlation('c2'), { correlationId: 'other-leg', alegCallId: 'a-leg', sessionId: '' });
});

test('every counter has a name of its own, and is found by it', () => {
  for (const info of COUNTERS) assert.equal(counterByName(`${info.group}.${info.name}`), info);
});
