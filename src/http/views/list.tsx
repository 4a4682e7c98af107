import type { ComponentChildren, VNode } from 'preact';
import type { ListOrder } from '../../model/engine.ts';
import type { ComingPage } from '../coming-page.ts';
import { type ChoosableList, type ColumnChoice, columnsCookie } from '../list-choice.ts';
import { callHref, link, type Parameters } from '../show.ts';
import type { Hint } from '../why.ts';
import { Later } from './layout.tsx';
import { CapturedLink, Cell, cellText, Hints, Nothing } from './parts.tsx';

/** One column of a list: its name in addresses, its heading, and what it shows of an item. */
export interface ListColumn<Item> {
  name: string;
  head: string;
  /** Stands to the right. */
  isNumber?: true;
  /** Stays on one line. */
  isBrief?: true;
  /** Room it has where every row is one line. */
  room: 'small' | 'medium' | 'time' | 'large';
  /** What the list is put in order by at its heading, and whether the largest come first then. */
  sort?: { by: string; descending: boolean };
  show: (item: Item, index: number) => ComponentChildren;
  /** The same without links, where there are very many rows. */
  plain?: (item: Item, index: number) => ComponentChildren;
}

/** A list as it was asked for: its path, and the parameters that links to more of it keep. */
export interface ListAddress {
  path: string;
  parameters: Parameters;
}

/** Columns of that name, in the order of the names. */
export function columnsNamed<Item>(
  known: readonly ListColumn<Item>[],
  names: readonly string[],
): readonly ListColumn<Item>[] {
  return names.flatMap((name) => known.filter((column) => column.name === name));
}

/** Rows beyond which each is one line: what unfolds would make the page too long to send. */
const MOST_UNFOLDING = 250;

const isLongList = ({ count }: { count: number }): boolean => count > MOST_UNFOLDING;

/** The columns of a list: where rows do not unfold, the one that opens what they are of is always among them. */
export function columnsOfList<Item>(
  page: ComingPage<Item>,
  known: readonly ListColumn<Item>[],
  { names }: ColumnChoice,
): readonly ListColumn<Item>[] {
  return columnsNamed(known, isLongList(page) && !names.includes(OPENING) ? [...names, OPENING] : names);
}
const OPENING = 'callid';

interface ItemListProps<Item> extends Omit<ListTableProps<Item>, 'isLong' | 'children'> {
  page: ComingPage<Item>;
  /** One that unfolds. */
  row: (item: Item, index: number) => VNode;
  why: readonly Hint[];
}

/** The items of a page as rows that unfold, those of a long one as lines; or why there are none. */
export function ItemList<Item>({ page, row, why, ...table }: ItemListProps<Item>): VNode {
  if (page.count === 0) return <Hints hints={why} tone="empty" title="Why is nothing here?" />;
  return (
    <ListTable {...table} isLong={isLongList(page)}>
      {isLongList(page) ? <Later /> : page.items.map((item, at) => row(item, page.offset + at))}
    </ListTable>
  );
}

interface ListTableProps<Item> {
  columns: readonly ListColumn<Item>[];
  caption: string;
  /** Absent where the list cannot be put in another order. */
  address?: ListAddress | undefined;
  order?: ListOrder<string> | undefined;
  /** Every row is one line, and only those in sight are laid out. */
  isLong?: boolean;
  children: ComponentChildren;
}

/** The order in which lists come that were not put in another. */
const NEWEST_FIRST: ListOrder<string> = { by: 'start', descending: true };

/** As `Table`, with headings that put the whole list in order. */
export function ListTable<Item>(props: ListTableProps<Item>): VNode {
  const { columns, caption, address, order = NEWEST_FIRST, isLong, children } = props;
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table class={isLong === true ? 'long' : undefined}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" class={classOf(column, isLong)} aria-sort={ariaSort(column, address && order)}>
                <Heading column={column} address={address} order={order} />
              </th>
            ))}
          </tr>
        </thead>
        {children}
      </table>
    </div>
  );
}

function classOf({ isNumber, isBrief, room }: ListColumn<never>, isLong = false): string | undefined {
  const classes = [
    isNumber === true ? 'number' : isBrief === true ? 'brief' : '',
    isLong && room !== 'large' ? room : '',
  ];
  return classes.filter((name) => name !== '').join(' ') || undefined;
}

function ariaSort(
  { sort }: ListColumn<never>,
  order: ListOrder<string> | undefined,
): 'ascending' | 'descending' | undefined {
  if (sort === undefined || sort.by !== order?.by) return undefined;
  return order.descending ? 'descending' : 'ascending';
}

function Heading({
  column: { head, sort },
  address,
  order,
}: {
  column: ListColumn<never>;
  address: ListAddress | undefined;
  order: ListOrder<string>;
}): VNode {
  if (sort === undefined || address === undefined) return <>{head}</>;
  const next = { by: sort.by, descending: sort.by === order.by ? !order.descending : sort.descending };
  return (
    <a href={link(address.path, { ...address.parameters, ...orderParameters(next) })} data-sort="">
      {head}
    </a>
  );
}

/** An order as parameters; the one that lists have anyway is none. */
export function orderParameters(order: ListOrder<string> | undefined): Parameters {
  if (order === undefined || (order.by === NEWEST_FIRST.by && order.descending)) {
    return { sort: undefined, order: undefined };
  }
  return { sort: order.by, order: order.descending ? 'desc' : 'asc' };
}

