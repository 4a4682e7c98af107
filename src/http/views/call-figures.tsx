import type { VNode } from 'preact';
import type { CallHistogram, CallSummary } from '../../model/engine.ts';
import { type AskedSearch, narrowed } from '../search.ts';
import { formatNumber, isoMicros, link, tableTime, zoneMark } from '../show.ts';
import { statusTone } from './call-columns.tsx';
import type { ListAddress } from './list.tsx';
import { Captured, Time } from './parts.tsx';
import { useZone } from './zone.tsx';

interface FiguresProps {
  summary: CallSummary;
  search: AskedSearch | undefined;
  address: ListAddress;
}

/** What the calls of a search are like, all of them: in figures and over time. Each leads to those it is of. */
export function CallFigures({ summary, search, address }: FiguresProps): VNode | undefined {
  const { matched, merged, states, methods, statuses, histogram } = summary;
  if (matched === 0) return undefined;
  const at = (condition: string): string => listAt(address, narrowed(search, condition));
  return (
    <section class="figures" aria-label="Summary of all that match">
      <dl class="strip">
        <Figure name="Dialogs" count={matched} />
        <Figure name="Calls" count={merged} />
        {inOrder(states).map(([state, count]) => (
          <Figure name={state} count={count} of={matched} href={at(`state="${state}"`)} />
        ))}
        {inOrder(methods).map(([method, count]) => (
          <Figure name={method} count={count} of={matched} href={at(`method=${method}`)} />
        ))}
        {Object.entries(statuses)
          .toSorted(([a], [b]) => Number(a[0]) - Number(b[0]))
          .map(([status, count]) => (
            <Figure
              name={status}
              count={count}
              of={matched}
              href={at(`status:${status}`)}
              tone={statusTone(Number(status[0]) * 100)}
            />
          ))}
      </dl>
      <OverTime histogram={histogram} search={search} address={address} />
    </section>
  );
}

/** Most frequent first. */
function inOrder(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
}

function listAt({ path, parameters }: ListAddress, q: string): string {
  return link(path, { ...parameters, q });
}

function Figure({
  name,
  count,
  of,
  href,
  tone,
}: {
  name: string;
  count: number;
  /** What it is a share of. */
  of?: number;
  href?: string;
  tone?: string;
}): VNode {
  const title = <Captured text={name} />;
  return (
    <div>
      <dt class={tone}>{href === undefined ? title : <a href={href}>{title}</a>}</dt>
      <dd>
        {formatNumber(count)}
        {of === undefined ? undefined : <small> {share(count, of)}</small>}
      </dd>
    </div>
  );
}

/** At a glance: none and all are said only of none and all. */
function share(count: number, of: number): string {
  const percent = (count / of) * 100;
  if (count < of && percent > 99) return '>99 %';
  return percent < 1 ? '<1 %' : `${Math.round(percent)} %`;
}

const BAR = 10;
const HEIGHT = 60;
/** Of the smallest bar, so that it can be seen. */
const LEAST = 3;

/** Calls by the time they began. A bar leads to its span; where scripts run, drawing over several leads to theirs. */
function OverTime({
  histogram: { widthS, bars },
  search,
  address,
}: Omit<FiguresProps, 'summary'> & { histogram: CallHistogram }): VNode | undefined {
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const zone = useZone();
  const widthUs = widthS * 1e6;
  const slots = (last.startUs - first.startUs) / widthUs + 1;
  const most = Math.max(...bars.map(({ calls }) => calls));
  const at = (from: string, to: string): string => listAt(address, narrowed(search, `start:${from}..${to}`));
  return (
    <figure class="chart" data-zoom={at(FROM, TO)}>
      <svg
        viewBox={`0 0 ${slots * BAR} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="group"
        aria-label="Calls over time"
      >
        {bars.map(({ startUs, calls }) => {
          const height = Math.max(LEAST, (calls / most) * HEIGHT);
          const x = ((startUs - first.startUs) / widthUs) * BAR;
          const [from, to] = [second(startUs), second(startUs + widthUs - 1)];
          const name = `${calls} ${calls === 1 ? 'call' : 'calls'} from ${tableTime(startUs, zone).slice(0, 19)} ${zoneMark(startUs, zone)} on`;
          return (
            <a href={at(from, to)} aria-label={name} data-from={from} data-to={to}>
              <title>{name}</title>
              <rect class="hit" x={x} y={0} width={BAR} height={HEIGHT} />
              <rect class="fill blue" x={x + 0.5} y={HEIGHT - height} width={BAR - 1} height={height} />
            </a>
          );
        })}
      </svg>
      <figcaption>
        <Time us={first.startUs} />
        <span class="quiet">
          {widthText(widthS)} a bar, at most {formatNumber(most)} calls
        </span>
        <Time us={last.startUs + widthUs} />
      </figcaption>
    </figure>
  );
}

/** What a script puts times in the place of. */
const FROM = 'FROM';
const TO = 'TO';

/** A second as the search language reads it, the whole of it. */
function second(us: number): string {
  return `${isoMicros(us).slice(0, 19)}Z`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
];

function widthText(seconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => seconds % each === 0) ?? ['s', 1];
  return `${seconds / size} ${unit}`;
}
