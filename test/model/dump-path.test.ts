import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { dumpPath } from '../../src/model/dump-path.ts';

const NAMING = { prefix: 'callid_', suffix: '', extension: 'pcap', subdirs: 0 };

// By RFC 3986 §2.1 and §3.3: a path segment, of which "!", "'", "(", ")", "*", "," and ";" are escaped, too.
for (const [callId, name] of [
  ['a84b4c76e66710@pc33.example.com', 'callid_a84b4c76e66710@pc33.example.com.pcap'],
  ['a/b', 'callid_a%2Fb.pcap'],
  ['../../etc/passwd', 'callid_..%2F..%2Fetc%2Fpasswd.pcap'],
  ['%2F', 'callid_%252F.pcap'],
  ['a b?c#d;e,f', 'callid_a%20b%3Fc%23d%3Be%2Cf.pcap'],
  ['x@[2001:db8::1]', 'callid_x@%5B2001:db8::1%5D.pcap'],
  ['&+=$-_.~', 'callid_&+=$-_.~.pcap'],
  ['\0\n\xff', 'callid_%00%0A%FF.pcap'],
] as const) {
  test(`the messages of call ${JSON.stringify(callId)} go to ${name}`, () => {
    assert.equal(dumpPath(callId, NAMING), name);
  });
}

test('prefix, suffix and extension stand around the Call-ID', () => {
  assert.equal(dumpPath('c', { ...NAMING, prefix: 'p-', suffix: '-s', extension: 'pcapng' }), 'p-c-s.pcapng');
  assert.equal(dumpPath('..', { ...NAMING, prefix: '' }), '...pcap');
});

test('subdirectories are numbers to base 36 of a fixed width', () => {
  // The fewest digits with 36^digits > count.
  for (const [subdirs, pattern] of [
    [1, /^0\//],
    [35, /^[0-9a-y]\//],
    [36, /^0[0-9a-z]\//],
    [40, /^(0[0-9a-z]|1[0-3])\//],
    [1296, /^0[0-9a-z]{2}\//],
  ] as const) {
    const names = new Set<string>();
    for (let n = 0; n < subdirs * 12; n++) {
      const path = dumpPath(`call-${n}`, { ...NAMING, subdirs });
      assert.match(path, pattern);
      names.add(path.slice(0, path.indexOf('/')));
    }
    assert.ok(names.size > subdirs * 0.9, `${names.size} of ${subdirs} used`);
  }
});

test('a Call-ID of any octets and any length is a name of its own in the directory', () => {
  const octets = fc.uint8Array({ maxLength: 1024 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  fc.assert(
    fc.property(octets, octets, fc.constantFrom('', 'callid_'), (one, other, prefix) => {
      const path = dumpPath(one, { ...NAMING, prefix });
      assert.match(path, /^[\w\-.~$&+=:@%]{5,255}$/);
      assert.ok(path !== '.' && path !== '..' && path.endsWith('.pcap'));
      assert.equal(path === dumpPath(other, { ...NAMING, prefix }), one === other);
    }),
  );
});
