import type { MessagePage } from '../../model/engine.ts';
import type { Zone } from '../../model/zone.ts';
import type { AskedSearch } from '../search.ts';
import type { Hint } from '../why.ts';
import { messageLines } from './call.ts';
import { filterText, searchNote, whyText } from './calls.ts';

/** One header line for each message, then its text, as the text of a call has them. */
export function messageListText(
  page: MessagePage,
  search: AskedSearch | undefined,
  notes: readonly Hint[],
  zone: Zone,
): string {
  const header = `Messages List (filter: ${filterText(page, undefined)}${searchNote(search)}), ${page.matched} of ${page.total}:`;
  return `${[header, ...page.items.flatMap((message) => ['', ...messageLines(message, zone)])].join('\n')}\n${whyText(notes)}`;
}
