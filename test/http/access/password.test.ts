import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, isPassword } from '../../../src/http/access/password.ts';
import { formatPasswordHash, parsePasswordHash } from '../../../src/model/password.ts';

test('isPassword() agrees with RFC 7914 §12: "pleaseletmein", "SodiumChloride", N = 16384, r = 8, p = 1', async () => {
  const hash = {
    costLog2: 14,
    blockSize: 8,
    parallelism: 1,
    salt: Buffer.from('SodiumChloride'),
    key: Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex'),
  };
  assert.equal(await isPassword('pleaseletmein', hash), true);
  assert.equal(await isPassword('pleaseletmeout', hash), false);
});

test('hashPassword() makes another hash each time, which is written and read back', async () => {
  const hash = await hashPassword('secret');
  const text = formatPasswordHash(hash);
  assert.match(text, /^scrypt\.15\.8\.3\.[\w-]{22}\.[\w-]{43}$/);
  const read = parsePasswordHash(text);
  assert.ok(read);
  assert.equal(await isPassword('secret', read), true);
  assert.notEqual(formatPasswordHash(await hashPassword('secret')), text);
});

const SALT = 'MDEyMzQ1Njc4OWFiY2RlZg';
const KEY = '6g3umF-uVrJsObaTZhIbbTlgrvOEFcCItdwSjtPF67M';
const refused: [string, string][] = [
  ['nothing', ''],
  ['another scheme', `bcrypt.10.8.1.${SALT}.${KEY}`],
  ['a cost that checks nothing', `scrypt.9.8.1.${SALT}.${KEY}`],
  ['a cost that takes all memory', `scrypt.18.8.1.${SALT}.${KEY}`],
  ['blocks that take all memory', `scrypt.15.17.1.${SALT}.${KEY}`],
  ['no blocks', `scrypt.15.0.1.${SALT}.${KEY}`],
  ['work without end', `scrypt.15.8.17.${SALT}.${KEY}`],
  ['no work', `scrypt.15.8.0.${SALT}.${KEY}`],
  ['a short salt', `scrypt.15.8.1.MDEy.${KEY}`],
  ['a cut key', `scrypt.15.8.1.${SALT}.${KEY.slice(1)}`],
  ['a key with more behind it', `scrypt.15.8.1.${SALT}.${KEY}.x`],
];
for (const [what, text] of refused) {
  test(`parsePasswordHash() refuses ${what}`, () => {
    assert.equal(parsePasswordHash(text), undefined);
  });
}
