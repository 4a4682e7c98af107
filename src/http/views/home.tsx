import type { VNode } from 'preact';
import { formatNumber } from '../show.ts';
import { byGroup, SITE_MAP } from '../site-map.ts';
import { listenerText, roughly, type Hint } from '../why.ts';
import type { EngineHealth } from '../../model/engine.ts';
import type { ListenerView } from '../../model/views.ts';
import { Facts, Hints, Pill } from './parts.tsx';

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

export function Home({ summary }: { summary: Summary }): VNode {
  const { ratesPerSecond: rates } = summary;
  const perSecond = (value: number): string => `${formatNumber(Math.round(value * 10) / 10)} /s`;
  return (
    <>
      <div class="tiles">
        <Tile name="Calls" value={formatNumber(summary.calls)} href="/calls/list" note="held now" />
        <Tile
          name="Agents"
          value={formatNumber(summary.agents)}
          href="/hep/list"
          note={`${formatNumber(summary.received)} messages received`}
        />
        <Tile
          name="Packets"
          value={perSecond(rates.packets)}
          href="/stats/rate?d=10s"
          note={`over the last ${roughly(summary.rateIntervalMs)}`}
        />
        <Tile
          name="Requests"
          value={perSecond(rates.requests)}
          href="/stats/rate?d=10s"
          note={`replies ${perSecond(rates.replies)}`}
        />
        <Tile name="Events" value={formatNumber(summary.events)} href="/events" note="since the start" />
      </div>
      {summary.warnings.length === 0 ? undefined : (
        <Hints hints={summary.warnings} tone="warning" title="Needs a look" />
      )}
      <Facts
        rows={[
          ['Engine', <HealthPill health={summary.health} />],
          ['Up for', roughly(summary.uptimeMs)],
          [
            'Listening for',
            summary.listeners.length === 0 ? 'nothing' : summary.listeners.map(listenerText).join(', '),
          ],
        ]}
      />
      <div class="index">
        {[...byGroup(SITE_MAP)].map(([group, pages]) => (
          <section>
            <h2>{group}</h2>
            <ul>
              {pages.map((page) => (
                <li>
                  <a href={page.path}>{page.title}</a> <code class="quiet">{page.path}</code>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}

function Tile({ name, value, href, note }: { name: string; value: string; href: string; note: string }): VNode {
  return (
    <a class="tile" href={href}>
      <span>{name}</span>
      <strong>{value}</strong>
      <small>{note}</small>
    </a>
  );
}

function HealthPill({ health }: { health: EngineHealth }): VNode {
  if (!health.running) return <Pill text="not running" tone="bad" href="/healthz" />;
  return health.ready ? (
    <Pill text="running" tone="good" href="/healthz" />
  ) : (
    <Pill text="starting" tone="busy" href="/readyz" />
  );
}
