import type { ShardPlace } from './place.ts';
import { RingReader, RingWriter } from './ring.ts';

/** Records taken before the event loop turns. */
const RECORDS_PER_TURN = 512;
/** Taken before their writer may use the room again. */
const RECORDS_PER_RELEASE = 32;
const AWAKE = 0;
const ASLEEP = 1;

/** Takes one record; its body is in the reader's memory until `settle` is called. */
export type TakeRecord = (from: number, record: RingReader) => void;

/**
 * The rings that lead to and from one shard, and who wakes whom.
 *
 *   writer: record into the ring ─▶ when its turn is over: the other one sleeps? ─▶ awake, notify
 *   reader: records, some at a time, sockets between ─▶ nothing left ─▶ asleep ─▶ still nothing? ─▶ wait
 *
 * So a busy shard is never notified, and one that sleeps once for all that a turn of the event loop brought.
 */
export class Exchange {
  readonly #place: ShardPlace;
  readonly #take: TakeRecord;
  readonly #settle: () => void;
  readonly #onTurn: () => void;
  readonly #writers: (RingWriter | undefined)[];
  readonly #readers: (RingReader | undefined)[];
  readonly #asleep: Int32Array;
  readonly #toWake: boolean[];
  #isEnding = false;
  #isStopped = false;

  /**
   * @param settle told when the memory of records taken is to be used again
   * @param onTurn told at the end of a turn of the event loop that `wake` or `endTurn` spoke of */
  constructor(place: ShardPlace, take: TakeRecord, settle: () => void, onTurn: () => void) {
    const { index, count, rings } = place;
    this.#place = place;
    this.#take = take;
    this.#settle = settle;
    this.#onTurn = onTurn;
    this.#asleep = new Int32Array(place.asleep);
    this.#toWake = Array.from({ length: count }, () => false);
    const others = Array.from({ length: count }, (_, n) => n);
    // A ring for each pair.
    this.#writers = others.map((to) => (to === index ? undefined : new RingWriter(rings[index]![to]!)));
    this.#readers = others.map((from) => (from === index ? undefined : new RingReader(rings[from]![index]!)));
  }

  /** Begins to take what others write. */
  start(): void {
    this.#read();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** The ring to another shard; what is written into it must be followed by `wake`. */
  to(shard: number): RingWriter {
    return this.#writers[shard]!; // asked for others only
  }

  /** Wakes a shard when the turn of the event loop is over. */
  wake(shard: number): void {
    this.#toWake[shard] = true;
    this.endTurn();
  }

  /** Has `onTurn` told when this turn of the event loop is over. */
  endTurn(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    queueMicrotask(this.#end);
  }

  /** Wakes a shard at once. */
  wakeNow(shard: number): void {
    this.#toWake[shard] = false;
    if (Atomics.load(this.#asleep, shard) !== ASLEEP) return;
    if (Atomics.compareExchange(this.#asleep, shard, ASLEEP, AWAKE) === ASLEEP) Atomics.notify(this.#asleep, shard);
  }

  /** How full the fullest ring to this shard is, 0 to 1. */
  get fullness(): number {
    return Math.max(0, ...this.#readers.map((reader) => reader?.fullness ?? 0));
  }

  /** Takes everything that waits now. */
  drain(): void {
    while (this.#takeSome());
  }

  #release(reader: RingReader): void {
    this.#settle();
    reader.release();
  }

  readonly #end = (): void => {
    this.#onTurn();
    this.#isEnding = false;
    for (let shard = 0; shard < this.#toWake.length; shard++) if (this.#toWake[shard] === true) this.wakeNow(shard);
  };

  readonly #read = (): void => {
    if (this.#isStopped) return;
    if (this.#takeSome()) setImmediate(this.#read);
    else this.#sleep();
  };

  #sleep(): void {
    const { index } = this.#place;
    Atomics.store(this.#asleep, index, ASLEEP);
    // Written since the last look, by somebody who still saw this shard awake.
    if (this.#readers.some((reader) => reader?.isEmpty === false)) {
      Atomics.store(this.#asleep, index, AWAKE);
      setImmediate(this.#read);
      return;
    }
    const wait = Atomics.waitAsync(this.#asleep, index, ASLEEP);
    if (wait.async) void wait.value.then(this.#read);
    else setImmediate(this.#read);
  }

  /** @returns whether something may be left */
  #takeSome(): boolean {
    const share = Math.ceil(RECORDS_PER_TURN / Math.max(1, this.#readers.length - 1));
    let isLeft = false;
    for (let from = 0; from < this.#readers.length; from++) {
      const reader = this.#readers[from];
      if (reader === undefined) continue;
      let taken = 0;
      while (taken < share && reader.next()) {
        this.#take(from, reader);
        if (++taken % RECORDS_PER_RELEASE === 0) this.#release(reader);
      }
      this.#release(reader);
      if (taken === share) isLeft = true;
    }
    return isLeft;
  }
}
