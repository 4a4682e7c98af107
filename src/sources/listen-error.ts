import { isIP } from 'node:net';
import { formatEndpoint } from '../model/endpoint.ts';

/** A listener that cannot be opened: its message is the one line the operator needs. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN_FAILED';
}

/** What a listener is called, and the options an operator sets for it. */
export interface ListenerName {
  readonly protocol: 'HEP' | 'IPFIX';
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly options: Readonly<
    Record<'addr' | 'port' | 'allow' | 'maxConnections' | 'maxConnectionsPerAddress' | 'cert' | 'key' | 'ca', string>
  >;
}

export function hepListener(transport: 'udp' | 'tcp' | 'tls'): ListenerName {
  return {
    protocol: 'HEP',
    transport,
    options: {
      addr: 'hep_addr',
      port: `hep_${transport}_port`,
      allow: 'hep_allow',
      maxConnections: 'hep_max_connections',
      maxConnectionsPerAddress: 'hep_max_connections_per_address',
      cert: 'hep_tls_cert',
      key: 'hep_tls_key',
      ca: 'hep_tls_ca',
    },
  };
}

export function ipfixListener(transport: 'tcp' | 'tls'): ListenerName {
  return {
    protocol: 'IPFIX',
    transport,
    options: {
      addr: 'ipfix_addr',
      port: 'ipfix_port',
      allow: 'ipfix_allow',
      maxConnections: 'ipfix_max_connections',
      maxConnectionsPerAddress: 'ipfix_max_connections_per_address',
      cert: 'ipfix_tls_cert',
      key: 'ipfix_tls_key',
      ca: 'ipfix_tls_ca',
    },
  };
}

/** Turns whatever stopped a listener from opening into a `ListenError` that says what to do. */
export function listenError(name: ListenerName, addr: string, port: number, cause: unknown): ListenError {
  const where = `${name.transport.toUpperCase()} ${formatEndpoint(addr, port)}`;
  return new ListenError(`Cannot listen for ${name.protocol} on ${where}: ${remedy(name, cause)}`, { cause });
}

/** Refuses what is no address before the resolver is asked, which may take long and find something unexpected. */
export function checkAddress({ protocol, transport, options }: ListenerName, addr: string): void {
  if (isIP(addr) !== 0) return;
  throw new ListenError(
    `Cannot listen for ${protocol} over ${transport.toUpperCase()}: ${options.addr} is "${addr}", expected an IPv4 or IPv6 address`,
  );
}

function remedy({ options }: ListenerName, cause: unknown): string {
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return `the port is in use, stop the other program or set ${options.port}`;
    case 'EACCES':
      return `no permission for this port, set ${options.port} to 1024 or higher or grant CAP_NET_BIND_SERVICE`;
    case 'EADDRNOTAVAIL':
      return `this host has no such address, set ${options.addr} to one of its own or to 0.0.0.0`;
    case 'EAFNOSUPPORT':
      return `this host does not speak this IP version, set ${options.addr} to an address of the other one`;
    case 'EINVAL':
      return 'the address cannot be used alone, a link-local one needs its interface as in fe80::1%eth0';
    default:
      return `${cause instanceof Error ? cause.message : String(cause)}, check ${options.addr} and ${options.port}`;
  }
}

function systemCode(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
