import { headerName } from '../model/header-name.ts';

/** One header field: its full name in small letters, its value unfolded. */
export interface HeaderField {
  name: string;
  value: string;
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
