/**
 * Turns kept text (one character per octet) into what a person should read: its octets as UTF-8, where invalid
 * sequences become U+FFFD. Text without octets above 0x7f is returned as it is.
 */
export function displayText(latin1: string): string {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1;
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
