import { encodeHep3 } from '../../../src/wire/hep/encode.ts';
import { message as ipfixMessage, type Media, qosSet, sipSet } from '../../../src/probe/encode.ts';
import { callMessages, MESSAGES_PER_CALL } from '../../../bench/support/traffic.ts';

/** One message as an agent saw it, in a round of messages that need no order among them. */
export interface Sighting {
  /** Which of several agents saw it. */
  agent: number;
  forward: boolean;
  text: string;
  correlationId?: string;
}

const AGENTS = 6;
const CALLS = 48;
const USERS = 18;

function sip(startLine: string, headers: readonly string[]): string {
  return [startLine, 'Via: SIP/2.0/UDP 192.0.2.10:5060', ...headers, 'Content-Length: 0', '', ''].join('\r\n');
}

/** Calls that overlap; some name another one as their other leg, some are seen twice, some do not end. */
function calls(): Sighting[][] {
  const rounds: Sighting[][] = Array.from({ length: MESSAGES_PER_CALL }, () => []);
  for (let call = 0; call < CALLS; call++) {
    const texts = callMessages(call).slice(0, call % 4 === 0 ? 5 : MESSAGES_PER_CALL);
    const previous = /Call-ID: (\S+)/.exec(callMessages(call - 1)[0]?.text ?? '')?.[1] ?? '';
    for (const [n, { text, forward }] of texts.entries()) {
      const named = call % 3 === 1 ? text.replace('Max-Forwards', `X-CID: ${previous}\r\nMax-Forwards`) : text;
      const sighting: Sighting = { agent: call % AGENTS, forward, text: named };
      rounds[n]?.push(call % 5 === 2 ? { ...sighting, correlationId: previous } : sighting);
    }
  }
  return rounds;
}

/** Phones that register, register again under another Call-ID, and leave in three ways or not at all. */
function registrations(): Sighting[][] {
  const rounds: Sighting[][] = Array.from({ length: 6 }, () => []);
  for (let user = 0; user < USERS; user++) {
    const agent = user % AGENTS;
    const steps = [
      { callId: `reg-${user}`, contact: `<sip:u${user}@192.0.2.10>`, expires: 600 },
      { callId: `again-${user}`, contact: `<sip:u${user}@192.0.2.10>`, expires: 600 },
      [
        { callId: `again-${user}`, contact: `<sip:u${user}@192.0.2.10>`, expires: 0 },
        { callId: `all-${user}`, contact: '*', expires: 0 },
        { callId: `more-${user}`, contact: `<sip:u${user}@192.0.2.11>`, expires: 600 },
      ][user % 3],
    ];
    for (const [n, step] of steps.entries()) {
      if (step === undefined) continue;
      const headers = [
        `From: <sip:u${user}@example.com>;tag=f${step.callId}`,
        `Call-ID: ${step.callId}`,
        `CSeq: ${n + 1} REGISTER`,
        `Contact: ${step.contact}`,
        `Expires: ${step.expires}`,
      ];
      const to = `To: <sip:u${user}@Example.com>`;
      rounds[2 * n]?.push({ agent, forward: true, text: sip('REGISTER sip:example.com SIP/2.0', [...headers, to]) });
      const bound = step.expires === 0 ? headers.filter((header) => !header.startsWith('Contact')) : headers;
      rounds[2 * n + 1]?.push({ agent, forward: false, text: sip('SIP/2.0 200 OK', [...bound, `${to};tag=r`]) });
    }
  }
  return rounds;
}

/** Subscriptions that begin, of which every other one ends. */
function subscriptions(): Sighting[][] {
  const rounds: Sighting[][] = Array.from({ length: 3 }, () => []);
  for (let user = 0; user < USERS; user++) {
    const agent = (user + 3) % AGENTS;
    const from = `<sip:u${user}@example.com>;tag=f${user}`;
    const to = `<sip:box${user}@example.com>`;
    const call = `Call-ID: sub-${user}`;
    const subscribe = [`From: ${from}`, call, 'CSeq: 1 SUBSCRIBE', 'Event: message-summary', 'Expires: 300'];
    rounds[0]?.push({
      agent,
      forward: true,
      text: sip(`SUBSCRIBE sip:box${user}@example.com SIP/2.0`, [...subscribe, `To: ${to}`]),
    });
    rounds[1]?.push({ agent, forward: false, text: sip('SIP/2.0 200 OK', [...subscribe, `To: ${to};tag=t${user}`]) });
    const state = user % 2 === 0 ? 'active;expires=250' : 'terminated;reason=timeout';
    const notify = [`From: ${to};tag=t${user}`, `To: ${from}`, call, 'CSeq: 1 NOTIFY', 'Event: message-summary'];
    rounds[2]?.push({
      agent,
      forward: false,
      text: sip('NOTIFY sip:u@192.0.2.10 SIP/2.0', [...notify, `Subscription-State: ${state}`]),
    });
  }
  return rounds;
}

