import { parseIp } from './endpoint.ts';
import type { Cidr } from './settings.ts';

const IPV4_BITS_BEFORE = 96;

/**
 * Reads a network such as `192.0.2.0/24` or `2001:db8::/32`; a bare address is a network of one.
 * Bits behind the prefix are ignored, so `192.0.2.7/24` is the network around that host.
 *
 * `::/0` also contains IPv4, which is held as IPv4-mapped; `0.0.0.0/0` contains IPv4 only.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  // A zone names an interface of this host, which no network has.
  if (address.includes('%')) return undefined;
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  // The notation decides what the prefix counts, so ::ffff:192.0.2.0/120 is read as it is written.
  const width = address.includes(':') ? 128 : 32;
  let prefix = width;
  if (slash >= 0) {
    const digits = text.slice(slash + 1);
    if (!/^\d{1,3}$/.test(digits)) return undefined;
    prefix = Number(digits);
    if (prefix > width) return undefined;
  }
  const bits = width === 32 ? IPV4_BITS_BEFORE + prefix : prefix;
  return { words: networkOf(ip.words, bits), bits, text };
}

/** The network of so many bits around an address, as four words. */
export function networkOf([w0, w1, w2, w3]: Readonly<Cidr['words']>, bits: number): [number, number, number, number] {
  return [w0 & mask(bits), w1 & mask(bits - 32), w2 & mask(bits - 64), w3 & mask(bits - 96)];
}

/** Whether an address, as four words (see endpoint.ts), lies in the network. */
export function cidrContains(cidr: Cidr, w0: number, w1: number, w2: number, w3: number): boolean {
  const { words, bits } = cidr;
  return (
    ((w0 ^ words[0]) & mask(bits)) === 0 &&
    ((w1 ^ words[1]) & mask(bits - 32)) === 0 &&
    ((w2 ^ words[2]) & mask(bits - 64)) === 0 &&
    ((w3 ^ words[3]) & mask(bits - 96)) === 0
  );
}

/** An address as its peer writes it: sockets that listen on `::` show IPv4 as IPv4-mapped. */
export function unmapped(ip: string): string {
  return ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip;
}

/** Whether an address, as text, lies in one of the networks. */
export function isAddressIn(ip: string, networks: readonly Cidr[]): boolean {
  if (networks.length === 0) return false;
  const address = parseIp(ip);
  return address !== undefined && networks.some((network) => cidrContains(network, ...address.words));
}

/** The leading `bits` of a word as ones; shifts count modulo 32, so none and all are told apart by hand. */
function mask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}
