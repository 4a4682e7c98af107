import { type CounterSet, EventLog as Counters } from '../model/counters.ts';
import type { Engine } from '../model/engine.ts';
import { type EventSink, SinkError } from '../model/event-sink.ts';
import type { Log } from '../model/log.ts';
import type { EventView } from '../model/views.ts';

/** Most events fetched and written at once. */
export const BATCH = 500;
const POLL_MS = 200;
const RETRY_MS = 1000;

/**
 * Brings events from the engine to one sink, in order and each once.
 *
 *   ring of the engine  [ … | waiting | … ]  ──at most 500──▶ held ──▶ sink
 *                             ▲ cursor
 *
 * The ring is the queue: it is bounded, and filling it never waits. A sink that is slow or down only makes its own
 * cursor fall behind; what the ring overwrites meanwhile is counted as dropped.
 */
export class EventFeed {
  readonly #engine: Pick<Engine, 'listEvents'>;
  readonly #sink: EventSink;
  readonly #counters: CounterSet;
  readonly #log: Log;
  #ringStartedUs = -1;
  /** Index of the next event wanted. */
  #cursor = 0;
  /** Fetched and not safe yet. */
  #held: EventView[] = [];
  #nextIndex = 0;
  #failing = false;
  #behind = false;
  #isGone = false;
  #isEnding = false;
  #running: Promise<void> = Promise.resolve();
  #finished: Promise<void> | undefined;
  #wake: () => void = () => undefined;

  constructor(engine: Pick<Engine, 'listEvents'>, sink: EventSink, counters: CounterSet, log: Log) {
    this.#engine = engine;
    this.#sink = sink;
    this.#counters = counters;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Takes what has been generated until now, tries once to write it, and closes the sink. */
  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<void> {
    this.#isEnding = true;
    this.#wake();
    await this.#running;
    while ((await this.step()) === 'more');
    // What could not be written until now never will be.
    this.#counters.add(Counters.DROPPED, this.#held.length + Math.max(0, this.#nextIndex - this.#cursor));
    try {
      await this.#sink.close();
    } catch (error) {
      this.#log.error({ err: error, sink: this.#sink.name }, 'closing failed: the last events may be missing');
    }
  }

  /**
   * Fetches one batch, unless one is held, and writes it.
   *
   * @returns whether more is waiting, nothing is, or something failed and it is better to wait a little
   */
  async step(): Promise<'more' | 'idle' | 'failed'> {
    let more = true;
    if (this.#held.length === 0) {
      try {
        more = await this.#fetch();
      } catch (error) {
        // The engine is being replaced, or is too busy: what happened is told by those who look after it.
        this.#log.debug({ err: error, sink: this.#sink.name }, 'no events from the engine');
        return 'failed';
      }
    }
    if (this.#isGone) {
      this.#counters.add(Counters.DROPPED, this.#held.length);
      this.#held = [];
    } else if (this.#held.length > 0 && !(await this.#write())) return 'failed';
    return more ? 'more' : 'idle';
  }

  /** @returns whether there may be more */
  async #fetch(): Promise<boolean> {
    const page = await this.#engine.listEvents({ offset: this.#cursor, limit: BATCH });
    if (page.ringStartedUs !== this.#ringStartedUs) {
      const isFirst = this.#ringStartedUs < 0;
      this.#ringStartedUs = page.ringStartedUs;
      if (!isFirst || this.#cursor > 0) {
        this.#cursor = 0;
        return true;
      }
    }
    let lost = 0;
    for (const event of page.items) {
      lost += event.index - this.#cursor;
      this.#cursor = event.index + 1;
    }
    this.#held = page.items;
    this.#nextIndex = page.nextIndex;
    if (lost > 0) this.#dropped(lost);
    else if (page.items.length < BATCH) this.#behind = false;
    return page.items.length === BATCH;
  }

  async #write(): Promise<boolean> {
    try {
      await this.#sink.write({ events: this.#held, nextIndex: this.#nextIndex });
    } catch (error) {
      this.#counters.add(Counters.FAILURES, 1);
      this.#held = this.#held.slice(error instanceof SinkError ? error.taken : 0);
      const about = { err: error, sink: this.#sink.name };
      // What is no SinkError is a defect, and trying again would meet it again.
      if (!(error instanceof SinkError) || error.permanent) {
        this.#isGone = true;
        this.#log.error(about, 'cannot write events: giving up');
      } else if (!this.#failing) this.#log.error(about, 'cannot write events: trying again');
      this.#failing = true;
      return false;
    }
    this.#held = [];
    if (this.#failing) this.#log.info({ sink: this.#sink.name }, 'events are written again');
    this.#failing = false;
    return true;
  }

  #dropped(lost: number): void {
    this.#counters.add(Counters.DROPPED, lost);
    if (!this.#behind) this.#log.warn({ sink: this.#sink.name, lost }, 'events come faster than they are written');
    this.#behind = true;
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      const outcome = await this.step();
      if (outcome === 'more') continue;
      await this.#wait(outcome === 'failed' ? RETRY_MS : POLL_MS);
    }
  }

  /** Waits, or less when the end comes. */
  #wait(ms: number): Promise<void> {
    if (this.#isEnding) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
