import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import type { AgentView, ListenerView, Page } from '../../model/views.ts';
import { type FaultRow, type Flow, isClockOff, octetsText, offsetText } from '../ingest-health.ts';
import { isAgentSilent, type Silent } from '../silence.ts';
import { formatNumber, visible } from '../show.ts';
import { unitText } from '../units.ts';
import { agoText, type Hint, listenerPlace, roughly } from '../why.ts';
import { Section } from './layout.tsx';
import { Captured, Cell, Endpoint, Hints, Nothing, Pager, Pill, Table, Time, Transport } from './parts.tsx';

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
  silent: readonly Silent[];
  flow: Flow;
  faults: readonly FaultRow[];
  listeners: readonly ListenerView[];
  why: readonly Hint[];
  nowUs: number;
}

const HEAD = [
  'Agent',
  'HEP',
  'Last seen',
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

export function AgentList({ page, silent, flow, faults, listeners, why, nowUs }: AgentListProps): VNode {
  return (
    <div data-live="received" data-live-every={LIVE_EVERY_S}>
      <SilentSenders silent={silent} nowUs={nowUs} />
      <FlowTiles flow={flow} />
      <Section title="Agents">
        {page.items.length === 0 ? (
          <Hints hints={why} tone="empty" title="Why is nothing here?" />
        ) : (
          <Table head={HEAD} caption="Agents">
            <tbody>
              {page.items.map((agent) => (
                <AgentRow agent={agent} nowUs={nowUs} />
              ))}
            </tbody>
          </Table>
        )}
        <Pager page={page} path="/hep/list" parameters={{}} />
      </Section>
      <Section title="Faults by reason" id="faults">
        <FaultTable faults={faults} nowUs={nowUs} />
      </Section>
      <Section title="Listeners">
        <ListenerTable listeners={listeners} />
      </Section>
    </div>
  );
}

/** So often a page of senders is fetched anew, whether anything comes or not: silence is what it should tell. */
export const LIVE_EVERY_S = 2;
/** Others that are silent are in the list below, too. */
const MOST_SILENT = 10;

/** Who stopped sending, and when. */
function SilentSenders({ silent, nowUs }: { silent: readonly Silent[]; nowUs: number }): VNode | undefined {
  if (silent.length === 0) return undefined;
  return (
    <aside class="hints warning" aria-label="Silent senders">
      <strong>Silent</strong>
      <ul>
        {silent.slice(0, MOST_SILENT).map(({ id, name, sinceUs }) => (
          <li>
            <AgentLink id={id} /> <Captured text={name} /> since <Time us={sinceUs} /> ({agoText(sinceUs, nowUs)})
          </li>
        ))}
        {silent.length > MOST_SILENT ? <li>and {formatNumber(silent.length - MOST_SILENT)} more</li> : undefined}
      </ul>
    </aside>
  );
}

/** A rate below its count. */
export function PerSecond({ text }: { text: string }): VNode {
  return <div class="quiet">{text}</div>;
}

/** Where everything received went, each message once. */
function FlowTiles({ flow }: { flow: Flow }): VNode {
  return (
    <div class="tiles five">
      {flow.map(({ name, messages, meaning, href }) => (
        <a class="tile" href={href} title={meaning}>
          <span>{name}</span>
          <strong>{formatNumber(messages)}</strong>
          <small>{meaning}</small>
        </a>
      ))}
    </div>
  );
}

function AgentRow({ agent, nowUs }: { agent: AgentView; nowUs: number }): VNode {
  return (
    <tr id={agentAnchor(agent.id)}>
      <Cell label="Agent">
        <strong>{agent.captureId}</strong> <Captured text={agent.nodeName} />
        <br />
        <span class="path">
          <Endpoint at={agent.source} />
        </span>{' '}
        <Transport name={agent.transport} />
      </Cell>
      <Cell label="HEP">{agent.versions.length === 0 ? <Nothing /> : agent.versions.join(', ')}</Cell>
      <Cell label="Last seen">
        <Time us={agent.lastSeenUs} />
        <br />
        <Heard us={agent.lastSeenUs} isSilent={isAgentSilent(agent, nowUs)} nowUs={nowUs} />
      </Cell>
      <Cell label="Packets" number>
        {formatNumber(agent.packets)}
        <PerSecond text={unitText(agent.packetsPerSecond, 'perSecond')} />
      </Cell>
      <Cell label="Octets" number>
        {formatNumber(agent.bytes)}
        <PerSecond text={unitText(agent.bytesPerSecond, 'perSecond')} />
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
        <ClockOffset ms={agent.clockOffsetMs} />
      </Cell>
      <Cell label="Last fault">
        <LastFault fault={agent.lastFault} nowUs={nowUs} />
      </Cell>
    </tr>
  );
}

/** How long ago a sender was heard of; silence is set apart. */
export function Heard({ us, isSilent, nowUs }: { us: number; isSilent: boolean; nowUs: number }): VNode {
  if (!isSilent) return <span class="quiet">{agoText(us, nowUs)}</span>;
  return <Pill text={`silent for ${roughly((nowUs - us) / 1000)}`} tone="odd" />;
}

/** What a sender's clock says less what ours does. */
export function ClockOffset({ ms }: { ms: number | null }): VNode {
  if (ms === null) return <Nothing />;
  const title = `Sent time minus arrival time: ${formatDuration(ms)}. Beyond max_clock_skew the arrival time counts.`;
  return isClockOff(ms) ? (
    <strong class="warn" title={title}>
      ▲ {offsetText(ms)}
    </strong>
  ) : (
    <span title={title}>{offsetText(ms)}</span>
  );
}

export function LastFault({ fault, nowUs }: { fault: AgentView['lastFault']; nowUs: number }): VNode {
  if (fault === null) return <Nothing />;
  return (
    <>
      <a href="/hep/list#faults">
        <Captured text={fault.code} />
      </a>{' '}
      <span class="quiet">{agoText(fault.atUs, nowUs)}</span>
      <FirstOctets hex={fault.hex} />
    </>
  );
}

function FirstOctets({ hex }: { hex: string }): VNode {
  const octets = octetsText(hex);
  return (
    <>
      <code class="hex">
        <Captured text={octets.hex} />
      </code>
      <code class="hex quiet">
        <Captured text={octets.text} />
      </code>
    </>
  );
}

/** What is refused, why, of whom, and how it began. */
function FaultTable({ faults, nowUs }: { faults: readonly FaultRow[]; nowUs: number }): VNode {
  if (faults.length === 0) return <p class="quiet">Nothing has been refused since the start.</p>;
  return (
    <Table
      head={['Reason', 'What it means', { number: 'Messages' }, 'Of whom', 'First octets of the last']}
      caption="Faults by reason"
    >
      <tbody>
        {faults.map(({ code, description, messages, senders, last }) => (
          <tr>
            <Cell label="Reason">
              <code>{code}</code>
            </Cell>
            <Cell label="What it means">{description}</Cell>
            <Cell label="Messages" number>
              {formatNumber(messages)}
            </Cell>
            <Cell label="Of whom">
              {senders.length === 0 ? (
                <span class="quiet">no longer listed</span>
              ) : (
                <ul class="plain">
                  {senders.map((sender) => (
                    <li>
                      {formatNumber(sender.messages)} × <AgentLink id={sender.id} />
                    </li>
                  ))}
                </ul>
              )}
            </Cell>
            <Cell label="First octets of the last">
              {last === null ? (
                <Nothing />
              ) : (
                <>
                  <AgentLink id={last.sender} /> <span class="quiet">{agoText(last.atUs, nowUs)}</span>
                  <FirstOctets hex={last.hex} />
                </>
              )}
            </Cell>
          </tr>
        ))}
      </tbody>
    </Table>
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
