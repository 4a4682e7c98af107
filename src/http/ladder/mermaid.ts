import { signedSeconds } from './times.ts';
import { type Ladder, legName } from './model.ts';

/** A ladder as a Mermaid sequence diagram, for tickets. Captured text is written so that it cannot become a directive. */
export function ladderMermaid(ladder: Ladder): string {
  const { columns, rows } = ladder;
  const lines = ['sequenceDiagram'];
  for (const [index, column] of columns.entries()) {
    lines.push(`  participant p${index} as ${harmless(column.label)}`);
  }
  for (const row of rows) {
    // Requests are solid, replies and what is missing dotted; a cross marks what never came.
    const arrow = row.tone === 'ghost' ? '--x' : row.message?.isRequest === true ? '->>' : '-->>';
    const again = row.retransmission > 0 ? [`retransmission ${row.retransmission}`] : [];
    const folded = row.folded > 0 ? [`${row.folded} retransmissions`] : [];
    const time = row.message === undefined ? [] : [`+${signedSeconds(row.deltaUs)} s`];
    const leg = legName(ladder, row);
    const text = [row.label, leg, ...again, ...folded, ...row.details, ...time]
      .filter((part) => part !== '')
      .join(', ');
    lines.push(`  p${row.from}${arrow}p${row.to}: ${harmless(text)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** All but plain characters as Mermaid's numeric entities; `end` would close a block. */
function harmless(text: string): string {
  return text
    .replace(/[^\w .,:@+/()=-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`)
    .replace(/end/gi, (word) => `${word.slice(0, 2)}#${word.codePointAt(2) ?? 0};`);
}
