import { type CounterSet, Dropped, Ingest } from '../model/counters.ts';

/** Something an engine can do without for a while. */
export interface Dispensable {
  readonly name: string;
  pause(): void;
  resume(): void;
}

/** A receive buffer as full as this is about to overflow … */
const NEARLY_FULL = 0.75;
/** … and one below this, without drops, is calm. So many looks in a row must find it calm. */
const HALF_FULL = 0.5;
const CALM_LOOKS = 3;

/**
 * What is given up when more arrives than can be worked on, in a fixed order, so that tracking comes last.
 *
 *   buffer nearly full, or drops:  tracking all ─▶ without the first ─▶ … ─▶ without the last ─▶ the kernel drops
 *   calm:                          one comes back with each look
 *
 * It is told four times a second how things are. Datagrams the kernel dropped count as received and dropped, so that what is
 * received adds up with them.
 */
export class Overload {
  readonly #dispensables: readonly Dispensable[];
  readonly #counters: CounterSet;
  readonly #onChange: (isPaused: boolean, name: string) => void;
  /** So many of them are paused, the first ones. */
  #paused = 0;
  #calmLooks = 0;

  /** @param dispensables first is given up first */
  constructor(
    dispensables: readonly Dispensable[],
    counters: CounterSet,
    onChange: (isPaused: boolean, name: string) => void,
  ) {
    this.#dispensables = dispensables;
    this.#counters = counters;
    this.#onChange = onChange;
    counters.set(Ingest.OVERLOAD, 0);
  }

  /**
   * Takes note of a receive buffer.
   *
   * @param fullness 0 to 1
   * @param dropped datagrams that found no room since the last time
   */
  observe(fullness: number, dropped: number): void {
    this.#counters.add(Ingest.RECEIVED, dropped);
    this.#counters.add(Ingest.DROPPED, dropped);
    this.#counters.add(Dropped.overload, dropped);
    const isCalm = dropped === 0 && fullness < HALF_FULL;
    this.#calmLooks = isCalm ? this.#calmLooks + 1 : 0;
    if (dropped > 0 || fullness >= NEARLY_FULL) this.#giveUp();
    else if (this.#calmLooks >= CALM_LOOKS) this.#takeBack();
  }

  #giveUp(): void {
    const next = this.#dispensables[this.#paused];
    if (next === undefined) return;
    next.pause();
    this.#counters.set(Ingest.OVERLOAD, ++this.#paused);
    this.#onChange(true, next.name);
  }

  #takeBack(): void {
    const last = this.#dispensables[this.#paused - 1];
    if (last === undefined) return;
    last.resume();
    this.#counters.set(Ingest.OVERLOAD, --this.#paused);
    this.#onChange(false, last.name);
  }
}
