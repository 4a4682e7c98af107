import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatIp } from '../../../src/model/endpoint.ts';
import { Fault, faultInfo } from '../../../src/model/fault.ts';
import { Packet } from '../../../src/model/packet.ts';
import { transportName } from '../../../src/model/transport.ts';
import { decodeConnect, encodeAcknowledge, wantedFlags } from '../../../src/wire/ipfix/connect.ts';
import { SetId } from '../../../src/wire/ipfix/format.ts';
import { decodeQos } from '../../../src/wire/ipfix/qos.ts';
import { SetWalk } from '../../../src/wire/ipfix/set-walk.ts';
import { decodeSipSet, type SipSetId } from '../../../src/wire/ipfix/sip-set.ts';
import {
  CONNECT,
  CONNECT_ANSWER,
  CONNECT_SMALL,
  KEEPALIVE,
  messageOf,
  QOS,
  RECORD,
  SIGHTED_US,
  SIP,
  TCP_IN,
  TCP_OUT,
  UDP6_IN,
  UDP_IN,
  UDP_IN_SHORT_LENGTH,
  UDP_OUT,
} from '../../support/ipfix-examples.ts';

const NOW_US = 1_700_000_000_000_000;

function decode(message: Buffer, id = message.readUInt16BE(16)): { fault: Fault; packet: Packet } {
  const packet = new Packet(Buffer.alloc(0));
  return { fault: decodeSipSet(id as SipSetId, message, RECORD, message.length, packet, NOW_US), packet };
}

interface SipExample {
  name: string;
  message: Buffer;
  id: number;
  transport: string;
  from: string;
  to: string;
  at: string;
  leg: string;
}

const sipExamples: SipExample[] = [
  {
    name: 'UDP received',
    message: UDP_IN,
    id: 258,
    transport: 'udp',
    from: '192.0.2.1 5060',
    to: '198.51.100.2 5062',
    at: '0/1/100',
    leg: '',
  },
  {
    name: 'UDP received, length in one octet',
    message: UDP_IN_SHORT_LENGTH,
    id: 258,
    transport: 'udp',
    from: '192.0.2.1 5060',
    to: '198.51.100.2 5062',
    at: '0/1/100',
    leg: '',
  },
  {
    name: 'UDP sent',
    message: UDP_OUT,
    id: 259,
    transport: 'udp',
    from: '192.0.2.1 5060',
    to: '198.51.100.2 5062',
    at: '1/0/0',
    leg: 'x@1',
  },
  {
    name: 'TCP received',
    message: TCP_IN,
    id: 260,
    transport: 'tcp',
    from: '192.0.2.1 40000',
    to: '198.51.100.2 5060',
    at: '0/0/0',
    leg: '',
  },
  {
    name: 'TCP sent',
    message: TCP_OUT,
    id: 261,
    transport: 'tcp',
    from: '198.51.100.2 40001',
    to: '203.0.113.9 5060',
    at: '0/0/0',
    leg: 'x@1',
  },
  {
    name: 'UDP over IPv6 received',
    message: UDP6_IN,
    id: 258,
    transport: 'udp',
    from: '2001:db8::1 5060',
    to: '2001:db8::2 5060',
    at: '0/0/0',
    leg: '',
  },
];

describe('decodeSipSet() reads the worked example', () => {
  for (const { name, message, id, transport, from, to, at, leg } of sipExamples) {
    test(name, () => {
      assert.equal(message.readUInt16BE(2), message.length);
      assert.equal(message.readUInt16BE(16), id);
      const { fault, packet: p } = decode(message);
      assert.equal(fault, Fault.NONE);
      assert.deepEqual(message.subarray(p.start, p.end), SIP);
      assert.equal(transportName(p.transport), transport);
      assert.equal(`${formatIp(p.family, p.src0, p.src1, p.src2, p.src3)} ${p.srcPort}`, from);
      assert.equal(`${formatIp(p.family, p.dst0, p.dst1, p.dst2, p.dst3)} ${p.dstPort}`, to);
      assert.equal(`${p.interface >> 8}/${p.interface & 255}/${p.vlan}`, at);
      assert.equal(message.toString('latin1', p.legCallIdStart, p.legCallIdEnd), leg);
      assert.equal(p.capturedAtUs, SIGHTED_US);
      assert.equal(p.arrivedAtUs, NOW_US);
      assert.equal(p.length, message.length - RECORD);
    });
  }
});

