import { CounterSet, counterByName } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { parseIp } from '../../src/model/endpoint.ts';
import type { Observer } from '../../src/model/observer.ts';
import { Packet } from '../../src/model/packet.ts';
import type { RegistrationSettings, TrackerSettings } from '../../src/model/settings.ts';
import { Transport, transportName } from '../../src/model/transport.ts';
import type { CallView, EventView, RegistrationView } from '../../src/model/views.ts';
import { SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';
import { EventRates } from '../../src/tracker/event-rates.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { LinkTable } from '../../src/tracker/link-table.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { callView, eventView, registrationView } from '../../src/tracker/views.ts';
import { rateSettings } from './rate-stage.ts';

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
 *   = binding sip:u1@reg -> sip:u1@192.0.2.1 left=90       all bindings held
 *   = counter regs.del_star 1        this one, of all counters
 *
 * Keys of a message: f, t (tags), id (Call-ID, default c1), branch (default: from requester, method, CSeq), by (agents,
 * default x, comma-separated), over (transport, default udp), from, to (URIs, sip:a@example.com and sip:b@example.com),
 * contact (the header's value, spaces left out), expires, state (Subscription-State), package (Event), sdp (with a
 * body).
 * Hosts A, B, C … are 192.0.2.1, .2, .3 …; `with reg_del_delay=3` changes a setting from there on.
 * Events, calls and bindings may be followed by key=value: what is named there is compared too.
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

const REGISTRATIONS: RegistrationSettings = {
  expDeltaS: 30,
  delDelayS: 0,
  contactIgnorePort: false,
  maxEntries: 0,
  maxBytes: 0,
  maxContacts: 256,
};

const SDP = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 't=0 0', ''].join('\r\n');

