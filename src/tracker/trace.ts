import { CALL_STATES, type CallState } from '../model/call-state.ts';
import { methodName } from '../model/method.ts';
import type { Call } from './call.ts';
import { FIRST_TRACE, More, Row, TRACE_LENGTH } from './rows.ts';

/**
 * What happened on a call, in short: `>INVITE{2}<100<180<200>ACK` and the states it went through.
 *
 * A trace entry is one int: bits 0…9 method or status, bit 10 reply, bit 11 towards the caller, bits 12…30 how often
 * it was retransmitted. The last 16 messages and the last 10 previous states are kept.
 */
/** A row that holds traces: a call, or an event's copy of its call's row. */
export interface TraceRow {
  readonly row: Int32Array;
  readonly base: number;
  /** Where the second half of the message trace lies; `undefined` while there is none. */
  readonly later: Int32Array | undefined;
  readonly laterBase: number;
}

const CODE_MASK = 0x3ff;
const REPLY = 0x400;
const TO_CALLER = 0x800;
const IDENTITY_MASK = CODE_MASK | REPLY | TO_CALLER;
const REPEAT = 0x1000;
const REPEAT_SHIFT = 12;
const MAX_REPEATS = 0x7ffff;
const STATES_PER_INT = 5;
const STATES_KEPT = 10;
const STATE_BITS = 4;

/** Trace code of a message. */
export function traceCode(isRequest: boolean, methodOrStatus: number, direction: number): number {
  // A reply runs against the direction of its transaction.
  const toCaller = isRequest ? direction === 1 : direction === 0;
  return (methodOrStatus & CODE_MASK) | (isRequest ? 0 : REPLY) | (toCaller ? TO_CALLER : 0);
}

export function addToTrace(call: Call, code: number): void {
  const { row, base } = call;
  const count = row[base + Row.TRACE_COUNT]!; // inside the row
  row[base + Row.TRACE_COUNT] = count + 1;
  const place = count % TRACE_LENGTH;
  if (place < FIRST_TRACE) row[base + Row.TRACE + place] = code;
  else call.lengthen()[call.laterBase + More.TRACE + place - FIRST_TRACE] = code;
}

/** Gives a fork the past of the call it forked from: its signature and its traces. */
export function inheritPast(call: Call, parent: Call): void {
  const { row: from, base: fromBase, later, laterBase } = parent;
  const past = from.subarray(fromBase + Row.HEADER_ORDER, fromBase + Row.TRACE + FIRST_TRACE);
  call.row.set(past, call.base + Row.HEADER_ORDER);
  if (later === undefined) return;
  const half = later.subarray(laterBase + More.TRACE, laterBase + More.TRACE + TRACE_LENGTH - FIRST_TRACE);
  call.lengthen().set(half, call.laterBase + More.TRACE);
}

/** Counts a retransmission at the latest entry of that message, if it is still in the trace. */
export function repeatInTrace(call: Call, code: number): void {
  const { row, base } = call;
  const count = row[base + Row.TRACE_COUNT]!; // inside the row
  for (let back = 1; back <= TRACE_LENGTH && back <= count; back++) {
    const place = (count - back) % TRACE_LENGTH;
    const entry = entryAt(call, place);
    if ((entry & IDENTITY_MASK) !== code) continue;
    if (entry >> REPEAT_SHIFT >= MAX_REPEATS) return;
    if (place < FIRST_TRACE) row[base + Row.TRACE + place] = entry + REPEAT;
    else call.lengthen()[call.laterBase + More.TRACE + place - FIRST_TRACE] = entry + REPEAT;
    return;
  }
}

function entryAt({ row, base, later, laterBase }: TraceRow, place: number): number {
  if (place < FIRST_TRACE) return row[base + Row.TRACE + place]!; // inside the row
  return later?.[laterBase + More.TRACE + place - FIRST_TRACE] ?? 0;
}

export function messageTrace(call: TraceRow): string {
  const count = call.row[call.base + Row.TRACE_COUNT]!; // inside the row
  const first = Math.max(0, count - TRACE_LENGTH);
  let text = first > 0 ? `...[${first}]` : '';
  for (let n = first; n < count; n++) {
    const entry = entryAt(call, n % TRACE_LENGTH);
    const code = entry & CODE_MASK;
    const repeats = entry >> REPEAT_SHIFT;
    text += (entry & TO_CALLER) === 0 ? '>' : '<';
    text += (entry & REPLY) === 0 ? methodName(code) : String(code);
    if (repeats > 0) text += `{${repeats}}`;
  }
  return text;
}

/** Remembers the state a message met. */
export function addState(call: TraceRow, state: CallState): void {
  const { row, base } = call;
  const low = row[base + Row.STATES]!;
  const carried = (low >>> (STATE_BITS * (STATES_PER_INT - 1))) & 15;
  const mask = (1 << (STATE_BITS * STATES_PER_INT)) - 1;
  row[base + Row.STATES] = ((low << STATE_BITS) | state) & mask;
  row[base + Row.STATES + 1] = ((row[base + Row.STATES + 1]! << STATE_BITS) | carried) & mask;
  const count = row[base + Row.STATE_COUNT]!;
  if (count < STATES_KEPT) row[base + Row.STATE_COUNT] = count + 1;
}

/** Long names of the previous states, oldest first. */
export function stateTrace(call: TraceRow): string[] {
  const { row, base } = call;
  const count = row[base + Row.STATE_COUNT]!;
  const names: string[] = [];
  for (let n = count - 1; n >= 0; n--) {
    const int = row[base + Row.STATES + (n < STATES_PER_INT ? 0 : 1)]!;
    const state = (int >>> (STATE_BITS * (n % STATES_PER_INT))) & 15;
    names.push(CALL_STATES[state]?.text ?? 'invalid');
  }
  return names;
}
