import type { EventView } from './views.ts';

/** Events in order, oldest first. */
export interface EventBatch {
  readonly events: readonly EventView[];
  /** Index the next event will get. */
  readonly nextIndex: number;
}

/** Where events go besides the pages: a log, a database, a broker. One feed fills one sink, a batch at a time. */
export interface EventSink {
  /** For log lines. */
  readonly name: string;
  /** Takes a batch and resolves when it is safe. Rejects with a `SinkError`, which says how much of it is. */
  write(batch: EventBatch): Promise<void>;
  /** Makes safe what was taken, and lets go of files and connections. */
  close(): Promise<void>;
}

/** A batch that was not taken as a whole. */
export class SinkError extends Error {
  readonly code = 'SINK_FAILED';
  /** True when trying again cannot help: the sink is of no use any more. */
  readonly permanent: boolean;
  /** Events of the batch that are safe; a retry brings only those behind. */
  readonly taken: number;

  constructor(message: string, permanent: boolean, taken: number, cause?: unknown) {
    super(message, { cause });
    this.permanent = permanent;
    this.taken = taken;
  }
}
