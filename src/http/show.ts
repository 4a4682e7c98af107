import { offsetText, UTC, type Zone } from '../model/zone.ts';

/**
 * How captured text and times are shown to people. Captured text may hold anything: what a reader could not see
 * (controls, marks that reverse the direction of text, zero-width characters) is made visible, and stays on its line.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Escape of one unseen character, in the manner of `\x00` and `\u{202e}`. */
export function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Cuts text into what can be shown as it is and, at the odd places, single unseen characters. */
export function splitUnseen(text: string): string[] {
  return text.split(/([\p{Cc}\p{Cf}\p{Cs}\u2028\u2029])/u);
}

/** Text with unseen characters escaped. */
export function visible(text: string): string {
  return text.replace(UNSEEN, escapeOf);
}

/** Visible text in quotes, where quotes and backslashes are escaped too, so that it can be read back. */
export function quoted(text: string): string {
  return `"${visible(text.replace(/["\\]/g, '\\$&'))}"`;
}

/** `2026-11-21T01:09:11.123456Z`; empty for what is no time. */
export function isoMicros(us: number): string {
  if (!Number.isSafeInteger(us)) return '';
  const ms = Math.floor(us / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us - ms * 1000).padStart(3, '0')}Z`;
}

/** `2026-11-21T02:09:11.123456+01:00`: the same instant on the clocks of a zone; with `Z` where that is UTC. */
export function zonedIso(us: number, zone: Zone): string {
  return zone === UTC ? isoMicros(us) : `${clockText(us, zone)}${offsetAt(us, zone)}`;
}

/** `2026-11-21 01:09:11.123456 +0000 UTC`, as text pages write it; another zone with its own offset and name. */
export function textTime(us: number, zone: Zone): string {
  return `${clockText(us, zone).replace('T', ' ')} ${offsetAt(us, zone).replace(':', '')} ${zone.name}`;
}

/** `2026-11-21 01:09:11.123`; which clock that is stands beside it. */
export function tableTime(us: number, zone: Zone): string {
  return clockText(us, zone).replace('T', ' ').slice(0, 23);
}

/** `10:00:00.123`, the time of day. */
export function timeOfDay(us: number, zone: Zone): string {
  return tableTime(us, zone).slice(11);
}

/** `UTC`, or what clocks are from it at an instant: `+01:00`. So the two hours of a change of clocks are told apart. */
export function zoneMark(us: number, zone: Zone): string {
  return zone === UTC ? zone.name : offsetAt(us, zone);
}

/** `2026-11-21T02:09:11.123456`; empty for what is no time. */
function clockText(us: number, zone: Zone): string {
  return Number.isSafeInteger(us) ? isoMicros(us + zone.offsetUs(us)).slice(0, -1) : '';
}

function offsetAt(us: number, zone: Zone): string {
  return Number.isSafeInteger(us) ? offsetText(zone.offsetUs(us)) : '';
}

/** A whole number with thin groups, a fraction with at most three digits. */
export function formatNumber(value: number): string {
  const text = Number.isInteger(value) ? String(value) : value.toFixed(3).replace(/\.?0+$/, '');
  const [whole = '', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 octet`, `66 octets`. */
export function octetsText(octets: number): string {
  return `${formatNumber(octets)} ${octets === 1 ? 'octet' : 'octets'}`;
}

/** Adds to every `…Us` time of an answer the same instant as ISO 8601, under the same name without `Us`. */
export function withTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTimes);
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    entries.push([name, withTimes(member)]);
    if (name.endsWith('Us') && typeof member === 'number') entries.push([name.slice(0, -2), isoMicros(member)]);
  }
  return Object.fromEntries(entries);
}

/** Of an address, by name. */
export type Parameters = Readonly<Record<string, string | number | undefined>>;

/** A path with parameters; values are encoded, absent ones left out. */
export function link(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.append(name, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Page of one call; a Call-ID that a browser would take for a step up leads to its events instead. */
export function callHref(callId: string): string {
  if (hasPage(callId)) return `/call/${encodedCallId(callId)}`;
  return callId === '' ? '/calls/list' : link('/events', { cid: callId });
}

/** A path can name the call. */
export function hasPage(callId: string): boolean {
  return callId !== '' && callId !== '.' && callId !== '..';
}

/** A Call-ID without anything that could not stand in markup or an address. */
export function encodedCallId(callId: string): string {
  return encodeURIComponent(callId.replace(/\p{Cs}/gu, '\ufffd'));
}

/** Name of a file with a call, without what headers or file systems give a meaning to. */
export function callFileName(callId: string, extension: string): string {
  return `call-${callId.replaceAll(/[^\w.@-]+/g, '_').slice(0, 100)}.${extension}`;
}

/** A path of ours, or the index: a form must not lead to other sites, whatever a browser takes for one. */
export function ownPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) && !next.includes('\\') ? next : '/';
}
