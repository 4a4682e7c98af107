import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { crc32c } from '../../../src/model/crc32.ts';
import { parseIp } from '../../../src/model/endpoint.ts';
import { Transport } from '../../../src/model/transport.ts';
import { CAPTURE_FORMATS, type CaptureFormatName } from '../../../src/model/capture.ts';
import { captureFormat } from '../../../src/wire/pcap/capture-writer.ts';
import { AnyCaptureReader } from '../../../src/wire/pcap/capture-reader.ts';
import { commentOn, FrameSynthesis, type WireMessage } from '../../../src/wire/pcap/synthesis.ts';
import { blocked, obstacle } from '../../interop/tools.ts';
import { goodChecksums, remarks, sipFields } from '../../support/tshark.ts';
import { CaptureStage, sipMessage } from '../../pipeline/capture-stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'sipcol-synthesis-'));
after(() => rmSync(folder, { recursive: true }));

const TIME_US = 1_700_000_000_123_456;

function ip(text: string): { family: number; words: WireMessage['src'] } {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

interface Given {
  from?: string;
  to?: string;
  srcPort?: number;
  dstPort?: number;
  transport?: Transport;
  timeUs?: number;
  length?: number;
}

function message(octets: Buffer, given: Given = {}): WireMessage {
  const { from = '192.0.2.1', to = '192.0.2.2', srcPort = 5060, dstPort = 5070 } = given;
  const { transport = Transport.UDP, timeUs = TIME_US, length = octets.length } = given;
  const { family, words: src } = ip(from);
  const { words: dst } = ip(to);
  return { family, src, srcPort, dst, dstPort, transport, trackedAtUs: timeUs, length, octets };
}

const CARRIED: readonly { transport: Transport; kind: 'udp' | 'tcp' | 'sctp' }[] = [
  { transport: Transport.UNKNOWN, kind: 'udp' },
  { transport: Transport.UDP, kind: 'udp' },
  { transport: Transport.DTLS, kind: 'udp' },
  { transport: Transport.TCP, kind: 'tcp' },
  { transport: Transport.TLS, kind: 'tcp' },
  { transport: Transport.WS, kind: 'tcp' },
  { transport: Transport.WSS, kind: 'tcp' },
  { transport: Transport.SCTP, kind: 'sctp' },
];
const ENDS = [
  { from: '192.0.2.1', to: '192.0.2.2' },
  { from: '2001:db8::1', to: '2001:db8:ffff::2' },
];

/** A conversation on every transport and family; bodies of odd and even lengths, one of many segments. */
function conversation(): WireMessage[] {
  const messages: WireMessage[] = [];
  for (const { transport } of CARRIED) {
    for (const [family, { from, to }] of ENDS.entries()) {
      const port = 35060 + transport * 2 + family;
      for (const [n, bodyOctets] of [0, 1, 1300, 3001, 47_000].entries()) {
        const callId = `${transport}-${from}-${n}`;
        const forth = { from, to, srcPort: 5060, dstPort: port };
        const back = { from: to, to: from, srcPort: port, dstPort: 5060 };
        const way = n % 2 === 0 ? forth : back;
        messages.push(message(sipMessage(callId, bodyOctets), { ...way, transport, timeUs: TIME_US + n * 1000 }));
      }
    }
  }
  return messages;
}

function write(name: CaptureFormatName, messages: readonly WireMessage[]): string {
  const format = captureFormat(name);
  const synthesis = new FrameSynthesis();
  const records = messages.flatMap((each) =>
    synthesis.frames(each).map((frame) => format.record(frame, each.trackedAtUs, commentOn(each))),
  );
  const path = join(folder, `calls.${name}`);
  writeFileSync(path, Buffer.concat([format.header, ...records]));
  return path;
}

for (const name of CAPTURE_FORMATS) {
  test(`tshark reads every message of a ${name} file and has no remark, checksums included`, (t) => {
    if (blocked(t, obstacle(['tshark']))) return;
    const messages = conversation();
    const path = write(name, messages);
    assert.deepEqual(remarks(path), []);
    for (const { kind } of CARRIED) assert.ok(goodChecksums(path, kind) >= 10, kind);
    assert.ok(goodChecksums(path, 'ip') > 0);
    const callIds = sipFields(path, 'sip.Call-ID').map((line) => line.trim());
    assert.deepEqual(
      callIds.toSorted(),
      messages.map(({ octets }) => /Call-ID: (\S+)/.exec(octets.toString('latin1'))?.[1] ?? '').toSorted(),
    );
    const times = new Set(sipFields(path, 'frame.time_epoch'));
    assert.ok(times.has('1700000000.123456000'));
  });

  test(`what is written as ${name} is read here as the same messages`, () => {
    const messages = conversation();
    const reader = new AnyCaptureReader();
    const stage = new CaptureStage();
    const format = captureFormat(name);
    const synthesis = new FrameSynthesis();
    for (const frame of reader.push(format.header)) stage.play(frame.bytes, frame.timeUs);
    for (const each of messages) {
      for (const frame of synthesis.frames(each)) {
        const record = format.record(frame, each.trackedAtUs, commentOn(each));
        assert.equal(format.recordLength(record.subarray(0, format.recordHead)), record.length);
        const [read, ...more] = reader.push(record);
        assert.deepEqual([read?.timeUs, read?.bytes, more], [each.trackedAtUs, frame, []]);
        stage.play(frame, each.trackedAtUs);
      }
    }
    assert.equal(stage.tracked, messages.length);
  });
}

test('a connection whose numbers were forgotten begins anew, and is read on', (t) => {
  const before = sipMessage('before', 5000);
  const behind = sipMessage('behind', 10);
  const stage = new CaptureStage();
  const records: Buffer[] = [];
  for (const [octets, timeUs] of [
    [before, TIME_US],
    [behind, TIME_US + 5e6],
  ] as const) {
    const sent = message(octets, { transport: Transport.TCP, timeUs });
    for (const frame of new FrameSynthesis().frames(sent)) {
      stage.play(frame, timeUs);
      records.push(captureFormat('pcap').record(frame, timeUs, ''));
    }
  }
  assert.equal(stage.tracked, 2);
  if (blocked(t, obstacle(['tshark']))) return;
  const path = join(folder, 'anew.pcap');
  writeFileSync(path, Buffer.concat([captureFormat('pcap').header, ...records]));
  assert.equal(sipFields(path, 'sip.Call-ID').length, 2);
});

test('a message that has no room in one packet is cut, and the comment says so', (t) => {
  const octets = sipMessage('long', 70_000);
  for (const { transport, kind } of CARRIED) {
    for (const { from, to } of ENDS) {
      const sent = message(octets, { from, to, transport });
      const shown = new FrameSynthesis().frames(sent).reduce((sum, frame) => sum + frame.length, 0);
      if (kind === 'tcp') assert.ok(shown > octets.length);
      else {
        assert.ok(shown <= 65_535 + 14 + 40);
        assert.match(commentOn(sent), /the first 65\d\d\d of 70\d\d\d octets$/);
      }
    }
  }
  if (blocked(t, obstacle(['tshark']))) return;
  const cut = CARRIED.flatMap(({ transport }, n) =>
    ENDS.map((ends) => message(octets, { ...ends, srcPort: 6000 + n, transport })),
  );
  assert.deepEqual(
    remarks(write('pcapng', cut)).filter((line) => !line.includes('SIP')),
    [],
  );
});

test('the comment tells what the frames cannot', () => {
  const octets = sipMessage('c');
  assert.equal(commentOn(message(octets)), '');
  assert.equal(commentOn(message(octets, { transport: Transport.TCP })), '');
  assert.equal(commentOn(message(octets, { transport: Transport.SCTP })), '');
  assert.equal(commentOn(message(octets, { transport: Transport.TLS })), 'seen on tls, written as tcp');
  assert.equal(
    commentOn(message(octets, { transport: Transport.WSS, length: 9999 })),
    `seen on wss, written as tcp; the first ${octets.length} of 9999 octets`,
  );
});

test('any message becomes frames, whatever its time, ends and length', () => {
  const words = fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer());
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(
      fc.constantFrom(4, 6),
      words,
      port,
      words,
      port,
      fc.constantFrom(...CARRIED.map(({ transport }) => transport)),
      fc.double({ noNaN: true, min: -1e18, max: 1e18 }),
      fc.uint8Array({ maxLength: 4000 }),
      (family, src, srcPort, dst, dstPort, transport, trackedAtUs, bytes) => {
        const octets = Buffer.from(bytes);
        const sent = { family, src, srcPort, dst, dstPort, transport, trackedAtUs, length: octets.length, octets };
        const synthesis = new FrameSynthesis();
        for (const name of CAPTURE_FORMATS) {
          for (const frame of synthesis.frames(sent)) captureFormat(name).record(frame, trackedAtUs, commentOn(sent));
        }
      },
    ),
  );
});

test('crc32c() is that of RFC 3720 appendix B.4', () => {
  const ascending = Buffer.from(Array.from({ length: 32 }, (_, n) => n));
  assert.equal(crc32c(Buffer.alloc(32), 0, 32), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff), 0, 32), 0x62a8ab43);
  assert.equal(crc32c(ascending, 0, 32), 0x46dd794e);
});
