import { parentPort } from 'node:worker_threads';

/** An engine thread with a defect: it throws when it is asked for its call table, before it can answer. */
parentPort?.on('message', (request: { method: string }) => {
  if (request.method === 'callTable') throw new Error('asked to crash');
});
await import('../../src/engine/worker.ts');
