import type { Call, CallExtras, KeptQos } from './call.ts';
import { hopRowsOf } from './hops.ts';
import { HOP_BYTES, MORE_BYTES, ROW_BYTES } from './rows.ts';
import { HEAP_HEADER, textBytes } from './text-bytes.ts';

/**
 * Octets one call holds: an estimate by table, so that a limit can be kept without asking the heap.
 *
 *   rows (exact) + objects (what V8 takes for them, measured) + text (by length)
 *
 * The constants are those of 64-bit Node.js; a test holds them against the heap, and they may be off by a tenth.
 * Text that calls share (user agents, what a fork has of its parent) is counted at each: the sum errs upwards.
 */
const POINTER = 8;
/** The object with its fields, and its place in a bucket (one and a half on average). */
const CALL_BYTES = HEAP_HEADER + 20 * POINTER + 1.5 * POINTER;
const EXTRAS_BYTES = HEAP_HEADER + 7 * POINTER;
const FINISHED_BYTES = HEAP_HEADER + 3 * POINTER;
const ARRAY_BYTES = HEAP_HEADER + POINTER;
/** An array made with one entry. */
const FIRST_ENTRY_BYTES = 16 + POINTER;
/** An array that grew from empty has room for 17, one that grew from one entry for 18. */
const GROWN_ARRAY_BYTES = ARRAY_BYTES + 16 + 17 * POINTER;
/** A name with its place in the index of legs, where it has a list of its own. */
const LEG_BYTES = HEAP_HEADER + 3 * POINTER + ARRAY_BYTES + 16 + POINTER + 40;
/** A quality record with its two legs and their four media flows. */
const QOS_BYTES = 2000;
const REQUEST_BYTES = HEAP_HEADER + 5 * POINTER;
const CONTACT_BYTES = HEAP_HEADER + 2 * POINTER;

/** Octets a new call takes at least. */
export const NEW_CALL_BYTES = ROW_BYTES + CALL_BYTES;

export function bytesOfCall(call: Call): number {
  const { extras } = call;
  return (
    rowBytesOf(call) +
    CALL_BYTES +
    textBytes(call.block) +
    textBytes(call.toTag) +
    textBytes(call.reason) +
    textBytes(call.userAgent) +
    textBytes(call.uas) +
    (extras === undefined ? 0 : bytesOfExtras(extras))
  );
}

/** Octets of a call's rows: exact, and outside the heap. */
export function rowBytesOf(call: Call): number {
  return ROW_BYTES + (call.isLong ? MORE_BYTES : 0) + hopRowsOf(call) * HOP_BYTES;
}

function bytesOfExtras({ moreObservers, legs, qos, requested, finished }: CallExtras): number {
  let bytes = EXTRAS_BYTES + (finished === undefined ? 0 : FINISHED_BYTES);
  if (moreObservers !== undefined) {
    bytes += moreObservers.length === 1 ? ARRAY_BYTES + FIRST_ENTRY_BYTES : GROWN_ARRAY_BYTES;
  }
  for (let leg = legs; leg !== undefined; leg = leg.next) bytes += LEG_BYTES + textBytes(leg.callId);
  if (qos !== undefined) bytes += bytesOfQos(qos);
  if (requested !== undefined) {
    bytes += REQUEST_BYTES + (requested.contacts.length === 0 ? ARRAY_BYTES : GROWN_ARRAY_BYTES);
    for (const contact of requested.contacts) bytes += CONTACT_BYTES + textBytes(contact.uri);
  }
  return bytes;
}

function bytesOfQos(records: readonly KeptQos[]): number {
  let bytes = GROWN_ARRAY_BYTES;
  for (const { record } of records) {
    bytes += QOS_BYTES;
    for (const { callId, realm } of [record.incoming, record.outgoing]) bytes += textBytes(callId) + textBytes(realm);
  }
  return bytes;
}
