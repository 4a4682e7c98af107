import { CounterSet, Ingest as IngestCounters } from '../../src/model/counters.ts';
import type { EngineSettings } from '../../src/model/settings.ts';
import { AgentTable } from '../../src/pipeline/agents.ts';
import { Ingest } from '../../src/pipeline/ingest.ts';
import { IpfixPipeline } from '../../src/pipeline/ipfix.ts';
import { Pipeline } from '../../src/pipeline/pipeline.ts';
import { ProbeTable } from '../../src/pipeline/probes.ts';
import { EventRing } from '../../src/tracker/event-ring.ts';
import { QosTable } from '../../src/tracker/qos.ts';
import { ReportTable } from '../../src/tracker/reports.ts';
import { LinkTable } from '../../src/tracker/link-table.ts';
import { CallTracker } from '../../src/tracker/tracker.ts';
import { loadConfig } from '../../src/config/load.ts';
import { toEngineSettings } from '../../src/config/settings.ts';

export const NOW_US = 1_700_000_000_200_000;

/** The pipelines as an engine has them, with everything of it in reach. */
export class PipelineStage {
  readonly counters = new CounterSet();
  readonly settings: EngineSettings;
  readonly events: EventRing;
  readonly tracker: CallTracker;
  readonly links: LinkTable;
  readonly agents: AgentTable;
  readonly pipeline: Pipeline;
  readonly probes: ProbeTable;
  readonly qos: QosTable;
  readonly reports: ReportTable;
  readonly ipfix: IpfixPipeline;
  readonly reported: string[] = [];

  constructor(...argv: string[]) {
    this.settings = toEngineSettings(loadConfig({ argv, env: {}, readFile: () => '' }).config);
    const { hep, tracker, eventBufferSize } = this.settings;
    this.events = new EventRing(eventBufferSize, this.counters);
    this.tracker = new CallTracker(tracker, this.events, this.counters, 1);
    this.agents = new AgentTable(hep.limits.maxAgents, hep.allow, hep.auth, this.counters);
    this.links = new LinkTable(this.settings.links, this.counters, 1);
    this.reports = new ReportTable(this.settings.reports, this.tracker, this.counters);
    const ingest = new Ingest(
      this.settings,
      this.tracker,
      this.links,
      this.events,
      this.counters,
      (agent, fault, hex, heldBack) => this.reported.push(`${agent.id} ${fault} ${hex.slice(0, 8)} +${heldBack}`),
      undefined,
      undefined,
      this.reports,
    );
    this.pipeline = new Pipeline(this.settings, ingest, this.agents, this.counters);
    this.probes = new ProbeTable(this.counters);
    this.qos = new QosTable(this.settings.qos, this.tracker, this.counters);
    this.ipfix = new IpfixPipeline(this.settings, ingest, this.probes, this.qos, this.counters);
  }

  /** The ways out of the pipeline, added up. */
  get exits(): number {
    const { TRACKED, REFUSED, IGNORED, DROPPED } = IngestCounters;
    return [TRACKED, REFUSED, IGNORED, DROPPED].reduce((sum, index) => sum + this.counters.get(index), 0);
  }

  get received(): number {
    return this.counters.get(IngestCounters.RECEIVED);
  }
}
