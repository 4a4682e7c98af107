import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deflateRawSync, constants } from 'node:zlib';
import * as fc from 'fast-check';
import { Ignored, Ingest, Pcap, Pkt, Ws } from '../../src/model/counters.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { ethernet, frameOf, ipv4, sctpChunk, sctpData, tcp, udp } from '../support/capture-writer.ts';
import { mutated } from '../support/mutate.ts';
import { CaptureStage, sipMessage, START_US } from './capture-stage.ts';

const SYN = 2;
const FIN = 1;

function segment(sequence: number, payload: Buffer, flags = 0x18): Buffer {
  return frameOf({
    protocol: 'tcp',
    src: '192.0.2.1',
    dst: '192.0.2.2',
    srcPort: 5060,
    dstPort: 5060,
    sequence,
    payload,
    flags,
  });
}

function callIds(stage: CaptureStage): string[] {
  return stage.calls.map((call) => call.split(' ')[0] ?? '');
}

const UDP_SIP = udp(5060, 5060, sipMessage('u', 3, 'UDP'));
const IP_SIP = ipv4('192.0.2.1', '192.0.2.2', 17, UDP_SIP);
const gre = (protocol: number, flags: number, ...rest: Buffer[]): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(flags, 0);
  header.writeUInt16BE(protocol, 2);
  return ethernet(ipv4('10.0.0.1', '10.0.0.2', 47, Buffer.concat([header, ...rest])));
};

for (const [name, captured, linkType = 1] of [
  ['Ethernet', ethernet(IP_SIP)],
  ['802.1Q', ethernet(IP_SIP, 5)],
  ['QinQ', ethernet(IP_SIP, 5, 6)],
  ['SLL', Buffer.concat([Buffer.alloc(14), Buffer.from([8, 0]), IP_SIP]), 113],
  ['SLL2', Buffer.concat([Buffer.from([8, 0]), Buffer.alloc(18), IP_SIP]), 276],
  ['NULL', Buffer.concat([Buffer.from([2, 0, 0, 0]), IP_SIP]), 0],
  ['LOOP', Buffer.concat([Buffer.from([0, 0, 0, 2]), IP_SIP]), 108],
  ['RAW', IP_SIP, 101],
  ['LINKTYPE_IPV4', IP_SIP, 228],
  ['IP in IP', ethernet(ipv4('10.0.0.1', '10.0.0.2', 4, IP_SIP))],
  ['GRE', gre(0x0800, 0, IP_SIP)],
  ['GRE with key and sequence number', gre(0x0800, 0x3000, Buffer.alloc(8), IP_SIP)],
  ['Ethernet in GRE', gre(0x6558, 0, ethernet(IP_SIP))],
  ['ERSPAN type II', gre(0x88be, 0x1000, Buffer.alloc(4), Buffer.alloc(8), ethernet(IP_SIP))],
  ['ERSPAN type III', gre(0x22eb, 0x1000, Buffer.alloc(4), Buffer.alloc(12), ethernet(IP_SIP))],
  [
    'VXLAN',
    ethernet(ipv4('10.0.0.1', '10.0.0.2', 17, udp(1000, 4789, Buffer.concat([Buffer.alloc(8), ethernet(IP_SIP)])))),
  ],
] as const) {
  test(`SIP over UDP is found in ${name}`, () => {
    const stage = new CaptureStage('--vxlan_ports=4789');
    stage.play(captured, START_US, linkType);
    assert.deepEqual(callIds(stage), ['u']);
    assert.equal(stage.counters.get(Pkt.VXLAN), name === 'VXLAN' ? 1 : 0);
  });
}

test('headers without end inside headers are given up', () => {
  let packet = IP_SIP;
  for (let depth = 0; depth < 40; depth++) packet = ipv4('10.0.0.1', '10.0.0.2', 4, packet);
  const stage = new CaptureStage();
  stage.play(ethernet(packet));
  assert.equal(stage.counters.get(Pkt.NO_TRANSPORT), 1);
});

