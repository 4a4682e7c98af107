import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportViews } from '../../src/engine/report-views.ts';
import { Ignored, Reports } from '../../src/model/counters.ts';
import { PayloadKind } from '../../src/model/packet.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

const INVITE = [
  'INVITE sip:b@192.0.2.20 SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1',
  'From: <sip:a@192.0.2.10>;tag=1',
  'To: <sip:b@192.0.2.20>',
  'Call-ID: c1',
  'CSeq: 1 INVITE',
  '',
  '',
].join('\r\n');

interface Sent {
  kind: number;
  payload: string;
  callId?: string;
  atUs?: number;
  back?: boolean;
}

function send(stage: PipelineStage, { kind, payload, callId, atUs = NOW_US, back = false }: Sent): void {
  const [src, dst] = back ? ['192.0.2.20', '192.0.2.10'] : ['192.0.2.10', '192.0.2.20'];
  const datagram = encodeHep3({
    src,
    dst,
    srcPort: 4001,
    dstPort: 4003,
    ipProtocol: 17,
    capturedAtUs: atUs,
    kind,
    captureId: 7,
    payload: Buffer.from(payload, 'latin1'),
    ...(callId === undefined ? {} : { correlationId: callId }),
  });
  stage.pipeline.datagram(datagram, '192.0.2.50', 9, atUs);
}

const RTCP =
  '{"ssrc":1,"type":201,"report_blocks":[{"source_ssrc":2,"fraction_lost":0,"packets_lost":4,"ia_jitter":8}]}';

function withCall(...argv: string[]): PipelineStage {
  const stage = new PipelineStage(...argv);
  send(stage, { kind: PayloadKind.SIP, payload: INVITE });
  return stage;
}

const counted = ({ counters }: PipelineStage): number[] =>
  [Reports.KEPT, Reports.UNKNOWN].map((index) => counters.get(index));

test('a report that names a call is kept with it, and ignored for tracking as ever', () => {
  const stage = withCall();
  send(stage, { kind: PayloadKind.RTCP, payload: RTCP, callId: 'c1' });
  send(stage, { kind: PayloadKind.LOG, payload: 'branch failed', callId: 'c1' });
  assert.deepEqual(
    stage.reports
      .of('c1')
      .map(({ src, dst, observerId, report }) => [
        src,
        dst,
        observerId,
        report.kind,
        report.text,
        report.streams[0]?.lost,
      ]),
    [
      [{ ip: '192.0.2.10', port: 4001 }, { ip: '192.0.2.20', port: 4003 }, '7@192.0.2.50:9/udp', 'RTCP', '', 4],
      [
        { ip: '192.0.2.10', port: 4001 },
        { ip: '192.0.2.20', port: 4003 },
        '7@192.0.2.50:9/udp',
        'log',
        'branch failed',
        undefined,
      ],
    ],
  );
  assert.deepEqual(counted(stage), [2, 0]);
  assert.deepEqual(
    [Ignored.rtcp, Ignored.log].map((index) => stage.counters.get(index)),
    [1, 1],
  );
  assert.equal(stage.received, stage.exits);
});

test('a report is kept also where its call has arrived with it', () => {
  const stage = new PipelineStage();
  stage.pipeline.beginBatch();
  send(stage, { kind: PayloadKind.SIP, payload: INVITE });
  send(stage, { kind: PayloadKind.RTCP, payload: RTCP, callId: 'c1' });
  stage.pipeline.endBatch();
  assert.deepEqual(counted(stage), [1, 0]);
  assert.equal(stage.tracker.held('c1').length, 1);
});

test('a report of a call that is not held is counted, one that names none is ignored', () => {
  const stage = withCall();
  send(stage, { kind: PayloadKind.RTCP, payload: RTCP, callId: 'c2' });
  send(stage, { kind: PayloadKind.RTCP, payload: RTCP });
  assert.deepEqual([...counted(stage), stage.counters.get(Ignored.rtcp)], [0, 1, 2]);
});

test('a report that cannot be read is refused, and the next one kept', () => {
  const stage = withCall();
  send(stage, { kind: PayloadKind.RTCP, payload: 'nonsense', callId: 'c1' });
  send(stage, { kind: PayloadKind.RTCP, payload: '\x81\xc9\x00\x01\x12\x34\x56\x78', callId: 'c1' });
  send(stage, { kind: PayloadKind.RTCP, payload: RTCP, callId: 'c1' });
  const [agent] = [...stage.agents.agents()].map((known) => known.view(0));
  assert.deepEqual(agent?.refused, { REPORT_BAD_JSON: 1, REPORT_BAD_RTCP: 1 });
  assert.deepEqual(counted(stage), [1, 0]);
  assert.equal(stage.received, stage.exits);
});

test('of one call the newest reports are kept, with keep_reports=0 none are', () => {
  const stage = withCall('--keep_reports=3');
  for (let n = 0; n < 5; n++) send(stage, { kind: PayloadKind.LOG, payload: `line ${n}`, callId: 'c1' });
  assert.deepEqual(
    stage.reports.of('c1').map(({ report }) => report.text),
    ['line 2', 'line 3', 'line 4'],
  );
  const off = withCall('--keep_reports=0');
  send(off, { kind: PayloadKind.RTCP, payload: 'nonsense', callId: 'c1' });
  assert.deepEqual([off.reports.of('c1'), counted(off), off.counters.get(Ignored.rtcp)], [[], [0, 0], 1]);
});

test('of all calls together as many reports are kept as there is memory for, the oldest give way', () => {
  const stage = withCall('--keep_reports_mem=1MiB', '--keep_reports=10000');
  send(stage, { kind: PayloadKind.SIP, payload: INVITE.replace('Call-ID: c1', 'Call-ID: c2') });
  send(stage, { kind: PayloadKind.LOG, payload: 'x', callId: 'c2' });
  // Each takes 500 octets, two of Call-ID and 500 of text: 1046 of them fill a megabyte.
  for (let n = 0; n < 1100; n++) send(stage, { kind: PayloadKind.LOG, payload: String(n).padEnd(500), callId: 'c1' });
  assert.deepEqual([stage.reports.of('c1').length, stage.reports.of('c2').length], [1046, 0]);
  assert.equal(stage.reports.of('c1')[0]?.report.text.trim(), '54');
});

test('a receiver report that answers a sender report tells the round trip', () => {
  const stage = withCall();
  const sender = `{"ssrc":1,"sender_information":{"ntp_timestamp_sec":3908988800,"ntp_timestamp_usec":0,"packets":9,"octets":99}}`;
  send(stage, { kind: PayloadKind.RTCP, payload: sender, callId: 'c1', atUs: NOW_US + 1_000_000 });
  // Its middle is 6f800000, 1870659584; the answer comes 120 ms later, of which it waited 65536 / 16 units, 62.5 ms.
  const answer = '{"ssrc":2,"report_blocks":[{"source_ssrc":1,"lsr":1870659584,"dlsr":4096}]}';
  send(stage, { kind: PayloadKind.RTCP, payload: answer, callId: 'c1', atUs: NOW_US + 1_120_000, back: true });
  const views = reportViews(stage.reports.of('c1'));
  assert.deepEqual(
    views.map(({ sent, streams }) => [sent, streams[0]?.roundTripMs]),
    [
      [{ packets: 9, octets: 99 }, undefined],
      [null, 57.5],
    ],
  );
});
