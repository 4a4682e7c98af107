/**
 * Turns kept text (one character per octet) into what a person should read: its octets as UTF-8, where invalid
 * sequences become U+FFFD. Text without octets above 0x7f is returned as it is.
 */
export function displayText(latin1: string): string {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1;
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

const LONGEST_QUOTE = 100;

/** What an operator wrote, in quotes and on one line whatever is in it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
}
