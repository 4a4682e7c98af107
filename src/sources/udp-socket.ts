import type { ReceiveMethod } from '../model/settings.ts';

/** One datagram, `bytes[start..end)`; the memory is used again when its batch ends. */
export type TakeDatagram = (bytes: Buffer, ip: string, port: number, start: number, end: number) => void;

export interface UdpSocketOptions {
  /** IPv4, IPv6, or `::` for both. */
  addr: string;
  /** 0 = one the kernel chooses. */
  port: number;
  /** Receive buffer asked for. */
  rcvbufBytes: number;
  /** Begins a batch: what is taken until the next one arrived together. */
  onBatch: () => void;
  onDatagram: TakeDatagram;
  /** Ends the batch: the memory of its datagrams is used again. */
  onBatchEnd: () => void;
  /** Told of socket errors after the start. */
  onError: (error: Error) => void;
}

/** What the kernel says of a socket's receive buffer. */
export interface SocketLoad {
  /** Datagrams dropped since the socket was opened, in 32 bits: it starts again at 0. */
  dropped: number;
  /** Octets of the receive buffer in use, and what it may hold, as the kernel accounts for them. */
  queued: number;
  limit: number;
}

/** A bound UDP socket. Whichever method it receives by, it behaves the same. */
export interface UdpSocket {
  readonly method: ReceiveMethod;
  readonly port: number;
  /** As granted, in octets of payload: Linux doubles it for its own bookkeeping. */
  readonly receiveBufferBytes: number;
  /** `null` where it cannot be read now. */
  load(): Promise<SocketLoad | null>;
  close(): Promise<void>;
}
