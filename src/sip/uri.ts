/** The parts of a SIP, SIPS or TEL URI that tell whom it names; parameters and headers are left out. */
export interface SipUri {
  /** Lower case. */
  readonly scheme: string;
  /** As written, escapes included; '' when there is none. The number of a TEL URI. */
  readonly user: string;
  readonly password: string;
  /** Lower case, IPv6 in brackets; '' in a TEL URI. */
  readonly host: string;
  /** -1 = none written. */
  readonly port: number;
}

const SCHEME = /^(sips?|tel):/i;
const HOST_PORT = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?(?=[;?]|$)/i;

/** Takes a URI apart, or answers `undefined` for other schemes and for what is no URI. */
export function splitUri(text: string): SipUri | undefined {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  const rest = text.slice(scheme.length + 1);
  if (scheme === 'tel') {
    const number = rest.split(';', 1)[0] ?? '';
    return number === '' ? undefined : { scheme, user: number, password: '', host: '', port: -1 };
  }
  // A user may hold ";" and "?" (RFC 3261 §25.1 user-unreserved), so the "@" is looked for first.
  const atSign = rest.indexOf('@');
  const userInfo = atSign < 0 ? '' : rest.slice(0, atSign);
  const hostPort = HOST_PORT.exec(rest.slice(atSign + 1));
  if (hostPort === null || atSign === 0) return undefined;
  const port = hostPort[2] === undefined ? -1 : Number(hostPort[2]);
  if (port > 65535) return undefined;
  const colon = userInfo.indexOf(':');
  return {
    scheme,
    user: colon < 0 ? userInfo : userInfo.slice(0, colon),
    password: colon < 0 ? '' : userInfo.slice(colon + 1),
    host: (hostPort[1] ?? '').toLowerCase(),
    port,
  };
}

/** `scheme:user@host:port` without what is not there, or `undefined` as `splitUri`; the name an address-of-record has. */
export function shortUri(text: string): string | undefined {
  const uri = splitUri(text);
  if (uri === undefined) return undefined;
  if (uri.host === '') return `${uri.scheme}:${uri.user}`;
  const user = uri.user === '' ? '' : `${uri.user}@`;
  const port = uri.port < 0 ? '' : `:${uri.port}`;
  return `${uri.scheme}:${user}${uri.host}${port}`;
}

/**
 * Do two URIs name the same? Scheme, user (case counts), password, host and port are compared, a port that is not written
 * differs from 5060, escapes are compared as written. Two texts that are no URI are compared without regard to case.
 */
export function sameUriShort(a: string, b: string): boolean {
  const left = splitUri(a);
  const right = splitUri(b);
  if (left === undefined || right === undefined) return left === right && a.toLowerCase() === b.toLowerCase();
  return (
    left.scheme === right.scheme &&
    left.user === right.user &&
    left.password === right.password &&
    left.host === right.host &&
    left.port === right.port
  );
}
