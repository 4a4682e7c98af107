import { cidrContains, parseCidr } from '../model/cidr.ts';
import { type CounterSet, EvRateGc } from '../model/counters.ts';
import {
  EngineRequestError,
  type RateGcView,
  type RateParameterView,
  type RateQuery,
  type RateTableStats,
} from '../model/engine.ts';
import { changeRates, type EventRateSettings, RATE_SETTINGS, type RatePage, RATES } from '../model/event-rates.ts';
import type { Clock } from '../model/ports.ts';
import type { Page, RateEntryView } from '../model/views.ts';
import { type EventRates, okCreatedLongerAgo, okLongerAgo, type RateEntry, RateSweep } from '../tracker/event-rates.ts';
import { addressText, rateEntryView } from '../tracker/views.ts';
import { checkWindow, type Emit, Slice, type Slicing } from './queries.ts';
import { textTest } from './text-filter.ts';

/** Slots a collection looks at before packets get their turn again: a fraction of a millisecond. */
const SLOTS_PER_STEP = 4096;
/** The collection asked for by hand. */
const FORCED_LIFETIME_MS = 2000;
const FORCED_MAX_RUN_MS = 10;

/** What an engine does with its rate entries besides tracking: lists, settings, and the collections that run in slices. */
export class RateService {
  readonly #rates: EventRates;
  readonly #configured: EventRateSettings;
  readonly #counters: CounterSet;
  readonly #clock: Clock;
  readonly #slicing: Slicing;
  #collectedMs: number;
  #collecting = false;

  constructor(rates: EventRates, counters: CounterSet, clock: Clock, slicing: Slicing) {
    this.#rates = rates;
    this.#configured = rates.settings;
    this.#counters = counters;
    this.#clock = clock;
    this.#slicing = slicing;
    this.#collectedMs = slicing.nowMs();
  }

