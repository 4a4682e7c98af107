import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

const REQUIRED = process.env['SIPCOL_REQUIRE_INTEROP'] === '1';

/** Where Debian keeps daemons, which is not in every user's PATH. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** Full path of a program, or `undefined` where it is not installed. */
export function find(program: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, program)).find(isExecutable);
}

/** Where siptrace may be, by Debian architecture. */
const MODULE_FOLDERS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((arch) => `/usr/lib/${arch}/kamailio/modules`);

/** What keeps the tests that need `programs` from running here, if anything. */
export function obstacle(programs: readonly string[], asRoot = false): string | undefined {
  const missing = programs.filter((program) => find(program) === undefined);
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  if (programs.includes('kamailio') && !MODULE_FOLDERS.some((folder) => isReadable(join(folder, 'siptrace.so')))) {
    return 'not installed: siptrace.so of kamailio';
  }
  if (asRoot && process.getuid?.() !== 0) return 'capturing on an interface needs root';
  return undefined;
}

/** Skips the test and says why, or fails it where nothing may be left out. Answers whether the test must not go on. */
export function blocked(context: TestContext, reason: string | undefined): boolean {
  if (reason === undefined) return false;
  if (REQUIRED) throw new Error(`SIPCOL_REQUIRE_INTEROP=1, but ${reason}`);
  context.skip(reason);
  return true;
}

function isExecutable(path: string): boolean {
  return allows(path, constants.X_OK);
}

function isReadable(path: string): boolean {
  return allows(path, constants.R_OK);
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
