import { crc32 } from '../model/crc32.ts';
import { asFields, ByteReader, ByteWriter, type Entry, type Field, Fields } from './snapshot-codec.ts';

/**
 * A snapshot of tables: what is written while packets go on, and read at the next start.
 *
 *   magic, version │ head │ rows of a table │ rows │ … │ end
 *                  └ each: kind, length, payload, CRC-32 of this block and the checksum before it
 *
 * The head is JSON: when it was taken, and the names and kinds of each table's fields, so that another build finds what
 * it knows and leaves the rest. The end says how many entries there must be: nothing can be missing unnoticed.
 *
 * What is promised of a snapshot written in slices while its tables change: each entry is as it was at one moment, none
 * comes twice, entries made during the writing may be missing, and so may those that ended. One that is written while
 * nothing changes, as at the end of an engine, is exact.
 */
export const SNAPSHOT_MAGIC = 'SIPCOLST';
export const SNAPSHOT_VERSION = 1;

const MAGIC = Buffer.from(SNAPSHOT_MAGIC, 'latin1');
const START_BYTES = MAGIC.length + 4;
const BLOCK_HEAD = 5;
const SUM_BYTES = 4;
/** Block of rows: number of its table, number of its entries, then these. */
const TABLE_AT = BLOCK_HEAD;
const COUNT_AT = TABLE_AT + 4;
const ENTRIES_AT = COUNT_AT + 4;
/** Larger than any block that is written; what claims more is damaged. */
const MAX_BLOCK = 16 * 1024 * 1024;
const ENTRIES_PER_BLOCK = 128;

const Kind = { HEAD: 1, ROWS: 2, END: 3 } as const;

/** A table as the snapshot sees it. */
export interface SnapshotTable {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Begins a walk over the entries, which may change between its steps. */
  open(): SnapshotWalk;
  /** Takes an entry back, in the order of the walk. @returns false when it cannot be used */
  restore(entry: Entry): boolean;
  /** Told when all entries are back. */
  restored?(): void;
}

export interface SnapshotWalk {
  /** Writes the next entry with all fields in their order. @returns false when there is none */
  next(out: ByteWriter): boolean;
  close(): void;
}

/**
 * Writes a snapshot, a block at each step, which is the unit of work between packets. A block's octets are valid until
 * the next step; leaving early closes the walks.
 */
export function* writeSnapshot(tables: readonly SnapshotTable[], takenUs: number): Generator<Buffer, void, void> {
  const start = Buffer.alloc(START_BYTES);
  MAGIC.copy(start);
  start.writeUInt32LE(SNAPSHOT_VERSION, MAGIC.length);
  yield start;
  const block = new BlockWriter(crc32(start, 0, start.length));
  block.begin(Kind.HEAD);
  block.out.text(JSON.stringify({ takenUs, tables: tables.map(({ name, fields }) => ({ name, fields })) }));
  yield block.end();
  const counts: number[] = [];
  for (const [index, table] of tables.entries()) {
    const walk = table.open();
    let total = 0;
    try {
      for (let more = true; more;) {
        block.begin(Kind.ROWS);
        block.out.word(index);
        block.out.word(0);
        let entries = 0;
        while (more && entries < ENTRIES_PER_BLOCK) {
          more = walk.next(block.out);
          if (more) entries++;
        }
        total += entries;
        block.out.wordAt(COUNT_AT, entries);
        if (entries > 0) yield block.end();
      }
    } finally {
      walk.close();
    }
    counts.push(total);
  }
  block.begin(Kind.END);
  for (const count of counts) block.out.int(count);
  yield block.end();
}

class BlockWriter {
  readonly out = new ByteWriter();
  #sum: number;

  constructor(sum: number) {
    this.#sum = sum;
  }

  begin(kind: number): void {
    this.out.clear();
    this.out.octet(kind);
    this.out.word(0);
  }

  end(): Buffer {
    const { out } = this;
    out.wordAt(1, out.length - BLOCK_HEAD);
    this.#sum = crc32(out.written, 0, out.length, this.#sum);
    out.word(this.#sum);
    return out.written;
  }
}

/** Octets of a file from an offset; fewer than asked for only where the file ends. */
export type ReadAt = (offset: number, length: number) => Buffer;

/** What is wrong with a file. */
export interface SnapshotProblem {
  readonly problem: string;
}

export interface SnapshotContent {
  readonly takenUs: number;
  /** Entries by table name. */
  readonly entries: ReadonlyMap<string, number>;
}

interface FileTable {
  name: string;
  fields: Fields;
  entries: number;
}

/** Entries of one table, still to be read. */
export class SnapshotRows {
  readonly table: string;
  readonly #fields: Fields;
  readonly #count: number;
  readonly #reader: ByteReader;

