import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { helpText, parseCommand } from '../../src/config/cli.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { OPTION_NAMES } from '../../src/config/schema.ts';
import { load } from './cases.ts';

for (const { argv, command, rest } of [
  { argv: [], command: 'serve', rest: [] },
  { argv: ['serve', '-p', '1'], command: 'serve', rest: ['-p', '1'] },
  { argv: ['-p', '1'], command: 'serve', rest: ['-p', '1'] },
  { argv: ['replay', 'a.pcap', '--help'], command: 'replay', rest: ['a.pcap', '--help'] },
  { argv: ['--help'], command: 'help', rest: ['--help'] },
  { argv: ['serve', '-h'], command: 'help', rest: ['-h'] },
  { argv: ['-version'], command: 'version', rest: ['-version'] },
  { argv: ['-p', '1', '--print-config'], command: 'print-config', rest: ['-p', '1', '--print-config'] },
  { argv: ['--no_such_option', '--help'], command: 'help', rest: ['--no_such_option', '--help'] },
  { argv: ['--hep_auth_key', '--help'], command: 'serve', rest: ['--hep_auth_key', '--help'] },
]) {
  test(`parseCommand() finds ${command} in "sipcol ${argv.join(' ')}"`, () => {
    assert.deepEqual(parseCommand(argv), { command, rest });
  });
}

test('parseCommand() refuses an unknown command', () => {
  assert.throws(() => parseCommand(['server']), {
    code: 'CONFIG_INVALID',
    message: 'Unknown command "server": expected serve, replay, probe, hash-password or options',
  });
});

test('what parseCommand() leaves for --print-config is what loadConfig() reads', () => {
  assert.equal(load({ argv: parseCommand(['--print-config', '-p', '7']).rest }).config.http_port, 7);
});

test('parseCommand() and loadConfig() answer any command line with a result or a ConfigError', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom('--', '-', '=', '--config', '-help', '--http_tokens', '--calls_timeouts=', '-run_forever', '-=1'),
    fc.constantFrom(...OPTION_NAMES).chain((name) => fc.string({ maxLength: 12 }).map((value) => `--${name}=${value}`)),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (argv) => {
      try {
        load({ argv: parseCommand(argv).rest });
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.doesNotMatch(error.message, /[\r\n]/);
      }
    }),
  );
});

test('helpText() names every option with its default, within 120 columns', () => {
  const text = helpText();
  for (const name of OPTION_NAMES) assert.match(text, new RegExp(`^ {2}--${name} `, 'm'));
  assert.match(text, /--http_port PORT +port of the pages and the API, 0 = off \(default 8060; also -p\)/);
  for (const line of text.split('\n')) assert.ok(line.length <= 120, line);
});
