import { connectSet, keepaliveSet, message, type SightedSip, sipSet } from '../../src/probe/encode.ts';
import { CONNECT, QOS, TCP_OUT, UDP6_IN } from './ipfix-examples.ts';
import { mutate, type Mutation } from './mutate.ts';
import type { Random } from './random.ts';

/** Streams as an SBC sends them, damaged in all the ways of mutate.ts. */
const CALL_IDS = ['hostile', 'other', 'x@1', 'y@2'];

function sip(callId: string, n: number): Buffer {
  const lines = [
    n % 3 === 2 ? 'SIP/2.0 200 OK' : 'INVITE sip:b@example.com SIP/2.0',
    `Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${n}`,
    `From: "A" <sip:a@example.com>;tag=${n}`,
    `To: <sip:b@example.com>${n % 3 === 2 ? ';tag=2' : ''}`,
    `Call-ID: ${callId}`,
    'CSeq: 1 INVITE',
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function setOf(random: Random, timeUs: number): Buffer {
  switch (random.below(8)) {
    case 0:
      return keepaliveSet();
    case 1:
      return connectSet({
        hostName: 'sbc'.repeat(random.below(80)),
        keepaliveS: random.below(100),
        configFlags: random.below(256),
        configFlags2: 0,
        systemId: 1,
      });
    case 2:
      return QOS.subarray(16);
    case 3:
      return random.of([UDP6_IN, TCP_OUT, CONNECT]).subarray(16);
    default: {
      const n = random.below(6);
      const v6 = random.below(4) === 0;
      const sighted: SightedSip = {
        direction: random.of(['in', 'out'] as const),
        transport: v6 ? 'udp' : random.of(['udp', 'tcp'] as const),
        timeUs,
        slot: 0,
        port: 1,
        vlan: 7,
        src: v6 ? '2001:db8::1' : '192.0.2.1',
        srcPort: 5060,
        dst: v6 ? '2001:db8::2' : '192.0.2.2',
        dstPort: 5060,
        ingressCallId: random.of(CALL_IDS),
        contextId: 1,
        payload: sip(random.of(CALL_IDS), n),
      };
      return sipSet(sighted) ?? keepaliveSet();
    }
  }
}

function mutation(random: Random): Mutation {
  const at = random.below(2000);
  switch (random.below(6)) {
    case 0:
      return { kind: 'flip', at, bit: random.below(8) };
    case 1:
      return { kind: 'set', at, value: random.below(256) };
    case 2:
      // Lengths stand near the beginning of messages and sets.
      return {
        kind: 'lie',
        at: random.of([2, 16, 18, random.below(600)]),
        value: random.of([0, 1, 3, 4, 15, 16, 17, 255, 256, 258, 259, 261, 268, 0x7fff, 0xffff, random.below(65_536)]),
      };
    case 3:
      return { kind: 'cut', at };
    case 4:
      return { kind: 'drop', at, length: 1 + random.below(20) };
    default:
      return { kind: 'splice', at, octets: QOS.subarray(random.below(200), 200 + random.below(30)) };
  }
}

/** One to four messages of one to four sets, with up to three damages. */
export function damagedProbeStream(random: Random, timeUs: number): Buffer {
  const messages = Array.from({ length: 1 + random.below(4) }, (_, n) =>
    message(
      Array.from({ length: 1 + random.below(4) }, () => setOf(random, timeUs)),
      1,
      n,
    ),
  );
  return mutate(Buffer.concat(messages), ...Array.from({ length: random.below(4) }, () => mutation(random)));
}

/** A message with an INVITE of a call nobody else uses. */
export function goodProbeMessage(callId: string, timeUs: number): Buffer {
  const set = sipSet({
    direction: 'in',
    transport: 'udp',
    timeUs,
    slot: 0,
    port: 0,
    vlan: 0,
    src: '192.0.2.1',
    srcPort: 5060,
    dst: '192.0.2.2',
    dstPort: 5060,
    ingressCallId: '',
    contextId: 0,
    payload: sip(callId, 0),
  });
  if (set === undefined) throw new Error('no set for a good message');
  return message([set], 1, 1);
}
