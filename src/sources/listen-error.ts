import { isIP } from 'node:net';
import { formatEndpoint } from '../model/endpoint.ts';

/** A listener that cannot be opened: its message is the one line the operator needs. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN_FAILED';
}

export type ListenTransport = 'udp' | 'tcp' | 'tls';

/** Turns whatever stopped a listener from opening into a `ListenError` that says what to do. */
export function listenError(transport: ListenTransport, addr: string, port: number, cause: unknown): ListenError {
  const where = `${transport.toUpperCase()} ${formatEndpoint(addr, port)}`;
  return new ListenError(`Cannot listen for HEP on ${where}: ${remedy(transport, cause)}`, { cause });
}

/** Refuses what is no address before the resolver is asked, which may take long and find something unexpected. */
export function checkAddress(transport: ListenTransport, addr: string): void {
  if (isIP(addr) !== 0) return;
  throw new ListenError(
    `Cannot listen for HEP over ${transport.toUpperCase()}: hep_addr is "${addr}", expected an IPv4 or IPv6 address`,
  );
}

function remedy(transport: ListenTransport, cause: unknown): string {
  const option = `hep_${transport}_port`;
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return `the port is in use, stop the other program or set ${option}`;
    case 'EACCES':
      return `no permission for this port, set ${option} to 1024 or higher or grant CAP_NET_BIND_SERVICE`;
    case 'EADDRNOTAVAIL':
      return 'this host has no such address, set hep_addr to one of its own or to 0.0.0.0';
    case 'EAFNOSUPPORT':
      return 'this host does not speak this IP version, set hep_addr to an address of the other one';
    case 'EINVAL':
      return 'the address cannot be used alone, a link-local one needs its interface as in fe80::1%eth0';
    default:
      return `${cause instanceof Error ? cause.message : String(cause)}, check hep_addr and ${option}`;
  }
}

function systemCode(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
