import type { KeptView } from '../model/engine.ts';
import type { EventRing } from '../tracker/event-ring.ts';
import type { MessageRing } from '../tracker/message-ring.ts';
import { Slice, type Slicing } from './queries.ts';

/** How much the two rings hold, and since when. Messages are counted by going back through them, in slices. */
export async function keptView(messages: MessageRing, events: EventRing, slicing: Slicing): Promise<KeptView> {
  const slice = new Slice(slicing);
  let held = 0;
  let oldestUs: number | null = null;
  for (let position = messages.newest; messages.isHeld(position); position = messages.before(position)) {
    held++;
    oldestUs = messages.trackedAtUs(position);
    if (!slice.isOver()) continue;
    // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
    await slice.pause();
    // Meanwhile the ring may have come round to here.
    if (!messages.isHeld(position)) break;
  }
  return {
    messages: { held, bytes: messages.filledBytes, maxBytes: messages.capacity, oldestUs },
    events: {
      held: events.nextIndex - events.firstIndex,
      capacity: events.capacity,
      oldestUs: events.at(events.firstIndex)?.tsUs ?? null,
    },
  };
}
