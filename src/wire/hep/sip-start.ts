import { METHOD_NAMES } from '../../model/method.ts';

const SPACE = 0x20;
const VERSION = Buffer.from('SIP/2.0', 'latin1');

/** True when the octets begin with a SIP status line, or with a line that ends like a request line. */
export function looksLikeSip(bytes: Uint8Array, start: number, end: number): boolean {
  if (isVersionAt(bytes, start, end)) return true;
  if (!isLetter(bytes[start])) return false;
  for (let at = start; at < end; at++) {
    const octet = bytes[at];
    if (octet === 0x0d || octet === 0x0a) {
      const version = at - VERSION.length;
      return version > start && bytes[version - 1] === SPACE && isVersionAt(bytes, version, end);
    }
  }
  return false;
}

/** True when a status line or a request line with a method we know begins exactly at `start`, not a bit earlier. */
export function startsKnownSip(bytes: Buffer, start: number, end: number): boolean {
  if (!looksLikeSip(bytes, start, end)) return false;
  if (isVersionAt(bytes, start, end)) return true;
  const method = bytes.toString('latin1', start, Math.min(end, start + LONGEST_METHOD + 1)).split(' ', 1)[0] ?? '';
  return METHOD_NAMES.includes(method);
}
const LONGEST_METHOD = Math.max(...METHOD_NAMES.map((name) => name.length));

function isVersionAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < VERSION.length) return false;
  for (let at = 0; at < VERSION.length; at++) if (bytes[start + at] !== VERSION[at]) return false;
  return true;
}

export function isLetter(octet: number | undefined): boolean {
  if (octet === undefined) return false;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
