import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatIp } from '../../../src/model/endpoint.ts';
import { decapsulate, Frame, FRAME_SKIPS, LinkType } from '../../../src/wire/pcap/frame.ts';
import { PcapReader } from '../../../src/wire/pcap/pcap-reader.ts';

function hex(...parts: string[]): Buffer {
  return Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
}

// 192.0.2.10:5060 → 192.0.2.20:5070, payload "hi". UDP length 10 = 0x000a, IPv4 length 30 = 0x001e.
const UDP = '13c4 13ce 000a 0000 6869';
const IPV4 = `4500 001e 0001 0000 40 11 0000 c000020a c0000214`;
const IPV4_UDP = IPV4 + UDP;
// 2001:db8::10 → 2001:db8::20, payload length 10.
const IPV6_ADDRESSES = '20010db8000000000000000000000010 20010db8000000000000000000000020';
const IPV6_UDP = `60000000 000a 11 40 ${IPV6_ADDRESSES}` + UDP;
const MACS = '020000000002 020000000001';

function read(linkType: number, bytes: Buffer) {
  const frame = new Frame();
  const skip = decapsulate(linkType, bytes, frame);
  if (skip !== undefined) return skip;
  const { family, src0, src1, src2, src3, dst0, dst1, dst2, dst3, start, end } = frame;
  return [
    frame.ipProtocol,
    `${formatIp(family, src0, src1, src2, src3)} ${frame.srcPort}`,
    `${formatIp(family, dst0, dst1, dst2, dst3)} ${frame.dstPort}`,
    bytes.toString('latin1', start, end),
  ];
}

const V4 = [17, '192.0.2.10 5060', '192.0.2.20 5070', 'hi'];
const V6 = [17, '2001:db8::10 5060', '2001:db8::20 5070', 'hi'];

const links: { name: string; linkType: number; bytes: Buffer; expected: unknown }[] = [
  { name: 'Ethernet', linkType: LinkType.ETHERNET, bytes: hex(MACS, '0800', IPV4_UDP), expected: V4 },
  {
    name: 'Ethernet padded to 60 octets',
    linkType: LinkType.ETHERNET,
    bytes: Buffer.concat([hex(MACS, '0800', IPV4_UDP), Buffer.alloc(16)]),
    expected: V4,
  },
  {
    name: 'Ethernet with one VLAN tag',
    linkType: LinkType.ETHERNET,
    bytes: hex(MACS, '8100 002a 86dd', IPV6_UDP),
    expected: V6,
  },
  {
    name: 'Ethernet with two VLAN tags',
    linkType: LinkType.ETHERNET,
    bytes: hex(MACS, '88a8 0064 8100 002a 0800', IPV4_UDP),
    expected: V4,
  },
  { name: 'Ethernet with ARP', linkType: LinkType.ETHERNET, bytes: hex(MACS, '0806', '0001'), expected: 'not-ip' },
  { name: 'Ethernet cut in its addresses', linkType: LinkType.ETHERNET, bytes: hex('0200'), expected: 'not-ip' },
  {
    name: 'Ethernet of VLAN tags only',
    linkType: LinkType.ETHERNET,
    bytes: hex(MACS, '8100 0001 8100 0002 8100 0003'),
    expected: 'not-ip',
  },
  {
    name: 'SLL',
    linkType: LinkType.LINUX_SLL,
    bytes: hex('0000 0001 0006 0200000000010000 0800', IPV4_UDP),
    expected: V4,
  },
  {
    name: 'SLL with a VLAN tag',
    linkType: LinkType.LINUX_SLL,
    bytes: hex('0000 0001 0006 0200000000010000 8100 0007 0800', IPV4_UDP),
    expected: V4,
  },
  {
    name: 'SLL2',
    linkType: LinkType.LINUX_SLL2,
    bytes: hex('86dd 0000 00000002 0001 00 06 0200000000010000', IPV6_UDP),
    expected: V6,
  },
  { name: 'SLL2 cut', linkType: LinkType.LINUX_SLL2, bytes: hex('86dd 0000 00000002'), expected: 'not-ip' },
  { name: 'NULL, IPv4, little-endian', linkType: LinkType.NULL, bytes: hex('02000000', IPV4_UDP), expected: V4 },
  {
    name: 'NULL, IPv6 of macOS, little-endian',
    linkType: LinkType.NULL,
    bytes: hex('1e000000', IPV6_UDP),
    expected: V6,
  },
  { name: 'LOOP', linkType: LinkType.LOOP, bytes: hex('00000002', IPV4_UDP), expected: V4 },
  { name: 'RAW, IPv4', linkType: LinkType.RAW, bytes: hex(IPV4_UDP), expected: V4 },
  { name: 'RAW, IPv6', linkType: LinkType.RAW, bytes: hex(IPV6_UDP), expected: V6 },
  { name: 'RAW of BSD', linkType: LinkType.RAW_BSD, bytes: hex(IPV4_UDP), expected: V4 },
  { name: 'RAW of OpenBSD', linkType: LinkType.RAW_OPENBSD, bytes: hex(IPV4_UDP), expected: V4 },
  { name: 'IPV4', linkType: LinkType.IPV4, bytes: hex(IPV4_UDP), expected: V4 },
  { name: 'IPV6', linkType: LinkType.IPV6, bytes: hex(IPV6_UDP), expected: V6 },
  { name: 'RAW of neither version', linkType: LinkType.RAW, bytes: hex('50000000'), expected: 'not-ip' },
  { name: 'an empty frame', linkType: LinkType.RAW, bytes: hex(''), expected: 'cut-by-capture' },
  { name: 'IEEE 802.11', linkType: 105, bytes: hex(IPV4_UDP), expected: 'link-type' },
];

