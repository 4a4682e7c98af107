import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { Fault } from '../../../src/model/fault.ts';
import { PayloadKind } from '../../../src/model/packet.ts';
import type { Report, StreamReport } from '../../../src/model/report.ts';
import { decodeReport } from '../../../src/wire/report/decode.ts';
import { readHep } from '../../support/hep-envelope.ts';
import { mutated } from '../../support/mutate.ts';
import { readPcap } from '../../support/pcap.ts';

const octets = (text: string): Buffer => Buffer.from(text, 'utf8');
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

function read(payload: Buffer, kind: number = PayloadKind.RTCP, mos = -1, rFactor = -1): Report {
  const report = decodeReport(kind, payload, mos, rFactor);
  assert.ok(typeof report === 'object', JSON.stringify(report));
  return report;
}

const stream = (changes: Partial<StreamReport>): StreamReport => ({
  ssrc: null,
  codec: '',
  packets: null,
  lost: null,
  lossPercent: null,
  jitterUnits: null,
  jitterMs: null,
  lastSenderReport: 0,
  delay: 0,
  mos: null,
  rFactor: null,
  ...changes,
});

suite('RTCP as JSON', () => {
  test('of captagent: a receiver report without a sender, a loss below zero', () => {
    const report = read(
      octets(
        '{ "ssrc":305419896,"type":201, "report_blocks":[{"source_ssrc":2596069104,"highest_seq_no":4711,"fraction_lost":64,"ia_jitter":48,"packets_lost":-1,"lsr":1169175573,"dlsr":197066}],"report_count":1}',
      ),
    );
    assert.deepEqual(report, {
      kind: 'RTCP',
      ssrc: 0x12345678,
      sent: null,
      streams: [
        stream({
          ssrc: 0x9abcdef0,
          lost: -1,
          lossPercent: 25,
          jitterUnits: 48,
          lastSenderReport: 1_169_175_573,
          delay: 197_066,
        }),
      ],
      text: '',
    });
  });

  test('of rtpengine: NTP words, a loss of 24 bits without a sign', () => {
    const { sent, streams } = read(
      octets(
        '{ "sender_information":{"ntp_timestamp_sec":3908988800,"ntp_timestamp_usec":530242560,"octets":8000,"rtp_timestamp":160,"packets":50},"ssrc":305419896,"type":200,"report_count":1,"report_blocks":[{"source_ssrc":2596069104,"highest_seq_no":50,"fraction_lost":0,"ia_jitter":12,"packets_lost":16777213,"lsr":0,"dlsr":0}],"sdes_report_count":1,"sdes_information":[{"sdes_chunk_ssrc":305419896,"type":1,"text":"a@b"}] }',
      ),
    );
    // 3908988800 is e8fe6f80 in hex, 530242560 is 1f9add00: the middle is 6f801f9a.
    assert.deepEqual(sent, { packets: 50, octets: 8000, ntp: 0x6f80_1f9a });
    assert.deepEqual(streams, [stream({ ssrc: 0x9abcdef0, lost: -3, lossPercent: 0, jitterUnits: 12 })]);
  });

  test('of heplify: zeros where there is no sender report', () => {
    const report = read(
      octets(
        '{"sender_information":{"ntp_timestamp_sec":0,"ntp_timestamp_usec":0,"rtp_timestamp":0,"packets":0,"octets":0},"ssrc":305419896,"type":201,"report_count":1,"report_blocks":[{"source_ssrc":2596069104,"fraction_lost":0,"packets_lost":0,"highest_seq_no":50,"ia_jitter":12,"lsr":0,"dlsr":0}],"sdes_ssrc":0}',
      ),
    );
    assert.deepEqual([report.sent, report.streams.length], [null, 1]);
  });

  test('of Asterisk: texts for numbers, and the time since 1970', () => {
    const { sent, streams } = read(
      octets(
        '{"ssrc":305419896,"type":200,"report_count":1,"sender_information":{"ntp_timestamp_sec":"1700000000","ntp_timestamp_usec":"123456","rtp_timestamp":160,"packets":50,"octets":8000},"report_blocks":[{"source_ssrc":2596069104,"fraction_lost":0,"packets_lost":0,"highest_seq_no":50,"ia_jitter":12,"lsr":"1169175573","dlsr":197066}]}',
      ),
    );
    // 1700000000 + 2208988800 = 3908988800, 0.123456 × 65536 = 8090.8: 6f80, 1f9a.
    assert.equal(sent?.ntp, 0x6f80_1f9a);
    assert.equal(streams[0]?.lastSenderReport, 1_169_175_573);
  });

  test('without blocks, with texts that are not escaped, with nothing', () => {
    assert.deepEqual(read(octets('{"ssrc":1,"report_blocks":null}')).streams, []);
    assert.equal(read(octets('{ "ssrc":7,"type":202,"report_count":0,"sdes_information":[{"text":"a"b"}] }')).ssrc, 7);
    assert.deepEqual(read(octets('{}')), { kind: 'RTCP', ssrc: null, sent: null, streams: [], text: '' });
    assert.deepEqual(read(octets('{"report_blocks":[null,7]}')).streams.length, 2);
  });

  test('that is none is a fault', () => {
    for (const text of ['', '{', 'nonsense', '\u0000', '{"ssrc":1']) {
      assert.equal(decodeReport(PayloadKind.RTCP, octets(text), -1, -1), Fault.REPORT_BAD_JSON, text);
    }
  });

  test('as rtpengine 10.5 really sends it is read', () => {
    let reports = 0;
    for (const { payload } of readPcap('fixtures/captures/rtpengine-10.5-rtcp-hep.pcap')) {
      if (payload.toString('latin1', 0, 4) !== 'HEP3') continue;
      const envelope = readHep(payload);
      if (envelope.kind !== PayloadKind.RTCP) continue;
      const { ssrc, streams } = read(envelope.payload);
      const json = JSON.parse(envelope.payload.toString('utf8'));
      assert.equal(ssrc, json.ssrc);
      assert.equal(streams.length, json.report_blocks?.length ?? 0);
      assert.equal(streams[0]?.jitterUnits, json.report_blocks?.[0]?.ia_jitter);
      reports++;
    }
    assert.ok(reports > 0);
  });
});

