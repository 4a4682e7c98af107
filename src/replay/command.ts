import { performance } from 'node:perf_hooks';
import { ArgumentError, parseArguments, USAGE } from './arguments.ts';
import { CaptureFileError } from './capture-file.ts';
import { planFiles, replay, ReplayCounts } from './replay.ts';
import type { HepEncoders, ReplaySettings } from './settings.ts';
import { openTarget, TargetError, type Target } from './target.ts';

const PROGRESS_INTERVAL_MS = 500;

/** What the command needs from the process it runs in. */
export interface ReplayIo {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  encode: HepEncoders;
  /** Aborted when the user wants to stop: what is in flight goes out, the summary is printed. */
  signal?: AbortSignal;
}

/** `sipcol replay`: `argv` is what follows the word. Answers the exit code: 0 = all sent, 1 = not, with a line that says why. */
export async function runReplay(argv: readonly string[], io: ReplayIo): Promise<number> {
  try {
    const settings = parseArguments(argv);
    if (settings === 'help') {
      io.stdout.write(USAGE);
      return 0;
    }
    return await run(settings, io);
  } catch (error) {
    if (error instanceof ArgumentError || error instanceof CaptureFileError || error instanceof TargetError) {
      complain(io, error.message);
      return 1;
    }
    throw error;
  }
}

async function run(settings: ReplaySettings, io: ReplayIo): Promise<number> {
  const plans = await planFiles(settings);
  const target = await openTarget(settings.target);
  const counts = new ReplayCounts();
  const startedMs = performance.now();
  const progress = showProgress(io, counts, target, startedMs);
  let failure: CaptureFileError | TargetError | undefined;
  try {
    await replay(plans, settings, {
      target,
      encode: io.encode,
      counts,
      signal: io.signal,
      nowUs: () => Date.now() * 1000,
      warn: (line) => complain(io, line),
    });
  } catch (error) {
    if (!(error instanceof CaptureFileError || error instanceof TargetError)) throw error;
    failure = error;
  } finally {
    await target.close();
    progress.stop();
  }
  const stopped = io.signal?.aborted === true;
  io.stdout.write(`${summary(counts, target, startedMs, stopped)}\n`);
  const trouble =
    failure?.message ?? target.trouble ?? (target.sent === 0 && !stopped ? 'nothing was sent' : undefined);
  if (trouble === undefined) return 0;
  complain(io, trouble);
  return 1;
}

function summary(counts: ReplayCounts, target: Target, startedMs: number, stopped: boolean): string {
  const skipped = [...counts.skips].toSorted(([a], [b]) => a.localeCompare(b));
  const total = skipped.reduce((sum, [, count]) => sum + count, 0);
  const reasons = skipped.length === 0 ? '' : ` (${skipped.map(([reason, count]) => `${reason} ${count}`).join(', ')})`;
  const elapsed = ((performance.now() - startedMs) / 1000).toFixed(3);
  return (
    `replay${stopped ? ' stopped' : ''}: packets read ${counts.packetsRead}, sent ${target.sent}, ` +
    `bytes ${target.bytes}, failed ${target.failed}, skipped ${total}${reasons}, elapsed ${elapsed} s`
  );
}

/** One line on a terminal, written over again and again; nothing elsewhere. */
function showProgress(io: ReplayIo, counts: ReplayCounts, target: Target, startedMs: number): { stop(): void } {
  if (io.stderr.isTTY !== true) return { stop: () => undefined };
  const timer = setInterval(() => {
    const seconds = (performance.now() - startedMs) / 1000;
    const rate = Math.round(target.sent / seconds);
    io.stderr.write(`\r\u001B[Kreplay: read ${counts.packetsRead}, sent ${target.sent}, ${rate}/s`);
  }, PROGRESS_INTERVAL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      io.stderr.write('\r\u001B[K');
    },
  };
}

function complain(io: ReplayIo, line: string): void {
  io.stderr.write(`sipcol replay: ${line}\n`);
}
