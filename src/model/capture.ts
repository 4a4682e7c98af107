import type { Fault } from './fault.ts';
import type { Batches } from './ports.ts';

/**
 * One frame as captured. A capture format with several interfaces has a link type per frame, so it stands here and
 * not at the reader.
 */
export interface CapturedFrame {
  /** LINKTYPE_ number of the tcpdump registry. */
  readonly linkType: number;
  /** Microseconds since the epoch; finer clocks are cut. */
  readonly timeUs: number;
  /** Octets on the wire; more than `bytes.length` when the capture cut the frame. */
  readonly wireLength: number;
  /** The captured octets: a view of what was pushed, or of a copy if the frame was split between pushes. */
  readonly bytes: Buffer;
}

/** Cuts a capture file, pushed in pieces of any size, into frames. Whatever the octets, it neither throws nor grows. */
export interface CaptureReader {
  /** Why reading stopped, or `Fault.NONE`. */
  readonly fault: Fault;
  /** The frames that these octets complete; none after a fault. */
  push(chunk: Buffer): CapturedFrame[];
  /** Says that the file ended; answers the fault, `PCAP_TRUNCATED` if it ended inside a header or record. */
  end(): Fault;
}

/** Where a source of captured frames puts them. */
export interface CaptureIngest extends Batches {
  /** A capture begins: its frames are those of this observer. */
  begin(observer: string): void;
  /** One frame; outside a batch its octets are used when this returns. */
  frame(frame: CapturedFrame): void;
  /** The capture ended: what waited for missing parts is worked off. */
  end(): void;
}

/** How the files went. */
export interface CaptureSummary {
  /** Recorded time, first to last packet of each file, added up. */
  recordedMs: number;
  packets: number;
  /** Octets on the wire. */
  bytes: number;
  /** Why something was not played, one line per file. */
  problems: string[];
  /** Something could not be read at all; a file that is cut short is no failure. */
  isFailed: boolean;
}

/** Formats in which messages are written as captures. */
export const CAPTURE_FORMATS = ['pcap', 'pcapng'] as const;
export type CaptureFormatName = (typeof CAPTURE_FORMATS)[number];
