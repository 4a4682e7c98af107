import { message as ipfixMessage, sipSet } from '../../src/probe/encode.ts';
import { encodeHep1, encodeHep2, encodeHep3, type HepMessage } from '../../src/wire/hep/encode.ts';

/**
 * Realistic calls as one agent between two proxies reports them: INVITE with SDP (700 octets), 100, 180, 200 with SDP,
 * ACK, BYE, 200; from many callers, with identifiers as phones make them.
 */
export const MESSAGES_PER_CALL = 7;
/** As many of them as establish it. */
export const MESSAGES_TO_ESTABLISH = 5;

const SDP = [
  'v=0',
  'o=- 3723 3723 IN IP4 198.51.100.10',
  's=-',
  'c=IN IP4 198.51.100.10',
  't=0 0',
  'm=audio 16384 RTP/AVP 8 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
  '',
].join('\r\n');

const INVITE_OCTETS = 700;

interface Leg {
  callId: string;
  fromTag: string;
  toTag: string;
  user: string;
  branch: string;
}

/** Where a sender that goes round and round writes the number of its round: every round brings other calls. */
export const ROUND = '~~~~';

function legOf(call: number, prefix: string): Leg {
  const mark = (call * 2_654_435_761) >>> 0;
  return {
    callId: `${prefix}${mark.toString(16).padStart(8, '0')}-${call}@198.51.100.${call % 250}`,
    fromTag: `f${prefix}${mark.toString(36)}`,
    toTag: `t${prefix}${(mark ^ 0x5bd1e995).toString(36)}`,
    user: `+4930${1_000_000 + call}`,
    branch: `z9hG4bK-${prefix}${mark.toString(16)}-1`,
  };
}

function message(leg: Leg, startLine: string, cseq: string, toTag: boolean, extra: string[], body: string): string {
  const head = [
    startLine,
    `Via: SIP/2.0/UDP 198.51.100.10:5060;branch=${leg.branch}${cseq.startsWith('1 ACK') ? 'a' : cseq.startsWith('2') ? 'b' : ''};rport`,
    'Max-Forwards: 70',
    `From: "Alice Example" <sip:${leg.user}@example.com>;tag=${leg.fromTag}`,
    `To: <sip:+4989555@example.net>${toTag ? `;tag=${leg.toTag}` : ''}`,
    `Call-ID: ${leg.callId}`,
    `CSeq: ${cseq}`,
    ...extra,
    `Content-Length: ${body.length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/**
 * The SIP messages of one call in order, with their direction: true = caller to callee.
 *
 * @param prefix stands in all identifiers of the call
 */
export function callMessages(call: number, prefix = ''): { text: string; forward: boolean }[] {
  const leg = legOf(call, prefix);
  const uri = 'sip:+4989555@example.net;user=phone';
  const contact = ['Contact: <sip:alice@198.51.100.10:5060;transport=udp>', 'User-Agent: Example Phone 2.4.1'];
  const sdp = ['Content-Type: application/sdp'];
  const bare = message(leg, `INVITE ${uri} SIP/2.0`, '1 INVITE', false, [...contact, ...sdp], SDP);
  const pad = Math.max(0, INVITE_OCTETS - bare.length - 'X-Trunk: \r\n'.length);
  const padded = [...contact, `X-Trunk: ${'t'.repeat(pad)}`, ...sdp];
  return [
    { text: message(leg, `INVITE ${uri} SIP/2.0`, '1 INVITE', false, padded, SDP), forward: true },
    { text: message(leg, 'SIP/2.0 100 Trying', '1 INVITE', false, [], ''), forward: false },
    {
      text: message(leg, 'SIP/2.0 180 Ringing', '1 INVITE', true, ['Server: Example Gateway 1.0'], ''),
      forward: false,
    },
    { text: message(leg, 'SIP/2.0 200 OK', '1 INVITE', true, [...contact, ...sdp], SDP), forward: false },
    { text: message(leg, `ACK ${uri} SIP/2.0`, '1 ACK', true, [], ''), forward: true },
    { text: message(leg, `BYE ${uri} SIP/2.0`, '2 BYE', true, [], ''), forward: true },
    { text: message(leg, 'SIP/2.0 200 OK', '2 BYE', true, [], ''), forward: false },
  ];
}

export type HepVersion = 1 | 2 | 3;
const ENCODERS: Readonly<Record<HepVersion, (message: HepMessage) => Buffer>> = {
  1: encodeHep1,
  2: encodeHep2,
  3: encodeHep3,
};

export function hepOf(text: string, forward: boolean, atUs: number, version: HepVersion = 3): Buffer {
  const [src, dst] = forward ? ['192.0.2.10', '192.0.2.20'] : ['192.0.2.20', '192.0.2.10'];
  return ENCODERS[version]({
    src,
    srcPort: 5060,
    dst,
    dstPort: 5060,
    ipProtocol: 17,
    capturedAtUs: atUs,
    kind: 1,
    captureId: 2001,
    payload: Buffer.from(text, 'latin1'),
  });
}

/** An IPFIX message with the SIP an SBC received from the caller, or sent to it. */
export function ipfixOf(text: string, forward: boolean, atUs: number): Buffer {
  const set = sipSet({
    direction: forward ? 'in' : 'out',
    transport: 'udp',
    timeUs: atUs,
    slot: 0,
    port: 1,
    vlan: 0,
    src: forward ? '192.0.2.10' : '192.0.2.20',
    srcPort: 5060,
    dst: forward ? '192.0.2.20' : '192.0.2.10',
    dstPort: 5060,
    ingressCallId: '',
    contextId: 0,
    payload: Buffer.from(text, 'latin1'),
  });
  return ipfixMessage(set === undefined ? [] : [set], Math.floor(atUs / 1e6), 0);
}

/**
 * Packets of `calls` calls that overlap: while one rings, others begin and end. `window` calls are open at a time.
 *
 * @param as HEP version, or IPFIX messages
 * @param prefix stands in all identifiers
 * @param messages how many of each call, from its first on
 */
export function overlappingCalls(
  calls: number,
  window: number,
  as: HepVersion | typeof ipfixOf = 3,
  prefix = '',
  messages = MESSAGES_PER_CALL,
): Buffer[] {
  const packets: Buffer[] = [];
  const startUs = 1_700_000_000_000_000;
  const spread = Math.max(1, Math.floor(window / MESSAGES_PER_CALL));
  const all = Array.from({ length: calls }, (_, call) => callMessages(call, prefix));
  for (let step = 0; step < calls + spread * MESSAGES_PER_CALL; step++) {
    for (let n = 0; n < messages; n++) {
      const entry = all[step - n * spread]?.[n];
      if (entry === undefined) continue;
      const { text, forward } = entry;
      const atUs = startUs + packets.length * 20;
      packets.push(typeof as === 'number' ? hepOf(text, forward, atUs, as) : as(text, forward, atUs));
    }
  }
  return packets;
}

/** What an attacker sends: nothing but first INVITEs, each of another call. */
export function inviteFlood(calls: number, version: HepVersion = 3, prefix = ''): Buffer[] {
  return Array.from({ length: calls }, (_, call) => {
    const text = callMessages(call, prefix)[0]?.text ?? '';
    return hepOf(text, true, 1_700_000_000_000_000 + call * 20, version);
  });
}
