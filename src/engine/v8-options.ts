import { setFlagsFromString } from 'node:v8';
import type { ResourceLimits } from 'node:worker_threads';

/**
 * Bytecode that V8 may inline into one function in all; its default of 920 is made for code of which little is hot.
 * The path of a packet is hot from end to end, and its steps are small functions: docs/decisions/0007.
 */
const INLINED_BYTECODE = 5000;

/**
 * What an engine thread may take for objects that are young: three parts, one of which holds them. Half of the default: what
 * a collection moves from there are calls, which live long, so a larger one only makes its pauses longer.
 */
export const ENGINE_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 24 };

/** Tells V8 what this process is for; to be called before the path of a packet has run often. */
export function tuneForPackets(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE}`);
}
