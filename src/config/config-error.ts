import { CollectorError } from '../model/errors.ts';

/** The configuration cannot be used as it is. The message is one line: option, what was given, what is allowed. */
export class ConfigError extends CollectorError {
  readonly code = 'CONFIG_INVALID';
}

const LONGEST_QUOTE = 100;

/** What an operator wrote, in quotes and on one line whatever is in it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
}
