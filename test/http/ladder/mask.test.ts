import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { masked } from '../../../src/http/ladder/mask.ts';

test('masked() leaves credentials and keys of media out, and nothing else', () => {
  const lines: [string, string][] = [
    [
      'Authorization: Digest username="bob", realm="x", nonce="84a4cc6f", uri="sip:x", response="7587245234b3434c"',
      'Authorization: Digest username="bob", realm="x", nonce="***", uri="sip:x", response="***"',
    ],
    [
      'proxy-authorization : Digest response=abc,cnonce=def',
      'proxy-authorization : Digest response="***",cnonce="***"',
    ],
    ['Authorization: Basic Ym9iOnNlY3JldA==', 'Authorization: ***'],
    [
      'Authorization: Digest username="bob",\r\n response="abc"',
      'Authorization: Digest username="bob",\r\n response="***"',
    ],
    ['Authorization: Digest response="never closed', 'Authorization: Digest response="***"'],
    [
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20|1:32',
    ],
    ['a=crypto:1 F inline:one;inline:two', 'a=crypto:1 F inline:***;inline:***'],
    ['a=ice-pwd:asd88fgpdd777uzjYhagZg', 'a=ice-pwd:***'],
    ['Subject: Authorization: Digest response="x"', 'Subject: Authorization: Digest response="x"'],
    ['WWW-Authenticate: Digest nonce="84a4cc6f"', 'WWW-Authenticate: Digest nonce="84a4cc6f"'],
  ];
  for (const [raw, expected] of lines) {
    assert.equal(masked(raw), expected);
    assert.equal(masked(`INVITE\r\n${raw}\r\nTo: b`), `INVITE\r\n${expected}\r\nTo: b`);
  }
});

test('masked() shows nothing of a secret, whatever stands around it, and masks nothing twice', () => {
  const around = fc.string({ maxLength: 20 }).map((text) => text.replaceAll('"', ''));
  fc.assert(
    fc.property(around, around, (before, after) => {
      const raw = `Authorization: Digest x="${before}",response="SECRET",y="${after}"\r\na=ice-pwd:SECRET${after}`;
      const once = masked(raw);
      assert.ok(!/SECRET/.test(once.split('\na=ice')[1] ?? ''));
      assert.equal(masked(once), once);
    }),
  );
});
