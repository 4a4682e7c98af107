/** Tells HEP and SIP by their octets. */

const HEP3_HEADER = 6;
/** `AF_INET6` of Linux, NetBSD, FreeBSD and macOS. */
const INET6_FAMILIES: ReadonlySet<number> = new Set([10, 24, 28, 30]);
/** Longest start line looked for. */
const MAX_START_LINE = 8192;

/** HEP by content. Versions 1 and 2 have no magic, so their header must be plausible and be followed by text. */
export function looksLikeHep(bytes: Buffer): boolean {
  if (startsLikeHep3(bytes) && bytes.length >= HEP3_HEADER) return true;
  if (bytes.length < 16) return false;
  const version = bytes.readUInt8(0);
  if (version !== 1 && version !== 2) return false;
  const family = bytes.readUInt8(2);
  const isInet6 = INET6_FAMILIES.has(family);
  if (family !== 2 && !isInet6) return false;
  const payloadAt = (isInet6 ? 40 : 16) + (version === 2 ? 12 : 0);
  if (bytes.length <= payloadAt) return bytes.length === payloadAt;
  const first = bytes.readUInt8(payloadAt);
  const isLetter = (first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a);
  // Keep-alives are traced as SIP too: CRLF and NUL.
  return isLetter || first === 0x0d || first === 0;
}

/** "HEP3", as far as there are octets; at least one. */
export function startsLikeHep3(bytes: Buffer): boolean {
  if (bytes.length === 0) return false;
  const magic = bytes.toString('latin1', 0, 4);
  return 'HEP3'.startsWith(magic);
}

/** True when `bytes` is nothing but whole HEP3 messages, as a stream must be. */
export function isHep3Chain(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length) {
    const end = hep3End(bytes.subarray(at));
    if (end <= 0) return false;
    at += end;
  }
  return at > 0;
}

/** Length of the HEP3 message in front, 0 = incomplete, -1 = none. */
export function hep3End(bytes: Buffer): number {
  if (bytes.length < 4) return startsLikeHep3(bytes) ? 0 : -1;
  if (!startsLikeHep3(bytes)) return -1;
  if (bytes.length < HEP3_HEADER) return 0;
  const length = bytes.readUInt16BE(4);
  if (length < HEP3_HEADER) return -1;
  return length <= bytes.length ? length : 0;
}

/** A SIP request line or status line in front (RFC 3261 §7.1, §7.2). */
export function looksLikeSip(bytes: Buffer): boolean {
  const lineEnd = bytes.subarray(0, MAX_START_LINE).indexOf(0x0a);
  if (lineEnd < 0) return false;
  const line = bytes.toString('latin1', 0, lineEnd);
  return /^SIP\/2\.0 \d{3} /i.test(line) || /^[\w.!%*+`'~-]+ \S+ SIP\/2\.0\r?$/i.test(line);
}

/** Length of the SIP message in front by its Content-Length (RFC 3261 §18.3), 0 = incomplete, -1 = none. */
export function sipEnd(bytes: Buffer): number {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return bytes.indexOf(0x0a) < 0 || looksLikeSip(bytes) ? 0 : -1;
  if (!looksLikeSip(bytes)) return -1;
  const head = bytes.toString('latin1', 0, headEnd);
  const contentLength = Number(/^(?:content-length|l)[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?$/im.exec(head)?.[1] ?? 0);
  const end = headEnd + 4 + contentLength;
  return end <= bytes.length ? end : 0;
}
