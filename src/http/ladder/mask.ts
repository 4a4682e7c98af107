/** What shows who somebody is to a server, or opens their media: digests, other credentials, keys of SDES and ICE. */
const CREDENTIALS = /^((?:Proxy-)?Authorization[ \t]*:[ \t]*)([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/gim;
const DIGEST = /^Digest\b/i;
const SECRET_PARAMETERS = /\b(response|nonce|cnonce|opaque)[ \t]*=[ \t]*("[^"]*"?|[^\s,]+)/gi;
const CRYPTO = /^a=crypto:[^\r\n]*/gim;
const KEYS = /\binline:[^\s|;]+/gi;
const ICE = /^(a=ice-pwd:)[^\r\n]*/gim;
const MASK = '***';

/** A message without what its sender must keep secret; everything else is as it was. */
export function masked(raw: string): string {
  return raw
    .replace(CREDENTIALS, (_all, name: string, value: string) =>
      DIGEST.test(value) ? name + value.replace(SECRET_PARAMETERS, `$1="${MASK}"`) : name + MASK,
    )
    .replace(CRYPTO, (line) => line.replace(KEYS, `inline:${MASK}`))
    .replace(ICE, `$1${MASK}`);
}

/** A message with its text masked. */
export function withoutSecrets<Message extends { readonly raw: string }>(message: Message): Message {
  return { ...message, raw: masked(message.raw) };
}
