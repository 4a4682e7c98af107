import type { VNode } from 'preact';
import { formatDuration } from '../../model/duration.ts';
import type { CallView, InterfaceView, QosLegView, QosView } from '../../model/views.ts';
import type { MediaReport } from '../ladder/media.ts';
import { formatNumber } from '../show.ts';
import { AgentLink } from './agents.tsx';
import { Captured, Cell, Nothing, Path, Table, Time, TimeOfDay } from './parts.tsx';

/** `slot 0 port 1`, and the VLAN where there is one. */
export function interfaceText({ slot, port, vlan }: InterfaceView): string {
  return `slot ${slot} port ${port}${vlan === 0 ? '' : ` VLAN ${vlan}`}`;
}

/** What the SBC measured of the media, one table per record: a row for each leg. */
export function Quality({ call }: { call: CallView }): VNode {
  if (call.qos.length === 0) return <Nothing />;
  return (
    <>
      {call.qos.map((record) => (
        <Record record={record} />
      ))}
    </>
  );
}

const HEAD = [
  'Leg',
  { number: 'MOS' },
  { number: 'R value' },
  { number: 'Packets' },
  { number: 'Lost' },
  { number: 'Jitter' },
  { number: 'RTCP lost' },
  { number: 'RTCP jitter' },
  { number: 'Latency' },
  'Media',
];

function Record({ record }: { record: QosView }): VNode {
  const { codec, payloadType, beginUs, endUs } = record;
  return (
    <>
      <p>
        <Captured text={codec === '' ? '' : `${codec}, `} />
        payload type {payloadType}, <Time us={beginUs} />, {formatDuration(Math.max(0, endUs - beginUs) / 1000)}, caller
        on {interfaceText(record.caller)}, callee on {interfaceText(record.callee)}{' '}
        <span class="quiet">measured by</span> <AgentLink id={record.agent} />
      </p>
      <Table head={HEAD} caption="Media quality">
        <tbody>
          <Leg name="incoming" leg={record.incoming} />
          <Leg name="outgoing" leg={record.outgoing} />
        </tbody>
      </Table>
    </>
  );
}

function Leg({ name, leg }: { name: string; leg: QosLegView }): VNode {
  const { rtp, rtcp } = leg;
  return (
    <tr>
      <Cell label="Leg">
        {name} {leg.realm === '' ? undefined : <Captured text={leg.realm} />}{' '}
        <span class="quiet">
          <Captured text={leg.callId} />
        </span>
      </Cell>
      <Cell label="MOS" number>
        <Measured values={[leg.mos]} />
      </Cell>
      <Cell label="R value" number>
        <Measured values={[leg.rFactor]} />
      </Cell>
      <Cell label="Packets" number>
        <Measured values={[rtp.packets]} />
      </Cell>
      <Cell label="Lost" number>
        <Measured values={[rtp.lost]} />
      </Cell>
      <Cell label="Jitter" number>
        <Measured values={[rtp.averageJitter, rtp.maxJitter]} />
      </Cell>
      <Cell label="RTCP lost" number>
        <Measured values={[rtcp.lost]} />
      </Cell>
      <Cell label="RTCP jitter" number>
        <Measured values={[rtcp.averageJitter, rtcp.maxJitter]} />
      </Cell>
      <Cell label="Latency" number>
        <Measured values={[rtcp.averageLatency, rtcp.maxLatency]} />
      </Cell>
      <Cell label="Media">
        <ul class="plain">
          {leg.flows.map(({ party, src, dst }) => (
            <li>
              <span class="quiet">
                <Captured text={party} />
              </span>{' '}
              <Path src={src} dst={dst} />
            </li>
          ))}
        </ul>
      </Cell>
    </tr>
  );
}

/** One value, or average and maximum. */
function Measured({ values }: { values: readonly (number | null)[] }): VNode {
  const text = values.map((value) => (value === null ? 'unknown' : formatNumber(value)));
  return <span>{text.length === 2 ? `${text[0]}, at most ${text[1]}` : text[0]}</span>;
}

/** What phones, agents and SBCs reported of the media, one below the other as it came. */
export function MediaReports({ reports }: { reports: readonly MediaReport[] }): VNode {
  return (
    <Table head={['Time', 'From → to', 'What', 'Measured']} caption="Media reports">
      <tbody>
        {reports.map(({ atUs, src, dst, label, details }) => (
          <tr>
            <Cell label="Time">
              <TimeOfDay us={atUs} />
            </Cell>
            <Cell label="From → to">
              <Path src={src} dst={dst} />
            </Cell>
            <Cell label="What">
              <Captured text={label} />
            </Cell>
            <Cell label="Measured">
              <Captured text={details.join(' · ')} />
            </Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
