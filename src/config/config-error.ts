import { CollectorError } from '../model/errors.ts';

/** The configuration cannot be used as it is. The message is one line: option, what was given, what is allowed. */
export class ConfigError extends CollectorError {
  readonly code = 'CONFIG_INVALID';
}
