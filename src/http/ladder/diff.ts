import { fieldName } from './header-line.ts';

/** Two messages line by line: what is equal stands side by side, what differs is marked, down to the part of a line. */
export interface DiffRow {
  kind: 'same' | 'changed' | 'left' | 'right';
  left: string;
  right: string;
}

/** Characters before, within and after what differs. */
export interface MarkedLine {
  before: string;
  marked: string;
  after: string;
}

export interface Diff {
  rows: DiffRow[];
  /** Lines behind those that are compared, of the longer message. */
  notCompared: number;
}

/** A table of so many lines squared is made. */
const MAX_LINES = 600;

/** @param isSorted the order of header fields is ignored */
export function diffMessages(left: string, right: string, isSorted: boolean): Diff {
  const [lefts, rights] = [linesOf(left, isSorted), linesOf(right, isSorted)];
  return {
    rows: diffLines(lefts.slice(0, MAX_LINES), rights.slice(0, MAX_LINES)),
    notCompared: Math.max(0, Math.max(lefts.length, rights.length) - MAX_LINES),
  };
}

function linesOf(raw: string, isSorted: boolean): string[] {
  const lines = raw.split(/\r\n|\n/);
  if (!isSorted) return lines;
  const [start = '', ...rest] = lines;
  const blank = rest.indexOf('');
  const headers = blank < 0 ? rest : rest.slice(0, blank);
  // The order of fields with one name means something (RFC 3261 §7.3.1), and a stable sort keeps it.
  const sorted = headers.toSorted((a, b) => compare(fieldName(a), fieldName(b)));
  return [start, ...sorted, ...(blank < 0 ? [] : rest.slice(blank))];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function diffLines(left: readonly string[], right: readonly string[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let leftAt = 0;
  let rightAt = 0;
  for (const [l, r] of commonLines(left, right)) {
    rows.push(...differing(left.slice(leftAt, l), right.slice(rightAt, r)));
    rows.push({ kind: 'same', left: left[l] ?? '', right: right[r] ?? '' });
    leftAt = l + 1;
    rightAt = r + 1;
  }
  return [...rows, ...differing(left.slice(leftAt), right.slice(rightAt))];
}

/** Indexes of a longest sequence of lines both have, in order. */
function commonLines(left: readonly string[], right: readonly string[]): [number, number][] {
  const width = right.length + 1;
  const longest = new Uint16Array((left.length + 1) * width);
  for (let l = left.length - 1; l >= 0; l--) {
    for (let r = right.length - 1; r >= 0; r--) {
      longest[l * width + r] =
        left[l] === right[r]
          ? (longest[(l + 1) * width + r + 1] ?? 0) + 1
          : Math.max(longest[(l + 1) * width + r] ?? 0, longest[l * width + r + 1] ?? 0);
    }
  }
  const pairs: [number, number][] = [];
  for (let l = 0, r = 0; l < left.length && r < right.length;) {
    if (left[l] === right[r]) pairs.push([l++, r++]);
    else if ((longest[(l + 1) * width + r] ?? 0) >= (longest[l * width + r + 1] ?? 0)) l++;
    else r++;
  }
  return pairs;
}

/** Lines between two equal ones: those that begin with the same name are the same line, changed. */
function differing(left: readonly string[], right: readonly string[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let next = 0;
  for (const line of left) {
    const at = right.findIndex((other, index) => index >= next && beginning(other) === beginning(line));
    if (at < 0) {
      rows.push({ kind: 'left', left: line, right: '' });
      continue;
    }
    for (; next < at; next++) rows.push({ kind: 'right', left: '', right: right[next] ?? '' });
    rows.push({ kind: 'changed', left: line, right: right[at] ?? '' });
    next = at + 1;
  }
  for (; next < right.length; next++) rows.push({ kind: 'right', left: '', right: right[next] ?? '' });
  return rows;
}

/** Name of a header field, type of an SDP line; all start lines are alike. */
function beginning(line: string): string {
  if (/^SIP\/2\.0 | SIP\/2\.0$/.test(line)) return 'start line';
  return /^[a-z]=(?:[a-z-]+)?/.exec(line)?.[0] ?? fieldName(line);
}

/** What of a line is not in the other, in one piece: between their common beginning and their common end. */
export function markDifference(line: string, other: string): MarkedLine {
  const a = Array.from(line);
  const b = Array.from(other);
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin++;
  let end = 0;
  while (end < a.length - begin && end < b.length - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return {
    before: a.slice(0, begin).join(''),
    marked: a.slice(begin, a.length - end).join(''),
    after: a.slice(a.length - end).join(''),
  };
}
