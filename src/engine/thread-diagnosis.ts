import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { setTimeout } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';

const SAMPLE_US = 100;
/** What a thread holds is in the files, passwords and messages too. */
const OWNER_ONLY = 0o600;

/** Writes what the thread that calls this does in the next seconds. */
export async function cpuProfileOfThread(file: string, seconds: number): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await session.post('Profiler.start');
    await setTimeout(seconds * 1000);
    const { profile } = await session.post('Profiler.stop');
    await writeFile(file, JSON.stringify(profile), { mode: OWNER_ONLY, flag: 'wx' });
  } finally {
    session.disconnect();
  }
}

/** Writes all that the thread that calls this holds; it does nothing else meanwhile. */
export async function heapSnapshotOfThread(file: string): Promise<void> {
  // Made empty first: the mode of a new file would not be ours to choose.
  await writeFile(file, '', { mode: OWNER_ONLY, flag: 'wx' });
  writeHeapSnapshot(file);
}