test('a datagram in fragments is read when the last one is there, in any order', () => {
  const cut = 64;
  const first = ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, UDP_SIP.subarray(0, cut), 0x2000, 9));
  const last = ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, UDP_SIP.subarray(cut), cut / 8, 9));
  for (const order of [
    [first, last],
    [last, first],
    [first, first, last],
  ]) {
    const stage = new CaptureStage();
    for (const frame of order) stage.play(frame);
    assert.deepEqual(callIds(stage), ['u']);
    assert.equal(stage.counters.get(Pkt.IP4_FRAGS), order.length);
    assert.equal(stage.counters.get(Pkt.IP_DEFRAG), 1);
  }
});

test('fragments that overlap, never end or come too late are given up and counted', () => {
  const stage = new CaptureStage('--frag_max_mem=64KiB');
  const piece = Buffer.alloc(1480);
  stage.play(ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, piece, 0x2000, 1)));
  stage.play(ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, piece, 0x2001, 1)));
  assert.equal(stage.counters.get(Pkt.IP_DEFRAG_DROPPED), 1);
  for (let id = 2; id < 1000; id++) stage.play(ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, piece, 0x2000, id)));
  const dropped = stage.counters.get(Pkt.IP_DEFRAG_DROPPED);
  assert.ok(dropped > 900, String(dropped));
  stage.play(ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, piece, 0x2000, 2000)), START_US + 31_000_000);
  assert.equal(stage.counters.get(Pkt.IP_DEFRAG_DROPPED), 999);
});

test('SCTP carries several messages in one packet', () => {
  const stage = new CaptureStage();
  const payload = sctpData(5060, 5060, sipMessage('s1', 1, 'SCTP'), sipMessage('s2', 2, 'SCTP'));
  stage.play(ethernet(ipv4('192.0.2.1', '192.0.2.2', 132, payload)));
  assert.deepEqual(callIds(stage), ['s1', 's2']);
  assert.ok(stage.calls.every((call) => call.includes(' sctp ')));
});

suite('an SCTP message in several DATA chunks', () => {
  const message = sipMessage('pieces', 3000, 'SCTP');
  const FIRST = 2;
  const LAST = 1;
  /** One chunk a packet. */
  const packet = (start: number, end: number, tsn: number, flags: number, srcPort = 5060): Buffer =>
    ethernet(ipv4('192.0.2.1', '192.0.2.2', 132, sctpChunk(srcPort, 5060, tsn, flags, message.subarray(start, end))));
  const PIECES = [
    packet(0, 1001, 0xffff_fffe, FIRST),
    packet(1001, 2000, 0xffff_ffff, 0),
    // Numbers begin again behind the highest.
    packet(2000, message.length, 0, LAST),
  ] as const;
  const orders = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [0, 0, 2, 1, 2],
  ];
  for (const order of orders) {
    test(`is read once when its pieces come as ${order.join(' ')}`, () => {
      const stage = new CaptureStage();
      for (const piece of order) stage.play(PIECES[piece]!); // there are three
      assert.deepEqual(stage.calls.length, 1);
      assert.deepEqual([stage.tracked, stage.counters.get(Pkt.SCTP_DEFRAG)], [1, 1]);
    });
  }

  test('is not made of pieces of different associations, nor across the end of another message', () => {
    const stage = new CaptureStage();
    stage.play(packet(0, 1001, 1, FIRST));
    stage.play(packet(1001, 2000, 2, 0, 5061));
    stage.play(packet(2000, message.length, 3, LAST));
    stage.play(packet(0, 1001, 11, FIRST));
    stage.play(packet(2000, message.length, 13, LAST));
    stage.play(packet(0, 1001, 12, FIRST));
    assert.deepEqual([stage.tracked, stage.counters.get(Pkt.SCTP_DEFRAG)], [1, 1]);
    // 12 and 13 made one that is too short.
    assert.equal(stage.counters.get(Pkt.PARSE_ATTEMPTS), 1);
  });

  test('is given up with time or for want of room, and the next one is read', () => {
    const stage = new CaptureStage('--frag_max_mem=64KiB');
    for (let tsn = 0; tsn < 2000; tsn += 2) stage.play(packet(0, 1500, tsn, 0));
    const dropped = stage.counters.get(Pkt.SCTP_DEFRAG_DROPPED);
    assert.ok(dropped > 900, String(dropped));
    stage.play(packet(0, 1001, 5001, FIRST), START_US + 31_000_000);
    assert.equal(stage.counters.get(Pkt.SCTP_DEFRAG_DROPPED), 1000);
    stage.play(packet(1001, message.length, 5002, LAST), START_US + 32_000_000);
    assert.equal(stage.tracked, 1);
  });
});