for (const { name, linkType, bytes, expected } of links) {
  test(`decapsulate() reads link layer: ${name}`, () => {
    assert.deepEqual(read(linkType, bytes), expected);
  });
}

const packets: { name: string; bytes: Buffer; expected: unknown }[] = [
  // Header length 24: one word of options; total 34 = 0x22.
  { name: 'IPv4 options', bytes: hex('4600 0022 0001 0000 40 11 0000 c000020a c0000214 01010101', UDP), expected: V4 },
  {
    name: 'IPv4 with length 0 before offload',
    bytes: hex('4500 0000 0001 0000 40 11 0000 c000020a c0000214', UDP),
    expected: V4,
  },
  { name: 'IPv4 "do not fragment"', bytes: hex('4500 001e 0001 4000 40 11 0000 c000020a c0000214', UDP), expected: V4 },
  {
    name: 'IPv4 first fragment',
    bytes: hex('4500 001e 0001 2000 40 11 0000 c000020a c0000214', UDP),
    expected: 'fragment',
  },
  {
    name: 'IPv4 last fragment',
    bytes: hex('4500 001e 0001 00b9 40 11 0000 c000020a c0000214', UDP),
    expected: 'fragment',
  },
  {
    name: 'IPv4 header length 16',
    bytes: hex('4400 001e 0001 0000 40 11 0000 c000020a c0000214', UDP),
    expected: 'bad-ip',
  },
  {
    name: 'IPv4 total length below its header',
    bytes: hex('4500 0013 0001 0000 40 11 0000 c000020a c0000214', UDP),
    expected: 'bad-ip',
  },
  { name: 'IPv4 cut in its header', bytes: hex('4500 001e 0001'), expected: 'cut-by-capture' },
  { name: 'IPv4 cut in the payload', bytes: hex(IPV4_UDP).subarray(0, 29), expected: 'cut-by-capture' },
  { name: 'ICMP', bytes: hex('4500 001e 0001 0000 40 01 0000 c000020a c0000214', UDP), expected: 'not-udp-tcp' },
  { name: 'UDP length 7', bytes: hex(IPV4, '13c4 13ce 0007 0000 6869'), expected: 'bad-udp-tcp' },
  { name: 'UDP length beyond IP', bytes: hex(IPV4, '13c4 13ce 000b 0000 6869'), expected: 'bad-udp-tcp' },
  {
    name: 'UDP without payload',
    bytes: hex('4500 001c 0001 0000 40 11 0000 c000020a c0000214', '13c4 13ce 0008 0000'),
    expected: [17, '192.0.2.10 5060', '192.0.2.20 5070', ''],
  },
  // Payload length 26 = 16 for two extension headers and 10.
  {
    name: 'IPv6 hop-by-hop and destination options',
    bytes: hex(`60000000 001a 00 40 ${IPV6_ADDRESSES}`, '3c00010400000000', '1100010400000000', UDP),
    expected: V6,
  },
  // Payload length 22 = 12 for an authentication header of length word 1 ((1 + 2) × 4) and 10.
  {
    name: 'IPv6 authentication header',
    bytes: hex(`60000000 0016 33 40 ${IPV6_ADDRESSES}`, '1101 0000 00000001 00000001', UDP),
    expected: V6,
  },
  {
    name: 'IPv6 atomic fragment',
    bytes: hex(`60000000 0012 2c 40 ${IPV6_ADDRESSES}`, '1100 0000 00000001', UDP),
    expected: V6,
  },
  {
    name: 'IPv6 first fragment',
    bytes: hex(`60000000 0012 2c 40 ${IPV6_ADDRESSES}`, '1100 0001 00000001', UDP),
    expected: 'fragment',
  },
  {
    name: 'IPv6 extension header beyond its payload',
    bytes: hex(`60000000 000a 00 40 ${IPV6_ADDRESSES}`, '11ff000000000000', UDP),
    expected: 'bad-ip',
  },
  {
    name: 'IPv6 cut in an extension header',
    bytes: hex(`60000000 000a 00 40 ${IPV6_ADDRESSES}`, '1100'),
    expected: 'cut-by-capture',
  },
  { name: 'IPv6 no next header', bytes: hex(`60000000 0000 3b 40 ${IPV6_ADDRESSES}`), expected: 'not-udp-tcp' },
  // TCP header of 24 octets with options, total 46 = 0x2e.
  {
    name: 'TCP',
    bytes: hex(
      '4500 002e 0001 0000 40 06 0000 c000020a c0000214',
      '13c4 13ce 00000064 00000000 6018 ffff 0000 0000 01010101',
      '6869',
    ),
    expected: [6, '192.0.2.10 5060', '192.0.2.20 5070', 'hi'],
  },
  {
    name: 'TCP header length 16',
    bytes: hex(
      '4500 002a 0001 0000 40 06 0000 c000020a c0000214',
      '13c4 13ce 00000064 00000000 4018 ffff 0000 0000',
      '6869',
    ),
    expected: 'bad-udp-tcp',
  },
  {
    name: 'TCP header beyond IP',
    bytes: hex(
      '4500 002a 0001 0000 40 06 0000 c000020a c0000214',
      '13c4 13ce 00000064 00000000 f018 ffff 0000 0000',
      '6869',
    ),
    expected: 'bad-udp-tcp',
  },
];

