import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { formatEndpoint, formatIp } from '../model/endpoint.ts';
import { Fault, faultInfo } from '../model/fault.ts';
import type { CapturedFrame } from '../model/capture.ts';
import { decapsulate, Frame, IP_PROTOCOL_SCTP, IP_PROTOCOL_TCP, type FrameSkip } from '../wire/pcap/frame.ts';
import { AnyCaptureReader } from '../wire/pcap/capture-reader.ts';
import { looksLikeHep, looksLikeSip } from '../wire/pcap/recognise.ts';
import { beforeSctpData, nextSctpData } from '../wire/pcap/sctp.ts';
import { TcpStreams, type StreamSkip } from './tcp-streams.ts';

/** A HEP packet or a SIP message found in a capture. */
export interface CapturedMessage {
  kind: 'hep' | 'sip';
  /** When it was captured; over TCP, when its last octets were. */
  timeUs: number;
  family: 4 | 6;
  ipProtocol: number;
  src: string;
  srcPort: number;
  dst: string;
  dstPort: number;
  bytes: Buffer;
}

export type ReadSkip = FrameSkip | StreamSkip | 'filtered';

export interface ReadSettings {
  /** UDP ports whose datagrams are HEP whatever is in them; undefined = HEP is recognised by its content. */
  hepPorts: ReadonlySet<number> | undefined;
  /** Answers whether a frame is looked at. */
  filter: (frame: CapturedFrame) => boolean;
}

export const EVERYTHING: ReadSettings = { hepPorts: undefined, filter: () => true };

/** What reading reports beside messages; both are called once per frame at most. */
export interface ReadCounts {
  frame(): void;
  skipped(reason: ReadSkip): void;
}

/** The file cannot be read, or not to its end: `message` is the one line to show. */
export class CaptureFileError extends Error {
  readonly code = 'CAPTURE_FILE';
  /** Reading stopped inside the last record: what came before is whole, as after a crash of the capture program. */
  readonly isTruncated: boolean;

  constructor(message: string, isTruncated: boolean, cause?: unknown) {
    super(message, { cause });
    this.isTruncated = isTruncated;
  }
}

/** Reads the messages of one file in its order. Throws `CaptureFileError`, if need be after the last whole message. */
export async function* readMessages(
  path: string,
  settings: ReadSettings,
  counts: ReadCounts,
): AsyncGenerator<CapturedMessage, void, void> {
  const reader = new AnyCaptureReader();
  const finder = new MessageFinder(settings, counts);
  try {
    for await (const chunk of openFile(path)) {
      for (const frame of reader.push(chunk)) yield* finder.take(frame);
      if (reader.fault !== Fault.NONE) break;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CaptureFileError(`cannot read "${path}": ${reason}`, false, error);
  }
  const fault = reader.end();
  if (fault === Fault.NONE) return;
  const { code, text } = faultInfo(fault);
  throw new CaptureFileError(`"${path}": ${code}, ${text}`, fault === Fault.PCAP_TRUNCATED);
}

async function* openFile(path: string): AsyncGenerator<Buffer, void, void> {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) {
    yield* file;
    return;
  }
  const inflated = createGunzip();
  // A failure of either end destroys `inflated`, and so ends the loop below; this promise would only repeat it.
  pipeline(file, inflated).catch(() => undefined);
  yield* inflated;
}

class MessageFinder {
  readonly #settings: ReadSettings;
  readonly #counts: ReadCounts;
  readonly #frame = new Frame();
  readonly #streams: TcpStreams;

  constructor(settings: ReadSettings, counts: ReadCounts) {
    this.#settings = settings;
    this.#counts = counts;
    this.#streams = new TcpStreams((reason) => counts.skipped(reason));
  }

  take(captured: CapturedFrame): CapturedMessage[] {
    this.#counts.frame();
    if (!this.#settings.filter(captured)) {
      this.#counts.skipped('filtered');
      return [];
    }
    const frame = this.#frame;
    const skip = decapsulate(captured.linkType, captured.bytes, frame);
    if (skip !== undefined) {
      this.#counts.skipped(skip);
      return [];
    }
    const payload = captured.bytes.subarray(frame.start, frame.end);
    const envelope = {
      timeUs: captured.timeUs,
      family: frame.family,
      ipProtocol: frame.ipProtocol,
      src: formatIp(frame.family, frame.src0, frame.src1, frame.src2, frame.src3),
      srcPort: frame.srcPort,
      dst: formatIp(frame.family, frame.dst0, frame.dst1, frame.dst2, frame.dst3),
      dstPort: frame.dstPort,
    };
    if (frame.ipProtocol === IP_PROTOCOL_TCP) {
      const key = `${formatEndpoint(envelope.src, frame.srcPort)}>${formatEndpoint(envelope.dst, frame.dstPort)}`;
      return this.#streams
        .take(key, frame.sequence, frame.tcpFlags, payload)
        .map((message) => ({ ...envelope, ...message }));
    }
    const payloads = frame.ipProtocol === IP_PROTOCOL_SCTP ? sctpMessages(frame) : [payload];
    const messages = payloads.flatMap((bytes) => {
      const kind = this.#kindOf(frame.dstPort, bytes);
      return kind === undefined ? [] : [{ ...envelope, kind, bytes }];
    });
    if (messages.length === 0) this.#counts.skipped('not-hep-or-sip');
    return messages;
  }

  #kindOf(dstPort: number, payload: Buffer): 'hep' | 'sip' | undefined {
    const { hepPorts } = this.#settings;
    if (hepPorts === undefined ? looksLikeHep(payload) : hepPorts.has(dstPort)) return 'hep';
    return looksLikeSip(payload) ? 'sip' : undefined;
  }
}

/** The whole messages among the chunks of an SCTP packet. */
function sctpMessages({ bytes, start, end }: Frame): Buffer[] {
  const found: Buffer[] = [];
  const data = beforeSctpData(start);
  while (nextSctpData(bytes, end, data))
    if (data.isFirst && data.isLast) found.push(bytes.subarray(data.start, data.end));
  return found;
}
