import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { readCertificates } from '../src/certificates.ts';
import { ROOT } from './support/root.ts';

const TLS = join(ROOT, 'fixtures/tls');
const SERVER = join(TLS, 'server.pem');
const CA = join(TLS, 'ca.pem');

function read(files: readonly { option: string; path: string; use: 'own' | 'authority' }[]) {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (_: object, message: string) => warnings.push(message), error() {} };
  return { found: readCertificates([{ listener: 'http', files }], log), warnings };
}

suite('readCertificates()', () => {
  test('reads of each file what openssl x509 says of it', () => {
    const { found } = read([
      { option: 'http_tls_cert', path: SERVER, use: 'own' },
      { option: 'http_tls_ca', path: CA, use: 'authority' },
    ]);
    assert.deepEqual(
      found.map(({ option, use, subject }) => [option, use, subject]),
      [
        ['http_tls_cert', 'own', 'CN=sipcol test server'],
        ['http_tls_ca', 'authority', 'CN=sipcol test CA'],
      ],
    );
    const [own] = found;
    assert.equal(own?.issuer, 'CN=sipcol test CA');
    assert.equal(own?.validUntilUs, 4_948_823_891e6);
    assert.equal(own?.serialNumber, '2E28B66443AAB3C6C2A40437201398F780E93DB0');
    assert.equal(
      own?.sha256,
      '02:62:43:5C:F8:80:01:B9:7E:EC:D4:49:60:A5:AA:01:76:F9:63:99:E2:67:BA:AB:9E:49:F6:5C:2C:A8:DD:33',
    );
    assert.equal(own?.names, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  });

  test('tells the certificate from the chain behind it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sipcol-'));
    try {
      const path = join(folder, 'chain.pem');
      writeFileSync(path, `${readFileSync(SERVER, 'utf8')}\n${readFileSync(CA, 'utf8')}`);
      const { found } = read([{ option: 'http_tls_cert', path, use: 'own' }]);
      assert.deepEqual(
        found.map(({ use }) => use),
        ['own', 'chain'],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('leaves out a file that cannot be read, and says so', () => {
    const { found, warnings } = read([
      { option: 'http_tls_cert', path: join(TLS, 'no-such.pem'), use: 'own' },
      { option: 'http_tls_ca', path: CA, use: 'authority' },
    ]);
    assert.equal(found.length, 1);
    assert.deepEqual(warnings, ['a certificate file cannot be shown on /certificates']);
  });
});
