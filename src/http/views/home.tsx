import type { ComponentChildren, VNode } from 'preact';
import type { EngineHealth } from '../../model/engine.ts';
import type { AgentView, ListenerView } from '../../model/views.ts';
import type { Dashboard, Figure, Loss, Talkers } from '../dashboard.ts';
import { formatNumber, link } from '../show.ts';
import { unitText } from '../units.ts';
import { listenerText, roughly, type Hint } from '../why.ts';
import { AgentLink } from './agents.tsx';
import { ChartView, Spans } from './chart.tsx';
import { Captured, Hints, Pill } from './parts.tsx';

/** The live summary; the JSON of the page is this and the list of pages. */
export interface Summary {
  name: string;
  version: string;
  uptimeMs: number;
  health: EngineHealth;
  calls: number;
  agents: number;
  events: number;
  received: number;
  ratesPerSecond: { packets: number; requests: number; replies: number };
  rateIntervalMs: number;
  listeners: readonly ListenerView[];
  warnings: readonly Hint[];
}

interface HomeProps {
  summary: Summary;
  dashboard: Dashboard;
  /** Window asked for; the dashboard's own is shorter while the program is young. */
  spanMs: number;
  agents: readonly AgentView[];
  nowUs: number;
}

/** What an engineer leaves open: figures over a window, their course, and who was busiest. */
export function Home({ summary, dashboard, spanMs, agents, nowUs }: HomeProps): VNode {
  return (
    <div data-live="received">
      <Spans spanMs={spanMs} href={(d) => link('/', { d })}>
        <span class="quiet">
          <HealthPill health={summary.health} /> up for {roughly(summary.uptimeMs)}
          {dashboard.spanMs < spanMs ? `, figures over the last ${roughly(dashboard.spanMs)}` : ''}
        </span>
      </Spans>
      {summary.warnings.length === 0 ? undefined : (
        <Hints hints={summary.warnings} tone="warning" title="Needs a look" />
      )}
      <div class="tiles">
        {dashboard.figures.map((figure) => (
          <Tile figure={figure} />
        ))}
      </div>
      <div class="charts">
        {dashboard.charts.map((chart) => (
          <ChartView chart={chart} times={dashboard} />
        ))}
      </div>
      <div class="boards">
        {dashboard.talkers.map((talkers) => (
          <TalkerBoard talkers={talkers} />
        ))}
        <AgentBoard agents={agents} nowUs={nowUs} />
        <LossBoard losses={dashboard.losses} />
        <ListenerBoard listeners={summary.listeners} />
      </div>
    </div>
  );
}

function Tile({ figure }: { figure: Figure }): VNode {
  const { title, unit, value, of, formula, href } = figure;
  return (
    <a class="tile" href={href} title={formula}>
      <span>{title}</span>
      <strong>{unitText(value, unit)}</strong>
      <small>{of === null ? '\u00a0' : `of ${formatNumber(of)}`}</small>
    </a>
  );
}

function Board({ title, children }: { title: string; children: ComponentChildren }): VNode {
  return (
    <section class="board">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function TalkerBoard({ talkers }: { talkers: Talkers }): VNode {
  const { kind, title, items } = talkers;
  const most = Math.max(1, ...items.map(({ calls }) => calls));
  return (
    <Board title={title}>
      {items.length === 0 ? (
        <p class="quiet">No call has ended or been answered in this time.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{kind === 'status' ? 'Status' : 'Who'}</th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" class="number">
                Failed
              </th>
              <th scope="col" class="number" title="calls compared with the time of the same length before">
                Change
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr>
                <td>
                  <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="fill blue" width={(item.calls / most) * 100} height="4" />
                    <rect class="fill warm" width={(item.failed / most) * 100} height="4" />
                  </svg>
                  <a href={item.href}>
                    <Captured text={item.key} />
                  </a>
                </td>
                <td class="number">{formatNumber(item.calls)}</td>
                <td class="number">
                  {Math.round((item.failed / item.calls) * 100)} %
                  {item.failedMostly === null || kind === 'status' ? undefined : (
                    <small class="quiet" title={`of those that failed, most with ${item.failedMostly}`}>
                      {' '}
                      {item.failedMostly}
                    </small>
                  )}
                </td>
                <td class="number">{item.before === null ? '–' : changeText(item.calls - item.before)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Board>
  );
}

function changeText(change: number): string {
  return change > 0 ? `+${formatNumber(change)}` : change < 0 ? `−${formatNumber(-change)}` : '±0';
}

function AgentBoard({ agents, nowUs }: { agents: readonly AgentView[]; nowUs: number }): VNode {
  return (
    <Board title="Agents">
      {agents.length === 0 ? (
        <p class="quiet">
          Nobody has sent anything yet. <a href="/hep/list">Why?</a>
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col" class="number">
                Packets
              </th>
              <th scope="col" class="number">
                Refused
              </th>
              <th scope="col" class="number">
                Seen
              </th>
            </tr>
          </thead>
          <tbody>
            {agents.map((agent) => (
              <tr>
                <td>
                  <AgentLink id={agent.id} />
                </td>
                <td class="number">{formatNumber(agent.packets)}</td>
                <td class="number">{formatNumber(sumOf(agent.refused))}</td>
                <td class="number">{roughly((nowUs - agent.lastSeenUs) / 1000)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Board>
  );
}

function LossBoard({ losses }: { losses: readonly Loss[] }): VNode {
  return (
    <Board title="Refused and dropped">
      {losses.length === 0 ? (
        <p class="quiet">Nothing in this time.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <th scope="col" class="number">
                Messages
              </th>
            </tr>
          </thead>
          <tbody>
            {losses.map(({ code, description, messages }) => (
              <tr>
                <td>
                  <a href={link('/hep/list')} title={description}>
                    {code}
                  </a>
                </td>
                <td class="number">{formatNumber(messages)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Board>
  );
}

function ListenerBoard({ listeners }: { listeners: readonly ListenerView[] }): VNode {
  return (
    <Board title="Listening">
      {listeners.length === 0 ? (
        <p class="quiet">Nothing is listened to.</p>
      ) : (
        <ul class="plain">
          {listeners.map((listener) => (
            <li>{listenerText(listener)}</li>
          ))}
        </ul>
      )}
    </Board>
  );
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

function HealthPill({ health }: { health: EngineHealth }): VNode {
  if (!health.running) return <Pill text="not running" tone="bad" href="/healthz" />;
  return health.ready ? (
    <Pill text="running" tone="good" href="/healthz" />
  ) : (
    <Pill text="starting" tone="busy" href="/readyz" />
  );
}
