import { type CounterSet, EvRate, EvRateGc } from '../model/counters.ts';
import type { EventType } from '../model/event-type.ts';
import {
  type AgeTest,
  type Comparison,
  type EventRateSettings,
  isUsed,
  type RateCriterion,
  RATES,
} from '../model/event-rates.ts';
import { finish, mix } from '../model/hash.ts';

/**
 * How often each source causes each type of event: one entry per (event type, source address), in columns that grow by
 * pages and never move.
 *
 *   hash ─▶ bucket ─▶ slot ─▶ slot           oldest ◀─▶ … ◀─▶ newest     entries that are ok, by their last event
 *            slot ─▶ doubles: N, times,      oldest ◀─▶ … ◀─▶ newest     entries beyond a limit, likewise
 *                    three rates
 *
 * An event touches one entry and moves it to the newest end of its list, so what a collection wants stands at the oldest
 * ends, and finding out that there is nothing to collect takes one look. Slot 0 is nobody: zero means "none".
 * Time is that of the events. It may jump back a little between agents, which then counts as no time passed.
 */
const PAGE_BITS = 10;
const PAGE_SLOTS = 1 << PAGE_BITS;

/** Offsets of an entry's doubles; those of the rates are the first of three. */
const Num = {
  TOTAL: 0,
  CREATED_US: 1,
  /** When the running measurement of a rate began, and the total there. */
  REFERENCE_US: 2,
  REFERENCE_TOTAL: 5,
  /** Interval in force at that time. */
  REFERENCE_INTERVAL_US: 8,
  /** Rate of the last measurement that was completed. */
  OLD: 11,
  VALUE: 14,
  /** Consecutive events beyond a limit, and within; each keeps its last run while the other counts. */
  EXCEEDED_RUN: 17,
  OK_RUN: 18,
  CHANGED_US: 19,
  LAST_EXCEEDED_US: 20,
  LAST_OK_US: 21,
  SIZE: 22,
} as const;

export { Num as RateNum };

/** Offsets of an entry's integers. */
const Int = {
  /** The source address as four words. */
  WORD: 0,
  /** 0 = the slot is free. */
  TYPE: 4,
  HASH: 5,
  FLAGS: 6,
  /** Which rate is reported. */
  RATE: 7,
  /** Next in the bucket, or next free slot. */
  NEXT: 8,
  OLDER: 9,
  NEWER: 10,
  SIZE: 11,
} as const;

export { Int as RateInt };

const Flag = {
  /** Beyond a limit now. */
  EXCEEDED: 1,
  /** The last event was beyond a limit. */
  RUNNING: 2,
} as const;

const OK = 0;
const EXCEEDED = 1;

const MIN_BUCKETS = 1024;
const MAX_BUCKETS = 1 << 20;
/** Further back than this is no disorder among agents but another time: measuring begins anew. */
const CLOCK_RESET_US = 60_000_000;
/** A collection looks at so many entries per millisecond of its limit, well below what it could. */
export const ENTRIES_PER_MS = 1000;
/** Criteria tried for one new entry. */
const MAX_ATTEMPTS = 3;

export const RateVerdict = {
  /** Within all limits, or beyond and to be reported. */
  PASS: 0,
  /** Beyond a limit and not to be reported. */
  HELD_BACK: 1,
  /** No room for an entry. */
  UNTRACKED: 2,
} as const;
export type RateVerdict = (typeof RateVerdict)[keyof typeof RateVerdict];

/** What `track` found out about its last event, read before the next. */
export class RateOutcome {
  /** False when rates are not tracked: nothing below means anything then. */
  tracked = false;
  /** Consecutive events beyond a limit, 0 = within all. */
  exceeded = 0;
  /** Events held back since the one reported before, this one included. */
  diff = 0;
  value = 0;
  limit = 0;
  intervalUs = 0;
  /** Since when it is as it is: within all limits, or beyond. */
  sinceUs = 0;
}

export class EventRates {
  readonly outcome = new RateOutcome();
  readonly #counters: CounterSet;
  readonly #seed: number;
  readonly #buckets: Int32Array;
  readonly #numbers: Float64Array[] = [];
  readonly #integers: Int32Array[] = [];
  readonly #oldest = new Int32Array(2);
  readonly #newest = new Int32Array(2);
  readonly #intervalsUs = new Float64Array(RATES);
  readonly #limits = new Float64Array(RATES);
  #settings: EventRateSettings;
  #criteria: readonly RateCriterion[] = [];
  #light: RateCriterion = OK_ENTRIES;
  #size = 0;
  /** All slots below have been handed out at some time. */
  #slotsUsed = 1;
  #free = 0;
  #created = 0;
  /** Position of the criterion a full table tries first. */
  #firstCriterion = 0;
  /** Of the last run under pressure. */
  #walked = 0;
  #removed = 0;
  #ranOut = false;

