import { hashBytes } from '../../model/hash.ts';
import { Method } from '../../model/method.ts';
import type { UdpSockets } from '../../model/settings.ts';
import type { SipMessage } from '../../sip/message.ts';
import { addressOfRecord } from '../../tracker/registrations.ts';
import { ringMemory } from './ring.ts';

/** The shard that holds the event ring and the rates, and accepts all connections. */
export const HUB = 0;

/** What an engine thread must know to be one of several; plain data and shared memory. */
export interface ShardPlace {
  index: number;
  count: number;
  /** Shards from this one on track calls; those before only receive. */
  firstTracking: number;
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
const INBOX_BYTES = 8 << 20;
/** Twice the longest message, so that each fits. */
const MIN_RING_BYTES = 1 << 20;

/**
 * Places for so many shards, all in their first generation.
 *
 * @param sockets `one`: the hub receives everything and leaves tracking to the others
 */
export function makePlaces(count: number, sockets: UdpSockets, seed: number): ShardPlace[] {
  const isOne = sockets === 'one';
  const writers = isOne ? 1 : count - 1;
  const octets = Math.max(MIN_RING_BYTES, 2 ** Math.floor(Math.log2(INBOX_BYTES / writers)));
  const indices = Array.from({ length: count }, (_, index) => index);
  const memory = (from: number, to: number): SharedArrayBuffer => {
    if (from === to) return new SharedArrayBuffer(0);
    return ringMemory(isOne && from !== HUB ? MIN_RING_BYTES : octets);
  };
  const rings = indices.map((from) => indices.map((to) => memory(from, to)));
  const asleep = new SharedArrayBuffer(4 * count);
  const firstTracking = isOne ? 1 : 0;
  return indices.map((index) => ({ index, count, firstTracking, seed, generation: 0, rings, asleep }));
}

/**
 * The shard that tracks a message: by address-of-record for registrations, whose bindings several Call-IDs may change,
 * by Call-ID for everything else.
 */
export function shardOfMessage(place: ShardPlace, message: SipMessage): number {
  const { bytes, callIdStart, callIdEnd } = message;
  // Nobody can track it, so whoever has it refuses it.
  if (callIdEnd === callIdStart) return place.index;
  if (message.cseqMethod === Method.REGISTER) {
    const aor = addressOfRecord(message);
    if (aor !== undefined) return shardOfText(place, aor);
  }
  return shardOf(place, hashBytes(bytes, callIdStart, callIdEnd, place.seed));
}

/** The shard of a Call-ID or an address-of-record as kept, one character per octet. */
export function shardOfText(place: ShardPlace, text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return shardOf(place, hashBytes(bytes, 0, bytes.length, place.seed));
}

function shardOf({ count, firstTracking }: ShardPlace, hash: number): number {
  return firstTracking + ((hash >>> 0) % (count - firstTracking));
}
