import type { VNode } from 'preact';
import type { AgentView, ListenerView, Page } from '../../model/views.ts';
import { formatNumber, visible } from '../show.ts';
import { listenerPlace, roughly, type Hint } from '../why.ts';
import { Section } from './layout.tsx';
import { Captured, Cell, endpointText, Hints, Nothing, Pager, Table, Time, Transport } from './parts.tsx';

export const agentAnchor = (id: string): string => `agent-${visible(id)}`;

/** Where an agent or probe is listed. `URL` encodes what a fragment may not hold and never throws for text. */
export function agentHref(id: string): string {
  const list = id.endsWith('/ipfix') ? '/ipfix/list' : '/hep/list';
  return `${list}${new URL(`#${agentAnchor(id)}`, 'http://localhost/').hash}`;
}

export function AgentLink({ id }: { id: string }): VNode {
  return (
    <a href={agentHref(id)}>
      <Captured text={id} />
    </a>
  );
}

export function AgentLinks({ agents }: { agents: readonly string[] }): VNode {
  if (agents.length === 0) return <Nothing />;
  return (
    <>
      {agents.map((agent, at) => (
        <>
          {at === 0 ? '' : ', '}
          <AgentLink id={agent} />
        </>
      ))}
    </>
  );
}

interface AgentListProps {
  page: Page<AgentView>;
  listeners: readonly ListenerView[];
  why: readonly Hint[];
  nowUs: number;
}

export function AgentList({ page, listeners, why, nowUs }: AgentListProps): VNode {
  const head = [
    'Agent',
    'Name',
    'HEP',
    'Last seen (UTC)',
    { number: 'Packets' },
    { number: 'Octets' },
    { number: 'Tracked' },
    { number: 'SIP' },
    { number: 'Other' },
    'Refused',
    'Ignored',
    { number: 'Clock' },
    'Last fault',
  ];
  return (
    <>
      <Section title="Agents">
        {page.items.length === 0 ? (
          <Hints hints={why} tone="empty" title="Why is nothing here?" />
        ) : (
          <Table head={head} caption="Agents">
            <tbody>
              {page.items.map((agent) => (
                <AgentRow agent={agent} nowUs={nowUs} />
              ))}
            </tbody>
          </Table>
        )}
        <Pager page={page} path="/hep/list" parameters={{}} />
      </Section>
      <Section title="Listeners">
        <ListenerTable listeners={listeners} />
      </Section>
    </>
  );
}

function AgentRow({ agent, nowUs }: { agent: AgentView; nowUs: number }): VNode {
  return (
    <tr id={agentAnchor(agent.id)}>
      <Cell label="Agent">
        <strong>{agent.captureId}</strong> <Captured text={endpointText(agent.source)} />{' '}
        <Transport name={agent.transport} />
      </Cell>
      <Cell label="Name">{agent.nodeName === '' ? <Nothing /> : <Captured text={agent.nodeName} />}</Cell>
      <Cell label="HEP">{agent.versions.length === 0 ? <Nothing /> : agent.versions.join(', ')}</Cell>
      <Cell label="Last seen (UTC)">
        <Time us={agent.lastSeenUs} /> <span class="quiet">{roughly((nowUs - agent.lastSeenUs) / 1000)} ago</span>
      </Cell>
      <Cell label="Packets" number>
        {formatNumber(agent.packets)}
      </Cell>
      <Cell label="Octets" number>
        {formatNumber(agent.bytes)}
      </Cell>
      <Cell label="Tracked" number>
        {formatNumber(agent.tracked)}
      </Cell>
      <Cell label="SIP" number>
        {formatNumber(agent.sip)}
      </Cell>
      <Cell label="Other" number>
        {formatNumber(agent.other)}
      </Cell>
      <Cell label="Refused">
        <Reasons counts={agent.refused} group="ingest.refused" />
      </Cell>
      <Cell label="Ignored">
        <Reasons counts={agent.ignored} group="ingest.ignored" />
      </Cell>
      <Cell label="Clock" number>
        {agent.clockOffsetMs === null ? (
          <Nothing />
        ) : (
          `${agent.clockOffsetMs > 0 ? '+' : ''}${formatNumber(agent.clockOffsetMs)} ms`
        )}
      </Cell>
      <Cell label="Last fault">
        {agent.lastFault === null ? (
          <Nothing />
        ) : (
          <>
            <a href="/counters?group=ingest.refused&nz=1">
              <Captured text={agent.lastFault.code} />
            </a>{' '}
            <span class="quiet">{roughly((nowUs - agent.lastFault.atUs) / 1000)} ago</span>
            <code class="hex">
              <Captured text={agent.lastFault.hex} />
            </code>
          </>
        )}
      </Cell>
    </tr>
  );
}

export function Reasons({ counts, group }: { counts: Readonly<Record<string, number>>; group: string }): VNode {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  if (entries.length === 0) return <Nothing />;
  return (
    <ul class="plain">
      {entries.map(([reason, count]) => (
        <li>
          {formatNumber(count)} ×{' '}
          <a href={`/counters?group=${group}&nz=1`}>
            <Captured text={reason} />
          </a>
        </li>
      ))}
    </ul>
  );
}

export function ListenerTable({ listeners }: { listeners: readonly ListenerView[] }): VNode {
  if (listeners.length === 0) return <p>No listener is open.</p>;
  const maybe = (value: number | null, unit = ''): VNode | string =>
    value === null ? <Nothing /> : `${formatNumber(value)}${unit}`;
  return (
    <Table
      head={[
        'Listener',
        'Address',
        { number: 'Connections' },
        { number: 'Receive buffer' },
        { number: 'Kernel drops' },
      ]}
      caption="Listeners"
    >
      <tbody>
        {listeners.map((listener) => (
          <tr>
            <Cell label="Listener">{listener.name}</Cell>
            <Cell label="Address">{listenerPlace(listener)}</Cell>
            <Cell label="Connections" number>
              {maybe(listener.connections)}
            </Cell>
            <Cell label="Receive buffer" number>
              {maybe(
                listener.receiveBufferBytes === null ? null : Math.round(listener.receiveBufferBytes / 1024),
                ' KiB',
              )}
            </Cell>
            <Cell label="Kernel drops" number>
              {listener.kernelDrops !== null && listener.kernelDrops > 0 ? (
                <strong class="alarm">{formatNumber(listener.kernelDrops)}</strong>
              ) : (
                maybe(listener.kernelDrops)
              )}
            </Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
