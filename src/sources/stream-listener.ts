import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { CounterSet } from '../model/counters.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/ports.ts';
import type { ListenerView } from '../model/views.ts';
import type { ConnectionLimit, ConnectionLimitName } from './connection-limit.ts';
import { checkAddress, type ListenerName, listenError, ListenError } from './listen-error.ts';
import { Occasional } from './occasional.ts';

/** Agents all come back at once after a restart of ours. */
const BACKLOG = 1024;
const KEEP_ALIVE_AFTER_MS = 60_000;
const SWEEP_INTERVAL_MS = 1000;
const STOP_GRACE_MS = 1000;

/** One admitted connection, whatever is spoken on it. */
export interface StreamConnection {
  /** Resolves when the socket is closed and all octets received before have been used. */
  readonly closed: Promise<void>;
  /** Begins to read from `stream`: the socket itself, or TLS on it once its handshake is done. */
  read(stream: Socket): void;
  /** Closes the connection if one of its deadlines has passed. */
  sweep(nowUs: number): void;
  /** Tells the peer that we are leaving; what it still sends is read. */
  end(): void;
  destroy(): void;
}

/** Why a connection is turned away: the option that says so. */
export type Refusal = 'allow' | ConnectionLimitName;

export interface StreamListenerOptions {
  name: ListenerName;
  /** IPv4, IPv6, or `::` for both. */
  addr: string;
  /** 0 = one the kernel chooses. */
  port: number;
  /** Paths of PEM files, for TLS; with `ca` a client must show a certificate of it. */
  tls: { cert: string; key: string; ca?: string } | undefined;
  connectionLimit: ConnectionLimit;
  /** Makes what serves a connection, or answers `undefined` when its address may not send. */
  accept: (socket: Socket, ip: string, port: number) => StreamConnection | undefined;
  counters: CounterSet;
  /** Counters of connections that were turned away, in all and by reason, and of TLS handshakes that failed. */
  refused: Readonly<Record<'all' | Refusal, number>>;
  tlsErrors: number;
  clock: Clock;
  log: Log;
  /** Told of errors of the listening socket after the start. */
  onError?: (error: Error) => void;
}

