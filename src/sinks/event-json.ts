import { dumpPath } from '../model/dump-path.ts';
import type { DumpNaming } from '../model/settings.ts';
import type { EventView } from '../model/views.ts';

/**
 * Events as JSON lines in ECS style, under the names shippers and dashboards of the reference program know. A dot in a
 * name is a nested object; a member without a value is left out. Durations of `event.*` are whole seconds, those of
 * `sip.*` and `rate.period` milliseconds.
 */
export interface JsonContext {
  /** When the program started: what was under way before is at least that old. */
  readonly startedUs: number;
  readonly version: string;
  /** How the files of calls are named, where they are written. */
  readonly dump?: DumpNaming | undefined;
}

/** Where an event stands among others. */
export interface JsonPosition {
  /** Running number in this log, from 1. */
  readonly count: number;
  /** Index the next event of the ring will get. */
  readonly nextIndex: number;
}

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json | undefined };
type Members = Record<string, Json | undefined>;

/** One event as a line, with its line feed. */
export function eventLine(event: EventView, position: JsonPosition, context: JsonContext): string {
  return `${JSON.stringify(eventJson(event, position, context))}\n`;
}

export function eventJson(event: EventView, position: JsonPosition, context: JsonContext): Members {
  const isCall = hasCall(event);
  const { attributes: kept } = event;
  return {
    '@timestamp': isoTime(event.tsUs),
    type: event.type,
    event: presentOnly({ ...lengths(event, context), call_start: isoOf(event.finalUs) }),
    sip: presentOnly({
      call_id: nonEmpty(event.callId),
      from: nonEmpty(kept['sip.from']),
      to: nonEmpty(kept['sip.to']),
      fromtag: isCall ? event.fromTag : undefined,
      totag: isCall ? event.toTag : undefined,
      contact: nonEmpty(kept['sip.contact']),
      sip_reason: event.type === 'parse-error' ? undefined : nonEmpty(kept['sip.sip_reason']),
      pai1: nonEmpty(kept['sip.pai1']),
      pai2: nonEmpty(kept['sip.pai2']),
      request: presentOnly({
        method: nonEmpty(kept['sip.request.method']),
        sig: isCall ? nonEmpty(kept['sip.req_sig']) : undefined,
      }),
      response: response(event),
      ...callFields(event),
    }),
    uri: presentOnly({ original: nonEmpty(kept['uri.original']) }),
    user_agent: presentOnly({ original: nonEmpty(kept['user_agent.original']) }),
    uas: presentOnly({ original: nonEmpty(kept['uas.original']) }),
    err_info: event.type === 'parse-error' ? nonEmpty(kept['sip.sip_reason']) : undefined,
    client: { transport: event.transport, ip: event.src.ip, port: event.src.port },
    server: { ip: event.dst.ip, port: event.dst.port },
    attrs: attributes(event, context),
    rate: rate(event),
    dbg: debug(event, position),
    encrypt_flags: '0',
    agent: { version_long: `sipcol ${context.version}`, version_base: context.version },
  };
}

/** Events of single messages know of no call. */
function hasCall(event: EventView): boolean {
  return event.type !== 'parse-error' && event.type !== 'msg-probe';
}

/** How long a call lasted, or a binding or subscription lived; where the beginning was not seen, at least how long. */
function lengths(event: EventView, context: JsonContext): Members {
  const { tsUs, finalUs, earlyUs, createdUs } = event;
  const sinceStart = seconds(context.startedUs, tsUs);
  switch (event.type) {
    case 'call-end':
      if (finalUs !== null) return { duration: seconds(finalUs, tsUs) };
      if (earlyUs !== null) return { duration2: seconds(earlyUs, tsUs) };
      return sawBeginning(event) ? { duration3: seconds(createdUs, tsUs) } : { min_length: sinceStart };
    case 'reg-del':
    case 'reg-expired':
    case 'sub-del':
      return finalUs === null ? { min_lifetime: sinceStart } : { lifetime: seconds(finalUs, tsUs) };
    default:
      return {};
  }
}

