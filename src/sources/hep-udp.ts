import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { Hep, type CounterSet } from '../model/counters.ts';

import type { Log } from '../model/log.ts';
import type { Clock, HepIngest } from '../model/ports.ts';
import type { ListenerView } from '../model/views.ts';
import { dropsOf, readUdpTable } from './kernel-drops.ts';
import { checkAddress, hepListener, listenError } from './listen-error.ts';
import { Occasional } from './occasional.ts';

/** Longest time spent on what still comes in after the stop. */
const DRAIN_LIMIT_US = 500_000;
const DROPS_INTERVAL_MS = 1000;

export interface HepUdpOptions {
  /** IPv4, IPv6, or `::` for both. */
  addr: string;
  /** 0 = one the kernel chooses. */
  port: number;
  /** Receive buffer asked for. */
  rcvbufBytes: number;
  ingest: HepIngest;
  counters: CounterSet;
  clock: Clock;
  log: Log;
  /** Told of socket errors after the start. */
  onError?: (error: Error) => void;
}

/** HEP over UDP: hands each datagram to `ingest` and watches what the kernel had to drop. */
export class HepUdpSource {
  readonly #options: HepUdpOptions;
  readonly #family: 4 | 6;
  readonly #dropsLog = new Occasional();
  readonly #errorLog = new Occasional();
  #starting: Promise<ListenerView> | undefined;
  #socket: Socket | undefined;
  #port: number;
  #receiveBufferBytes: number | null = null;
  /** Since the start; `null` until it could be read. */
  #kernelDrops: number | null = null;
  /** What the kernel's own count was when it was last read. */
  #kernelCount = 0;
  #datagrams = 0;
  #dropsTimer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;

  constructor(options: HepUdpOptions) {
    this.#options = options;
    this.#family = isIPv6(options.addr) ? 6 : 4;
    this.#port = options.port;
  }

  /** Opens the socket; rejects with `ListenError`. */
  start(): Promise<ListenerView> {
    this.#starting ??= this.#open();
    return this.#starting;
  }

  async #open(): Promise<ListenerView> {
    const { addr, port, ingest, counters, clock, log } = this.#options;
    checkAddress(hepListener('udp'), addr);
    const socket = createSocket(this.#family === 6 ? 'udp6' : 'udp4');
    socket.on('message', (bytes, sender) => {
      counters.add(Hep.DATAGRAMS, 1);
      this.#datagrams++;
      ingest.datagram(bytes, sender.address, sender.port, clock());
    });
    try {
      socket.bind(port, addr);
      await once(socket, 'listening');
    } catch (cause) {
      socket.close();
      throw listenError(hepListener('udp'), addr, port, cause);
    }
    socket.on('error', (error) => this.#socketError(error));
    this.#socket = socket;
    this.#port = socket.address().port;
    this.#kernelDrops = null;
    this.#kernelCount = 0;
    this.#raiseReceiveBuffer(socket);
    this.#dropsTimer = setInterval(() => this.pollKernelDrops(), DROPS_INTERVAL_MS).unref();
    const view = this.view();
    log.info({ listener: view.name, address: view.address, port: view.port }, 'listening');
    return view;
  }

  /** Closes the socket, after what the kernel holds for it has been read, and a last look at its drops. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // reported to whoever called start()
    this.#starting = undefined;
    clearInterval(this.#dropsTimer);
    this.pollKernelDrops();
    await this.#polling;
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    await this.#drain();
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }

  /** Reads on until a turn of the event loop brings nothing more, or senders have been heard for long enough. */
  async #drain(): Promise<void> {
    const deadline = this.#options.clock() + DRAIN_LIMIT_US;
    let before = -1;
    while (this.#datagrams !== before && this.#options.clock() < deadline) {
      before = this.#datagrams;
      // Two turns: the first may be the one that is running.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
  }

  view(): ListenerView {
    return {
      name: 'hep-udp',
      address: this.#options.addr,
      port: this.#port,
      receiveBufferBytes: this.#receiveBufferBytes,
      kernelDrops: this.#kernelDrops,
      connections: null,
    };
  }

  /** Starts to read the kernel's drops of this socket, unless that is under way. Runs by itself once a second. */
  pollKernelDrops(): void {
    this.#polling ??= this.#readKernelDrops().finally(() => {
      this.#polling = undefined;
    });
  }

  async #readKernelDrops(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    const { address, port } = socket.address();
    const table = await readUdpTable(this.#family);
    const drops = table === null ? null : dropsOf(table, this.#family, address, port);
    // A table that changes while it is read may lack a line: the next look finds it.
    if (drops === null || this.#socket !== socket) return;
    const { counters, clock, log } = this.#options;
    // The kernel counts in 32 bits and starts again at 0.
    const grown = (drops - this.#kernelCount) >>> 0;
    this.#kernelCount = drops;
    this.#kernelDrops = (this.#kernelDrops ?? 0) + grown;
    counters.add(Hep.KERNEL_DROPS, grown);
    const dropped = this.#dropsLog.take(grown, clock());
    if (dropped > 0) {
      log.warn(
        { port, dropped, receiveBufferBytes: this.#receiveBufferBytes },
        'Datagrams dropped by the kernel, receive buffer full: raise hep_rcvbuf and net.core.rmem_max',
      );
    }
  }

  #raiseReceiveBuffer(socket: Socket): void {
    const { rcvbufBytes, log } = this.#options;
    try {
      socket.setRecvBufferSize(rcvbufBytes);
    } catch {
      // Linux grants what it may, others refuse a size beyond their limit: what counts is the size read back.
    }
    const size = socket.getRecvBufferSize();
    // Linux doubles what it grants, for its own bookkeeping, and reports that.
    const granted = process.platform === 'linux' ? size / 2 : size;
    this.#receiveBufferBytes = granted;
    if (granted < rcvbufBytes) {
      log.warn(
        { asked: rcvbufBytes, granted },
        `UDP receive buffer is ${granted} octets, not ${rcvbufBytes}: sysctl -w net.core.rmem_max=${rcvbufBytes}`,
      );
    }
  }

  #socketError(error: Error): void {
    const { clock, log, onError } = this.#options;
    const errors = this.#errorLog.take(1, clock());
    if (errors > 0) log.error({ err: error, errors }, `HEP over UDP failed: ${error.message}`);
    onError?.(error);
  }
}