suite('RTCP as it is', () => {
  test('a sender report with one block, then a description of its source', () => {
    const report = read(
      hex(`81c8 000c 12345678 e8fe6f80 1f9add00 000000a0 00000032 00001f40
           9abcdef0 40fffffd 00000032 0000000c 6f801f9a 00010000   81ca 0003 12345678 01036140 62000000`),
    );
    assert.deepEqual(report, {
      kind: 'RTCP',
      ssrc: 0x12345678,
      sent: { packets: 50, octets: 8000, ntp: 0x6f80_1f9a },
      streams: [
        stream({
          ssrc: 0x9abcdef0,
          lost: -3,
          lossPercent: 25,
          jitterUnits: 12,
          lastSenderReport: 0x6f80_1f9a,
          delay: 65_536,
        }),
      ],
      text: '',
    });
  });

  test('a receiver report without blocks', () => {
    assert.deepEqual(read(hex('80c9 0001 12345678')), {
      kind: 'RTCP',
      ssrc: 0x12345678,
      sent: null,
      streams: [],
      text: '',
    });
  });

  test('what says there is more than there is, is a fault', () => {
    for (const text of [
      '81c9 0001 12345678',
      '80c9 0002 12345678',
      '80c9 0001',
      '80c8 0001 12345678',
      '80c9 0001 12345678 00',
    ]) {
      assert.equal(decodeReport(PayloadKind.RTCP, hex(text), -1, -1), Fault.REPORT_BAD_RTCP, text);
    }
  });
});

test('a media report as JSON is read, with a score of a hundred times as much', () => {
  const json = {
    CODEC_NAME: 'PCMA',
    TOTAL_PK: 500,
    EXPECTED_PK: 510,
    PACKET_LOSS: 10,
    MEAN_JITTER: 3.5,
    MOS: 412,
    RFACTOR: 88,
  };
  assert.deepEqual(read(octets(JSON.stringify(json)), PayloadKind.MOS_FULL).streams, [
    stream({
      codec: 'PCMA',
      packets: 500,
      lost: 10,
      lossPercent: (10 / 510) * 100,
      jitterMs: 3.5,
      mos: 4.12,
      rFactor: 88,
    }),
  ]);
});

test('a score in the envelope alone is a report; 0 and what is above the scale are none', () => {
  const scores = [441, 0, 65_535, -1].map((mos) => read(Buffer.alloc(0), PayloadKind.MOS_SHORT, mos).streams[0]?.mos);
  assert.deepEqual(scores, [4.41, null, null, null]);
});

test('a line of a log is told as UTF-8, its beginning', () => {
  assert.equal(read(octets('ACC: "grün"'), PayloadKind.LOG).text, 'ACC: "grün"');
  assert.equal(read(octets('x'.repeat(9000)), PayloadKind.LOG).text.length, 500);
});

test('any octets are a report or a fault', () => {
  const valid = fc.constantFrom(
    hex(
      '81c8 000c 12345678 e8fe6f80 1f9add00 000000a0 00000032 00001f40 9abcdef0 40fffffd 00000032 0000000c 6f801f9a 00010000',
    ),
    octets(
      '{"ssrc":1,"sender_information":{"ntp_timestamp_sec":"5"},"report_blocks":[{"source_ssrc":2,"fraction_lost":1}]}',
    ),
    octets('{"MOS":4.1,"JITTER":3,"PACKET_LOSS":1,"EXPECTED_PK":9}'),
  );
  const kinds = fc.constantFrom(PayloadKind.RTCP, PayloadKind.MOS_FULL, PayloadKind.MOS_SHORT, PayloadKind.LOG);
  fc.assert(
    fc.property(
      fc.oneof(
        mutated(valid),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
      kinds,
      (payload, kind) => {
        const report = decodeReport(kind, payload, 400, 90);
        if (typeof report === 'number') return report === Fault.REPORT_BAD_JSON || report === Fault.REPORT_BAD_RTCP;
        assert.ok(report.streams.length <= 31 * 100);
        for (const { lossPercent } of report.streams) assert.ok(lossPercent === null || Number.isFinite(lossPercent));
        return true;
      },
    ),
    { numRuns: 2000 },
  );
});
