import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pace } from './settings.ts';

/** Longest single wait; a timer cannot hold more than 24 days. */
const MAX_WAIT_MS = 60_000;

/** Time as a pacer sees it; a test has its own. */
export interface PacerClock {
  nowMs(): number;
  /** Returns after so long, or early when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

const SYSTEM_CLOCK: PacerClock = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch(() => undefined);
  },
};

/** Says when the next packet is due. Due times add up from a start, so being late once does not shift all that follow. */
export class Pacer {
  readonly #pace: Pace;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: PacerClock;
  readonly #startMs: number;
  #count = 0;
  #fileStartMs = 0;
  #firstUs: number | undefined;

  constructor(pace: Pace, signal: AbortSignal | undefined, clock = SYSTEM_CLOCK) {
    this.#pace = pace;
    this.#signal = signal;
    this.#clock = clock;
    this.#startMs = clock.nowMs();
  }

  /** Recorded spacing holds within a file: the next one begins at once. */
  nextFile(): void {
    this.#firstUs = undefined;
  }

  /** Waits until the packet captured at `timeUs` is due; returns early when stopped. */
  async wait(timeUs: number): Promise<void> {
    const dueMs = this.#due(timeUs);
    while (this.#signal?.aborted !== true) {
      const leftMs = dueMs - this.#clock.nowMs();
      if (leftMs <= 0) return;
      await this.#clock.sleep(Math.min(leftMs, MAX_WAIT_MS), this.#signal);
    }
  }

  #due(timeUs: number): number {
    if (this.#pace.kind === 'rate') {
      const { perSecond } = this.#pace;
      return perSecond === 0 ? 0 : this.#startMs + (this.#count++ * 1000) / perSecond;
    }
    if (this.#firstUs === undefined) {
      this.#firstUs = timeUs;
      this.#fileStartMs = this.#clock.nowMs();
    }
    return this.#fileStartMs + (timeUs - this.#firstUs) / 1000 / this.#pace.speed;
  }
}
