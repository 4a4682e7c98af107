import type { VNode } from 'preact';
import type { ListenerView, Page, ProbeView, SetView } from '../../model/views.ts';
import { isProbeSilent } from '../silence.ts';
import { formatNumber } from '../show.ts';
import { unitText } from '../units.ts';
import { agoText, type Hint } from '../why.ts';
import {
  agentAnchor,
  ClockOffset,
  Heard,
  LastFault,
  ListenerTable,
  LIVE_EVERY_S,
  PerSecond,
  Reasons,
} from './agents.tsx';
import { Section } from './layout.tsx';
import { Captured, Cell, Endpoint, Hints, Nothing, Pager, Table, Time } from './parts.tsx';

const HEAD = [
  'Probe',
  'SBC',
  'Connected',
  'Last octet',
  'Timeout, keep-alive',
  { number: 'Handshakes' },
  { number: 'Messages' },
  { number: 'Octets' },
  { number: 'SIP' },
  { number: 'Quality' },
  { number: 'Tracked' },
  'Refused',
  'Ignored',
  { number: 'Clock' },
  'Last fault',
];

const SET_HEAD = [
  'Probe',
  { number: 'Template' },
  'What it holds',
  { number: 'Records' },
  { number: 'Octets' },
  'Last seen',
  'Malformed',
];

interface ProbeListProps {
  page: Page<ProbeView>;
  listener: ListenerView | null;
  truncated: boolean;
  why: readonly Hint[];
  nowUs: number;
}

export function ProbeList({ page, listener, truncated, why, nowUs }: ProbeListProps): VNode {
  return (
    <div data-live="received" data-live-every={LIVE_EVERY_S}>
      <Section title="Probes">
        {page.items.length === 0 ? (
          <Hints hints={why} tone="empty" title="Why is nothing here?" />
        ) : (
          <Table head={HEAD} caption="Probes">
            <tbody>
              {page.items.map((probe) => (
                <ProbeRow probe={probe} nowUs={nowUs} />
              ))}
            </tbody>
          </Table>
        )}
        {truncated ? (
          <p class="quiet">One answer holds {formatNumber(page.limit)} probes; the next are on the next page.</p>
        ) : undefined}
        <Pager page={page} path="/ipfix/list" parameters={{}} />
      </Section>
      {page.items.some(({ sets }) => sets.length > 0) ? (
        <Section title="Sets by template">
          <Table head={SET_HEAD} caption="Sets that each probe has sent, by template">
            <tbody>
              {page.items.flatMap((probe) => probe.sets.map((set) => <SetRow probe={probe} set={set} nowUs={nowUs} />))}
            </tbody>
          </Table>
        </Section>
      ) : undefined}
      <Section title="Listener">
        <ListenerTable listeners={listener === null ? [] : [listener]} />
      </Section>
    </div>
  );
}

function ProbeRow({ probe, nowUs }: { probe: ProbeView; nowUs: number }): VNode {
  return (
    <tr id={agentAnchor(probe.agent)}>
      <Cell label="Probe">
        <strong>{probe.id}</strong>{' '}
        <span class="path">
          <Endpoint at={probe.peer} /> <span aria-label="to">→</span> <Endpoint at={probe.local} />
        </span>
      </Cell>
      <Cell label="SBC">
        {probe.host === null ? (
          <Nothing />
        ) : (
          <>
            <Captured text={probe.host} />
            <div class="quiet roomy">
              <Captured
                text={`0x${probe.product} ${probe.productVersion}, system ${probe.systemId}, protocol ${probe.protocolVersion}, flags ${probe.flags.join(' ')}`}
              />
            </div>
          </>
        )}
      </Cell>
      <Cell label="Connected">
        <Time us={probe.startedUs} />
      </Cell>
      <Cell label="Last octet">
        <Heard us={probe.lastIoUs} isSilent={isProbeSilent(probe, nowUs)} nowUs={nowUs} />
      </Cell>
      <Cell label="Timeout, keep-alive">
        {probe.timeoutS <= 0 ? 'never' : `${probe.timeoutS} s`}, {probe.keepaliveS} s
        {probe.requestedKeepaliveS === null || probe.requestedKeepaliveS === probe.keepaliveS ? undefined : (
          <span class="quiet"> (asked for {probe.requestedKeepaliveS} s)</span>
        )}
      </Cell>
      <Cell label="Handshakes" number>
        {formatNumber(probe.handshakes)}
      </Cell>
      <Cell label="Messages" number>
        {formatNumber(probe.messages)}
        <PerSecond text={unitText(probe.packetsPerSecond, 'perSecond')} />
      </Cell>
      <Cell label="Octets" number>
        {formatNumber(probe.bytes)}
        <PerSecond text={unitText(probe.bytesPerSecond, 'perSecond')} />
      </Cell>
      <Cell label="SIP" number>
        {formatNumber(probe.sipSets)}
      </Cell>
      <Cell label="Quality" number>
        {formatNumber(probe.qosSets)}
      </Cell>
      <Cell label="Tracked" number>
        {formatNumber(probe.tracked)}
      </Cell>
      <Cell label="Refused">
        <Reasons counts={probe.refused} group="ingest.refused" />
      </Cell>
      <Cell label="Ignored">
        <Reasons counts={probe.ignored} group="ingest.ignored" />
      </Cell>
      <Cell label="Clock" number>
        <ClockOffset ms={probe.clockOffsetMs} />
      </Cell>
      <Cell label="Last fault">
        <LastFault fault={probe.lastFault} nowUs={nowUs} />
      </Cell>
    </tr>
  );
}

function SetRow({ probe, set, nowUs }: { probe: ProbeView; set: SetView; nowUs: number }): VNode {
  return (
    <tr>
      <Cell label="Probe">
        <a href={`#${agentAnchor(probe.agent)}`}>
          <Captured text={probe.host ?? probe.agent} />
        </a>
      </Cell>
      <Cell label="Template" number>
        {set.id ?? <Nothing />}
      </Cell>
      <Cell label="What it holds">{set.meaning === '' ? 'unknown' : <Captured text={set.meaning} />}</Cell>
      <Cell label="Records" number>
        {formatNumber(set.records)}
      </Cell>
      <Cell label="Octets" number>
        {formatNumber(set.octets)}
      </Cell>
      <Cell label="Last seen">
        <Time us={set.lastSeenUs} /> <span class="quiet">{agoText(set.lastSeenUs, nowUs)}</span>
      </Cell>
      <Cell label="Malformed">
        <Reasons counts={set.malformed} group="ingest.refused" />
      </Cell>
    </tr>
  );
}
