import { networkOf } from './cidr.ts';
import { parseIp } from './endpoint.ts';
import { readPlace } from './search/values.ts';
import type { Cidr } from './settings.ts';
import { quoted } from './text.ts';

/** A name people use for an address, a network, or one port of either. */
export interface Alias {
  readonly network: Cidr;
  /** `undefined` = every port. */
  readonly port: number | undefined;
  readonly name: string;
  /** What several names have in common, such as `carriers`; may be empty. */
  readonly group: string;
}

export const MAX_ALIASES = 4096;

/** The longest prefix first; of equals, the one for a single port. */
const byPrecision = (a: Alias, b: Alias): number =>
  b.network.bits - a.network.bits || Number(a.port === undefined) - Number(b.port === undefined);

type Words = Readonly<Cidr['words']>;

/**
 * The names of all addresses. Where networks overlap, the longest prefix decides; of equals, the one for a single port.
 *
 *   prefix lengths, longest first ──▶ network ──▶ its aliases, those for a port first
 */
export class Aliases {
  #all: readonly Alias[] = [];
  readonly #byBits = new Map<number, Map<string, Alias[]>>();

  constructor(all: readonly Alias[]) {
    this.replace(all);
  }

  /** The most precise first. */
  get all(): readonly Alias[] {
    return this.#all;
  }

  /** From now on there are these, for everybody who has been given this table. */
  replace(all: readonly Alias[]): void {
    this.#all = all.toSorted(byPrecision);
    this.#byBits.clear();
    for (const alias of this.#all) {
      const { bits, words } = alias.network;
      const networks = this.#byBits.get(bits) ?? new Map<string, Alias[]>();
      this.#byBits.set(bits, networks);
      const key = words.join();
      networks.set(key, [...(networks.get(key) ?? []), alias]);
    }
  }

  find(words: Words, port: number): Alias | undefined {
    for (const [bits, networks] of this.#byBits) {
      const here = networks.get(networkOf(words, bits).join());
      const found = here?.find((alias) => alias.port === undefined || alias.port === port);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Name of an address as text; `undefined` = it has none. */
  nameOf(ip: string, port: number): string | undefined {
    if (this.all.length === 0) return undefined;
    const address = parseIp(ip);
    return address === undefined ? undefined : this.find(address.words, port)?.name;
  }

  /** Whether there is such a name or group; case does not matter. */
  has(name: string): boolean {
    return this.all.some((alias) => isCalled(alias, name));
  }

  /** What decides which addresses have that name or group: no network wider than the widest that has it. */
  deciding(name: string): readonly Alias[] {
    return this.all.slice(0, this.all.findLastIndex((alias) => isCalled(alias, name)) + 1);
  }
}

/** Nobody adds to it. */
export const NO_ALIASES = new Aliases([]);

export function isCalled(alias: Alias, name: string): boolean {
  const wanted = name.toLowerCase();
  return wanted !== '' && (alias.name.toLowerCase() === wanted || alias.group.toLowerCase() === wanted);
}

/** Neither what separates entries nor what separates their parts, and nothing that cannot be seen. */
const NOTATION = /^([^=]{1,60})=([^=;,\p{C}]{1,60})(?:;([^=;,\p{C}]{1,60}))?$/u;

/** Reads `192.0.2.1=name`, `192.0.2.0/24:5060=name;group`, `[2001:db8::/32]:5060=name`, or answers `undefined`. */
export function parseAlias(text: string): Alias | undefined {
  const [, where = '', name = '', group = ''] = NOTATION.exec(text) ?? [];
  const place = readPlace(where.trim());
  const [named, grouped] = [name.trim(), group.trim()];
  // A name that reads as an address would be taken for that address in a search.
  if (place === undefined || named === '' || readPlace(named) !== undefined) return undefined;
  return { ...place, name: named, group: grouped };
}

export function formatAlias({ network, port, name, group }: Alias): string {
  const address =
    port === undefined ? network.text : `${network.text.includes(':') ? `[${network.text}]` : network.text}:${port}`;
  return `${address}=${name}${group === '' ? '' : `;${group}`}`;
}

/** Where those aliases are kept that may be changed while running. */
export interface AliasStore {
  /** Name of the file, empty = there is none, and nothing can be changed. */
  readonly path: string;
  /** Its lines as they are now. Rejects when it cannot be read. */
  read(): Promise<string>;
  /** Puts other lines in their place, all or nothing. Rejects with `AliasTextFault`. */
  write(text: string): Promise<void>;
}

/** A line nobody can read, or too many of them: the text says which, and what is expected. */
export class AliasTextFault extends Error {
  readonly code = 'ALIAS_TEXT';
}

/** One alias on each line; blank lines and lines that begin with # are left out. */
export function parseAliasLines(text: string): Alias[] | AliasTextFault {
  const aliases: Alias[] = [];
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.trim();
    if (line === '' || line.startsWith('#')) continue;
    const alias = parseAlias(line);
    if (alias === undefined) {
      return new AliasTextFault(`line ${index + 1} is ${quoted(line)}, expected address=name or address=name;group`);
    }
    aliases.push(alias);
  }
  return aliases;
}
