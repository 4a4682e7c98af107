/**
 * Values of a snapshot as octets, and back.
 *
 *   int     zigzag, then seven bits an octet, lowest first: small numbers of either sign are short
 *   double  eight octets, little-endian
 *   text    its length in octets as int, then UTF-8
 *   list    the number of its entries as int, then their fields
 */
export type ValueKind = 'int' | 'double' | 'text';

/** One column: so many values of a kind for each entry, or entries of its own. */
export type Field =
  | { readonly name: string; readonly kind: ValueKind; readonly count: number }
  | { readonly name: string; readonly kind: 'list'; readonly of: readonly Field[] };

export function ints(...names: readonly string[]): Field[] {
  return names.map((name) => ({ name, kind: 'int', count: 1 }));
}

export function doubles(...names: readonly string[]): Field[] {
  return names.map((name) => ({ name, kind: 'double', count: 1 }));
}

export function texts(...names: readonly string[]): Field[] {
  return names.map((name) => ({ name, kind: 'text', count: 1 }));
}

export function list(name: string, of: readonly Field[]): Field {
  return { name, kind: 'list', of };
}

const FIRST_BYTES = 64 * 1024;
/** Most octets of one int: 53 bits and a sign, seven in each. */
const MAX_INT_BYTES = 8;

/** Texts up to this length are written octet by octet. */
const SHORT = 128;

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

