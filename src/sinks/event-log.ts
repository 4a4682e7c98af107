import { type CounterSet, EventLog as Counters } from '../model/counters.ts';
import { type EventBatch, type EventSink, SinkError } from '../model/event-sink.ts';
import { eventLine, type JsonContext } from './event-json.ts';
import type { LineOutput } from './line-output.ts';

/** Octets written at once; between two the file may be exchanged. */
const MAX_WRITE = 256 * 1024;
const LINE_FEED = 10;

/**
 * Writes each event as one line of JSON. Lines are never mixed up: a line that a failed write has cut is ended before
 * the next one, and written again as a whole.
 */
export class EventLog implements EventSink {
  readonly name = 'event_log';
  readonly #output: LineOutput;
  readonly #context: JsonContext;
  readonly #counters: CounterSet;
  /** Writes, reopening and closing come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #count = 0;
  #isCut = false;

  constructor(output: LineOutput, context: JsonContext, counters: CounterSet) {
    this.#output = output;
    this.#context = context;
    this.#counters = counters;
  }

  write(batch: EventBatch): Promise<void> {
    return this.#next(() => this.#write(batch));
  }

  /** Opens the file anew, after somebody has moved it away. Rejects when that fails; writing goes on where it was. */
  reopen(): Promise<void> {
    return this.#next(async () => {
      await this.#output.reopen();
      this.#isCut = false;
      this.#counters.add(Counters.REOPENED, 1);
    });
  }

  close(): Promise<void> {
    return this.#next(() => this.#output.close());
  }

  async #write({ events, nextIndex }: EventBatch): Promise<void> {
    let taken = 0;
    while (taken < events.length) {
      const ends: number[] = [];
      let text = this.#isCut ? '\n' : '';
      let octets = text.length;
      for (let n = taken; n < events.length && octets < MAX_WRITE; n++) {
        const position = { count: this.#count + ends.length + 1, nextIndex };
        // Below the length.
        const line = eventLine(events[n]!, position, this.#context);
        text += line;
        octets += Buffer.byteLength(line);
        ends.push(octets);
      }
      const bytes = Buffer.from(text, 'utf8');
      let written = 0;
      let failure: unknown;
      try {
        while (written < bytes.length) written += await this.#output.write(bytes.subarray(written));
      } catch (error) {
        failure = error;
      }
      const lines = ends.filter((end) => end <= written).length;
      if (written > 0) this.#isCut = bytes[written - 1] !== LINE_FEED;
      this.#count += lines;
      taken += lines;
      this.#counters.add(Counters.WRITTEN, lines);
      this.#counters.add(Counters.BYTES, written);
      if (failure !== undefined) {
        const why = failure instanceof Error ? failure.message : 'write failed';
        throw new SinkError(why, !this.#output.mayPass(failure), taken, failure);
      }
    }
  }

  #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
