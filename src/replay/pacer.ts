import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pace } from './settings.ts';

/** Longest single wait; a timer cannot hold more than 24 days. */
const MAX_WAIT_MS = 60_000;

/** Says when the next packet is due. Due times add up from a start, so being late once does not shift all that follow. */
export class Pacer {
  readonly #pace: Pace;
  readonly #signal: AbortSignal | undefined;
  readonly #startMs = performance.now();
  #count = 0;
  #fileStartMs = 0;
  #firstUs: number | undefined;

  constructor(pace: Pace, signal: AbortSignal | undefined) {
    this.#pace = pace;
    this.#signal = signal;
  }

  /** Recorded spacing holds within a file: the next one begins at once. */
  nextFile(): void {
    this.#firstUs = undefined;
  }

  /** Waits until the packet captured at `timeUs` is due; returns early when stopped. */
  async wait(timeUs: number): Promise<void> {
    const dueMs = this.#due(timeUs);
    while (this.#signal?.aborted !== true) {
      const leftMs = dueMs - performance.now();
      if (leftMs <= 0) return;
      await delay(Math.min(leftMs, MAX_WAIT_MS), undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  #due(timeUs: number): number {
    if (this.#pace.kind === 'rate') {
      const { perSecond } = this.#pace;
      return perSecond === 0 ? 0 : this.#startMs + (this.#count++ * 1000) / perSecond;
    }
    if (this.#firstUs === undefined) {
      this.#firstUs = timeUs;
      this.#fileStartMs = performance.now();
    }
    return this.#fileStartMs + (timeUs - this.#firstUs) / 1000 / this.#pace.speed;
  }
}
