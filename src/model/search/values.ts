import { parseCidr } from '../cidr.ts';
import { parseDurationMs } from '../duration.ts';
import type { Cidr } from '../settings.ts';
import type { Zone } from '../zone.ts';

/** Notations of values, each read here and nowhere else. `undefined` = not in this notation. */

/** A closed interval. */
export interface Interval {
  low: number;
  high: number;
}

/** `486`, or a class such as `4xx`. */
export function readStatus(text: string): Interval | undefined {
  const match = /^([1-6])(?:(\d\d)|xx)$/i.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]) * 100;
  return match[2] === undefined
    ? { low: first, high: first + 99 }
    : { low: first + Number(match[2]), high: first + Number(match[2]) };
}

export function readCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function readFigure(text: string): number | undefined {
  return /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds; never negative. */
export function readDuration(text: string): number | undefined {
  const ms = parseDurationMs(text);
  return ms === undefined || ms < 0 ? undefined : ms;
}

/** An address or a network, and the port that was written behind it. */
export interface Place {
  network: Cidr;
  port: number | undefined;
}

/** `192.0.2.1`, `192.0.2.0/24`, `192.0.2.1:5060`, `192.0.2.0/24:5060`, `2001:db8::1`, `[2001:db8::1]:5060`. */
export function readPlace(text: string): Place | undefined {
  const bare = parseCidr(text);
  if (bare !== undefined) return { network: bare, port: undefined };
  const match = /^(?:\[([^\]]+)\]|([\d.]+(?:\/\d+)?))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const network = parseCidr(match[1] ?? match[2] ?? '');
  const port = match[3] === undefined ? undefined : Number(match[3]);
  return network === undefined || (port !== undefined && port > 65_535) ? undefined : { network, port };
}

/** Digits of a number that say who it is: without the marks of people, and without the prefix that depends on where one dials. */
export interface Phone {
  /** Without `+`, `00` or a national `0` before it. */
  core: string;
}

/** Visual separators of RFC 3966 §5.1.1. */
const VISUAL_SEPARATORS = /[-.()]/g;

export function readPhone(text: string): Phone | undefined {
  const dialled = text.replace(VISUAL_SEPARATORS, '');
  if (!/^\+?[\d*#]+$/.test(dialled)) return undefined;
  const core = withoutPrefix(dialled);
  return core === '' ? undefined : { core };
}

function withoutPrefix(dialled: string): string {
  return dialled.replace(/^(?:\+|00|0)/, '');
}

/** Shorter ones are extensions, which end very many numbers. */
const SHORTEST_NATIONAL = 6;

/**
 * Whether two numbers may be the same line: one ends with the other. What is asked for may be any end of what was
 * dialled; what was dialled counts as an end of what is asked for only when it is long enough to be a number of its own.
 */
export function samePhone(asked: Phone, dialled: Phone): boolean {
  if (dialled.core.endsWith(asked.core)) return true;
  return dialled.core.length >= SHORTEST_NATIONAL && asked.core.endsWith(dialled.core);
}

/** A time as written; `now` and `midnight` are known only when the search runs, the zone of `local` to whoever asks. */
export interface Moment {
  from: 'epoch' | 'local' | 'midnight' | 'now';
  us: number;
  /** How much time the notation covers: a date a whole day. */
  spanUs: number;
}

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
const DAY_US = 24 * 60 * MINUTE_US;

const CLOCK = /^(\d\d):(\d\d)(?::(\d\d))?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const DATE_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?:(Z)|([+-])(\d\d:\d\d))?$/;

/** `now`, `-15m`, `14:03`, `14:03:05`, `2026-11-21`, `2026-11-21T14:03:05.25+01:00`. */
export function readMoment(text: string): Moment | undefined {
  if (text === 'now') return { from: 'now', us: 0, spanUs: 0 };
  if (text.startsWith('-')) {
    const ms = parseDurationMs(text);
    return ms === undefined ? undefined : { from: 'now', us: ms * 1000, spanUs: 0 };
  }
  const day = dayUs(text);
  if (day !== undefined) return { from: 'local', us: day, spanUs: DAY_US };
  const time = clockUs(text);
  if (time !== undefined) return { from: 'midnight', us: time, spanUs: text.length > 5 ? SECOND_US : MINUTE_US };
  const full = DATE_TIME.exec(text);
  if (full === null) return undefined;
  const [, date = '', minute = '', seconds, fraction = '', utc, sign, zone] = full;
  const dateUs = dayUs(date);
  const minuteUs = clockUs(seconds === undefined ? minute : `${minute}:${seconds}`);
  const zoneUs = zone === undefined ? 0 : clockUs(zone);
  if (dateUs === undefined || minuteUs === undefined || zoneUs === undefined) return undefined;
  const us = dateUs + minuteUs + Number(fraction.padEnd(6, '0')) + (sign === '-' ? zoneUs : -zoneUs);
  const spanUs = seconds === undefined ? MINUTE_US : fraction === '' ? SECOND_US : 10 ** (6 - fraction.length);
  return { from: utc === undefined && zone === undefined ? 'local' : 'epoch', us, spanUs };
}

function clockUs(text: string): number | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return (hours * 60 + minutes) * MINUTE_US + seconds * SECOND_US;
}

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const EPOCH_YEAR = 1970;

/** Midnight of a date from 1970 on, as if it were UTC. */
function dayUs(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const daysIn = DAYS_IN_MONTH.map((days, index) => (index === 1 && isLeap ? days + 1 : days));
  if (year < EPOCH_YEAR || day < 1 || day > (daysIn[month - 1] ?? 0)) return undefined;
  // Leap days of the years before this one.
  const leapDays = (before: number): number =>
    Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const yearDays = (year - EPOCH_YEAR) * 365 + leapDays(year - 1) - leapDays(EPOCH_YEAR - 1);
  const monthDays = daysIn.slice(0, month - 1).reduce((sum, days) => sum + days, 0);
  return (yearDays + monthDays + day - 1) * DAY_US;
}

/** `14:03~5m`: five minutes before to five minutes after. */
export function readAround(text: string): { moment: Moment; widthUs: number } | undefined {
  const tilde = text.indexOf('~');
  if (tilde < 0) return undefined;
  const moment = readMoment(text.slice(0, tilde));
  const width = readDuration(text.slice(tilde + 1));
  return moment === undefined || width === undefined ? undefined : { moment, widthUs: width * 1000 };
}

/** The instant a time stands for, read on clocks of a zone. */
export function instantUs(moment: Moment, nowUs: number, zone: Zone): number {
  switch (moment.from) {
    case 'epoch':
      return moment.us;
    case 'local':
      return zone.instantUs(moment.us);
    case 'midnight': {
      const localUs = nowUs + zone.offsetUs(nowUs);
      return zone.instantUs(localUs - (localUs % DAY_US) + moment.us);
    }
    case 'now':
      return nowUs + moment.us;
  }
}

/** What a time covers: a date all of its day, however many hours that has. */
export function momentInterval(moment: Moment, nowUs: number, zone: Zone): Interval {
  const low = instantUs(moment, nowUs, zone);
  const isDay = moment.spanUs === DAY_US;
  const end = isDay ? instantUs({ ...moment, us: moment.us + DAY_US }, nowUs, zone) : low + moment.spanUs;
  return { low, high: Math.max(low, end - 1) };
}
