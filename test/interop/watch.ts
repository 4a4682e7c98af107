import { setTimeout as delay } from 'node:timers/promises';
import type { CallView } from '../../src/model/views.ts';
import type { Collector } from '../support/collector.ts';

const INTERVAL_MS = 100;

/**
 * Looks at the list of calls over and over while they live, and keeps the last sight of each: what a call was before
 * it was over and forgotten.
 */
export class CallWatch {
  readonly #collector: Collector;
  readonly #last = new Map<string, CallView[]>();
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(collector: Collector) {
    this.#collector = collector;
    this.#done = this.#run();
  }

  /** All entries last seen under a Call-ID. */
  last(callId: string): CallView[] {
    return this.#last.get(callId) ?? [];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const now = groupByCallId(await this.#collector.calls());
      for (const [callId, entries] of now) this.#last.set(callId, entries);
      await delay(INTERVAL_MS);
    }
  }
}

function groupByCallId(calls: readonly CallView[]): Map<string, CallView[]> {
  const groups = new Map<string, CallView[]>();
  for (const call of calls) groups.set(call.callId, [...(groups.get(call.callId) ?? []), call]);
  return groups;
}