  /** Starts the periodic collection when it is time. @returns its end; `undefined` when there was nothing to start */
  tick(): Promise<void> | undefined {
    const { intervalMs } = this.#rates.settings.gc;
    const nowMs = this.#slicing.nowMs();
    if (intervalMs === 0 || nowMs - this.#collectedMs < intervalMs) return undefined;
    this.#collectedMs = nowMs;
    if (this.#collecting) {
      this.#counters.add(EvRateGc.MISSED_TICKS, 1);
      return undefined;
    }
    this.#collecting = true;
    return this.#collect().finally(() => {
      this.#collecting = false;
    });
  }

  /** Entries in the order of their slots, which is no order to people, but stays while entries come and go. */
  async list(query: RateQuery, emit: Emit<RateEntryView>): Promise<Omit<Page<RateEntryView>, 'items'>> {
    checkWindow(query);
    const { offset, limit } = query;
    const rates = this.#rates;
    const test = entryTest(query);
    const slice = new Slice(this.#slicing);
    const nowUs = this.#clock();
    let matched = 0;
    let items: RateEntryView[] = [];
    for (let slot = 1; slot < rates.slotsEnd; slot++) {
      if (rates.isHeld(slot)) {
        rates.refresh(slot, nowUs);
        const inWindow = matched >= offset && matched < offset + limit;
        if (test === undefined) {
          if (inWindow) items.push(rateEntryView(rates.read(slot)));
          // Everything behind the window matches too: no need to walk it.
          if (++matched >= offset + limit) {
            matched = rates.size;
            break;
          }
        } else {
          const entry = rates.read(slot);
          if (test(entry)) {
            if (inWindow) items.push(rateEntryView(entry));
            matched++;
          }
        }
      }
      if (slice.isOver()) {
        // oxlint-disable-next-line no-await-in-loop -- whoever takes items may be slower than they are made
        await emit(items);
        items = [];
        await slice.pause();
      }
    }
    await emit(items);
    return { total: rates.size, matched, offset, limit };
  }

  async table(): Promise<RateTableStats> {
    const rates = this.#rates;
    const slice = new Slice(this.#slicing);
    let longestChain = 0;
    let shortestChain = Number.POSITIVE_INFINITY;
    for (let bucket = 0; bucket < rates.buckets; bucket++) {
      const length = rates.chainLength(bucket);
      if (length > longestChain) longestChain = length;
      if (length < shortestChain) shortestChain = length;
      if (slice.isOver()) await slice.pause();
    }
    return {
      entries: rates.size,
      created: rates.created,
      buckets: rates.buckets,
      longestChain,
      shortestChain,
      bytes: rates.bytes,
      maxEntries: rates.settings.maxEntries,
    };
  }

  settings(page: RatePage): RateParameterView[] {
    return RATE_SETTINGS.filter((parameter) => parameter.page === page).map(({ name, doc, notation, get }) => ({
      name,
      value: notation.show(get(this.#rates.settings)),
      configured: notation.show(get(this.#configured)),
      allowed: notation.expected,
      choices: notation.choices ?? [],
      description: doc,
    }));
  }

  change(texts: Readonly<Record<string, string>>): void {
    const change = changeRates(this.#rates.settings, texts);
    if (!change.ok) throw new EngineRequestError(`${change.parameter}: "${change.given}", must be ${change.allowed}`);
    this.#rates.configure(change.settings);
  }

  async forceGc(target: number): Promise<RateGcView> {
    if (!Number.isInteger(target) || target < 0) {
      throw new EngineRequestError(`n: ${target}, must be a whole number from 0`);
    }
    const entriesBefore = this.#rates.size;
    const sweep = new RateSweep(this.#rates, okCreatedLongerAgo(FORCED_LIFETIME_MS), target);
    const timedOut = await this.#run(sweep, FORCED_MAX_RUN_MS);
    return {
      entriesBefore,
      entries: this.#rates.size,
      target,
      targetMet: sweep.isTargetMet,
      timedOut,
      walked: sweep.walked,
      removed: sweep.removed,
      lifetimeMs: FORCED_LIFETIME_MS,
      maxRunMs: FORCED_MAX_RUN_MS,
    };
  }

  async #collect(): Promise<void> {
    const { oldAgeMs, target, maxRunMs } = this.#rates.settings.gc;
    const sweep = new RateSweep(this.#rates, okLongerAgo(oldAgeMs), target);
    const timedOut = await this.#run(sweep, maxRunMs);
    const counters = this.#counters;
    counters.add(EvRateGc.RUNS, 1);
    if (sweep.isTargetMet) counters.add(EvRateGc.TARGET_MET, 1);
    if (timedOut) counters.add(EvRateGc.TIMEOUT, 1);
    counters.set(EvRateGc.WALKED, sweep.walked);
    counters.set(EvRateGc.REMOVED, sweep.removed);
  }

  /** @returns true when the time was over first; pauses do not count as time */
  async #run(sweep: RateSweep, maxRunMs: number): Promise<boolean> {
    let workedMs = 0;
    for (;;) {
      const startedMs = this.#slicing.nowMs();
      const more = sweep.step(this.#clock(), SLOTS_PER_STEP);
      workedMs += this.#slicing.nowMs() - startedMs;
      if (!more) return false;
      if (workedMs >= maxRunMs) return true;
      await this.#slicing.pause();
    }
  }
}

function entryTest(query: RateQuery): ((entry: RateEntry) => boolean) | undefined {
  const { exceeded, rate, rateIndex } = query;
  const tests: ((entry: RateEntry) => boolean)[] = [];
  if (query.ip !== undefined && query.ip !== '') tests.push(addressTest(query.ip, query.regexp === true));
  if (exceeded !== undefined) tests.push((entry) => entry.exceeded === exceeded);
  if (rateIndex !== undefined && !(Number.isInteger(rateIndex) && rateIndex >= 0 && rateIndex < RATES)) {
    throw new EngineRequestError(`ridx: ${rateIndex}, must be a whole number from 0 to ${RATES - 1}`);
  }
  if (rate !== undefined) {
    tests.push((entry) => {
      const value = entry.rates[rateIndex ?? entry.rate]?.value ?? 0;
      return rate.op === '<' ? value < rate.value : value >= rate.value;
    });
  }
  return tests.length === 0 ? undefined : (entry) => tests.every((test) => test(entry));
}

function addressTest(ip: string, regexp: boolean): (entry: RateEntry) => boolean {
  if (regexp) {
    const matches = textTest({ field: 'ip', value: ip, regexp }, true);
    return (entry) => matches(addressText(...entry.words));
  }
  const network = parseCidr(ip);
  if (network === undefined) {
    throw new EngineRequestError(
      `ip: "${ip}", must be an address or a network such as 192.0.2.0/24, or with re=1 a regular expression`,
    );
  }
  return (entry) => cidrContains(network, ...entry.words);
}
