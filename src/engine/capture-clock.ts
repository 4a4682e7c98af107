import type { Clock } from '../model/ports.ts';

/**
 * The clock of an engine that plays capture files: the time of the packet played last, so that a replay as fast as
 * possible has the durations and timeouts of the traffic it was recorded from. It never goes back.
 *
 *   before the first packet │ playing                      │ after the files
 *   not set                 │ time of the last packet      │ goes on from there, or the system's
 *                           │ (recorded spacing: runs on)  │ where live traffic comes in, too
 */
export class CaptureClock {
  readonly #system: Clock;
  /** How fast it runs between packets: 0 = it stands. */
  #rate: number;
  #atUs = 0;
  #systemUs = 0;
  isSet = false;
  #isSystem = false;

  /** @param rate capture seconds per second between two packets */
  constructor(system: Clock, rate: number) {
    this.#system = system;
    this.#rate = rate;
  }

  readonly now: Clock = () => {
    if (!this.isSet || this.#isSystem) return this.#system();
    if (this.#rate === 0) return this.#atUs;
    return this.#atUs + Math.round((this.#system() - this.#systemUs) * this.#rate);
  };

  /** A packet of this time is played. */
  set(atUs: number): void {
    const shownUs = this.isSet ? this.now() : atUs;
    this.#atUs = Math.max(atUs, shownUs);
    if (this.#rate > 0) this.#systemUs = this.#system();
    this.isSet = true;
  }

  /** The files are at their end. */
  release(toSystem: boolean): void {
    if (this.isSet) this.set(this.#atUs);
    this.isSet = true;
    this.#isSystem = toSystem || this.#atUs === 0;
    this.#systemUs = this.#system();
    this.#rate = 1;
  }
}
