/** Parts of the URIs kept with calls, as far as a search needs them. Hostile text has parts too, only odd ones. */

/** The user of a SIP URI, the number of a tel URI; without password and parameters. */
export function uriUser(uri: string): string {
  const { userinfo } = split(uri);
  return /^[^:;]*/.exec(userinfo)?.[0] ?? '';
}

/** Host without port; empty for a tel URI. */
export function uriHost(uri: string): string {
  const { hostport } = split(uri);
  return /^(?:\[[^\]]*\]|[^:;?>]*)/.exec(hostport)?.[0] ?? '';
}

/** The notations people use for a URI: whole, user, user@host. */
export function uriForms(uri: string): string[] {
  const user = uriUser(uri);
  const host = uriHost(uri);
  return user === '' || host === '' ? [uri, user === '' ? host : user] : [uri, user, `${user}@${host}`];
}

function split(uri: string): { userinfo: string; hostport: string } {
  const colon = uri.indexOf(':');
  const scheme = colon < 0 ? '' : uri.slice(0, colon).toLowerCase();
  if (scheme === 'tel') return { userinfo: uri.slice(colon + 1), hostport: '' };
  const rest = scheme === 'sip' || scheme === 'sips' ? uri.slice(colon + 1) : uri;
  // A user may hold an escaped "@" only, so the last one before parameters of the host divides.
  const at = rest.lastIndexOf('@');
  return at < 0 ? { userinfo: '', hostport: rest } : { userinfo: rest.slice(0, at), hostport: rest.slice(at + 1) };
}
