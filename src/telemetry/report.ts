import type { CaptureSummary } from '../model/capture.ts';
import { countersText, defaultCounterFlags, type ReadCounter } from '../model/counters-text.ts';
import { Calls, Pkt } from '../model/counters.ts';
import { formatDuration } from '../model/duration.ts';
import { statisticsLines } from './statistics.ts';

export interface FinalReport {
  readonly runTimeMs: number;
  readonly read: ReadCounter;
  /** What was counted in the run time, where `read` may go further back. */
  readonly readSinceStart: ReadCounter;
  readonly readMax: ReadCounter;
  /** Counter groups shown, resolved. */
  readonly groups: readonly string[];
  readonly endForceTimeoutMs: number;
  readonly endWaitMs: number;
  /** Capture files played, and how long that took. */
  readonly capture?: { readonly runTimeMs: number; readonly summary: CaptureSummary };
}

const MEGABYTE = 2 ** 20;

/** The report on standard output when the input has ended, up to the first "active entries" line. */
export function finalReport(report: FinalReport): string {
  const { read, readSinceStart, runTimeMs } = report;
  const seconds = runTimeMs / 1000;
  const perSecond = (total: number): number => (seconds > 0 ? total / seconds : 0);
  const megabytes = perSecond(readSinceStart(Pkt.TOTAL_SIZE)) / MEGABYTE;
  const gigabits = (megabytes * 8) / 1024;
  const flags = { ...defaultCounterFlags(true), nonZero: true };
  return [
    `run  time: ${formatDuration(runTimeMs)}\n`,
    `     pkts/s: ${perSecond(readSinceStart(Pkt.TOTAL_PACKETS)).toFixed(1)}\n`,
    `       MB/s: ${megabytes.toFixed(3)} (${gigabits.toFixed(3)} Gbits/s)\n`,
    ...captureLines(report.capture),
    `${statisticsLines(read).join('\n')}\n`,
    countersText(report.groups, flags, read, report.readMax),
    activeLine('end', report),
  ].join('');
}

/** How fast capture files were played, beside how fast they had been recorded. */
function captureLines(capture: FinalReport['capture']): string[] {
  if (capture === undefined) return [];
  const { recordedMs, packets, bytes } = capture.summary;
  const seconds = recordedMs / 1000;
  const perSecond = (total: number): number => (seconds > 0 ? total / seconds : 0);
  const speed = capture.runTimeMs > 0 ? recordedMs / capture.runTimeMs : 0;
  const megabytes = perSecond(bytes) / MEGABYTE;
  const isSlower = speed > 0.8 && speed < 1.01;
  return [
    `pcap time: ${formatDuration(recordedMs)}\n`,
    `pcap replay speed: ${speed.toFixed(3)}\n`,
    ...(isSlower ? [`pcap replay slower: ${formatDuration(capture.runTimeMs - recordedMs)}\n`] : []),
    `pcap pkts/s: ${perSecond(packets).toFixed(1)}\n`,
    `pcap    MB/s: ${megabytes.toFixed(3)} (${((megabytes * 8) / 1024).toFixed(3)} Gbits/s)\n`,
  ];
}

/** The last line before the exit, after `end_wait`. */
export function finalLine(report: Pick<FinalReport, 'read' | 'endForceTimeoutMs' | 'endWaitMs'>): string {
  return activeLine('final wait', report);
}

function activeLine(when: string, report: Pick<FinalReport, 'read' | 'endForceTimeoutMs' | 'endWaitMs'>): string {
  const forced = formatDuration(report.endForceTimeoutMs);
  const wait = formatDuration(report.endWaitMs);
  return `${when} active entries ${report.read(Calls.ACTIVE)}, end_force_timeout ${forced}, end_wait ${wait}\n`;
}
