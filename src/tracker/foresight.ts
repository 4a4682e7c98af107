import type { Call } from './call.ts';
import type { EntryTable } from './entry-table.ts';
import type { MessageRing } from './message-ring.ts';
import { Row } from './rows.ts';

/** A message that will be tracked. */
export interface Awaited {
  /** Of its Call-ID. */
  readonly hash: number;
}

/** Integers of 64 octets, which a processor fetches at once. */
const LINE = 16;

/**
 * Reads what tracking some messages will read, so that it is at hand then.
 *
 *   one by one    place … call … row … text …, place … call … row … text …      each … waits for the memory
 *   together      place place place … call call call … row text row text …      many wait at the same time
 *
 * With hundreds of thousands of calls hardly anything of a call is in the caches when its next message comes, and a
 * processor waits for many places of the memory as long as for one, if none of them says where the next one is. So all
 * messages take each step before the first takes the next one.
 */
export class Foresight {
  readonly #table: EntryTable<Call>;
  readonly #messages: MessageRing;
  readonly #calls: (Call | undefined)[] = [];
  /** What was read goes in here: reads whose outcome nobody could ever see would be left out by the compiler. */
  #seen = 0;

  constructor(table: EntryTable<Call>, messages: MessageRing) {
    this.#table = table;
    this.#messages = messages;
  }

  /** @param count how many of the awaited messages there are */
  read(awaited: readonly Awaited[], count: number): void {
    const calls = this.#calls;
    let seen = this.#seen;
    for (let n = 0; n < count; n++) {
      const { hash } = awaited[n]!; // the caller has so many
      seen ^= this.#table.foresee(hash) ^ this.#messages.foresee(hash);
    }
    for (let n = 0; n < count; n++) calls[n] = this.#table.chain(awaited[n]!.hash);
    for (let n = 0; n < count; n++) {
      const call = calls[n];
      if (call !== undefined) seen ^= call.hash;
    }
    for (let n = 0; n < count; n++) {
      const call = calls[n];
      calls[n] = undefined;
      if (call !== undefined) seen ^= readCall(call);
    }
    this.#seen = seen;
  }
}

function readCall(call: Call): number {
  const { row, base, block, toTag } = call;
  let seen = call.updatedUs ^ call.emitted ^ block.length ^ toTag.length;
  for (let at = base; at < base + Row.SIZE; at += LINE) seen ^= row[at]!; // inside the row
  if (block.length > 0) seen ^= block.charCodeAt(0) ^ block.charCodeAt(block.length - 1);
  if (toTag.length > 0) seen ^= toTag.charCodeAt(0);
  return seen;
}
