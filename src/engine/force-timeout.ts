import type { EntryTable, TableEntry } from '../tracker/entry-table.ts';
import type { Timed } from '../tracker/timer-wheel.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import { Slice, type Slicing } from './queries.ts';

/** What a walk that shortened deadlines did. */
export interface ForcedTimeouts {
  forced: number;
  walked: number;
  /** Slices it was done in. */
  loops: number;
}

/**
 * Shortens what remains of every call and binding to at most `remainingUs`, in slices; entries that come meanwhile are
 * left alone.
 */
export async function forceTimeouts(
  tracker: CallTracker,
  nowUs: number,
  remainingUs: number,
  slicing: Slicing,
): Promise<ForcedTimeouts> {
  const slice = new Slice(slicing);
  const done: ForcedTimeouts = { forced: 0, walked: 0, loops: 1 };
  const shortenAll = async <Entry extends Timed & TableEntry<Entry>>(table: EntryTable<Entry>): Promise<void> => {
    const cursor = table.openCursor();
    try {
      for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
        done.walked++;
        if (tracker.shorten(entry, nowUs + remainingUs)) done.forced++;
        if (slice.isOver()) {
          done.loops++;
          await slice.pause();
        }
      }
    } finally {
      cursor.close();
    }
  };
  await shortenAll(tracker.table);
  await shortenAll(tracker.registrations.table.entries);
  return done;
}
