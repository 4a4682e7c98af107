/** A group of neighbours in a row: as long as the way to the next one. */
export interface Span {
  readonly name: string;
  readonly at: number;
  readonly count: number;
}

/** The groups a row's offsets name, in their order; the last offset is the row's size. */
export function spans(offsets: Readonly<Record<string, number>>): Span[] {
  const sorted = Object.entries(offsets).toSorted(([, a], [, b]) => a - b);
  return sorted.slice(0, -1).map(([name, at], n) => ({ name, at, count: (sorted[n + 1]?.[1] ?? at) - at }));
}