function sawBeginning(event: EventView): boolean {
  const emitted = event.debug?.emitted ?? [];
  return ['call-start', 'call-attempt', 'auth-failed'].some((type) => emitted.includes(type));
}

/** `status` where the answer is the event, `last` where it only was the last one. */
function response(event: EventView): Members | undefined {
  switch (event.type) {
    case 'call-start':
    case 'call-attempt':
    case 'auth-failed':
    case 'reg-new':
    case 'sub-new':
      return { status: event.status };
    case 'call-end':
      return event.status === 0 ? undefined : { last: event.status };
    case 'reg-del':
    case 'reg-expired':
    case 'sub-del':
    case 'other-failed':
    case 'other-timeout':
    case 'other-ok':
      return { last: event.status };
    default:
      return undefined;
  }
}

/** Members of `sip` that only some types have. */
function callFields(event: EventView): Members {
  const setUp = { pdd: event.pddMs ?? undefined, ring_time: event.ringMs ?? undefined };
  const { finalUs, createdUs } = event;
  switch (event.type) {
    case 'call-start':
    case 'call-attempt':
      return setUp;
    case 'call-end':
      return {
        ...setUp,
        originator: event.originator ?? undefined,
        unmatched_invite: event.status === 0 || !(event.debug?.emitted ?? []).includes('call-start'),
      };
    case 'reg-new':
    case 'auth-failed':
    case 'sub-new':
      return { fr_delay: finalUs === null ? undefined : Math.max(0, (finalUs - createdUs) / 1000) };
    default:
      return {};
  }
}

/** Where the messages of the call are, below `pcap_dump_dir`. */
function attributes({ callId }: EventView, { dump }: JsonContext): Members | undefined {
  if (dump === undefined || callId === '') return undefined;
  return { filename: dumpPath(Buffer.from(callId, 'utf8').toString('latin1'), dump) };
}

function rate(event: EventView): Members | undefined {
  if (event.rate === null) return undefined;
  const { exceeded, diff, value, limit, intervalMs, sinceUs, key } = event.rate;
  return { exceeded, ex_diff: diff, crt: value, lim: limit, period: intervalMs, since: isoTime(sinceUs), key };
}

function debug(event: EventView, position: JsonPosition): Members {
  const { debug: kept } = event;
  const common = {
    created: isoTime(event.createdUs),
    call_start: isoOf(event.finalUs),
    forked: isoOf(event.forkedUs),
    event_cnt: position.count,
    event_idx: event.index,
    event_next_idx: position.nextIndex,
  };
  if (kept === null) return presentOnly(common) ?? {};
  return {
    ...common,
    state: kept.state,
    prev_state: kept.previousStates.join('->'),
    lastev: kept.lastEvent,
    evflags: kept.emitted.join('|'),
    evgen: kept.generatedOn,
    cseq: kept.cseq,
    rcseq: kept.replyCseq,
    call_flags: kept.flags.join('|'),
    req_no: kept.requests,
    repl_no: kept.replies,
    req_retr: kept.retransmissions.requests,
    repl_retr: kept.retransmissions.replies,
    last_method: kept.lastMethod,
    last_status: kept.lastStatus,
    msg_trace: kept.messageTrace,
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** An object without members is no value. */
function presentOnly(members: Members): Members | undefined {
  return Object.values(members).some((value) => value !== undefined) ? members : undefined;
}

/** Whole seconds; a clock that was set back makes none negative. */
function seconds(fromUs: number, toUs: number): number {
  return Math.max(0, Math.floor((toUs - fromUs) / 1e6));
}

function isoOf(us: number | null): string | undefined {
  return us === null ? undefined : isoTime(us);
}

/** ISO 8601 UTC with microseconds. */
function isoTime(us: number): string {
  const whole = Math.round(us);
  const ms = Math.floor(whole / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(whole - ms * 1000).padStart(3, '0')}Z`;
}
