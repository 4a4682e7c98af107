import type { Socket } from 'node:net';
import { type CounterSet, Ipfix } from '../model/counters.ts';
import { Fault } from '../model/fault.ts';
import type { Clock, IpfixSession, StreamFramer, StreamIngest } from '../model/ports.ts';
import type { IpfixLimits } from '../model/settings.ts';
import { readInTurns } from './read-in-turns.ts';
import type { StreamConnection } from './stream-listener.ts';

const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
/** Answers are some fifty octets each, so a peer with so many unread does not read at all. */
const MAX_UNREAD_BYTES = 16_384;

export interface IpfixConnectionDeps {
  makeFramer: (sink: StreamIngest) => StreamFramer;
  limits: Pick<IpfixLimits, 'messageTimeoutMs'>;
  counters: CounterSet;
  clock: Clock;
}

/**
 * One connection of an SBC and what is held for it: at most one incomplete message and some answers.
 *
 *   socket ─▶ TLS? ─▶ framer ─▶ IpfixSession
 *      ◀──────────────── answers ────┘
 */
export class IpfixConnection implements StreamConnection {
  readonly closed: Promise<void>;
  readonly #deps: IpfixConnectionDeps;
  readonly #socket: Socket;
  readonly #session: IpfixSession;
  readonly #framer: StreamFramer;
  readonly #acceptedAtUs: number;
  /** What octets are read from and written to: the socket, or TLS on it; `undefined` during the handshake. */
  #stream: Socket | undefined;
  /** Nothing more may be handed on or reported. */
  #isOver = false;

  constructor(socket: Socket, session: IpfixSession, deps: IpfixConnectionDeps) {
    this.#deps = deps;
    this.#socket = socket;
    this.#session = session;
    this.#framer = deps.makeFramer(session);
    this.#acceptedAtUs = deps.clock();
    this.closed = new Promise((resolve) => {
      socket.on('close', (hadError) => {
        this.#settle(hadError);
        resolve();
      });
    });
  }

  read(stream: Socket): void {
    this.#stream = stream;
    readInTurns(
      stream,
      (chunk) => this.#take(chunk),
      () => true,
    );
  }

  /** Writes to the peer, unless it leaves what it asked for unread. */
  answer(octets: Buffer): void {
    const stream = this.#stream;
    if (stream === undefined || !stream.writable) return;
    if (stream.writableLength > MAX_UNREAD_BYTES) {
      this.#deps.counters.add(Ipfix.ERR_OTHER, 1);
      this.destroy();
      return;
    }
    stream.write(octets);
  }

  sweep(nowUs: number): void {
    if ((this.#stream ?? this.#socket).destroyed) return;
    const { limits, counters } = this.#deps;
    const { ioTimeoutMs, lastIoUs } = this.#session;
    const { pendingSinceUs } = this.#framer;
    counters.add(Ipfix.IO_DEADLINES, 1);
    if (this.#stream === undefined) {
      if (isPast(this.#acceptedAtUs, TLS_HANDSHAKE_TIMEOUT_MS, nowUs)) this.#timeOut();
    } else if (pendingSinceUs !== 0 && isPast(pendingSinceUs, limits.messageTimeoutMs, nowUs)) {
      this.#isOver = true;
      this.#framer.end(nowUs, Fault.IPFIX_STREAM_DEADLINE);
      this.#timeOut();
    } else if (ioTimeoutMs !== 0 && isPast(lastIoUs, ioTimeoutMs, nowUs)) {
      this.#timeOut();
    }
  }

  end(): void {
    if (this.#stream === undefined) this.destroy();
    else this.#stream.end();
  }

  destroy(): void {
    (this.#stream ?? this.#socket).destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    const { clock, counters } = this.#deps;
    const nowUs = clock();
    const before = this.#session.messages;
    this.#session.heard(nowUs);
    const fault = this.#framer.push(chunk, nowUs);
    const messages = this.#session.messages - before;
    const isInside = this.#framer.pendingBytes > 0;
    if (isInside) counters.add(Ipfix.SHORT_READ, 1);
    if (messages > 1 || (messages === 1 && isInside)) counters.add(Ipfix.LONG_READ, 1);
    if (fault === Fault.NONE) return;
    this.#isOver = true;
    this.destroy();
  }

  #timeOut(): void {
    this.#deps.counters.add(Ipfix.ERR_TIMEOUT, 1);
    this.destroy();
  }

  #settle(hadError: boolean): void {
    const nowUs = this.#deps.clock();
    if (hadError) this.#deps.counters.add(Ipfix.ERR_OTHER, 1);
    if (!this.#isOver) {
      this.#isOver = true;
      this.#framer.end(nowUs);
    }
    this.#session.end(nowUs);
  }
}

function isPast(sinceUs: number, timeoutMs: number, nowUs: number): boolean {
  return nowUs - sinceUs > timeoutMs * 1000;
}
