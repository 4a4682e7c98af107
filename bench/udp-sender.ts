/**
 * Sends packets of realistic calls over UDP at a given rate from a process of its own, and reports how many went out.
 * Arguments: port, packets per second, seconds. Identifiers differ from run to run.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { overlappingCalls } from './support/traffic.ts';

const [port = 0, rate = 0, seconds = 0, firstCall = 0] = process.argv.slice(2).map(Number);
const CALLS = 4000;
const OPEN_CALLS = 1000;
const SLICE_MS = 2;

const packets = overlappingCalls(CALLS, OPEN_CALLS, 3, firstCall);
const socket = createSocket('udp4');
socket.connect(port, '127.0.0.1');
await once(socket, 'connect');
socket.setSendBufferSize(4 * 1024 * 1024);

let sent = 0;
let failed = 0;
const total = rate * seconds;
const begin = performance.now();
await new Promise<void>((resolve) => {
  const slice = (): void => {
    const due = Math.min(total, Math.floor(((performance.now() - begin) / 1000) * rate));
    // What a slice could not send is sent by the next, but never more than a slice's share at once.
    const most = sent + Math.ceil((rate / 1000) * SLICE_MS * 2);
    while (sent < due && sent < most) {
      socket.send(packets[sent % packets.length] ?? Buffer.alloc(0), (error) => {
        if (error !== null) failed++;
      });
      sent++;
    }
    if (sent >= total) resolve();
    else setTimeout(slice, due > sent ? 0 : 1);
  };
  slice();
});
const elapsed = (performance.now() - begin) / 1000;
socket.close(() => process.stdout.write(`${JSON.stringify({ sent, failed, elapsed })}\n`));
