const INTERVAL_US = 10_000_000;

/** Thins out log lines about frequent trouble: one per interval, which says how much there was since the last one. */
export class Occasional {
  #held = 0;
  #saidAtUs = -Infinity;

  /** Adds `amount`; answers all that was added since the last line when the next line is due, and 0 when it is not. */
  take(amount: number, nowUs: number): number {
    this.#held += amount;
    const waitedUs = nowUs - this.#saidAtUs;
    // A clock set back must not silence the log until it has caught up.
    if (this.#held === 0 || (waitedUs >= 0 && waitedUs < INTERVAL_US)) return 0;
    const held = this.#held;
    this.#held = 0;
    this.#saidAtUs = nowUs;
    return held;
  }
}
