import { CounterSet, Ingest } from '../../src/model/counters.ts';
import type { EngineSettings } from '../../src/model/settings.ts';
import { AgentTable } from '../../src/pipeline/agents.ts';
import { Pipeline } from '../../src/pipeline/pipeline.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { loadConfig } from '../../src/config/load.ts';
import { toEngineSettings } from '../../src/config/settings.ts';

export const NOW_US = 1_700_000_000_200_000;

/** A pipeline as an engine has it, with everything of it in reach. */
export class PipelineStage {
  readonly counters = new CounterSet();
  readonly settings: EngineSettings;
  readonly events: EventRing;
  readonly tracker: CallTracker;
  readonly agents: AgentTable;
  readonly pipeline: Pipeline;
  readonly reported: string[] = [];

  constructor(...argv: string[]) {
    this.settings = toEngineSettings(loadConfig({ argv, env: {}, readFile: () => '' }).config);
    const { hep, tracker, eventBufferSize } = this.settings;
    this.events = new EventRing(eventBufferSize, this.counters);
    this.tracker = new CallTracker(tracker, this.events, this.counters, 1);
    this.agents = new AgentTable(hep.limits.maxAgents, hep.allow, hep.auth, this.counters);
    this.pipeline = new Pipeline(
      this.settings,
      this.tracker,
      this.events,
      this.agents,
      this.counters,
      (agent, fault, hex, heldBack) => this.reported.push(`${agent.id} ${fault} ${hex.slice(0, 8)} +${heldBack}`),
    );
  }

  /** The ways out of the pipeline, added up. */
  get exits(): number {
    return [Ingest.TRACKED, Ingest.REFUSED, Ingest.IGNORED, Ingest.DROPPED].reduce(
      (sum, index) => sum + this.counters.get(index),
      0,
    );
  }

  get received(): number {
    return this.counters.get(Ingest.RECEIVED);
  }
}
