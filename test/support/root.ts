import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository root: tests run from a build folder, test data does not move with them. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  // `.build` has no package.json, so the first one upwards is the repository's.
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}
