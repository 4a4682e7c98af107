import { headerName } from '../../model/header-name.ts';
import type { LineWarnings } from '../ladder/lint.ts';
import { octetsText } from '../show.ts';
import { bodyParts } from './body.ts';
import { type Branch, branch, firstOf, group, present } from './branch.ts';
import { FIELD_NOTES, FIELD_PARTS } from './fields.ts';
import { cut } from './scan.ts';
import { uriParts } from './uri.ts';

/** More nobody reads, and a page has to hold them. */
const MAX_BRANCHES = 3000;

const NO_WARNINGS: LineWarnings = new Map();

/**
 * A message taken apart for a reader: start line, header fields with their parts, body by its type. Any octets have such
 * a tree: what is not understood stays text.
 *
 * @param octets one character for each
 * @param warnings what is wrong, by the number of the line
 */
export function messageTree(octets: string, warnings: LineWarnings): Branch[] {
  return firstOf(partsOf(octets, 0, warnings), MAX_BRANCHES);
}

function partsOf(octets: string, depth: number, warnings: LineWarnings = NO_WARNINGS): Branch[] {
  // A message ends its head with an empty line; a part of one may begin with it.
  const end = /(?:^|\r?\n)\r?\n/.exec(octets);
  const head = end === null ? octets.replace(/\r?\n$/, '') : octets.slice(0, end.index);
  const body = end === null ? '' : octets.slice(end.index + end[0].length);
  const lines = head === '' ? [] : head.split(/\r\n|\n/);
  const [first = ''] = lines;
  const start = startLine(first);
  const fields = headerFields(start === undefined ? lines : lines.slice(1), start === undefined ? 0 : 1, warnings);
  const textOf = (name: string): string => fields.find((field) => field.name === name)?.text ?? '';
  const bodyHead = { type: textOf('content-type'), encoding: textOf('content-encoding') };
  const parts = body === '' ? [] : bodyParts(body, bodyHead, depth, partsOf);
  const note = [octetsText(body.length), bodyHead.encoding].filter((text) => text !== '').join(' · ');
  return [
    ...(start === undefined ? [] : [{ ...start, warning: warnings.get(0) ?? '' }]),
    ...(fields.length === 0
      ? []
      : [
          group(
            'header fields',
            fields.map((field) => field.branch),
            String(fields.length),
          ),
        ]),
    ...(body === '' ? [] : [{ ...branch('body', bodyHead.type, note, parts), isMain: true }]),
  ];
}

/** Request line or status line; other lines are none. */
function startLine(line: string): Branch | undefined {
  const [, version = '', status = '', reason = ''] = /^(SIP\/\d+\.\d+) +(\d{3})(?: (.*))?$/is.exec(line) ?? [];
  if (version !== '') {
    const parts = [
      branch('version', version),
      branch('status', status, CLASSES[Number(status[0])] ?? ''),
      branch('reason', reason),
    ];
    return branch('status line', line, '', present(parts));
  }
  const [method, rest] = cut(line, ' ');
  const at = rest.lastIndexOf(' ');
  const ending = rest.slice(at + 1);
  if (method.includes(':') || at < 0 || !/^SIP\/\d+\.\d+$/i.test(ending)) return undefined;
  const uri = rest.slice(0, at).trim();
  const parts = [branch('method', method), branch('request URI', uri, '', uriParts(uri)), branch('version', ending)];
  return branch('request line', line, '', present(parts));
}

/** RFC 3261 §7.2, by the first digit. */
const CLASSES = ['', 'provisional', 'success', 'redirection', 'client error', 'server error', 'global failure'];

interface Field {
  /** In full and in small letters. */
  name: string;
  text: string;
  branch: Branch;
}

function headerFields(lines: readonly string[], firstLine: number, warnings: LineWarnings): Field[] {
  const fields: { line: string; warning: string }[] = [];
  for (const [index, line] of lines.entries()) {
    const warning = warnings.get(firstLine + index) ?? '';
    const last = fields.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      // A field that goes on in the next line is one (RFC 3261 §7.3.1).
      last.line += ` ${line.trim()}`;
      last.warning = [last.warning, warning].filter((text) => text !== '').join('; ');
    } else fields.push({ line, warning });
  }
  return fields.map(({ line, warning }) => headerField(line, warning));
}

function headerField(line: string, warning: string): Field {
  const colon = line.indexOf(':');
  if (colon < 0) return { name: '', text: '', branch: { ...branch('', line, 'no header field'), warning } };
  const written = line.slice(0, colon).trim();
  const name = headerName(written);
  const text = line.slice(colon + 1).trim();
  const note = written.length === 1 && name !== written.toLowerCase() ? name : (FIELD_NOTES.get(name) ?? '');
  const parts = FIELD_PARTS.get(name)?.(text) ?? [];
  return { name, text, branch: { ...branch(written, text, note, parts), warning } };
}
