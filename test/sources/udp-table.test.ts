import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOf } from '../../src/sources/udp-table.ts';

// Laid out as Linux 6.1 prints them on x86-64; ports 9060 = 0x2364, 5353 = 0x14E9.
const UDP = Buffer.from(
  [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            ',
    '   14: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   105        0 18431 2 0000000000000000 0         ',
    '  702: 0100007F:2364 00000000:0000 07 00000000:00036900 00:00000000 00000000  1000        0 91423 2 0000000000000000 17        ',
    '  703: 0A0200C0:C001 0100007F:2364 01 00000000:00000000 00:00000000 00000000  1000        0 91424 2 0000000000000000 5         ',
    '  704: 0A0200C0:2364 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 91425 2 0000000000000000 4294967295',
    '',
  ].join('\n'),
);
const UDP6 = Buffer.from(
  [
    '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    '  702: 00000000000000000000000000000000:2364 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 91500 2 0000000000000000 3',
    '  702: 00000000000000000000000001000000:2364 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 91501 2 0000000000000000 42',
    '  703: B80D0120000000000000000010000000:2364 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 91502 2 0000000000000000 8',
    '  704: 0000000000000000FFFF00000100007F:2364 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 91503 2 0000000000000000 9',
  ].join('\n'),
);
const UDP_BIG_ENDIAN = Buffer.from(
  '  702: 7F000001:2364 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 91423 2 0000000000000000 6\n',
);

const cases: [string, Buffer, 4 | 6, string, number, 'LE' | 'BE', number | null][] = [
  ['an IPv4 socket', UDP, 4, '127.0.0.1', 9060, 'LE', 17],
  ['a socket on all IPv4 addresses', UDP, 4, '0.0.0.0', 5353, 'LE', 0],
  ['the largest count', UDP, 4, '192.0.2.10', 9060, 'LE', 4_294_967_295],
  ['the table of a big-endian host', UDP_BIG_ENDIAN, 4, '127.0.0.1', 9060, 'BE', 6],
  ['a socket on all IPv6 addresses', UDP6, 6, '::', 9060, 'LE', 3],
  ['the IPv6 loopback address', UDP6, 6, '::1', 9060, 'LE', 42],
  ['an IPv6 address, in a last line without its end', UDP6, 6, '2001:db8::10', 9060, 'LE', 8],
  ['an IPv6 address with its zone', UDP6, 6, '2001:db8::10%eth0', 9060, 'LE', 8],
  ['an IPv4-mapped address', UDP6, 6, '::ffff:127.0.0.1', 9060, 'LE', 9],
  ['null for a port that is not there', UDP, 4, '127.0.0.1', 9061, 'LE', null],
  ['null for an address only seen as the remote one', UDP.subarray(0, -1), 4, '192.0.2.10', 49154, 'LE', null],
  ['null for an empty table', Buffer.alloc(0), 4, '127.0.0.1', 9060, 'LE', null],
  ['null for a line cut before its count', UDP.subarray(0, UDP.indexOf('00036900')), 4, '127.0.0.1', 9060, 'LE', null],
  ['null for what is no address', UDP, 4, 'localhost', 9060, 'LE', null],
];

for (const [what, table, family, ip, port, order, drops] of cases) {
  test(`loadOf() finds ${what}`, () => {
    assert.equal(loadOf(table, family, ip, port, order)?.dropped ?? null, drops);
  });
}

test('loadOf() finds what waits in a socket', () => {
  assert.deepEqual(loadOf(UDP, 4, '127.0.0.1', 9060, 'LE'), { queued: 0x36900, dropped: 17 });
});
