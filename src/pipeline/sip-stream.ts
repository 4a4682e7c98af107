/**
 * SIP messages out of a captured byte stream, by their Content-Length (RFC 3261 §18.3).
 *
 *             ┌────────────── next message ◀──────────────┐
 *   head ─────┤ complete ─▶ body there? ─▶ message ───────┤
 *    │ bad, too long, or lost                └ part lost ─┴─▶ skip the rest
 *    └─▶ lost: look for the next start line ─▶ head
 *
 * A capture cannot be asked to send again: after a gap or a bad message it goes on at the next start line. At most one
 * message is held, bounded by `maxHeadBytes` and `MAX_MESSAGE`, and in all streams together by `held.max`.
 */
import { type CounterSet, Pkt } from '../model/counters.ts';
import { Fault } from '../model/fault.ts';
import { SipMessage } from '../sip/message.ts';
import { parseSip, type SipParseOptions } from '../sip/parse.ts';
import type { StreamReader } from '../wire/tcp/reassembly.ts';

const CR = 0x0d;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);
/** A message longer than this is given without the end of its body. */
const MAX_MESSAGE = 131_072;
/** Longest start line looked for. */
const MAX_START_LINE = 2048;
/** `SIP/2.0 200 `: shorter lines are none. */
const MIN_START_LINE = 12;
const VERSION = 'SIP/2.0';

const HEAD = 0;
const BODY = 1;
/** The rest of a body is passed over. */
const SKIP = 2;
/** Out of step: looking for a start line. */
const LOST = 3;

/** One message, `[start, end)`; its octets are valid until it returns. */
export type TakeMessage = (bytes: Buffer, start: number, end: number, nowUs: number) => void;

/** What the incomplete messages of all streams hold together. */
export interface HeldOctets {
  octets: number;
  readonly max: number;
}

export interface SipStreamSettings {
  maxHeadBytes: number;
  options: SipParseOptions;
  held: HeldOctets;
}

export class SipStream implements StreamReader {
  readonly #settings: SipStreamSettings;
  readonly #counters: CounterSet;
  readonly #take: TakeMessage;
  #state = HEAD;
  /** The beginning of a message, or in `LOST` of a line. */
  #held: Buffer = EMPTY;
  #length = 0;
  /** Octets of `#held` in which the end of the head is not. */
  #searched = 0;
  /** To be read once more, one line later. */
  #again: Buffer = EMPTY;
  /** In `BODY` octets of the whole message; in `SKIP` octets still to be passed over. */
  #wanted = 0;

  constructor(settings: SipStreamSettings, counters: CounterSet, take: TakeMessage) {
    this.#settings = settings;
    this.#counters = counters;
    this.#take = take;
  }

  octets(bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.#read(bytes, start, end, nowUs);
    // What was held as a head and is none may hold the next message; each time it is shorter by a line.
    while (this.#again.length > 0) {
      const again = this.#again;
      this.#again = EMPTY;
      this.#read(again, 0, again.length, nowUs);
    }
  }