for (const { name, bytes, expected } of packets) {
  test(`decapsulate() reads or refuses: ${name}`, () => {
    assert.deepEqual(read(LinkType.RAW, bytes), expected);
  });
}

test('decapsulate() gives the sequence number of the first payload octet, also behind a SYN', () => {
  const frame = new Frame();
  const segment = (flags: string): Buffer =>
    hex(
      '4500 002a 0001 0000 40 06 0000 c000020a c0000214',
      `13c4 13ce ffffffff 00000000 50${flags} ffff 0000 0000`,
      '6869',
    );
  assert.equal(decapsulate(LinkType.RAW, segment('18'), frame), undefined);
  assert.deepEqual([frame.sequence, frame.tcpFlags], [0xffff_ffff, 0x18]);
  assert.equal(decapsulate(LinkType.RAW, segment('02'), frame), undefined);
  assert.deepEqual([frame.sequence, frame.tcpFlags], [0, 0x02]);
});

// Read with tshark: `udp.dstport in {9060,9061,9062}`, sum of `udp.length - 8`; `sip && udp`; `tcp`; `tcp.len > 0`.
const captures = [
  { file: 'kamailio-5.6-siptrace-hep1.pcap', hep: 282, hepBytes: 141_276, otherUdp: 276, tcp: 0, tcpData: 0 },
  { file: 'kamailio-5.6-siptrace-hep2.pcap', hep: 282, hepBytes: 144_645, otherUdp: 276, tcp: 0, tcpData: 0 },
  {
    file: 'kamailio-5.6-siptrace-hep3-sip-over-tcp.pcap',
    hep: 188,
    hepBytes: 114_450,
    otherUdp: 64,
    tcp: 273,
    tcpData: 120,
  },
  { file: 'kamailio-5.6-siptrace-hep3.pcap', hep: 282, hepBytes: 164_673, otherUdp: 276, tcp: 0, tcpData: 0 },
  { file: 'rtpengine-10.5-rtcp-hep.pcap', hep: 10, hepBytes: 5322, otherUdp: 0, tcp: 0, tcpData: 0 },
  { file: 'sipgrep-hep.pcap', hep: 558, hepBytes: 354_264, otherUdp: 0, tcp: 0, tcpData: 0 },
  { file: 'sngrep-hep.pcap', hep: 276, hepBytes: 161_673, otherUdp: 0, tcp: 0, tcpData: 0 },
];

for (const { file, ...expected } of captures) {
  test(`decapsulate() finds in ${file} the datagrams and segments that tshark finds`, () => {
    const got = { hep: 0, hepBytes: 0, otherUdp: 0, tcp: 0, tcpData: 0 };
    const frame = new Frame();
    for (const { linkType, bytes } of new PcapReader().push(readFileSync(`fixtures/captures/${file}`))) {
      assert.equal(decapsulate(linkType, bytes, frame), undefined);
      if (frame.ipProtocol === 6) {
        got.tcp++;
        if (frame.end > frame.start) got.tcpData++;
      } else if ([9060, 9061, 9062].includes(frame.dstPort)) {
        got.hep++;
        got.hepBytes += frame.end - frame.start;
      } else {
        got.otherUdp++;
      }
    }
    assert.deepEqual(got, expected);
  });
}

test('decapsulate() stays inside any damaged frame on any link', () => {
  const frame = new Frame();
  const linkTypes = Object.values(LinkType);
  const samples = [...links, ...packets].map(({ bytes }) => bytes);
  const damaged = fc.record({
    sample: fc.constantFrom(...samples),
    linkType: fc.constantFrom(...linkTypes),
    changes: fc.array(fc.tuple(fc.nat(79), fc.nat(255)), { maxLength: 4 }),
    length: fc.nat(100),
  });
  fc.assert(
    fc.property(damaged, ({ sample, linkType, changes, length }) => {
      const bytes = Buffer.from(sample.subarray(0, length));
      for (const [at, octet] of changes) if (at < bytes.length) bytes[at] = octet;
      const skip = decapsulate(linkType, bytes, frame);
      if (skip === undefined) assert.ok(frame.start >= 0 && frame.start <= frame.end && frame.end <= bytes.length);
      else assert.ok(FRAME_SKIPS.includes(skip));
    }),
    { numRuns: 2000 },
  );
});
