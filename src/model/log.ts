/** What the core needs of a logger; pino fits, and so does a test's array. Fields first, then the sentence. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Severities by the reference program's numbers from -3 on; the first name of each is the one shown. */
const LEVELS = [
  ['bug'],
  ['crit', 'critical', 'fatal'],
  ['err', 'error'],
  ['warn', 'warning'],
  ['notice'],
  ['info'],
  ['dbg', 'debug'],
];
const LOWEST_LEVEL = -3;

export const LOG_LEVELS_EXPECTED = '-3 to 3 or bug, crit, err, warn, notice, info, dbg';

/** The number of a severity given by number or name. */
export function parseLogLevel(text: string): number | undefined {
  const name = text.toLowerCase();
  const index = LEVELS.findIndex((names, at) => names.includes(name) || String(at + LOWEST_LEVEL) === name);
  return index < 0 ? undefined : index + LOWEST_LEVEL;
}

export function logLevelName(level: number): string {
  return LEVELS[level - LOWEST_LEVEL]?.[0] ?? String(level);
}

/** The least severe lines written, which can be changed while the program runs. */
export interface LogLevelControl {
  get(): number;
  set(level: number): void;
}
