import type { DiagnosisView } from '../../model/diagnosis.ts';
import { formatDuration } from '../../model/duration.ts';
import type { ForcedTimeoutView } from '../../model/engine.ts';
import { callTableLine } from './calls.ts';

export function forcedTimeoutText({
  before,
  after,
  timeoutMs,
  forced,
  walked,
  loops,
  durationMs,
}: ForcedTimeoutView): string {
  return [
    `Before: ${callTableLine(before)}`,
    `After: ${callTableLine(after)}`,
    `forced timeout ${formatDuration(timeoutMs)} for ${forced} entries, loops ${loops}, walked ${walked} entries, ` +
      `duration ${formatDuration(durationMs)}`,
    '',
  ].join('\n');
}

export function diagnosisText({ directory, threads }: { directory: string; threads: readonly string[] }): string {
  return `debug_dir: ${directory === '' ? '(none: nothing can be written)' : directory}\nthreads: ${threads.join(', ')}\n`;
}

export function diagnosisFileText({ file, thread, bytes, tookMs }: DiagnosisView): string {
  return `file: ${file}\nthread: ${thread}\noctets: ${bytes}\ntook: ${tookMs} ms\n`;
}
