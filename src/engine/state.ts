import { type CounterSet, State } from '../model/counters.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/ports.ts';
import type { StateSettings } from '../model/settings.ts';
import { readSnapshot, type SnapshotTable, writeSnapshot } from '../tracker/snapshot-file.ts';
import type { CallTracker } from '../tracker/tracker.ts';
import type { Slicing } from './queries.ts';
import { StateFile } from './state-file.ts';

/** Longest time in which nothing else is done while a state file is read. */
const SLICE_MS = 20;

/** What comes back at a start: everything, only tables since the counters outlived the engine, or nothing. */
export const RESTORES = ['all', 'tables', 'nothing'] as const;
export type Restore = (typeof RESTORES)[number];

interface Parts {
  settings: StateSettings;
  tracker: CallTracker;
  tables: readonly SnapshotTable[];
  counters: CounterSet;
  clock: Clock;
  /** Told when the state was taken; answers the time at which it goes on. */
  resumeAt: (takenUs: number) => number;
  log: Log;
  slicing: Slicing;
}

/** Keeps an engine's tables over a restart: reads them at its start, writes them every so often and at its end. */
export class EngineState {
  readonly #parts: Parts;
  readonly #file: StateFile | undefined;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> | undefined;
  #isEnding = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { file } = parts.settings;
    this.#file = file === '' ? undefined : new StateFile(file);
  }

  /**
   * Brings back what the last engine left, before anything new arrives. A file that cannot be used is set aside, and
   * the tables stay empty. Rejects when the directory cannot be used at all.
   *
   * @param onSlice told now and then that the engine is alive
   */
  async restore(what: Restore, onSlice: () => void): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    try {
      await file.prepare();
    } catch (error) {
      throw new Error(`cannot use state_dir: ${messageOf(error)}`, { cause: error });
    }
    if (what === 'nothing') return;
    const problem = await this.#read(file, what, onSlice);
    if (problem === undefined) return;
    const { counters, log } = this.#parts;
    const aside = await file.setAside(Date.now());
    counters.add(State.REFUSED, 1);
    log.error({ file: file.path, aside }, `state file refused: ${problem}; it is set aside and nothing is restored`);
  }

  /** Begins to save every so often. */
  begin(): void {
    if (this.#file === undefined) return;
    this.#timer = setInterval(() => {
      this.#saving ??= this.#save().finally(() => {
        this.#saving = undefined;
      });
    }, this.#parts.settings.intervalMs);
  }

  /** Saves for the last time. Nothing changes any more, so this snapshot is exact. */
  async end(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#isEnding = true;
    await this.#saving;
    this.#isEnding = false;
    await this.#save();
  }

  async #save(): Promise<void> {
    const { tables, counters, clock, log, slicing } = this.#parts;
    const file = this.#file;
    if (file === undefined) return;
    const startedMs = slicing.nowMs();
    try {
      const bytes = await file.write(writeSnapshot(tables, clock()), () => this.#isEnding);
      if (bytes === undefined) return;
      counters.add(State.SAVED, 1);
      counters.set(State.BYTES, bytes);
      counters.set(State.DURATION, Math.round(slicing.nowMs() - startedMs));
    } catch (error) {
      counters.add(State.FAILED, 1);
      log.error({ file: file.path, err: error }, `cannot write state file: ${messageOf(error)}`);
    }
  }

  /** @returns what is wrong with the file */
  async #read(file: StateFile, what: Restore, onSlice: () => void): Promise<string | undefined> {
    const opened = file.read();
    if (opened === undefined) return undefined;
    const { tracker, counters, resumeAt, log, slicing, tables } = this.#parts;
    const { size, at } = opened;
    let slicedMs = slicing.nowMs();
    const pause = async (): Promise<void> => {
      if (slicing.nowMs() - slicedMs < SLICE_MS) return;
      onSlice();
      await slicing.pause();
      slicedMs = slicing.nowMs();
    };
    try {
      // All of it is checked before anything comes back.
      const check = readSnapshot(at, size);
      let step = check.next();
      for (; step.done !== true; step = check.next()) await pause(); // oxlint-disable-line no-await-in-loop
      const content = step.value;
      if ('problem' in content) return content.problem;
      const wanted = new Map(tables.map((table) => [table.name, table]));
      if (what === 'tables') wanted.delete('counters');
      tracker.comeBack(resumeAt(content.takenUs));
      let leftOut = 0;
      let restored = 0;
      for (const rows of readSnapshot(at, size)) {
        const taker = wanted.get(rows.table);
        for (const entry of taker === undefined ? [] : rows.entries()) {
          if (taker?.restore(entry)) restored++;
          else leftOut++;
        }
        await pause(); // oxlint-disable-line no-await-in-loop
      }
      for (const taker of wanted.values()) taker.restored?.();
      let overdue = 0;
      for (const _ of tracker.expireOverdue()) {
        overdue++;
        await pause(); // oxlint-disable-line no-await-in-loop
      }
      counters.add(State.RESTORED, restored);
      counters.add(State.LEFT_OUT, leftOut);
      counters.add(State.OVERDUE, overdue);
      const { takenUs, entries } = content;
      const fields = { file: file.path, takenUs, ...Object.fromEntries(entries), overdue, leftOut };
      log.info(fields, 'state restored');
      return undefined;
    } catch (error) {
      return `it cannot be read: ${messageOf(error)}`;
    } finally {
      opened.close();
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
