import { createRequire } from 'node:module';
import { SENDER_INTS, SenderTexts } from './sender-texts.ts';
import type { SocketLoad, UdpSocket, UdpSocketOptions } from './udp-socket.ts';

/**
 * A socket that receives many datagrams with one call of the kernel, into one slab (native/udp-receive.c).
 *
 *   slab   │ datagram ▒▒▒▒▒▒▒ │ datagram ▒▒ │ …      one share each, as large as a datagram can be
 *   heads  │ length, sender   │ length, …   │ …      integers
 *
 * The event loop says when there is something to read. What is read at once is bounded, so that timers, connections and
 * questions of the main thread get their turn however much arrives.
 */
const BATCH = 64;
/** Taken before the event loop turns. */
const BATCHES_PER_TURN = 4;
/** Of the slab, for each datagram: none is larger. Pages that are never written to take no memory. */
const SHARE = 65_536;

/** Integers of one head, as in the C file. */
const LENGTH = 0;
const SENDER_PORT = 1;
const SENDER = 2;
const HEAD_INTS = SENDER + SENDER_INTS;

declare const receiver: unique symbol;
/** A socket of the module. */
interface Receiver {
  readonly [receiver]: never;
}

/** What the module exports. Its functions throw errors with the codes Node.js uses. */
interface UdpReceive {
  open(
    address: string,
    port: number,
    receiveBufferBytes: number,
    reusePort: boolean,
    slab: Buffer,
    heads: Int32Array,
    onReadable: () => void,
  ): Receiver;
  /** Number of datagrams that are in slab and heads now. */
  receive(socket: Receiver): number;
  local(socket: Receiver): { port: number; receiveBufferBytes: number };
  load(socket: Receiver): SocketLoad | undefined;
  close(socket: Receiver): void;
}

export class MissingModule extends Error {
  override readonly name = 'MissingModule';
  readonly code = 'NATIVE_MISSING';
}

/** The module, or why there is none. */
export function loadUdpReceive(): UdpReceive | MissingModule {
  try {
    // package.json says where it is, whichever folder this was compiled to.
    return createRequire(import.meta.url)('#udp-receive') as UdpReceive; // built from the C file beside it
  } catch (cause) {
    const isBuilt = !(cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND');
    const reason = isBuilt && cause instanceof Error ? `cannot be loaded: ${cause.message}` : 'is not built';
    return new MissingModule(`the module for receiving in batches ${reason}`, { cause });
  }
}

/**
 * Opens a socket of the module.
 *
 * @param reusePort several sockets may have the port if all say so; the kernel spreads senders over them
 */
export function openBatched(
  module: UdpReceive,
  { addr, port, rcvbufBytes, onBatch, onDatagram, onBatchEnd, onError }: UdpSocketOptions,
  reusePort = false,
): UdpSocket {
  const slab = Buffer.allocUnsafeSlow(BATCH * SHARE);
  const heads = new Int32Array(BATCH * HEAD_INTS);
  const senders = new SenderTexts();

  const receive = (): number => {
    try {
      return module.receive(socket);
    } catch (error) {
      onError(error as Error); // the module throws nothing else
      return 0;
    }
  };
  const take = (): void => {
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      const received = receive();
      if (received === 0) return;
      onBatch();
      for (let n = 0; n < received; n++) {
        const head = n * HEAD_INTS;
        const start = n * SHARE;
        const ip = senders.of(heads, head + SENDER);
        onDatagram(slab, ip, heads[head + SENDER_PORT]!, start, start + heads[head + LENGTH]!); // one head each
      }
      onBatchEnd();
      if (received < BATCH) return;
    }
  };
  const socket = module.open(addr, port, rcvbufBytes, reusePort, slab, heads, take);
  return {
    method: 'native',
    ...module.local(socket),
    load: async () => module.load(socket) ?? null,
    close: async () => module.close(socket),
  };
}