  #read(bytes: Buffer, start: number, end: number, nowUs: number): void {
    // Every round takes an octet, or changes from LOST to HEAD with octets behind it.
    for (let at = start; at < end;) {
      switch (this.#state) {
        case HEAD:
          at = this.#head(bytes, at, end, nowUs);
          break;
        case BODY:
          at = this.#body(bytes, at, end, nowUs);
          break;
        case SKIP: {
          const passed = Math.min(this.#wanted, end - at);
          this.#wanted -= passed;
          at += passed;
          if (this.#wanted === 0) this.#state = HEAD;
          break;
        }
        default:
          at = this.#find(bytes, at, end);
      }
    }
  }

  lost(octets: number, nowUs: number): void {
    let left = octets;
    if (this.#state === BODY) {
      // The head is whole, and nothing reads the body: the message counts.
      const missing = this.#wanted - this.#length;
      this.#give(this.#held, 0, this.#length, nowUs);
      this.#release();
      this.#wanted = missing;
      this.#state = SKIP;
    }
    if (this.#state === SKIP) {
      const passed = Math.min(this.#wanted, left);
      this.#wanted -= passed;
      left -= passed;
      if (this.#wanted > 0) return;
      this.#state = HEAD;
    }
    if (left === 0 && this.#length === 0) return;
    this.#lose();
  }

  end(nowUs: number): void {
    if (this.#state === BODY) this.#give(this.#held, 0, this.#length, nowUs);
    this.#release();
    this.#state = HEAD;
  }

  /** Takes octets of a head. @returns where to go on */
  #head(bytes: Buffer, start: number, end: number, nowUs: number): number {
    if (this.#length === 0) {
      let at = start;
      // Line ends between messages are keep-alives (RFC 5626 §3.5.1).
      while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
      if (at === end) return end;
      if (!isLetter(bytes[at]!)) {
        this.#lose();
        return at;
      }
      const bodyAt = endOfHead(bytes, at, end);
      if (bodyAt < 0) {
        this.#hold(bytes, at, end);
        return this.#isTooMuch() ? end : this.#checkHead(end);
      }
      const total = this.#framed(bytes, at, bodyAt, nowUs);
      if (total < 0) return bytes.indexOf(LF, at) + 1;
      if (total <= end - at) {
        this.#give(bytes, at, at + total, nowUs);
        return at + total;
      }
      return this.#begin(bytes, at, bodyAt, end, total, nowUs);
    }
    const before = this.#length;
    this.#hold(bytes, start, end);
    if (this.#isTooMuch()) return end;
    const bodyAt = endOfHead(this.#held, Math.max(0, this.#searched - 3), this.#length);
    if (bodyAt < 0) return this.#checkHead(end);
    const held = this.#held.subarray(0, this.#length);
    this.#release();
    const total = this.#framed(held, 0, bodyAt, nowUs);
    if (total < 0) {
      this.#again = held.subarray(held.indexOf(LF) + 1);
      return end;
    }
    if (total <= held.length) {
      this.#give(held, 0, total, nowUs);
      return start + total - before;
    }
    this.#begin(held, 0, bodyAt, held.length, total, nowUs);
    return end;
  }

  /** No end of the head yet: is what is held the beginning of one? */
  #checkHead(end: number): number {
    this.#searched = this.#length;
    const isHuge = this.#length > this.#settings.maxHeadBytes;
    if (isHuge) this.#counters.add(Pkt.HUGE_PACKETS, 1);
    if (!isHuge && mayBeStart(this.#held, this.#length)) return end;
    const lineEnd = this.#held.subarray(0, this.#length).indexOf(LF);
    if (lineEnd >= 0) this.#again = this.#held.subarray(lineEnd + 1, this.#length);
    this.#lose();
    return end;
  }

  /**
   * Reads the complete head at `[start, bodyAt)`.
   *
   * @returns octets of the message; -1 after a bad head, which is handed on, so that it is counted
   */
  #framed(bytes: Buffer, start: number, bodyAt: number, nowUs: number): number {
    const lineEnd = bytes.indexOf(LF, start);
    const isHuge = bodyAt - start > this.#settings.maxHeadBytes;
    if (isHuge) this.#counters.add(Pkt.HUGE_PACKETS, 1);
    else if (isStartLine(bytes, start, lineEnd)) {
      if (parseSip(bytes, start, bodyAt, this.#settings.options, MESSAGE) === Fault.NONE) {
        return bodyAt - start + MESSAGE.contentLength;
      }
      this.#give(bytes, start, bodyAt, nowUs);
    }
    this.#lose();
    return -1;
  }

  /** A message of which only `[start, end)` is there: the rest comes, or its body is passed over. */
  #begin(bytes: Buffer, start: number, bodyAt: number, end: number, total: number, nowUs: number): number {
    if (total > MAX_MESSAGE) {
      this.#give(bytes, start, bodyAt, nowUs);
      this.#wanted = total - (end - start);
      this.#state = SKIP;
    } else {
      this.#hold(bytes, start, end);
      this.#wanted = total;
      if (!this.#isTooMuch()) this.#state = BODY;
    }
    return end;
  }

  #body(bytes: Buffer, start: number, end: number, nowUs: number): number {
    const used = Math.min(this.#wanted - this.#length, end - start);
    this.#hold(bytes, start, start + used);
    if (this.#isTooMuch()) return start + used;
    if (this.#length === this.#wanted) {
      this.#give(this.#held, 0, this.#length, nowUs);
      this.#release();
      this.#state = HEAD;
    }
    return start + used;
  }

  /** Looks for a start line; the line in front may have begun in earlier octets. @returns where to go on */
  #find(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (;;) {
      const lineEnd = bytes.indexOf(LF, at);
      const isWhole = lineEnd >= 0 && lineEnd < end;
      const stop = isWhole ? lineEnd : end;
      if (this.#length + stop - at <= MAX_START_LINE) this.#hold(bytes, at, stop);
      else this.#release();
      if (!isWhole) return end;
      if (isStartLine(this.#held, 0, this.#length)) {
        this.#counters.add(Pkt.TCP_RECOVERED, 1);
        this.#searched = 0;
        this.#state = HEAD;
        return lineEnd;
      }
      this.#release();
      at = lineEnd + 1;
      if (at >= end) return end;
    }
  }

  /** Gives up what is held when all streams together hold too much. */
  #isTooMuch(): boolean {
    if (this.#settings.held.octets <= this.#settings.held.max) return false;
    this.#counters.add(Pkt.TCP_MSG_LIMIT, 1);
    this.#lose();
    return true;
  }

  #lose(): void {
    this.#counters.add(Pkt.TCP_STREAM_IGN, 1);
    this.#release();
    this.#state = LOST;
  }

  #give(bytes: Buffer, start: number, end: number, nowUs: number): void {
    this.#take(bytes, start, end, nowUs);
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#held.length * 2));
      this.#held.copy(grown, 0, 0, this.#length);
      this.#settings.held.octets += grown.length - this.#held.length;
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#length, start, end);
    this.#length = needed;
  }

  #release(): void {
    this.#settings.held.octets -= this.#held.length;
    this.#held = EMPTY;
    this.#length = 0;
    this.#searched = 0;
  }
}

/** For framing only; the message is parsed again on its way through the pipeline. */
const MESSAGE = new SipMessage(Buffer.alloc(0));

function isLetter(octet: number): boolean {
  const small = octet | 0x20;
  return small >= 0x61 && small <= 0x7a;
}

/** Position behind the empty line that ends a head, -1 = not in `[start, end)`. */
function endOfHead(bytes: Buffer, start: number, end: number): number {
  for (let at = bytes.indexOf(LF, start); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) {
    if (at + 1 < end && bytes[at + 1] === LF) return at + 2;
    if (at + 2 < end && bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

/** A SIP request or status line at `[start, end)`, without its LF (RFC 3261 §7.1, §7.2)? */
function isStartLine(bytes: Buffer, start: number, end: number): boolean {
  const stop = end > start && bytes[end - 1] === CR ? end - 1 : end;
  if (stop - start < MIN_START_LINE || stop - start > MAX_START_LINE) return false;
  if (!isLetter(bytes[start]!)) return false;
  const first = bytes.toString('latin1', start, start + VERSION.length + 1).toUpperCase();
  if (first === `${VERSION} `) return true;
  return bytes.toString('latin1', stop - VERSION.length - 1, stop).toUpperCase() === ` ${VERSION}`;
}

/** Is this the beginning of a head: its first line a start line, as far as it is there? */
function mayBeStart(bytes: Buffer, length: number): boolean {
  const lineEnd = bytes.indexOf(LF);
  if (lineEnd >= 0 && lineEnd < length) return isStartLine(bytes, 0, lineEnd);
  return length <= MAX_START_LINE;
}
