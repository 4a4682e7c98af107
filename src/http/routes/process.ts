import type { FastifyInstance } from 'fastify';
import { Calls, COUNTERS, EventRing, Hep, Ingest, Pkt } from '../../model/counters.ts';
import type { EngineHealth, TalkersView } from '../../model/engine.ts';
import type { StatisticsBlock } from '../../model/statistics.ts';
import { makeDashboard } from '../dashboard.ts';
import type { HttpDeps } from '../deps.ts';
import { spanOf } from '../spans.ts';
import type { Answer } from '../reply.ts';
import {
  AboutSchema,
  ConfigRowSchema,
  DASHBOARD_PARAMETERS,
  HomeSchema,
  listOf,
  PageSchema,
  StatusSchema,
  wholeList,
} from '../schemas.ts';
import { withTimes } from '../show.ts';
import { SITE_MAP } from '../site-map.ts';
import { aboutText, configText, homeText, pageLines } from '../text/pages.ts';
import { About, Config } from '../views/about.tsx';
import { Home, type Summary } from '../views/home.tsx';
import { PageIndex, StatusPage } from '../views/messages.tsx';
import { certificateHints } from '../certificates.ts';
import { get, roughly, warnings } from '../why.ts';
import { addPage } from './page.ts';

/** Without a sign of life for so long an engine counts as stuck. */
const HEARTBEAT_LIMIT_MS = 5000;

/** Rows of each board. */
const MOST_TALKERS = 8;
const NO_TALKERS: TalkersView = {
  heldSinceUs: 0,
  kinds: {
    source: [],
    destination: [],
    caller: [],
    callee: [],
    failingNumber: [],
    domain: [],
    agent: [],
    alias: [],
    group: [],
    userAgent: [],
    status: [],
  },
};

/** Rates of the first page are over this time: short enough to be "now", long enough not to jump. */
const SUMMARY_INTERVAL_MS = 10_000;

export function processRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const tag = 'Process';

  addPage(app, deps, {
    path: '/',
    summary: 'Dashboard: figures of now and of the last minutes',
    tag,
    query: DASHBOARD_PARAMETERS,
    schema: HomeSchema,
    async read(params) {
      const spanMs = spanOf(params);
      const summary = await summaryOf(deps);
      const nowUs = deps.clock();
      const window = deps.series.window(spanMs);
      // A stuck engine could not answer, and this is the page that must say so.
      const isAsked = illness(summary.health) === undefined;
      const query = {
        sinceUs: nowUs - window.spanMs * 1000,
        untilUs: nowUs,
        limit: MOST_TALKERS,
        aliases: deps.aliases.all,
      };
      const [talkers, agents] = await Promise.all([
        isAsked ? deps.engine.topTalkers(query) : NO_TALKERS,
        isAsked ? deps.engine.listAgents({ offset: 0, limit: MOST_TALKERS }) : undefined,
      ]);
      const dashboard = makeDashboard(window, talkers);
      return {
        title: 'Dashboard',
        data: withTimes({ ...summary, dashboard, pages: SITE_MAP }),
        html: () => Home({ summary, dashboard, spanMs, agents: agents?.items ?? [], nowUs }),
        text: () => homeText(summary, dashboard),
      };
    },
  });

  addPage(app, deps, {
    path: '/pages',
    summary: 'All pages',
    tag,
    schema: listOf(PageSchema),
    read: () => ({
      title: 'All pages',
      data: wholeList(SITE_MAP),
      html: () => PageIndex(),
      text: () => `${pageLines().join('\n')}\n`,
    }),
  });

  addPage(app, deps, {
    path: '/about',
    summary: 'Version and dependencies',
    tag,
    schema: AboutSchema,
    read: () => ({
      title: 'About',
      isSteady: true,
      data: deps.about,
      html: () => About({ about: deps.about }),
      text: () => aboutText(deps.about),
    }),
  });

  addPage(app, deps, {
    path: '/about/config',
    summary: 'Configuration in effect, secrets hidden',
    tag,
    schema: listOf(ConfigRowSchema),
    read: () => ({
      title: 'Configuration',
      isSteady: true,
      data: wholeList(deps.config),
      html: () => Config({ rows: deps.config }),
      text: () => configText(deps.config),
    }),
  });

  addPage(app, deps, {
    path: '/healthz',
    summary: 'Whether the process is alive',
    tag,
    schema: StatusSchema,
    also: { 503: 'It is not, with the reason' },
    open: true,
    read: () => statusAnswer('Health', 'ok', 'unhealthy', illness(deps.engine.health())),
  });

  addPage(app, deps, {
    path: '/readyz',
    summary: 'Whether it is ready for traffic',
    tag,
    schema: StatusSchema,
    also: { 503: 'It is not, with the reason' },
    open: true,
    read() {
      const health = deps.engine.health();
      const waiting = health.ready ? undefined : (illness(health) ?? 'the listeners are not open yet');
      return statusAnswer('Readiness', 'ready', 'not ready', waiting);
    },
  });
}

async function summaryOf(deps: HttpDeps): Promise<Summary> {
  const counters = deps.counters();
  const health = deps.engine.health();
  // A stuck engine could not answer, and this is the page that must say so.
  const listeners = illness(health) === undefined ? await deps.engine.listeners() : [];
  const block = deps.statistics.rate(SUMMARY_INTERVAL_MS);
  return {
    name: deps.about.name,
    version: deps.about.version,
    uptimeMs: block.uptimeMs,
    health,
    calls: get(counters, Calls.ACTIVE),
    agents: get(counters, Hep.AGENTS),
    events: get(counters, EventRing.QUEUED),
    received: get(counters, Ingest.RECEIVED),
    ratesPerSecond: {
      packets: perSecond(block, Pkt.TOTAL_PACKETS),
      requests: perSecond(block, Pkt.SIP_REQS),
      replies: perSecond(block, Pkt.SIP_REPLS),
    },
    rateIntervalMs: block.perMs ?? block.uptimeMs,
    listeners,
    warnings: [...warnings({ counters, health, listeners }), ...certificateHints(deps.certificates, deps.clock())],
  };
}

/** Totals, which stand in while the first interval runs, are spread over the time so far. */
function perSecond(block: StatisticsBlock, index: number): number {
  const info = COUNTERS[index];
  const value = block.values.find((entry) => entry.group === info?.group && entry.name === info.name)?.value ?? 0;
  const overMs = block.perMs ?? block.uptimeMs;
  return overMs > 0 ? (value / overMs) * 1000 : 0;
}

function illness(health: EngineHealth): string | undefined {
  if (!health.running) return `the engine is not running${health.lastError === '' ? '' : `: ${health.lastError}`}`;
  if (health.heartbeatAgeMs > HEARTBEAT_LIMIT_MS)
    return `the engine has shown no sign of life for ${roughly(health.heartbeatAgeMs)}`;
  return undefined;
}

function statusAnswer(title: string, good: string, bad: string, reason: string | undefined): Answer {
  const ok = reason === undefined;
  const status = ok ? good : bad;
  return {
    title,
    status: ok ? 200 : 503,
    data: ok ? { status } : { status, reason },
    html: () => StatusPage({ ok, status, reason }),
    text: () => (ok ? `${status}\n` : `${status}: ${reason}\n`),
  };
}
