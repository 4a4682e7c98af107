import type { Aliases } from '../model/alias.ts';
import {
  Calls,
  COUNTERS,
  Dropped,
  EventLog,
  EventRing,
  EvRate,
  Hep,
  Ignored,
  Ingest,
  Links,
  Ipfix,
  REFUSED_BY_FAULT,
  State,
  Regs,
  SIP_METHODS,
  type CounterInfo,
} from '../model/counters.ts';
import { Fault } from '../model/fault.ts';
import { formatDuration } from '../model/duration.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import {
  type EngineHealth,
  type EventPage,
  type EventQuery,
  MAX_SEARCH_MS,
  type MessagePage,
  type TextFilter,
} from '../model/engine.ts';
import type { AgentView, CallView, ListenerView, Page, ProbeView, RegistrationView } from '../model/views.ts';
import { Method } from '../model/method.ts';
import { parseSearch, SearchFault } from '../model/search/parse.ts';
import { UTC } from '../model/zone.ts';
import type { CounterColumns, HttpDeps } from './deps.ts';
import { FIELD_DOC } from './schemas.ts';
import type { AskedSearch } from './search.ts';
import { silentSenders } from './silence.ts';
import { link } from './show.ts';

/**
 * "Why is nothing here?" and "what is wrong?", answered from facts at hand: one sentence each, most telling first,
 * with the page that shows more. Pages, text and JSON give the same sentences.
 */
export interface Hint {
  code: string;
  text: string;
  href?: string;
}

export interface Facts {
  counters: CounterColumns;
  health: EngineHealth;
  listeners: readonly ListenerView[];
  agents: readonly AgentView[];
  uptimeMs: number;
  nowUs: number;
  aliases: Aliases;
}

/** Enough agents to find the one that sent last without copying a long list for a sentence. */
const AGENTS_LOOKED_AT = 200;

export async function gatherFacts(deps: HttpDeps): Promise<Facts> {
  const [listeners, agents] = await Promise.all([
    deps.engine.listeners(),
    deps.engine.listAgents({ offset: 0, limit: AGENTS_LOOKED_AT }),
  ]);
  return {
    counters: deps.counters(),
    health: deps.engine.health(),
    listeners,
    agents: agents.items,
    uptimeMs: deps.statistics.totals().uptimeMs,
    nowUs: deps.clock(),
    aliases: deps.aliases,
  };
}

// What is wrong, whatever page is looked at

