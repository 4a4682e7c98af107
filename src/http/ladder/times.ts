/** Seconds with three places; finer below a millisecond, coarser from 100 s on. */
export function signedSeconds(us: number): string {
  const size = Math.abs(us);
  if (size > 0 && size < 1000) return (us / 1e6).toFixed(6);
  return (us / 1e6).toFixed(size >= 100_000_000 ? 1 : 3);
}

/** A pause as people read it: `54 µs`, `16.3 ms`, `2.500 s`. */
export function pause(us: number): string {
  const size = Math.abs(us);
  if (size < 1000) return `${us} µs`;
  if (size < 1_000_000) return `${(us / 1000).toFixed(size < 10_000 ? 2 : 1)} ms`;
  return `${(us / 1e6).toFixed(size < 100_000_000 ? 3 : 1)} s`;
}
