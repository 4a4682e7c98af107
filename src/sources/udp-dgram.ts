import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { loadOf, readUdpTable } from './udp-table.ts';
import type { UdpSocket, UdpSocketOptions } from './udp-socket.ts';

/** Opens a socket of Node.js, which exists everywhere and hands over one datagram at a time. */
export async function openDgram(options: UdpSocketOptions): Promise<UdpSocket> {
  const { addr, rcvbufBytes, onBatch, onDatagram, onBatchEnd, onError } = options;
  const family = isIPv6(addr) ? 6 : 4;
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  socket.on('message', (bytes, sender) => {
    onBatch();
    onDatagram(bytes, sender.address, sender.port, 0, bytes.length);
    onBatchEnd();
  });
  try {
    socket.bind(options.port, addr);
    await once(socket, 'listening');
  } catch (cause) {
    socket.close();
    throw cause;
  }
  socket.on('error', onError);
  try {
    socket.setRecvBufferSize(rcvbufBytes);
  } catch {
    // Linux grants what it may, others refuse a size beyond their limit: what counts is the size read back.
  }
  const size = socket.getRecvBufferSize();
  const limit = size;
  const { address, port } = socket.address();
  return {
    method: 'dgram',
    port,
    receiveBufferBytes: process.platform === 'linux' ? size / 2 : size,
    load: async () => {
      const table = await readUdpTable(family);
      const found = table === null ? null : loadOf(table, family, address, port);
      return found === null ? null : { ...found, limit };
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