  constructor(settings: EventRateSettings, counters: CounterSet, hashSeed: number) {
    this.#counters = counters;
    this.#seed = hashSeed;
    let buckets = MIN_BUCKETS;
    while (buckets < settings.maxEntries && buckets < MAX_BUCKETS) buckets *= 2;
    this.#buckets = new Int32Array(buckets);
    this.#settings = settings;
    this.configure(settings);
    counters.set(EvRate.ENTRIES, 0);
  }

  get settings(): EventRateSettings {
    return this.#settings;
  }

  get size(): number {
    return this.#size;
  }

  get created(): number {
    return this.#created;
  }

  get buckets(): number {
    return this.#buckets.length;
  }

  /** All slots are below; some of them may be free. */
  get slotsEnd(): number {
    return this.#slotsUsed;
  }

  get bytes(): number {
    return this.#buckets.byteLength + this.#numbers.length * PAGE_SLOTS * (Num.SIZE * 8 + Int.SIZE * 4);
  }

  /** Takes new settings; entries keep what they have measured. */
  configure(settings: EventRateSettings): void {
    this.#settings = settings;
    this.#criteria = settings.pressure.criteria.filter(isUsed);
    this.#light = okLongerAgo(settings.pressure.lightLifetimeMs);
    this.#firstCriterion = 0;
    for (let n = 0; n < RATES; n++) {
      this.#intervalsUs[n] = (settings.intervalsMs[n] ?? 0) * 1000;
      this.#limits[n] = settings.limits[n] ?? 0;
    }
  }