/** The record of an example with octets put over it, and its set shortened or lengthened to fit. */
function changed(message: Buffer, at: number, hex: string, length = message.length - RECORD): Buffer {
  const record = Buffer.alloc(length);
  message.copy(record, 0, RECORD);
  Buffer.from(hex, 'hex').copy(record, at);
  return messageOf([message.readUInt16BE(16), record]);
}

/** Offset of the IP packet in UDP_IN's record, and of UDP in it. */
const IP = 15;
const UDP = IP + 20;

const faults: { name: string; message: Buffer; code: keyof typeof Fault; at?: number }[] = [
  { name: 'an empty UDP record', message: messageOf([258, Buffer.alloc(0)]), code: 'IPFIX_SHORT_SET', at: 0 },
  { name: 'a UDP record of 12 octets', message: changed(UDP_IN, 0, '', 12), code: 'IPFIX_SHORT_SET', at: 12 },
  { name: 'an egress UDP record of 13 octets', message: changed(UDP_OUT, 0, '', 13), code: 'IPFIX_SHORT_SET' },
  { name: 'a TCP record of 28 octets', message: changed(TCP_IN, 0, '', 28), code: 'IPFIX_SHORT_SET', at: 28 },
  { name: 'an egress TCP record of 29 octets', message: changed(TCP_OUT, 28, '00', 29), code: 'IPFIX_SHORT_SET' },
  {
    name: 'a packet length of 0 (crashes others)',
    message: changed(UDP_IN, 12, '00', 13),
    code: 'IPFIX_BAD_PACKET',
    at: 13,
  },
  { name: 'a long packet length of 0', message: changed(UDP_IN, 12, 'ff0000', 15), code: 'IPFIX_BAD_PACKET' },
  { name: 'half a packet length', message: changed(UDP_IN, 12, 'ff00', 14), code: 'IPFIX_SHORT_SET', at: 12 },
  { name: 'a packet longer than its set', message: changed(UDP_IN, 12, 'ff0036'), code: 'IPFIX_SHORT_SET', at: 12 },
  { name: 'a Call-ID of length 255', message: changed(UDP_OUT, 12, 'ff'), code: 'IPFIX_BAD_TEXT', at: 12 },
  { name: 'a Call-ID longer than its set', message: changed(UDP_OUT, 12, 'fe'), code: 'IPFIX_SHORT_SET', at: 12 },
  { name: 'IP version 5', message: changed(UDP_IN, IP, '55'), code: 'IPFIX_BAD_PACKET', at: IP },
  { name: 'an IPv4 header of 16 octets', message: changed(UDP_IN, IP, '44'), code: 'IPFIX_BAD_PACKET' },
  {
    name: 'an IPv4 header longer than the packet',
    message: changed(UDP_IN, IP, '4f', 12 + 3 + 53),
    code: 'IPFIX_BAD_PACKET',
  },
  {
    name: 'an IPv4 total length beyond the packet',
    message: changed(UDP_IN, IP + 2, '0036'),
    code: 'IPFIX_BAD_PACKET',
  },
  { name: 'an IPv4 total length below its header', message: changed(UDP_IN, IP + 2, '0013'), code: 'IPFIX_BAD_PACKET' },
  {
    name: 'an IPv4 total length that leaves no UDP header',
    message: changed(UDP_IN, IP + 2, '001b'),
    code: 'IPFIX_BAD_PACKET',
  },
  { name: 'a UDP length of 7', message: changed(UDP_IN, UDP + 4, '0007'), code: 'IPFIX_BAD_PACKET' },
  { name: 'a UDP length beyond the packet', message: changed(UDP_IN, UDP + 4, '0022'), code: 'IPFIX_BAD_PACKET' },
  { name: 'an IPv6 packet of 39 octets', message: changed(UDP6_IN, 12, 'ff0027', 15 + 39), code: 'IPFIX_BAD_PACKET' },
  { name: 'an IPv6 payload beyond the packet', message: changed(UDP6_IN, IP + 4, '0022'), code: 'IPFIX_BAD_PACKET' },
];