/** What cannot be tracked, read, or is nothing for us. */
const STRANGE: Sighting[] = [
  { agent: 0, forward: true, text: 'INVITE sip:b@example.com SIP/2.0\r\nCall-ID: no-from\r\nCSeq: 1 INVITE\r\n\r\n' },
  {
    agent: 1,
    forward: true,
    text: 'INVITE sip:b@example.com SIP/2.0\r\nFrom: <sip:a@example.com>\r\n: nothing\r\n\r\n',
  },
  { agent: 2, forward: true, text: '\r\n\r\n' },
  // More of one kind from one source than its rate allows.
  ...Array.from({ length: 200 }, (_, n) => ({
    agent: n % AGENTS,
    forward: true,
    text: 'INVITE sip:b@example.com SIP/2.0\r\n: again\r\n\r\n',
  })),
  {
    agent: 3,
    forward: true,
    text: sip('OPTIONS sip:b@example.com SIP/2.0', ['From: <sip:a@b>;tag=1', 'To: <sip:b@b>', 'CSeq: 1 OPTIONS']),
  },
];

/** Messages in rounds: those of one round may come in any order, rounds come one after the other. */
export function allRounds(): Sighting[][] {
  const parts = [calls(), registrations(), subscriptions()];
  const length = Math.max(...parts.map((part) => part.length));
  const all = Array.from({ length }, (_, n) => parts.flatMap((part) => part[n] ?? []));
  // The first requests once more, as retransmissions.
  return [...all, STRANGE, ...calls().slice(0, 1)];
}

export function hepOf({ forward, text, correlationId }: Sighting, captureId: number, atUs: number): Buffer {
  const [src, dst] = forward ? ['192.0.2.10', '192.0.2.20'] : ['192.0.2.20', '192.0.2.10'];
  return encodeHep3({
    src,
    srcPort: 5060,
    dst,
    dstPort: 5060,
    ipProtocol: 17,
    capturedAtUs: atUs,
    kind: 1,
    captureId,
    payload: Buffer.from(text, 'latin1'),
    ...(correlationId === undefined ? {} : { correlationId }),
  });
}

/** A receiver report about a call, as rtpengine sends it. */
export function rtcpOf(callId: string, atUs: number): Buffer {
  return encodeHep3({
    src: '192.0.2.10',
    srcPort: 4001,
    dst: '192.0.2.20',
    dstPort: 4003,
    ipProtocol: 17,
    capturedAtUs: atUs,
    kind: 5,
    captureId: 200,
    payload: Buffer.from('{ "ssrc":1,"type":201,"report_blocks":[{"source_ssrc":2,"fraction_lost":3,"ia_jitter":8}] }'),
    correlationId: callId,
  });
}

const MEDIA: Media = {
  rtpBytes: 172_800,
  rtpPackets: 1000,
  rtpLost: 3,
  rtpAverageJitter: 12,
  rtpMaxJitter: 40,
  rtcpBytes: 2000,
  rtcpPackets: 20,
  rtcpLost: 0,
  rtcpAverageJitter: 10,
  rtcpMaxJitter: 30,
  rtcpAverageLatency: 15,
  rtcpMaxLatency: 25,
  rValue: 9320,
  mos: 441,
};
const FLOW = { src: '192.0.2.1', dst: '198.51.100.1', srcPort: 10_000, dstPort: 20_000 };

function quality(incomingCallId: string, outgoingCallId: string, atUs: number): Buffer {
  return qosSet({
    incoming: MEDIA,
    outgoing: MEDIA,
    payloadType: 8,
    callerIncoming: FLOW,
    calleeIncoming: FLOW,
    callerOutgoing: FLOW,
    calleeOutgoing: FLOW,
    caller: { slot: 0, port: 0, vlan: 0 },
    callee: { slot: 0, port: 1, vlan: 0 },
    beginUs: atUs - 1_000_000,
    endUs: atUs,
    incomingRealm: 'access',
    outgoingRealm: 'core',
    incomingCallId,
    outgoingCallId,
  });
}

const SBC_CALLS = 16;

/**
 * What an SBC reports of calls through it: each leg has a Call-ID of its own. Quality records name both legs, one leg
 * that is seen and one that is not, legs that come only afterwards, and none at all.
 */
export function sbcMessages(nowUs: number): Buffer[] {
  const messages: Buffer[] = [];
  const send = (...sets: (Buffer | undefined)[]): void => {
    const whole = sets.filter((set) => set !== undefined);
    messages.push(ipfixMessage(whole, Math.floor(nowUs / 1e6), messages.length));
  };
  let step = 0;
  const sighted = (direction: 'in' | 'out', callId: string, ingressCallId: string, n: number): Buffer | undefined => {
    const { text, forward } = callMessages(n < 0 ? 0 : n)[0] ?? { text: '', forward: true };
    const payload = Buffer.from(text.replace(/Call-ID: \S+/, `Call-ID: ${callId}`), 'latin1');
    const [src, dst] = forward ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.2', '192.0.2.1'];
    const place = { slot: 0, port: 0, vlan: 0, src, srcPort: 5060, dst, dstPort: 5060, contextId: 0 };
    return sipSet({ direction, transport: 'udp', timeUs: nowUs + step++, ingressCallId, payload, ...place });
  };
  for (let n = 0; n < SBC_CALLS; n++) {
    send(quality(`late-in-${n}`, `late-out-${n}`, nowUs));
    send(sighted('in', `in-${n}`, '', n));
    send(sighted('out', `out-${n}`, `in-${n}`, n), sighted('out', `late-out-${n}`, '', n));
    send(quality(`in-${n}`, `out-${n}`, nowUs), quality(`in-${n}`, `unseen-${n}`, nowUs));
    send(quality('', '', nowUs), quality(`nobody-${n}`, '', nowUs));
  }
  return messages;
}
