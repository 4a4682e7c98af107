import type { FastifyInstance } from 'fastify';
import { MAX_LIST_LIMIT } from '../../model/engine.ts';
import type { HttpDeps } from '../deps.ts';
import { faultsByReason, flowOf, senderOf } from '../ingest-health.ts';
import { silentSenders } from '../silence.ts';
import { pagingOf } from '../params.ts';
import {
  AgentListSchema,
  MAX_PROBES_ASKED,
  PAGING_PARAMETERS,
  PROBE_LIMIT,
  PROBE_LIST_PARAMETERS,
  ProbeListSchema,
} from '../schemas.ts';
import { withTimes } from '../show.ts';
import { agentListText } from '../text/agents.ts';
import { probeListText } from '../text/probes.ts';
import { AgentList } from '../views/agents.tsx';
import { ProbeList } from '../views/probes.tsx';
import { gatherFacts, whyNoAgents, whyNoProbes } from '../why.ts';
import { addPage } from './page.ts';

/** Senders whose faults are told apart, and who are told when they fall silent. */
const SENDERS = { offset: 0, limit: 1000 };

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
      const silent = silentSenders(agents.items, probes.items, nowUs);
      return {
        title: 'Ingest',
        data: withTimes({ ...page, silent, listeners, flow, faults, ...(why.length === 0 ? {} : { why }) }),
        html: () => AgentList({ page, silent, flow, faults, listeners, why, nowUs }),
        text: (zone) => agentListText({ page, silent, faults, listeners, why, nowUs, zone }),
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
      const { offset, limit } = pagingOf(params, PROBE_LIMIT, MAX_PROBES_ASKED);
      const [page, listeners] = await Promise.all([
        deps.engine.listProbes({ offset, limit: Math.min(limit, MAX_LIST_LIMIT) }),
        deps.engine.listeners(),
      ]);
      const shown = offset + page.items.length;
      const truncated = limit > page.limit && shown < page.total;
      const listener = listeners.find(({ name }) => name.startsWith('ipfix-')) ?? null;
      const why = page.items.length === 0 ? whyNoProbes(deps.counters(), listener, page) : [];
      const nowUs = deps.clock();
      return {
        title: 'IPFIX probes',
        data: withTimes({ ...page, listener, truncated, ...(why.length === 0 ? {} : { why }) }),
        html: () => ProbeList({ page, listener, truncated, why, nowUs }),
        text: (zone) => probeListText({ page, listener, truncated, why, nowUs, zone }),
      };
    },
  });
}
