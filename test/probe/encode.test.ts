import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  connectSet,
  keepaliveSet,
  message,
  qosSet,
  readAcknowledge,
  sipSet,
  type SightedSip,
} from '../../src/probe/encode.ts';
import {
  CONNECT,
  CONNECT_ANSWER,
  CONNECT_SMALL,
  KEEPALIVE,
  QOS,
  SIGHTED_US,
  SIP,
  TCP_IN,
  TCP_OUT,
  UDP6_IN,
  UDP_IN,
  UDP_OUT,
} from '../support/ipfix-examples.ts';

const UDP: SightedSip = {
  direction: 'in',
  transport: 'udp',
  timeUs: SIGHTED_US,
  slot: 0,
  port: 1,
  vlan: 100,
  src: '192.0.2.1',
  srcPort: 5060,
  dst: '198.51.100.2',
  dstPort: 5062,
  ingressCallId: 'x@1',
  contextId: 0,
  payload: SIP,
};
const NOWHERE = { slot: 0, port: 0, vlan: 0 };
const TCP: SightedSip = { ...UDP, ...NOWHERE, transport: 'tcp', srcPort: 40_000, dstPort: 5060, contextId: 7 };

const examples: [string, Buffer, SightedSip, number, number][] = [
  ['UDP received', UDP_IN, UDP, 0x65000001, 1],
  ['UDP sent', UDP_OUT, { ...UDP, direction: 'out', slot: 1, port: 0, vlan: 0 }, 0x65000001, 2],
  ['TCP received', TCP_IN, TCP, 0x65000001, 3],
  [
    'TCP sent',
    TCP_OUT,
    { ...TCP, direction: 'out', src: '198.51.100.2', srcPort: 40_001, dst: '203.0.113.9', contextId: 8 },
    0x65000001,
    4,
  ],
  [
    'UDP over IPv6 received',
    UDP6_IN,
    { ...UDP, ...NOWHERE, src: '2001:db8::1', dst: '2001:db8::2', dstPort: 5060 },
    0x65000002,
    6,
  ],
];

for (const [name, expected, sip, exportTimeS, sequence] of examples) {
  test(`the simulator writes the worked example "${name}" octet for octet`, () => {
    const set = sipSet(sip);
    assert.ok(set !== undefined);
    assert.equal(message([set], exportTimeS, sequence).toString('hex'), expected.toString('hex'));
  });
}

test('the simulator writes the connect requests of the description octet for octet', () => {
  const captured = { hostName: 'ecz730', keepaliveS: 30, configFlags: 0xfc, configFlags2: 0x7731, systemId: 0 };
  assert.deepEqual(message([connectSet(captured)], 0x59413738, 0), CONNECT);
  const small = { hostName: 'sbc1', keepaliveS: 30, configFlags: 4, configFlags2: 0, systemId: 0 };
  assert.deepEqual(message([connectSet(small)], 0x65000000, 0), CONNECT_SMALL);
});

test('the simulator writes the keep-alive of the description octet for octet', () => {
  assert.deepEqual(message([keepaliveSet()], 0x65000002, 5), KEEPALIVE);
});

test('the simulator writes the quality record of the description octet for octet', () => {
  const access = { src: '192.0.2.1', dst: '198.51.100.1', srcPort: 10_000, dstPort: 20_000 };
  const core = { src: '203.0.113.1', dst: '203.0.113.9', srcPort: 20_002, dstPort: 30_000 };
  const turned = (flow: typeof core) => ({
    src: flow.dst,
    dst: flow.src,
    srcPort: flow.dstPort,
    dstPort: flow.srcPort,
  });
  const media = {
    rtpBytes: 0x2a300,
    rtpPackets: 1000,
    rtpLost: 3,
    rtpAverageJitter: 12,
    rtpMaxJitter: 40,
    rtcpBytes: 2000,
    rtcpPackets: 20,
    rtcpLost: 0,
    rtcpAverageJitter: 10,
    rtcpMaxJitter: 30,
    rtcpAverageLatency: 15,
    rtcpMaxLatency: 25,
    rValue: 9320,
    mos: 441,
  };
  const outgoing = {
    ...media,
    rtpLost: 0,
    rtpAverageJitter: 8,
    rtpMaxJitter: 30,
    rtcpAverageJitter: 9,
    rtcpMaxJitter: 28,
    rtcpAverageLatency: 14,
    rtcpMaxLatency: 22,
  };
  const set = qosSet({
    incoming: media,
    outgoing,
    payloadType: 8,
    callerIncoming: access,
    calleeIncoming: core,
    callerOutgoing: turned(access),
    calleeOutgoing: turned(core),
    caller: NOWHERE,
    callee: { ...NOWHERE, port: 1 },
    beginUs: 0x65000000 * 1e6,
    endUs: 0x6500003c * 1e6,
    incomingRealm: 'access',
    outgoingRealm: 'core',
    incomingCallId: 'x@1',
    outgoingCallId: 'y@2',
  });
  assert.equal(message([set], 0x6500003d, 7).toString('hex'), QOS.toString('hex'));
});

test('the simulator reads the answer of the description and nothing else', () => {
  assert.deepEqual(readAcknowledge(CONNECT_ANSWER), { configFlags: 0, keepaliveS: 30 });
  for (const other of [CONNECT, KEEPALIVE, Buffer.alloc(0)]) assert.equal(readAcknowledge(other), undefined);
});

test('the simulator knows no set for SIP over TCP and IPv6, nor for mixed addresses', () => {
  assert.equal(sipSet({ ...TCP, src: '2001:db8::1', dst: '2001:db8::2' }), undefined);
  assert.equal(sipSet({ ...UDP, src: '2001:db8::1' }), undefined);
});
