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
