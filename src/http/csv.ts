import type { TSchema } from 'typebox';
import type { Zone } from '../model/zone.ts';
import type { Pieces } from './pieces.ts';
import { visible, zonedIso } from './show.ts';

/** What CSV files are made of: names of columns, and rows with a cell for each. */
export interface CsvTable {
  columns: readonly string[];
  rows: Iterable<readonly unknown[]>;
}

/** The part of a schema that says what columns there are. */
interface Shape {
  properties?: Record<string, Shape>;
  anyOf?: Shape[];
}

/**
 * The items of a list as a table with the columns its schema documents: members of members have dotted names, lists are
 * in one cell. So every list can be taken away as CSV under the names of the API.
 */
export function csvTable(item: TSchema, items: readonly unknown[], zone: Zone): CsvTable {
  const paths = pathsOf(item);
  const known = new Set(paths.map((path) => path.join('.')));
  const cells = paths.map((path) => (known.has(`${path.join('.')}Us`) ? timeCell(path, zone) : plainCell(path)));
  return {
    columns: paths.map((path) => path.join('.')),
    rows: rowsOf(items, cells),
  };
}

type Cell = (item: unknown) => unknown;

function plainCell(path: readonly string[]): Cell {
  return (item) => path.reduce(memberOf, item);
}

/** A time that the API has in UTC, on the clocks of the reader's zone. */
function timeCell(path: readonly string[], zone: Zone): Cell {
  const inUs = plainCell([...path.slice(0, -1), `${path.at(-1)}Us`]);
  return (item) => {
    const us = inUs(item);
    return typeof us === 'number' ? zonedIso(us, zone) : plainCell(path)(item);
  };
}

function* rowsOf(items: readonly unknown[], cells: readonly Cell[]): Generator<unknown[]> {
  for (const item of items) yield cells.map((cell) => cell(item));
}

/** RFC 4180 with a heading row; nothing in it is taken for a formula by a spreadsheet, and every row is one line. */
export function* csvPieces({ columns, rows }: CsvTable): Pieces {
  yield `${columns.map(quoted).join(',')}\r\n`;
  for (const row of rows) yield `${row.map((value) => quoted(cellText(value))).join(',')}\r\n`;
}

function pathsOf(schema: Shape): string[][] {
  const properties = schema.properties ?? schema.anyOf?.find((choice) => choice.properties !== undefined)?.properties;
  if (properties === undefined) return [[]];
  return Object.entries(properties).flatMap(([name, member]) => pathsOf(member).map((path) => [name, ...path]));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return harmless(visible(value));
  if (Array.isArray(value) && value.every(isScalar)) return harmless(visible(value.join('; ')));
  return visible(JSON.stringify(value));
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** Spreadsheets run text that begins so as a formula; an apostrophe before it makes it text. */
function harmless(text: string): string {
  return /^\s*[=+\-@]/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