/** `contact=<sip:u@h>;expires=5` → `contact`, `<sip:u@h>;expires=5`. */
function keyAndValue(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** One message of a scenario. */
export interface ScenarioMessage {
  /** Since the start. */
  seconds: number;
  /** Addresses. */
  from: string;
  to: string;
  /** Name of the transport. */
  over: string;
  /** Who reports it. */
  agents: string[];
  /** Method of a request, status of a reply. */
  head: string;
  hasToTag: boolean;
  text: string;
}

export function readMessage(line: string): ScenarioMessage {
  const [time = '', link = '', what = '', ...rest] = line.split(/\s+/);
  const keys = new Map(rest.map(keyAndValue));
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
  const state = keys.get('state');
  const eventPackage = keys.get('package');
  const body = keys.has('sdp') ? SDP : '';
  const text = [
    isReply ? `SIP/2.0 ${head} Reason ${head}` : `${head} sip:b@example.com SIP/2.0`,
    `Via: SIP/2.0/${over.toUpperCase()} ${host(requester)};branch=z9hG4bK${branch}`,
    `From: <${keys.get('from') ?? 'sip:a@example.com'}>${tag('f')}`,
    `To: <${keys.get('to') ?? 'sip:b@example.com'}>${tag('t')}`,
    `Call-ID: ${keys.get('id') ?? 'c1'}`,
    `CSeq: ${cseq} ${method}`,
    ...(contact === undefined ? [] : [`Contact: ${contact}`]),
    ...(expires === undefined ? [] : [`Expires: ${expires}`]),
    ...(state === undefined ? [] : [`Subscription-State: ${state}`]),
    ...(eventPackage === undefined ? [] : [`Event: ${eventPackage}`]),
    ...(keys.has('sdp') ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
  const agents = (keys.get('by') ?? 'x').split(',');
  return { seconds: Number(time), from: host(from), to: host(to), over, agents, head, hasToTag: keys.has('t'), text };
}

export class Stage {
  readonly counters = new CounterSet();
  readonly rates: EventRates;
  readonly events: EventRing;
  readonly tracker: CallTracker;
  readonly links: LinkTable;
  readonly #options = new SipParseOptions({ framing: 'datagram', maxHeaders: 256, alegHeaders: ['x-cid'] });
  readonly #message = new SipMessage(Buffer.alloc(0));
  readonly #agents = new Map<string, Observer>();
  nowUs = START_US;
  #nextEvent = 0;

  /** @param maxRates entries of the rate table; without them no event is held back */
  constructor(settings: Partial<TrackerSettings> = {}, hashSeed = 7, maxRates = 0) {
    this.rates = new EventRates(rateSettings({ maxEntries: maxRates }), this.counters, hashSeed);
    this.events = new EventRing(1000, this.counters, this.rates);
    this.links = new LinkTable({ maxLinks: 100, servers: [], ports: [5060] }, this.counters, hashSeed);
    this.tracker = new CallTracker(
      {
        maxCalls: 0,
        maxCallBytes: 0,
        evict: 'none',
        maxForks: 64,
        timeouts: new Map(),
        dupWindowUs: 50_000,
        registrations: REGISTRATIONS,
        messages: { perCall: 64, memBytes: 1 << 20 },
        ...settings,
      },
      this.events,
      this.counters,
      hashSeed,
    );
  }

  /** Sends one message line and answers the tracker's fault. */
  send(line: string): Fault {
    const { seconds, text, from, to, over, agents } = readMessage(line);
    this.advance(seconds);
    let fault: Fault = Fault.NONE;
    for (const agent of agents) fault = this.#track(text, from, to, over, agent);
    return fault;
  }

  #track(text: string, from: string, to: string, over: string, agent: string): Fault {
    const bytes = Buffer.from(text, 'latin1');
    const packet = new Packet(bytes);
    packet.start = 0;
    packet.end = bytes.length;
    packet.transport = Object.values(Transport).find((transport) => transportName(transport) === over) ?? 0;
    [packet.src0, packet.src1, packet.src2, packet.src3] = parseIp(from)?.words ?? [0, 0, 0, 0];
    [packet.dst0, packet.dst1, packet.dst2, packet.dst3] = parseIp(to)?.words ?? [0, 0, 0, 0];
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
    this.links.count(packet, this.#message);
    return this.tracker.track(packet, this.#message, observer);
  }

  /** Changes settings as an option of that name would: `reg_del_delay=3 contact_ignore_port`. */
  configure(text: string): void {
    const settings = { ...this.tracker.registrations.settings };
    for (const [name, value] of text.split(/\s+/).map(keyAndValue)) {
      switch (name) {
        case 'reg_exp_delta':
          settings.expDeltaS = Number(value);
          break;
        case 'reg_del_delay':
          settings.delDelayS = Number(value);
          break;
        case 'contact_ignore_port':
          settings.contactIgnorePort = value !== 'false';
          break;
        case 'regs_max_entries':
          settings.maxEntries = Number(value);
          break;
        case 'regs_max_mem':
          settings.maxBytes = Number(value);
          break;
        case 'regs_max_contacts':
          settings.maxContacts = Number(value);
          break;
        default:
          throw new Error(`a scenario cannot set "${name}"`);
      }
    }
    this.tracker.registrations.configure(settings);
  }

  /** Moves the clock to so many seconds after the start; whatever is due happens on the way. */
  advance(seconds: number): void {
    const targetUs = START_US + Math.round(seconds * 1e6);
    this.nowUs = Math.max(this.nowUs, targetUs);
    while (this.tracker.advance(this.nowUs, 1000));
  }

  /** Seconds since the start. */
  seconds(): number {
    return (this.nowUs - START_US) / 1e6;
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

  /** Bindings held, oldest first. */
  bindings(): RegistrationView[] {
    const views: RegistrationView[] = [];
    const { entries } = this.tracker.registrations.table;
    for (let binding = entries.newest; binding !== undefined; binding = binding.older) {
      views.unshift(registrationView(binding, this.nowUs));
    }
    return views;
  }

  counter(path: string): number {
    const info = counterByName(path);
    if (info === undefined) throw new Error(`there is no counter "${path}"`);
    return this.counters.get(info.index);
  }
}

function host(name: string): string {
  return `192.0.2.${name.charCodeAt(0) - 64}`;
}

/** `call-start 200 @2.000`, times in seconds since the scenario's start; `keys` chooses what is compared besides. */
export function eventLine(event: EventView, keys: readonly string[]): string {
  const { attributes } = event;
  const shown: Record<string, string> = {
    id: event.callId,
    f: event.fromTag,
    t: event.toTag,
    from: attributes['sip.from'] ?? '',
    to: attributes['sip.to'] ?? '',
    contact: attributes['sip.contact'] ?? '',
    method: attributes['sip.request.method'] ?? '',
    on: event.debug?.generatedOn ?? 'timeout',
    src: letter(event.src.ip),
    dst: letter(event.dst.ip),
    life: String((event.durationMs ?? -1000) / 1000),
    pdd: String(event.pddMs),
    sig: attributes['sip.req_sig'] ?? '',
  };
  return withKeys(`${event.type} ${event.status} @${((event.tsUs - START_US) / 1e6).toFixed(3)}`, shown, keys);
}

/** `sip:u1@reg -> sip:u1@192.0.2.1`; `keys` chooses what is compared besides. */
export function bindingLine(view: RegistrationView, keys: readonly string[]): string {
  const shown: Record<string, string> = {
    id: view.callId,
    left: String(view.expiresInMs / 1000),
    state: view.state,
    refreshes: String(view.refreshes),
    src: letter(view.src.ip),
    agents: view.agents.join(','),
    from: view.from,
  };
  return withKeys(`${view.aor} -> ${view.contact}`, shown, keys);
}

function withKeys(line: string, shown: Readonly<Record<string, string>>, keys: readonly string[]): string {
  return [line, ...keys.map((key) => `${key}=${shown[key] ?? '?'}`)].join(' ');
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
  return withKeys([call.state, call.messageTrace].join(' '), shown, keys);
}

function letter(ip: string): string {
  return String.fromCharCode(64 + Number(ip.split('.').at(-1)));
}
