/** What `toString('latin1', …)` comes down to; asked for directly, a short text costs a third less. */
interface Latin1Octets {
  latin1Slice(start: number, end: number): string;
}

/** A range of octets as a string, one character per octet. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  // Every Buffer has it, though its type does not say so.
  return start === end ? '' : (bytes as Buffer & Latin1Octets).latin1Slice(start, end);
}
