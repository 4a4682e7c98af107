import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { readInTurns } from '../../src/sources/read-in-turns.ts';
import { until } from './fakes.ts';

const OCTETS = 8_388_608;
const TURN_OCTETS = 262_144;
/** What Node.js reads at once, and one such chunk that is read before it notices that it should rest. */
const SLACK = 2 * 65_536;

/** The receiving end of a connection on which so many octets wait. */
async function receiver(t: TestContext): Promise<Socket> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const sender = connect((server.address() as AddressInfo).port, '127.0.0.1'); // listens on TCP
  t.after(() => sender.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket]; // as documented
  t.after(() => socket.destroy());
  sender.end(Buffer.alloc(OCTETS));
  return socket;
}

test('the event loop turns while a connection brings much', { timeout: 20_000 }, async (t) => {
  const socket = await receiver(t);
  let [octets, inTurn, most] = [0, 0, 0];
  let isDone = false;
  const turn = (): void => {
    inTurn = 0;
    if (!isDone) setImmediate(turn);
  };
  turn();
  readInTurns(
    socket,
    (chunk) => {
      octets += chunk.length;
      inTurn += chunk.length;
      most = Math.max(most, inTurn);
    },
    () => true,
  );
  socket.resume();
  await until(() => octets === OCTETS);
  isDone = true;
  assert.ok(most <= TURN_OCTETS + SLACK, `${most} octets in one turn`);
});

test('a stream that somebody holds up stays as it is', { timeout: 20_000 }, async (t) => {
  const socket = await receiver(t);
  let octets = 0;
  let isHeldUp = true;
  readInTurns(
    socket,
    (chunk) => {
      octets += chunk.length;
    },
    () => !isHeldUp,
  );
  socket.resume();
  await until(() => octets >= TURN_OCTETS && socket.isPaused());
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(socket.isPaused());
  isHeldUp = false;
  socket.resume();
  await until(() => octets === OCTETS);
});
