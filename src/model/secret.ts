/**
 * Compares octets with a secret without telling by its duration how much was right. Trailing NULs are ignored:
 * some senders pad their key.
 */
export function isSecret(bytes: Uint8Array, start: number, end: number, secret: Uint8Array): boolean {
  let stop = end;
  while (stop > start && bytes[stop - 1] === 0) stop--;
  let difference = (stop - start) ^ secret.length;
  for (let n = 0; n < secret.length; n++) {
    const at = start + n;
    difference |= (at < stop ? (bytes[at] ?? 0) : 0) ^ (secret[n] ?? 0);
  }
  return difference === 0;
}
