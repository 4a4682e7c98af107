import { CounterSet, counterByName } from '../../src/model/counters.ts';
import { parseIp } from '../../src/model/endpoint.ts';
import { defaultPressure, type EventRateSettings } from '../../src/model/event-rates.ts';
import { EventType } from '../../src/model/event-type.ts';
import { EventRates, type RateEntry, RateVerdict } from '../../src/tracker/event-rates.ts';

export const START_US = 1_700_000_000_000_000;

export function rateSettings(changes: Partial<EventRateSettings> = {}): EventRateSettings {
  const maxEntries = changes.maxEntries ?? 1000;
  return {
    maxEntries,
    reportMin: 4,
    reportMax: 20,
    intervalsMs: [1000, 0, 0],
    limits: [5, 0, 0],
    gc: { intervalMs: 10_000, oldAgeMs: 300_000, maxRunMs: 1000, target: 0 },
    pressure: defaultPressure(maxEntries),
    ...changes,
  };
}

/** A rate table driven by seconds and address texts. */
export class RateStage {
  readonly counters = new CounterSet();
  readonly rates: EventRates;

  constructor(changes: Partial<EventRateSettings> = {}) {
    this.rates = new EventRates(rateSettings(changes), this.counters, 7);
  }

  /** `pass`, `pass n+d` (reported as number n beyond the limit, d since the one before), `held back` or `no room`. */
  event(ms: number, ip = '192.0.2.1', type: EventType = EventType.CALL_ATTEMPT): string {
    const [w0, w1, w2, w3] = words(ip);
    const verdict = this.rates.track(type, w0, w1, w2, w3, START_US + ms * 1000);
    if (verdict === RateVerdict.HELD_BACK) return 'held back';
    if (verdict === RateVerdict.UNTRACKED) return 'no room';
    const { exceeded, diff } = this.rates.outcome;
    return exceeded === 0 ? 'pass' : `pass ${exceeded}+${diff}`;
  }

  entries(): RateEntry[] {
    const entries: RateEntry[] = [];
    for (let slot = 1; slot < this.rates.slotsEnd; slot++) {
      if (this.rates.isHeld(slot)) entries.push(this.rates.read(slot));
    }
    return entries;
  }

  entry(ip = '192.0.2.1'): RateEntry | undefined {
    const wanted = words(ip);
    return this.entries().find((entry) => entry.words.every((word, n) => word === wanted[n]));
  }

  /** Last octets of the IPv4 sources held, in order. */
  hosts(): number[] {
    return this.entries()
      .map((entry) => entry.words[3] & 255)
      .toSorted((a, b) => a - b);
  }

  counter(path: string): number {
    const info = counterByName(path);
    if (info === undefined) throw new Error(`no counter ${path}`);
    return this.counters.get(info.index);
  }
}

export function words(ip: string): [number, number, number, number] {
  const parsed = parseIp(ip);
  if (parsed === undefined) throw new Error(`${ip} is no address`);
  return parsed.words;
}
