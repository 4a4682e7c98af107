import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { faultsByReason, flowOf, senderOf } from '../ingest-health.ts';
import { pagingOf } from '../params.ts';
import { AgentListSchema, PAGING_PARAMETERS, PROBE_LIMIT, PROBE_LIST_PARAMETERS, ProbeListSchema } from '../schemas.ts';
import { withTimes } from '../show.ts';
import { agentListText } from '../text/agents.ts';
import { probeListText } from '../text/probes.ts';
import { AgentList } from '../views/agents.tsx';
import { ProbeList } from '../views/probes.tsx';
import { gatherFacts, whyNoAgents, whyNoProbes } from '../why.ts';
import { addPage } from './page.ts';

/** Senders whose faults are told apart. */
const SENDERS = { offset: 0, limit: 200 };

export function ingestRoutes(app: FastifyInstance, deps: HttpDeps): void {
  addPage(app, deps, {
    path: '/hep/list',
    summary: 'Agents that send HEP, what became of it, faults by reason, listeners',
    tag: 'Ingest',
    query: PAGING_PARAMETERS,
    schema: AgentListSchema,
    async read(params) {
      const [page, listeners, agents, probes] = await Promise.all([
        deps.engine.listAgents(pagingOf(params)),
        deps.engine.listeners(),
        deps.engine.listAgents(SENDERS),
        deps.engine.listProbes(SENDERS),
      ]);
      const counters = deps.counters();
      const flow = flowOf(counters);
      const faults = faultsByReason(counters, [...agents.items, ...probes.items.map(senderOf)]);
      const why = page.items.length === 0 ? whyNoAgents(await gatherFacts(deps), page) : [];
      const nowUs = deps.clock();
      return {
        title: 'Ingest',
        data: withTimes({ ...page, listeners, flow, faults, ...(why.length === 0 ? {} : { why }) }),
        html: () => AgentList({ page, flow, faults, listeners, why, nowUs }),
        text: (zone) => agentListText(page, faults, listeners, why, nowUs, zone),
      };
    },
  });

  addPage(app, deps, {
    path: '/ipfix/list',
    summary: 'IPFIX probes connected now, newest first',
    tag: 'Ingest',
    query: PROBE_LIST_PARAMETERS,
    schema: ProbeListSchema,
    async read(params) {
      const [page, listeners] = await Promise.all([
        deps.engine.listProbes(pagingOf(params, PROBE_LIMIT)),
        deps.engine.listeners(),
      ]);
      const listener = listeners.find(({ name }) => name.startsWith('ipfix-')) ?? null;
      const why = page.items.length === 0 ? whyNoProbes(deps.counters(), listener, page) : [];
      const nowUs = deps.clock();
      return {
        title: 'IPFIX probes',
        data: withTimes({ ...page, listener, ...(why.length === 0 ? {} : { why }) }),
        html: () => ProbeList({ page, listener, why, nowUs }),
        text: (zone) => probeListText(page, listener, why, nowUs, zone),
      };
    },
  });
}