/** Facts that mean lost data or wait for somebody to act. */
export function warnings(facts: Pick<Facts, 'counters' | 'health' | 'listeners'>): Hint[] {
  const { counters, health, listeners } = facts;
  const hints: Hint[] = [];
  const warn = (code: string, count: number, text: string, href: string): void => {
    if (count > 0) hints.push({ code, text: plural(count, text), href });
  };
  if (!health.running)
    hints.push({ code: 'engine-down', text: `The engine is not running${reasonOf(health)}`, href: '/healthz' });
  else if (!health.ready)
    hints.push({ code: 'engine-starting', text: 'The engine is not ready for traffic yet', href: '/readyz' });
  warn('engine-restarts', health.restarts, `engine restart(s) since the start${reasonOf(health)}`, '/healthz');
  if (health.running && listeners.length === 0) hints.push(noListener());
  warn(
    'kernel-drops',
    kernelDrops(facts),
    'datagram(s) dropped by the kernel because the receive buffer was full: raise net.core.rmem_max',
    '/hep/list',
  );
  warn(
    'dropped',
    get(counters, Ingest.DROPPED),
    `message(s) thrown away unread: ${topOf(counters, DROPPED)}`,
    '/counters?group=ingest.dropped',
  );
  warn('call-limit', get(counters, Calls.FAIL_LIM), 'call(s) not tracked because a limit is reached', '/calls');
  warn(
    'call-memory',
    get(counters, OUT_OF_MEMORY),
    'message(s) not tracked because the calls held reach calls_max_mem',
    '/calls',
  );
  warn(
    'calls-evicted',
    get(counters, Calls.EVICTED),
    'unfinished call(s) given up to make room for new ones: raise calls_max_entries or calls_max_mem',
    '/calls',
  );
  warn(
    'registration-limit',
    get(counters, Regs.FAIL_LIM) + get(counters, Regs.FAIL_NEW),
    'binding(s) not held because a limit is reached',
    '/regs',
  );
  warn(
    'links-left-out',
    get(counters, Links.LEFT_OUT),
    'message(s) not counted by their link because of links_max',
    '/links',
  );
  warn('state-failed', get(counters, State.FAILED), 'state file(s) could not be written: see the log', STATE_HREF);
  warn('state-refused', get(counters, State.REFUSED), 'state file(s) refused and set aside: see the log', STATE_HREF);
  warn('state-left-out', get(counters, State.LEFT_OUT), 'entries of the state file found no place', STATE_HREF);
  warn(
    'rate-table-full',
    get(counters, EvRate.TRACKING_FAIL),
    'event(s) dropped because the rate table was full of younger entries: raise evr_max_entries',
    '/evrateblst',
  );
  warn(
    'event-log',
    get(counters, EventLog.DROPPED),
    'event(s) not written to the event log in time',
    '/counters?group=event_log',
  );
  warn('refused', get(counters, Ingest.REFUSED), `message(s) refused: ${topOf(counters, REFUSED)}`, '/hep/list#faults');
  warn(
    'connections-faulty',
    get(counters, Hep.CONNS_FAULTY),
    'connection(s) closed because of a framing error or a deadline',
    '/counters?group=hep&nz=1',
  );
  warn(
    'connections-refused',
    get(counters, Hep.CONNS_REFUSED),
    'connection(s) refused by hep_allow or a connection limit',
    '/counters?group=hep&nz=1',
  );
  warn('tls-errors', get(counters, Hep.TLS_ERRORS), 'TLS handshake(s) failed', '/counters?group=hep&nz=1');
  warn(
    'ipfix-refused',
    get(counters, Ipfix.CONNS_REFUSED),
    'IPFIX connection(s) refused by ipfix_allow or a connection limit',
    '/counters?group=ipfix&nz=1',
  );
  warn(
    'ipfix-tls-errors',
    get(counters, Ipfix.TLS_ERRORS),
    'TLS handshake(s) of IPFIX probes failed',
    '/counters?group=ipfix&nz=1',
  );
  warn(
    'clock-skew',
    get(counters, Hep.TIME_SKEWED) + get(counters, Ipfix.TIME_SKEWED),
    "message(s) tracked on arrival time because the sender's clock is off",
    '/hep/list',
  );
  warn(
    'agents-unlisted',
    get(counters, Hep.AGENTS_UNLISTED),
    'message(s) of agents not listed because of hep_max_agents',
    '/hep/list',
  );
  return hints;
}

// Why a list is empty

export function whyNoCalls(
  facts: Facts,
  page: Page<CallView>,
  filter: TextFilter<string> | undefined,
  search: AskedSearch | undefined,
): Hint[] {
  const narrowed =
    whyNarrowed(page, filter, '/calls/list', 'call(s) held', 'case matters') ??
    whyNotFound(page, search, '/calls/list', 'call(s) held');
  if (narrowed !== undefined) {
    const elsewhere = search === undefined ? undefined : parseSearch(search.text, 'events', UTC, facts.aliases);
    if (search !== undefined && page.matched === 0 && !(elsewhere instanceof SearchFault)) {
      const text = 'A finished call leaves the list after some seconds; its events stay longer';
      narrowed.push({ code: 'finished', text, href: link('/events', { q: search.text }) });
    }
    narrowed.push(...silentHints(facts));
    if (filter?.field === 'cid') {
      const href = link('/events', { cid: filter.value, re: filter.regexp ? 1 : undefined });
      narrowed.push({
        code: 'finished',
        text: 'A finished call leaves the list after some seconds; its events stay longer',
        href,
      });
    }
    return narrowed;
  }
  const { counters } = facts;
  const created = get(counters, Calls.CREATED);
  const hints: Hint[] = [];
  if (created > 0) {
    hints.push({
      code: 'finished',
      text: `${plural(created, 'call(s) tracked since the start, none held now')}: a call leaves the list when the timeout of its state has passed`,
      href: '/calls/timeout',
    });
    const events = get(counters, EventRing.QUEUED);
    if (events > 0) hints.push({ code: 'events', text: plural(events, 'event(s) about them'), href: '/events' });
  }
  return [...hints, ...limitHints(counters), ...trafficHints(facts)];
}