test('HEP in a capture is decoded, over UDP and TCP', () => {
  const hep = (callId: string): Buffer =>
    encodeHep3({
      src: '192.0.2.10',
      srcPort: 5060,
      dst: '192.0.2.20',
      dstPort: 5060,
      ipProtocol: 17,
      capturedAtUs: START_US,
      kind: 1,
      captureId: 7,
      payload: sipMessage(callId, 0, 'UDP'),
    });
  const stage = new CaptureStage();
  stage.play(
    frameOf({ protocol: 'udp', src: '192.0.2.1', dst: '192.0.2.2', srcPort: 1, dstPort: 9060, payload: hep('h1') }),
  );
  const stream = Buffer.concat([hep('h2'), hep('h3')]);
  stage.play(segment(1, stream.subarray(0, 100)));
  stage.play(segment(101, stream.subarray(100)));
  assert.deepEqual(callIds(stage), ['h1', 'h2', 'h3']);
});

test('a stream cut anywhere, its segments in any order, gives the same messages', () => {
  const messages = ['a', 'b', 'c'].map((callId, index) => sipMessage(callId, index * 40));
  const stream = Buffer.concat([Buffer.from('\r\n\r\n'), ...messages]);
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: stream.length }), { maxLength: 20 }),
      fc.nat({ max: 0xffff_ffff }),
      fc.infiniteStream(fc.nat()),
      (cuts, first, random) => {
        const places = [...new Set([0, ...cuts, stream.length])].toSorted((a, b) => a - b);
        const segments = places.slice(0, -1).map((at, index) => ({
          frame: segment(first + 1 + at, stream.subarray(at, places[index + 1])),
          key: random.next().value,
        }));
        const stage = new CaptureStage();
        stage.play(segment(first, Buffer.alloc(0), SYN));
        for (const { frame } of segments.toSorted((a, b) => a.key - b.key)) stage.play(frame);
        stage.capture.end();
        assert.deepEqual(callIds(stage), ['a', 'b', 'c']);
        assert.equal(stage.received, 3);
        assert.equal(stage.counters.get(Pkt.TCP_HELD), 0);
        assert.equal(stage.counters.get(Pkt.TCP_ACTIVE), 0);
      },
    ),
    { numRuns: 200 },
  );
});

test('segments sent again and overlapping are read once', () => {
  const stage = new CaptureStage();
  const message = sipMessage('again', 100);
  stage.play(segment(1, message.subarray(0, 200)));
  stage.play(segment(1, message.subarray(0, 200)));
  stage.play(segment(101, message.subarray(100)));
  assert.equal(stage.received, 1);
});

test('a capture that begins inside a message goes on with the next one', () => {
  const stage = new CaptureStage();
  const stream = Buffer.concat([sipMessage('before', 60).subarray(150), sipMessage('next', 5)]);
  stage.play(segment(5000, stream));
  assert.deepEqual(callIds(stage), ['next']);
  assert.equal(stage.counters.get(Pkt.TCP_RECOVERED), 1);
});

