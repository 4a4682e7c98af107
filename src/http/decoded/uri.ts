import { type Branch, branch, present } from './branch.ts';
import { cut } from './scan.ts';

/** Parts of a URI: of SIP and SIPS by RFC 3261 §19.1.1, of tel by RFC 3966, of others their scheme. */
export function uriParts(uri: string): Branch[] {
  const [scheme, rest] = /^[A-Za-z][\w.+-]*:/.test(uri) ? cut(uri, ':') : ['', uri];
  switch (scheme.toLowerCase()) {
    case 'sip':
    case 'sips':
      return [branch('scheme', scheme), ...sipParts(rest)];
    case 'tel': {
      const [number = '', ...parameters] = rest.split(';');
      return [branch('scheme', scheme), branch('number', number), ...parameterParts(parameters)];
    }
    default:
      return present([branch('scheme', scheme), branch('rest', rest)]);
  }
}

function sipParts(rest: string): Branch[] {
  // What is before an @ may hold all the other marks.
  const at = rest.indexOf('@');
  const [user, password] = cut(rest.slice(0, Math.max(0, at)), ':');
  const [address, headers] = cut(rest.slice(at + 1), '?');
  const [host = '', ...parameters] = address.split(';');
  return [
    ...present([branch('user', user), branch('password', password)]),
    ...hostParts(host),
    ...parameterParts(parameters),
    ...present(headers.split('&').map((header) => branch('header', header))),
  ];
}

/** Host and port, of which the first may be IPv6 in brackets. */
export function hostParts(text: string): Branch[] {
  const [, host = text, port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(text) ?? [];
  return present([branch('host', host.trim()), branch('port', port.trim())]);
}

const NO_NOTES: ReadonlyMap<string, string> = new Map();

/** `name=value` or a name alone, each a branch of its own; empty ones are left out. */
export function parameterParts(parameters: readonly string[], notes = NO_NOTES): Branch[] {
  return parameters
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter !== '')
    .map((parameter) => {
      const [name, value] = cut(parameter, '=');
      const note = value === '' ? 'present' : notes.get(name.trim().toLowerCase());
      return branch(name.trim(), value.trim(), note);
    });
}
