import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Fault, faultInfo } from '../../src/model/fault.ts';
import { methodName } from '../../src/model/method.ts';
import { transportName } from '../../src/model/transport.ts';
import { MAX_CONTACTS, SipMessage } from '../../src/sip/message.ts';
import { parseSip, SipParseOptions } from '../../src/sip/parse.ts';

export const LINE_ENDS = { CRLF: '\r\n', LF: '\n', CR: '\r' } as const;

export const DATAGRAM = new SipParseOptions({ framing: 'datagram', maxHeaders: 100, alegHeaders: ['x-cid'] });
export const STREAM = new SipParseOptions({ framing: 'stream', maxHeaders: 100, alegHeaders: ['x-cid'] });

/** Tests run in the repository root. */
export function readFixture(path: string): string {
  return readFileSync(`fixtures/sip/${path}`, 'utf8');
}

/** Made with tshark by `fixtures/sip/captures-tshark.py`; one row per distinct message, by the SHA-1 of its octets. */
export function tsharkRows(): Map<string | undefined, string[]> {
  return new Map(
    readFixture('captures-tshark.tsv')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t'))
      .map(([sha1, ...fields]) => [sha1, fields]),
  );
}

export function fixtureNames(folder: string): string[] {
  return readdirSync(`fixtures/sip/${folder}`).filter((name) => name.endsWith('.txt'));
}

/**
 * Octets of a sample written in the notation of RFC 4475 §2: `<allOneLine>` joins lines, `<repeat count=n>` repeats,
 * `<hex>` gives octets. Head and body get the line end asked for.
 */
export function octetsOf(sample: string, lineEnd = '\r\n'): Buffer {
  const text = Buffer.from(sample, 'utf8').toString('latin1');
  const expanded = text
    .replaceAll(/<allOneLine>\n([^]*?)\n<\/allOneLine>/g, (_match, lines: string) => lines.replaceAll('\n', ''))
    .replaceAll(/<repeat count=(\d+)>(.*?)<\/repeat>/g, (_match, count: string, what: string) => what.repeat(+count))
    .replaceAll('\n', lineEnd)
    .replaceAll(/<hex>(.*?)<\/hex>/g, (_match, digits: string) =>
      Buffer.from(digits.replaceAll(/\s/g, ''), 'hex').toString('latin1'),
    );
  return Buffer.from(expanded, 'latin1');
}

/** What was found, by the names used in the fixtures; absent fields are left out, line folds show as one space. */
export function found(message: SipMessage): Record<string, string> {
  const fields: Record<string, string> = {};
  const put = (name: string, value: string | number, absent: string | number): void => {
    if (value !== absent) fields[name] = String(value);
  };
  const range = (name: string, start: number, end: number): void => {
    put(name, message.text(start, end).replaceAll(/[ \t]*(\r\n|\r|\n)[ \t]+/g, ' '), '');
  };
  put('method', methodName(message.method), 'UNDEF');
  range('methodText', message.methodStart, message.methodEnd);
  put('status', message.statusCode, 0);
  range('reason', message.reasonStart, message.reasonEnd);
  range('requestUri', message.uriStart, message.uriEnd);
  range('callId', message.callIdStart, message.callIdEnd);
  put('hasFrom', String(message.hasFrom), 'false');
  range('from', message.fromUriStart, message.fromUriEnd);
  range('fromTag', message.fromTagStart, message.fromTagEnd);
  put('hasTo', String(message.hasTo), 'false');
  range('to', message.toUriStart, message.toUriEnd);
  range('toTag', message.toTagStart, message.toTagEnd);
  put('cseq', message.cseq, -1);
  put('cseqMethod', methodName(message.cseqMethod), 'UNDEF');
  range('cseqMethodText', message.cseqMethodStart, message.cseqMethodEnd);
  put('viaCount', message.viaCount, 0);
  if (message.viaCount > 0) put('viaTransport', transportName(message.viaTransport), '');
  range('viaBranch', message.viaBranchStart, message.viaBranchEnd);
  put('contactCount', message.contactCount, 0);
  put('contactStar', String(message.contactStar), 'false');
  for (let index = 0; index < Math.min(message.contactCount, MAX_CONTACTS); index++) {
    range(`contact${index + 1}`, message.contactUriStart[index] ?? 0, message.contactUriEnd[index] ?? 0);
    put(`contact${index + 1}Expires`, message.contactExpires[index] ?? -1, -1);
  }
  put('expires', message.expires, -1);
  put('contentLength', message.contentLength, -1);
  range('contentType', message.contentTypeStart, message.contentTypeEnd);
  put('maxForwards', message.maxForwards, -1);
  range('userAgent', message.userAgentStart, message.userAgentEnd);
  range('server', message.serverStart, message.serverEnd);
  range('pai1', message.pai1Start, message.pai1End);
  range('pai2', message.pai2Start, message.pai2End);
  range('reasonHeader', message.reasonHeaderStart, message.reasonHeaderEnd);
  range('subscriptionState', message.subscriptionStateStart, message.subscriptionStateEnd);
  range('event', message.eventStart, message.eventEnd);
  range('sessionId', message.sessionIdStart, message.sessionIdEnd);
  range('alegCallId', message.alegCallIdStart, message.alegCallIdEnd);
  put('headerCount', message.headerCount, 0);
  put('body', message.text(message.bodyStart, message.bodyEnd).replaceAll(/\r\n|\r|\n/g, '\n'), '');
  return fields;
}

/** Parses octets that stand alone. */
export function parse(bytes: Buffer, options = DATAGRAM): { code: string; message: SipMessage } {
  const message = new SipMessage(bytes);
  const fault = parseSip(bytes, 0, bytes.length, options, message);
  return { code: fault === Fault.NONE ? 'parses' : faultInfo(fault).code, message };
}

/** Asserts the fields named in `expected`; the others may be anything. */
export function assertFields(message: SipMessage, expected: Record<string, string | number>, where: string): void {
  const actual = found(message);
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(actual[name] ?? '', String(value), `${name} ${where}`);
  }
}

/** All that `parseSip` left behind, with positions counted from the start of the message. */
export function snapshot(message: SipMessage): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  const used = Math.min(message.contactCount, MAX_CONTACTS);
  for (const [name, value] of Object.entries(message)) {
    if (name === 'bytes' || name === 'start') continue;
    if (value instanceof Uint8Array) all[name] = [...value.subarray(0, message.headerOrderLength)];
    else if (value instanceof Int32Array) {
      const isPosition = name.endsWith('Start') || name.endsWith('End');
      all[name] = [...value.subarray(0, used)].map((number) => (isPosition ? number - message.start : number));
    } else if (/[a-z1-9](Start|End)$/.test(name) || name === 'end') all[name] = value === 0 ? 0 : value - message.start;
    else all[name] = value;
  }
  return all;
}
