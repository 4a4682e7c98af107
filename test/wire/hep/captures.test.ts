import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CapturedPacket, readPcap } from '../../support/pcap.ts';
import { decode, LIMITS, noteNames, payloadText, view } from './support.ts';

const DIRECTORY = 'fixtures/captures';
/** Ports the recorded agents sent HEP to. */
const HEP_PORTS = new Set([9060, 9061, 9062]);

function isHep(packet: CapturedPacket): boolean {
  return packet.protocol === 'udp' && HEP_PORTS.has(packet.dstPort);
}

function path({ src, srcPort, dst, dstPort }: Record<string, unknown>): string {
  return `${String(src)}:${String(srcPort)} > ${String(dst)}:${String(dstPort)}`;
}

/** What was on the wire as plain SIP, per path: octets of datagrams, or of the whole TCP direction. */
function plainSip(packets: CapturedPacket[]): Map<string, string> {
  const byPath = new Map<string, string>();
  for (const packet of packets) {
    if (isHep(packet)) continue;
    byPath.set(path({ ...packet }), (byPath.get(path({ ...packet })) ?? '') + packet.payload.toString('latin1'));
  }
  return byPath;
}

/** HEP packets by tshark: `-Y 'udp.dstport in {9060,9061,9062}'`. */
const siptrace = [
  { file: 'kamailio-5.6-siptrace-hep1.pcap', packets: 282, version: 1, captureId: 0 },
  { file: 'kamailio-5.6-siptrace-hep2.pcap', packets: 282, version: 2, captureId: 2002 },
  { file: 'kamailio-5.6-siptrace-hep3.pcap', packets: 282, version: 3, captureId: 2003 },
  { file: 'kamailio-5.6-siptrace-hep3-sip-over-tcp.pcap', packets: 188, version: 3, captureId: 2003 },
] as const;

for (const { file, packets, version, captureId } of siptrace) {
  test(`decodeHep() finds in ${file} the SIP that passed beside it`, () => {
    const captured = readPcap(`${DIRECTORY}/${file}`);
    const plain = plainSip(captured);
    const hep = captured.filter(isHep);
    assert.equal(hep.length, packets);
    for (const { payload, timeUs } of hep) {
      const { fault, packet } = decode(payload, LIMITS, timeUs);
      assert.equal(fault, 'NONE');
      assert.deepEqual([packet.version, packet.kind, packet.captureId], [version, 1, captureId]);
      assert.deepEqual(noteNames(packet), version === 1 ? ['TIME_ABSENT'] : []);
      assert.equal(packet.length, payload.length);
      // siptrace stamps the moment it sends.
      if (version > 1) assert.ok(Math.abs(packet.capturedAtUs - timeUs) < 50_000);
      const beside = plain.get(path(view(packet)));
      assert.ok(beside?.includes(payloadText(packet)), `no plain SIP for ${path(view(packet))}`);
    }
  });
}

// sngrep and sipgrep were given the recording of Kamailio's HEP3 test to read and send on. sipgrep also took the HEP
// packets in it for SIP, since they contain some.
for (const { file, packets, captureId, takes } of [
  // Both write their id shifted by 16 bits.
  {
    file: 'sngrep-hep.pcap',
    packets: 276,
    captureId: 2002 * 65_536,
    takes: (packet: CapturedPacket) => !isHep(packet),
  },
  { file: 'sipgrep-hep.pcap', packets: 558, captureId: 101 * 65_536, takes: () => true },
]) {
  test(`decodeHep() finds in ${file} the packets of the recording it was made from`, () => {
    const recorded = readPcap(`${DIRECTORY}/kamailio-5.6-siptrace-hep3.pcap`).filter(takes);
    const hep = readPcap(`${DIRECTORY}/${file}`);
    assert.equal(hep.length, packets);
    const found = hep.map(({ payload, timeUs }) => {
      const { fault, packet } = decode(payload, LIMITS, timeUs);
      assert.equal(fault, 'NONE');
      assert.deepEqual([packet.version, packet.kind, packet.captureId], [3, 1, captureId]);
      assert.deepEqual(noteNames(packet), []);
      return { timeUs: packet.capturedAtUs, path: path(view(packet)), payload: payloadText(packet) };
    });
    const expected = recorded.map((packet) => ({
      timeUs: packet.timeUs,
      path: path({ ...packet }),
      payload: packet.payload.toString('latin1'),
    }));
    assert.deepEqual(found, expected);
  });
}

test('decodeHep() reads the RTCP reports of rtpengine as JSON with a correlation id', () => {
  const hep = readPcap(`${DIRECTORY}/rtpengine-10.5-rtcp-hep.pcap`);
  assert.equal(hep.length, 10);
  for (const { payload, timeUs } of hep) {
    const { fault, packet } = decode(payload, LIMITS, timeUs);
    assert.equal(fault, 'NONE');
    assert.deepEqual([packet.kind, packet.captureId, packet.notes], [5, 3001, 0]);
    assert.ok(Math.abs(packet.capturedAtUs - timeUs) < 50_000);
    assert.match(String(view(packet)['correlationId']), /\S/);
    const report = JSON.parse(payloadText(packet)) as Record<string, unknown>;
    assert.ok('ssrc' in report);
  }
});