  /** Counts one event of a source and says what is to become of it; `outcome` says why. */
  track(type: EventType, w0: number, w1: number, w2: number, w3: number, nowUs: number): RateVerdict {
    const { outcome } = this;
    outcome.tracked = this.#settings.maxEntries > 0;
    if (!outcome.tracked) return RateVerdict.PASS;
    const hash = finish(mix(mix(mix(mix(mix(this.#seed, w0), w1), w2), w3), type));
    let slot = this.#find(hash, type, w0, w1, w2, w3);
    if (slot === 0) {
      slot = this.#insert(hash, type, w0, w1, w2, w3, nowUs);
      if (slot === 0) {
        this.#counters.add(EvRate.TRACKING_FAIL, 1);
        return RateVerdict.UNTRACKED;
      }
    }
    const num = this.#page(slot);
    const at = numbersAt(slot);
    num[at + Num.TOTAL]! += 1; // a slot's columns lie inside its page, here and below
    const exceeded = this.#measure(slot, nowUs);
    const int = this.#integers[slot >>> PAGE_BITS]!;
    const flagsAt = integersAt(slot) + Int.FLAGS;
    const flags = int[flagsAt]!;
    const was = (flags & Flag.EXCEEDED) !== 0;
    if (exceeded !== was) num[at + Num.CHANGED_US] = nowUs;
    this.#unlink(slot, was ? EXCEEDED : OK);
    this.#append(slot, exceeded ? EXCEEDED : OK);
    const rate = int[integersAt(slot) + Int.RATE]!;
    outcome.value = num[at + Num.VALUE + rate]!;
    outcome.limit = this.#limits[rate]!;
    outcome.intervalUs = this.#intervalsUs[rate]!;
    outcome.sinceUs = num[at + Num.CHANGED_US]!;
    if (!exceeded) {
      const recovered = (flags & Flag.RUNNING) !== 0;
      if (recovered) this.#counters.add(EvRate.BLST_RECOVERED, 1);
      num[at + Num.OK_RUN] = recovered ? 1 : num[at + Num.OK_RUN]! + 1;
      num[at + Num.LAST_OK_US] = nowUs;
      int[flagsAt] = 0;
      outcome.exceeded = 0;
      outcome.diff = 0;
      return RateVerdict.PASS;
    }
    const run = was ? num[at + Num.EXCEEDED_RUN]! + 1 : 1;
    num[at + Num.EXCEEDED_RUN] = run;
    num[at + Num.LAST_EXCEEDED_US] = nowUs;
    int[flagsAt] = Flag.EXCEEDED | Flag.RUNNING;
    this.#counters.add(EvRate.BLST_RATE, 1);
    const diff = reportDiff(run, this.#settings.reportMin, this.#settings.reportMax);
    if (diff < 0) return RateVerdict.HELD_BACK;
    this.#counters.add(EvRate.BLST_SENT, 1);
    outcome.exceeded = run;
    outcome.diff = diff;
    return RateVerdict.PASS;
  }

  isHeld(slot: number): boolean {
    return slot < this.#slotsUsed && this.#integers[slot >>> PAGE_BITS]![integersAt(slot) + Int.TYPE] !== 0;
  }

  /** Measures an entry beyond a limit again: it may be ok by now, because time has passed. */
  refresh(slot: number, nowUs: number): void {
    const int = this.#integers[slot >>> PAGE_BITS]!;
    const flagsAt = integersAt(slot) + Int.FLAGS;
    if ((int[flagsAt]! & Flag.EXCEEDED) === 0 || this.#measure(slot, nowUs)) return;
    const num = this.#page(slot);
    num[numbersAt(slot) + Num.CHANGED_US] = nowUs;
    num[numbersAt(slot) + Num.LAST_OK_US] = nowUs;
    this.#unlink(slot, EXCEEDED);
    this.#append(slot, OK);
    int[flagsAt]! &= ~Flag.EXCEEDED;
  }

  /** Collects an entry if it is as the criterion says. @returns whether it did */
  collectIf(slot: number, criterion: RateCriterion, nowUs: number): boolean {
    if (!this.#matches(slot, criterion, nowUs)) return false;
    this.#remove(slot);
    return true;
  }

  /** One number of an entry, at one of `RateNum`. */
  numberAt(slot: number, at: number): number {
    return this.#page(slot)[numbersAt(slot) + at] ?? 0;
  }

  /** One integer of an entry, at one of `RateInt`. */
  integerAt(slot: number, at: number): number {
    return this.#link(slot, at);
  }

  /**
   * Takes back an entry of a snapshot: its key, and the rest as it was. `arrange` is to be called when all are back.
   *
   * @returns false when there is no room for it, or another one is there
   */
  putBack(
    type: number,
    [w0 = 0, w1 = 0, w2 = 0, w3 = 0]: readonly number[],
    flags: number,
    rate: number,
    numbers: readonly number[],
  ): boolean {
    const hash = finish(mix(mix(mix(mix(mix(this.#seed, w0), w1), w2), w3), type));
    if (this.#size >= this.#settings.maxEntries || this.#find(hash, type, w0, w1, w2, w3) !== 0) return false;
    const slot = this.#place(hash, type, w0, w1, w2, w3, 0);
    const int = this.#integers[slot >>> PAGE_BITS]!;
    const base = integersAt(slot);
    int[base + Int.FLAGS] = flags & (Flag.EXCEEDED | Flag.RUNNING);
    int[base + Int.RATE] = rate >= 0 && rate < RATES ? rate : 0;
    this.#page(slot).set(numbers.slice(0, Num.SIZE), numbersAt(slot));
    return true;
  }

  /** Puts all entries into the order of their last events. */
  arrange(): void {
    const slots: number[] = [];
    for (let slot = 1; slot < this.#slotsUsed; slot++) if (this.isHeld(slot)) slots.push(slot);
    const isBeyond = (slot: number): boolean => (this.integerAt(slot, Int.FLAGS) & Flag.EXCEEDED) !== 0;
    const lastUs = (slot: number): number =>
      this.numberAt(slot, isBeyond(slot) ? Num.LAST_EXCEEDED_US : Num.LAST_OK_US);
    this.#oldest.fill(0);
    this.#newest.fill(0);
    for (const slot of slots.toSorted((a, b) => lastUs(a) - lastUs(b))) {
      this.#append(slot, isBeyond(slot) ? EXCEEDED : OK);
    }
  }

  /** Says how many entries were created before those that come back. */
  continueFrom(created: number): void {
    this.#created = Math.max(this.#created, created);
  }

  /** One entry in numbers, for pages. */
  read(slot: number): RateEntry {
    const num = this.#page(slot);
    const at = numbersAt(slot);
    const int = this.#integers[slot >>> PAGE_BITS]!;
    const base = integersAt(slot);
    return {
      type: int[base + Int.TYPE]!,
      words: [int[base]!, int[base + 1]!, int[base + 2]!, int[base + 3]!],
      total: num[at + Num.TOTAL]!,
      createdUs: num[at + Num.CREATED_US]!,
      exceeded: (int[base + Int.FLAGS]! & Flag.EXCEEDED) !== 0,
      rate: int[base + Int.RATE]!,
      exceededRun: num[at + Num.EXCEEDED_RUN]!,
      okRun: num[at + Num.OK_RUN]!,
      changedUs: num[at + Num.CHANGED_US]!,
      lastExceededUs: num[at + Num.LAST_EXCEEDED_US]!,
      lastOkUs: num[at + Num.LAST_OK_US]!,
      rates: Array.from({ length: RATES }, (_, n) => ({
        value: num[at + Num.VALUE + n]!,
        old: num[at + Num.OLD + n]!,
        intervalUs: this.#intervalsUs[n]!,
        referenceIntervalUs: num[at + Num.REFERENCE_INTERVAL_US + n]!,
        referenceUs: num[at + Num.REFERENCE_US + n]!,
        limit: this.#limits[n]!,
      })),
    };
  }

  /** Entries in one bucket. */
  chainLength(bucket: number): number {
    let length = 0;
    for (let slot = this.#buckets[bucket] ?? 0; slot !== 0; slot = this.#link(slot, Int.NEXT)) length++;
    return length;
  }

  #find(hash: number, type: number, w0: number, w1: number, w2: number, w3: number): number {
    let slot = this.#buckets[hash & (this.#buckets.length - 1)]!;
    while (slot !== 0) {
      const int = this.#integers[slot >>> PAGE_BITS]!;
      const base = integersAt(slot);
      if (
        int[base + Int.HASH] === hash &&
        int[base + Int.TYPE] === type &&
        int[base + 3] === w3 &&
        int[base] === w0 &&
        int[base + 1] === w1 &&
        int[base + 2] === w2
      ) {
        return slot;
      }
      slot = int[base + Int.NEXT]!;
    }
    return 0;
  }

  /** @returns 0 when there is no room and none could be made */
  #insert(hash: number, type: number, w0: number, w1: number, w2: number, w3: number, nowUs: number): number {
    const { maxEntries, pressure } = this.#settings;
    if (this.#size >= maxEntries) {
      if (!this.#collectHard(nowUs)) return 0;
    } else if (this.#size >= pressure.lightTrigger) this.#collectLight(nowUs);
    this.#created++;
    return this.#place(hash, type, w0, w1, w2, w3, nowUs);
  }

  /** Makes an entry, for which there is room. */
  #place(hash: number, type: number, w0: number, w1: number, w2: number, w3: number, nowUs: number): number {
    const slot = this.#takeSlot();
    const int = this.#integers[slot >>> PAGE_BITS]!;
    const base = integersAt(slot);
    int.fill(0, base, base + Int.SIZE);
    int[base] = w0;
    int[base + 1] = w1;
    int[base + 2] = w2;
    int[base + 3] = w3;
    int[base + Int.TYPE] = type;
    int[base + Int.HASH] = hash;
    const bucket = hash & (this.#buckets.length - 1);
    int[base + Int.NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
    const num = this.#page(slot);
    const at = numbersAt(slot);
    num.fill(0, at, at + Num.SIZE);
    num[at + Num.CREATED_US] = nowUs;
    num[at + Num.CHANGED_US] = nowUs;
    for (let n = 0; n < RATES; n++) {
      num[at + Num.REFERENCE_US + n] = nowUs;
      num[at + Num.REFERENCE_INTERVAL_US + n] = this.#intervalsUs[n]!;
    }
    this.#append(slot, OK);
    this.#size++;
    this.#counters.addGauge(EvRate.ENTRIES, 1);
    return slot;
  }

  #takeSlot(): number {
    const free = this.#free;
    if (free !== 0) {
      this.#free = this.#link(free, Int.NEXT);
      return free;
    }
    const slot = this.#slotsUsed++;
    if (slot >>> PAGE_BITS === this.#numbers.length) {
      this.#numbers.push(new Float64Array(PAGE_SLOTS * Num.SIZE));
      this.#integers.push(new Int32Array(PAGE_SLOTS * Int.SIZE));
    }
    return slot;
  }

  #remove(slot: number): void {
    const int = this.#integers[slot >>> PAGE_BITS]!;
    const base = integersAt(slot);
    this.#unlink(slot, (int[base + Int.FLAGS]! & Flag.EXCEEDED) === 0 ? OK : EXCEEDED);
    const next = int[base + Int.NEXT]!;
    const bucket = int[base + Int.HASH]! & (this.#buckets.length - 1);
    let before = this.#buckets[bucket]!;
    if (before === slot) this.#buckets[bucket] = next;
    else {
      while (this.#link(before, Int.NEXT) !== slot) before = this.#link(before, Int.NEXT);
      this.#setLink(before, Int.NEXT, next);
    }
    int[base + Int.TYPE] = 0;
    int[base + Int.NEXT] = this.#free;
    this.#free = slot;
    this.#size--;
    this.#counters.addGauge(EvRate.ENTRIES, -1);
  }

  /**
   * Brings the three rates up to `nowUs` and notes which one is reported: the first beyond its limit, else the first
   * that is not zero. @returns whether any is beyond its limit
   */
  #measure(slot: number, nowUs: number): boolean {
    const num = this.#page(slot);
    const at = numbersAt(slot);
    const total = num[at + Num.TOTAL]!;
    let beyond = -1;
    let moving = -1;
    for (let n = RATES - 1; n >= 0; n--) {
      const interval = this.#intervalsUs[n]!;
      if (interval === 0) {
        num[at + Num.VALUE + n] = 0;
        continue;
      }
      const elapsed = nowUs - num[at + Num.REFERENCE_US + n]!;
      const counted = total - num[at + Num.REFERENCE_TOTAL + n]!;
      let value: number;
      if (elapsed > interval || elapsed < -CLOCK_RESET_US) {
        value = elapsed > 0 ? (counted * interval) / elapsed : 0;
        num[at + Num.OLD + n] = value;
        num[at + Num.REFERENCE_US + n] = nowUs;
        num[at + Num.REFERENCE_TOTAL + n] = total;
        num[at + Num.REFERENCE_INTERVAL_US + n] = interval;
      } else {
        const before = num[at + Num.REFERENCE_INTERVAL_US + n]!;
        const old = num[at + Num.OLD + n]!;
        // The old rate was over another interval if that was changed since.
        if (interval > before) value = old + counted;
        else if (interval < before) value = counted;
        else value = Math.max(old, counted);
      }
      num[at + Num.VALUE + n] = value;
      const limit = this.#limits[n]!;
      if (limit > 0 && value > limit) beyond = n;
      if (value !== 0) moving = n;
    }
    this.#integers[slot >>> PAGE_BITS]![integersAt(slot) + Int.RATE] = Math.max(0, beyond >= 0 ? beyond : moving);
    return beyond >= 0;
  }

  #collectLight(nowUs: number): void {
    const { lightTarget, lightMaxRunMs } = this.#settings.pressure;
    this.#collect(this.#light, lightTarget, lightMaxRunMs, nowUs);
    const counters = this.#counters;
    counters.add(EvRateGc.LIGHT_RUNS, 1);
    counters.set(EvRateGc.LIGHT_WALKED, this.#walked);
    counters.set(EvRateGc.LIGHT_REMOVED, this.#removed);
    if (this.#size <= lightTarget) counters.add(EvRateGc.LIGHT_TARGET_MET, 1);
    else if (this.#removed === 0) counters.add(EvRateGc.LIGHT_FAIL, 1);
    if (this.#ranOut) counters.add(EvRateGc.LIGHT_TIMEOUT, 1);
  }

  /** Makes room in a full table, mildest criterion first, beginning where it last helped, less one. */
  #collectHard(nowUs: number): boolean {
    const { maxEntries, pressure } = this.#settings;
    const counters = this.#counters;
    const criteria = this.#criteria;
    for (let attempt = 0; attempt < Math.min(MAX_ATTEMPTS, criteria.length); attempt++) {
      const position = (this.#firstCriterion + attempt) % criteria.length;
      const criterion = criteria[position]!; // below the length
      this.#collect(criterion, pressure.hardTarget, criterion.maxRunMs, nowUs);
      counters.add(EvRateGc.HARD_RUNS, 1);
      counters.set(EvRateGc.HARD_WALKED, this.#walked);
      counters.set(EvRateGc.HARD_REMOVED, this.#removed);
      if (this.#ranOut) counters.add(EvRateGc.HARD_TIMEOUT, 1);
      if (this.#size <= pressure.hardTarget) counters.add(EvRateGc.HARD_TARGET_MET, 1);
      if (this.#size < maxEntries) {
        this.#firstCriterion = Math.max(0, position - 1);
        return true;
      }
      counters.add(EvRateGc.HARD_FAIL, 1);
    }
    this.#firstCriterion = 0;
    counters.add(EvRateGc.MAX_RETRIES, 1);
    return false;
  }

  /** Collects from the oldest ends of the lists a criterion concerns, taking entries as they were when last seen. */
  #collect(criterion: RateCriterion, target: number, maxRunMs: number, nowUs: number): void {
    this.#walked = 0;
    this.#removed = 0;
    this.#ranOut = false;
    let left = Math.ceil(maxRunMs * ENTRIES_PER_MS);
    for (const list of [OK, EXCEEDED]) {
      const { op, value } = criterion.exceeded;
      if (!compare(op, list, value ? EXCEEDED : OK)) continue;
      const ordered = list === OK ? criterion.lastOkAgo : criterion.lastExceededAgo;
      let newer = 0;
      for (let slot = this.#oldest[list]!; slot !== 0 && this.#size > target; slot = newer) {
        if (left-- <= 0) {
          this.#ranOut = true;
          return;
        }
        newer = this.#link(slot, Int.NEWER);
        this.#walked++;
        if (this.collectIf(slot, criterion, nowUs)) this.#removed++;
        else if (this.#isTooYoung(slot, list, ordered, nowUs)) break;
      }
    }
  }

  /** Whether an entry, and with it all newer ones of its list, is too young for the test of the time the list goes by. */
  #isTooYoung(slot: number, list: number, test: AgeTest, nowUs: number): boolean {
    if (test.op !== '>' && test.op !== '>=') return false;
    const column = list === OK ? Num.LAST_OK_US : Num.LAST_EXCEEDED_US;
    const ageUs = nowUs - this.#page(slot)[numbersAt(slot) + column]!;
    // An entry out of the future says nothing about the others.
    return ageUs >= 0 && !compare(test.op, ageUs, test.ms * 1000);
  }

  #matches(slot: number, criterion: RateCriterion, nowUs: number): boolean {
    const flags = this.#integers[slot >>> PAGE_BITS]![integersAt(slot) + Int.FLAGS]!;
    const num = this.#page(slot);
    const at = numbersAt(slot);
    const { exceeded } = criterion;
    return (
      compare(exceeded.op, (flags & Flag.EXCEEDED) === 0 ? OK : EXCEEDED, exceeded.value ? EXCEEDED : OK) &&
      isAgo(criterion.lastOkAgo, num[at + Num.LAST_OK_US]!, nowUs) &&
      isAgo(criterion.lastExceededAgo, num[at + Num.LAST_EXCEEDED_US]!, nowUs) &&
      isAgo(criterion.changedAgo, num[at + Num.CHANGED_US]!, nowUs) &&
      isAgo(criterion.createdAgo, num[at + Num.CREATED_US]!, nowUs)
    );
  }

  #append(slot: number, list: number): void {
    const newest = this.#newest[list]!;
    this.#setLink(slot, Int.OLDER, newest);
    this.#setLink(slot, Int.NEWER, 0);
    if (newest === 0) this.#oldest[list] = slot;
    else this.#setLink(newest, Int.NEWER, slot);
    this.#newest[list] = slot;
  }

  #unlink(slot: number, list: number): void {
    const older = this.#link(slot, Int.OLDER);
    const newer = this.#link(slot, Int.NEWER);
    if (older === 0) this.#oldest[list] = newer;
    else this.#setLink(older, Int.NEWER, newer);
    if (newer === 0) this.#newest[list] = older;
    else this.#setLink(newer, Int.OLDER, older);
  }

  #link(slot: number, which: number): number {
    return this.#integers[slot >>> PAGE_BITS]![integersAt(slot) + which]!;
  }

  #setLink(slot: number, which: number, to: number): void {
    this.#integers[slot >>> PAGE_BITS]![integersAt(slot) + which] = to;
  }

  #page(slot: number): Float64Array {
    // `#takeSlot` made the page before it handed the slot out.
    return this.#numbers[slot >>> PAGE_BITS]!;
  }
}

/** An entry as it stands; times are 0 for what never happened. */
export interface RateEntry {
  type: number;
  words: [number, number, number, number];
  total: number;
  createdUs: number;
  exceeded: boolean;
  rate: number;
  exceededRun: number;
  okRun: number;
  changedUs: number;
  lastExceededUs: number;
  lastOkUs: number;
  rates: {
    value: number;
    old: number;
    intervalUs: number;
    referenceIntervalUs: number;
    referenceUs: number;
    limit: number;
  }[];
}

/**
 * A collection through the whole table, slot by slot, in steps; what a step does not reach waits for the next one.
 * Entries are measured again before they are judged.
 */
export class RateSweep {
  walked = 0;
  removed = 0;
  readonly target: number;
  readonly #rates: EventRates;
  readonly #criterion: RateCriterion;
  readonly #end: number;
  #slot = 1;

  constructor(rates: EventRates, criterion: RateCriterion, target: number) {
    this.#rates = rates;
    this.#criterion = criterion;
    this.target = target;
    this.#end = rates.slotsEnd;
  }

  /** Looks at no more than `budget` slots. @returns true when there is more to do */
  step(nowUs: number, budget: number): boolean {
    const rates = this.#rates;
    for (let left = budget; !this.isDone; left--) {
      if (left <= 0) return true;
      const slot = this.#slot++;
      if (!rates.isHeld(slot)) continue;
      this.walked++;
      rates.refresh(slot, nowUs);
      if (rates.collectIf(slot, this.#criterion, nowUs)) this.removed++;
    }
    return false;
  }

  get isTargetMet(): boolean {
    return this.#rates.size <= this.target;
  }

  get isDone(): boolean {
    return this.#slot >= this.#end || this.isTargetMet;
  }
}

/** Entries that are ok, and were so for the last time longer ago. */
export function okLongerAgo(ms: number): RateCriterion {
  return { ...OK_ENTRIES, lastOkAgo: { op: '>', ms } };
}

/** Entries that are ok and were made longer ago. */
export function okCreatedLongerAgo(ms: number): RateCriterion {
  return { ...OK_ENTRIES, createdAgo: { op: '>', ms } };
}

const ANY_AGE: AgeTest = { op: 'ignore', ms: 0 };
const OK_ENTRIES: RateCriterion = {
  exceeded: { op: '==', value: false },
  createdAgo: ANY_AGE,
  changedAgo: ANY_AGE,
  lastExceededAgo: ANY_AGE,
  lastOkAgo: ANY_AGE,
  maxRunMs: 0,
};

/**
 * Whether the event with number `run` of those beyond a limit is reported, and how many that stands for.
 *
 * The first is; then `min` and its doubles; from `max` on every multiple of `max`. With min 4 and max 20 these are
 * 1, 4, 8, 16, 20, 40, 60 …
 *
 * @param min 0 = without the rule of doubling
 * @param max 0 = without the rule of multiples
 * @returns how many events lie behind the one reported before, -1 when this one is held back
 */
export function reportDiff(run: number, min: number, max: number): number {
  if (run === 1) return 0;
  if (max !== 0 && run >= max) {
    if (run % max !== 0) return -1;
    return run === max ? run - lastDoubleBelow(max, min) : max;
  }
  if (min === 0 || run % min !== 0 || !isPowerOfTwo(run / min)) return -1;
  return run === min ? run - 1 : run / 2;
}

/** The largest of 1, min, 2·min, 4·min … below `max`. */
function lastDoubleBelow(max: number, min: number): number {
  if (min === 0 || min >= max) return 1;
  let last = min;
  while (last * 2 < max) last *= 2;
  return last;
}

function isPowerOfTwo(whole: number): boolean {
  let rest = whole;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}

function isAgo(test: AgeTest, atUs: number, nowUs: number): boolean {
  return compare(test.op, nowUs - atUs, test.ms * 1000);
}

function compare(op: Comparison, left: number, right: number): boolean {
  switch (op) {
    case 'ignore':
      return true;
    case '==':
      return left === right;
    case '>':
      return left > right;
    case '<':
      return left < right;
    case '>=':
      return left >= right;
    case '<=':
      return left <= right;
    case '<>':
      return left !== right;
  }
}

function numbersAt(slot: number): number {
  return (slot & (PAGE_SLOTS - 1)) * Num.SIZE;
}

function integersAt(slot: number): number {
  return (slot & (PAGE_SLOTS - 1)) * Int.SIZE;
}
