/**
 * Text cut at each separator that stands outside of quotes and of angle brackets. What is not closed goes on to the end.
 *
 *   "a, b" <sip:c;d>;e=f   cut at `;`   "a, b" <sip:c;d> │ e=f
 */
export function splitOutside(text: string, separator: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  let isQuoted = false;
  let isBracketed = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character === '\\') at++;
      else if (character === '"') isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === '<') isBracketed = true;
    else if (character === '>') isBracketed = false;
    else if (character === separator && !isBracketed) {
      pieces.push(text.slice(from, at));
      from = at + 1;
    }
  }
  pieces.push(text.slice(from));
  return pieces.map((piece) => piece.trim());
}

/** What stands before and behind the first separator; without one all of it stands before. */
export function cut(text: string, separator: string): [before: string, behind: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Text without its quotes, where it has them (RFC 3261 §25.1, quoted-string). */
export function unquoted(text: string): string {
  return /^".*"$/s.test(text) && text.length > 1 ? text.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : text;
}
