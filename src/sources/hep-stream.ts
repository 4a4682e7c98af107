import { Hep } from '../model/counters.ts';
import type { Log } from '../model/log.ts';
import type { HepIngest } from '../model/ports.ts';
import type { HepSettings } from '../model/settings.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { HepConnection, type HepConnectionDeps } from './hep-connection.ts';
import { hepListener } from './listen-error.ts';
import { StreamListener } from './stream-listener.ts';

export interface HepStreamOptions extends HepConnectionDeps {
  listener: 'tcp' | 'tls';
  /** IPv4, IPv6, or `::` for both. */
  addr: string;
  /** 0 = one the kernel chooses. */
  port: number;
  /** Paths of PEM files, for `tls`; with `ca` a client must show a certificate of it. */
  tls?: HepSettings['tls'];
  connectionLimit: ConnectionLimit;
  ingest: HepIngest;
  log: Log;
  /** Told of errors of the listening socket after the start. */
  onError?: (error: Error) => void;
}

/** HEP over TCP or TLS. Nothing is ever written to a peer. */
export class HepStreamSource extends StreamListener {
  constructor(options: HepStreamOptions) {
    const { listener, ingest, counters } = options;
    super({
      ...options,
      tls: options.tls,
      name: hepListener(listener),
      refused: {
        all: Hep.CONNS_REFUSED,
        allow: Hep.CONNS_NOT_ALLOWED,
        maxConnections: Hep.CONNS_OVER_LIMIT,
        maxConnectionsPerAddress: Hep.CONNS_OVER_ADDRESS_LIMIT,
      },
      tlsErrors: Hep.TLS_ERRORS,
      accept(socket, ip, port) {
        const sink = ingest.connection(ip, port, listener);
        if (sink === undefined) return undefined;
        counters.add(Hep.CONNS_TOTAL, 1);
        counters.addGauge(Hep.CONNS_ACTIVE, 1);
        const connection = new HepConnection(socket, sink, options);
        void connection.closed.then(() => counters.addGauge(Hep.CONNS_ACTIVE, -1));
        return connection;
      },
    });
  }
}
