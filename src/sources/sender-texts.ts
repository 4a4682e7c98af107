import { networkInterfaces } from 'node:os';
import { formatIp, IPV4_MAPPED } from '../model/endpoint.ts';

/** Family, scope (the number of an interface), four words of the address. */
export const SENDER_INTS = 6;
/** Most collectors hear fewer agents. */
const PLACES = 1024;

/**
 * Addresses of senders as Node.js writes them, from integers. Texts are kept, since making one takes longer than
 * decoding a packet: each address has one place, and an address that meets another there replaces it.
 */
export class SenderTexts {
  readonly #keys = new Int32Array(PLACES * SENDER_INTS);
  readonly #texts: string[] = Array.from({ length: PLACES }, () => '');

  /** The text of the sender at `words[at…]`. */
  of(words: Int32Array, at: number): string {
    // Six integers each; the inputs of the sum lie inside both arrays.
    const mixed = (words[at + 2]! ^ words[at + 3]! ^ words[at + 4]! ^ words[at + 5]!) * 0x9e3779b1;
    const place = (mixed >>> 16) % PLACES;
    const key = place * SENDER_INTS;
    let isSame = true;
    for (let n = 0; n < SENDER_INTS; n++) if (this.#keys[key + n] !== words[at + n]) isSame = false;
    if (isSame) return this.#texts[place]!; // a key that was set has its text
    const sender = words.subarray(at, at + SENDER_INTS);
    this.#keys.set(sender, key);
    return (this.#texts[place] = textOf(sender));
  }
}

function textOf(sender: Int32Array): string {
  const [family = 0, scope = 0, w0 = 0, w1 = 0, w2 = 0, w3 = 0] = sender;
  if (family === 4) return formatIp(4, w0, w1, w2, w3);
  if ((w0 | w1) === 0 && w2 === IPV4_MAPPED) return `::ffff:${formatIp(4, w0, w1, w2, w3)}`;
  const isLinkLocal = (w0 & LINK_LOCAL_MASK) === LINK_LOCAL; // RFC 4291 §2.5.6: fe80::/10
  return `${formatIp(6, w0, w1, w2, w3)}${isLinkLocal && scope > 0 ? `%${zoneOf(scope)}` : ''}`;
}
const LINK_LOCAL_MASK = 0xffc00000 | 0;
const LINK_LOCAL = 0xfe800000 | 0;

function zoneOf(scope: number): string {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some((address) => address.family === 'IPv6' && address.scopeid === scope) === true) return name;
  }
  return String(scope);
}
