/**
 * Cyclic redundancy checks of 32 bits. Node's own CRC-32 came with 20.15 and 22.2 only, and lies outside what the core
 * may use.
 */
const CRC32 = makeTable(0xedb88320);
const CRC32C = makeTable(0x82f63b78);

/** @param polynomial reflected */
function makeTable(polynomial: number): Int32Array {
  const table = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let sum = n;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ polynomial;
    table[n] = sum;
  }
  return table;
}

/**
 * CRC-32 of octets, as in Ethernet, zip and PNG.
 *
 * @param previous checksum of what comes before them, 0 = nothing
 * @returns an unsigned 32-bit integer
 */
export function crc32(bytes: Uint8Array, start: number, end: number, previous = 0): number {
  return check(CRC32, bytes, start, end, previous);
}

/** CRC-32C (Castagnoli), as SCTP has it (RFC 9260 appendix A); parameters as those of `crc32`. */
export function crc32c(bytes: Uint8Array, start: number, end: number, previous = 0): number {
  return check(CRC32C, bytes, start, end, previous);
}

function check(table: Int32Array, bytes: Uint8Array, start: number, end: number, previous: number): number {
  let sum = ~previous;
  // The caller vouches for the range, an octet for the place in the table.
  for (let at = start; at < end; at++) sum = table[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8);
  return ~sum >>> 0;
}
