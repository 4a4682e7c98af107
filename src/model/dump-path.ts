import { hashBytes } from './hash.ts';
import type { DumpNaming } from './settings.ts';

/** Longest file name of the usual file systems, in octets. */
const MAX_NAME = 255;
/** What may stand in a path segment of a URL without being escaped (RFC 3986 §3.3), without `!`, `'`, `(`, `)`, `*`, `,`, `;`. */
const PLAIN = /[A-Za-z0-9\-_.~$&+=:@]/;

/**
 * Where the messages of a call go, below the directory of all: `[subdirectory/]prefix, Call-ID, suffix.extension`.
 *
 * The Call-ID is a stranger's: it is escaped as in a URL, so that it has no `/`, and as an extension follows it, the
 * name is never `.` or `..`. One that is too long for a file name ends with a hash instead.
 *
 * @param callId one character per octet
 */
export function dumpPath(callId: string, { prefix, suffix, extension, subdirs }: DumpNaming): string {
  const octets = Buffer.from(callId, 'latin1');
  const escaped = callId.replace(/[^]/g, (character) =>
    PLAIN.test(character) ? character : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  const room = MAX_NAME - prefix.length - suffix.length - extension.length - 1;
  const name = escaped.length <= room ? escaped : shortened(escaped, octets, room);
  const file = `${prefix}${name}${suffix}.${extension}`;
  if (subdirs === 0) return file;
  const index = (hashBytes(octets, 0, octets.length, 0) >>> 0) % subdirs;
  return `${index.toString(36).padStart(digitsFor(subdirs), '0')}/${file}`;
}

function shortened(escaped: string, octets: Buffer, room: number): string {
  const hash = [0, 1]
    .map((seed) => (hashBytes(octets, 0, octets.length, seed) >>> 0).toString(16).padStart(8, '0'))
    .join('');
  return `${escaped.slice(0, room - 1 - hash.length)}~${hash}`;
}

/** Digits to base 36 that names of subdirectories have: the fewest with 36^digits > count. */
function digitsFor(count: number): number {
  let digits = 1;
  while (36 ** digits <= count) digits++;
  return digits;
}
