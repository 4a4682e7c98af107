import { parentPort, threadId, workerData } from 'node:worker_threads';
import type { WorkerStart } from '../../../src/engine/protocol.ts';

/** An engine thread with a defect: unless it is the hub, it throws when it is asked for its agents, once. */
const { place } = workerData as WorkerStart; // as the client started it
parentPort?.on('message', (request: { method: string }) => {
  if (request.method !== 'listAgents' || place?.index !== 1 || place.generation > 0) return;
  throw new Error(`asked to crash, thread ${threadId}`);
});
await import('../../../src/engine/worker.ts');