describe('decodeSipSet() refuses', () => {
  for (const { name, message, code, at } of faults) {
    test(name, () => {
      const { fault, packet } = decode(message);
      assert.equal(faultInfo(fault).code, code);
      if (at !== undefined) assert.equal(packet.faultAt, at);
    });
  }
});

const tolerated: { name: string; message: Buffer; payload: string; padding: number }[] = [
  {
    name: 'an IPv4 total length of 0',
    message: changed(UDP_IN, IP + 2, '0000'),
    payload: SIP.toString('latin1'),
    padding: 0,
  },
  { name: 'a UDP length of 0', message: changed(UDP_IN, UDP + 4, '0000'), payload: SIP.toString('latin1'), padding: 0 },
  { name: 'a UDP length below the packet', message: changed(UDP_IN, UDP + 4, '000f'), payload: 'OPTIONS', padding: 0 },
  { name: 'a UDP datagram without payload', message: changed(UDP_IN, UDP + 4, '0008'), payload: '', padding: 0 },
  {
    name: 'an IPv6 payload length of 0',
    message: changed(UDP6_IN, IP + 4, '0000'),
    payload: SIP.toString('latin1'),
    padding: 0,
  },
  {
    name: 'another protocol than UDP in the header',
    message: changed(UDP_IN, IP + 9, '06'),
    payload: SIP.toString('latin1'),
    padding: 0,
  },
  {
    name: 'padding behind the packet',
    message: changed(UDP_IN, 0, '65000000', 68 + 3),
    payload: SIP.toString('latin1'),
    padding: 3,
  },
  {
    name: 'an empty Call-ID',
    message: messageOf([259, Buffer.concat([UDP_IN.subarray(20, 32), Buffer.from('00', 'hex'), UDP_IN.subarray(32)])]),
    payload: SIP.toString('latin1'),
    padding: 0,
  },
  { name: 'an empty message over TCP', message: changed(TCP_IN, 28, '00', 29), payload: '', padding: 0 },
];

describe('decodeSipSet() lives with', () => {
  for (const { name, message, payload, padding } of tolerated) {
    test(name, () => {
      const { fault, packet } = decode(message);
      assert.equal(fault, Fault.NONE);
      assert.equal(message.toString('latin1', packet.start, packet.end), payload);
      assert.equal(message.length - RECORD - packet.length, padding);
    });
  }
});

test('decodeSipSet() takes IPv4 addresses in IPv6 form as IPv4', () => {
  const mapped = '00000000000000000000ffffc000020100000000000000000000ffffc6336402';
  const { packet } = decode(changed(UDP6_IN, IP + 8, mapped));
  assert.equal(packet.family, 4);
  assert.equal(formatIp(4, packet.src0, packet.src1, packet.src2, packet.src3), '192.0.2.1');
});

test('decodeSipSet() leaves nothing of an egress set in what follows', () => {
  const packet = new Packet(Buffer.alloc(0));
  decodeSipSet(SetId.SIP_UDP_OUT, UDP_OUT, RECORD, UDP_OUT.length, packet, NOW_US);
  decodeSipSet(SetId.SIP_UDP_IN, UDP6_IN, RECORD, UDP6_IN.length, packet, NOW_US);
  decodeSipSet(SetId.SIP_TCP_IN, TCP_IN, RECORD, TCP_IN.length, packet, NOW_US);
  assert.equal(packet.legCallIdEnd, packet.legCallIdStart);
  assert.equal(formatIp(packet.family, packet.src0, packet.src1, packet.src2, packet.src3), '192.0.2.1');
});

