import { loadConfig } from '../../src/config/load.ts';
import { settleMode, toEngineSettings } from '../../src/config/settings.ts';
import { EngineCore } from '../../src/engine/engine-core.ts';
import { CounterSet } from '../../src/model/counters.ts';

export interface Found {
  calls: string[];
  events: string[];
}

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const STOP = { graceMs: 0, forceTimeoutMs: 0, waitMs: 0 };
/** Longer than any state may last. */
const A_DAY_US = 86_400_000_000;

/** What one engine makes of a file: calls and events in words, without who saw them and on how many hops. */
export async function playedBy(...argv: string[]): Promise<Found> {
  const engine = await play(new CounterSet(), argv);
  const found = await look(engine);
  await engine.stop(STOP);
  return found;
}

/** Its events when every call has ended, as all of them do in time, and all outputs are written. */
export async function eventsBy(counters: CounterSet, ...argv: string[]): Promise<string[]> {
  const engine = await play(counters, argv);
  for (let day = 1; engine.tracker.advance(2e15 + day * A_DAY_US, 1_000_000); day++);
  const { events } = await look(engine);
  await engine.stop(STOP);
  return events;
}

async function play(counters: CounterSet, argv: readonly string[]): Promise<EngineCore> {
  // No messages are looked at, and room for them takes time.
  const loaded = loadConfig({ argv: ['--keep_messages=0', ...argv], env: {}, readFile: () => '' });
  const settings = toEngineSettings(settleMode(loaded).config);
  const engine = new EngineCore(settings, counters, () => 1_800_000_000_000_000, QUIET);
  await engine.start(() => undefined);
  await engine.playing;
  return engine;
}

async function look(engine: EngineCore): Promise<Found> {
  const found: Found = { calls: [], events: [] };
  await engine.listCalls({ offset: 0, limit: 1000 }, (calls) => {
    for (const { callId, fromTag, toTag, state, statuses, messageTrace, pddMs, ringMs } of calls) {
      found.calls.push(JSON.stringify([callId, fromTag, toTag, state, statuses, messageTrace, pddMs, ringMs]));
    }
  });
  await engine.listEvents({ offset: 0, limit: 1000 }, (events) => {
    for (const { callId, type, status, durationMs, pddMs } of events) {
      found.events.push(JSON.stringify([callId, type, status, durationMs, pddMs]));
    }
  });
  return { calls: found.calls.toSorted(), events: found.events.toSorted() };
}
