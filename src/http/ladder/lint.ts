import { displayText } from '../../model/text.ts';
import type { CallMessageView } from '../../model/views.ts';
import { fieldName } from './header-line.ts';

/** What of a message it takes to say what is wrong with it. */
export type LintedMessage = Pick<CallMessageView, 'raw' | 'isRequest' | 'method' | 'cseqMethod' | 'length' | 'shown'>;

/** What is wrong with a message that was taken all the same, by the number of its line from 0. */
export type LineWarnings = ReadonlyMap<number, string>;

/** RFC 3261 §8.1.1 and §8.2.6: what each request and each reply must have. */
const REQUIRED = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];
const REQUIRED_OF_REQUESTS = [...REQUIRED, 'Max-Forwards'];
/** RFC 3261 §20: header fields a message has once. */
const SINGLE = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'content-type', 'expires']);

/** What a reader of the message should know, in place. */
export function lineWarnings(message: LintedMessage): LineWarnings {
  const { raw, isRequest, cseqMethod, method } = message;
  const lines = raw.split(/\r\n|\n/);
  const blank = lines.indexOf('');
  const warnings = new Map<number, string[]>();
  const warn = (line: number, text: string): void => void warnings.set(line, [...(warnings.get(line) ?? []), text]);
  const firsts = new Map<string, number>();
  for (let at = 1; at < (blank < 0 ? lines.length : blank); at++) {
    const line = lines[at] ?? '';
    const name = fieldName(line);
    if (/^[ \t]/.test(line)) warn(at, 'goes on from the line before, which many refuse');
    else if (name === '') warn(at, 'no header field');
    else if (firsts.has(name) && SINGLE.has(name)) warn(at, 'there may be one only');
    else if (!firsts.has(name)) firsts.set(name, at);
  }
  const missing = (isRequest ? REQUIRED_OF_REQUESTS : REQUIRED).filter((name) => !firsts.has(name.toLowerCase()));
  // What is behind the part that is held is not missing.
  if (missing.length > 0 && blank >= 0) warn(0, `without ${missing.join(', ')}`);
  if (isRequest && method !== cseqMethod) warn(firsts.get('cseq') ?? 0, `the request is ${method}`);
  const length = lengthWarning(message, lines[firsts.get('content-length') ?? -1] ?? '');
  if (length !== '') warn(firsts.get('content-length') ?? 0, length);
  return new Map([...warnings].map(([at, texts]) => [at, texts.join('; ')]));
}

/** The same of a message that nobody has parsed, one character for each of its octets. */
export function warningsOf(octets: string): LineWarnings {
  const isRequest = !/^SIP\//i.test(octets);
  const [method = ''] = isRequest ? octets.split(' ', 1) : [];
  const cseqMethod = /^cseq[ \t]*:[ \t]*\d+[ \t]+(\S+)/im.exec(octets)?.[1] ?? method;
  const { length } = octets;
  return lineWarnings({ raw: displayText(octets), isRequest, method, cseqMethod, length, shown: length });
}

/** Whether the body is as long as it says: known where the text is the octets. */
function lengthWarning({ raw, length, shown }: LintedMessage, line: string): string {
  const isWhole = shown === length && raw.length === length;
  const head = raw.indexOf('\r\n\r\n');
  const told = /:[ \t]*(\d{1,9})[ \t]*$/.exec(line)?.[1];
  if (!isWhole || head < 0 || told === undefined) return '';
  const octets = length - head - 4;
  return Number(told) === octets ? '' : `the body has ${octets} octets`;
}
