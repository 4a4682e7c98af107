import type { Socket } from 'node:net';
import { unmapped } from '../model/cidr.ts';
import { Ipfix } from '../model/counters.ts';
import type { Log } from '../model/log.ts';
import type { IpfixIngest } from '../model/ports.ts';
import type { IpfixSettings } from '../model/settings.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { IpfixConnection, type IpfixConnectionDeps } from './ipfix-connection.ts';
import { ipfixListener } from './listen-error.ts';
import { StreamListener } from './stream-listener.ts';

export interface IpfixStreamOptions extends IpfixConnectionDeps {
  addr: string;
  /** 0 = one the kernel chooses. */
  port: number;
  /** Speak TLS; with `ca` a client must show a certificate of it. */
  tls: IpfixSettings['tls'];
  connectionLimit: ConnectionLimit;
  ingest: IpfixIngest;
  log: Log;
  onError?: (error: Error) => void;
}

/** IPFIX over TCP or TLS: the SBC connects, asks once how to go on, is answered, and sends. */
export class IpfixStreamSource extends StreamListener {
  constructor(options: IpfixStreamOptions) {
    super({
      ...options,
      name: ipfixListener(options.tls === undefined ? 'tcp' : 'tls'),
      refused: {
        all: Ipfix.CONNS_REFUSED,
        allow: Ipfix.CONNS_NOT_ALLOWED,
        maxConnections: Ipfix.CONNS_OVER_LIMIT,
        maxConnectionsPerAddress: Ipfix.CONNS_OVER_ADDRESS_LIMIT,
      },
      tlsErrors: Ipfix.TLS_ERRORS,
      accept: (socket, ip, port) => accept(options, socket, ip, port),
    });
  }
}

function accept(options: IpfixStreamOptions, socket: Socket, ip: string, port: number): IpfixConnection | undefined {
  const peer = { ip: unmapped(ip), port };
  const local = { ip: unmapped(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
  // A session answers while it takes messages, which is after the connection around it was made.
  let connection: IpfixConnection | undefined;
  const answer = (octets: Buffer): void => connection?.answer(octets);
  const session = options.ingest.connection(peer, local, answer, options.clock());
  if (session === undefined) return undefined;
  connection = new IpfixConnection(socket, session, options);
  return connection;
}
