import { CounterSet } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { parseIp } from '../../src/model/endpoint.ts';
import type { Observer } from '../../src/model/observer.ts';
import { Packet } from '../../src/model/packet.ts';
import type { TrackerSettings } from '../../src/model/settings.ts';
import { Transport, transportName } from '../../src/model/transport.ts';
import type { CallView, EventView } from '../../src/model/views.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { callView, eventView } from '../../src/tracker/views.ts';

/**
 * Scenarios a person can read (fixtures/scenarios/*.txt):
 *
 *   ## answered, caller hangs up
 *   0.000 A>B INVITE/1 f=a           time, link, method/CSeq, tags
 *   0.100 B>A 100/1 f=a              a reply: status/CSeq, and its method unless INVITE
 *   2.000 B>A 200/1 f=a t=b
 *   until 120                        the clock goes on alone
 *   = event call-start 200 @2.000    all events since the last check, in order
 *   = call inv_established >INVITE<100<200 status=200,0
 *
 * Keys of a message: f, t (tags), id (Call-ID, default c1), branch (default: from requester, method, CSeq), by (agents,
 * default x, comma-separated), over (transport, default udp), contact, expires. Hosts A, B, C … are 192.0.2.1, .2, .3 …
 */
export interface Scenario {
  title: string;
  lines: { number: number; text: string }[];
}

export function readScenarios(text: string): Scenario[] {
  const scenarios: Scenario[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\s+#.*$/, '').trim();
    if (line === '' || (line.startsWith('#') && !line.startsWith('##'))) continue;
    if (line.startsWith('##')) scenarios.push({ title: line.slice(2).trim(), lines: [] });
    else scenarios.at(-1)?.lines.push({ number: index + 1, text: line });
  }
  return scenarios;
}

export const START_US = 1_700_000_000_000_000;

export class Stage {
  readonly counters = new CounterSet();
  readonly events: EventRing;
  readonly tracker: CallTracker;
  readonly #options = new SipParseOptions({ framing: 'datagram', maxHeaders: 256, alegHeaders: ['x-cid'] });
  readonly #message = new SipMessage(Buffer.alloc(0));
  readonly #agents = new Map<string, Observer>();
  nowUs = START_US;
  #nextEvent = 0;

  constructor(settings: Partial<TrackerSettings> = {}) {
    this.events = new EventRing(1000, this.counters);
    this.tracker = new CallTracker(
      { maxCalls: 0, maxForks: 64, timeouts: new Map(), dupWindowUs: 50_000, ...settings },
      this.events,
      this.counters,
      7,
    );
  }

