import { Calls, EventRing, Regs } from '../model/counters.ts';
import type { CallTableStats, KeptView, RateTableStats, RegistrationTableStats } from '../model/engine.ts';
import type { SeriesWindow } from '../model/statistics.ts';

/** One kind of thing that is held, how much of it, and for how long that goes on. */
export interface Retention {
  kind: 'calls' | 'registrations' | 'messages' | 'events' | 'rates' | 'audit';
  title: string;
  href: string;
  held: number;
  /** Most entries; `null` = as many as come. */
  most: number | null;
  /** Octets they take, and may take; `null` = not known, no limit. */
  bytes: number | null;
  maxBytes: number | null;
  /** Of the limit that is nearer; `null` = there is none. */
  used: number | null;
  oldestUs: number | null;
  /** How many came in the last minutes. */
  perSecond: number | null;
  /** At this rate: how long each is kept, and when room runs out; `null` = the rate does not decide that. */
  keptMs: number | null;
  fullInMs: number | null;
  /** What ends it, where not the next one of its kind does. */
  until: string;
  /** Options that say how much. */
  options: readonly string[];
}

export interface Holdings {
  kept: KeptView;
  calls: CallTableStats;
  registrations: RegistrationTableStats;
  rates: RateTableStats;
  audit: { held: number; most: number; oldestUs: number | null };
}

/** What is held now, and what follows from what came in a window of time. */
export function retentionOf({ kept, calls, registrations, rates, audit }: Holdings, window: SeriesWindow): Retention[] {
  const perSecond = (index: number): number | null =>
    window.spanMs > 0 ? (window.total(index) / window.spanMs) * 1000 : null;
  const { messages, events } = kept;
  const messageRate = perSecond(Calls.MESSAGES_KEPT);
  const meanBytes = messages.held === 0 ? 0 : messages.bytes / messages.held;
  const eventRate = perSecond(EventRing.QUEUED);
  return [
    table('calls', 'Calls', '/calls', calls.calls, calls, {
      perSecond: perSecond(Calls.CREATED),
      until: 'the timeout of its state has passed',
      options: ['calls_max_entries', 'calls_max_mem', 'calls_evict'],
    }),
    table('registrations', 'Registrations', '/regs', registrations.bindings, registrations, {
      perSecond: perSecond(Regs.CREATED),
      until: 'it is removed, or its time has passed',
      options: ['regs_max_entries', 'regs_max_mem'],
    }),
    {
      kind: 'messages',
      title: 'Messages for display',
      href: '/messages',
      held: messages.held,
      most: null,
      bytes: messages.bytes,
      maxBytes: messages.maxBytes,
      used: ratio(messages.bytes, messages.maxBytes),
      oldestUs: messages.oldestUs,
      perSecond: messageRate,
      ...forecast(messages.bytes, messages.maxBytes, (messageRate ?? 0) * meanBytes),
      until: '',
      options: ['keep_messages', 'keep_messages_mem'],
    },
    {
      kind: 'events',
      title: 'Events',
      href: '/events',
      held: events.held,
      most: events.capacity,
      bytes: null,
      maxBytes: null,
      used: ratio(events.held, events.capacity),
      oldestUs: events.oldestUs,
      perSecond: eventRate,
      ...forecast(events.held, events.capacity, eventRate ?? 0),
      until: '',
      options: ['event_buffer_size'],
    },
    table(
      'rates',
      'Event rates',
      '/evrateblst',
      rates.entries,
      { ...rates, maxBytes: 0 },
      {
        perSecond: null,
        until: 'it is collected',
        options: ['evr_max_entries', 'evr_gc_old_age'],
      },
    ),
    {
      kind: 'audit',
      title: 'Audit trail',
      href: '/audit',
      held: audit.held,
      most: audit.most,
      bytes: null,
      maxBytes: null,
      used: ratio(audit.held, audit.most),
      oldestUs: audit.oldestUs,
      perSecond: null,
      keptMs: null,
      fullInMs: null,
      until: '',
      options: ['http_audit_entries'],
    },
  ];
}

/** A table whose entries leave by themselves. Limits of 0 are none. */
function table(
  kind: Retention['kind'],
  title: string,
  href: string,
  held: number,
  { bytes, maxEntries, maxBytes }: { bytes: number; maxEntries: number; maxBytes: number },
  more: Pick<Retention, 'perSecond' | 'until' | 'options'>,
): Retention {
  const shares = [ratio(held, maxEntries), ratio(bytes, maxBytes)].filter((share) => share !== null);
  return {
    kind,
    title,
    href,
    held,
    most: maxEntries === 0 ? null : maxEntries,
    bytes,
    maxBytes: maxBytes === 0 ? null : maxBytes,
    used: shares.length === 0 ? null : Math.max(...shares),
    oldestUs: null,
    keptMs: null,
    fullInMs: null,
    ...more,
  };
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

/** A ring of so much room into which so much comes each second. */
function forecast(used: number, room: number, perSecond: number): Pick<Retention, 'keptMs' | 'fullInMs'> {
  if (!(perSecond > 0) || room === 0) return { keptMs: null, fullInMs: null };
  const left = room - used;
  return { keptMs: (room / perSecond) * 1000, fullInMs: left > 0 ? (left / perSecond) * 1000 : null };
}
