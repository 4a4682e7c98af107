/** Octets in front of an object's fields on V8's heap: shape, properties, elements. */
export const HEAP_HEADER = 24;

/** A string of one octet per character on V8's heap: header and octets, rounded up to the next 8. */
export function textBytes(text: string): number {
  return text === '' ? 0 : 16 + ((text.length + 7) & ~7);
}