  /** Sends one message line and answers the tracker's fault. */
  send(line: string): Fault {
    const [time = '', link = '', what = '', ...rest] = line.split(/\s+/);
    const keys = new Map(rest.map((pair) => pair.split('=', 2) as [string, string]));
    const [from = 'A', to = 'B'] = link.split('>');
    const [head = '', cseq = '1', replyMethod = 'INVITE'] = what.split('/');
    const isReply = /^\d{3}$/.test(head);
    const method = isReply ? replyMethod : head;
    const requester = isReply ? to : from;
    const over = keys.get('over') ?? 'udp';
    const branch = keys.get('branch') ?? `${requester}-${method}-${cseq}`;
    const tag = (key: string): string => (keys.has(key) ? `;tag=${keys.get(key)}` : '');
    const contact = keys.get('contact');
    const expires = keys.get('expires');
    const text = [
      isReply ? `SIP/2.0 ${head} Reason ${head}` : `${head} sip:b@example.com SIP/2.0`,
      `Via: SIP/2.0/${over.toUpperCase()} ${host(requester)};branch=z9hG4bK${branch}`,
      `From: <sip:a@example.com>${tag('f')}`,
      `To: <sip:b@example.com>${tag('t')}`,
      `Call-ID: ${keys.get('id') ?? 'c1'}`,
      `CSeq: ${cseq} ${method}`,
      ...(contact === undefined ? [] : [`Contact: ${contact}`]),
      ...(expires === undefined ? [] : [`Expires: ${expires}`]),
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    this.advance(Number(time));
    let fault: Fault = Fault.NONE;
    for (const agent of (keys.get('by') ?? 'x').split(',')) fault = this.#track(text, from, to, over, agent);
    return fault;
  }

  #track(text: string, from: string, to: string, over: string, agent: string): Fault {
    const bytes = Buffer.from(text, 'latin1');
    const packet = new Packet(bytes);
    packet.start = 0;
    packet.end = bytes.length;
    packet.transport = Object.values(Transport).find((transport) => transportName(transport) === over) ?? 0;
    [packet.src0, packet.src1, packet.src2, packet.src3] = parseIp(host(from))?.words ?? [0, 0, 0, 0];
    [packet.dst0, packet.dst1, packet.dst2, packet.dst3] = parseIp(host(to))?.words ?? [0, 0, 0, 0];
    packet.srcPort = 5060;
    packet.dstPort = 5060;
    const parsed = parseSip(bytes, 0, bytes.length, this.#options, this.#message);
    if (parsed !== Fault.NONE) throw new Error(`the scenario's message does not parse (${parsed}): ${text}`);
    let observer = this.#agents.get(agent);
    if (observer === undefined) {
      observer = { id: agent };
      this.#agents.set(agent, observer);
    }
    packet.trackedAtUs = this.nowUs;
    return this.tracker.track(packet, this.#message, observer);
  }

  /** Moves the clock to so many seconds after the start; whatever is due happens on the way. */
  advance(seconds: number): void {
    const targetUs = START_US + Math.round(seconds * 1e6);
    this.nowUs = Math.max(this.nowUs, targetUs);
    while (this.tracker.advance(this.nowUs, 1000));
  }

  /** Events since the last time this was asked. */
  newEvents(): EventView[] {
    const views: EventView[] = [];
    for (; this.#nextEvent < this.events.nextIndex; this.#nextEvent++) {
      const slot = this.events.at(this.#nextEvent);
      if (slot !== undefined) views.push(eventView(slot));
    }
    return views;
  }

  /** Calls held, oldest first. */
  calls(): CallView[] {
    const views: CallView[] = [];
    for (let call = this.tracker.table.newest; call !== undefined; call = call.older) {
      views.unshift(callView(call, this.nowUs));
    }
    return views;
  }
}

function host(name: string): string {
  return `192.0.2.${name.charCodeAt(0) - 64}`;
}

/** `call-start 200 @2.000`, times in seconds since the scenario's start. */
export function eventLine(event: EventView): string {
  return `${event.type} ${event.status} @${((event.tsUs - START_US) / 1e6).toFixed(3)}`;
}

/** One call in the words of a check line; `keys` chooses what is compared besides state and trace. */
export function callLine(call: CallView, keys: readonly string[]): string {
  const shown: Record<string, string> = {
    id: call.callId,
    method: call.method,
    f: call.fromTag,
    t: call.toTag,
    status: call.statuses.join(','),
    cseq: call.cseq.join(','),
    requests: call.requests.join(','),
    replies: call.replies.join(','),
    retr: [...call.retransmissions.requests, ...call.retransmissions.replies].join(','),
    flags: call.flags.join(','),
    hops: call.hops.map((hop) => `${letter(hop.src.ip)}>${letter(hop.dst.ip)}:${hop.messages}`).join(','),
    agents: call.agents.join(','),
    pdd: String(call.pddMs),
    ring: String(call.ringMs),
    duration: String(call.durationMs),
    src: letter(call.src.ip),
    dst: letter(call.dst.ip),
  };
  const values = keys.map((key) => `${key}=${shown[key] ?? '?'}`);
  return [call.state, call.messageTrace, ...values].join(' ');
}

function letter(ip: string): string {
  return String.fromCharCode(64 + Number(ip.split('.').at(-1)));
}
