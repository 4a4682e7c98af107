import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import type { ForcedTimeoutView } from '../../model/engine.ts';
import { LOG_LEVELS_EXPECTED } from '../../model/log.ts';
import { formatNumber } from '../show.ts';
import { Applied, Facts } from './parts.tsx';

export function LogLevel({ level, applied }: { level: string; applied: string | undefined }): VNode {
  return (
    <>
      <Applied what={applied} />
      <p>The least severe log lines written, until the next start: {LOG_LEVELS_EXPECTED}.</p>
      <form method="post" action="/debug/options" class="row">
        <label>
          <span>log_level</span> <input name="log_level" value={level} size={8} />
        </label>
        <button type="submit">Set</button>
      </form>
    </>
  );
}

export function ForceTimeoutForm({ calls }: { calls: number }): VNode {
  return (
    <form method="post" action="/debug/forcetimeout" class="row">
      <p>
        {formatNumber(calls)} calls are held. What remains of each, and of every binding, is shortened to at most this
        time; then it ends as if its state had timed out.
      </p>
      <label>
        <span>Time left at most</span> <input name="timeout" value="100ms" size={8} />
      </label>
      <button type="submit">End all calls</button>
    </form>
  );
}

export function ForcedTimeout({ forced }: { forced: ForcedTimeoutView }): VNode {
  return (
    <>
      <Facts
        rows={[
          ['Time left at most', formatDuration(forced.timeoutMs)],
          ['Entries shortened', formatNumber(forced.forced)],
          ['Entries looked at', formatNumber(forced.walked)],
          ['Calls before, after', `${formatNumber(forced.before.calls)}, ${formatNumber(forced.after.calls)}`],
          ['Slices', formatNumber(forced.loops)],
          ['Took', formatDuration(forced.durationMs)],
        ]}
      />
      <ForceTimeoutForm calls={forced.after.calls} />
    </>
  );
}