test('decodeConnect() reads the request captured from an SBC', () => {
  assert.deepEqual(decodeConnect(CONNECT, RECORD, CONNECT.length), {
    majorVersion: 1,
    minorVersion: 2,
    configFlags: 0x00fc,
    configFlags2: 0x7731,
    systemFlags: 0,
    keepaliveS: 30,
    systemId: 0,
    product: 0x435a,
    productMajor: 7,
    productMinor: 3,
    revision: 0,
    host: 'ecz730',
    octets: 28,
  });
});

test('decodeConnect() refuses a short request and the reserved length of a host name, and takes the longest one', () => {
  assert.equal(decodeConnect(CONNECT, RECORD, RECORD + 21), Fault.IPFIX_SHORT_SET);
  assert.equal(decodeConnect(CONNECT, RECORD, CONNECT.length - 1), Fault.IPFIX_SHORT_SET);
  assert.equal(decodeConnect(Buffer.alloc(0), 0, 0), Fault.IPFIX_SHORT_SET);
  const long = Buffer.concat([CONNECT.subarray(RECORD, RECORD + 21), Buffer.from([254]), Buffer.alloc(254, 'h')]);
  const request = decodeConnect(long, 0, long.length);
  assert.ok(typeof request === 'object');
  assert.equal(request.host, 'h'.repeat(254));
  // 234 octets and more overflow an 8-bit length in another program.
  const answer = encodeAcknowledge(messageOf([256, long]), 0, RECORD, request, { configFlags: 0, keepaliveS: 1 });
  assert.equal(answer.readUInt16BE(2), answer.length);
  assert.equal(answer.readUInt16BE(18), 4 + 22 + 254);
  long.writeUInt8(255, 21);
  assert.equal(decodeConnect(Buffer.concat([long, Buffer.alloc(300)]), 0, 600), Fault.IPFIX_BAD_TEXT);
});

function acknowledge(message: Buffer, configFlags: number, keepaliveS: number): Buffer {
  const request = decodeConnect(message, RECORD, message.length);
  assert.ok(typeof request === 'object');
  return encodeAcknowledge(message, 0, RECORD, request, { configFlags, keepaliveS });
}

test('encodeAcknowledge() answers the captured request as the description shows', () => {
  assert.deepEqual(acknowledge(CONNECT, 0, 30), CONNECT_ANSWER);
});

test('encodeAcknowledge() changes only id, flags and interval of the small request', () => {
  const answer = acknowledge(CONNECT_SMALL, 0x0004, 15);
  const expected = Buffer.from(CONNECT_SMALL);
  expected.writeUInt16BE(257, 16);
  expected.writeUInt16BE(15, RECORD + 10);
  assert.deepEqual(answer, expected);
});

test('encodeAcknowledge() leaves padding of the request out of the lengths', () => {
  const padded = messageOf([256, Buffer.concat([CONNECT.subarray(RECORD), Buffer.alloc(3)])]);
  const answer = acknowledge(padded, 0, 30);
  assert.equal(answer.length, CONNECT.length);
  assert.equal(answer.readUInt16BE(2), CONNECT.length);
  assert.equal(answer.readUInt16BE(18), 32);
});

test('wantedFlags() keeps quality bits if they are wanted and never compression', () => {
  assert.equal(wantedFlags(0x00fe, true), 0x000c);
  assert.equal(wantedFlags(0x00fe, false), 0);
  assert.equal(wantedFlags(0x0004, true), 0x0004);
  assert.equal(wantedFlags(0xffff, true), 0x000c);
});

