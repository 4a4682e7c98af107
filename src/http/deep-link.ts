import { badParameter } from './problem.ts';
import { callHref, isoMicros, link } from './show.ts';

/** Fields of the search language by what other tools call them in their links; names of Homer 11 among them. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['number', 'number'],
  ['from_user', 'from'],
  ['to_user', 'to'],
  ['ruri_user', 'ruri'],
  ['user_agent', 'ua'],
  ['src_ip', 'src'],
  ['dst_ip', 'dst'],
  ['src_port', 'sport'],
  ['dst_port', 'dport'],
  ['method', 'method'],
]);
const CALL_ID = ['call_id', 'callid'];
/** What else such links carry; a kind of protocol or event means nothing here. */
const BESIDE = new Set(['from', 'to', 'minutes', 'limit', 'proto_type', 'event_type', 'format', 'tz']);
/** They say how a page is shown, not which. */
const HOW = new Set(['format', 'tz']);
const MOST_MINUTES = 1_000_000;

/**
 * Where a link of another tool leads: `/?number=…&from=…&to=…`, `/?call_id=…`, or Homer 11's names. `from` and `to` are
 * times there: ISO 8601, or seconds, milliseconds or microseconds since the epoch.
 *
 * @returns `undefined` for parameters that are no such link
 */
export function deepLink(query: Readonly<Record<string, unknown>>, nowUs: number): string | undefined {
  const given = Object.entries(query).filter(([, value]) => typeof value === 'string' && value !== '');
  const values = new Map(given.map(([name, value]) => [name, String(value)]));
  const isOurs = [...values.keys()].every((name) => FIELDS.has(name) || CALL_ID.includes(name) || BESIDE.has(name));
  if (!isOurs || ![...values.keys()].some((name) => !HOW.has(name))) return undefined;
  const callId = CALL_ID.map((name) => values.get(name)).find((value) => value !== undefined);
  if (callId !== undefined) return callHref(callId);
  const conditions = [...FIELDS].flatMap(([name, field]) => {
    const value = values.get(name);
    return value === undefined ? [] : [`${field}:${literal(field === 'number' ? plus(value) : value)}`];
  });
  return link('/calls/list', {
    q: [...conditions, ...windowOf(values, nowUs)].join(' '),
    n: values.get('limit'),
    format: values.get('format'),
    tz: values.get('tz'),
  });
}

/** A link that is passed on should mean the same tomorrow, so times are absolute. */
function windowOf(values: ReadonlyMap<string, string>, nowUs: number): string[] {
  const minutes = values.get('minutes');
  if (minutes !== undefined && !(/^\d{1,7}$/.test(minutes) && Number(minutes) <= MOST_MINUTES)) {
    throw badParameter('minutes', minutes, `a whole number up to ${MOST_MINUTES}`);
  }
  const bound = (name: string): string | undefined => {
    const value = values.get(name);
    return value === undefined ? undefined : isoMicros(timeOf(name, value));
  };
  const from = bound('from') ?? (minutes === undefined ? undefined : isoMicros(nowUs - Number(minutes) * 60e6));
  const to = bound('to');
  return [...(from === undefined ? [] : [`start>=${from}`]), ...(to === undefined ? [] : [`start<=${to}`])];
}

/** Ends of what milliseconds and microseconds may be: in seconds the first is the year 5138. */
const FIRST_MS = 1e11;
const FIRST_US = 1e14;

/**
 * Reads a time: ISO 8601, without zone UTC, or a number since the epoch whose unit its size tells.
 *
 * @returns microseconds
 * @throws HttpProblem 400
 */
export function timeOf(name: string, text: string): number {
  const us = /^\d{1,16}$/.test(text) ? epochUs(Number(text)) : isoUs(text);
  // Beyond this a number is no longer exact, which is in the year 2255.
  if (Number.isSafeInteger(us)) return us;
  throw badParameter(name, text, 'a time such as 2026-11-21T14:03:05Z, or seconds since 1970');
}

function epochUs(number: number): number {
  if (number >= FIRST_US) return number;
  return number * (number >= FIRST_MS ? 1000 : 1e6);
}

function isoUs(text: string): number {
  const [, date = '', time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?(Z|[ +-]\d\d:\d\d)?$/.exec(text) ?? [];
  const midnight = new Date(`${date}T00:00Z`);
  // A day too many for its month is taken for one of the next.
  const isDay = Number.isFinite(midnight.getTime()) && midnight.toISOString().startsWith(date);
  return isDay ? Date.parse(`${date}T${time}${plus(zone)}`) * 1000 : Number.NaN;
}

/** A plus in a query is a space when it was not encoded. */
function plus(text: string): string {
  return text.replace(/^ /, '+');
}

/** Text in quotes, which the search language takes as it is. */
function literal(text: string): string {
  return /^[\w.:+*-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
