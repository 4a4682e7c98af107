import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { pagingOf } from '../params.ts';
import { AgentListSchema, PAGING_PARAMETERS, PROBE_LIMIT, PROBE_LIST_PARAMETERS, ProbeListSchema } from '../schemas.ts';
import { withTimes } from '../show.ts';
import { agentListText } from '../text/agents.ts';
import { probeListText } from '../text/probes.ts';
import { AgentList } from '../views/agents.tsx';
import { ProbeList } from '../views/probes.tsx';
import { gatherFacts, whyNoAgents, whyNoProbes } from '../why.ts';
import { addPage } from './page.ts';

export function ingestRoutes(app: FastifyInstance, deps: HttpDeps): void {
  addPage(app, deps, {
    path: '/hep/list',
    summary: 'Agents that send HEP, and the listeners they send to',
    tag: 'Ingest',
    query: PAGING_PARAMETERS,
    schema: AgentListSchema,
    async read(params) {
      const [page, listeners] = await Promise.all([deps.engine.listAgents(pagingOf(params)), deps.engine.listeners()]);
      const why = page.items.length === 0 ? whyNoAgents(await gatherFacts(deps), page) : [];
      const nowUs = deps.clock();
      return {
        title: 'Agents and listeners',
        data: withTimes({ ...page, listeners, ...(why.length === 0 ? {} : { why }) }),
        html: () => AgentList({ page, listeners, why, nowUs }),
        text: () => agentListText(page, listeners, why, nowUs),
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
        text: () => probeListText(page, listener, why, nowUs),
      };
    },
  });
}