/** Why a list of messages goes back no further; nothing where it has all there were. */
export function howFar({ keeps, isComplete, sinceUs, total }: MessagePage, nowUs: number): Hint[] {
  if (!keeps || isComplete || sinceUs === null) return [];
  const looked = `The ${MAX_SEARCH_MS / 1000} s of a search were enough for ${plural(total, 'message(s)')}`;
  const text = `${looked}, back to ${agoText(sinceUs, nowUs)}; older ones may meet it, too: ask for less, such as ip: or method:, which take least time`;
  return [{ code: 'partial', text }];
}

export function whyNoMessages(facts: Facts, page: MessagePage, search: AskedSearch | undefined): Hint[] {
  if (!page.keeps) {
    return [{ code: 'not-kept', text: 'Messages are not kept: keep_messages is 0', href: '/about/config' }];
  }
  const held = page.sinceUs === null ? '' : `; the oldest held is from ${agoText(page.sinceUs, facts.nowUs)}`;
  const narrowed =
    whyNarrowed(page, undefined, '/messages', 'message(s)', '') ??
    whyNotFound(page, search, '/messages', `message(s) looked at${page.isComplete ? held : ''}`);
  const { counters } = facts;
  const leftOut = get(counters, Calls.MESSAGES_LEFT_OUT);
  const overload: Hint[] =
    leftOut === 0
      ? []
      : [
          {
            code: 'left-out',
            text: plural(leftOut, 'message(s) tracked but not kept, because there was too much to do'),
            href: '/hep/list',
          },
        ];
  const hints =
    narrowed === undefined ? [...limitHints(counters), ...trafficHints(facts)] : [...narrowed, ...silentHints(facts)];
  return [...hints, ...overload];
}

export function whyNoRegistrations(
  facts: Facts,
  page: Page<RegistrationView>,
  filter: TextFilter<string> | undefined,
): Hint[] {
  const narrowed = whyNarrowed(page, filter, '/regs/list', 'binding(s) held', 'case matters');
  if (narrowed !== undefined) return [...narrowed, ...silentHints(facts)];
  const { counters } = facts;
  const hints: Hint[] = [];
  const created = get(counters, Regs.CREATED);
  const requests = get(counters, SIP_METHODS[Method.REGISTER] ?? Regs.CREATED);
  if (created > 0) {
    hints.push({
      code: 'ended',
      text: plural(created, 'binding(s) seen since the start, none held now: all were removed or have expired'),
      href: link('/events', { name: 'reg-' }),
    });
  } else if (requests > 0) {
    hints.push({
      code: 'not-confirmed',
      text: `${plural(requests, 'REGISTER(s)')} seen, but no 2xx that binds a contact: a binding is what the registrar confirms`,
      href: link('/events', { method: 'REGISTER' }),
    });
  } else if (get(counters, Ingest.TRACKED) > 0) {
    hints.push({ code: 'no-register', text: 'No REGISTER is among the SIP messages tracked so far' });
  }
  const failed = get(counters, Regs.FAIL_LIM) + get(counters, Regs.FAIL_NEW);
  if (failed > 0) {
    hints.push({
      code: 'registration-limit',
      text: plural(failed, 'binding(s) not held because a limit is reached'),
      href: '/regs',
    });
  }
  return [...hints, ...trafficHints(facts)];
}

export function whyNoEvents(
  facts: Facts,
  page: EventPage,
  filter: TextFilter<string> | undefined,
  search: AskedSearch | undefined,
  order: EventQuery['order'] | undefined,
): Hint[] {
  if (order !== 'newest' && page.nextIndex > 0 && page.offset >= page.nextIndex) {
    return [
      {
        code: 'behind-the-end',
        text: `The next event will get index ${page.nextIndex}, and s=${page.offset} asks for what comes from there on`,
        href: link('/events', { s: Math.max(0, page.nextIndex - 1) }),
      },
    ];
  }
  const what = `event(s) held of ${page.nextIndex} generated`;
  const narrowed =
    whyNarrowed(page, filter, '/events', what, 'case does not matter') ?? whyNotFound(page, search, '/events', what);
  if (narrowed !== undefined) return [...narrowed, ...silentHints(facts)];
  const { counters } = facts;
  const hints: Hint[] = [];
  const suppressed = get(counters, EvRate.BLST_TYPE);
  if (suppressed > 0) {
    hints.push({
      code: 'switched-off',
      text: plural(suppressed, 'event(s) dropped because their type is switched off'),
      href: '/events/blst',
    });
  }
  const active = get(counters, Calls.ACTIVE);
  if (active > 0) {
    hints.push({
      code: 'calls-in-progress',
      text: `${plural(active, 'call(s) held')}: an event comes when a call is answered, fails, ends or times out`,
      href: '/calls/list',
    });
  }
  return [...hints, ...limitHints(counters), ...trafficHints(facts)];
}

