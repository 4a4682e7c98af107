import {
  EngineRequestError,
  MAX_LIST_LIMIT,
  MAX_SEARCH_MS,
  type MessagePage,
  type MessageQuery,
} from '../model/engine.ts';
import { displayText } from '../model/text.ts';
import type { CallMessageView } from '../model/views.ts';
import { SipMessage } from '../sip/message.ts';
import type { MessageRing } from '../tracker/message-ring.ts';
import { MAX_RAW_OCTETS, messageView } from './call-messages.ts';
import { checkWindow, type Emit, Slice, type Slicing } from './queries.ts';
import { compileSearch } from './search/compile.ts';
import { MESSAGE_READER, SearchedMessage } from './search/message-reader.ts';

/**
 * Messages kept for display, the one that arrived last first. A search goes back as far as its time allows; what it
 * says of how far that was tells a partial answer from a whole one.
 */
export async function listMessages(
  ring: MessageRing,
  query: MessageQuery,
  nowUs: number,
  slicing: Slicing,
  emit: Emit<CallMessageView>,
): Promise<Omit<MessagePage, 'items'>> {
  checkWindow(query);
  const { offset, limit, search } = query;
  if (offset + limit > MAX_LIST_LIMIT) {
    throw new EngineRequestError(`offset: messages are listed up to the ${MAX_LIST_LIMIT}th found: ask for less`);
  }
  const test = search === undefined ? undefined : compileSearch(search, MESSAGE_READER, nowUs);
  // One expression over a long message takes longer than many looks at a clock.
  const slice = new Slice(slicing, test === undefined ? undefined : 1);
  const startedMs = slicing.nowMs();
  /** Of calls that had more messages than are shown of one: the page of such a call has its last ones only. */
  const newestOrdinals = new Map<number, number>();
  const sip = new SipMessage(Buffer.alloc(0));
  let items: CallMessageView[] = [];
  let [total, matched, octets] = [0, 0, 0];
  let sinceUs: number | null = null;
  let isComplete = true;
  let position = ring.newest;
  for (; ring.isHeld(position); position = ring.before(position)) {
    if (slice.isOver()) {
      // oxlint-disable-next-line no-await-in-loop -- whoever takes items may be slower than they are made
      await emit(items);
      items = [];
      // oxlint-disable-next-line no-await-in-loop -- yielding between slices is the point
      await slice.pause();
      if (slicing.nowMs() - startedMs > MAX_SEARCH_MS) {
        isComplete = false;
        break;
      }
      // Meanwhile the ring may have come round to here.
      if (!ring.isHeld(position)) break;
    }
    const { callEntryId, ordinal } = ring.headOf(position);
    const newest = newestOrdinals.get(callEntryId);
    if (newest === undefined) {
      if (ordinal > ring.perCall) newestOrdinals.set(callEntryId, ordinal);
    } else if (ordinal <= newest - ring.perCall) continue;
    total++;
    sinceUs = ring.trackedAtUs(position);
    const isInWindow = matched >= offset && matched < offset + limit;
    if (test === undefined && !isInWindow) {
      matched++;
      continue;
    }
    const message = new SearchedMessage(ring.peek(position), sip);
    if (test !== undefined && !test(message)) continue;
    if (isInWindow) {
      octets += message.kept.octets.length;
      const callId = displayText(message.sip.text(message.sip.callIdStart, message.sip.callIdEnd));
      items.push(messageView(message.kept, callId, sip, octets <= MAX_RAW_OCTETS));
    }
    matched++;
  }
  await emit(items);
  return { total, matched, offset, limit, isComplete, sinceUs, keeps: ring.isOn };
}
