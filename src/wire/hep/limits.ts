import type { HepLimits } from '../../model/settings.ts';

/** What one HEP packet may cost, and how far its clock is believed. */
export interface HepDecodeLimits extends Pick<
  HepLimits,
  'maxMessageBytes' | 'maxChunks' | 'maxInflatedBytes' | 'maxInflateRatio'
> {
  /** A timestamp further than this from arrival is tried in the forms known of defective senders. */
  readonly skewWindowUs?: number;
}

/** One day: no sane clock is further off, and every known defect is. */
export const DEFAULT_SKEW_WINDOW_US = 86_400_000_000;
