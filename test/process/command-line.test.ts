import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { start } from '../support/process.ts';
import { ROOT } from '../support/root.ts';

const CLI = join(ROOT, '.build/src/cli.js');

async function sipcol(...args: string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const program = start(process.execPath, [CLI, ...args]);
  const code = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Each is refused with one line that names what was given and what is allowed; nothing is started. */
const refusals: { args: string[]; line: RegExp }[] = [
  { args: ['--no_such_option=1'], line: /no_such_option/ },
  { args: ['--hep_udp_port=70000'], line: /hep_udp_port.*"70000".*65535/ },
  { args: ['--calls_timeouts=[inv_neg:9999s]'], line: /calls_timeouts.*inv_neg/ },
  { args: ['--http_addr=0.0.0.0'], line: /http_addr.*http_tokens.*http_allow_anonymous/ },
  { args: ['--hep_tls_port=9061'], line: /hep_tls_cert/ },
  { args: ['--config=/does/not/exist.json'], line: /\/does\/not\/exist\.json/ },
  { args: ['dance'], line: /Unknown command "dance"/ },
  { args: ['replay'], line: /replay/ },
];
for (const { args, line } of refusals) {
  test(`sipcol ${args.join(' ')} ends with 1 and one line`, async () => {
    const { code, stdout, stderr } = await sipcol(...args);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, line);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });
}

test('sipcol --version and --help answer on standard output', async () => {
  assert.match((await sipcol('--version')).stdout, /^sipcol \d+\.\d+\.\d+\n$/);
  const help = await sipcol('--help');
  assert.equal(help.code, 0);
  assert.match(help.stdout, /hep_udp_port/);
  assert.match(help.stdout, /sipcol replay/);
});

test('sipcol --print-config prints what would be in effect, secrets hidden', async () => {
  const { code, stdout } = await sipcol('--print-config', '--hep_auth_key=verysecret', '-http_port', '8081');
  assert.equal(code, 0);
  const config = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(config['http_port'], 8081);
  assert.equal(stdout.includes('verysecret'), false);
});
