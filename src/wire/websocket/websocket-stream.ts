/**
 * SIP over WebSocket (RFC 7118) out of one captured direction: an HTTP head, then frames (RFC 6455 §5).
 *
 *   head ─▶ upgrade to sip? ─▶ frame ─▶ unmask ─▶ join fragments ─▶ [inflate] ─▶ message
 *             no ─▶ unread          └ control, too long: passed over
 *
 * The two directions need not know each other. permessage-deflate (RFC 7692) is read with the window kept from message
 * to message: a sender that agreed to forget it does not refer to it, so keeping it is right in both cases.
 */
import { Buffer } from 'node:buffer';
import { constants, inflateRawSync } from 'node:zlib';
import { type CounterSet, Ws } from '../../model/counters.ts';
import type { StreamReader } from '../tcp/reassembly.ts';

const EMPTY = Buffer.alloc(0);
const MAX_HEAD = 16_384;
const MAX_MESSAGE = 131_072;
const WINDOW = 32_768;
/** What a sender cuts off each compressed message (RFC 7692 §7.2.1). */
const DEFLATE_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

const FIN = 0x80;
const COMPRESSED = 0x40;
const RESERVED = 0x30;
const MASKED = 0x80;

const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PONG: 10 } as const;

const HEAD = 0;
const FRAMES = 1;
const IGNORED = 2;
/** A gap: frames begin again where a segment looks like one. */
const LOST = 3;

export class WebSocketStream implements StreamReader {
  readonly #counters: CounterSet;
  readonly #take: (bytes: Buffer, start: number, end: number, nowUs: number) => void;
  #state = HEAD;
  #held: Buffer = EMPTY;
  /** Payload octets of a frame that is passed over. */
  #skip = 0;
  /** Frames of a message that is not complete. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  #isCompressed = false;
  #window: Buffer = EMPTY;

  constructor(counters: CounterSet, take: (bytes: Buffer, start: number, end: number, nowUs: number) => void) {
    this.#counters = counters;
    this.#take = take;
  }

  octets(bytes: Buffer, start: number, end: number, nowUs: number): void {
    if (this.#state === IGNORED) return;
    if (this.#state === LOST) {
      if (!looksLikeFrame(bytes, start)) return;
      this.#state = FRAMES;
    }
    const passed = Math.min(this.#skip, end - start);
    this.#skip -= passed;
    if (start + passed === end) return;
    const fresh = bytes.subarray(start + passed, end);
    // What is held never exceeds one frame of bounded length and one segment.
    const all = this.#held.length === 0 ? fresh : Buffer.concat([this.#held, fresh]);
    const used = this.#state === HEAD ? this.#head(all, nowUs) : this.#frames(all, 0, nowUs);
    if (this.#isDone) this.#forget();
    else if (used >= all.length) this.#held = EMPTY;
    else this.#held = Buffer.from(all.subarray(used));
  }

  lost(_octets: number, _nowUs: number): void {
    if (this.#state === IGNORED) return;
    this.#forget();
    this.#state = this.#state === HEAD ? IGNORED : LOST;
  }

  end(): void {
    this.#forget();
    this.#state = IGNORED;
  }

  get #isDone(): boolean {
    return this.#state === IGNORED || this.#state === LOST;
  }

  /** The request or reply of the upgrade. @returns octets used */
  #head(bytes: Buffer, nowUs: number): number {
    if (looksLikeFrame(bytes, 0)) {
      // The capture began in the middle of a connection.
      this.#state = FRAMES;
      return this.#frames(bytes, 0, nowUs);
    }
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) {
      if (bytes.length <= MAX_HEAD) return 0;
      this.#ignore();
      return bytes.length;
    }
    const head = bytes.toString('latin1', 0, headEnd);
    const isHttp = /^(GET \S+ HTTP\/1\.1|HTTP\/1\.1 101 )/.test(head);
    const isUpgrade = /^upgrade[ \t]*:[ \t]*websocket[ \t]*$/im.test(head);
    const isSip = /^sec-websocket-protocol[ \t]*:[^\r\n]*\bsip\b/im.test(head);
    if (!isHttp || !isUpgrade || !isSip) {
      this.#ignore();
      return bytes.length;
    }
    this.#counters.add(Ws.UPGRADE_SIP, 1);
    this.#state = FRAMES;
    return this.#frames(bytes, headEnd + 4, nowUs);
  }

  #ignore(): void {
    this.#counters.add(Ws.UPGRADE_ERR, 1);
    this.#state = IGNORED;
  }

  /** All frames that are there. @returns octets used */
  #frames(bytes: Buffer, start: number, nowUs: number): number {
    let at = start;
    while (bytes.length - at >= 2) {
      const first = bytes.readUInt8(at);
      const second = bytes.readUInt8(at + 1);
      const header = headerLength(second);
      if (bytes.length - at < header) return at;
      const length = payloadLength(bytes, at, second & 0x7f);
      const opcode = first & 15;
      if (!isPossible(first, length)) return this.#fail(bytes.length);
      if (length > MAX_MESSAGE) {
        this.#counters.add(Ws.HUGE_PACKETS, 1);
        this.#dropMessage();
        const passed = Math.min(length, bytes.length - at - header);
        this.#skip = length - passed;
        at += header + passed;
        continue;
      }
      const end = at + header + length;
      if (end > bytes.length) return at;
      const payload = unmasked(bytes, at + header, end, (second & MASKED) !== 0);
      at = end;
      if (opcode >= Opcode.CLOSE) this.#counters.add(Ws.CTRL_FRAMES, 1);
      else if (!this.#data(first, payload, nowUs)) return this.#fail(bytes.length);
    }
    return at;
  }

  #fail(length: number): number {
    this.#counters.add(Ws.ERRS, 1);
    this.#state = LOST;
    return length;
  }

  #data(first: number, payload: Buffer, nowUs: number): boolean {
    const isContinuation = (first & 15) === Opcode.CONTINUATION;
    const isLast = (first & FIN) !== 0;
    this.#counters.add(Ws.SIP_FRAMES, 1);
    if (!isLast || isContinuation) this.#counters.add(Ws.SIP_FRAG, 1);
    // The rest of a message whose beginning was not read.
    if (isContinuation && this.#parts.length === 0) return true;
    if (!isContinuation) {
      this.#dropMessage();
      this.#isCompressed = (first & COMPRESSED) !== 0;
    }
    this.#parts.push(payload);
    // Each part costs something, however short.
    this.#partBytes += payload.length + 64;
    if (this.#partBytes > MAX_MESSAGE * 2) {
      this.#counters.add(Ws.HUGE_PACKETS, 1);
      this.#dropMessage();
      return true;
    }
    if (!isLast) return true;
    const message = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
    this.#dropMessage();
    if (!this.#isCompressed) {
      this.#take(message, 0, message.length, nowUs);
      return true;
    }
    const inflated = this.#inflate(message);
    if (inflated === undefined) return false;
    this.#take(inflated, 0, inflated.length, nowUs);
    return true;
  }

  #inflate(message: Buffer): Buffer | undefined {
    this.#counters.add(Ws.SIP_COMP, 1);
    try {
      const inflated = inflateRawSync(Buffer.concat([message, DEFLATE_TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MAX_MESSAGE,
        ...(this.#window.length === 0 ? {} : { dictionary: this.#window }),
      });
      const window = Buffer.concat([this.#window, inflated]);
      this.#window = window.length > WINDOW ? Buffer.from(window.subarray(-WINDOW)) : window;
      return inflated;
    } catch {
      // Damaged, or beyond the limit: the window is not what the sender has any more.
      this.#window = EMPTY;
      return undefined;
    }
  }

  #dropMessage(): void {
    this.#parts = [];
    this.#partBytes = 0;
  }

  #forget(): void {
    this.#held = EMPTY;
    this.#skip = 0;
    this.#dropMessage();
  }
}

