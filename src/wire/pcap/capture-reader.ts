import type { Fault } from '../../model/fault.ts';

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
