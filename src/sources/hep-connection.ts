import type { Socket } from 'node:net';
import { createGunzip, type Gunzip } from 'node:zlib';
import { Hep, type CounterSet } from '../model/counters.ts';
import { Fault } from '../model/fault.ts';
import type { Clock, StreamFramer, StreamIngest } from '../model/ports.ts';
import type { HepLimits } from '../model/settings.ts';
import { readInTurns } from './read-in-turns.ts';

const GZIP_ID1 = 0x1f;
const GZIP_ID2 = 0x8b;
const NO_OCTETS = Buffer.alloc(0);

const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface HepConnectionDeps {
  makeFramer: (sink: StreamIngest) => StreamFramer;
  limits: Pick<HepLimits, 'idleTimeoutMs' | 'messageTimeoutMs' | 'maxInflateRatio' | 'maxInflatedBytes'>;
  counters: CounterSet;
  clock: Clock;
}

/**
 * One HEP connection and what is held for it.
 *
 *   socket ─▶ TLS? ─▶ gunzip? ─▶ framer ─▶ StreamIngest
 *                        └ the socket rests while a chunk is inflated, so one chunk is all that ever waits
 *
 * Octets leave in the same call they came in, except through gunzip. How a connection ended is told once: by a fault
 * of the framer (which reports its own), by a fault found here, or by the framer's `end`.
 */
export class HepConnection {
  /** Resolves when the socket is closed and all octets received before have been used. */
  readonly closed: Promise<void>;
  readonly #deps: HepConnectionDeps;
  readonly #socket: Socket;
  readonly #sink: StreamIngest;
  readonly #framer: StreamFramer;
  readonly #acceptedAtUs: number;
  /** What octets are read from: the socket, or TLS on it; `undefined` during the handshake. */
  #stream: Socket | undefined;
  #readAtUs = 0;
  /** No octet has been read yet. */
  #isFresh = true;
  /** Nothing more may be handed on or reported. */
  #isOver = false;
  #gunzip: Gunzip | undefined;
  #isInflating = false;
  /** What `#gunzip` works on. */
  #deflated: Buffer = NO_OCTETS;
  /** Octets that may yet come out of `#gunzip`. */
  #inflateCredit = 0;
  #resolveClosed: () => void = () => undefined;

  constructor(socket: Socket, sink: StreamIngest, deps: HepConnectionDeps) {
    this.#deps = deps;
    this.#socket = socket;
    this.#sink = sink;
    this.#framer = deps.makeFramer(sink);
    this.#acceptedAtUs = deps.clock();
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    socket.on('close', () => this.#settle());
  }

  /** Begins to read from `stream`: the socket itself, or TLS on it once its handshake is done. */
  read(stream: Socket): void {
    this.#stream = stream;
    this.#readAtUs = this.#deps.clock();
    readInTurns(
      stream,
      (chunk) => this.#take(chunk),
      () => !this.#isInflating,
    );
  }

  /** Closes the connection if one of its deadlines has passed. */
  sweep(nowUs: number): void {
    if ((this.#stream ?? this.#socket).destroyed) return;
    const { limits, counters } = this.#deps;
    const pendingSinceUs = this.#framer.pendingSinceUs;
    if (this.#stream === undefined) {
      if (isPast(this.#acceptedAtUs, HANDSHAKE_TIMEOUT_MS, nowUs)) this.destroy();
    } else if (pendingSinceUs !== 0 && isPast(pendingSinceUs, limits.messageTimeoutMs, nowUs)) {
      this.#framer.end(nowUs, Fault.HEP_STREAM_DEADLINE);
      this.#closeFaulty();
    } else if (limits.idleTimeoutMs !== 0 && isPast(this.#readAtUs, limits.idleTimeoutMs, nowUs)) {
      counters.add(Hep.CONNS_IDLE, 1);
      this.destroy();
    }
  }

  /** Tells the peer that we are leaving; what it still sends is read. */
  end(): void {
    if (this.#stream === undefined) this.destroy();
    else this.#stream.end();
  }

  destroy(): void {
    (this.#stream ?? this.#socket).destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    const nowUs = this.#deps.clock();
    this.#readAtUs = nowUs;
    if (this.#isFresh) {
      this.#isFresh = false;
      if (isGzip(chunk)) this.#gunzip = this.#startGunzip();
    }
    if (this.#gunzip === undefined) this.#push(chunk, nowUs);
    else this.#inflate(this.#gunzip, chunk);
  }

  #push(chunk: Buffer, nowUs: number): void {
    if (this.#framer.push(chunk, nowUs) !== Fault.NONE) this.#closeFaulty();
  }

  #inflate(gunzip: Gunzip, chunk: Buffer): void {
    const { maxInflateRatio, maxInflatedBytes } = this.#deps.limits;
    this.#stream?.pause();
    this.#isInflating = true;
    this.#deflated = chunk;
    // What was not used before counts up to a bound, so that hours of good traffic do not pay for a bomb.
    this.#inflateCredit = Math.min(this.#inflateCredit, maxInflatedBytes) + chunk.length * maxInflateRatio;
    gunzip.write(chunk, () => {
      this.#isInflating = false;
      if (!this.#isOver) this.#stream?.resume();
      this.#settle();
    });
  }

  #startGunzip(): Gunzip {
    this.#inflateCredit = this.#deps.limits.maxInflatedBytes;
    const gunzip = createGunzip();
    gunzip.on('data', (octets: Buffer) => {
      if (this.#isOver) return;
      const nowUs = this.#deps.clock();
      this.#inflateCredit -= octets.length;
      if (this.#inflateCredit < 0) this.#fail(Fault.HEP_INFLATE_LIMIT, this.#deflated, nowUs);
      else this.#push(octets, nowUs);
    });
    gunzip.on('error', () => this.#fail(Fault.HEP_INFLATE, this.#deflated, this.#deps.clock()));
    // It takes a NUL behind a member for padding at the end of a file, and would swallow all that follows.
    gunzip.on('end', () => this.#fail(Fault.HEP_INFLATE, this.#deflated, this.#deps.clock()));
    return gunzip;
  }

  /** Reports a fault found here, with the octets at hand, and closes. */
  #fail(fault: Fault, octets: Buffer, nowUs: number): void {
    if (this.#isOver) return;
    this.#sink.fault(fault, octets, 0, octets.length, nowUs);
    this.#closeFaulty();
  }

  #closeFaulty(): void {
    this.#isOver = true;
    this.#deps.counters.add(Hep.CONNS_FAULTY, 1);
    this.destroy();
    this.#settle();
  }

  /** Tells the end once the socket is closed; it may close before its last octets are inflated. */
  #settle(): void {
    if (!this.#socket.closed || (this.#isInflating && !this.#isOver)) return;
    this.#gunzip?.destroy();
    if (!this.#isOver) {
      this.#isOver = true;
      this.#framer.end(this.#deps.clock());
    }
    this.#resolveClosed();
  }
}

/**
 * Tells gzip members from HEP3, which begins with an "H". A single octet decides too: what then turns out
 * to be neither is refused all the same, only as data that does not inflate.
 */
function isGzip(chunk: Buffer): boolean {
  return chunk[0] === GZIP_ID1 && (chunk.length === 1 || chunk[1] === GZIP_ID2);
}

function isPast(sinceUs: number, timeoutMs: number, nowUs: number): boolean {
  return nowUs - sinceUs >= timeoutMs * 1000;
}
