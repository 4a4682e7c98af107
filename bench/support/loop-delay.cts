/**
 * Loaded into the collector with `--require`, which goes for its threads too: an engine thread writes the longest delay of
 * its event loop so far, in milliseconds, into the file that `BENCH_LOOP_DELAY` names.
 */
const { writeFileSync } = process.getBuiltinModule('node:fs');
const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks');
const { isMainThread } = process.getBuiltinModule('node:worker_threads');

/** How often is looked; it is part of each delay that is measured. */
const RESOLUTION_MS = 1;
/** The first seconds are for the compiler, and to open sockets. */
const WARM_UP_MS = 3000;
const WRITE_EVERY_MS = 500;

const path = process.env['BENCH_LOOP_DELAY'];
if (!isMainThread && path !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  setTimeout(() => delays.reset(), WARM_UP_MS).unref();
  setInterval(() => writeFileSync(path, String(delays.max / 1e6 - RESOLUTION_MS)), WRITE_EVERY_MS).unref();
}
