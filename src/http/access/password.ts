import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { KEY_BYTES, type PasswordHash } from '../../model/password.ts';

/** 32 MiB and about a quarter of a second: guessing costs the guesser, logging in does not hurt. */
const COST = { costLog2: 15, blockSize: 8, parallelism: 3 };
const SALT_BYTES = 16;

/** Longer ones are refused: nobody types them, and what is hashed should be bounded. */
export const MAX_PASSWORD_LENGTH = 1024;

/** @param salt 16 octets or more, different for every password; given in tests only */
export async function hashPassword(
  password: string,
  salt: Uint8Array = randomBytes(SALT_BYTES),
): Promise<PasswordHash> {
  return { ...COST, salt, key: await derive(password, { ...COST, salt }) };
}

export async function isPassword(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash), hash.key);
}

/** Takes as long as checking a password of somebody who exists. */
export function nobodysHash(): PasswordHash {
  return { ...COST, salt: randomBytes(SALT_BYTES), key: randomBytes(KEY_BYTES) };
}

/** The same password typed on different systems may differ in how accents are composed (RFC 8265 §4.2.2: NFC). */
function derive(password: string, hash: Omit<PasswordHash, 'key'>): Promise<Buffer> {
  const { costLog2, blockSize, parallelism, salt } = hash;
  const N = 2 ** costLog2;
  // Node counts a little more than 128·N·r; twice that is always enough.
  const options = { N, r: blockSize, p: parallelism, maxmem: 256 * N * blockSize };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
