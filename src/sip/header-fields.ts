/** One header field: its full name in small letters, its value unfolded. */
export interface HeaderField {
  name: string;
  value: string;
}

/** Compact forms of names (RFC 3261 §7.3.3; IANA, "SIP Header Fields"). */
const COMPACT_NAMES: ReadonlyMap<string, string> = new Map([
  ['a', 'accept-contact'],
  ['b', 'referred-by'],
  ['c', 'content-type'],
  ['d', 'request-disposition'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['n', 'identity-info'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'],
  ['v', 'via'],
  ['x', 'session-expires'],
  ['y', 'identity'],
]);

/** The name under which `headerFields` has a header field, however it is written. */
export function headerName(written: string): string {
  const name = written.trim().toLowerCase();
  return COMPACT_NAMES.get(name) ?? name;
}

/** Longest header section that is looked at. */
const MAX_SECTION = 65_536;

/** All header fields of a message in their order; lines that are none are left out. */
export function headerFields(text: string): HeaderField[] {
  const section = text.slice(0, MAX_SECTION).split(/\r?\n\r?\n/, 1)[0] ?? '';
  // A line that begins with white space goes on with the one before it (RFC 3261 §7.3.1).
  const [, ...lines] = section.split(/\r?\n(?![ \t])/);
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    if (colon <= 0) return [];
    const value = line.slice(colon + 1).replaceAll(/[ \t]*\r?\n[ \t]+/g, ' ');
    return [{ name: headerName(line.slice(0, colon)), value: value.trim() }];
  });
}