export function whyNoLinks(facts: Facts, page: Page<unknown>): Hint[] {
  if (page.matched > 0) {
    const text = `Item ${page.offset} is behind the last: ${page.matched} match, counted from 0`;
    return [{ code: 'behind-the-end', text, href: '/links' }];
  }
  if (page.total > 0) {
    return [
      { code: 'filter', text: `${plural(page.total, 'link(s) counted')}, none passes the filter`, href: '/links' },
    ];
  }
  return trafficHints(facts);
}

export function whyNoRates(counters: CounterColumns, page: Page<unknown>): Hint[] {
  if (page.matched > 0) {
    const text = `Item ${page.offset} is behind the last: ${page.matched} match, counted from 0`;
    return [{ code: 'behind-the-end', text, href: '/evrateblst/list' }];
  }
  if (page.total > 0) {
    const text = `There are ${page.total} entries, but none is as asked for`;
    return [{ code: 'filter', text, href: '/evrateblst/list' }];
  }
  const events = get(counters, EvRate.TOTAL_EVENTS);
  const text =
    events === 0
      ? 'An entry comes with the first event of a type and source, and there was no event yet'
      : `${plural(events, 'event(s)')} so far, but no entry: old ones are collected, and evr_max_entries 0 makes none`;
  return [{ code: 'no-entries', text, href: events === 0 ? '/events' : '/evrateblst/gccfg1' }];
}

export function whyNoAgents(facts: Facts, page: Page<AgentView>): Hint[] {
  const narrowed = whyNarrowed(page, undefined, '/hep/list', 'agent(s) listed', '');
  return narrowed ?? trafficHints(facts);
}

export function whyNoProbes(counters: CounterColumns, listener: ListenerView | null, page: Page<ProbeView>): Hint[] {
  if (listener === null) {
    return [{ code: 'ipfix-off', text: 'IPFIX is off: set ipfix_port', href: '/about/config' }];
  }
  const narrowed = whyNarrowed(page, undefined, '/ipfix/list', 'probes connected', '');
  if (narrowed !== undefined) return narrowed;
  const hints: Hint[] = [];
  const before = get(counters, Ipfix.CONNS_TOTAL);
  hints.push(
    before === 0
      ? { code: 'no-probe', text: `No SBC has connected so far; ${listenerText(listener)} waits for one` }
      : { code: 'probes-gone', text: plural(before, 'connection(s) since the start, none open now') },
  );
  const refused = get(counters, Ipfix.CONNS_REFUSED);
  if (refused > 0) {
    hints.push({
      code: 'ipfix-refused',
      text: plural(refused, 'IPFIX connection(s) refused by ipfix_allow or a connection limit'),
      href: '/about/config',
    });
  }
  const tlsErrors = get(counters, Ipfix.TLS_ERRORS);
  if (tlsErrors > 0) {
    hints.push({
      code: 'ipfix-tls-errors',
      text: plural(tlsErrors, 'TLS handshake(s) of IPFIX probes failed'),
      href: '/counters?group=ipfix&nz=1',
    });
  }
  hints.push({
    code: 'check-sbc',
    text: "Check comm-monitor and its monitor-collector in the SBC's system-config: state, address and port",
  });
  return hints;
}

function whyNarrowed(
  page: Page<unknown>,
  filter: TextFilter<string> | undefined,
  path: string,
  what: string,
  comparison: string,
): Hint[] | undefined {
  if (page.matched > 0) {
    const text = `Item ${page.offset} is behind the last: ${page.matched} match, counted from 0`;
    const first = link(
      path,
      filter === undefined ? {} : { [filter.field]: filter.value, re: filter.regexp ? 1 : undefined },
    );
    return [{ code: 'behind-the-end', text, href: first }];
  }
  if (filter === undefined || page.total === 0) return undefined;
  const field = FIELD_DOC[filter.field] ?? filter.field;
  const how = filter.regexp ? 'matches the expression' : `contains (${comparison})`;
  return [
    { code: 'filter', text: `${plural(page.total, what)}, but no ${field} ${how} "${filter.value}"`, href: path },
  ];
}

