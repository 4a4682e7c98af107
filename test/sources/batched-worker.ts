import { parentPort, workerData } from 'node:worker_threads';
import { loadUdpReceive, MissingModule, openBatched } from '../../src/sources/udp-batched.ts';

/** A thread with a socket of the module: says its port, then each datagram; throws at the text it was given for that. */
const { throwAt } = workerData as { throwAt: string }; // as its test passes it
const module = loadUdpReceive();
if (module instanceof MissingModule) throw module;
const socket = openBatched(module, {
  addr: '127.0.0.1',
  port: 0,
  rcvbufBytes: 65_536,
  onBatch: () => undefined,
  onDatagram: (bytes, _ip, _port, start, end) => {
    const text = bytes.toString('latin1', start, end);
    if (text === throwAt) throw new Error(`asked to fail at ${text}`);
    parentPort?.postMessage(text);
  },
  onBatchEnd: () => undefined,
  onError: (error) => {
    throw error;
  },
});
parentPort?.postMessage(socket.port);
