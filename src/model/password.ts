/**
 * A password as it is kept: what scrypt (RFC 7914) made of it, with everything needed to make it again.
 *
 * Written `scrypt.15.8.3.SALT.KEY`: cost as a power of two, block size, parallelism, salt and key in base64url. None of
 * the characters means anything to a shell, a compose file, YAML or our own lists.
 */
export interface PasswordHash {
  /** Power of two: 15 is 32768 rounds. */
  readonly costLog2: number;
  readonly blockSize: number;
  readonly parallelism: number;
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

export const KEY_BYTES = 32;
const MIN_SALT_BYTES = 16;
const MAX_SALT_BYTES = 64;
/** A check takes 128 · blockSize · 2^costLog2 octets of memory: within these, 8 KiB to 256 MiB. */
const MIN_COST_LOG2 = 10;
const MAX_COST_LOG2 = 17;
const MAX_BLOCK_SIZE = 16;
const MAX_PARALLELISM = 16;

/** Reads a hash as `formatPasswordHash` writes it; `undefined` for anything else and for costs out of bounds. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const parts = /^scrypt\.(\d{1,2})\.(\d{1,2})\.(\d{1,2})\.([\w-]{1,100})\.([\w-]{1,100})$/.exec(text);
  if (parts === null) return undefined;
  const [, cost, size, parallel, salt, key] = parts;
  const hash = {
    costLog2: Number(cost),
    blockSize: Number(size),
    parallelism: Number(parallel),
    salt: Buffer.from(salt ?? '', 'base64url'),
    key: Buffer.from(key ?? '', 'base64url'),
  };
  const fits =
    hash.costLog2 >= MIN_COST_LOG2 &&
    hash.costLog2 <= MAX_COST_LOG2 &&
    hash.blockSize >= 1 &&
    hash.blockSize <= MAX_BLOCK_SIZE &&
    hash.parallelism >= 1 &&
    hash.parallelism <= MAX_PARALLELISM &&
    hash.salt.length >= MIN_SALT_BYTES &&
    hash.salt.length <= MAX_SALT_BYTES &&
    hash.key.length === KEY_BYTES;
  return fits ? hash : undefined;
}

export function formatPasswordHash({ costLog2, blockSize, parallelism, salt, key }: PasswordHash): string {
  const text = (octets: Uint8Array): string => Buffer.from(octets).toString('base64url');
  return `scrypt.${costLog2}.${blockSize}.${parallelism}.${text(salt)}.${text(key)}`;
}
