import { COUNTERS, Ingest, REFUSED_BY_FAULT } from '../model/counters.ts';
import { FAULTS } from '../model/fault.ts';
import type { AgentView, ProbeView } from '../model/views.ts';
import type { CounterColumns } from './deps.ts';
import { get, roughly } from './why.ts';

/** One reason messages are refused for, and whose they were. */
export interface FaultRow {
  code: string;
  description: string;
  messages: number;
  senders: { id: string; messages: number }[];
  /** The last one any sender was refused for, if that was this. */
  last: { sender: string; atUs: number; hex: string } | null;
}

/** Where everything received went, each message once. */
export type Flow = readonly { name: string; messages: number; meaning: string; href: string }[];

export function flowOf(counters: CounterColumns): Flow {
  const step = (name: string, counter: number, meaning: string, href: string): Flow[number] => ({
    name,
    messages: get(counters, counter),
    meaning,
    href,
  });
  return [
    step('Received', Ingest.RECEIVED, 'tracked + refused + ignored + dropped', '/counters?group=ingest'),
    step('Tracked', Ingest.TRACKED, 'SIP that calls are made of', '/calls/list'),
    step('Refused', Ingest.REFUSED, 'malformed, or not allowed', '/hep/list#faults'),
    step('Ignored', Ingest.IGNORED, 'nothing wrong, nothing to track', '/counters?group=ingest.ignored&nz=1'),
    step('Dropped', Ingest.DROPPED, 'thrown away unread', '/counters?group=ingest.dropped&nz=1'),
  ];
}

type Sender = Pick<AgentView, 'id' | 'refused' | 'lastFault'>;

export function senderOf(probe: ProbeView): Sender {
  return { id: probe.agent, refused: probe.refused, lastFault: probe.lastFault };
}

const REFUSALS = FAULTS.map(({ fault }) => COUNTERS[REFUSED_BY_FAULT[fault] ?? -1]).filter(
  (info) => info !== undefined,
);

/** Reasons messages were refused for, the most frequent first; what senders that are gone sent is counted all the same. */
export function faultsByReason(counters: CounterColumns, senders: readonly Sender[]): FaultRow[] {
  return REFUSALS.map(({ name, description, index }) => ({
    code: name,
    description,
    messages: get(counters, index),
    senders: senders
      .map(({ id, refused }) => ({ id, messages: refused[name] ?? 0 }))
      .filter(({ messages }) => messages > 0)
      .toSorted((a, b) => b.messages - a.messages),
    last: lastOf(name, senders),
  }))
    .filter(({ messages }) => messages > 0)
    .toSorted((a, b) => b.messages - a.messages);
}

function lastOf(code: string, senders: readonly Sender[]): FaultRow['last'] {
  let last: FaultRow['last'] = null;
  for (const { id, lastFault } of senders) {
    if (lastFault === null || lastFault.code !== code || lastFault.atUs < (last?.atUs ?? 0)) continue;
    last = { sender: id, atUs: lastFault.atUs, hex: lastFault.hex };
  }
  return last;
}

/** How far a clock is off: `-2h7m47s`, `+150ms`. */
export function offsetText(ms: number): string {
  const size = roughly(Math.abs(ms));
  return `${ms > 0 ? '+' : ms < 0 ? '-' : ''}${size}`;
}

/** A clock that is this far off shows in every list. */
const CLOCK_OFF_MS = 1000;

export function isClockOff(ms: number): boolean {
  return Math.abs(ms) >= CLOCK_OFF_MS;
}

/** Octets written as hexadecimal digits in groups of four octets, and as text where they are. */
export function octetsText(hex: string): { hex: string; text: string } {
  const octets = hex.match(/[\da-f]{2}/gi) ?? [];
  const text = octets.map((octet) => {
    const code = Number.parseInt(octet, 16);
    return code >= 0x20 && code < 0x7f ? String.fromCodePoint(code) : '·';
  });
  return { hex: hex.replace(/.{8}(?=.)/g, '$& '), text: text.join('') };
}
