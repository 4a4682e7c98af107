import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Fault } from '../../src/model/fault.ts';
import { Packet } from '../../src/model/packet.ts';
import { EVERYTHING, readMessages } from '../../src/replay/capture-file.ts';
import { freshHep, freshSip } from '../../src/replay/fresh.ts';
import { decodeHep } from '../../src/wire/hep/decode.ts';

const LIMITS = { maxMessageBytes: 65_535, maxChunks: 64, maxInflatedBytes: 0, maxInflateRatio: 1 };

suite('freshSip() marks', () => {
  const cases: [what: string, line: string, expected: string][] = [
    ['a Call-ID in front of its host', 'Call-ID: a84b@pc33.example', 'Call-ID: a84b-1@pc33.example'],
    ['a Call-ID without host', 'Call-ID:  a84b ', 'Call-ID:  a84b-1 '],
    ['the compact form', 'i: a@b', 'i: a-1@b'],
    ['the Call-ID of another leg', 'x-cid : a@b', 'x-cid : a-1@b'],
    ['no other field', 'In-Reply-To: a@b', 'In-Reply-To: a@b'],
    ['nothing where there is no Call-ID', 'Call-ID: ', 'Call-ID: '],
  ];
  for (const [what, line, expected] of cases) {
    test(`${what}: ${line}`, () => {
      const sip = (field: string): string =>
        `INVITE sip:b SIP/2.0\r\n${field}\r\nFrom: <sip:a>\r\n\r\ni: body@here\r\n`;
      assert.equal(freshSip(Buffer.from(sip(line), 'latin1'), '-1').toString('latin1'), sip(expected));
    });
  }
});

test('without a mark and without a shift every recorded packet stays as it is', async () => {
  let packets = 0;
  for (const file of ['hep1', 'hep2', 'hep3', 'hep3-sip-over-tcp']) {
    for (const bytes of await hepOf(`kamailio-5.6-siptrace-${file}.pcap`)) {
      assert.deepEqual(freshHep(bytes, { shiftUs: 0, mark: '' }), bytes);
      packets++;
    }
  }
  // As tshark counts them.
  assert.equal(packets, 282 + 282 + 282 + 188);
});

for (const [version, file] of [
  [1, 'kamailio-5.6-siptrace-hep1.pcap'],
  [2, 'kamailio-5.6-siptrace-hep2.pcap'],
  [3, 'kamailio-5.6-siptrace-hep3.pcap'],
] as const) {
  test(`HEP${version} is the same message later, with the mark in its Call-ID and correlation id`, async () => {
    const shiftUs = 3_600_500_000;
    for (const bytes of await hepOf(file)) {
      const [before, after] = [bytes, freshHep(bytes, { shiftUs, mark: '-7' })].map((octets) => {
        const packet = new Packet(octets);
        assert.equal(decodeHep(octets, 0, octets.length, packet, LIMITS, 1), Fault.NONE);
        const { version: is, src3, dst3, srcPort, dstPort, captureId, capturedAtUs, length } = packet;
        assert.deepEqual([is, length], [version, octets.length]);
        return {
          same: [src3, dst3, srcPort, dstPort, captureId],
          capturedAtUs,
          sip: octets.toString('latin1', packet.start, packet.end),
          correlation: octets.toString('latin1', packet.correlationStart, packet.correlationEnd),
        };
      });
      assert.ok(before !== undefined && after !== undefined);
      assert.deepEqual(after.same, before.same);
      assert.equal(after.capturedAtUs, version === 1 ? 0 : before.capturedAtUs + shiftUs);
      assert.equal(after.sip, before.sip.replaceAll(/^((?:Call-ID|X-CID): [^@\r\n]*)/gm, '$1-7'));
      assert.notEqual(after.sip, before.sip);
      assert.equal(after.correlation, before.correlation.replace('@', '-7@'));
    }
  });
}

test('several HEP3 packets in one datagram are each made anew, and what follows them stays', async () => {
  const [one, two] = await hepOf('kamailio-5.6-siptrace-hep3.pcap');
  assert.ok(one !== undefined && two !== undefined);
  const freshness = { shiftUs: 1_000_000, mark: '-1' };
  const tail = Buffer.from('HEP3\u0000');
  assert.deepEqual(
    freshHep(Buffer.concat([one, two, tail]), freshness),
    Buffer.concat([freshHep(one, freshness), freshHep(two, freshness), tail]),
  );
});

test('damaged packets never throw, and nothing becomes longer than HEP3 can say', () => {
  const whole = readFileSync('fixtures/captures/kamailio-5.6-siptrace-hep3.pcap').subarray(82, 682);
  for (let cut = 0; cut < whole.length; cut++) {
    const damaged = Buffer.from(whole.subarray(0, cut));
    if (cut > 8) damaged[(cut * 7) % cut] = (cut * 31) & 0xff;
    assert.ok(freshHep(damaged, { shiftUs: -1e18, mark: '-1' }).length <= damaged.length + 600);
  }
  const payload = Buffer.from(`OPTIONS sip:a SIP/2.0\r\n${'i: a@b\r\n'.repeat(8000)}\r\n`, 'latin1');
  const chunk = Buffer.from([0, 0, 0, 15, 0, 0]);
  chunk.writeUInt16BE(payload.length + 6, 4);
  const packet = Buffer.concat([Buffer.from('HEP3\u0000\u0000'), chunk, payload]);
  packet.writeUInt16BE(packet.length, 4);
  assert.deepEqual(freshHep(packet, { shiftUs: 0, mark: '-1' }), packet);
});

async function hepOf(file: string): Promise<Buffer[]> {
  const packets: Buffer[] = [];
  const uncounted = { frame: () => undefined, skipped: () => undefined };
  for await (const { kind, bytes } of readMessages(`fixtures/captures/${file}`, EVERYTHING, uncounted)) {
    if (kind === 'hep') packets.push(bytes);
  }
  return packets;
}
