import type { CallTracker } from '../tracker/tracker.ts';
import { Slice, type Slicing } from './queries.ts';

/** What a walk that shortened deadlines did. */
export interface ForcedTimeouts {
  forced: number;
  walked: number;
  /** Slices it was done in. */
  loops: number;
}

/** Shortens what remains of every call to at most `remainingUs`, in slices; calls that come meanwhile are left alone. */
export async function forceTimeouts(
  tracker: CallTracker,
  nowUs: number,
  remainingUs: number,
  slicing: Slicing,
): Promise<ForcedTimeouts> {
  const slice = new Slice(slicing);
  const cursor = tracker.table.openCursor();
  const done: ForcedTimeouts = { forced: 0, walked: 0, loops: 1 };
  try {
    for (let call = cursor.next(); call !== undefined; call = cursor.next()) {
      done.walked++;
      if (tracker.shorten(call, nowUs + remainingUs)) done.forced++;
      if (slice.isOver()) {
        done.loops++;
        await slice.pause();
      }
    }
  } finally {
    cursor.close();
  }
  return done;
}
