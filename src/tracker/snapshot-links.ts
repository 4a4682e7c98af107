import { FIRST_NAMED, linkTypeOf, MAX_TYPES, METHODS } from '../model/link-type.ts';
import { Direction, LinkAt, type LinkTable } from './link-table.ts';
import { doubles, type Entry, type Field, ints, texts } from './snapshot-codec.ts';
import type { SnapshotTable, SnapshotWalk } from './snapshot-file.ts';

const FIELDS: readonly Field[] = [
  { name: 'link', kind: 'int', count: LinkAt.SIZE },
  ...ints('type', 'direction'),
  ...texts('method'),
  ...doubles('count'),
];

/** Counts of links, cell by cell. Methods without a number of ours are kept by name: their numbers are the process's. */
export class LinkSnapshot implements SnapshotTable {
  readonly name = 'links';
  readonly fields = FIELDS;
  readonly #table: LinkTable;

  constructor(table: LinkTable) {
    this.#table = table;
  }

  open(): SnapshotWalk {
    const table = this.#table;
    let next = 0;
    return {
      next(out) {
        const cell = next++;
        if (cell >= table.cells) return false;
        const link = table.cellLink(cell);
        for (let at = 0; at < LinkAt.SIZE; at++) out.int(table.linkNumber(link, at));
        const type = table.cellType(cell);
        out.int(type);
        out.int(table.cellDirection(cell));
        out.text(type % METHODS < FIRST_NAMED ? '' : linkTypeOf(type, table.names).method);
        out.double(table.cellCount(cell));
        return true;
      },
      close: () => undefined,
    };
  }

  restore(entry: Entry): boolean {
    const link = entry.numbers('link', LinkAt.SIZE);
    const direction = entry.number('direction');
    const name = entry.text('method');
    let type = entry.number('type');
    if (link === undefined || !Object.values<number>(Direction).includes(direction)) return false;
    if (!(type >= 0 && type < MAX_TYPES)) return false;
    if (name !== '') {
      const method = this.#table.named(name);
      if (method === undefined) return false;
      type = type - (type % METHODS) + method;
    }
    return this.#table.putBack(link, type, direction, entry.number('count'));
  }
}