/** A listener for TCP or TLS: admits connections within limits, closes those that are overdue, stops in order. */
export class StreamListener {
  readonly #options: StreamListenerOptions;
  readonly #connections = new Set<StreamConnection>();
  /** Connections in their TLS handshake, by the addresses that tell them apart. */
  readonly #handshaking = new Map<string, StreamConnection>();
  readonly #refusedLogs: Readonly<Record<Refusal, Occasional>> = {
    allow: new Occasional(),
    maxConnections: new Occasional(),
    maxConnectionsPerAddress: new Occasional(),
  };
  readonly #tlsErrorLog = new Occasional();
  readonly #errorLog = new Occasional();
  #starting: Promise<ListenerView> | undefined;
  #stopping: Promise<void> | undefined;
  #server: Server | undefined;
  #tlsServer: TlsServer | undefined;
  #port: number;
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(options: StreamListenerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** Opens the listener; rejects with `ListenError`. */
  start(): Promise<ListenerView> {
    this.#starting ??= this.#open();
    return this.#starting;
  }

  async #open(): Promise<ListenerView> {
    const { name, addr, port, log } = this.#options;
    checkAddress(name, addr);
    if (name.transport === 'tls') this.#tlsServer = await this.#openTls();
    const server = createServer({ keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS }, (socket) =>
      this.#accept(socket),
    );
    try {
      server.listen({ host: addr, port, backlog: BACKLOG });
      await once(server, 'listening');
    } catch (cause) {
      throw listenError(name, addr, port, cause);
    }
    server.on('error', (error) => this.#serverError(error));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port; // a string only for local sockets
    // Behind the reads of this turn of the event loop: after a stall of ours nobody is late who has written.
    this.#sweepTimer = setInterval(() => setImmediate(() => this.sweep()), SWEEP_INTERVAL_MS).unref();
    const view = this.view();
    log.info({ listener: view.name, address: view.address, port: view.port }, 'listening');
    return view;
  }

  /** Makes the TLS side. It listens to nothing: `#accept` gives it the connections that were admitted. */
  async #openTls(): Promise<TlsServer> {
    const { name, tls } = this.#options;
    const { protocol, options } = name;
    const failed = (why: string, cause?: unknown): ListenError =>
      new ListenError(`Cannot listen for ${protocol} over TLS: ${why}`, { cause });
    if (tls === undefined) throw failed(`set ${options.cert} and ${options.key}`);
    const readPem = async (option: string, path: string): Promise<Buffer> => {
      try {
        return await readFile(path);
      } catch (cause) {
        throw failed(`${option} is "${path}", not readable: ${messageOf(cause)}`, cause);
      }
    };
    const cert = await readPem(options.cert, tls.cert);
    const key = await readPem(options.key, tls.key);
    const ca = tls.ca === undefined ? undefined : await readPem(options.ca, tls.ca);
    try {
      // A file without any certificate would be taken in silence and make every client a stranger: reading one throws.
      if (ca !== undefined) void new X509Certificate(ca);
      const clientCheck = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
      const server = createTlsServer({ cert, key, minVersion: 'TLSv1.2', ...clientCheck });
      server.on('secureConnection', (stream) => this.#secured(stream));
      server.on('tlsClientError', (error, stream) => this.#tlsFailed(error, stream));
      return server;
    } catch (cause) {
      const files = `the files of ${options.cert}, ${options.key} and ${options.ca}`;
      throw failed(`${files} do not work: ${messageOf(cause)}`, cause);
    }
  }

  /** Stops accepting, lets peers finish for `graceMs`, then closes what is still open. */
  stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#stopping ??= this.#close(graceMs).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #close(graceMs: number): Promise<void> {
    await this.#starting?.catch(() => undefined); // reported to whoever called start()
    this.#starting = undefined;
    clearInterval(this.#sweepTimer);
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const refusing = new Promise((resolve) => {
      server.close(resolve);
    });
    const closing = [...this.#connections].map((connection) => connection.closed);
    for (const connection of this.#connections) connection.end();
    const graceTimer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, graceMs);
    await Promise.all([refusing, ...closing]);
    clearTimeout(graceTimer);
  }

  view(): ListenerView {
    const { name, addr } = this.#options;
    return {
      name: `${name.protocol.toLowerCase()}-${name.transport}`,
      address: addr,
      port: this.#port,
      receiveMethod: null,
      receiveBufferBytes: null,
      kernelDrops: null,
      connections: this.#connections.size,
    };
  }

  /** Closes connections whose deadlines have passed. Runs once a second. */
  sweep(): void {
    const nowUs = this.#options.clock();
    for (const connection of this.#connections) connection.sweep(nowUs);
  }

  #accept(socket: Socket): void {
    const { connectionLimit, accept } = this.#options;
    socket.on('error', ignore);
    const { remoteAddress: ip, remotePort: port } = socket;
    if (ip === undefined || port === undefined) {
      socket.destroy(); // gone before we looked
      return;
    }
    const exceeded = connectionLimit.take(ip);
    if (exceeded !== undefined) {
      this.#refuse(socket, exceeded);
      return;
    }
    const connection = accept(socket, ip, port);
    if (connection === undefined) {
      connectionLimit.release(ip);
      this.#refuse(socket, 'allow');
      return;
    }
    this.#connections.add(connection);
    const path = pathOf(socket);
    void connection.closed.then(() => {
      connectionLimit.release(ip);
      this.#connections.delete(connection);
      if (this.#handshaking.get(path) === connection) this.#handshaking.delete(path);
    });
    if (this.#tlsServer === undefined) {
      connection.read(socket);
    } else {
      this.#handshaking.set(path, connection);
      this.#tlsServer.emit('connection', socket);
    }
  }

  #secured(stream: TLSSocket): void {
    stream.on('error', ignore);
    const path = pathOf(stream);
    const connection = this.#handshaking.get(path);
    if (connection === undefined) {
      stream.destroy(); // gone before we looked
      return;
    }
    this.#handshaking.delete(path);
    connection.read(stream);
  }

  #tlsFailed(error: Error, stream: TLSSocket): void {
    const { counters, tlsErrors, clock, log } = this.#options;
    counters.add(tlsErrors, 1);
    const failed = this.#tlsErrorLog.take(1, clock());
    if (failed > 0) log.warn({ ip: stream.remoteAddress, failed }, `TLS handshake failed: ${error.message}`);
    stream.destroy();
  }

  #refuse(socket: Socket, why: Refusal): void {
    const { name, counters, refused: columns, clock, log } = this.#options;
    counters.add(columns.all, 1);
    counters.add(columns[why], 1);
    const refused = this.#refusedLogs[why].take(1, clock());
    const reason = `${why === 'allow' ? 'address not in' : 'more than'} ${name.options[why]}`;
    if (refused > 0) log.warn({ ip: socket.remoteAddress, refused }, `${name.protocol} connection refused: ${reason}`);
    socket.destroy();
  }

  #serverError(error: Error): void {
    const { name, clock, log, onError } = this.#options;
    const errors = this.#errorLog.take(1, clock());
    const what = `${name.protocol} over ${name.transport.toUpperCase()}`;
    if (errors > 0) log.error({ err: error, errors }, `${what} failed: ${error.message}`);
    onError?.(error);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** What tells one connection of a listener from all others open at the same time; the same for TLS and the socket below. */
function pathOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}

/** Peers vanish in many ways; each ends in `close`, where it is accounted for. */
function ignore(): void {}
