import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Collector } from './collector.ts';
import { readHep } from './hep-envelope.ts';
import type { Datagram } from './pcap.ts';

/**
 * Longer than `dup_window`: packets that were further apart than this in the capture are so again, however fast the
 * rest is sent, so a retransmission stays one when the collector goes by arrival time.
 */
const GAP_MS = 60;

/** Datagrams sent before the collector must have caught up: far below what a socket's buffer holds. */
const BURST = 64;

/** A UDP port that sends HEP, as one capture agent would. */
export class UdpAgent {
  readonly #socket: Socket;
  readonly port: number;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
  }

  static async open(): Promise<UdpAgent> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpAgent(socket);
  }

  close(): void {
    this.#socket.close();
  }

  send(payload: Buffer, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(payload, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** One packet on its way. */
export interface Sending {
  from: UdpAgent;
  payload: Buffer;
  timeUs: number;
}

/** The packets of a capture, to be sent by one agent. */
export function sendingsOf(datagrams: readonly Datagram[], from: UdpAgent): Sending[] {
  return datagrams.map((datagram) => ({ from, payload: datagram.payload, timeUs: sentAt(datagram) }));
}

/** Sends packets to every collector given, in their order, gaps shortened, and waits until all have been worked on. */
export async function replay(sendings: readonly Sending[], collectors: readonly Collector[]): Promise<void> {
  let previousUs = 0;
  for (const [index, { from, payload, timeUs }] of sendings.entries()) {
    const gap = index > 0 && timeUs - previousUs >= GAP_MS * 1000;
    previousUs = timeUs;
    if (gap || index % BURST === BURST - 1) {
      // Caught up first: the next packet then arrives that much later than the last one, busy machine or not.
      await Promise.all(collectors.map((collector) => collector.received(index)));
      if (gap) await delay(GAP_MS);
    }
    await Promise.all(collectors.map((collector) => from.send(payload, collector.hepUdp)));
  }
  await Promise.all(collectors.map((collector) => collector.received(sendings.length)));
}

/** The sender's time where the packet carries one: captures of file readers are as fast as the reader was. */
function sentAt(datagram: Datagram): number {
  return readHep(datagram.payload).timeUs ?? datagram.timeUs;
}

/** Sends HEP3 packets over one TCP connection in pieces that respect no message boundary. */
export async function replayOverTcp(datagrams: readonly Datagram[], collector: Collector): Promise<void> {
  const socket = connect(collector.hepTcp, '127.0.0.1');
  await once(socket, 'connect');
  const stream = Buffer.concat(datagrams.map(({ payload }) => payload));
  for (let at = 0, piece = 1; at < stream.length; at += piece, piece = (piece * 7) % 1999) {
    if (!socket.write(stream.subarray(at, at + piece))) await once(socket, 'drain');
  }
  await collector.received(datagrams.length);
  socket.end();
  await once(socket, 'close');
}
