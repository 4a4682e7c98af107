import type { Clock } from '../../model/ports.ts';
import { BoundedMap } from './bounded-map.ts';

const FIRST_WAIT_US = 1_000_000;
const LONGEST_WAIT_US = 300_000_000;
/** After so long without one, failures are forgotten. */
const MEMORY_US = 900_000_000;
/** Keys remembered, each in about 200 octets. */
const MOST_KEYS = 8192;

interface Failure {
  count: number;
  lastUs: number;
}

/**
 * Slows guessing down: after some failures under one key the next attempt has to wait a second, then two, four, up to
 * five minutes. Nothing is held open for it; who comes too early is told when to come again.
 */
export class Failures {
  readonly #failures = new BoundedMap<Failure>(MOST_KEYS);
  readonly #clock: Clock;
  readonly #free: number;

  /** @param free failures that cost nothing: people mistype */
  constructor(clock: Clock, free: number) {
    this.#clock = clock;
    this.#free = free;
  }

  /** Microseconds until the next attempt, 0 = now. */
  waitUs(key: string): number {
    const count = this.#count(key);
    if (count < this.#free) return 0;
    const waitUs = Math.min(LONGEST_WAIT_US, FIRST_WAIT_US * 2 ** (count - this.#free));
    return Math.max(0, (this.#failures.get(key)?.lastUs ?? 0) + waitUs - this.#clock());
  }

  /** Counts an attempt as failed; before its outcome is known, so that many at once count as many. */
  add(key: string): void {
    this.#failures.set(key, { count: this.#count(key) + 1, lastUs: this.#clock() });
  }

  /** The attempt was good after all. */
  takeBack(key: string): void {
    const failure = this.#failures.get(key);
    if (failure !== undefined) failure.count--;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  #count(key: string): number {
    const failure = this.#failures.get(key);
    return failure === undefined || this.#clock() - failure.lastUs > MEMORY_US ? 0 : failure.count;
  }
}
