import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  counterByName,
  ParseErrsOver,
  Pkt,
  SIP_CARRIERS,
  SipOver,
  TrackedErrOver,
  TrackedOkOver,
} from '../../src/model/counters.ts';
import { damagedDatagram } from '../support/hostile.ts';
import { Random } from '../support/random.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

const sum = (stage: PipelineStage, indices: readonly number[]): number =>
  indices.reduce((total, index) => total + stage.counters.get(index), 0);
const each = (over: Readonly<Record<(typeof SIP_CARRIERS)[number], number>>): number[] => Object.values(over);

test('what came over which transport adds up to all there was, whatever arrives', () => {
  const stage = new PipelineStage();
  const random = new Random(11);
  for (let n = 0; n < 20_000; n++) stage.pipeline.datagram(damagedDatagram(random), '192.0.2.9', 9060, NOW_US);
  const count = (index: number): number => stage.counters.get(index);
  assert.ok(count(Pkt.TOTAL_PACKETS) > 1000);
  const transports = [Pkt.UDP, Pkt.TCP, Pkt.TLS, Pkt.DTLS, Pkt.SCTP, Pkt.WS, Pkt.OTHER];
  assert.equal(sum(stage, transports), count(Pkt.TOTAL_PACKETS));
  assert.equal(count(Pkt.IP4) + count(Pkt.IP6), count(Pkt.TOTAL_PACKETS));
  assert.equal(count(Pkt.UDP4) + count(Pkt.UDP6), count(Pkt.UDP));
  assert.equal(count(Pkt.TCP4) + count(Pkt.TCP6), count(Pkt.TCP));
  assert.equal(count(Pkt.SCTP4) + count(Pkt.SCTP6), count(Pkt.SCTP));
  assert.equal(count(Pkt.WS4) + count(Pkt.WS6), count(Pkt.WS));
  assert.equal(sum(stage, each(SipOver)), count(Pkt.PARSE_ATTEMPTS));
  assert.equal(sum(stage, each(ParseErrsOver)), count(Pkt.PARSE_ERRS));
  assert.equal(sum(stage, each(TrackedOkOver)), count(Pkt.TRACKED_OK));
  assert.equal(sum(stage, each(TrackedErrOver)), count(Pkt.TRACKED_ERR));
  assert.equal(count(Pkt.TRACKED_OK) + count(Pkt.TRACKED_ERR), count(Pkt.PARSE_OK));
});

const CARRIED: { via: string; ipProtocol: number; ipv6?: boolean; moved: string[] }[] = [
  { via: 'UDP', ipProtocol: 17, moved: ['udp', 'udp4', 'sip_udp', 'tracked_ok_udp'] },
  { via: 'UDP', ipProtocol: 17, ipv6: true, moved: ['udp', 'udp6', 'sip_udp', 'tracked_ok_udp'] },
  { via: 'TCP', ipProtocol: 6, moved: ['tcp', 'tcp4', 'sip_tcp', 'tracked_ok_tcp'] },
  { via: 'TLS', ipProtocol: 6, moved: ['tls', 'sip_tcp', 'tracked_ok_tcp'] },
  { via: 'SCTP', ipProtocol: 132, ipv6: true, moved: ['sctp', 'sctp6', 'sip_tcp', 'tracked_ok_tcp'] },
  { via: 'WSS', ipProtocol: 6, moved: ['ws', 'ws4', 'sip_ws', 'tracked_ok_ws'] },
];

for (const { via, ipProtocol, ipv6 = false, moved } of CARRIED) {
  test(`SIP over ${via} and IPv${ipv6 ? 6 : 4} is counted as ${moved.join(', ')}`, () => {
    const stage = new PipelineStage();
    const text = [
      'OPTIONS sip:b@example.com SIP/2.0',
      `Via: SIP/2.0/${via} 192.0.2.1;branch=z9hG4bKx`,
      'From: <sip:a@example.com>;tag=1',
      'To: <sip:b@example.com>',
      'Call-ID: x',
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
    ];
    const ip = (host: number): string => (ipv6 ? `2001:db8::${host}` : `192.0.2.${host}`);
    const packet = encodeHep3({
      src: ip(1),
      srcPort: 5060,
      dst: ip(2),
      dstPort: 5060,
      ipProtocol,
      kind: 1,
      captureId: 1,
      capturedAtUs: NOW_US,
      payload: Buffer.from(`${text.join('\r\n')}\r\n\r\n`, 'latin1'),
    });
    stage.pipeline.datagram(packet, '192.0.2.9', 9060, NOW_US);
    const all = ['udp', 'tcp', 'tls', 'dtls', 'sctp', 'ws', 'other']
      .flatMap((name) => [name, `${name}4`, `${name}6`])
      .concat(SIP_CARRIERS.flatMap((name) => [`sip_${name}`, `tracked_ok_${name}`, `tracked_err_${name}`]));
    const counted = all.filter((name) => {
      const info = counterByName(`pkt_stats.${name}`);
      return info !== undefined && stage.counters.get(info.index) > 0;
    });
    assert.deepEqual(counted, moved);
  });
}
