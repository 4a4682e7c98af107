import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Fault } from '../../model/fault.ts';
import type { HepDecodeLimits } from './limits.ts';

/** True when a gzip member (RFC 1952) begins at `at`: a whole datagram or stream compressed by heplify 2. */
export function looksGzipped(bytes: Uint8Array, at = 0, end = bytes.length): boolean {
  return end - at >= 2 && bytes[at] === 0x1f && bytes[at + 1] === 0x8b;
}

/** True for the two octets of a zlib header (RFC 1950 §2.2): method deflate and the check bits. */
export function looksZlib(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

/**
 * Inflates gzip, zlib or raw deflate, told by the first octets: senders disagree and nothing else says which.
 *
 * @returns a buffer of its own, or `HEP_INFLATE`, or `HEP_INFLATE_LIMIT` when the output would exceed
 *   `maxInflatedBytes` or `maxInflateRatio` times the input. No more than that is ever held.
 */
export function inflate(bytes: Buffer, start: number, end: number, limits: HepDecodeLimits): Buffer | Fault {
  const maxOutputLength = Math.floor(Math.min(limits.maxInflatedBytes, (end - start) * limits.maxInflateRatio));
  if (maxOutputLength < 1) return Fault.HEP_INFLATE_LIMIT;
  const compressed = bytes.subarray(start, end);
  const options = { maxOutputLength };
  // zlib has no way but to throw for bad input; this is the one place where that is turned into a value. What a failed
  // inflater holds (some 8 KiB) is freed when the event loop turns: a datagram fails once, a read of a stream as often
  // as messages fit into it.
  try {
    if (looksGzipped(compressed)) return gunzipSync(compressed, options);
    if (looksZlib(compressed, 0)) return inflateSync(compressed, options);
    return inflateRawSync(compressed, options);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? Fault.HEP_INFLATE_LIMIT
      : Fault.HEP_INFLATE;
  }
}

/**
 * Inflates a datagram that is one gzip member around one or more whole HEP messages (heplify 2 `payload_zip`).
 *
 * Decode the answer like a datagram, once: with limits whose `maxInflatedBytes` is 0, so that a compressed payload
 * inside is refused. Otherwise a few hundred octets could ask for thousands of inflations.
 */
export function inflateDatagram(bytes: Buffer, start: number, end: number, limits: HepDecodeLimits): Buffer | Fault {
  return looksGzipped(bytes, start, end) ? inflate(bytes, start, end, limits) : Fault.HEP_INFLATE;
}
