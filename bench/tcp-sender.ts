/**
 * Sends HEP3 packets of realistic calls over one TCP connection, as fast as they are taken, from a process of its own.
 * Arguments: port, packets. Prints when it is done.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { overlappingCalls, ROUND } from './support/traffic.ts';

const [port = 0, wanted = 0] = process.argv.slice(2).map(Number);
const CALLS = 4000;
const OPEN_CALLS = 1000;

const packets = overlappingCalls(CALLS, OPEN_CALLS, 3, ROUND);
const stream = Buffer.concat(packets);
const places: number[] = [];
for (let at = stream.indexOf(ROUND); at >= 0; at = stream.indexOf(ROUND, at + ROUND.length)) places.push(at);

const socket = connect(port, '127.0.0.1');
await once(socket, 'connect');
const rounds = Math.ceil(wanted / packets.length);
for (let round = 0; round < rounds; round++) {
  const mark = Buffer.from(round.toString(16).padStart(ROUND.length, '0'));
  for (const place of places) mark.copy(stream, place);
  // The octets are changed for the next round, so they must be gone.
  await new Promise((resolve) => socket.write(stream, resolve));
}
socket.end();
await once(socket, 'close');
process.stdout.write(String(rounds * packets.length));
