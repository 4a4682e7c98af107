import { fileURLToPath } from 'node:url';
import { median } from '../support/measure.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';

/** Nanoseconds of one `parseSip` for messages as proxies see them; median of several runs, since a machine is shared. */
export function benchSip(): { name: string; nsPerOp: number }[] {
  const results: { name: string; nsPerOp: number }[] = [];
  const samples = Object.entries(SAMPLES);
  // All kinds are parsed first, so that no run profits from code specialised to one of them.
  for (const [, text] of samples) nsPerParse(text, WARM_UP);
  for (const [name, text] of samples) {
    results.push({ name, nsPerOp: median(Array.from({ length: RUNS }, () => nsPerParse(text, ROUNDS))) });
  }
  return results;
}

const WARM_UP = 50_000;
const ROUNDS = 200_000;
const RUNS = 7;

const options = new SipParseOptions({ framing: 'datagram', maxHeaders: 200, alegHeaders: ['x-cid'] });

function nsPerParse(text: string, rounds: number): number {
  const bytes = Buffer.from(text, 'latin1');
  const parsed = new SipMessage(bytes);
  let faults = 0;
  const startedAt = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) faults += parseSip(bytes, 0, bytes.length, options, parsed);
  const ns = Number(process.hrtime.bigint() - startedAt) / rounds;
  if (faults !== 0) throw new Error(`benchmark sample does not parse: fault at ${parsed.faultAt} of "${text}"`);
  return ns;
}

const SDP = [
  'v=0',
  'o=- 3723 3723 IN IP4 192.0.2.10',
  's=-',
  'c=IN IP4 192.0.2.10',
  't=0 0',
  'm=audio 16384 RTP/AVP 8 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
  '',
].join('\r\n');

function message(lines: string[], body = ''): string {
  const head = body === '' ? lines : [...lines, 'Content-Type: application/sdp'];
  return [...head, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

const SAMPLES: Record<string, string> = {
  'INVITE with SDP': message(
    [
      'INVITE sip:+4930123456@example.net;user=phone SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-524287-1---5f1e2d3c;rport',
      'Max-Forwards: 70',
      'From: "Alice Example" <sip:alice@example.com>;tag=9fxced76sl',
      'To: <sip:+4930123456@example.net;user=phone>',
      'Call-ID: 3848276298220188511@192.0.2.10',
      'CSeq: 2 INVITE',
      'Contact: <sip:alice@192.0.2.10:5060;transport=udp>',
      'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE',
      'Supported: timer, replaces',
      'User-Agent: Example Phone 2.4.1',
    ],
    SDP,
  ),
  '200 with SDP': message(
    [
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb6ba.86d31f36.0;received=192.0.2.1',
      'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-524287-1---5f1e2d3c;rport=5060',
      'Record-Route: <sip:192.0.2.1;lr;ftag=9fxced76sl>',
      'From: "Alice Example" <sip:alice@example.com>;tag=9fxced76sl',
      'To: <sip:+4930123456@example.net;user=phone>;tag=314159',
      'Call-ID: 3848276298220188511@192.0.2.10',
      'CSeq: 2 INVITE',
      'Contact: <sip:+4930123456@192.0.2.20:5060>',
      'Server: Example Gateway 1.0',
    ],
    SDP,
  ),
  BYE: message([
    'BYE sip:alice@192.0.2.10:5060;transport=udp SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bKnashds7',
    'Max-Forwards: 70',
    'From: <sip:+4930123456@example.net;user=phone>;tag=314159',
    'To: "Alice Example" <sip:alice@example.com>;tag=9fxced76sl',
    'Call-ID: 3848276298220188511@192.0.2.10',
    'CSeq: 231 BYE',
  ]),
  REGISTER: message([
    'REGISTER sip:example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-524287-1---77aa21;rport',
    'Max-Forwards: 70',
    'From: "Alice Example" <sip:alice@example.com>;tag=fa77ce21',
    'To: "Alice Example" <sip:alice@example.com>',
    'Call-ID: 81ZjNhMDE0YTk2Njk@192.0.2.10',
    'CSeq: 1 REGISTER',
    'Contact: <sip:alice@192.0.2.10:5060;rinstance=5f2>;expires=3600',
    'Expires: 3600',
    'User-Agent: Example Phone 2.4.1',
  ]),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, nsPerOp } of benchSip()) {
    console.log(`${name} (${Buffer.byteLength(SAMPLES[name] ?? '')} octets): ${nsPerOp.toFixed(0)} ns`);
  }
}
