import type { Socket } from 'node:net';

/** Octets of a connection that are worked off before the event loop turns. */
const TURN_OCTETS = 262_144;

/**
 * Hands on what a stream brings, and lets timers, datagrams and questions have their turn now and then: Node.js by itself
 * reads on as long as there is something, up to two megabytes, which is thousands of messages.
 *
 * @param mayGoOn whether the stream may be resumed then; if not, who holds it up resumes it
 */
export function readInTurns(stream: Socket, take: (chunk: Buffer) => void, mayGoOn: () => boolean): void {
  let octets = 0;
  stream.on('data', (chunk: Buffer) => {
    take(chunk);
    octets += chunk.length;
    if (octets < TURN_OCTETS) return;
    octets = 0;
    stream.pause();
    setImmediate(() => {
      if (mayGoOn()) stream.resume();
    });
  });
}
