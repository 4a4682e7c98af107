import { displayText } from '../model/text.ts';
import type { ReportView } from '../model/views.ts';
import type { KeptReport } from '../tracker/reports.ts';

/** Sender reports are answered within seconds; what is longer ago is another one whose time looks the same. */
const MAX_ROUND_TRIP_US = 60e6;
const US_PER_DELAY = 1e6 / 65_536;

/** Reports of one call for display, with the round trips that sender and receiver reports of its two sides tell. */
export function reportViews(reports: readonly KeptReport[]): ReportView[] {
  const senderReports = new Map<number, number>();
  for (const { atUs, report } of reports) if (report.sent !== null) senderReports.set(report.sent.ntp, atUs);
  return reports.map(({ callId, atUs, src, dst, observerId, report }) => ({
    callId: displayText(callId),
    atUs,
    src,
    dst,
    agent: observerId,
    kind: report.kind,
    text: report.text,
    sent: report.sent === null ? null : { packets: report.sent.packets, octets: report.sent.octets },
    streams: report.streams.map(({ lastSenderReport, delay, ...stream }) => ({
      ...stream,
      roundTripMs: roundTripMs(senderReports.get(lastSenderReport), atUs, lastSenderReport, delay),
    })),
  }));
}

/** RFC 3550 §6.4.1, from where both reports were captured to the side that received the first of them. */
function roundTripMs(sentUs: number | undefined, atUs: number, lastSenderReport: number, delay: number): number | null {
  if (sentUs === undefined || lastSenderReport === 0) return null;
  const us = atUs - sentUs - delay * US_PER_DELAY;
  return us >= 0 && us <= MAX_ROUND_TRIP_US ? us / 1000 : null;
}
