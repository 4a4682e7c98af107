import type { VNode } from 'preact';
import type { StatisticsBlock } from '../../model/statistics.ts';
import type { CounterItem } from '../counters.ts';
import { formatNumber, link } from '../show.ts';
import { byGroup } from '../site-map.ts';
import { Cell, Facts, Table } from './parts.tsx';

type Numbered = Pick<CounterItem, 'group' | 'name' | 'value' | 'max' | 'description'>;

/** Counters as one table per group. */
export function CounterTables({ items, valueTitle }: { items: readonly Numbered[]; valueTitle: string }): VNode {
  const groups = byGroup(items);
  if (groups.size === 0) return <p>All counters of this choice are 0.</p>;
  return (
    <div class="groups">
      {[...groups].map(([group, members]) => (
        <section id={group}>
          <h2>
            <a href={`/counters?group=${encodeURIComponent(group)}`}>{group}</a>
          </h2>
          <GroupTable members={members} caption={group} valueTitle={valueTitle} />
        </section>
      ))}
    </div>
  );
}

function GroupTable({
  members,
  caption,
  valueTitle,
}: {
  members: readonly Numbered[];
  caption: string;
  valueTitle: string;
}): VNode {
  const hasMax = members.some((member) => member.max !== undefined);
  return (
    <Table
      head={['Counter', { number: valueTitle }, ...(hasMax ? [{ number: 'Highest' }] : []), 'Meaning']}
      caption={caption}
    >
      <tbody>
        {members.map((member) => (
          <tr class={member.value === 0 ? 'zero' : undefined}>
            <Cell label="Counter">
              <a href={link('/stats/charts', { counter: `${member.group}.${member.name}` })} title="Over time">
                <code>{member.name}</code>
              </a>
            </Cell>
            <Cell label={valueTitle} number>
              {formatNumber(member.value)}
            </Cell>
            {hasMax ? (
              <Cell label="Highest" number>
                {member.max === undefined ? '' : formatNumber(member.max)}
              </Cell>
            ) : undefined}
            <Cell label="Meaning">{member.description}</Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

interface CountersProps {
  items: readonly Numbered[];
  average: string | undefined;
  header: string;
  /** Counters that are 0 are left out. */
  hidden: boolean;
}

export function Counters({ items, average, header, hidden }: CountersProps): VNode {
  return (
    <>
      <p>
        {header}{' '}
        {average === undefined ? (
          <>
            {hidden ? <a href="/counters">All counters</a> : <a href="/counters?nz=1">Only what is not 0</a>} ·{' '}
            <a href="/counters/avg">averages</a>
          </>
        ) : (
          <>
            Gauges have no average and are left out. <a href="/counters">Totals</a>
          </>
        )}
      </p>
      <CounterTables items={items} valueTitle={average === undefined ? 'Value' : `per ${average}`} />
    </>
  );
}

const VARIANTS: readonly (readonly [string, string])[] = [
  ['/stats', 'totals'],
  ['/stats/rate?d=1s', 'rate /1s'],
  ['/stats/rate?d=10s', '/10s'],
  ['/stats/rate?d=1m', '/1m'],
  ['/stats/rate?d=1h', '/1h'],
  ['/stats/avg?d=1s', 'average /1s'],
  ['/stats/avg?d=10s', '/10s'],
  ['/stats/avg?d=1m', '/1m'],
  ['/stats/avg?d=1h', '/1h'],
  ['/stats/raw', 'raw'],
  ['/stats/charts', 'charts'],
];

export function StatisticsTabs({ current }: { current: string }): VNode {
  return (
    <nav class="tabs" aria-label="Statistics">
      {VARIANTS.map(([href, text]) => (
        <a href={href} aria-current={href === current ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}

export function Statistics({
  block,
  current,
  header,
}: {
  block: StatisticsBlock;
  current: string;
  header: string;
}): VNode {
  const moved = block.values.filter((value) => value.value !== 0);
  return (
    <>
      <StatisticsTabs current={current} />
      <p>{header}</p>
      <pre class="block">{block.lines.join('\n')}</pre>
      <CounterTables items={moved} valueTitle={block.perMs === null ? 'Total' : 'Value'} />
      <p class="quiet">
        {block.values.length - moved.length} of {block.values.length} numbers are 0 and not listed.
      </p>
    </>
  );
}

export function RawStatistics({ values }: { values: Readonly<Record<string, number>> }): VNode {
  return (
    <>
      <StatisticsTabs current="/stats/raw" />
      <Facts rows={Object.entries(values).map(([name, value]) => [name, formatNumber(value)])} />
    </>
  );
}
