import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cidrContains, parseCidr } from '../../src/model/cidr.ts';
import { parseIp } from '../../src/model/endpoint.ts';

function contains(network: string, address: string): boolean {
  const cidr = parseCidr(network);
  const ip = parseIp(address);
  assert.ok(cidr !== undefined && ip !== undefined);
  return cidrContains(cidr, ...ip.words);
}

for (const [network, inside, outside] of [
  ['10.0.0.0/8', '10.255.255.255', '11.0.0.0'],
  ['192.0.2.128/25', '192.0.2.128', '192.0.2.127'],
  ['192.0.2.7/24', '192.0.2.200', '192.0.3.7'],
  ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
  ['192.0.2.1', '::ffff:192.0.2.1', '::192.0.2.1'],
  ['0.0.0.0/0', '255.255.255.255', '::1'],
  ['0.0.0.0/1', '127.255.255.255', '128.0.0.0'],
  ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::'],
  ['2001:db8::/33', '2001:db8:7fff::', '2001:db8:8000::'],
  ['2001:db8::1', '2001:db8::1', '2001:db8::2'],
  ['fe80::/10', 'febf::1', 'fec0::1'],
  ['::ffff:192.0.2.0/120', '192.0.2.255', '192.0.3.0'],
] as const) {
  test(`cidrContains() finds ${inside} in ${network}, and not ${outside}`, () => {
    assert.equal(contains(network, inside), true);
    assert.equal(contains(network, outside), false);
  });
}

test('cidrContains() finds every address in ::/0, IPv4 too', () => {
  assert.equal(contains('::/0', '192.0.2.1'), true);
  assert.equal(contains('::/0', 'ff02::1'), true);
});

test('parseCidr() keeps the network, the bits counted with the mapped prefix, and the text', () => {
  assert.deepEqual(parseCidr('192.0.2.7/24'), {
    words: [0, 0, 0xffff, 0xc0000200 | 0],
    bits: 120,
    text: '192.0.2.7/24',
  });
  assert.deepEqual(parseCidr('2001:db8::1/64'), { words: [0x20010db8, 0, 0, 0], bits: 64, text: '2001:db8::1/64' });
});

for (const text of ['', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0/8', '10.0.0.0/ 8']) {
  test(`parseCidr() refuses "${text}"`, () => assert.equal(parseCidr(text), undefined));
}
for (const text of ['::/129', '::1/1e1', 'fe80::1%eth0', 'fe80::1%eth0/64', 'localhost', '10.0.0.256']) {
  test(`parseCidr() refuses "${text}"`, () => assert.equal(parseCidr(text), undefined));
}

test('cidrContains() agrees with comparing the leading bits as text', () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const words = fc.tuple(word, word, word, word);
  const bitsOf = (address: readonly number[]): string =>
    address.map((part) => (part >>> 0).toString(2).padStart(32, '0')).join('');
  const flip = (address: [number, number, number, number], at: number): [number, number, number, number] => {
    const bit = (index: number): number => (at >> 5 === index ? 1 << (31 - (at & 31)) : 0);
    return [address[0] ^ bit(0), address[1] ^ bit(1), address[2] ^ bit(2), address[3] ^ bit(3)];
  };
  fc.assert(
    fc.property(words, fc.nat(128), fc.nat(127), (network, bits, at) => {
      const groups = network.flatMap((part) => [(part >>> 16).toString(16), (part & 0xffff).toString(16)]);
      const cidr = parseCidr(`${groups.join(':')}/${bits}`);
      assert.ok(cidr !== undefined);
      const other = flip(network, at);
      assert.equal(cidrContains(cidr, ...network), true);
      const same = bitsOf(network).slice(0, bits) === bitsOf(other).slice(0, bits);
      assert.equal(cidrContains(cidr, ...other), same);
    }),
  );
});