/** The search may be too narrow; each of its parts can be left out on the page itself. */
function whyNotFound(
  page: Page<unknown>,
  search: AskedSearch | undefined,
  path: string,
  what: string,
): Hint[] | undefined {
  if (search === undefined || page.total === 0) return undefined;
  return [{ code: 'search', text: `${plural(page.total, what)}, but none meets "${search.text}"`, href: path }];
}

function limitHints(counters: CounterColumns): Hint[] {
  const refused = get(counters, Calls.FAIL_LIM);
  return refused === 0
    ? []
    : [{ code: 'call-limit', text: plural(refused, 'call(s) not tracked because a limit is reached'), href: '/calls' }];
}

/** From "the process listens" to "the messages are SIP": the first step that fails explains the rest. */
function trafficHints(facts: Facts): Hint[] {
  const { counters, health, listeners } = facts;
  if (!health.running)
    return [{ code: 'engine-down', text: `The engine is not running${reasonOf(health)}`, href: '/healthz' }];
  if (listeners.length === 0) return [noListener()];
  const received = get(counters, Ingest.RECEIVED);
  const hints = received === 0 ? nothingReceived(facts) : whatWasReceived(facts, received);
  const drops = kernelDrops(facts);
  if (drops > 0)
    hints.push({
      code: 'kernel-drops',
      text: plural(drops, 'datagram(s) dropped by the kernel: raise net.core.rmem_max'),
      href: '/hep/list',
    });
  const refused = get(counters, Hep.CONNS_REFUSED);
  if (refused > 0)
    hints.push({
      code: 'connections-refused',
      text: plural(refused, 'connection(s) refused by hep_allow or a connection limit'),
      href: '/about/config',
    });
  hints.push(...silentHints(facts));
  const tlsErrors = get(counters, Hep.TLS_ERRORS);
  if (tlsErrors > 0)
    hints.push({
      code: 'tls-errors',
      text: plural(tlsErrors, 'TLS handshake(s) failed'),
      href: '/counters?group=hep&nz=1',
    });
  return hints;
}

/** Named at most; the page of agents has them all. */
const MOST_NAMED = 3;

/** Whoever has stopped sending: what is missing may be what they saw. */
function silentHints({ agents, nowUs }: Facts): Hint[] {
  return silentSenders(agents, [], nowUs)
    .slice(0, MOST_NAMED)
    .map(({ id, name, sinceUs }) => ({
      code: 'agent-silent',
      text: `Agent ${id}${name === '' ? '' : ` (${name})`} has been silent for ${roughly((nowUs - sinceUs) / 1000)}`,
      href: '/hep/list',
    }));
}

function nothingReceived({ listeners, uptimeMs }: Facts): Hint[] {
  const hints: Hint[] = [
    { code: 'nothing-received', text: `Nothing has arrived in the ${roughly(uptimeMs)} since the start` },
    { code: 'listening', text: `Listening for ${listeners.map(listenerText).join(', ')}`, href: '/hep/list' },
  ];
  const connections = listeners.reduce((sum, listener) => sum + (listener.connections ?? 0), 0);
  if (connections > 0)
    hints.push({
      code: 'silent-connections',
      text: plural(connections, 'connection(s) open, without a whole message so far'),
    });
  if (listeners.every((listener) => isLoopback(listener.address))) {
    hints.push({
      code: 'loopback-only',
      text: 'All listeners are on loopback addresses: agents on other hosts cannot reach them, set hep_addr',
      href: '/about/config',
    });
  }
  hints.push({
    code: 'check-agents',
    text: 'Check that an agent sends HEP to this host and port, and that no firewall is between',
  });
  return hints;
}

