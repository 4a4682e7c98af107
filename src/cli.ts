#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { ConfigError } from './config/config-error.ts';
import { quoted } from './model/text.ts';
import { helpText, parseCommand } from './config/cli.ts';
import { printConfig } from './config/describe.ts';
import { loadConfig, type LoadedConfig } from './config/load.ts';
import { runHashPassword } from './hash-password.ts';
import { serve } from './main.ts';
import { aboutPackage, packageFile } from './package-info.ts';
import { runProbe } from './probe/command.ts';
import { runReplay } from './replay/command.ts';
import { compileFilter, FilterFault } from './wire/bpf/filter.ts';
import { encodeHep1, encodeHep2, encodeHep3 } from './wire/hep/encode.ts';

/** The command `sipcol`: finds out what is asked for, does it, and turns the outcome into an exit code. */
async function run(argv: readonly string[]): Promise<number> {
  const { command, rest } = parseCommand(argv);
  switch (command) {
    case 'help':
      process.stdout.write(helpText());
      return 0;
    case 'version':
      process.stdout.write(`sipcol ${aboutPackage().version}\n`);
      return 0;
    case 'print-config':
      process.stdout.write(`${printConfig(load(rest))}\n`);
      return 0;
    case 'replay':
      return replay(rest);
    case 'probe':
      return runProbe(rest, { stdout: process.stdout, stderr: process.stderr, signal: untilSignal() });
    case 'hash-password':
      return runHashPassword(rest, process);
    case 'serve':
      return serve(load(rest));
  }
}

function load(argv: readonly string[]): LoadedConfig {
  const loaded = loadConfig({
    argv,
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    packageDefaults: readFileSync(packageFile('config/default.json'), 'utf8'),
  });
  // On an interface the filter is that of the program that captures.
  if (loaded.config.iface === '') checkFilter(loaded.config.bpf);
  return loaded;
}

/** A filter that is not understood stops the start, not the first file. */
function checkFilter(expression: string): void {
  const filter = compileFilter(expression);
  if (!(filter instanceof FilterFault)) return;
  const { position, reason } = filter;
  throw new ConfigError(`Cannot use bpf ${quoted(expression)}: at character ${position + 1}, ${reason}`);
}

function replay(argv: readonly string[]): Promise<number> {
  return runReplay(argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    encode: { 1: encodeHep1, 2: encodeHep2, 3: encodeHep3 },
    signal: untilSignal(),
  });
}

/** Aborted when somebody wants the command to stop. */
function untilSignal(): AbortSignal {
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  process.once('SIGTERM', () => abort.abort());
  return abort.signal;
}

/** Longest time something unfinished, such as output nobody reads, may hold up the end. */
const END_LIMIT_MS = 1000;

try {
  process.exitCode = await run(process.argv.slice(2));
  setTimeout(() => process.exit(), END_LIMIT_MS).unref();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`sipcol: ${error.message}\n`);
  process.exitCode = 1;
}
