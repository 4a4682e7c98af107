import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type MediaReport, mediaReports, type MediaSources } from '../../../src/http/ladder/media.ts';
import type { ReportView } from '../../../src/model/views.ts';
import { call, message } from '../fakes.ts';

/** From RFC 6035 §4.6.1.1, shortened. */
const SESSION_REPORT = [
  'VQSessionReport: CallTerm',
  'CallID: 6dg37f1890463',
  'LocalID:"Alice" <sip:alice@example.org>',
  'LocalAddr:IP=192.0.2.7 PORT=5000 SSRC=1a3b5c7d',
  'RemoteAddr:IP=198.51.100.8 PORT=5002 SSRC=0x2468abcd',
  'LocalMetrics:',
  'Timestamps:START=2026-11-21T09:58:55Z STOP=2026-11-21T09:59:55Z',
  'SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FO=20 FPP=2 PPS=50 PLC=3 SSUP=on',
  'JitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120',
  'PacketLoss:NLR=5.0 JDR=2.0',
  'Delay:RTD=200 ESD=140 SOWD=200 IAJ=2 MAJ=10',
  'QualityEst:RLQ=90 RCQ=85 EXTRI=90 MOSLQ=3.4 MOSCQ=3.3 QoEEstAlg=P.564',
  'RemoteMetrics:',
  'JitterBuffer:JBA=3 JBR=2 JBN=99 JBM=80 JBX=120',
  'PacketLoss:NLR=9.0 JDR=9.0',
];

const callOf = (
  entries: MediaSources['entries'],
  items: MediaSources['items'],
  reports: MediaSources['reports'] = [],
): MediaSources => ({ entries, items, reports });

const told = (reports: readonly MediaReport[]): string[] =>
  reports.map(
    ({ src, dst, label, details }) => `${src.ip}:${src.port}>${dst.ip}:${dst.port} ${label}; ${details.join(', ')}`,
  );

const inMessage = (...lines: string[]): MediaReport[] =>
  mediaReports(callOf([], [message({ raw: ['BYE sip:b SIP/2.0', 'Call-ID: c', ...lines].join('\r\n') })]));

suite('mediaReports()', () => {
  test('reads what a phone tells in its last message', () => {
    assert.deepEqual(
      told(inMessage('X-RTP-Stat: PS=1230,OS=196800,PR=1228,OR=196480,PL=2,JI=3,LA=20,EN=PCMA,DE=PCMA', '')),
      ['192.0.2.1:5060>198.51.100.2:5060 RTP PCMA; sent 1230, received 1228, lost 2, jitter 3, latency 20'],
    );
    assert.deepEqual(told(inMessage('P-RTP-Stat : PS=1, PR=2, PL=0, MOS=4.2')), [
      '192.0.2.1:5060>198.51.100.2:5060 RTP, MOS 4.2 good; sent 1, received 2, lost 0',
    ]);
  });

  test('reads a session report of RFC 6035, from the other side to the one that tells, its local metrics only', () => {
    assert.deepEqual(told(inMessage('Content-Type: application/vq-rtcpxr', '', ...SESSION_REPORT)), [
      '198.51.100.8:5002>192.0.2.7:5000 RTP G729, MOS 3.4 fair; lost 5.0 %, discarded 2.0 %, jitter 40 ms, round trip 200 ms',
    ]);
  });

  test('takes what is no address, port or score for nothing', () => {
    const lines = [
      'VQSessionReport',
      'LocalAddr:IP=nowhere PORT=1',
      'RemoteAddr:IP=192.0.2.9 PORT=x',
      'QualityEst:MOSLQ=99',
    ];
    assert.deepEqual(told(inMessage('', ...lines)), ['198.51.100.2:5060>192.0.2.1:5060 RTP; ']);
    assert.deepEqual(inMessage('Subject: VQSessionReport', 'X-RTP-Stat:'), []);
  });

  test('reads a quality record once for each leg, at the end of its media', () => {
    const held = call();
    const [record] = held.qos;
    assert.ok(record !== undefined);
    const reports = mediaReports(callOf([held, held], []));
    assert.equal(reports.length, 1);
    assert.deepEqual([reports[0]?.atUs, reports[0]?.message], [record.endUs, null]);
    assert.equal(reports[0]?.src, record.incoming.flows[0]?.src);
  });

  test('leaves out messages that another hop repeats', () => {
    const raw = 'BYE sip:b SIP/2.0\r\nX-RTP-Stat: PS=1\r\n\r\n';
    assert.equal(mediaReports(callOf([], [message({ raw }), message({ raw, repeat: 'other-hop' })])).length, 1);
  });

  const RTCP: ReportView = {
    callId: 'c',
    atUs: 5,
    src: { ip: '192.0.2.1', port: 4001 },
    dst: { ip: '192.0.2.2', port: 4003 },
    agent: '7@192.0.2.9:1/udp',
    kind: 'RTCP',
    text: '',
    sent: { packets: 50, octets: 8000 },
    streams: [
      {
        ssrc: 1,
        codec: '',
        packets: null,
        lost: -3,
        lossPercent: 1,
        jitterUnits: 40,
        jitterMs: null,
        mos: null,
        rFactor: null,
        roundTripMs: 20.4,
      },
    ],
  };

  test('reads what agents report in RTCP: what was sent, and what was received from the other side', () => {
    const invite = message({
      sdp: { media: 'audio', address: '192.0.2.1', port: 4000, codec: 'PCMA', direction: 'sendrecv' },
    });
    // A clock of 8000: 40 units are 5 ms. Delay 20.4 / 2 + 2 × 5 + 35 = 55.2 ms: R = 93.2 - 1.3248 - 95 / 26.1 = 88.235.
    assert.deepEqual(told(mediaReports(callOf([], [invite], [RTCP]))), [
      '192.0.2.1:4001>192.0.2.2:4003 RTP PCMA; sent 50',
      '192.0.2.2:4003>192.0.2.1:4001 RTP PCMA, MOS 4.3 good; lost -3, loss 1 %, jitter 5 ms, round trip 20 ms, MOS estimated by G.107',
    ]);
  });

  test('takes a score that was told as it is, and lines of a log', () => {
    const [stream] = RTCP.streams;
    assert.ok(stream);
    const scored = {
      ...RTCP,
      sent: null,
      streams: [
        { ...stream, codec: 'G729', lossPercent: null, jitterUnits: null, roundTripMs: null, mos: 2.5, rFactor: 50 },
      ],
    };
    const log: ReportView = { ...RTCP, kind: 'log', text: 'branch failed', sent: null, streams: [] };
    assert.deepEqual(told(mediaReports(callOf([], [], [scored, log]))), [
      '192.0.2.2:4003>192.0.2.1:4001 RTP G729, MOS 2.5 poor; lost -3, R 50',
      '192.0.2.1:4001>192.0.2.2:4003 log; branch failed',
    ]);
  });
});
