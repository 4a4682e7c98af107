import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Diagnosis, DiagnosisRefused, type DiagnosisView } from '../model/diagnosis.ts';
import type { EngineClient } from './engine-client.ts';
import { cpuProfileOfThread, heapSnapshotOfThread } from './thread-diagnosis.ts';

/** A full disk helps nobody: beyond this somebody has to remove some. */
const MAX_FILES = 20;
const PREFIX = 'sipcol-';
/** Writing what an engine thread holds may take minutes, and it answers nothing else until then. */
const LIMIT_MS = 600_000;
const MAIN = 'main';

/** Asks a thread for a file about itself. */
type Work = (file: string, thread: EngineClient | undefined) => Promise<void>;

/** CPU profiles and heap snapshots of the main thread and the engine threads, written to `debug_dir`. */
export class ThreadDiagnosis implements Diagnosis {
  readonly directory: string;
  readonly #engines: ReadonlyMap<string, EngineClient>;
  readonly #now: () => Date;
  #isBusy = false;

  /** @param directory empty = nothing is written, and nothing may be asked for */
  constructor(directory: string, engines: readonly EngineClient[], now: () => Date) {
    this.directory = directory;
    this.#engines = new Map(engines.map((engine) => [engine.name, engine]));
    this.#now = now;
  }

  get threads(): readonly string[] {
    return [MAIN, ...this.#engines.keys()];
  }

  cpuProfile(thread: string, seconds: number): Promise<DiagnosisView> {
    return this.#write(thread, 'cpuprofile', (file, engine) =>
      engine === undefined ? cpuProfileOfThread(file, seconds) : engine.ask('cpuProfile', [file, seconds], LIMIT_MS),
    );
  }

  heapSnapshot(thread: string): Promise<DiagnosisView> {
    return this.#write(thread, 'heapsnapshot', (file, engine) =>
      engine === undefined ? heapSnapshotOfThread(file) : engine.ask('heapSnapshot', [file], LIMIT_MS),
    );
  }

  async #write(thread: string, extension: string, work: Work): Promise<DiagnosisView> {
    if (this.#isBusy) throw new DiagnosisRefused('another profile or snapshot is being written: ask again later');
    this.#isBusy = true;
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      const before = (await readdir(this.directory)).filter((name) => name.startsWith(PREFIX)).length;
      if (before >= MAX_FILES) {
        throw new DiagnosisRefused(
          `${before} files are in ${this.directory} already: remove those not needed any more`,
        );
      }
      const time = this.#now().toISOString().replaceAll(/[-:]/g, '').replace('.', '-');
      const file = join(this.directory, `${PREFIX}${thread}-${time}.${extension}`);
      const begunMs = performance.now();
      await work(file, this.#engines.get(thread));
      return { thread, file, bytes: (await stat(file)).size, tookMs: Math.round(performance.now() - begunMs) };
    } finally {
      this.#isBusy = false;
    }
  }
}
