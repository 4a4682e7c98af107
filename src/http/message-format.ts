/**
 * SIP as people have it at hand, turned into SIP as it goes over the wire: lines end with CRLF (RFC 3261 §7).
 *
 *   ngrep prints a line end as a dot and breaks lines of its own; "escaped" is one line with \r\n written out
 */
export const MESSAGE_FORMATS = ['auto', 'ngreplf', 'ngrepcr', 'ngrepcrlf', 'lf', 'crlf', 'escaped'] as const;
export type MessageFormat = (typeof MESSAGE_FORMATS)[number];

export const FORMAT_TEXT: Readonly<Record<MessageFormat, string>> = {
  auto: 'detected',
  ngreplf: 'ngrep: a dot and LF',
  ngrepcr: 'ngrep: a dot and CR',
  ngrepcrlf: 'ngrep: a dot and CRLF',
  lf: 'lines end with LF',
  crlf: 'lines end with CRLF, as on the wire',
  escaped: 'one line, \\r\\n and the like written out',
};

/** How often a line end must be met: a message has more lines than it has such texts by chance. */
const COUNTS = [8, 7, 6, 5];

type Conversion = (text: string) => string;

const ngrep: Conversion = (text) =>
  text.replaceAll(/\.?(?:\r\n|\r|\n)/g, (lineEnd) => (lineEnd.startsWith('.') ? '\r\n' : ''));
const lines: Conversion = (text) => text.replaceAll(/\r?\n/g, '\r\n');

const CONVERSIONS: Readonly<Record<Exclude<MessageFormat, 'auto'>, Conversion>> = {
  ngreplf: ngrep,
  ngrepcr: ngrep,
  ngrepcrlf: ngrep,
  lf: lines,
  crlf: (text) => text,
  escaped: unescaped,
};

/** In the order in which they are looked for. */
const DETECTED: readonly { lineEnd: string; convert: Conversion }[] = [
  { lineEnd: '\\r\\n', convert: unescaped },
  { lineEnd: '.\r\n', convert: ngrep },
  { lineEnd: '\r\n', convert: CONVERSIONS.crlf },
  { lineEnd: '.\n', convert: ngrep },
  { lineEnd: '.\r', convert: ngrep },
  { lineEnd: '\n', convert: lines },
  { lineEnd: '\\n', convert: (text) => lines(unescaped(text)) },
];

/**
 * Octets of a message.
 *
 * @param text as it came, UTF-8 beyond ASCII
 * @returns `undefined` when its format cannot be told
 */
export function messageOctets(text: string, format: MessageFormat): Buffer | undefined {
  // One character per octet, so that \xff is one.
  const octets = Buffer.from(text, 'utf8').toString('latin1');
  const convert = format === 'auto' ? detect(octets) : CONVERSIONS[format];
  return convert === undefined ? undefined : Buffer.from(convert(octets), 'latin1');
}

function detect(text: string): Conversion | undefined {
  const found = DETECTED.map(({ lineEnd, convert }) => ({ count: text.split(lineEnd).length - 1, convert }));
  for (const count of COUNTS) {
    const first = found.find((each) => each.count >= count);
    if (first !== undefined) return first.convert;
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', a: '\x07', b: '\b', t: '\t', v: '\v' };

/** Escapes of C; real line ends are those of whoever broke the line. */
function unescaped(text: string): string {
  return text
    .replaceAll(/[\r\n]/g, '')
    .replaceAll(/\\(?:x([0-9A-Fa-f]{2})|([^]))/g, (_all, hex: string | undefined, character: string | undefined) =>
      hex === undefined ? (ESCAPES[character ?? ''] ?? character ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}