test('a loss inside a body costs nothing, a loss inside a head its message', () => {
  for (const [from, to, expected] of [
    [400, 500, ['first', 'second', 'third']],
    [20, 120, ['second', 'third']],
  ] as const) {
    const first = sipMessage('first', 400);
    const stream = Buffer.concat([first, sipMessage('second', 30), sipMessage('third', 30)]);
    const stage = new CaptureStage('--tcp_reorder_timeout=1s');
    stage.play(segment(1, stream.subarray(0, from)));
    stage.play(segment(1 + to, stream.subarray(to, 600)));
    stage.play(segment(601, stream.subarray(600)), START_US + 2_000_000);
    stage.capture.end();
    assert.deepEqual(callIds(stage), [...expected].toSorted());
    assert.equal(stage.counters.get(Pkt.TCP_MISS), 1);
    assert.equal(stage.counters.get(Pkt.TCP_MISSED_BYTES), to - from);
  }
});

test('a message without Content-Length is refused and the next one read', () => {
  const bad = Buffer.from(sipMessage('bad').toString('latin1').replace('Content-Length: 0\r\n', ''), 'latin1');
  const stage = new CaptureStage();
  stage.play(segment(1, Buffer.concat([bad, sipMessage('good')])));
  assert.deepEqual(callIds(stage), ['good']);
  assert.equal(stage.counters.get(Ingest.REFUSED), 1);
});

test('a stream that is no SIP costs neither messages nor memory', () => {
  const stage = new CaptureStage();
  const line = Buffer.from('GET /index.html HTTP/1.1\r\nHost: example.com\r\nX: ' + 'y'.repeat(1000));
  for (let n = 0; n < 100; n++) stage.play(segment(1 + n * line.length, line));
  assert.equal(stage.received, 0);
});

test('waiting segments are bounded in one stream and in all, and streams in number', () => {
  const stage = new CaptureStage('--tcp_max_stream_mem=4KiB', '--tcp_max_mem=64KiB', '--tcp_max_streams=10');
  for (let stream = 0; stream < 50; stream++) {
    for (let n = 0; n < 50; n++) {
      const payload = Buffer.alloc(1000);
      const ports = { srcPort: 2000 + stream, dstPort: 5060 };
      stage.play(
        frameOf({ protocol: 'tcp', src: '192.0.2.1', dst: '192.0.2.2', ...ports, sequence: n * 2000, payload }),
      );
    }
  }
  assert.equal(stage.counters.get(Pkt.TCP_STREAMS), 50);
  assert.equal(stage.counters.get(Pkt.TCP_STREAMS_EVICTED), 40);
  assert.ok((stage.counters.maxima[Pkt.TCP_HELD] ?? 0) <= 66_000);
  assert.ok((stage.counters.maxima[Pkt.TCP_ACTIVE] ?? 0) <= 10);
});

test('incomplete messages of many streams are bounded together, and those given up are counted', () => {
  const stage = new CaptureStage('--tcp_max_mem=64KiB');
  const begun = sipMessage('begun', 5000).subarray(0, 1200);
  const play = (srcPort: number, sequence: number, payload: Buffer): void =>
    stage.play(
      frameOf({ protocol: 'tcp', src: '192.0.2.1', dst: '192.0.2.2', srcPort, dstPort: 5060, sequence, payload }),
    );
  for (let stream = 0; stream < 100; stream++) play(2000 + stream, 1, begun);
  assert.equal(stage.counters.get(Pkt.TCP_MSG_LIMIT), 100 - Math.floor(65_536 / begun.length));
  // A stream that lost its message goes on with the next one.
  play(2099, 1 + begun.length, Buffer.concat([Buffer.from('x\r\n'), sipMessage('after')]));
  assert.deepEqual(callIds(stage), ['after']);
});

test('a stream silent for tcp_connection_timeout of capture time is dropped', () => {
  const stage = new CaptureStage('--tcp_connection_timeout=10s', '--tcp_gc_int=1s');
  stage.play(segment(1, sipMessage('one').subarray(0, 50)));
  stage.play(
    frameOf({
      protocol: 'tcp',
      src: '192.0.2.3',
      dst: '192.0.2.4',
      srcPort: 1,
      dstPort: 2,
      sequence: 1,
      payload: Buffer.from('x'),
    }),
    START_US + 11_000_000,
  );
  assert.equal(stage.counters.get(Pkt.TCP_STREAM_TIMEOUTS), 1);
});

