import type { ListOrder } from '../model/engine.ts';
import { cookieOf } from './cookies.ts';
import type { Params } from './params.ts';
import { badParameter } from './problem.ts';

/** Lists whose columns can be chosen, by their names in the cookie. */
export type ChoosableList = 'calls' | 'regs' | 'events';

/** Remembers the columns of a list, with dots between: commas may not stand in a cookie (RFC 6265 §4.1.1). */
export function columnsCookie(list: ChoosableList): string {
  return `columns_${list}`;
}

/** Columns of a list in the order in which they stand. */
export interface ColumnChoice {
  names: readonly string[];
  /** By the address, so that links to more of the same list have to ask for them too. */
  isAsked: boolean;
}

/**
 * The columns asked for: parameter `columns`, with commas or once for each, as forms send them; else those the browser
 * remembers, else the usual ones. What a cookie names and the list does not know is left out.
 */
export function columnsOf(
  params: Params,
  cookies: string,
  list: ChoosableList,
  known: readonly string[],
  usual: readonly string[],
): ColumnChoice {
  const asked = params.texts('columns').flatMap((text) => text.split(','));
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) throw badParameter('columns', unknown, `of these, with commas: ${known.join(', ')}`);
  if (asked.length > 0) return { names: [...new Set(asked)], isAsked: true };
  const remembered = (cookieOf(cookies, columnsCookie(list)) ?? '').split('.').filter((name) => known.includes(name));
  return { names: remembered.length > 0 ? [...new Set(remembered)] : usual, isAsked: false };
}

export const DIRECTIONS = ['asc', 'desc'] as const;

/** `sort` and `order`; without an order, ascending. `undefined` = newest first. */
export function orderOf<Name extends string>(params: Params, names: readonly Name[]): ListOrder<Name> | undefined {
  const by = params.choice('sort', names);
  const direction = params.choice('order', DIRECTIONS);
  if (by === undefined) {
    if (direction === undefined) return undefined;
    throw badParameter('order', direction, 'absent where no "sort" is given');
  }
  return { by, descending: direction === 'desc' };
}
