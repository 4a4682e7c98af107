import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatEndpoint } from '../model/endpoint.ts';
import { isHep3Chain } from '../wire/pcap/recognise.ts';
import type { TargetSettings } from './settings.ts';

/**
 * Datagrams given to the socket in one turn of the event loop. After these the sender waits until the system has taken
 * them, and for the next turn, so that timers, signals and a receiver in the same process get their share.
 */
const MAX_IN_FLIGHT = 32;
/** Most that fits a UDP datagram over IPv4. */
const MAX_DATAGRAM = 65_507;
const CONNECT_TIMEOUT_MS = 10_000;

export type TargetSkip = 'too-big-for-udp' | 'no-hep3-for-tcp';

/** The target cannot be reached at all: `message` is the one line to show. */
export class TargetError extends Error {
  readonly code = 'TARGET_UNREACHABLE';
}

/** Where packets go. `send` returns when the next one may be given, which bounds what is in flight. */
export interface Target {
  readonly sent: number;
  readonly bytes: number;
  readonly failed: number;
  /** The last trouble in words, for the end of the replay. */
  readonly trouble: string | undefined;
  /** Answers why the packet cannot go to such a target; throws `TargetError` when nothing can any more. */
  send(packet: Buffer): Promise<TargetSkip | undefined>;
  /** Waits until everything given is out. */
  close(): Promise<void>;
}

/** Throws `TargetError`. */
export async function openTarget({ protocol, host, port }: TargetSettings): Promise<Target> {
  const name = `${protocol}:${formatEndpoint(host, port)}`;
  try {
    const { address, family } = await lookup(host);
    if (protocol === 'tcp') {
      const socket = connect({ host: address, port });
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
      return new TcpTarget(socket, name);
    }
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.connect(port, address);
    await once(socket, 'connect');
    return new UdpTarget(socket, name);
  } catch (error) {
    throw new TargetError(`cannot reach ${name}: ${describe(error)}`, { cause: error });
  }
}

class UdpTarget implements Target {
  sent = 0;
  bytes = 0;
  failed = 0;
  trouble: string | undefined;
  readonly #socket: UdpSocket;
  readonly #name: string;
  #inFlight = 0;
  #sinceTurn = 0;
  #whenFlushed: (() => void) | undefined;

  constructor(socket: UdpSocket, name: string) {
    this.#socket = socket;
    this.#name = name;
    // A port nobody listens on answers with ICMP, which the system reports here or at a later send.
    socket.on('error', (error) => this.#note(error));
  }

  async send(packet: Buffer): Promise<TargetSkip | undefined> {
    if (packet.length > MAX_DATAGRAM) return 'too-big-for-udp';
    if (this.#sinceTurn === MAX_IN_FLIGHT) {
      await this.#flushed();
      await nextTurn();
      this.#sinceTurn = 0;
    }
    this.#sinceTurn++;
    this.#inFlight++;
    this.#socket.send(packet, (error) => {
      this.#inFlight--;
      if (error === null) {
        this.sent++;
        this.bytes += packet.length;
      } else {
        this.failed++;
        this.#note(error);
      }
      if (this.#inFlight === 0) this.#whenFlushed?.();
    });
    return undefined;
  }

  async close(): Promise<void> {
    await this.#flushed();
    this.#socket.close();
  }

  async #flushed(): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenFlushed = resolve;
    });
  }

  #note(error: Error): void {
    this.trouble = `${this.#name}: ${describe(error)}`;
  }
}

class TcpTarget implements Target {
  sent = 0;
  bytes = 0;
  failed = 0;
  trouble: string | undefined;
  readonly #socket: TcpSocket;
  readonly #name: string;
  readonly #closed: Promise<void>;

  constructor(socket: TcpSocket, name: string) {
    this.#socket = socket;
    this.#name = name;
    socket.setNoDelay(true);
    // Collectors answer nothing; reading is how the end of the connection is noticed.
    socket.resume();
    socket.on('error', (error) => {
      this.trouble = `${name}: ${describe(error)}`;
    });
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  async send(packet: Buffer): Promise<TargetSkip | undefined> {
    // One message that is not framed would put the whole connection out of step.
    if (!isHep3Chain(packet)) return 'no-hep3-for-tcp';
    if (!this.#socket.writable) throw this.#lost();
    if (!this.#socket.write(packet)) {
      await Promise.race([new Promise((resolve) => this.#socket.once('drain', resolve)), this.#closed]);
      if (this.#socket.destroyed) throw this.#lost();
    }
    this.sent++;
    this.bytes += packet.length;
    return undefined;
  }

  async close(): Promise<void> {
    this.#socket.end();
    const finished = new Promise((resolve) => this.#socket.once('finish', resolve));
    if (!this.#socket.writableFinished) await Promise.race([finished, this.#closed]);
    this.#socket.destroy();
    await this.#closed;
  }

  #lost(): TargetError {
    return new TargetError(this.trouble ?? `${this.#name}: the connection was closed by the other side`);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return 'nobody listens there (ECONNREFUSED)';
  if (code === 'ABORT_ERR') return `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`;
  return error.message;
}
