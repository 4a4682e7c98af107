import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigInput, type LoadedConfig, loadConfig } from '../../src/config/load.ts';

/** One row of `fixtures/config/*.json`: what is given, and either what is in effect or the line that refuses it. */
export interface ConfigCase {
  name: string;
  argv?: string[];
  env?: Record<string, string>;
  /** Content of `test.json`, given with `--config`. */
  file?: unknown;
  expect?: Record<string, string>;
  error?: string;
  /** Text that may not be in the line. */
  hidden?: string;
}

const FOLDER = 'fixtures/config';

/** All rows of the files whose names end so. */
export function configCases(ending: string): ConfigCase[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(ending))
    .flatMap((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as ConfigCase[]);
}

/** Loads with files that exist only here; everything not given is empty. */
export function load(given: Partial<ConfigInput> & { files?: Record<string, string> }): LoadedConfig {
  const files = new Map(Object.entries(given.files ?? {}));
  return loadConfig({
    argv: [],
    env: {},
    readFile: (path) => {
      const text = files.get(path);
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return text;
    },
    ...given,
  });
}

export function loadCase({ argv = [], env = {}, file }: ConfigCase): LoadedConfig {
  if (file === undefined) return load({ argv, env });
  return load({ argv: ['--config', 'test.json', ...argv], env, files: { 'test.json': JSON.stringify(file) } });
}
