import { signedSeconds } from './times.ts';
import { type Ladder, legName } from './model.ts';
import type { LadderRow } from './row.ts';

/** A ladder as a Mermaid sequence diagram, for tickets. Captured text is written so that it cannot become a directive. */
export function ladderMermaid(ladder: Ladder): string {
  const { columns, rows } = ladder;
  const lines = ['sequenceDiagram'];
  for (const [index, column] of columns.entries()) {
    lines.push(`  participant p${index} as ${harmless(column.label)}`);
  }
  for (const row of rows) {
    const again = row.retransmission > 0 ? [`retransmission ${row.retransmission}`] : [];
    const folded = row.folded > 0 ? [`${row.folded} retransmissions`] : [];
    const times = row.times > 1 ? [`${row.times} times`] : [];
    const warning = row.warning === '' ? [] : [row.warning];
    const time = row.tone === 'ghost' ? [] : [`+${signedSeconds(row.deltaUs)} s`];
    const leg = legName(ladder, row);
    const text = [row.label, leg, ...warning, ...again, ...folded, ...times, ...row.details, ...time]
      .filter((part) => part !== '')
      .join(', ');
    lines.push(`  p${row.from}${arrowOf(row)}p${row.to}: ${harmless(text)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Requests are solid, all else is dotted; a cross marks what never came, an open head what is no SIP. */
function arrowOf({ tone, message }: LadderRow): string {
  if (tone === 'ghost') return '--x';
  if (tone === 'media') return '--)';
  return message?.isRequest === true ? '->>' : '-->>';
}

/** All but plain characters as Mermaid's numeric entities; `end` would close a block. */
function harmless(text: string): string {
  return text
    .replace(/[^\w .,:@+/()=-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`)
    .replace(/end/gi, (word) => `${word.slice(0, 2)}#${word.codePointAt(2) ?? 0};`);
}
