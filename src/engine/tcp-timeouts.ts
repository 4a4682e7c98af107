import { formatDuration } from '../model/duration.ts';
import { EngineRequestError, type TcpTimeoutView } from '../model/engine.ts';
import type { TcpSettings } from '../model/settings.ts';

const DAY_MS = 86_400_000;

/** The time-outs that can be changed while running, with the ranges of their options. */
const TIMEOUTS = [
  {
    name: 'tcp_gc_int',
    key: 'checkIntervalUs',
    minMs: 10,
    maxMs: 3_600_000,
    description: 'how often the other two are looked at',
  },
  {
    name: 'tcp_reorder_timeout',
    key: 'reorderTimeoutUs',
    minMs: 10,
    maxMs: 3_600_000,
    description: 'how long missing segments are waited for',
  },
  {
    name: 'tcp_connection_timeout',
    key: 'connectionTimeoutUs',
    minMs: 1000,
    maxMs: 7 * DAY_MS,
    description: 'a stream silent for so long is dropped',
  },
] as const;

export function tcpTimeouts(now: TcpSettings, configured: TcpSettings): TcpTimeoutView[] {
  return TIMEOUTS.map(({ name, key, minMs, maxMs, description }) => ({
    name,
    description,
    ms: now[key] / 1000,
    configuredMs: configured[key] / 1000,
    minMs,
    maxMs,
  }));
}

/** Settings with some time-outs changed, 0 = as configured. Throws `EngineRequestError` for the first that cannot be. */
export function withTimeouts(
  now: TcpSettings,
  configured: TcpSettings,
  changes: Readonly<Record<string, number>>,
): TcpSettings {
  const changed = { ...now };
  for (const [name, ms] of Object.entries(changes)) {
    const timeout = TIMEOUTS.find((known) => known.name === name);
    if (timeout === undefined) throw new EngineRequestError(`${name}: no such time-out`);
    const { minMs, maxMs, key } = timeout;
    if (ms !== 0 && !(ms >= minMs && ms <= maxMs)) {
      const given = Number.isFinite(ms) ? formatDuration(ms) : String(ms);
      throw new EngineRequestError(
        `${name}: ${given}, must be from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, or 0 for what was configured`,
      );
    }
    changed[key] = ms === 0 ? configured[key] : Math.round(ms * 1000);
  }
  return changed;
}