/** Cells of one item, each with the name of its column for where there is no heading row. */
export function Cells<Item>({
  columns,
  item,
  index,
}: {
  columns: readonly ListColumn<Item>[];
  item: Item;
  index: number;
}): VNode {
  return (
    <>
      {columns.map((column) => (
        <Cell label={column.head} number={column.isNumber === true} brief={column.isBrief === true}>
          {column.show(item, index)}
        </Cell>
      ))}
    </>
  );
}

/** Rows that are laid out together when they come into sight. */
const SLICE_ROWS = 100;

/** The rows of a long list as they come. */
export async function* longRows<Item>(
  page: ComingPage<Item>,
  columns: readonly ListColumn<Item>[],
): AsyncGenerator<VNode> {
  let index = page.offset;
  for await (const items of page.slices(SLICE_ROWS)) {
    yield (
      <tbody class="slice">
        {items.map((item) => (
          <LongRow columns={columns} item={item} index={index++} />
        ))}
      </tbody>
    );
  }
}

function LongRow<Item>({
  columns,
  item,
  index,
}: {
  columns: readonly ListColumn<Item>[];
  item: Item;
  index: number;
}): VNode {
  return (
    <tr data-row="">
      {columns.map((column) => (
        <td class={classOf(column, true)}>{(column.plain ?? column.show)(item, index)}</td>
      ))}
    </tr>
  );
}

/** What is listed, and in which order: said of the whole result, of which a part may be shown. */
export function OrderNote<Item>({
  columns,
  order,
}: {
  columns: readonly ListColumn<Item>[];
  order: ListOrder<string> | undefined;
}): VNode {
  const column = columns.find(({ sort }) => sort?.by === order?.by);
  if (order === undefined || column === undefined) return <span>Newest first</span>;
  return (
    <span>
      All of them by {column.head}, {order.descending ? 'descending' : 'ascending'}
    </span>
  );
}

/** Something that a list does or does not, as its address says. */
export function Switch({
  name,
  hotkey,
  isOn,
  parameter,
  address: { path, parameters },
}: {
  name: string;
  hotkey: string;
  isOn: boolean;
  parameter: string;
  address: ListAddress;
}): VNode {
  return (
    <a
      class="switch"
      href={link(path, { ...parameters, [parameter]: isOn ? undefined : 1 })}
      aria-current={isOn ? 'true' : undefined}
      data-key={hotkey}
    >
      {name}
    </a>
  );
}

interface ColumnChooserProps<Item> {
  list: ChoosableList;
  columns: readonly ListColumn<Item>[];
  choice: ColumnChoice;
  address: ListAddress;
}

/** Which columns there are, and in which order. A form; scripts only remember what was chosen. */
export function ColumnChooser<Item>({ list, columns, choice, address }: ColumnChooserProps<Item>): VNode {
  const { names } = choice;
  const { columns: _, ...kept } = address.parameters;
  const others = columns.filter(({ name }) => !names.includes(name));
  const at = (moved: readonly string[]): string => link(address.path, { ...kept, columns: moved.join(',') });
  return (
    <details class="menu" data-key="t" data-columns={columnsCookie(list)}>
      <summary>Columns</summary>
      <form method="get" action={address.path}>
        <Kept parameters={kept} />
        <ul class="plain">
          {columnsNamed(columns, names).map(({ name, head }, place) => (
            <li>
              <ColumnBox name={name} head={head} isShown />
              {place === 0 ? undefined : (
                <a href={at(swapped(names, place))} aria-label={`${head} one place forward`}>
                  ↑
                </a>
              )}
            </li>
          ))}
          {others.map(({ name, head }) => (
            <li>
              <ColumnBox name={name} head={head} isShown={false} />
            </li>
          ))}
        </ul>
        <p>
          <button type="submit">Show these</button>{' '}
          <a href={link(address.path, kept)} data-usual="">
            The usual ones
          </a>
        </p>
      </form>
    </details>
  );
}

function ColumnBox({ name, head, isShown }: { name: string; head: string; isShown: boolean }): VNode {
  return (
    <label>
      <input type="checkbox" name="columns" value={name} checked={isShown} /> {head}
    </label>
  );
}

/** The same names, where the one at a place has changed places with the one before it. */
function swapped(names: readonly string[], place: number): string[] {
  const moved = [...names];
  const [name] = moved.splice(place, 1);
  if (name !== undefined) moved.splice(place - 1, 0, name);
  return moved;
}

/** Columns as a parameter, where the address asks for them. */
export function columnParameters({ isAsked, names }: ColumnChoice): Parameters {
  return { columns: isAsked ? names.join(',') : undefined };
}

/** What a row of one line opens; titles and the like would make long lists longer still. */
export function OpeningLink({ callId }: { callId: string }): VNode {
  if (callId === '') return <Nothing />;
  return (
    <a href={callHref(callId)} data-open="">
      {cellText(callId)}
    </a>
  );
}

/** The same for a row that unfolds, where none of its columns does it. */
export function Opener({
  callId,
  columns,
}: {
  callId: string;
  columns: readonly ListColumn<never>[];
}): VNode | undefined {
  if (columns.some(({ name }) => name === OPENING)) return undefined;
  return <CapturedLink text={callId} href={callHref(callId)} opens />;
}

/** Parameters that a form does not ask for. */
export function Kept({ parameters }: { parameters: Parameters }): VNode {
  return (
    <>
      {Object.entries(parameters).map(([name, value]) =>
        value === undefined ? undefined : <input type="hidden" name={name} value={value} />,
      )}
    </>
  );
}
