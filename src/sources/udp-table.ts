import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { parseIp } from '../model/endpoint.ts';

/**
 * What waits in one socket and what the kernel dropped on it, from Linux's table of UDP sockets: one line per socket, in
 * hex, addresses in 32-bit words of the host's octet order, the drops, decimal, in the last column.
 *
 *     sl  local_address rem_address   st tx_queue rx_queue … ref pointer drops
 *    702: 0100007F:2364 00000000:0000 07 00000000:00000000 … 2 0000000000000000 17
 */

/** Reads the table a socket of this family stands in; `null` where there is none. */
export async function readUdpTable(family: 4 | 6): Promise<Buffer | null> {
  try {
    return await readFile(family === 4 ? '/proc/net/udp' : '/proc/net/udp6');
  } catch {
    return null;
  }
}

/**
 * Finds the socket bound to `ip` and `port`; `null` when it is not in the table.
 *
 * @param table text of the table; it can be long, so only our own line is decoded
 */
export function loadOf(
  table: Buffer,
  family: 4 | 6,
  ip: string,
  port: number,
  order = endianness(),
): { dropped: number; queued: number } | null {
  const words = parseIp(ip)?.words;
  if (words === undefined) return null;
  const address = (family === 4 ? words.slice(3) : words).map((word) => hexWord(word, order)).join('');
  // The colon of the slot number tells the local address from the remote one.
  const at = table.indexOf(`: ${address}:${port.toString(16).toUpperCase().padStart(4, '0')} `);
  if (at < 0) return null;
  const lineEnd = table.indexOf('\n', at);
  const line = table.toString('latin1', at, lineEnd < 0 ? table.length : lineEnd).trimEnd();
  const found = QUEUED_AND_DROPPED.exec(line);
  return found === null ? null : { queued: Number.parseInt(found[1] ?? '', 16), dropped: Number(found[2]) };
}
/** Behind the state and the send queue; and the last column. */
const QUEUED_AND_DROPPED = /^: \S+ \S+ \S+ [0-9A-F]+:([0-9A-F]+) .* (\d+)$/;

function hexWord(word: number, order: 'LE' | 'BE'): string {
  const octets = Buffer.alloc(4);
  octets.writeInt32BE(word);
  if (order === 'LE') octets.reverse();
  return octets.toString('hex').toUpperCase();
}
