import type { LinkCount, LinkPage, LinkView } from '../../model/engine.ts';
import { visible } from '../show.ts';
import type { Hint } from '../why.ts';
import { whyText } from './calls.ts';

/** Marks of the directions, seen from the server. */
const MARKS = { out: '--->', in: '<---', unknown: '<-->' } as const;
type Way = keyof typeof MARKS;
const SUMMARY = 'SUMMARY';
const TOTAL = 'TOTAL';

/** The table of sipcounter: one line per link, and for every type of message how many went which way. */
export function linksText(page: LinkPage, name: string, title: string, why: readonly Hint[]): string {
  if (page.items.length === 0) return whyText(why);
  const { summary } = page;
  const ways = waysOf(summary);
  const total = sumOf(summary);
  const widest = Math.max(String(total).length * ways.length, ...summary.map(({ type }) => visible(type).length));
  const width = Math.max(MARKS.out.length, roundHalfEven(widest / ways.length));
  const typeWidth = width * ways.length + Math.max(1, ways.length - 1);
  const rows = page.items.map((link) => ({ text: linkText(link), counts: link.counts, total: link.total }));
  const linkWidth =
    Math.max(...[SUMMARY, name, title, ...rows.map(({ text }) => text)].map(({ length }) => length)) + 1;
  const numbers = (counts: readonly LinkCount[], sum: number): string => {
    const cells = summary.map(({ type }) => {
      const count = counts.find((each) => each.type === type);
      return ways
        .map((way) => String(count?.[way] ?? 0).padStart(width))
        .join(' ')
        .padStart(typeWidth);
    });
    return [...cells, String(sum).padStart(TOTAL.length)].join(' ');
  };
  const line = (head: string, rest: string): string => `${head.padEnd(linkWidth)} ${rest}`.trimEnd();
  return [
    line(name, [...summary.map(({ type }) => centered(visible(type), typeWidth)), TOTAL].join(' ')),
    line(
      title,
      summary
        .map(() =>
          ways
            .map((way) => MARKS[way].padStart(width))
            .join(' ')
            .padStart(typeWidth),
        )
        .join(' '),
    ),
    ...rows.map((row) => line(row.text, numbers(row.counts, row.total))),
    line(SUMMARY, numbers(summary, total)),
    '',
  ].join('\n');
}

/** Directions that occur: out and in are shown together, as one says little without the other. */
export function waysOf(summary: readonly LinkCount[]): Way[] {
  const isKnown = summary.some((count) => count.out + count.in > 0);
  const isUnknown = summary.some(({ unknown }) => unknown > 0);
  return [...(isKnown ? (['out', 'in'] as const) : []), ...(isUnknown ? (['unknown'] as const) : [])];
}

/** `10.0.0.1-UDP-5060-10.0.0.9`; what the depth leaves out is left out. */
export function linkText({ server, transport, serverPort, client }: LinkView): string {
  const parts = [server, transport?.toUpperCase() ?? null, serverPort === 0 ? '' : serverPort, client];
  return visible(parts.filter((part) => part !== null).join('-'));
}

export function sumOf(counts: readonly LinkCount[]): number {
  return counts.reduce((sum, count) => sum + count.out + count.in + count.unknown, 0);
}

/** As Python rounds: 4.5 to 4, 5.5 to 6. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Centres as Python does: an odd blank goes to the left where the width is odd. */
function centered(text: string, width: number): string {
  const blanks = Math.max(0, width - text.length);
  const left = Math.floor(blanks / 2) + (blanks & width & 1);
  return text.padStart(text.length + left).padEnd(width);
}
