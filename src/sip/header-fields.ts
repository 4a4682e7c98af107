import { headerName } from '../model/header-name.ts';

/** One header field: its full name in small letters, its value unfolded. */
export interface HeaderField {
  name: string;
  value: string;
}

/**
 * Header fields of a message in their order; lines that are none are left out.
 *
 * @param wanted full name of those that are wanted, in small letters; without it all are
 */
export function headerFields(text: string, wanted?: string): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let at = endOfLine(text, 0) + 1; at < text.length;) {
    let end = endOfLine(text, at);
    if (end === at || (end === at + 1 && text[at] === '\r')) break; // the empty line before the body
    // A line that begins with white space goes on with the one before it (RFC 3261 §7.3.1).
    while (text[end + 1] === ' ' || text[end + 1] === '\t') end = endOfLine(text, end + 1);
    const field = text.slice(at, end);
    const colon = field.indexOf(':');
    const name = colon <= 0 ? undefined : headerName(field.slice(0, colon));
    if (name !== undefined && (wanted === undefined || wanted === name)) {
      // Not by one expression: over a long run of white space that would take the square of its length.
      const lines = field.slice(colon + 1).split('\n');
      fields.push({
        name,
        value: lines
          .map((line) => line.trim())
          .join(' ')
          .trim(),
      });
    }
    at = end + 1;
  }
  return fields;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}