/** Octets that grow; `clear` keeps the room. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** A whole number up to 2^52 of either sign. */
  int(value: number): void {
    this.#reserve(MAX_INT_BYTES);
    const small = value | 0;
    if (small === value) {
      // Most are, and shifting 32 bits is much faster than dividing doubles.
      let word = ((small << 1) ^ (small >> 31)) >>> 0;
      for (; word >= 0x80; word >>>= 7) this.#bytes[this.#length++] = word | 0x80; // the octet keeps the low bits
      this.#bytes[this.#length++] = word;
      return;
    }
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  ints(values: Int32Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.int(values[at]!); // the caller's range
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  text(value: string): void {
    const { length } = value;
    if (length <= SHORT && isAscii(value)) {
      // Nearly all texts; a loop is faster than two calls into the runtime.
      this.int(length);
      this.#reserve(length);
      for (let at = 0; at < length; at++) this.#bytes[this.#length++] = value.charCodeAt(at);
      return;
    }
    const octets = Buffer.byteLength(value, 'utf8');
    this.int(octets);
    this.#reserve(octets);
    this.#length += this.#bytes.write(value, this.#length, 'utf8');
  }

  octet(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  word(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** Writes a number over what stands at `at`. */
  wordAt(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + length));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}

/** Reads what a `ByteWriter` wrote. What is not there reads as nothing, and `failed` says so from then on. */
export class ByteReader {
  failed = false;
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  int(): number {
    let value = 0;
    let weight = 1;
    for (let n = 0; n < MAX_INT_BYTES; n++) {
      if (this.#at >= this.#end) break;
      const octet = this.#bytes[this.#at++]!; // before the end
      value += (octet & 0x7f) * weight;
      if (octet < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      weight *= 0x80;
    }
    this.failed = true;
    return 0;
  }

  double(): number {
    if (!this.#has(8)) return 0;
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  text(): string {
    const length = this.int();
    if (!this.#has(length)) return '';
    const start = this.#at;
    this.#at += length;
    let isPlain = true;
    for (let at = start; at < this.#at && isPlain; at++) isPlain = this.#bytes[at]! < 0x80; // inside, as just seen
    // For plain octets both say the same, and this one is much faster.
    return this.#bytes.toString(isPlain ? 'latin1' : 'utf8', start, this.#at);
  }

  #has(length: number): boolean {
    if (length >= 0 && this.left >= length) return true;
    this.failed = true;
    return false;
  }
}

type Value = number | string | number[] | string[] | Entry[];

/** The fields a file has, and where to find each. */
export class Fields {
  readonly fields: readonly Field[];
  readonly #positions: ReadonlyMap<string, number>;
  /** Fields of the entries of lists, by the position of the list. */
  readonly #within: readonly (Fields | undefined)[];

  constructor(fields: readonly Field[]) {
    this.fields = fields;
    this.#positions = new Map(fields.map(({ name }, position) => [name, position]));
    this.#within = fields.map((field) => (field.kind === 'list' ? new Fields(field.of) : undefined));
  }

  position(name: string): number {
    return this.#positions.get(name) ?? -1;
  }

  read(reader: ByteReader): Entry {
    const values: Value[] = [];
    for (let n = 0; n < this.fields.length; n++) values.push(this.#readField(reader, n));
    return new Entry(this, values);
  }

  #readField(reader: ByteReader, position: number): Value {
    const field = this.fields[position]!; // below the length
    const within = this.#within[position];
    if (field.kind !== 'list') {
      const { kind, count } = field;
      if (count === 1) return readValue(reader, kind);
      if (kind === 'text') return Array.from({ length: count }, () => reader.text());
      const numbers: number[] = [];
      for (let n = 0; n < count; n++) numbers.push(kind === 'int' ? reader.int() : reader.double());
      return numbers;
    }
    const count = reader.int();
    const entries: Entry[] = [];
    // An entry without fields would take no octets, so their number must not be believed.
    if (within === undefined || field.of.length === 0) return entries;
    for (let n = 0; n < count && !reader.failed; n++) entries.push(within.read(reader));
    return entries;
  }
}

function readValue(reader: ByteReader, kind: ValueKind): number | string {
  switch (kind) {
    case 'int':
      return reader.int();
    case 'double':
      return reader.double();
    case 'text':
      return reader.text();
  }
}

/** One entry as it was read: fields by name. What an older or newer build did not write has its fallback. */
export class Entry {
  readonly #fields: Fields;
  readonly #values: readonly Value[];

  constructor(fields: Fields, values: readonly Value[]) {
    this.#fields = fields;
    this.#values = values;
  }

  number(name: string, fallback = 0): number {
    const value = this.#value(name);
    return typeof value === 'number' ? value : fallback;
  }

  text(name: string): string {
    const value = this.#value(name);
    return typeof value === 'string' ? value : '';
  }

  /** The numbers of a field that has several; `undefined` unless there are exactly so many. */
  numbers(name: string, count: number): readonly number[] | undefined {
    const value = this.#value(name);
    if (count === 1 && typeof value === 'number') return [value];
    if (!Array.isArray(value) || value.length !== count) return undefined;
    return value.every((each) => typeof each === 'number') ? value : undefined;
  }

  list(name: string): readonly Entry[] {
    const value = this.#value(name);
    if (!Array.isArray(value)) return [];
    return value.filter((each) => each instanceof Entry);
  }

  #value(name: string): Value | undefined {
    return this.#values[this.#fields.position(name)];
  }
}

/** Most values of one field, entries within entries: beyond this a list of fields is none of ours. */
const MAX_COUNT = 4096;
const MAX_DEPTH = 4;

/** Checks what JSON gave as a list of fields. */
export function asFields(value: unknown, depth = 0): Field[] | undefined {
  if (!Array.isArray(value) || depth > MAX_DEPTH) return undefined;
  const fields: Field[] = [];
  for (const each of value as unknown[]) {
    const field = asField(each, depth);
    if (field === undefined) return undefined;
    fields.push(field);
  }
  return fields;
}

function asField(value: unknown, depth: number): Field | undefined {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('kind' in value)) return undefined;
  const { name, kind } = value;
  if (typeof name !== 'string') return undefined;
  if (kind === 'list') {
    const of = 'of' in value ? asFields(value.of, depth + 1) : undefined;
    return of === undefined ? undefined : { name, kind, of };
  }
  const count = 'count' in value ? value.count : undefined;
  if (kind !== 'int' && kind !== 'double' && kind !== 'text') return undefined;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MAX_COUNT) return undefined;
  return { name, kind, count };
}
