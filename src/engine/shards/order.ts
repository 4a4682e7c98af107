import type { CallQuery, RegistrationQuery } from '../../model/engine.ts';
import { displayText } from '../../model/text.ts';
import type { EntryTable, TableEntry } from '../../tracker/entry-table.ts';
import type { CallTracker } from '../../tracker/tracker.ts';
import type { SortKey } from '../first-in-order.ts';
import {
  bornUs,
  callListing,
  checkWindow,
  firstInOrder,
  type Listing,
  registrationListing,
  Slice,
  type Slicing,
  walk,
} from '../queries.ts';

export type OrderedTable = 'calls' | 'registrations';

/** Entries of one shard in the order asked for: how many there are, how many match, and what those that a page may need are put in order by. */
export interface TableOrder {
  total: number;
  matched: number;
  keys: SortKey[];
  descending: boolean;
}

/** The order of what matches a query, as far as the end of its window, whichever shards the others are in. */
export function orderOf(
  tracker: CallTracker,
  what: OrderedTable,
  query: CallQuery | RegistrationQuery,
  nowUs: number,
  slicing: Slicing,
): Promise<TableOrder> {
  checkWindow(query);
  const end = query.offset + query.limit;
  // Each table has the filters of its query.
  return what === 'calls'
    ? keysOf(tracker.table, callListing(tracker, query as CallQuery, nowUs), end, slicing)
    : keysOf(tracker.registrations.table.entries, registrationListing(query as RegistrationQuery), end, slicing);
}

async function keysOf<Entry extends TableEntry<Entry> & { createdUs: number; forkedUs?: number }>(
  table: EntryTable<Entry>,
  { test, order }: Listing<Entry>,
  end: number,
  slicing: Slicing,
): Promise<TableOrder> {
  const slice = new Slice(slicing);
  if (order !== undefined) {
    const { matched, first } = await firstInOrder(table, { test, order }, end, slice);
    return { total: table.size, matched, keys: first.map(({ key }) => key), descending: order.descending };
  }
  const keys: number[] = [];
  const matched = await walk(table, test, slice, (entry) => {
    if (keys.length < end) keys.push(bornUs(entry));
    return keys.length < end ? 'more' : 'enough';
  });
  return { total: table.size, matched, keys, descending: true };
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
