import type { VNode } from 'preact';
import type { EndpointView } from '../../model/views.ts';
import { formatNumber } from '../show.ts';
import type { ListColumn } from './list.tsx';
import {
  Captured,
  CapturedLink,
  cellText,
  Endpoint,
  Milliseconds,
  Nothing,
  PlainTime,
  roundedText,
  Time,
} from './parts.tsx';

/** Columns that lists of calls, events and bindings have in common. Each can be put in order by under its own name. */
type Of<Item, Value> = (item: Item) => Value;

export function textColumn<Item>(
  name: string,
  head: string,
  text: Of<Item, string>,
  href?: Of<Item, string>,
): ListColumn<Item> {
  return {
    name,
    head,
    room: 'large',
    sort: { by: name, descending: false },
    show: (item) =>
      href === undefined ? <Plain text={text(item)} /> : <CapturedLink text={text(item)} href={href(item)} />,
    plain: (item) => cellText(text(item)),
  };
}

/** Text of a few letters. */
export function wordColumn<Item>(name: string, head: string, text: Of<Item, string>): ListColumn<Item> {
  return { ...textColumn(name, head, text), room: 'small' };
}

export function Plain({ text }: { text: string }): VNode {
  return text === '' ? <Nothing /> : <Captured text={text} />;
}

export function endpointColumn<Item>(name: string, head: string, at: Of<Item, EndpointView>): ListColumn<Item> {
  return {
    name,
    head,
    room: 'large',
    sort: { by: name, descending: false },
    show: (item) => <Endpoint at={at(item)} />,
  };
}

export function countColumn<Item>(name: string, head: string, count: Of<Item, number>): ListColumn<Item> {
  return {
    name,
    head,
    isNumber: true,
    room: 'small',
    sort: { by: name, descending: true },
    show: (item) => formatNumber(count(item)),
  };
}

export function durationColumn<Item>(name: string, head: string, ms: Of<Item, number | null>): ListColumn<Item> {
  return {
    name,
    head,
    isNumber: true,
    room: 'small',
    sort: { by: name, descending: true },
    show: (item) => <Milliseconds ms={ms(item)} />,
    plain: (item) => {
      const value = ms(item);
      return value === null ? '–' : roundedText(value);
    },
  };
}

export function timeColumn<Item>(name: string, head: string, us: Of<Item, number>): ListColumn<Item> {
  return {
    name,
    head,
    room: 'time',
    sort: { by: name, descending: true },
    show: (item) => <Time us={us(item)} />,
    plain: (item) => <PlainTime us={us(item)} />,
  };
}

/** A column whose list cannot be put in order by it. */
export function unordered<Item>(column: ListColumn<Item>): ListColumn<Item> {
  const { sort: _, ...rest } = column;
  return rest;
}
