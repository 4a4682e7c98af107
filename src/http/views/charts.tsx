import type { VNode } from 'preact';
import type { Course } from '../charts.ts';
import { ChartView, Spans } from './chart.tsx';
import { StatisticsTabs } from './numbers.tsx';

interface ChartsProps {
  course: Course;
  spanMs: number;
  href: (span: string) => string;
  /** Counters were chosen, so there is a way back to the usual. */
  isChosen: boolean;
}

/** Everything that is drawn over time, large enough to read values from. */
export function Charts({ course, spanMs, href, isChosen }: ChartsProps): VNode {
  return (
    <div data-live="received">
      <StatisticsTabs current={isChosen ? '' : '/stats/charts'} />
      <Spans spanMs={spanMs} href={href}>
        <span class="quiet">
          {isChosen ? <a href="/stats/charts">the usual charts</a> : 'Every counter has a chart: '}{' '}
          <a href="/counters?nz=1">counters</a>
        </span>
      </Spans>
      <div class="charts large">
        {course.charts.map((chart) => (
          <ChartView chart={chart} times={course} />
        ))}
      </div>
    </div>
  );
}