test('a connection that ends and begins again between the same ports is another stream', () => {
  const stage = new CaptureStage();
  stage.play(segment(100, Buffer.alloc(0), SYN));
  stage.play(segment(101, sipMessage('one'), 0x18 | FIN));
  stage.play(segment(900_000, Buffer.alloc(0), SYN));
  stage.play(segment(900_001, sipMessage('two')));
  assert.deepEqual(callIds(stage), ['one', 'two']);
  assert.equal(stage.counters.get(Pkt.TCP_STREAMS), 2);
});

const UPGRADE = Buffer.from(
  'GET /ws HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n',
);

function wsFrame(first: number, payload: Buffer, mask?: Buffer): Buffer {
  const maskBit = mask === undefined ? 0 : 0x80;
  const header =
    payload.length < 126
      ? Buffer.from([first, maskBit | payload.length])
      : Buffer.from([first, maskBit | 126, payload.length >> 8, payload.length & 255]);
  if (mask === undefined) return Buffer.concat([header, payload]);
  const masked = Buffer.from(payload.map((octet, at) => octet ^ (mask[at % 4] ?? 0)));
  return Buffer.concat([header, mask, masked]);
}

/** A stream with all kinds of frames, and the Call-IDs in it. */
function webSocketStream(): { stream: Buffer; expected: string[] } {
  const mask = Buffer.from([1, 2, 3, 4]);
  const parts = sipMessage('parts', 10, 'WS');
  // One compressor for two messages: the second refers to the first (RFC 7692 §7.2.3.2).
  const first = sipMessage('z1', 10, 'WS');
  const deflate = (text: Buffer, dictionary?: Buffer): Buffer =>
    deflateRawSync(text, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary === undefined ? {} : { dictionary }),
    }).subarray(0, -4);
  const stream = Buffer.concat([
    UPGRADE,
    wsFrame(0x81, sipMessage('masked', 10, 'WS'), mask),
    wsFrame(0x89, Buffer.from('ping'), mask),
    wsFrame(0x01, parts.subarray(0, 30), mask),
    wsFrame(0x8a, Buffer.alloc(0), mask),
    wsFrame(0x80, parts.subarray(30), mask),
    wsFrame(0xc2, deflate(first), mask),
    wsFrame(0xc2, deflate(sipMessage('z2', 10, 'WS'), first), mask),
    wsFrame(0x88, Buffer.from([3, 232]), mask),
  ]);
  return { stream, expected: ['masked', 'parts', 'z1', 'z2'] };
}

function webSocketSegment(sequence: number, payload: Buffer): Buffer {
  return ethernet(ipv4('192.0.2.1', '192.0.2.2', 6, tcp(40_000, 8088, sequence, 0x18, payload)));
}

test('SIP over WebSocket: masks, fragments, control frames and permessage-deflate, cut anywhere', () => {
  const { stream, expected } = webSocketStream();
  fc.assert(
    fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 12 }), (cuts) => {
      const places = [...new Set([0, ...cuts, stream.length])].toSorted((a, b) => a - b);
      const stage = new CaptureStage('--websocket_ports=8088');
      for (const [index, at] of places.slice(0, -1).entries()) {
        stage.play(webSocketSegment(1 + at, stream.subarray(at, places[index + 1])));
      }
      assert.deepEqual(callIds(stage), expected);
      assert.ok(stage.calls.every((call) => call.includes(' ws ')));
      assert.equal(stage.counters.get(Ws.CTRL_FRAMES), 3);
      assert.equal(stage.counters.get(Ws.SIP_COMP), 2);
    }),
  );
});

