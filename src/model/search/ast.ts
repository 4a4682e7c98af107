import type { Alias } from '../alias.ts';
import type { SearchField } from './fields.ts';

/**
 * A search as its text says it, checked but not evaluated: plain data, so that it can cross threads. Every `at` counts
 * characters of the text from 0.
 */
export type Search =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Search[] }
  | { readonly kind: 'not'; readonly part: Search }
  | Condition;

/** True when the field meets one of the values. */
export interface Condition {
  readonly kind: 'condition';
  readonly field: SearchField;
  /** Name of the header field asked for, where the field is `header`. */
  readonly header?: string;
  readonly op: SearchOperator;
  readonly values: readonly SearchValue[];
  /** Whose clocks times without a zone are read on; UTC if absent. */
  readonly zone?: string;
  readonly at: number;
}

/** `:` is "matches", which for text is "contains"; `=` is the whole of it. */
export const SEARCH_OPERATORS = [':', '=', '>=', '<=', '>', '<'] as const;
export type SearchOperator = (typeof SEARCH_OPERATORS)[number];

export type SearchValue =
  /** As it stands, for text; notation of the field's kind elsewhere. */
  | { readonly form: 'word'; readonly text: string; readonly at: number }
  /** Name or group of addresses, with what decides which have it: the first that an address is in. */
  | { readonly form: 'alias'; readonly text: string; readonly aliases: readonly Alias[]; readonly at: number }
  /** `*` stands for any characters, or none. */
  | { readonly form: 'pattern'; readonly text: string; readonly at: number }
  /** RE2 expression. */
  | { readonly form: 'regexp'; readonly text: string; readonly at: number }
  /** Both ends belong to it; an empty one is open. */
  | { readonly form: 'range'; readonly low: string; readonly high: string; readonly at: number };

/** What a bare value must not hold: what ends it, and what would make it something else. */
const NEEDS_QUOTES = /[\s(),"*]|^[!/]|^$/;

/** Text that is read back as the same search. */
export function searchText(search: Search): string {
  switch (search.kind) {
    case 'condition':
      return `${search.field}${search.header === undefined ? '' : `.${search.header}`}${search.op}${search.values.map(valueText).join(',')}`;
    case 'not':
      return `!${search.part.kind === 'and' || search.part.kind === 'or' ? `(${searchText(search.part)})` : searchText(search.part)}`;
    case 'and':
      return search.parts.map((part) => grouped(part, part.kind === 'and' || part.kind === 'or')).join(' AND ');
    case 'or':
      return search.parts.map((part) => grouped(part, part.kind === 'or')).join(' OR ');
  }
}

function grouped(search: Search, parentheses: boolean): string {
  return parentheses ? `(${searchText(search)})` : searchText(search);
}

function valueText(value: SearchValue): string {
  switch (value.form) {
    case 'word':
    case 'alias':
      return NEEDS_QUOTES.test(value.text) ? quotedWord(value.text) : value.text;
    case 'pattern':
      return value.text;
    case 'regexp':
      return `/${value.text.replaceAll('/', '\\/')}/`;
    case 'range':
      return `${value.low}..${value.high}`;
  }
}

/** Text in quotes, in which every character stands for itself. */
export function quotedWord(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