function whatWasReceived({ counters, agents, nowUs }: Facts, received: number): Hint[] {
  const lastSeenUs = Math.max(0, ...agents.map((agent) => agent.lastSeenUs));
  const last = lastSeenUs === 0 ? '' : `, the last ${agoText(lastSeenUs, nowUs)}`;
  const from = agents.length === 0 ? '' : ` from ${plural(get(counters, Hep.AGENTS), 'agent(s)')}`;
  const tracked = get(counters, Ingest.TRACKED);
  const hints: Hint[] = [
    {
      code: 'received',
      text: `${plural(received, 'message(s)')} received${from}${last}; ${tracked === 0 ? 'none' : tracked} of them SIP that could be tracked`,
      href: '/hep/list',
    },
  ];
  const exits: [string, number, string, readonly CounterInfo[], string][] = [
    ['refused', Ingest.REFUSED, 'refused', REFUSED, 'ingest.refused'],
    ['ignored', Ingest.IGNORED, 'not used', IGNORED, 'ingest.ignored'],
    ['dropped', Ingest.DROPPED, 'thrown away', DROPPED, 'ingest.dropped'],
  ];
  for (const [code, total, verb, counted, group] of exits) {
    const count = get(counters, total);
    if (count > 0)
      hints.push({
        code,
        text: `${plural(count, `message(s) ${verb}`)}: ${topOf(counters, counted)}`,
        href: `/counters?group=${group}&nz=1`,
      });
  }
  return hints;
}

// Facts in words

const LISTENER_NAMES: Readonly<Record<string, string>> = {
  'hep-udp': 'HEP over UDP',
  'hep-tcp': 'HEP over TCP',
  'hep-tls': 'HEP over TLS',
  'ipfix-tcp': 'IPFIX over TCP',
  'ipfix-tls': 'IPFIX over TLS',
  live: 'capture',
};

/** Where it listens; an interface has no port. */
export function listenerPlace({ name, address, port }: ListenerView): string {
  return name === 'live' ? address : formatEndpoint(address, port);
}

export function listenerText(listener: ListenerView): string {
  return `${LISTENER_NAMES[listener.name] ?? listener.name} on ${listenerPlace(listener)}`;
}

function noListener(): Hint {
  return {
    code: 'no-listener',
    text: 'No listener is open, so nothing can arrive: set hep_udp_port or hep_tcp_port, or ipfix_port',
    href: '/about/config',
  };
}

function reasonOf(health: EngineHealth): string {
  return health.lastError === '' ? '' : `: ${health.lastError}`;
}

// Declared for every fault.
const OUT_OF_MEMORY = REFUSED_BY_FAULT[Fault.TRACK_MEMORY_LIMIT]!;
const STATE_HREF = '/counters?group=state';
const counterInfos = (indices: readonly number[]): CounterInfo[] =>
  COUNTERS.filter((info) => indices.includes(info.index));
const REFUSED = counterInfos(REFUSED_BY_FAULT);
const IGNORED = counterInfos(Object.values(Ignored));
const DROPPED = counterInfos(Object.values(Dropped));

/** The three largest of some counters: name, count and meaning. */
function topOf(counters: CounterColumns, infos: readonly CounterInfo[]): string {
  return infos
    .map((info) => ({ info, value: get(counters, info.index) }))
    .filter(({ value }) => value > 0)
    .toSorted((a, b) => b.value - a.value)
    .slice(0, 3)
    .map(({ info, value }) => `${value} × ${info.name} (${info.description})`)
    .join('; ');
}

export function get(counters: CounterColumns, index: number): number {
  return counters.values[index] ?? 0;
}

/** The listeners know the sum of now, the counter what was counted by listeners that are gone. */
function kernelDrops({ counters, listeners }: Pick<Facts, 'counters' | 'listeners'>): number {
  const now = listeners.reduce((sum, listener) => sum + (listener.kernelDrops ?? 0), 0);
  return Math.max(now, get(counters, Hep.KERNEL_DROPS));
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** "1 call", "2 calls" of "call(s)". */
function plural(count: number, text: string): string {
  return `${count} ${text.replace('(s)', count === 1 ? '' : 's')}`;
}

/** A duration for a sentence: whole seconds from one second on. */
export function roughly(ms: number): string {
  return formatDuration(ms < 1000 ? Math.round(ms) : Math.round(ms / 1000) * 1000);
}

/** How long ago something was. A sender's clock may be ahead of ours: what is yet to come is now. */
export function agoText(us: number, nowUs: number): string {
  return `${roughly(Math.max(0, nowUs - us) / 1000)} ago`;
}
