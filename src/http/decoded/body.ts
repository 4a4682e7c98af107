import { type Branch, branch, group } from './branch.ts';
import { cut, splitOutside, unquoted } from './scan.ts';
import { sdpParts } from './sdp.ts';

/** A body by its type: parts of several, session descriptions, text by its lines, everything else in hex. */

/** What a body says about itself. */
export interface BodyHead {
  /** Content-Type, as written; empty = it says none. */
  type: string;
  /** Content-Encoding; a body with one is not looked into. */
  encoding: string;
}

/** Takes apart a message or a part of one, as far below as it may go. */
export type MessageParts = (octets: string, depth: number) => Branch[];

/** Bodies within bodies: more no phone sends. */
export const MAX_BODY_DEPTH = 4;
/** Octets of a body shown in hex. */
const MAX_HEX = 2048;
const HEX_LINE = 16;

export function bodyParts(
  body: string,
  { type, encoding }: BodyHead,
  depth: number,
  messageParts: MessageParts,
): Branch[] {
  const [mediaType = '', ...parameters] = splitOutside(type, ';');
  const kind = mediaType.toLowerCase();
  if (encoding !== '') return hexLines(body);
  if (depth < MAX_BODY_DEPTH) {
    const boundary = parameters
      .map((each) => cut(each, '='))
      .find(([name]) => name.trim().toLowerCase() === 'boundary');
    if (kind.startsWith('multipart/') && boundary !== undefined) {
      return pieces(body, unquoted(boundary[1].trim())).map((piece, index) =>
        group(`part ${index + 1}`, messageParts(piece, depth + 1)),
      );
    }
    if (kind === 'message/sipfrag' || kind === 'message/sip') return messageParts(body, depth + 1);
  }
  if (kind === 'application/sdp' || (kind === '' && body.startsWith('v=0'))) return sdpParts(body);
  return isText(body) ? textLines(body) : hexLines(body);
}

/** Parts of a multipart body (RFC 2046 §5.1.1), without what stands before the first and behind the last. */
function pieces(body: string, boundary: string): string[] {
  const [, ...rest] = `\r\n${body}`.split(`\n--${boundary}`);
  const found: string[] = [];
  for (const text of rest) {
    if (text.startsWith('--')) break;
    const lineEnd = text.indexOf('\n');
    found.push(text.slice(lineEnd + 1).replace(/\r$/, ''));
  }
  return found;
}

function isText(body: string): boolean {
  // oxlint-disable-next-line no-control-regex -- those that text does not have
  return !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(body);
}

function textLines(body: string): Branch[] {
  return body.split(/\r\n|\n|\r/).flatMap((line, index) => (line === '' ? [] : branch(String(index + 1), line)));
}

/** Offset, sixteen octets in hex, and what of them can be read. */
function hexLines(body: string): Branch[] {
  const octets = Buffer.from(body.slice(0, MAX_HEX), 'latin1');
  const lines: Branch[] = [];
  for (let at = 0; at < octets.length; at += HEX_LINE) {
    const line = octets.subarray(at, at + HEX_LINE);
    const hex = line.toString('hex').replaceAll(/(..)(?=.)/g, '$1 ');
    lines.push(branch(at.toString(16).padStart(4, '0'), hex, line.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.')));
  }
  if (body.length > MAX_HEX) lines.push(branch('...', '', `${body.length - MAX_HEX} more octets`));
  return lines;
}
