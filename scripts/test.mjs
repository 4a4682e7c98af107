// `npm test`: format, lint, import directions, documentation, then every test; one closing line says how it went.
// Tests that only compute run side by side, those with sockets, programs and browsers one file at a time.
// Words given as arguments run only the test files whose path contains one of them, and none of the other checks.
// Tests that need a tool which is not installed skip themselves and are counted; SIPCOL_REQUIRE_INTEROP=1 makes them
// fail. SIPCOL_CLI names another build of the program for those that start it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** No in-process timeout can stop a synchronous endless loop; this one ends the test processes from outside. */
const LIMIT_MS = 600_000;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Folders of tests that open no socket and start no program. */
const COMPUTING = new Set(
  'captures config docs http model pipeline scripts sinks sip telemetry tracker wire'.split(' '),
);

const CHECKS = [
  { name: 'format', command: bin('oxfmt'), args: ['--check'] },
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { name: 'imports', command: process.execPath, args: ['scripts/check-imports.mjs'] },
  { name: 'documentation', command: process.execPath, args: ['scripts/docs.mjs', '--check'] },
];

const failedChecks = words.length > 0 ? [] : CHECKS.filter((check) => !passes(check)).map(({ name }) => name);
const files = testFiles().filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
const runs = [
  { name: 'computing', paths: files.filter(onlyComputes), concurrency: availableParallelism() },
  { name: 'talking', paths: files.filter((file) => !onlyComputes(file)), concurrency: 1 },
].filter(({ paths }) => paths.length > 0);
const endsMs = performance.now() + LIMIT_MS;
const results = [];
// oxlint-disable-next-line no-await-in-loop -- they would disturb each other
for (const run of runs) results.push(await runTests(run, endsMs - performance.now()));

const total = (count) => results.reduce((sum, result) => sum + result[count], 0);
for (const name of failedChecks) console.log(`check failed: ${name}`);
for (const { failures } of results) for (const name of failures) console.log(`test failed: ${name}`);
const problems = results.flatMap(({ problem }) => problem ?? []);
if (runs.length === 0) problems.push('no test file found');
for (const problem of problems) console.log(problem);
const failures = total('failed') + failedChecks.length + problems.length;
console.log(`${total('passed')} passed, ${failures} failed, ${total('skipped')} skipped`);
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

/** Nothing of theirs can be late because another test takes the processor. */
function onlyComputes(file) {
  return COMPUTING.has(file.split(sep)[2]);
}

/** Runs the files in processes of their own; the counts come from a TAP report written beside the readable one. */
async function runTests({ name, paths, concurrency }, limitMs) {
  const tap = join(root, '.build', `test-${name}.tap`);
  mkdirSync(dirname(tap), { recursive: true });
  rmSync(tap, { force: true });
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${tap}`,
  ];
  // A group of its own, so that the limit and an interrupt reach the processes below it, too.
  const options = ['--enable-source-maps', '--test', `--test-concurrency=${concurrency}`, ...reporters];
  const child = spawn(process.execPath, [...options, ...paths], {
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
  }, limitMs);
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
    failures: [...text.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, test]) => test),
  };
}
