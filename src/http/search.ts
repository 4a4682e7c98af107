import type { Aliases } from '../model/alias.ts';
import { type Search, searchText } from '../model/search/ast.ts';
import type { SearchSubject } from '../model/search/fields.ts';
import { MAX_SEARCH_LENGTH, parseSearch, SearchFault } from '../model/search/parse.ts';
import type { Params } from './params.ts';
import { badSearch } from './problem.ts';

/** The search of a request: parameter `q`, the same in forms, addresses and the API. */
export interface AskedSearch {
  /** As it was typed. */
  text: string;
  search: Search;
}

/** A blank `q`, which forms send, is no search. */
export function searchOf(params: Params, subject: SearchSubject, aliases: Aliases): AskedSearch | undefined {
  const text = params.text('q') ?? '';
  if (text.trim() === '') return undefined;
  const search = parseSearch(text, subject, params.zone, aliases);
  if (search instanceof SearchFault) throw badSearch(text.slice(0, MAX_SEARCH_LENGTH), search);
  return { text, search };
}

/** A search for what meets a condition too, as text; of conditions on the time of the first request the new one holds. */
export function narrowed(search: AskedSearch | undefined, condition: string): string {
  const parts = search === undefined ? [] : search.search.kind === 'and' ? search.search.parts : [search.search];
  const isTime = condition.startsWith('start:');
  const kept = parts.filter((part) => !(isTime && part.kind === 'condition' && part.field === 'start'));
  return [...kept.map((part) => (part.kind === 'or' ? `(${searchText(part)})` : searchText(part))), condition].join(
    ' AND ',
  );
}

/** One condition of a search, how it is written, and the search without it. */
export interface SearchPart {
  text: string;
  without: string;
}

/** The conditions that must all hold; a search of another shape is one part. */
export function searchParts(search: Search): SearchPart[] {
  if (search.kind !== 'and') return [{ text: searchText(search), without: '' }];
  return search.parts.map((part) => {
    const others = search.parts.filter((other) => other !== part);
    const [only] = others;
    const rest = others.length === 1 && only !== undefined ? only : { ...search, parts: others };
    return { text: searchText(part), without: searchText(rest) };
  });
}
