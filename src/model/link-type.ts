import { Method, METHOD_NAMES } from './method.ts';

/**
 * What a message is in the table of links, as a small number: its request method (an INVITE inside a dialog is a
 * ReINVITE) or its status code, beside the method of its CSeq, which filters go by.
 *
 *   type = kind * 64 + CSeq method        kind: 0 = request, 1 = ReINVITE, else a status code
 *   methods 0 … 15 are those of method.ts, from 16 on names that were met, in the order in which they were
 */
export const METHODS = 64;
export const FIRST_NAMED = METHOD_NAMES.length;
export const REINVITE = 1;
export const MAX_TYPES = 1000 * METHODS;

export interface LinkType {
  /** `INVITE`, `ReINVITE`, `200`. */
  readonly name: string;
  /** Method of the CSeq, `UNKNOWN` without one. */
  readonly method: string;
  readonly isReply: boolean;
}

export function linkTypeOf(type: number, named: readonly string[]): LinkType {
  const kind = Math.floor(type / METHODS);
  const method = linkMethodName(type % METHODS, named);
  if (kind === 0) return { name: method, method, isReply: false };
  if (kind === REINVITE) return { name: 'ReINVITE', method, isReply: false };
  return { name: String(kind), method, isReply: true };
}

function linkMethodName(method: number, named: readonly string[]): string {
  if (method === Method.UNDEF) return 'UNKNOWN';
  return METHOD_NAMES[method] ?? named[method - FIRST_NAMED] ?? 'OTHER';
}

/** Columns come in this order, then other requests by name, then status codes. */
const FIRST_COLUMNS = [
  'INVITE',
  'ReINVITE',
  'UPDATE',
  'CANCEL',
  'PRACK',
  'BYE',
  'ACK',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'REFER',
  'OPTIONS',
  'INFO',
  'REGISTER',
  'MESSAGE',
  'PING',
  'UNKNOWN',
];

export function compareTypes(a: LinkType, b: LinkType): number {
  if (a.isReply !== b.isReply) return a.isReply ? 1 : -1;
  if (a.isReply) return Number(a.name) - Number(b.name);
  const rank = (name: string): number => {
    const at = FIRST_COLUMNS.indexOf(name);
    return at < 0 ? FIRST_COLUMNS.length : at;
  };
  return rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : Number(a.name > b.name));
}
