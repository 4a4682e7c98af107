import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What the heap holds after a collection; buffers lie outside and are given back at leisure. */
export function heldHeap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const collect = garbageCollector();

function garbageCollector(): () => void {
  setFlagsFromString('--expose_gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc !== 'function') throw new Error('this Node has no gc()');
  return () => void gc();
}
