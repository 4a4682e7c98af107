import type { CallSort, EventSort, RegistrationSort } from '../model/engine.ts';
import { fieldInfo } from '../model/search/fields.ts';
import { displayText } from '../model/text.ts';
import { type Binding, Leaving } from '../tracker/binding-table.ts';
import type { SortKey } from './first-in-order.ts';
import type { SearchReader, SeenPlace } from './search/compile.ts';

/** What calls and events are put in order by is what searches compare: of several values the one that lists show. */
export function searchedKey<Entry>(by: CallSort | EventSort, reader: SearchReader<Entry>): (entry: Entry) => SortKey {
  switch (fieldInfo(by).kind) {
    case 'address':
      return (entry) => placeKey(reader.places(entry, by)[0]);
    case 'status':
    case 'count':
    case 'figure':
    case 'duration':
    case 'moment':
      return (entry) => reader.numbers(entry, by)[0];
    default:
      // A state is shown by its long name, which is the last.
      return by === 'state'
        ? (entry) => textKey(reader.texts(entry, by).at(-1))
        : (entry) => textKey(reader.texts(entry, by)[0]);
  }
}

export function bindingKey(binding: Binding, by: RegistrationSort): SortKey {
  switch (by) {
    case 'start':
      return binding.createdUs;
    case 'at':
      return binding.updatedUs;
    case 'ends':
      return binding.deadlineUs;
    case 'refreshes':
      return binding.refreshes;
    case 'state':
      return binding.leaving === Leaving.NO ? 0 : 1;
    case 'aor':
      return textKey(displayText(binding.aor));
    case 'contact':
      return textKey(displayText(binding.contact.text));
    case 'ua':
      return textKey(displayText(binding.transaction.userAgent));
    case 'callid':
      return textKey(displayText(binding.transaction.callId));
  }
}

/** Case says nothing about where people look for a name. */
function textKey(text = ''): SortKey {
  return text === '' ? undefined : text.toLowerCase();
}

/** Addresses by their numbers, then ports. */
function placeKey(place: SeenPlace | undefined): SortKey {
  if (place === undefined) return undefined;
  return [...place.words, place.port].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
