// Builds native/udp-receive.node, which takes datagrams in batches on Linux: `node scripts/build-native.mjs`.
// `npm ci` runs it. It needs a C compiler ($CC, else cc) and the headers that come with Node.js. Where one is missing, or
// the system is another one, it says so and ends well: the program does without. With --required that is a failure.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('../native/', import.meta.url));
const FLAGS = ['-std=c11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-Wall', '-Wextra'];

const problem = build();
if (problem === undefined) console.log('built native/udp-receive.node');
else console.log(`native/udp-receive.node is not built: ${problem}; datagrams will be received one by one`);
process.exitCode = problem !== undefined && process.argv.includes('--required') ? 1 : 0;

/** @returns why there is no module, or `undefined` */
function build() {
  if (process.platform !== 'linux') return 'it is for Linux';
  const headers = headerFolders().find((folder) => existsSync(join(folder, 'node_api.h')));
  if (headers === undefined) return 'the headers of Node.js are not installed';
  const compiler = process.env.CC ?? 'cc';
  const built = join(native, `udp-receive.${process.pid}.tmp`);
  const { status, error, stderr } = spawnSync(
    compiler,
    [...FLAGS, '-isystem', headers, '-o', built, join(native, 'udp-receive.c')],
    { encoding: 'utf8' },
  );
  if (error !== undefined) return `no C compiler (${compiler})`;
  if (status !== 0) {
    rmSync(built, { force: true });
    return `${compiler} failed\n${stderr}`;
  }
  // A program that runs has the old file mapped: it must keep it, so the new one is another file of the same name.
  renameSync(built, join(native, 'udp-receive.node'));
}

/** Where Node.js has its headers: as npm was told, beside the program, in the build's own prefix, as node-gyp leaves them. */
function headerFolders() {
  const prefixes = [
    process.env.npm_config_nodedir,
    join(dirname(process.execPath), '..'),
    process.config.variables.node_prefix,
    join(homedir(), '.cache/node-gyp', process.versions.node),
  ];
  return prefixes.filter((prefix) => typeof prefix === 'string').map((prefix) => join(prefix, 'include/node'));
}
