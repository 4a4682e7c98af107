import type { Clock } from '../model/ports.ts';

const ANCHOR_MS = 1000;

/**
 * Microseconds since the epoch: the system clock, filled in between its milliseconds by the monotonic one.
 * The two are tied together anew every second, so that a corrected system clock is followed.
 */
export function systemClock(): Clock {
  let anchorUs = 0;
  let anchorMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - anchorMs >= ANCHOR_MS) {
      anchorMs = nowMs;
      anchorUs = Date.now() * 1000;
    }
    return Math.round(anchorUs + (nowMs - anchorMs) * 1000);
  };
}
