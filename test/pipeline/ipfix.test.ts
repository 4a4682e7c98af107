import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COUNTERS } from '../../src/model/counters.ts';
import { type Media, type SightedSip, message, qosSet, sipSet } from '../../src/probe/encode.ts';
import { callView, eventView } from '../../src/tracker/views.ts';
import {
  CONNECT,
  CONNECT_ANSWER,
  CONNECT_SMALL,
  KEEPALIVE,
  messageOf,
  QOS,
  RECORD,
  SIGHTED_US,
  TCP_IN,
  TCP_OUT,
  UDP6_IN,
  UDP_IN,
  UDP_IN_SHORT_LENGTH,
  UDP_OUT,
} from '../support/ipfix-examples.ts';
import { StageProbe } from './ipfix-probe.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

/** Counters that are not 0 in a group, by name. */
function counted(stage: PipelineStage, group: string): Record<string, number> {
  return Object.fromEntries(
    COUNTERS.filter((info) => info.group === group && stage.counters.get(info.index) > 0).map((info) => [
      info.name,
      stage.counters.get(info.index),
    ]),
  );
}

function sip(callId: string, startLine = 'INVITE sip:b@example.com SIP/2.0', toTag = '', cseq = '1 INVITE'): Buffer {
  const lines = [
    startLine,
    `Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-${callId}-${cseq.replace(' ', '-')}`,
    'From: <sip:a@example.com>;tag=1',
    `To: <sip:b@example.com>${toTag}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

const SIGHTED: SightedSip = {
  direction: 'in',
  transport: 'udp',
  timeUs: NOW_US - 1000,
  slot: 0,
  port: 1,
  vlan: 100,
  src: '192.0.2.1',
  srcPort: 5060,
  dst: '198.51.100.2',
  dstPort: 5062,
  ingressCallId: 'a@1',
  contextId: 0,
  payload: sip('a@1'),
};

function setOf(changes: Partial<SightedSip>): Buffer {
  const set = sipSet({ ...SIGHTED, ...changes });
  assert.ok(set !== undefined);
  return set;
}

const sighted = (changes: Partial<SightedSip> = {}): Buffer => message([setOf(changes)], 1, 1);

/** What becomes of one message: counters of `ipfix` beside those every message has, and the exits. */
const ways: { name: string; octets: Buffer; ipfix: object; exits: object; argv?: string[] }[] = [
  {
    name: 'a keep-alive',
    octets: KEEPALIVE,
    ipfix: { keepalives: 1 },
    exits: { received: 1, ignored: 1 },
  },
  { name: 'a message without a set', octets: messageOf(), ipfix: {}, exits: { received: 1, ignored: 1 } },
  {
    name: 'a connect request',
    octets: CONNECT,
    ipfix: { conn_open: 1, pkts_sent: 1, bytes_sent: 48 },
    exits: { received: 1, ignored: 1 },
  },
  { name: 'SIP over UDP', octets: sighted(), ipfix: { sip_udp4_in: 1 }, exits: { received: 1, tracked: 1 } },
  {
    name: 'SIP over UDP sent',
    octets: sighted({ direction: 'out' }),
    ipfix: { sip_udp4_out: 1 },
    exits: { received: 1, tracked: 1 },
  },
  {
    name: 'SIP over UDP and IPv6',
    octets: sighted({ src: '2001:db8::1', dst: '2001:db8::2' }),
    ipfix: { sip_udp6_in: 1 },
    exits: { received: 1, tracked: 1 },
  },
  {
    name: 'SIP over UDP and IPv6 sent',
    octets: sighted({ src: '2001:db8::1', dst: '2001:db8::2', direction: 'out' }),
    ipfix: { sip_udp6_out: 1 },
    exits: { received: 1, tracked: 1 },
  },
  {
    name: 'SIP over TCP',
    octets: sighted({ transport: 'tcp' }),
    ipfix: { sip_tcp4_in: 1 },
    exits: { received: 1, tracked: 1 },
  },
  {
    name: 'SIP over TCP sent',
    octets: sighted({ transport: 'tcp', direction: 'out' }),
    ipfix: { sip_tcp4_out: 1 },
    exits: { received: 1, tracked: 1 },
  },
  { name: 'a quality record', octets: QOS, ipfix: { qos_sets: 1, qos_waiting: 1 }, exits: { received: 1, ignored: 1 } },
  {
    name: 'templates',
    octets: messageOf([2, Buffer.alloc(8)], [3, Buffer.alloc(8)]),
    ipfix: { template_sets: 1, opt_template_sets: 1, max_sets: 2 },
    exits: { received: 2, ignored: 2 },
  },
  {
    name: 'sets that are known by their number only, or not at all',
    octets: messageOf([262, Buffer.alloc(4)], [263, Buffer.alloc(4)], [264, Buffer.alloc(4)], [9999, Buffer.alloc(0)]),
    ipfix: { unknown_sets: 4, sip_sctp4_in: 1, sip_sctp4_out: 1, max_sets: 4 },
    exits: { received: 4, ignored: 4 },
  },
  {
    name: 'padding',
    octets: messageOf([258, Buffer.concat([setOf({}).subarray(4), Buffer.alloc(3)])]),
    ipfix: { sip_udp4_in: 1, padded_sets: 1, max_padding: 3 },
    exits: { received: 1, tracked: 1 },
  },
  {
    name: 'a malformed set, which takes the rest of its message with it',
    octets: message([setOf({}), Buffer.from('01020004', 'hex'), setOf({ payload: sip('b@1') })], 1, 1),
    ipfix: { sip_udp4_in: 1, err_parse: 1, max_sets: 2 },
    exits: { received: 2, tracked: 1, refused: 1 },
  },
  {
    name: 'a set beyond its message',
    octets: message([setOf({}), Buffer.from('0102ffff', 'hex')], 1, 1),
    ipfix: { sip_udp4_in: 1, err_parse: 1 },
    exits: { received: 2, tracked: 1, refused: 1 },
  },
  {
    name: 'a SIP message that cannot be parsed, without harm to the next set',
    octets: message([setOf({ payload: Buffer.from('INVITE garbage\r\n\r\n') }), setOf({})], 1, 1),
    ipfix: { sip_udp4_in: 2, max_sets: 2 },
    exits: { received: 2, tracked: 1, refused: 1 },
  },
  {
    name: 'SIP over TCP without Content-Length',
    octets: sighted({
      transport: 'tcp',
      payload: Buffer.from(sip('a@1').toString('latin1').replace('Content-Length: 0\r\n', ''), 'latin1'),
    }),
    ipfix: { sip_tcp4_in: 1 },
    exits: { received: 1, refused: 1 },
  },
  {
    name: 'what is no SIP',
    octets: sighted({ payload: Buffer.from('\r\n\r\n') }),
    ipfix: { sip_udp4_in: 1 },
    exits: { received: 1, ignored: 1 },
  },
  {
    name: 'received SIP that is left out',
    octets: message([setOf({}), setOf({ transport: 'tcp' }), setOf({ direction: 'out' })], 1, 1),
    argv: ['--ipfix_ignore_ingress'],
    ipfix: { ignored_sets: 2, sip_udp4_out: 1, max_sets: 3 },
    exits: { received: 3, tracked: 1, ignored: 2 },
  },
  {
    name: 'sent SIP that is left out',
    octets: message([setOf({}), setOf({ transport: 'tcp', direction: 'out' })], 1, 1),
    argv: ['--ipfix_ignore_egress'],
    ipfix: { ignored_sets: 1, sip_udp4_in: 1, max_sets: 2 },
    exits: { received: 2, tracked: 1, ignored: 1 },
  },
];

describe('the IPFIX pipeline counts', () => {
  for (const { name, octets, ipfix, exits, argv } of ways) {
    test(name, () => {
      const stage = new PipelineStage(...(argv ?? []));
      const probe = new StageProbe(stage);
      probe.send(octets);
      assert.deepEqual(counted(stage, 'ingest'), { ...exits, bytes: octets.length });
      const always = { conns_active: 1, conns_total: 1, pkts_rcvd: 1, bytes_rcvd: octets.length };
      const sets = octets.length > 16 ? { max_sets: 1 } : {};
      assert.deepEqual(counted(stage, 'ipfix'), { ...always, ...sets, ...ipfix });
      const [view] = stage.probes.newest(0, 1, 0);
      assert.equal(view?.messages, 1);
      assert.equal(view?.bytes, octets.length);
      const sum = (counts: Record<string, number> = {}): number => Object.values(counts).reduce((a, b) => a + b, 0);
      assert.equal(view?.received, (view?.tracked ?? 0) + sum(view?.refused) + sum(view?.ignored));
    });
  }
});

test('the worked examples are taken; their SIP has no headers, which is all that is wrong with them', () => {
  const stage = new PipelineStage();
  const probe = new StageProbe(stage);
  probe.send(UDP_IN, UDP_IN_SHORT_LENGTH, UDP_OUT, TCP_IN, TCP_OUT, UDP6_IN);
  const { sip_udp4_in, sip_udp4_out, sip_tcp4_in, sip_tcp4_out, sip_udp6_in, err_parse } = counted(stage, 'ipfix');
  assert.deepEqual([sip_udp4_in, sip_udp4_out, sip_tcp4_in, sip_tcp4_out, sip_udp6_in], [2, 1, 1, 1, 1]);
  assert.equal(err_parse, undefined);
  assert.deepEqual(counted(stage, 'ingest.refused'), { TRACK_NO_CALL_ID: 4, SIP_NO_CONTENT_LENGTH: 2 });
  const events = [0, 1].map((index) => eventView(stage.events.at(index)!));
  assert.deepEqual(
    events.map(({ type, src, dst, transport }) => `${type} ${transport} ${src.ip}:${src.port} ${dst.ip}:${dst.port}`),
    ['parse-error tcp 192.0.2.1:40000 198.51.100.2:5060', 'parse-error tcp 198.51.100.2:40001 203.0.113.9:5060'],
  );
  // The clock of the examples is off by hours, so they are tracked on arrival, and the probe's offset says so.
  assert.equal(events[0]?.tsUs, NOW_US);
  assert.equal(stage.probes.newest(0, 1, 0)[0]?.clockOffsetMs, (SIGHTED_US - NOW_US) / 1000);
});

describe('the handshake', () => {
  test('is answered as configured: quality bits kept, or SIP only', () => {
    const wanting = new StageProbe(new PipelineStage());
    wanting.send(CONNECT);
    const expected = Buffer.from(CONNECT_ANSWER);
    expected.writeUInt16BE(0x000c, RECORD + 4);
    assert.deepEqual(wanting.answers, [expected]);
    const plain = new StageProbe(new PipelineStage('--ipfix_qos=false'));
    plain.send(CONNECT);
    assert.deepEqual(plain.answers, [CONNECT_ANSWER]);
  });

  test('negotiates the timeout, may be repeated, and is shown as requested', () => {
    const stage = new PipelineStage('--ipfix_timeout_max=20');
    const probe = new StageProbe(stage);
    assert.equal(probe.session.ioTimeoutMs, 20_000);
    probe.send(CONNECT_SMALL);
    assert.equal(probe.answers[0]?.readUInt16BE(RECORD + 10), 10);
    assert.equal(probe.session.ioTimeoutMs, 20_000);
    probe.send(CONNECT);
    const [view] = stage.probes.newest(0, 1, 0);
    assert.deepEqual([view?.handshakes, view?.timeoutS, view?.keepaliveS, view?.requestedKeepaliveS], [2, 20, 10, 30]);
    assert.deepEqual(
      [view?.host, view?.flags, view?.product, view?.productVersion, view?.protocolVersion, view?.systemId],
      ['ecz730', ['00fc', '7731', '0000'], '435a', '7.3.0', '1.2', 0],
    );
  });

  test('is not needed: SIP before it is tracked', () => {
    const stage = new PipelineStage();
    const probe = new StageProbe(stage);
    probe.send(sighted(), CONNECT);
    assert.equal(stage.tracker.held('a@1').length, 1);
    assert.equal(probe.answers.length, 1);
  });

  test('that is malformed is not answered, and the next one is', () => {
    const stage = new PipelineStage();
    const probe = new StageProbe(stage);
    probe.send(messageOf([256, CONNECT.subarray(RECORD, RECORD + 21)]));
    assert.equal(probe.answers.length, 0);
    assert.equal(counted(stage, 'ingest.refused')['IPFIX_SHORT_SET'], 1);
    probe.send(CONNECT);
    assert.equal(probe.answers.length, 1);
  });
});

test('a call keeps the time, the endpoints and the interface of the SBC, and names its probe', () => {
  const stage = new PipelineStage();
  new StageProbe(stage).send(sighted({ slot: 2, port: 1, vlan: 4095 }));
  const [call] = stage.tracker.held('a@1');
  const view = callView(call!, NOW_US, stage.tracker.legs.of(call!));
  assert.equal(view.createdUs, NOW_US - 1000);
  assert.deepEqual(view.agents, ['192.0.2.50:36832/ipfix']);
  assert.deepEqual(view.hops, [
    {
      src: { ip: '192.0.2.1', port: 5060 },
      dst: { ip: '198.51.100.2', port: 5062 },
      transport: 'udp',
      agents: ['192.0.2.50:36832/ipfix'],
      messages: 1,
      interface: { slot: 2, port: 1, vlan: 4095 },
    },
  ]);
  assert.deepEqual(view.legs, []);
});

test("both legs of a call through the SBC name each other, joined by the SBC's ingress Call-ID", () => {
  const stage = new PipelineStage();
  const probe = new StageProbe(stage);
  probe.send(sighted());
  probe.send(sighted({ direction: 'out', payload: sip('b@2'), src: '198.51.100.3', dst: '203.0.113.9' }));
  // What the SBC sends back to the caller carries the caller's own Call-ID: that is no other leg.
  const ringing = sip('a@1', 'SIP/2.0 180 Ringing', ';tag=2');
  probe.send(
    sighted({
      direction: 'out',
      payload: ringing,
      src: '198.51.100.2',
      srcPort: 5062,
      dst: '192.0.2.1',
      dstPort: 5060,
    }),
  );
  const legs = (callId: string): object[] => stage.tracker.legs.of(stage.tracker.held(callId)[0]!);
  const reason = "joined by the SBC's ingress Call-ID";
  assert.deepEqual(legs('a@1'), [{ callId: 'b@2', reason }]);
  assert.deepEqual(legs('b@2'), [{ callId: 'a@1', reason }]);
  // A second branch: each of the three shows the other two.
  probe.send(sighted({ direction: 'out', payload: sip('c@3'), src: '198.51.100.3', dst: '203.0.113.10' }));
  assert.deepEqual(legs('c@3'), [
    { callId: 'a@1', reason },
    { callId: 'b@2', reason },
  ]);
  assert.deepEqual(legs('a@1'), [
    { callId: 'b@2', reason },
    { callId: 'c@3', reason },
  ]);
});

test('a quality record is kept with both calls it names, whichever leg is seen first', () => {
  const stage = new PipelineStage();
  const probe = new StageProbe(stage);
  probe.send(sighted({ payload: sip('x@1') }), sighted({ payload: sip('y@2') }), QOS);
  for (const callId of ['x@1', 'y@2']) {
    const view = callView(stage.tracker.held(callId)[0]!, NOW_US);
    assert.equal(view.qos.length, 1);
    assert.deepEqual(
      [view.qos[0]?.incoming.mos, view.qos[0]?.incoming.rFactor, view.qos[0]?.outgoing.realm, view.qos[0]?.codec],
      [4.41, 93.2, 'core', 'PCMA'],
    );
    assert.equal(view.qos[0]?.agent, '192.0.2.50:36832/ipfix');
  }
  assert.equal(counted(stage, 'ipfix')['qos_matched'], 1);
  assert.deepEqual(stage.tracker.legs.of(stage.tracker.held('x@1')[0]!), [
    { callId: 'y@2', reason: "joined by the SBC's quality record" },
  ]);
});

test('ipfix_allow lets in only whom it names', () => {
  const stage = new PipelineStage('--ipfix_allow=192.0.2.0/24,2001:db8::/32');
  const connect = (ip: string): unknown =>
    stage.ipfix.connection({ ip, port: 1 }, { ip: '192.0.2.10', port: 4739 }, () => undefined, NOW_US);
  assert.equal(connect('198.51.100.1'), undefined);
  assert.notEqual(connect('192.0.2.77'), undefined);
  assert.notEqual(connect('2001:db8::7'), undefined);
  assert.equal(stage.probes.size, 2);
});

test('a connection that ends leaves the list, and its time is remembered', () => {
  const stage = new PipelineStage();
  let nowUs = NOW_US;
  const first = new StageProbe(stage, '192.0.2.50', 1, () => nowUs);
  const second = new StageProbe(stage, '192.0.2.50', 2, () => nowUs);
  assert.deepEqual(
    stage.probes.newest(0, 10, 0).map(({ id, peer }) => [id, peer.port]),
    [
      [1, 2],
      [0, 1],
    ],
  );
  nowUs += 12_500_000;
  first.send(UDP_IN.subarray(0, 50));
  first.end();
  assert.deepEqual(
    stage.probes.newest(0, 10, 0).map(({ id }) => id),
    [1],
  );
  assert.equal(counted(stage, 'ipfix')['max_conn_lifetime'], 12);
  assert.equal(counted(stage, 'ipfix')['conns_active'], 1);
  assert.equal(counted(stage, 'ingest.refused')['IPFIX_STREAM_CUT'], 1);
  second.end();
  assert.equal(stage.probes.size, 0);
  assert.equal(stage.exits, stage.received);
});

test('a report made twice for an unknown call waits, then is counted', () => {
  const stage = new PipelineStage('--qos_hold=5s');
  new StageProbe(stage).send(QOS);
  stage.qos.advance(NOW_US + 4_900_000);
  assert.equal(counted(stage, 'ipfix')['qos_waiting'], 1);
  stage.qos.advance(NOW_US + 5_000_000);
  assert.equal(counted(stage, 'ipfix')['qos_waiting'], undefined);
  assert.equal(counted(stage, 'ipfix')['qos_unmatched'], 1);
});

test('a quality record that is ahead of its call is given to it', () => {
  const stage = new PipelineStage();
  const probe = new StageProbe(stage);
  probe.send(message([qosSetOf('late@1')], 1, 1), sighted({ payload: sip('late@1') }));
  stage.qos.advance(NOW_US + 1_000_000);
  assert.equal(callView(stage.tracker.held('late@1')[0]!, NOW_US).qos.length, 1);
  assert.equal(counted(stage, 'ipfix')['qos_matched'], 1);
  assert.equal(counted(stage, 'ipfix')['qos_waiting'], undefined);
});

test('a probe has books for each id of a set: records, octets, last seen, malformed ones', () => {
  const stage = new PipelineStage();
  const probe = new StageProbe(stage);
  const short = messageOf([258, Buffer.alloc(2)]);
  probe.send(sighted({}), sighted({}), short, messageOf([9999, Buffer.alloc(6)]));
  const whole = setOf({}).length;
  const sets = stage.probes.newest(0, 1, NOW_US)[0]?.sets;
  assert.deepEqual(sets, [
    {
      id: 258,
      meaning: 'SIP received over UDP',
      records: 2,
      octets: 2 * whole + 6,
      lastSeenUs: NOW_US,
      malformed: { IPFIX_SHORT_SET: 1 },
    },
    { id: 9999, meaning: '', records: 1, octets: 10, lastSeenUs: NOW_US, malformed: {} },
  ]);
});

test('a probe that makes up ids has no more rows than 25, and nothing of it is lost', () => {
  const stage = new PipelineStage();
  const ids = Array.from({ length: 200 }, (_, n) => 300 + n);
  new StageProbe(stage).send(...ids.map((id) => messageOf([id, Buffer.alloc(0)])));
  const sets = stage.probes.newest(0, 1, NOW_US)[0]?.sets ?? [];
  assert.equal(sets.length, 25);
  assert.deepEqual([sets.at(-1)?.id, sets.at(-1)?.meaning, sets.at(-1)?.records], [null, 'others', 176]);
});

for (const [legs, counts] of [
  // Of two legs the worse one counts; packets are those of both.
  [[{ mos: 441, rtpPackets: 900, rtpLost: 100 }, { mos: 310 }], { mos_3: 1, rtp_packets: 1800, rtp_lost: 200 }],
  [[{ mos: 400 }, {}], { mos_4: 1 }],
  [[{ mos: 299 }, {}], { mos_2: 1 }],
  [[{ mos: 100 }, {}], { mos_1: 1 }],
  // Not measured: 0, more than there is, nothing plausible.
  [[{ mos: 0 }, { mos: 0 }], {}],
  [[{ mos: 65_535 }, { mos: 0xffff_ffff }], {}],
] as const) {
  test(`a quality record counts ${JSON.stringify(counts)} where its legs are ${JSON.stringify(legs)}`, () => {
    const stage = new PipelineStage();
    new StageProbe(stage).send(message([qosSetOf('score@1', ...legs)], 1, 1));
    assert.deepEqual(counted(stage, 'quality'), counts);
  });
}

function qosSetOf(callId: string, changes: Partial<Media> = {}, outgoing: Partial<Media> = {}): Buffer {
  const media = {
    rtpBytes: 12_000_000,
    rtpPackets: 10_000_001,
    rtpLost: 10_000_000,
    rtpAverageJitter: 0xffff_ffff,
    rtpMaxJitter: 1,
    rtcpBytes: 0xffff_ffff,
    rtcpPackets: 2,
    rtcpLost: 3,
    rtcpAverageJitter: 4,
    rtcpMaxJitter: 5,
    rtcpAverageLatency: 6,
    rtcpMaxLatency: 7,
    rValue: 0xffff_ffff,
    mos: 0,
    ...changes,
  };
  const flow = { src: '192.0.2.1', dst: '192.0.2.2', srcPort: 1, dstPort: 2 };
  const at = { slot: 0, port: 0, vlan: 0 };
  return qosSet({
    incoming: media,
    outgoing: { ...media, ...outgoing },
    payloadType: 101,
    callerIncoming: flow,
    calleeIncoming: flow,
    callerOutgoing: flow,
    calleeOutgoing: flow,
    caller: at,
    callee: at,
    beginUs: NOW_US,
    endUs: NOW_US,
    incomingRealm: '',
    outgoingRealm: '',
    incomingCallId: callId,
    outgoingCallId: '',
  });
}

test('values nobody can have measured are unknown; octets of a long call are not', () => {
  const stage = new PipelineStage();
  new StageProbe(stage).send(sighted({ payload: sip('long@1') }), message([qosSetOf('long@1')], 1, 1));
  const [record] = callView(stage.tracker.held('long@1')[0]!, NOW_US).qos;
  assert.deepEqual(record?.incoming.rtp, {
    bytes: 12_000_000,
    packets: null,
    lost: 10_000_000,
    averageJitter: null,
    maxJitter: 1,
  });
  assert.deepEqual([record?.incoming.rtcp.bytes, record?.incoming.rFactor, record?.incoming.mos], [null, null, 0]);
  assert.deepEqual([record?.payloadType, record?.codec], [101, 'dynamic']);
});

test('a call keeps a few quality records and counts the rest', () => {
  const stage = new PipelineStage();
  const probe = new StageProbe(stage);
  probe.send(sighted({ payload: sip('many@1') }));
  for (let n = 0; n < 10; n++) probe.send(message([qosSetOf('many@1')], 1, n));
  assert.equal(callView(stage.tracker.held('many@1')[0]!, NOW_US).qos.length, 8);
  assert.deepEqual([counted(stage, 'ipfix')['qos_matched'], counted(stage, 'ipfix')['qos_left_out']], [8, 2]);
});

test('at qos_hold_max a record that has no call is not kept', () => {
  const stage = new PipelineStage('--qos_hold_max=2');
  const probe = new StageProbe(stage);
  for (const callId of ['n@1', 'n@2', 'n@3']) probe.send(message([qosSetOf(callId)], 1, 1));
  probe.send(message([qosSetOf('')], 1, 1));
  const { qos_waiting, qos_left_out, qos_unmatched } = counted(stage, 'ipfix');
  assert.deepEqual([qos_waiting, qos_left_out, qos_unmatched], [2, 1, 1]);
});
