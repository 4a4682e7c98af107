import type { ComponentChildren, VNode } from 'preact';
import { SERIES_SPANS_MS } from '../../model/statistics.ts';
import { type Chart, type ChartSeries, type Course, stepHref } from '../charts.ts';
import { timeOfDay, zoneMark } from '../show.ts';
import { spanText } from '../spans.ts';
import { unitText, type Unit } from '../units.ts';
import { useZone } from './zone.tsx';

const WIDTH = 360;
const TOP = 10;
const BOTTOM = 104;
const HEIGHT = 120;
/** Slots there are at most: a young program fills them from the right. */
const SLOTS = 48;
const SLOT = WIDTH / SLOTS;

type Times = Pick<Course, 'endsUs' | 'stepMs'>;

/** Windows to choose from. */
export function Spans({
  spanMs,
  href,
  children,
}: {
  spanMs: number;
  href: (text: string) => string;
  children?: ComponentChildren;
}): VNode {
  return (
    <nav class="spans" aria-label="Window">
      {SERIES_SPANS_MS.map((span) => (
        <a href={href(spanText(span))} aria-current={span === spanMs ? 'true' : undefined}>
          {spanText(span)}
        </a>
      ))}
      {children}
    </nav>
  );
}

/** One chart, drawn on the server. Each step of time is a link to what is behind it, and says its values on hover. */
export function ChartView({ chart, times }: { chart: Chart; times: Times }): VNode {
  const zone = useZone();
  const clock = (us: number): string => timeOfDay(us, zone).slice(0, 8);
  const steps = times.endsUs.length;
  const top = niceCeiling(highest(chart, steps), chart.unit);
  const y = (value: number): number => BOTTOM - (value / top) * (BOTTOM - TOP);
  const x = (step: number): number => WIDTH - (steps - step) * SLOT;
  const present = chart.series.filter(({ values }) => values.some((value) => (value ?? 0) > 0));
  return (
    <figure class="chart" aria-label={chart.title}>
      <figcaption>
        <a href={chart.href}>{chart.title}</a>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={`${chart.title}: ${lastText(chart)}`}>
        <line class="grid" x1="0" y1={TOP} x2={WIDTH} y2={TOP} />
        <line class="grid" x1="0" y1={(TOP + BOTTOM) / 2} x2={WIDTH} y2={(TOP + BOTTOM) / 2} />
        <line class="axis" x1="0" y1={BOTTOM} x2={WIDTH} y2={BOTTOM} />
        {chart.kind === 'stack' ? stacks(present, steps, x, y) : lines(present, x, y)}
        <text class="tick" x="2" y={TOP - 2}>
          {unitText(top, chart.unit)}
        </text>
        <TimeTicks times={times} x={x} />
        {times.endsUs.map((endUs, step) => (
          // What a keyboard reaches is the chart's own link: dozens of stops in each chart would be in its way.
          <a href={stepHref(chart, times, step)} tabIndex={-1} data-at={endUs}>
            <title>{`${clock(endUs - times.stepMs * 1000)}–${clock(endUs)} ${zoneMark(endUs, zone)}\n${stepText(chart, step)}`}</title>
            <rect class="hit" x={x(step)} y="0" width={SLOT} height={BOTTOM} />
          </a>
        ))}
      </svg>
      <ul class="legend">
        {(present.length === 0 ? chart.series.slice(0, 2) : present).map((series) => (
          <li>
            <a href={series.href}>
              <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
                <rect class={`fill ${series.tone}`} width="10" height="10" rx="2" />
              </svg>
              {series.name}
            </a>{' '}
            <span class="figure" data-series={series.name}>
              {unitText(series.values.at(-1) ?? null, chart.unit)}
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

type Scale = (value: number) => number;

function stacks(series: readonly ChartSeries[], steps: number, x: Scale, y: Scale): VNode[] {
  const floor = Array.from({ length: steps }, () => 0);
  return series.map(({ tone, values }) => {
    const bars = values.map((value, step) => {
      const from = floor[step] ?? 0;
      const to = from + (value ?? 0);
      floor[step] = to;
      if (to === from) return '';
      return `M${fixed(x(step) + 0.5)} ${fixed(y(from))}V${fixed(y(to))}h${fixed(SLOT - 1)}V${fixed(y(from))}z`;
    });
    return <path class={`fill ${tone}`} d={bars.join('')} />;
  });
}

/** Where nothing was measured the line is broken; a lone point is a dot. */
function lines(series: readonly ChartSeries[], x: Scale, y: Scale): VNode[] {
  return series.map(({ tone, values }) => {
    let isDrawing = false;
    const path = values.map((value, step) => {
      const continues = isDrawing;
      isDrawing = value !== null;
      if (value === null) return '';
      const point = `${fixed(x(step) + SLOT / 2)} ${fixed(y(value))}`;
      return continues ? `L${point}` : `M${point}h0`;
    });
    return <path class={`stroke ${tone}`} d={path.join('')} />;
  });
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function TimeTicks({ times, x }: { times: Times; x: Scale }): VNode {
  const zone = useZone();
  const { endsUs, stepMs } = times;
  // A young program has its few steps side by side: fewer times stand below them.
  const places =
    endsUs.length < SLOTS / 3 ? [] : endsUs.length < (SLOTS * 2) / 3 ? [0] : [0, Math.floor(endsUs.length / 2)];
  const shown = [...places, endsUs.length - 1].filter((step) => step >= 0);
  return (
    <>
      {shown.map((step, n) => {
        const isLast = n === shown.length - 1;
        const at = (endsUs[step] ?? 0) - (isLast ? 0 : stepMs * 1000);
        const anchor = isLast ? 'end' : 'start';
        return (
          <text class="tick" x={isLast ? WIDTH - 2 : Math.max(2, x(step))} y={HEIGHT - 4} text-anchor={anchor}>
            {timeOfDay(at, zone).slice(0, 5)}
            {isLast ? ` ${zoneMark(at, zone)}` : ''}
          </text>
        );
      })}
    </>
  );
}

function highest(chart: Chart, steps: number): number {
  if (chart.kind === 'lines')
    return Math.max(0, ...chart.series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const sums = Array.from({ length: steps }, (_, step) =>
    chart.series.reduce((sum, { values }) => sum + (values[step] ?? 0), 0),
  );
  return Math.max(0, ...sums);
}

/** The next round number, of which people read half as easily. */
export function niceCeiling(value: number, unit: Unit): number {
  if (unit === 'ratio') return 1;
  const least = unit === 'ms' ? 100 : 1;
  if (value <= least) return least;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 5, 10].find((each) => each * power >= value) ?? 10;
  return factor * power;
}

function stepText(chart: Chart, step: number): string {
  return chart.series
    .filter(({ values }) => chart.kind === 'lines' || (values[step] ?? 0) > 0)
    .map(({ name, values }) => `${name}: ${unitText(values[step] ?? null, chart.unit)}`)
    .join('\n');
}

function lastText(chart: Chart): string {
  return chart.series.map(({ name, values }) => `${name} ${unitText(values.at(-1) ?? null, chart.unit)}`).join(', ');
}
