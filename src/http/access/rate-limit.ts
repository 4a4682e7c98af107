import type { Clock } from '../../model/ports.ts';
import { BoundedMap } from './bounded-map.ts';

/** What a page and its parts ask for at once must pass; in the long run the rate counts. */
const BURST_S = 10;
const MOST_ADDRESSES = 8192;

interface Bucket {
  tokens: number;
  atUs: number;
}

/** One token bucket for each address. */
export class RateLimit {
  readonly #buckets = new BoundedMap<Bucket>(MOST_ADDRESSES);
  readonly #clock: Clock;
  readonly #perSecond: number;

  /** @param perSecond 0 = unlimited */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** @returns seconds after which the address may ask again, 0 = it may now */
  waitS(key: string): number {
    if (this.#perSecond === 0) return 0;
    const most = this.#perSecond * BURST_S;
    const nowUs = this.#clock();
    const bucket = this.#buckets.get(key) ?? { tokens: most, atUs: nowUs };
    // The system's clock may be set back.
    const passedS = Math.max(0, nowUs - bucket.atUs) / 1e6;
    const tokens = Math.min(most, bucket.tokens + passedS * this.#perSecond);
    const isGranted = tokens >= 1;
    this.#buckets.set(key, { tokens: isGranted ? tokens - 1 : tokens, atUs: nowUs });
    return isGranted ? 0 : Math.max(1, Math.ceil((1 - tokens) / this.#perSecond));
  }
}
