// `npm test`: format, lint, import directions, documentation, then every test; one closing line says how it went.
// Words given as arguments run only the test files whose path contains one of them, and none of the other checks.
// Tests that need a tool which is not installed skip themselves and are counted; SIPCOL_REQUIRE_INTEROP=1 makes them
// fail. SIPCOL_CLI names another build of the program for those that start it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** No in-process timeout can stop a synchronous endless loop; this one ends the test processes from outside. */
const LIMIT_MS = 600_000;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);
const bin = (name) => join(root, 'node_modules', '.bin', name);

const CHECKS = [
  { name: 'format', command: bin('oxfmt'), args: ['--check'] },
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { name: 'imports', command: process.execPath, args: ['scripts/check-imports.mjs'] },
  { name: 'documentation', command: process.execPath, args: ['scripts/docs.mjs', '--check'] },
];

const failedChecks = words.length > 0 ? [] : CHECKS.filter((check) => !passes(check)).map(({ name }) => name);
const files = testFiles().filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
const { passed, failed, skipped, problem } = await runTests(files);

for (const name of failedChecks) console.log(`check failed: ${name}`);
if (problem !== undefined) console.log(problem);
const failures = failed + failedChecks.length + (problem === undefined ? 0 : 1);
console.log(`${passed} passed, ${failures} failed, ${skipped} skipped`);
process.exitCode = failures === 0 ? 0 : 1;

function passes({ name, command, args }) {
  console.log(`check: ${name}`);
  return (
    spawnSync(command, args, { cwd: root, stdio: 'inherit', timeout: LIMIT_MS, killSignal: 'SIGKILL' }).status === 0
  );
}

/** Compiled tests whose source is still there: the compiler leaves those of removed files behind. */
function testFiles() {
  const build = join(root, '.build');
  return readdirSync(join(build, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
    .map((entry) => relative(build, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => ['.ts', '.tsx'].some((ending) => existsSync(join(root, path.replace(/\.js$/, ending)))))
    .map((path) => join('.build', path))
    .toSorted();
}

/** Runs the files in processes of their own; the counts come from a TAP report written beside the readable one. */
async function runTests(paths) {
  if (paths.length === 0) return { passed: 0, failed: 0, skipped: 0, problem: 'no test file found' };
  const tap = join(root, '.build', 'test.tap');
  mkdirSync(dirname(tap), { recursive: true });
  rmSync(tap, { force: true });
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${tap}`,
  ];
  // A group of its own, so that the limit and an interrupt reach the processes below it, too.
  const child = spawn(process.execPath, ['--enable-source-maps', '--test', ...reporters, ...paths], {
    cwd: root,
    stdio: 'inherit',
    detached: true,
  });
  let timedOut = false;
  const end = (signal) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Already gone.
    }
  };
  const limit = setTimeout(() => {
    timedOut = true;
    end('SIGKILL');
  }, LIMIT_MS);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(signal));
  const status = await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  clearTimeout(limit);
  const counts = readCounts(tap);
  if (timedOut) return { ...counts, problem: `tests stopped after ${LIMIT_MS / 1000} s` };
  if (status !== 0 && counts.failed === 0) return { ...counts, problem: 'the test runner failed' };
  return counts;
}

function readCounts(tap) {
  let text = '';
  try {
    text = readFileSync(tap, 'utf8');
  } catch {
    // Nothing was reported; the exit code tells the rest.
  }
  // The summary stands at the end; what tests print before it may look the same.
  const count = (name) => Number([...text.matchAll(new RegExp(`^# ${name} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0);
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  };
}
