import { hashBytes } from '../../model/hash.ts';
import { Method } from '../../model/method.ts';
import type { SipMessage } from '../../sip/message.ts';
import { addressOfRecord } from '../../tracker/registrations.ts';
import { ringMemory } from './ring.ts';

/** The shard that holds the event ring and the rates, and accepts all connections. */
export const HUB = 0;

/** What an engine thread must know to be one of several; plain data and shared memory. */
export interface ShardPlace {
  index: number;
  count: number;
  /** Of the hash that tells whose a call is. */
  seed: number;
  /** How often this shard was started before: what others know of an earlier one is over. */
  generation: number;
  /** Ring from the first to the second. */
  rings: readonly (readonly SharedArrayBuffer[])[];
  /** One integer for each shard, 1 = it sleeps. */
  asleep: SharedArrayBuffer;
}

/** Octets that may wait for one shard, from all others together. */
const INBOX_BYTES = 16 << 20;
/** Twice the longest message, so that each fits. */
const MIN_RING_BYTES = 1 << 20;

/** Places for so many shards, all in their first generation. */
export function makePlaces(count: number, seed: number): ShardPlace[] {
  const share = 2 ** Math.floor(Math.log2(INBOX_BYTES / Math.max(1, count - 1)));
  const octets = Math.max(MIN_RING_BYTES, share);
  const indices = Array.from({ length: count }, (_, index) => index);
  const rings = indices.map((from) =>
    indices.map((to) => (from === to ? new SharedArrayBuffer(0) : ringMemory(octets))),
  );
  const asleep = new SharedArrayBuffer(4 * count);
  return indices.map((index) => ({ index, count, seed, generation: 0, rings, asleep }));
}

/**
 * The shard that tracks a message: by address-of-record for registrations, whose bindings several Call-IDs may change,
 * by Call-ID for everything else.
 */
export function shardOfMessage(place: ShardPlace, message: SipMessage): number {
  const { bytes, callIdStart, callIdEnd } = message;
  // Nobody can track it.
  if (callIdEnd === callIdStart) return place.index;
  if (message.cseqMethod === Method.REGISTER) {
    const aor = addressOfRecord(message);
    if (aor !== undefined) return shardOfText(place, aor);
  }
  return (hashBytes(bytes, callIdStart, callIdEnd, place.seed) >>> 0) % place.count;
}

/** The shard of a Call-ID or an address-of-record as kept, one character per octet. */
export function shardOfText(place: ShardPlace, text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return (hashBytes(bytes, 0, bytes.length, place.seed) >>> 0) % place.count;
}
