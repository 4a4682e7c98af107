import { Hep, type CounterSet } from '../model/counters.ts';
import type { Log } from '../model/log.ts';
import type { Clock, HepIngest } from '../model/ports.ts';
import type { PortSharing, ReceiveChoice } from '../model/settings.ts';
import type { ListenerView } from '../model/views.ts';
import { checkAddress, hepListener, listenError, ListenError } from './listen-error.ts';
import { Occasional } from './occasional.ts';
import { loadUdpReceive, MissingModule, openBatched } from './udp-batched.ts';
import { openDgram } from './udp-dgram.ts';
import type { UdpSocket, UdpSocketOptions } from './udp-socket.ts';

/** Longest time spent on what still comes in after the stop. */
const DRAIN_LIMIT_US = 500_000;
const LOAD_INTERVAL_MS = 250;

export interface HepUdpOptions {
  /** IPv4, IPv6, or `::` for both. */
  addr: string;
  /** 0 = one the kernel chooses. */
  port: number;
  /** Receive buffer asked for. */
  rcvbufBytes: number;
  /** In batches or one by one; auto = in batches where that is possible. */
  receive: ReceiveChoice;
  /** Only what the native module opens can be shared. */
  sharing?: PortSharing;
  ingest: HepIngest;
  counters: CounterSet;
  clock: Clock;
  log: Log;
  /** Told of socket errors after the start. */
  onError?: (error: Error) => void;
  /** Told four times a second how full the receive buffer is, 0 to 1, and how many datagrams found no room since the last time. */
  onLoad?: (fullness: number, dropped: number) => void;
}

/** HEP over UDP: hands each datagram to `ingest` and watches what the kernel had to drop. */
export class HepUdpSource {
  readonly #options: HepUdpOptions;
  readonly #dropsLog = new Occasional();
  readonly #errorLog = new Occasional();
  #starting: Promise<ListenerView> | undefined;
  #socket: UdpSocket | undefined;
  #port: number;
  /** Since the start; `null` until it could be read. */
  #kernelDrops: number | null = null;
  /** What the kernel's own count was when it was last read. */
  #kernelCount = 0;
  #datagrams = 0;
  #loadTimer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;

  constructor(options: HepUdpOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** Opens the socket; rejects with `ListenError`. */
  start(): Promise<ListenerView> {
    this.#starting ??= this.#open();
    return this.#starting;
  }

  async #open(): Promise<ListenerView> {
    const { addr, port, rcvbufBytes, ingest, counters, clock, log } = this.#options;
    checkAddress(hepListener('udp'), addr);
    let nowUs = 0;
    const socket = await this.#bind({
      addr,
      port,
      rcvbufBytes,
      onBatch: () => {
        nowUs = clock();
        ingest.beginBatch();
      },
      onDatagram: (bytes, ip, senderPort, start, end) => {
        counters.add(Hep.DATAGRAMS, 1);
        this.#datagrams++;
        ingest.datagram(bytes, ip, senderPort, nowUs, start, end);
      },
      onBatchEnd: () => ingest.endBatch(),
      onError: (error) => this.#socketError(error),
    });
    this.#socket = socket;
    this.#port = socket.port;
    this.#kernelDrops = null;
    this.#kernelCount = 0;
    this.#checkReceiveBuffer(socket);
    this.#loadTimer = setInterval(() => this.pollLoad(), LOAD_INTERVAL_MS).unref();
    const view = this.view();
    const { name, address, receiveMethod } = view;
    log.info({ listener: name, address, port: view.port, receiveMethod }, 'listening');
    return view;
  }

  async #bind(options: UdpSocketOptions): Promise<UdpSocket> {
    const { addr, port, receive, log } = this.#options;
    const name = hepListener('udp');
    const module = receive === 'dgram' ? undefined : loadUdpReceive();
    if (module instanceof MissingModule) {
      const remedy = 'install a C compiler and run npm ci again';
      if (receive === 'native') {
        throw new ListenError(
          `Cannot listen for HEP over UDP: hep_receive is "native", but ${module.message}; ${remedy}, or set hep_receive to "auto"`,
          { cause: module },
        );
      }
      // Elsewhere there is nothing to be had.
      if (process.platform === 'linux') log.info({}, `datagrams are received one by one: ${module.message}; ${remedy}`);
    }
    try {
      if (module === undefined || module instanceof MissingModule) return await openDgram(options);
      const { sharing = 'alone' } = this.#options;
      if (sharing === 'begin') {
        // Sharing must not go unnoticed with a program that is not ours: nobody may have the port yet.
        const alone = openBatched(module, options);
        options.port = alone.port;
        await alone.close();
      }
      return openBatched(module, options, sharing !== 'alone');
    } catch (cause) {
      throw listenError(name, addr, port, cause);
    }
  }

  /** Closes the socket, after what the kernel holds for it has been read, and a last look at its drops. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // reported to whoever called start()
    this.#starting = undefined;
    clearInterval(this.#loadTimer);
    this.pollLoad();
    await this.#polling;
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    await this.#drain();
    await socket.close();
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
      receiveMethod: this.#socket?.method ?? null,
      receiveBufferBytes: this.#socket?.receiveBufferBytes ?? null,
      kernelDrops: this.#kernelDrops,
      connections: null,
    };
  }

  /** Starts to ask the kernel about this socket, unless that is under way. Runs by itself four times a second. */
  pollLoad(): void {
    this.#polling ??= this.#readLoad().finally(() => {
      this.#polling = undefined;
    });
  }

  async #readLoad(): Promise<void> {
    const socket = this.#socket;
    const load = await socket?.load();
    // A table that changes while it is read may lack a line: the next look finds it.
    if (load === undefined || load === null || this.#socket !== socket) return;
    const { counters, clock, log, onLoad } = this.#options;
    // The kernel counts in 32 bits and starts again at 0.
    const grown = (load.dropped - this.#kernelCount) >>> 0;
    this.#kernelCount = load.dropped;
    this.#kernelDrops = (this.#kernelDrops ?? 0) + grown;
    counters.add(Hep.KERNEL_DROPS, grown);
    onLoad?.(load.queued / load.limit, grown);
    const dropped = this.#dropsLog.take(grown, clock());
    if (dropped > 0) {
      log.warn(
        { port: this.#port, dropped, receiveBufferBytes: socket?.receiveBufferBytes },
        'Datagrams dropped by the kernel, receive buffer full: raise hep_rcvbuf and net.core.rmem_max',
      );
    }
  }

  #checkReceiveBuffer({ receiveBufferBytes: granted }: UdpSocket): void {
    const { rcvbufBytes, log } = this.#options;
    if (granted >= rcvbufBytes) return;
    log.warn(
      { asked: rcvbufBytes, granted },
      `UDP receive buffer is ${granted} octets, not ${rcvbufBytes}: sysctl -w net.core.rmem_max=${rcvbufBytes}`,
    );
  }

  #socketError(error: Error): void {
    const { clock, log, onError } = this.#options;
    const errors = this.#errorLog.take(1, clock());
    if (errors > 0) log.error({ err: error, errors }, `HEP over UDP failed: ${error.message}`);
    onError?.(error);
  }
}
