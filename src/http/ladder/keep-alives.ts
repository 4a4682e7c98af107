import type { LadderRow } from './row.ts';

/** Requests that keep something alive: of many in a row that went the same way and had the same answer one says it all. */
const KEEPS_ALIVE = new Set(['OPTIONS', 'REGISTER', 'SUBSCRIBE', 'NOTIFY', 'INFO', 'UPDATE']);
/** Two of a kind are looked at one by one. */
const FEWEST = 3;

/** Rows in which a run of equal transactions is its first, with the number of times it happened. */
export function foldKeepAlives(rows: readonly LadderRow[]): LadderRow[] {
  const runs: { rows: LadderRow[]; signature: string; all: LadderRow[][] }[] = [];
  for (const transaction of transactionsOf(rows)) {
    const signature = signatureOf(transaction);
    const run = runs.at(-1);
    if (run !== undefined && signature !== '' && run.signature === signature) run.all.push(transaction);
    else runs.push({ rows: transaction, signature, all: [transaction] });
  }
  return runs.flatMap((run) =>
    run.all.length < FEWEST ? run.all.flat() : run.rows.map((row) => ({ ...row, times: run.all.length })),
  );
}

/** Neighbouring rows of one transaction, together. */
function transactionsOf(rows: readonly LadderRow[]): LadderRow[][] {
  const transactions: LadderRow[][] = [];
  for (const row of rows) {
    const last = transactions.at(-1);
    if (last?.[0]?.transaction === row.transaction) last.push(row);
    else transactions.push([row]);
  }
  return transactions;
}

/** Who said what to whom; empty for what is not to be folded. */
function signatureOf(rows: readonly LadderRow[]): string {
  const isKept = rows.every(({ message }) => message !== undefined && KEEPS_ALIVE.has(message.cseqMethod));
  if (!isKept) return '';
  return rows
    .map(({ from, to, label, leg, retransmission, details }) =>
      [from, to, label, leg, retransmission, ...details].join(' '),
    )
    .join('\n');
}