  constructor(table: string, fields: Fields, count: number, reader: ByteReader) {
    this.table = table;
    this.#fields = fields;
    this.#count = count;
    this.#reader = reader;
  }

  /** Can be walked once. It ends early when the octets do, which the checksum was to rule out. */
  *entries(): Generator<Entry, void, void> {
    for (let n = 0; n < this.#count; n++) {
      const entry = this.#fields.read(this.#reader);
      if (this.#reader.failed) return;
      yield entry;
    }
  }
}

/**
 * Reads a snapshot in steps of one block, each of which yields the entries of the block; the answer at the end is what
 * was read, or what is wrong. It never throws, whatever the file holds. Going through without looking at the entries is
 * a check, and cheap.
 */
export function* readSnapshot(
  read: ReadAt,
  size: number,
): Generator<SnapshotRows, SnapshotContent | SnapshotProblem, void> {
  const start = read(0, START_BYTES);
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) return { problem: 'it is no state file' };
  if (start.length < START_BYTES) return { problem: `it ends after ${size} octets` };
  const version = start.readUInt32LE(MAGIC.length);
  if (version !== SNAPSHOT_VERSION) {
    return { problem: `it has version ${version}, this program reads version ${SNAPSHOT_VERSION}` };
  }
  let sum = crc32(start, 0, start.length);
  let tables: FileTable[] | undefined;
  let takenUs = 0;
  for (let at = START_BYTES; ;) {
    const damaged: SnapshotProblem = { problem: `it is damaged in the block at octet ${at}` };
    const head = read(at, BLOCK_HEAD);
    if (head.length < BLOCK_HEAD) return { problem: `it ends early, after ${size} octets` };
    const length = head.readUInt32LE(1);
    if (length > MAX_BLOCK) return damaged;
    if (at + BLOCK_HEAD + length + SUM_BYTES > size) return { problem: `it ends early, after ${size} octets` };
    const block = read(at, BLOCK_HEAD + length + SUM_BYTES);
    if (block.length < BLOCK_HEAD + length + SUM_BYTES) return { problem: 'it became shorter while it was read' };
    sum = crc32(block, 0, BLOCK_HEAD + length, sum);
    if (block.readUInt32LE(BLOCK_HEAD + length) !== sum) return damaged;
    const reader = new ByteReader(block, BLOCK_HEAD, BLOCK_HEAD + length);
    at += block.length;
    switch (block[0]) {
      case Kind.HEAD: {
        const content = asHead(reader.text());
        if (content === undefined || tables !== undefined) return damaged;
        ({ tables, takenUs } = content);
        break;
      }
      case Kind.ROWS: {
        if (length < ENTRIES_AT - BLOCK_HEAD) return damaged;
        const table = tables?.[block.readUInt32LE(TABLE_AT)];
        const count = block.readUInt32LE(COUNT_AT);
        if (table === undefined) return damaged;
        table.entries += count;
        const rows = new ByteReader(block, ENTRIES_AT, BLOCK_HEAD + length);
        yield new SnapshotRows(table.name, table.fields, count, rows);
        break;
      }
      case Kind.END: {
        if (tables?.every((table) => reader.int() === table.entries) !== true || reader.failed) return damaged;
        if (at !== size) return { problem: `${size - at} octets stand behind its end` };
        return { takenUs, entries: new Map(tables.map((table) => [table.name, table.entries])) };
      }
      default:
        return damaged;
    }
  }
}

function asHead(text: string): { tables: FileTable[]; takenUs: number } | undefined {
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof head !== 'object' || head === null || !('takenUs' in head) || !('tables' in head)) return undefined;
  if (typeof head.takenUs !== 'number' || !Array.isArray(head.tables)) return undefined;
  const tables: FileTable[] = [];
  for (const table of head.tables as unknown[]) {
    if (typeof table !== 'object' || table === null || !('name' in table) || !('fields' in table)) return undefined;
    const fields = asFields(table.fields);
    if (typeof table.name !== 'string' || fields === undefined) return undefined;
    tables.push({ name: table.name, fields: new Fields(fields), entries: 0 });
  }
  return { tables, takenUs: head.takenUs };
}
