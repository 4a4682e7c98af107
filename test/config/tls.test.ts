import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';
import { toEngineSettings } from '../../src/config/settings.ts';

/** A throw-away certificate and its key; `undefined` where there is no openssl to make them. */
function makeCertificate(folder: string, name: string): { cert: string; key: string } | undefined {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const args = ['req', '-x509', ...curve, '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert];
  try {
    execFileSync('openssl', args, { stdio: 'ignore' });
    return { cert, key };
  } catch {
    return undefined;
  }
}

test('loadConfig() checks that certificate and key belong together', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sipcol-config-'));
  try {
    const ours = makeCertificate(folder, 'ours');
    const other = makeCertificate(folder, 'other');
    if (ours === undefined || other === undefined) {
      context.skip('openssl is not installed');
      return;
    }
    const load = (cert: string, key: string, ca: string): LoadedConfig =>
      loadConfig({
        argv: ['--hep_tls_port=auto', `--hep_tls_cert=${cert}`, `--hep_tls_key=${key}`, `--hep_tls_ca=${ca}`],
        env: {},
        readFile: (path) => readFileSync(path, 'utf8'),
      });
    const { hep } = toEngineSettings(load(ours.cert, ours.key, other.cert).config);
    assert.deepEqual(hep.tls, { cert: ours.cert, key: ours.key, ca: other.cert });
    assert.equal(hep.tlsPort, 0);
    assert.throws(() => load(ours.cert, other.key, ''), {
      message: `Cannot use hep_tls_key "${other.key}": expected the private key of hep_tls_cert in PEM, without passphrase`,
    });
    assert.throws(() => load(ours.cert, ours.key, ours.key), {
      message: `Cannot use hep_tls_ca "${ours.key}": expected certificates in PEM`,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
