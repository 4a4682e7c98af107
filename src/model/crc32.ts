/**
 * CRC-32 as in Ethernet, zip and PNG (reflected polynomial 0xEDB88320). Node's own came with 20.15 and 22.2 only, and lies
 * outside what the core may use.
 */
const TABLE = makeTable();

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let sum = n;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ 0xedb88320;
    table[n] = sum;
  }
  return table;
}

/**
 * Checksum of octets.
 *
 * @param previous checksum of what comes before them, 0 = nothing
 * @returns an unsigned 32-bit integer
 */
export function crc32(bytes: Uint8Array, start: number, end: number, previous = 0): number {
  let sum = ~previous;
  // The caller vouches for the range, an octet for the place in the table.
  for (let at = start; at < end; at++) sum = TABLE[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8);
  return ~sum >>> 0;
}
