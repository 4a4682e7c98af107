import { latin1 } from '../model/latin1.ts';

/**
 * What a call keeps of its messages' text as one string, because a dozen small ones cost twice the memory and are a dozen
 * things for the garbage collector to move.
 *
 *   │ end of field 0 │ end of field 1 │ … │ text of field 0 │ text of field 1 │ …      one character per octet
 *     two characters each, from the start of the block
 *
 * The empty string is a block whose fields are all empty.
 */
export const TextField = {
  CALL_ID: 0,
  FROM_TAG: 1,
  FROM: 2,
  TO: 3,
  REQUEST_URI: 4,
  CONTACT: 5,
  /** Topmost Via branch of the first request, for the signature. */
  BRANCH: 6,
  PAI1: 7,
  PAI2: 8,
  CORRELATION_ID: 9,
  ALEG_CALL_ID: 10,
  SESSION_ID: 11,
} as const;
export type TextField = (typeof TextField)[keyof typeof TextField];

const FIELDS = 12;
const HEAD = FIELDS * 2;
/** Of a whole block; ends are 16 bits. What calls keep is cut far below (attributes.ts). */
const MAX_BLOCK = 8192;

function startOf(block: string, field: TextField): number {
  return field === 0 ? HEAD : endOf(block, (field - 1) as TextField); // the one before
}

function endOf(block: string, field: TextField): number {
  return (block.charCodeAt(field * 2) << 8) | block.charCodeAt(field * 2 + 1);
}

export function textOf(block: string, field: TextField): string {
  return block === '' ? '' : block.substring(startOf(block, field), endOf(block, field));
}

export function hasText(block: string, field: TextField): boolean {
  return block !== '' && startOf(block, field) !== endOf(block, field);
}

/** True when the octets are exactly the text of the field. */
export function isText(block: string, field: TextField, bytes: Uint8Array, start: number, end: number): boolean {
  if (block === '') return start === end;
  const from = startOf(block, field);
  if (end - start !== endOf(block, field) - from) return false;
  for (let at = start, n = from; at < end; at++, n++) if (bytes[at] !== block.charCodeAt(n)) return false;
  return true;
}

/** The block with these texts (one character per octet), in the order of the fields. */
export function blockOf(texts: readonly string[]): string {
  let end = HEAD;
  let ends = '';
  for (const text of texts) {
    end += text.length;
    ends += String.fromCharCode(end >>> 8, end & 0xff);
  }
  // One string, not the chain of pieces that a concatenation is at first.
  return Buffer.from(ends + texts.join(''), 'latin1').toString('latin1');
}

/** All texts of a block, in the order of the fields. */
export function textsOf(block: string): string[] {
  return Array.from({ length: FIELDS }, (_, field) => textOf(block, field as TextField)); // one each
}

/** A block with another text in one of its fields. For what happens now and then. */
export function withText(block: string, field: TextField, text: string): string {
  const texts = textsOf(block);
  texts[field] = text;
  return blockOf(texts);
}

/** Makes a block of a message: `begin`, `add` for all fields in their order, `end`. One instance serves one thread. */
export class BlockWriter {
  readonly #scratch = Buffer.allocUnsafeSlow(MAX_BLOCK);
  #field = 0;
  #end = HEAD;

  begin(): void {
    this.#field = 0;
    this.#end = HEAD;
  }

  /** The next field: `bytes[start..end)`, which the caller has cut to a sensible length. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const scratch = this.#scratch;
    let at = this.#end;
    // Shorter than 50 octets as a rule, where a loop is faster than a call of the runtime.
    for (let from = start; from < end; from++) scratch[at++] = bytes[from]!; // inside both
    this.#close(at);
  }

  /** The next field is empty. */
  skip(): void {
    this.#close(this.#end);
  }

  #close(end: number): void {
    const head = this.#field++ * 2;
    this.#scratch[head] = end >>> 8;
    this.#scratch[head + 1] = end & 0xff;
    this.#end = end;
  }

  end(): string {
    return latin1(this.#scratch, 0, this.#end);
  }
}
