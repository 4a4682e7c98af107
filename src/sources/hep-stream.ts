import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { Hep } from '../model/counters.ts';

import type { Log } from '../model/log.ts';
import type { HepIngest } from '../model/ports.ts';
import type { HepSettings } from '../model/settings.ts';
import type { ListenerView } from '../model/views.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { HepConnection, type HepConnectionDeps } from './hep-connection.ts';
import { checkAddress, listenError, ListenError } from './listen-error.ts';
import { Occasional } from './occasional.ts';

/** Agents all come back at once after a restart of ours. */
const BACKLOG = 1024;
const KEEP_ALIVE_AFTER_MS = 60_000;
const SWEEP_INTERVAL_MS = 1000;
const STOP_GRACE_MS = 1000;

export interface HepStreamOptions extends HepConnectionDeps {
  listener: 'tcp' | 'tls';
  /** IPv4, IPv6, or `::` for both. */
  addr: string;
  /** 0 = one the kernel chooses. */
  port: number;
  /** Paths of PEM files, for `tls`; with `ca` a client must show a certificate of it. */
  tls?: HepSettings['tls'];
  connectionLimit: ConnectionLimit;
  ingest: HepIngest;
  log: Log;
  /** Told of errors of the listening socket after the start. */
  onError?: (error: Error) => void;
}

/** HEP over TCP or TLS: admits connections, closes those that are overdue. Nothing is ever written to a peer. */
export class HepStreamSource {
  readonly #options: HepStreamOptions;
  readonly #connections = new Set<HepConnection>();
  /** Connections in their TLS handshake, by the addresses that tell them apart. */
  readonly #handshaking = new Map<string, HepConnection>();
  readonly #refusedLog = new Occasional();
  readonly #tlsErrorLog = new Occasional();
  readonly #errorLog = new Occasional();
  #starting: Promise<ListenerView> | undefined;
  #stopping: Promise<void> | undefined;
  #server: Server | undefined;
  #tlsServer: TlsServer | undefined;
  #port: number;
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(options: HepStreamOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** Opens the listener; rejects with `ListenError`. */
  start(): Promise<ListenerView> {
    this.#starting ??= this.#open();
    return this.#starting;
  }

  async #open(): Promise<ListenerView> {
    const { listener, addr, port, log } = this.#options;
    checkAddress(listener, addr);
    if (listener === 'tls') this.#tlsServer = await this.#openTls();
    const server = createServer({ keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS }, (socket) =>
      this.#accept(socket),
    );
    try {
      server.listen({ host: addr, port, backlog: BACKLOG });
      await once(server, 'listening');
    } catch (cause) {
      throw listenError(listener, addr, port, cause);
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
    const { tls } = this.#options;
    if (tls === undefined) throw new ListenError('Cannot listen for HEP over TLS: set hep_tls_cert and hep_tls_key');
    const cert = await readPem('hep_tls_cert', tls.cert);
    const key = await readPem('hep_tls_key', tls.key);
    const ca = tls.ca === undefined ? undefined : await readPem('hep_tls_ca', tls.ca);
    try {
      // A file without any certificate would be taken in silence and make every client a stranger: reading one throws.
      if (ca !== undefined) void new X509Certificate(ca);
      const clientCheck = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
      const server = createTlsServer({ cert, key, minVersion: 'TLSv1.2', ...clientCheck });
      server.on('secureConnection', (stream) => this.#secured(stream));
      server.on('tlsClientError', (error, stream) => this.#tlsFailed(error, stream));
      return server;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const files = 'the files of hep_tls_cert, hep_tls_key and hep_tls_ca';
      throw new ListenError(`Cannot listen for HEP over TLS: ${files} do not work: ${reason}`, { cause });
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
    return {
      name: `hep-${this.#options.listener}`,
      address: this.#options.addr,
      port: this.#port,
      receiveBufferBytes: null,
      kernelDrops: null,
      connections: this.#connections.size,
    };
  }

  /** Closes connections that are idle, keep a message incomplete, or do not finish their handshake. Runs once a second. */
  sweep(): void {
    const nowUs = this.#options.clock();
    for (const connection of this.#connections) connection.sweep(nowUs);
  }

  #accept(socket: Socket): void {
    const { listener, connectionLimit, ingest, counters } = this.#options;
    socket.on('error', ignore);
    const { remoteAddress: ip, remotePort: port } = socket;
    if (ip === undefined || port === undefined) {
      socket.destroy(); // gone before we looked
      return;
    }
    if (!connectionLimit.take(ip)) {
      this.#refuse(socket, 'more than hep_max_connections or hep_max_connections_per_address');
      return;
    }
    const sink = ingest.connection(ip, port, listener);
    if (sink === undefined) {
      connectionLimit.release(ip);
      this.#refuse(socket, 'address not in hep_allow');
      return;
    }
    counters.add(Hep.CONNS_TOTAL, 1);
    counters.addGauge(Hep.CONNS_ACTIVE, 1);
    const connection = new HepConnection(socket, sink, this.#options);
    this.#connections.add(connection);
    const path = pathOf(socket);
    void connection.closed.then(() => {
      connectionLimit.release(ip);
      counters.addGauge(Hep.CONNS_ACTIVE, -1);
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
    const { counters, clock, log } = this.#options;
    counters.add(Hep.TLS_ERRORS, 1);
    const failed = this.#tlsErrorLog.take(1, clock());
    if (failed > 0) log.warn({ ip: stream.remoteAddress, failed }, `TLS handshake failed: ${error.message}`);
    stream.destroy();
  }

  #refuse(socket: Socket, reason: string): void {
    const { counters, clock, log } = this.#options;
    counters.add(Hep.CONNS_REFUSED, 1);
    const refused = this.#refusedLog.take(1, clock());
    if (refused > 0) log.warn({ ip: socket.remoteAddress, refused }, `HEP connection refused: ${reason}`);
    socket.destroy();
  }

  #serverError(error: Error): void {
    const { listener, clock, log, onError } = this.#options;
    const errors = this.#errorLog.take(1, clock());
    if (errors > 0) log.error({ err: error, errors }, `HEP over ${listener.toUpperCase()} failed: ${error.message}`);
    onError?.(error);
  }
}

async function readPem(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ListenError(`Cannot listen for HEP over TLS: ${option} is "${path}", not readable: ${reason}`, { cause });
  }
}

/** What tells one connection of a listener from all others open at the same time; the same for TLS and the socket below. */
function pathOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}

/** Peers vanish in many ways; each ends in `close`, where it is accounted for. */
function ignore(): void {}
