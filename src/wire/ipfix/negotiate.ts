const MAX_S = 65_535;

/** Bounds of the I/O timeout, seconds: 0 = no bound, both negative = no timeouts. */
export interface TimeoutBounds {
  readonly minS: number;
  readonly maxS: number;
}

/** What holds on a connection: silence after which it is closed (0 = never, -1 = switched off), keep-alive interval. */
export interface Negotiated {
  readonly timeoutS: number;
  readonly keepaliveS: number;
}

/** Makes sense of the bounds as an operator may write them: one alone is both, the wrong order is turned round. */
export function timeoutBounds(minS: number, maxS: number): TimeoutBounds {
  let min = Math.min(minS, MAX_S);
  let max = Math.min(maxS, MAX_S);
  if (min <= 0) min = max;
  else if (max <= 0) max = min;
  return min > max ? { minS: max, maxS: min } : { minS: min, maxS: max };
}

/** Before the first connect request. */
export function beforeHandshake({ minS, maxS }: TimeoutBounds): Negotiated {
  if (minS < 0 && maxS < 0) return { timeoutS: -1, keepaliveS: 0 };
  return { timeoutS: maxS > 0 ? maxS : Math.max(0, minS), keepaliveS: 0 };
}

/** After a request for keep-alives every `requestedS` seconds (0 = none): two of them may get lost, within the bounds. */
export function negotiate(requestedS: number, { minS, maxS }: TimeoutBounds): Negotiated {
  if (minS < 0 && maxS < 0) return { timeoutS: -1, keepaliveS: requestedS };
  let timeoutS = 2 * requestedS;
  if (minS > 0) timeoutS = Math.max(timeoutS, minS);
  if (maxS > 0) timeoutS = Math.min(timeoutS, maxS);
  // A keep-alive needs a whole second, and a timeout room for one.
  if (timeoutS === 1) return { timeoutS: 2, keepaliveS: 1 };
  return { timeoutS, keepaliveS: Math.floor(timeoutS / 2) };
}
