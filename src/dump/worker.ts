import { parentPort, workerData } from 'node:worker_threads';
import { DumpFiles } from './dump-files.ts';
import type { DumpStart, FromDump, ToDump } from './protocol.ts';
import { readRecord } from './record.ts';

/** Entry point of a thread that writes calls to files: here a slow disk keeps nobody waiting. */
if (parentPort === null) throw new Error('dump/worker.ts runs as a worker thread only');
const port = parentPort;
// Whoever started this thread passed exactly this.
const { settings, openFiles } = workerData as DumpStart;

let counts = new Map<number, number>();
const files = new DumpFiles(
  settings,
  openFiles,
  (counter, amount) => counts.set(counter, (counts.get(counter) ?? 0) + amount),
  Date.now,
);

port.on('message', (work: ToDump) => {
  if (work.type === 'end') {
    files.close();
    port.close();
    return;
  }
  const block = Buffer.from(work.block);
  let messages = 0;
  for (let at = 0; at < work.used; messages++) {
    const record = readRecord(block, at);
    files.write(record);
    at = record.next;
  }
  const done: FromDump = { block: work.block, messages, counts, problem: files.takeProblem() };
  port.postMessage(done, [work.block]);
  counts = new Map();
});
