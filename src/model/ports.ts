import type { Fault } from './fault.ts';
import type { Packet } from './packet.ts';
import type { EndpointView } from './views.ts';

/** Microseconds since the epoch; the only clock there is, given to whoever needs the time of arrival. */
export type Clock = () => number;

/**
 * Said by a source that has much at once: what it hands over after `beginBatch` stays as it is until `endBatch`, so that
 * it may be worked on together. Nobody else gets a turn in between.
 */
export interface Batches {
  beginBatch(): void;
  endBatch(): void;
}

/**
 * Where sources put what they received. Outside a batch all methods return when the octets have been used: the caller may
 * reuse its buffer at once. None throws for anything a sender can cause.
 */
export interface HepIngest extends Batches {
  /**
   * One UDP datagram: all of `bytes`, or `bytes[start..end)` of a buffer that holds others too. Counts at least one
   * message, also when it is empty.
   */
  datagram(bytes: Buffer, ip: string, port: number, nowUs: number, start?: number, end?: number): void;
  /** A new connection, or `undefined` when its address may not send; the refusal is counted. */
  connection(ip: string, port: number, listener: 'tcp' | 'tls'): StreamIngest | undefined;
}

/** One HEP connection: framed messages go in; a framer's fault is counted as one refused message. */
export interface StreamIngest extends Batches {
  /** Exactly one HEP3 message: `bytes[start..end)`. */
  message(bytes: Buffer, start: number, end: number, nowUs: number): void;
  /** A framing fault, with the octets at hand for the log. The connection is closed by the source. */
  fault(fault: Fault, bytes: Buffer, start: number, end: number, nowUs: number): void;
}

/** Where the IPFIX listener puts what it received. As with `HepIngest`, nothing throws for what a peer sends. */
export interface IpfixIngest {
  /**
   * A new connection, or `undefined` when its address may not send.
   *
   * @param answer writes octets to the peer
   */
  connection(
    peer: EndpointView,
    local: EndpointView,
    answer: (octets: Buffer) => void,
    nowUs: number,
  ): IpfixSession | undefined;
}

/** One IPFIX connection. */
export interface IpfixSession extends StreamIngest {
  /** Messages taken so far. */
  readonly messages: number;
  /** Last octet in or out, microseconds. */
  readonly lastIoUs: number;
  /** Silence after which to close, in milliseconds, as negotiated last; 0 = never. */
  readonly ioTimeoutMs: number;
  /** Octets arrived, whatever they are. */
  heard(nowUs: number): void;
  /** The connection is closed. */
  end(nowUs: number): void;
}

/** Cuts a stream into messages and hands each to the `StreamIngest` it was made with. */
export interface StreamFramer {
  /** Takes the next octets. Answers a fault when the stream is out of step: the connection must be closed then. */
  push(chunk: Buffer, nowUs: number): Fault;
  /** Octets of an incomplete message held now. */
  readonly pendingBytes: number;
  /** When the incomplete message began to wait, microseconds; 0 = nothing is pending. */
  readonly pendingSinceUs: number;
  /** Says that the stream ended: an incomplete message is reported with what is there of it, as cut or as `fault`. */
  end(nowUs: number, fault?: Fault): void;
}

/** Who keeps SIP messages as they were, besides tracking. */
export interface MessageRecorder {
  /**
   * A message that was parsed and tracked, or was not. Its octets are used when this returns.
   *
   * @param callIdStart with `callIdEnd` where its Call-ID is in `packet.bytes`, equal = it has none
   */
  record(packet: Packet, callIdStart: number, callIdEnd: number, isTracked: boolean): void;
}

/** Where messages go on to, for a source that can wait. */
export interface Outlet {
  readonly isFull: boolean;
  /** Resolves when there is room again. */
  room(): Promise<void>;
}
