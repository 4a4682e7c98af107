import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { formatEndpoint } from '../model/endpoint.ts';
import { connectSet, type Identity, keepaliveSet, message, messageLength, readAcknowledge } from './encode.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** A collector that does not answer by then is left, and tried again. */
const ANSWER_LIMIT_MS = 10_000;
const RTP_QOS = 0x04;

export interface ConnectionSettings {
  host: string;
  port: number;
  /** PEM texts; present = speak TLS. */
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer } | undefined;
  identity: Identity;
  /** Address to connect from. */
  localAddress?: string;
}

/** Where the connection tells what happens to it. */
export interface ConnectionEvents {
  connected(): void;
  lost(reason: string, retryMs: number): void;
}

/**
 * The SBC's side of a connection: connect, ask, wait for the answer, send, keep alive; when it is lost, again after a
 * pause that doubles.
 */
export class ProbeConnection {
  messages = 0;
  octets = 0;
  keepalives = 0;
  handshakes = 0;
  readonly #settings: ConnectionSettings;
  readonly #events: ConnectionEvents;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #acknowledged: { configFlags: number; keepaliveS: number } | undefined;
  #sequence = 0;
  #failures = 0;
  #isStopped = false;
  #answerTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #keepaliveTimer: NodeJS.Timeout | undefined;
  /** Those who wait for a connection that is ready. */
  #waiting: (() => void)[] = [];

  constructor(settings: ConnectionSettings, events: ConnectionEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  start(): void {
    const { host, port, tls, localAddress } = this.#settings;
    const target = localAddress === undefined ? { host, port } : { host, port, localAddress };
    const socket = tls === undefined ? connectTcp(target) : connectTls({ ...target, ...tls });
    let reason = 'closed by the collector';
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      this.#answerTimer = setTimeout(() => {
        reason = `no answer within ${ANSWER_LIMIT_MS / 1000} s`;
        socket.destroy();
      }, ANSWER_LIMIT_MS);
      this.#write(connectSet(this.#settings.identity));
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.once('close', () => this.#lost(reason));
  }

  /** Whether the collector asked for quality records. */
  get wantsQos(): boolean {
    return ((this.#acknowledged?.configFlags ?? 0) & RTP_QOS) !== 0;
  }

  /** What was agreed, seconds; 0 = no keep-alives. */
  get keepaliveS(): number {
    return this.#acknowledged?.keepaliveS ?? 0;
  }

  /** Sends a message with these sets once the collector has answered, and waits while it does not read. */
  async send(sets: readonly Buffer[]): Promise<void> {
    await this.#ready();
    if (this.#isStopped || this.#write(...sets)) return;
    const socket = this.#socket;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        socket?.off('drain', goOn).off('close', goOn);
        resolve();
      };
      socket?.on('drain', goOn).on('close', goOn);
    });
  }

  /** Ends the connection when all is sent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#clearTimers();
    this.#release();
    const socket = this.#socket;
    if (socket === undefined || socket.closed) return;
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    if (socket.connecting) socket.destroy();
    else socket.end();
    const limit = setTimeout(() => socket.destroy(), 1000);
    await closed;
    clearTimeout(limit);
  }

  async #ready(): Promise<void> {
    while (this.#acknowledged === undefined && !this.#isStopped) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** @returns false when the socket asks to wait */
  #write(...sets: readonly Buffer[]): boolean {
    const octets = message(sets, Math.floor(Date.now() / 1000), this.#sequence);
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.messages++;
    this.octets += octets.length;
    return this.#socket?.write(octets) ?? true;
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const length = messageLength(this.#received);
      if (length === undefined || length > this.#received.length) return;
      const answer = readAcknowledge(this.#received.subarray(0, length));
      this.#received = this.#received.subarray(Math.max(length, 1));
      if (answer !== undefined) this.#acknowledge(answer);
    }
  }

  #acknowledge(answer: { configFlags: number; keepaliveS: number }): void {
    clearTimeout(this.#answerTimer);
    clearInterval(this.#keepaliveTimer);
    this.#acknowledged = answer;
    this.#failures = 0;
    this.handshakes++;
    if (answer.keepaliveS > 0) {
      this.#keepaliveTimer = setInterval(() => {
        this.keepalives++;
        this.#write(keepaliveSet());
      }, answer.keepaliveS * 1000);
    }
    this.#events.connected();
    this.#release();
  }

  #lost(reason: string): void {
    this.#clearTimers();
    this.#acknowledged = undefined;
    if (this.#isStopped) return;
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS);
    this.#failures++;
    const { host, port } = this.#settings;
    this.#events.lost(`${formatEndpoint(host, port)}: ${reason}`, retryMs);
    this.#retryTimer = setTimeout(() => this.start(), retryMs);
  }

  #clearTimers(): void {
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#retryTimer);
    clearInterval(this.#keepaliveTimer);
  }
}