function headerLength(second: number): number {
  const length = second & 0x7f;
  const header = length === 126 ? 4 : length === 127 ? 10 : 2;
  return (second & MASKED) === 0 ? header : header + 4;
}

function payloadLength(bytes: Buffer, at: number, short: number): number {
  if (short === 126) return bytes.readUInt16BE(at + 2);
  if (short === 127) return bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
  return short;
}

/** Reserved bits, unknown opcodes, and control frames that are long or in parts (RFC 6455 §5.2, §5.5) cannot be. */
function isPossible(first: number, length: number): boolean {
  const opcode = first & 15;
  if ((first & RESERVED) !== 0 || length > Number.MAX_SAFE_INTEGER) return false;
  if (opcode <= Opcode.BINARY) return true;
  if (opcode < Opcode.CLOSE || opcode > Opcode.PONG) return false;
  return length <= 125 && (first & FIN) !== 0 && (first & COMPRESSED) === 0;
}

/** The beginning of an unfragmented data frame, compressed or not: nothing in HTTP begins so. */
function looksLikeFrame(bytes: Buffer, at: number): boolean {
  const first = bytes[at];
  return first === 0x81 || first === 0x82 || first === 0xc1 || first === 0xc2;
}

function unmasked(bytes: Buffer, start: number, end: number, isMasked: boolean): Buffer {
  const payload = Buffer.from(bytes.subarray(start, end));
  if (!isMasked) return payload;
  for (let at = 0; at < payload.length; at++) payload[at]! ^= bytes[start - 4 + (at & 3)]!; // the mask is in front
  return payload;
}