test('decodeQos() reads the worked example', () => {
  const decoded = decodeQos(QOS, RECORD, QOS.length);
  assert.ok(typeof decoded === 'object');
  assert.equal(decoded.octets, QOS.length - RECORD);
  const { incoming, outgoing, ...rest } = decoded.record;
  const address = (word: number): string => formatIp(4, 0, 0, 0xffff, word);
  assert.deepEqual(
    [incoming.rtpBytes, incoming.rtpPackets, incoming.rtpLost, incoming.rtpAverageJitter, incoming.rtpMaxJitter],
    [0x2a300, 1000, 3, 12, 40],
  );
  assert.deepEqual(
    [incoming.rtcpBytes, incoming.rtcpPackets, incoming.rtcpLost, incoming.rtcpAverageJitter, incoming.rtcpMaxJitter],
    [2000, 20, 0, 10, 30],
  );
  assert.deepEqual(
    [incoming.rtcpAverageLatency, incoming.rtcpMaxLatency, incoming.rFactor, incoming.mos],
    [15, 25, 9320, 441],
  );
  assert.deepEqual(
    [outgoing.rtpLost, outgoing.rtpAverageJitter, outgoing.rtcpMaxJitter, outgoing.rtcpAverageLatency, outgoing.mos],
    [0, 8, 28, 14, 441],
  );
  assert.deepEqual(
    [incoming.realm, outgoing.realm, incoming.callId, outgoing.callId],
    ['access', 'core', 'x@1', 'y@2'],
  );
  assert.deepEqual(
    [incoming.caller, incoming.callee, outgoing.caller, outgoing.callee].map(
      (flow) => `${address(flow.source)}:${flow.sourcePort} ${address(flow.destination)}:${flow.destinationPort}`,
    ),
    [
      '192.0.2.1:10000 198.51.100.1:20000',
      '203.0.113.1:20002 203.0.113.9:30000',
      '198.51.100.1:20000 192.0.2.1:10000',
      '203.0.113.9:30000 203.0.113.1:20002',
    ],
  );
  assert.deepEqual(rest, {
    payloadType: 8,
    caller: { slot: 0, port: 0, vlan: 0 },
    callee: { slot: 0, port: 1, vlan: 0 },
    beginUs: 0x65000000 * 1e6,
    endUs: 0x6500003c * 1e6,
  });
});

test('decodeQos() takes a record that ends behind any of its texts, and refuses one cut inside', () => {
  const ends = [185, 185 + 9, 185 + 9 + 7, 185 + 9 + 7 + 6, 185 + 9 + 7 + 6 + 6];
  for (let length = 0; length <= ends.at(-1)!; length++) {
    const decoded = decodeQos(QOS, RECORD, RECORD + length);
    assert.equal(typeof decoded === 'object', ends.includes(length), `${length} octets`);
  }
});

function sets(message: Buffer): string[] {
  const walk = new SetWalk();
  const found: string[] = [];
  for (walk.begin(message, 0, message.length); walk.next();) found.push(`${walk.id}:${walk.end - walk.start}`);
  if (walk.fault !== Fault.NONE) found.push(faultInfo(walk.fault).code);
  return found;
}

/** A message with these octets behind its header. */
function messageWith(hex: string): Buffer {
  const message = Buffer.concat([messageOf(), Buffer.from(hex.replaceAll(' ', ''), 'hex')]);
  message.writeUInt16BE(message.length, 2);
  return message;
}

const walks: [string, Buffer, string[]][] = [
  ['no set', messageOf(), []],
  ['the keep-alive of the description', KEEPALIVE, ['0:0']],
  [
    'several sets',
    messageOf([258, Buffer.alloc(5)], [0, Buffer.alloc(0)], [999, Buffer.alloc(7)]),
    ['258:5', '0:0', '999:7'],
  ],
  ['a keep-alive of length 0, which ends its message', messageWith('00000000 01020004'), ['0:4']],
  ['a set of length 0', messageWith('01020000 01020004'), ['IPFIX_BAD_SET']],
  ['a set of length 3', messageWith('00000004 01020003 00'), ['0:0', 'IPFIX_BAD_SET']],
  ['a set that ends behind its message', messageWith('00000004 01020005'), ['0:0', 'IPFIX_BAD_SET']],
  ['three octets behind the last set', messageWith('00000004 000000'), ['0:0', 'IPFIX_BAD_SET']],
];

describe('SetWalk goes through', () => {
  for (const [name, message, expected] of walks) test(name, () => assert.deepEqual(sets(message), expected));
});
