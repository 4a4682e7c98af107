import { type Branch, branch, present } from './branch.ts';
import { cut, splitOutside, unquoted } from './scan.ts';
import { hostParts, parameterParts, uriParts } from './uri.ts';

/** Header fields taken apart, by their name in small letters; those that are not here are text. */

type Parts = (value: string) => Branch[];

const VIA_NOTES = new Map([
  ['branch', 'transaction'],
  ['received', 'address it came from'],
  ['rport', 'port it came from'],
  ['ttl', 'hops of multicast'],
  ['maddr', 'address it goes to'],
]);

/** RFC 3261 §20.42: `SIP/2.0/UDP host:port;branch=z9hG4bK…`. */
const viaParts: Parts = (value) => {
  const [head = '', ...parameters] = splitOutside(value, ';');
  const [, protocol = '', transport = '', sentBy = ''] =
    /^([^\s/]*\s*\/\s*[^\s/]*)\s*\/\s*(\S+)\s+(.*)$/s.exec(head) ?? [];
  return [
    ...present([branch('protocol', protocol), branch('transport', transport)]),
    ...(sentBy === '' ? present([branch('sent by', head)]) : hostParts(sentBy.trim())),
    ...parameterParts(parameters, VIA_NOTES),
  ];
};

const ADDRESS_NOTES = new Map([
  ['tag', 'dialog'],
  ['expires', 'seconds'],
  ['q', 'preference'],
]);

/** RFC 3261 §20.10: a name and an address in angle brackets, or an address alone, and parameters. */
const addressParts: Parts = (value) => {
  if (value === '*') return [];
  const [address = '', ...parameters] = splitOutside(value, ';');
  const [, name = '', uri = address] = /^("(?:\\.|[^"\\])*"[^<]*|[^<]*)<([^>]*)>?/s.exec(address) ?? [];
  const [displayName, target] = [branch('display name', unquoted(name.trim())), branch('URI', uri, '', uriParts(uri))];
  return [...present([displayName, target]), ...parameterParts(parameters, ADDRESS_NOTES)];
};

const cseqParts: Parts = (value) => {
  const [number = '', method = ''] = value.split(/\s+/);
  return present([branch('number', number), branch('method', method)]);
};

/** RFC 3262 §7.2: what a PRACK acknowledges. */
const rackParts: Parts = (value) => {
  const [reliable = '', number = '', method = ''] = value.split(/\s+/);
  return present([branch('RSeq', reliable), branch('CSeq number', number), branch('CSeq method', method)]);
};

const AUTH_NOTES = new Map([
  ['realm', 'protection domain'],
  ['nonce', 'of the challenge'],
  ['cnonce', 'of the client'],
  ['nc', 'uses of the nonce, in hex'],
  ['qop', 'quality of protection'],
  ['response', 'digest of the password'],
  ['stale', 'true: only the nonce was too old'],
]);

/** RFC 7616 §3.3 to §3.5: a scheme, then parameters with commas between. */
const credentialParts: Parts = (value) => {
  const [scheme, rest] = cut(value, ' ');
  return [...present([branch('scheme', scheme)]), ...listedParts(rest)];
};

const listedParts: Parts = (value) => parameterParts(splitOutside(value, ',').map(withoutQuotes), AUTH_NOTES);

function withoutQuotes(parameter: string): string {
  const [name, value] = cut(parameter, '=');
  return `${name}=${unquoted(value.trim())}`;
}

/** A value and its parameters; a value alone has no parts. */
const valueParts: Parts = (value) => {
  const [head = '', ...parameters] = splitOutside(value, ';');
  return parameters.length === 0 ? [] : [branch('value', head), ...parameterParts(parameters.map(withoutQuotes))];
};

/** Fields of many values: each is a branch, a single one is the field itself. */
function each(parts: Parts): Parts {
  return (value) => {
    const values = splitOutside(value, ',').filter((text) => text !== '');
    if (values.length < 2) return parts(value);
    return values.map((text, index) => branch(String(index + 1), text, '', parts(text)));
  };
}

const addresses = each(addressParts);
const values = each(valueParts);

export const FIELD_PARTS: ReadonlyMap<string, Parts> = new Map([
  ['via', each(viaParts)],
  ['from', addressParts],
  ['to', addressParts],
  ['cseq', cseqParts],
  ['rack', rackParts],
  ['authorization', credentialParts],
  ['proxy-authorization', credentialParts],
  ['www-authenticate', credentialParts],
  ['proxy-authenticate', credentialParts],
  ['authentication-info', listedParts],
  ...[
    'contact',
    'route',
    'record-route',
    'path',
    'service-route',
    'reply-to',
    'refer-to',
    'referred-by',
    'diversion',
    'history-info',
    'remote-party-id',
    'p-asserted-identity',
    'p-preferred-identity',
    'p-associated-uri',
    'p-called-party-id',
    'alert-info',
    'call-info',
    'error-info',
  ].map((name): [string, Parts] => [name, addresses]),
  ...[
    'accept',
    'accept-encoding',
    'accept-language',
    'allow',
    'allow-events',
    'supported',
    'require',
    'proxy-require',
    'unsupported',
    'reason',
    'warning',
    'accept-contact',
    'reject-contact',
    'p-access-network-info',
  ].map((name): [string, Parts] => [name, values]),
  ...[
    'content-type',
    'content-disposition',
    'event',
    'subscription-state',
    'session-expires',
    'min-se',
    'retry-after',
    'replaces',
    'join',
    'target-dialog',
    'session-id',
    'p-charging-vector',
  ].map((name): [string, Parts] => [name, valueParts]),
]);

/** What the bare value of a field is. */
export const FIELD_NOTES: ReadonlyMap<string, string> = new Map([
  ['max-forwards', 'hops left'],
  ['content-length', 'octets of the body'],
  ['expires', 'seconds'],
  ['min-expires', 'seconds'],
  ['rseq', 'number of the reliable reply'],
]);
