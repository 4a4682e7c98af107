import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import type { CapturedFrame } from '../../../src/model/capture.ts';
import { compileFilter, FilterFault } from '../../../src/wire/bpf/filter.ts';
import { AnyCaptureReader } from '../../../src/wire/pcap/capture-reader.ts';
import { capturePath } from '../../captures/expected.ts';
import { ethernet, ipv4, pcapFile, tcp, udp } from '../../support/capture-writer.ts';

const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'sipcol-bpf-'));
after(() => rmSync(folder, { recursive: true }));

function framesOf(path: string): CapturedFrame[] {
  const reader = new AnyCaptureReader();
  return reader.push(readFileSync(path));
}

/** Times of the packets that tcpdump lets through, as text. */
function chosenByTcpdump(path: string, expression: string): string[] {
  const output = execFileSync('tcpdump', ['-r', path, '-tt', '-n', '-q', expression], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 26,
  });
  return output.split('\n').flatMap((line) => /^(\d+\.\d{6}) /.exec(line)?.[1] ?? []);
}

function chosenByUs(path: string, expression: string): string[] {
  const filter = compileFilter(expression);
  assert.ok(!(filter instanceof FilterFault), expression);
  return framesOf(path)
    .filter(filter)
    .map(({ timeUs }) => `${Math.floor(timeUs / 1e6)}.${String(timeUs % 1e6).padStart(6, '0')}`);
}

/** Tagged frames, fragments, IPv6 with and without a fragment header, cut frames, ARP. */
function oddFrames(): string {
  const port = udp(5060, 5080, Buffer.from('OPTIONS'));
  const v6 = (next: number, payload: Buffer): Buffer => {
    const header = Buffer.alloc(40);
    header.writeUInt8(0x60, 0);
    header.writeUInt16BE(payload.length, 4);
    header.writeUInt8(next, 6);
    Buffer.from('20010db8000000000000000000000001', 'hex').copy(header, 8);
    Buffer.from('20010db8000000010000000000000002', 'hex').copy(header, 24);
    return Buffer.concat([header, payload]);
  };
  const arp = Buffer.concat([
    Buffer.alloc(12),
    Buffer.from('0806000108000604000100000000000a0a00000100000000000a0a000002', 'hex'),
  ]);
  const frames = [
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, port)),
    ethernet(ipv4('10.0.0.2', '10.1.0.1', 6, tcp(5061, 40_000, 1, 2, Buffer.alloc(0)))),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, port), 7),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, port), 7, 9),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, port, 0x2000)),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, port, 0x0004)),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 1, Buffer.from([8, 0, 0, 0]))),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 132, port)),
    ethernet(v6(17, port)),
    ethernet(v6(58, Buffer.from([128, 0, 0, 0]))),
    ethernet(v6(44, Buffer.concat([Buffer.from([17, 0, 0, 1, 0, 0, 0, 1]), port]))),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, port)).subarray(0, 30),
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, port)).subarray(0, 34),
    arp,
  ];
  const path = join(folder, 'odd.pcap');
  writeFileSync(path, pcapFile(frames.map((frame, index) => ({ timeUs: 1e15 + index * 1e6 + index, frame }))));
  return path;
}

const EXPRESSIONS = [
  'udp',
  'tcp',
  'ip',
  'ip6',
  'arp',
  'icmp',
  'icmp6',
  'sctp',
  'port 5060',
  'not port 9060',
  'udp port 5060',
  'tcp port 5061',
  'src port 5060',
  'dst port 5060',
  'src or dst port 5080',
  'src and dst port 5060',
  'port 5060 or 5080',
  'portrange 5060-5080',
  'udp portrange 6000-7000 and not port 9060',
  'host 127.0.0.1',
  'host 10.0.0.1',
  'src host 10.0.0.1',
  'dst 10.0.0.2',
  'ip host 10.0.0.1',
  'net 10.0.0.0/24',
  'net 10.1',
  'dst net 10.1.0.0 mask 255.255.0.0',
  'host 2001:db8::1',
  'dst net 2001:db8:0:1::/64',
  'ip6 and udp',
  'ip proto 17',
  'ip6 proto 17',
  'ip and port 5060',
  'vlan',
  'vlan 7',
  'vlan 7 and port 5060',
  'vlan and vlan 9 and udp',
  'not vlan and udp',
  'port 5060 or vlan and port 5060',
  'udp or tcp and port 5061',
  '(udp or tcp) and not (host 10.0.0.2 or net 127.0.0.0/8)',
  '!udp && !tcp || port 5060',
  'less 60',
  'greater 600',
  'not host 10.0.0.1 and not port 5060',
];

for (const expression of EXPRESSIONS) {
  test(`"${expression}" chooses the packets that tcpdump chooses`, { skip: hasTcpdump ? false : 'no tcpdump' }, () => {
    for (const path of [oddFrames(), capturePath('kamailio-5.6-siptrace-hep3-sip-over-tcp')]) {
      assert.deepEqual(chosenByUs(path, expression), chosenByTcpdump(path, expression));
    }
  });
}

for (const [expression, position] of [
  ['port', 4],
  ['port 70000', 5],
  ['host example.com', 5],
  ['udp and (tcp', 12],
  ['udp tcp', 4],
  ['ether host 1', 0],
  ['udp[8] = 1', 3],
  ['portrange 9-3', 10],
  ['arp port 5060', 9],
  [')', 0],
] as const) {
  test(`compileFilter() refuses "${expression}" at ${position}`, () => {
    const fault = compileFilter(expression);
    assert.ok(fault instanceof FilterFault);
    assert.equal(fault.position, position);
  });
}

test('compileFilter() answers any text with a filter or a fault, and the filter any frame', () => {
  const words = fc.constantFrom(
    'not',
    '(',
    ')',
    'and',
    'or',
    'udp',
    'port',
    '5060',
    'host',
    '10.0.0.1',
    'vlan',
    'net',
    '::1',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 40 }).map((list) => list.join(' ')),
  );
  fc.assert(
    fc.property(
      text,
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom(0, 1, 101, 113, 276, 999),
      (expression, octets, linkType) => {
        const filter = compileFilter(expression);
        if (filter instanceof FilterFault) return;
        const answer = filter({ linkType, timeUs: 0, wireLength: octets.length, bytes: Buffer.from(octets) });
        assert.equal(typeof answer, 'boolean');
      },
    ),
  );
});