test('a WebSocket that is no SIP is left unread, and a bomb is not inflated', () => {
  const stage = new CaptureStage('--websocket_ports=8088');
  stage.play(webSocketSegment(1, Buffer.from(UPGRADE.toString().replace('Protocol: sip', 'Protocol: chat'))));
  assert.equal(stage.counters.get(Ws.UPGRADE_ERR), 1);
  const other = new CaptureStage('--websocket_ports=8088');
  const bomb = deflateRawSync(Buffer.alloc(50_000_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, 60_000);
  other.play(webSocketSegment(1, Buffer.concat([UPGRADE, wsFrame(0xc1, bomb)])));
  assert.equal(other.counters.get(Ws.ERRS), 1);
  assert.equal(other.received, 0);
});

test('damaged frames of any kind never throw, and everything received is counted once', () => {
  const { stream } = webSocketStream();
  const valid = fc.constantFrom<Uint8Array>(
    segment(1, sipMessage('t', 50)),
    segment(500, Buffer.concat([sipMessage('t'), sipMessage('v')])),
    webSocketSegment(1, stream),
    ethernet(ipv4('192.0.2.1', '192.0.2.2', 132, sctpData(1, 2, sipMessage('s'), sipMessage('s2')))),
    gre(0x88be, 0x1000, Buffer.alloc(12), ethernet(IP_SIP, 3)),
    ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, UDP_SIP.subarray(0, 64), 0x2000, 9)),
    ethernet(ipv4('192.0.2.1', '192.0.2.2', 17, UDP_SIP.subarray(64), 8, 9)),
  );
  fc.assert(
    fc.property(
      fc.array(mutated(valid), { maxLength: 12 }),
      fc.constantFrom(1, 113, 276, 101, 0),
      (frames, linkType) => {
        const stage = new CaptureStage('--websocket_ports=8088', '--vxlan_ports=5060');
        for (const damaged of frames) stage.play(damaged, START_US, linkType);
        stage.capture.end();
        assert.equal(stage.received, stage.exits);
        stage.play(ethernet(ipv4('192.0.2.9', '192.0.2.8', 17, udp(1, 2, sipMessage('last')))), START_US + 1);
        assert.ok(callIds(stage).includes('last'));
      },
    ),
    { numRuns: 300 },
  );
});

test('what is no SIP on UDP is ignored with its reason', () => {
  const stage = new CaptureStage();
  stage.play(
    frameOf({
      protocol: 'udp',
      src: '192.0.2.1',
      dst: '192.0.2.2',
      srcPort: 1,
      dstPort: 2,
      payload: Buffer.alloc(172, 0x80),
    }),
  );
  stage.play(
    frameOf({
      protocol: 'udp',
      src: '192.0.2.1',
      dst: '192.0.2.2',
      srcPort: 1,
      dstPort: 2,
      payload: Buffer.from('\r\n\r\n'),
    }),
  );
  assert.equal(stage.counters.get(Ignored.probe), 1);
  assert.equal(stage.counters.get(Ignored.keepalive), 1);
});

test('HEP on an interface is left to the listeners, unless hep_ports says otherwise', () => {
  const hep = encodeHep3({
    src: '192.0.2.1',
    srcPort: 5060,
    dst: '192.0.2.2',
    dstPort: 5060,
    ipProtocol: 17,
    capturedAtUs: START_US,
    kind: 1,
    captureId: 7,
    payload: sipMessage('in-hep', 0, 'UDP'),
  });
  const ends = { src: '198.51.100.1', srcPort: 40_000, dst: '198.51.100.2', dstPort: 9060 };
  for (const [argv, tracked, leftOut] of [
    [['--iface=lo'], 1, 2],
    [['--iface=lo', '--hep_ports=9060'], 4, 0],
  ] as const) {
    const stage = new CaptureStage(...argv);
    stage.play(frameOf({ protocol: 'udp', ...ends, payload: hep }));
    stage.play(frameOf({ protocol: 'tcp', ...ends, payload: hep }));
    stage.play(frameOf({ protocol: 'tcp', ...ends, payload: hep, sequence: hep.length }));
    stage.play(frameOf({ protocol: 'udp', ...ends, dstPort: 5060, payload: sipMessage('on-the-wire', 0, 'UDP') }));
    assert.deepEqual([stage.tracked, stage.counters.get(Pcap.HEP_LEFT_OUT)], [tracked, leftOut]);
    assert.equal(stage.counters.get(Ingest.REFUSED), 0);
  }
});
