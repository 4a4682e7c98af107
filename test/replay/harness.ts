import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { runReplay } from '../../src/replay/command.ts';
import type { HepMessage } from '../../src/wire/hep/encode.ts';

/** Stands in for the HEP encoder: what replay hands over arrives as text that the test can read back. */
function encodeAsText(version: number): (message: HepMessage) => Buffer {
  return (message) => {
    const payload = Buffer.from(message.payload ?? []).toString('latin1');
    return Buffer.from(JSON.stringify({ version, ...message, payload }), 'latin1');
  };
}

export const textEncoders = { 1: encodeAsText(1), 2: encodeAsText(2), 3: encodeAsText(3) };

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export async function run(argv: readonly string[], signal?: AbortSignal): Promise<Outcome> {
  const outcome: Outcome = { code: -1, stdout: '', stderr: '' };
  outcome.code = await runReplay(argv, {
    stdout: { write: (text) => (outcome.stdout += text) },
    stderr: { write: (text) => (outcome.stderr += text) },
    encode: textEncoders,
    ...(signal === undefined ? {} : { signal }),
  });
  return outcome;
}

export interface UdpReceiver {
  to: string;
  packets: Buffer[];
  /** Waits until so many have arrived. */
  received(count: number): Promise<void>;
  close(): void;
}

export async function udpReceiver(): Promise<UdpReceiver> {
  const socket = createSocket('udp4');
  const packets: Buffer[] = [];
  socket.on('message', (packet) => packets.push(packet));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    to: `udp:127.0.0.1:${socket.address().port}`,
    packets,
    received: async (count) => {
      while (packets.length < count) await once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
    },
    close: () => socket.close(),
  };
}

export interface TcpReceiver {
  to: string;
  /** Everything of the first connection, once it has ended. */
  received(): Promise<Buffer>;
  close(): void;
}

export async function tcpReceiver(): Promise<TcpReceiver> {
  const chunks: Buffer[] = [];
  const { promise, resolve } = promiseWithResolver<Buffer>();
  const server = createServer((socket) => {
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { to: `tcp:127.0.0.1:${address.port}`, received: () => promise, close: () => server.close() };
}

function promiseWithResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
