import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { Aliases, formatAlias, parseAlias } from '../../src/model/alias.ts';
import { isAddressIn } from '../../src/model/cidr.ts';

function aliases(...texts: string[]): Aliases {
  return new Aliases(
    texts.map((text) => {
      const alias = parseAlias(text);
      assert.ok(alias !== undefined, text);
      return alias;
    }),
  );
}

suite('Aliases', () => {
  const known = aliases(
    '10.0.0.0/8=core',
    '10.1.0.0/16=lab;test',
    '10.1.0.7=switch;test',
    '10.1.0.7:5080=app',
    '2001:db8::/32=six',
    '[2001:db8::9]:5061=nine',
    '192.0.2.0/24:5061=secure',
  );
  for (const [ip, port, name] of [
    ['10.9.9.9', 5060, 'core'],
    ['10.1.9.9', 5060, 'lab'],
    ['10.1.0.7', 5060, 'switch'],
    ['10.1.0.7', 5080, 'app'],
    ['::ffff:10.1.0.7', 5060, 'switch'],
    ['2001:db8::1', 5060, 'six'],
    ['2001:db8::9', 5060, 'six'],
    ['2001:db8::9', 5061, 'nine'],
    ['192.0.2.77', 5061, 'secure'],
    ['192.0.2.77', 5060, undefined],
    ['198.51.100.1', 5060, undefined],
    ['nowhere', 5060, undefined],
  ] as const) {
    test(`name ${ip} port ${port} ${name ?? 'not at all'}`, () => assert.equal(known.nameOf(ip, port), name));
  }

  test('know names and groups in any case', () => {
    assert.ok(known.has('LAB') && known.has('Test') && !known.has('tes') && !known.has(''));
  });

  test('decide which addresses have a name with nothing wider than its network', () => {
    // By length of the prefix: 128, 128, 128, 120, 112 bits; of those with a port first.
    assert.deepEqual(
      known.deciding('lab').map(({ name }) => name),
      ['app', 'nine', 'switch', 'secure', 'lab'],
    );
    assert.deepEqual(known.deciding('nobody'), []);
  });

  test('answer what looking at all of them one by one would', () => {
    const octet = fc.integer({ min: 0, max: 3 });
    const network = fc
      .tuple(octet, octet, fc.integer({ min: 4, max: 32 }))
      .map(([a, b, bits]) => `10.0.${a}.${b}/${bits}`);
    const port = fc.constantFrom('', ':1', ':2');
    const entries = fc.array(fc.tuple(network, port), { maxLength: 8 });
    fc.assert(
      fc.property(entries, octet, octet, fc.integer({ min: 1, max: 3 }), (given, a, b, asked) => {
        const all = given.map(([where, at], n) => parseAlias(`${where}${at}=n${n}`)).filter((one) => one !== undefined);
        const ip = `10.0.${a}.${b}`;
        const fitting = all.filter((one) => isAddressIn(ip, [one.network]) && (one.port ?? asked) === asked);
        const longest = Math.max(...fitting.map((one) => one.network.bits));
        const best = fitting.filter((one) => one.network.bits === longest);
        const expected = best.find((one) => one.port !== undefined) ?? best[0];
        assert.equal(new Aliases(all).nameOf(ip, asked), expected?.name);
      }),
    );
  });
});

suite('parseAlias()', () => {
  for (const text of [
    '192.0.2.1=sbc',
    '192.0.2.0/24:5060=SBC Frankfurt;our side',
    '[2001:db8::/32]:5060=six',
    '2001:db8::1=one',
  ])
    test(`reads ${text}, and it is written so again`, () => assert.equal(formatAlias(parseAlias(text)!), text)); // it reads
  for (const text of [
    '',
    '192.0.2.1',
    'sbc=192.0.2.1',
    '192.0.2.1=',
    '192.0.2.1=;group',
    '192.0.2.1=name;',
    '192.0.2.1=a,b',
    '192.0.2.1=a\u0000b',
    '192.0.2.1=a\u202eb',
    '192.0.2.1=198.51.100.1',
    '192.0.2.1:70000=x',
    '192.0.2.0/33=x',
    `192.0.2.1=${'x'.repeat(61)}`,
  ])
    test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseAlias(text), undefined));
});
