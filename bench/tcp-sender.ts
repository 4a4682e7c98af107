/**
 * Sends packets of realistic calls over one TCP connection, as fast as they are taken, from a process of its own.
 * Arguments: hep3, ipfix or established (HEP3, calls that do not end), port, packets. Prints how many it sent when it is
 * done.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connectSet, message } from '../src/probe/encode.ts';
import { ipfixOf, MESSAGES_PER_CALL, MESSAGES_TO_ESTABLISH, overlappingCalls, ROUND } from './support/traffic.ts';

const [kind, port, wanted] = process.argv.slice(2);
const CALLS = 4000;
const OPEN_CALLS = 1000;

const messages = kind === 'established' ? MESSAGES_TO_ESTABLISH : MESSAGES_PER_CALL;
const packets = overlappingCalls(CALLS, OPEN_CALLS, kind === 'ipfix' ? ipfixOf : 3, ROUND, messages);
const stream = Buffer.concat(packets);
const places: number[] = [];
for (let at = stream.indexOf(ROUND); at >= 0; at = stream.indexOf(ROUND, at + ROUND.length)) places.push(at);

const socket = connect(Number(port), '127.0.0.1');
await once(socket, 'connect');
socket.resume();
if (kind === 'ipfix') {
  const identity = { hostName: 'bench', keepaliveS: 0, configFlags: 0xfc, configFlags2: 0, systemId: 0 };
  socket.write(message([connectSet(identity)], 0, 0));
}
const rounds = Math.ceil(Number(wanted) / packets.length);
for (let round = 0; round < rounds; round++) {
  const mark = Buffer.from(round.toString(16).padStart(ROUND.length, '0'));
  for (const place of places) mark.copy(stream, place);
  // The octets are changed for the next round, so they must be gone.
  await new Promise((resolve) => socket.write(stream, resolve));
}
socket.end();
await once(socket, 'close');
process.stdout.write(String(rounds * packets.length));
