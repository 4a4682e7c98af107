import type { CallQuery, RegistrationQuery } from '../../model/engine.ts';
import { displayText } from '../../model/text.ts';
import type { EntryTable, TableEntry } from '../../tracker/entry-table.ts';
import type { CallTracker } from '../../tracker/tracker.ts';
import { callTest, checkWindow, registrationTest, Slice, type Slicing } from '../queries.ts';

export type OrderedTable = 'calls' | 'registrations';

/** Entries of one shard, newest first: how many there are, how many match, and when those began that a page may need. */
export interface TableOrder {
  total: number;
  matched: number;
  bornUs: Float64Array;
}

/** When an entry came into its table: a fork is younger than the call it is of. */
export function bornUs(entry: { createdUs: number; forkedUs?: number | null }): number {
  return Math.max(entry.createdUs, entry.forkedUs ?? 0);
}

/** The order of what matches a query, as far as the end of its window, whichever shards the others are in. */
export function orderOf(
  tracker: CallTracker,
  what: OrderedTable,
  query: CallQuery | RegistrationQuery,
  slicing: Slicing,
): Promise<TableOrder> {
  checkWindow(query);
  const end = query.offset + query.limit;
  // Each table has the filters of its query.
  return what === 'calls'
    ? walk(tracker.table, callTest(query as CallQuery), end, slicing)
    : walk(tracker.registrations.table.entries, registrationTest(query as RegistrationQuery), end, slicing);
}

async function walk<Entry extends TableEntry<Entry> & { createdUs: number; forkedUs?: number }>(
  table: EntryTable<Entry>,
  test: ((entry: Entry) => boolean) | undefined,
  end: number,
  slicing: Slicing,
): Promise<TableOrder> {
  const slice = new Slice(slicing);
  const cursor = table.openCursor();
  const born: number[] = [];
  let matched = 0;
  try {
    for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
      if (test === undefined || test(entry)) {
        if (matched < end) born.push(bornUs(entry));
        matched++;
        if (test === undefined && matched >= end) {
          matched = table.size;
          break;
        }
      }
      // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
      if (slice.isOver()) await slice.pause();
    }
  } finally {
    cursor.close();
  }
  return { total: table.size, matched, bornUs: Float64Array.from(born) };
}

/** A call that began before or after another. */
export interface Neighbour {
  callId: string;
  bornUs: number;
}

/** The calls of this shard that began next before and after a time, but for those of one Call-ID. */
export async function neighboursOf(
  tracker: CallTracker,
  callId: string,
  atUs: number,
  slicing: Slicing,
): Promise<{ older: Neighbour | undefined; newer: Neighbour | undefined }> {
  const slice = new Slice(slicing);
  const cursor = tracker.table.openCursor();
  let newer: Neighbour | undefined;
  try {
    for (let call = cursor.next(); call !== undefined; call = cursor.next()) {
      const neighbour = { callId: displayText(call.callId), bornUs: bornUs(call) };
      if (neighbour.callId !== callId) {
        if (neighbour.bornUs <= atUs) return { older: neighbour, newer };
        newer = neighbour;
      }
      // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
      if (slice.isOver()) await slice.pause();
    }
  } finally {
    cursor.close();
  }
  return { older: undefined, newer };
}
