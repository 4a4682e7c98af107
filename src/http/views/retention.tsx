import type { VNode } from 'preact';
import type { Retention } from '../retention.ts';
import { formatNumber } from '../show.ts';
import { forecastText } from '../text/retention.ts';
import { unitText } from '../units.ts';
import { agoText } from '../why.ts';
import { LIVE_EVERY_S } from './agents.tsx';
import { Cell, Nothing, Table, Time } from './parts.tsx';

const HEAD = [
  'What',
  { number: 'Held' },
  { number: 'At most' },
  { number: 'Octets' },
  { number: 'At most' },
  'Used',
  'Oldest',
  { number: 'Comes' },
  'Kept',
  'Set by',
];

export function RetentionPage({ rows, nowUs }: { rows: readonly Retention[]; nowUs: number }): VNode {
  return (
    <div data-live="received" data-live-every={LIVE_EVERY_S}>
      <p>
        Everything is in memory, and each kind has a bound: the newest messages and events take the place of the oldest.
        Charts go back a day. What must last goes out as it comes: events with{' '}
        <a href="/about/config#event_log">event_log</a>, calls with <a href="/about/config#pcap_dump">pcap_dump</a>,
        tables over a restart with <a href="/about/config#state_dir">state_dir</a>.
      </p>
      <Table head={HEAD} caption="What is kept">
        <tbody>
          {rows.map((row) => (
            <Row row={row} nowUs={nowUs} />
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function Row({ row, nowUs }: { row: Retention; nowUs: number }): VNode {
  const { title, href, held, most, bytes, maxBytes, used, oldestUs, perSecond, options } = row;
  const forecast = forecastText(row);
  return (
    <tr>
      <Cell label="What">
        <a href={href}>{title}</a>
      </Cell>
      <Cell label="Held" number>
        {formatNumber(held)}
      </Cell>
      <Cell label="At most" number>
        <Amount of={most} />
      </Cell>
      <Cell label="Octets" number>
        <Amount of={bytes} />
      </Cell>
      <Cell label="At most" number>
        <Amount of={maxBytes} />
      </Cell>
      <Cell label="Used">
        {used === null ? (
          <Nothing />
        ) : (
          <>
            {unitText(used, 'ratio')}
            <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
              <rect class="fill blue" width={Math.min(1, used) * 100} height="4" />
            </svg>
          </>
        )}
      </Cell>
      <Cell label="Oldest">
        {oldestUs === null ? (
          <Nothing />
        ) : (
          <>
            <Time us={oldestUs} /> <span class="quiet">{agoText(oldestUs, nowUs)}</span>
          </>
        )}
      </Cell>
      <Cell label="Comes" number>
        {perSecond === null ? <Nothing /> : unitText(perSecond, 'perSecond')}
      </Cell>
      <Cell label="Kept">{forecast === '' ? <Nothing /> : forecast}</Cell>
      <Cell label="Set by">
        {options.map((option, n) => (
          <>
            {n === 0 ? '' : ', '}
            <a href={`/about/config#${option}`}>{option}</a>
          </>
        ))}
      </Cell>
    </tr>
  );
}

function Amount({ of }: { of: number | null }): VNode {
  return of === null ? <Nothing /> : <>{formatNumber(of)}</>;
}
