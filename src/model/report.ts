/** What one stream of RTP was like, as its receiver reports it. `null` = not told. */
export interface StreamReport {
  /** Synchronisation source of the stream. */
  ssrc: number | null;
  codec: string;
  packets: number | null;
  /** Since the beginning; negative where packets came twice (RFC 3550 §6.4.1). */
  lost: number | null;
  lossPercent: number | null;
  /** In units of the stream's clock, or in milliseconds. */
  jitterUnits: number | null;
  jitterMs: number | null;
  /** Middle 32 bits of the sender's NTP time that was received last, and how long ago that was, in 1/65536 s. */
  lastSenderReport: number;
  delay: number;
  mos: number | null;
  rFactor: number | null;
}

/** A report that is no SIP, read. */
export interface Report {
  kind: 'RTCP' | 'media report' | 'log';
  /** Of who sends it. */
  ssrc: number | null;
  /** What its sender has sent, where it tells that; `ntp` are the middle 32 bits of its time. */
  sent: { packets: number; octets: number; ntp: number } | null;
  streams: StreamReport[];
  /** A line of a log. */
  text: string;
}
