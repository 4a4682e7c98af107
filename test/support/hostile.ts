import { gzipSync } from 'node:zlib';
import { encodeHep1, encodeHep2, encodeHep3, type HepMessage } from '../../src/wire/hep/encode.ts';
import { mutate, type Mutation } from './mutate.ts';
import type { Random } from './random.ts';

/** Valid packets of all kinds, damaged in all the ways of mutate.ts; now and then several in one datagram. */
const SIP = [
  'INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: "A" <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: hostile\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n',
  'SIP/2.0 200 OK\r\nv: SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKy\r\nf: <sip:a@example.com>;tag=1\r\nt: <sip:b@example.com>;tag=2\r\ni: hostile\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n',
  'REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKz\r\nFrom: <sip:a@example.com>;tag=3\r\nTo: <sip:a@example.com>\r\nCall-ID: r\r\nCSeq: 5 REGISTER\r\nContact: <sip:a@192.0.2.1>;expires=60, <sip:a@192.0.2.2>\r\n\r\n',
  'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKz\r\nFrom: <sip:a@example.com>;tag=3\r\nTo: <sip:a@example.com>;tag=4\r\nCall-ID: r\r\nCSeq: 5 REGISTER\r\nContact: <sip:a@192.0.2.1>;expires=60\r\nExpires: 30\r\n\r\n',
  'NOTIFY sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKn\r\nFrom: <sip:b@example.com>;tag=6\r\nTo: <sip:a@example.com>;tag=5\r\nCall-ID: s\r\nCSeq: 2 NOTIFY\r\nEvent: presence\r\nSubscription-State: active;expires=60\r\n\r\n',
];

function message(text: string, v6: boolean): HepMessage {
  return {
    src: v6 ? '2001:db8::10' : '192.0.2.10',
    srcPort: 5060,
    dst: v6 ? '2001:db8::20' : '192.0.2.20',
    dstPort: 5060,
    ipProtocol: 17,
    capturedAtUs: 1_700_000_000_123_456,
    kind: 1,
    captureId: 7,
    payload: Buffer.from(text, 'latin1'),
  };
}

const VALID: readonly Buffer[] = SIP.flatMap((text) => {
  const deflated = { ...message(text, false), compressedPayload: gzipSync(Buffer.from(text, 'latin1')) };
  delete deflated.payload;
  return [
    encodeHep1(message(text, false)),
    encodeHep1(message(text, true)),
    encodeHep2(message(text, false)),
    encodeHep2(message(text, true)),
    encodeHep3({ ...message(text, false), authKey: 'key', correlationId: 'c', nodeName: 'n' }),
    encodeHep3(message(text, true)),
    encodeHep3({ ...message('{"a":1}', false), kind: 5 }),
    encodeHep3(deflated),
    gzipSync(encodeHep3(message(text, false))),
  ];
});

/** HEP3 only, for streams. */
const STREAMABLE: readonly Buffer[] = VALID.filter((packet) => packet.toString('latin1', 0, 4) === 'HEP3');

function mutation(random: Random): Mutation {
  const at = random.below(1200);
  switch (random.below(5)) {
    case 0:
      return { kind: 'flip', at, bit: random.below(8) };
    case 1:
      return { kind: 'set', at, value: random.below(256) };
    case 2:
      return {
        kind: 'lie',
        at: random.below(400),
        value: random.of([0, 1, 5, 6, 7, 0x7fff, 0xffff, random.below(65_536)]),
      };
    case 3:
      return { kind: 'cut', at };
    default:
      return { kind: 'splice', at, octets: random.of(VALID).subarray(random.below(300), 300 + random.below(200)) };
  }
}

/** One damaged datagram (one in sixteen is two packets in a row, one in sixteen is left whole). */
export function damagedDatagram(random: Random): Buffer {
  const base = random.below(16) === 0 ? Buffer.concat([random.of(VALID), random.of(VALID)]) : random.of(VALID);
  if (random.below(16) === 0) return base;
  return mutate(base, ...Array.from({ length: 1 + random.below(4) }, () => mutation(random)));
}

/** A stream of HEP3 packets with damage in it. */
export function damagedStream(random: Random): Buffer {
  const whole = Buffer.concat(Array.from({ length: 1 + random.below(6) }, () => random.of(STREAMABLE)));
  return mutate(whole, ...Array.from({ length: random.below(4) }, () => mutation(random)));
}

/** A packet of a call nobody else uses. */
export function goodPacket(callId: string): Buffer {
  return packetOf((SIP[0] ?? '').replace('hostile', callId));
}

/** A packet with some SIP in it. */
export function packetOf(sip: string): Buffer {
  return encodeHep3(message(sip, false));
}
