/**
 * How good a narrow-band call can be, from what RTCP tells: the E-model of ITU-T G.107 with everything it does not tell
 * at its default, and the codecs of ITU-T G.113 Appendix I. An estimate: what was captured is not what was heard.
 */
export interface Impairment {
  /** Equipment impairment, and how robust the codec is against loss. */
  ie: number;
  bpl: number;
}

const CODECS: ReadonlyMap<string, Impairment> = new Map([
  ['PCMU', { ie: 0, bpl: 25.1 }],
  ['PCMA', { ie: 0, bpl: 25.1 }],
  ['G729', { ie: 11, bpl: 19 }],
  ['G723', { ie: 15, bpl: 16.1 }],
  ['GSM', { ie: 20, bpl: 43 }],
  ['AMR', { ie: 5, bpl: 10 }],
]);
/** Of a codec that is not listed. */
const OTHER: Impairment = { ie: 11, bpl: 19 };

export function impairmentOf(codec: string): Impairment {
  return CODECS.get(codec.toUpperCase()) ?? OTHER;
}

/** A frame of 20 ms, 5 ms of look-ahead, and 10 ms within the phones. */
const CODEC_DELAY_MS = 35;

/** One way from mouth to ear: half the round trip, and a jitter buffer of twice the jitter. */
export function delayOf(roundTripMs: number | null, jitterMs: number): number {
  return (roundTripMs ?? 0) / 2 + 2 * jitterMs + CODEC_DELAY_MS;
}

const BEST_R = 93.2;
/** From here on a delay disturbs a conversation. */
const DISTURBING_MS = 177.3;

/** Rating factor: G.107 §7, simplified. */
export function ratingOf({ ie, bpl }: Impairment, delayMs: number, lossPercent: number): number {
  const delay = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - DISTURBING_MS);
  return BEST_R - delay - (ie + ((95 - ie) * lossPercent) / (lossPercent + bpl));
}

/** Mean opinion score of a rating: G.107 Annex B. */
export function scoreOfRating(r: number): number {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r));
}
