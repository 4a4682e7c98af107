/**
 * HEP3 and SIP messages out of captured TCP segments.
 *
 *   direction "src:port>dst:port" → { next expected sequence number, octets of an incomplete message, early segments }
 *
 * Segments are put in order by sequence number; what comes early waits for what is missing. When it does not come (the
 * capture lost it), reading goes on at the next waiting segment that begins with a message. Everything is bounded: the
 * streams (the one silent longest is forgotten), the waiting segments, the octets of one message.
 */
import { hep3End, looksLikeSip, sipEnd, startsLikeHep3 } from '../wire/pcap/recognise.ts';

const MAX_STREAMS = 4096;
const MAX_WAITING = 64;
/** HEP3 cannot be longer than 65535; SIP may, but rarely is. */
const MAX_MESSAGE = 131_072;

const FIN_OR_RST = 5;
const SYN = 2;

export type StreamSkip = 'tcp-no-data' | 'tcp-repeated' | 'tcp-gap' | 'not-hep-or-sip';

export interface StreamMessage {
  kind: 'hep' | 'sip';
  bytes: Buffer;
}

class Stream {
  next: number | undefined;
  kind: 'hep' | 'sip' | undefined;
  held: Buffer = Buffer.alloc(0);
  readonly waiting = new Map<number, Buffer>();
}

export class TcpStreams {
  readonly #streams = new Map<string, Stream>();
  readonly #skipped: (reason: StreamSkip) => void;

  constructor(skipped: (reason: StreamSkip) => void) {
    this.#skipped = skipped;
  }

  /** Takes one segment of the direction `key`; answers the messages it completes. */
  take(key: string, sequence: number, flags: number, payload: Buffer): StreamMessage[] {
    const messages: StreamMessage[] = [];
    if ((flags & SYN) !== 0) this.#streams.delete(key);
    const stream = this.#stream(key);
    if ((flags & SYN) !== 0) stream.next = sequence;
    if (payload.length === 0) this.#skipped('tcp-no-data');
    else this.#order(stream, sequence, payload, messages);
    if ((flags & FIN_OR_RST) !== 0 && stream.waiting.size === 0) this.#streams.delete(key);
    return messages;
  }

  #stream(key: string): Stream {
    const stream = this.#streams.get(key) ?? new Stream();
    // Moved to the end, so that the first is always the one silent longest.
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    if (this.#streams.size > MAX_STREAMS) {
      const [oldest] = this.#streams.keys();
      if (oldest !== undefined) this.#streams.delete(oldest);
    }
    return stream;
  }

  #order(stream: Stream, sequence: number, payload: Buffer, messages: StreamMessage[]): void {
    stream.next ??= sequence;
    // Sequence numbers wrap: the signed difference tells before from after (RFC 9293 §3.4).
    const ahead = (sequence - stream.next) | 0;
    if (ahead > 0) {
      stream.waiting.set(sequence, payload);
      if (stream.waiting.size < MAX_WAITING) return;
      this.#skipped('tcp-gap');
      this.#passGap(stream);
    } else {
      this.#append(stream, sequence, payload, messages);
    }
    this.#drain(stream, messages);
  }

  /** Gives up what is missing: goes on where the first waiting message begins. */
  #passGap(stream: Stream): void {
    stream.held = Buffer.alloc(0);
    stream.kind = undefined;
    let best: number | undefined;
    for (const [sequence, payload] of stream.waiting) {
      if (kindOf(payload) === undefined) continue;
      if (best === undefined || ((sequence - best) | 0) < 0) best = sequence;
    }
    stream.next = best;
    for (const sequence of stream.waiting.keys()) {
      if (best === undefined || ((sequence - best) | 0) < 0) stream.waiting.delete(sequence);
    }
  }

  /** Appends waiting segments that are due now. Each round removes one, so this ends. */
  #drain(stream: Stream, messages: StreamMessage[]): void {
    for (;;) {
      const due = [...stream.waiting].find(([sequence]) => ((sequence - (stream.next ?? sequence)) | 0) <= 0);
      if (due === undefined) return;
      const [sequence, payload] = due;
      stream.waiting.delete(sequence);
      this.#append(stream, sequence, payload, messages);
    }
  }

  /** Takes a segment that begins at or before what is expected. */
  #append(stream: Stream, sequence: number, payload: Buffer, messages: StreamMessage[]): void {
    const repeated = ((stream.next ?? sequence) - sequence) | 0;
    if (repeated >= payload.length) {
      this.#skipped('tcp-repeated');
      return;
    }
    const fresh = payload.subarray(repeated);
    stream.next = (sequence + payload.length) >>> 0;
    stream.held = stream.held.length === 0 ? fresh : Buffer.concat([stream.held, fresh]);
    stream.kind ??= kindOf(stream.held);
    // Too few octets to tell: the rest of the magic may follow.
    if (stream.kind === undefined && stream.held.length < 4 && startsLikeHep3(stream.held)) return;
    this.#cut(stream, messages);
  }

  #cut(stream: Stream, messages: StreamMessage[]): void {
    while (stream.held.length > 0) {
      const { kind } = stream;
      // Line ends between SIP messages are keep-alives (RFC 3261 §7.5, RFC 5626 §3.5.1).
      if (kind === 'sip') stream.held = withoutLeadingLineEnds(stream.held);
      if (stream.held.length === 0) return;
      const end = kind === undefined ? -1 : kind === 'hep' ? hep3End(stream.held) : sipEnd(stream.held);
      if (kind === undefined || end < 0 || (end === 0 && stream.held.length > MAX_MESSAGE)) {
        this.#skipped('not-hep-or-sip');
        stream.held = Buffer.alloc(0);
        // The next segment may begin with a message again.
        stream.kind = undefined;
        return;
      }
      if (end === 0) return;
      messages.push({ kind, bytes: stream.held.subarray(0, end) });
      stream.held = stream.held.subarray(end);
    }
  }
}

function kindOf(bytes: Buffer): 'hep' | 'sip' | undefined {
  if (bytes.length >= 4 && startsLikeHep3(bytes)) return 'hep';
  return looksLikeSip(withoutLeadingLineEnds(bytes)) ? 'sip' : undefined;
}

function withoutLeadingLineEnds(bytes: Buffer): Buffer {
  let at = 0;
  while (at < bytes.length && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  return bytes.subarray(at);
}
